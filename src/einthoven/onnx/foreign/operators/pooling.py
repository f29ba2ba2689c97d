"""Pooling: over windows and over everything."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.onnx.foreign.operators.along_time import as_image, flat
from einthoven.onnx.foreign.operators.convolution import as_torch_pads, pads_of
from einthoven.onnx.foreign.operators.registry import Operation, Step, operator

LARGEST = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the windows of a pooling lie; `over` is what the last window needs beyond the padding (ceil_mode)."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    over: tuple[int, ...]

    @property
    def whole_pads(self) -> list[int]:
        n = len(self.kernel)
        ends = [pad + more for pad, more in zip(self.pads[n:], self.over, strict=True)]
        return as_torch_pads([*self.pads[:n], *ends])

    @property
    def even(self) -> bool:
        """Whether torch's own padding says the same."""
        n = len(self.kernel)
        starts = self.pads[:n]
        small = all(2 * pad <= k for pad, k in zip(starts, self.kernel, strict=True))
        return starts == self.pads[n:] and small and not any(self.over)


def windows(op: Operation) -> Windows:
    kernel = tuple(op.attribute("kernel_shape"))
    n = len(kernel)
    if n not in LARGEST:
        op.refuse(f"it runs over {n} axes")
    strides = tuple(op.attribute("strides", [1] * n))
    dilations = tuple(op.attribute("dilations", [1] * n))
    pads = tuple(pads_of(op, kernel, strides, dilations))
    over = [0] * n
    if op.attribute("ceil_mode", 0):
        sizes = op.shape(0)[2:]
        over = [
            _beyond(sizes[i], pads[i], pads[i + n], dilations[i] * (kernel[i] - 1) + 1, strides[i]) for i in range(n)
        ]
    return Windows(kernel, strides, dilations, pads, tuple(over))


def _beyond(size: int, start: int, end: int, reach: int, stride: int) -> int:
    n_windows = math.ceil((size + start + end - reach) / stride) + 1
    if (n_windows - 1) * stride >= size + start:  # a window must begin on the signal or the padding before it
        n_windows -= 1
    return max((n_windows - 1) * stride + reach - (size + start + end), 0)


def _largest(x: Tensor, *, places: Windows) -> Tensor:
    pool = LARGEST[len(places.kernel)]
    if places.even:
        n = len(places.kernel)
        if flat(x):
            kernel, strides, pad = (1, *places.kernel), (1, *places.strides), (0, *places.pads[:n])
            return functional.max_pool2d(as_image(x), kernel, strides, pad, (1, *places.dilations)).squeeze(2)
        return pool(x, places.kernel, places.strides, places.pads[:n], places.dilations)
    padded = functional.pad(x, places.whole_pads, value=-math.inf)
    return pool(padded, places.kernel, places.strides, 0, places.dilations)


@operator("MaxPool")
def largest(op: Operation) -> Step:
    if op.gives(1):
        op.refuse("the places of the largest values are used")
    if op.attribute("storage_order", 0):
        op.refuse("it stores columns first")
    return Step(partial(_largest, places=windows(op)), (0,))


class Averaged(nn.Module):
    """Average over windows, each divided by the number of samples that count in it."""

    share: Tensor

    def __init__(self, places: Windows, sizes: Sequence[int], *, with_padding: bool) -> None:
        super().__init__()
        self.places = places
        self.pool = AVERAGE[len(places.kernel)]
        n = len(places.kernel)
        counted = torch.ones(1, 1, *sizes)
        counted = functional.pad(counted, as_torch_pads(places.pads), value=1.0 if with_padding else 0.0)
        counted = functional.pad(counted, as_torch_pads([0] * n + list(places.over)))
        self.register_buffer("share", self.pool(counted, places.kernel, places.strides), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = functional.pad(x, self.places.whole_pads)
        out: Tensor = self.pool(padded, self.places.kernel, self.places.strides) / self.share
        return out


def _average(x: Tensor, *, places: Windows, with_padding: bool) -> Tensor:
    n = len(places.kernel)
    if flat(x):
        kernel, strides, pad = (1, *places.kernel), (1, *places.strides), (0, *places.pads[:n])
        return functional.avg_pool2d(as_image(x), kernel, strides, pad, count_include_pad=with_padding).squeeze(2)
    out: Tensor = AVERAGE[n](x, places.kernel, places.strides, places.pads[:n], count_include_pad=with_padding)
    return out


@operator("AveragePool")
def average(op: Operation) -> Step:
    places, with_padding = windows(op), bool(op.attribute("count_include_pad", 0))
    if any(d != 1 for d in places.dilations):
        op.refuse("its windows have holes (dilations)")
    if places.even:
        return Step(partial(_average, places=places, with_padding=with_padding), (0,))
    return Step(Averaged(places, op.shape(0)[2:], with_padding=with_padding), (0,))


def _length(x: Tensor, *, places: Windows, p: int) -> Tensor:
    padded = functional.pad(x.abs() ** p, places.whole_pads)
    mean: Tensor = AVERAGE[len(places.kernel)](padded, places.kernel, places.strides)
    return (mean * math.prod(places.kernel)) ** (1 / p)


@operator("LpPool")
def length(op: Operation) -> Step:
    places = windows(op)
    if any(d != 1 for d in places.dilations):
        op.refuse("its windows have holes (dilations)")
    return Step(partial(_length, places=places, p=int(op.attribute("p", 2))), (0,))


def _over_all(x: Tensor, *, how: str, p: int) -> Tensor:
    axes = list(range(2, x.ndim))
    if how == "GlobalAveragePool":
        return x.mean(axes, keepdim=True)
    if how == "GlobalMaxPool":
        return x.amax(axes, keepdim=True)
    out: Tensor = torch.linalg.vector_norm(x, p, axes, keepdim=True)
    return out


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def over_all(op: Operation) -> Step:
    return Step(partial(_over_all, how=op.node.op, p=int(op.attribute("p", 2))), (0,))
