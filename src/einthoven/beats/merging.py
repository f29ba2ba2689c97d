"""One time of each fiducial for a beat, from those of its leads.

Global onsets are the earliest and global offsets the latest over the leads (AHA/ACCF/HRS 2009, part IV,
doi:10.1161/CIRCULATIONAHA.108.191095: global intervals), of the leads that agree: one lead with a wrong boundary
would otherwise decide alone. What a person set in a lead counts without that. The peak is the median.
"""

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import FIDUCIALS, PARTS, WAVES, Floats, Wave

Mask = npt.NDArray[np.bool_]

FEWEST_LEADS = 3
"""So many leads have to show a wave, in a record in which so many can be read."""
SAME_WAVE_S: dict[Wave, float] = {"P": 0.100, "QRS": 0.120, "T": 0.200}
"""Peaks of one wave lie no farther than this from the median of their group of leads."""
AGREE_S: dict[Wave, float] = {"P": 0.030, "QRS": 0.020, "T": 0.050}
"""Boundaries within this of their median over leads agree, however close the others lie."""
AGREE_DEVIATIONS = 3 * 1.4826
"""... or within so many median absolute deviations: three standard deviations of a normal distribution."""
_TINY_S = 1e-9


def merge_leads(times: Floats, *, found: Floats | None = None, by_hand: Mask | None = None) -> Floats:
    """The global fiducials of each beat.

    Parameters
    ----------
    times
        float64 `(leads, beats, 9)`, s, last axis `FIDUCIALS`; NaN: none. A lead without any time is one that could
        not be read, and counts neither for nor against a wave.
    found
        What a method found before a person set some of `times`, of the same shape: which leads agree is judged by it.
    by_hand
        bool, of the same shape: what a person set, or took away. It counts however far it lies from the others.

    Returns
    -------
    float64 `(beats, 9)`. A wave is there where at least three leads show its peak (one, where fewer than three can
    be read); a boundary where a lead that shows the wave has one.
    """
    if times.ndim != 3 or times.shape[2] != len(FIDUCIALS):
        raise ValueError(f"times of shape {times.shape}, not (leads, beats, {len(FIDUCIALS)})")
    merged = np.full(times.shape[1:], np.nan)
    can_be_read = np.isfinite(times).any(axis=(1, 2))
    readable = times[can_be_read]
    judged = readable if found is None else found[can_be_read]
    own = np.zeros(readable.shape, dtype=bool) if by_hand is None else by_hand[can_be_read]
    fewest = FEWEST_LEADS if len(readable) >= FEWEST_LEADS else 1
    if not len(readable):
        return merged
    for place, wave in enumerate(WAVES):
        first = place * len(PARTS)
        peak = readable[:, :, first + 1]
        shown = _of_one_wave(peak, SAME_WAVE_S[wave])
        there = shown.sum(axis=0) >= fewest
        shown &= there
        merged[:, first + 1] = _median(np.where(shown, peak, np.nan))
        for sign, side_at in ((1, first), (-1, first + 2)):
            agreeing = _agreeing(np.where(shown, judged[:, :, side_at], np.nan), AGREE_S[wave])
            counts = (agreeing & shown) | (own[:, :, side_at] & there)
            merged[:, side_at] = sign * _smallest(sign * np.where(counts, readable[:, :, side_at], np.nan))
    return merged


def _of_one_wave(peak: Floats, window: float) -> Mask:
    """`(leads, beats)`: whether a lead's peak is in the largest group of leads that show the same wave."""
    with np.errstate(invalid="ignore"):
        near = np.abs(peak[:, None] - peak[None]) <= window + _TINY_S
        central = near.sum(axis=0).argmax(axis=0)
        group = near[central, :, np.arange(peak.shape[1])].T
        middle = _median(np.where(group, peak, np.nan))
        return np.asarray(np.abs(peak - middle) <= window + _TINY_S)


def _agreeing(times: Floats, floor: float) -> Mask:
    """`(leads, beats)`: what lies near the median, where three or more leads have a time."""
    away = np.abs(times - _median(times))
    limit = np.maximum(floor, AGREE_DEVIATIONS * _median(away)) + _TINY_S
    few = np.isfinite(times).sum(axis=0) < FEWEST_LEADS
    with np.errstate(invalid="ignore"):
        return np.asarray((few | (away <= limit)) & np.isfinite(times))


def _smallest(times: Floats) -> Floats:
    smallest = np.where(np.isnan(times), np.inf, times).min(axis=0)
    return np.where(np.isinf(smallest), np.nan, smallest)


def _median(times: npt.NDArray[np.float64]) -> Floats:
    """Median over the first axis of what is not NaN; NaN where nothing is."""
    ordered = np.sort(times, axis=0)  # NaN come last
    n = np.isfinite(times).sum(axis=0)
    low, high = np.maximum(n - 1, 0) // 2, n // 2
    columns = np.arange(times.shape[1])
    middle: Floats = (ordered[low, columns] + ordered[np.minimum(high, len(ordered) - 1), columns]) / 2
    return middle
