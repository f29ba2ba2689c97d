"""The four methods of NeuroKit2 (Makowski et al., Behav Res Methods 53:1689, 2021), made safe to call.

Each lead is cleaned as NeuroKit2 does it and delineated by itself with its default parameters. What is done around it:

- its R peaks are given: those of the beats found over all leads, the same in each lead (moving them to the highest
  sample of the lead within 30, 50 or 80 ms made QRS boundaries no better on LUDB);
- cwt gets signals of at least 500 Hz, for its wavelets have widths in samples; else the record's own rate is used;
- where it fails, the first beat, the last, or both are left out (cwt has windows that must not begin before the
  signal does), and where that does not help, the lead; `notes` says so with NeuroKit2's own words;
- its lists hold one time per beat, or one less, or fewer when times before the start were dropped: times are given
  to the beat before whose R peak (P, QRS onset) or behind whose R peak (QRS offset, T) they lie;
- what is out of order (a P wave behind the onset of QRS, an onset behind its peak) is dropped.

Nothing is added: a P wave that it finds in atrial fibrillation stays.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
import numpy.typing as npt

from einthoven.beats.delineators.entry import Heartbeats, Waves
from einthoven.beats.merging import merge_leads
from einthoven.beats.types import FIDUCIALS, Floats

Method = Literal["dwt", "cwt", "peak", "prominence"]

FEWEST_BEATS: Mapping[Method, int] = {"dwt": 4, "cwt": 4, "peak": 4, "prominence": 2}
"""`signal_period` gives no heart rate of three R peaks; prominence takes its windows from the intervals."""
SHORTEST_S: Mapping[Method, float] = {"dwt": 4.0, "cwt": 4.0, "peak": 4.0, "prominence": 0.0}
"""`ecg_segment` refuses shorter signals."""
LOWEST_RATE_HZ: Mapping[Method, float] = {"dwt": 0.0, "cwt": 500.0, "peak": 0.0, "prominence": 0.0}
"""The wavelets of cwt are 1 to 16 samples wide at any rate. F1 of its P waves on records of LUDB brought to another
rate: 0 % at 100 Hz, 57 % at 250 Hz, 69 % at 500 Hz, 98 % at 1,000 Hz. The others find as much at 50 as at 2,000 Hz."""

_KEYS: Mapping[str, str] = {
    "p_on": "ECG_P_Onsets", "p_peak": "ECG_P_Peaks", "p_off": "ECG_P_Offsets",
    "qrs_on": "ECG_R_Onsets", "qrs_off": "ECG_R_Offsets",
    "t_on": "ECG_T_Onsets", "t_peak": "ECG_T_Peaks", "t_off": "ECG_T_Offsets",
}  # fmt: skip
_BEFORE_R = ("p_on", "p_peak", "p_off", "qrs_on")
_AT = {name: place for place, name in enumerate(FIDUCIALS)}


def delineate(heartbeats: Heartbeats, method: Method) -> Waves:
    """P, QRS and T of each beat in each lead, and merged over the leads; `notes` is by lead."""
    times = np.full((len(heartbeats.leads), len(heartbeats.r_peaks), len(FIDUCIALS)), np.nan)
    notes = {}
    for row, lead in enumerate(heartbeats.leads):
        note = _obstacle(heartbeats, row, method)
        if not note:
            times[row], note = _lead(heartbeats.signal[row], heartbeats.rate, heartbeats.r_peaks, method)
        if note:
            notes[lead] = note
    return Waves(np.concatenate([_global(times, heartbeats.r_peaks)[None], times]), notes=notes)


def _global(times: Floats, r_peaks: Floats) -> Floats:
    """`(beats, 9)`, merged; a lead's QRS onset before the P peak of the others has no part in the earliest one."""
    peaks = merge_leads(times)
    agreeing = np.array([in_order(lead, r_peaks, peaks) for lead in times]).reshape(times.shape)
    return in_order(merge_leads(agreeing), r_peaks)


def _obstacle(heartbeats: Heartbeats, row: int, method: Method) -> str:
    """Why NeuroKit2 cannot work on this lead; empty when nothing is known to stand in its way."""
    signal, n_beats = heartbeats.signal[row], len(heartbeats.r_peaks)
    if n_beats < FEWEST_BEATS[method]:
        found = "there is 1" if n_beats == 1 else f"there are {n_beats or 'none'}"
        return f"NeuroKit2's {method} needs {FEWEST_BEATS[method]} beats to know how far to look; {found}."
    if len(signal) < SHORTEST_S[method] * heartbeats.rate:
        seconds = len(signal) / heartbeats.rate
        return f"NeuroKit2's {method} needs {SHORTEST_S[method]:g} s of signal; there are {seconds:.3g} s."
    n_missing = np.count_nonzero(~np.isfinite(signal))
    if n_missing:
        return f"{n_missing} sample{' is' if n_missing == 1 else 's are'} missing."
    if not np.ptp(signal) > 0:
        return "The lead is flat."
    return ""


def _lead(signal: npt.NDArray[np.float32], rate: float, r_peaks: Floats, method: Method) -> tuple[Floats, str]:
    """The times `(beats, 9)` of one lead, and what did not work."""
    times = np.full((len(r_peaks), len(FIDUCIALS)), np.nan)
    resampled = ""
    try:
        with _silence():
            if rate < LOWEST_RATE_HZ[method]:
                signal, rate = _resampled(signal, rate, LOWEST_RATE_HZ[method])
                resampled = f"Resampled to {rate:.4g} Hz: the wavelets of {method} have widths in samples."
            clean = _clean(signal, rate)
    except Exception as error:  # noqa: BLE001  whatever a library raises on one lead, the others are delineated
        return times, f"NeuroKit2 could not clean the lead ({_words(error)})."
    inside, samples = _samples(r_peaks, len(clean), rate)
    problem = ""
    for beats, left_out in _attempts(len(inside), FEWEST_BEATS[method]):
        try:
            with _silence():
                found = _fiducials(clean, samples[beats], rate, method)
        except Exception as error:  # noqa: BLE001  as above
            problem = problem or _words(error)
            continue
        times[inside[beats]] = place(found, samples[beats], rate)
        failed = f"NeuroKit2's {method} failed ({problem}) until {left_out} left out." if problem else ""
        return times, " ".join(filter(None, (resampled, failed)))
    problem = problem or f"fewer than {FEWEST_BEATS[method]} distinct R peaks lie within the signal"
    return times, f"NeuroKit2's {method} failed on this lead ({problem})."


def _resampled(signal: npt.NDArray[np.float32], rate: float, wanted: float) -> tuple[npt.NDArray[np.float32], float]:
    """The signal at about the wanted rate, and the rate that it has exactly."""
    from scipy.signal import resample

    n = max(1, round(len(signal) * wanted / rate))
    return resample(signal.astype(np.float64), n).astype(np.float32), rate * n / len(signal)


def _attempts(n: int, fewest: int) -> list[tuple[slice, str]]:
    """Which of `n` beats to try, and what is left out, in words."""
    attempts = [
        (slice(0, n), ""),
        (slice(1, n), "the first beat was"),
        (slice(0, n - 1), "the last beat was"),
        (slice(1, n - 1), "the first and the last beat were"),
    ]
    return [attempt for attempt in attempts if len(range(n)[attempt[0]]) >= fewest]


def _clean(signal: npt.NDArray[np.float32], rate: float) -> Floats:
    from neurokit2 import ecg_clean

    clean = np.asarray(ecg_clean(signal.astype(np.float64), sampling_rate=rate), dtype=np.float64)
    if clean.shape != signal.shape or not np.isfinite(clean).all():
        raise ValueError("the cleaned lead is not a number everywhere")
    return clean


def _samples(r_peaks: Floats, n: int, rate: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Which beats have an R peak within `n` samples, and which sample it is: distinct, increasing."""
    samples = np.round(r_peaks * rate).astype(np.int64)
    inside = np.flatnonzero((samples >= 0) & (samples < n) & (np.diff(samples, prepend=-1) > 0))
    return inside, samples[inside]


def _fiducials(
    clean: Floats, samples: npt.NDArray[np.int64], rate: float, method: Method
) -> dict[str, npt.NDArray[np.float64]]:
    """What NeuroKit2 answers, by our names of the fiducials, in samples."""
    from neurokit2 import ecg_delineate

    _, waves = ecg_delineate(clean, samples, sampling_rate=rate, method=method)
    return {name: np.array(waves.get(key, ()), dtype=np.float64) for name, key in _KEYS.items()}


def place(found: Mapping[str, Sequence[float] | Floats], samples: npt.NDArray[np.int64], rate: float) -> Floats:
    """NeuroKit2's lists (in samples, NaN for none) as times of the beats.

    A list with one entry per beat keeps that order, and an entry that lies at another beat is dropped. Where the
    lengths differ, each goes to the beat at which it lies; of several the one nearest to its R peak.

    Parameters
    ----------
    found
        Fiducial -> list, of any length.
    samples
        `(beats,)`: the R peaks, increasing.

    Returns
    -------
    float64 `(beats, 9)`, s.
    """
    times = np.full((len(samples), len(FIDUCIALS)), np.nan)
    for name, listed in found.items():
        moments = np.asarray(listed, dtype=np.float64)
        owner = (
            np.searchsorted(samples, moments) if name in _BEFORE_R else np.searchsorted(samples, moments, "right") - 1
        )
        right = np.isfinite(moments) & (owner >= 0) & (owner < len(samples))
        if len(moments) == len(samples):
            right &= owner == np.arange(len(samples))
        moments, owner = moments[right], owner[right]
        nearest_last = np.argsort(-np.abs(moments - samples[owner]), kind="stable")
        times[owner[nearest_last], _AT[name]] = moments[nearest_last]
    times[:, _AT["qrs_peak"]] = samples
    return in_order(times / rate, samples / rate)


def in_order(times: Floats, r_peaks: Floats, peaks: Floats | None = None) -> Floats:
    """`(beats, 9)` without what cannot be.

    A T peak stays between R and the next R, a P peak between the last T peak (where cwt finds one wave between two
    beats, it lists it as both; it mostly is the T) and R, a boundary between the peak of its wave and the peak of the
    next one (of `peaks`, `(beats, 9)`, where given). The end of a wave may lie behind the beginning of the next:
    NeuroKit2 finds each by itself.
    """
    kept = times.copy()
    p_on, p_peak, p_off, qrs_on, _, qrs_off, t_on, t_peak, t_off = kept.T
    last_r, next_r = np.append(-np.inf, r_peaks[:-1]), np.append(r_peaks[1:], np.inf)
    _keep_between(t_peak, r_peaks, next_r)
    _keep_between(p_peak, np.fmax(last_r, np.append(-np.inf, t_peak[:-1])), r_peaks)
    p_middle, t_middle = (p_peak, t_peak) if peaks is None else (peaks[:, _AT["p_peak"]], peaks[:, _AT["t_peak"]])
    _keep_between(p_on, last_r, p_middle)
    _keep_between(p_off, p_middle, r_peaks)
    _keep_between(qrs_on, np.fmax(p_middle, last_r), r_peaks)
    _keep_between(qrs_off, r_peaks, np.fmin(t_middle, next_r))
    _keep_between(t_on, r_peaks, t_middle)
    _keep_between(t_off, t_middle, next_r)
    return kept


def _keep_between(times: Floats, low: Floats, high: Floats) -> None:
    """NaN where a time is not behind `low` and before `high`."""
    times[~((times > low) & (times < high))] = np.nan


@contextmanager
def _silence() -> Iterator[None]:
    """Without the warnings that NeuroKit2, numpy and scipy print about signals of which the notes tell."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _words(error: Exception) -> str:
    """A foreign error in one line of reasonable length."""
    text = " ".join(str(error).split())[:120]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
