"""Leads that a file stores one by one, each with its own scale: put together to a record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record
from einthoven.formats.source import MAX_SAMPLES
from einthoven.record import Annotation, EcgRecord, ReadHints, Subject

_MOST_PADDED = 4
"""Twelve leads of 2.5 s beside a rhythm strip of 10 s come to 3.3 times what is stored."""


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One stored lead: value = stored * step + offset, both in `unit`; None where the file is silent.

    Stored NaN is a missing sample.
    """

    name: str
    stored: npt.NDArray[np.generic]
    unit: str | None = None
    step: float | None = None
    offset: float = 0.0


def record_of(
    rows: Sequence[LeadRow],
    rate: float | None,
    hints: ReadHints,
    origin: Origin,
    *,
    subject: Subject | None = None,
    annotations: Sequence[Annotation] = (),
    remark: str = "",
) -> EcgRecord:
    """The record of these leads; leads shorter than the longest end with missing samples, which is said.

    `remark` explains what is not stated, when hints are needed.
    """
    if not rows or not any(len(row.stored) for row in rows):
        raise FormatError("It holds no samples of an ECG lead.")
    longest = max(len(row.stored) for row in rows)
    if longest * len(rows) > MAX_SAMPLES:
        raise FormatError(f"It holds {longest * len(rows)} samples; up to {MAX_SAMPLES} are read.")
    short = [row for row in rows if len(row.stored) < longest]
    if short:
        if longest * len(rows) > _MOST_PADDED * sum(len(row.stored) for row in rows):
            raise FormatError(f"Its leads have very different lengths: {len(short[0].stored)} and {longest} samples.")
        names = ", ".join(f"{row.name} {len(row.stored)}" for row in short)
        origin = replace(origin, doubts=(*origin.doubts, f"leads are shorter than the longest of {longest}: {names}"))
    if any(row.step is not None and not (np.isfinite(row.step) and row.step != 0) for row in rows):
        raise FormatError("It states a step of 0 or none at all between the stored numbers of a lead.")
    if not all(np.isfinite(row.offset) for row in rows):
        raise FormatError("It states an offset that is no number.")
    stored = _table(rows, longest)
    stated = all(row.step is not None for row in rows)
    units = tuple(row.unit for row in rows if row.unit)
    facts = Facts(
        rate=rate,
        units=units if len(units) == len(rows) else None,
        gains=tuple(1 / (row.step or 1.0) for row in rows) if stated else None,
        baselines=tuple(-row.offset / (row.step or 1.0) for row in rows) if stated else None,
        leads=tuple(row.name for row in rows) if all(row.name.strip() for row in rows) else None,
    )
    settled = settle(origin.name, facts, hints, n_leads=len(rows), detail=remark)
    return make_record(settled.scale(stored), facts, settled, origin, subject=subject, annotations=annotations)


def _table(rows: Sequence[LeadRow], longest: int) -> npt.NDArray[np.generic]:
    """Stored numbers `(leads, samples)`, in the type that they have where nothing is missing."""
    if all(len(row.stored) == longest for row in rows):
        return np.stack([row.stored for row in rows])
    table = np.full((len(rows), longest), np.nan)
    for row, into in zip(rows, table, strict=True):
        into[: len(row.stored)] = row.stored
    return table
