"""Quarantine, originals and going on with imports, as pages and scripts use them."""

import io
import zipfile

import numpy as np
import pytest
from starlette.testclient import TestClient

from einthoven.store.types import Job
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace
from run_now import run_now
from small_ecgs import bare_csv, npz, write


def run(workspace: Workspace, request: ImportRequest) -> Job:
    return run_now(workspace, workspace.submit("import", request).id)


@pytest.fixture
def job(workspace: Workspace, tmp_path: object) -> Job:
    header = b"r 2 100 200\nr.dat 16 0 16 0 0 0 0 I\nr.dat 16 0 16 0 0 0 0 II\n"
    counts = np.arange(400, dtype="<i2").tobytes()
    files = {"Sm\u00efth.csv": bare_csv(1), "r.hea": header, "r.dat": counts, "good.npz": npz(1)}
    return run(workspace, ImportRequest("d", (str(write(tmp_path / "in", files)),)))  # type: ignore[operator]


def test_refused_files_are_listed_fetched_and_deleted(client: TestClient, job: Job) -> None:
    listed = {row["file_name"]: row for row in client.get("/api/refused").json()}
    assert set(listed) == {"Sm\u00efth.csv", "r.hea"} and all(
        row["stored_name"].startswith("f-") for row in listed.values()
    )
    name = "Sm\u00efth.csv"
    alone = client.get(f"/api/refused/{listed[name]['id']}/file")
    assert alone.content == bare_csv(1) and "Sm%C3%AFth.csv" in alone.headers["content-disposition"]
    packed = client.get(f"/api/refused/{listed['r.hea']['id']}/file").content
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["r.hea", "r.dat"]
    assert client.delete("/api/datasets/d/refused", params={"ids": [listed["r.hea"]["id"]]}).status_code == 204
    assert len(client.get("/api/datasets/d/refused").json()) == 1
    assert client.delete("/api/datasets/d/refused").status_code == 204, "names nothing, and deletes nothing"
    assert len(client.get("/api/refused").json()) == 1
    assert client.delete("/api/datasets/d/refused", params={"everything": True}).status_code == 204
    assert client.get("/api/refused").json() == []


def test_the_whole_quarantine_is_emptied(client: TestClient, job: Job, workspace: Workspace) -> None:
    assert client.delete("/api/refused").status_code == 204
    assert client.get("/api/refused").json() == []
    assert not [path for path in (workspace.home / "quarantine").rglob("*") if path.is_file()]


def test_what_is_kept_of_a_file_is_said_and_can_be_fetched(client: TestClient, job: Job) -> None:
    (row,) = client.get("/api/datasets/d/records").json()["rows"]
    detail = client.get(f"/api/records/{row['id']}").json()
    assert detail["original"]["read"] == detail["source"]["sha256"] and detail["original"]["identifiers"] is False
    assert detail["quality"]["leads"][0]["lead"] == "I" and detail["grade"] == row["grade"]
    assert {"derived", "changed", "device", "assumed", "doubts"} <= set(detail["source"])
    answer = client.get(f"/api/records/{row['id']}/original")
    if detail["original"]["kept"] is None:
        assert answer.status_code == 404
    else:
        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def test_an_import_that_is_done_is_not_gone_on_with(client: TestClient, job: Job) -> None:
    for action in ("resume", "retry"):
        answer = client.post(f"/api/jobs/{job.id}/{action}")
        assert answer.status_code == 409 and "cannot go on" in answer.json()["detail"]


def test_a_failed_import_goes_on_under_its_id(client: TestClient, workspace: Workspace, job: Job) -> None:
    request = ImportRequest("e", refused=tuple(row.id for row in workspace.quarantine.list("d")))
    other = workspace.submit("import", request)
    workspace.jobs.claim("test", job_id=other.id)
    workspace.jobs.end(other.id, "failed")
    assert client.get(f"/api/jobs/{other.id}").json()["resumable"] is True
    answer = client.post(f"/api/jobs/{other.id}/resume")
    assert answer.status_code == 202 and (answer.json()["id"], answer.json()["state"]) == (other.id, "queued")


def test_a_path_that_is_not_there_is_said_at_once_and_not_remembered(client: TestClient, workspace: Workspace) -> None:
    answer = client.post("/api/imports", json={"dataset": "d", "paths": ["/nowhere/Smith"]})
    assert answer.status_code == 404 and workspace.jobs.jobs() == []
