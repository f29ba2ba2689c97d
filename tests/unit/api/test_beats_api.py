"""Beats over the API, as the pages use them: measured, corrected, looked at, exported."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from einthoven.beats.types import FIDUCIALS
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.workspace import Workspace
from known_beats import AWAY_S, FIRST_S, RATE, RR_S, beating, flat, known, r_peaks

N = len(r_peaks())


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with known(monkeypatch):
        yield


@pytest.fixture
def beats(workspace: Workspace) -> str:
    """The address of the beats of an ECG with known ones; the next item is flat."""
    workspace.store.ensure_dataset("d")
    workspace.store.add("d", "a/1.npz", beating(1))
    workspace.store.add("d", "flat.npz", flat())
    (first, _) = workspace.store.items("d")[1]
    return f"/api/records/{first.id}/beats"


def value(measured: dict[str, Any], name: str) -> float | None:
    (found,) = (one["value"] for one in measured["measurements"] if one["name"] == name)
    return found


def at(beat: int, fiducial: str) -> float:
    return FIRST_S + beat * RR_S + AWAY_S[FIDUCIALS.index(fiducial)]


def test_a_record_is_measured(client: TestClient, beats: str) -> None:
    measured = client.get(beats).json()
    assert measured["method"] == "einthoven" and "einthoven" in measured["methods"] and measured["obstacle"] is None
    assert measured["channels"] == ["global", *measured["leads"]] and measured["fiducials"] == list(FIDUCIALS)
    assert measured["r_peaks"] == pytest.approx(r_peaks().tolist()) and measured["kinds"] == ["normal"] * N
    assert np.shape(measured["times"]) == (13, N, 9) and measured["times"][0][2][3] == pytest.approx(at(2, "qrs_on"))
    assert value(measured, "heart_rate") == pytest.approx(75) and value(measured, "pr") == pytest.approx(160, abs=1)
    assert (measured["corrected"], measured["corrections"], measured["amplitude"]) == ([], [], "mV")


def test_an_ecg_without_beats_says_why(client: TestClient, beats: str, workspace: Workspace) -> None:
    number = workspace.store.items("d")[1][1].id
    measured = client.get(f"/api/records/{number}/beats").json()
    assert (measured["obstacle"], measured["reason"]) == ("flat", "No lead shows an ECG.")
    assert measured["times"] == [] and {one["state"] for one in measured["measurements"]} == {"not measurable"}
    for address in ("overlay", "median", "median.f32", "export/fiducials.csv"):
        refused = client.get(f"/api/records/{number}/beats/{address}")
        assert refused.status_code == 422 and "No lead shows an ECG" in refused.json()["detail"]
    new = {"channel": "II", "r_peak": 1.3, "fiducial": "qrs_on", "time": 1.2, "who": "me"}
    assert client.put(f"/api/records/{number}/beats/corrections", json=new).status_code == 404


def test_what_is_not_there_is_not_found(client: TestClient, beats: str) -> None:
    assert client.get("/api/records/999/beats").status_code == 404
    unknown = client.get(beats, params={"method": "guess"})
    assert unknown.status_code == 404 and "einthoven" in unknown.json()["advice"]
    assert client.get(f"{beats}/overlay", params={"lead": "V9"}).status_code == 422
    assert client.get(f"{beats}/export/secrets.csv").status_code == 422
    assert client.get(f"{beats}/export/fiducials.exe").status_code == 422


# -- corrections -----------------------------------------------------------------------------------


def test_a_dragged_fiducial_wins_and_the_measurements_follow(
    client: TestClient, beats: str, workspace: Workspace
) -> None:
    before = client.get(beats).json()
    for beat in range(N):
        new = {
            "channel": "global", "r_peak": FIRST_S + beat * RR_S, "fiducial": "qrs_off",
            "time": at(beat, "qrs_off") + 0.03, "who": "Dr. X",
        }  # fmt: skip
        answer = client.put(f"{beats}/corrections", json=new)
        assert answer.status_code == 200
    after = answer.json()
    assert value(before, "qrs_duration") == pytest.approx(90, abs=1)
    assert value(after, "qrs_duration") == pytest.approx(120, abs=1)
    assert after["corrected"] == [{"channel": "global", "beat": beat, "fiducial": "qrs_off"} for beat in range(N)]
    one = after["corrections"][0]
    assert (one["who"], one["fiducial"], one["time"]) == ("Dr. X", "qrs_off", pytest.approx(at(0, "qrs_off") + 0.03))
    assert one["made"].startswith("20") and client.get(beats).json() == after
    assert workspace.preferences.who == "Dr. X" and client.get("/api/preferences").json()["who"] == "Dr. X"

    left = client.delete(f"{beats}/corrections/{one['id']}").json()
    assert len(left["corrections"]) == N - 1 and left["times"][0][0][5] == pytest.approx(at(0, "qrs_off"))
    assert client.delete(f"{beats}/corrections/{one['id']}").status_code == 404
    assert client.delete(f"{beats}/corrections").json() == before


def test_a_wave_can_be_said_to_be_absent(client: TestClient, beats: str) -> None:
    for beat in range(N):
        for part in ("p_on", "p_peak", "p_off"):
            new = {"channel": "global", "r_peak": FIRST_S + beat * RR_S, "fiducial": part, "time": None, "who": "me"}
            after = client.put(f"{beats}/corrections", json=new).json()
    assert after["absent"] == {"P": "taken away by hand in every beat"} and after["times"][0][0][:3] == [None] * 3
    (pr,) = (one for one in after["measurements"] if one["name"] == "pr")
    assert (pr["state"], pr["value"]) == ("absent", None)


def test_an_r_peak_that_was_moved_far_still_names_its_beat(client: TestClient, beats: str) -> None:
    moved = at(1, "qrs_peak") + 0.045
    new = {"channel": "global", "r_peak": 1.3, "fiducial": "qrs_peak", "time": moved, "who": "me"}
    after = client.put(f"{beats}/corrections", json=new).json()
    assert after["r_peaks"][1] == pytest.approx(moved)
    again = {**new, "r_peak": after["r_peaks"][1], "fiducial": "t_off", "time": moved + 0.4}
    found = client.put(f"{beats}/corrections", json=again).json()
    assert [one["r_peak"] for one in found["corrections"]] == pytest.approx([1.3, 1.3])
    assert len(found["corrected"]) == 2


@pytest.mark.parametrize(
    ("new", "status", "words"),
    [
        ({"r_peak": 1.7}, 404, "no beat at 1.700 s"),
        ({"channel": "V9"}, 404, "no channel"),
        ({"fiducial": "u_on"}, 404, "no fiducial"),
        ({"time": 1.31}, 422, "would lie after the QRS peak"),
        ({"time": 5.0}, 422, "another beat"),
        ({"who": "x" * 81}, 422, "cannot be a name"),
        ({"who": " "}, 422, "needs the name"),
        ({"time": "soon"}, 422, "time"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    client: TestClient, beats: str, new: dict[str, Any], status: int, words: str
) -> None:
    given = {"channel": "II", "r_peak": 1.3, "fiducial": "qrs_on", "time": 1.25, "who": "me", **new}
    refused = client.put(f"{beats}/corrections", json=given)
    assert refused.status_code == status and words in refused.json()["detail"]
    assert client.get(beats).json()["corrections"] == []


def test_a_correction_of_a_beat_that_another_method_does_not_find_is_kept_and_said(
    client: TestClient, beats: str, workspace: Workspace
) -> None:
    number = int(beats.split("/")[3])
    workspace.corrections.put(number, channel="II", r_peak=1.7, fiducial="t_off", time=1.9, who="me")
    measured = client.get(beats).json()
    assert len(measured["corrections"]) == 1 and measured["corrected"] == []
    assert measured["notes"] == {"corrections": "1 correction belongs to beats that this method does not find."}


def test_a_correction_without_a_name_takes_the_stored_one_and_says_so(
    client: TestClient, beats: str, workspace: Workspace
) -> None:
    workspace.save_preferences(replace(workspace.preferences, who="Dr. X"))
    new = {"channel": "II", "r_peak": 1.3, "fiducial": "qrs_on", "time": 1.25}
    other = client.put(f"{beats}/corrections", json={**new, "who": "Dr. Y"}).json()
    assert [one["who"] for one in other["corrections"]] == ["Dr. Y"]
    assert workspace.preferences.who == "Dr. X", "a correction by another one does not change who one is"
    named = client.put(f"{beats}/corrections", json={**new, "fiducial": "qrs_off", "time": 1.4})
    assert [one["who"] for one in named.json()["corrections"] if one["fiducial"] == "qrs_off"] == ["Dr. X"]


def test_saving_other_preferences_does_not_forget_who_one_is(client: TestClient, workspace: Workspace) -> None:
    workspace.save_preferences(replace(workspace.preferences, who="Dr. X"))
    kept = client.put("/api/preferences", json={"target_rate": 100, "duration": 10, "quarantine_days": 7}).json()
    assert (kept["who"], kept["quarantine_days"]) == ("Dr. X", 7)
    assert client.put("/api/preferences", json={**kept, "who": ""}).json()["who"] == ""
    assert client.put("/api/preferences", json={**kept, "who": "a\nb"}).status_code == 422
    assert Workspace(workspace.home).preferences.who == ""


# -- views -----------------------------------------------------------------------------------------


def test_the_beats_of_a_lead_are_overlaid_at_r(client: TestClient, beats: str) -> None:
    view = client.get(f"{beats}/overlay").json()
    assert (view["lead"], view["rate"], view["unit"]) == ("II", RATE, "mV")
    assert [one["beat"] for one in view["beats"]] == list(range(N)) and view["beats"][0]["kind"] == "normal"
    assert view["before"] * RATE == pytest.approx(view["r_index"])
    data = client.get(f"{beats}/overlay.f32")
    assert data.headers["content-type"] == "application/octet-stream"
    values = np.frombuffer(data.content, "<f4").reshape(N, view["n_samples"])
    assert (np.nanargmax(values, axis=1) == view["r_index"]).all()
    first, second = (client.get(f"{beats}/overlay.f32?lead={lead}").content for lead in ("II", "V6"))
    assert first == data.content != second


def test_the_median_beat_has_its_fiducials(client: TestClient, beats: str) -> None:
    view = client.get(f"{beats}/median").json()
    assert (view["source"], view["n_beats"], view["kinds"]) == ("own", N, ["normal"]) and len(view["leads"]) == 12
    assert view["times"][0][3] == pytest.approx(view["r_index"] / RATE + AWAY_S[3], abs=1 / RATE)
    values = np.frombuffer(client.get(f"{beats}/median.f32").content, "<f4").reshape(12, view["n_samples"])
    assert values[1].argmax() == view["r_index"] and not np.isnan(values).any()


def test_rlign_gives_a_median_beat_and_the_aligned_ecg(client: TestClient, beats: str) -> None:
    pytest.importorskip("rlign")
    view = client.get(f"{beats}/median?source=rlign").json()
    assert (view["source"], view["times"], view["r_index"]) == ("rlign", None, None)
    assert any("Rlign" in step for step in view["steps"])
    content = client.get(f"{beats}/median.f32?source=rlign").content
    assert np.frombuffer(content, "<f4").size == 12 * view["n_samples"]
    aligned = client.get(f"{beats}/aligned").json()
    values = np.frombuffer(client.get(f"{beats}/aligned.f32").content, "<f4").reshape(12, aligned["n_samples"])
    assert aligned["rate"] == RATE and not np.isnan(values).any()
    assert client.get(f"{beats}/median?source=other").status_code == 422


@pytest.mark.parametrize("what", ["measurements", "fiducials", "qrs-overlay", "median-beat", "median-fiducials"])
@pytest.mark.parametrize("file_format", ["csv", "json", "npz", "parquet"])
def test_every_export_is_a_file(client: TestClient, beats: str, what: str, file_format: str) -> None:
    answer = client.get(f"{beats}/export/{what}.{file_format}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="a_1-{what}.{file_format}"'
    starts = {"npz": b"PK", "parquet": b"PAR1", "json": b'{"file_name": "a/1.npz"', "csv": b""}
    assert answer.content.startswith(starts[file_format])
    if file_format == "csv" and what != "median-beat":
        assert answer.text.startswith("file_name,") and answer.text.splitlines()[1].startswith("a/1.npz,")
    if file_format == "json":
        json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_lead_is_chosen_for_the_overlay_that_is_exported(client: TestClient, beats: str) -> None:
    assert client.get(f"{beats}/export/qrs-overlay.json?lead=V2").json()["lead"] == "V2"
    assert client.get(f"{beats}/export/qrs-overlay.json?lead=lead v2").json()["lead"] == "V2"
    assert client.get(f"{beats}/export/qrs-overlay.json").json()["lead"] == "II"


# -- of many ---------------------------------------------------------------------------------------


def test_ways_of_finding_waves_are_listed_with_what_they_need(client: TestClient) -> None:
    found = {entry["name"]: entry for entry in client.get("/api/delineators").json()}
    assert {"einthoven", "neurokit-dwt"} <= set(found) and found["einthoven"]["available"]
    assert all(entry["available"] or "pip install" in entry["reason"] for entry in found.values())


def test_a_dataset_is_measured_as_a_job(client: TestClient, beats: str, workspace: Workspace) -> None:
    started = client.post("/api/measurements", json={"dataset": "d", "what": ["measurements", "fiducials"]})
    assert started.status_code == 202
    job = started.json()["id"]
    assert client.get(f"/api/measurements/{job}").json() is None
    while (claimed := workspace.jobs.claim("test")) is not None:
        run_job(workspace, claimed)
    outcome = client.get(f"/api/measurements/{job}").json()
    assert (outcome["total"], outcome["n_refused"], outcome["job"]["state"]) == (1, 1, "done")
    assert outcome["summary"][0]["name"] == "heart_rate" and outcome["summary"][0]["median"] == pytest.approx(75)
    for name in outcome["files"]:
        assert client.get(f"/api/jobs/{job}/files/{name}").status_code == 200
    assert client.post("/api/measurements", json={"dataset": "d", "what": ["secrets"]}).status_code == 422
    assert client.post("/api/measurements", json={}).status_code == 422
    refused = client.post("/api/measurements", json={"dataset": "d", "what": ["qrs-overlay"], "lead": "ZZ"})
    assert (refused.status_code, refused.json()["detail"]) == (422, "There is no lead 'ZZ'.")
    assert "V6" in refused.json()["advice"] and len(client.get("/api/jobs").json()) == 1
