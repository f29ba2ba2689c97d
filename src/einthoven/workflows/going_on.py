"""Jobs that ended before their time: which can be gone on with, and which one is meant by a name."""

from einthoven.errors import Conflict, NotFound
from einthoven.jobs.queue import RESUMABLE
from einthoven.store.types import Job
from einthoven.workflows.workspace import Workspace

MOST_JOBS = 1000
"""So many of each kind are looked through, from the newest on."""


def unfinished(workspace: Workspace) -> list[Job]:
    """Imports, trainings and benchmarks that can be gone on with or are not through, newest first.

    A running one is done by another program, or its program was killed less than a minute ago.
    """
    workspace.jobs.end_lost()
    jobs = [job for kind in RESUMABLE for job in workspace.jobs.jobs(kind=kind, limit=MOST_JOBS) if _goes_on(job)]
    return sorted(jobs, key=lambda job: job.created, reverse=True)


def meant(workspace: Workspace, wanted: str) -> Job:
    """The job to go on with.

    Parameters
    ----------
    wanted
        Its id, or of a training the name of its model.

    Raises
    ------
    NotFound
        When there is no such job.
    Conflict
        When it is running, or was until less than a minute ago, or when several trainings of that name can go on.
    """
    workspace.jobs.end_lost()
    job = _found(workspace, wanted)
    if job.state == "running":
        raise Conflict(
            f"Job {job.id} seems to be running still, or was ended less than a minute ago.",
            advice="Wait a minute and try again. If it is running by then, let it run.",
        )
    return job


def queued(workspace: Workspace, job: Job) -> Job:
    """The job, queued again; Conflict when it cannot go on."""
    if job.state == "queued" and job.kind in RESUMABLE:
        return job
    return workspace.jobs.resume(job.id)


def _goes_on(job: Job) -> bool:
    return job.state in ("queued", "running") or job.resumable


def _found(workspace: Workspace, wanted: str) -> Job:
    try:
        return workspace.jobs.job(wanted)
    except NotFound:
        named = [job for job in workspace.jobs.jobs(kind="train", limit=MOST_JOBS) if job.request.get("name") == wanted]
    going_on = [job for job in named if _goes_on(job)]
    if len(going_on) > 1:
        raise Conflict(
            f"{len(going_on)} trainings of {wanted!r} can be gone on with: {', '.join(job.id for job in going_on)}.",
            advice="Name one of these jobs.",
        )
    if not named:
        raise NotFound(
            f"There is no job {wanted!r}, and no training of a model of that name.",
            advice="`einthoven resume` without a name lists what can be gone on with.",
        )
    # The newest; why it cannot go on is said when it is asked to.
    return (going_on or named)[0]
