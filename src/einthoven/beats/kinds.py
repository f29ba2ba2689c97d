"""Which beats are of the record's usual shape, which are ectopic, which a pacemaker set off.

The QRS complexes of all leads are held against each other (correlation of the samples around R, leads side by side).
The largest group of alike ones is the usual shape; another shape is ectopic. An early beat of the usual shape is
ectopic, too (supraventricular), where the rhythm is otherwise regular: in atrial fibrillation many beats are early.
Where RR repeats over two to four beats, the early beat of each round is ectopic (bigeminy, trigeminy, quadrigeminy).
"""

import numpy as np
import numpy.typing as npt

from einthoven.beats.likeness import AFTER_S, BEFORE_S, FEWEST, normed, reference, tamed, windows
from einthoven.beats.types import BeatKind, Floats

Mask = npt.NDArray[np.bool_]

_SHIFTS_S = 0.02
ALIKE = 0.90
"""Correlation of two beats of one shape."""
USUAL = 0.85
"""Correlation with the median of the usual shape; noise takes a little from it. Of LUDB 1-100, 7 of the 8 records with
extrasystoles have an ectopic beat by it, and 3 of the 85 without (and without pacing)."""
EARLY = 0.80
"""Of the usual RR interval: an early beat comes before this part of it."""
RATHER_EARLY, PAUSE = 0.86, 1.15
"""A beat that comes before this part is early, too, where so long an interval follows it."""
_AROUND = 9
"""The usual interval is the median of so many around each, as the pace of a heart changes."""
REGULAR = 0.10
"""Median deviation of the RR intervals from the usual ones around them, as a part, up to which a rhythm is regular."""
STEADY = 0.15
"""The change from one interval to the next, above which it is not: one early beat makes three large ones."""
_CALM = 0.4
LONGEST_ROUND = 4
"""Beats after which RR repeats, where each round has an early one."""
_FEWEST_REPEATED = 5
_REPEATS = 0.05
"""Median difference of an interval from that of the round before, as a part of RR."""
_PART_OF_LONGEST = 0.80
"""Of the longest interval of a round, up to which its shortest one ends in an early beat; breathing changes RR less."""
SPIKE_BEFORE_S, SPIKE_AFTER_S = 0.12, 0.02
"""A ventricular spike lies this near to the R it sets off; an atrial one comes 150 ms and more before it."""
ATRIAL_BEFORE_S = 0.40


def kinds_of(signal: Floats, rate: float, r_peaks: Floats, spikes: Floats) -> tuple[BeatKind, ...]:
    """The kind of each beat.

    Parameters
    ----------
    signal
        `(leads, samples)` without gaps and without baseline wander, at `rate` Hz (100 Hz is enough).
    r_peaks, spikes
        Seconds, increasing.
    """
    if not len(r_peaks):
        return ()
    paced = _paced(r_peaks, spikes)
    ectopic = _another_shape(signal, rate, r_peaks) | _early(r_peaks)
    return tuple("paced" if p else "ectopic" if e else "normal" for p, e in zip(paced, ectopic, strict=True))


def _paced(r_peaks: Floats, spikes: Floats) -> np.ndarray:
    if not len(spikes):
        return np.zeros(len(r_peaks), dtype=bool)
    distance = r_peaks[:, None] - spikes[None, :]
    return np.asarray(((distance >= -SPIKE_AFTER_S) & (distance <= SPIKE_BEFORE_S)).any(axis=1))


def atrial_spikes(r_peaks: Floats, spikes: Floats) -> np.ndarray:
    """Which spikes come so long before the next R that they set off the atria, `(spikes,)`."""
    if not len(spikes) or not len(r_peaks):
        return np.zeros(len(spikes), dtype=bool)
    following = np.searchsorted(r_peaks, spikes - SPIKE_AFTER_S)
    ahead = r_peaks[np.minimum(following, len(r_peaks) - 1)] - spikes
    return np.asarray((following < len(r_peaks)) & (ahead > SPIKE_BEFORE_S) & (ahead <= ATRIAL_BEFORE_S))


def _another_shape(signal: Floats, rate: float, r_peaks: Floats) -> np.ndarray:
    """Beats whose QRS is not that of the largest group; none where there are too few to tell."""
    before, after, shift = (max(1, round(seconds * rate)) for seconds in (BEFORE_S, AFTER_S, _SHIFTS_S))
    centres = np.round(r_peaks * rate).astype(int)
    whole = (centres >= before + shift) & (centres < signal.shape[1] - after - shift)
    other = np.zeros(len(r_peaks), dtype=bool)
    if whole.sum() < FEWEST:
        return other
    centres = centres[whole]
    shapes = normed(tamed(windows(signal, centres, before, after), len(signal)))
    neighbours = shapes[reference(len(shapes))] @ shapes.T >= ALIKE
    usual = neighbours[int(neighbours.sum(axis=1).argmax())]
    if usual.sum() < max(2, 0.2 * len(centres)):
        return other  # every beat looks different: noise, not ectopy
    template = normed(np.median(shapes[usual], axis=0)[None])[0]
    # R is found to a sample or two: the best of some shifts counts.
    likeness = np.max(
        [
            normed(tamed(windows(signal, centres + by, before, after), len(signal))) @ template
            for by in range(-shift, shift + 1)
        ],
        axis=0,
    )
    other[whole] = likeness < USUAL
    return other


def _early(r_peaks: Floats) -> np.ndarray:
    """Beats that come well before they are due in an otherwise regular rhythm."""
    early = np.zeros(len(r_peaks), dtype=bool)
    rr = np.diff(r_peaks)
    if len(rr) < FEWEST:
        return early
    usual = _usual(rr)
    part = rr / usual
    in_rounds = early_of_rounds(rr)
    if in_rounds.any():
        early[1:] = in_rounds
        return early
    if np.median(np.abs(part - 1)) > REGULAR or np.quantile(np.abs(np.diff(rr)) / usual[1:], _CALM) > STEADY:
        return early
    following = np.append(part[1:], 0.0)
    early[1:] = (part < EARLY) | ((part < RATHER_EARLY) & (following > PAUSE))
    # After a pause the next beat is on time, however short its interval looks against a longer one; and two early
    # intervals in a row are a faster rhythm, whose first beat alone came early.
    early[2:] &= ~(early[1:-1] & early[2:])
    return early


def early_of_rounds(rr: Floats) -> Mask:
    """Which intervals end in the early beat of a round of two to four beats that repeats, `(intervals,)`.

    The shortest interval of a round is early, and the longest (the pause) follows it.
    """
    none = np.zeros(len(rr), dtype=bool)
    for beats in range(2, LONGEST_ROUND + 1):
        change = np.abs(rr[beats:] - rr[:-beats])
        if len(change) < _FEWEST_REPEATED:
            break
        if np.median(change) > _REPEATS * np.median(rr):
            continue
        lengths = np.array([np.median(rr[first::beats]) for first in range(beats)])
        shortest = int(lengths.argmin())
        pause = (shortest + 1) % beats
        if lengths[shortest] > _PART_OF_LONGEST * lengths.max() or lengths.argmax() != pause:
            continue
        early = none.copy()
        early[shortest::beats] = True
        # One round may be cut short by a beat more: what is not short is not early.
        limit = (lengths[shortest] + np.delete(lengths, shortest).min()) / 2
        return np.asarray(early & (rr < limit))
    return none


def _usual(rr: Floats) -> Floats:
    """Of each interval, the median of those around it; at the ends, of the first and last ones."""
    size = min(_AROUND, len(rr))
    around = np.lib.stride_tricks.sliding_window_view(rr, size)
    places = np.clip(np.arange(len(rr)) - size // 2, 0, len(around) - 1)
    usual: Floats = np.median(around, axis=1)[places]
    return usual
