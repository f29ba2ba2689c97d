"""Times that a person set by hand: they win over the algorithm, and what follows from them follows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from einthoven.beats.merging import merge_leads
from einthoven.beats.types import FIDUCIALS, PARTS, WAVES, Beats, Floats, Wave
from einthoven.errors import CorrectionError, NotFound

Place = tuple[int, int, int]
"""Channel, beat and fiducial: an index into `Beats.times`."""
SAME_BEAT_S = 0.1
"""A correction belongs to the nearest beat within this; faster than 300 a minute no two beats can be confused."""
BY_HAND = "taken away by hand in every beat"
_R_PEAK = FIDUCIALS.index("qrs_peak")
_OUTERMOST: dict[str, Callable[[float, float], float]] = {"on": min, "off": max}
_SPOKEN = {"on": "onset", "peak": "peak", "off": "end"}


@dataclass(frozen=True, slots=True)
class Correction:
    """One time that a person set.

    `r_peak` (s) names the beat, as the algorithm found it; `time` is in seconds from the start of the record, None
    where the person says that this is not there. `who` is what they call themselves, `made` the moment (UTC, ISO).
    """

    id: int
    channel: str
    r_peak: float
    fiducial: str
    time: float | None
    who: str
    made: str


def beat_at(r_peaks: Floats, moment: float) -> int | None:
    """Index of the beat whose R peak is nearest to a moment (s) and within `SAME_BEAT_S`; None where none is."""
    if not len(r_peaks):
        return None
    away = np.abs(r_peaks - moment)
    nearest = int(np.argmin(away))
    return nearest if away[nearest] <= SAME_BEAT_S else None


def corrected(beats: Beats, corrections: Iterable[Correction]) -> Beats:
    """The beats with the times that a person set.

    A time set in a lead counts among the leads however far it lies from the others: where it changes the earliest
    onset or the latest offset, the global time follows, never the other way. A global time that was set stands. An R
    peak moves with the global peak of its QRS complex. Corrections of a beat, channel or fiducial that these beats do
    not have are left aside.
    """
    places = [(place, one.time) for one in corrections if (place := place_of(beats, one)) is not None]
    if not places:
        return beats
    times = np.array(beats.times)
    for place, time in places:
        times[place] = np.nan if time is None else time
    set_by_hand = frozenset(place for place, _ in places)
    _merge_again(times, beats.times, set_by_hand)
    return replace(
        beats, times=times, r_peaks=_moved(beats, times), absent=_absent(beats, times, set_by_hand),
        corrected=beats.corrected | set_by_hand, moved={**beats.moved, **_distances(beats, times, set_by_hand)},
    )  # fmt: skip


def place_of(beats: Beats, correction: Correction) -> Place | None:
    """The place of a correction; None where these beats have no such place."""
    beat = beat_at(beats.r_peaks, correction.r_peak)
    if beat is None or correction.channel not in beats.channels or correction.fiducial not in FIDUCIALS:
        return None
    return beats.channels.index(correction.channel), beat, FIDUCIALS.index(correction.fiducial)


def check(beats: Beats, channel: str, beat: int, fiducial: str, time: float | None) -> None:
    """Whether a time can be that of this fiducial of this beat.

    Raises
    ------
    NotFound
        There is no such channel or fiducial.
    CorrectionError
        The time lies outside the record, at another beat, or on the wrong side of its neighbours in this channel.
    """
    if channel not in beats.channels:
        raise NotFound(f"The record has no channel {channel!r}.", advice=f"It has {', '.join(beats.channels)}.")
    if fiducial not in FIDUCIALS:
        raise NotFound(f"There is no fiducial {fiducial!r}.", advice=f"There are {', '.join(FIDUCIALS)}.")
    if time is None:
        return
    if not np.isfinite(time) or not 0 <= time <= beats.duration:
        raise CorrectionError(f"{time:g} s is not within the record.", advice=f"It lasts {beats.duration:.3f} s.")
    start = beats.r_peaks[beat - 1] if beat > 0 else 0.0
    stop = beats.r_peaks[beat + 1] if beat + 1 < beats.n_beats else beats.duration
    if not start <= time <= stop:
        raise CorrectionError(
            f"{time:.3f} s is at another beat: this one lies between {start:.3f} and {stop:.3f} s.",
            advice="Set it in the beat it belongs to.",
        )
    _check_order(beats.times[beats.channels.index(channel), beat], FIDUCIALS.index(fiducial), time)


def _check_order(times: Floats, place: int, time: float) -> None:
    for other in np.flatnonzero(np.isfinite(times)):
        if times[other] > time if other < place else other > place and times[other] < time:
            raise CorrectionError(
                f"The {spoken(FIDUCIALS[place])} at {time:.3f} s would lie {'before' if other < place else 'after'} "
                f"the {spoken(FIDUCIALS[other])} at {times[other]:.3f} s.",
                advice="Move that one first, or take it away.",
            )


def spoken(fiducial: str) -> str:
    """`QRS onset` of `qrs_on`."""
    wave, _, part = fiducial.rpartition("_")
    return f"{wave.upper()} {_SPOKEN[part]}"


def _merge_again(times: Floats, before: Floats, by_hand: frozenset[Place]) -> None:
    """Global times, in place, where the leads now agree on another one than before."""
    if all(channel == 0 for channel, _, _ in by_hand):
        return
    own = np.zeros(times[1:].shape, dtype=bool)
    for channel, beat, fiducial in by_hand:
        if channel > 0:
            own[channel - 1, beat, fiducial] = True
    merged, merged_before = merge_leads(times[1:], found=before[1:], by_hand=own), merge_leads(before[1:])
    changed = ~((merged == merged_before) | (np.isnan(merged) & np.isnan(merged_before)))
    for channel, beat, fiducial in by_hand:
        if channel == 0:
            changed[beat, fiducial] = False
    times[0][changed] = _followed(times[0], merged, merged_before)[changed]
    for channel, beat, fiducial in by_hand:
        outermost = _OUTERMOST.get(FIDUCIALS[fiducial].rpartition("_")[2])
        if channel > 0 and outermost is not None and (0, beat, fiducial) not in by_hand:
            # Also where a method states a wave that too few leads show; NaN stays NaN.
            both = times[0, beat, fiducial], times[channel, beat, fiducial]
            times[0, beat, fiducial] = outermost(*both) if np.isfinite(both).all() else both[0]


def _followed(stated: Floats, merged: Floats, merged_before: Floats) -> Floats:
    """Global times that go the way the leads went, where a method stated another one than that of its leads."""
    later = merged > merged_before
    boundary = np.array([not fiducial.endswith("peak") for fiducial in FIDUCIALS])
    judged = boundary & np.isfinite(stated) & np.isfinite(merged) & np.isfinite(merged_before)
    followed: Floats = np.where(judged, np.where(later, np.maximum(stated, merged), np.minimum(stated, merged)), merged)
    return followed


def _distances(beats: Beats, times: Floats, by_hand: frozenset[Place]) -> dict[Place, float]:
    away = {place: float(times[place] - beats.times[place]) for place in by_hand}
    return {place: by for place, by in away.items() if np.isfinite(by)}


def _moved(beats: Beats, times: Floats) -> Floats:
    """R peaks, each as far from where it was as the global peak of its QRS complex."""
    by = times[0, :, _R_PEAK] - beats.times[0, :, _R_PEAK]
    moved: Floats = beats.r_peaks + np.where(np.isfinite(by), by, 0.0)
    return moved if (np.diff(moved) > 0).all() else np.array(beats.r_peaks)


def _absent(beats: Beats, times: Floats, by_hand: frozenset[Place]) -> dict[Wave, str]:
    """Why waves are absent: not said of one that a person set, and said of one that a person took away everywhere."""
    absent = dict(beats.absent)
    for number, wave in enumerate(WAVES):
        parts = slice(number * len(PARTS), (number + 1) * len(PARTS))
        there = bool(np.isfinite(times[0, :, parts]).any())
        touched = any(parts.start <= fiducial < parts.stop for _, _, fiducial in by_hand)
        if there and touched:
            absent.pop(wave, None)
        elif not there and touched:
            absent.setdefault(wave, BY_HAND)
    return absent
