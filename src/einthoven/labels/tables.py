"""Tables of labels: CSV in the forms in which people have it, and XLSX."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from einthoven.errors import LabelError

MAX_BYTES = 64 * 2**20
MAX_UNPACKED_BYTES = 512 * 2**20
MAX_ROWS = 2_000_000
MAX_COLUMNS = 2_000
DELIMITERS = (",", ";", "\t", "|")

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_SNIFFED_ROWS = 50

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was written: text cells without blanks around them, empty ones None.

    `lines` holds for each row its number in the file (the last line of the row, or the row of the
    sheet), for messages. `notes` says what had to be decided to read it.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[int, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def find(self, column: str) -> int | None:
        """Position of a column, by its exact name or else regardless of case; None where there is none.

        Raises
        ------
        LabelError
            When the name stands more than once.
        """
        wanted = column.strip()
        for key in (str, str.casefold):
            places = [i for i, name in enumerate(self.columns) if key(name) == key(wanted)]
            if len(places) > 1:
                raise LabelError(
                    f"{self.name}: the column {column!r} stands {len(places)} times.", advice="Rename one of them."
                )
            if places:
                return places[0]
        return None

    def column(self, column: str) -> tuple[str | None, ...]:
        """The cells of a column; LabelError that lists the columns when there is none of that name."""
        place = self.find(column)
        if place is None:
            raise LabelError(
                f"{self.name} has no column {column!r}; it has {quoted(self.columns)}.",
                advice="Say which of these columns to use, or take the template with file_name,label,ICD-10.",
            )
        return tuple(row[place] for row in self.rows)


def quoted(names: Iterable[str], *, most: int = 20) -> str:
    """Names in quotation marks with commas between, at most `most` of them."""
    listed = [repr(name) for name in names]
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more


def read_table(name: str, data: bytes, *, sheet: str | None = None, delimiter: str | None = None) -> Table:
    """Read a CSV or XLSX file; which of them it is, is told by its content.

    Parameters
    ----------
    name
        Of the file, for messages.
    sheet
        Of an XLSX file; its first sheet when None.
    delimiter
        Of a CSV file; found from its first lines when None (`,` `;` tabulator or `|`).

    Raises
    ------
    LabelError
        Empty, too large, damaged, not a table, a row with more cells than the header; names file and line.
    """
    if not data.strip():
        raise LabelError(f"{name} is empty.", advice="Write a header line and one line per ECG.")
    if len(data) > MAX_BYTES:
        raise LabelError(
            f"{name} has {len(data) / 2**20:.0f} MiB; a label table may have {MAX_BYTES // 2**20} MiB.",
            advice="Keep only the columns with file names and labels.",
        )
    if data.startswith(_OLD_EXCEL):
        raise LabelError(f"{name} is in Excel's old format (.xls) or locked.", advice="Save it as .xlsx or .csv.")
    if data.startswith(b"PK\x03\x04"):
        return _read_xlsx(name, data, sheet)
    return _read_csv(name, data, delimiter)


def _read_csv(name: str, data: bytes, delimiter: str | None) -> Table:
    text, notes = _decoded(name, data)
    first, _, rest = text.partition("\n")
    skipped = 0
    # Excel writes and reads this line where the separator is not that of the country.
    if first.strip().lower().startswith("sep=") and len(first.strip("\r")) == 5:
        delimiter, text, skipped = delimiter or first[4], rest, 1
    delimiter = delimiter or _guessed_delimiter(text)
    return _assembled(name, _csv_rows(name, text, delimiter, skipped), notes)


def _decoded(name: str, data: bytes) -> tuple[str, tuple[str, ...]]:
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError:
            raise LabelError(f"{name} is damaged: it claims to be UTF-16 text.", advice="Save it as UTF-8.") from None
    if b"\0" in data:
        raise LabelError(f"{name} is not a table of text.", advice="Give a CSV or XLSX file.")
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise LabelError(f"{name} is neither UTF-8 nor Windows-1252 text.", advice="Save it as UTF-8.") from None
    return text, ("It is not UTF-8 and was read as Windows-1252: check letters with accents.",)


def _guessed_delimiter(text: str) -> str:
    """The delimiter for which most of the first rows have as many cells as the header, then most cells."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if row:
                    rows.append(row)
                if len(rows) > _SNIFFED_ROWS:
                    break
        except csv.Error:
            return (0.0, 0)
        width = len(rows[0]) if rows else 0
        if width < 2:
            return (0.0, 0)
        return (sum(len(row) == width for row in rows) / len(rows), width)

    return max(DELIMITERS, key=fit)


def _csv_rows(name: str, text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, Row]]:
    try:
        # Strict: otherwise a quotation mark that is never closed swallows the rest of the file in silence.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (TypeError, ValueError):
        raise LabelError(f"{delimiter!r} cannot separate columns.", advice="Give one character.") from None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = reader.line_num + skipped
            raise LabelError(
                f"{name}, line {line}: {error}.", advice="Check the quotation marks from there on."
            ) from None
        yield reader.line_num + skipped, tuple(cell.strip() or None for cell in cells)


def _read_xlsx(name: str, data: bytes, sheet: str | None) -> Table:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    notes: list[str] = []
    damaged = (InvalidFileException, zipfile.BadZipFile, zlib.error, SyntaxError, OSError, EOFError, RuntimeError)
    nonsense = (KeyError, ValueError, TypeError, AttributeError, IndexError)  # what openpyxl makes of odd XML
    try:
        _check_unpacked_size(name, data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return _assembled(name, _sheet_rows(_chosen_sheet(name, book, sheet), notes), notes)
        finally:
            book.close()
    except (*damaged, *nonsense) as error:
        raise LabelError(
            f"{name} cannot be read as a spreadsheet ({error or type(error).__name__}).",
            advice="Open it in a spreadsheet program and save it as .xlsx or .csv.",
        ) from error


def _check_unpacked_size(name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            raise LabelError(f"{name} is an archive, but not an .xlsx workbook.", advice="Give a CSV or XLSX file.")
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise LabelError(
                f"{name} unpacks to more than {MAX_UNPACKED_BYTES // 2**20} MiB.",
                advice="Keep only the columns with file names and labels.",
            )


def _chosen_sheet(name: str, book: Any, sheet: str | None) -> Any:
    sheets = {worksheet.title: worksheet for worksheet in book.worksheets}
    if not sheets:
        raise LabelError(f"{name} has no sheet with cells.")
    if sheet is None:
        return next(iter(sheets.values()))
    if sheet not in sheets:
        raise LabelError(f"{name} has no sheet {sheet!r}; it has {quoted(sheets)}.")
    return sheets[sheet]


def _sheet_rows(worksheet: Any, notes: list[str]) -> Iterator[tuple[int, Row]]:
    errors = 0
    for number, cells in enumerate(worksheet.iter_rows(values_only=True), start=1):
        texts = tuple(_cell_text(cell) for cell in cells)
        errors += sum(text in _CELL_ERRORS for text in texts)
        yield number, tuple(None if text in _CELL_ERRORS else text for text in texts)
    if errors:
        notes.append(f"{errors} cells hold errors of the spreadsheet (such as #N/A) and were read as empty.")


def _cell_text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() or None


def _assembled(name: str, numbered: Iterator[tuple[int, Row]], notes: Iterable[str]) -> Table:
    """Header and rows of equal length; blank rows are skipped, columns without any text dropped."""
    filled = ((line, row) for line, row in numbered if any(cell is not None for cell in row))
    _, header = next(filled, (0, ()))
    width = max((i + 1 for i, cell in enumerate(header) if cell is not None), default=0)
    if width == 0:
        raise LabelError(f"{name} is empty.", advice="Write a header line and one line per ECG.")
    if width > MAX_COLUMNS:
        raise LabelError(f"{name} has {width} columns; a label table may have {MAX_COLUMNS}.")
    rows: list[Row] = []
    lines: list[int] = []
    for line, row in filled:
        if any(cell is not None for cell in row[width:]):
            raise LabelError(
                f"{name}, line {line}: {len(row)} cells under a header of {width} columns.",
                advice="Put cells that contain the separator in quotation marks.",
            )
        if len(rows) == MAX_ROWS:
            raise LabelError(f"{name} has more than {MAX_ROWS} rows.", advice="Split the table.")
        rows.append((*row[:width], *(None,) * (width - len(row))))
        lines.append(line)
    columns = tuple(cell or "" for cell in header[:width])
    return Table(name, columns, tuple(rows), tuple(lines), tuple(notes))
