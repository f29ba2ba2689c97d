"""From labelled ECGs to a model on the shelf, to a file, to another installation, and on from there."""

import io
import json
import threading
import time
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import IncompatibleModel
from einthoven.jobs import reporter
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Job
from einthoven.task import Task, TaskClass
from einthoven.workflows import planning, runs, share
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.evaluate import evaluate
from einthoven.workflows.plain import load_result
from einthoven.workflows.predict import predict
from einthoven.workflows.requests import EvaluateRequest, PredictRequest, TrainOutcome, TrainRequest
from einthoven.workflows.seen import LEARNED_FROM
from einthoven.workflows.views import Preferences
from einthoven.workflows.workspace import Workspace
from small_ecgs import Notes, ecg, fill

pytest.importorskip("torch", reason="training needs the extra `train`")

ONE_EPOCH = {"epochs": 1, "batch_size": 8, "maximum_rate": 0.003}
SMALL = {"settings": ONE_EPOCH, "rate": 100.0, "duration": 2.0, "beside": False}
DATASET = "secret-dataset"
TWO_LEADS = ("secret-two-leads-1", "secret-two-leads-2")


@dataclass
class Trained:
    workspace: Workspace
    job: Job
    outcome: TrainOutcome


def installation(folder: Path) -> Workspace:
    workspace = Workspace(folder)
    workspace.save_preferences(Preferences(threads=1))
    return workspace


def train(workspace: Workspace, request: TrainRequest) -> Job:
    job = workspace.submit("train", planning.complete(workspace, request))
    claimed = workspace.jobs.claim("test", job_id=job.id)
    assert claimed is not None
    run_job(workspace, claimed)
    return workspace.jobs.job(job.id)


def outcome_of(workspace: Workspace, job: Job) -> TrainOutcome:
    assert job.problem is None, job.problem
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome)
    assert outcome is not None
    return outcome


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """24 simulated ECGs, and two that lack leads."""
    workspace = installation(tmp_path_factory.mktemp("home"))
    answers = fill(workspace, DATASET, n=24, simulated=True)
    for seed, name in enumerate(TWO_LEADS, start=500):
        whole = ecg(seed, subject=name)
        workspace.store.add(DATASET, name, replace(whole, signal=whole.signal[:2], leads=("V1", "V2")))
        answers[name] = ("fast",)
    classes = (TaskClass("slow"), TaskClass("fast", "Fast", {"ICD-10": "R00.0"}))
    workspace.store.put_task(DATASET, Task("pace", "single-label", classes, answers))
    job = train(workspace, TrainRequest(DATASET, "pace", architecture="inceptiontime", name="ours", **SMALL))  # type: ignore[arg-type]
    return Trained(workspace, job, outcome_of(workspace, job))


def test_a_training_ends_with_a_model_on_the_shelf(trained: Trained) -> None:
    assert trained.job.state == "done" and trained.job.headline.startswith("Model ours")
    assert set(trained.job.files) >= {GRAPH, WEIGHTS, "result.json", "split.json", "statistics.json"}
    model = trained.workspace.models.model("ours")
    assert (model.architecture, model.trained_on, model.run, model.base) == (
        "inceptiontime", DATASET, trained.job.id, None,
    )  # fmt: skip
    assert model.simulated and model.spec.class_names == ("slow", "fast")
    assert (model.spec.rate, model.spec.duration, model.spec.task) == (100, 2, "pace")
    assert trained.outcome.parity_logits <= 1e-4 and (trained.outcome.parity_probabilities or 0) <= 1e-4
    view = share.view(trained.workspace, "ours")
    assert view.can_continue and view.simulated and view.label_counts == {"slow": 12, "fast": 12}
    assert view.validation_macro_f1 == trained.outcome.validation.macro_f1


def test_the_numbers_told_are_those_of_the_ecgs_that_were_used(trained: Trained) -> None:
    outcome, statistics = trained.outcome, trained.workspace.models.model("ours").statistics
    assert {failure.file_name for failure in outcome.refused} == set(TWO_LEADS)
    split = outcome.split
    assert (
        split.n_train + split.n_validation
        == 24
        == sum(split.train_counts.values()) + sum(split.validation_counts.values())
    )
    assert split.left_out == {"could not be used (see the refused ECGs)": 2}
    assert (statistics["n"], statistics["n_train"]) == (24, split.n_train)
    assert statistics["label_distribution"] == {"slow": 12, "fast": 12}
    assert outcome.validation.n == split.n_validation and len(statistics["epochs"]) == 1
    assert statistics["f1"] == statistics["epochs"][0]["f1"] and statistics["base_model"] is None
    on_disk = json.loads(trained.workspace.jobs.file(trained.job.id, "split.json").read_text())
    assert len(on_disk["train"]) == split.n_train and not set(on_disk["train"]) & set(on_disk["validation"])


def test_the_page_of_a_run_tells_its_course(trained: Trained) -> None:
    run = runs.run(trained.workspace, trained.job.id)
    assert run.outcome == trained.outcome and run.split == trained.outcome.split
    assert len(run.epochs) == 1 and run.epochs[0].train_loss > 0 and run.seconds_left is None
    assert run.config["epochs"] == 1 and run.config["batch_size"] == 8 and run.config["seed"] == 0
    assert run.environment["torch"] and any("simulated" in line for line in run.log)
    (summary,) = runs.summaries(trained.workspace)
    assert (summary.name, summary.model, summary.epoch, summary.epochs, summary.state) == ("ours", "ours", 1, 1, "done")


def members(capsule: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(capsule)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_capsule_says_nothing_of_single_records_people_or_this_machine(trained: Trained) -> None:
    name, capsule = share.exported(trained.workspace, "ours", form="capsule")
    found = members(capsule)
    assert name == "ours.ecgmodel"
    stated = {"manifest.json", "spec.json", "statistics.json", "evaluation.json", "card.md", "golden.npz"}
    assert set(found) == {"model.onnx", "weights.safetensors", *stated}
    items = trained.workspace.store.items(DATASET)[1]
    secrets = ["secret-", str(trained.workspace.home), *(item.record_id for item in items)]
    for member, content in found.items():
        for secret in secrets:
            assert secret.encode() not in content, (member, secret)
    assert b"They are simulated: this model says nothing about patients." in found["card.md"]
    statistics = json.loads(found["statistics.json"], parse_constant=pytest.fail)
    assert statistics["simulated"] is True and statistics["validation"]["n"] == trained.outcome.split.n_validation
    assert share.exported(trained.workspace, "ours", form="onnx") == ("ours.onnx", found["model.onnx"])


@pytest.fixture(scope="module")
def elsewhere(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Another installation that was given the model, as a capsule and as a bare graph."""
    other = installation(tmp_path_factory.mktemp("elsewhere"))
    fill(other, "theirs", n=4, first=100)
    for form in ("capsule", "onnx"):
        name, data = share.exported(trained.workspace, "ours", form=form)  # type: ignore[arg-type]
        share.take_in(other, name, data, name=f"as {form}")
    return other


def test_a_model_that_was_given_away_answers_as_at_home(trained: Trained, elsewhere: Workspace, tmp_path: Path) -> None:
    fill(trained.workspace, "theirs", n=4, first=100)

    def answers(workspace: Workspace, model: str) -> list[tuple[float, ...]]:
        rows = predict(workspace, PredictRequest(model, dataset="theirs"), Notes(tmp_path)).rows
        return [row.prediction.values for row in rows]

    at_home = answers(trained.workspace, "ours")
    assert len(at_home) == 4
    for name in ("as capsule", "as onnx"):
        assert answers(elsewhere, name) == at_home
        view = share.view(elsewhere, name)
        assert view.simulated, "a model keeps saying that it learned from simulated ECGs"
        assert (view.n_train, view.trained_on, view.run) == (trained.outcome.split.n_train, None, None)
        assert view.validation_macro_f1 == trained.outcome.validation.macro_f1
    assert share.view(elsewhere, "as capsule").can_continue and share.view(elsewhere, "as onnx").can_continue
    found = predict(elsewhere, PredictRequest("as onnx", dataset="theirs"), Notes(tmp_path))
    assert found.simulated_model


@pytest.fixture(scope="module")
def continued(trained: Trained) -> str:
    """The model `ours` with a new head for three classes, learned from 18 ECGs that are not simulated."""
    workspace = trained.workspace
    answers: dict[str, tuple[str, ...]] = dict(fill(workspace, "real", n=18, first=200))
    for name in list(answers)[::3]:
        answers[name] = ("odd",)
    classes = tuple(map(TaskClass, ("odd", "slow", "fast")))
    workspace.store.put_task("real", Task("three", "single-label", classes, answers))
    request = TrainRequest("real", "three", from_model="ours", method="head", settings=ONE_EPOCH)
    return outcome_of(workspace, train(workspace, request)).model


def test_a_training_from_a_model_cannot_change_what_the_model_sees(trained: Trained, continued: str) -> None:
    request = TrainRequest("real", "three", from_model="ours", method="whole", rate=250.0)
    with pytest.raises(IncompatibleModel, match=r"rate of 100; .* cannot change that to 250"):
        planning.plan(trained.workspace, request)


def test_a_head_only_training_changes_only_the_head(trained: Trained, continued: str) -> None:
    from safetensors.numpy import load_file

    base, model = (trained.workspace.models.model(name) for name in ("ours", continued))
    assert (model.name, model.base, model.architecture) == ("three-ours", "ours", "inceptiontime")
    assert set(model.spec.class_names) == {"odd", "slow", "fast"} and model.spec.steps == base.spec.steps
    assert not model.simulated and model.statistics["trained_parameters"] < model.statistics["parameters"] / 10
    before, after = (load_file(file_of(trained.workspace, name, WEIGHTS)) for name in ("ours", continued))
    changed = {key for key, value in after.items() if not np.array_equal(value, before.get(key, np.nan))}
    assert 1 <= len(changed) <= 2 and len(after) > 20, changed


def test_what_the_base_has_learned_from_counts_as_seen_whatever_became_of_the_base(
    trained: Trained, continued: str, tmp_path: Path
) -> None:
    workspace = trained.workspace
    learned = json.loads(file_of(workspace, continued, LEARNED_FROM).read_text())
    assert learned["complete"] and len(learned["records"]) == len(learned["subjects"]) == 24 + 18
    workspace.models.rename("ours", "renamed")
    try:
        assert workspace.models.model(continued).base == "renamed"
        found = evaluate(workspace, EvaluateRequest(continued, DATASET, "pace"), Notes(tmp_path))
    finally:
        workspace.models.rename("renamed", "ours")
    assert found.seen_in_training == 24 == found.evaluation.n
    assert {failure.file_name for failure in found.refused} == set(TWO_LEADS)


def file_of(workspace: Workspace, model: str, name: str) -> Path:
    path = workspace.models.file(model, name)
    assert path is not None
    return path


def test_a_cancelled_training_keeps_the_best_weights_as_a_model(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter, "BEAT_SECONDS", 0.02)
    workspace = trained.workspace
    request = TrainRequest(
        DATASET, "pace", architecture="inceptiontime", name="stopped", rate=100.0, duration=2.0, beside=False,
        settings={**ONE_EPOCH, "epochs": 5000, "patience": 5000},
    )  # fmt: skip
    job = workspace.submit("train", planning.complete(workspace, request))
    claimed = workspace.jobs.claim("test", job_id=job.id)
    assert claimed is not None

    def cancel() -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end and not any(e.kind == "epoch" for e in workspace.jobs.events(job.id)):
            time.sleep(0.02)
        workspace.jobs.cancel(job.id)

    thread = threading.Thread(target=cancel)
    thread.start()
    run_job(workspace, claimed)
    thread.join()

    ended = workspace.jobs.job(job.id)
    assert ended.state == "cancelled" and "Cancelled; epoch 1 is kept" in ended.headline
    outcome = outcome_of(workspace, ended)
    assert outcome.stopped == "cancelled" and outcome.model == "stopped"
    statistics = workspace.models.model("stopped").statistics
    assert statistics["stopped"] == "cancelled" and 1 <= outcome.best_epoch <= len(statistics["epochs"]) < 5000
    losses = [epoch["validation_loss"] for epoch in statistics["epochs"]]
    assert int(np.argmin(losses)) + 1 == outcome.best_epoch


def test_a_training_that_cannot_use_its_records_fails_with_the_reason_and_makes_no_model(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = trained.workspace
    workspace.store.create_dataset("relative")
    answers = {}
    for number in range(12):
        workspace.store.add("relative", str(number), ecg(700 + number, amplitude="relative"))
        answers[str(number)] = ("slow" if number % 2 else "fast",)
    classes = (TaskClass("slow"), TaskClass("fast"))
    workspace.store.put_task("relative", Task("pace", "single-label", classes, answers))
    before = len(workspace.models.models())
    monkeypatch.setattr(planning, "_warnings_of_fit", lambda *_: [])  # which sees it before the training starts
    job = train(workspace, TrainRequest("relative", "pace", scaled_over="none", **SMALL))  # type: ignore[arg-type]
    assert job.state == "failed" and job.problem is not None
    assert "can be used" in job.problem.detail and "amplitude is relative" in job.problem.detail
    assert len(workspace.models.models()) == before
    (summary,) = [run for run in runs.summaries(workspace) if run.id == job.id]
    assert summary.model is None and summary.state == "failed"


def test_a_training_that_failed_on_a_full_disk_is_resumed_where_it_was(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    from einthoven.train import loop

    workspace, keep, calls = trained.workspace, loop.keep, [0]

    def full_at_the_third(*arguments: object, **named: object) -> None:
        calls[0] += 1
        if calls[0] == 3:  # before the first epoch, behind it, behind the second
            raise OSError(28, "No space left on device")
        keep(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "keep", full_at_the_third)
    request = TrainRequest(
        DATASET, "pace", architecture="inceptiontime", name="resumed", rate=100.0, duration=2.0, beside=False,
        settings={**ONE_EPOCH, "epochs": 4},
    )  # fmt: skip
    job = train(workspace, request)
    assert job.state == "failed" and job.resumable and job.problem is not None
    assert "disk is full" in job.problem.detail and not workspace.models.has("resumed")
    again = workspace.jobs.resume(job.id)
    claimed = workspace.jobs.claim("test", job_id=again.id)
    assert claimed is not None
    run_job(workspace, claimed)
    assert workspace.jobs.job(job.id).state == "done" and workspace.models.has("resumed")
    shown = runs.run(workspace, job.id)
    assert [epoch.epoch for epoch in shown.epochs] == [1, 2, 3, 4]
    told = [e.data["epoch"] for e in workspace.jobs.events(job.id) if e.kind == "epoch"]
    assert told == [1, 2, 2, 3, 4], "it goes on behind the epoch that was kept"
