"""Layers over one axis computed as layers over two, of which the first has size 1, with the channels last in memory.

On a processor torch is about twice as fast that way (see `models/networks/layers.py`). While torch writes ONNX the
layers stay as they are.
"""

import torch
from torch import Tensor, nn


def as_image(x: Tensor) -> Tensor:
    """`(batch, channels, samples)` -> `(batch, channels, 1, samples)`, channels last; a view where they are already."""
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def flat(x: Tensor) -> bool:
    """Whether a layer is to be computed this way."""
    return x.ndim == 3 and not torch.compiler.is_exporting()


class NormAlongTime(nn.Module):
    """Batch normalisation of `(batch, channels, samples)`."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(as_image(x) if flat(x) else x.unsqueeze(2))
        return out.squeeze(2)
