"""A problem with a known answer: ECG-shaped noise in which one lead carries a tone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Kind, TaskClass

LEADS = ("I", "II", "V1")
RATE = 50.0
DURATION = 2.0
N_SAMPLES = 100


def tone_spec(kind: Kind = "single-label", *, names: tuple[str, ...] = ("slow", "fast"), unit: str = "") -> ModelSpec:
    steps = standard_steps(leads=LEADS, rate=RATE, duration=DURATION, band=None)
    return ModelSpec(kind, tuple(map(TaskClass, names)), steps, task="tones", unit=unit)


@dataclass(frozen=True)
class Tones:
    """float32 `(n, 3, 100)` in mV; `hertz[i]` is the tone in lead II of ECG i."""

    x: npt.NDArray[np.float32]
    hertz: npt.NDArray[np.float64]


def tones(n: int, hertz: npt.NDArray[np.float64] | None = None, *, seed: int = 0) -> Tones:
    """Noise of 0.3 mV in each lead, and 1 mV of 3 or 9 Hz (in turn) or of the given frequency in lead II."""
    rng = np.random.default_rng(seed)
    hertz = np.where(np.arange(n) % 2 == 0, 3.0, 9.0) if hertz is None else hertz
    x = rng.normal(0, 0.3, (n, len(LEADS), N_SAMPLES))
    t = np.arange(N_SAMPLES) / RATE
    x[:, 1] += np.sin(2 * np.pi * hertz[:, None] * t + rng.uniform(0, 2 * np.pi, (n, 1)))
    return Tones(x.astype(np.float32), hertz)
