"""CSV and TSV: a table of numbers in text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import StatedArray, records
from einthoven.formats.columns import Column, is_time_unit, looks_like_labels, rate_from_time, read_columns
from einthoven.formats.entry import FormatEntry
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.table_preamble import stated
from einthoven.formats.text_table import SNIFF_BYTES, Layout, decode_text, parse, plain_bytes, sniff
from einthoven.formats.units import kind_of_unit
from einthoven.leads import is_standard
from einthoven.record import EcgRecord, ReadHints

Table = npt.NDArray[np.float64]

_RATE_TOLERANCE = 0.01


def claims(source: FileSource) -> bool:
    head = source.head(SNIFF_BYTES)
    layout = _layout_of(head)
    return layout is not None and not any(looks_like_labels(row) for row in layout.header)


def _layout_of(data: bytes) -> Layout | None:
    """Told from the same bytes in `claims` and `read`, so that both say the same."""
    head = data[:SNIFF_BYTES]
    text = decode_text(head)
    return None if text is None else sniff(text, complete=len(head) < SNIFF_BYTES)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    layout, plain = _layout_of(data), plain_bytes(data)
    if plain is None or layout is None:
        raise FormatError("Its text is no table of numbers.")
    table, labels = parse(plain, layout)
    doubts: list[str] = []
    if labels:
        array = StatedArray(table, leads=labels, orientation="leads-first")
    else:
        array = _from_columns(table, layout, hints, doubts)
    array = _with_lines(array, (*layout.preamble, *layout.comments), doubts)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=f"{reader_name('einthoven')}, {reader_name('pyarrow')}",
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
        table.T[leads].T,
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


def _with_lines(array: StatedArray, lines: Sequence[str], doubts: list[str]) -> StatedArray:
    """Rate, unit and lead from lines above the table and comments, where the table itself does not state them."""
    facts = stated(lines)
    if facts.scaled:
        doubts.append("a line beside the table speaks of a gain, resolution or offset, which was not used")
    if array.rate is not None and facts.rate is not None and abs(array.rate / facts.rate - 1) > _RATE_TOLERANCE:
        doubts.append(f"the time column gives {array.rate:g} Hz, and a line beside the table {facts.rate:g} Hz")
    one_lead = array.leads is None and facts.leads is not None and array.values.shape[1:] == (len(facts.leads),)
    return replace(
        array,
        rate=array.rate if array.rate is not None else facts.rate,
        units=array.units if array.units is not None or facts.unit is None else (facts.unit,),
        leads=facts.leads if one_lead else array.leads,
        orientation="samples-first" if one_lead else array.orientation,
    )


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The same bytes when they hold nothing but numbers, leads, units and a time; else the table written again.

    Written again are the leads, with rate and unit: no comment, no line above the table, no other column.
    """
    data = source.read()
    layout, plain = _layout_of(data), plain_bytes(data)
    if plain is None or layout is None:
        return None
    table, labels = parse(plain, layout)
    name = PurePosixPath(source.name).name
    if _holds_numbers_only(table, labels, layout, plain):
        return {name: data}
    if labels:
        array = StatedArray(table, leads=labels, orientation="leads-first")
    else:
        array = _from_columns(table, layout, ReadHints(), [])
    written = _written(_with_lines(array, (*layout.preamble, *layout.comments), []))
    return None if written is None else {name: written}


def _holds_numbers_only(table: Table, labels: Sequence[str], layout: Layout, plain: bytes) -> bool:
    """Whether every cell is a number, a standard lead with its unit, or a time or index that counts up."""
    if layout.preamble or layout.comments or b"#" in plain or b"%" in plain:
        return False
    if labels or not layout.header:
        return all(is_standard(label) for label in labels)
    columns = read_columns(layout.header, table.shape[1]) or ()
    if sum(len(row) for row in layout.header) > 2 * len(columns):
        return False
    for column, values in zip(columns, table.T, strict=True):
        counting = len(values) > 2 and bool((np.diff(values) > 0).all())
        known = is_standard(column.name) if column.kind == "lead" else column.kind != "other" and counting
        if not known or not (column.unit is None or kind_of_unit(column.unit) or is_time_unit(column.unit)):
            return False
    return True


def _written(array: StatedArray) -> bytes | None:
    """The array as comma-separated text that reads to the same; None for names that could not be told from it."""
    values = np.asarray(array.values[:], dtype=np.float64)
    lines = [] if array.rate is None else [f"# fs: {array.rate!r}"]
    if array.leads is not None:
        values = values.T if array.orientation == "leads-first" else values
        units = array.units or ()
        units = units * len(array.leads) if len(units) == 1 else units
        if any(set(name) & set(',;"()[]#%\t\r\n') for name in (*array.leads, *units)):
            return None
        cells = [f"{lead} ({unit})" for lead, unit in zip(array.leads, units, strict=True)] if units else array.leads
        lines.append(",".join(cells))
    elif array.units is not None:
        lines.append(f"# unit: {array.units[0]}")
    lines += [",".join("" if value != value else repr(value) for value in row) for row in values.tolist()]
    return ("\n".join(lines) + "\n").encode()


ENTRY = FormatEntry(
    name="csv",
    title="CSV or TSV",
    extensions=(".csv", ".tsv", ".txt"),
    requires=("pyarrow",),
    states="States what a header says: leads, units (`II (mV)` or a row below), rate (time column in s or ms); "
    "the rest needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Cells separated by commas, semicolons, tabs or blanks; decimal points or commas; UTF-8, UTF-16, Latin-1.",
        "Leads in columns in any order, or in rows that begin with the name of the lead.",
        "Rate, unit and lead from lines above the table or comments (`Sample Rate,512 hertz`, `# unit: uV`).",
    ),
    limits=(
        "A gain or resolution in a comment is not used, and said.",
        "A time column needs equal steps and a unit; calendar times are not read.",
        "A table that is cut off between two cells cannot be told from a shorter one.",
    ),
)
