"""Layers that several architectures use."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class MaxOfThree(nn.Module):
    """Maximum over each sample and its two neighbours: max-pooling of size 3, stride 1, padding 1."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.max_pool1d(x, 3, stride=1, padding=1)


class AverageTo(nn.Module):
    """Averages `(batch, channels, n_in)` into `n_out` bins along time, as `nn.AdaptiveAvgPool1d` does.

    Written as a product with a fixed matrix where the bins differ in length, because ONNX has
    average pooling only for bins of one length.
    """

    weights: Tensor

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.length = n_in // n_out if n_in % n_out == 0 else None
        weights = torch.zeros(n_in, n_out)
        if self.length is None:
            for bin_ in range(n_out):
                start, stop = (bin_ * n_in) // n_out, -(-((bin_ + 1) * n_in) // n_out)
                weights[start:stop, bin_] = 1 / (stop - start)
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.length is not None:
            return functional.avg_pool1d(x, self.length)
        return x @ self.weights
