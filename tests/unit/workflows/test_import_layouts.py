"""Whole data sets as they are published, on a few of their real files."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import SettingError
from einthoven.labels.layouts import LAYOUTS, Correction, Layout
from einthoven.record import EcgRecord, SourceInfo
from einthoven.store.types import ItemQuery
from einthoven.workflows.import_ import import_files
from einthoven.workflows.import_layout import CORRECTIONS, change_text
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace
from small_ecgs import Notes

N = 6


@pytest.fixture
def few(shared_data: Path, tmp_path: Path) -> Path:
    """The first rows of PTB-XL's table with the files of all but the last of them, and one file without a row."""
    source, target = shared_data / "ptbxl_z", tmp_path / "ptbxl"
    lines = (source / "ptbxl_database.csv").read_text().splitlines(keepends=True)
    target.mkdir()
    (target / "ptbxl_database.csv").write_text("".join(lines[: N + 1]))
    shutil.copy(source / "scp_statements.csv", target)
    headers = sorted((source / "records100").rglob("*.hea"))[: N + 1]
    for header in (*headers[: N - 1], headers[N]):
        folder = target / header.parent.relative_to(source)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(header, folder)
        shutil.copy(header.with_suffix(".dat"), folder)
    return target


def run(workspace: Workspace, report: Notes, path: Path, layout: str | None = "ptbxl") -> object:
    return import_files(workspace, ImportRequest("ptb", (str(path),), layout=layout), report)


def test_ptbxl_brings_labels_folds_and_subjects_and_counts_what_does_not_fit(
    workspace: Workspace, report: Notes, few: Path
) -> None:
    outcome = import_files(workspace, ImportRequest("ptb", (str(few),), layout="ptbxl"), report)

    assert (outcome.n_read, outcome.n_refused) == (N - 1, 0)
    assert (outcome.labels_without_record, outcome.records_without_label) == (1, 1)
    assert {"superclass", "superclass-single", "subclass", "statements", "age", "sex"} <= set(outcome.tasks)
    items = workspace.store.items("ptb")[1]
    assert all(item.fold is not None and item.subject and item.subject.startswith("p-") for item in items)
    assert {item.amplitude for item in items} == {"relative"}
    names = workspace.store.task("ptb", "superclass").class_names
    assert names == ("NORM", "MI", "STTC", "CD", "HYP")


def test_one_damaged_file_of_the_layout_is_refused_and_its_label_left_out(
    workspace: Workspace, report: Notes, few: Path
) -> None:
    damaged = sorted(few.rglob("*.dat"))[0]
    damaged.write_bytes(b"")
    outcome = import_files(workspace, ImportRequest("ptb", (str(few),), layout="ptbxl"), report)
    assert (outcome.n_read, outcome.n_refused) == (N - 2, 1)
    name = damaged.relative_to(few).with_suffix(".hea").as_posix()
    assert outcome.refused[0].file_name == name
    assert name not in workspace.store.task("ptb", "superclass").answers


def test_the_layout_after_a_plain_import_adds_folds_subjects_and_tasks(
    workspace: Workspace, report: Notes, few: Path
) -> None:
    import_files(workspace, ImportRequest("ptb", (str(few),), keep_names=True), report)
    assert workspace.store.items("ptb", ItemQuery(folds=tuple(range(1, 11))))[0] == 0
    outcome = import_files(workspace, ImportRequest("ptb", (str(few),), layout="ptbxl"), report)
    assert (outcome.n_read, outcome.n_already_there) == (0, N - 1)
    total, items = workspace.store.items("ptb", ItemQuery(folds=tuple(range(1, 11))))
    assert total == N - 1 and all(item.subject for item in items)


def test_a_layout_is_one_folder_and_one_that_is_known(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no layout 'mimic'"):
        run(workspace, report, tmp_path, layout="mimic")
    with pytest.raises(SettingError, match="2 paths were given"):
        import_files(workspace, ImportRequest("d", (str(tmp_path), str(tmp_path)), layout="ptbxl"), report)
    assert workspace.store.datasets() == []


def _some(source: Path, target: Path, numbers: tuple[str, ...]) -> Path:
    target.mkdir(parents=True)
    for number in numbers:
        for path in source.glob(f"{number}.*"):
            shutil.copy(path, target)
    return target


def test_ludb_files_are_read_with_their_doubt_and_annotation_files_are_left_alone(
    workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path
) -> None:
    target = _some(shared_data / "ludb/data", tmp_path / "ludb", ("1", "2"))
    outcome = import_files(workspace, ImportRequest("ludb", (str(target),)), report)
    assert (outcome.n_read, outcome.n_refused) == (2, 0), outcome.refused
    assert workspace.store.dataset("ludb").rates == (500,)
    assert any(doubt.startswith("every lead spans exactly 1.0 mV") for doubt in outcome.doubts)


def test_the_layout_ludb_makes_every_count_a_microvolt_and_says_so(
    workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path
) -> None:
    """The truth is the bytes of the `.dat` files: whole numbers of 16 bits, twelve leads by turns."""
    target = tmp_path / "ludb"
    data = _some(shared_data / "ludb/data", target / "data", ("1", "2", "4", "95", "150"))
    shutil.copy(shared_data / "ludb/ludb.csv", target)
    outcome = import_files(workspace, ImportRequest("ludb", (str(target),), layout="ludb"), report)

    assert (outcome.n_read, outcome.n_refused, outcome.labels_without_record) == (5, 0, 145)
    assert {"rhythm", "axis", "conduction", "hypertrophy", "ischaemia", "age", "sex"} <= set(outcome.tasks)
    # Under the wrong gains I + III = II fails in all of them; nothing of that may stay.
    assert not any("1.0 mV" in doubt or "I + III" in doubt for doubt in outcome.doubts), outcome.doubts
    for item in workspace.store.items("ludb")[1]:
        record = workspace.store.load(item)
        counts = np.frombuffer((target / item.file_name).with_suffix(".dat").read_bytes(), "<i2").reshape(-1, 12).T
        np.testing.assert_array_equal(record.signal, (counts / 1000).astype(np.float32))
        np.testing.assert_array_equal(counts[0] + counts[2], counts[1], err_msg="I + III = II")
        assert any("gain corrected by the layout ludb" in line for line in record.source.changed)
        assert record.source.gain is not None and record.source.gain[0] != 1000, "as the file states it"
    assert (data / "1.ii").is_file()


def test_cinc_brings_diagnoses_by_name(workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path) -> None:
    for part, numbers in (("georgia", ("E07503",)), ("chapman_ningbo", ("JS20018", "JS00006"))):
        _some(shared_data / "cinc2021" / part, tmp_path / "cinc" / part, numbers)
    outcome = import_files(workspace, ImportRequest("cinc", (str(tmp_path / "cinc"),), layout="cinc"), report)
    assert (outcome.n_read, outcome.n_refused) == (3, 0), outcome.refused
    task = workspace.store.task("cinc", "diagnoses")
    titles = {each.name: each.title for each in task.classes}
    assert titles["LAA"] == "Left atrial abnormality" and titles["NSIVCB"].startswith("Nonspecific intraventricular")
    assert task.answers["georgia/E07503.hea"] == ("STach", "LAA")
    assert workspace.store.items("cinc")[1][-1].age == 77


def test_cinc_makes_every_count_a_microvolt_where_the_header_is_known_to_be_wrong(
    workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path
) -> None:
    """Truth: the bytes of the `.mat` files (24 of header, then whole numbers), and PTB's own header of s0010_re."""
    for part, numbers in (("georgia", ("E00001", "E07503")), ("ptb", ("S0001",))):
        _some(shared_data / "cinc2021" / part, tmp_path / "cinc" / part, numbers)
    outcome = import_files(workspace, ImportRequest("cinc", (str(tmp_path / "cinc"),), layout="cinc"), report)
    assert outcome.n_read == 3
    assert not any(doubt.startswith(("no amplitude above", "QRS of about")) for doubt in outcome.doubts)
    plain = import_files(workspace, ImportRequest("plain", (str(tmp_path / "cinc"),)), report)
    assert {doubt[:12] for doubt in plain.doubts} >= {"no amplitude", "QRS of about"}, "plain reading flags both"
    for item in workspace.store.items("cinc")[1]:
        record = workspace.store.load(item)
        data = (tmp_path / "cinc" / item.file_name).with_suffix(".mat").read_bytes()
        counts = np.frombuffer(data, "<i2", offset=24).reshape(-1, 12).T
        np.testing.assert_array_equal(record.signal, (counts / 1000).astype(np.float32))
        assert bool(record.source.changed) == ("E07503" not in item.file_name)
        if "S0001" in item.file_name:
            # s0010_re.hea of the PTB Diagnostic Database: 2000 counts per mV, first samples -489, -458, 31, 474.
            np.testing.assert_allclose(record.signal[:4, 0], np.array([-489, -458, 31, 474]) / 2000, atol=0.0006)


def test_code15_of_the_challenge_keeps_a_patients_ecgs_together_as_plain_reading_does(
    workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path
) -> None:
    target = _some(shared_data / "code15/ahus_training", tmp_path / "code15", ("11111", "1111904"))
    outcome = import_files(workspace, ImportRequest("code", (str(target),), layout="code15"), report)
    assert (outcome.n_read, outcome.tasks) == (2, ("chagas", "age", "sex"))
    import_files(workspace, ImportRequest("plain", (str(target),), keep_names=True), report)
    subjects = [{item.subject for item in workspace.store.items(name)[1]} for name in ("code", "plain")]
    assert subjects[0] == subjects[1] and None not in subjects[0]


def test_code15_hdf5_tells_the_exams_of_a_file_apart(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    header = (
        "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,normal_ecg,trace_file"
    )
    rows = [
        f"{exam},{age},True,1.0,False,{exam == 20},False,False,False,False,{exam + 1},,,{exam != 20},exams_part0.hdf5"
        for exam, age in ((20, 73), (10, 40))
    ]
    (tmp_path / "exams.csv").write_text("\n".join([header, *rows]) + "\n")
    signal = np.zeros((4, 4096, 12), dtype=np.float32)
    signal[:, 648:-648] = np.random.default_rng(0).normal(0, 0.5, (4, 2800, 12))
    signal[3] = 0
    with h5py.File(tmp_path / "exams_part0.hdf5", "w") as file:
        file["exam_id"], file["tracings"] = np.array([10, 20, 30, 0]), signal
    outcome = import_files(workspace, ImportRequest("code", (str(tmp_path),), layout="code15"), report)
    assert outcome.records_without_label == 1 and outcome.n_refused == 0
    items = {item.file_name: item for item in workspace.store.items("code")[1]}
    first, second = items["exams_part0.hdf5"], items["exams_part0.hdf5#2"]
    assert (first.age, second.age, first.sex) == (40, 73, "M") and first.subject != second.subject
    assert workspace.store.task("code", "abnormalities").answers == {
        "exams_part0.hdf5": (), "exams_part0.hdf5#2": ("RBBB",),
    }  # fmt: skip
    record = workspace.store.load(second)
    assert (record.rate, record.amplitude, record.leads[3]) == (400.0, "mV", "aVR")
    np.testing.assert_array_equal(record.signal[:, 648:-648], signal[1, 648:-648].T)


def test_sph_files_get_what_only_the_publication_states(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    (tmp_path / "records").mkdir()
    (tmp_path / "code.csv").write_text("Code,Description\n1,Normal ECG\n22,Sinus bradycardia\n")
    (tmp_path / "metadata.csv").write_text(
        "ECG_ID,AHA_Code,Patient_ID,Age,Sex,N,Date\nA00001,22,S00001,55,M,5000,2020-03-04\n"
    )
    signal = np.random.default_rng(0).normal(0, 0.5, (12, 5000)).astype(np.float16)
    with h5py.File(tmp_path / "records/A00001.h5", "w") as file:
        file["ecg"] = signal
    outcome = import_files(workspace, ImportRequest("sph", (str(tmp_path),), layout="sph"), report)
    assert (outcome.n_read, outcome.n_refused) == (1, 0), outcome.refused
    item = workspace.store.items("sph")[1][0]
    record = workspace.store.load(item)
    assert (item.file_name, item.age, item.sex) == ("records/A00001.h5", 55, "M")
    assert item.subject is not None and "S00001" not in item.subject
    assert (record.rate, record.amplitude) == (500.0, "mV")
    assert "unit mV, from the layout sph" in record.source.assumed
    np.testing.assert_array_equal(record.signal, signal.astype(np.float32))


def test_a_layout_with_one_rate_refuses_another(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="one rate only"):
        import_files(workspace, ImportRequest("d", (str(tmp_path),), layout="ludb", resolution=100), report)


def test_a_change_travels_as_text() -> None:
    correction = Correction(1000.0, 0.0, (6.0, -5.0), "because")
    layout = Layout(Path(), (), ())
    text = change_text(LAYOUTS.get("ludb"), layout, correction)
    counts = np.array([[100, -200, 300], [7, 8, 9]])
    signal = ((counts - [[6], [-5]]) / [[1716.0], [698.0]]).astype(np.float32)
    record = EcgRecord(signal, ("V1", "V2"), 500.0, "mV", SourceInfo("a", "wfdb", gain=(1716.0, 698.0)))
    np.testing.assert_array_equal(CORRECTIONS[text](record).signal, (counts / 1000).astype(np.float32))
    assert change_text(LAYOUTS.get("ptbxl"), layout, None) == ""
    assert CORRECTIONS[""](record) is record
