"""The torch module of InceptionTime; what differs from the paper stands in `einthoven.models.inceptiontime`."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, MaxOfThree, conv

KERNELS = (39, 19, 9)
FILTERS = 32


class InceptionModule(nn.Module):
    """`n_in` channels -> `4 * FILTERS`: three scales and a max-pooled path."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.bottleneck = conv(n_in, FILTERS)
        self.scales = nn.ModuleList(conv(FILTERS, FILTERS, kernel) for kernel in KERNELS)
        self.pool = MaxOfThree()
        self.pooled = conv(n_in, FILTERS)
        self.norm = nn.BatchNorm2d(4 * FILTERS)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.bottleneck(x)
        paths = torch.cat([*(scale(narrow) for scale in self.scales), self.pooled(self.pool(x))], dim=1)
        return functional.relu(self.norm(paths))


class ResidualTriple(nn.Module):
    """Three modules in a row beside a linear shortcut; their sum through ReLU."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        n_out = 4 * FILTERS
        self.modules_in_row = nn.Sequential(InceptionModule(n_in), InceptionModule(n_out), InceptionModule(n_out))
        norm = nn.BatchNorm2d(n_out)
        self.shortcut = norm if n_in == n_out else nn.Sequential(conv(n_in, n_out), norm)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.modules_in_row(x) + self.shortcut(x))


class InceptionTime(nn.Module):
    """float32 `(batch, n_leads, n_samples)` -> `(batch, n_outputs)`."""

    def __init__(self, n_leads: int, n_outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(AsImage(), ResidualTriple(n_leads), ResidualTriple(4 * FILTERS))
        self.head = nn.Linear(4 * FILTERS, n_outputs)

    def features(self, x: Tensor) -> Tensor:
        """`(batch, 128)`: the mean over time."""
        out: Tensor = self.body(x).mean(dim=(2, 3))
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh linear layer with `n_outputs` outputs."""
    if not isinstance(module, InceptionTime):
        raise TypeError(f"{type(module).__name__} is no InceptionTime")
    module.head = nn.Linear(module.head.in_features, n_outputs)
