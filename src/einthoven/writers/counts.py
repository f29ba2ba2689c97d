"""From samples to whole numbers of 16 bits and back: scale and offset of one lead, and what rounding costs.

A lead whose samples were whole counts (nearly every recording) is written with the step of those counts, and comes
back as the same float32 numbers. Any other lead gets the finest round step at which it fits into 16 bits.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.record import EcgRecord

LARGEST = 32767
MISSING = -32768
"""What stands for a missing sample, where the format has one: the lowest number (WFDB's choice too)."""

# Steps of electrocardiographs, in uV: 1 uV, 2.5 uV (SCP), 4.88 uV and 4.8828125 uV (GE: 5000/1024), 5 uV and others.
_USUAL_STEPS = (1.0, 5.0, 2.5, 4.88, 4.8828125, 1.25, 0.5, 2.0, 2.44140625, 3.75, 0.2, 0.1, 10.0, 0.0005, 0.001, 0.01)
_NICE = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0)

Counts = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Scaled:
    """One lead as counts: value = count * step + offset (in thousandths of the record's unit: uV for mV)."""

    counts: Counts
    step: float
    offset: float
    error: float


def scale(record: EcgRecord) -> list[Scaled]:
    """Each lead of the record in counts; `error` is the largest difference that is left, in the same unit."""
    stated = _stated_steps(record)
    return [_scaled(row, steps) for row, steps in zip(record.signal, stated, strict=True)]


def rounding(scaled: Sequence[Scaled], amplitude: str) -> str:
    """In words what the counts lose of the record."""
    worst = max(scaled, key=lambda lead: lead.error)
    if worst.error == 0:
        return "all samples are kept exactly"
    unit = "uV" if amplitude == "mV" else "thousandths of the unit"
    return f"samples are rounded to steps of {worst.step:g} {unit} or finer (largest error {worst.error:.2g} {unit})"


def _stated_steps(record: EcgRecord) -> Iterator[tuple[float, ...]]:
    """Per lead: the step that the file stated, first."""
    gains = record.source.gain
    per_mv = {"mV": 1.0, "uV": 1000.0, "V": 0.001, "NU": 1.0}.get(record.source.unit or "")
    usable = gains is not None and per_mv is not None and len(gains) == record.n_leads
    for lead in range(record.n_leads):
        gain = gains[lead] * per_mv if usable and gains is not None and per_mv is not None else 0.0
        yield (1000 / gain, *_USUAL_STEPS) if gain > 0 else _USUAL_STEPS


def _scaled(row: npt.NDArray[np.float32], steps: Sequence[float]) -> Scaled:
    values = row.astype(np.float64) * 1000
    missing = np.isnan(values)
    if missing.all():
        return Scaled(np.full(len(row), MISSING, dtype=np.int16), 1.0, 0.0, 0.0)
    for step in steps:
        whole = np.rint(values / step)
        if np.nanmax(np.abs(whole)) <= LARGEST:
            error = _error(row, whole, step, 0.0)
            if error == 0:
                return Scaled(_int16(whole, missing), step, 0.0, 0.0)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    middle, half = (low + high) / 2, (high - low) / 2
    centred = abs(middle) > half
    step = _nice_step((half if centred else max(abs(low), abs(high))) / (LARGEST - 1))
    # A whole number of steps, so that formats which state a count for zero can state it.
    offset = float(np.rint(middle / step)) * step if centred else 0.0
    whole = np.rint((values - offset) / step)
    return Scaled(_int16(whole, missing), step, offset, _error(row, whole, step, offset))


def _error(row: npt.NDArray[np.float32], whole: npt.NDArray[np.float64], step: float, offset: float) -> float:
    back = ((whole * step + offset) / 1000).astype(np.float32)
    difference: npt.NDArray[np.float64] = np.abs(back.astype(np.float64) - row)
    return float(np.nanmax(difference)) * 1000


def _int16(whole: npt.NDArray[np.float64], missing: npt.NDArray[np.bool_]) -> Counts:
    return np.where(missing, MISSING, whole).astype(np.int16)


def _nice_step(least: float) -> float:
    """The smallest of 1, 1.25, 1.6, ... times a power of ten that is not below `least`."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((nice * power for nice in _NICE if nice * power >= least), 10 * power)
