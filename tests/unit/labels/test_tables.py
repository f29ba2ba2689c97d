"""Label tables in the forms in which people have them."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from einthoven.errors import LabelError
from einthoven.labels import tables
from einthoven.labels.tables import read_table

ROWS = (("a.csv", "NORM|MI"), ("b.csv", None), ("c.csv", "Schenkelblock, links"))


def _xlsx(*rows: tuple[object, ...], title: str = "Labels", more: tuple[str, ...] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name in more:
        book.create_sheet(name).append(("other", "sheet"))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_newline_and_mark_gives_the_same_table(delimiter: str, newline: str, encoding: str) -> None:
    lines = [["file_name", "label"], ["a.csv", "NORM|MI"], ["b.csv", ""], ["c.csv", '"Schenkelblock, links"']]
    text = newline.join(delimiter.join(line) for line in lines) + newline
    table = read_table("labels.csv", text.encode(encoding))
    assert table.columns == ("file_name", "label")
    assert table.rows == ROWS
    assert table.lines == (2, 3, 4)
    assert table.notes == ()


def test_excels_separator_line_is_obeyed() -> None:
    table = read_table("l.csv", b"sep=;\r\nfile_name;age, years\r\na;61,5\r\n")
    assert table.columns == ("file_name", "age, years")
    assert table.rows == (("a", "61,5"),)
    assert table.lines == (3,)


def test_a_bar_as_delimiter_is_found_where_nothing_else_separates() -> None:
    assert read_table("l.csv", b"file_name|label\na|NORM\n").rows == (("a", "NORM"),)


def test_text_that_is_not_utf_8_is_read_as_windows_1252_and_says_so() -> None:
    table = read_table("l.csv", "file_name,label\na,Vorhofflimmern (häufig)\n".encode("cp1252"))
    assert table.rows == (("a", "Vorhofflimmern (häufig)"),)
    assert "Windows-1252" in table.notes[0]


def test_a_spreadsheet_gives_the_same_table_as_its_csv() -> None:
    data = _xlsx(("file_name", "label"), *ROWS)
    table = read_table("labels.xlsx", data)
    assert (table.columns, table.rows, table.lines) == (("file_name", "label"), ROWS, (2, 3, 4))


def test_numbers_of_a_spreadsheet_are_written_as_people_write_them() -> None:
    table = read_table("l.xlsx", _xlsx(("file_name", "age"), (24, 61.0), ("b", 61.5)))
    assert table.rows == (("24", "61"), ("b", "61.5"))


def test_a_spreadsheets_error_cells_are_empty_and_said() -> None:
    table = read_table("l.xlsx", _xlsx(("file_name", "label"), ("a", "#N/A"), ("b", "NORM")))
    assert table.rows == (("a", None), ("b", "NORM"))
    assert "1 cells hold errors" in table.notes[0]


def test_a_named_sheet_is_read_and_a_wrong_name_lists_the_sheets() -> None:
    data = _xlsx(("file_name", "label"), title="One", more=("Two",))
    assert read_table("l.xlsx", data, sheet="Two").columns == ("other", "sheet")
    with pytest.raises(LabelError, match="'One', 'Two'"):
        read_table("l.xlsx", data, sheet="Three")


def test_blank_rows_and_short_rows_and_trailing_empty_columns_do_no_harm() -> None:
    table = read_table("l.csv", b"file_name,label,,\n\na,NORM\n,,,\nb,MI,,\n")
    assert table.columns == ("file_name", "label")
    assert table.rows == (("a", "NORM"), ("b", "MI"))
    assert table.lines == (3, 5)


def test_a_column_is_found_regardless_of_case_but_its_exact_name_comes_first() -> None:
    table = read_table("l.csv", b"File_Name,label,Label\na,1,2\n")
    assert table.column("file_name") == ("a",)
    assert table.column("Label") == ("2",)
    with pytest.raises(LabelError, match="stands 2 times"):
        table.column("LABEL")


def test_a_missing_column_lists_the_columns_found() -> None:
    with pytest.raises(LabelError, match="'datei', 'befund'"):
        read_table("l.csv", b"datei;befund\na;NORM\n").column("label")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b",,,\n", "empty"),
        (b"file_name,label\na,MI, inferior\n", "line 2: 3 cells under a header of 2"),
        (b'file_name,label\na,"MI\nb,NORM\n', "line 3"),
        (b"file_name,label\na,\0\n", "not a table of text"),
        (b"file_name,label\na,\x81\n", "neither UTF-8"),
        (b"\xff\xfea", "UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old format"),
        (b"PK\x03\x04rest", "cannot be read as a spreadsheet"),
        (_xlsx(("file_name", "label"), ("a", "MI"))[:-200], "cannot be read as a spreadsheet"),
        (_xlsx(), "empty"),
    ],
)
def test_a_table_that_cannot_be_read_names_the_file_and_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(LabelError, match=message) as caught:
        read_table("folder/labels.csv", data)
    assert "folder/labels.csv" in caught.value.message
    assert caught.value.advice


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(LabelError, match="may have"):
        read_table("l.csv", b"file_name,label\n")
    monkeypatch.setattr(tables, "MAX_BYTES", 10_000_000)
    monkeypatch.setattr(tables, "MAX_ROWS", 1)
    with pytest.raises(LabelError, match="more than 1 rows"):
        read_table("l.csv", b"file_name,label\na,b\nc,d\n")
    monkeypatch.setattr(tables, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(LabelError, match="unpacks"):
        read_table("l.xlsx", _xlsx(("file_name", "label")))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    import csv

    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([["file_name", "label", "ICD-10"], *rows])
    table = read_table("l.csv", buffer.getvalue().encode(), delimiter=delimiter)
    expected = [tuple(cell.strip() or None for cell in row) for row in rows]
    assert list(table.rows) == [row for row in expected if any(row)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: b"PK\x03\x04" + tail))
def test_any_bytes_are_a_table_or_a_label_error(data: bytes) -> None:
    try:
        table = read_table("x", data)
    except LabelError as error:
        assert "x" in error.message
    else:
        assert all(len(row) == len(table.columns) for row in table.rows)
