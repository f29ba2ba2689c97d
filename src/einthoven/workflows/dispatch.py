"""From a job in the queue to the workflow that does it, and its end back into the queue."""

import errno
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from einthoven.errors import Cancelled, EinthovenError, SettingError
from einthoven.jobs import Reporter
from einthoven.jobs.queue import INTERRUPTED
from einthoven.jobs.reporter import StoredReporter
from einthoven.store.types import Job, JobState, Problem
from einthoven.workflows.earlier_requests import in_todays_words
from einthoven.workflows.measurements import MeasureOutcome, MeasureRequest
from einthoven.workflows.plain import from_plain, save_result
from einthoven.workflows.requests import (
    EvaluateRequest,
    EvaluationReport,
    ImportOutcome,
    ImportRequest,
    PredictionTable,
    PredictRequest,
    TrainOutcome,
    TrainRequest,
    problem_of,
)
from einthoven.workflows.runs import quality_of
from einthoven.workflows.workspace import Workspace

RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of job: its request, its workflow (imported on use), how its outcome reads in a line."""

    request: Callable[[], type[Any]]
    run: Callable[[Workspace, Any, Reporter], Any]
    headline: Callable[[Any], str]


def run_job(workspace: Workspace, job: Job) -> None:
    """Do a claimed job. Whatever happens, the job ends with a state, and a failure with its reason."""
    with StoredReporter(workspace.jobs, job.id) as report, _room_to_end(report.folder) as room:
        try:
            kind = _kind(job.kind)
            request = from_plain(kind.request(), in_todays_words(job.kind, job.request))
            outcome = kind.run(workspace, request, report)
            save_result(report.folder / RESULT, outcome)
            headline = kind.headline(outcome)
        except Cancelled as error:
            room()
            workspace.jobs.end(job.id, "cancelled", headline=error.message)
        except EinthovenError as error:
            room()
            workspace.jobs.end(job.id, "failed", problem=_without_paths(problem_of(error), job))
        except MemoryError:
            room()
            workspace.jobs.end(job.id, "failed", problem=_NO_MEMORY)
        except Exception as error:  # noqa: BLE001  the last line of defence: a job must not stay "running"
            room()
            named = job.kind == "import"  # what an import stumbled over may quote a file or its name
            workspace.jobs.end(job.id, "failed", problem=_unexpected(error, quoted=not named))
            with suppress(OSError), (report.folder / "worker.log").open("a", encoding="utf-8") as log:
                log.write("".join(traceback.format_tb(error.__traceback__)) if named else traceback.format_exc())
        except BaseException:
            room()
            workspace.jobs.interrupt(job.id, INTERRUPTED)
            raise
        else:
            room()
            state: JobState = "cancelled" if getattr(outcome, "stopped", "") == "cancelled" else "done"
            workspace.jobs.end(job.id, state, headline=headline)


RESERVE_BYTES = 1 << 20


@contextmanager
def _room_to_end(folder: Path) -> Iterator[Callable[[], None]]:
    """Keeps some of the disk while a job runs; what it yields gives it back.

    Where a job has filled the disk there is then room to store how it ended: without, it would "run" for ever.
    """
    reserve = folder / ".reserve"
    with suppress(OSError):
        reserve.write_bytes(b"\0" * RESERVE_BYTES)
    try:
        yield lambda: reserve.unlink(missing_ok=True)
    finally:
        reserve.unlink(missing_ok=True)


_NO_MEMORY = Problem(
    "OutOfMemory",
    "There was not enough memory.",
    "Choose a smaller batch, or close other programs, and start it again.",
)


_SIGNS_OF_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
"""torch says it by a RuntimeError."""


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise SettingError(f"This release knows no job of kind {name!r}.", advice="Update Einthoven.")
    return KINDS[name]


def _without_paths(problem: Problem, job: Job) -> Problem:
    """Paths of an import are names of patients' files and folders: they are not told to the history."""
    if job.kind != "import":
        return problem
    detail = problem.detail
    for path in job.request.get("paths", ()):
        detail = detail.replace(str(path), "…")
    return replace(problem, detail=detail)


def _unexpected(error: Exception, *, quoted: bool = True) -> Problem:
    if isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS_OF_NO_MEMORY):
        return _NO_MEMORY
    full = "disk is full" in str(error)  # as SQLite says it
    if full or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return Problem("DiskFull", "The disk is full.", "Free some space and start it again; nothing else was lost.")
    return Problem(
        type(error).__name__,
        f"Something went wrong that should not: {error if quoted else type(error).__name__}",
        "Details are in worker.log of this job; please report them.",
    )


def _import(workspace: Workspace, request: ImportRequest, report: Reporter) -> ImportOutcome:
    from einthoven.workflows.import_ import import_files

    return import_files(workspace, request, report)


def _train(workspace: Workspace, request: TrainRequest, report: Reporter) -> TrainOutcome:
    from einthoven.workflows.train import train

    return train(workspace, request, report)


def _benchmark_request() -> type[Any]:
    from einthoven.workflows.benchmarks import BenchmarkRequest

    return BenchmarkRequest


def _benchmark(workspace: Workspace, request: Any, report: Reporter) -> Any:
    from einthoven.workflows.benchmark import benchmark

    return benchmark(workspace, request, report)


def _said_benchmark(outcome: Any) -> str:
    from einthoven.workflows.benchmark import said

    return said(outcome)


def _predict(workspace: Workspace, request: PredictRequest, report: Reporter) -> PredictionTable:
    from einthoven.workflows.predict import predict

    return predict(workspace, request, report)


def _evaluate(workspace: Workspace, request: EvaluateRequest, report: Reporter) -> EvaluationReport:
    from einthoven.workflows.evaluate import evaluate

    return evaluate(workspace, request, report)


def _measure(workspace: Workspace, request: MeasureRequest, report: Reporter) -> MeasureOutcome:
    from einthoven.workflows.measure import measure

    return measure(workspace, request, report)


def _demonstration_request() -> type[Any]:
    from einthoven.workflows.demonstrate import DemonstrationRequest

    return DemonstrationRequest


def _demonstrate(workspace: Workspace, request: Any, report: Reporter) -> Any:
    from einthoven.workflows.demonstrate import demonstrate

    return demonstrate(workspace, request, report)


def ecgs(n: int) -> str:
    """A number of ECGs in words."""
    return "1 ECG" if n == 1 else f"{n:,} ECGs"


def _said_import(outcome: ImportOutcome) -> str:
    there = f", {outcome.n_already_there} were there already" if outcome.n_already_there else ""
    copies = f", {outcome.n_copies} the same bytes as another" if outcome.n_copies else ""
    refused = f", {outcome.n_refused} file{'s' * (outcome.n_refused != 1)} refused" if outcome.n_refused else ""
    return f"{ecgs(outcome.n_read)} read{there}{copies}{refused}"


def _said_train(outcome: TrainOutcome) -> str:
    kept = {
        "cancelled": f" Cancelled; epoch {outcome.best_epoch} is kept.",
        "diverged": f" Its loss stopped being a number; epoch {outcome.best_epoch} is kept. Train at a lower rate.",
    }
    quality = quality_of(outcome)
    return f"Model {outcome.model}, {quality} on the validation part.{kept.get(outcome.stopped, '')}"


def _said_predict(outcome: PredictionTable) -> str:
    refused = f", {len(outcome.refused)} refused" if outcome.refused else ""
    return f"{ecgs(outcome.total)} predicted{refused}"


def _said_evaluate(outcome: EvaluationReport) -> str:
    found = outcome.evaluation
    numbers = (("macro F1", found.macro_f1), ("macro AUROC", found.macro_auroc))
    said = ", ".join(f"{name} {value:.3f}" for name, value in numbers if value is not None)
    return f"{ecgs(found.n)}: {said}" if said else f"{ecgs(found.n)} evaluated"


def _said_measure(outcome: MeasureOutcome) -> str:
    refused = f", {outcome.n_refused} refused" if outcome.n_refused else ""
    return f"{ecgs(outcome.total)} measured{refused}"


KINDS: dict[str, Kind] = {
    "import": Kind(lambda: ImportRequest, _import, _said_import),
    "train": Kind(lambda: TrainRequest, _train, _said_train),
    "predict": Kind(lambda: PredictRequest, _predict, _said_predict),
    "evaluate": Kind(lambda: EvaluateRequest, _evaluate, _said_evaluate),
    "measure": Kind(lambda: MeasureRequest, _measure, _said_measure),
    "benchmark": Kind(_benchmark_request, _benchmark, _said_benchmark),
    "demonstration": Kind(
        _demonstration_request, _demonstrate, lambda o: f"{o.n_simulated} simulated ECGs, {o.n_real} real"
    ),
}
