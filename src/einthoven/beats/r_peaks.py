"""Where the QRS complexes are, found in all leads together.

A QRS complex is steep and large at once: a pacing spike is only steep, a T wave only large. The geometric mean of
both, each averaged over the width of a QRS, is taken per lead, and leads are added up by how far their peaks stand out
of the rest, so that a noisy lead counts little. Peaks above a part of the record's own level are beats (after Pan and
Tompkins, IEEE Trans Biomed Eng 32:230, 1985: band, slope, averaging, level, search back); soon after a beat a lower
peak is its T wave, soon before one its P wave.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from einthoven.beats.prepared import Prepared, zero_phase
from einthoven.beats.types import Floats

_BAND_HZ = (5.0, 28.0)
_STEEP_S, _LARGE_S = 0.06, 0.08
_APART_S = 0.18
"""Between two QRS complexes: 330 a minute."""
_LEVEL_S = 2.0
_THRESHOLD = 0.30
_SEARCH_BACK = 0.18
_LONG = 1.65
"""A gap of so many usual RR intervals is searched again, with a lower threshold."""
_STANDS_OUT = 60.0
# How high a peak must be beside the beat before it, or it is that beat's T wave; and beside the one after it.
_AFTER = ((0.20, 1.0), (0.36, 0.62), (0.45, 0.45))
_BEFORE = ((0.20, 1.0), (0.30, 0.55))
_REACH_S = 0.06
_FEWEST = 3
_TINY = 1e-9

Places = npt.NDArray[np.int64]


def find_r_peaks(prepared: Prepared) -> Floats:
    """float64 `(beats,)`: the moment of each QRS in seconds, increasing: where all leads are farthest from 0."""
    steepness, weights = _steepness(prepared)
    if not weights.any():
        return np.empty(0)
    rate = prepared.rate
    peaks = _peaks(steepness, round(_APART_S * rate))
    level = _level(steepness, rate)
    beats = _beats(peaks[steepness[peaks] > _THRESHOLD * level], steepness, rate)
    beats = _searched_back(beats, peaks, steepness, level, rate)
    return _at_r(prepared, weights, beats) / rate


def _steepness(prepared: Prepared) -> tuple[Floats, Floats]:
    """How much of a QRS each moment is, about 1 at its height; and the weight of each lead."""
    from scipy.ndimage import uniform_filter1d

    rate = prepared.rate
    band = zero_phase(prepared.signal, 1, _BAND_HZ, "band")
    slope = np.gradient(band, axis=1) * rate
    steep = uniform_filter1d(slope**2, round(_STEEP_S * rate), axis=1)
    large = uniform_filter1d(band**2, round(_LARGE_S * rate), axis=1)
    each = np.sqrt(np.maximum(steep * large, 0))
    n_parts = max(1, int(each.shape[1] / (1.2 * rate)))
    top = np.median([part.max(axis=1) for part in np.array_split(each, n_parts, axis=1)], axis=0)
    stands_out = top / np.maximum(np.median(each, axis=1), _TINY)
    weights = np.where(top > _TINY, np.clip(stands_out / _STANDS_OUT, 0.01, 1) / np.maximum(top, _TINY), 0)
    return np.sqrt(weights @ each / max(float(weights @ top), _TINY)), weights


def _peaks(steepness: Floats, apart: int) -> Places:
    from scipy.signal import find_peaks

    # Zeros at both ends: half a QRS at an edge is a peak, too.
    peaks: Places = find_peaks(np.pad(steepness, 1), distance=max(apart, 1))[0] - 1
    return peaks


def _level(steepness: Floats, rate: float) -> float:
    window = round(_LEVEL_S * rate)
    starts = range(0, max(1, len(steepness) - window // 2), max(window // 2, 1))
    return float(np.median([steepness[start : start + window].max() for start in starts]))


def _limit(limits: tuple[tuple[float, float], ...], seconds: float) -> float:
    return next((part for below, part in limits if seconds < below), 0.0)


def _beats(peaks: Places, steepness: Floats, rate: float) -> Places:
    """Without peaks that are too low for how soon they come after, or before, another."""
    kept: list[int] = []
    for peak in peaks.tolist():
        while kept and steepness[kept[-1]] < _limit(_BEFORE, (peak - kept[-1]) / rate) * steepness[peak]:
            kept.pop()
        if not kept or steepness[peak] >= _limit(_AFTER, (peak - kept[-1]) / rate) * steepness[kept[-1]]:
            kept.append(peak)
    return np.array(kept, dtype=np.int64)


def _searched_back(beats: Places, peaks: Places, steepness: Floats, level: float, rate: float) -> Places:
    """With the highest peak of each long gap, where it is high enough for a weak beat."""
    if len(beats) < _FEWEST:
        return beats
    usual = np.median(np.diff(beats))
    away = 0.36 * rate
    found = list(beats)
    for before, after in pairwise(beats):
        inside = peaks[(peaks > before + away) & (peaks < after - away)]
        if after - before > _LONG * usual and len(inside):
            highest = inside[steepness[inside].argmax()]
            if steepness[highest] > _SEARCH_BACK * level:
                found.append(highest)
    return np.array(sorted(found), dtype=np.int64)


def _at_r(prepared: Prepared, weights: Floats, beats: Places) -> Floats:
    """Where, near each beat, all leads together are farthest from their level."""
    from scipy.ndimage import uniform_filter1d

    slow = uniform_filter1d(prepared.signal, round(0.2 * prepared.rate) | 1, axis=1)
    size = np.sqrt(np.maximum(weights, 0) @ (prepared.signal - slow) ** 2)
    reach = round(_REACH_S * prepared.rate)
    padded = np.pad(size, reach)
    around = padded[beats[:, None] + np.arange(2 * reach + 1)] if len(beats) else np.empty((0, 1))
    moved = beats + around.argmax(axis=1) - reach
    return np.unique(np.clip(moved, 0, len(size) - 1)).astype(np.float64)
