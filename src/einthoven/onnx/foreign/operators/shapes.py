"""Where numbers stand: reshaping, cutting, joining, padding, picking, resampling."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.onnx.foreign.operators.along_time import as_image, flat
from einthoven.onnx.foreign.operators.convolution import as_torch_pads
from einthoven.onnx.foreign.operators.registry import Operation, Run, Step, every, operator

DTYPES = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
    10: torch.float32, 11: torch.float32, 16: torch.float32,
}  # fmt: skip
"""TensorProto's numbers of types; what is a float there is float32 here."""


def with_sizes(op: Operation, i: int, run: Run, what: str) -> Step:
    """`run(x, numbers)` with the whole numbers of input `i`: fixed, or computed from the batch."""
    numbers = op.numbers(i)
    if numbers is not None:
        return Step(partial(_with_fixed, run=run, numbers=numbers), (0,))
    if op.node.inputs[i] not in op.graph.sizes:
        op.refuse(f"its {what} depends on the signal")
    return Step(run, (0, i))


def _with_fixed(x: Tensor, *, run: Run, numbers: list[int]) -> Tensor:
    out: Tensor = run(x, numbers)
    return out


def _as_it_is(x: Tensor) -> Tensor:
    return x


@operator("Identity")
def identity(_: Operation) -> Step:
    return Step(_as_it_is, (0,))


@operator("Dropout")
def dropout(op: Operation) -> Step:
    if op.gives(1):
        op.refuse("its mask is used")
    return Step(_as_it_is, (0,))


@operator("Cast")
def cast(op: Operation) -> Step:
    number = int(op.attribute("to"))
    if number not in DTYPES:
        op.refuse(f"it makes type {number}")
    return Step(partial(torch.Tensor.to, dtype=DTYPES[number]), (0,))


def _reshape(x: Tensor, shape: Sequence[int], *, keep_zero: bool = False) -> Tensor:
    wanted = [x.shape[i] if n == 0 and not keep_zero else n for i, n in enumerate(shape)]
    return x.reshape(wanted)


@operator("Reshape")
def reshape(op: Operation) -> Step:
    keep_zero = bool(op.attribute("allowzero", 0))
    return with_sizes(op, 1, partial(_reshape, keep_zero=keep_zero), "target")


def _flatten(x: Tensor, *, axis: int) -> Tensor:
    # The part that holds the batch is inferred.
    if axis == 0:
        return x.reshape(1, -1)
    rest = math.prod(x.shape[axis:])
    return x.reshape(-1, rest)


@operator("Flatten")
def flatten(op: Operation) -> Step:
    axis = int(op.attribute("axis", 1))
    return Step(partial(_flatten, axis=axis + op.rank() if axis < 0 else axis), (0,))


@operator("Transpose")
def transpose(op: Operation) -> Step:
    order = op.attribute("perm", list(range(op.rank()))[::-1])
    return Step(partial(torch.permute, dims=tuple(order)), (0,))


def _squeeze(x: Tensor, *, axes: tuple[int, ...]) -> Tensor:
    return x.squeeze(axes)


@operator("Squeeze")
def squeeze(op: Operation) -> Step:
    axes = op.option("axes", 1)
    if axes is None:
        axes = [axis for axis, size in enumerate(op.shape(0)) if size == 1]
    return Step(partial(_squeeze, axes=tuple(axis % op.rank() for axis in axes)), (0,))


def _unsqueeze(x: Tensor, *, axes: list[int]) -> Tensor:
    for axis in axes:
        x = x.unsqueeze(axis)
    return x


@operator("Unsqueeze")
def unsqueeze(op: Operation) -> Step:
    axes = op.option("axes", 1) or []
    rank = op.rank() + len(axes)
    return Step(partial(_unsqueeze, axes=sorted(axis % rank for axis in axes)), (0,))


def _concat(*values: Tensor, axis: int) -> Tensor:
    # Channels that stand last in memory stay so.
    if axis == 1 and all(flat(value) and value.is_floating_point() for value in values):
        return torch.cat([as_image(value) for value in values], 1).squeeze(2)
    return torch.cat(values, axis)


@operator("Concat")
def concat(op: Operation) -> Step:
    return Step(partial(_concat, axis=op.axis(1)), every(op))


def _split(x: Tensor, *, sizes: list[int], axis: int) -> tuple[Tensor, ...]:
    return torch.split(x, sizes, axis)


@operator("Split")
def split(op: Operation) -> Step:
    axis = op.axis(0)
    sizes = op.option("split", 1)
    if sizes is None:
        whole = op.shape(0)[axis]
        each = -(-whole // op.n_outputs)
        sizes = [min(each, whole - each * i) for i in range(op.n_outputs)]
    return Step(partial(_split, sizes=sizes, axis=axis), (0,))


def _slice(x: Tensor, *parts: Any, places: list[tuple[int, int]], known: dict[int, list[int]], order: Any) -> Tensor:
    """`known` and `parts` (by `order`) hold starts (0), ends (1); `places` are axes with their steps."""
    numbers = {**known, **dict(zip(order, parts, strict=True))}
    for i, (axis, step) in enumerate(places):
        start, end = numbers[0][i], numbers[1][i]
        if step > 0:
            x = x[(slice(None),) * axis + (slice(start, end, step),)]
            continue
        size = x.shape[axis]
        chosen = range(*slice(start, end, step).indices(size))
        turned = x.flip(axis)
        first = size - 1 - chosen.start
        x = turned[(slice(None),) * axis + (slice(first, first - step * len(chosen), -step),)]
        if not len(chosen):
            x = turned.narrow(axis, 0, 0)
    return x


@operator("Slice")
def cut(op: Operation) -> Step:
    if op.opset < 10:
        starts, ends = list(op.attribute("starts")), list(op.attribute("ends"))
        axes, steps = op.attribute("axes"), None
        known, unknown = {0: starts, 1: ends}, []
    else:
        axes, steps = op.option("axes", 3), op.option("steps", 4)
        known = {k: numbers for k, i in ((0, 1), (1, 2)) if (numbers := op.numbers(i)) is not None}
        unknown = [k for k in (0, 1) if k not in known]
        if any(op.node.inputs[k + 1] not in op.graph.sizes for k in unknown):
            op.refuse("what it cuts depends on the signal")
    n = len(next(iter(known.values()))) if known else len(op.graph.sizes[op.node.inputs[1]].fixed)
    axes = list(range(n)) if axes is None else [axis % op.rank() for axis in axes]
    places = list(zip(axes, steps or [1] * n, strict=True))
    return Step(partial(_slice, places=places, known=known, order=unknown), (0, *(k + 1 for k in unknown)))


def _select(x: Tensor, *, axis: int, index: int) -> Tensor:
    return x.select(axis, index)


def _gather(x: Tensor, index: Tensor, *, axis: int) -> Tensor:
    index = index.long()
    index = torch.where(index < 0, index + x.shape[axis], index)
    picked = x.index_select(axis, index.reshape(-1))
    return picked.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])


@operator("Gather")
def gather(op: Operation) -> Step:
    index, axis = op.constant(1), op.axis(0)
    if index is not None and index.ndim == 0:
        return Step(partial(_select, axis=axis, index=int(index)), (0,))
    return Step(partial(_gather, axis=axis), (0, 1))


def _gather_elements(x: Tensor, index: Tensor, *, axis: int) -> Tensor:
    index = index.long()
    return torch.gather(x, axis, torch.where(index < 0, index + x.shape[axis], index))


@operator("GatherElements")
def gather_elements(op: Operation) -> Step:
    return Step(partial(_gather_elements, axis=op.axis(0)), (0, 1))


def _expand(x: Tensor, shape: Sequence[int]) -> Tensor:
    wanted = list(shape)
    rank = max(x.ndim, len(wanted))
    wanted = [1] * (rank - len(wanted)) + wanted
    have = [1] * (rank - x.ndim) + list(x.shape)
    # 1 in the target leaves what is there.
    target = [h if isinstance(w, int) and w == 1 else w for w, h in zip(wanted, have, strict=True)]
    return x.expand(target)


@operator("Expand")
def expand(op: Operation) -> Step:
    return with_sizes(op, 1, _expand, "target")


def _tile(x: Tensor, repeats: Sequence[int]) -> Tensor:
    return x.repeat(*repeats)


@operator("Tile")
def tile(op: Operation) -> Step:
    return with_sizes(op, 1, _tile, "number of repeats")


class Filled(nn.Module):
    """One value in a shape that depends on the batch."""

    value: Tensor

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value, persistent=False)

    def forward(self, shape: Sequence[int]) -> Tensor:
        return self.value.expand(list(shape))


@operator("ConstantOfShape")
def filled(op: Operation) -> Step:
    if op.node.inputs[0] not in op.graph.sizes:
        op.refuse("its shape depends on the signal")
    value = op.attribute("value")
    value = np.zeros(1, np.float32) if value is None else np.asarray(value)
    return Step(Filled(torch.from_numpy(np.array(value.reshape(-1)[0]))), (0,))


@operator("Range")
def count(op: Operation) -> Step:
    numbers = [op.numbers(i) for i in range(3)]
    if numbers[0] is None or numbers[2] is None:
        op.refuse("its start or step depends on the batch")
    if op.node.inputs[1] not in op.graph.sizes:
        op.refuse("its end depends on the signal")
    return Step(partial(_count, start=numbers[0][0], step=numbers[2][0]), (1,))


def _count(end: Sequence[int], *, start: int, step: int) -> Tensor:
    return torch.arange(start, end[0], step)


@operator("Pad")
def pad(op: Operation) -> Step:
    pads = op.option("pads", 1)
    if pads is None:
        op.refuse("its widths depend on the batch")
    mode = str(op.attribute("mode", "constant"))
    rank = op.rank()
    axes = op.numbers(3)
    if axes is not None:
        given, pads = pads, [0] * 2 * rank
        for i, axis in enumerate(axes):
            pads[axis % rank], pads[axis % rank + rank] = given[i], given[i + len(axes)]
    if mode == "constant":
        value = op.constant(2)
        if value is None and op.has(2):
            op.refuse("its value is not constant")
        number = op.attribute("value", 0.0) if value is None else value.reshape(-1)[0].item()
        return Step(partial(functional.pad, pad=as_torch_pads(pads), value=number), (0,))
    if min(pads) < 0 or mode not in ("reflect", "edge", "wrap"):
        op.refuse(f"it pads by {mode} with widths {pads}")
    places = {}
    for axis in range(rank):
        if pads[axis] or pads[axis + rank]:
            places[axis] = _padded_places(op.shape(0)[axis], pads[axis], pads[axis + rank], mode)
    return Step(Picked(places), (0,))


def _padded_places(n: int, before: int, after: int, mode: str) -> np.ndarray:
    places = np.arange(-before, n + after)
    if mode == "edge":
        return places.clip(0, n - 1)
    if mode == "wrap":
        return places % n
    period = max(2 * (n - 1), 1)
    folded = places % period
    return np.minimum(folded, period - folded)


class Picked(nn.Module):
    """Samples picked along axes: axis -> their places."""

    def __init__(self, places: dict[int, np.ndarray]) -> None:
        super().__init__()
        self.axes = tuple(places)
        for axis, index in places.items():
            self.register_buffer(f"places_{axis}", torch.from_numpy(index.astype(np.int64)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        for axis in self.axes:
            x = x.index_select(axis, self.get_buffer(f"places_{axis}"))
        return x


class Interpolated(nn.Module):
    """Straight lines between neighbours along one axis."""

    lower: Tensor
    upper: Tensor
    share: Tensor

    def __init__(self, axis: int, places: np.ndarray, size: int, rank: int) -> None:
        super().__init__()
        places = places.clip(0, size - 1)
        lower = np.floor(places).astype(np.int64)
        share = (places - lower).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(rank)])
        self.axis = axis
        self.register_buffer("lower", torch.from_numpy(lower), persistent=False)
        self.register_buffer("upper", torch.from_numpy(np.minimum(lower + 1, size - 1)), persistent=False)
        self.register_buffer("share", torch.from_numpy(share), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.index_select(self.axis, self.lower), x.index_select(self.axis, self.upper)
        return low * (1 - self.share) + high * self.share


ROUND: dict[str, Run] = {
    "round_prefer_floor": lambda places: np.ceil(places - 0.5),
    "round_prefer_ceil": lambda places: np.floor(places + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


@operator("Resize", "Upsample")
def resize(op: Operation) -> Step:
    mode = str(op.attribute("mode", "nearest"))
    if mode not in ("nearest", "linear") or op.attribute("antialias", 0):
        op.refuse(f"it resamples by {mode}")
    if op.attribute("keep_aspect_ratio_policy", "stretch") != "stretch" or "axes" in op.node.attributes:
        op.refuse("it names axes or keeps the ratio of sides")
    scales, sizes = _scales(op)
    old = op.node.op == "Upsample" or op.opset < 11
    way = "asymmetric" if old else str(op.attribute("coordinate_transformation_mode", "half_pixel"))
    rounding = "floor" if old else str(op.attribute("nearest_mode", "round_prefer_floor"))
    steps: list[nn.Module] = []
    for axis, (scale, size) in enumerate(zip(scales, sizes, strict=True)):
        n = op.shape(0)[axis]
        if scale == 1 and size == n:
            continue
        places = _places(op, n, size, scale, way)
        if mode == "nearest":
            steps.append(Picked({axis: ROUND[rounding](places).clip(0, n - 1)}))
        else:
            steps.append(Interpolated(axis, places, n, op.rank()))
    return Step(nn.Sequential(*steps), (0,))


def _scales(op: Operation) -> tuple[list[float], list[int]]:
    shape = op.shape(0)
    if "scales" in op.node.attributes:
        given: Any = op.attribute("scales")
    else:
        given = op.constant(1 if op.node.op == "Upsample" or op.opset < 11 else 2)
    if given is not None and len(np.reshape(given, -1)):
        scales = [float(s) for s in np.reshape(given, -1)]
        return scales, [math.floor(n * s) for n, s in zip(shape, scales, strict=True)]
    sizes = op.numbers(3) if op.has(3) else None
    if sizes is None and op.has(3) and op.node.inputs[3] in op.graph.sizes:
        line = op.graph.sizes[op.node.inputs[3]]
        sizes = [shape[0] if grows else fixed for fixed, grows in zip(line.fixed, line.grows, strict=True)]
    if sizes is None:
        op.refuse("its sizes depend on the signal")
    sizes[0] = shape[0]  # the batch is never resampled
    return [size / n for size, n in zip(sizes, shape, strict=True)], sizes


def _places(op: Operation, n: int, size: int, scale: float, way: str) -> np.ndarray:
    """Where each new sample lies among the old ones."""
    new = np.arange(size, dtype=np.float64)
    match way:
        case "asymmetric":
            return new / scale
        case "half_pixel":
            return (new + 0.5) / scale - 0.5
        case "pytorch_half_pixel":
            return (new + 0.5) / scale - 0.5 if size > 1 else new * 0
        case "align_corners":
            return new * (n - 1) / (size - 1) if size > 1 else new * 0
    op.refuse(f"it places samples by {way}")


def _triangle(x: Tensor, *, upper: bool, k: int) -> Tensor:
    return torch.triu(x, k) if upper else torch.tril(x, k)


@operator("Trilu")
def triangle(op: Operation) -> Step:
    k = op.option("k", 1)
    return Step(partial(_triangle, upper=bool(op.attribute("upper", 1)), k=(k or [0])[0]), (0,))


def _space_from_depth(x: Tensor, *, block: int) -> Tensor:
    return functional.pixel_shuffle(x, block)


@operator("DepthToSpace")
def space_from_depth(op: Operation) -> Step:
    if op.attribute("mode", "DCR") != "CRD":
        op.refuse("it orders depth first (DCR)")
    return Step(partial(_space_from_depth, block=int(op.attribute("blocksize"))), (0,))
