"""The average beat of a record: what the checks of leads look at. No rhythm, no wave limits.

QRS complexes are found where the steepness summed over all leads is high (after Pan and Tompkins, IEEE Trans Biomed
Eng 32:230, 1985: slope, smoothing over the width of a QRS, threshold from the signal's own peaks), at about 100 Hz,
where QRS, P and T are whole. The beats are laid over each other at that moment and the median is taken, sample by
sample, which a few ectopic beats or bursts of noise do not change.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.record import EcgRecord

Floats = npt.NDArray[np.float64]

STEP_S = 0.01
BEFORE_S, AFTER_S = 0.30, 0.45
FEWEST_BEATS = 3
_WORKING_RATE_HZ = 100.0
_LOWEST_RATE_HZ = 80.0
_BASELINE_S = 0.8
_QRS_S = 0.09
_REFRACTORY_S = 0.25
_BLOCK_S = 2.0
_THRESHOLD = 0.4  # of the usual steepest moment of a beat: T waves reach about 0.2
_MOST_MISSING = 0.2
_LONGEST_S = 30.0  # of a long recording, its first part tells enough


@dataclass(frozen=True, slots=True, eq=False)
class AverageBeat:
    """`values` float64 `(leads, samples)`: from `BEFORE_S` before the steepest moment of QRS to `AFTER_S` behind it.

    One sample per `STEP_S`, the level before QRS is 0; in the unit of the record. `signal` is what the beats were
    taken from, at `rate` Hz without baseline; `beats` are the moments, as samples of it.
    """

    values: Floats
    signal: Floats
    rate: float
    beats: npt.NDArray[np.int64]


def average_beat(record: EcgRecord, leads: tuple[str, ...]) -> AverageBeat | str:
    """The average beat of the named leads, or the reason why there is none."""
    steady = steady_signal(record, leads)
    if isinstance(steady, str):
        return steady
    signal, rate = steady
    beats = _qrs(signal, rate)
    before, after = round(BEFORE_S * rate) + 1, round(AFTER_S * rate) + 2
    beats = beats[(beats >= before) & (beats < signal.shape[1] - after)]
    if len(beats) < FEWEST_BEATS:
        return "fewer than 3 QRS complexes are found"
    return AverageBeat(_median_beat(signal, beats, before, after, rate), signal, rate, beats)


def steady_signal(record: EcgRecord, leads: tuple[str, ...]) -> tuple[Floats, float] | str:
    """The named leads at about 100 Hz without baseline, `(leads, samples)`, with their rate; or why there is none.

    The first 30 s. Linear and the same for all leads, so that what holds among leads still does.
    """
    lacking = [name for name in leads if name not in record.leads]
    if lacking:
        return f"lead {', '.join(lacking)} is not there"
    if record.rate < _LOWEST_RATE_HZ:
        return f"{record.rate:g} samples per second are too few"
    rows = record.signal[[record.leads.index(name) for name in leads], : int(_LONGEST_S * record.rate)]
    factor = max(1, round(record.rate / _WORKING_RATE_HZ))
    signal, missing = _decimated(rows, factor)
    rate = record.rate / factor
    if missing > _MOST_MISSING:
        return f"samples are missing: {missing:.0%} of a lead"
    if signal.shape[1] < 2 * _BLOCK_S * rate:
        return f"{record.duration:.1f} s are too short"
    flat = np.ptp(signal, axis=1) == 0
    if flat.any():
        return f"lead {', '.join(name for name, hit in zip(leads, flat, strict=True) if hit)} is flat"
    return _without_baseline(signal, max(3, round(_BASELINE_S * rate))), rate


def _decimated(rows: npt.NDArray[np.float32], factor: int) -> tuple[Floats, float]:
    """Means over `factor` samples, and the largest part of a lead that is missing (and counted as 0)."""
    whole = rows[:, : rows.shape[1] // factor * factor]
    weights = np.full(factor, 1 / factor, dtype=np.float32)
    means = (whole.reshape(len(rows), -1, factor) @ weights).astype(np.float64)
    gaps = np.isnan(means)
    if not gaps.any():
        return means, 0.0
    level = np.nanmedian(np.where(gaps.all(axis=1, keepdims=True), 0.0, means), axis=1, keepdims=True)
    return np.where(gaps, level, means), float(gaps.mean(axis=1).max())


def _without_baseline(signal: Floats, width: int) -> Floats:
    """Less its moving average; a step of the kind that electrodes make is spread, not removed."""
    half = width // 2
    padded = np.pad(signal, ((0, 0), (half + 1, half)), mode="edge")
    total = padded.cumsum(axis=1)
    average = (total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]) / (2 * half + 1)
    steady: Floats = signal - average
    return steady


def _qrs(signal: Floats, rate: float) -> npt.NDArray[np.int64]:
    """The steepest moment of each QRS complex."""
    slope = np.abs(signal[:, 2:] - signal[:, :-2])
    scale = slope.mean(axis=1, keepdims=True)
    width = max(1, round(_QRS_S * rate))
    energy = np.convolve((slope / scale).sum(axis=0), np.full(width, 1 / width), mode="same")
    block = round(_BLOCK_S * rate)
    usual = np.median(energy[: len(energy) // block * block].reshape(-1, block).max(axis=1))
    reach = round(_REFRACTORY_S * rate)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(energy, reach), 2 * reach + 1).max(axis=1)
    return np.flatnonzero((energy >= around) & (energy > _THRESHOLD * usual)) + 1


def _median_beat(signal: Floats, beats: npt.NDArray[np.int64], before: int, after: int, rate: float) -> Floats:
    cut = signal[:, beats[:, None] + np.arange(-before, after)]
    middle = np.median(cut, axis=1)
    wanted = np.arange(round(-BEFORE_S / STEP_S), round(AFTER_S / STEP_S) + 1) * STEP_S
    here = np.arange(-before, after) / rate
    values = np.stack([np.interp(wanted, here, row) for row in middle])
    level = values[:, seconds(-0.09, -0.07)].mean(axis=1, keepdims=True)
    beat: Floats = values - level
    return beat


def seconds(start: float, stop: float) -> slice:
    """The samples of an average beat from `start` to `stop` seconds (both included) around the QRS."""
    return slice(round((start + BEFORE_S) / STEP_S), round((stop + BEFORE_S) / STEP_S) + 1)
