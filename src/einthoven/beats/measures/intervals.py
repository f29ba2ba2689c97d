"""P duration, PR interval, QRS duration and QT interval, from the global onsets and offsets.

Global intervals, from the earliest onset to the latest offset in any lead, are what AHA/ACCF/HRS recommend for
simultaneous leads (Kligfield et al. 2007, part I, doi:10.1161/CIRCULATIONAHA.106.180200). The cardiologists of LUDB,
whose reading they follow, draw the outermost limits of twelve leads 20 to 30 ms farther apart than electrocardiographs
do, and limits of normal were made with those. So QRS and QT are also given as the middle lead shows them, which is
what electrocardiographs state (docs/adr/0008, docs/results.md), and QTc comes from that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.given import Given
from einthoven.beats.measures.quantity import Quantity, deviation
from einthoven.beats.types import FIDUCIALS, Floats, Wave

FEWEST_LEADS = 3
"""In which an interval must be found, where the record has so many, to have a middle one."""
_MEDIAN = "median over the usual beats, all leads together (global; AHA/ACCF/HRS 2007, part I)."
_OUTERMOST = "From the earliest to the latest lead, which is more than electrocardiographs state: see the middle lead."
P_DURATION = Quantity(
    "p_duration", "P duration, all leads", "ms", f"From the onset to the offset of P, {_MEDIAN} {_OUTERMOST}"
)
PR = Quantity("pr", "PR interval", "ms", f"From the onset of P to the onset of QRS, {_MEDIAN}")
QRS = Quantity(
    "qrs_duration", "QRS duration, all leads", "ms", f"From the onset to the offset of QRS, {_MEDIAN} {_OUTERMOST}"
)
QT = Quantity("qt", "QT interval, all leads", "ms", f"From the onset of QRS to the offset of T, {_MEDIAN} {_OUTERMOST}")
_MIDDLE = (
    "in each lead; median over the leads, then over the usual beats. Nearest to what electrocardiographs state, and to "
    "be held against limits of normal."
)
P_LEADS = Quantity("p_duration_leads", "P duration, middle lead", "ms", f"From the onset to the offset of P {_MIDDLE}")
QRS_LEADS = Quantity(
    "qrs_duration_leads", "QRS duration, middle lead", "ms", f"From the onset to the offset of QRS {_MIDDLE}"
)
QT_LEADS = Quantity("qt_leads", "QT interval, middle lead", "ms", f"From the onset of QRS to the offset of T {_MIDDLE}")
QUANTITIES = (P_DURATION, P_LEADS, PR, QRS, QRS_LEADS, QT, QT_LEADS)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where an interval begins and ends, the waves it needs, and between what lengths (s) it can be one."""

    quantity: Quantity
    start: str
    stop: str
    waves: tuple[Wave, ...]
    shortest: float
    longest: float
    in_leads: bool = False

    def of(self, ecg: Given) -> Floats:
        """Its length in each of the chosen beats, s; NaN where the beat lacks an end, or no heart has such a length."""
        if not self.in_leads:
            return self._possible(ecg.of(self.stop) - ecg.of(self.start))
        each = self._possible(_in_leads(ecg, self.stop) - _in_leads(ecg, self.start))
        there = np.isfinite(each).sum(axis=0)
        enough = there >= _fewest(ecg)
        found = np.full(each.shape[1], np.nan)
        found[enough] = np.nanmedian(each[:, enough], axis=0)
        return found

    def _possible(self, length: Floats) -> Floats:
        with np.errstate(invalid="ignore", over="ignore"):
            possible: Floats = np.where((length >= self.shortest) & (length <= self.longest), length, np.nan)
        return possible


P_INTERVAL = Interval(P_DURATION, "p_on", "p_off", ("P",), 0.02, 0.3)
PR_INTERVAL = Interval(PR, "p_on", "qrs_on", ("P", "QRS"), 0.04, 0.6)
QRS_INTERVAL = Interval(QRS, "qrs_on", "qrs_off", ("QRS",), 0.02, 0.4)
QT_INTERVAL = Interval(QT, "qrs_on", "t_off", ("QRS", "T"), 0.15, 0.8)
P_IN_LEADS = replace(P_INTERVAL, quantity=P_LEADS, in_leads=True)
QRS_IN_LEADS = replace(QRS_INTERVAL, quantity=QRS_LEADS, in_leads=True)
QT_IN_LEADS = replace(QT_INTERVAL, quantity=QT_LEADS, in_leads=True)


def measure(ecg: Given) -> Iterator[Measurement]:
    for interval in (P_INTERVAL, P_IN_LEADS, PR_INTERVAL, QRS_INTERVAL, QRS_IN_LEADS, QT_INTERVAL, QT_IN_LEADS):
        yield _measure(ecg, interval)


def _fewest(ecg: Given) -> int:
    return max(1, min(FEWEST_LEADS, ecg.n_used))


def _in_leads(ecg: Given, fiducial: str) -> Floats:
    """Its moments in each lead, `(leads, chosen)`, as a person has them who set or took away that of all leads.

    A lead goes with a global time that was moved, but for a time that was set in the lead itself; it is the person's
    where the method had none, or too few leads show one; and it is none where the person says that there is none.
    """
    moments = np.array(ecg.in_leads(fiducial))
    stated, moved = ecg.of(fiducial), ecg.moved_by_hand(fiducial)
    place, used = FIDUCIALS.index(fiducial), [lead not in ecg.beats.left_out for lead in ecg.beats.leads]
    for column, beat in enumerate(ecg.chosen.tolist()):
        if (0, beat, place) not in ecg.beats.corrected:
            continue
        had_one = (0, beat, place) in ecg.beats.moved
        if not np.isfinite(stated[column]):
            moments[:, column] = np.nan
        elif had_one and np.isfinite(moments[:, column]).sum() >= _fewest(ecg):
            own = [(1 + row, beat, place) in ecg.beats.corrected for row in range(len(moments))]
            moments[:, column] += np.where(own, 0.0, moved[column])
        else:
            moments[used, column] = stated[column]
    return moments


def _measure(ecg: Given, interval: Interval) -> Measurement:
    absent = ecg.missing(*interval.waves)
    if absent:
        return interval.quantity.absent(absent)
    seconds = interval.of(ecg)
    there = np.isfinite(seconds)
    if not there.any():
        return interval.quantity.refused(_why_none(ecg, interval))
    lengths = 1000 * seconds[there]
    note = f"In {there.sum()} of {len(seconds)} {ecg.chosen_words}. {ecg.count}"
    return interval.quantity.measured(
        float(np.median(lengths)), beats=ecg.chosen[there], spread=deviation(lengths), note=note.strip()
    )


def _why_none(ecg: Given, interval: Interval) -> str:
    if not ecg.chosen.size:
        return "the record has no beats"
    if ecg.rr.unplaced:
        return ecg.rr.unplaced
    if interval.in_leads:
        return f"in no beat {FEWEST_LEADS} leads (or all that there are) show both limits"
    waves = " and ".join(interval.waves)
    if not (np.isfinite(ecg.of(interval.start)) & np.isfinite(ecg.of(interval.stop))).any():
        return f"in none of {len(ecg.chosen)} {ecg.chosen_words} the limits of {waves} are found"
    return (
        f"the limits that are found are not {1000 * interval.shortest:g} to {1000 * interval.longest:g} ms apart "
        f"in any of {len(ecg.chosen)} {ecg.chosen_words}"
    )
