"""Every error is a problem+json with the right status, and never tells more than it should."""

import inspect

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from einthoven import errors
from einthoven.api.problems import status_of
from einthoven.workflows.workspace import Workspace
from small_ecgs import fill

STATUS = {
    "EinthovenError": 500, "InputError": 422, "FormatError": 422, "HintsNeeded": 422, "RecordError": 422,
    "LabelError": 422, "SettingError": 422, "CorrectionError": 422, "IncompatibleModel": 409, "NotFound": 404,
    "Conflict": 409, "MissingDependency": 501, "TrainingFailed": 500, "Diverged": 500, "ExportFailed": 500,
    "Cancelled": 409,
}  # fmt: skip
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.EinthovenError)
}


def made(name: str) -> errors.EinthovenError:
    if name == "HintsNeeded":
        return errors.HintsNeeded("what was wrong", missing=("unit", "rate"), advice="what to do")
    return CLASSES[name]("what was wrong", advice="what to do")


def test_every_error_of_the_tree_has_a_status() -> None:
    assert set(CLASSES) == set(STATUS)
    assert {name: status_of(made(name)) for name in CLASSES} == STATUS


@pytest.mark.parametrize("name", STATUS)
def test_every_error_leaves_a_route_as_a_problem(app: FastAPI, client: TestClient, name: str) -> None:
    @app.get("/api/broken")
    def broken() -> None:
        raise made(name)

    response = client.get("/api/broken")
    assert response.status_code == STATUS[name]
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["type"], body["status"]) == (f"urn:einthoven:{name}", STATUS[name]) and body["title"]
    assert (body["detail"], body["advice"]) == ("what was wrong", "what to do")
    assert body.get("missing") == (["unit", "rate"] if name == "HintsNeeded" else None)


def test_an_error_of_the_program_is_a_problem_too_and_its_message_stays_here(app: FastAPI, client: TestClient) -> None:
    @app.get("/api/broken")
    def broken() -> None:
        raise ZeroDivisionError("patient Jane Doe")

    response = client.get("/api/broken")
    assert response.status_code == 500 and response.headers["content-type"] == "application/problem+json"
    assert "Jane" not in response.text and response.json()["advice"]


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        (
            "POST",
            "/api/runs",
            {"json": {"dataset": ["Jane Doe"], "task": "Jane Doe", "settings": {"epochs": "Jane Doe"}}},
        ),
        ("POST", "/api/runs", {"json": {"task": {"Jane Doe": 1}}}),
        ("POST", "/api/imports", {"json": {"dataset": "d", "hints": {"rate": "Jane Doe"}}}),
        (
            "POST",
            "/api/imports",
            {"content": b'{"dataset": "Jane Doe', "headers": {"Content-Type": "application/json"}},
        ),
        ("POST", "/api/imports", {"json": "Jane Doe"}),
        ("PUT", "/api/preferences", {"json": {"target_rate": "Jane Doe"}}),
        ("GET", "/api/records/Jane Doe", {}),
        ("GET", "/api/datasets/d/records?sex=Jane Doe&limit=Jane Doe", {}),
        ("POST", "/api/datasets/d/labels", {"data": {"kind": "Jane Doe"}}),
        ("POST", "/api/models", {"files": {"wrong": ("Jane Doe", b"x")}}),
    ],
)
def test_a_malformed_request_is_told_where_but_not_what(
    client: TestClient, method: str, path: str, sent: dict[str, object]
) -> None:
    response = client.request(method, path, **sent)  # type: ignore[arg-type]
    assert response.status_code == 422 and response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == "urn:einthoven:RequestError" and body["detail"]
    assert "Jane" not in response.text


def test_a_hint_that_is_not_possible_is_said_in_our_words(client: TestClient) -> None:
    response = client.post("/api/imports", json={"dataset": "d", "paths": ["x"], "hints": {"rate": -5}})
    assert response.status_code == 422 and "A rate of -5 Hz is not possible" in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/api/no-such", {}, 404),
        ("PATCH", "/api/datasets", {}, 405),
        ("GET", "/api/datasets/none", {}, 404),
        ("DELETE", "/api/datasets/none", {}, 404),
        ("POST", "/api/datasets", {"data": {"name": "d"}}, 409),
        ("POST", "/api/datasets", {"data": {"name": "a/b"}}, 422),
        ("GET", "/api/records/999", {}, 404),
        ("GET", f"/api/records/{10**30}", {}, 404),
        ("GET", f"/api/thumbnails?items={10**30}", {}, 404),
        ("GET", f"/api/datasets/d/records?folds={10**30}&offset={10**30}", {}, 200),
        ("GET", "/api/datasets/d/records?sort=height", {}, 422),
        ("GET", "/api/datasets/d/records?label=x", {}, 422),
        ("GET", "/api/datasets/d/records?task=none&label=x", {}, 404),
        ("GET", "/api/records/1/signal?low=5", {}, 422),
        ("GET", "/api/records/1/signal?low=nan&high=inf", {}, 422),
        ("GET", "/api/records/1/signal?low=0.5&high=400", {}, 422),
        ("POST", "/api/records/1/predict", {"data": {"model": "none"}}, 404),
        ("POST", "/api/train/check", {"json": {"dataset": "d", "task": "none"}}, 404),
        ("POST", "/api/runs", {"json": {"dataset": "d", "task": "t", "folds": [10**30]}}, 422),
        ("POST", "/api/predictions", {"json": {"model": "none", "dataset": "d"}}, 404),
        ("POST", "/api/evaluations", {"json": {"model": "none", "dataset": "d"}}, 404),
        ("POST", "/api/imports", {"json": {"dataset": "d"}}, 422),
        ("POST", "/api/uploads/none/files", {"files": {"files": ("a.csv", b"x")}}, 404),
        ("POST", "/api/label-tables", {"files": {"table": ("a.csv", b"")}}, 422),
        ("POST", "/api/datasets/d/labels", {"files": {"table": ("a.csv", b"a,b\n1,2\n")}}, 422),
        ("GET", "/api/models/none", {}, 404),
        ("POST", "/api/models", {"files": {"file": ("a.onnx", b"no model")}}, 422),
        ("GET", "/api/jobs/none", {}, 404),
        ("POST", "/api/jobs/none/cancel", {}, 404),
        ("GET", "/api/jobs/none/events", {}, 404),
        ("GET", "/api/jobs/none/files/x", {}, 404),
        ("GET", "/api/runs/none", {}, 404),
        ("PUT", "/api/preferences", {"json": {"target_rate": 20}}, 422),
        ("DELETE", f"/api/datasets/d/refused?ids={10**30}", {}, 204),
    ],
)
def test_what_cannot_be_done_is_a_problem_of_the_right_kind(
    workspace: Workspace, client: TestClient, method: str, path: str, sent: dict[str, object], status: int
) -> None:
    from einthoven.task import Task, TaskClass

    answers = fill(workspace, "d", n=2)
    workspace.store.put_task("d", Task("t", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    response = client.request(method, path, **sent)  # type: ignore[arg-type]
    assert response.status_code == status, response.text
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status and response.json()["title"]


def test_malformed_numbers_of_events_are_no_fault_of_the_server(workspace: Workspace, client: TestClient) -> None:
    job = workspace.jobs.submit("import", "", {})
    workspace.jobs.cancel(job.id)
    for after in (-1, 10**30):
        assert client.get(f"/api/jobs/{job.id}/history?after={after}").status_code == 200
    for resumed in ("", "abc", "-1", "9" * 40, "²"):
        headers = {"Last-Event-ID": resumed.encode()}
        assert client.get(f"/api/jobs/{job.id}/events", headers=headers).status_code == 200  # type: ignore[arg-type]


def test_a_parameter_that_is_not_there_is_refused_and_those_that_are_are_named(client: TestClient) -> None:
    """Misspelt, `sortt` would silently sort nothing."""
    answer = client.get("/api/models", params={"taks": "pace"})
    assert answer.status_code == 422 and "'taks'" in answer.json()["detail"]
    answer = client.get("/api/jobs", params={"limitt": 3})
    assert answer.status_code == 422 and "limit" in answer.json()["advice"]
    assert client.get("/api/jobs", params={"limit": 3}).status_code == 200
