"""The torch module of the DSAIL SNU network; what differs from the paper stands in `einthoven.models.dsail_snu`."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, conv

KERNEL = 15
STRIDE = 4
WIDTHS = (16, 32, 64, 128)
BLOCKS_A_WIDTH = 3
SQUEEZE = 16
DROPOUT = 0.2
FEWEST_SAMPLES = 2 * STRIDE ** (len(WIDTHS) - 1)
"""Behind the last stride two samples are left, so that even a batch of one has a variance."""


class StridedConv(nn.Module):
    """Convolution to every fourth sample; whole groups of four only, with the padding of the authors."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        padding = KERNEL - STRIDE
        self.padding = (padding // 2, padding - padding // 2)
        self.convolve = nn.Conv2d(n_in, n_out, (1, KERNEL), STRIDE, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.convolve(functional.pad(x, self.padding))
        return out


class Gate(nn.Module):
    """Squeeze and excitation: each channel times a factor of 0 to 1 that depends on the mean of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = conv(channels, channels // SQUEEZE)
        self.excite = conv(channels // SQUEEZE, channels)

    def forward(self, x: Tensor) -> Tensor:
        narrow = functional.relu(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))
        return x * torch.sigmoid(self.excite(narrow))


class Block(nn.Module):
    """Normalisation, ReLU and convolution twice, then the gate; added to the input.

    Where the channels double, the input is max-pooled over the stride and its new channels are zero.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.strided = n_in != n_out
        self.new_channels = n_out - n_in
        self.first_norm = nn.BatchNorm2d(n_in)
        self.first = StridedConv(n_in, n_out) if self.strided else conv(n_in, n_out, KERNEL)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.dropout = nn.Dropout(DROPOUT)
        self.second = conv(n_out, n_out, KERNEL)
        self.gate = Gate(n_out)

    def residual(self, active: Tensor) -> Tensor:
        """What the two convolutions make of the input behind its ReLU."""
        middle = self.dropout(functional.relu_(self.second_norm(self.first(active))))
        out: Tensor = self.gate(self.second(middle))
        return out

    def shortcut(self, x: Tensor) -> Tensor:
        if not self.strided:
            return x
        return functional.pad(functional.max_pool2d(x, (1, STRIDE)), (0, 0, 0, 0, 0, self.new_channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(functional.relu_(self.first_norm(x))).add_(self.shortcut(x))


class FirstBlock(Block):
    """The block behind the stem: its shortcut, too, starts behind the first ReLU."""

    def forward(self, x: Tensor) -> Tensor:
        active = functional.relu_(self.first_norm(x))
        return self.residual(active).add_(active)


def _blocks() -> list[Block]:
    widths = [width for width in WIDTHS for _ in range(BLOCKS_A_WIDTH)]
    return [FirstBlock(widths[0], widths[0]), *(Block(*pair) for pair in pairwise(widths))]


class DsailSnu(nn.Module):
    """float32 `(batch, n_leads, n_samples)` and, with `n_subject`, `(batch, n_subject)` -> `(batch, n_outputs)`."""

    def __init__(self, n_leads: int, n_outputs: int, n_subject: int) -> None:
        super().__init__()
        stem = conv(n_leads, WIDTHS[0], KERNEL)
        last = (nn.BatchNorm2d(WIDTHS[-1]), nn.ReLU(inplace=True), nn.Dropout(DROPOUT))
        self.body = nn.Sequential(AsImage(), stem, *_blocks(), *last)
        self.head = nn.Linear(WIDTHS[-1] + n_subject, n_outputs)

    def features(self, x: Tensor, subject: Tensor | None = None) -> Tensor:
        """`(batch, 128 + n_subject)`: the peak over time of 128 channels, then age and sex as they came."""
        lacking = FEWEST_SAMPLES - x.shape[2]
        peaks = self.body(functional.pad(x, (0, lacking)) if lacking > 0 else x).amax(dim=(2, 3))
        return peaks if subject is None else torch.cat([peaks, subject], dim=1)

    def forward(self, x: Tensor, subject: Tensor | None = None) -> Tensor:
        out: Tensor = self.head(self.features(x, subject))
        return out


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh linear layer with `n_outputs` outputs, from the same features."""
    if not isinstance(module, DsailSnu):
        raise TypeError(f"{type(module).__name__} is no DsailSnu")
    module.head = nn.Linear(module.head.in_features, n_outputs)
