"""A table of numbers in text: its delimiter, decimal sign, header rows and values."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.leads import is_standard

SNIFF_BYTES = 65536
_SNIFF_LINES = 24
_MAX_HEADER_ROWS = 3
_BLANK = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_STARTS_NUMBER = re.compile(r"[+-]?[.,]?\d")
_STARTS_FRACTION = re.compile(r"[+-]?\d*[.,]\d")
_CLOCK = re.compile(r"\d+:\d{1,2}(:\d{1,2})?([.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out, told from its first lines.

    `delimiter` None means blanks. `labelled` rows begin with a lead name, and then hold its samples.
    """

    delimiter: str | None
    decimal_comma: bool
    header: tuple[tuple[str, ...], ...]
    width: int
    labelled: bool
    comments: tuple[str, ...]


def decode_text(data: bytes) -> str | None:
    """The text in `data` (UTF-8, UTF-16 with BOM, or Latin-1), or None when these are no characters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data[: len(data) // 2 * 2].decode("utf-16", "replace")
    if b"\0" in data or sum(data.count(code) for code in range(1, 9)) > 0:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A head may end inside a character.
        return data[: error.start].decode("utf-8-sig") if error.start >= len(data) - 4 else data.decode("latin-1")


def sniff(text: str, *, complete: bool) -> Layout | None:
    """The layout of a table of numbers, or None when it is none. `complete` says that no line is cut off."""
    lines, comments = _lines(text, limit=_SNIFF_LINES + (0 if complete else 1))
    if not complete and len(lines) > 1:
        lines.pop()
    elif not complete and lines:
        lines[-1] = lines[-1][: max(lines[-1].rfind(sign) for sign in "\t;, ")]
    for delimiter in ("\t", ";", ",", None):
        layout = _try(lines, delimiter, comments)
        if layout is not None:
            return layout
    return None


def _lines(text: str, *, limit: int) -> tuple[list[str], tuple[str, ...]]:
    lines: list[str] = []
    comments: list[str] = []
    for line in io.StringIO(text):
        stripped = line.strip("\r\n")
        if stripped.startswith(("#", "%")):
            comments.append(stripped.lstrip("#% ").strip())
        elif stripped.strip():
            lines.append(stripped)
            if len(lines) >= limit:
                break
    return lines, tuple(comments)


def split_row(line: str, delimiter: str | None) -> list[str]:
    """The cells of one line, without quotes and blanks around them."""
    if delimiter is None:
        return line.split()
    cells = next(csv.reader([line], delimiter=delimiter)) if '"' in line else line.split(delimiter)
    cells = [cell.strip() for cell in cells]
    return cells[:-1] if len(cells) > 1 and cells[-1] == "" else cells


def _try(lines: Sequence[str], delimiter: str | None, comments: tuple[str, ...]) -> Layout | None:
    rows = [split_row(line, delimiter) for line in lines]
    if not rows:
        return None
    width = len(rows[-1])
    if width < 2 and delimiter is not None:
        return None
    comma = delimiter != "," and any(_DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row)
    n_header = next((index for index, row in enumerate(rows) if _is_data(row, comma=comma)), len(rows))
    data = rows[n_header:]
    described = n_header <= _MAX_HEADER_ROWS and _is_header(rows[:n_header])
    if data and described and all(_is_data(row, comma=comma) for row in data):
        # Trailing empty cells are cut from each row, so that short rows are let through here and judged on reading.
        width = max(len(row) for row in rows)
        return Layout(delimiter, comma, tuple(tuple(row) for row in rows[:n_header]), width, False, comments)
    if n_header and sum(is_standard(cell.partition("(")[0]) for cell in rows[0]) >= 2 and len(rows) > 1:
        # The header names leads: a cell that is no number is an error to point at, not another format.
        return Layout(delimiter, comma, (tuple(rows[0]),), len(rows[0]), False, comments)
    if all(len(row) > 2 and is_standard(row[0]) and _is_data(row[1:], comma=comma) for row in rows):
        return Layout(delimiter, comma, (), width, True, comments)
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


def parse(text: str, layout: Layout) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """All values `(rows, columns)`, NaN where blank, and the labels of labelled rows.

    Raises
    ------
    FormatError
        Naming row and cell when something is no number, or a row has another number of cells.
    """
    lines, _ = _lines(text, limit=len(text) + 1)
    body = lines[len(layout.header) :]
    if layout.decimal_comma:
        body = [line.replace(",", ".") for line in body]
    quick = None if layout.labelled else _quick(body, layout.delimiter)
    if quick is not None:
        return quick, ()
    first = len(layout.header) + 1
    cells = [split_row(line, layout.delimiter) for line in body]
    labels = tuple(row[0] for row in cells) if layout.labelled else ()
    rows = [row[1:] for row in cells] if layout.labelled else cells
    width = layout.width - (1 if layout.labelled else 0)
    table = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        if len(row) > width or len(row) < width - 1:
            raise FormatError(
                f"Row {number + first} has {len(row)} cells where {width} are expected.",
                advice="The file may be cut off, or mix decimal commas with commas between cells.",
            )
        for column, cell in enumerate(row):
            table[number, column] = _value(cell, number + first, column + 1)
    return table, labels


def _quick(body: Sequence[str], delimiter: str | None) -> npt.NDArray[np.float64] | None:
    """numpy's own reader, 20 times faster; None when a cell is not a plain number."""
    try:
        table: npt.NDArray[np.float64] = np.loadtxt(body, delimiter=delimiter, ndmin=2, comments=None, quotechar='"')
    except ValueError:
        return None
    return table


def _value(cell: str, row: int, column: int) -> float:
    if cell.casefold() in _BLANK:
        return float("nan")
    if column == 1 and _CLOCK.fullmatch(cell):
        seconds = 0.0
        for part in cell.replace(",", ".").split(":"):
            seconds = seconds * 60 + float(part)
        return seconds
    try:
        return float(cell)
    except ValueError:
        raise FormatError(f"Row {row}, column {column} holds {cell[:40]!r}, which is no number.") from None
