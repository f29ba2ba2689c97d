"""Long work from the command line: here, by a server, and when a server goes away."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import typer

from einthoven.cli import work
from einthoven.store.types import Problem
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.requests import ImportOutcome, ImportRequest
from einthoven.workflows.workspace import Workspace
from small_ecgs import npz, write


@pytest.fixture
def request_(tmp_path: Path) -> ImportRequest:
    return ImportRequest("d", (str(write(tmp_path / "in", {"1.npz": npz(1)})),))


def test_without_a_server_the_command_does_the_job(workspace: Workspace, request_: ImportRequest) -> None:
    assert work.do(workspace, workspace.submit("import", request_), ImportOutcome, quiet=True).n_read == 1


def test_a_running_server_does_the_job(workspace: Workspace, request_: ImportRequest) -> None:
    workspace.jobs.beat_server("s", "http://127.0.0.1:1")
    job = workspace.submit("import", request_)

    def serve() -> None:
        time.sleep(0.5)
        claimed = workspace.jobs.claim("the server", job_id=job.id)
        assert claimed is not None, "the command has taken the server's job"
        run_job(workspace, claimed)

    thread = threading.Thread(target=serve)
    thread.start()
    assert work.do(workspace, job, ImportOutcome, quiet=False).n_read == 1
    thread.join()


def test_a_server_that_goes_away_before_it_began_leaves_the_job_to_the_command(
    workspace: Workspace, request_: ImportRequest
) -> None:
    workspace.jobs.beat_server("s", "http://127.0.0.1:1")
    job = workspace.submit("import", request_)
    threading.Timer(0.5, workspace.jobs.leave_server, ("s",)).start()
    assert work.do(workspace, job, ImportOutcome, quiet=True).n_read == 1


def test_a_job_that_an_earlier_command_left_behind_is_not_running_any_more(
    workspace: Workspace, request_: ImportRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from einthoven.jobs import queue

    left = workspace.submit("import", request_)
    workspace.jobs.claim("killed", job_id=left.id)
    job = workspace.submit("import", request_)
    monkeypatch.setattr(queue, "LOST_SECONDS", -1.0)
    assert work.do(workspace, job, ImportOutcome, quiet=True).n_read == 1
    assert workspace.jobs.job(left.id).state == "queued", "an import goes on where it was"


def test_a_job_that_fails_is_told_with_the_way_out(
    workspace: Workspace, request_: ImportRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    job = workspace.submit("import", request_)
    workspace.jobs.claim("somebody")
    workspace.jobs.end(job.id, "failed", problem=Problem("E", "file [/b].csv broke", "mend [it]"))
    with pytest.raises(typer.Exit) as ended:
        work.do(workspace, job, ImportOutcome, quiet=False)
    said = capsys.readouterr()
    assert ended.value.exit_code == 1 and "file [/b].csv broke\nmend [it]" in said.err and said.out == ""


# -- real processes --------------------------------------------------------------------------------


def command(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "EINTHOVEN_HOME": str(home)}
    call = [sys.executable, "-m", "einthoven", *arguments]
    return subprocess.run(call, capture_output=True, text=True, env=environment, check=False)


def test_the_program_imports_and_tells_json_alone_on_standard_output(home: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1), "2.npz": b"no"})
    result = command("import", str(folder), "--dataset", "d", "--json", home=home)
    assert result.returncode == 3, result.stderr
    assert json.loads(result.stdout)["n_read"] == 1


def test_wrong_usage_is_exit_code_2_and_no_traceback(home: Path) -> None:
    result = command("import", home=home)
    assert result.returncode == 2 and "Traceback" not in result.stderr and not home.exists()


HEAVY = {
    "torch", "onnx", "onnxruntime", "scipy", "sklearn", "pandas", "wfdb", "pydicom", "fastapi", "uvicorn", "sqlalchemy",
    "alembic",
}  # fmt: skip
PROGRAM = """
import sys
from typer.testing import CliRunner
from einthoven.cli.app import app
for arguments in (["--help"], ["train", "--help"]):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
sys.stdout.write(" ".join(sys.modules))
"""


def test_help_loads_nothing_that_takes_long() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert not HEAVY & set(result.stdout.split())
