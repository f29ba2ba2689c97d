"""Jobs in the database: any process may submit, watch or cancel; exactly one claims and runs each."""

import secrets
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from einthoven.errors import Conflict, NotFound
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.store import MAX_ROW_ID
from einthoven.store.types import Job, JobEvent, JobState, Problem, Progress
from einthoven.train.config import RESUME_FILE, TRAINED_FILE

ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
LOST_SECONDS = 60.0
"""A running job whose worker was silent for so long has lost its worker (workers speak every few seconds)."""
SERVER_SECONDS = 10.0
RESUMABLE: Mapping[str, tuple[JobState, ...]] = MappingProxyType(
    {"import": ("failed", "cancelled"), "train": ("failed",), "benchmark": ("failed",)}
)
"""Kinds of jobs that remember how far they are, and the ends from which they go on there. A training that was
cancelled has made its model of the best so far: it is through."""
MOST_ATTEMPTS = 5
"""A job whose process died so often ends as failed: something in it kills the process."""
_INSTEAD_OF_RESUMING = {
    "import": "Import the files again: what is there is not read twice into the library.",
    "train": "Train again, or train on from the model that it left.",
    "benchmark": "Start it again as a new benchmark.",
}
INTERRUPTED = Problem(
    "Interrupted", "The program ended while this was running.", "Start it again; what was finished before is kept."
)


class JobQueue:
    """The jobs of one installation. `folder/<job id>/` holds what a job leaves behind."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.folder = home / "runs"

    # --- for those who want something done --------------------------------------------------------

    def submit(self, kind: str, title: str, request: Mapping[str, Any]) -> Job:
        """Queue a job; `request` is what its workflow needs, as JSON."""
        job_id = f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4)}"
        self.path(job_id).mkdir(parents=True)
        with self.database.write() as c:
            c.execute(
                insert(t.jobs).values(
                    id=job_id, kind=kind, title=title, state="queued", created=now(), request=dict(request),
                    progress=asdict(Progress()), cancel_requested=False, headline="",
                )
            )  # fmt: skip
            _append(c, job_id, "state", {"state": "queued"})
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        with self.database.read() as c:
            row = c.execute(select(t.jobs).where(t.jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no job {job_id!r}.")
        return self._job(row)

    def job_of_kind(self, job_id: str, kind: str) -> Job:
        """`job`, or NotFound when it is of another kind."""
        job = self.job(job_id)
        if job.kind != kind:
            raise NotFound(f"Job {job_id} is no job of kind {kind!r} but of kind {job.kind!r}.")
        return job

    def jobs(self, *, kind: str | None = None, active: bool = False, limit: int = 100) -> list[Job]:
        """Newest first; `active`: only queued and running ones."""
        statement = select(t.jobs).order_by(t.jobs.c.created.desc()).limit(limit)
        if kind is not None:
            statement = statement.where(t.jobs.c.kind == kind)
        if active:
            statement = statement.where(t.jobs.c.state.in_(("queued", "running")))
        with self.database.read() as c:
            return [self._job(row) for row in c.execute(statement)]

    def events(self, job_id: str, *, after: int = 0) -> list[JobEvent]:
        """What happened since event number `after`, in order."""
        with self.database.read() as c:
            rows = c.execute(
                select(t.events)
                .where(t.events.c.job_id == job_id, t.events.c.number > max(0, min(after, MAX_ROW_ID)))
                .order_by(t.events.c.number)
            ).all()
        return [JobEvent(row.number, row.time, row.kind, row.data) for row in rows]

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop: a queued one ends at once, a running one at its next safe moment."""
        job = self.job(job_id)
        with self.database.write() as c:
            active = t.jobs.c.state.in_(("queued", "running"))
            c.execute(update(t.jobs).where(t.jobs.c.id == job_id, active).values(cancel_requested=True))
            ended = c.execute(
                update(t.jobs)
                .where(t.jobs.c.id == job_id, t.jobs.c.state == "queued")
                .values(state="cancelled", finished=now(), headline="Cancelled before it began.")
            ).rowcount
            if ended:
                _append(c, job_id, "state", {"state": "cancelled"})
            elif job.state == "running":
                _append(c, job_id, "log", {"text": "Cancelling …"})

    def retry(self, job_id: str) -> Job:
        """A new job with the request of one that ended; one that remembers how far it was goes on itself.

        An import is never begun anew: what its files were is forgotten when it is through.
        """
        job = self.job(job_id)
        if job.state not in ENDED:
            raise Conflict(f"Job {job_id} is still {job.state}.", advice="Cancel it first.")
        if job.resumable or job.kind == "import":
            return self.resume(job_id)
        return self.submit(job.kind, job.title, job.request)

    def resume(self, job_id: str) -> Job:
        """Queue a job again that failed (an import also when cancelled): it goes on where it was."""
        job = self.job(job_id)
        if not job.resumable:
            raise Conflict(
                f"Job {job_id} is {job.state} and cannot go on.",
                advice=_INSTEAD_OF_RESUMING.get(job.kind, "Start it again as a new job."),
            )
        again = {
            "state": "queued", "cancel_requested": False, "finished": None, "headline": "", "problem": None,
            "worker": None, "attempts": 0,
        }  # fmt: skip
        with self.database.write() as c:
            ended = t.jobs.c.state.in_(RESUMABLE[job.kind])
            if c.execute(update(t.jobs).where(t.jobs.c.id == job_id, ended).values(**again)).rowcount:
                _append(c, job_id, "state", {"state": "queued"})
        return self.job(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job that ended, with the files it left behind."""
        if self.job(job_id).state not in ENDED:
            raise Conflict(f"Job {job_id} is still running.", advice="Cancel it first.")
        with self.database.write() as c:
            c.execute(delete(t.jobs).where(t.jobs.c.id == job_id))
            c.execute(delete(t.finished_files).where(t.finished_files.c.job_id == job_id))
        shutil.rmtree(self.path(job_id), ignore_errors=True)

    def path(self, job_id: str) -> Path:
        return self.folder / job_id

    def file(self, job_id: str, name: str) -> Path:
        """A file the job left behind; NotFound for anything that is not directly in its folder."""
        path = self.path(self.job(job_id).id) / name
        if Path(name).name != name or name.startswith(".") or not path.is_file():
            raise NotFound(f"Job {job_id} left no file {name!r}.")
        return path

    # --- for those who do it ----------------------------------------------------------------------

    def claim(self, worker: str, *, job_id: str | None = None, kinds: Collection[str] | None = None) -> Job | None:
        """Take the oldest queued job (or this one), so that nobody else does; None when there is none."""
        oldest = select(t.jobs.c.id).where(t.jobs.c.state == "queued").order_by(t.jobs.c.created).limit(1)
        if job_id is not None:
            oldest = oldest.where(t.jobs.c.id == job_id)
        if kinds is not None:
            oldest = oldest.where(t.jobs.c.kind.in_(kinds))
        with self.database.read() as c:
            if c.scalar(oldest) is None:
                return None
        with self.database.write() as c:
            found = c.scalar(oldest)
            if found is None:
                return None
            c.execute(
                update(t.jobs)
                .where(t.jobs.c.id == found)
                .values(
                    state="running",
                    started=now(),
                    worker=worker,
                    heartbeat=time.time(),
                    attempts=t.jobs.c.attempts + 1,
                )
            )
            _append(c, found, "state", {"state": "running"})
        return self.job(found)

    def busy(self, kinds: Collection[str]) -> bool:
        """Whether a living worker, of whatever program, does a job of these kinds."""
        with self.database.read() as c:
            statement = select(func.count()).where(
                t.jobs.c.state == "running",
                t.jobs.c.kind.in_(kinds),
                t.jobs.c.heartbeat > time.time() - LOST_SECONDS,
            )
            return bool(c.scalar(statement))

    def end(self, job_id: str, state: JobState, *, headline: str = "", problem: Problem | None = None) -> None:
        """Mark a running job as ended; one that ended already stays as it is."""
        with self.database.write() as c:
            changed = c.execute(
                update(t.jobs)
                .where(t.jobs.c.id == job_id, t.jobs.c.state == "running")
                .values(
                    state=state,
                    finished=now(),
                    headline=headline or (problem.detail if problem else ""),
                    problem=asdict(problem) if problem else None,
                )
            ).rowcount
            if changed:
                data = {"state": state, "headline": headline, "problem": asdict(problem) if problem else None}
                _append(c, job_id, "state", data)

    def append(self, job_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Add one event to a job's history."""
        with self.database.write() as c:
            _append(c, job_id, kind, data)

    def set_progress(self, job_id: str, progress: Progress) -> None:
        with self.database.write() as c:
            c.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(progress=asdict(progress)))

    def beat(self, job_id: str) -> bool:
        """Say that the worker is alive; answers whether the job should stop."""
        with self.database.write() as c:
            c.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(heartbeat=time.time()))
            return bool(c.scalar(select(t.jobs.c.cancel_requested).where(t.jobs.c.id == job_id)))

    def cancel_requested(self, job_id: str) -> bool:
        with self.database.read() as c:
            return bool(c.scalar(select(t.jobs.c.cancel_requested).where(t.jobs.c.id == job_id)))

    def end_lost(self, *, but: Collection[str] = ()) -> None:
        """Fail the running jobs whose worker has gone silent: killed, or the machine was switched off.

        `but`: jobs whose process is known to be alive. After a laptop's sleep every worker looks silent.
        """
        with self.database.read() as c:
            lost = c.scalars(
                select(t.jobs.c.id).where(t.jobs.c.state == "running", t.jobs.c.heartbeat < time.time() - LOST_SECONDS)
            ).all()
        for job_id in set(lost) - set(but):
            self.interrupt(job_id, INTERRUPTED)

    def interrupt(self, job_id: str, problem: Problem) -> None:
        """A running job lost its process: one that remembers how far it was is queued again, any other failed."""
        with self.database.write() as c:
            running = (t.jobs.c.id == job_id) & (t.jobs.c.state == "running")
            goes_on = c.execute(
                update(t.jobs)
                .where(running, t.jobs.c.kind.in_(tuple(RESUMABLE)), ~t.jobs.c.cancel_requested)
                .where(t.jobs.c.attempts < MOST_ATTEMPTS)
                .values(state="queued", worker=None)
            ).rowcount
            if goes_on:
                _append(c, job_id, "state", {"state": "queued"})
                return
        self.end(job_id, "failed", problem=problem)

    # --- how far a job is that can go on ------------------------------------------------------------

    def finished_files(self, job_id: str) -> tuple[frozenset[str], Mapping[str, Any] | None]:
        """Keys of the files that an import has dealt with, and what it had counted; None for one that begins."""
        with self.database.read() as c:
            keys = c.scalars(select(t.finished_files.c.key).where(t.finished_files.c.job_id == job_id)).all()
            checkpoint = c.scalar(select(t.jobs.c.checkpoint).where(t.jobs.c.id == job_id))
        return frozenset(keys), checkpoint

    def note_files(self, c: Connection, job_id: str, keys: Sequence[str], checkpoint: Mapping[str, Any]) -> None:
        """Remember, in the transaction that writes what they brought, that these files are dealt with."""
        rows = [{"job_id": job_id, "key": key} for key in dict.fromkeys(keys)]
        if rows:
            c.execute(insert(t.finished_files).prefix_with("OR IGNORE"), rows)
        c.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(checkpoint=dict(checkpoint)))

    def forget_files(self, job_id: str, *, request: Mapping[str, Any]) -> None:
        """The import is through: forget which files it was, also in its request (`request` replaces what it says)."""
        with self.database.write() as c:
            c.execute(delete(t.finished_files).where(t.finished_files.c.job_id == job_id))
            stored = c.scalar(select(t.jobs.c.request).where(t.jobs.c.id == job_id))
            if stored is not None:
                values = {"request": {**stored, **request}, "checkpoint": None}
                c.execute(update(t.jobs).where(t.jobs.c.id == job_id).values(**values))
        self.database.forget_past()

    def forget_old_requests(self, days: int) -> None:
        """Imports that ended long ago without being done are not gone on with: forget which files they were."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
        with self.database.read() as c:
            mine = select(t.jobs.c.id).where(
                t.jobs.c.kind == "import",
                t.jobs.c.state.in_(RESUMABLE["import"]),
                t.jobs.c.finished < limit,
                func.json_array_length(t.jobs.c.request, "$.paths") > 0,
            )
            old = c.scalars(mine).all()
        for job_id in old:
            self.forget_files(job_id, request={"paths": []})

    def _knows_how_far(self, kind: str, job_id: str) -> bool:
        """Whether what is needed to go on is there; a training that diverged leaves nothing, as it would again."""
        kept = (found for name in (RESUME_FILE, TRAINED_FILE) for found in self.path(job_id).glob(f"**/{name}"))
        return kind != "train" or any(kept)

    # --- whether a server does it -----------------------------------------------------------------

    def beat_server(self, server: str, address: str) -> None:
        with self.database.write() as c:
            c.execute(delete(t.servers).where(t.servers.c.id == server))
            c.execute(insert(t.servers).values(id=server, address=address, heartbeat=time.time()))

    def leave_server(self, server: str) -> None:
        with self.database.write() as c:
            c.execute(delete(t.servers).where(t.servers.c.id == server))

    def server(self) -> str | None:
        """Address of a server that is up on this installation, or None."""
        with self.database.read() as c:
            address: str | None = c.scalar(
                select(t.servers.c.address).where(t.servers.c.heartbeat > time.time() - SERVER_SECONDS).limit(1)
            )
            return address

    def _job(self, row: Row[Any]) -> Job:
        folder = self.path(row.id)
        files = (
            sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
            if folder.is_dir()
            else []
        )
        return Job(
            id=row.id, kind=row.kind, title=row.title, state=row.state, created=row.created, started=row.started,
            finished=row.finished, progress=Progress(**row.progress), cancel_requested=row.cancel_requested,
            headline=row.headline, problem=Problem(**row.problem) if row.problem else None, files=tuple(files),
            request=row.request,
            resumable=row.state in RESUMABLE.get(row.kind, ()) and self._knows_how_far(row.kind, row.id),
        )  # fmt: skip


def _append(c: Any, job_id: str, kind: str, data: Mapping[str, Any]) -> None:
    last = c.scalar(select(func.max(t.events.c.number)).where(t.events.c.job_id == job_id)) or 0
    c.execute(insert(t.events).values(job_id=job_id, number=last + 1, time=now(), kind=kind, data=dict(data)))
