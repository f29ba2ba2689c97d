"""Single records: passport, signal, thumbnail, one model's answer."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from einthoven.api.routes import Here
from einthoven.workflows.requests import SinglePrediction
from einthoven.workflows.views import RecordDetail, Thumbnail

router = APIRouter(tags=["records"])


@router.get("/records/{item}")
def record(workspace: Here, item: int) -> RecordDetail:
    from einthoven.workflows import show

    return show.detail(workspace, item)


@router.get(
    "/records/{item}/signal", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
def signal(
    workspace: Here,
    item: int,
    low: Annotated[float | None, Query(description="with `high`: band-pass in Hz, for display only")] = None,
    high: float | None = None,
) -> Response:
    """float32, little-endian, `(n_leads, n_samples)` in C order at the record's own rate; NaN = missing."""
    from einthoven.workflows import show

    band = show.display_band(low, high)
    return Response(show.signal_bytes(workspace, item, band=band), media_type="application/octet-stream")


@router.get("/records/{item}/original", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def original(workspace: Here, item: int) -> Response:
    """The file the record was read from, blanked (or unchanged, if it was imported so), as a ZIP."""
    from einthoven.workflows import show

    data = show.original_archive(workspace, item)
    return Response(data, media_type="application/zip",
                    headers={"Content-Disposition": 'attachment; filename="original.zip"'})  # fmt: skip


@router.get("/thumbnails")
def thumbnails(workspace: Here, items: Annotated[list[int], Query(max_length=200)]) -> list[Thumbnail]:
    from einthoven.workflows import show

    return show.thumbnails(workspace, items)


@router.post("/records/{item}/predict")
def predict_one(workspace: Here, item: int, model: Annotated[str, Form()]) -> SinglePrediction:
    from einthoven.workflows import predict

    return predict.predict_one(workspace, item, model)
