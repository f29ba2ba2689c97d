"""Stretches of a record in which no lead shows the heart, so that an RR interval across them may hide beats.

Also how long a record goes on before its first and after its last beat: longer than between two beats, that is a pause
whose end is not seen, or a lost signal.

Samples that lack, samples that are all the same, and, in an interval that is longer than usual, a stretch in which
all leads are nearly flat and not as they are between the other beats. In a pause of the heart the noise of muscles,
breathing and electrodes goes on; where the signal is lost it is weaker, or of another kind (finer or coarser in time).
Noise is the standard deviation in short windows, without their slope. A stretch that is nearly flat, as the record is
between its other beats, counts as a pause, and `Silence.doubtful` says that it may be none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import Beats, Floats
from einthoven.record import EcgRecord

Mask = npt.NDArray[np.bool_]

GAP_S = 0.2
HELD_S = 1.0
"""An RR interval in which all leads lack for so long, or do not change at all for so long, may hide a beat."""
QUIET_S = 0.4
LONG = 1.5
"""Of the usual RR interval: where one is longer, a beat may be hidden."""
OPEN_S = 2.0
"""A stretch without beats at the start or the end is told from so long on, where it is `LONG` as well."""
_WINDOW_S, _STEP_S = 0.16, 0.02
_EDGE_S = 0.1
QUIETER = 0.75
"""Noise, as a part of the least between other beats, below which a signal is lost: in pauses made of the records' own
noise (PTB-XL, LUDB, CinC 2021, CODE-15) it is 0.94 and more."""
NEARLY_FLAT_MV, NEARLY_FLAT_SD = 0.008, 0.04
OTHER_KIND = 1.5
_RESTS_S = 0.5
"""The shortest usual RR interval in which there is a rest between T and P."""
_FEWEST = 2
_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Silence:
    """Stretches, float64 `(n, 2)` in seconds: `lost` ones; nearly flat ones of a heart so fast that it is `undecided`
    whether they are pauses; those that count as pauses though this is `doubtful`; and long ones before the first and
    after the last beat, which are `open`."""

    lost: Floats
    undecided: Floats
    doubtful: Floats
    open: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Noise:
    """Of windows that start at `starts` (s): how strong the noise is and how fine, `(leads, windows)`."""

    starts: Floats
    strength: Floats
    fineness: Floats


def silence(record: EcgRecord, beats: Beats) -> Silence:
    """What is silent in the leads that were used."""
    used = [name not in beats.left_out for name in beats.leads]
    signal = record.signal[used] if any(used) and len(used) == record.n_leads else record.signal
    absent = np.isnan(signal)
    gone = np.logical_and.reduce(absent, axis=0)
    still = np.logical_and.reduce((signal[:, 1:] == signal[:, :-1]) | absent[:, 1:], axis=0)
    lost = [_runs(gone, GAP_S, record.rate), _runs(still, HELD_S, record.rate)]
    unlike, alike, rests = _nearly_flat(signal, record, beats.r_peaks)
    none = np.empty((0, 2))
    quiet, undecided = (unlike, none) if rests else (none, unlike)
    gone_or_still = np.concatenate(lost)
    return Silence(
        np.concatenate((gone_or_still, quiet)), undecided, alike, _open(record.duration, beats.r_peaks, gone_or_still)
    )


def _open(duration: float, r_peaks: Floats, lost: Floats) -> Floats:
    """Long stretches before the first and after the last beat, `(0 to 2, 2)`; what is lost of them does not count."""
    if len(r_peaks) < _FEWEST or not np.isfinite(r_peaks).all():
        return np.empty((0, 2))
    limit = max(OPEN_S, LONG * float(np.median(np.diff(r_peaks))))
    ends = np.array([[0.0, r_peaks[0]], [r_peaks[-1], duration]])
    shared = np.clip(np.minimum(ends[:, None, 1], lost[:, 1]) - np.maximum(ends[:, None, 0], lost[:, 0]), 0, None)
    found: Floats = ends[ends[:, 1] - ends[:, 0] - shared.sum(axis=1) > limit]
    return found


def _runs(mask: Mask, seconds: float, step_rate: float) -> Floats:
    """`(runs, 2)` start and end of what is true for so long, s."""
    change = np.diff(np.pad(mask, 1).astype(np.int8))
    runs = np.stack((np.flatnonzero(change == 1), np.flatnonzero(change == -1)), axis=1)
    long: Floats = runs[runs[:, 1] - runs[:, 0] >= max(round(seconds * step_rate), 1)] / step_rate
    return long


def _nearly_flat(signal: npt.NDArray[np.float32], record: EcgRecord, r_peaks: Floats) -> tuple[Floats, Floats, bool]:
    """Nearly flat stretches of long intervals, unlike and like what is between other beats; whether there is rest."""
    none = np.empty((0, 2))
    with np.errstate(invalid="ignore"):
        rr = np.diff(r_peaks)
        long = np.flatnonzero(rr > LONG * np.median(rr)) if len(rr) else np.empty(0, np.int64)
    if not long.size or not np.isfinite(r_peaks).all():
        return none, none, True
    usual = _usual(signal, record.rate, np.delete(np.stack((r_peaks[:-1], r_peaks[1:]), axis=1), long, axis=0))
    if usual is None:
        return none, none, True
    # A fast heart never rests between beats, so that its pause is quieter than all else.
    rests = float(np.median(rr)) >= _RESTS_S
    limit = NEARLY_FLAT_MV if record.amplitude == "mV" else NEARLY_FLAT_SD * float(np.std(np.nan_to_num(signal)))
    lost, doubtful = [none], [none]
    for beat in long:
        seen = _noise(signal, record.rate, r_peaks[beat] + _EDGE_S, r_peaks[beat + 1] - _EDGE_S)
        quieter = np.median(seen.strength / usual[0], axis=0) < QUIETER
        flat = (seen.strength < limit).all(axis=0)
        other = np.abs(np.log(np.median(seen.fineness / usual[1], axis=0))) > np.log(OTHER_KIND)
        unlike = quieter | other
        lost.append(_stretches(flat & unlike, seen))
        doubtful.append(_stretches(flat & ~unlike, seen))
    return np.concatenate(lost), np.concatenate(doubtful), rests


def _usual(signal: npt.NDArray[np.float32], rate: float, intervals: Floats) -> tuple[Floats, Floats] | None:
    """The least noise between two beats and its fineness, median over intervals: `(leads, 1)` each."""
    strength, fineness = [], []
    for start, stop in intervals:
        seen = _noise(signal, rate, start + _EDGE_S, stop - _EDGE_S)
        if seen.starts.size:
            least = seen.strength.argmin(axis=1)[:, None]
            strength.append(np.take_along_axis(seen.strength, least, axis=1))
            fineness.append(np.take_along_axis(seen.fineness, least, axis=1))
    if len(strength) < _FEWEST:
        return None
    return np.maximum(np.median(strength, axis=0), _TINY), np.maximum(np.median(fineness, axis=0), _TINY)


def _noise(signal: npt.NDArray[np.float32], rate: float, start: float, stop: float) -> _Noise:
    size, step = max(4, round(_WINDOW_S * rate)), max(1, round(_STEP_S * rate))
    first = max(round(start * rate), 0)
    part = np.nan_to_num(signal[:, first : max(round(stop * rate), 0)].astype(np.float64))
    if part.shape[1] < size:
        return _Noise(np.empty(0), *(np.empty((len(signal), 0)),) * 2)
    windows = np.lib.stride_tricks.sliding_window_view(part, size, axis=1)[:, ::step]
    time = np.arange(size) - (size - 1) / 2
    centred = windows - windows.mean(axis=2, keepdims=True)
    rest = centred - (centred @ time / (time @ time))[:, :, None] * time
    strength = rest.std(axis=2)
    fineness = np.diff(rest, axis=2).std(axis=2) / np.maximum(strength, _TINY)
    return _Noise((first + step * np.arange(windows.shape[1])) / rate, strength, np.maximum(fineness, _TINY))


def _stretches(mask: Mask, seen: _Noise) -> Floats:
    """From the start of the first window to the end of the last, of what is true for long enough."""
    if not seen.starts.size:
        return np.empty((0, 2))
    step = float(seen.starts[1] - seen.starts[0]) if seen.starts.size > 1 else _STEP_S
    runs = _runs(mask, QUIET_S - _WINDOW_S, 1 / step)
    found: Floats = seen.starts[0] + runs + np.array([0.0, _WINDOW_S - step])
    return found
