"""`einthoven resume`: what can be gone on with after a program was killed, by which names, and what is said."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from einthoven import Workbench, errors
from einthoven.store import tables as t
from einthoven.train.config import RESUME_FILE
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import ImportRequest, TrainRequest
from einthoven.workflows.workspace import Workspace
from small_ecgs import npz, write

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "in", {"1.npz": npz(1), "2.npz": npz(2)})


def killed(workspace: Workspace, kind: str, title: str, request: object, *, seconds_ago: float = 100.0) -> str:
    """A job whose program was killed so long ago."""
    job = workspace.jobs.submit(kind, title, to_plain(request))
    workspace.jobs.claim("killed", job_id=job.id)
    (workspace.jobs.path(job.id) / RESUME_FILE).write_bytes(b"")
    with workspace.database.write() as c:
        c.execute(update(t.jobs).where(t.jobs.c.id == job.id).values(heartbeat=time.time() - seconds_ago))
    return job.id


def killed_import(workspace: Workspace, folder: Path, *, seconds_ago: float = 100.0) -> str:
    request = ImportRequest("d", (str(folder),))
    return killed(workspace, "import", "Import into d", request, seconds_ago=seconds_ago)


def killed_training(workspace: Workspace, name: str = "k9") -> str:
    return killed(workspace, "train", f"Train {name} on d", TrainRequest("d", "nothing", name=name))


def test_a_command_says_at_its_start_which_job_it_is_and_how_to_go_on(
    run: Run, folder: Path, workspace: Workspace
) -> None:
    said = run("import", folder, "--dataset", "d")
    (job,) = workspace.jobs.jobs()
    assert f"Job {job.id}. If it is interrupted: einthoven resume {job.id}\n" in said.err and job.id not in said.out
    quiet = run("import", folder, "--dataset", "d", "--json")
    assert quiet.json["n_already_there"] == 2 and "Job" not in quiet.err


def test_the_command_to_go_on_names_a_home_that_is_not_the_usual_one(run: Run, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "an other"
    said = run("import", folder, "--dataset", "d", "--home", other)
    assert f"--home '{other}'\n" in said.err


def test_without_a_name_it_lists_what_can_be_gone_on_with(run: Run, folder: Path, workspace: Workspace) -> None:
    assert "nothing to go on with" in run("resume").out and run("resume", "--json").json == []
    training, cut_off = killed_training(workspace), killed_import(workspace, folder)
    running = killed_import(workspace, folder, seconds_ago=1.0)
    done = workspace.jobs.submit("train", "Train other on d", to_plain(TrainRequest("d", "t", name="other")))
    workspace.jobs.cancel(done.id)
    said = run("resume")
    lines = {line.split()[0]: " ".join(line.split()) for line in said.out.splitlines() if line.strip()}
    assert f"{training} train Train k9 on d" in lines[training] and lines[training].endswith("interrupted")
    assert f"{cut_off} import Import into d" in lines[cut_off]
    assert lines[running].endswith("running, or ended less than a minute ago")
    assert done.id not in said.out and "einthoven resume JOB" in said.out
    listed = run("resume", "--json").json
    assert {one["id"] for one in listed} == {training, cut_off, running}
    assert {"id", "kind", "title", "created", "state"} == set(listed[0])


def test_an_import_that_was_killed_goes_on(run: Run, folder: Path, workspace: Workspace) -> None:
    said = run("resume", killed_import(workspace, folder))
    assert said.code == 0 and "d: 2 ECGs read" in said.out


def test_a_training_is_gone_on_with_by_the_name_of_its_model(run: Run, workspace: Workspace) -> None:
    workspace.store.create_dataset("d")
    killed_training(workspace)
    said = run("resume", "k9")
    # It was begun again, with its request.
    assert said.code == 1 and "no task 'nothing'" in said.text


def test_of_two_trainings_of_one_name_the_job_must_be_said(run: Run, workspace: Workspace) -> None:
    both = [killed_training(workspace), killed_training(workspace)]
    said = run("resume", "k9")
    assert said.code == 1 and "2 trainings of 'k9'" in said.text and all(job in said.text for job in both)


def test_what_is_not_there_is_refused_with_the_way_to_the_list(run: Run) -> None:
    said = run("resume", "k9")
    assert said.code == 1 and "no job 'k9'" in said.text and "`einthoven resume` without a name" in said.text


def test_within_a_minute_it_says_to_wait_a_minute(run: Run, folder: Path, workspace: Workspace) -> None:
    said = run("resume", killed_import(workspace, folder, seconds_ago=5.0))
    assert said.code == 1 and "seems to be running still, or was ended less than a minute ago" in said.text
    assert "Wait a minute" in said.text and "cannot go on" not in said.text


def test_a_kind_that_does_not_go_on_is_refused(run: Run, workspace: Workspace) -> None:
    job = workspace.jobs.submit("predict", "Predict", {"model": "m"})
    said = run("resume", job.id)
    assert said.code == 1 and "cannot go on" in said.text


# -- the same from Python --------------------------------------------------------------------------


def test_the_workbench_goes_on_too(folder: Path, workspace: Workspace) -> None:
    bench = Workbench(workspace.home)
    assert bench.unfinished() == []
    job = killed_import(workspace, folder)
    assert [one.id for one in bench.unfinished()] == [job]
    outcome = bench.resume(job)
    assert (outcome.dataset, getattr(outcome, "n_read", 0)) == ("d", 2)
    assert bench.unfinished() == [] and bench.workspace.jobs.job(job).state == "done"
    with pytest.raises(errors.Conflict, match="is done and cannot go on"):
        bench.resume(job)
    with pytest.raises(errors.NotFound, match="no job 'nobody'"):
        bench.resume("nobody")
    with pytest.raises(errors.Conflict, match="less than a minute ago"):
        bench.resume(killed_import(workspace, folder, seconds_ago=1.0))


def test_the_workbench_finds_a_training_by_the_name_of_its_model(workspace: Workspace) -> None:
    workspace.store.create_dataset("d")
    killed_training(workspace)
    with pytest.raises(errors.NotFound, match="no task 'nothing'"):
        Workbench(workspace.home).resume("k9")
