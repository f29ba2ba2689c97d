"""How a running job tells what it does, and hears that it should stop."""

from pathlib import Path
from typing import Any, Protocol

from einthoven.errors import Cancelled
from einthoven.results import Epoch, Failure


class Reporter(Protocol):
    """Given to every workflow that takes time. `folder` is the job's own, for what it leaves behind."""

    folder: Path
    job_id: str

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
