"""`einthoven quarantine`, `resume`, and the options of privacy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from einthoven.workflows.workspace import Workspace
from small_ecgs import HINTS, bare_csv, npz, write

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "in", {"a.csv": bare_csv(1), "b.csv": b"no", "c.npz": npz(3)})


def test_refused_files_are_listed_written_retried_and_deleted(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run("import", folder, "--dataset", "d").code == 3
    rows = {row["file_name"]: row["id"] for row in run("quarantine", "list", "--json").json}
    assert set(rows) == {"a.csv", "b.csv"}
    said = run("quarantine", "list")
    assert "a.csv" in said.text and "as they came" in said.text
    out = tmp_path / "out.csv"
    assert run("quarantine", "get", rows["a.csv"], "--out", out).code == 0 and out.read_bytes() == bare_csv(1)
    assert run("quarantine", "retry", rows["a.csv"], "--assume", HINTS).code == 0
    assert run("quarantine", "delete", rows["b.csv"]).code == 0
    assert run("quarantine", "list", "--json").json == []
    assert run("quarantine", "delete", rows["b.csv"]).code == 1
    assert run("import", folder, "--dataset", "e").code == 3
    assert run("quarantine", "empty", "--dataset", "e", "--json").json == {"deleted": 2}


def test_names_and_identifiers_are_kept_on_demand_only(run: Run, folder: Path, workspace: Workspace) -> None:
    run("import", folder, "--dataset", "d")
    run("import", folder, "--dataset", "kept", "--keep-names", "--keep-identifiers")
    assert workspace.store.file_names("kept") == ["c.npz"]
    assert workspace.store.file_names("d")[0].startswith("f-")
    (item,) = workspace.store.items("kept")[1]
    # Both datasets share the record, and with it what was kept of its file first.
    assert workspace.store.original(item).kept is not None or item.format != "npz"


def test_a_cancelled_import_is_resumed_by_name(run: Run, folder: Path, workspace: Workspace) -> None:
    from einthoven.workflows.requests import ImportRequest

    job = workspace.submit("import", ImportRequest("d", (str(folder),)))
    workspace.jobs.cancel(job.id)
    said = run("resume", job.id)
    assert said.code == 3 and "1 ECG read" in said.text
    again = run("resume", job.id)
    assert again.code == 1 and "cannot go on" in again.text
