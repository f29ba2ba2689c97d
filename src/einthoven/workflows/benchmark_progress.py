"""A benchmark as its page shows it: how far it is, from the events of its job, and what came of it."""

from collections.abc import Sequence

from einthoven.store.types import JobEvent
from einthoven.workflows.benchmarks import (
    BenchmarkCandidate,
    BenchmarkOutcome,
    BenchmarkRequest,
    BenchmarkView,
    CandidateProgress,
)
from einthoven.workflows.plain import from_plain, load_result
from einthoven.workflows.workspace import Workspace

LOG_LINES = 500


def view(workspace: Workspace, job_id: str) -> BenchmarkView:
    """A benchmark with how far it is, and its outcome when it has one."""
    job = workspace.jobs.job_of_kind(job_id, "benchmark")
    events = workspace.jobs.events(job_id)
    begun = next((event.data for event in reversed(events) if event.kind == "benchmark"), {})
    candidates = [from_plain(BenchmarkCandidate, one) for one in begun.get("candidates", ())]
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", BenchmarkOutcome)
    return BenchmarkView(
        job=job,
        request=from_plain(BenchmarkRequest, job.request),
        n_folds=int(begun.get("n_folds", 0)),
        prospect=next((str(event.data["words"]) for event in reversed(events) if event.kind == "prospect"), ""),
        candidates=tuple(_progress(one, events, running=job.state == "running") for one in candidates),
        log=tuple(str(event.data["text"]) for event in events if event.kind == "log")[-LOG_LINES:],
        outcome=outcome,
    )


def _progress(one: BenchmarkCandidate, events: Sequence[JobEvent], *, running: bool) -> CandidateProgress:
    own = [event for event in events if event.data.get("candidate") == one.name]
    done = sorted({int(event.data["fold"]) for event in own if event.kind == "answered"})
    out = next((str(event.data["reason"]) for event in reversed(own) if event.kind == "left_out"), "")
    latest = next((event for event in reversed(events) if event.kind in ("begun", "answered", "left_out")), None)
    learning = running and latest is not None and latest.kind == "begun" and latest.data["candidate"] == one.name
    now = int(latest.data["fold"]) if learning and latest is not None else None
    return CandidateProgress(one, tuple(done), now, out)
