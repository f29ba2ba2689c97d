"""What a network learns from in one phase of a training, on the device. Imports torch: import it on use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from einthoven.models.networks.assembled import EcgNetwork, Inputs
from einthoven.models.networks.standardising import NaturalUnit

_SCALED_AT_ONCE = 32
_MOST_BYTES = 2**29
"""Features of frozen layers are kept up to this size (twice as many as half-precision numbers)."""


@dataclass(frozen=True, slots=True)
class Examples:
    """ECGs (or what the frozen layers made of them) with answers. `x` `(n, ...)`, `subject`, `weights` or None.

    `x` alone may lie in the memory of the processor while the rest is on a GPU: what is asked for follows.
    """

    x: Tensor
    subject: Tensor | None
    y: Tensor
    weights: Tensor | None

    def __len__(self) -> int:
        return len(self.y)

    def some(self, index: Tensor) -> "Examples":
        """Those of an index on the device of `x`."""
        return Examples(
            _beside(self.y, self.x[index]),
            None if self.subject is None else self.subject[index],
            self.y[index],
            None if self.weights is None else self.weights[index],
        )


@dataclass(frozen=True, slots=True)
class Part:
    """All ECGs of one side as the architecture sees them, with answers on the scale on which they are learned."""

    inputs: Inputs
    y: Tensor
    weights: Tensor | None

    @classmethod
    @torch.no_grad()
    def of(
        cls,
        network: EcgNetwork,
        x: npt.NDArray[np.float32],
        subject: npt.NDArray[np.float32] | None,
        y: npt.NDArray[np.generic],
        weights: npt.NDArray[np.float32] | None,
        device: torch.device,
        *,
        outside: bool = False,
    ) -> "Part":
        """Scaled once here instead of once in each epoch.

        `outside`: the ECGs stay in the processor's memory, page-locked, where the device has no room for all of them.
        """
        ecgs = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
        told = None if subject is None else torch.from_numpy(np.ascontiguousarray(subject, dtype=np.float32))
        scaled = torch.empty(ecgs.shape, device="cpu" if outside else device, pin_memory=outside)
        shares: list[Tensor] = []
        features: list[Tensor] = []
        for k in range(0, len(ecgs), _SCALED_AT_ONCE):
            part = slice(k, k + _SCALED_AT_ONCE)
            made = network.inputs(ecgs[part].to(device), None if told is None else told[part].to(device))
            scaled[part] = made.x
            shares.append(made.shares)
            if made.subject is not None:
                features.append(made.subject)
        inputs = Inputs(scaled, torch.cat(shares), torch.cat(features) if features else None)
        return cls(
            inputs, _answers(network, y, device), None if weights is None else torch.from_numpy(weights).to(device)
        )

    def examples(self) -> Examples:
        return Examples(self.inputs.x, self.inputs.subject, self.y, self.weights)

    def slices(self, size: int, within: slice = slice(None)) -> Iterator[Inputs]:
        """Those `within`, at most `size` ECGs at a time, on the device."""
        x, shares, subject = self.inputs
        first, stop, _ = within.indices(len(x))
        for k in range(first, stop, size):
            part = slice(k, min(k + size, stop))
            yield Inputs(_beside(shares, x[part]), shares[part], None if subject is None else subject[part])


def _beside(there: Tensor, x: Tensor) -> Tensor:
    """`x` on the device of `there`. From page-locked memory it travels while the device computes."""
    if x.device == there.device:
        return x
    return (x if x.is_pinned() else x.pin_memory()).to(there.device, non_blocking=True)


@torch.no_grad()
def frozen(network: EcgNetwork, part: Part, should_stop: Callable[[], bool], *, at_once: int) -> Part | None:
    """The part as the frozen layers see it; each window becomes an example. None where it would take too much memory.

    The answer's `inputs.x` is `(n, windows, ...)`.
    """
    network.eval()
    made: list[Tensor] = []
    for inputs in part.slices(at_once):
        if should_stop():
            return None
        windows = network.windows
        features = windows.grouped(network.features(windows(inputs.x), windows.repeated(inputs.subject)))
        size = features[0].numel() * len(part.y)
        if 2 * size > _MOST_BYTES:
            return None
        made.append(features.half() if 4 * size > _MOST_BYTES else features)
    return Part(Inputs(torch.cat(made), part.inputs.shares, part.inputs.subject), part.y, part.weights)


def choose_unit(network: EcgNetwork, y_train: npt.NDArray[Any], log: Callable[[str], None]) -> None:
    """For regression: the scale on which targets are learned, mean and deviation of the training part."""
    if not isinstance(network.unit, NaturalUnit):
        return
    mean, scale = y_train.mean(axis=0, dtype=np.float64), y_train.std(axis=0, dtype=np.float64)
    network.unit.mean.copy_(torch.from_numpy(mean))
    network.unit.scale.copy_(torch.from_numpy(scale))
    log(f"Targets are learned as (value - {mean[0]:.4g}) / {scale[0]:.4g}.")


def _answers(network: EcgNetwork, y: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    if isinstance(network.unit, NaturalUnit):
        values = torch.from_numpy(np.asarray(y, dtype=np.float32)).to(device)
        return (values - network.unit.mean) / network.unit.scale
    dtype = np.int64 if y.ndim == 1 else np.float32
    return torch.from_numpy(np.asarray(y, dtype=dtype)).to(device)
