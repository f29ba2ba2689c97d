"""Files of what was measured: one ECG's part of each, and how the parts of many ECGs become one file.

Tables stand below each other in one CSV or Parquet file and documents in one JSON list. Arrays and ECGs, whose shapes
differ, are files of their own, in a ZIP when there are several: our readers read the ECGs among them again.
"""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt

from einthoven import writers
from einthoven.beats import exports
from einthoven.beats.exports import COLUMNS, ColumnType, Exported, Table
from einthoven.beats.measurement import Measurement
from einthoven.beats.median_beat import MedianBeat
from einthoven.beats.types import Beats, NoBeats
from einthoven.errors import RecordError
from einthoven.record import EcgRecord
from einthoven.steps import is_time_aligned
from einthoven.workflows.convert import free_name
from einthoven.workflows.library import safe_cell
from einthoven.workflows.measurements import Export, FileFormat
from einthoven.writers.npz import packed

ROWS_AT_ONCE = 100_000
"""Parquet is compressed by groups of rows: many small ones would be larger and slower than CSV."""
NAME = "file_name"


@dataclass(frozen=True, slots=True)
class Measured:
    """One ECG with its beats and what was measured on them: what all exports are made of.

    `name` is the file's; `method` the delineator.
    """

    name: str
    method: str
    record: EcgRecord
    beats: Beats | NoBeats
    measurements: tuple[Measurement, ...]


def part(measured: Measured, what: Export, file_format: FileFormat, *, lead: str) -> bytes:
    """One ECG's part of an export.

    Raises
    ------
    RecordError, MissingDependency
        The export cannot be made of this record (it has no beats, lacks the lead), or not here.
    """
    if what in COLUMNS:
        return _of_table(measured.name, cast(Table, what), _table(measured, what, lead), file_format)
    record, beat = _ecg(measured, what)
    if file_format == "json":
        return _json({NAME: measured.name, **exports.signal_document(record, beat)})
    if file_format == "npz":
        return packed(exports.signal_arrays(record, beat))
    written = writers.WRITERS.require(file_format).write(record, "ecg")
    return written.files[written.name]


def whole(what: Export, file_format: FileFormat, data: bytes) -> bytes:
    """The part of one ECG as a file of its own."""
    return header(what) + data if file_format == "csv" else data


def header(what: Export) -> bytes:
    """The first line of a CSV file; nothing for ECGs, which have their own."""
    return (",".join([NAME, *COLUMNS[cast(Table, what)]]) + "\n").encode() if what in COLUMNS else b""


def _table(measured: Measured, what: Export, lead: str) -> Exported:
    beats = measured.beats
    if what == "measurements":
        n_corrected = 0 if isinstance(beats, NoBeats) else len(beats.corrected)
        return exports.measurements(measured.measurements, delineator=measured.method, n_corrected=n_corrected)
    if is_time_aligned(measured.record) and what != "qrs-overlay":
        raise RecordError(
            "The ECG was time-aligned by Rlign: the times of its waves are those of a template.",
            advice="Export them from the ECG as it was recorded.",
        )
    if what == "fiducials":
        return exports.fiducials(_there(beats))
    if what == "median-fiducials":
        from einthoven.beats.median_beat import median_beat

        return exports.median_fiducials(median_beat(measured.record, beats), _there(beats))
    from einthoven.beats.overlay import overlay

    return exports.overlaid(overlay(measured.record, beats, lead), measured.record.amplitude)


def _there(beats: Beats | NoBeats) -> Beats:
    if isinstance(beats, NoBeats):
        raise RecordError(f"The record has no beats: {beats.reason}")
    return beats


def _ecg(measured: Measured, what: Export) -> tuple[EcgRecord, MedianBeat | None]:
    if what == "median-beat":
        from einthoven.beats.median_beat import median_beat, median_beat_record

        beat = median_beat(measured.record, measured.beats)
        return median_beat_record(measured.record, measured.beats), beat
    from einthoven.beats import alignment

    made = alignment.rlign_median_beat if what == "rlign-median" else alignment.time_aligned
    return made(measured.record, measured.beats), None


def _of_table(name: str, what: Table, exported: Exported, file_format: FileFormat) -> bytes:
    if file_format == "json":
        return _json({NAME: name, **exported.document})
    if file_format == "npz":
        return packed(exported.arrays)
    columns = {column: exported.columns[column] for column in COLUMNS[what]}
    return _csv(name, columns) if file_format == "csv" else _parquet(name, what, columns)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _csv(name: str, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]) -> bytes:
    text = io.StringIO()
    cells = [_cells(values) for values in columns.values()]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(zip([safe_cell(name)] * len(cells[0]), *cells, strict=True))
    return text.getvalue().encode()


def _cells(values: Sequence[Any] | npt.NDArray[Any]) -> list[str]:
    """Text as it is safe in a spreadsheet; numbers with as many digits as they have; missing ones empty."""
    if not isinstance(values, np.ndarray):
        return [safe_cell(value) for value in values]
    if not np.issubdtype(values.dtype, np.floating):
        return [str(value) for value in values.tolist()]
    digits = values.astype(np.str_) if values.dtype == np.float32 else [f"{value:.9g}" for value in values.tolist()]
    return ["" if missing else str(text) for text, missing in zip(digits, np.isnan(values), strict=True)]


def _parquet(name: str, what: Table, columns: Mapping[str, Sequence[Any] | npt.NDArray[Any]]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    types: dict[ColumnType, Any] = {
        "text": pyarrow.string(), "number": pyarrow.float64(), "whole": pyarrow.int64(),
    }  # fmt: skip
    made = {NAME: pyarrow.array([name] * len(next(iter(columns.values()))), pyarrow.string())}
    for column, values in columns.items():
        kind = COLUMNS[what][column]
        numbers = np.asarray(values, dtype=np.float64) if kind == "number" else values
        made[column] = pyarrow.array(numbers, types[kind], from_pandas=kind == "number")
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(made), stream, compression="zstd")
    return stream.getvalue()


class ExportFiles:
    """The files of a job, one for each export, made as the ECGs come. Memory does not grow with their number.

    `with ExportFiles(folder, what, "csv") as files: files.add(name, "fiducials", data)`; `names` after its end.
    What was begun is deleted when it ends with an error.
    """

    def __init__(self, folder: Path, what: Sequence[Export], file_format: FileFormat) -> None:
        self._files = {one: _file(folder, one, file_format) for one in dict.fromkeys(what)}
        self.names: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def add(self, name: str, what: Export, data: bytes) -> None:
        self._files[what].add(name, data)

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        with ExitStack() as every:
            for file in self._files.values():
                every.callback(file.close)
        written = [file.path for file in self._files.values() if file.path.is_file()]
        if kind is None:
            self.names = tuple(path.name for path in written)
        else:
            for path in written:
                path.unlink()


def _file(folder: Path, what: Export, file_format: FileFormat) -> "_CsvFile | _JsonFile | _ParquetFile | _Files":
    if file_format == "json":
        return _JsonFile(folder / f"{what}.json")
    if file_format == "npz" or what not in COLUMNS:
        return _Files(folder / f"{what}.{file_format}")
    return (_CsvFile if file_format == "csv" else _ParquetFile)(folder / f"{what}.{file_format}", what)


class _CsvFile:
    """Rows below each other."""

    def __init__(self, path: Path, what: Export) -> None:
        self.path = path
        self._file = path.open("wb")
        self._file.write(header(what))

    def add(self, _name: str, data: bytes) -> None:
        self._file.write(data)

    def close(self) -> None:
        self._file.close()


class _JsonFile:
    """A list with a document for each ECG."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._file.write(b"[")
        self._between = b"\n"

    def add(self, _name: str, data: bytes) -> None:
        self._file.write(self._between + data)
        self._between = b",\n"

    def close(self) -> None:
        self._file.write(b"\n]\n")
        self._file.close()


class _ParquetFile:
    """Rows below each other, written by groups of `ROWS_AT_ONCE`."""

    def __init__(self, path: Path, what: Export) -> None:
        self.path = path
        self._empty = _parquet("", cast(Table, what), {name: [] for name in COLUMNS[cast(Table, what)]})
        self._tables: list[Any] = []
        self._rows = 0
        self._writer: Any = None

    def add(self, _name: str, data: bytes) -> None:
        from pyarrow import parquet

        self._tables.append(parquet.read_table(io.BytesIO(data)))
        self._rows += self._tables[-1].num_rows
        if self._rows >= ROWS_AT_ONCE:
            self._write()

    def close(self) -> None:
        if self._writer is None and not self._tables:
            self.add("", self._empty)
        self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow
        from pyarrow import parquet

        if not self._tables:
            return
        table = pyarrow.concat_tables(self._tables)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self._tables, self._rows = [], 0


class _Files:
    """A file for each ECG; several of them in a ZIP, which is their `path` then."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._suffix = path.suffix
        self._taken: set[str] = set()
        self._first: tuple[str, bytes] | None = None
        self._archive: zipfile.ZipFile | None = None

    def add(self, name: str, data: bytes) -> None:
        if self._archive is None and self._first is None:
            self._first = (name, data)
            return
        if self._archive is None:
            self.path = self.path.with_name(f"{self.path.name}.zip")
            self._archive = zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED)
            if self._first is not None:
                self._store(*self._first)
        self._store(name, data)

    def _store(self, name: str, data: bytes) -> None:
        assert self._archive is not None
        member = zipfile.ZipInfo(free_name(name, self._taken) + self._suffix)
        packs = zipfile.ZIP_DEFLATED if self._suffix == ".csv" else zipfile.ZIP_STORED
        self._archive.writestr(member, data, compress_type=packs)

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()
        elif self._first is not None:
            self.path.write_bytes(self._first[1])
