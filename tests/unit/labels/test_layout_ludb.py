"""LUDB: the real table and headers; the counts of the README for the rules about empty cells."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts import Layout
from einthoven.labels.layouts.ludb import read_layout
from einthoven.task import Task

HEADER = (
    "ID,Sex,Age,Rhythms,Electric axis of the heart,Conduction abnormalities,Extrasystolies,Hypertrophies,"
    "Cardiac pacing,Ischemia,Non-specific repolarization abnormalities,Other states\n"
)


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Layout:
    return read_layout(shared_data / "ludb")


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


def test_every_record_has_its_row_and_the_baselines_that_its_header_states(real: Layout) -> None:
    assert len(real.records) == 150
    assert real.missing.rows_without_file == real.missing.files_without_row == ()
    assert any(note.startswith("1800 files (.i, .ii") for note in real.notes), "twelve for each record"
    one = next(record for record in real.records if record.file_name == "data/1.hea")
    assert (one.age, one.sex) == (51.0, "F")
    assert one.correction is not None
    assert one.correction.stated_baselines == (6, 2, -5, -5, 5, -1, -1, 2, 3, 4, 4, 1)
    assert (one.correction.gain, one.correction.baseline) == (1000.0, 0.0)


def test_findings_are_those_of_the_table(real: Layout, shared_data: Path) -> None:
    with (shared_data / "ludb" / "ludb.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for task, column in (("rhythm", "Rhythms"), ("conduction", "Conduction abnormalities"), ("ischaemia", "Ischemia"),
                         ("hypertrophy", "Hypertrophies")):  # fmt: skip
        counted = Counter(line.strip() for row in rows for line in row[column].splitlines() if line.strip())
        assert _task(real, task).counts() == counted
        assert len(_task(real, task).answers) == 150, "an empty cell says that there is none"


def test_only_paced_records_have_no_axis(real: Layout) -> None:
    axis, pacing = _task(real, "axis"), _task(real, "pacing")
    without = {record.name for record in real.records} - {*axis.answers}
    assert len(without) == 10 and all(pacing.answers[name] for name in without)
    assert set(axis.class_names) == {"normal", "left axis deviation", "right axis deviation", "horizontal", "vertical"}


def test_the_age_over_89_is_hidden(real: Layout) -> None:
    assert _task(real, "age").left_out == {"age over 89, not published": 1}
    assert _task(real, "sex").counts() == {"F": 60, "M": 90}


def test_rows_without_file_and_files_without_row_are_listed(tmp_path: Path) -> None:
    (tmp_path / "ludb.csv").write_text(HEADER + "1,F,51,Sinus rhythm,,,,,,,,\n2,M,40,,,,,,,,,\n")
    (tmp_path / "data").mkdir()
    for number in ("1", "3"):
        (tmp_path / f"data/{number}.hea").write_text(f"{number} 1 500 10\n{number}.dat 16 1716(6)/mV 0 0 0 0 0 i\n")
    layout = read_layout(tmp_path)
    assert [record.file_name for record in layout.records] == ["data/1.hea"]
    assert layout.missing.rows_without_file == ("data/2.hea",)
    assert layout.missing.files_without_row == ("data/3.hea",)
    (tmp_path / "data/1.hea").unlink()
    with pytest.raises(LabelError, match="None of the 2 records"):
        read_layout(tmp_path)
