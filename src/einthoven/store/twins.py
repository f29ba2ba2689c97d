"""Whether two records are the same ECG, whatever the files they came from: other format, unit, lead order.

Found in two steps. `sketch` is a handful of numbers that rounding to another unit or step moves by less than a
percent; records whose sketches are `near` are then compared sample by sample (`same_ecg`).
"""

import math

import numpy as np
import numpy.typing as npt

from einthoven.record import EcgRecord

Sketch = tuple[float, float, float, float, float]

SKETCH_TOLERANCE = 0.01
"""Rounding to 5 \u00b5V, the coarsest usual step (MUSE), moves the deviation of a lead of 20 \u00b5V by 0.3 %."""
SKETCH_FLOOR_MV = 0.0005
LARGEST_DIFFERENCE = 0.01
"""Of the deviation of a lead: what may remain between two readings of one ECG. Two beats differ by more."""
ROUNDING_MV = 0.003
FEWEST_COMMON = 0.95
"""Share of samples that both must have."""


def sketch(record: EcgRecord) -> Sketch | None:
    """Standard deviations in mV: of lead II (else I, else the first by name), its thirds, and of V2 (else 0).

    None where there is nothing to tell records apart by: a flat or mostly missing lead.
    """
    named = dict(zip(record.leads, record.signal, strict=True))
    main = next((named[name] for name in ("II", "I") if name in named), None)
    if main is None:
        main = named[min(named)]
    third = len(main) // 3
    if third < 2:
        return None
    # Constant offsets differ between formats; deviations do not.
    parts = [_deviation(part) for part in (main, main[:third], main[third : 2 * third], main[2 * third :])]
    if not parts[0] > 10 * SKETCH_FLOOR_MV:
        return None
    other = _deviation(named["V2"]) if "V2" in named else 0.0
    return (parts[0], parts[1], parts[2], parts[3], other)


def bounds(value: float) -> tuple[float, float]:
    """Between which the same number of another reading of the ECG lies."""
    margin = SKETCH_TOLERANCE * abs(value) + SKETCH_FLOOR_MV
    return value - margin, value + margin


def near(one: Sketch, other: Sketch) -> bool:
    """Whether two sketches may be of one ECG."""
    return all(low <= b <= high for a, b in zip(one, other, strict=True) for low, high in (bounds(a),))


def same_ecg(one: EcgRecord, other: EcgRecord) -> bool:
    """Whether every lead that both have shows the same, but for offset and rounding, sample by sample."""
    if one.n_samples != other.n_samples or abs(one.rate - other.rate) > 1e-3 * one.rate:
        return False
    common = [name for name in one.leads if name in other.leads]
    if 2 * len(common) < min(one.n_leads, other.n_leads):
        return False
    seen = False
    for name in common:
        a, b = one.lead(name), other.lead(name)
        both = ~(np.isnan(a) | np.isnan(b))
        if both.mean() < FEWEST_COMMON:
            return False
        difference = (a - b)[both]
        deviation = _deviation(a)
        if _deviation(difference) > LARGEST_DIFFERENCE * deviation + ROUNDING_MV:
            return False
        seen = seen or deviation > 10 * ROUNDING_MV
    return seen


def _deviation(lead: npt.NDArray[np.float32]) -> float:
    """Standard deviation of what is there; 0 where nothing is. In double precision, for the sake of long records."""
    value = _spread(lead)
    if not np.isnan(value):
        return value
    there = lead[~np.isnan(lead)]
    return _spread(there) if there.size > lead.size // 2 else 0.0


def _spread(values: npt.NDArray[np.float32]) -> float:
    """As `numpy.std`, in less than half of its time."""
    moved = values.astype(np.float64)
    moved -= moved.sum() / moved.size
    moved *= moved
    return math.sqrt(moved.sum() / moved.size)
