"""What stands in front of an architecture and, for regression, behind it; part of the exported graph."""

import torch
from torch import Tensor, nn

from einthoven.spec import Step, SubjectInput

SMALLEST_DEVIATION = 1e-6
"""A lead (or record) whose standard deviation, or half range, is below this is flat and becomes 0."""
_MIDDLE_AGE, _AGE_RANGE = 50.0, 50.0


class StandardiseInput(nn.Module):
    """The last of a model's steps (`spec.GRAPH_STEPS`), and then 0 in the place of NaN (samples that are not there).

    `z_score`: mean and population standard deviation over the samples that are there, per lead or over the
    whole record; the reference is `einthoven.signal.z_score`. `min_max`: lowest value -1, highest 1. `multiply`: by
    a fixed factor. Without a step only NaN becomes 0.
    """

    def __init__(self, step: Step | None) -> None:
        super().__init__()
        self.how = step.name if step else ""
        self.factor = float(step.parameters.get("factor", 1.0)) if step else 1.0
        self.axes = [2] if step and step.parameters.get("over") == "lead" else [1, 2]

    def forward(self, ecg: Tensor) -> Tensor:
        """float32 `(batch, leads, samples)` -> the same shape, without NaN."""
        absent = torch.isnan(ecg)
        filled = torch.where(absent, _zero(ecg), ecg)
        if self.how == "z_score":
            return self._z_score(filled, absent)
        if self.how == "min_max":
            return self._min_max(filled, absent)
        return filled * self.factor if self.how == "multiply" else filled

    def _z_score(self, filled: Tensor, absent: Tensor) -> Tensor:
        n = (~absent).to(filled.dtype).sum(dim=self.axes, keepdim=True).clamp(min=1.0)
        centred = filled
        # Twice: in float32 the first mean of a large constant is off by more than a flat lead's deviation may be.
        for _ in range(2):
            mean = centred.sum(dim=self.axes, keepdim=True) / n
            centred = torch.where(absent, _zero(filled), centred - mean)
        deviation = ((centred * centred).sum(dim=self.axes, keepdim=True) / n).sqrt()
        return _divided(centred, deviation)

    def _min_max(self, filled: Tensor, absent: Tensor) -> Tensor:
        endless = torch.full((), 3e38, dtype=filled.dtype, device=filled.device)
        lowest = torch.where(absent, endless, filled).amin(dim=self.axes, keepdim=True)
        highest = torch.where(absent, -endless, filled).amax(dim=self.axes, keepdim=True)
        # Halved first: where nothing is there, the difference of both ends would be no number.
        middle, half = highest / 2 + lowest / 2, highest / 2 - lowest / 2
        return _divided(torch.where(absent, _zero(filled), filled - middle), half)


def _divided(centred: Tensor, size: Tensor) -> Tensor:
    return torch.where(size < SMALLEST_DEVIATION, _zero(centred), centred / size.clamp(min=SMALLEST_DEVIATION))


def _zero(like: Tensor) -> Tensor:
    return torch.zeros((), dtype=like.dtype, device=like.device)


class SubjectFeatures(nn.Module):
    """Age (years) and sex (0 male, 1 female) as a network takes them: each a value, and a flag where it is unknown.

    float32 `(batch, inputs)` with NaN for unknown -> `(batch, 2 * inputs)`: ages of 0 to 100 and both sexes lie
    between -1 and 1, unknown is 0 with the flag 1.
    """

    middle: Tensor
    half_range: Tensor

    def __init__(self, inputs: tuple[SubjectInput, ...]) -> None:
        super().__init__()
        ranges = {"age": (_MIDDLE_AGE, _AGE_RANGE), "sex": (0.5, 0.5)}
        self.register_buffer("middle", torch.tensor([ranges[name][0] for name in inputs]), persistent=False)
        self.register_buffer("half_range", torch.tensor([ranges[name][1] for name in inputs]), persistent=False)

    def forward(self, subject: Tensor) -> Tensor:
        unknown = torch.isnan(subject)
        values = torch.where(unknown, _zero(subject), (subject - self.middle) / self.half_range)
        return torch.stack([values, unknown.to(subject.dtype)], dim=2).flatten(1)


class SubjectHead(nn.Module):
    """What age and sex add to the answers of a network that itself sees the ECG alone."""

    def __init__(self, n_features: int, n_outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_features, 16), nn.ReLU(), nn.Linear(16, n_outputs))
        # At the beginning it adds nothing: what was learned from ECGs is not disturbed.
        nn.init.zeros_(self.layers[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.layers[-1].bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.layers(features)
        return out


class NaturalUnit(nn.Module):
    """Regression networks learn `(value - mean) / scale`; this turns their output back into the value."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_outputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_outputs))
        self.register_buffer("scale", torch.ones(n_outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.mean
