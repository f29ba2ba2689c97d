"""CSV and TSV: a table of numbers in text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import StatedArray, records
from einthoven.formats.columns import Column, is_time_unit, looks_like_labels, rate_from_time, read_columns
from einthoven.formats.entry import FormatEntry
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.text_table import SNIFF_BYTES, Layout, decode_text, parse, sniff
from einthoven.record import EcgRecord, ReadHints

Table = npt.NDArray[np.float64]

_RATE = re.compile(
    r"\b(?:fs|rate|sampling[ _]?rate|sample[ _]?rate|sampling[ _]?frequency|frequency)\b\s*(?:\(hz\))?\s*[:=]\s*"
    r"(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\bunits?\b\s*[:=]\s*([^\s,;]+)", re.IGNORECASE)


def claims(source: FileSource) -> bool:
    head = source.head(SNIFF_BYTES)
    text = decode_text(head)
    if text is None:
        return False
    layout = sniff(text, complete=len(head) < SNIFF_BYTES)
    return layout is not None and not any(looks_like_labels(row) for row in layout.header)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    text = decode_text(data)
    # The layout is told from the same bytes as in `claims`, so that both say the same.
    layout = None if text is None else sniff(text[:SNIFF_BYTES], complete=len(text) <= SNIFF_BYTES)
    if text is None or layout is None:
        raise FormatError("Its text is no table of numbers.")
    table, labels = parse(text, layout)
    doubts: list[str] = []
    if labels:
        array = StatedArray(table, leads=labels, orientation="leads-first")
    else:
        array = _from_columns(table, layout, hints, doubts)
    array = _with_comments(array, layout.comments)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        doubts=tuple(doubts),
    )
    yield from records(array, hints, origin)


def _from_columns(table: Table, layout: Layout, hints: ReadHints, doubts: list[str]) -> StatedArray:
    columns = read_columns(layout.header, table.shape[1])
    if columns is None:
        if _is_numbering(table[0]):
            doubts.append("the first row numbers the columns and was not taken for samples")
            table = table[1:]
        return StatedArray(table)
    leads = [i for i, column in enumerate(columns) if column.kind == "lead"]
    if not leads:
        raise FormatError(f"Its header names no lead: {', '.join(column.name for column in columns)[:200]}.")
    others = [f"{column.name} ({column.unit})" if column.unit else column.name for column in columns
              if column.kind == "other"]  # fmt: skip
    if others:
        doubts.append(f"left out, no ECG by unit or name: {', '.join(others)}")
    units = [columns[i].unit for i in leads]
    return StatedArray(
        np.ascontiguousarray(table[:, leads]),
        rate=_rate(table, columns, hints, doubts),
        units=tuple(unit for unit in units if unit) if all(units) else None,
        leads=tuple(columns[i].name for i in leads),
        orientation="samples-first",
        remark=_remark(columns),
    )


def _remark(columns: Sequence[Column]) -> str:
    bare = [column.name for column in columns if column.kind == "time" and not is_time_unit(column.unit)]
    return f"Its column {bare[0]} has no unit; the header `{bare[0]} (s)` would state the rate." if bare else ""


def _is_numbering(row: Table) -> bool:
    """Whether a first row without text is 0, 1, 2 ... (or 1, 2, 3 ...): what pandas writes for unnamed columns."""
    cells = row[1:] if np.isnan(row[0]) else row
    return len(cells) > 2 and bool((np.diff(cells) == 1).all()) and cells[0] in (0, 1)


def _rate(table: Table, columns: Sequence[Column], hints: ReadHints, doubts: list[str]) -> float | None:
    """The rate that a time column with a unit states; one without a unit can only contradict the hint."""
    for index, column in enumerate(columns):
        if column.kind != "time":
            continue
        if column.unit is not None and is_time_unit(column.unit):
            return rate_from_time(table[:, index], column.unit)
        steps = np.diff(table[:, index])
        step = float(np.median(steps)) if len(steps) else 0.0
        if hints.rate and not any(abs(step * hints.rate / scale - 1) < 0.02 for scale in (1, 1e3, 1e6)):
            doubts.append(f"the time column has steps of {step:g}, which fit neither s nor ms at {hints.rate:g} Hz")
    return None


def _with_comments(array: StatedArray, comments: Sequence[str]) -> StatedArray:
    """Rate and unit from comment lines, where the table itself does not state them."""
    text = "\n".join(comments)
    rate, unit = _RATE.search(text), _UNIT.search(text)
    return replace(
        array,
        rate=array.rate if array.rate is not None or rate is None else float(rate[1]),
        units=array.units if array.units is not None or unit is None else (unit[1],),
    )


ENTRY = FormatEntry(
    name="csv",
    title="CSV or TSV",
    extensions=(".csv", ".tsv", ".txt"),
    requires=(),
    states="States what a header says: leads, units (`II (mV)` or a row below), rate (time column in s or ms); "
    "the rest needs hints.",
    claims=claims,
    read=read,
)
