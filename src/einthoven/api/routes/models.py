"""Models: list, rename, delete, export, take in."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile

from einthoven.api.routes import Here
from einthoven.workflows.views import ModelView

router = APIRouter(tags=["models"])


@router.get("/models")
def models(workspace: Here) -> list[ModelView]:
    from einthoven.workflows import share

    return share.views(workspace)


@router.get("/models/{model}")
def model(workspace: Here, model: str) -> ModelView:
    from einthoven.workflows import share

    return share.view(workspace, model)


@router.post("/models", status_code=201)
def take_in_model(
    workspace: Here, file: Annotated[UploadFile, File()], name: Annotated[str | None, Form()] = None
) -> ModelView:
    """Take in an exported `.onnx` or bundle."""
    from einthoven.workflows import share

    return share.take_in(workspace, file.filename or "model.onnx", file.file.read(), name=name)


@router.patch("/models/{model}")
def rename_model(workspace: Here, model: str, name: Annotated[str, Form()]) -> ModelView:
    from einthoven.workflows import share

    return share.view(workspace, workspace.models.rename(model, name))


@router.delete("/models/{model}", status_code=204)
def delete_model(workspace: Here, model: str) -> None:
    workspace.models.delete(model)


@router.get("/models/{model}/export", response_class=Response)
def export_model(workspace: Here, model: str, form: Literal["onnx", "bundle"] = "bundle") -> Response:
    """The bare ONNX, or the bundle: ONNX, weights, statistics."""
    from einthoven.workflows import share

    file_name, data = share.exported(workspace, model, form=form)
    return Response(data, media_type="application/octet-stream",
                    headers={"Content-Disposition": f'attachment; filename="{file_name}"'})  # fmt: skip
