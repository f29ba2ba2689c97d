"""Imports of many files: several processes, what happens when one of them dies, and going on after a crash."""

import gzip
import io
import os
import signal as signals
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from einthoven.errors import Cancelled, SettingError
from einthoven.jobs.queue import INTERRUPTED
from einthoven.store.types import Problem
from einthoven.workflows import import_, intake, readers
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.import_ import import_files
from einthoven.workflows.readers import Readers
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace
from small_ecgs import Notes, npz, write

N = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {f"{k % 3}/{k:03d}.npz": npz(k) for k in range(N)} | {
        "bad.csv": b"no",
        "0/labels.csv": b"file_name,label\na,b\n",
    }
    return write(tmp_path / "in", files)


def test_many_files_are_read_by_several_processes_as_few_are_by_one(
    workspace: Workspace, report: Notes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_, "process_count", lambda: 2)
    outcome = import_files(workspace, ImportRequest("many", (str(folder),), keep_names=True), report)
    monkeypatch.setattr(import_, "FEW_FILES", 10_000)
    alone = import_files(workspace, ImportRequest("alone", (str(folder),), keep_names=True), report)
    for one in (outcome, alone):
        assert (one.n_read, one.n_refused, len(one.skipped), one.n_files) == (N, 1, 1, N + 1)
    assert workspace.store.file_names("many") == workspace.store.file_names("alone")
    assert not (workspace.home / "staging" / report.job_id).exists(), "nothing waits any more"


def test_a_large_zip_is_shared_among_processes(
    workspace: Workspace, report: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_, "LARGE_ARCHIVE_BYTES", 1000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for k in range(45):
            archive.writestr(f"day/{k}.npz", npz(k))
        archive.writestr("bad.csv", b"no")
    folder = write(tmp_path / "in", {"all.zip": stream.getvalue(), "one.npz.gz": gzip.compress(npz(99))})
    outcome = import_files(workspace, ImportRequest("d", (str(folder),), keep_names=True), report)
    assert (outcome.n_read, outcome.n_refused) == (46, 1)
    names = workspace.store.file_names("d")
    assert "all.zip/day/7.npz" in names and "one.npz" in names
    assert [row.file_name for row in workspace.quarantine.list("d")] == ["all.zip/bad.csv"]


def test_a_file_that_kills_its_reader_is_refused_and_the_others_are_read(
    workspace: Workspace, report: Notes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import os, einthoven.workflows.reading_process as r, einthoven.workflows.intake as i\n"
        "inner = r.intake\n"
        "def intake(rules, file):\n"
        "    if file.path.endswith('007.npz'): os.kill(os.getpid(), 9)\n"
        "    return inner(rules, file)\n"
        "r.intake = intake\n"
        "r.main()\n"
    )
    real = subprocess.Popen

    def popen(command: list[str], **options: object) -> object:
        return real([sys.executable, "-c", program], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(readers.subprocess, "Popen", popen)
    outcome = import_files(workspace, ImportRequest("d", (str(folder),), keep_names=True), report)
    assert outcome.n_read == N - 1 and outcome.n_refused == 2
    assert any("007.npz" in failure.reason and "ended with code -9" in failure.reason for failure in outcome.refused)


def test_a_reader_that_hangs_is_ended(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(readers, "AHEAD", 1)
    (tmp_path / "w").mkdir()
    rules = intake.Rules(b"k" * 32, tmp_path / "w")
    fifo = tmp_path / "pipe.npz"
    os.mkfifo(fifo)  # opening it waits for a writer that never comes
    with Readers(rules, 1) as pool:
        files = [intake.FileToRead(str(path), str(path.parent)) for path in (fifo, folder / "0" / "000.npz")]
        found = [read for read in pool.run(files) if read is not None]
    assert [read.outcome for read in found] == ["refused", "read"]
    assert "ended with code -9" in found[0].failure.reason  # type: ignore[union-attr]


def start(workspace: Workspace, request: ImportRequest) -> str:
    job = workspace.submit("import", request)
    assert workspace.jobs.claim("test", job_id=job.id) is not None
    return job.id


def test_an_import_that_was_killed_goes_on_where_it_was(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_, "FEW_FILES", 10_000)
    monkeypatch.setattr(import_, "BATCH_FILES", 10)
    job = start(workspace, ImportRequest("d", (str(folder),), keep_names=True))
    seen: list[str] = []
    inner = import_.intake

    def watched(rules: intake.Rules, file: intake.FileToRead) -> object:
        if len(seen) == 35:
            raise KeyboardInterrupt  # as a kill: nothing more is written
        seen.append(file.path)
        return inner(rules, file)

    monkeypatch.setattr(import_, "intake", watched)
    monkeypatch.setattr(import_.Writer, "__exit__", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        run_job(workspace, workspace.jobs.job(job))
    assert workspace.jobs.job(job).state == "queued", "not failed: it goes on"
    monkeypatch.undo()
    monkeypatch.setattr(import_, "FEW_FILES", 10_000)
    again: list[str] = []
    monkeypatch.setattr(import_, "intake", lambda rules, file: (again.append(file.path), inner(rules, file))[1])
    claimed = workspace.jobs.claim("test", job_id=job)
    assert claimed is not None
    run_job(workspace, claimed)
    outcome = import_.outcome(workspace, job)
    assert outcome is not None
    assert (outcome.n_read, outcome.n_refused, outcome.n_already_there) == (N, 1, 0), "counted over both runs"
    assert len(again) == N + 2 - 30 and len(set(again) & set(seen[:30])) == 0, "no file is read twice"
    assert workspace.store.dataset("d").n_records == N
    assert workspace.jobs.finished_files(job) == (frozenset(), None)


def test_a_cancelled_import_can_be_gone_on_with(workspace: Workspace, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{k}.npz": npz(k) for k in range(6)})
    job = start(workspace, ImportRequest("d", (str(folder),)))

    class Stopped(Notes):
        job_id = job

    with pytest.raises(Cancelled):
        import_files(workspace, ImportRequest("d", (str(folder),)), Stopped(tmp_path, cancel_after=3))
    workspace.jobs.end(job, "cancelled")
    assert workspace.store.dataset("d").n_records == 3 and workspace.jobs.job(job).resumable
    workspace.jobs.resume(job)
    claimed = workspace.jobs.claim("test", job_id=job)
    assert claimed is not None
    run_job(workspace, claimed)
    outcome = import_.outcome(workspace, job)
    assert outcome is not None and (outcome.n_read, outcome.n_already_there) == (6, 0)
    assert not workspace.jobs.job(job).resumable


def test_an_archive_goes_on_in_its_middle(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for k in range(8):
            archive.writestr(f"{k}.npz", npz(k))
    folder = write(tmp_path / "in", {"all.zip": stream.getvalue()})
    monkeypatch.setattr(import_, "BATCH_FILES", 3)
    job = start(workspace, ImportRequest("d", (str(folder),)))
    inner = intake.take
    taken: list[str] = []

    def watched(*arguments: object, **options: object) -> object:
        if len(taken) == 5:
            raise KeyboardInterrupt
        taken.append("x")
        return inner(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "take", watched)
    monkeypatch.setattr(import_.Writer, "__exit__", lambda *_: None)
    with pytest.raises(KeyboardInterrupt):
        run_job(workspace, workspace.jobs.job(job))
    monkeypatch.undo()
    taken.clear()
    monkeypatch.setattr(intake, "take", lambda *a, **o: (taken.append("x"), inner(*a, **o))[1])
    claimed = workspace.jobs.claim("test", job_id=job)
    assert claimed is not None
    run_job(workspace, claimed)
    outcome = import_.outcome(workspace, job)
    assert outcome is not None and outcome.n_read == 8 and len(taken) == 5


def test_a_job_that_kills_its_process_again_and_again_ends_as_failed(workspace: Workspace, folder: Path) -> None:
    job = start(workspace, ImportRequest("d", (str(folder),)))
    for _ in range(10):
        workspace.jobs.interrupt(job, INTERRUPTED)
        if workspace.jobs.claim("test", job_id=job) is None:
            break
    assert workspace.jobs.job(job).state == "failed"


def test_a_cancelled_job_whose_process_died_does_not_start_again(workspace: Workspace, folder: Path) -> None:
    job = start(workspace, ImportRequest("d", (str(folder),)))
    workspace.jobs.cancel(job)
    workspace.jobs.interrupt(job, Problem("WorkerDied", "gone"))
    assert workspace.jobs.job(job).state == "failed"


def test_a_real_process_that_is_killed_is_taken_up_again(workspace: Workspace, tmp_path: Path) -> None:
    """From the outside, as a power cut does it: SIGKILL to the worker, then the job is run once more."""
    folder = write(tmp_path / "in", {f"{k:03d}.npz": npz(k) for k in range(400)})
    job = start(workspace, ImportRequest("d", (str(folder),), keep_names=True))
    worker = subprocess.Popen([sys.executable, "-m", "einthoven.worker", "--home", str(workspace.home), job])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not workspace.jobs.finished_files(job)[0]:
        time.sleep(0.02)
    worker.send_signal(signals.SIGKILL)
    worker.wait()
    before = len(workspace.jobs.finished_files(job)[0])
    assert before > 0
    workspace.jobs.interrupt(job, INTERRUPTED)
    claimed = workspace.jobs.claim("test", job_id=job)
    if before < 400:
        assert claimed is not None
        run_job(workspace, claimed)
    outcome = import_.outcome(workspace, job)
    assert outcome is not None and (outcome.n_read, outcome.n_already_there) == (400, 0)
    assert workspace.store.dataset("d").n_records == 400


def test_reading_and_cancelling_leave_no_process_behind(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []
    real = subprocess.Popen

    def popen(*arguments: object, **options: object) -> object:
        started.append(real(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(readers.subprocess, "Popen", popen)
    with pytest.raises(Cancelled):
        import_files(workspace, ImportRequest("d", (str(folder),)), Notes(workspace.home, cancel_after=2))
    assert started and all(process.poll() is not None for process in started)
    assert threading.active_count() < 30


def _broken_at_start(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """The first so many reading processes end before they have said anything."""
    began = subprocess.Popen
    started: list[int] = []

    def start(command: list[str], **options: object) -> object:
        started.append(len(started))
        broken = [sys.executable, "-c", "raise SystemExit(3)"]
        return began(broken if len(started) <= times else command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(readers.subprocess, "Popen", start)
    return started


def test_no_file_is_to_blame_for_a_process_that_did_not_start(
    workspace: Workspace, report: Notes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_, "process_count", lambda: 2)
    _broken_at_start(monkeypatch, 3)
    outcome = import_files(workspace, ImportRequest("d", (str(folder),), keep_names=True), report)
    assert (outcome.n_read, outcome.n_refused) == (N, 1)


def test_processes_that_never_start_fail_the_import_and_refuse_no_file(
    workspace: Workspace, report: Notes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_, "process_count", lambda: 2)
    started = _broken_at_start(monkeypatch, 1000)
    with pytest.raises(SettingError, match="ended with code 3"):
        import_files(workspace, ImportRequest("d", (str(folder),), keep_names=True), report)
    assert len(started) < 20 and workspace.quarantine.list("d") == []
