"""All beats of one lead laid over each other at R: the QRS view."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.median_beat import AFTER_S, BEFORE_S, align, fiducials, middle
from einthoven.beats.types import FIDUCIALS, BeatKind, Beats, Floats, NoBeats
from einthoven.errors import RecordError
from einthoven.record import EcgRecord

LEVEL_S = 0.02
"""The level of a beat is the median of so long before its QRS."""
_QRS_ON_S = -0.05  # where no onset is known


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """The beats of one lead around R.

    `values` float32 `(beats, samples)` in the unit of the record, above the level before QRS of each beat; NaN where
    the record has no sample. `levels` float32 `(beats,)` are these levels: `values + levels[:, None]` is as recorded.
    R is at sample `r_index`; `r_peaks` float64 `(beats,)` are the moments of R in the record, s; `beats` their indices.
    """

    lead: str
    values: npt.NDArray[np.float32]
    levels: npt.NDArray[np.float32]
    rate: float
    r_index: int
    r_peaks: Floats
    beats: tuple[int, ...]
    kinds: tuple[BeatKind, ...]


def overlay(
    record: EcgRecord, beats: Beats | NoBeats, lead: str = "II", before: float = BEFORE_S, after: float = AFTER_S
) -> Overlay:
    """All beats of a lead (at most 500, evenly spaced over the record), `before` to `after` seconds around R.

    Each kind of beat is aligned with its own kind, so that an ectopic beat is not moved towards the normal ones.

    Raises
    ------
    RecordError
        When the record has no beats or lacks the lead; the message says why or names the leads it has.
    SettingError
        When `before` or `after` is negative or the two are longer than 3 s.
    """
    record.lead(lead)
    if isinstance(beats, NoBeats) or not beats.n_beats:
        reason = beats.reason if isinstance(beats, NoBeats) else "the record has no beats."
        raise RecordError(f"There are no beats to lay over each other: {reason}")
    kinds = np.array(beats.kinds, dtype=object)
    groups = [
        align(record, beats, np.flatnonzero(kinds == kind).astype(np.int64), before=before, after=after)
        for kind in sorted(set(beats.kinds))
    ]
    row = beats.leads.index(lead)
    values = [group.values[row] for group in groups]
    levels = [
        _levels(rows, group.r_index, group.rate, fiducials(beats, group)[0])
        for rows, group in zip(values, groups, strict=True)
    ]
    found = np.concatenate([group.beats for group in groups])
    order = np.argsort(found)
    level = np.concatenate(levels)[order]
    return Overlay(
        lead=lead,
        values=np.concatenate(values)[order] - level[:, None],
        levels=level,
        rate=record.rate,
        r_index=groups[0].r_index,
        r_peaks=np.concatenate([group.r_peaks for group in groups])[order],
        beats=tuple(found[order].tolist()),
        kinds=tuple(beats.kinds[beat] for beat in found[order]),
    )


def _levels(values: npt.NDArray[np.float32], r_index: int, rate: float, times: Floats) -> npt.NDArray[np.float32]:
    """Level of each beat before QRS `(beats,)`; 0 where the record has no sample there."""
    onset = float(times[FIDUCIALS.index("qrs_on")])
    stop = r_index + round((onset if np.isfinite(onset) else _QRS_ON_S) * rate)
    start = max(stop - round(LEVEL_S * rate), 0)
    levels = middle(values[:, start : max(stop + 1, 0)], axis=1)
    return np.where(np.isnan(levels), np.float32(0), levels)
