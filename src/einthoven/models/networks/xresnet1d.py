"""The torch module of xresnet1d50; what differs from the paper stands in `einthoven.models.xresnet1d`."""

from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, PeakAndMean, conv
from einthoven.models.networks.ptbxl_benchmark import BenchmarkNetwork

KERNEL = 5
STEM = (32, 32, 64)
BLOCKS = (3, 4, 6, 3)
WIDTH = 64
EXPANSION = 4


def _conv_norm(n_in: int, n_out: int, kernel: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    return conv(n_in, n_out, kernel, stride=stride), nn.BatchNorm2d(n_out)


class Bottleneck(nn.Module):
    """1x1, wide and 1x1 convolution beside a shortcut that halves the samples by averages; their sum through ReLU."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            *_conv_norm(n_in, WIDTH, 1),
            nn.ReLU(inplace=True),
            *_conv_norm(WIDTH, WIDTH, KERNEL, stride),
            nn.ReLU(inplace=True),
            *_conv_norm(WIDTH, n_out, 1),
        )
        halve = [nn.AvgPool2d((1, stride), ceil_mode=True)] if stride > 1 else []
        widen = _conv_norm(n_in, n_out, 1) if n_in != n_out else ()
        self.shortcut = nn.Sequential(*halve, *widen)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.path(x)
        return functional.relu_(out.add_(self.shortcut(x)))


def _stem(n_leads: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for n_in, n_out, stride in zip((n_leads, *STEM), STEM, (2, 1, 1), strict=False):
        layers += [*_conv_norm(n_in, n_out, KERNEL, stride), nn.ReLU(inplace=True)]
    return [*layers, nn.MaxPool2d((1, 3), stride=(1, 2), padding=(0, 1))]


def _stages() -> list[nn.Module]:
    blocks: list[nn.Module] = []
    n_in = STEM[-1]
    for stage, n_blocks in enumerate(BLOCKS):
        for block in range(n_blocks):
            blocks.append(Bottleneck(n_in, EXPANSION * WIDTH, stride=2 if stage and not block else 1))
            n_in = EXPANSION * WIDTH
    return blocks


class XResNet1d(BenchmarkNetwork):
    """256 channels; the features are their peaks and means."""

    def __init__(self, n_leads: int, n_outputs: int) -> None:
        body = nn.Sequential(AsImage(), *_stem(n_leads), *_stages(), PeakAndMean())
        super().__init__(body, 2 * EXPANSION * WIDTH, n_outputs)


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh last linear layer with `n_outputs` outputs; the hidden layer before it stays."""
    if not isinstance(module, XResNet1d):
        raise TypeError(f"{type(module).__name__} is no XResNet1d")
    module.head.replace_output(n_outputs)
