"""The deflections of a QRS complex: Q, R, S, QS.

What counts as a wave is the minimum wave of IEC 60601-2-51:2003, annex GG.5: at least 30 uV from the reference level
for at least 6 ms, with two opposite slopes and a turning point between them. So a QRS that ends above the level and
goes over into an elevated ST segment has no R wave for that.
"""

from dataclasses import dataclass

import numpy as np

from einthoven.beats.types import Floats

SMALLEST_MV = 0.03
SHORTEST_S = 0.006


@dataclass(frozen=True, slots=True)
class Deflection:
    """A wave on one side of the level: sample of its peak, and its height there (negative below the level)."""

    peak: int
    height: float


def deflections(values: Floats, rate: float) -> list[Deflection]:
    """The waves of one lead between onset and offset of QRS, in order.

    `values` `(samples,)`, one at least and no NaN, in mV above the level.
    """
    sides = np.sign(values)
    edges = (np.flatnonzero(np.diff(sides)) + 1).tolist()
    heights = np.abs(values)
    found = []
    for start, stop in zip([0, *edges], [*edges, len(values)], strict=True):
        part = heights[start:stop]
        peak = int(part.argmax())
        if part[peak] < SMALLEST_MV:
            continue
        # At the border of QRS the wave is cut off: a slope that goes on there is none of its own.
        first = part[0] if start == 0 else 0.0
        last = part[-1] if stop == len(values) else 0.0
        lasts = np.count_nonzero(part >= SMALLEST_MV) / rate
        if part[peak] - max(first, last) >= SMALLEST_MV and lasts >= SHORTEST_S - 1e-9:
            found.append(Deflection(start + peak, float(values[start + peak])))
    return found


def r_wave(waves: list[Deflection]) -> Deflection | None:
    """The highest positive deflection: R, or R' where that is higher."""
    return max((wave for wave in waves if wave.height > 0), key=lambda wave: wave.height, default=None)


def s_wave(waves: list[Deflection]) -> Deflection | None:
    """The deepest negative deflection after a positive one; a QS complex counts as S."""
    first = next((place for place, wave in enumerate(waves) if wave.height > 0), 0)
    return min((wave for wave in waves[first:] if wave.height < 0), key=lambda wave: wave.height, default=None)
