"""Some columns of a large table, line by line: a table of 800,000 rows stays within some hundred megabytes."""

import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.tables import quoted


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: its line in the file, and the cells of the wanted columns, stripped, empty ones None."""

    line: int
    values: tuple[str | None, ...]


def read_columns(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Cells]:
    """The cells of `needed` and `optional` columns of a CSV file (comma, UTF-8), in that order, row by row.

    A column of `optional` that is not there gives None. Cells that repeat are kept once in memory.

    Raises
    ------
    LabelError
        The file cannot be read, lacks a needed column, or is no such table; names file and line.
    """
    try:
        with path.open("r", encoding="utf-8-sig", newline="") as stream:
            yield from _rows(path.name, stream, needed, optional)
    except OSError as error:
        raise LabelError(
            f"{path} cannot be read: {error.strerror or error}.",
            advice=f"The layout needs {path.name} as the data set is distributed.",
        ) from None
    except UnicodeDecodeError:
        raise LabelError(f"{path.name} is no text in UTF-8.", advice="Restore it from the data set.") from None


def _rows(name: str, lines: Iterator[str], needed: Sequence[str], optional: Sequence[str]) -> Iterator[Cells]:
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [column for column in needed if column not in header]
        if missing:
            raise LabelError(
                f"{name} has no column {quoted(missing)}; it has {quoted(header)}.",
                advice="Restore the table from the data set.",
            )
        places = [header.index(column) if column in header else None for column in (*needed, *optional)]
        for row in reader:
            if row:
                if len(row) != len(header):
                    raise LabelError(
                        f"{name}, line {reader.line_num}: {len(row)} cells under a header of {len(header)} columns.",
                        advice="Restore the table from the data set; spreadsheet programs damage it.",
                    )
                cells = (None if place is None else row[place].strip() or None for place in places)
                yield Cells(reader.line_num, tuple(cell and sys.intern(cell) for cell in cells))
    except csv.Error as error:
        raise LabelError(
            f"{name}, line {reader.line_num}: {error}.", advice="Restore the table from the data set."
        ) from None


def number(cell: str | None) -> float | None:
    """The number in a cell; None where there is none."""
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None


def whole(name: str, line: int, column: str, cell: str | None) -> int:
    """The whole number in a cell; LabelError naming the line when it is none."""
    value = number(cell)
    if value is None or not value.is_integer():
        raise LabelError(
            f"{name}, line {line}: {column} {cell!r} is no whole number.", advice="Restore the table from the data set."
        )
    return int(value)
