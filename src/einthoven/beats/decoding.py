"""From what the network says to waves: stretches of P, QRS and T over all leads, and where their fiducials lie."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from einthoven.beats.network import OUT_RATE_HZ, SHIFT, Answer, Logits
from einthoven.beats.types import PARTS, WAVES, Floats, Wave

_INSIDE = len(WAVES) * len(PARTS)
"""The answer's channels from here on say "inside P, QRS, T"."""
_LEVEL = 0.3
"""Probability above which a moment belongs to a stretch; how sure a stretch is, its highest moments tell."""
_LEAST: dict[Wave, float] = {"P": 0.3, "QRS": 0.5, "T": 0.5}
_LEAST_IN_LEAD = 0.4
_LEAST_OF_MEAN = -2.0
"""Logit that the mean over beats reaches where there is a P wave: in steady rhythms without one it stays below -3.8
(cross-validated on LUDB 1-100), with one it is -1 or more."""
_LEVEL_OF_MEAN, _BELOW_TOP = -0.85, 1.5
"""The stretch ends below this logit (a probability of 0.3), in a faint wave so far below its highest."""
_GAP: dict[Wave, int] = {"P": 3, "QRS": 4, "T": 8}
_SIZE: dict[Wave, int] = {"P": 6, "QRS": 5, "T": 10}
"""Samples (8 ms) by which the score of a stretch is divided: shorter ones are less sure."""
_APART = 12
_NARROWEST_PAUSE = 8
_REACH: dict[Wave, int] = {"P": 12, "QRS": 10, "T": 16}
"""How far from the edge of a stretch the most likely place of its onset or offset is looked for, samples."""
_WINDOW: dict[Wave, int] = {"P": 20, "QRS": 14, "T": 24}
"""Half of the window around that place over which the expectation is taken."""
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Stretch:
    """Output samples `first` to `last` (both included) that belong to one wave, and how sure that is, 0 to 1."""

    first: int
    last: int
    score: float


@dataclass(frozen=True, slots=True)
class Stretches:
    """The waves of a record over all leads, in order of time."""

    p: tuple[Stretch, ...]
    qrs: tuple[Stretch, ...]
    t: tuple[Stretch, ...]

    def of(self, wave: Wave) -> tuple[Stretch, ...]:
        return {"P": self.p, "QRS": self.qrs, "T": self.t}[wave]


def seconds(place: npt.ArrayLike) -> Floats:
    """The time of an output sample (or between two)."""
    return (np.asarray(place, dtype=np.float64) + SHIFT) / OUT_RATE_HZ


def find_stretches(answer: Answer) -> Stretches:
    """QRS first, the surest before others near it; then P waves and at most one T between one QRS and the next."""
    inside = _probability(answer.together[_INSIDE:])
    qrs: list[Stretch] = []
    for one in sorted(_stretches(inside[1], "QRS"), key=lambda stretch: -stretch.score):
        if one.score >= _LEAST["QRS"] and all(_apart(one, other) for other in qrs):
            qrs.append(one)
    qrs.sort(key=lambda stretch: stretch.first)
    p: list[Stretch] = []
    t: list[Stretch] = []
    edges = [(-1, -1), *((one.first, one.last) for one in qrs), (inside.shape[1], inside.shape[1])]
    for (_, start), (stop, _) in pairwise(edges):
        if stop - start < _NARROWEST_PAUSE:
            continue
        p += _between(inside[0], "P", start, stop)
        after = _between(inside[2], "T", start, stop)
        if after and start >= 0:  # what comes before the first QRS may be the rest of a T wave
            t.append(max(after, key=lambda stretch: (stretch.last - stretch.first) * stretch.score))
    return Stretches(tuple(p), tuple(qrs), tuple(t))


def _apart(one: Stretch, other: Stretch) -> bool:
    return one.first - other.last > _APART or other.first - one.last > _APART


def _between(inside: Floats, wave: Wave, start: int, stop: int) -> list[Stretch]:
    found = _stretches(inside[start + 1 : stop], wave)
    by = start + 1
    return [Stretch(one.first + by, one.last + by, one.score) for one in found if one.score >= _LEAST[wave]]


def _stretches(inside: Floats, wave: Wave) -> list[Stretch]:
    """Where the probability is high, joined over short gaps."""
    high = np.flatnonzero(inside >= _LEVEL)
    if not high.size:
        return []
    cuts = np.flatnonzero(np.diff(high) > _GAP[wave] + 1)
    firsts, lasts = high[np.r_[0, cuts + 1]].tolist(), high[np.r_[cuts, len(high) - 1]].tolist()
    size = _SIZE[wave]
    return [
        Stretch(first, last, float(np.sort(inside[first : last + 1])[-size:].sum() / size))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def averaged(answer: Answer, middles: npt.NDArray[np.int64], before: int, after: int) -> Answer:
    """The mean of what is said around some output samples, all of which have so many before and after them."""
    places = middles[:, None] + np.arange(-before, after)
    return Answer(answer.together[:, places].mean(axis=1), answer.each[:, :, places].mean(axis=2))


def clearest_p(answer: Answer) -> Stretch | None:
    """The stretch around the likeliest moment of P in the mean of several beats, where that is likely enough."""
    inside = answer.together[_INSIDE]
    top = int(inside.argmax())
    if inside[top] < _LEAST_OF_MEAN:
        return None
    low = np.flatnonzero(inside < min(_LEVEL_OF_MEAN, float(inside[top]) - _BELOW_TOP))
    first, last = int(low[low < top].max(initial=-1)) + 1, int(low[low > top].min(initial=len(inside))) - 1
    return Stretch(first, last, float(_probability(inside[first : last + 1]).max()))


def locate(answer: Answer, wave: Wave, stretches: tuple[Stretch, ...], *, widest_s: float = np.inf) -> Floats:
    """Onset, peak and offset of each stretch, `(1 + leads, stretches, 3)` in seconds; NaN in leads that lack it.

    Where a fiducial is most likely near the edge (the middle) of its stretch, and the expectation around that: a
    limit of which the network is not sure comes to lie in the middle of what is likely. Onsets and offsets are NaN
    where the standard deviation of what is likely exceeds `widest_s`.
    """
    number = WAVES.index(wave)
    first = np.array([one.first for one in stretches], dtype=np.float64)
    last = np.array([one.last for one in stretches], dtype=np.float64)
    rough = np.stack([first, (first + last) / 2, last])
    channels = slice(3 * number, 3 * number + 3)
    together, wide = _expected(answer.together[channels], rough, wave)
    together = np.sort(together, axis=0)
    shape = (len(answer.each), 3, len(stretches))
    each, each_wide = np.full(shape, np.nan), np.zeros(shape)
    for row, lead in enumerate(answer.each if stretches else ()):
        each[row], each_wide[row] = _expected(lead[channels], together, wave)
    each = np.sort(each, axis=1)
    each[~_there(answer, number, stretches)[:, None].repeat(3, axis=1)] = np.nan
    unsure = np.concatenate([wide[None], each_wide]) > widest_s * OUT_RATE_HZ
    unsure[:, 1] = False
    found: Floats = seconds(np.concatenate([together[None], each]))
    found[unsure] = np.nan
    return found.swapaxes(1, 2)


def _there(answer: Answer, number: int, stretches: tuple[Stretch, ...]) -> npt.NDArray[np.bool_]:
    """Whether each lead shows each wave, `(leads, stretches)`."""
    inside = _probability(answer.each[:, _INSIDE + number])
    seen = [inside[:, max(0, one.first - 4) : one.last + 5].max(axis=1) >= _LEAST_IN_LEAD for one in stretches]
    return np.stack(seen, axis=1) if seen else np.empty((len(inside), 0), dtype=np.bool_)


def _expected(logits: Logits, rough: Floats, wave: Wave) -> tuple[Floats, Floats]:
    """For each of some channels `(channels, samples)` and rough places `(channels, places)`: the places, finer, and
    the standard deviation of what is likely around them, samples."""
    n = logits.shape[1]
    near = np.clip(np.round(rough), 0, n - 1).astype(np.int64)
    best = near + _taken(logits, near, _REACH[wave]).argmax(axis=2) - _REACH[wave]
    window = _WINDOW[wave]
    values = _taken(logits, best, window)
    weights = np.exp(values - values.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    steps = np.arange(-window, window + 1)
    away: Floats = weights @ steps
    return best + away, np.sqrt(np.maximum(weights @ steps**2 - away**2, 0))


def _taken(logits: Logits, middle: npt.NDArray[np.int64], reach: int) -> Floats:
    """`(channels, places, 2 reach + 1)`: the logits around each place; beyond the ends, what can never be."""
    places = middle[:, :, None] + np.arange(-reach, reach + 1)
    n = logits.shape[1]
    taken = logits[np.arange(len(logits))[:, None, None], np.clip(places, 0, n - 1)]
    return np.where((places >= 0) & (places < n), taken, _NEVER).astype(np.float64)


def _probability(logits: Logits) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30).astype(np.float64)))
    return probability
