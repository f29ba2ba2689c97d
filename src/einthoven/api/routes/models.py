"""Models: list, rename, delete, export, look at a file, take in."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import PlainTextResponse

from einthoven.api.routes import Here
from einthoven.onnx.foreign.judgement import ForeignModel
from einthoven.workflows.views import ModelView

router = APIRouter(tags=["models"])
Hints = Annotated[
    str,
    Form(
        description="JSON object of what the file leaves unsaid: leads, rate (Hz), samples, layout, unit, scaling, "
        "band (two numbers, Hz), class_names, kind, task, value_unit (of a regression), output"
    ),
]


@router.get("/models")
def models(workspace: Here) -> list[ModelView]:
    """All models, newest first, and behind them those that come with Einthoven (`zoo`)."""
    from einthoven.workflows import share

    return share.views(workspace)


@router.post("/model-files")
def inspect_model_file(file: Annotated[UploadFile, File()], hints: Hints = "") -> ForeignModel:
    """What an `.ecgmodel` or `.onnx` file is, and which hints it needs (`missing`, `offers`); nothing is kept."""
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
    """Take in an `.ecgmodel` or `.onnx` file; one that was made elsewhere needs the hints that `/model-files` names."""
    from einthoven.workflows import share
    from einthoven.workflows.model_origin import hints_from_text

    return share.take_in(workspace, *_named(file), name=name, hints=hints_from_text(hints))


@router.patch("/models/{model:path}")
def rename_model(workspace: Here, model: str, name: Annotated[str, Form()]) -> ModelView:
    from einthoven.workflows import share

    return share.view(workspace, workspace.models.rename(model, name))


@router.delete("/models/{model:path}", status_code=204)
def delete_model(workspace: Here, model: str) -> None:
    workspace.models.delete(model)


@router.get("/models/{model:path}/export", response_class=Response)
def export_model(workspace: Here, model: str, form: Literal["onnx", "capsule"] = "capsule") -> Response:
    """The capsule (`.ecgmodel`): ONNX, weights, card, evaluations, golden ECGs; or the bare ONNX."""
    from einthoven.workflows import share

    file_name, data = share.exported(workspace, model, form=form)
    return Response(data, media_type="application/octet-stream",
                    headers={"Content-Disposition": f'attachment; filename="{file_name}"'})  # fmt: skip


@router.get("/models/{model:path}/card", response_class=PlainTextResponse)
def model_card(workspace: Here, model: str) -> PlainTextResponse:
    """The model's card: Markdown behind a YAML head. Whoever shows it shows it as text."""
    from einthoven.workflows import share

    return PlainTextResponse(share.card(workspace, model))


# Behind the addresses below it, since the names of models that come with Einthoven hold a slash.
@router.get("/models/{model:path}")
def model(workspace: Here, model: str) -> ModelView:
    from einthoven.workflows import share

    return share.view(workspace, model)


def _named(file: UploadFile) -> tuple[str, bytes]:
    """Name and content; InputError before a file is read that is too large."""
    from einthoven.workflows import share

    name = file.filename or "model.onnx"
    share.check_size(name, file.size or 0)
    return name, file.file.read()
