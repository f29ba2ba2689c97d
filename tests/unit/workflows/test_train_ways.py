"""Ways of training: several members, a solution without steps, age and sex, patients that weigh the same."""

import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from einthoven.errors import SettingError
from einthoven.evaluate import evaluate
from einthoven.infer import Predictor
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import ItemQuery
from einthoven.task import Task, TaskClass
from einthoven.tensors import targets
from einthoven.train.data import patient_weights
from einthoven.workflows import planning, runs, share
from einthoven.workflows.fitting import Side, patient_of
from einthoven.workflows.predict import predict
from einthoven.workflows.requests import PredictRequest, TrainRequest
from einthoven.workflows.views import Preferences
from einthoven.workflows.workspace import Workspace
from run_now import train_now
from small_ecgs import Notes, fill

pytest.importorskip("torch", reason="training needs the extra `train`")

DATASET = "ways"
BASE = TrainRequest(
    DATASET, "pace", architecture="inceptiontime", rate=100.0, duration=2.0, recipe="paper",
    settings={"epochs": 1, "batch_size": 8, "maximum_rate": 0.003}, beside=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("home"))
    workspace.save_preferences(Preferences(threads=1))
    answers = fill(workspace, DATASET, n=24, simulated=True)
    workspace.store.put_task(DATASET, Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    return workspace


def _answers(workspace: Workspace, model: str) -> np.ndarray:
    table = predict(workspace, PredictRequest(model, DATASET), Notes(workspace.home))
    return np.array([row.prediction.values for row in table.rows])


def test_several_members_answer_as_their_mean_in_one_file(workspace: Workspace) -> None:
    outcome, job = train_now(workspace, replace(BASE, settings={**BASE.settings, "members": 2}, name="two"))
    model = workspace.models.model("two")
    assert workspace.models.file("two", WEIGHTS) is None and model.statistics["members"] == 2
    alone = [train_now(workspace, replace(BASE, seed=seed, name=f"one-{seed}"))[0].model for seed in (0,)]
    assert model.parameters == 2 * (workspace.models.model(alone[0]).parameters or 0)
    assert len(runs.run(workspace, job.id).epochs) == 2
    assert outcome.parity_logits < 1e-4 and _answers(workspace, "two").shape == (24, 2)


def test_random_convolutions_are_solved_for_and_used_like_any_model(workspace: Workspace, tmp_path: Path) -> None:
    outcome, job = train_now(workspace, replace(BASE, architecture="random_convolutions", name="ridge"))
    model = workspace.models.model("ridge")
    assert model.statistics["fit"]["penalty"] > 0 and model.statistics["config"]["class_weights"] is False
    assert outcome.validation.macro_f1 == 1.0
    name, data = share.exported(workspace, "ridge", form="onnx")
    (tmp_path / name).write_bytes(data)
    assert Predictor(tmp_path / name).spec.class_names == ("slow", "fast")
    assert len(runs.run(workspace, job.id).epochs) == 1
    assert (_answers(workspace, "ridge").argmax(axis=1) == [k % 2 for k in range(24)]).mean() > 0.9


@pytest.mark.parametrize(
    "change",
    [{"subject": ("age",)}, {"settings": {"members": 2}}, {"settings": {"epochs": 0}}, {"recipe": "none"}],
    ids=["subject", "members", "epochs", "recipe"],
)
def test_what_a_way_of_training_cannot_do_is_said_before_it_starts(
    workspace: Workspace, change: dict[str, object]
) -> None:
    with pytest.raises(SettingError):
        planning.complete(workspace, replace(BASE, architecture="random_convolutions", **change))  # type: ignore[arg-type]


def test_age_and_sex_reach_the_model_and_what_is_unknown_is_said(workspace: Workspace) -> None:
    train_now(workspace, replace(BASE, subject=("age", "sex"), name="told"))
    graph = workspace.models.graph("told")
    assert graph.name == GRAPH and Predictor(graph).spec.subject == ("age", "sex")
    table = predict(workspace, PredictRequest("told", DATASET), Notes(workspace.home))
    unknown = [row for row in table.rows if any("not known here" in doubt for doubt in row.prediction.doubts)]
    _, items = workspace.store.items(DATASET, ItemQuery())
    assert len(unknown) == sum(item.age is None or item.sex is None for item in items)


def test_each_patient_weighs_the_same(workspace: Workspace) -> None:
    _, items = workspace.store.items(DATASET, ItemQuery())
    of = [replace(items[0], subject="a"), replace(items[1], subject="a"), replace(items[2], subject=None)]
    assert patient_weights([patient_of(item, item.subject) for item in of]).tolist() == [0.5, 0.5, 1.0]


def test_recordings_longer_than_the_model_looks_at_are_learned_and_judged_window_by_window(
    workspace: Workspace,
) -> None:
    """What a training reports is what a prediction of the same ECGs gives, which averages their windows."""
    outcome, job = train_now(workspace, replace(BASE, duration=1.0, name="short"))
    split = json.loads((workspace.jobs.path(job.id) / "split.json").read_text("utf-8"))
    model = workspace.models.model("short")
    assert model.n_train == len(split["train"]) and outcome.validation.n == len(split["validation"])
    rows = {
        row.prediction.file_name: row
        for row in predict(workspace, PredictRequest("short", DATASET), Notes(workspace.home)).rows
    }
    task = workspace.store.task(DATASET, "pace")
    judged = [rows[name] for name in split["validation"]]
    assert all("2 windows averaged" in " ".join(row.prediction.notes) for row in judged)
    truth = targets([task.answers[row.prediction.file_name] for row in judged], model.spec)
    found = evaluate("single-label", model.spec.class_names, truth, [row.prediction.values for row in judged])
    assert (found.macro_f1, found.confusion) == (outcome.validation.macro_f1, outcome.validation.confusion)
    assert found.macro_auroc == outcome.validation.macro_auroc


def test_answers_of_windows_are_averaged_by_ecg() -> None:
    items = (Mock(), Mock(), Mock())
    owner = np.array([0, 0, 0, 0, 1, 2, 2])
    side = Side(items, np.zeros((7, 1, 1), np.float32), np.zeros(3), None, owner)
    answers = np.array([[1, 0], [3, 0], [5, 0], [7, 8], [0.5, 0.25], [2, 2], [4, 6]], np.float32)
    assert side.averaged(answers).tolist() == [[4, 2], [0.5, 0.25], [3, 4]]
