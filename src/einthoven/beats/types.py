"""`Beats`: where the waves of each heart beat begin, peak and end, in each lead and over all leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Wave = Literal["P", "QRS", "T"]
Part = Literal["on", "peak", "off"]
BeatKind = Literal["normal", "ectopic", "paced"]
Obstacle = Literal["flat", "too short", "too slow", "no beats", "unreadable"]

WAVES: tuple[Wave, ...] = get_args(Wave)
PARTS: tuple[Part, ...] = get_args(Part)
FIDUCIALS: tuple[str, ...] = tuple(f"{wave.lower()}_{part}" for wave in WAVES for part in PARTS)
"""p_on p_peak p_off qrs_on qrs_peak qrs_off t_on t_peak t_off: the order of the last axis."""
GLOBAL = "global"
"""The channel that stands for all leads together."""


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one record.

    Parameters
    ----------
    method
        Name of the delineator that found the waves.
    leads
        Names of the leads, in the order of the record.
    r_peaks
        float64 `(beats,)`: moment of each QRS, s from the start of the record, increasing; found over all leads.
    times
        float64 `(1 + leads, beats, 9)`: s from the start of the record; first axis the global channel and then the
        leads, last axis `FIDUCIALS`. NaN: that wave (or that part of it) is not there, or not to be told.
        Global onsets are the earliest, global offsets the latest of the leads that agree (AHA/ACCF/HRS
        part I, 2007, doi:10.1161/CIRCULATIONAHA.106.180200: intervals from all leads recorded at once).
    kinds
        One per beat: of the record's usual shape, ectopic (another shape, or early), or set off by a pacing spike.
    spikes
        float64 `(spikes,)`: pacing spikes, s.
    left_out
        Leads that were not used, with the reason; their rows are NaN.
    absent
        Wave -> why the record has none of it (`P`: atrial fibrillation ...); a wave that is there is no key.
    notes
        Channel -> what could not be done there, in words.
    doubtful
        Indices of beats that may be noise: RR intervals that begin or end at one are not measured.
    corrected
        `(channel, beat, fiducial)` of each time that a person set, by index into `times`.
    moved
        By how many seconds a person moved such a time, where the method had found one.
    """

    method: str
    leads: tuple[str, ...]
    r_peaks: Floats
    times: Floats
    kinds: tuple[BeatKind, ...]
    duration: float
    spikes: Floats = field(default_factory=lambda: np.empty(0))
    left_out: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[Wave, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()
    corrected: frozenset[tuple[int, int, int]] = frozenset()
    moved: Mapping[tuple[int, int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (1 + len(self.leads), len(self.r_peaks), len(FIDUCIALS))
        if self.times.shape != shape or len(self.kinds) != len(self.r_peaks):
            raise ValueError(f"times of shape {self.times.shape} and {len(self.kinds)} kinds for {shape}")
        self.r_peaks.flags.writeable = False
        self.times.flags.writeable = False

    @property
    def n_beats(self) -> int:
        return len(self.r_peaks)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the rows of `times`."""
        return (GLOBAL, *self.leads)

    def of(self, fiducial: str, channel: str = GLOBAL) -> Floats:
        """The moments of one fiducial in one channel, `(beats,)`; NaN where there is none."""
        found: Floats = self.times[self.channels.index(channel), :, FIDUCIALS.index(fiducial)]
        return found


@dataclass(frozen=True, slots=True)
class NoBeats:
    """Why a record has no beats that could be found: what stands in the way, and in words."""

    obstacle: Obstacle
    reason: str
