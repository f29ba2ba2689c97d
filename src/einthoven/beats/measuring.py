"""All measurements of a record."""

from collections.abc import Iterator

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures import amplitudes, axes, intervals, qtc, rate, st, voltage
from einthoven.beats.measures.given import given
from einthoven.beats.measures.quantity import Quantity
from einthoven.beats.types import Beats, NoBeats
from einthoven.record import EcgRecord
from einthoven.steps import is_time_aligned

FAMILIES = (rate, intervals, qtc, axes, amplitudes, st, voltage)
QUANTITIES: tuple[Quantity, ...] = tuple(quantity for family in FAMILIES for quantity in family.QUANTITIES)
"""Everything that is measured, in the order of the answer."""
TIME_ALIGNED_REASON = "the ECG was time-aligned by Rlign: its rate and intervals are those of a template"
"""Rlign resamples all but the middle of QRS: in 24 ECGs of LUDB the heights of R and S differ by 1 % in the median and
by over 10 % in one of twenty; so no height is told either."""


def measure(record: EcgRecord, beats: Beats | NoBeats) -> tuple[Measurement, ...]:
    """Every quantity of a record, in the order of `QUANTITIES`' families, per lead in the order of the leads.

    Each is a number, or *absent* or *not measurable* with the reason; the answer has the same entries for every record
    of the same leads, and no value or spread is NaN or infinite. Beats are those of this record: their times are of
    its own time base.
    """
    if isinstance(beats, NoBeats) or not beats.n_beats:
        reason = beats.reason if isinstance(beats, NoBeats) else "the record has no beats"
        return tuple(_nothing(record, reason))
    if is_time_aligned(record):
        return tuple(_nothing(record, TIME_ALIGNED_REASON))
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that are no ECG come out as not measurable
        ecg = given(record, beats)
        return tuple(measurement for family in FAMILIES for measurement in family.measure(ecg))


def _nothing(record: EcgRecord, reason: str) -> Iterator[Measurement]:
    for family in FAMILIES:
        leads = record.leads if any(quantity.per_lead for quantity in family.QUANTITIES) else (None,)
        for lead in leads:
            yield from (quantity.refused(reason, lead=lead) for quantity in family.QUANTITIES)
