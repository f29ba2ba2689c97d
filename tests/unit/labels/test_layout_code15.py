"""CODE-15: HDF5 files made from the Zenodo description, and the real WFDB records of the Challenge 2025."""

import re
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts import LAYOUTS, Layout
from einthoven.labels.layouts.code15 import read_layout
from einthoven.task import Task

HEADER = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,normal_ecg,trace_file\n"
ROWS = (
    "1169160,38,True,40.16,False,False,False,False,False,False,523632,False,2.098628,True,exams_part1.hdf5\n"
    "2873686,73,False,67.05,False,True,False,True,False,False,1724173,,,False,exams_part0.hdf5\n"
    "168405,67,True,79.62,True,False,False,False,False,True,51421,,,False,exams_part0.hdf5\n"
    "999,40,True,41.0,False,False,False,False,False,False,7,,,True,exams_part5.hdf5\n"
)


def _folder(root: Path, rows: str = ROWS) -> Path:
    import h5py

    root.mkdir(parents=True, exist_ok=True)
    (root / "exams.csv").write_text(HEADER + rows)
    for part, exams in (("exams_part0", [168405, 2873686, 5555, 0]), ("exams_part1", [1169160, 0])):
        with h5py.File(root / f"{part}.hdf5", "w") as file:
            file["exam_id"] = np.array(exams, dtype=np.int64)
            file["tracings"] = np.zeros((len(exams), 4096, 12), dtype=np.float32)
    return root


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


def test_a_row_is_found_in_its_file_by_the_exam_number(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert [(r.name, r.subject_id, r.age, r.sex) for r in layout.records] == [
        ("exams_part0.hdf5", "51421", 67.0, "M"),
        ("exams_part0.hdf5#2", "1724173", 73.0, "F"),
        ("exams_part1.hdf5", "523632", 38.0, "M"),
    ]
    assert layout.missing.rows_without_file == ("exams_part5.hdf5: exam 999",)
    assert layout.missing.files_without_row == ("exams_part0.hdf5#3",), "exam 0 fills up the file"
    assert [entry.name for entry in LAYOUTS if entry.recognises(tmp_path)] == ["code15"]


def test_the_six_abnormalities_may_stand_together_and_none_is_an_answer(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert _task(layout, "abnormalities").answers == {
        "exams_part1.hdf5": (), "exams_part0.hdf5#2": ("RBBB", "SB"), "exams_part0.hdf5": ("1dAVb", "AF"),
    }  # fmt: skip
    assert _task(layout, "normal").counts() == {"normal": 1, "abnormal": 2}


def test_the_unit_is_said_to_be_assumed_and_the_follow_up_is_no_task(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert "no unit" in layout.notes[0] and "1 exams have a follow-up" in layout.notes[1]
    assert {task.name for task in layout.tasks} == {"abnormalities", "normal", "age", "sex"}


def test_damaged_tables_and_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"exams.csv, line 2: RBBB 'perhaps'"):
        read_layout(_folder(tmp_path / "a", ROWS.replace("False", "perhaps", 2).replace("perhaps", "False", 1)))
    with pytest.raises(LabelError, match=r"line 2: exam_id 'x'"):
        read_layout(_folder(tmp_path / "b", ROWS.replace("1169160", "x")))
    folder = _folder(tmp_path / "c")
    (folder / "exams_part1.hdf5").write_bytes(b"no HDF5")
    with pytest.raises(LabelError, match=r"exams_part1.hdf5 cannot be read as HDF5"):
        read_layout(folder)


def test_a_list_of_exams_that_leads_out_of_the_file_or_is_none_is_refused(tmp_path: Path) -> None:
    import h5py

    folder = _folder(tmp_path / "a")
    with h5py.File(folder / "exams_part1.hdf5", "w") as file:
        file["exam_id"] = h5py.ExternalLink("exams_part0.hdf5", "/exam_id")
    with pytest.raises(LabelError, match="no list exam_id"):
        read_layout(folder)
    with h5py.File(folder / "exams_part1.hdf5", "w") as file:
        file.create_dataset("exam_id", shape=(2**40,), dtype="i8", chunks=(1024,))
    with pytest.raises(LabelError, match="no list exam_id"):
        read_layout(folder)


def test_real_wfdb_records_have_the_labels_that_their_headers_state(shared_data: Path) -> None:
    folder = shared_data / "code15"
    layout = read_layout(folder)
    stated = {}
    for path in folder.rglob("*.hea"):
        found = re.search(r"^# Chagas label: (True|False)$", path.read_text(), re.MULTILINE)
        if found:
            stated[path.relative_to(folder).as_posix()] = ("positive" if found[1] == "True" else "negative",)
    assert _task(layout, "chagas").answers == stated
    assert len(layout.records) == 310 == len(stated)
