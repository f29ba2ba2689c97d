"""The API as pages use it: from an upload to the samples of a record, and the history of a job."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from einthoven.store.models import GRAPH
from einthoven.task import Task, TaskClass
from einthoven.workflows import uploads
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import bare_csv, ecg, fill, npz, signal


def work(workspace: Workspace) -> None:
    """What the supervisor would have done in a process of its own."""
    while (job := workspace.jobs.claim("test")) is not None:
        run_job(workspace, job)


def upload(client: TestClient, files: dict[str, bytes]) -> str:
    number = client.post("/api/uploads").json()["upload"]
    sent = [("files", (name, data)) for name, data in files.items()]
    assert client.post(f"/api/uploads/{number}/files", files=sent).json() == {"files": len(files)}
    return str(number)


def test_what_is_uploaded_is_what_the_viewer_gets(workspace: Workspace, client: TestClient) -> None:
    files = {"dir/1.npz": npz(1, age=50, sex="F", patient_id=4711), "dir/bare.csv": bare_csv(2), "dir/bad.npz": b"no"}
    started = client.post("/api/imports", json={"dataset": "mine", "upload": upload(client, files), "keep_names": True})
    assert started.status_code == 202 and started.json()["state"] == "queued"
    job = started.json()["id"]
    assert client.get(f"/api/imports/{job}").json() is None
    work(workspace)

    outcome = client.get(f"/api/imports/{job}").json()
    assert (outcome["n_read"], outcome["n_refused"]) == (1, 2)
    assert {f["file_name"] for f in outcome["refused"]} == {"dir/bare.csv", "dir/bad.npz"}
    refused = {r["file_name"]: r for r in client.get("/api/datasets/mine/refused").json()}
    chosen = refused["dir/bare.csv"]
    assert set(chosen["missing_hints"]) == {"unit", "rate"}
    again = {"dataset": "mine", "refused": [chosen["id"]], "hints": {"unit": "mV", "rate": 100}, "keep_names": True}
    client.post("/api/imports", json=again)
    work(workspace)

    page = client.get("/api/datasets/mine/records").json()
    assert page["total"] == 2 and [row["file_name"] for row in page["rows"]] == ["dir/1.npz", "dir/bare.csv"]
    first = page["rows"][0]
    assert (
        (first["age"], first["sex"]) == (50, "F")
        and first["subject"].startswith("p-")
        and "4711" not in first["subject"]
    )
    record = client.get(f"/api/records/{first['id']}").json()
    assert record["leads"][0] == "I" and (record["rate"], record["amplitude"]) == (100, "mV")
    assert (record["previous"], record["next"], record["position"], record["total"]) == (
        None,
        page["rows"][1]["id"],
        1,
        2,
    )
    data = client.get(f"/api/records/{first['id']}/signal")
    assert data.headers["content-type"] == "application/octet-stream"
    np.testing.assert_array_equal(np.frombuffer(data.content, "<f4").reshape(12, 200), signal(1))
    band = client.get(f"/api/records/{first['id']}/signal?low=0.5&high=40").content
    assert len(band) == len(data.content) and band != data.content
    (thumbnail,) = client.get(f"/api/thumbnails?items={first['id']}").json()
    assert thumbnail["lead"] == "II" and len(thumbnail["low"]) == 120
    (left,) = client.get("/api/datasets/mine/refused").json()
    assert client.delete(f"/api/datasets/mine/refused?ids={left['id']}").status_code == 204
    assert client.get("/api/datasets/mine").json()["dataset"]["n_refused"] == 0


def test_missing_samples_reach_the_viewer_as_nan_and_never_break_json(workspace: Workspace, client: TestClient) -> None:
    holes = signal(1)
    holes[:, :50] = np.nan
    upload_id = upload(client, {"1.npz": npz(ecg=holes)})
    client.post("/api/imports", json={"dataset": "d", "upload": upload_id})
    work(workspace)
    item = client.get("/api/datasets/d/records").json()["rows"][0]["id"]
    data = np.frombuffer(client.get(f"/api/records/{item}/signal").content, "<f4").reshape(12, 200)
    np.testing.assert_array_equal(data, holes)
    assert client.get(f"/api/thumbnails?items={item}").json()[0]["low"][0] is None


@pytest.mark.parametrize("name", ["../x.npz", "..\\x.npz", "/etc/x.npz", "a/C:/x.npz"])
def test_an_upload_with_a_dangerous_name_is_refused(client: TestClient, name: str) -> None:
    number = client.post("/api/uploads").json()["upload"]
    response = client.post(f"/api/uploads/{number}/files", files=[("files", (name, b"x"))])
    assert response.status_code == 422 and "not a usable file name" in response.json()["detail"]


def test_labels_come_from_a_table_that_was_looked_at_before(workspace: Workspace, client: TestClient) -> None:
    answers = fill(workspace, "d", n=4)
    text = "ecg;what\n" + "\n".join(f"{name};{label[0]}" for name, label in answers.items())
    preview = client.post("/api/label-tables", files={"table": ("t.csv", text.encode())}).json()
    assert preview["columns"] == ["ecg", "what"] and preview["n_rows"] == 4
    chosen = {"task": "pace", "kind": "single-label", "file_column": "ecg", "label_column": "what"}
    outcome = client.post("/api/datasets/d/labels", files={"table": ("t.csv", text.encode())}, data=chosen).json()
    assert (outcome["n_matched"], outcome["counts"]) == (4, {"fast": 2, "slow": 2})
    page = client.get("/api/datasets/d/records", params={"task": "pace", "label": "fast"}).json()
    assert page["total"] == 2 and page["rows"][0]["labels"] == {"pace": ["fast"]}
    table = client.get("/api/datasets/d/records.csv")
    assert table.headers["content-type"].startswith("text/csv") and len(table.text.splitlines()) == 5
    assert client.delete("/api/datasets/d/tasks/pace").status_code == 204
    assert client.get("/api/datasets/d").json()["tasks"] == []
    assert client.get("/api/labels-template.csv").text.startswith("file_name,label,ICD-10")


def test_records_are_filtered_sorted_and_paged_by_the_address(workspace: Workspace, client: TestClient) -> None:
    fill(workspace, "d", n=8)
    query = {"folds": [1, 2], "search": "secret-", "sort": "subject", "descending": True, "offset": 1, "limit": 2}
    page = client.get("/api/datasets/d/records", params=query).json()  # type: ignore[arg-type]
    assert page["total"] == 4 and [row["file_name"][-7:-4] for row in page["rows"]] == ["002", "001"]


def test_models_are_listed_renamed_exported_taken_in_and_deleted(
    workspace: Workspace, client: TestClient, tmp_path: Path
) -> None:
    graph = mean_model(mean_spec(), {"simulated": True})
    taken = client.post("/api/models", files={"file": ("mine.onnx", graph)})
    assert taken.status_code == 201 and taken.json()["name"] == "mine" and taken.json()["simulated"]
    assert client.patch("/api/models/mine", data={"name": " better one "}).json()["name"] == "better one"
    exported = client.get("/api/models/better one/export", params={"form": "onnx"})
    assert exported.content == graph and 'filename="better_one.onnx"' in exported.headers["content-disposition"]
    assert client.get("/api/models/better one/export").content[:2] == b"PK"
    assert client.delete("/api/models/better one").status_code == 204 and client.get("/api/models").json() == []


def test_predictions_and_evaluations_are_jobs_with_a_result(
    workspace: Workspace, client: TestClient, tmp_path: Path
) -> None:
    answers = fill(workspace, "d", n=6)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    workspace.models.add("m", mean_spec(), {GRAPH: tmp_path / GRAPH})
    job = client.post("/api/predictions", json={"model": "m", "dataset": "d"}).json()["id"]
    assert client.get(f"/api/predictions/{job}").json() is None
    work(workspace)
    table = client.get(f"/api/predictions/{job}", params={"sort": "fast", "limit": 4}).json()
    assert table["total"] == 6 and len(table["rows"]) == 4 and table["job"]["state"] == "done"
    fast = [row["prediction"]["values"][1] for row in table["rows"]]
    assert fast == sorted(fast, reverse=True)
    assert client.get(f"/api/predictions/{job}", params={"sort": "none"}).status_code == 404
    csv = client.get(f"/api/jobs/{job}/files/predictions.csv")
    assert csv.text.splitlines()[0] == "file_name,slow,fast" and "attachment" in csv.headers["content-disposition"]
    job = client.post("/api/evaluations", json={"model": "m", "dataset": "d"}).json()["id"]
    work(workspace)
    report = client.get(f"/api/evaluations/{job}").json()
    assert report["evaluation"]["n"] == 6 and report["seen_in_training"] == 0
    one = client.post(f"/api/records/{table['rows'][0]['item']}/predict", data={"model": "m"}).json()
    assert one["row"]["prediction"]["values"] == pytest.approx(table["rows"][0]["prediction"]["values"], abs=1e-6)


def test_settings_are_kept(client: TestClient, workspace: Workspace) -> None:
    first = {"target_rate": 100, "duration": 10, "threads": None, "quarantine_days": 30, "who": None}
    assert client.get("/api/preferences").json() == first
    sent = {"target_rate": 200, "duration": 5, "threads": 2, "quarantine_days": 7, "who": "Björn"}
    assert client.put("/api/preferences", json=sent).json() == sent == client.get("/api/preferences").json()


def events(text: str) -> list[tuple[str, str]]:
    """Kind and data of each server-sent event."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if "data:" in block]
    lines = [dict(line.split(": ", 1) for line in block.split("\n") if ": " in line) for block in blocks]
    return [(line.get("event", ""), line["data"]) for line in lines]


def test_the_history_of_a_job_is_streamed_until_it_ends(workspace: Workspace, client: TestClient) -> None:
    job = workspace.jobs.submit("train", "", {})
    workspace.jobs.claim("test")
    workspace.jobs.append(job.id, "log", {"text": "Björn"})

    def end() -> None:
        time.sleep(0.6)
        workspace.jobs.append(job.id, "log", {"text": "last words"})
        workspace.jobs.end(job.id, "done", headline="ready")

    thread = threading.Thread(target=end)
    thread.start()
    response = client.get(f"/api/jobs/{job.id}/events")
    thread.join()
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    assert found[-1] == ("end", "done")
    told = [json.loads(data) for kind, data in found if kind == "event"]
    history = [event for event in told if event["kind"] != "progress"]
    assert [event["number"] for event in history] == [1, 2, 3, 4, 5]
    assert [event["data"].get("text") for event in history if event["kind"] == "log"] == ["Björn", "last words"]
    assert history == client.get(f"/api/jobs/{job.id}/history").json()


def test_a_page_that_comes_back_gets_only_what_it_has_missed(workspace: Workspace, client: TestClient) -> None:
    job = workspace.jobs.submit("train", "", {})
    workspace.jobs.cancel(job.id)
    for asked in ({"params": {"after": 1}}, {"headers": {"Last-Event-ID": "1"}}):
        found = events(client.get(f"/api/jobs/{job.id}/events", **asked).text)  # type: ignore[arg-type]
        numbers = [json.loads(data)["number"] for kind, data in found if kind == "event" and "progress" not in data]
        assert numbers == [2] and found[-1] == ("end", "cancelled")


def test_a_training_is_asked_for_by_recipe_and_settings(workspace: Workspace, client: TestClient) -> None:
    told = client.get("/api/train-options").json()
    assert {recipe["name"] for recipe in told["recipes"]} == {"default", "paper"}
    epochs = told["options"][0]
    assert (epochs["name"], epochs["kind"], epochs["minimum"], epochs["common"]) == ("epochs", "whole", 1, True)
    assert all(set(recipe["settings"]) == {one["name"] for one in told["options"]} for recipe in told["recipes"])
    networks = {one["name"]: one for one in client.get("/api/architectures").json()}
    assert networks["patch_transformer"]["experimental"] and networks["dsail_snu"]["takes_subject"]
    assert networks["random_convolutions"]["fit"] == "closed_form"

    answers = fill(workspace, "d", n=24)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    request = {"dataset": "d", "task": "pace", "recipe": "default", "settings": {"epochs": 3, "maximum_rate": None}}
    started = client.post("/api/runs", json={**request, "subject": ["age"], "scaling": "min_max"})
    assert started.status_code == 202
    run = client.get(f"/api/runs/{started.json()['id']}").json()
    assert run["request"]["settings"] == request["settings"] and run["request"]["subject"] == ["age"]
    for wrong, words in (
        ({**request, "epochs": 3}, "epochs"),
        ({**request, "settings": {"epochs": 0}}, "epochs = 0 is not possible"),
        ({**request, "settings": {"speed": 3}}, "no setting 'speed'"),
        ({**request, "recipe": "magic"}, "no recipe 'magic'"),
        ({**request, "subject": ["height"]}, "subject"),
    ):
        for place in ("/api/runs", "/api/train/check"):
            refused = client.post(place, json=wrong)
            assert refused.status_code == 422 and words in refused.text, (place, refused.text)


def test_jobs_are_listed_cancelled_repeated_and_deleted(workspace: Workspace, client: TestClient) -> None:
    job = workspace.jobs.submit("train", "", {}).id
    assert client.delete(f"/api/jobs/{job}").status_code == 409
    assert client.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"
    again = client.post(f"/api/jobs/{job}/retry")
    assert again.status_code == 202 and again.json()["state"] == "queued"
    assert [found["id"] for found in client.get("/api/jobs", params={"active": True}).json()] == [again.json()["id"]]
    assert client.delete(f"/api/jobs/{job}").status_code == 204
    assert client.get(f"/api/jobs/{job}").status_code == 404


def test_no_reading_operation_fails_whatever_it_is_asked(
    app: FastAPI, workspace: Workspace, client: TestClient, tmp_path: Path
) -> None:
    """Every GET of the API, for things that are there, that are not, and that cannot be."""
    fill(workspace, "d", n=2)
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    workspace.models.add("m", mean_spec(), {GRAPH: tmp_path / GRAPH})
    job = workspace.jobs.submit("train", "", {"dataset": "d", "task": "t"})
    workspace.jobs.cancel(job.id)
    there = {"dataset": "d", "model": "m", "item": "1", "job": job.id, "name": "x", "task": "t", "items": "1"}
    there |= {"upload": uploads.open_upload(workspace), "number": "1", "what": "measurements", "file_format": "csv"}
    paths = [path for path, operations in app.openapi()["paths"].items() if "get" in operations]
    assert len(paths) > 20
    for path in paths:
        for value in (None, "none", "%00", "..", "'; DROP TABLE", "9" * 30, "-1", "é", "x" * 500):
            names = {name: known if value is None else value for name, known in there.items()}
            address = path.format(**names)
            response = client.get(address, params={"items": names["items"]} if path == "/api/thumbnails" else {})
            assert response.status_code < 500, (address, response.text)
            refused = "urn:einthoven:RecordError" in response.text  # too short to be aligned
            assert value is not None or refused or response.status_code in (200, 404), (address, response.text)


def test_a_deleted_dataset_is_gone(workspace: Workspace, client: TestClient) -> None:
    workspace.store.create_dataset("a & b")
    workspace.store.add("a & b", "x", ecg(1))
    assert client.delete("/api/datasets/a & b").status_code == 204
    assert client.get("/api/datasets").json() == []
