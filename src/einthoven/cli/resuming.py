"""`einthoven resume`: what can be gone on with, and going on."""

from datetime import datetime

from einthoven.cli import benchmarking, importing, learning, output
from einthoven.store.types import Job
from einthoven.workflows import going_on
from einthoven.workflows.workspace import Workspace


def run(workspace: Workspace, wanted: str, *, as_json: bool) -> None:
    """Go on with a job, named by its id or by the model of a training."""
    job = going_on.meant(workspace, wanted)
    if job.kind == "train":
        learning.resume(workspace, job, as_json=as_json)
    elif job.kind == "benchmark":
        benchmarking.resume_benchmark(workspace, job, as_json=as_json)
    else:
        importing.resume(workspace, job, as_json=as_json)


def list_(workspace: Workspace, *, as_json: bool) -> None:
    """What can be gone on with, newest first."""
    found = going_on.unfinished(workspace)
    if as_json:
        listed = [
            {"id": job.id, "kind": job.kind, "title": job.title, "created": job.created, "state": job.state}
            for job in found
        ]
        output.show_json(listed)
        return
    if not found:
        output.say("Nothing was left half done: there is nothing to go on with.")
        return
    served = workspace.jobs.server() is not None
    rows = [(job.id, job.kind, job.title, _when(job.created), _state(job, served=served)) for job in found]
    output.show_table(("job", "kind", "what", "begun", "state"), rows)
    output.say("Go on with: einthoven resume JOB")


def _when(moment: str) -> str:
    """In this machine's own time."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def _state(job: Job, *, served: bool) -> str:
    if job.state == "queued":
        return "waits for the running server" if served else "interrupted"
    return "running, or ended less than a minute ago" if job.state == "running" else job.state
