"""The official PTB-XL layout: a made-up folder for the rules, the real subset for the counts."""

from collections import Counter
from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.labels.layouts import Layout
from einthoven.labels.layouts.ptbxl import parse_scp_codes, read_layout
from einthoven.labels.layouts.ptbxl_tasks import TASK_TEXTS
from einthoven.task import Task

STATEMENTS = """\
,description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass
NORM,normal ECG,1.0,,,NORM,NORM
IMI,inferior myocardial infarction,1.0,,,MI,IMI
ASMI,anteroseptal myocardial infarction,1.0,,,MI,AMI
LVH,left ventricular hypertrophy,1.0,,,HYP,LVH
CLBBB,complete left bundle branch block,1.0,,,CD,CLBBB
IRBBB,incomplete right bundle branch block,1.0,,,CD,IRBBB
NDT,non-diagnostic T abnormalities,1.0,1.0,,STTC,STTC
ABQRS,abnormal QRS,,1.0,,,
SR,sinus rhythm,,,1.0,,
"""
HEADER = "ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr\n"
ROWS = [
    "1,10.0,56.0,1,\"{'NORM': 100.0, 'SR': 0.0}\",3",
    "2,11,300.0,0,\"{'IMI': 35.0, 'ABQRS': 0.0}\",1",
    "3,12.0,,0,\"{'IMI': 0.0, 'ASMI': 15.0, 'LVH': 50}\",10",
    '4,,61,,"{""CLBBB"": 100.0, \'IRBBB\': 0.0}",',
    "5,13.0,40.0,1.0,{'SR': 0.0},2",
    "6,14.0,41.0,1,\"{'ASMI': 100.0}\",2",
    "7,15.0,42.0,1,{},2",
]


def _folder(root: Path, rows: list[str] = ROWS, *, statements: str = STATEMENTS, absent: tuple[int, ...] = ()) -> Path:
    lines = []
    for row in rows:
        ecg_id = int(row.split(",")[0])
        lines.append(f"{row},records100/00000/{ecg_id:05}_lr,records500/00000/{ecg_id:05}_hr")
        if ecg_id not in absent:
            header = root / f"records100/00000/{ecg_id:05}_lr.hea"
            header.parent.mkdir(parents=True, exist_ok=True)
            header.write_text("")
    (root / "ptbxl_database.csv").write_text(HEADER + "\n".join(lines) + "\n")
    (root / "scp_statements.csv").write_text(statements)
    return root


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


def _answers(layout: Layout, name: str) -> dict[int, object]:
    return {int(file.split("/")[-1][:5]): answer for file, answer in _task(layout, name).answers.items()}


def test_records_carry_file_patient_age_sex_and_fold(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    first, second, third, fourth, *_ = layout.records
    assert first.file_name == "records100/00000/00001_lr.hea"
    assert (layout.folder / first.file_name).is_file()
    assert (first.subject_id, first.age, first.sex, first.fold) == ("10", 56.0, "F", 3)
    assert (second.subject_id, second.age, second.sex) == ("11", None, "M")
    assert (third.age, third.fold) == (None, 10)
    assert (fourth.subject_id, fourth.sex, fourth.fold) == (None, None, None)


def test_a_statement_counts_whatever_its_likelihood(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert _answers(layout, "statements")[3] == ("IMI", "ASMI", "LVH")
    assert _answers(layout, "infarct") == {2: ("IMI",), 6: ("AMI",)}


def test_superclass_always_has_its_five_outputs_in_order(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert _task(layout, "superclass").class_names == ("NORM", "MI", "STTC", "CD", "HYP")
    assert _answers(layout, "superclass") == {1: ("NORM",), 2: ("MI",), 3: ("MI", "HYP"), 4: ("CD",), 6: ("MI",)}
    assert _task(layout, "superclass").left_out == {"no diagnostic statement": 2}


def test_superclass_single_has_the_classes_that_stand_alone_somewhere(tmp_path: Path) -> None:
    task = _task(read_layout(_folder(tmp_path)), "superclass-single")
    assert task.class_names == ("NORM", "MI", "CD")
    assert task.left_out == {"no superclass": 2, "more than one superclass": 1}


def test_two_blocks_or_both_walls_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [*ROWS, "8,16.0,42.0,1,{'CLBBB': 0.0},2"]
    layout = read_layout(_folder(tmp_path, rows))
    assert _answers(layout, "bbb") == {8: ("CLBBB",)}
    assert _task(layout, "bbb").left_out == {"no bundle branch block": 6, "more than one bundle branch block": 1}
    assert _task(layout, "infarct").left_out == {"none of the two walls": 5, "more than one of the two walls": 1}


def test_hidden_and_unknown_ages_and_sexes_are_counted(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path))
    assert _answers(layout, "age") == {1: 56.0, 4: 61.0, 5: 40.0, 6: 41.0, 7: 42.0}
    assert _task(layout, "age").left_out == {"age over 89, not published": 1, "age not stated": 1}
    assert _task(layout, "age").unit == "years"
    assert _answers(layout, "sex")[2] == ("M",)
    assert _task(layout, "sex").left_out == {"sex not stated": 1}


def test_a_task_without_any_answer_is_not_offered(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, ["1,10.0,,,{'NORM': 100.0},3"]))
    assert {task.name for task in layout.tasks} == {"superclass", "superclass-single", "subclass", "statements"}


def test_rows_without_file_and_files_without_row_are_listed_and_stop_nothing(tmp_path: Path) -> None:
    folder = _folder(tmp_path, absent=(2, 3))
    (folder / "records100/00000/99999_lr.hea").write_text("")
    layout = read_layout(folder)
    assert len(layout.records) == 5
    assert layout.missing.rows_without_file == ("records100/00000/00002_lr.hea", "records100/00000/00003_lr.hea")
    assert layout.missing.files_without_row == ("records100/00000/99999_lr.hea",)
    assert _task(layout, "superclass").counts()["HYP"] == 0


def test_a_row_cannot_name_a_file_outside_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.hea").write_text("")
    folder = _folder(inside)
    table = folder / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("records100/00000/00002_lr", "../secret"))
    assert read_layout(folder).missing.rows_without_file == ("../secret.hea",)


def test_statements_without_explanation_are_ignored_and_said(tmp_path: Path) -> None:
    layout = read_layout(_folder(tmp_path, [*ROWS, "8,16.0,42.0,1,{'FOO': 0.0},2"]))
    assert "'FOO'" in layout.notes[0]
    assert 8 not in _answers(layout, "statements")


@pytest.mark.parametrize("text", ["{'NORM': 100.0, 'SR': 0.0}", "{ 'NORM':100 ,\"SR\": 0. }"])
def test_scp_codes_are_read_without_evaluating_them(text: str) -> None:
    assert parse_scp_codes(text) == {"NORM": 100.0, "SR": 0.0}


@pytest.mark.parametrize(
    "text",
    ["", "NORM", "{'NORM'}", "{'NORM': 'SR'}", "{'NORM': 1.0", "{'A': 1, 'A': 2}", "{'A': __import__('os')}",
     "{'A': 1}x", "{'A': -1}", "{'A' 'B': 1}", "['A']"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="statement"):
        parse_scp_codes(text)


def test_a_long_damaged_cell_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no list"):
        parse_scp_codes("{" + "'A': 1, " * 20_000)


def test_damaged_statements_name_the_line(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"ptbxl_database.csv, line 9: scp_codes"):
        read_layout(_folder(tmp_path, [*ROWS, "8,16.0,42.0,1,NORM,2"]))


def test_missing_parts_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="records100 or records500"):
        read_layout(tmp_path)
    folder = _folder(tmp_path)
    with pytest.raises(LabelError, match="no folder records500; it has records100"):
        read_layout(folder, resolution=500)
    with pytest.raises(LabelError, match="250 Hz"):
        read_layout(folder, resolution=250)
    (folder / "scp_statements.csv").unlink()
    with pytest.raises(LabelError, match=r"scp_statements\.csv"):
        read_layout(folder)


def test_a_folder_without_any_of_the_files_is_an_error(tmp_path: Path) -> None:
    folder = _folder(tmp_path, absent=tuple(range(1, 8)))
    (folder / "records100").mkdir()
    with pytest.raises(LabelError, match="None of the 7 records"):
        read_layout(folder)


def test_two_rows_for_one_file_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="two rows"):
        read_layout(_folder(tmp_path, [*ROWS, ROWS[0]]))


def test_every_task_has_a_title_and_one_sentence() -> None:
    for text in TASK_TEXTS.values():
        assert text.title
        assert text.explanation.endswith(".")


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Layout:
    return read_layout(shared_data / "ptbxl_z")


def test_the_real_subset_has_its_published_counts(real: Layout) -> None:
    assert len(real.records) == 1625
    assert real.missing.rows_without_file == real.missing.files_without_row == real.notes == ()
    assert _task(real, "superclass").counts() == {"NORM": 877, "MI": 228, "STTC": 461, "CD": 406, "HYP": 174}


def test_the_real_subset_has_1067_single_label_ecgs_in_folds_1_to_8_and_149_in_fold_9(real: Layout) -> None:
    task = _task(real, "superclass-single")
    fold = {record.file_name: record.fold for record in real.records}
    in_nine = Counter(fold[file] == 9 for file in task.answers)
    assert (in_nine[False], in_nine[True]) == (1067, 149)
    assert task.class_names == ("NORM", "STTC", "CD")


def test_the_real_subset_offers_every_task_with_all_statements(real: Layout) -> None:
    assert {task.name for task in real.tasks} == set(TASK_TEXTS)
    assert len(_task(real, "statements").classes) == 71
    assert len(_task(real, "subclass").classes) == 23
    assert _task(real, "bbb").counts() == {"CLBBB": 52, "CRBBB": 47, "ILBBB": 7, "IRBBB": 96}
    infarct = _task(real, "infarct")
    assert infarct.counts() == {"AMI": 110, "IMI": 79}
    assert infarct.left_out["more than one of the two walls"] == 32


def test_sex_agrees_with_what_the_raw_records_of_the_same_ecgs_state(real: Layout, shared_data: Path) -> None:
    """PTB-XL writes 0 for male; the raw records say `Sex: Male` in words."""
    by_id = {record.file_name[-12:-7]: record.sex for record in real.records}
    stated = {}
    for header in (shared_data / "ptbxl_raw").glob("*.hea"):
        words = [line.split()[-1] for line in header.read_text().splitlines() if line.startswith("# Sex:")]
        if words and header.name[:5] in by_id:
            stated[header.name[:5]] = words[0][0]
    assert set(stated.values()) == {"F", "M"}
    assert {ecg_id: by_id[ecg_id] for ecg_id in stated} == stated
