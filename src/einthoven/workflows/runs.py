"""Trainings as their pages show them: during and after."""

from collections.abc import Mapping, Sequence
from typing import Any

from einthoven.results import Epoch
from einthoven.store.types import Job, JobEvent
from einthoven.workflows.earlier_requests import stored_training
from einthoven.workflows.plain import from_plain, load_result
from einthoven.workflows.requests import Run, SplitInfo, TrainOutcome, TrainRequest
from einthoven.workflows.train_settings import changed_settings
from einthoven.workflows.views import RunSummary
from einthoven.workflows.workspace import Workspace

LOG_LINES = 500


def run(workspace: Workspace, job_id: str) -> Run:
    """One training with its course so far."""
    job = workspace.jobs.job_of_kind(job_id, "train")
    events = workspace.jobs.events(job_id)
    epochs = _epochs(events)
    request = stored_training(job.request)
    split = next((from_plain(SplitInfo, e.data) for e in reversed(events) if e.kind == "split"), None)
    setup = next((e.data for e in reversed(events) if e.kind == "setup"), {})
    return Run(
        job=job,
        request=request,
        epochs=epochs,
        seconds_left=_seconds_left(job, epochs),
        log=tuple(str(e.data["text"]) for e in events if e.kind == "log")[-LOG_LINES:],
        split=split,
        config=setup.get("config", {}),
        environment=setup.get("environment", {}),
        outcome=load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome),
        changed=_changed(request, setup.get("config", {})),
    )


def _changed(request: TrainRequest, config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that the recipe has otherwise; the threads are the installation's unless somebody asked for others."""
    changed = changed_settings(config)
    return {name: value for name, value in changed.items() if name != "threads" or name in request.settings}


def quality_of(outcome: TrainOutcome) -> str:
    """How good a model is on the validation part, in its one number with its name and unit."""
    validation = outcome.validation
    name, value = "macro F1", validation.macro_f1
    if validation.regression is not None:
        name, value = "mean error", validation.regression.get("mae")
    if value is None:
        return f"{name} cannot be estimated"
    return f"{name} {value:.3f}" if validation.regression is None else f"{name} {value:.3g} {outcome.unit}".rstrip()


def summaries(workspace: Workspace) -> list[RunSummary]:
    """All trainings, newest first."""
    return [_summary(workspace, job) for job in workspace.jobs.jobs(kind="train")]


def _summary(workspace: Workspace, job: Job) -> RunSummary:
    request = stored_training(job.request)
    events = workspace.jobs.events(job.id)
    epochs = _epochs(events)
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome)
    setup = next((e.data for e in reversed(events) if e.kind == "setup"), {})
    last = setup.get("config", {}).get("keep") == "last"
    kept = epochs[-1] if last and epochs else min(epochs, key=lambda epoch: epoch.validation_loss, default=None)
    return RunSummary(
        id=job.id,
        name=request.name or request.task,
        dataset=request.dataset,
        task=request.task,
        architecture=request.from_model or request.architecture,
        method=request.method,
        state=job.state,
        created=job.created,
        epoch=len(epochs),
        epochs=int(setup.get("epochs", 0)),
        best_f1=outcome.validation.macro_f1 if outcome else kept.f1 if kept is not None else None,
        model=outcome.model if outcome else None,
        headline=job.headline,
        quality=quality_of(outcome) if outcome else "",
    )


def _epochs(events: Sequence[JobEvent]) -> tuple[Epoch, ...]:
    """The epochs as they count: a training that was begun again tells some twice, from where it went on."""
    course: list[Epoch] = []
    for event in events:
        if event.kind == "epoch":
            epoch = from_plain(Epoch, event.data)
            while course and course[-1].epoch >= epoch.epoch:
                course.pop()
            course.append(epoch)
    return tuple(course)


def _seconds_left(job: Job, epochs: Sequence[Epoch]) -> float | None:
    if job.state != "running" or not epochs:
        return None
    per_epoch = sum(epoch.seconds for epoch in epochs) / len(epochs)
    return max(0.0, per_epoch * (job.progress.total - job.progress.done))
