"""The heart as one electric dipole: waves, beats, and the vector they make over time.

The idea of waves as Gaussians is that of McSharry et al. 2003 (IEEE Trans Biomed Eng 50:289), the three
dimensions that of Sameni et al. 2007 (EURASIP J Adv Signal Process, 43407). Axes as in Frank's
vectorcardiogram: x to the patient's left, y to the feet, z to the back; seconds and mV.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
WaveName = Literal["P", "QRS", "ST", "T"]
_REACH = 5.5


@dataclass(frozen=True, slots=True)
class Wave:
    """A bump in the heart vector: peak `at` seconds after the onset of QRS (P: before, so negative).

    `rise` and `fall` are the standard deviations of the two half Gaussians, `vector` the peak (x, y, z) in mV.
    """

    name: WaveName
    at: float
    rise: float
    fall: float
    vector: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Fibrillation:
    """Atrial fibrillatory waves: `amplitude` in mV along `direction`, around `frequency` Hz."""

    amplitude: float
    frequency: float
    direction: tuple[float, float, float] = (-0.35, 0.45, -0.85)


@dataclass(frozen=True, slots=True)
class Heart:
    """What one heart does: the waves of a beat at a rate of 60 per minute, and its rhythm.

    `rate` is beats per minute, `variation` the coefficient of variation of the RR interval,
    `breathing` the part of it that follows breathing (0 for an irregular rhythm), `ectopic` the share
    of beats that come too early from elsewhere in the atria.
    """

    waves: tuple[Wave, ...]
    rate: float
    variation: float
    breathing: float
    ectopic: float = 0.0
    fibrillation: Fibrillation | None = None

    def with_waves(self, *waves: Wave) -> "Heart":
        return replace(self, waves=waves)


def beat_times(heart: Heart, duration: float, rng: np.random.Generator) -> Array:
    """Onsets of QRS in seconds, from before the start of the record to after its end.

    Sinus rhythm swings with breathing; in fibrillation RR intervals are independent of one another and
    gamma distributed, but never shorter than the 0.3 s that the AV node needs.
    """
    mean = 60 / heart.rate
    n = int((duration + 4) / 0.3) + 2
    if heart.fibrillation is not None:
        shape = 1 / heart.variation**2
        intervals = np.maximum(rng.gamma(shape, mean / shape, n), 0.3)
    else:
        per_minute, phase = rng.uniform(11, 19), rng.uniform(0, 2 * np.pi)
        swing = np.sin(2 * np.pi * per_minute / 60 * mean * np.arange(n) + phase) * np.sqrt(2 * heart.breathing)
        rest = rng.normal(size=n) * np.sqrt(1 - heart.breathing)
        intervals = mean * np.clip(1 + heart.variation * (swing + rest), 0.6, 1.6)
        early = rng.random(n) < heart.ectopic
        # An early beat resets the sinus node: the pause after it is a little longer than an interval.
        intervals *= np.where(early, rng.uniform(0.6, 0.8, n), np.where(np.roll(early, 1), 1.1, 1.0))
    times = np.cumsum(intervals) - 2 + rng.uniform(0, mean)
    return np.asarray(times[times < duration + 1], dtype=np.float64)


def heart_vector(heart: Heart, beats: Array, time: Array) -> Array:
    """The dipole at each moment of `time` (seconds, evenly spaced): `(3, n_samples)`, mV, axes x, y, z."""
    if not heart.waves:
        return np.zeros((3, time.size))
    # The first interval is unknown; it is taken to be as long as the second.
    before = np.diff(beats, prepend=2 * beats[0] - beats[1]) if beats.size > 1 else np.full(beats.size, 60 / heart.rate)
    course = np.stack([_course(wave, beats, before, time) for wave in heart.waves])
    vectors = np.array([wave.vector for wave in heart.waves])
    return np.asarray(vectors.T @ course, dtype=np.float64)


def _course(wave: Wave, beats: Array, before: Array, time: Array) -> Array:
    """The wave over all beats, 1 at its peaks. Repolarisation takes longer after long intervals (Fridericia 1920)."""
    stretch = np.cbrt(before) if wave.name in ("ST", "T") else np.ones_like(before)
    peak, rise, fall = beats + wave.at * stretch, wave.rise * stretch, wave.fall * stretch
    rate = 1 / (time[1] - time[0]) if time.size > 1 else 1.0
    reach = int(np.ceil(_REACH * max(rise.max(), fall.max()) * rate)) + 1
    samples = np.rint((peak - time[0]) * rate).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    distance = samples / rate + time[0] - peak[:, None]
    width = np.where(distance < 0, rise[:, None], fall[:, None])
    inside = (samples >= 0) & (samples < time.size)
    heights = np.exp(-0.5 * (distance / width) ** 2)
    return np.bincount(samples[inside], weights=heights[inside], minlength=time.size).astype(np.float64, copy=False)


def fibrillation_vector(waves: Fibrillation, time: Array, rng: np.random.Generator) -> Array:
    """Fibrillatory waves `(3, n_samples)` in mV: a few wavelets whose rate and strength drift (4 to 9 Hz)."""
    total = np.zeros((3, time.size))
    for share in (1.0, 0.6, 0.45):
        frequency = np.clip(waves.frequency * rng.lognormal(0, 0.08), 4.2, 8.8)
        drift, breath = rng.uniform(0.1, 0.5, 2)
        phases = rng.uniform(0, 2 * np.pi, 3)
        # Frequency modulation of at most 0.2 Hz; the second harmonic makes the waves pointed like a saw.
        angle = 2 * np.pi * frequency * time + 0.2 / drift * np.sin(2 * np.pi * drift * time + phases[0]) + phases[1]
        strength = 1 + 0.4 * np.sin(2 * np.pi * breath * time + phases[2])
        direction = np.array(waves.direction) + rng.normal(0, 0.15, 3)
        total += share * direction[:, None] * strength * (np.sin(angle) + 0.25 * np.sin(2 * angle))
    return waves.amplitude / 1.3 * total
