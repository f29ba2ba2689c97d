"""The queue: stored state, claimed once, a history that can be replayed."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import update

from einthoven.errors import Cancelled, Conflict, NotFound
from einthoven.jobs import JobQueue, queue, reporter, stop_if_cancelled
from einthoven.jobs.reporter import StoredReporter
from einthoven.results import Epoch, Failure
from einthoven.store import tables as t
from einthoven.store.database import Database
from einthoven.store.types import JobState, Problem, Progress
from einthoven.train.config import RESUME_FILE
from small_ecgs import new_database


@pytest.fixture
def jobs(tmp_path: Path) -> JobQueue:
    return JobQueue(new_database(tmp_path), tmp_path)


def states(jobs: JobQueue, job_id: str) -> list[str]:
    return [event.data["state"] for event in jobs.events(job_id) if event.kind == "state"]


def test_a_submitted_job_is_queued_with_its_request_and_a_folder(jobs: JobQueue) -> None:
    job = jobs.submit("predict", "Predict", {"model": "m", "folds": [1, 2]})
    assert (job.kind, job.title, job.state, job.request) == (
        "predict",
        "Predict",
        "queued",
        {"model": "m", "folds": [1, 2]},
    )
    assert jobs.path(job.id).is_dir() and job.files == () and states(jobs, job.id) == ["queued"]
    assert jobs.job(job.id) == job and jobs.jobs() == [job]


def test_an_unknown_job_is_not_found(jobs: JobQueue) -> None:
    for call in (jobs.job, jobs.cancel, jobs.retry, jobs.delete):
        with pytest.raises(NotFound, match="no job 'x'"):
            call("x")


def test_each_job_is_claimed_exactly_once_by_many_threads_of_many_programs(jobs: JobQueue, tmp_path: Path) -> None:
    submitted = {jobs.submit("train", str(number), {}).id for number in range(12)}
    claimed: list[str] = []

    def work(name: str) -> None:
        mine = JobQueue(Database(tmp_path / "einthoven.db"), tmp_path)
        while (job := mine.claim(name)) is not None:
            assert job.state == "running"
            claimed.append(job.id)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 12 and set(claimed) == submitted
    assert all(states(jobs, job_id) == ["queued", "running"] for job_id in submitted)


def test_the_oldest_job_of_the_wanted_kinds_is_claimed_first(jobs: JobQueue) -> None:
    ids = []
    for kind in ("train", "predict", "predict"):
        ids.append(jobs.submit(kind, "", {}).id)
        time.sleep(0.005)
    assert [job.id for job in jobs.jobs()] == ids[::-1]
    assert [job.id for job in jobs.jobs(kind="predict", limit=1)] == [ids[2]]
    first = jobs.claim("w", kinds={"predict", "evaluate"})
    assert first is not None and first.id == ids[1]
    assert jobs.claim("w", job_id=ids[1]) is None
    assert [job.id for job in jobs.jobs(active=True)] == ids[::-1]
    chosen = jobs.claim("w", job_id=ids[2])
    assert chosen is not None and chosen.id == ids[2]
    assert jobs.claim("w", kinds={"evaluate"}) is None


def test_events_are_numbered_without_gaps_and_replayed_from_a_number(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    other = jobs.submit("train", "", {})
    for number in range(5):
        jobs.append(job.id, "log", {"text": f"line {number}"})
        jobs.append(other.id, "log", {"text": "not this one"})
    assert [event.number for event in jobs.events(job.id)] == [1, 2, 3, 4, 5, 6]
    assert [event.data["text"] for event in jobs.events(job.id, after=4)] == ["line 3", "line 4"]
    assert jobs.events(job.id, after=6) == []


def test_a_queued_job_is_cancelled_at_once_and_never_claimed(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    jobs.cancel(job.id)
    assert jobs.job(job.id).state == "cancelled" and jobs.job(job.id).headline == "Cancelled before it began."
    assert jobs.claim("w") is None and states(jobs, job.id) == ["queued", "cancelled"]


def test_a_running_job_is_asked_to_stop_and_ends_itself(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    jobs.claim("w")
    assert not jobs.beat(job.id)
    jobs.cancel(job.id)
    assert jobs.job(job.id).state == "running" and jobs.cancel_requested(job.id) and jobs.beat(job.id)
    jobs.end(job.id, "cancelled", headline="stopped")
    assert jobs.job(job.id).state == "cancelled"


def test_what_ended_stays_as_it_ended(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    jobs.end(job.id, "done")
    assert jobs.job(job.id).state == "queued", "only a running job can end"
    jobs.claim("w")
    jobs.end(job.id, "failed", problem=Problem("E", "it broke", "mend it"))
    jobs.end(job.id, "done", headline="no")
    jobs.cancel(job.id)
    ended = jobs.job(job.id)
    assert (ended.state, ended.headline, ended.problem) == ("failed", "it broke", Problem("E", "it broke", "mend it"))
    assert states(jobs, job.id) == ["queued", "running", "failed"] and not ended.cancel_requested


def silent_for(jobs: JobQueue, job_id: str, seconds: float) -> None:
    with jobs.database.write() as c:
        c.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(heartbeat=time.time() - seconds))


def test_a_job_whose_worker_went_silent_fails_with_the_reason(jobs: JobQueue) -> None:
    lost, alive, ours = (jobs.submit("predict", "", {}).id for _ in range(3))
    for job_id in (lost, alive, ours):
        jobs.claim("w", job_id=job_id)
    silent_for(jobs, lost, queue.LOST_SECONDS + 5)
    silent_for(jobs, ours, queue.LOST_SECONDS + 5)
    jobs.end_lost(but={ours})
    problem = jobs.job(lost).problem
    assert jobs.job(lost).state == "failed" and problem is not None and "ended while this was running" in problem.detail
    assert jobs.job(alive).state == "running" and jobs.job(ours).state == "running"
    jobs.end_lost()
    assert jobs.job(ours).state == "failed"


def leave_what_is_needed(jobs: JobQueue, job: str) -> None:
    """What a training keeps after each epoch."""
    jobs.path(job).mkdir(parents=True, exist_ok=True)
    (jobs.path(job) / RESUME_FILE).write_bytes(b"")


def test_a_training_whose_process_dies_goes_on_by_itself_but_not_for_ever(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {}).id
    for _ in range(queue.MOST_ATTEMPTS - 1):
        jobs.claim("w", job_id=job)
        silent_for(jobs, job, queue.LOST_SECONDS + 5)
        jobs.end_lost()
        assert jobs.job(job).state == "queued"
    jobs.claim("w", job_id=job)
    jobs.interrupt(job, queue.INTERRUPTED)
    assert jobs.job(job).state == "failed" and not jobs.job(job).resumable
    leave_what_is_needed(jobs, job)
    assert jobs.job(job).resumable


def test_a_training_whose_process_dies_after_it_was_cancelled_does_not_go_on(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {}).id
    jobs.claim("w", job_id=job)
    jobs.cancel(job)
    jobs.interrupt(job, queue.INTERRUPTED)
    assert jobs.job(job).state == "failed"


def test_a_training_that_failed_goes_on_and_one_that_was_cancelled_begins_anew(jobs: JobQueue) -> None:
    def ended(kind: str, state: JobState) -> str:
        job = jobs.submit(kind, "", {"seed": 1}).id
        jobs.claim("w", job_id=job)
        jobs.end(job, state, problem=Problem("DiskFull", "The disk is full.", "") if state == "failed" else None)
        return job

    failed = ended("train", "failed")
    assert not jobs.job(failed).resumable  # as one that diverged: it would diverge again
    leave_what_is_needed(jobs, failed)
    assert jobs.job(failed).resumable
    for again in (jobs.resume, jobs.retry):
        went_on = again(failed)
        assert (went_on.id, went_on.state, went_on.problem) == (failed, "queued", None)
        assert not went_on.resumable and jobs.claim("w", job_id=failed) is not None
        jobs.end(failed, "failed")
    for state in ("cancelled", "done"):
        over = ended("train", state)  # type: ignore[arg-type]
        assert not jobs.job(over).resumable
        with pytest.raises(Conflict, match=r"cannot go on.*Train again"):
            jobs.resume(over)
        assert jobs.retry(over).id != over and jobs.job(over).state == state
    assert jobs.job(ended("import", "cancelled")).resumable and not jobs.job(ended("predict", "failed")).resumable


def test_only_imports_forget_which_files_they_were(jobs: JobQueue) -> None:
    kept = {}
    for kind in ("import", "train"):
        kept[kind] = jobs.submit(kind, "", {"paths": ["a.csv"], "dataset": "d"}).id
        jobs.claim("w", job_id=kept[kind])
        jobs.end(kept[kind], "failed")
    jobs.forget_old_requests(-1)
    assert jobs.job(kept["import"]).request["paths"] == [] and jobs.job(kept["train"]).request["paths"] == ["a.csv"]


def test_only_what_ended_can_be_repeated_or_deleted(jobs: JobQueue) -> None:
    job = jobs.submit("train", "Train", {"seed": 3})
    for call in (jobs.retry, jobs.delete):
        with pytest.raises(Conflict, match="Cancel it first"):
            call(job.id)
    jobs.cancel(job.id)
    again = jobs.retry(job.id)
    assert again.id != job.id and (again.state, again.title, again.request) == ("queued", "Train", {"seed": 3})
    (jobs.path(job.id) / "left.txt").write_text("x")
    jobs.delete(job.id)
    assert not jobs.path(job.id).exists() and jobs.events(job.id) == []
    assert [left.id for left in jobs.jobs()] == [again.id]


def test_a_file_that_a_job_left_is_found_and_nothing_else_is(jobs: JobQueue, tmp_path: Path) -> None:
    job, other = jobs.submit("train", "", {}), jobs.submit("train", "", {})
    folder = jobs.path(job.id)
    (folder / "result.csv").write_text("a")
    (folder / ".part").write_text("hidden")
    (folder / "inner").mkdir()
    (folder / "inner" / "x").write_text("x")
    (jobs.path(other.id) / "secret").write_text("s")
    assert jobs.file(job.id, "result.csv").read_text() == "a" and jobs.job(job.id).files == ("result.csv",)
    outside = ("", ".", "..", ".part", "inner", "inner/x", f"../{other.id}/secret", "../../einthoven.db", "/etc/passwd")
    for name in (*outside, "..\\x", "a\0b", "no.txt"):
        with pytest.raises(NotFound, match="left no file"):
            jobs.file(job.id, name)
    for job_id in ("..", ".", "../..", ""):
        with pytest.raises(NotFound, match="no job"):
            jobs.file(job_id, "einthoven.db")


def test_a_server_is_known_while_it_says_so(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.server() is None
    jobs.beat_server("s", "http://127.0.0.1:8000")
    jobs.beat_server("s", "http://127.0.0.1:8000")
    assert jobs.server() == "http://127.0.0.1:8000"
    monkeypatch.setattr(queue, "SERVER_SECONDS", -1)
    assert jobs.server() is None
    monkeypatch.undo()
    jobs.leave_server("s")
    assert jobs.server() is None


# -- the reporter ----------------------------------------------------------------------------------


def test_a_reporter_writes_what_happens_into_the_history(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    jobs.claim("w")
    with StoredReporter(jobs, job.id) as report:
        assert report.folder == jobs.path(job.id)
        report.log("hello")
        report.epoch(Epoch(1, 0.5, 0.6, None, 0.001, 2.0))
        report.failure(Failure("a.csv", "FormatError", "broken"))
        report.progress(1, 4, "ECGs")
    kinds = [event.kind for event in jobs.events(job.id)]
    assert kinds == ["state", "state", "log", "epoch", "failure"]
    assert jobs.job(job.id).progress == Progress(1, 4, "ECGs", None)
    assert jobs.events(job.id, after=3)[0].data["validation_loss"] == 0.6


def test_progress_is_written_rarely_but_its_end_always(jobs: JobQueue) -> None:
    job = jobs.submit("train", "", {})
    report = StoredReporter(jobs, job.id)
    for done in range(101):
        report.progress(done, 100, "ECGs")
        if done == 50:
            assert jobs.job(job.id).progress.done < 50
    assert jobs.job(job.id).progress.done == 100


def test_a_reporter_hears_that_the_job_was_cancelled(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "BEAT_SECONDS", 0.01)
    job = jobs.submit("train", "", {})
    jobs.claim("w")
    with StoredReporter(jobs, job.id) as report:
        stop_if_cancelled(report)
        jobs.cancel(job.id)
        until(report.cancel_requested)
        with pytest.raises(Cancelled):
            stop_if_cancelled(report)


def test_a_reporter_outlives_a_moment_in_which_the_database_is_locked(
    jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    monkeypatch.setattr(reporter, "BEAT_SECONDS", 0.01)
    job = jobs.submit("train", "", {})
    jobs.claim("w")
    beat, failures = jobs.beat, iter([True] * 3)

    def locked_at_first(job_id: str) -> bool:
        if next(failures, False):
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return beat(job_id)

    monkeypatch.setattr(jobs, "beat", locked_at_first)
    jobs.cancel(job.id)
    with StoredReporter(jobs, job.id) as report:
        until(report.cancel_requested)


def until(true: object, *, seconds: float = 20.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
