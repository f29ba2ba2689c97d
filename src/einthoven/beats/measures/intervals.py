"""P duration, PR interval, QRS duration and QT interval, from the global onsets and offsets.

Global intervals, from the earliest onset to the latest offset in any lead, are what AHA/ACCF/HRS recommend for
simultaneous leads (Kligfield et al. 2007, part I, doi:10.1161/CIRCULATIONAHA.106.180200).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.given import Given
from einthoven.beats.measures.quantity import Quantity, deviation
from einthoven.beats.types import Floats, Wave

_MEDIAN = "median over the usual beats, all leads together (global; AHA/ACCF/HRS 2007, part I)."
P_DURATION = Quantity("p_duration", "P duration", "ms", f"From the onset to the offset of P, {_MEDIAN}")
PR = Quantity("pr", "PR interval", "ms", f"From the onset of P to the onset of QRS, {_MEDIAN}")
QRS = Quantity("qrs_duration", "QRS duration", "ms", f"From the onset to the offset of QRS, {_MEDIAN}")
QT = Quantity("qt", "QT interval", "ms", f"From the onset of QRS to the offset of T, {_MEDIAN}")
QUANTITIES = (P_DURATION, PR, QRS, QT)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where an interval begins and ends, the waves it needs, and between what lengths (s) it can be one."""

    quantity: Quantity
    start: str
    stop: str
    waves: tuple[Wave, ...]
    shortest: float
    longest: float

    def of(self, ecg: Given) -> Floats:
        """Its length in each of the chosen beats, s; NaN where the beat lacks an end, or no heart has such a length."""
        with np.errstate(invalid="ignore", over="ignore"):
            length = ecg.of(self.stop) - ecg.of(self.start)
            found: Floats = np.where((length >= self.shortest) & (length <= self.longest), length, np.nan)
        return found


P_INTERVAL = Interval(P_DURATION, "p_on", "p_off", ("P",), 0.02, 0.3)
PR_INTERVAL = Interval(PR, "p_on", "qrs_on", ("P", "QRS"), 0.04, 0.6)
QRS_INTERVAL = Interval(QRS, "qrs_on", "qrs_off", ("QRS",), 0.02, 0.4)
QT_INTERVAL = Interval(QT, "qrs_on", "t_off", ("QRS", "T"), 0.15, 0.8)


def measure(ecg: Given) -> Iterator[Measurement]:
    for interval in (P_INTERVAL, PR_INTERVAL, QRS_INTERVAL, QT_INTERVAL):
        yield _measure(ecg, interval)


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
    waves = " and ".join(interval.waves)
    if not (np.isfinite(ecg.of(interval.start)) & np.isfinite(ecg.of(interval.stop))).any():
        return f"in none of {len(ecg.chosen)} {ecg.chosen_words} the limits of {waves} are found"
    return (
        f"the limits that are found are not {1000 * interval.shortest:g} to {1000 * interval.longest:g} ms apart "
        f"in any of {len(ecg.chosen)} {ecg.chosen_words}"
    )
