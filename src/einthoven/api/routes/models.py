"""Models: list, rename, delete, export, look at a file, take in."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile

from einthoven.api.routes import Here
from einthoven.onnx.foreign.inspecting import ForeignModel
from einthoven.workflows.views import ModelView

router = APIRouter(tags=["models"])
Hints = Annotated[
    str,
    Form(
        description="JSON object of what the file leaves unsaid: leads, rate (Hz), samples, layout, unit, scaling, "
        "band (two numbers, Hz), class_names, kind, task, output"
    ),
]


@router.get("/models")
def models(workspace: Here) -> list[ModelView]:
    from einthoven.workflows import share

    return share.views(workspace)


@router.get("/models/{model}")
def model(workspace: Here, model: str) -> ModelView:
    from einthoven.workflows import share

    return share.view(workspace, model)


@router.post("/model-files")
def inspect_model_file(file: Annotated[UploadFile, File()], hints: Hints = "") -> ForeignModel:
    """What an `.onnx` file or bundle is, and which hints it needs (`missing`, `offers`); nothing is kept."""
    from einthoven.workflows import share
    from einthoven.workflows.model_origin import hints_from_text

    return share.inspected(*_named(file), hints_from_text(hints))


@router.post("/models", status_code=201)
def take_in_model(
    workspace: Here,
    file: Annotated[UploadFile, File()],
    name: Annotated[str | None, Form()] = None,
    hints: Hints = "",
) -> ModelView:
    """Take in an `.onnx` file or bundle; one that was made elsewhere needs the hints that `/model-files` names."""
    from einthoven.workflows import share
    from einthoven.workflows.model_origin import hints_from_text

    return share.take_in(workspace, *_named(file), name=name, hints=hints_from_text(hints))


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


def _named(file: UploadFile) -> tuple[str, bytes]:
    """Name and content; InputError before a file is read that is too large."""
    from einthoven.workflows import share

    name = file.filename or "model.onnx"
    share.check_size(name, file.size or 0)
    return name, file.file.read()
