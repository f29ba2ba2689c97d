"""What is done to ECGs while training, so that a network learns what does not matter. Imports torch: import it on use.

ECGs are float32 `(batch, leads, samples)` after the z-score: sizes are in standard deviations of a lead. Every random
number comes from torch's generator on the processor, so that a seed gives the same training.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from einthoven.train.config import TrainConfig

_MAINS_HZ = (50.0, 60.0)
_WANDER_HZ = (0.05, 0.5)
_SAME_FOR_ALL_LEADS = 0.5
"""Share of the variance of the gain that all leads of an ECG have in common (a thick chest), not each for itself."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """ECGs blended with others: `partner[i]` is blended into ECG i, which keeps the share `kept[i]` of its answer."""

    x: Tensor
    partner: Tensor
    kept: Tensor


def cropped(x: Tensor, length: int) -> Tensor:
    """A window of `length` samples at a random place of each ECG."""
    batch, leads, samples = x.shape
    if length >= samples:
        return x
    first = torch.randint(0, samples - length + 1, (batch,)).to(x.device)
    places = first[:, None] + torch.arange(length, device=x.device)
    return x.gather(2, places[:, None].expand(batch, leads, length))


def disturbed(x: Tensor, config: TrainConfig, rate: float) -> Tensor:
    """Gain, noise, wander, mains hum and lost leads, as far as the settings say. `rate` in Hz."""
    if config.gain:
        x = x * _gains(x, config.gain)
    if config.noise:
        x = x + _sizes(x, config.noise) * torch.randn(x.shape).to(x.device)
    if config.wander:
        x = x + _sizes(x, config.wander) * _wave(x, rate, _uniform(x, *_WANDER_HZ))
    if config.powerline:
        x = x + _sizes(x, config.powerline) * _wave(x, rate, _mains(x, rate))
    if config.lead_dropout:
        x = x * (torch.rand(x.shape[:2]) >= config.lead_dropout).to(x)[:, :, None]
    return x


def mixed(x: Tensor, strength: float) -> Mixed:
    """Each ECG blended with another of the batch (Zhang et al. 2018, arXiv 1710.09412); the larger share is its own."""
    share = torch.distributions.Beta(strength, strength).sample((len(x),))
    kept = torch.maximum(share, 1 - share).to(x)
    partner = torch.randperm(len(x)).to(x.device)
    weight = kept[:, None, None]
    return Mixed(weight * x + (1 - weight) * x[partner], partner, kept)


def _gains(x: Tensor, size: float) -> Tensor:
    batch, leads, _ = x.shape
    common = math.sqrt(_SAME_FOR_ALL_LEADS) * torch.randn(batch, 1)
    own = math.sqrt(1 - _SAME_FOR_ALL_LEADS) * torch.randn(batch, leads)
    return torch.exp(size * (common + own)).to(x)[:, :, None]


def _sizes(x: Tensor, largest: float) -> Tensor:
    """A size for each lead, up to one for the ECG: leads of one recording are not equally disturbed."""
    batch, leads, _ = x.shape
    return (largest * torch.rand(batch, 1) * torch.rand(batch, leads)).to(x)[:, :, None]


def _wave(x: Tensor, rate: float, hertz: Tensor) -> Tensor:
    time = torch.arange(x.shape[2], device=x.device) / rate
    phase = 2 * math.pi * torch.rand(x.shape[0], x.shape[1], 1).to(x)
    return torch.sin(2 * math.pi * hertz[:, None, None] * time + phase)


def _uniform(x: Tensor, least: float, most: float) -> Tensor:
    return (least + (most - least) * torch.rand(len(x))).to(x)


def _mains(x: Tensor, rate: float) -> Tensor:
    """50 or 60 Hz for each ECG; at a low rate the highest frequency that can be shown."""
    hertz = torch.tensor([min(one, 0.49 * rate) for one in _MAINS_HZ])
    return hertz[torch.randint(0, len(hertz), (len(x),))].to(x)
