"""Convolutions over one and two axes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor
from torch.nn import functional

from einthoven.onnx.foreign.operators.along_time import as_image, flat
from einthoven.onnx.foreign.operators.registry import Operation, Step, operator

FORWARD = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
BACKWARD = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}


def same_padding(
    sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], *, upper: bool
) -> list[int]:
    """What auto_pad SAME adds: at the beginnings of all axes, then at their ends. Output = ceil(size / stride)."""
    starts, ends = [], []
    for size, k, stride, dilation in zip(sizes, kernel, strides, dilations, strict=True):
        whole = max((-(-size // stride) - 1) * stride + dilation * (k - 1) + 1 - size, 0)
        less, more = whole // 2, whole - whole // 2
        starts.append(less if upper else more)
        ends.append(more if upper else less)
    return [*starts, *ends]


def as_torch_pads(pads: Sequence[int]) -> list[int]:
    """ONNX's `[starts, ends]` in the order of `functional.pad`: from the last axis, start and end of each."""
    n = len(pads) // 2
    return [pad for axis in reversed(range(n)) for pad in (pads[axis], pads[axis + n])]


def pads_of(op: Operation, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """Padding `[starts, ends]` by attribute or by `auto_pad`."""
    n = len(kernel)
    match op.attribute("auto_pad", "NOTSET"):
        case "NOTSET":
            return list(op.attribute("pads", [0] * 2 * n))
        case "VALID":
            return [0] * 2 * n
        case way:
            return same_padding(op.shape(0)[2:], kernel, strides, dilations, upper=way == "SAME_UPPER")


def _convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    padding: tuple[int, ...],
    extra: list[int],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    groups: int,
) -> Tensor:
    x = functional.pad(x, extra) if any(extra) else x
    if flat(x):
        return functional.conv2d(
            as_image(x), weight.unsqueeze(2), bias, (1, *strides), (0, *padding), (1, *dilations), groups
        ).squeeze(2)
    out: Tensor = FORWARD[len(strides)](x, weight, bias, strides, padding, dilations, groups)
    return out


@operator("Conv")
def conv(op: Operation) -> Step:
    n = op.rank() - 2
    if n not in FORWARD:
        op.refuse(f"it runs over {n} axes")
    kernel = op.shape(1)[2:]
    strides, dilations = op.attribute("strides", [1] * n), op.attribute("dilations", [1] * n)
    pads = pads_of(op, kernel, strides, dilations)
    even = pads[:n] == pads[n:] and min(pads) >= 0
    options: dict[str, Any] = {
        "padding": tuple(pads[:n]) if even else (0,) * n,
        "extra": [] if even else as_torch_pads(pads),
        "strides": tuple(strides),
        "dilations": tuple(dilations),
        "groups": int(op.attribute("group", 1)),
    }
    return Step(partial(_convolve, **options), (0, 1, 2))


def _spread(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    cut: list[int],
    strides: tuple[int, ...],
    dilations: tuple[int, ...],
    groups: int,
    more: tuple[int, ...],
) -> Tensor:
    """Without padding, then cut: torch knows the same padding at both ends only."""
    n = len(strides)
    out: Tensor = BACKWARD[n](x, weight, None, strides, 0, 0, groups, dilations)
    if any(more):
        out = functional.pad(out, as_torch_pads([0] * n + list(more)))
    if any(cut):
        out = functional.pad(out, as_torch_pads([-c for c in cut]))
    return out if bias is None else out + bias.reshape(1, -1, *[1] * n)


@operator("ConvTranspose")
def conv_transpose(op: Operation) -> Step:
    n = op.rank() - 2
    if n not in BACKWARD:
        op.refuse(f"it runs over {n} axes")
    kernel = op.shape(1)[2:]
    strides, dilations = op.attribute("strides", [1] * n), op.attribute("dilations", [1] * n)
    more = op.attribute("output_padding", [0] * n)
    options: dict[str, Any] = {
        "cut": _cuts(op, kernel, strides, dilations, more),
        "strides": tuple(strides),
        "dilations": tuple(dilations),
        "groups": int(op.attribute("group", 1)),
        "more": tuple(more),
    }
    return Step(partial(_spread, **options), (0, 1, 2))


def _cuts(
    op: Operation, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], more: Sequence[int]
) -> list[int]:
    n, way, wanted = len(kernel), op.attribute("auto_pad", "NOTSET"), op.attribute("output_shape")
    if wanted is None and way in ("NOTSET", "VALID"):
        return list(op.attribute("pads", [0] * 2 * n)) if way == "NOTSET" else [0] * 2 * n
    sizes = op.shape(0)[2:]
    target = wanted if wanted is not None else [size * stride for size, stride in zip(sizes, strides, strict=True)]
    starts, ends = [], []
    for axis in range(n):
        full = strides[axis] * (sizes[axis] - 1) + more[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        whole = max(full - target[axis], 0)
        less, rest = whole // 2, whole - whole // 2
        starts.append(less if way == "SAME_UPPER" else rest)
        ends.append(rest if way == "SAME_UPPER" else less)
    return [*starts, *ends]
