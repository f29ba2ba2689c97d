"""The torch module of random convolutions; what differs from the papers: `einthoven.models.random_convolutions`.

Kernels, thresholds and the scale of the features are buffers: no gradient reaches them. Only the head is learned.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from einthoven.models.networks.layers import AsImage

TAPS = 9
"""Samples under a kernel, as in MiniROCKET; the dilation sets how far apart they lie."""
KERNELS = 84
"""Kernels per dilation, as in MiniROCKET."""
THRESHOLDS = 8
"""Thresholds per kernel."""
RAMP = 0.5
"""A sample counts from 0 to 1 as it rises through this many standard deviations around the threshold."""
ECGS_FOR_THRESHOLDS = 64
VALUES_FOR_THRESHOLDS = 20_000
"""Thresholds are quantiles of at most so many values of so many ECGs: enough for two decimals of a quantile."""
LEAST_DEVIATION = 5e-3
"""Features that vary less over the training ECGs are not blown up: one unusual ECG would decide the answer."""
BATCH = 8
"""ECGs at a time: the answers of a bank to so many fit into a processor's cache, which is faster than more."""
GOLDEN = (math.sqrt(5) + 1) / 2


def _nothing(done: int, total: int) -> None:
    return None


def _as_it_is(x: Tensor) -> Tensor:
    return x


def dilations(n_samples: int) -> tuple[int, ...]:
    """1, 2, 3, 4, 6, 8, 12 ... as long as the stretched kernel fits into the record and spans at most a tenth of it.

    Up to 12 it may span more: that is one second at 100 Hz, as much as a heartbeat.
    """
    fits = (n_samples - 1) // (TAPS - 1)
    longest = max(1, min(fits, max(12, n_samples // (10 * (TAPS - 1)))))
    octaves = range(longest.bit_length())
    found = {steps << octave for octave in octaves for steps in (2, 3)} | {2, 3}
    return (1, *sorted(dilation for dilation in found if dilation <= longest))


class Bank(nn.Module):
    """`(batch, leads, 1, samples)` -> `(batch, THRESHOLDS * KERNELS)`: how much of the time each kernel answers.

    Each kernel looks at a random subset of the leads. For each of its thresholds the feature is the
    share of samples at which the kernel's answer lies above, with a ramp of width `RAMP` in place of the step.
    `weight` is scaled such that the ramp has width 1; `offset` is 0.5 minus the threshold in that scale.
    """

    weight: Tensor
    offset: Tensor
    quantiles: Tensor

    def __init__(self, n_leads: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        weight = torch.randn(KERNELS, n_leads, 1, TAPS) * _lead_subsets(n_leads)
        weight -= weight.mean(dim=3, keepdim=True)
        # White noise of deviation 1, which a z-score resembles, then has the answer's deviation 1 / RAMP.
        self.register_buffer("weight", weight / (RAMP * weight.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()))
        # Multiples of the golden ratio modulo 1 cover the quantiles evenly however many kernels there are.
        steps = torch.arange(1, THRESHOLDS * KERNELS + 1, dtype=torch.float64) * GOLDEN
        quantiles = (steps % 1).float().reshape(THRESHOLDS, KERNELS)
        self.register_buffer("quantiles", quantiles, persistent=False)
        normal = math.sqrt(2) * torch.erfinv(2 * quantiles.clamp(1e-3, 1 - 1e-3) - 1)
        self.register_buffer("offset", (0.5 - normal / RAMP)[:, :, None, None])

    def answers(self, x: Tensor) -> Tensor:
        """`(batch, KERNELS, 1, samples)`: the convolutions, zeros beyond the ends."""
        reach = self.dilation * (TAPS // 2)
        return functional.conv2d(x, self.weight, padding=(0, reach), dilation=(1, self.dilation))

    def forward(self, x: Tensor) -> Tensor:
        answers = self.answers(x)
        return torch.cat([(answers + offset).clamp_(0, 1).mean(dim=(2, 3)) for offset in self.offset], dim=1)

    def fit(self, x: Tensor) -> None:
        """Scale and thresholds from the answers to `x`."""
        flat = torch.cat(
            [self.answers(part).squeeze(2).transpose(0, 1).flatten(1) for part in torch.split(x, BATCH)], dim=1
        )
        answers = flat[:, :: -(-flat.shape[1] // VALUES_FOR_THRESHOLDS)].contiguous()
        del flat
        # A kernel that sees flat leads only keeps its scale.
        deviation = answers.std(dim=1, correction=0)
        factor = torch.where(deviation > 1e-3, 1 / (RAMP * deviation.clamp(min=1e-3)), torch.ones_like(deviation))
        ordered = (answers * factor[:, None]).sort(dim=1).values
        places = (self.quantiles * (ordered.shape[1] - 1)).long().T
        self.offset.copy_((0.5 - ordered.gather(1, places).T)[:, :, None, None])
        self.weight.mul_(factor[:, None, None, None])


def _lead_subsets(n_leads: int) -> Tensor:
    """0 and 1 as `(KERNELS, n_leads, 1, 1)`: each kernel's leads; their number is log-uniform from 1 to all."""
    numbers = (2 ** (torch.rand(KERNELS, 1) * math.log2(n_leads + 1))).floor()
    ranks = torch.rand(KERNELS, n_leads).argsort(dim=1).argsort(dim=1)
    return (ranks < numbers).float()[:, :, None, None]


class Standardised(nn.Module):
    """Each feature minus its mean, by its deviation, both over the training ECGs."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((n_features,), 0.5))
        self.register_buffer("deviation", torch.full((n_features,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class RandomConvolutions(nn.Module):
    """float32 `(batch, n_leads, n_samples)` -> `(batch, n_outputs)`.

    Kernels are drawn from torch's generator. `fit_features` sets what depends on the training ECGs;
    before it, thresholds are those of white noise and the features are only roughly standardised.
    """

    def __init__(self, n_leads: int, n_outputs: int, n_samples: int) -> None:
        super().__init__()
        self.as_image = AsImage()
        self.banks = nn.ModuleList(Bank(n_leads, dilation) for dilation in dilations(n_samples))
        self.n_features = len(self.banks) * THRESHOLDS * KERNELS
        self.standardised = Standardised(self.n_features)
        self.head = nn.Linear(self.n_features, n_outputs)

    def features(self, x: Tensor) -> Tensor:
        """`(batch, n_features)`: shares of time, standardised."""
        out: Tensor = self.standardised(self._pooled(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(x))
        return out

    def _pooled(self, x: Tensor) -> Tensor:
        image = self.as_image(x)
        return torch.cat([bank(image) for bank in self.banks], dim=1)

    @torch.no_grad()
    def fit_features(
        self,
        x: Tensor,
        *,
        scaled: Callable[[Tensor], Tensor] = _as_it_is,
        on_batch: Callable[[int, int], None] = _nothing,
    ) -> Tensor:
        """Set thresholds, mean and deviation from the training ECGs, without their answers; their features.

        Parameters
        ----------
        x
            float32 `(n, n_leads, n_samples)`.
        scaled
            What stands in front of the network; it is given a few ECGs at a time.
        on_batch
            Told (ECGs done, ECGs) after each batch; what it raises gets out.

        Returns
        -------
        float32 `(n, n_features)`: what `features(scaled(x))` answers afterwards.
        """
        some = self.as_image(scaled(x[:: -(-len(x) // ECGS_FOR_THRESHOLDS)]))
        for bank in self.banks:
            assert isinstance(bank, Bank)
            bank.fit(some)
        found = self.in_batches(x, lambda part: self._pooled(scaled(part)), on_batch=on_batch)
        deviation, mean = torch.std_mean(found, dim=0, correction=0)
        self.standardised.mean.copy_(mean)
        self.standardised.deviation.copy_(deviation.clamp(min=LEAST_DEVIATION))
        return found.sub_(self.standardised.mean).div_(self.standardised.deviation)

    @torch.no_grad()
    def in_batches(
        self, x: Tensor, compute: Callable[[Tensor], Tensor], *, on_batch: Callable[[int, int], None] = _nothing
    ) -> Tensor:
        """`compute` (such as `features`) for many ECGs, `BATCH` at a time: memory for the features and little more."""
        found = torch.empty(len(x), self.n_features, dtype=x.dtype, device=x.device)
        for start in range(0, len(x), BATCH):
            part = x[start : start + BATCH]
            found[start : start + len(part)] = compute(part)
            on_batch(start + len(part), len(x))
        return found


def replace_output(module: nn.Module, n_outputs: int) -> None:
    """A fresh linear output layer; kernels, thresholds and the scale of the features stay."""
    if not isinstance(module, RandomConvolutions):
        raise TypeError(f"{type(module).__name__} is no RandomConvolutions")
    module.head = nn.Linear(module.n_features, n_outputs)
