"""The average beat of a record: what the checks of leads look at. No rhythm, no wave limits.

QRS complexes are found where the steepness summed over all leads is high (after Pan and Tompkins, IEEE Trans Biomed
Eng 32:230, 1985: slope, smoothing over the width of a QRS, threshold from the signal's own peaks), at about 100 Hz,
where QRS, P and T are whole. The beats are laid over each other at that moment and the median is taken, sample by
sample, which a few ectopic beats or bursts of noise do not change.
"""

from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
import numpy.typing as npt

from einthoven.signal.medians import medians
from einthoven.signal.steady import Floats, SteadySignal

STEP_S = 0.01
BEFORE_S, AFTER_S = 0.30, 0.45
N_SAMPLES = round(BEFORE_S / STEP_S) + round(AFTER_S / STEP_S) + 1
FEWEST_BEATS = 3
_QRS_S = 0.09
_REFRACTORY_S = 0.25
_BLOCK_S = 2.0
_THRESHOLD = 0.4  # of the usual steepest moment of a beat: T waves reach about 0.2


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


def average_beat(steady: SteadySignal, leads: tuple[str, ...]) -> AverageBeat | str:
    """The average beat of the named leads, or the reason why there is none."""
    signal = steady.of(leads)
    if isinstance(signal, str):
        return signal
    rate = steady.rate
    beats = _qrs(signal, rate)
    before, after = round(BEFORE_S * rate) + 1, round(AFTER_S * rate) + 2
    beats = beats[(beats >= before) & (beats < signal.shape[1] - after)]
    if len(beats) < FEWEST_BEATS:
        return "fewer than 3 QRS complexes are found"
    return AverageBeat(_median_beat(signal, beats, before, after, rate), signal, rate, beats)


def _qrs(signal: Floats, rate: float) -> npt.NDArray[np.int64]:
    """The steepest moment of each QRS complex."""
    slope = np.abs(signal[:, 2:] - signal[:, :-2])
    slope /= slope.sum(axis=1, keepdims=True) / slope.shape[1]
    width = max(1, round(_QRS_S * rate))
    energy = np.convolve(slope.sum(axis=0), np.full(width, 1 / width), mode="same")
    block = round(_BLOCK_S * rate)
    usual = median(energy[: len(energy) // block * block].reshape(-1, block).max(axis=1).tolist())
    high = np.flatnonzero(energy > _THRESHOLD * usual)
    reach = round(_REFRACTORY_S * rate)
    padded = np.zeros(len(energy) + 2 * reach)
    padded[reach : reach + len(energy)] = energy
    # What is lower than its neighbour needs no look further around.
    high = high[energy[high] >= np.maximum(padded[high + reach - 1], padded[high + reach + 1])]
    around = padded[high[:, None] + np.arange(2 * reach + 1)].max(axis=1)
    steepest: npt.NDArray[np.int64] = high[energy[high] >= around] + 1
    return steepest


def _median_beat(signal: Floats, beats: npt.NDArray[np.int64], before: int, after: int, rate: float) -> Floats:
    middle = medians(signal.take(beats + np.arange(-before, after)[:, None], axis=1))
    left, part = _between(before, after, rate)
    values = middle[:, left] + (middle[:, left + 1] - middle[:, left]) * part
    level = values[:, seconds(-0.09, -0.07)].mean(axis=1, keepdims=True)
    beat: Floats = values - level
    return beat


@lru_cache(maxsize=32)
def _between(before: int, after: int, rate: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Where the samples of an average beat lie among those around a QRS: behind which one, how far to the next."""
    wanted = np.arange(round(-BEFORE_S / STEP_S), round(AFTER_S / STEP_S) + 1) * STEP_S
    place = wanted * rate + before
    left = np.floor(place).astype(np.int64)
    return left, place - left


def seconds(start: float, stop: float) -> slice:
    """The samples of an average beat from `start` to `stop` seconds (both included) around the QRS."""
    return slice(round((start + BEFORE_S) / STEP_S), round((stop + BEFORE_S) / STEP_S) + 1)
