"""Arrays of numbers, with or without named facts beside them (NPY, NPZ, MAT): which axis is what.

The rule for a two-dimensional array, in this order:

1. The number of leads is known (the file or the hint names them): the axis of that length holds the
   leads. When both axes have that length, the hint `orientation` decides and is needed.
2. The hint `orientation` decides.
3. Exactly one axis has a usual number of leads (1, 2, 3, 6, 8, 12, 15) and the other more than 32
   samples: that one holds the leads.
4. Otherwise `orientation` is asked for.

A one-dimensional array is one lead. A three-dimensional array is a batch: ECGs along the first axis,
the rule above for the other two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record
from einthoven.formats.source import MAX_SAMPLES
from einthoven.record import EcgRecord, Orientation, ReadHints, Subject

USUAL_LEAD_COUNTS = frozenset({1, 2, 3, 6, 8, 12, 15})
FEWEST_SAMPLES = 32

T = TypeVar("T")
Numbers = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class StatedArray:
    """An array with what the file states about it.

    `gain` and `baseline` are one value, or one per lead; `remark` is added when hints are needed.
    """

    values: Numbers
    rate: float | None = None
    units: tuple[str, ...] | None = None
    gain: tuple[float, ...] | None = None
    baseline: tuple[float, ...] | None = None
    leads: tuple[str, ...] | None = None
    orientation: Orientation | None = None
    remark: str = ""


def check_shape(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> None:
    """FormatError for an array that cannot hold ECGs; to be called before anything is allocated."""
    if dtype.hasobject:
        raise FormatError(
            "It holds Python objects (a pickle), which are never loaded: that could run a program.",
            advice="Save the signal as a plain array of numbers.",
        )
    if not (np.issubdtype(dtype, np.integer) or np.issubdtype(dtype, np.floating)):
        raise FormatError(f"Its values are of type {dtype}; an ECG consists of real numbers.")
    if not 1 <= len(shape) <= 3 or 0 in shape:
        raise FormatError(
            f"Its array has shape {shape}.", advice="Save (leads, samples), (samples, leads) or (ECGs, leads, samples)."
        )
    count = 1
    for length in shape:
        count *= length
    if count > MAX_SAMPLES:
        raise FormatError(f"Its array of shape {shape} has {count} values; up to {MAX_SAMPLES} are read.")


def lead_axis(shape: tuple[int, int], n_leads: int | None, hint: Orientation | None) -> int | None:
    """0 or 1, or None when the hint `orientation` is needed; FormatError when the lead count fits neither axis."""
    hinted = None if hint is None else 0 if hint == "leads-first" else 1
    if n_leads is not None:
        fitting = [axis for axis in (0, 1) if shape[axis] == n_leads]
        if not fitting:
            raise FormatError(f"{n_leads} lead names are given for it, but its array is {shape[0]} x {shape[1]}.")
        return fitting[0] if len(fitting) == 1 else hinted
    if hinted is not None:
        return hinted
    usual = [axis for axis in (0, 1) if shape[axis] in USUAL_LEAD_COUNTS and shape[1 - axis] > FEWEST_SAMPLES]
    return usual[0] if len(usual) == 1 else None


def records(
    array: StatedArray, hints: ReadHints, origin: Origin, *, subject: Subject | None = None
) -> Iterator[EcgRecord]:
    """The ECGs in the array, oriented and scaled."""
    check_shape(array.values.shape, array.values.dtype)
    batch = array.values
    if batch.ndim < 3:
        batch = batch.reshape(1, *(batch.shape if batch.ndim == 2 else (1, batch.shape[0])))
    names = array.leads or hints.leads
    orientation = array.orientation or hints.orientation
    shape = (batch.shape[1], batch.shape[2])
    axis = 0 if array.values.ndim == 1 else lead_axis(shape, len(names) if names else None, orientation)
    n_leads = shape[axis or 0]
    detail = f"Its array is {' x '.join(str(length) for length in array.values.shape)}."
    detail = f"{detail} {array.remark}".strip()
    facts = Facts(
        rate=array.rate,
        units=_per_lead(array.units, n_leads),
        gains=_per_lead(array.gain, n_leads),
        baselines=_per_lead(array.baseline, n_leads),
        leads=array.leads,
    )
    missing = ("orientation",) if axis is None else ()
    settled = settle(origin.name, facts, hints, n_leads=n_leads, missing=missing, detail=detail)
    note = _contradiction(axis, hints.orientation, shape)
    if axis is not None and shape[0] == shape[1] and array.orientation is None and array.values.ndim > 1:
        settled = replace(settled, assumed=(*settled.assumed, f"{hints.orientation}, from the hint"))
    for index, table in enumerate(batch):
        signal = settled.scale(table if axis == 0 else table.T)
        here = replace(origin, index=index, doubts=(*origin.doubts, *note))
        yield make_record(signal, facts, settled, here, subject=subject)


def _per_lead(values: tuple[T, ...] | None, n_leads: int) -> tuple[T, ...] | None:
    return values * n_leads if values is not None and len(values) == 1 else values


def _contradiction(axis: int | None, hint: Orientation | None, shape: tuple[int, int]) -> tuple[str, ...]:
    used: Orientation = "leads-first" if axis == 0 else "samples-first"
    if hint is None or hint == used:
        return ()
    return (f"the array of {shape[0]} x {shape[1]} is {used} by its number of leads; the hint {hint} was not used",)
