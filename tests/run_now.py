"""Jobs done within the test's own process, with all that they leave behind, as the supervisor has them done."""

from einthoven.store.types import Job
from einthoven.workflows import planning
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.plain import load_result
from einthoven.workflows.requests import TrainOutcome, TrainRequest
from einthoven.workflows.workspace import Workspace


def run_now(workspace: Workspace, job_id: str) -> Job:
    """The job as it ended."""
    claimed = workspace.jobs.claim("test", job_id=job_id)
    assert claimed is not None
    run_job(workspace, claimed)
    return workspace.jobs.job(job_id)


def train_now(workspace: Workspace, request: TrainRequest) -> tuple[TrainOutcome, Job]:
    """What a training that must succeed came to, and its job."""
    ended = run_now(workspace, workspace.submit("train", planning.complete(workspace, request)).id)
    assert ended.problem is None, ended.problem
    return outcome_of(workspace, ended), ended


def outcome_of(workspace: Workspace, job: Job) -> TrainOutcome:
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", TrainOutcome)
    assert outcome is not None, job.problem
    return outcome
