"""Time-aligned ECGs and median beats by Rlign: every beat stretched to the same heart rate.

Rlign (Plagwitz et al. 2024, arXiv:2407.15555; package `rlign`) moves each R peak to its place in a template of equal
intervals, keeps the samples from 35 ms before to 55 ms behind R as they are, and resamples what lies between: to the
end of T, to the onset of P and to the next QRS, whose places it takes from the heart rate. What comes out serves
for comparing shapes and as input of models; its intervals are those of the template, so that nothing may be
measured on it.

What the package (1.2) does not do, and is done here:

- Its result is NaN after the last beat that fills its place in the template; that end is cut off. NaN elsewhere
  (it leaves P out where 10 samples do not fit), which its median silently replaces by the mean of the beat, is refused.
- It throws away beats beyond the template's; `steps` says how many were used. It loses what lies before the first R.
- It needs whole samples a second and whole seconds: other rates, and those below 250 Hz, are resampled to 500 Hz; an
  incomplete last second is cut off.
- Where it fails it returns the signal unchanged, or an exception of numpy; here it is a `RecordError`.
- Its R peaks are NeuroKit's in one lead, whatever method is asked for, and may miss most beats where QRS is broad
  (11 of 12 in a simulated left bundle branch block). `beats` gives it ours.
- Its scaling `identity` works on 600 samples whatever the rate, and is not offered.
- It switches off all warnings of the process, and starts processes of its own; neither happens here.
"""

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import Beats, NoBeats
from einthoven.errors import MissingDependency, RecordError, SettingError
from einthoven.record import MEDIAN_BEAT, EcgRecord
from einthoven.signal.gaps import require_no_gaps
from einthoven.signal.resampling import resample
from einthoven.steps import TIME_ALIGNED

Scaling = Literal["hrc", "linear"]
"""`hrc` keeps QRS and places P and T by heart rate (the package's default), `linear` stretches RR evenly."""

SLOWEST, FASTEST = 40, 120
LOWEST_RATE_HZ, RATE_HZ = 250, 500
LONGEST_S = 300.0
_EDGE_S = 0.06
_FEWEST_BEATS = 3
_OFFSET = 0.01

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Aligned:
    signal: Samples
    used: int
    found: int


def time_aligned(
    record: EcgRecord,
    beats: Beats | NoBeats | None = None,
    *,
    template: int = 60,
    scaling: Scaling = "hrc",
    lead: str = "II",
) -> EcgRecord:
    """The record with every beat at its place in a template of `template` beats a minute, without NaN.

    R peaks are those of `beats`; without them, those that Rlign finds in `lead`. The record gets as long as the
    template's places that its beats fill. Annotations with a moment are left out, as time has changed.

    Raises
    ------
    RecordError
        When the record has gaps, fewer than 3 beats, is longer than 5 minutes, or Rlign fails on it.
    SettingError
        When `template` is outside of 40 to 120, or `scaling` is unknown.
    MissingDependency
        When rlign is not installed.
    """
    _check(template, scaling)
    ready, peaks = _prepared(record, beats, lead)
    aligned = _run(ready, peaks, template, scaling, "none")
    signal = _without_end(aligned.signal)
    step = f"{TIME_ALIGNED} to {template} beats a minute ({scaling}), {aligned.used} of {aligned.found} intervals used"
    return _timeless(ready).with_signal(signal, f"{step}; not for measuring")


def rlign_median_beat(
    record: EcgRecord,
    beats: Beats | NoBeats | None = None,
    *,
    template: int = 60,
    scaling: Scaling = "hrc",
    lead: str = "II",
) -> EcgRecord:
    """The median of the time-aligned beats as a record of its own, marked as a median beat; R at a third of it.

    Parameters and errors as of `time_aligned`.
    """
    _check(template, scaling)
    ready, peaks = _prepared(record, beats, lead)
    _without_end(_run(ready, peaks, template, scaling, "none").signal)  # refuses what the package's median hides
    counted = _CountedMedian()
    aligned = _run(ready, peaks, template, scaling, counted)
    if not counted.beats or not np.isfinite(aligned.signal).all():
        raise RecordError(
            "Rlign finds no whole beat for a median.", advice="Use a longer recording, or the plain median beat."
        )
    step = (
        f"{TIME_ALIGNED} to {template} beats a minute ({scaling}), median of {counted.beats} beats; not for measuring"
    )
    made = _timeless(ready).with_signal(aligned.signal, step)
    return replace(made, annotations=(*(note for note in made.annotations if note != MEDIAN_BEAT), MEDIAN_BEAT))


class _CountedMedian:
    """The median over beats, as a function that Rlign calls, and of how many beats it was: 0 where it never came."""

    def __init__(self) -> None:
        self.beats = 0

    def __call__(self, beats: Samples, axis: int) -> Samples:
        self.beats = beats.shape[axis]
        found: Samples = np.median(beats, axis=axis)
        return found


def _check(template: int, scaling: str) -> None:
    if not SLOWEST <= template <= FASTEST or int(template) != template:
        raise SettingError(
            f"A template of {template!r} beats a minute is not possible.",
            advice=f"Give a whole number from {SLOWEST} to {FASTEST}.",
        )
    if scaling not in get_args(Scaling):
        raise SettingError(f"Scaling {scaling!r} is unknown.", advice=f"Use one of {', '.join(get_args(Scaling))}.")
    require_rlign()


def require_rlign() -> None:
    """MissingDependency when rlign is not installed."""
    if importlib.util.find_spec("rlign") is None:
        raise MissingDependency("Rlign is not installed.", advice="Install it with: pip install 'einthoven[beats]'")


def _prepared(record: EcgRecord, beats: Beats | NoBeats | None, lead: str) -> tuple[EcgRecord, npt.NDArray[np.int64]]:
    """The record as Rlign takes it, and the samples of its R peaks."""
    if isinstance(beats, NoBeats):
        raise RecordError(f"There are no beats to align: {beats.reason}")
    if record.duration > LONGEST_S:
        raise RecordError(
            f"{record.duration:.0f} s are too long to align; at most {LONGEST_S:g} s are taken.",
            advice="Cut out a part first.",
        )
    require_no_gaps(record, "time alignment")
    ready = record
    if record.rate != round(record.rate) or record.rate < LOWEST_RATE_HZ:
        ready = resample(record, RATE_HZ)
    whole = int(ready.n_samples // ready.rate * ready.rate)
    if not whole:
        raise RecordError(f"{record.duration:.2f} s are too short to align; at least a second is needed.")
    if whole < ready.n_samples:
        ready = ready.with_signal(ready.signal[:, :whole], f"cut to {whole / ready.rate:g} s, whole seconds")
    peaks = _found_by_rlign(ready, lead) if beats is None else np.rint(_inside(beats, ready) * ready.rate)
    edge = _EDGE_S * ready.rate
    usable = np.unique(peaks[(peaks > edge) & (peaks < ready.n_samples - edge)].astype(np.int64))
    if len(usable) < _FEWEST_BEATS:
        found = "1 R peak is" if len(usable) == 1 else f"{len(usable)} R peaks are"
        raise RecordError(f"{found} too few to align; at least {_FEWEST_BEATS} are needed.")
    return ready, usable


def _inside(beats: Beats, record: EcgRecord) -> npt.NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return beats.r_peaks[(beats.r_peaks >= 0) & (beats.r_peaks < record.duration)]


def _found_by_rlign(record: EcgRecord, lead: str) -> npt.NDArray[np.float64]:
    row = record.lead(lead).astype(np.float64)
    if np.ptp(row) == 0:
        raise RecordError(f"Lead {lead} is flat, so that Rlign finds no R peaks in it.", advice="Choose another lead.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rlign.utils import find_rpeaks

        peaks = find_rpeaks(row, int(record.rate))
    if peaks is None:
        raise RecordError(f"Rlign finds no R peaks in lead {lead}.", advice="Choose another lead.")
    return np.asarray(peaks, dtype=np.float64)


def _run(
    record: EcgRecord,
    peaks: npt.NDArray[np.int64],
    template: int,
    scaling: Scaling,
    aggregate: Literal["none"] | Callable[[Samples, int], Samples],
) -> _Aligned:
    """Rlign's normalisation with these R peaks: what its `transform` does behind its own search for them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        from rlign import Rlign

        machine: Any = Rlign(
            sampling_rate=int(record.rate),
            seconds_len=int(record.n_samples / record.rate),
            template_bpm=template,
            offset=_OFFSET,
            num_workers=1,
            scale_method=scaling,
            agg_beat=aggregate,
            silent=False,
        )
        places = len(machine.template.rpeaks)
        if places < _FEWEST_BEATS:
            raise RecordError(
                f"{record.n_samples / record.rate:g} s hold {places} beats of a template of {template} a minute; at "
                f"least {_FEWEST_BEATS} are needed.",
                advice="Use a longer recording, or a faster template.",
            )
        used = peaks[:places]
        rate = int(len(peaks) * 60 * record.rate / record.n_samples)
        try:
            signal, failed = machine._normalize_interval(record.signal.astype(np.float64), used, np.diff(used), hr=rate)
        except (ValueError, IndexError, ZeroDivisionError, TypeError) as error:
            raise RecordError(
                f"Rlign cannot align this ECG at {rate} beats a minute with a template of {template}: {error}.",
                advice="Use a template nearer to the heart rate, or the plain median beat.",
            ) from error
    if failed:
        raise RecordError("Rlign cannot align this ECG.", advice="Use the plain median beat.")
    return _Aligned(np.asarray(signal, dtype=np.float64), len(used) - 1, len(peaks) - 1)


def _without_end(signal: Samples) -> Samples:
    """The signal from its first to its last number; RecordError where NaN lies between."""
    there = np.flatnonzero(np.isfinite(signal).all(axis=0))
    if not there.size:
        raise RecordError("Rlign gives no samples for this ECG.", advice="Use the plain median beat.")
    part = signal[:, there[0] : there[-1] + 1]
    if len(there) < part.shape[1]:
        raise RecordError(
            f"Rlign leaves {part.shape[1] - len(there)} samples between beats empty.",
            advice="Use the scaling linear, a template nearer to the heart rate, or the plain median beat.",
        )
    return part


def _timeless(record: EcgRecord) -> EcgRecord:
    """The record without the annotations whose moment has lost its meaning."""
    return replace(record, annotations=tuple(note for note in record.annotations if note.onset is None))
