"""ST level at J, 60 and 80 ms after J, in each lead.

J is the global end of QRS. The level is measured from that of the onset of QRS, here the median of the last 20 ms of
the PR segment: Fourth Universal Definition of Myocardial Infarction (Thygesen et al. 2018,
doi:10.1161/CIR.0000000000000617: the onset of QRS is the reference for the J point); AHA/ACCF/HRS (Wagner et al. 2009,
part VI, doi:10.1161/CIRCULATIONAHA.108.191098) give their limits for J. Read off the median beat, as amplitudes are.
"""

from collections.abc import Iterator

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.amplitudes import amplitude_refusal, at_sample, notes
from einthoven.beats.measures.given import Given
from einthoven.beats.measures.quantity import Quantity, deviation

LOWEST_EDGE_HZ = 0.05
"""AHA/ACCF/HRS 2007, part I: a high-pass filter above 0.05 Hz may shift ST, unless it is free of phase distortion."""

_REFERENCE = (
    "of the median beat, from the level at the onset of QRS (median of the last 20 ms before it; Fourth Universal "
    "Definition of Myocardial Infarction, 2018). J is the global end of QRS. The spread is that of the beats."
)
ST_J = Quantity("st_j", "ST level at J", "mV", f"Level at J {_REFERENCE}", per_lead=True)
ST_J60 = Quantity("st_j60", "ST level at J + 60 ms", "mV", f"Level 60 ms after J {_REFERENCE}", per_lead=True)
ST_J80 = Quantity("st_j80", "ST level at J + 80 ms", "mV", f"Level 80 ms after J {_REFERENCE}", per_lead=True)
QUANTITIES = (ST_J, ST_J60, ST_J80)
_AFTER_J = ((ST_J, 0.0), (ST_J60, 0.06), (ST_J80, 0.08))


def measure(ecg: Given) -> Iterator[Measurement]:
    for lead in ecg.beats.leads:
        for quantity, after in _AFTER_J:
            yield _level(ecg, quantity, lead, after)


def _level(ecg: Given, quantity: Quantity, lead: str, after: float) -> Measurement:
    refusal = amplitude_refusal(ecg, lead)
    laid = ecg.laid
    if refusal or isinstance(laid, str):
        return quantity.refused(refusal or "", lead=lead)
    if "qrs_off" not in laid.times:
        return quantity.refused("the end of QRS is not found", lead=lead)
    row, sample = ecg.beats.leads.index(lead), laid.sample(laid.times["qrs_off"] + after)
    if sample < 0 or not np.isfinite(laid.median[row, sample]):
        return quantity.refused("no beat has a sample there", lead=lead)
    values, beats = at_sample(laid, row, sample)
    note = f"{_filter_note(ecg)} {notes(ecg, lead, peaks=False)}".strip()
    return quantity.measured(
        float(laid.median[row, sample]), beats=beats, spread=deviation(values), lead=lead, note=note
    )


def _filter_note(ecg: Given) -> str:
    band = ecg.record.source.band
    if band is None or band[0] <= LOWEST_EDGE_HZ:
        return ""
    return f"The file states a filter from {band[0]:g} Hz on, which may have shifted ST."
