"""A table of numbers in text: its delimiter, decimal sign, what stands above it, and its values."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.columns import names_lead
from einthoven.formats.table_preamble import is_preamble, stated
from einthoven.formats.units import kind_of_unit

SNIFF_BYTES = 65536
_BLOCK_BYTES = 65536
_SNIFF_LINES = 24
_MAX_PREAMBLE = 40
_MAX_HEADER_ROWS = 3
# What spreadsheets write for a value that could not be computed or found, in English and German.
_ERRORS = frozenset(
    {
        "#n/a", "#na", "#nv", "#n/v", "#div/0!", "#value!", "#wert!", "#ref!", "#bezug!", "#num!", "#zahl!", "#name?",
        "#null!", "#spill!", "#calc!",
    }
)  # fmt: skip
_BLANK = frozenset({"", "nan", "na", "n/a", "null", "none", "-"}) | _ERRORS
# pyarrow compares blanks with case; other spellings go the careful way.
_BLANK_SPELT = ["", "nan", "NaN", "NAN", "na", "NA", "n/a", "N/A", "null", "NULL", "Null", "none", "None", "NONE", "-"]
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
# Possessive, so that a run of digits takes linear time.
_NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*+,\d++([eE][+-]?\d++)?", re.ASCII)
_QUOTED_DECIMAL_COMMA = re.compile(rb'"\s*[+-]?\d*+,\d++([eE][+-]?\d++)?\s*"')
_INTEGER = re.compile(r"[+-]?\d++", re.ASCII)
_STARTS_NUMBER = re.compile(r"[+-]?[.,]?\d")
_STARTS_FRACTION = re.compile(r"[+-]?\d*[.,]\d")
_CLOCK = re.compile(r"\d{1,5}:\d{1,2}(:\d{1,2})?([.,]\d++)?", re.ASCII)
# A row of numbers: from here on a line that begins with # or % is no comment.
_STARTS_ROW = re.compile(r'\s*"?[+-]?[.,]?\d')
# Wider than this, a table has its samples in columns, which pyarrow reads slowly.
_MANY_COLUMNS = 200
_MOST_BYTES_A_CHARACTER = 1.2
"""Digits have one byte each; only a header has others."""
_QUOTED_STEP = re.compile(r'"# *steps *:', re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
# What no number with a sign for thousands has: zeros before it, other than three digits behind it, four before it.
_DECIMALS = {
    sign: re.compile(rb"(?<!\d)0+S\d|(?<!\d)S\d|S\d{0,2}(?!\d)|S\d{4}|S\d{3}[eE]|\d{4}S".replace(b"S", spelt))
    for sign, spelt in ((b".", rb"\."), (b",", b","))
}
_NO_TEXT = tuple(bytes([code]) for code in range(9))

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out, told from its first lines.

    `delimiter` None means blanks. `labelled` rows begin with a lead name, behind which its unit may stand
    (`with_units`), and then hold its samples. `preamble` are the lines `key: value` above the table. `first_line` is
    the line, counted from 0, with the first numbers. `clock`: the first column begins with a clock time.
    """

    delimiter: str | None
    decimal_comma: bool
    header: tuple[tuple[str, ...], ...]
    width: int
    labelled: bool
    comments: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    first_line: int = 0
    with_units: bool = False
    clock: bool = False

    @property
    def n_labels(self) -> int:
        return (2 if self.with_units else 1) if self.labelled else 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """All values `(rows, columns)`, read-only, NaN where blank; labels of labelled rows, as `II (mV)` with a unit.

    `text` are columns (from 0) without any number, and `empty_lines` how many lines among the rows are empty.
    """

    values: Table
    labels: tuple[str, ...] = ()
    text: tuple[int, ...] = ()
    empty_lines: int = 0

    def __post_init__(self) -> None:
        self.values.flags.writeable = False


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
    """The layout of a table under lines `key: value`: one states a fact about it, or its header names a lead."""
    n = next((index for index, line in enumerate(lines.texts) if not is_preamble(line)), len(lines.texts))
    n_facts = max((index + 1 for index in range(n) if stated(lines.texts[index : index + 1]).found), default=0)
    if not n or n == len(lines.texts):
        return None
    # The rows directly above the numbers may be the header, which reads like `key, value` too.
    for n_header in range(min(_MAX_HEADER_ROWS, n - n_facts), 0, -1):
        layout = _layout(lines.after(n - n_header).first(_SNIFF_LINES))
        if layout is not None and any(names_lead(cell) for row in layout.header[-2:] for cell in row):
            return replace(layout, preamble=lines.texts[: n - n_header])
    if not n_facts:
        return None
    leads = stated(lines.texts[:n]).leads
    below = lines.after(n).first(_SNIFF_LINES)
    # One lead in one column: a comma can then be a decimal sign only.
    layout = _try(below, None) if leads is not None and len(leads) == 1 else _layout(below)
    return None if layout is None else replace(layout, preamble=lines.texts[:n])


def _without_cut_line(lines: _Lines) -> _Lines:
    """The lines without what may be half a cell; of one or two long ones the rest is needed."""
    if len(lines.texts) > 2:
        return replace(lines, texts=lines.texts[:-1], numbers=lines.numbers[:-1])
    if not lines.texts:
        return lines
    line = lines.texts[-1]
    whole = line[: max(0, *(line.rfind(sign) for sign in "\t;, "))]
    return replace(lines, texts=(*lines.texts[:-1], whole)) if whole else lines


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
    in_table = False
    for number, line in enumerate(text.split("\n")):
        stripped = line.strip("\r\n")
        if not in_table and _is_comment(stripped):
            comments.append(stripped.lstrip('"#% ').strip())
        elif not _is_empty(stripped, tabs=in_table):
            in_table = in_table or _STARTS_ROW.match(stripped) is not None
            texts.append(stripped)
            numbers.append(number)
            if len(texts) >= limit:
                break
    return _Lines(tuple(texts), tuple(numbers), tuple(comments))


def _is_comment(line: str) -> bool:
    # A spreadsheet may put quotes around the first cell of a comment: of ours alone, for `"#"` may head a column.
    if _QUOTED_STEP.match(line):
        return True
    return line.startswith(("#", "%")) and re.split(r"[,;\t ]", line, maxsplit=1)[0].casefold() not in _ERRORS


def _is_empty(line: str, *, tabs: bool) -> bool:
    """Whether nothing stands in a line; `tabs` says that tabs are cells."""
    return not line.strip(" \r\n" if tabs else None)


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
    width = max(len(row) for row in rows)
    if delimiter is None and len(rows[-1]) == 1:
        rows = [[line.strip().strip('"')] for line in lines.texts]  # `II (mV)` over one column is one cell
        width = 1
    if len(rows[-1]) < 2 and delimiter is not None:
        return None
    comma = any("," in cell and _DECIMAL_COMMA.fullmatch(cell) for row in rows for cell in row)
    n_header = next((index for index, row in enumerate(rows) if _is_data(row, comma=comma)), len(rows))
    data = rows[n_header:]
    header = tuple(tuple(row) for row in rows[:n_header])
    if data and delimiter == "," and _is_one_column(header, lines.texts[n_header:]):
        return None
    described = n_header <= _MAX_HEADER_ROWS and _is_header(header)
    if data and described and all(_is_data(row, comma=comma) for row in data):
        # Trailing empty cells are cut from each row, so that short rows are let through here and judged on reading.
        clock = len(data[0]) > 1 and _CLOCK.fullmatch(data[0][0]) is not None
        first = lines.numbers[n_header]
        return Layout(delimiter, comma, header, width, False, lines.comments, first_line=first, clock=clock)
    if n_header and len(rows) > 1 and _names_leads(rows, comma=comma):
        # The header names leads: a cell that is no number is an error to point at, or a column to leave out.
        layout = Layout(delimiter, comma, (tuple(rows[0]),), len(rows[0]), False, lines.comments)
        return replace(layout, first_line=lines.numbers[1])
    return _try_labelled(lines, rows, delimiter, comma=comma)


def _names_leads(rows: Sequence[Sequence[str]], *, comma: bool) -> bool:
    """Whether the first row names two leads, or one under which numbers stand in all rows."""
    leads = [index for index, cell in enumerate(rows[0]) if names_lead(cell)]
    if len(leads) != 1 or len(rows[0]) < 2:
        return len(leads) > 1
    return all(len(row) > leads[0] and _is_data([row[leads[0]]], comma=comma) for row in rows[1:])


def _is_one_column(header: Sequence[Sequence[str]], lines: Sequence[str]) -> bool:
    """Whether commas under one name are decimal signs: each line is such a number, and what stands before the comma
    does not number the lines."""
    if not header or any(len(row) > 1 for row in header):
        return False
    if not all(_DECIMAL_COMMA.fullmatch(line.strip().strip('"')) for line in lines):
        return False
    whole = [line.strip().strip('"').partition(",")[0] for line in lines]
    numbers = [int(part) for part in whole if _INTEGER.fullmatch(part) and len(part) < 10]
    return len(whole) < 3 or numbers != list(range(numbers[0], numbers[0] + len(whole)) if numbers else ())


def _try_labelled(lines: _Lines, rows: Sequence[Sequence[str]], delimiter: str | None, *, comma: bool) -> Layout | None:
    """The layout of rows that begin with a lead, and perhaps its unit; numbers of the samples may stand above."""
    n_header = 0 if names_lead(rows[0][0]) else 1
    body = rows[n_header:]
    if not body or not all(len(row) > 2 and names_lead(row[0]) for row in body):
        return None
    with_units = all(kind_of_unit(row[1]) and row[1] != "" for row in body)
    n_labels = 2 if with_units else 1
    above = [cell for row in rows[:n_header] for cell in row[n_labels:]]
    if n_header and above not in ([str(k) for k in range(len(above))], [str(k + 1) for k in range(len(above))]):
        return None
    if not all(_is_data(row[n_labels:], comma=comma) for row in body):
        return None
    return Layout(
        delimiter, comma, tuple(tuple(row) for row in rows[:n_header]), max(len(row) for row in body), True,
        lines.comments, first_line=lines.numbers[n_header], with_units=with_units,
    )  # fmt: skip


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


def parse(data: bytes, layout: Layout, *, counts: bool = False) -> Parsed:
    """All values of the table in `data`, which is as `plain_bytes` gives it; `counts` says that they are whole.

    Raises
    ------
    FormatError
        Naming row and column when something is no number, a row has another number of cells, or a sign may be one
        for decimals as well as for thousands. No cell is quoted: it may hold a name.
    """
    body = _from_line(data, layout.first_line)
    if layout.labelled or not layout.header:
        # The first row may be longer than what was looked at.
        first = body[: body.find(b"\n")] if b"\n" in body else body
        width = len(split_row(first.decode("latin-1").strip(), layout.delimiter))
        layout = replace(layout, width=max(width, layout.width))
    if not layout.decimal_comma and _has_decimal_comma(body, layout.delimiter):
        layout = replace(layout, decimal_comma=True)
    _refuse_thousands(body, layout, counts=counts)
    labels, numbers = _labels(body, layout) if layout.labelled else ((), body)
    table = _quick(numbers, replace(layout, width=layout.width - layout.n_labels))
    if table is not None:
        return Parsed(table, labels, empty_lines=_empty_lines(body, layout, len(table)))
    del body, numbers  # the careful way needs the memory
    parsed = _careful(decode_text(data) or "", layout)
    n_rows = len(parsed.values)
    return replace(parsed, empty_lines=_empty_lines(_from_line(data, layout.first_line), layout, n_rows))


def _has_decimal_comma(body: bytes, delimiter: str | None) -> bool:
    """Whether a comma stands below the first lines, where it is no delimiter."""
    if delimiter != ",":
        return b"," in body
    return b'"' in body and _QUOTED_DECIMAL_COMMA.search(body) is not None


def _refuse_thousands(body: bytes, layout: Layout, *, counts: bool) -> None:
    """FormatError where the sign taken for a decimal one may separate thousands, as in 1.250 for 1250.

    It may where it stands before three digits and behind one to three, wherever it stands, and the other numbers
    are whole and below 1000. Whole numbers are not needed where the numbers are said to be `counts`.
    """
    sign = b"," if layout.decimal_comma else b"."
    if sign not in body or (layout.decimal_comma and layout.delimiter == "," and b'"' not in body):
        return
    if sign.decode() != layout.delimiter and not layout.clock and _DECIMALS[sign].search(body):
        return
    first, others = set[str](), set[str]()
    rising, last = True, None
    for line in body.decode("latin-1").split("\n"):
        row = split_row(line.strip(), layout.delimiter)
        others.update(_form(cell) for cell in row[1:])
        form = _form(row[0]) if row else ""
        first.add(form)
        # Whole numbers that go up are a time or an index, written in a way of its own.
        if form in ("small", "large") and rising:
            rising = last is None or int(row[0]) > last
            last = int(row[0])
        if "decimal" in others or "decimal" in first:
            return
    forms = others if rising and first <= {"small", "large", ""} else first | others
    whole = "small" in forms
    if "grouped" in forms and "large" not in forms and (whole or counts):
        raise FormatError(
            f"All its numbers with a {'comma' if layout.decimal_comma else 'point'} have three digits behind it"
            f"{' beside whole numbers below 1000' if whole else ' though they are counts'}: the sign may separate "
            "thousands as well as decimals.",
            advice="Write the numbers without signs for thousands, or with another number of decimals.",
        )


def _form(cell: str) -> str:
    """`small` or `large`: a whole number below 1000 or not; `grouped`: one like 1.250; `decimal`: any other number."""
    if _THOUSANDS.fullmatch(cell):
        return "grouped"
    if _INTEGER.fullmatch(cell) and len(cell) < 20:
        return "small" if len(cell.lstrip("+-")) < 4 else "large"
    return "decimal" if _NUMBER.fullmatch(cell.replace(",", ".")) else ""


def _empty_lines(body: bytes, layout: Layout, n_rows: int) -> int:
    """How many lines among the rows are empty; FormatError in a single column, where each may be a sample."""
    n_ended = _line_feeds(body)
    if n_ended < n_rows or (n_ended == n_rows and body.endswith(b"\n")):
        return 0
    count = body.strip(b"\n\r ").count(b"\n") + 1 - n_rows
    if count > 0 and layout.width == 1 and count != n_rows - 1:
        raise FormatError(
            f"{count} empty line{'s' if count > 1 else ''} among its {n_rows} rows may be missing samples.",
            advice="Write NaN where a sample is missing, and take out lines that mean nothing.",
        )
    return max(count, 0)


def _line_feeds(body: bytes) -> int:
    """As `body.count`, in a third of the time; block by block, because new memory costs more than counting."""
    codes = np.frombuffer(body, np.uint8)
    starts = range(0, len(codes), _BLOCK_BYTES)
    return sum(int(np.count_nonzero(codes[start : start + _BLOCK_BYTES] == ord("\n"))) for start in starts)


def _labels(body: bytes, layout: Layout) -> tuple[tuple[str, ...], bytes]:
    """The label of each row, and the rows without it; nothing where quotes or blanks make it a matter of care."""
    sign = (layout.delimiter or "").encode()
    if not sign or b'"' in body:
        return (), b""
    rows = [line.split(sign, layout.n_labels) for line in body.split(b"\n") if line.strip()]
    if any(len(row) <= layout.n_labels for row in rows):
        return (), b""
    labels = tuple(_label([cell.decode("latin-1") for cell in row[:-1]]) for row in rows)
    return labels, b"\n".join(row[-1] for row in rows)


def _label(cells: Sequence[str]) -> str:
    name, *unit = (cell.strip() for cell in cells)
    return f"{name} ({unit[0]})" if unit else name


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


def _careful(text: str, layout: Layout) -> Parsed:
    """Cell by cell, with the place of whatever is wrong."""
    tabs = layout.delimiter is not None
    lines = [line.strip("\r") for line in text.split("\n")[layout.first_line :] if not _is_empty(line, tabs=tabs)]
    width = layout.width - layout.n_labels
    first = len(layout.header) + 1
    n_characters = len(text)
    del text
    if len(lines) * width > n_characters + width:  # an empty cell still has its delimiter
        raise FormatError(f"It has {len(lines)} rows where {width} cells are expected, and few of them are there.")
    labels: list[str] = []
    may_be_text = _not_leads(layout)
    wrong: dict[int, FormatError] = {}
    table = np.full((len(lines), width), np.nan)
    for number, line in enumerate(lines):
        if _is_comment(line):
            raise FormatError(
                f"Row {number + first} begins with {line[0]}, as comments do or a row that was taken out.",
                advice="Remove it: comments may stand above the first row of numbers only.",
            )
        row = split_row(line, layout.delimiter)
        if layout.labelled:
            labels.append(_label(row[: layout.n_labels]))
            row = row[layout.n_labels :]
        # Without a delimiter at its end a short row lost a cell, no one knows which.
        if len(row) > width or len(row) < width - (1 if _ends_open(line, layout.delimiter) else 0):
            raise FormatError(
                f"Row {number + first} has {len(row)} cells where {width} are expected.",
                advice="The file may be cut off, or mix decimal commas with commas between cells.",
            )
        for column, cell in enumerate(row):
            if not layout.labelled and column == 0 and width > 1 and _CLOCK.fullmatch(cell):
                table[number, column] = _seconds(cell)
                continue
            try:
                table[number, column] = _value(cell, number + first, column + 1, comma=layout.decimal_comma)
            except FormatError as error:
                if column not in may_be_text:
                    raise
                wrong.setdefault(column, error)
    for column, first_wrong in wrong.items():
        if not np.isnan(table[:, column]).all():
            raise first_wrong
    return Parsed(table, tuple(labels), tuple(sorted(wrong)))


def _not_leads(layout: Layout) -> frozenset[int]:
    """Columns that the header calls by another name than that of a standard lead."""
    if not layout.header or layout.labelled or any(len(row) > layout.width for row in layout.header):
        return frozenset()
    if max(len(row) for row in layout.header) < layout.width:
        return frozenset()
    leads = {index for row in layout.header for index, cell in enumerate(row) if names_lead(cell)}
    return frozenset(range(layout.width)) - leads


def _ends_open(line: str, delimiter: str | None) -> bool:
    return delimiter is not None and line.rstrip(" \r").endswith(delimiter)


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
    raise FormatError(f"Row {row}, column {column} holds {_kind_of(cell)}, which is no number.")


def _kind_of(cell: str) -> str:
    """What a cell holds, without a word of it: it may be a name or a birth date."""
    if any(character.isalpha() for character in cell):
        return "text"
    return "digits with other signs" if any(character.isdigit() for character in cell) else "other signs"
