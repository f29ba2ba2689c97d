"""Learning-rate range test (Smith 2017, arXiv 1506.01186, section 3.3). Imports torch: import it on use."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch.optim import Optimizer

from einthoven.train.optimisers import set_rate

LOWEST_RATE = 1e-5
HIGHEST_RATE = 0.3
STEPS = 24
SMOOTHING = 0.7
"""Weight of the past in the running mean of the loss; with 24 steps a heavier one would lag by too many."""
DIVERGED = 1.5
"""The ramp ends when the smoothed loss exceeds this many times its lowest value."""
FALLBACK_RATE = 1e-3
LARGEST_CHOICE = 1e-2
"""Never proposed above: the rate is used from the first step, without warm-up."""
LEAST_FALL = 0.03
"""The smoothed loss must fall by this share, or nothing is read from where it was lowest."""


@dataclass(frozen=True, slots=True)
class RateSearch:
    """Rates tried, the loss at each as a share of the untrained network's, and the rate chosen by `rule` (in words)."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    chosen: float
    rule: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": list(self.smoothed),
            "chosen": self.chosen,
            "rule": self.rule,
            "seconds": self.seconds,
        }


def find_maximum_rate(optimiser: Optimizer, *, losses: Iterator[float], should_stop: Callable[[], bool]) -> RateSearch:
    """Raise the rate exponentially, one step per batch, and see where the loss falls and where it explodes.

    `losses` takes one step of `optimiser` each time it is asked and answers the loss, as a share of the untrained
    network's for the same batch. The network is used up: give a copy. Its batches must come from the training part.
    """
    begun = time.perf_counter()
    rates, seen, smoothed = [], [], []
    running = 0.0
    factor = (HIGHEST_RATE / LOWEST_RATE) ** (1 / (STEPS - 1))
    for step in range(STEPS):
        if should_stop():
            break
        rate = LOWEST_RATE * factor**step
        set_rate(optimiser, rate)
        current = next(losses)
        if not math.isfinite(current):
            break
        running = SMOOTHING * running + (1 - SMOOTHING) * current
        rates.append(rate)
        seen.append(current)
        smoothed.append(running / (1 - SMOOTHING ** (step + 1)))
        if smoothed[-1] > DIVERGED * min(smoothed):
            break
    chosen, rule = choose_rate(rates, smoothed)
    return RateSearch(tuple(rates), tuple(seen), tuple(smoothed), chosen, rule, time.perf_counter() - begun)


def choose_rate(rates: list[float], smoothed: list[float]) -> tuple[float, str]:
    """A tenth of the rate at which the smoothed loss is lowest, and why.

    At the lowest point the rate is already too high to go on with: from there on the loss rises.
    """
    if not rates:
        return FALLBACK_RATE, f"The loss was no number from the first step; the usual {FALLBACK_RATE:g} was taken."
    lowest = int(np.argmin(smoothed))
    if lowest < 3 or smoothed[lowest] > 1 - LEAST_FALL:
        return FALLBACK_RATE, f"The loss did not fall at any rate; the usual {FALLBACK_RATE:g} was taken."
    chosen = rates[lowest] / 10
    if chosen > LARGEST_CHOICE:
        return LARGEST_CHOICE, f"A tenth of the rate of the lowest loss is {chosen:.2g}; limited to {LARGEST_CHOICE:g}."
    return chosen, "A tenth of the rate at which the smoothed training loss was lowest."
