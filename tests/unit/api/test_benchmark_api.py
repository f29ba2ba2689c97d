"""Benchmarks over the API: what one would do, that it is a job, and what it answers before and after."""

import pytest
from starlette.testclient import TestClient

from einthoven.task import Task, TaskClass
from einthoven.train.recipes import DEFAULT
from einthoven.workflows.workspace import Workspace
from run_now import run_now
from small_ecgs import fill

pytest.importorskip("torch")
REQUEST = {"dataset": "d", "task": "speed", "architectures": ["random_convolutions"], "n_folds": 2, "duration": 2.0}


@pytest.fixture
def labelled(workspace: Workspace) -> Workspace:
    answers = fill(workspace, "d", n=12)
    workspace.store.put_task("d", Task("speed", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    return workspace


def test_a_check_says_what_it_would_do_and_starts_nothing(labelled: Workspace, client: TestClient) -> None:
    found = client.post("/api/benchmarks/check", json={**REQUEST, "architectures": []}).json()
    assert (found["n"], found["n_patients"], found["n_folds"], found["counts"]) == (12, 12, 2, {"slow": 6, "fast": 6})
    names = [one["name"] for one in found["candidates"]]
    assert "random_convolutions" in names and f"xceptiontime/{DEFAULT}" in names
    assert not any(name.startswith("patch_transformer") for name in names), "experimental ones have to be asked for"
    assert any("too few for a recommendation" in warning for warning in found["warnings"])
    assert labelled.jobs.jobs() == []


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"budget": "tomorrow"}, 422, "tomorrow"),
        ({"recipes": ["unknown"]}, 422, "unknown"),
        ({"architectures": ["unknown"]}, 404, "unknown"),
        ({"n_folds": 0}, 422, "folds = 0"),
        ({"epochs": 3}, 422, "epochs"),
    ],
)
def test_what_is_not_possible_is_refused_with_advice(
    labelled: Workspace, client: TestClient, change: dict[str, object], status: int, words: str
) -> None:
    for path in ("/api/benchmarks/check", "/api/benchmarks"):
        answer = client.post(path, json={**REQUEST, **change})
        assert answer.status_code == status and words in answer.text
    assert labelled.jobs.jobs() == []


def test_folds_as_a_number_are_answered_with_what_to_send(labelled: Workspace, client: TestClient) -> None:
    answer = client.post("/api/benchmarks/check", json={**REQUEST, "folds": 5})
    assert answer.status_code == 422
    body = answer.json()
    assert body["detail"] == "folds: It should be a list" and "tuple" not in answer.text
    assert "such as [1, 2]" in body["advice"] and "n_folds" in body["advice"]
    other = client.post("/api/benchmarks/check", json={**REQUEST, "architectures": "dsail_snu"}).json()
    assert other["advice"] == "Send architectures as a list, in brackets."


def test_it_is_a_job_with_a_view_before_and_after(labelled: Workspace, client: TestClient) -> None:
    started = client.post("/api/benchmarks", json=REQUEST)
    assert started.status_code == 202
    job = started.json()["id"]
    before = client.get(f"/api/benchmarks/{job}").json()
    assert before["outcome"] is None and before["request"]["task"] == "speed"
    run_now(labelled, job)
    after = client.get(f"/api/benchmarks/{job}").json()
    outcome = after["outcome"]
    assert after["job"]["state"] == "done"
    assert after["candidates"][0]["done"] == [1, 2] and after["candidates"][0]["left_out"] == ""
    assert outcome["folds_compared"] == [1, 2] and outcome["recommended"] is None
    assert outcome["rows"][0]["cost"]["epoch_ms"] is None
    assert [one["id"] for one in client.get("/api/jobs?kind=benchmark").json()] == [job]


def test_another_kind_of_job_is_no_benchmark(labelled: Workspace, client: TestClient) -> None:
    job = labelled.jobs.submit("train", "t", {})
    assert client.get(f"/api/benchmarks/{job.id}").status_code == 404
    assert client.get("/api/benchmarks/nothing").status_code == 404
