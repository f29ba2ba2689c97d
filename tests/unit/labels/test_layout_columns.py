"""Some columns of a large table."""

import time
import tracemalloc
from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import read_columns


def _table(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_come_by_name_in_the_asked_order_with_their_line(tmp_path: Path) -> None:
    path = _table(tmp_path, '\ufeffa,b,c\n1, x ,\n\n"2\n3",,z\n')
    rows = list(read_columns(path, ("c", "a"), ("b", "absent")))
    assert [row.values for row in rows] == [(None, "1", "x", None), ("z", "2\n3", None, None)]
    assert [row.line for row in rows] == [2, 5]


@pytest.mark.parametrize(
    ("text", "match"),
    [("a,c\n", "no column 'b'"), ("", "no column"), ("a,b\n1\n", "line 2: 1 cells"), ('a,b\n"1,2\n', "line")],
)
def test_damaged_tables_name_the_line(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(LabelError, match=match):
        list(read_columns(_table(tmp_path, text), ("a", "b")))


def test_bytes_that_are_no_text_and_a_missing_file_are_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff\xfe\xfa,1\n")
    with pytest.raises(LabelError, match="UTF-8"):
        list(read_columns(tmp_path / "t.csv", ("a",)))
    with pytest.raises(LabelError, match="cannot be read"):
        list(read_columns(tmp_path / "absent.csv", ("a",)))


def test_a_hundred_thousand_rows_take_a_second_and_no_memory(tmp_path: Path) -> None:
    row = "Sinus rhythm,Normal ECG,,,,,,,,,,,,,,,,,0.005-150 Hz,60 Hz notch,659,40,128,170,258,518,81,77,79\n"
    columns = ",".join(f"c{k}" for k in range(row.count(",") + 1))
    path = _table(tmp_path, columns + "\n" + row * 100_000)
    tracemalloc.start()
    began = time.perf_counter()
    n = sum(1 for _ in read_columns(path, ("c0", "c1"), ("c20",)))
    seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == 100_000
    assert peak < 2_000_000, "rows are not kept"
    assert seconds < 20, "with memory traced; a second without"
