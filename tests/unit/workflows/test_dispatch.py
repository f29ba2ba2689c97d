"""Whatever happens to a job, it ends with a state, and a failure says why."""

import errno
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from einthoven.errors import Cancelled, LabelError, TrainingFailed
from einthoven.jobs.reporter import StoredReporter
from einthoven.store.types import Job
from einthoven.workflows import dispatch
from einthoven.workflows.demonstrate import DemonstrationRequest
from einthoven.workflows.dispatch import Kind, run_job
from einthoven.workflows.plain import load_result
from einthoven.workflows.requests import ImportOutcome, ImportRequest, PredictRequest
from einthoven.workflows.workspace import Workspace
from run_now import run_now
from small_ecgs import npz, write


def done(workspace: Workspace, kind: str, request: dict[str, Any]) -> Job:
    return run_now(workspace, workspace.jobs.submit(kind, "", request).id)


def that(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, *, headline: Any = str) -> str:
    """A kind of job that ends like this."""

    def run(*_: object) -> DemonstrationRequest:
        if error is not None:
            raise error
        return DemonstrationRequest()

    monkeypatch.setitem(dispatch.KINDS, "test", Kind(lambda: DemonstrationRequest, run, headline))
    return "test"


def test_a_job_that_is_done_says_so_in_a_line_and_leaves_its_outcome(workspace: Workspace, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1), "2.npz": b"no"})
    job = workspace.submit("import", ImportRequest("d", (str(folder),), keep_names=True))
    claimed = workspace.jobs.claim("test")
    assert claimed is not None
    run_job(workspace, claimed)
    ended = workspace.jobs.job(job.id)
    assert (ended.state, ended.headline, ended.problem) == ("done", "1 ECG read, 1 file refused", None)
    outcome = load_result(workspace.jobs.path(job.id) / "result.json", ImportOutcome)
    assert outcome is not None and outcome.refused[0].file_name == "2.npz"
    assert [event.kind for event in workspace.jobs.events(job.id)] == ["state", "state", "failure", "state"]


@pytest.mark.parametrize(
    ("error", "state", "name", "detail"),
    [
        (LabelError("no labels", advice="import some"), "failed", "LabelError", "no labels"),
        (TrainingFailed("the loss is NaN"), "failed", "TrainingFailed", "the loss is NaN"),
        (Cancelled("Cancelled by the user."), "cancelled", None, "Cancelled by the user."),
        (MemoryError(), "failed", "OutOfMemory", "not enough memory"),
        (OSError(28, "No space left on device"), "failed", "DiskFull", "The disk is full"),
        (ZeroDivisionError("by zero"), "failed", "ZeroDivisionError", "by zero"),
    ],
)
def test_every_error_ends_the_job_with_its_reason(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: str,
    name: str | None,
    detail: str,
) -> None:
    job = done(workspace, that(monkeypatch, error), {})
    assert job.state == state and detail in job.headline
    assert (job.problem.error if job.problem else None) == name
    if name == "ZeroDivisionError":
        assert "Traceback" in workspace.jobs.file(job.id, "worker.log").read_text()


def test_a_job_that_fills_the_disk_leaves_room_to_say_so(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    reserves: list[bool] = []

    def run(_workspace: object, _request: object, report: Any) -> None:
        reserves.append((report.folder / ".reserve").stat().st_size == dispatch.RESERVE_BYTES)
        raise OSError(28, "No space left on device")

    end = workspace.jobs.end

    def ended(job: str, *rest: Any, **named: Any) -> None:
        reserves.append((workspace.jobs.path(job) / ".reserve").exists())
        end(job, *rest, **named)

    monkeypatch.setitem(dispatch.KINDS, "test", Kind(lambda: DemonstrationRequest, run, str))
    monkeypatch.setattr(workspace.jobs, "end", ended)
    job = done(workspace, "test", {})
    assert reserves == [True, False] and job.problem is not None and job.problem.error == "DiskFull"
    assert job.files == ("worker.log",)


def test_a_history_that_finds_no_room_is_a_full_disk_like_any_other(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OperationalError("INSERT", {}, Exception("database or disk is full"))

    def no_room(*_: object, **__: object) -> None:
        raise full

    job = workspace.jobs.submit("test", "", {})
    report = StoredReporter(workspace.jobs, job.id)
    with monkeypatch.context() as patched:
        patched.setattr(workspace.jobs, "append", no_room)
        patched.setattr(workspace.jobs, "set_progress", no_room)
        for tell in (lambda: report.log("x"), lambda: report.progress(1, 2)):
            with pytest.raises(OSError) as found:
                tell()
            assert found.value.errno == errno.ENOSPC
    workspace.jobs.cancel(job.id)
    assert (problem := done(workspace, that(monkeypatch, full), {}).problem) and problem.error == "DiskFull"


def test_a_disk_too_full_for_the_log_does_not_keep_the_job_running(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = that(monkeypatch, ZeroDivisionError("by zero"))
    job = workspace.jobs.submit(kind, "", {})
    (workspace.jobs.path(job.id) / "worker.log").mkdir()
    claimed = workspace.jobs.claim("test")
    assert claimed is not None
    run_job(workspace, claimed)
    assert workspace.jobs.job(job.id).state == "failed"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupted_program_ends_its_job_before_it_leaves(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        done(workspace, that(monkeypatch, error), {})
    (job,) = workspace.jobs.jobs()
    assert job.state == "failed" and job.problem is not None and job.problem.error == "Interrupted"


def test_an_outcome_that_cannot_be_told_fails_the_job(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def untellable(_: object) -> str:
        raise KeyError("nothing to say")

    job = done(workspace, that(monkeypatch, None, headline=untellable), {})
    assert job.state == "failed"


def test_a_job_of_an_unknown_kind_or_form_fails_in_words(workspace: Workspace) -> None:
    job = done(workspace, "holter", {})
    assert job.state == "failed" and "no job of kind 'holter'" in job.headline
    job = done(workspace, "predict", {"model": ["not", "a", "name"]})
    assert job.state == "failed" and "PredictRequest is not well formed: model" in job.headline
    job = done(workspace, "import", {"dataset": "d", "paths": ["x"], "hints": {"rate": -5}})
    assert job.state == "failed" and "A rate of -5 Hz is not possible" in job.headline


def test_what_cannot_be_predicted_is_said_before_it_is_queued(workspace: Workspace) -> None:
    for request, words in (
        (PredictRequest("m"), "nothing to predict"),
        (PredictRequest("m", dataset="d", paths=("x",)), "at once"),
        (PredictRequest("m", paths=("x",)), "no model 'm'"),
        (PredictRequest("m.onnx", paths=("x",)), "no model file 'm.onnx'"),
        (PredictRequest("m", dataset="d"), "no dataset 'd'"),
    ):
        with pytest.raises(Exception, match=words):
            workspace.submit("predict", request)
    assert workspace.jobs.jobs() == []
