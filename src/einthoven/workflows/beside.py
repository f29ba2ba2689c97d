"""The safety net of small sets: a ridge model fitted to the same ECGs as a network, shown beside it.

Below some hundred ECGs a ridge model on random convolutions (`models/random_convolutions.py`) is often as good as a
network, and solved in seconds. Which of the two is better is said with how much chance there is in it: the paired
difference on the validation part, patients resampled (`metrics/bootstrap.py`).
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from einthoven.errors import Cancelled, EinthovenError
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.metrics.bootstrap import Interval, Intervals, differences
from einthoven.metrics.entry import Judged, ecgs
from einthoven.results import Epoch, Failure
from einthoven.task import Kind
from einthoven.workflows import planning
from einthoven.workflows.fitting import Side, members_of
from einthoven.workflows.keeping import Exported, exported, keep
from einthoven.workflows.planning import Plan
from einthoven.workflows.requests import Beside, TrainRequest
from einthoven.workflows.workspace import Workspace

NUMBERS = {"macro_auroc": "macro AUROC", "mae": "mean absolute error"}
SMALLER_IS_BETTER = ("mae",)
RESAMPLES = 1000
FOLDER = "beside"
"""In that of the job, while it is fitted."""
FAILURES = (EinthovenError, MemoryError, OSError, RuntimeError)
"""What may go wrong with an ECG too many, a disk, a library."""


class _Aside:
    """A reporter with a folder of its own: the course that is shown is the network's."""

    def __init__(self, report: Reporter, folder: Path) -> None:
        self.job_id = report.job_id
        self.folder = folder
        self._report = report

    def progress(self, done: float, total: float, message: str = "") -> None:
        self._report.progress(0, 0, "fitting a ridge model beside it")

    def log(self, text: str) -> None:
        self._report.log(f"Ridge model beside it: {text}")

    def epoch(self, epoch: Epoch) -> None:
        return None

    def failure(self, failure: Failure) -> None:
        self._report.failure(failure)

    def event(self, kind: str, data: dict[str, Any]) -> None:
        return None

    def cancel_requested(self) -> bool:
        return self._report.cancel_requested()


def fitted_beside(
    workspace: Workspace, request: TrainRequest, settled: Plan, learn: Side, check: Side, report: Reporter
) -> Exported | str | None:
    """The ridge model of the same split, not on the shelf yet; why there is none; None where none is wanted.

    Whatever goes wrong with it is said in the answer: the network that it stands beside is not touched.
    """
    if not planning.wants_beside(request, len(learn.items)):
        return None
    report.progress(0, 0, "fitting a ridge model beside it")
    try:
        stop_if_cancelled(report)
        name = f"{(request.name or request.task)[:70]}-ridge"
        wanted, plan = planning.beside(workspace, request, settled, name=name)
        aside = _Aside(report, report.folder / FOLDER)
        aside.folder.mkdir(exist_ok=True)
        told_nothing = replace(learn, told=None), replace(check, told=None)
        members = members_of(workspace, wanted, plan, *told_nothing, aside)
        return exported(workspace, wanted, plan, members, *told_nothing, aside)
    except FAILURES as error:
        return _why_not(error)


def kept_beside(
    workspace: Workspace, network: Exported, ridge: Exported | str | None, check: Side, report: Reporter
) -> Beside | None:
    """On the shelf as `<name>-ridge`, compared with the network."""
    if ridge is None:
        return None
    model, validation, seconds = None, None, 0.0
    try:
        if isinstance(ridge, str):
            words = ridge
        else:
            words = in_words(network.judged, ridge.judged, [item.subject for item in check.items])
            model, validation = keep(workspace, ridge, report), ridge.validation
            seconds = float(ridge.statistics["seconds"])
    except FAILURES as error:
        words = _why_not(error)
    shutil.rmtree(report.folder / FOLDER, ignore_errors=True)
    report.log(words)
    return Beside(model, validation, words, seconds)


def _why_not(error: Exception) -> str:
    if isinstance(error, Cancelled):
        return "No ridge model was fitted beside it: the training was cancelled."
    said = str(error) or type(error).__name__
    return f"No ridge model could be fitted beside it: {said}"


def in_words(network: Judged, ridge: Judged, patients: list[str | None]) -> str:
    """Which is better on the same ECGs, and how sure that is."""
    both = differences(ridge, network, patients, resamples=RESAMPLES)
    name, found, title = _decisive(both, network.kind)
    if found.value is None or found.low is None or found.high is None:
        return f"Which of the two is better cannot be said. {found.reason}"
    better = (found.value < 0) == (name in SMALLER_IS_BETTER)
    which, other = ("ridge model", "network") if better else ("network", "ridge model")
    extent = "smaller" if name in SMALLER_IS_BETTER else "higher"
    judged_by = f"{ecgs(both.n)} of {_patients(both)}"
    span = f"ridge model less network: {_signed(found.low)} to {_signed(found.high)}, the 95 % interval"
    if found.value == 0:
        return f"Both have the same {title} on {judged_by}; {span}."
    if found.low <= 0 <= found.high:
        return (
            f"On {judged_by} the {title} of the {which} is {extent} by {_size(found.value)} than that of the {other}. "
            f"That may be chance: {span}. Evaluate both on other ECGs before you choose."
        )
    return (
        f"The {which} is better: on {judged_by} its {title} is {extent} by {_size(found.value)} than that of the "
        f"{other}, more than chance explains ({span})."
    )


def _decisive(both: Intervals, kind: Kind) -> tuple[str, Interval, str]:
    """The number that is compared, its difference, and its title: one that depends on no threshold."""
    if kind == "regression":
        return "mae", both.overall["mae"], NUMBERS["mae"]
    found = both.overall["macro_auroc"]
    known = {title: one["auroc"] for title, one in both.per_class.items() if one["auroc"].low is not None}
    if found.value is None and len(known) == 1:  # one is no average, but can be compared
        ((title, only),) = known.items()
        return "auroc", only, f"AUROC of {title}"
    return "macro_auroc", found, NUMBERS["macro_auroc"]


def _patients(both: Intervals) -> str:
    return "1 patient" if both.n_patients == 1 else f"{both.n_patients} patients"


def _size(value: float) -> str:
    return f"{abs(value):.3f}" if abs(value) < 0.995 else f"{abs(value):.1f}"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{_size(value)}"
