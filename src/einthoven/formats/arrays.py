"""Arrays of numbers, with or without named facts beside them (NPY, NPZ, MAT, HDF5, raw): which axis is what.

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

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError, RecordError
from einthoven.formats.facts import Facts, Settled, settle
from einthoven.formats.passport import Origin, make_record
from einthoven.formats.source import MAX_SAMPLES
from einthoven.record import EcgRecord, Orientation, ReadHints, Signal, Subject

USUAL_LEAD_COUNTS = frozenset({1, 2, 3, 6, 8, 12, 15})
FEWEST_SAMPLES = 32
_BLOCK_VALUES = 2**20
_FEWEST_PADDED = 8

T = TypeVar("T")
Numbers = npt.NDArray[np.generic]


class StoredNumbers(Protocol):
    """An array in memory, or one in a file that is read slice by slice."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def __getitem__(self, key: slice, /) -> Numbers: ...


@dataclass(frozen=True, slots=True)
class Published:
    """Facts that the publication of a data set states about files of this layout, which do not state them.

    They stand in `SourceInfo.assumed`; a hint of the user comes before them.
    """

    layout: str
    hints: ReadHints
    zero_padded: bool = False


@dataclass(frozen=True, slots=True)
class StatedArray:
    """An array with what the file states about it.

    `gain` and `baseline` are one value, or one per lead; `remark` is added when hints are needed. `steps` are lines
    that say what was done to the signal, as the file has them.
    """

    values: StoredNumbers
    rate: float | None = None
    units: tuple[str, ...] | None = None
    gain: tuple[float, ...] | None = None
    baseline: tuple[float, ...] | None = None
    leads: tuple[str, ...] | None = None
    orientation: Orientation | None = None
    remark: str = ""
    published: Published | None = None
    steps: tuple[str, ...] = ()


def check_shape(shape: tuple[int, ...], dtype: np.dtype[Any], *, streamed: bool = False) -> None:
    """FormatError for an array that cannot hold ECGs; to be called before anything is allocated.

    Of a `streamed` batch only one ECG after the other is held in memory, and only that must not be too large.
    """
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
    for length in shape[1:] if streamed and len(shape) == 3 else shape:
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
    array: StatedArray,
    hints: ReadHints,
    origin: Origin,
    *,
    subject: Subject | Sequence[Subject] | None = None,
    streamed: bool = False,
) -> Iterator[EcgRecord]:
    """The ECGs in the array, oriented and scaled; indices count from `origin.index`.

    `subject` is that of all ECGs, or one for each. An ECG of a batch in which no sample has a value is left out,
    and the next one says so, or the last when none follows.

    Raises
    ------
    HintsNeeded
        When hints are needed; also when a unit and a gain are stated beside numbers that are no counts.
    RecordError
        When no ECG has any value.
    """
    shape = tuple(array.values.shape)
    check_shape(shape, array.values.dtype, streamed=streamed)
    table = (1, shape[0]) if len(shape) == 1 else (shape[-2], shape[-1])
    asked = _with_published(hints, array.published)
    array, scaled = _without_idle_gain(array, asked)
    axis, facts, settled = _settle(array, table, hints, asked, origin)
    for number, signal, empty in _with_values(array, settled, axis, table):
        changed = _without_padding(signal) if array.published is not None and array.published.zero_padded else ()
        doubts = (*scaled, *_left_out([origin.index + one for one in empty]))
        here = replace(
            origin,
            index=origin.index + number,
            changed=(*origin.changed, *changed),
            doubts=(*origin.doubts, *doubts, *_contradiction(axis, asked.orientation, table)),
        )
        whose = subject[number] if isinstance(subject, Sequence) else subject
        yield make_record(signal, facts, settled, here, subject=whose, steps=array.steps)


def in_turn(signals: Iterable[Callable[[int], Iterator[EcgRecord]]], *, index: int = 0) -> Iterator[EcgRecord]:
    """The ECGs of several signals of one file, each read from the index that it is given, the first from `index`.

    A signal that holds no ECG (no value, or infinite ones) is left out, and the next ECG says so, or the last when
    none follows.

    Raises
    ------
    RecordError
        That of the first signal, when none holds an ECG.
    """
    held: EcgRecord | None = None
    failure: RecordError | None = None
    left: list[str] = []
    for read in signals:
        start = index
        try:
            for record in read(index):
                if held is not None:
                    yield held
                held, left = _doubted(record, left), []
                index = record.source.index + 1
        except RecordError as error:
            if index > start:
                if held is not None:
                    yield held
                raise
            failure = failure or error
            left.append(f"ECG {index} of the file, counted from 0, was left out: {error.message}")
            index += 1
    if held is not None:
        yield _doubted(held, left)
    elif failure is not None:
        raise failure


def _doubted(record: EcgRecord, doubts: Sequence[str]) -> EcgRecord:
    if not doubts:
        return record
    return replace(record, source=replace(record.source, doubts=(*record.source.doubts, *doubts)))


def _with_values(
    array: StatedArray, settled: Settled, axis: int | None, table: tuple[int, int]
) -> Iterator[tuple[int, Signal, Sequence[int]]]:
    """Number and scaled signal of each ECG of which a sample has a value, and the numbers of those left out by it.

    One is held back until the next has come, because the last has to name those behind it.
    """
    is_batch = len(array.values.shape) == 3
    held: tuple[int, Signal, list[int]] | None = None
    empty: list[int] = []
    for number, values in enumerate(_tables(array.values)):
        stored = values.reshape(table)
        signal = settled.scale(stored if axis == 0 else stored.T)
        if is_batch and np.isnan(signal).all():
            empty.append(number)
            continue
        if held is not None:
            yield held
        held, empty = (number, signal, empty), []
    if held is None:
        raise RecordError(f"No sample has a value in any of its {len(empty)} ECGs.")
    yield held[0], held[1], [*held[2], *empty]


def _without_idle_gain(array: StatedArray, asked: ReadHints) -> tuple[StatedArray, tuple[str, ...]]:
    """The array as it is, or without unit, gain and baseline where the numbers cannot be the counts these are for.

    Numbers that are not whole are no counts: dividing them by the gain a second time would make an ECG of a
    thousandth of its size. Whether they were divided must be said by the hint `unit`.
    """
    if array.gain is None or set(array.gain) == {1.0} or asked.unit == "counts":
        return array, ()
    if array.values.dtype.kind != "f" or all(_are_whole(values) for values in _tables(array.values)):
        return array, ()
    remark = (
        "It states a gain, and its numbers are not whole, as counts are: "
        "unit=counts divides them by the gain, any other unit takes them as they are."
    )
    left = replace(array, units=None, gain=None, baseline=None, remark=f"{array.remark} {remark}".strip())
    return left, ("a gain is stated and was not used: the numbers are not whole, as counts are",)


def _are_whole(values: Numbers) -> bool:
    present = values[np.isfinite(values)]
    return bool((present == np.rint(present)).all())


def _settle(
    array: StatedArray, table: tuple[int, int], hints: ReadHints, asked: ReadHints, origin: Origin
) -> tuple[int | None, Facts, Settled]:
    """The axis of the leads, what is stated, and what comes of it with the hints."""
    names = array.leads or asked.leads
    one_lead = len(array.values.shape) == 1
    orientation = array.orientation or asked.orientation
    axis = 0 if one_lead else lead_axis(table, len(names) if names else None, orientation)
    n_leads = table[axis or 0]
    detail = f"Its array is {' x '.join(str(length) for length in array.values.shape)}. {array.remark}".strip()
    facts = Facts(
        rate=array.rate,
        units=_per_lead(array.units, n_leads),
        gains=_per_lead(array.gain, n_leads),
        baselines=_per_lead(array.baseline, n_leads),
        leads=array.leads,
    )
    missing = ("orientation",) if axis is None else ()
    settled = settle(origin.name, facts, asked, n_leads=n_leads, missing=missing, detail=detail)
    if axis is not None and table[0] == table[1] and array.orientation is None and not one_lead:
        settled = replace(settled, assumed=(*settled.assumed, f"{asked.orientation}, from the hint"))
    if array.published is not None:
        settled = replace(settled, assumed=_attributed(settled.assumed, hints, array.published))
    return axis, facts, settled


def _with_published(hints: ReadHints, published: Published | None) -> ReadHints:
    """The hints, filled up with what the publication states."""
    if published is None:
        return hints
    given = {name: getattr(hints, name) for name in ReadHints.__slots__ if getattr(hints, name) is not None}
    return replace(published.hints, **given)


_WORD = {"rate": " Hz, from the hint", "unit": "unit ", "leads": "leads "}


def _attributed(assumed: tuple[str, ...], hints: ReadHints, published: Published) -> tuple[str, ...]:
    """The assumptions, with the layout named as the source of those that no hint gave."""
    lines = []
    for line in assumed:
        source = next((name for name, word in _WORD.items() if word in line), None)
        if source is not None and getattr(hints, source) is None:
            line = line.replace("from the hint", f"as published for the {published.layout} layout")
        lines.append(line)
    return tuple(lines)


def _tables(values: StoredNumbers) -> Iterator[Numbers]:
    """One ECG after the other; a batch in a file is read in blocks, so that memory stays small."""
    if len(values.shape) < 3:
        yield values[:]
        return
    n_ecgs, rows, columns = values.shape
    block = n_ecgs if isinstance(values, np.ndarray) else max(1, _BLOCK_VALUES // (rows * columns))
    for start in range(0, n_ecgs, block):
        yield from values[start : start + block]


def _without_padding(signal: Signal) -> tuple[str, ...]:
    """Make zeros that stand in all leads at the ends missing, in place; says what was done."""
    filled = np.flatnonzero((signal != 0).any(axis=0))
    if not filled.size:
        return ()
    first, last = int(filled[0]), int(filled[-1]) + 1
    before = first if first >= _FEWEST_PADDED else 0
    after = signal.shape[1] - last if signal.shape[1] - last >= _FEWEST_PADDED else 0
    signal[:, :before] = np.nan
    signal[:, signal.shape[1] - after :] = np.nan
    if not before and not after:
        return ()
    return (f"zero padding made missing: {before} samples at the start, {after} at the end",)


def _per_lead(values: tuple[T, ...] | None, n_leads: int) -> tuple[T, ...] | None:
    return values * n_leads if values is not None and len(values) == 1 else values


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:10])
    return f"{shown} and {len(numbers) - 10} more" if len(numbers) > 10 else shown


def _left_out(empty: Sequence[int]) -> tuple[str, ...]:
    return (f"ECG {_listed(empty)} of the file, counted from 0, has no value and was left out",) if empty else ()


def _contradiction(axis: int | None, hint: Orientation | None, shape: tuple[int, int]) -> tuple[str, ...]:
    used: Orientation = "leads-first" if axis == 0 else "samples-first"
    if hint is None or hint == used:
        return ()
    return (f"the array of {shape[0]} x {shape[1]} is {used} by its number of leads; the hint {hint} was not used",)
