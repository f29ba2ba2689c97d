"""The torch module of the patch transformer; its sources stand in `einthoven.models.patch_transformer`."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage, conv

STEM = ((32, 7), (64, 5), (96, 5), (128, 5))
"""Channels and kernel of each convolution; each halves the number of samples."""
WIDTH = STEM[-1][0]
HEADS = 4
LAYERS = 6
DROPOUT = 0.1
SLOWEST_TURN = 10_000.0


class Rotation(nn.Module):
    """Turns pairs of numbers of each token by angles that grow with its place.

    The product of two turned vectors then depends on their distance in time, not on where they stand.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, heads, tokens, width)` -> the same shape."""
        half = self.width // 2
        rates = SLOWEST_TURN ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
        places = torch.arange(x.shape[2], device=x.device, dtype=torch.float32)
        angles = places[:, None] * rates
        cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        first, second = x[..., :half], x[..., half:]
        return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


class Attention(nn.Module):
    """Each token looks at all others."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs = nn.Linear(WIDTH, 3 * WIDTH)
        self.rotate = Rotation(WIDTH // HEADS)
        self.output = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n_tokens = x.shape[1]
        parts = self.inputs(x).unflatten(2, (3, HEADS, WIDTH // HEADS))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = functional.scaled_dot_product_attention(self.rotate(query), self.rotate(key), value)
        out: Tensor = self.output(seen.transpose(1, 2).reshape(-1, n_tokens, WIDTH))
        return out


class Layer(nn.Module):
    """Attention, then a network on each token by itself; both normalised before and added to the input."""

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Sequential(nn.LayerNorm(WIDTH), Attention(), nn.Dropout(DROPOUT))
        self.think = nn.Sequential(
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(),
            nn.Linear(4 * WIDTH, WIDTH),
            nn.Dropout(DROPOUT),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.look(x)
        out: Tensor = x + self.think(x)
        return out


def _stem(n_leads: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    n_in = n_leads
    for n_out, kernel in STEM:
        layers += [conv(n_in, n_out, kernel, stride=2), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
        n_in = n_out
    return [*layers, conv(n_in, WIDTH, bias=True)]


class AsTokens(nn.Module):
    """`(batch, channels, 1, samples)` -> `(batch, samples, channels)`."""

    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze(2).transpose(1, 2)


class PatchTransformer(nn.Module):
    """float32 `(batch, n_leads, n_samples)` -> `(batch, n_outputs)`."""

    def __init__(self, n_leads: int, n_outputs: int) -> None:
        super().__init__()
        layers = (Layer() for _ in range(LAYERS))
        self.body = nn.Sequential(AsImage(), *_stem(n_leads), AsTokens(), *layers, nn.LayerNorm(WIDTH))
        self.head = nn.Linear(WIDTH, n_outputs)

    def features(self, x: Tensor) -> Tensor:
        """`(batch, 128)`: the mean over all tokens."""
        out: Tensor = self.body(x).mean(dim=1)
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh linear layer with `n_outputs` outputs."""
    if not isinstance(module, PatchTransformer):
        raise TypeError(f"{type(module).__name__} is no PatchTransformer")
    module.head = nn.Linear(module.head.in_features, n_outputs)
