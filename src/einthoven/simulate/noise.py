"""What disturbs a recording, electrode by electrode: so that Einthoven's law holds for noise as it does in life."""

from dataclasses import dataclass

import numpy as np

from einthoven.simulate.heart import Array
from einthoven.simulate.torso import ELECTRODES

_N = len(ELECTRODES)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Strengths in mV: `wander` of the baseline, `mains` hum (at `mains_hz`), `muscle` noise (density as at 500 Hz)."""

    wander: float
    mains: float
    mains_hz: float
    muscle: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Disturbance":
        return cls(
            wander=min(rng.lognormal(np.log(0.06), 0.7), 0.3),
            mains=min(rng.lognormal(np.log(0.004), 0.9), 0.04),
            mains_hz=float(rng.choice([50, 60], p=[0.8, 0.2])),
            muscle=min(rng.lognormal(np.log(0.014), 0.7), 0.08),
        )


def disturb(disturbance: Disturbance, time: Array, rng: np.random.Generator) -> Array:
    """Noise of the nine electrodes, `(9, n_samples)`, mV."""
    return _wander(disturbance, time, rng) + _mains(disturbance, time, rng) + _muscle(disturbance, time, rng)


def _wander(disturbance: Disturbance, time: Array, rng: np.random.Generator) -> Array:
    frequencies = np.array([rng.uniform(0.03, 0.12), rng.uniform(0.18, 0.32), rng.uniform(0.35, 0.7)])
    weights = rng.normal(size=(_N, 3)) * np.array([1.0, 0.6, 0.15])
    phases = rng.uniform(0, 2 * np.pi, (3, 1))
    drift = np.cumsum(rng.normal(size=(_N, 33)), axis=1) / np.sqrt(33)
    knots = np.linspace(time[0], time[-1], 33)
    walk = np.stack([np.interp(time, knots, row) for row in drift])
    offset = rng.normal(size=(_N, 1))
    slow: Array = weights @ np.sin(2 * np.pi * frequencies[:, None] * time + phases) + walk + offset
    return disturbance.wander * slow


def _mains(disturbance: Disturbance, time: Array, rng: np.random.Generator) -> Array:
    coupling, phases = rng.normal(size=(_N, 1)), rng.uniform(0, 2 * np.pi, 2)
    cycle = 2 * np.pi * disturbance.mains_hz * time
    hum = np.sin(cycle + phases[0])
    # The third harmonic is there only where the sampling can hold it.
    if time.size > 1 and 3 * disturbance.mains_hz < 0.5 / (time[1] - time[0]):
        hum = hum + 0.2 * np.sin(3 * cycle + phases[1])
    return np.asarray(disturbance.mains * coupling * hum, dtype=np.float64)


def _muscle(disturbance: Disturbance, time: Array, rng: np.random.Generator) -> Array:
    """White noise with its slow part taken away, stronger in bursts and in some electrodes."""
    rate = 1 / (time[1] - time[0]) if time.size > 1 else 1.0
    white = rng.standard_normal((_N, time.size + 1), dtype=np.float32).astype(np.float64)
    burst = 1 + rng.exponential(0.8) * np.exp(-0.5 * ((time - rng.uniform(time[0], time[-1])) / 1.2) ** 2)
    strength = disturbance.muscle * rng.lognormal(0, 0.4, (_N, 1)) * np.sqrt(rate / 500)
    return np.asarray(strength * burst * (white[:, 1:] - 0.5 * white[:, :-1]), dtype=np.float64)
