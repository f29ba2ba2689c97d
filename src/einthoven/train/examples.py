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

FEATURES_AT_ONCE = 64
_MOST_BYTES = 2**29
"""Features of frozen layers are kept up to this size (twice as many as half-precision numbers)."""


@dataclass(frozen=True, slots=True)
class Examples:
    """ECGs (or what the frozen layers made of them) with answers. `x` `(n, ...)`, `subject`, `weights` or None."""

    x: Tensor
    subject: Tensor | None
    y: Tensor
    weights: Tensor | None

    def __len__(self) -> int:
        return len(self.y)

    def some(self, index: Tensor) -> "Examples":
        return Examples(
            self.x[index],
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
    ) -> "Part":
        """Scaled once here instead of once in each epoch."""
        ecgs = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
        told = None if subject is None else torch.from_numpy(np.ascontiguousarray(subject, dtype=np.float32))
        made = [
            network.inputs(ecgs[k : k + 256].to(device), None if told is None else told[k : k + 256].to(device))
            for k in range(0, len(ecgs), 256)
        ]
        features = (
            None if made[0].subject is None else torch.cat([one.subject for one in made if one.subject is not None])
        )
        inputs = Inputs(torch.cat([one.x for one in made]), torch.cat([one.shares for one in made]), features)
        return cls(
            inputs, _answers(network, y, device), None if weights is None else torch.from_numpy(weights).to(device)
        )

    def examples(self) -> Examples:
        return Examples(self.inputs.x, self.inputs.subject, self.y, self.weights)

    def slices(self, size: int) -> Iterator[tuple[Inputs, Tensor]]:
        x, shares, subject = self.inputs
        for k in range(0, len(x), size):
            part = slice(k, k + size)
            yield Inputs(x[part], shares[part], None if subject is None else subject[part]), self.y[part]


@torch.no_grad()
def frozen(network: EcgNetwork, part: Part, should_stop: Callable[[], bool]) -> Part | None:
    """The part as the frozen layers see it; each window becomes an example. None where it would take too much memory.

    The answer's `inputs.x` is `(n, windows, ...)`.
    """
    network.eval()
    made: list[Tensor] = []
    for inputs, _ in part.slices(FEATURES_AT_ONCE):
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
