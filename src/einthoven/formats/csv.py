"""CSV and TSV: a table of numbers in text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import StatedArray, records
from einthoven.formats.columns import (
    Column,
    are_numbered,
    column_of,
    counts_up,
    doubtful_leads,
    is_time_unit,
    looks_like_labels,
    names_and_units,
    rate_from_time,
    read_columns,
    shown,
)
from einthoven.formats.entry import FormatEntry
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import FileSource, once
from einthoven.formats.table_preamble import stated
from einthoven.formats.text_table import SNIFF_BYTES, Layout, Parsed, decode_text, parse, plain_bytes, sniff
from einthoven.formats.units import COUNTS, kind_of_unit
from einthoven.leads import is_standard
from einthoven.record import EcgRecord, ReadHints
from einthoven.steps import kept_steps

Table = npt.NDArray[np.float64]

_RATE_TOLERANCE = 0.01
_LOWEST_HZ = 10.0
"""A time column of larger steps numbers the samples, whatever unit its header states."""
_SECONDS_A_DAY = 86400.0


def claims(source: FileSource) -> bool:
    layout = _layout_of(source)
    return layout is not None and not (layout.header and looks_like_labels(names_and_units(layout.header)[0]))


def _layout_of(source: FileSource) -> Layout | None:
    """Told from the same bytes in `claims`, `read` and `blank`, so that all say the same."""

    def find() -> Layout | None:
        head = source.head(SNIFF_BYTES)
        text = decode_text(head)
        return None if text is None else sniff(text, complete=len(head) < SNIFF_BYTES)

    return once(source, "csv layout", find)


def _parsed(source: FileSource, plain: bytes, layout: Layout, *, counts: bool = False) -> Parsed:
    """With `counts` more is refused and no value is another, so that what was read with it serves without it too."""
    if counts:
        parsed = once(source, "csv table of counts", lambda: parse(plain, layout, counts=True))
        return once(source, "csv table", lambda: parsed)
    return once(source, "csv table", lambda: parse(plain, layout))


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    layout, plain = _layout_of(source), plain_bytes(data)
    if plain is None or layout is None:
        raise FormatError("Its text is no table of numbers.")
    parsed = _parsed(source, plain, layout, counts=_are_counts(layout, hints))
    doubts: list[str] = []
    if parsed.empty_lines:
        lines = "1 empty line" if parsed.empty_lines == 1 else f"{parsed.empty_lines} empty lines"
        doubts.append(f"{lines} among the rows passed over")
    array = _array(parsed, layout, hints, doubts)
    array = _with_lines(array, (*layout.preamble, *layout.comments), hints, doubts)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=f"{reader_name('einthoven')}, {reader_name('pyarrow')}",
        doubts=tuple(doubts),
    )
    yield from records(array, hints, origin)


def _are_counts(layout: Layout, hints: ReadHints) -> bool:
    if not layout.header:
        return hints.unit == COUNTS
    names, units = names_and_units(layout.header)
    stated = [*units, *(column_of(name).unit for name in names)]
    kinds = {kind_of_unit(unit) for unit in stated if unit}
    return COUNTS in kinds or (hints.unit == COUNTS and not kinds - {None})


def _array(parsed: Parsed, layout: Layout, hints: ReadHints, doubts: list[str]) -> StatedArray:
    if parsed.labels:
        labels = [column_of(label) for label in parsed.labels]
        return StatedArray(
            parsed.values,
            units=_units(labels),
            leads=tuple(label.name for label in labels),
            orientation="leads-first",
        )
    columns = read_columns(layout.header, parsed.values, clock=layout.clock, text=parsed.text)
    if columns is None:
        return _bare(parsed.values, layout, hints, doubts)
    return _from_columns(parsed.values, columns, hints, doubts)


def _units(columns: Sequence[Column]) -> tuple[str, ...] | None:
    """One unit for each column, or None where one of them states none."""
    units = [column.unit for column in columns if column.unit]
    return tuple(units) if len(units) == len(columns) else None


def _from_columns(table: Table, columns: Sequence[Column], hints: ReadHints, doubts: list[str]) -> StatedArray:
    leads = [i for i, column in enumerate(columns) if column.kind == "lead"]
    others = [shown(column, i + 1) for i, column in enumerate(columns) if column.kind == "other"]
    if not leads:
        raise FormatError(
            f"Its header names no lead in its {len(columns)} columns.",
            advice="Call each column by its lead, with the unit behind it: `II (mV)`.",
        )
    if others:
        doubts.append(f"left out, no ECG by name, unit or values: {', '.join(others)}")
    doubts += doubtful_leads(columns, table)
    names = tuple(columns[i].name for i in leads)
    numbered = are_numbered(names)
    rate, remark = _rate(table, columns, hints, doubts)
    if numbered:
        remark = f"{remark} Its header numbers the columns and names no lead.".strip()
    return StatedArray(
        _columns(table, leads),
        rate=rate,
        units=_units([columns[i] for i in leads]),
        leads=None if numbered else names,
        orientation="samples-first",
        remark=remark,
    )


def _columns(table: Table, indices: Sequence[int]) -> Table:
    """Columns of the table by rising index: a view of adjacent ones, as leads mostly are, else a copy."""
    first, last = indices[0], indices[-1]
    return table[:, first : last + 1] if last - first + 1 == len(indices) else table.T[indices].T


def _bare(table: Table, layout: Layout, hints: ReadHints, doubts: list[str]) -> StatedArray:
    """A table without a header; the first column may be a time or an index where names for the others are hinted."""
    indexed = False
    if _is_numbering(table[0]):
        doubts.append("the first row numbers the columns and was not taken for samples")
        indexed = bool(np.isnan(table[0, 0]))
        table = table[1:]
    if layout.clock:
        return StatedArray(table[:, 1:], rate=_clock_rate(table[:, 0]), orientation="samples-first")
    n_hinted = len(hints.leads) if hints.leads else None
    if n_hinted == 1 and table.shape[1] == 2 and layout.delimiter == "," and not counts_up(table[:, 0]):
        raise FormatError(
            "It has two columns, and one lead is named for it.",
            advice="If its commas are decimal signs, write the name of the lead above the numbers.",
        )
    if table.shape[1] < 2 or not counts_up(table[:, 0]):
        return StatedArray(table)
    if not indexed and (n_hinted != table.shape[1] - 1 or n_hinted == len(table)):
        remark = "Its first column counts: where it is a time or an index, name only the leads in the others."
        return StatedArray(table, remark=remark)
    doubts.append("the first column counts and was taken for a time or an index")
    if table[1, 0] - table[0, 0] != 1:
        _compare_steps(table[:, 0], hints, doubts)
    return StatedArray(table[:, 1:], orientation="samples-first")


def _is_numbering(row: Table) -> bool:
    """Whether a first row without text is 0, 1, 2 ... (or 1, 2, 3 ...): what pandas writes for unnamed columns."""
    cells = row[1:] if np.isnan(row[0]) else row
    return len(cells) > 2 and bool((np.diff(cells) == 1).all()) and cells[0] in (0, 1)


def _rate(table: Table, columns: Sequence[Column], hints: ReadHints, doubts: list[str]) -> tuple[float | None, str]:
    """The rate that a time column with a unit states, or a remark on why it states none.

    A column without a unit can only contradict the hint.
    """
    for index, column in enumerate(columns):
        if column.kind != "time":
            continue
        if column.unit is None or not is_time_unit(column.unit):
            _compare_steps(table[:, index], hints, doubts)
            name = f"`{column.name} (s)`"
            return None, f"Its column {column.name} has no unit; the header {name} would state the rate."
        clock = index == 0 and column.unit == "s"
        rate = rate_from_time(_past_midnight(table[:, index]) if clock else table[:, index], column.unit)
        if rate >= _LOWEST_HZ:
            return rate, ""
        remark = f"time column has steps of {1 / rate:g} s, which no ECG has: it may number the samples"
        if hints.rate is not None:
            doubts.append(f"the {remark}")
        return None, f"Its {remark}."
    return None, ""


def _past_midnight(seconds: Table) -> Table:
    """Seconds of a day that go on rising where the clock begins again."""
    steps = np.diff(seconds, prepend=seconds[:1])
    return seconds + _SECONDS_A_DAY * np.cumsum(steps < -_SECONDS_A_DAY / 2)


def _clock_rate(seconds: Table) -> float | None:
    rate = rate_from_time(_past_midnight(seconds), "s")
    return rate if rate >= _LOWEST_HZ else None


def _compare_steps(times: Table, hints: ReadHints, doubts: list[str]) -> None:
    """A doubt where the steps of a time without a unit fit the hinted rate neither in s, ms nor us."""
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0
    if hints.rate and not any(abs(step * hints.rate / scale - 1) < 0.02 for scale in (1, 1e3, 1e6)):
        doubts.append(f"the time column has steps of {step:g}, which fit neither s nor ms at {hints.rate:g} Hz")


def _with_lines(array: StatedArray, lines: Sequence[str], hints: ReadHints, doubts: list[str]) -> StatedArray:
    """Rate, unit and lead from lines above the table and comments, where the table itself does not state them.

    Where a line states a gain or an offset, the numbers may be counts whatever their unit: the hint decides.
    """
    facts = stated(lines)
    units = array.units if array.units is not None or facts.unit is None else (facts.unit,)
    remark = array.remark
    if facts.scaled:
        if hints.unit is None or hints.unit == COUNTS:
            units = None
            remark += (
                " A line beside the table states a gain, resolution or offset: say unit=counts with gain (in counts "
                "per mV) and baseline where the numbers are to be scaled, else the unit that they have."
            )
        else:
            doubts.append("a line beside the table speaks of a gain, resolution or offset, which was not used")
    rate = array.rate if array.rate is not None else facts.rate
    if rate is None and facts.unclear is not None:
        remark += f" The stated rate {facts.unclear} may hold a sign for decimals or for thousands."
    if array.rate is not None and facts.rate is not None and abs(array.rate / facts.rate - 1) > _RATE_TOLERANCE:
        doubts.append(f"the time column gives {array.rate:g} Hz, and a line beside the table {facts.rate:g} Hz")
    one_lead = array.leads is None and facts.leads is not None and array.values.shape[1:] == (len(facts.leads),)
    return replace(
        array,
        rate=rate,
        units=units,
        leads=facts.leads if one_lead else array.leads,
        orientation="samples-first" if one_lead else array.orientation,
        remark=remark.strip(),
        steps=facts.steps,
    )


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The same bytes when they hold nothing but numbers, leads, units and a time; else the table written again.

    Written again are the leads, with rate and unit: no comment, no line above the table, no other column.
    """
    data = source.read()
    layout, plain = _layout_of(source), plain_bytes(data)
    if plain is None or layout is None:
        return None
    parsed = _parsed(source, plain, layout)
    name = PurePosixPath(source.name).name
    if _holds_numbers_only(parsed, layout, plain):
        return {name: data}
    array = _array(parsed, layout, ReadHints(), [])
    written = _written(_with_lines(array, (*layout.preamble, *layout.comments), ReadHints(), []))
    return None if written is None else {name: written}


def _holds_numbers_only(parsed: Parsed, layout: Layout, plain: bytes) -> bool:
    """Whether every cell is a number, a standard lead with its unit, or a time or index that counts up."""
    if layout.preamble or layout.comments or b"#" in plain or b"%" in plain:
        return False
    if not layout.header:
        return all(_is_plain(column_of(label)) for label in parsed.labels)
    _, units = names_and_units(layout.header)
    if layout.labelled or len(layout.header) > (2 if units else 1):
        return False
    table = parsed.values
    columns = read_columns(layout.header, table, clock=layout.clock, text=parsed.text) or ()
    # A clock is told by its values, so that its name may be any.
    return not layout.clock and all(
        _is_plain(column) or (_is_counter(column) and bool((np.diff(values) > 0).all()))
        for column, values in zip(columns, table.T, strict=True)
    )


def _is_plain(column: Column) -> bool:
    known = column.unit is None or kind_of_unit(column.unit) is not None
    return column.kind == "lead" and is_standard(column.name) and known


def _is_counter(column: Column) -> bool:
    known = column.unit is None or kind_of_unit(column.unit) is not None or is_time_unit(column.unit)
    return column.kind in ("time", "index") and known


def _written(array: StatedArray) -> bytes | None:
    """The array as comma-separated text that reads to the same; None for names that could not be told from it."""
    values = np.asarray(array.values[:], dtype=np.float64)
    lines = [f"# steps: {step}" for step in kept_steps(array.steps)]
    lines += [] if array.rate is None else [f"# fs: {array.rate!r}"]
    if array.leads is not None:
        values = values.T if array.orientation == "leads-first" else values
        units = array.units or ()
        units = units * len(array.leads) if len(units) == 1 else units
        if any(set(name) & set(',;"()[]#%\t\r\n') for name in (*array.leads, *units)):
            return None
        cells = [f"{lead} ({unit})" for lead, unit in zip(array.leads, units, strict=True)] if units else array.leads
        lines.append(",".join(cells))
    elif array.units is not None:
        if len(set(array.units)) > 1:
            return None
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
        "Leads in columns in any order, or in rows that begin with the name of the lead, and its unit or none.",
        "Rate, unit and lead from lines above the table or comments (`Sample Rate,512 hertz`, `# unit: uV`).",
        "Clock times in the first column; a column that counts is a time or an index.",
    ),
    limits=(
        "Beside a stated gain, resolution or offset the unit is asked for: none of them is applied.",
        "A time column needs equal steps of at most 0.1 s, and a unit; calendar times are left out.",
        "Numbers in which the only sign may separate thousands (`1.250` beside `930`) are refused.",
        "Columns of text, and columns of other names that only rise, are left out and named by number.",
        "Below the first row of numbers there are no comments; empty lines there are passed over and said.",
        "A table that is cut off between two rows cannot be told from a shorter one.",
    ),
)
