"""Many numbers to one: along axes."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from einthoven.onnx.foreign.operators.registry import Operation, Step, operator


def _product(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keepdim)
    return x


def _mean(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.mean(axes, keepdim=keepdim)


def _sum(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.sum(axes, keepdim=keepdim, dtype=x.dtype)


def _largest(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.amax(axes, keepdim=keepdim)


def _smallest(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.amin(axes, keepdim=keepdim)


def _length_1(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.abs().sum(axes, keepdim=keepdim)


def _length_2(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    # torch's norm has a gradient where everything is 0; a square root has not.
    out: Tensor = torch.linalg.vector_norm(x, 2, axes, keepdim=keepdim)
    return out


def _squares(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return (x * x).sum(axes, keepdim=keepdim)


def _log_of_sum(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return x.sum(axes, keepdim=keepdim).log()


def _log_of_powers(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return torch.logsumexp(x, axes, keepdim=keepdim)


REDUCTIONS = {
    "ReduceL1": _length_1, "ReduceL2": _length_2, "ReduceLogSum": _log_of_sum, "ReduceLogSumExp": _log_of_powers,
    "ReduceMax": _largest, "ReduceMean": _mean, "ReduceMin": _smallest, "ReduceProd": _product, "ReduceSum": _sum,
    "ReduceSumSquare": _squares,
}  # fmt: skip


def _as_it_is(x: Tensor) -> Tensor:
    return x


def axes_of(op: Operation) -> list[int]:
    """The axes of a reduction, from the front; none where it does nothing."""
    axes = op.option("axes", 1)
    if not axes:
        return [] if op.attribute("noop_with_empty_axes", 0) else list(range(op.rank()))
    return [axis % op.rank() for axis in axes]


@operator(*REDUCTIONS)
def reduce(op: Operation) -> Step:
    axes, keepdim = axes_of(op), bool(op.attribute("keepdims", 1))
    if not axes:
        return Step(_as_it_is, (0,))
    return Step(partial(REDUCTIONS[op.node.op], axes=axes, keepdim=keepdim), (0,))


def _place(x: Tensor, *, axis: int, keepdim: bool, largest: bool, last: bool) -> Tensor:
    x = x.flip(axis) if last else x
    place = (torch.argmax if largest else torch.argmin)(x, dim=axis, keepdim=keepdim)
    return x.shape[axis] - 1 - place if last else place


@operator("ArgMax", "ArgMin")
def place(op: Operation) -> Step:
    options: dict[str, Any] = {
        "axis": op.axis(0),
        "keepdim": bool(op.attribute("keepdims", 1)),
        "largest": op.node.op == "ArgMax",
        "last": bool(op.attribute("select_last_index", 0)),
    }
    return Step(partial(_place, **options), (0,))
