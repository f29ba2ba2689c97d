"""The torch module of XceptionTime; what differs from the paper stands in `einthoven.models.xceptiontime`."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.depthwise import DepthwiseConv
from einthoven.models.networks.layers import AsImage, AverageTo, MaxOfThree, conv

KERNELS = (39, 19, 9)
FILTERS = 16
POOLED = 50


class SeparableConv(nn.Module):
    """Depthwise convolution along time, then a 1x1 convolution across channels."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = DepthwiseConv(channels, kernel)
        self.pointwise = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.pointwise(self.depthwise(x))
        return out


class XceptionModule(nn.Module):
    """`n_in` channels -> `4 * filters`: three scales and a max-pooled path."""

    def __init__(self, n_in: int, filters: int) -> None:
        super().__init__()
        self.bottleneck = conv(n_in, filters)
        self.scales = nn.ModuleList(SeparableConv(filters, kernel) for kernel in KERNELS)
        self.pool = MaxOfThree()
        self.pooled = conv(n_in, filters)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.bottleneck(x)
        return torch.cat([*(scale(narrow) for scale in self.scales), self.pooled(self.pool(x))], dim=1)


class ResidualPair(nn.Module):
    """Two modules in a row beside a 1x1 convolution with batch normalisation; their sum through ReLU."""

    def __init__(self, n_in: int, filters: int) -> None:
        super().__init__()
        self.first = XceptionModule(n_in, filters)
        self.second = XceptionModule(4 * filters, 2 * filters)
        self.shortcut = nn.Sequential(conv(n_in, 8 * filters), nn.BatchNorm2d(8 * filters))

    def forward(self, x: Tensor) -> Tensor:
        # In place: at 512 channels each pass over memory costs a millisecond per ECG.
        return functional.relu_(self.second(self.first(x)).add_(self.shortcut(x)))


def _narrowing(n_in: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(conv(n_in, n_out), nn.BatchNorm2d(n_out), nn.ReLU())


class Head(nn.Module):
    """512 channels narrowed to 128, one 1x1 convolution per output, averaged over time."""

    def __init__(self, n_in: int, n_outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(_narrowing(n_in, n_in // 2), _narrowing(n_in // 2, n_in // 4))
        self.output = conv(n_in // 4, n_outputs, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.output(self.narrow(x)).mean(dim=(2, 3))
        return out


class XceptionTime(nn.Module):
    """float32 `(batch, n_leads, n_samples)` -> `(batch, n_outputs)`."""

    def __init__(self, n_leads: int, n_outputs: int, n_samples: int) -> None:
        super().__init__()
        self.body = nn.Sequential(AsImage(), ResidualPair(n_leads, FILTERS), ResidualPair(8 * FILTERS, 4 * FILTERS))
        self.pool = AverageTo(n_samples, min(POOLED, n_samples))
        self.head = Head(32 * FILTERS, n_outputs)

    def features(self, x: Tensor) -> Tensor:
        """`(batch, 512, 1, bins)`: what the body sees, averaged to at most 50 moments."""
        out: Tensor = self.pool(self.body(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh last 1x1 convolution with `n_outputs` outputs; the narrowing layers before it stay."""
    if not isinstance(module, XceptionTime):
        raise TypeError(f"{type(module).__name__} is no XceptionTime")
    module.head.output = conv(module.head.output.in_channels, n_outputs, bias=True)
