"""The signal as beats are looked for in it: all leads at one rate, without baseline wander."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import Floats

RATE_HZ = 250.0
"""Enough for QRS complexes (energy up to 40 Hz); limits of waves are told to a part of a sample."""
_BASELINE_HZ = 0.4
_ANTI_ALIAS_HZ = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """`signal` float64 `(leads, samples)` around 0; sample k is at k / `rate` seconds."""

    signal: Floats
    rate: float


def prepared(signal: npt.NDArray[np.float32], rate: float) -> Prepared:
    """Leads without gaps, at least a second long, made ready for finding beats."""
    centred = signal.astype(np.float64) - np.median(signal, axis=1, keepdims=True)
    return Prepared(zero_phase(_resampled(centred, rate), 2, (_BASELINE_HZ,), "high", 3.0), RATE_HZ)


def zero_phase(signal: Floats, order: int, edges: tuple[float, ...], kind: str, pad_s: float = 1.0) -> Floats:
    """A Butterworth filter forward and backward at `RATE_HZ`, the ends mirrored over `pad_s`."""
    from scipy.signal import sosfiltfilt

    pad = min(signal.shape[1] - 1, round(pad_s * RATE_HZ))
    filtered: Floats = sosfiltfilt(_filter(order, edges, kind, RATE_HZ), signal, axis=1, padlen=pad)
    return filtered


@lru_cache(maxsize=32)
def _filter(order: int, edges: tuple[float, ...], kind: str, rate: float) -> Floats:
    from scipy.signal import butter

    sections: Floats = butter(order, edges if len(edges) > 1 else edges[0], kind, fs=rate, output="sos")
    return sections


def _resampled(signal: Floats, rate: float) -> Floats:
    if rate == RATE_HZ:
        return signal
    from scipy.interpolate import CubicSpline
    from scipy.signal import sosfiltfilt

    n = int(np.floor((signal.shape[1] - 1) / rate * RATE_HZ)) + 1
    if rate > RATE_HZ:
        sections = _filter(4, (min(_ANTI_ALIAS_HZ, 0.45 * rate),), "low", rate)
        signal = sosfiltfilt(sections, signal, axis=1, padlen=min(60, signal.shape[1] - 1))
        if rate % RATE_HZ == 0:
            return signal[:, :: round(rate / RATE_HZ)][:, :n]
    wanted = np.arange(n) * (rate / RATE_HZ)
    if rate <= 2 * RATE_HZ:
        between: Floats = CubicSpline(np.arange(signal.shape[1]), signal, axis=1)(wanted)
        return between
    left = np.minimum(wanted.astype(np.int64), signal.shape[1] - 2)
    part = wanted - left
    joined: Floats = signal[:, left] * (1 - part) + signal[:, left + 1] * part
    return joined
