"""What all measures of a record are made from, worked out once: which beats, RR intervals, aligned beats, doubts."""

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from einthoven.beats.median_beat import AlignedBeats, Indices, align, fiducials, middle, usual_beats
from einthoven.beats.silence import Silence, silence
from einthoven.beats.types import FIDUCIALS, Beats, Floats, Wave
from einthoven.formats.doubts import CHECK_SCALE
from einthoven.record import EcgRecord

Mask = npt.NDArray[np.bool_]

LEVEL_S = 0.02
"""The level before QRS, which is 0 for QRS, ST and T, is the median of so long up to the onset of QRS."""
SPIKE_BEFORE_S, SPIKE_AFTER_S = 0.004, 0.016
"""What is cut out around a pacing spike: the spike, and the tail that the device's filter leaves of it."""
SHORTEST_RR_S = 0.15
SHORTEST_OF_VENTRICLES_S, SHORT = 0.25, 0.75
"""Above 240 a minute, and that part of the usual RR, one interval is no heart's: one of its R peaks lies elsewhere."""
MOST_MISPLACED = 0.1
"""Of the intervals, that such short ones may touch, up to which the other intervals are trusted."""
EDGE_S = 0.15
"""What looks like a beat so near to a stretch without signal may be its edge."""
_MOST_TOLD = 3
_BEFORE_S, _AFTER_S = 0.6, 0.9
_MARGIN_S, _BEHIND_J_S = 0.06, 0.08

_LIMB_DOUBT = re.compile(r"(arm|leg) electrode|limb leads|\bleads? (I|II|III|aVR|aVL|aVF)\b.*\bseems?\b")
_CHEST_DOUBT = re.compile(r"chest electrodes?|\bleads? V[1-6].* are the same but for a factor")
_SCALE_DOUBT = re.compile(rf"{re.escape(CHECK_SCALE)}|stated gain wrong|not millivolt")


@dataclass(frozen=True, slots=True, eq=False)
class RrIntervals:
    """The RR intervals without artefact gaps: `seconds` float64 `(n,)`, `ends` the index of the beat that ends each.

    `left_out`: how many are not among them; `doubts`: what to think of when reading them, in words. `unplaced`: why it
    cannot be told where the beats are, so that none is to be measured. `no_beat_s`: the longest stretch before the
    first or after the last beat, where it is longer than an interval should be.
    """

    seconds: Floats
    ends: Indices
    left_out: int
    doubts: tuple[str, ...] = ()
    unplaced: str = ""
    no_beat_s: float = 0.0

    def between(self, chosen: Indices) -> "RrIntervals":
        """Those from one of the chosen beats to the very next beat, where that is chosen too."""
        both = np.isin(self.ends, chosen) & np.isin(self.ends - 1, chosen)
        return replace(self, seconds=self.seconds[both], ends=self.ends[both])


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The usual beats laid over each other, each above its own level before QRS.

    `values` float64 `(leads, beats, samples)`, NaN where there is no sample; `median` `(leads, samples)`; `times` from
    fiducial to its median distance from R in seconds, global channel (those that no beat has are no key).
    """

    values: Floats
    median: Floats
    times: dict[str, float]
    rate: float
    r_index: int
    beats: Indices

    def sample(self, seconds: float) -> int:
        """The sample nearest to a moment, in seconds from R; -1 where it lies outside of the window."""
        place = self.r_index + round(seconds * self.rate)
        return place if 0 <= place < self.median.shape[1] else -1

    def part(self, start: str, stop: str) -> slice | None:
        """The samples from one fiducial to another, both included; None where one of them lacks."""
        if start not in self.times or stop not in self.times:
            return None
        first, last = self.sample(self.times[start]), self.sample(self.times[stop])
        return slice(first, last + 1) if 0 <= first < last else None


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A record, its beats, and what follows from them for every family of measures.

    `chosen` are the beats on which waves are measured, `chosen_words` what they are. `laid` is a reason in words where
    amplitudes cannot be measured.
    """

    record: EcgRecord
    beats: Beats
    times: Floats
    chosen: Indices
    chosen_words: str
    rr: RrIntervals
    laid: Laid | str

    @property
    def count(self) -> str:
        """`normal beats`, or what was measured instead, as a sentence for the method."""
        if self.chosen_words == "normal beats":
            return ""
        if self.chosen_words == "paced beats":
            return "Paced: all of these beats are set off by a pacing spike, and QRS begins behind it."
        return "Too few beats are normal: these are ectopic beats."

    def of(self, fiducial: str) -> Floats:
        """The moments of a fiducial of the chosen beats, global channel, `(chosen,)`; NaN where beats are unplaced."""
        found: Floats = self.times[0, self.chosen, FIDUCIALS.index(fiducial)]
        return np.full_like(found, np.nan) if self.rr.unplaced else found

    def in_leads(self, fiducial: str) -> Floats:
        """The moments of a fiducial of the chosen beats in each lead, `(leads, chosen)`; NaN in leads left out."""
        found: Floats = self.times[1:, self.chosen, FIDUCIALS.index(fiducial)]
        return np.full_like(found, np.nan) if self.rr.unplaced else found

    def moved_by_hand(self, fiducial: str) -> Floats:
        """By how many seconds a person moved the global time of a fiducial in each of the chosen beats, `(chosen,)`."""
        place = FIDUCIALS.index(fiducial)
        return np.array([self.beats.moved.get((0, int(beat), place), 0.0) for beat in self.chosen])

    @property
    def n_used(self) -> int:
        """How many leads were used."""
        return len(self.beats.leads) - len(self.beats.left_out)

    def missing(self, *waves: Wave) -> str | None:
        """Why one of these waves is absent from the record, or None."""
        return next((self.beats.absent[wave] for wave in waves if wave in self.beats.absent), None)

    def doubt(self, lead: str) -> str | None:
        """A doubt about electrodes or leads that concerns this lead, in the words of the passport."""
        limb = not lead.startswith("V")
        pattern = _LIMB_DOUBT if limb else _CHEST_DOUBT
        named = re.compile(rf"\b{re.escape(lead)}\b")
        for doubt in self.record.source.doubts:
            if pattern.search(doubt) and (limb or named.search(doubt) or "V1 to V6" in doubt):
                return doubt
        return None

    def no_voltage(self) -> str | None:
        """Why no voltage of this record can be told, or None."""
        if self.record.amplitude != "mV":
            return f"the amplitude of this record is {self.record.amplitude}, not mV"
        doubtful = (doubt for doubt in self.record.source.doubts if _SCALE_DOUBT.search(doubt))
        return next(doubtful, None)

    def unusable(self, *leads: str) -> str | None:
        """Why one of these leads cannot be measured, or None."""
        for lead in leads:
            if lead not in self.beats.leads:
                return f"the record has no lead {lead}"
            if lead in self.beats.left_out:
                return f"lead {lead} is left out: {self.beats.left_out[lead]}"
        return None


def given(record: EcgRecord, beats: Beats) -> Given:
    """What measures need, from a record and its beats; times that are no numbers count as not there."""
    times = np.where(np.isfinite(beats.times), beats.times, np.nan)
    chosen, words = usual_beats(beats)
    rr = _rr(record, beats)
    return Given(record, beats, times, chosen, words, rr, rr.unplaced or _laid(record, beats, chosen))


def _rr(record: EcgRecord, beats: Beats) -> RrIntervals:
    with np.errstate(invalid="ignore", over="ignore"):
        seconds = np.diff(beats.r_peaks)
        possible = np.isfinite(seconds) & (seconds >= SHORTEST_RR_S)
    silent = silence(record, beats)
    possible &= ~_silent(beats.r_peaks, silent)
    unsure = np.isin(np.arange(beats.n_beats), list(beats.doubtful))
    possible &= ~(unsure[1:] | unsure[:-1])
    short = _too_short(seconds) & ~(unsure[1:] | unsure[:-1] | _silent(beats.r_peaks, silent))
    touched = _next_to(short)
    unplaced = ""
    if np.count_nonzero(short) > 1 and np.count_nonzero(touched) > MOST_MISPLACED * len(seconds):
        unplaced = (
            f"where the beats are cannot be told: {np.count_nonzero(short)} of {len(seconds)} intervals are shorter "
            f"than {1000 * SHORTEST_OF_VENTRICLES_S:g} ms, so R may be found in QRS of some beats and in T of others"
        )
    else:
        possible &= ~touched
    ends = np.flatnonzero(possible) + 1
    doubts = tuple(_doubtful(start, stop) for start, stop in silent.doubtful)
    if len(silent.lost):
        doubts = (f"No lead shows a signal {_listed(silent.lost)}: intervals across it are left out.", *doubts)
    if len(silent.undecided):
        doubts = (f"Nearly flat {_listed(silent.undecided)}, a pause or a lost signal: left out.", *doubts)
    if unsure.any():
        doubts = (
            *doubts,
            f"{np.count_nonzero(unsure)} of {len(unsure)} beats may be noise: no interval is taken to them.",
        )
    if short.any() and not unplaced:
        told = f"RR below {1000 * SHORTEST_OF_VENTRICLES_S:g} ms, which may be no heart's: {np.count_nonzero(short)}"
        doubts = (*doubts, f"{told}, left out with the intervals beside.")
    doubts = (*doubts, *(_without_beat(start, stop, record.duration) for start, stop in silent.open))
    no_beat_s = float(np.max(silent.open[:, 1] - silent.open[:, 0], initial=0.0))
    return RrIntervals(
        seconds[possible], ends.astype(np.int64), int(np.count_nonzero(~possible)), doubts, unplaced, no_beat_s
    )


def _too_short(seconds: Floats) -> Mask:
    """Intervals that no ventricles have, in a heart whose usual intervals are longer."""
    with np.errstate(invalid="ignore"):
        usual = float(np.median(seconds)) if len(seconds) else np.nan
        return np.asarray(seconds < min(SHORTEST_OF_VENTRICLES_S, SHORT * usual))


def _next_to(mask: Mask) -> Mask:
    """What is true, and what lies beside it."""
    around = np.pad(mask, 1)
    return np.asarray(around[:-2] | around[1:-1] | around[2:])


def _silent(r_peaks: Floats, silent: Silence) -> Mask:
    """Which intervals have a part without signal."""
    found = np.zeros(max(len(r_peaks) - 1, 0), dtype=bool)
    for start, stop in (*silent.lost, *silent.undecided):
        found |= _touches(r_peaks, start, stop)
    return found


def _without_beat(start: float, stop: float, duration: float) -> str:
    where = "last" if stop >= duration else "first"
    return f"No beat in the {where} {stop - start:.1f} s of the record: a pause of the heart, or a lost signal."


def _touches(r_peaks: Floats, start: float, stop: float) -> Mask:
    """Which intervals span a stretch, or begin or end at its edge."""
    with np.errstate(invalid="ignore"):
        across = (r_peaks[:-1] < start) & (stop < r_peaks[1:])
        edge = (r_peaks > start - EDGE_S) & (r_peaks < stop + EDGE_S)
    return np.asarray(across | edge[:-1] | edge[1:])


def _doubtful(start: float, stop: float) -> str:
    return f"From {start:.1f} to {stop:.1f} s all leads are nearly flat: a pause of the heart, or a lost signal."


def _listed(stretches: Floats) -> str:
    told = [f"from {start:.1f} to {stop:.1f} s" for start, stop in stretches[:_MOST_TOLD]]
    more = len(stretches) - len(told)
    return ", ".join(told) + (f" and in {more} more stretches" if more else "")


def _laid(record: EcgRecord, beats: Beats, chosen: Indices) -> Laid | str:
    before, after = _window(beats, chosen)
    aligned = align(_without_spikes(record, beats), beats, chosen, before=before, after=after)
    if not aligned.beats.size:
        return "no beat lies within the record"
    from_r = fiducials(beats, aligned)[0]
    times = {name: float(away) for name, away in zip(FIDUCIALS, from_r, strict=True) if np.isfinite(away)}
    if "qrs_on" not in times:
        return "no onset of QRS is found, so there is no level to measure from"
    return _above_level(aligned, times)


def _without_spikes(record: EcgRecord, beats: Beats) -> EcgRecord:
    """Straight lines where pacing spikes are: they are no deflections of the heart, and larger than its own."""
    if not len(beats.spikes):
        return record
    signal = np.array(record.signal)
    for spike in beats.spikes:
        first = max(int((spike - SPIKE_BEFORE_S) * record.rate), 0)
        last = min(int(np.ceil((spike + SPIKE_AFTER_S) * record.rate)), record.n_samples - 1)
        if last > first:
            part = np.linspace(0, 1, last - first + 1, dtype=np.float32)
            signal[:, first : last + 1] = signal[:, [first]] * (1 - part) + signal[:, [last]] * part
    return record.with_signal(signal, "pacing spikes cut out")


def _window(beats: Beats, chosen: Indices) -> tuple[float, float]:
    """How far around R the waves of these beats reach, and what is measured behind them, s."""
    with np.errstate(invalid="ignore", over="ignore"):
        away = beats.times[0, chosen] - beats.r_peaks[chosen, None]
        away = away[(away > -_BEFORE_S) & (away < _AFTER_S)]
    first, last = (float(away.min()), float(away.max())) if away.size else (0.0, 0.0)
    return min(max(-first, 0.0) + _MARGIN_S, _BEFORE_S), min(max(last, 0.0) + _BEHIND_J_S + _MARGIN_S, _AFTER_S)


def _above_level(aligned: AlignedBeats, times: dict[str, float]) -> Laid | str:
    stop = aligned.r_index + round(times["qrs_on"] * aligned.rate)
    start = max(stop - round(LEVEL_S * aligned.rate), 0)
    values = aligned.values.astype(np.float64)
    if not 0 < stop < values.shape[2]:
        return "QRS is said to begin too far from R to be right"
    values -= middle(values[:, :, start : stop + 1], axis=2)[:, :, None]
    return Laid(values, middle(values, axis=1), times, aligned.rate, aligned.r_index, aligned.beats)
