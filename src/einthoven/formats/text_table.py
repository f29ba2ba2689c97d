"""A table of numbers in text: its delimiter, decimal sign, what stands above it, and its values."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.table_preamble import is_preamble, stated
from einthoven.leads import is_standard

SNIFF_BYTES = 65536
_SNIFF_LINES = 24
_MAX_PREAMBLE = 40
_MAX_HEADER_ROWS = 3
_BLANK = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
# pyarrow compares blanks with case; other spellings go the careful way.
_BLANK_SPELT = ["", "nan", "NaN", "NAN", "na", "NA", "n/a", "N/A", "null", "NULL", "Null", "none", "None", "NONE", "-"]
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_STARTS_NUMBER = re.compile(r"[+-]?[.,]?\d")
_STARTS_FRACTION = re.compile(r"[+-]?\d*[.,]\d")
_CLOCK = re.compile(r"\d+:\d{1,2}(:\d{1,2})?([.,]\d+)?", re.ASCII)
# Wider than this, a table has its samples in columns, which pyarrow reads slowly.
_MANY_COLUMNS = 200
_MOST_BYTES_A_CHARACTER = 1.2
"""Digits have one byte each; only a header has others."""
_NO_TEXT = tuple(bytes([code]) for code in range(9))

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out, told from its first lines.

    `delimiter` None means blanks. `labelled` rows begin with a lead name, and then hold its samples. `preamble` are
    the lines `key: value` above the table. `first_line` is the line, counted from 0, with the first numbers.
    """

    delimiter: str | None
    decimal_comma: bool
    header: tuple[tuple[str, ...], ...]
    width: int
    labelled: bool
    comments: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    first_line: int = 0


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines that are neither blank nor comments, with their numbers in the text, and the comments among them."""

    texts: tuple[str, ...]
    numbers: tuple[int, ...]
    comments: tuple[str, ...]

    def after(self, n: int) -> "_Lines":
        return replace(self, texts=self.texts[n:], numbers=self.numbers[n:])

    def first(self, n: int) -> "_Lines":
        return replace(self, texts=self.texts[:n], numbers=self.numbers[:n])


def plain_bytes(data: bytes) -> bytes | None:
    """The text in `data` without byte-order mark, its lines ended by a line feed; None when it is no text.

    UTF-16 becomes UTF-8, other encodings are left as they are: their numbers are ASCII.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        n_units = len(data) // 2
        data = data[: 2 * n_units].decode("utf-16", "replace").encode()
        if len(data) > _MOST_BYTES_A_CHARACTER * n_units + SNIFF_BYTES:
            return None  # a byte was lost, and everything behind it looks Chinese
    if any(code in data for code in _NO_TEXT):
        return None
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data.replace(b"\r", b"\n") if b"\r" in data and b"\n" not in data else data


def decode_text(data: bytes) -> str | None:
    """The text in `data` (UTF-8, UTF-16 with BOM, or Latin-1), or None when these are no characters."""
    plain = plain_bytes(data)
    if plain is None:
        return None
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError as error:
        # A head may end inside a character.
        return plain[: error.start].decode("utf-8") if error.start >= len(plain) - 4 else plain.decode("latin-1")


def sniff(text: str, *, complete: bool) -> Layout | None:
    """The layout of a table of numbers, or None when it is none. `complete` says that no line is cut off."""
    lines = _lines(text, limit=_SNIFF_LINES + _MAX_PREAMBLE)
    if not complete:
        lines = _without_cut_line(lines)
    layout = _layout(lines.first(_SNIFF_LINES))
    return layout or _below_preamble(lines)


def _below_preamble(lines: _Lines) -> Layout | None:
    """The layout of a table under lines `key: value`, of which one at least states a fact about it."""
    n = next((index for index, line in enumerate(lines.texts) if not is_preamble(line)), len(lines.texts))
    n_facts = max((index + 1 for index in range(n) if stated(lines.texts[index : index + 1]).found), default=0)
    if not n_facts or n == len(lines.texts):
        return None
    # The rows directly above the numbers may be the header, which reads like `key, value` too.
    for n_header in range(min(_MAX_HEADER_ROWS, n - n_facts), 0, -1):
        layout = _layout(lines.after(n - n_header).first(_SNIFF_LINES))
        if layout is not None and any(is_standard(cell.partition("(")[0]) for row in layout.header for cell in row):
            return replace(layout, preamble=lines.texts[: n - n_header])
    leads = stated(lines.texts[:n]).leads
    below = lines.after(n).first(_SNIFF_LINES)
    # One lead in one column: a comma can then be a decimal sign only.
    layout = _try(below, None) if leads is not None and len(leads) == 1 else _layout(below)
    return None if layout is None else replace(layout, preamble=lines.texts[:n])


def _without_cut_line(lines: _Lines) -> _Lines:
    if len(lines.texts) > 1:
        return replace(lines, texts=lines.texts[:-1], numbers=lines.numbers[:-1])
    if not lines.texts:
        return lines
    line = lines.texts[-1]
    return replace(lines, texts=(line[: max(line.rfind(sign) for sign in "\t;, ")],))


def _layout(lines: _Lines) -> Layout | None:
    for delimiter in ("\t", ";", ",", None):
        layout = _try(lines, delimiter)
        if layout is not None:
            return layout
    return None


def _lines(text: str, *, limit: int) -> _Lines:
    texts: list[str] = []
    numbers: list[int] = []
    comments: list[str] = []
    for number, line in enumerate(text.split("\n")):
        stripped = line.strip("\r\n")
        if stripped.startswith(("#", "%")):
            comments.append(stripped.lstrip("#% ").strip())
        elif stripped.strip():
            texts.append(stripped)
            numbers.append(number)
            if len(texts) >= limit:
                break
    return _Lines(tuple(texts), tuple(numbers), tuple(comments))


def split_row(line: str, delimiter: str | None) -> list[str]:
    """The cells of one line, without quotes and blanks around them."""
    if delimiter is None:
        return line.split()
    cells = next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.split(delimiter)
    cells = [cell.strip() for cell in cells]
    return cells[:-1] if len(cells) > 1 and cells[-1] == "" else cells


def _try(lines: _Lines, delimiter: str | None) -> Layout | None:
    rows = [split_row(line, delimiter) for line in lines.texts]
    if not rows or not rows[-1]:
        return None
    width = len(rows[-1])
    if width == 1 and delimiter is None:
        rows = [[line.strip().strip('"')] for line in lines.texts]  # `II (mV)` over one column is one cell
    if width < 2 and delimiter is not None:
        return None
    comma = any("," in cell and _DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row)
    n_header = next((index for index, row in enumerate(rows) if _is_data(row, comma=comma)), len(rows))
    data = rows[n_header:]
    described = n_header <= _MAX_HEADER_ROWS and _is_header(rows[:n_header])
    comments = lines.comments
    if data and described and all(_is_data(row, comma=comma) for row in data):
        # Trailing empty cells are cut from each row, so that short rows are let through here and judged on reading.
        width = max(len(row) for row in rows)
        header, first = tuple(tuple(row) for row in rows[:n_header]), lines.numbers[n_header]
        return Layout(delimiter, comma, header, width, False, comments, first_line=first)
    if n_header and sum(is_standard(cell.partition("(")[0]) for cell in rows[0]) >= 2 and len(rows) > 1:
        # The header names leads: a cell that is no number is an error to point at, not another format.
        first = lines.numbers[1]
        return Layout(delimiter, comma, (tuple(rows[0]),), len(rows[0]), False, comments, first_line=first)
    if all(len(row) > 2 and is_standard(row[0]) and _is_data(row[1:], comma=comma) for row in rows):
        return Layout(delimiter, comma, (), width, True, comments, first_line=lines.numbers[0])
    return None


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether rows before the numbers hold no number that may be a sample: a damaged first sample is no header."""
    fractions = any(_STARTS_FRACTION.match(cell) for row in rows for cell in row)
    return not fractions and not any(_STARTS_NUMBER.match(cell) for row in rows[1:] for cell in row)


def _is_data(row: Sequence[str], *, comma: bool) -> bool:
    """Numbers and blanks, at least one number; the first cell may be a clock time."""
    numbers = 0
    for index, cell in enumerate(row):
        text = cell.replace(",", ".") if comma else cell
        if _NUMBER.fullmatch(text):
            numbers += 1
        elif text.casefold() not in _BLANK and not (index == 0 and len(row) > 1 and _CLOCK.fullmatch(text)):
            return False
    return numbers > 0


def parse(data: bytes, layout: Layout) -> tuple[Table, tuple[str, ...]]:
    """All values `(rows, columns)`, NaN where blank, and the labels of labelled rows.

    Parameters
    ----------
    data
        As `plain_bytes` gives it.

    Raises
    ------
    FormatError
        Naming row and cell when something is no number, or a row has another number of cells.
    """
    body = _from_line(data, layout.first_line)
    if not layout.header:
        # The first row may be longer than what was looked at.
        first = body[: body.find(b"\n")] if b"\n" in body else body
        width = len(split_row(first.decode("latin-1").strip(), layout.delimiter))
        layout = replace(layout, width=max(width, layout.width))
    labels, numbers = _labels(body, layout) if layout.labelled else ((), body)
    table = _quick(numbers, replace(layout, width=layout.width - (1 if layout.labelled else 0)))
    if table is not None:
        return table, labels
    del body, numbers  # the careful way needs the memory
    return _careful(decode_text(data) or "", layout)


def _labels(body: bytes, layout: Layout) -> tuple[tuple[str, ...], bytes]:
    """The first cell of each row, and the rows without it; nothing where quotes or blanks make it a matter of care."""
    sign = (layout.delimiter or "").encode()
    rows = [line.partition(sign) for line in body.split(b"\n") if line.strip()] if sign and b'"' not in body else []
    return tuple(row[0].decode("latin-1").strip() for row in rows), b"\n".join(row[2] for row in rows)


def _from_line(data: bytes, number: int) -> bytes:
    place = 0
    for _ in range(number):
        place = data.find(b"\n", place) + 1
    return data[place:]


def _quick(body: bytes, layout: Layout) -> Table | None:
    """A compiled reader, 20 times as fast; None for everything that it would not read as `_careful` does."""
    if not body or b"#" in body or b"%" in body:
        return None
    if layout.delimiter is None:
        return _quick_blanks(body, layout)
    if layout.width > _MANY_COLUMNS:
        return _quick_rows(body, layout)
    table = _columns(body, layout, layout.width)
    if table is not None and table.shape[1] == layout.width + 1 and np.isnan(table[:, -1]).all():
        table = table[:, :-1]  # each row ends with a delimiter
    return table if table is not None and table.shape[1] == layout.width else None


def _columns(body: bytes, layout: Layout, width: int) -> Table | None:
    """The body as pyarrow reads it; its float parser rounds correctly, as Python's does."""
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    try:
        read = pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=max(len(body), 1)
            ),
            parse_options=pa_csv.ParseOptions(delimiter=layout.delimiter or "\t", ignore_empty_lines=True),
            convert_options=pa_csv.ConvertOptions(
                column_types={f"f{index}": pa.float64() for index in range(width + 2)},
                null_values=_BLANK_SPELT,
                decimal_point="," if layout.decimal_comma else ".",
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        return None
    if read.num_rows == 0 or read.num_columns > width + 1:
        return None
    # Rows of this array are columns of the table: a lead's samples stand side by side.
    values = np.empty((read.num_columns, read.num_rows))
    for index, column in enumerate(read.columns):
        values[index] = column.to_numpy()
    return values.T


def _quick_rows(body: bytes, layout: Layout) -> Table | None:
    """A table of few long rows: its cells as one long column."""
    lines = [line for line in body.replace(b"\r", b"").split(b"\n") if line.strip()]
    sign = (layout.delimiter or ",").encode()
    if b'"' in body or any(line.count(sign) != layout.width - 1 for line in lines):
        return None
    cells = b"\n".join(lines).replace(sign, b"\n")
    if b"\n\n" in cells or cells.startswith(b"\n"):
        return None  # an empty cell would be taken for an empty line
    column = _columns(cells, replace(layout, delimiter="\t"), 1)
    if column is None or column.shape != (len(lines) * layout.width, 1):
        return None
    return column.reshape(len(lines), layout.width)


def _quick_blanks(body: bytes, layout: Layout) -> Table | None:
    """numpy's reader, which knows runs of blanks."""
    text = body.decode("latin-1")
    if "_" in text or (layout.decimal_comma and "." in text):
        return None
    decimal = text.replace(",", ".") if layout.decimal_comma else text
    lines = [line for line in decimal.split("\n") if line.strip()]
    try:
        # Without the number of rows it takes memory for thousands first.
        table: Table = np.loadtxt(lines, ndmin=2, max_rows=len(lines))
    except ValueError:
        return None
    return table if table.shape[1] == layout.width else None


def _careful(text: str, layout: Layout) -> tuple[Table, tuple[str, ...]]:
    """Cell by cell, with the place of whatever is wrong."""
    lines = _lines(text, limit=len(text) + 1).after(len(layout.preamble) + len(layout.header)).texts
    width = layout.width - (1 if layout.labelled else 0)
    first = len(layout.header) + 1
    n_characters = len(text)
    del text
    if len(lines) * width > n_characters + width:  # an empty cell still has its delimiter
        raise FormatError(f"It has {len(lines)} rows where {width} cells are expected, and few of them are there.")
    labels: list[str] = []
    table = np.full((len(lines), width), np.nan)
    for number, line in enumerate(lines):
        row = split_row(line, layout.delimiter)
        if layout.labelled:
            labels.append(row.pop(0))
        if len(row) > width or len(row) < width - 1:
            raise FormatError(
                f"Row {number + first} has {len(row)} cells where {width} are expected.",
                advice="The file may be cut off, or mix decimal commas with commas between cells.",
            )
        for column, cell in enumerate(row):
            if not layout.labelled and column == 0 and _CLOCK.fullmatch(cell):
                table[number, column] = _seconds(cell)
            else:
                table[number, column] = _value(cell, number + first, column + 1, comma=layout.decimal_comma)
    return table, tuple(labels)


def _seconds(clock: str) -> float:
    seconds = 0.0
    for part in clock.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def _value(cell: str, row: int, column: int, *, comma: bool) -> float:
    """The number in a cell; of two decimal signs in one file one may separate thousands, so that neither is sure."""
    folded = cell.casefold()
    if folded in _BLANK:
        return float("nan")
    text = "" if comma and "." in cell else cell.replace(",", ".") if comma else cell
    if _NUMBER.fullmatch(text) or folded in _INFINITE:
        return float(text)
    raise FormatError(f"Row {row}, column {column} holds {cell[:40]!r}, which is no number.")
