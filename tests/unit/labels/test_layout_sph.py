"""SPH: a folder made from its publication (Liu et al. 2022)."""

from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts import LAYOUTS, Layout
from einthoven.labels.layouts.sph import HINTS, read_layout
from einthoven.leads import STANDARD_12
from einthoven.task import Task

CODES = "Code,Description\n1,Normal ECG\n22,Sinus bradycardia\n60,Ventricular premature complex(es)\n310,Frequent\n"
ROWS = (
    "A00001,1,S00001,55,M,5000,2020-03-04\n"
    "A00002,22;60+310,S00002,32,F,5500,2019-09-03\n"
    "A00003,22+999,S00001,,F,5000,\n"
)


def _folder(root: Path, rows: str = ROWS, *, absent: tuple[str, ...] = ()) -> Path:
    (root / "records").mkdir(parents=True)
    (root / "code.csv").write_text(CODES)
    (root / "metadata.csv").write_text("ECG_ID,AHA_Code,Patient_ID,Age,Sex,N,Date\n" + rows)
    for row in rows.splitlines():
        name = row.split(",")[0]
        if name not in absent:
            (root / f"records/{name}.h5").write_bytes(b"")
    return root


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


def test_statements_and_modifiers_are_apart_with_their_descriptions(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    statements, modifiers = _task(layout, "statements"), _task(layout, "modifiers")
    assert statements.class_names == ("Normal ECG", "Sinus bradycardia", "Ventricular premature complex(es)")
    assert [each.codes for each in statements.classes] == [{"AHA/ACC/HRS": code} for code in ("1", "22", "60")]
    assert statements.answers["records/A00002.h5"] == ("Sinus bradycardia", "Ventricular premature complex(es)")
    assert modifiers.answers == {
        "records/A00001.h5": (), "records/A00002.h5": ("Frequent",), "records/A00003.h5": ("AHA/ACC/HRS 999",),
    }  # fmt: skip
    assert "'999'" in layout.notes[-1]


def test_patients_ages_and_sexes(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert [(r.subject_id, r.age, r.sex) for r in layout.records] == [
        ("S00001", 55.0, "M"), ("S00002", 32.0, "F"), ("S00001", None, "F"),
    ]  # fmt: skip
    assert [entry.name for entry in LAYOUTS if entry.recognises(tmp_path)] == ["sph"]


def test_what_the_files_do_not_state_comes_as_hints(tmp_path: Path) -> None:
    hints = read_layout(_folder(tmp_path)).hints
    assert hints == HINTS
    assert (hints.unit, hints.rate, hints.leads, hints.orientation) == ("mV", 500.0, STANDARD_12, "leads-first")


def test_what_is_missing_is_listed(tmp_path: Path) -> None:
    folder = _folder(tmp_path, absent=("A00002",))
    (folder / "records/A09999.h5").write_bytes(b"")
    layout = read_layout(folder)
    assert layout.missing.rows_without_file == ("records/A00002.h5",)
    assert layout.missing.files_without_row == ("records/A09999.h5",)


def test_a_record_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="line 5: ECG_ID is repeated"):
        read_layout(_folder(tmp_path, ROWS + ROWS.splitlines()[0] + "\n"))
