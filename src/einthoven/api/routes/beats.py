"""Beats of single records: measured, corrected by hand, looked at, exported; and measurings of many."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from einthoven.api.routes import Here
from einthoven.store.types import Job
from einthoven.workflows.measurements import (
    DEFAULT_METHOD,
    AlignedView,
    Export,
    FileFormat,
    MeasuredRecord,
    MeasureOutcome,
    MeasureRequest,
    MedianSource,
    MedianView,
    NewCorrection,
    OverlayView,
)
from einthoven.workflows.views import Availability

router = APIRouter(tags=["beats"])
Method = Annotated[str, Query(description="name of a delineator")]
Lead = Annotated[str | None, Query(description="name of a lead; left out: II, or the first")]
BINARY: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get("/delineators")
def delineators() -> list[Availability]:
    """Every way of finding waves, usable here or not."""
    from einthoven.workflows import beats

    return beats.delineators()


@router.get("/records/{item}/beats")
def measured(workspace: Here, item: int, method: Method = DEFAULT_METHOD) -> MeasuredRecord:
    """The beats of a record and what is measured on them; or why there are none."""
    from einthoven.workflows import beats

    return beats.measured(workspace, item, method)


@router.put("/records/{item}/beats/corrections")
def correct(workspace: Here, item: int, new: NewCorrection, method: Method = DEFAULT_METHOD) -> MeasuredRecord:
    """Set a time by hand; it wins over the algorithm, and the measurements follow.

    Without `who`, the name in the preferences is taken, and without one there it is refused; `corrections` of the
    answer state under which name each is kept. The first `who` becomes the name in the preferences.
    """
    from einthoven.workflows import beats

    return beats.correct(workspace, item, new, method)


@router.delete("/records/{item}/beats/corrections")
def take_back_corrections(workspace: Here, item: int, method: Method = DEFAULT_METHOD) -> MeasuredRecord:
    """Take all corrections of a record back."""
    from einthoven.workflows import beats

    return beats.take_back(workspace, item, None, method)


@router.delete("/records/{item}/beats/corrections/{correction}")
def take_back_correction(
    workspace: Here, item: int, correction: int, method: Method = DEFAULT_METHOD
) -> MeasuredRecord:
    from einthoven.workflows import beats

    return beats.take_back(workspace, item, correction, method)


@router.get("/records/{item}/beats/overlay")
def overlay(workspace: Here, item: int, lead: Lead = None, method: Method = DEFAULT_METHOD) -> OverlayView:
    """All beats of a lead around R; the samples are at `overlay.f32`."""
    from einthoven.workflows import beats

    return beats.overlay_view(workspace, item, lead, method)[0]


@router.get("/records/{item}/beats/overlay.f32", response_class=Response, responses=BINARY)
def overlay_samples(workspace: Here, item: int, lead: Lead = None, method: Method = DEFAULT_METHOD) -> Response:
    """float32, little-endian, `(beats, n_samples)` in C order; NaN = not recorded."""
    from einthoven.workflows import beats

    return _samples(beats.overlay_view(workspace, item, lead, method)[1])


@router.get("/records/{item}/beats/median")
def median(workspace: Here, item: int, source: MedianSource = "own", method: Method = DEFAULT_METHOD) -> MedianView:
    """A median beat of each lead, ours or that of Rlign; the samples are at `median.f32`."""
    from einthoven.workflows import beats

    return beats.median_view(workspace, item, source, method)[0]


@router.get("/records/{item}/beats/median.f32", response_class=Response, responses=BINARY)
def median_samples(
    workspace: Here, item: int, source: MedianSource = "own", method: Method = DEFAULT_METHOD
) -> Response:
    """float32, little-endian, `(n_leads, n_samples)` in C order; NaN = not recorded."""
    from einthoven.workflows import beats

    return _samples(beats.median_view(workspace, item, source, method)[1])


@router.get("/records/{item}/beats/aligned")
def aligned(workspace: Here, item: int, method: Method = DEFAULT_METHOD) -> AlignedView:
    """The time-aligned ECG of Rlign; the samples are at `aligned.f32`."""
    from einthoven.workflows import beats

    return beats.aligned_view(workspace, item, method)[0]


@router.get("/records/{item}/beats/aligned.f32", response_class=Response, responses=BINARY)
def aligned_samples(workspace: Here, item: int, method: Method = DEFAULT_METHOD) -> Response:
    """float32, little-endian, `(n_leads, n_samples)` in C order; NaN = not recorded."""
    from einthoven.workflows import beats

    return _samples(beats.aligned_view(workspace, item, method)[1])


@router.get("/records/{item}/beats/export/{what}.{file_format}", response_class=Response, responses=BINARY)
def export_beats(
    workspace: Here,
    item: int,
    what: Export,
    file_format: FileFormat,
    lead: Lead = None,
    method: Method = DEFAULT_METHOD,
) -> Response:
    """One export of one record as a file."""
    from einthoven.workflows import beats

    name, data = beats.exported(workspace, item, what, file_format, lead=lead, method=method)
    return Response(data, media_type=beats.MEDIA_TYPES[file_format],
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


@router.post("/measurements", status_code=202)
def start_measuring(workspace: Here, request: MeasureRequest) -> Job:
    return workspace.submit("measure", request)


@router.get("/measurements/{job}")
def measurements(workspace: Here, job: str) -> MeasureOutcome | None:
    """What a finished measuring found; null while it runs. Its files are at `/api/jobs/{job}/files/{name}`."""
    from einthoven.workflows import measure

    return measure.outcome(workspace, job)


def _samples(data: bytes) -> Response:
    return Response(data, media_type="application/octet-stream")
