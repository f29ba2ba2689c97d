"""Models that come with the program over HTTP: listed behind one's own, asked, downloaded, and never changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from einthoven import capsule
from einthoven.api.app import create_app
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import fill, new_database
from zoo_folder import zoo_folder

NAME = "zoo/net-pace"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    new_database(tmp_path / "home").close()
    return Workspace(tmp_path / "home", zoo=(zoo_folder(tmp_path / "zoo"),))


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    headers = {"Authorization": "Bearer t"}
    with TestClient(create_app(workspace, token="t"), "http://127.0.0.1", headers=headers) as client:
        yield client


def test_they_stand_behind_ones_own_with_the_numbers_of_their_test(client: TestClient) -> None:
    client.post("/api/models", files={"file": ("mine.onnx", mean_model(mean_spec()))})
    own, zoo = client.get("/api/models").json()
    assert (own["name"], own["zoo"], zoo["name"], zoo["zoo"]) == ("mine", False, NAME, True)
    assert zoo["data"] == "made-up ECGs" and zoo["n_train"] == 7
    (tested,) = zoo["tested"]
    assert tested["numbers"] == {"macro_auroc": 0.9} and tested["n_patients"] == 18
    assert tested["intervals"] == {"macro_auroc": {"low": 0.8, "high": 0.95}}
    for address in (f"/api/models/{NAME}", "/api/models/zoo%2Fnet-pace"):
        assert client.get(address).json() == zoo


def test_their_card_and_file_can_be_had(client: TestClient, tmp_path: Path) -> None:
    card = client.get("/api/models/zoo%2Fnet-pace/card")
    assert card.headers["content-type"].startswith("text/plain") and "# net-pace" in card.text
    packed = client.get(f"/api/models/{NAME}/export")
    assert packed.content == (tmp_path / "zoo" / "net-pace.ecgmodel").read_bytes()
    assert 'filename="net-pace.ecgmodel"' in packed.headers["content-disposition"]
    graph = client.get(f"/api/models/{NAME}/export?form=onnx").content
    assert graph == capsule.unpack(packed.content, "m").model
    assert client.get(f"/api/models/{NAME}/export?form=bundle").status_code == 422


def test_they_are_asked_by_their_name(client: TestClient, workspace: Workspace) -> None:
    fill(workspace, "d", n=1)
    (item,) = workspace.store.items("d")[1]
    answer = client.post(f"/api/records/{item.id}/predict", data={"model": NAME}).json()
    assert answer["model"] == NAME and answer["warnings"] == ["Ask it about paces alone."]
    assert [one["name"] for one in answer["classes"]] == ["slow", "fast"]
    body = {"model": NAME, "dataset": "d", "folds": None, "paths": []}
    assert client.post("/api/predictions", json=body).status_code == 202


def test_they_cannot_be_changed(client: TestClient) -> None:
    for answer in (
        client.delete("/api/models/zoo%2Fnet-pace"),
        client.patch("/api/models/zoo%2Fnet-pace", data={"name": "mine"}),
    ):
        assert answer.status_code == 409 and "comes with Einthoven" in answer.json()["detail"]
    assert client.get("/api/models/zoo%2Fother").status_code == 404


def test_a_capsule_is_looked_at_and_taken_in_and_a_changed_one_refused(client: TestClient, tmp_path: Path) -> None:
    content = (tmp_path / "zoo" / "net-pace.ecgmodel").read_bytes()
    found = client.post("/api/model-files", files={"file": ("given.ecgmodel", content)}).json()
    assert found["own"] and "Unaltered since it was packed by einthoven 1" in found["said"][0]
    taken = client.post("/api/models", files={"file": ("given.ecgmodel", content)})
    assert taken.status_code == 201 and taken.json()["name"] == "given" and not taken.json()["zoo"]
    assert taken.json()["sealed"] == found["said"][0]
    broken = content[:200] + bytes([content[200] ^ 1]) + content[201:]
    answer = client.post("/api/models", files={"file": ("given.ecgmodel", broken)})
    assert answer.status_code == 422 and [m["name"] for m in client.get("/api/models").json()] == ["given", NAME]
