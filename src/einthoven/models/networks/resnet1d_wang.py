"""The torch module of resnet1d_wang; what differs from the papers stands in `einthoven.models.resnet1d_wang`."""

from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, PeakAndMean, conv
from einthoven.models.networks.ptbxl_benchmark import BenchmarkNetwork

STEM_KERNEL = 7
KERNELS = (5, 3)
WIDTH = 128
STRIDES = (1, 2, 2)


class Block(nn.Module):
    """Two convolutions beside a shortcut; their sum through ReLU."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            conv(WIDTH, WIDTH, KERNELS[0], stride=stride),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(inplace=True),
            conv(WIDTH, WIDTH, KERNELS[1]),
            nn.BatchNorm2d(WIDTH),
        )
        halve = (conv(WIDTH, WIDTH, stride=stride), nn.BatchNorm2d(WIDTH)) if stride > 1 else ()
        self.shortcut = nn.Sequential(*halve)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.path(x)
        return functional.relu_(out.add_(self.shortcut(x)))


class ResNet1dWang(BenchmarkNetwork):
    """128 channels; the features are their peaks and means."""

    def __init__(self, n_leads: int, n_outputs: int) -> None:
        stem = (conv(n_leads, WIDTH, STEM_KERNEL), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True))
        body = nn.Sequential(AsImage(), *stem, *(Block(stride) for stride in STRIDES), PeakAndMean())
        super().__init__(body, 2 * WIDTH, n_outputs)


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh last linear layer with `n_outputs` outputs; the hidden layer before it stays."""
    if not isinstance(module, ResNet1dWang):
        raise TypeError(f"{type(module).__name__} is no ResNet1dWang")
    module.head.replace_output(n_outputs)
