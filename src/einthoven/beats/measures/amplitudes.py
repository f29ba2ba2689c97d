"""R and S amplitude of each lead.

They are read off the median beat of the lead, at the sample of the peak there. That is the median of what the single
beats have at that sample, and the spread is theirs too. Peaks searched in each beat by itself would be too high by
about the noise, as the highest of many noisy samples is; the median of many beats has little of it.
"""

from collections.abc import Iterator

import numpy as np

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.deflections import SHORTEST_S, SMALLEST_MV, Deflection, deflections, r_wave, s_wave
from einthoven.beats.measures.given import Given, Laid
from einthoven.beats.measures.quantity import Quantity, deviation
from einthoven.beats.types import Floats
from einthoven.formats.doubts import CHECK_SCALE
from einthoven.record import EcgRecord

LOW_RATE_HZ = 250.0
"""Below, the peak of an R wave lies between two samples; AHA/ACCF/HRS 2007, part I, ask for 500 Hz."""

LARGEST_MV = 7.0
"""A wave of QRS above this is none of a heart, or not in mV: of LUDB and PTB-XL, none is above 4.5 mV."""
_CODE_RATE_HZ, _CODE_GAIN = 400.0, 1000.0
_CODE_STATEMENT = "chagas label"
UNPROVEN_SCALE = (
    "the scale of this file is not established: it has the marks of CODE-15 or SaMi-Trop as PhysioNet Challenge 2025 "
    "wrote them, where numbers of no sure unit were written as mV (their description contradicts itself, and QRS is "
    "1.4 to 1.8 times as high as in LUDB and PTB-XL). Intervals and axes do not depend on it"
)

_HOW = (
    "on the median beat, above the level of the 20 ms before QRS; the spread is that of the beats at this moment. "
    "A wave is at least 0.03 mV high and 6 ms long (IEC 60601-2-51:2003, GG.5)."
)
R_AMPLITUDE = Quantity(
    "r_amplitude", "R amplitude", "mV", f"Highest positive wave of QRS, R or R', {_HOW}", per_lead=True
)
S_AMPLITUDE = Quantity(
    "s_amplitude",
    "S amplitude",
    "mV",
    f"Deepest negative wave of QRS after R, or QS where there is no R, as a negative number, {_HOW}",
    per_lead=True,
)
QUANTITIES = (R_AMPLITUDE, S_AMPLITUDE)


def measure(ecg: Given) -> Iterator[Measurement]:
    for lead in ecg.beats.leads:
        yield r_amplitude(ecg, lead)
        yield s_amplitude(ecg, lead)


def r_amplitude(ecg: Given, lead: str) -> Measurement:
    """Height of R in one lead: measured, absent (no positive wave) or not measurable."""
    waves = _waves(ecg, lead)
    if isinstance(waves, str):
        return R_AMPLITUDE.refused(waves, lead=lead)
    wave = r_wave(waves)
    return R_AMPLITUDE.absent(_none("positive"), lead=lead) if wave is None else _height(ecg, R_AMPLITUDE, lead, wave)


def s_amplitude(ecg: Given, lead: str) -> Measurement:
    """Depth of S in one lead, below 0: measured, absent (no negative wave after R) or not measurable."""
    waves = _waves(ecg, lead)
    if isinstance(waves, str):
        return S_AMPLITUDE.refused(waves, lead=lead)
    wave = s_wave(waves)
    return S_AMPLITUDE.absent(_none("negative"), lead=lead) if wave is None else _height(ecg, S_AMPLITUDE, lead, wave)


def _none(side: str) -> str:
    where = " after R" if side == "negative" else ""
    return f"QRS has no {side} wave{where} of {SMALLEST_MV:g} mV and {1000 * SHORTEST_S:g} ms"


def _waves(ecg: Given, lead: str) -> list[Deflection] | str:
    """The deflections of QRS in the median beat of a lead, samples counted from the start of that; or why none."""
    refusal = amplitude_refusal(ecg, lead)
    if refusal or isinstance(ecg.laid, str):
        return refusal or ""
    part = ecg.laid.part("qrs_on", "qrs_off")
    if part is None:
        return "the limits of QRS are not found"
    values = ecg.laid.median[ecg.beats.leads.index(lead), part]
    if not np.isfinite(values).all():
        return "samples are missing in QRS"
    return [Deflection(part.start + wave.peak, wave.height) for wave in deflections(values, ecg.laid.rate)]


def voltage_refusal(ecg: Given) -> str | None:
    """Why no voltage of this record can be told, or None."""
    return ecg.no_voltage() or (UNPROVEN_SCALE if _scale_is_unproven(ecg.record) else None)


def _scale_is_unproven(record: EcgRecord) -> bool:
    # 2025's conversion wrote `tracings` x 1000 as counts at 1000 per mV. PTB-XL in that form is at 500 Hz, and in mV.
    source = record.source
    stated = (note.text.lower() for note in record.annotations)
    return (
        source.format == "wfdb"
        and source.rate == _CODE_RATE_HZ
        and set(source.gain or ()) == {_CODE_GAIN}
        and any(words.startswith(_CODE_STATEMENT) for words in stated)
    )


def amplitude_refusal(ecg: Given, lead: str) -> str | None:
    """Why no amplitude of a lead can be told, or None."""
    refusal = voltage_refusal(ecg) or ecg.unusable(lead)
    return refusal or (ecg.laid if isinstance(ecg.laid, str) else None)


def at_sample(laid: Laid, row: int, sample: int) -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """What the beats have at a sample of a lead, `(beats,)` without those that lack it, and the beats' indices."""
    values = laid.values[row, :, sample]
    there = np.isfinite(values)
    return values[there], laid.beats[there]


def low_rate(ecg: Given) -> str:
    """What to think of when reading a peak, empty where the record has samples enough."""
    rate = ecg.record.rate
    return f"At {rate:g} samples a second, peaks may be cut." if rate < LOW_RATE_HZ else ""


def notes(ecg: Given, lead: str, *, peaks: bool) -> str:
    """What to think of when reading an amplitude of this lead."""
    found = []
    if peaks and (caution := low_rate(ecg)):
        found.append(caution)
    doubt = ecg.doubt(lead)
    if doubt:
        found.append(f"In doubt: {doubt}.")
    if ecg.count:
        found.append(ecg.count)
    return " ".join(found)


def _height(ecg: Given, quantity: Quantity, lead: str, wave: Deflection) -> Measurement:
    if isinstance(ecg.laid, str):
        return quantity.refused(ecg.laid, lead=lead)
    if abs(wave.height) > LARGEST_MV:
        return quantity.refused(
            f"{abs(wave.height):.1f} mV is more than a wave of QRS can have: {CHECK_SCALE}, or an artefact", lead=lead
        )
    values, beats = at_sample(ecg.laid, ecg.beats.leads.index(lead), wave.peak)
    return quantity.measured(
        wave.height, beats=beats, spread=deviation(values), lead=lead, note=notes(ecg, lead, peaks=True)
    )
