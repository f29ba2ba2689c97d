"""Layers that several architectures use.

Inside a network a signal is `(batch, channels, 1, samples)` with the channels last in memory. On a
processor torch computes convolutions in that order faster: one step of XceptionTime (16 ECGs of
12 x 1000, one thread of an AMD EPYC) took 45 to 55 ms per ECG, and 59 to 71 with the samples of each
channel together.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class AsImage(nn.Module):
    """`(batch, channels, samples)` -> `(batch, channels, 1, samples)`, channels last in memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(2).contiguous(memory_format=torch.channels_last)


def conv(n_in: int, n_out: int, kernel: int = 1, *, stride: int = 1, groups: int = 1, bias: bool = False) -> nn.Conv2d:
    """Convolution along time, `kernel` odd: as many samples as before, divided by `stride` and rounded up."""
    return nn.Conv2d(n_in, n_out, (1, kernel), stride, padding=(0, kernel // 2), groups=groups, bias=bias)


class MaxOfThree(nn.Module):
    """Maximum over each sample and its two neighbours: max-pooling of size 3, stride 1, padding 1."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.max_pool2d(x, (1, 3), stride=1, padding=(0, 1))


class AverageTo(nn.Module):
    """Averages `n_in` samples into `n_out` bins, as `nn.AdaptiveAvgPool1d` does.

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
            return functional.avg_pool2d(x, (1, self.length))
        return x @ self.weights


class PeakAndMean(nn.Module):
    """`(batch, channels, 1, samples)` -> `(batch, 2 * channels)`: the largest value over time, then the mean."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.amax(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1)


class NormOfFeatures(nn.BatchNorm1d):
    """Batch normalisation of `(batch, features)` that also learns from a batch of one.

    One row has no variance; the running mean and deviation stand in for it.
    """

    def forward(self, x: Tensor) -> Tensor:
        if self.training and len(x) == 1:
            return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(x)
