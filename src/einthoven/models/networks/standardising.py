"""What stands in front of an architecture and, for regression, behind it; part of the exported graph."""

import torch
from torch import Tensor, nn

from einthoven.spec import ZScoreOver

SMALLEST_DEVIATION = 1e-6
"""A lead (or record) whose standard deviation is below this is flat and becomes 0."""


class StandardiseInput(nn.Module):
    """z-score that ignores NaN (samples that are not there) and then puts 0, the mean, in their place.

    Mean and population standard deviation over the samples that are there, per lead or over the
    whole record; with `over=None` only NaN becomes 0. The reference is `einthoven.signal.z_score`.
    """

    def __init__(self, over: ZScoreOver | None) -> None:
        super().__init__()
        self.over = over
        self.axes = [2] if over == "lead" else [1, 2]

    def forward(self, ecg: Tensor) -> Tensor:
        """float32 `(batch, leads, samples)` -> the same shape, without NaN."""
        absent = torch.isnan(ecg)
        nothing = torch.zeros((), dtype=ecg.dtype, device=ecg.device)
        filled = torch.where(absent, nothing, ecg)
        if self.over is None:
            return filled
        n = (~absent).to(ecg.dtype).sum(dim=self.axes, keepdim=True).clamp(min=1.0)
        centred = filled
        # Twice: in float32 the first mean of a large constant is off by more than a flat lead's deviation may be.
        for _ in range(2):
            mean = centred.sum(dim=self.axes, keepdim=True) / n
            centred = torch.where(absent, nothing, centred - mean)
        deviation = ((centred * centred).sum(dim=self.axes, keepdim=True) / n).sqrt()
        flat = deviation < SMALLEST_DEVIATION
        return torch.where(flat, nothing, centred / deviation.clamp(min=SMALLEST_DEVIATION))


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
