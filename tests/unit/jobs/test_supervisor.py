"""The supervisor, with real processes that are small: what they leave undone, it ends with a reason."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from einthoven.jobs import JobQueue, Supervisor, supervisor
from einthoven.jobs.supervisor import worker_process
from einthoven.store.types import Job
from small_ecgs import new_database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="exit by signal is a matter of POSIX")


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobQueue:
    monkeypatch.setattr(supervisor, "POLL_SECONDS", 0.02)
    return JobQueue(new_database(tmp_path), tmp_path)


def running(program: str) -> Callable[[Job], "subprocess.Popen[bytes]"]:
    """A process that runs `program` in a shell instead of a worker."""
    return lambda _job: subprocess.Popen(["/bin/sh", "-c", program])


def ended(jobs: JobQueue, job_id: str, *, seconds: float = 30.0) -> Job:
    end = time.monotonic() + seconds
    while (job := jobs.job(job_id)).state in ("queued", "running"):
        assert time.monotonic() < end, f"still {job.state}"
        time.sleep(0.02)
    return job


@pytest.mark.parametrize(
    ("program", "detail", "advice"),
    [
        ("exit 7", "ended unexpectedly with code 7", "worker.log"),
        ("exit 0", "ended unexpectedly with code 0", "worker.log"),
        ("kill -9 $$", "killed by the system, most likely because memory ran out", "smaller batch"),
    ],
)
def test_a_process_that_dies_costs_its_job_and_says_why(jobs: JobQueue, program: str, detail: str, advice: str) -> None:
    job = jobs.submit("train", "", {})
    with Supervisor(jobs, running(program)):
        found = ended(jobs, job.id)
        second = ended(jobs, jobs.submit("train", "", {}).id)
    assert found.state == second.state == "failed"
    assert found.problem is not None and found.problem.error == "WorkerDied"
    assert detail in found.problem.detail and advice in found.problem.advice


def test_a_process_that_cannot_be_started_fails_its_job_and_the_next_one_still_runs(jobs: JobQueue) -> None:
    first, second = jobs.submit("train", "", {}), jobs.submit("predict", "", {})

    def start(job: Job) -> "subprocess.Popen[bytes]":
        if job.kind == "train":
            raise OSError(12, "Cannot allocate memory")
        return running("exit 3")(job)

    with Supervisor(jobs, start):
        found = ended(jobs, first.id)
        ended(jobs, second.id)
    assert found.problem is not None and "Cannot allocate memory" in found.problem.detail


def test_a_job_that_another_program_does_keeps_its_lane_busy(jobs: JobQueue, tmp_path: Path) -> None:
    # As after `kill -9` of a server whose training goes on: the next server must not start a second one beside it.
    theirs = jobs.submit("train", "theirs", {})
    assert jobs.claim("another program", job_id=theirs.id) is not None
    ours = jobs.submit("train", "ours", {})
    with Supervisor(jobs, running("true")):
        time.sleep(1.0)
        assert jobs.job(ours.id).state == "queued"
        jobs.end(theirs.id, "done")
        ended(jobs, ours.id)


def test_jobs_of_one_lane_wait_for_each_other_and_lanes_run_side_by_side(jobs: JobQueue, tmp_path: Path) -> None:
    ids = {}
    for name, kind in (("one", "train"), ("two", "train"), ("ask", "predict"), ("read", "import")):
        ids[name] = jobs.submit(kind, name, {}).id
        time.sleep(0.005)

    def start(job: Job) -> "subprocess.Popen[bytes]":
        return running(f"while [ ! -e '{tmp_path}/go {job.title}' ]; do sleep 0.02; done")(job)

    def until_running(*names: str) -> None:
        end = time.monotonic() + 20
        while {job.title for job in jobs.jobs() if job.state == "running"} != set(names):
            assert time.monotonic() < end, [(job.title, job.state) for job in jobs.jobs()]
            time.sleep(0.02)

    with Supervisor(jobs, start):
        until_running("one", "ask", "read")
        time.sleep(0.2)
        until_running("one", "ask", "read")
        (tmp_path / "go one").touch()
        until_running("two", "ask", "read")
        for name in ("two", "ask", "read"):
            (tmp_path / f"go {name}").touch()
        for name in ids:
            ended(jobs, ids[name])


def test_a_cancelled_process_that_does_not_stop_is_ended(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "CANCEL_GRACE_SECONDS", (0.1, 60.0, 60.0))
    job = jobs.submit("train", "", {})
    with Supervisor(jobs, running("sleep 60")):
        while jobs.job(job.id).state != "running":
            time.sleep(0.02)
        jobs.cancel(job.id)
        found = ended(jobs, job.id)
    assert found.state == "cancelled" and "did not stop by itself" in found.headline


@pytest.mark.parametrize(("kind", "state"), [("predict", "failed"), ("train", "queued")])
def test_leaving_ends_the_processes_and_their_jobs_fail_or_wait_to_go_on(jobs: JobQueue, kind: str, state: str) -> None:
    job = jobs.submit(kind, "", {})
    started: list[subprocess.Popen[bytes]] = []

    def start(job: Job) -> "subprocess.Popen[bytes]":
        started.append(running("exec sleep 60")(job))
        return started[-1]

    with Supervisor(jobs, start, address="http://127.0.0.1:1"):
        assert jobs.server() == "http://127.0.0.1:1"
        while not started:
            time.sleep(0.02)
    assert started[0].poll() is not None and jobs.server() is None
    left = jobs.job(job.id)
    assert left.state == state
    assert (left.problem.error if left.problem else None) == ("Interrupted" if state == "failed" else None)


def test_a_machine_that_slept_does_not_cost_the_jobs_that_still_run(
    jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a laptop's sleep every heartbeat looks old; the supervisor sees that its own process is alive."""
    from einthoven.jobs import queue

    monkeypatch.setattr(supervisor, "SERVER_BEAT_SECONDS", 0.0)
    monkeypatch.setattr(queue, "LOST_SECONDS", -1.0)
    job = jobs.submit("train", "", {})
    with Supervisor(jobs, running("sleep 1; exit 5")):
        found = ended(jobs, job.id)
    assert found.problem is not None and found.problem.error == "WorkerDied"


def test_a_supervisor_outlives_a_moment_in_which_the_database_is_locked(
    jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    claim, failures = jobs.claim, iter([True] * 3)

    def locked_at_first(worker: str, **choice: object) -> Job | None:
        if next(failures, False):
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return claim(worker, **choice)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "claim", locked_at_first)
    job = jobs.submit("train", "", {})
    with Supervisor(jobs, running("exit 5")):
        assert ended(jobs, job.id).state == "failed"


def test_a_real_worker_does_a_job_in_a_process_of_its_own(jobs: JobQueue, tmp_path: Path) -> None:
    job = jobs.submit("demonstration", "", {"n_each": "no number"})
    with Supervisor(jobs, worker_process(tmp_path, jobs)):
        found = ended(jobs, job.id, seconds=100)
    assert found.problem is not None and "n_each" in found.problem.detail
    assert found.files == ("worker.log",) and jobs.file(job.id, "worker.log").read_text() == ""
