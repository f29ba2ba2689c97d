"""Whole data sets as they are published, on a few of their real files."""

import shutil
from pathlib import Path

import pytest

from einthoven.errors import SettingError
from einthoven.store.types import ItemQuery
from einthoven.workflows.import_ import import_files
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
    run(workspace, report, few, layout=None)
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


def test_ludb_files_are_read_with_their_doubt_and_annotation_files_are_left_alone(
    workspace: Workspace, report: Notes, shared_data: Path, tmp_path: Path
) -> None:
    source = next((shared_data / "ludb").rglob("1.hea")).parent
    target = tmp_path / "ludb"
    target.mkdir()
    for number in ("1", "2"):
        for path in source.glob(f"{number}.*"):
            shutil.copy(path, target)
    outcome = import_files(workspace, ImportRequest("ludb", (str(target),)), report)
    assert (outcome.n_read, outcome.n_refused) == (2, 0), outcome.refused
    assert workspace.store.dataset("ludb").rates == (500,)
