"""Model files over HTTP: looked at, and taken in with what somebody says of them."""

import json

import pytest
from starlette.testclient import TestClient

import foreign_models as others
from einthoven.leads import STANDARD_12
from einthoven.workflows import share
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec

METADATA = (("target_keys", "['CD', 'MI', 'STTC']"), ("scale", "mikroVolt"), ("standardizer", "None"))
SAID = {"leads": list(STANDARD_12), "rate": 100, "kind": "single-label", "band": [0.5, 40], "task": "infarct"}


def _file(content: bytes) -> dict[str, tuple[str, bytes]]:
    return {"file": ("theirs.onnx", content)}


def test_a_file_says_what_it_is_and_what_lacks_and_nothing_is_kept(client: TestClient, workspace: Workspace) -> None:
    found = client.post("/api/model-files", files=_file(others.cnn(metadata=METADATA))).json()
    assert found["missing"] == ["leads", "rate", "kind"] and found["offers"] == {"leads": list(STANDARD_12)}
    assert (found["class_names"], found["unit"], found["own"]) == (["CD", "MI", "STTC"], "uV", False)
    hinted = {"hints": json.dumps({**SAID, "kind": "multi-label"})}
    assert (
        client.post("/api/model-files", files=_file(others.cnn(metadata=METADATA)), data=hinted).json()["missing"] == []
    )
    assert client.post("/api/model-files", files=_file(mean_model(mean_spec()))).json()["own"] is True
    assert client.get("/api/models").json() == [] and list(workspace.home.glob("models/*")) == []


def test_all_that_lacks_is_named_at_once(client: TestClient) -> None:
    answer = client.post("/api/models", files=_file(others.cnn(metadata=METADATA)))
    problem = answer.json()
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:einthoven:HintsNeeded" and problem["missing"] == ["leads", "rate", "kind"]
    assert "leads (usual: I II III" in problem["detail"] and "rate=..." in problem["advice"]
    assert client.get("/api/models").json() == []


def test_a_foreign_model_is_taken_in_with_what_is_said(client: TestClient) -> None:
    data = {"hints": json.dumps(SAID), "name": "theirs"}
    answer = client.post("/api/models", files=_file(others.cnn(metadata=METADATA)), data=data)
    taken = answer.json()
    assert answer.status_code == 201 and (taken["name"], taken["task"], taken["rate"]) == ("theirs", "infarct", 100)
    assert taken["imported"] and taken["can_continue"] and "band: 0.5, 40" in " ".join(taken["told"])
    assert any(step.startswith("0.5-40 Hz band-pass") for step in taken["steps"])


def test_impossible_hints_are_a_problem_in_words(client: TestClient) -> None:
    for hints, said in (
        ("{", "no JSON"),
        ('{"rate": 1}', "rate = 1"),
        ('{"leads": ["I"]}', "takes 12 leads; 1 are named"),
    ):
        for path in ("/api/models", "/api/model-files"):
            answer = client.post(path, files=_file(others.cnn(metadata=METADATA)), data={"hints": hints})
            assert answer.status_code == 422 and said in answer.json()["detail"]


def test_a_file_that_is_no_model_is_refused(client: TestClient) -> None:
    for content in (b"", b"no model", b"PK\x03\x04"):
        answer = client.post("/api/model-files", files=_file(content))
        assert answer.status_code == 422 and "theirs.onnx" in answer.json()["detail"]


def test_a_file_that_is_too_large_is_not_even_read(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "MAX_MODEL_BYTES", 2**20)
    for path in ("/api/models", "/api/model-files"):
        answer = client.post(path, files=_file(bytes(3 * 2**20)))
        assert answer.status_code == 422 and "theirs.onnx has 3 MB; models up to 1 MB" in answer.json()["detail"]
