"""MIMIC-IV-ECG: a folder made from its published tables (mimic.mit.edu/docs/iv/modules/ecg)."""

import time
from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts import LAYOUTS, Layout
from einthoven.labels.layouts.mimic_iv_ecg import FEWEST, REPORTS, read_layout, statement
from einthoven.task import Task

MEASURES = "bandwidth,filtering,rr_interval,p_onset,p_end,qrs_onset,qrs_end,t_end,p_axis,qrs_axis,t_axis"


def _folder(root: Path, n: int, *, absent: tuple[int, ...] = ()) -> Path:
    """`n` studies, two of each subject: odd ones sinus rhythm, every third with a further statement."""
    records, measured, notes = [], [], []
    for k in range(n):
        subject, study = 10000000 + k // 2, 40000000 + k
        path = f"files/p1000/p{subject}/s{study}/{study}"
        records.append(f"{subject},{study},{study},2180-07-23 08:44:00,{path}")
        texts = ["Sinus rhythm." if k % 4 == 1 else "Sinus  rhythm"] if k % 2 else ["Atrial fibrillation"]
        texts += ["", "Borderline ECG"] if k % 3 == 0 else []
        texts += ["Only once"] if k == 0 else []
        cells = ",".join((texts + [""] * len(REPORTS))[: len(REPORTS)])
        interval = 29999 if k == 1 else 600 + k
        measured.append(
            f"{subject},{study},6848296,2180-07-23 08:44:00,{cells},0.005-150 Hz,60 Hz,{interval}" + ",40" * 8
        )
        notes.append(f"{subject},{study},{path},{subject}-EK-1,1,2180-07-23 08:44:00")
        if k not in absent:
            header = root / f"{path}.hea"
            header.parent.mkdir(parents=True)
            header.write_text("")
    (root / "record_list.csv").write_text("subject_id,study_id,file_name,ecg_time,path\n" + "\n".join(records) + "\n")
    columns = f"subject_id,study_id,cart_id,ecg_time,{','.join(REPORTS)},{MEASURES}\n"
    (root / "machine_measurements.csv").write_text(columns + "\n".join(measured) + "\n")
    (root / "waveform_note_links.csv").write_text(
        "subject_id,study_id,waveform_path,note_id,note_seq,charttime\n" + "\n".join(notes[:7]) + "\n"
    )
    return root


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


def test_records_carry_path_and_subject(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, 24))
    first = layout.records[0]
    assert first.file_name == "files/p1000/p10000000/s40000000/40000000.hea"
    assert (first.subject_id, layout.records[1].subject_id, layout.records[2].subject_id) == (
        "10000000", "10000000", "10000001",
    )  # fmt: skip
    assert (first.age, first.sex) == (None, None), "the module states neither"
    assert [entry.name for entry in LAYOUTS if entry.recognises(tmp_path)] == ["mimic-iv-ecg"]


def test_statements_in_one_spelling_are_classes_when_ten_ecgs_have_them(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, 30))
    task = _task(layout, "statements")
    assert task.class_names == ("Atrial fibrillation", "Borderline ECG", "Sinus rhythm")
    assert task.counts() == {"Atrial fibrillation": 15, "Borderline ECG": 10, "Sinus rhythm": 15}
    assert layout.notes[1] == "1 rarer statements (1 times in all) are no classes."
    assert any("7 cardiologists' notes" in note for note in layout.notes)
    fewer = read_layout(_folder(tmp_path / "fewer", 20))
    assert "Borderline ECG" not in _task(fewer, "statements").class_names
    assert FEWEST == 10


def test_what_was_not_measured_is_left_out(tmp_path: Path) -> None:
    task = _task(read_layout(_folder(tmp_path, 24)), "rr-interval")
    assert len(task.answers) == 23 and task.left_out == {"not measured": 1}
    assert (task.unit, min(task.answers.values())) == ("ms", 600.0)


def test_missing_files_and_unlisted_files_are_listed_and_stop_nothing(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 24, absent=(2,))
    (folder / "files/extra.hea").write_text("")
    layout = read_layout(folder)
    assert len(layout.records) == 23
    assert layout.missing.rows_without_file == ("files/p1000/p10000001/s40000002/40000002.hea",)
    assert layout.missing.files_without_row == ("files/extra.hea",)


def test_without_the_measurements_the_records_come_without_labels(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 4)
    (folder / "machine_measurements.csv").unlink()
    layout = read_layout(folder)
    assert layout.tasks == () and "without labels" in layout.notes[0]


def test_a_row_cannot_name_a_file_outside_the_folder(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "inside", 2)
    (tmp_path / "secret.hea").write_text("")
    table = folder / "record_list.csv"
    table.write_text(table.read_text() + "1,2,3,4,../secret\n")
    assert read_layout(folder).missing.rows_without_file == ("../secret.hea",)


def test_a_study_twice_is_an_error(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 2)
    table = folder / "record_list.csv"
    table.write_text(table.read_text() + table.read_text().splitlines()[1] + "\n")
    with pytest.raises(LabelError, match="line 4: study 40000000 stands twice"):
        read_layout(folder)


def test_a_statement_has_one_spelling() -> None:
    assert statement(" Sinus   rhythm. ") == statement("Sinus rhythm") == "Sinus rhythm"


def test_two_thousand_studies_take_a_moment(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 2000)
    began = time.perf_counter()
    assert len(read_layout(folder).records) == 2000
    assert time.perf_counter() - began < 5, "800,000 in minutes at most"
