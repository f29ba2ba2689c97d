"""The median beat of each lead, at the record's own rate, with the fiducials on it.

Beats are laid over each other at R: first at the R peaks as found, then each is moved by up to 30 ms to where it looks
most like the median of all (cross-correlation over all leads together, within 60 ms of R; twice). The median is taken
sample by sample. Fiducials are the median over the beats of their distance from R.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import GLOBAL, BeatKind, Beats, Floats, NoBeats
from einthoven.errors import RecordError, SettingError
from einthoven.record import MEDIAN_BEAT, EcgRecord, Signal

F = TypeVar("F", np.float32, np.float64)
Indices = npt.NDArray[np.int64]

BEFORE_S, AFTER_S = 0.40, 0.60
MOST_BEATS = 500
"""Of longer records, so many beats are used, evenly spaced over the record."""
LONGEST_WINDOW_S = 3.0
EDGE_S = 0.08
"""From R to the start or the end of the record, below which a QRS complex may be cut off."""
FAIR_SHARE = 0.2
"""Of the beats, that are normal (or paced) where those stand for the record: one odd beat must not."""
_LOOK_S = 0.06
_REACH_S = 0.03
_ROUNDS = 2
_FARTHEST_S = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class AlignedBeats:
    """Beats laid over each other at R.

    `values` float32 `(leads, beats, samples)`, NaN where the record has no sample; R is at sample `r_index`. `beats`
    are the indices of the beats used, `r_peaks` float64 `(beats,)` the moment of R of each after alignment, s.
    """

    values: npt.NDArray[np.float32]
    rate: float
    r_index: int
    beats: Indices
    r_peaks: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeat:
    """One representative beat.

    `signal` float32 `(leads, samples)` in the unit of the record, NaN where no beat has a sample; R is at sample
    `r_index`. `times` float64 `(1 + leads, 9)`: fiducials in seconds from the first sample, as `Beats.times`.
    `beats` are the indices of the beats it was made of, `kinds` what they are.
    """

    leads: tuple[str, ...]
    signal: Signal
    rate: float
    r_index: int
    times: Floats
    beats: tuple[int, ...]
    kinds: tuple[BeatKind, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the rows of `times`."""
        return (GLOBAL, *self.leads)

    @property
    def n_beats(self) -> int:
        return len(self.beats)


def usual_beats(beats: Beats) -> tuple[Indices, str]:
    """The beats that stand for the record, and what they are in words.

    The normal ones; the paced ones where next to none is normal; the ectopic ones where few are either. A beat so near
    to the start or the end that its QRS may be cut off does not count where others do.
    """
    kinds = np.array(beats.kinds, dtype=object)
    whole = (beats.r_peaks >= EDGE_S) & (beats.r_peaks <= beats.duration - EDGE_S)
    if not whole.any():
        whole[:] = True
    for kind in ("normal", "paced"):
        found = np.flatnonzero((kinds == kind) & whole)
        if found.size >= max(1.0, FAIR_SHARE * np.count_nonzero(whole)):
            return found.astype(np.int64), f"{kind} beats"
    return np.flatnonzero((kinds == "ectopic") & whole).astype(np.int64), "ectopic beats, as too few are normal"


def median_beat(
    record: EcgRecord,
    beats: Beats | NoBeats,
    *,
    before: float = BEFORE_S,
    after: float = AFTER_S,
    kind: BeatKind | None = None,
) -> MedianBeat:
    """The median beat of every lead of the record, from `before` seconds before R to `after` behind it.

    `kind` chooses which beats; without it, those of `usual_beats`.

    Raises
    ------
    RecordError
        When the record has no such beat; the message says why.
    SettingError
        When `before` or `after` is negative or the two are longer than 3 s.
    """
    if isinstance(beats, NoBeats):
        raise RecordError(f"There is no median beat: {beats.reason}")
    chosen = _of_kind(beats, kind)
    aligned = align(record, beats, chosen, before=before, after=after)
    if not aligned.beats.size:
        raise RecordError(f"There is no median beat: the record has no {kind or ''} beat.".replace("  ", " "))
    return MedianBeat(
        leads=beats.leads,
        signal=middle(aligned.values, axis=1),
        rate=record.rate,
        r_index=aligned.r_index,
        times=fiducials(beats, aligned) + aligned.r_index / record.rate,
        beats=tuple(aligned.beats.tolist()),
        kinds=tuple(sorted({beats.kinds[beat] for beat in aligned.beats})),
    )


def median_beat_record(
    record: EcgRecord, beats: Beats | NoBeats, *, before: float = BEFORE_S, after: float = AFTER_S
) -> EcgRecord:
    """The median beat as a record of its own, marked as such: for export and as model input.

    Samples that no beat has are NaN only where the record begins or ends too close to its only beat, or has gaps.

    Raises
    ------
    RecordError, SettingError
        As `median_beat`.
    """
    beat = median_beat(record, beats, before=before, after=after)
    step = f"median of {beat.n_beats} {' and '.join(beat.kinds)} beats, R at {beat.r_index / beat.rate:.3f} s"
    kept = tuple(note for note in record.annotations if note.onset is None and note != MEDIAN_BEAT)
    whole = replace(record, annotations=(*kept, MEDIAN_BEAT))
    return whole.with_signal(beat.signal, step, leads=beat.leads)


def _of_kind(beats: Beats, kind: BeatKind | None) -> Indices:
    if kind is None:
        return usual_beats(beats)[0]
    return np.flatnonzero(np.array(beats.kinds, dtype=object) == kind).astype(np.int64)


def align(record: EcgRecord, beats: Beats, chosen: Indices, *, before: float, after: float) -> AlignedBeats:
    """The chosen beats, laid over each other at R; those whose R lies outside of the record are left out."""
    if not (np.isfinite([before, after]).all() and before >= 0 and after >= 0 and before + after <= LONGEST_WINDOW_S):
        raise SettingError(
            f"A window from {before!r} s before R to {after!r} s behind it is not possible.",
            advice=f"Give seconds, 0 or more, together at most {LONGEST_WINDOW_S:g}.",
        )
    if len(chosen) > MOST_BEATS:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_BEATS).round().astype(np.int64)]
    moments = beats.r_peaks[chosen]
    with np.errstate(invalid="ignore"):
        inside = (moments >= 0) & (moments * record.rate < record.n_samples)
    chosen, moments = chosen[inside], moments[inside]
    centres = np.minimum(np.rint(moments * record.rate).astype(np.int64), record.n_samples - 1)
    rows = [record.leads.index(name) for name in beats.leads]
    used = [row for row, name in zip(rows, beats.leads, strict=True) if name not in beats.left_out]
    centres = centres + _shifts(record.signal[used or rows], centres, record.rate)
    first, last = round(before * record.rate), round(after * record.rate)
    return AlignedBeats(
        _windows(record.signal[rows], centres, first, last), record.rate, first, chosen, centres / record.rate
    )


def fiducials(beats: Beats, aligned: AlignedBeats) -> Floats:
    """Distance of each fiducial from R, median over the beats: float64 `(1 + leads, 9)`, s; NaN where none has it."""
    with np.errstate(invalid="ignore", over="ignore"):
        away = beats.times[:, aligned.beats, :] - aligned.r_peaks[:, None]
        away = np.where(np.abs(away) < _FARTHEST_S, away, np.nan)
    return middle(away, axis=1)


def middle(values: npt.NDArray[F], axis: int) -> npt.NDArray[F]:
    """The median over an axis without the NaN; NaN where there is nothing else (numpy warns there)."""
    ordered = np.sort(np.moveaxis(values, axis, -1), axis=-1)  # NaN comes last
    if not ordered.shape[-1]:
        return np.full(ordered.shape[:-1], np.nan, dtype=values.dtype)
    there = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., None]
    low = np.take_along_axis(ordered, np.maximum(there - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(there // 2, ordered.shape[-1] - 1), axis=-1)
    found: npt.NDArray[F] = np.where(there > 0, low / 2 + high / 2, np.nan)[..., 0].astype(values.dtype)
    return found


def _windows(signal: Signal, centres: Indices, before: int, after: int) -> npt.NDArray[np.float32]:
    """float32 `(leads, beats, before + 1 + after)` around the centres, NaN outside of the record."""
    places = centres[:, None] + np.arange(-before, after + 1)
    outside = (places < 0) | (places >= signal.shape[1])
    found = signal[:, np.clip(places, 0, signal.shape[1] - 1)]
    found[:, outside] = np.nan
    return found


def _shifts(signal: Signal, centres: Indices, rate: float) -> Indices:
    """By how many samples each beat is moved to look most like the median of all."""
    shifts = np.zeros(len(centres), dtype=np.int64)
    look, reach = round(_LOOK_S * rate), round(_REACH_S * rate)
    if len(centres) < 2 or reach < 1:
        return shifts
    with np.errstate(over="ignore", invalid="ignore"):
        around = np.nan_to_num(_windows(signal, centres, look + reach, look + reach).astype(np.float64))
        around -= around.mean(axis=2, keepdims=True)
        parts = np.lib.stride_tricks.sliding_window_view(around, 2 * look + 1, axis=2)  # leads, beats, shifts, samples
        energy = np.einsum("lbsn,lbsn->bs", parts, parts)
        beats = np.arange(len(centres))
        for _ in range(_ROUNDS):
            template = np.median(parts[:, beats, reach + shifts], axis=1)
            alike = np.einsum("lbsn,ln->bs", parts, template, optimize=False) / np.sqrt(np.maximum(energy, 1e-300))
            shifts = np.nan_to_num(alike, nan=-np.inf).argmax(axis=1) - reach
    shifts[np.ptp(np.nan_to_num(alike), axis=1) == 0] = 0
    return shifts
