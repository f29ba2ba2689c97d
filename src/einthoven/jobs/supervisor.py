"""Runs queued jobs, each in a process of its own, so that a crash costs that job and nothing else."""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import OperationalError

from einthoven.jobs.queue import INTERRUPTED, JobQueue
from einthoven.store.types import Job, Problem

POLL_SECONDS = 0.25
SERVER_BEAT_SECONDS = 3.0
LANES: tuple[frozenset[str], ...] = (
    frozenset({"train", "benchmark"}),
    frozenset({"import", "demonstration"}),
    frozenset({"predict", "evaluate", "measure"}),
)
"""Jobs of one lane wait for each other; lanes run side by side. A training takes the machine's cores, two
at once would each take more than twice as long."""
CANCEL_GRACE_SECONDS = (900.0, 60.0, 60.0)
"""How long a job of each lane may take to stop. A training stops at once, but makes its model of the weights so far:
an export, which takes minutes on a busy machine."""

Start = Callable[[Job], "subprocess.Popen[bytes]"]


def worker_process(home: Path, queue: JobQueue) -> Start:
    """How a job's process is started: this Python, `einthoven.worker`, output into the job's folder."""

    def start(job: Job) -> "subprocess.Popen[bytes]":
        with (queue.path(job.id) / "worker.log").open("ab") as output:
            # A session of its own: Ctrl-C in the terminal reaches the server, which then decides.
            return subprocess.Popen(
                [sys.executable, "-m", "einthoven.worker", "--home", str(home), job.id],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=os.name == "posix",
            )

    return start


class Supervisor:
    """A thread that claims queued jobs and watches over their processes."""

    def __init__(self, queue: JobQueue, start: Start, *, address: str = "") -> None:
        self.queue = queue
        self.address = address
        self.id = f"server-{secrets.token_hex(4)}"
        self._start = start
        self._running: dict[str, tuple[int, subprocess.Popen[bytes], float | None]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self.queue.beat_server(self.id, self.address)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for job_id, (_lane, process, _cancelled) in self._running.items():
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
            self.queue.interrupt(job_id, INTERRUPTED)
        self.queue.leave_server(self.id)

    def _loop(self) -> None:
        last_beat = 0.0
        while not self._stop.wait(POLL_SECONDS):
            # A database that is locked for long is tried again: without this thread no job would run.
            with suppress(OperationalError):
                if time.monotonic() - last_beat > SERVER_BEAT_SECONDS:
                    last_beat = time.monotonic()
                    self.queue.beat_server(self.id, self.address)
                    self.queue.end_lost(but=self._running)
                self._watch()
                self._claim()

    def _claim(self) -> None:
        busy = {lane for lane, _, _ in self._running.values()}
        for lane, kinds in enumerate(LANES):
            if lane in busy or self.queue.busy(kinds):
                continue
            job = self.queue.claim(self.id, kinds=kinds)
            if job is None:
                continue
            try:
                self._running[job.id] = (lane, self._start(job), None)
            except OSError as error:
                self.queue.end(job.id, "failed", problem=_not_started(error))

    def _watch(self) -> None:
        for job_id, (lane, process, cancelled_at) in list(self._running.items()):
            code = process.poll()
            if code is not None:
                # A worker that ends its job itself leaves nothing to do here: running jobs only are changed.
                self.queue.interrupt(job_id, _died(code))
                del self._running[job_id]
            elif cancelled_at is None and self.queue.cancel_requested(job_id):
                self._running[job_id] = (lane, process, time.monotonic())
            elif cancelled_at is not None and time.monotonic() - cancelled_at > CANCEL_GRACE_SECONDS[lane]:
                process.kill()
                self.queue.end(job_id, "cancelled", headline="Cancelled; it did not stop by itself and was ended.")


def _not_started(error: OSError) -> Problem:
    return Problem(
        "WorkerNotStarted",
        f"No process could be started for this job: {error.strerror or error}.",
        "Close other programs and start it again.",
    )


def _died(code: int) -> Problem:
    if code == -9:
        return Problem(
            "WorkerDied",
            "The process was killed by the system, most likely because memory ran out.",
            "Close other programs, or choose a smaller batch.",
        )
    return Problem(
        "WorkerDied",
        f"The process ended unexpectedly with code {code}.",
        "Its last words are in worker.log of this job.",
    )
