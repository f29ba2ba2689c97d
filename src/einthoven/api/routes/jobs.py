"""Jobs: everything that takes time, with its history, live."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from einthoven.api.routes import Here
from einthoven.jobs.queue import ENDED
from einthoven.store.types import Job, JobEvent

router = APIRouter(tags=["jobs"])
POLL_SECONDS = 0.4


@router.get("/jobs")
def jobs(
    workspace: Here,
    kind: str | None = None,
    active: bool = False,  # noqa: FBT001  a query parameter
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[Job]:
    """Jobs, newest first; `active`: only those queued or running."""
    return workspace.jobs.jobs(kind=kind, active=active, limit=limit)


@router.get("/jobs/{job}")
def job(workspace: Here, job: str) -> Job:
    return workspace.jobs.job(job)


@router.post("/jobs/{job}/cancel")
def cancel_job(workspace: Here, job: str) -> Job:
    workspace.jobs.cancel(job)
    return workspace.jobs.job(job)


@router.post("/jobs/{job}/retry", status_code=202)
def retry_job(workspace: Here, job: str) -> Job:
    """Start a job again that ended, as a new job with the same request; a `resumable` one goes on where it was."""
    return workspace.jobs.retry(job)


@router.post("/jobs/{job}/resume", status_code=202)
def resume_job(workspace: Here, job: str) -> Job:
    """Go on with a `resumable` job (an import, or a training that failed) where it was; it keeps its id."""
    return workspace.jobs.resume(job)


@router.delete("/jobs/{job}", status_code=204)
def delete_job(workspace: Here, job: str) -> None:
    workspace.jobs.delete(job)


@router.get("/jobs/{job}/events", response_class=EventSourceResponse)
async def job_events(workspace: Here, request: Request, job: str, after: int = 0) -> EventSourceResponse:
    """Server-sent events from number `after` on (or `Last-Event-ID`), until the job has ended.

    `event`: a JobEvent; its `kind` `progress` carries a Progress and, being replaced by the next, has the
    number of the event before it. `end`: the final state.
    """
    resumed = request.headers.get("last-event-id", "")
    last = int(resumed) if resumed.isascii() and resumed.isdigit() else after

    async def stream() -> AsyncIterator[ServerSentEvent]:
        number, progress = last, None
        while not await request.is_disconnected():
            # State before events: what was written before the job ended is then certainly read.
            now = await run_in_threadpool(workspace.jobs.job, job)
            for event in await run_in_threadpool(workspace.jobs.events, job, after=number):
                number = event.number
                yield ServerSentEvent(json.dumps(asdict(event)), id=str(number), event="event")
            if now.progress != progress:
                progress = now.progress
                passing = JobEvent(number, "", "progress", asdict(progress))
                yield ServerSentEvent(json.dumps(asdict(passing)), event="event")
            if now.state in ENDED:
                yield ServerSentEvent(now.state, event="end")
                return
            await asyncio.sleep(POLL_SECONDS)

    await run_in_threadpool(workspace.jobs.job, job)
    return EventSourceResponse(stream(), ping=15)


@router.get("/jobs/{job}/history")
def job_history(workspace: Here, job: str, after: int = 0) -> list[JobEvent]:
    """The events of a job as a list."""
    return workspace.jobs.events(job, after=after)


@router.get("/jobs/{job}/files/{name}", response_class=FileResponse)
def job_file(workspace: Here, job: str, name: str) -> FileResponse:
    """A file the job left behind (`predictions.csv`, ...)."""
    return FileResponse(workspace.jobs.file(job, name), filename=name)
