"""Long work from the command line: by the running server if there is one, else here; watched either way."""

import shlex
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from einthoven.cli import output
from einthoven.jobs.queue import ENDED
from einthoven.settings import Settings
from einthoven.store.types import Job, Problem
from einthoven.workflows.dispatch import RESULT, run_job
from einthoven.workflows.plain import load_result
from einthoven.workflows.workspace import Workspace

T = TypeVar("T")
WATCH_SECONDS = 0.2


def do(workspace: Workspace, job: Job, kind: type[T], *, quiet: bool) -> T:
    """See a job to its end and return its outcome. Ctrl-C cancels it, and a second one leaves at once."""
    workspace.jobs.end_lost()
    if workspace.jobs.server() is not None and not quiet:
        output.remark("The running server does this; it goes on when this command is ended with Ctrl-C twice.")
    ended = _watch(workspace, job, quiet=quiet)
    outcome = load_result(workspace.jobs.path(job.id) / RESULT, kind)
    if outcome is None:
        output.say_problem(ended.problem or Problem("Cancelled", ended.headline), as_json=quiet)
        raise typer.Exit(output.NONE)
    return outcome


def say_how_to_go_on(workspace: Workspace, job: Job, *, quiet: bool) -> None:
    """Which job it is, and the command that goes on with it after the program was killed or the machine went off."""
    if quiet:
        return
    usual = Settings().home.expanduser().resolve()
    home = "" if workspace.home == usual else f" --home {shlex.quote(str(workspace.home))}"
    output.remark(f"Job {job.id}. If it is interrupted: einthoven resume {job.id}{home}", style="dim")


def _watch(workspace: Workspace, job: Job, *, quiet: bool) -> Job:
    number = 0
    with output.progress_bar(quiet=quiet) as show, _cancel_on_interrupt(workspace, job):
        while True:
            now = workspace.jobs.job(job.id)
            for event in workspace.jobs.events(job.id, after=number):
                number = event.number
                if not quiet:
                    _say(event.kind, event.data)
            show(now.progress.done, now.progress.total, now.progress.message)
            if now.state in ENDED:
                return now
            if now.state == "queued":
                _do_here_unless_a_server_does(workspace, job)
            time.sleep(WATCH_SECONDS)


def _do_here_unless_a_server_does(workspace: Workspace, job: Job) -> None:
    """Asked again and again: a server that was there when the job was queued may be gone before it began."""
    if workspace.jobs.server() is not None:
        return
    claimed = workspace.jobs.claim("command line", job_id=job.id)
    if claimed is not None:
        # Run beside the watching, so that progress, log and Ctrl-C are the same in both cases.
        threading.Thread(target=run_job, args=(workspace, claimed), name="worker", daemon=True).start()


def _say(kind: str, data: Any) -> None:
    if kind == "log":
        output.remark(str(data["text"]))
    elif kind == "epoch":
        f1 = "" if data["f1"] is None else f"  macro F1 {data['f1']:.3f}"
        output.remark(
            f"epoch {data['epoch']:3d}  loss {data['train_loss']:.4f}  validation {data['validation_loss']:.4f}{f1}"
            f"  {data['seconds']:.1f} s"
        )


@contextmanager
def _cancel_on_interrupt(workspace: Workspace, job: Job) -> Iterator[None]:
    def interrupted(_signal: int, _frame: object) -> None:
        output.remark("Cancelling; what is finished is kept. Press Ctrl-C again to leave at once.")
        workspace.jobs.cancel(job.id)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
