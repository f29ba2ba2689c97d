"""Optimisers and schedules by their names. Imports torch: import it on use."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from einthoven.train.config import TrainConfig

Schedule = Callable[[float], float]
"""Share of the training that is done, 0 to 1 -> factor on the maximum rate."""

_RISE = 0.25
_FIRST, _LAST = 1 / 25, 1e-4
"""One-cycle (Smith and Topin 2018, arXiv 1708.07120): where the rate begins and ends, as shares of the maximum."""


def optimiser_for(parameters: Iterable[nn.Parameter], config: TrainConfig, *, rate: float) -> Optimizer:
    """The optimiser of the settings over the weights that learn."""
    learning = [p for p in parameters if p.requires_grad]
    usual = 1e-2 if config.optimiser == "adamw" else 0.0
    decay = usual if config.weight_decay is None else config.weight_decay
    match config.optimiser:
        case "adamw":
            return torch.optim.AdamW(learning, lr=rate, weight_decay=decay)
        case "adam":
            return torch.optim.Adam(learning, lr=rate, weight_decay=decay)
        case "nadam":
            return torch.optim.NAdam(learning, lr=rate, weight_decay=decay)
        case "adamax":
            return torch.optim.Adamax(learning, lr=rate, weight_decay=decay)
        case "adafactor":
            return torch.optim.Adafactor(learning, lr=rate, weight_decay=decay)
        case "rmsprop":
            return torch.optim.RMSprop(learning, lr=rate, weight_decay=decay)
        case "sgd":
            return torch.optim.SGD(learning, lr=rate, weight_decay=decay, momentum=0.9)


def schedule_for(config: TrainConfig, *, epochs: int) -> Schedule:
    """How the rate goes on over a training of `epochs` epochs."""
    match config.schedule:
        case "exponential":
            # By whole epochs, as in the paper: the rate stays the same within one.
            return lambda done: config.gamma ** math.floor(done * epochs + 1e-9)
        case "cosine":
            return lambda done: _LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2
        case "one-cycle":
            return _one_cycle


def _one_cycle(done: float) -> float:
    if done < _RISE:
        return _between(_FIRST, 1.0, done / _RISE)
    return _between(1.0, _LAST, (done - _RISE) / (1 - _RISE))


def _between(start: float, stop: float, part: float) -> float:
    return stop + (start - stop) * (1 + math.cos(math.pi * part)) / 2


def set_rate(optimiser: Optimizer, rate: float) -> None:
    """The rate of the next step, for all weights."""
    for group in optimiser.param_groups:
        group["lr"] = rate
