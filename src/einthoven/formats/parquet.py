"""Parquet: a table with a column for each lead, or with a row for each ECG and its samples in lists."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError, RecordError
from einthoven.formats.array_names import is_fact, is_signal, listed
from einthoven.formats.arrays import StatedArray, in_turn, records
from einthoven.formats.columns import Column, column_of, is_time_unit, rate_from_time
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import FactTexts, fact_from_text, facts_beside, records_in, stated_arrays
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.formats.units import kind_of_unit
from einthoven.leads import is_standard
from einthoven.record import EcgRecord, ReadHints, Subject
from einthoven.steps import kept_steps

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

_MAGIC = b"PAR1"
_MAX_RATIO = 100
_SMALL_BYTES = 4 * 1024**2
_ROWS_AT_ONCE = 16
# pandas keeps its row numbers or names in a column of such a name.
_PANDAS_INDEX = "__index_level_"
_SEVERAL_NAMES = re.compile(r"\(\s*'[^']*'(?:\s*,\s*'[^']*')+\s*\)")


def claims(source: FileSource) -> bool:
    return source.head(4) == _MAGIC


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    file = _opened(data)
    origin = Origin(name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("pyarrow"))
    if any(_is_list(field.type) for field in file.schema_arrow):
        yield from _rows(file, hints, origin)
        return
    doubts: list[str] = []
    array, subject, subject_doubts = _columns(file, doubts)
    yield from records(array, hints, replace(origin, doubts=(*doubts, *subject_doubts)), subject=subject)


def _opened(data: bytes) -> "parquet.ParquetFile":
    """The file, refused when it states more values than it can hold; nothing is decoded before."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data), memory_map=False, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(
            f"Its Parquet structure is damaged or cut off: {str(error)[:200]}",
            advice="Copy the file again from where it came from.",
        ) from error
    metadata = file.metadata
    n_values = max(metadata.num_rows, 0) * metadata.num_columns
    # What a column chunk states is not asked for: pyarrow ends the process when that is damaged.
    n_bytes = sum(max(metadata.row_group(group).total_byte_size, 0) for group in range(metadata.num_row_groups))
    if n_values > MAX_SAMPLES or max(8 * n_values, n_bytes) > max(_MAX_RATIO * len(data), _SMALL_BYTES):
        raise FormatError(
            f"It states {metadata.num_rows} rows of {metadata.num_columns} columns in {len(data)} bytes.",
            advice="Write it with one row group for each part, and less than 100 times compressed.",
        )
    return file


def _is_list(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_number(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def _columns(file: "parquet.ParquetFile", doubts: list[str]) -> tuple[StatedArray, Subject, tuple[str, ...]]:
    """A column for each lead: the samples stand in the rows."""
    schema = file.schema_arrow
    described = {field.name: _described(field) for field in schema if not field.name.startswith(_PANDAS_INDEX)}
    leads = [
        name for name, column in described.items() if column.kind == "lead" and _is_number(schema.field(name).type)
    ]
    if not leads:
        raise FormatError(f"None of its {len(schema.names)} columns is a lead: {listed(schema.names)}.")
    times = [name for name, column in described.items() if column.kind == "time" and is_time_unit(column.unit)]
    table = file.read(columns=[*leads, *times[:1]], use_threads=False)
    columns = {name: _numbers(table.column(name)) for name in leads}
    columns = {
        name: column for name, column in columns.items() if is_standard(described[name].name) or not _counts(column)
    }
    leads = list(columns)
    if not leads:
        raise FormatError(f"None of its {len(schema.names)} columns is a lead: they count.")
    others = [
        name for name, column in described.items()
        if name not in leads and column.kind not in ("time", "index") and not is_fact(name)
    ]  # fmt: skip
    if others:
        doubts.append(f"left out, no ECG by unit, name or type: {listed(others)}")
    values = np.array(list(columns.values()))
    rate = None
    if times and _is_number(schema.field(times[0]).type):
        rate = rate_from_time(_numbers(table.column(times[0])), described[times[0]].unit or "")
    units = [described[name].unit for name in leads]
    facts = _metadata(schema)
    stated, subject, subject_doubts = facts_beside(values, facts)
    array = replace(
        stated,
        rate=rate if rate is not None else stated.rate,
        units=tuple(unit for unit in units if unit) if all(units) else stated.units,
        leads=tuple(described[name].name for name in leads),
        orientation="leads-first",
    )
    if rate is not None and stated.rate is not None and abs(rate / stated.rate - 1) > 0.01:
        doubts.append(f"the time column gives {rate:g} Hz, and the metadata {stated.rate:g} Hz")
    return array, subject, subject_doubts


def _counts(values: npt.NDArray[np.float64]) -> bool:
    """Whether the values rise by equal steps, as sample numbers and times do and no ECG does."""
    steps = np.diff(values)
    return bool(len(steps) > 1 and steps[0] > 0 and (np.abs(steps - steps[0]) <= 1e-6 * steps[0]).all())


def _plain_name(name: str) -> str:
    """`II (mV)` for `('ecg', 'II', 'mV')`, as pandas names a column that has several rows of names."""
    if _SEVERAL_NAMES.fullmatch(name) is None:
        return name
    parts = [part for part in re.findall(r"'([^']*)'", name) if part.strip()]
    leads, units = (
        list(filter(is_standard, parts)),
        [part for part in parts if kind_of_unit(part) or is_time_unit(part)],
    )
    rest = [part for part in parts if part not in units and not is_signal(part)]
    names = leads if len(leads) == 1 else rest
    if not names:
        return name
    return f"{' '.join(names)} ({units[0]})" if len(units) == 1 else " ".join(names)


def _described(field: "pyarrow.Field") -> Column:
    """What a column is, with the unit of its metadata where its name has none."""
    name = _plain_name(field.name)
    column = column_of(name)
    unit = (field.metadata or {}).get(b"unit") or (field.metadata or {}).get(b"units")
    return column_of(f"{name} ({unit.decode('utf-8', 'replace')})") if unit and not column.unit else column


def _metadata(schema: "pyarrow.Schema") -> FactTexts:
    """Facts in the metadata of the schema, as text by their key."""
    pairs = {key.decode("utf-8", "replace"): value for key, value in (schema.metadata or {}).items()}
    return {key: value.decode("utf-8", "replace") for key, value in pairs.items() if is_fact(key)}


def _numbers(column: "pyarrow.ChunkedArray | pyarrow.Array") -> npt.NDArray[np.float64]:
    """The values as float64, NaN where there is none."""
    import pyarrow as pa

    values: npt.NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def _rows(file: "parquet.ParquetFile", hints: ReadHints, origin: Origin) -> Iterator[EcgRecord]:
    """A row for each ECG, read a few at a time: its leads in a list each, or all in a list of lists."""
    schema = file.schema_arrow
    lists = [field.name for field in schema if _is_list(field.type)]
    leads = [name for name in lists if is_standard(name) and not _is_list(schema.field(name).type.value_type)]
    signals = [name for name in lists if is_signal(name)] or [name for name in lists if not is_fact(name)]
    wanted = leads or signals
    facts = [name for name in schema.names if is_fact(name) and name not in wanted]
    left = [name for name in lists if name not in wanted and not is_fact(name)]
    if left:
        doubt = f"left out, columns of lists that may be ECGs as well: {listed(left)}"
        origin = replace(origin, doubts=(*origin.doubts, doubt))
    stated = {key: fact_from_text(text) for key, text in _metadata(schema).items()}

    def arrays_of(row: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        beside = {name: _fact(row[name].as_py()) for name in facts if row[name].is_valid}
        samples = _lead_lists(row, leads) if leads else {name: _matrix(row[name]) for name in signals}
        if not any(samples[name].size for name in (signals if not leads else ["signal"])):
            raise RecordError("No sample has a value: its row holds none.")
        return {**stated, **beside, **samples}

    def read(row: Mapping[str, Any], index: int) -> Iterator[EcgRecord]:
        found = stated_arrays(arrays_of(row))
        if leads:
            found = [(replace(array, orientation="leads-first"), subject, doubts) for array, subject, doubts in found]
        yield from records_in(found, hints, replace(origin, index=index))

    yield from in_turn(partial(read, row) for row in _each_row(file, [*wanted, *facts]))


def _each_row(file: "parquet.ParquetFile", columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns, use_threads=False):
        for number in range(batch.num_rows):
            yield {name: batch.column(name)[number] for name in batch.schema.names}


def _fact(value: object) -> npt.NDArray[Any]:
    array = np.asarray(value)
    return array if array.dtype.kind in "iufU" else np.asarray(str(value))


def _lead_lists(row: Mapping[str, Any], leads: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    samples = [_numbers(row[name].values) if row[name].is_valid else np.empty(0) for name in leads]
    lengths = {len(values) for values in samples}
    if len(lengths) != 1:
        raise FormatError(f"The leads of an ECG in it have different lengths: {sorted(lengths)}.")
    return {"signal": np.array(samples), "leads": np.array(leads)}


def _matrix(cell: "pyarrow.Scalar") -> npt.NDArray[np.float64]:
    """A list of numbers, or of lists of equal length, as an array."""
    if not cell.is_valid:
        return np.empty((0, 0))
    values = cell.values
    if not _is_list(values.type):
        return _numbers(values)
    rows = [_numbers(values[index].values) for index in range(len(values)) if values[index].is_valid]
    if len(rows) != len(values) or len({len(row) for row in rows}) != 1:
        raise FormatError("The lists in a cell of it have different lengths.")
    return np.array(rows)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """For columns of leads a table of them, with rate, unit, age and sex; None for rows of ECGs."""
    import pyarrow as pa
    from pyarrow import parquet

    file = _opened(source.read())
    if any(_is_list(field.type) for field in file.schema_arrow):
        return None
    array, subject, _ = _columns(file, [])
    units = array.units or ()
    units = units * len(array.leads or ()) if len(units) == 1 else units
    names = list(array.leads or ())
    if units:
        names = [f"{lead} ({unit})" for lead, unit in zip(names, units, strict=True)]
    facts: dict[str, object] = {"fs": array.rate, "age": subject.age, "sex": subject.sex}
    facts |= {
        key: None if values is None else " ".join(repr(value) for value in values)
        for key, values in (("gain", array.gain), ("baseline", array.baseline))
    }
    facts["steps"] = "\n".join(kept_steps(array.steps)) or None
    stated = {key: str(value) for key, value in facts.items() if value is not None}
    columns = dict(zip(names, np.asarray(array.values[:]), strict=True))
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns).replace_schema_metadata(stated), stream, compression="zstd")
    return {PurePosixPath(source.name).name: stream.getvalue()}


ENTRY = FormatEntry(
    name="parquet",
    title="Parquet",
    extensions=(".parquet", ".pq"),
    requires=("pyarrow",),
    states="States what names of columns (`II (mV)`), a time column and the metadata say (fs, unit, age, sex); "
    "the rest needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "A column for each lead with the samples in rows, and a time column; pandas' names of several rows.",
        "A row for each ECG: leads as columns of lists, or one column `signal` of lists; facts in columns beside.",
    ),
    limits=(
        "Encrypted files, and files that state over 100 times their size, are refused.",
        "No original is kept of files with a row for each ECG.",
    ),
)
