"""What a way of finding waves is."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from einthoven.beats.qrs import Detected
from einthoven.beats.types import BeatKind, Floats, Wave


@dataclass(frozen=True, slots=True, eq=False)
class Heartbeats:
    """What a delineator is given: leads that show an ECG, and where the beats are.

    `signal` float32 `(leads, samples)` without gaps, as sampled and unfiltered, in mV or the unit of a relative
    record; `rate` Hz; `r_peaks` float64 `(beats,)` in seconds; `kinds` one per beat; `detected` what the beats were
    found by, None where others found them.
    """

    signal: npt.NDArray[np.float32]
    leads: tuple[str, ...]
    rate: float
    r_peaks: Floats
    kinds: tuple[BeatKind, ...]
    detected: Detected | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """What a delineator answers: `times` `(1 + leads, beats, 9)` as in `Beats`; `absent` as there; `notes` in words
    on what it could not do (a lead on which a library failed)."""

    times: Floats
    absent: dict[Wave, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DelineatorEntry:
    """One way of finding the waves of known beats. `summary` says in a sentence what it does and how well."""

    name: str
    title: str
    summary: str
    source: str
    delineate: Callable[[Heartbeats], Waves]
    requires: tuple[str, ...] = ()
