"""Whatever is wrong with a training: it ends in a clear state with advice, by the job, the API and the command line."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from einthoven.api.app import create_app
from einthoven.cli.app import app
from einthoven.errors import IncompatibleModel, SettingError
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Job
from einthoven.task import Answer, Task, TaskClass
from einthoven.workflows import keeping, planning, runs
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.seen import LEARNED_FROM, Seen
from einthoven.workflows.views import Preferences
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model
from run_now import outcome_of, run_now
from small_ecgs import ecg, fill, new_workspace

pytest.importorskip("torch", reason="training needs the extra `train`")

TWO = (TaskClass("slow"), TaskClass("fast"))
REQUEST = TrainRequest(
    "d", "pace", architecture="inceptiontime", rate=100.0, duration=2.0, beside=False, recipe="paper",
    settings={"epochs": 3, "batch_size": 8, "maximum_rate": 0.003},
)  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("EINTHOVEN_HOME", str(tmp_path / "home"))
    workspace = new_workspace(tmp_path / "home")
    workspace.save_preferences(Preferences(threads=1))
    put(workspace, fill(workspace, "d", n=24))
    return workspace


def put(workspace: Workspace, answers: Any, classes: tuple[TaskClass, ...] = TWO) -> None:
    workspace.store.put_task("d", Task("pace", "single-label", classes, dict(answers)))


def answers_of(workspace: Workspace) -> dict[str, Answer]:
    return dict(workspace.store.task("d", "pace").answers)


def train(workspace: Workspace, request: TrainRequest = REQUEST) -> Job:
    return run_now(workspace, workspace.submit("train", planning.complete(workspace, request)).id)


def one_class(workspace: Workspace) -> None:
    put(workspace, dict.fromkeys(answers_of(workspace), ("fast",)))


def labels_missing(workspace: Workspace) -> None:
    put(workspace, {})


def a_class_on_one_side_only(workspace: Workspace) -> None:
    """All ECGs that are not `slow` are of one patient, who can stand on one side only."""
    answers: dict[str, Answer] = dict.fromkeys(answers_of(workspace), ("slow",))
    for number in range(2):
        name = f"same person {number}"
        workspace.store.add("d", name, ecg(900 + number, hertz=7, subject="one"))
        answers[name] = ("fast",)
    put(workspace, answers)


def leads_lacking(workspace: Workspace) -> None:
    answers: dict[str, Answer] = {}
    for number in range(12):
        whole = ecg(700 + number, subject=f"p{number}")
        name = f"two leads {number}"
        workspace.store.add("d", name, replace(whole, signal=whole.signal[:2], leads=("V1", "V2")))
        answers[name] = ("slow" if number % 2 else "fast",)
    put(workspace, answers)


@pytest.mark.parametrize(
    ("spoil", "words", "advice"),
    [
        (one_class, "are of one class (fast)", "Add ECGs of another class"),
        (labels_missing, "0 labelled ECGs", "Import labels"),
        (leads_lacking, "fewer leads than the 8 that the model needs", "Choose a model of fewer leads"),
    ],
)
def test_what_cannot_be_learned_is_said_on_the_page_the_command_line_and_by_a_job_that_was_queued_before(
    bench: Workspace, spoil: Callable[[Workspace], None], words: str, advice: str
) -> None:
    before = bench.submit("train", planning.complete(bench, REQUEST))
    spoil(bench)
    with TestClient(create_app(bench, token="t"), "http://127.0.0.1", headers={"Authorization": "Bearer t"}) as client:
        for place in ("/api/train/check", "/api/runs"):
            said = client.post(place, json=to_plain(REQUEST))
            assert said.status_code in (409, 422) and words in said.json()["detail"], said.text
            assert advice in said.json()["advice"]
    told = CliRunner().invoke(app, ["train", "--dataset", "d", "--task", "pace"], env={"COLUMNS": "300"})
    assert told.exit_code == 1 and words in told.output and advice in told.output
    ended = run_now(bench, before.id)
    assert ended.state == "failed" and ended.problem is not None
    assert words in ended.problem.detail and advice in ended.problem.advice
    assert bench.models.models() == [] and len(bench.jobs.jobs()) == 1


def test_a_class_of_one_patient_is_refused_or_trained_with_a_warning_and_never_fails_midway(bench: Workspace) -> None:
    a_class_on_one_side_only(bench)
    for seed in range(8):
        try:
            plan = planning.plan(bench, replace(REQUEST, seed=seed))
        except planning.LabelError as error:
            assert "same answer" in error.message and error.advice
        else:
            assert plan.info.train_counts["fast"] == 2 and any("fast" in warning for warning in plan.warnings)


def test_a_batch_larger_than_the_data_is_one_batch_and_it_is_said_before(bench: Workspace) -> None:
    big = replace(REQUEST, settings={**REQUEST.settings, "batch_size": 500})
    warnings = planning.check(bench, big).warnings
    assert any("A batch of 500 is more than there are" in warning for warning in warnings)
    assert not any("batch" in warning for warning in planning.check(bench, REQUEST).warnings)


def no_number_from(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """The loss is NaN from epoch `first` (counted from 0) on."""
    from einthoven.train.learner import Learner

    learn_once = Learner.learn_once

    def diverging(self: Any, optimiser: Any, rate: float, epoch: int, *rest: Any) -> float | None:
        return math.nan if epoch >= first else learn_once(self, optimiser, rate, epoch, *rest)

    monkeypatch.setattr(Learner, "learn_once", diverging)


def test_a_training_that_diverges_keeps_its_best_epoch_as_a_model_and_says_so_everywhere(
    bench: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_number_from(monkeypatch, 2)
    job = train(bench, replace(REQUEST, name="half way"))
    assert job.state == "done" and "loss stopped being a number" in job.headline, job.headline
    outcome = outcome_of(bench, job)
    assert outcome.stopped == "diverged" and outcome.best_epoch in (1, 2) and outcome.model == "half way"
    assert any("In epoch 3 the loss stopped being a number" in one and "lower maximum rate" in one
               for one in outcome.validation.warnings)  # fmt: skip
    assert bench.models.model("half way").statistics["stopped"] == "diverged"
    assert len(runs.run(bench, job.id).epochs) == 2


def test_a_training_that_diverges_at_once_fails_with_advice_and_leaves_no_model(
    bench: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_number_from(monkeypatch, 0)
    job = train(bench)
    assert job.state == "failed" and job.problem is not None and not job.resumable
    assert "In epoch 1 the loss stopped being a number" in job.problem.detail
    assert "lower maximum rate" in job.problem.advice and bench.models.models() == []


def test_too_little_memory_before_the_first_epoch_says_what_to_do(
    bench: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from einthoven.train.learner import Learner

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(Learner, "begin", full)
    job = train(bench)
    assert job.state == "failed" and job.problem is not None
    assert "memory" in job.problem.detail and "smaller" in job.problem.advice


def test_a_disk_that_is_full_at_the_export_costs_no_training(bench: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:

        def no_space(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(keeping, "set_extra", no_space)
        job = train(bench, replace(REQUEST, name="late", settings={**REQUEST.settings, "members": 2, "epochs": 1}))
    assert job.state == "failed" and job.resumable and job.problem is not None
    assert "disk is full" in job.problem.detail and bench.models.models() == []
    no_number_from(monkeypatch, 0)  # nothing is trained any more
    again = run_now(bench, bench.jobs.resume(job.id).id)
    assert again.state == "done", again.problem
    assert bench.models.model("late").statistics["members"] == 2
    assert len(runs.run(bench, job.id).epochs) == 2


def test_two_trainings_of_one_name_make_two_models(bench: Workspace) -> None:
    request = replace(REQUEST, architecture="random_convolutions", name="twin")
    jobs = [bench.submit("train", planning.complete(bench, request)) for _ in range(2)]
    assert [outcome_of(bench, run_now(bench, job.id)).model for job in jobs] == ["twin", "twin-2"]


def base_model(workspace: Workspace, folder: Path, **change: Any) -> None:
    """An untrained network on the shelf, as a model to go on from."""
    from einthoven.models.building import build_network
    from einthoven.models.weights import save_weights

    spec = replace(planning.plan(workspace, REQUEST).spec, **change)
    save_weights(build_network("inceptiontime", spec), folder / WEIGHTS)
    (folder / GRAPH).write_bytes(mean_model(spec))
    workspace.models.add("base", spec, {WEIGHTS: folder / WEIGHTS, GRAPH: folder / GRAPH}, architecture="inceptiontime")


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"device": "cuda"}, "no CUDA device"), ({"devices": 2}, "processor"), ({"precision": "fp16"}, "processor")],
)
def test_what_the_machine_has_not_is_refused_before_the_queue(
    bench: Workspace, settings: dict[str, Any], words: str
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(SettingError, match=words):
        planning.check(bench, replace(REQUEST, settings=settings))


def test_windows_as_long_as_the_ecgs_are_said_to_be_none(bench: Workspace) -> None:
    warnings = planning.check(bench, replace(REQUEST, settings={"window_s": 30})).warnings
    assert any("Windows of 30 s are no shorter than the 2 s" in line for line in warnings)


def test_recordings_longer_than_the_model_looks_at_are_said_to_be_learned_from_in_part(bench: Workspace) -> None:
    warnings = planning.check(bench, replace(REQUEST, duration=1.0)).warnings
    assert any("24 of 24 ECGs are longer than the 1 s that the model looks at" in line for line in warnings)
    assert not any("longer than" in line for line in planning.check(bench, REQUEST).warnings)


def test_a_model_of_another_rate_says_so_before_it_is_trained_on(bench: Workspace, tmp_path: Path) -> None:
    steps = planning.plan(bench, replace(REQUEST, rate=500.0)).spec.steps
    base_model(bench, tmp_path, steps=steps)
    onward = replace(REQUEST, from_model="base", method="whole", rate=None, duration=None)
    warnings = " ".join(planning.check(bench, onward).warnings)
    assert "24 of 24 ECGs were recorded below the 500 Hz that the model sees (from 100 Hz on)" in warnings
    assert "not known here which ECGs model 'base' has learned from" in warnings
    for change, words in (
        ({"rate": 100.0}, "rate of 500"),
        ({"padding": "edge"}, "padding 'zeros'"),
        ({"scaled_over": "none"}, "scaled_over 'lead'"),
    ):
        with pytest.raises(IncompatibleModel, match=words):
            planning.check(bench, replace(onward, **change))  # type: ignore[arg-type]


def test_ecgs_that_the_model_to_go_on_from_has_seen_are_warned_of(bench: Workspace, tmp_path: Path) -> None:
    from einthoven.files import write_whole

    base_model(bench, tmp_path)
    plan = planning.plan(bench, REQUEST)
    seen = Seen(complete=True).and_of(plan.validation[:3])
    folder = bench.models.graph("base").parent
    write_whole(folder / LEARNED_FROM, json.dumps(seen.to_json()).encode())
    onward = replace(REQUEST, from_model="base", method="head", rate=None, duration=None)
    assert any(
        f"has learned from 3 of the {len(plan.validation)} ECGs" in warning
        for warning in planning.check(bench, onward).warnings
    )
