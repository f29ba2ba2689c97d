"""How a running job tells what it does, and hears that it should stop."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import OperationalError

from einthoven.errors import Cancelled
from einthoven.jobs.queue import JobQueue
from einthoven.results import Epoch, Failure
from einthoven.store.types import Progress

PROGRESS_SECONDS = 0.3
BEAT_SECONDS = 2.0


class Reporter(Protocol):
    """Given to every workflow that takes time. `folder` is the job's own, for what it leaves behind."""

    job_id: str
    folder: Path

    def progress(self, done: float, total: float, message: str = "") -> None: ...
    def log(self, text: str) -> None: ...
    def epoch(self, epoch: Epoch) -> None: ...
    def failure(self, failure: Failure) -> None: ...
    def event(self, kind: str, data: dict[str, Any]) -> None: ...
    def cancel_requested(self) -> bool: ...


def stop_if_cancelled(report: Reporter) -> None:
    """Raise Cancelled when the user asked for it: workflows call this between records."""
    if report.cancel_requested():
        raise Cancelled("Cancelled by the user.")


@contextmanager
def _full_disk_said() -> Iterator[None]:
    """SQLite says it in its own way: a training that is told by the system's error remembers how far it is."""
    try:
        yield
    except OperationalError as error:
        if "disk is full" not in str(error):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


class StoredReporter:
    """Writes a job's history into the queue. A thread of its own says every two seconds that it is alive."""

    def __init__(self, queue: JobQueue, job_id: str) -> None:
        self.job_id = job_id
        self.folder = queue.path(job_id)
        self._queue = queue
        self._began: tuple[str, float, float] | None = None
        self._last_progress = 0.0
        self._stop = threading.Event()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"beat-{job_id}", daemon=True)

    def __enter__(self) -> "StoredReporter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def progress(self, done: float, total: float, message: str = "") -> None:
        moment = time.monotonic()
        if self._began is None or self._began[0] != message:
            self._began = (message, moment, done)
        elif moment - self._last_progress < PROGRESS_SECONDS and done < total:
            return
        self._last_progress = moment
        _, since, first = self._began
        # A forecast from less than a twentieth of the work would jump about.
        known = done - first > 0 and done >= 0.05 * total and moment - since > 1.0
        left = (moment - since) / (done - first) * (total - done) if known else None
        with _full_disk_said():
            self._queue.set_progress(self.job_id, Progress(done, total, message, left))

    def log(self, text: str) -> None:
        self.event("log", {"text": text})

    def epoch(self, epoch: Epoch) -> None:
        self.event("epoch", asdict(epoch))

    def failure(self, failure: Failure) -> None:
        self.event("failure", asdict(failure))

    def event(self, kind: str, data: dict[str, Any]) -> None:
        with _full_disk_said():
            self._queue.append(self.job_id, kind, data)

    def cancel_requested(self) -> bool:
        return self._cancelled.is_set()

    def _beat(self) -> None:
        while True:
            # A database that is locked for long must not end this thread: the job would look lost.
            with suppress(OperationalError):
                if self._queue.beat(self.job_id):
                    self._cancelled.set()
            if self._stop.wait(BEAT_SECONDS):
                return
