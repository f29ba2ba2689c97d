"""Reading files into a dataset: the good ones go through, each other one is refused with its reason."""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import Cancelled, NotFound, SettingError
from einthoven.record import ReadHints
from einthoven.store.types import ItemQuery
from einthoven.workflows import intake, library, uploads
from einthoven.workflows.import_ import import_files
from einthoven.workflows.requests import ImportOutcome, ImportRequest
from einthoven.workflows.workspace import Workspace
from small_ecgs import HINTS, Notes, bare_csv, npz, signal, write


def read(workspace: Workspace, report: Notes, *paths: Path, dataset: str = "d", hints: str = "") -> ImportOutcome:
    request = ImportRequest(dataset, tuple(map(str, paths)), hints=ReadHints.parse(hints), keep_names=True)
    return import_files(workspace, request, report)


BAD = {
    "bad/empty.npz": (b"", "FormatError", "empty"),
    "bad/text.csv": (b"Dear colleague, the ECG is normal.\n" * 5, "FormatError", "none of the formats"),
    "bad/cut.npz": (npz(1)[:3000], "FormatError", "cut.npz"),
    "bad/lonely.dat": (b"\1\2" * 600, "FormatError", "its header bad/lonely.hea is missing"),
    "bad/flat.npz.csv": (b"\xff\xfe\x00\x01" * 50, "FormatError", "none of the formats"),
    "bad/nothing stated.csv": (bare_csv(), "HintsNeeded", "unit"),
    "bad/no header.hea": (b"no header 12 500 1000\nno.dat 16 200/mV 16 0 0 0 0 I\n", "FormatError", "no header.hea"),
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    good = {"good/1.npz": npz(1), "good/sub/2.npz": npz(2), "good/labels.csv": b"file_name,label\n1.npz,x\n2.npz,y\n"}
    hidden = {".DS_Store": b"x", "README.md": b"# ECGs"}
    return write(tmp_path / "mixed", {**good, **hidden, **{name: data for name, (data, *_) in BAD.items()}})


def test_each_bad_file_is_refused_with_its_reason_and_the_good_ones_are_read(
    workspace: Workspace, report: Notes, mixed: Path
) -> None:
    outcome = read(workspace, report, mixed)

    assert (outcome.n_read, outcome.n_already_there, outcome.n_refused) == (2, 0, len(BAD))
    assert outcome.n_files == 2 + len(BAD)
    assert [line.split(":")[0] for line in outcome.skipped] == ["good/labels.csv"]
    refused = {failure.file_name: failure for failure in outcome.refused}
    assert set(refused) == set(BAD) and list(outcome.refused) == report.failures
    for name, (_, error, words) in BAD.items():
        assert refused[name].error == error and words in refused[name].reason, refused[name]
        assert name in refused[name].reason, "a reason names the file"
    listed = {found.file_name: found for found in workspace.quarantine.list("d")}
    assert {name: found.reason for name, found in listed.items()} == {n: f.reason for n, f in refused.items()}
    assert set(listed["bad/nothing stated.csv"].missing_hints) == {"unit", "rate"}
    assert all(found.kept for found in listed.values() if found.size)
    names = [item.file_name for item in workspace.store.items("d")[1]]
    assert names == ["good/1.npz", "good/sub/2.npz"]
    assert workspace.store.dataset("d").n_refused == len(BAD)


def test_what_was_read_is_what_the_file_says(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    read(workspace, report, write(tmp_path / "in", {"1.npz": npz(1, age=44, sex="F")}))
    (item,) = workspace.store.items("d")[1]
    np.testing.assert_array_equal(workspace.store.load(item).signal, signal(1))
    assert (item.rate, item.age, item.sex, item.amplitude, item.format) == (100, 44, "F", "mV", "npz")


def test_the_same_files_again_are_there_already(workspace: Workspace, report: Notes, mixed: Path) -> None:
    read(workspace, report, mixed)
    outcome = read(workspace, report, mixed)
    assert (outcome.n_read, outcome.n_already_there, outcome.n_refused) == (0, 2, len(BAD))
    assert len(workspace.quarantine.list("d")) == len(BAD)


def test_a_refused_file_is_read_with_hints_and_leaves_the_list(
    workspace: Workspace, report: Notes, mixed: Path
) -> None:
    read(workspace, report, mixed)
    chosen = next(found.id for found in workspace.quarantine.list("d") if found.missing_hints)
    other = next(found.id for found in workspace.quarantine.list("d") if found.file_name == "bad/text.csv")
    hints = ReadHints.parse(HINTS)
    outcome = import_files(workspace, ImportRequest("d", refused=(chosen, other), hints=hints, keep_names=True), report)

    assert (outcome.n_read, outcome.n_refused) == (1, 1)
    left = [found.file_name for found in workspace.quarantine.list("d")]
    assert "bad/nothing stated.csv" not in left and "bad/text.csv" in left
    (item,) = workspace.store.items("d", None)[1][:1]
    record = workspace.store.load(item)
    assert item.file_name == "bad/nothing stated.csv" and record.source.assumed
    np.testing.assert_allclose(record.signal, signal(0), atol=1e-4)


def test_a_refused_record_of_two_files_is_kept_with_both(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    counts = np.arange(400, dtype="<i2").tobytes()
    header = b"r 2 100 200\nr.dat 16 0 16 0 0 0 0 I\nr.dat 16 0 16 0 0 0 0 II\n"
    read(workspace, report, write(tmp_path / "in", {"a/r.hea": header, "a/r.dat": counts}))
    (found,) = workspace.quarantine.list("d")
    assert found.error == "HintsNeeded" and set(found.missing_hints) >= {"unit"}
    name, files = workspace.quarantine.files(found.id)
    assert name == "a/r.hea" and files == {"a/r.hea": header, "a/r.dat": counts}
    hints = ReadHints(unit="counts", gain=100, baseline=0)
    outcome = import_files(workspace, ImportRequest("d", refused=(found.id,), hints=hints), report)
    assert (outcome.n_read, workspace.quarantine.list("d")) == (1, [])


def test_an_upload_is_read_and_then_gone(workspace: Workspace, report: Notes) -> None:
    upload = uploads.open_upload(workspace)
    uploads.add_file(workspace, upload, name="folder/1.npz", content=io.BytesIO(npz(1)))
    outcome = import_files(workspace, ImportRequest("d", upload=upload, keep_names=True), report)
    assert outcome.n_read == 1 and not (workspace.home / "uploads" / upload).exists()
    assert workspace.store.items("d")[1][0].file_name == "folder/1.npz"
    with pytest.raises(NotFound, match="Upload the files again"):
        import_files(workspace, ImportRequest("d", upload=upload), report)


def test_another_ecg_under_a_taken_name_is_refused_but_not_a_bad_file(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    read(workspace, report, write(tmp_path / "a", {"1.npz": npz(1)}))
    outcome = read(workspace, report, write(tmp_path / "b", {"1.npz": npz(2)}))
    assert [failure.error for failure in outcome.refused] == ["Conflict"]
    assert workspace.quarantine.list("d") == []


def test_several_ecgs_of_one_file_are_numbered(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    batch = np.stack([signal(seed) for seed in range(3)])
    read(workspace, report, write(tmp_path / "in", {"batch.npz": npz(ecg=batch)}))
    names = [item.file_name for item in workspace.store.items("d")[1]]
    assert names == ["batch.npz", "batch.npz#2", "batch.npz#3"]


def test_subjects_are_pseudonyms_that_need_this_installations_key(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    files = {f"{number}.npz": npz(number, patient_id=patient) for number, patient in enumerate((4711, 4711, 12))}
    folder = write(tmp_path / "in", files)
    read(workspace, report, folder)
    other = Workspace(tmp_path / "elsewhere")
    read(other, Notes(tmp_path), folder)

    mine = [item.subject for item in workspace.store.items("d")[1]]
    theirs = [item.subject for item in other.store.items("d")[1]]
    assert mine[0] == mine[1] != mine[2] and mine[0] is not None and "4711" not in mine[0]
    assert not set(mine) & set(theirs), "without the key nobody can tell who it is"
    again = Workspace(workspace.home)
    assert again.pseudonym("x") == workspace.pseudonym("x") != workspace.pseudonym("y")
    kept = b"".join(path.read_bytes() for path in workspace.home.rglob("*.safetensors"))
    assert b"4711" not in kept


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are only bytes")
def test_a_file_whose_name_is_no_text_is_refused_and_the_others_are_read(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1)})
    (folder / os.fsdecode(b"caf\xe9.npz")).write_bytes(npz(2))
    outcome = read(workspace, report, folder)
    assert outcome.n_read == 1
    assert [(f.file_name, f.advice) for f in outcome.refused] == [("caf\\udce9.npz", "Rename the file and try again.")]
    assert [found.file_name for found in workspace.quarantine.list("d")] == ["caf\\udce9.npz"]


@pytest.mark.parametrize("paths", [["no such folder"], ["empty"]])
def test_nothing_to_read_is_said_and_makes_no_dataset(
    workspace: Workspace, report: Notes, tmp_path: Path, paths: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match="no file"):
        read(workspace, report, *(tmp_path / path for path in paths))
    assert workspace.store.datasets() == []


def test_a_dataset_name_is_taken_without_the_blanks_around_it(
    workspace: Workspace, report: Notes, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1)})
    for _ in range(2):
        assert read(workspace, report, folder, dataset=" cohort ").dataset == "cohort"
    assert [dataset.n_records for dataset in workspace.store.datasets()] == [1]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ImportRequest("d"), "nothing to import"),
        (ImportRequest("a/b", paths=("x",)), "cannot be the name of a dataset"),
        (ImportRequest("d", paths=("x",), refused=(1,)), "at once"),
        (ImportRequest("d", paths=("x",), upload="u"), "at once"),
    ],
)
def test_what_cannot_be_done_is_said_before_it_is_queued(
    workspace: Workspace, request_: ImportRequest, words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        workspace.submit("import", request_)
    assert workspace.jobs.jobs() == []


def test_a_cancelled_import_keeps_what_it_has_read(workspace: Workspace, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{number}.npz": npz(number) for number in range(4)})
    with pytest.raises(Cancelled):
        read(workspace, Notes(tmp_path, cancel_after=2), folder)
    assert workspace.store.dataset("d").n_records == 2


def test_a_deleted_dataset_leaves_no_data_on_the_disk(workspace: Workspace, report: Notes, mixed: Path) -> None:
    read(workspace, report, mixed)
    library.delete(workspace, "d")
    left = [path.name for path in workspace.home.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(name for name in left if name.startswith(("einthoven.db", "pseudonyms.key")))


def test_a_doubt_of_a_reader_is_counted(workspace: Workspace, report: Notes, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1)})
    outcome = read(workspace, report, folder, hints="rate=500")
    (doubt,) = outcome.doubts
    assert "100 Hz" in doubt and outcome.doubts[doubt] == 1
    assert workspace.store.items("d", ItemQuery(only_doubts=True))[0] == 1


def test_retrying_a_file_that_was_too_large_to_keep_does_not_cost_the_others(
    workspace: Workspace, report: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {"small.csv": bare_csv(1), "large.csv": bare_csv(2) + b"\n" * 9000})
    monkeypatch.setattr(intake, "MAX_KEPT_BYTES", len(bare_csv(1)) + 5000)
    read(workspace, report, folder)
    large, small = workspace.quarantine.list("d")
    assert (large.kept, small.kept) == (False, True)
    request = ImportRequest("d", refused=(large.id, small.id), hints=ReadHints.parse(HINTS), keep_names=True)
    outcome = import_files(workspace, request, report)
    assert (outcome.n_read, outcome.n_refused) == (1, 1) and "too large" in outcome.refused[0].reason
    assert [found.reason for found in workspace.quarantine.list("d")] == [large.reason]
    with pytest.raises(NotFound, match="no refused file 99"):
        import_files(workspace, ImportRequest("d", refused=(99,)), report)


def test_a_median_beat_is_no_recording_and_stays_out_of_the_dataset(
    workspace: Workspace, report: Notes, shared_data: Path
) -> None:
    """Both files hold ten seconds and a beat of 1.2 s that the device computed."""
    formats = shared_data / "formats"
    outcome = read(workspace, report, formats / "muse" / "synthetic_muse.xml", formats / "dicom" / "synthetic_muse.dcm")
    assert [item.duration for item in workspace.store.items("d")[1]] == [10.0, 10.0]
    assert outcome.notes == (
        "2 median beats of the devices were left out: a beat is no recording. einthoven show has them.",
    )


def test_a_folder_of_a_published_data_set_is_told(workspace: Workspace, report: Notes, shared_data: Path) -> None:
    outcome = read(workspace, report, shared_data / "ludb")
    assert len(outcome.notes) == 1 and "--layout ludb" in outcome.notes[0]
