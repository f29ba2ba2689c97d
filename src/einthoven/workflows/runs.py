"""Trainings as their pages show them: during and after."""

from collections.abc import Sequence

from einthoven.results import Epoch
from einthoven.store.types import Job, JobEvent
from einthoven.workflows.plain import from_plain, load_result
from einthoven.workflows.requests import Run, SplitInfo, TrainOutcome, TrainRequest
from einthoven.workflows.views import RunSummary
from einthoven.workflows.workspace import Workspace

LOG_LINES = 500


def run(workspace: Workspace, job_id: str) -> Run:
    """One training with its course so far."""
    job = workspace.jobs.job_of_kind(job_id, "train")
    events = workspace.jobs.events(job_id)
    epochs = _epochs(events)
    split = next((from_plain(SplitInfo, e.data) for e in reversed(events) if e.kind == "split"), None)
    setup = next((e.data for e in reversed(events) if e.kind == "setup"), {})
    return Run(
        job=job,
        request=from_plain(TrainRequest, job.request),
        epochs=epochs,
        seconds_left=_seconds_left(job, epochs),
        log=tuple(str(e.data["text"]) for e in events if e.kind == "log")[-LOG_LINES:],
        split=split,
        config=setup.get("config", {}),
        environment=setup.get("environment", {}),
        outcome=load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome),
    )


def summaries(workspace: Workspace) -> list[RunSummary]:
    """All trainings, newest first."""
    return [_summary(workspace, job) for job in workspace.jobs.jobs(kind="train")]


def _summary(workspace: Workspace, job: Job) -> RunSummary:
    request = from_plain(TrainRequest, job.request)
    events = workspace.jobs.events(job.id)
    epochs = _epochs(events)
    kept = min(epochs, key=lambda epoch: epoch.validation_loss, default=None)
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome)
    setup = next((e.data for e in reversed(events) if e.kind == "setup"), {})
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
        best_f1=kept.f1 if kept is not None else None,
        model=outcome.model if outcome else None,
        headline=job.headline,
    )


def _epochs(events: Sequence[JobEvent]) -> tuple[Epoch, ...]:
    return tuple(from_plain(Epoch, event.data) for event in events if event.kind == "epoch")


def _seconds_left(job: Job, epochs: Sequence[Epoch]) -> float | None:
    if job.state != "running" or not epochs:
        return None
    per_epoch = sum(epoch.seconds for epoch in epochs) / len(epochs)
    return max(0.0, per_epoch * (job.progress.total - job.progress.done))
