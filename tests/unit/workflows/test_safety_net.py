"""With few ECGs a ridge model stands beside the network; a multi-label model says from where its classes count."""

import json
import zipfile
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from einthoven.infer import Predictor
from einthoven.metrics.entry import Judged
from einthoven.store.types import Job
from einthoven.task import Task, TaskClass
from einthoven.train.thresholds import FLATTERED
from einthoven.workflows import planning, runs, share
from einthoven.workflows.beside import in_words
from einthoven.workflows.predict import predict
from einthoven.workflows.requests import PredictRequest, TrainOutcome, TrainRequest
from einthoven.workflows.seen import LEARNED_FROM
from einthoven.workflows.views import Preferences
from einthoven.workflows.workspace import Workspace
from run_now import train_now
from small_ecgs import Notes, fill, new_workspace

pytest.importorskip("torch", reason="training needs the extra `train`")

BASE = TrainRequest(
    "d", "pace", architecture="inceptiontime", rate=100.0, duration=2.0, recipe="paper",
    settings={"epochs": 1, "batch_size": 16, "maximum_rate": 0.003},
)  # fmt: skip


@dataclass
class Trained:
    workspace: Workspace
    job: Job
    outcome: TrainOutcome


def train(workspace: Workspace, request: TrainRequest) -> Trained:
    outcome, ended = train_now(workspace, request)
    return Trained(workspace, ended, outcome)


def filled(home: Path) -> Workspace:
    """120 ECGs: `fast` in every second, `rare` in five."""
    workspace = new_workspace(home)
    workspace.save_preferences(Preferences(threads=1))
    answers = fill(workspace, "d", n=120)
    classes = (TaskClass("fast"), TaskClass("rare"))
    several = {
        name: tuple(label for label, there in (("fast", "fast" in own), ("rare", k % 24 == 0)) if there)
        for k, (name, own) in enumerate(answers.items())
    }
    workspace.store.put_task("d", Task("pace", "multi-label", classes, several))
    values = {name: 60.0 + 30 * ("fast" in own) + k % 7 for k, (name, own) in enumerate(answers.items())}
    workspace.store.put_task("d", Task("rate", "regression", (TaskClass("rate"),), values, unit="1/min"))
    return workspace


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(filled(tmp_path_factory.mktemp("home") / "home"), replace(BASE, name="net"))


def test_thresholds_travel_with_the_model_and_decide_its_answers(trained: Trained, tmp_path: Path) -> None:
    workspace, outcome = trained.workspace, trained.outcome
    fast, rare = outcome.thresholds
    assert (fast.name, fast.reason) == ("fast", "") and fast.n >= 10 and 0 < fast.threshold < 1
    assert rare.threshold == 0.5 and "10 are needed" in rare.reason
    wanted = (fast.threshold, 0.5)
    assert workspace.models.model("net").spec.thresholds == wanted
    assert Predictor(workspace.models.graph("net")).spec.thresholds == wanted
    _, bundle = share.exported(workspace, "net", form="bundle")
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        assert json.loads(archive.read("spec.json"))["thresholds"] == list(wanted)
    assert share.view(workspace, "net").threshold_words == (str(fast), str(rare))
    rows = predict(workspace, PredictRequest("net", "d"), Notes(tmp_path)).rows
    values = np.array([row.prediction.values for row in rows])
    assert [row.answer == ("fast",) for row in rows] == list((values >= wanted)[:, 0] & ~(values >= wanted)[:, 1])
    assert outcome.validation.per_class[0].f1 == pytest.approx(fast.f1)
    assert FLATTERED in outcome.validation.warnings


def test_the_ridge_model_is_a_model_of_its_own_from_the_same_ecgs(trained: Trained) -> None:
    workspace, beside = trained.workspace, trained.outcome.beside
    assert beside is not None and beside.model == "net-ridge" and beside.validation is not None
    ridge, network = (workspace.models.model(name) for name in ("net-ridge", "net"))
    assert (ridge.architecture, ridge.run, ridge.n_train) == ("random_convolutions", trained.job.id, network.n_train)
    assert ridge.spec.class_names == network.spec.class_names and ridge.spec.rate == network.spec.rate
    seen = [workspace.models.file(name, LEARNED_FROM) for name in ("net-ridge", "net")]
    assert seen[0] is not None and seen[1] is not None and seen[0].read_bytes() == seen[1].read_bytes()
    assert beside.validation.n == trained.outcome.validation.n
    assert f"n {trained.outcome.split.n_validation} ECGs" in beside.words and "AUROC of fast" in beside.words


def test_the_course_that_is_shown_is_the_networks(trained: Trained) -> None:
    run = runs.run(trained.workspace, trained.job.id)
    assert len(run.epochs) == 1 and any(line.startswith("Ridge model beside it:") for line in run.log)
    assert any("is fitted beside the network" in line for line in run.log)
    (summary,) = runs.summaries(trained.workspace)
    assert summary.quality == "macro F1 cannot be estimated"  # one class of enough ECGs is no average
    assert summary.best_f1 == trained.outcome.validation.macro_f1
    assert not list(trained.workspace.jobs.path(trained.job.id).glob("**/trained.json"))


def test_a_ridge_model_that_fails_costs_the_network_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from einthoven.train import closed_form

    def no_room(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr(closed_form, "fit", no_room)
    found = train(filled(tmp_path / "home"), replace(BASE, task="rate", name="net"))
    beside = found.outcome.beside
    assert beside is not None and beside.model is None and "9 GiB" in beside.words
    assert [model.name for model in found.workspace.models.models()] == ["net"] and found.job.state == "done"
    assert found.outcome.unit == "1/min" and found.outcome.thresholds == ()
    assert "mean error" in found.job.headline and "1/min" in found.job.headline


def test_it_is_fitted_for_few_ecgs_from_scratch_unless_switched_off() -> None:
    assert planning.wants_beside(BASE, 199) and not planning.wants_beside(BASE, 200)
    for change in ({"beside": False}, {"architecture": "random_convolutions"}, {"from_model": "m"}):
        assert not planning.wants_beside(replace(BASE, **change), 50)  # type: ignore[arg-type]


def test_it_sees_the_ecg_alone_and_takes_no_settings_of_steps(tmp_path: Path) -> None:
    workspace = filled(tmp_path / "home")
    request = replace(
        BASE, architecture="dsail_snu", subject=("age", "sex"), thresholds="half",
        settings={"members": 3, "epochs": 2, "patient_weights": True},
    )  # fmt: skip
    settled = planning.plan(workspace, request)
    wanted, plan = planning.beside(workspace, request, settled, name="x-ridge")
    assert wanted.name == "x-ridge" and wanted.thresholds == "half" and not wanted.beside
    assert plan.spec.subject == () and plan.spec.scaling is not None and plan.spec.scaling.name == "z_score"
    assert plan.spec.classes == settled.spec.classes and plan.train == settled.train
    assert (plan.config.members, plan.config.patient_weights, plan.config.window_s) == (1, True, None)


def judged(scores: np.ndarray) -> Judged:
    truth = np.arange(len(scores)) % 2 == 0
    both = np.stack([truth, ~truth], 1)
    values = np.stack([scores, 1 - scores], 1)
    return Judged("single-label", ("a", "b"), both, values > 0.5, values)


def test_what_may_be_chance_is_called_so_and_what_is_more_is_not() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(80) % 2 == 0
    noise = judged(rng.random(80))
    other, good = judged(rng.random(80)), judged(0.5 + 0.4 * np.where(truth, 1, -1) + 0.05 * rng.random(80))
    nobody: list[str | None] = [None] * 80
    assert "That may be chance" in in_words(noise, other, nobody)
    words = in_words(noise, good, nobody)
    assert words.startswith("The ridge model is better: on 80 ECGs of 80 patients its macro AUROC is higher by 0.")
    assert in_words(good, noise, nobody).startswith("The network is better")
    assert "cannot be said" in in_words(noise, good, ["one"] * 80)


def test_of_values_the_smaller_error_is_better() -> None:
    truth = np.linspace(20, 80, 60)[:, None]
    near, far = (Judged("regression", ("age",), truth, truth + off, truth + off) for off in (1.0, 9.0))
    assert in_words(far, near, [None] * 60).startswith("The ridge model is better")
    assert "smaller by 8.0" in in_words(far, near, [None] * 60)
