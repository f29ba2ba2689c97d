"""The demonstration library: a simulated cohort to train on, and one real ECG to look at."""

from collections.abc import Mapping
from dataclasses import dataclass

from einthoven.errors import NotFound
from einthoven.examine import open_all
from einthoven.formats import MemorySource
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.simulate import DIAGNOSES, cohort
from einthoven.store.types import Job
from einthoven.task import Task, TaskClass
from einthoven.workflows.workspace import Workspace

COHORT = "Demonstration (simulated)"
EXAMPLE = "Example (real ECG)"
N_EACH = 70
SEED = 20260106
TASK = "diagnosis"


@dataclass(frozen=True, slots=True)
class DemonstrationRequest:
    """Nothing to choose but the size: ECGs per diagnosis."""

    n_each: int = N_EACH


@dataclass(frozen=True, slots=True)
class DemonstrationOutcome:
    """What was made."""

    n_simulated: int
    n_real: int


def ensure(workspace: Workspace) -> Job | None:
    """Queue the making of the library unless it is there, or being made."""
    names = {dataset.name for dataset in workspace.store.datasets()}
    busy = any(job.kind == "demonstration" for job in workspace.jobs.jobs(active=True))
    if busy or {COHORT, EXAMPLE} <= names:
        return None
    return workspace.jobs.submit("demonstration", "Make the demonstration library", {"n_each": N_EACH})


def demonstrate(workspace: Workspace, request: DemonstrationRequest, report: Reporter) -> DemonstrationOutcome:
    """Simulate the cohort, read the example, store both."""
    n_real = _example(workspace)
    workspace.store.ensure_dataset(COHORT)
    answers: dict[str, tuple[str, ...]] = {}
    total = request.n_each * len(DIAGNOSES)
    for done, (file_name, record, diagnosis) in enumerate(cohort(request.n_each, SEED)):
        stop_if_cancelled(report)
        report.progress(done, total, "ECGs simulated")
        # Ten folds like PTB-XL's, so that training and testing can be kept apart from the first minute.
        workspace.store.add(COHORT, file_name, record, fold=1 + done % 10)
        answers[file_name] = (diagnosis,)
    classes = tuple(TaskClass(name, title) for name, title in _titles().items())
    workspace.store.put_task(COHORT, Task(TASK, "single-label", classes, answers, "Diagnosis (simulated)"))
    report.progress(total, total, "ECGs simulated")
    return DemonstrationOutcome(total, n_real)


def _titles() -> Mapping[str, str]:
    return {name: f"{diagnosis.title}, simulated" for name, diagnosis in DIAGNOSES.items()}


def _example(workspace: Workspace) -> int:
    """The 12-lead ECG that the pydicom package ships."""
    from pathlib import Path

    from pydicom.data import get_testdata_file

    path = get_testdata_file("waveform_ecg.dcm", download=False)
    if path is None:
        raise NotFound("This pydicom ships no example ECG.")
    workspace.store.ensure_dataset(EXAMPLE)
    source = MemorySource("waveform_ecg.dcm", {"waveform_ecg.dcm": Path(str(path)).read_bytes()})
    count = 0
    for record in open_all(source):
        name = source.name if record.source.index == 0 else f"{source.name}#{record.source.index + 1}"
        workspace.store.add(EXAMPLE, name, record)
        count += 1
    return count
