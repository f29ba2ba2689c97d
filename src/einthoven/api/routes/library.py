"""Datasets: their records, files and labels."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile

from einthoven.api.routes import Here
from einthoven.record import Sex
from einthoven.store.types import Dataset, ItemQuery, Job, RefusedFile
from einthoven.task import Kind
from einthoven.workflows.requests import ImportOutcome, ImportRequest, LabelOutcome
from einthoven.workflows.views import DatasetSummary, ItemPage, TablePreview

router = APIRouter(tags=["library"])


@router.get("/datasets")
def datasets(workspace: Here) -> list[Dataset]:
    return workspace.store.datasets()


@router.post("/datasets", status_code=201)
def create_dataset(workspace: Here, name: Annotated[str, Form()], note: Annotated[str, Form()] = "") -> Dataset:
    return workspace.store.create_dataset(name, note=note)


@router.get("/datasets/{dataset}")
def dataset_summary(workspace: Here, dataset: str) -> DatasetSummary:
    from einthoven.workflows import library

    return library.summary(workspace, dataset)


@router.delete("/datasets/{dataset}", status_code=204)
def delete_dataset(workspace: Here, dataset: str) -> None:
    from einthoven.workflows import library

    library.delete(workspace, dataset)


def _query(
    workspace: Here,
    search: str = "",
    task: str | None = None,
    label: Annotated[str | None, Query(description="a class of `task`; empty: records without a label")] = None,
    folds: Annotated[list[int] | None, Query()] = None,
    sex: Sex | None = None,
    age_from: float | None = None,
    age_to: float | None = None,
    only_doubts: bool = False,  # noqa: FBT001  a query parameter
    sort: str = "file_name",
    descending: bool = False,  # noqa: FBT001  a query parameter
) -> ItemQuery:
    from einthoven.workflows import library

    return library.item_query(
        workspace, search=search, task=task, label=label, folds=folds, sex=sex, age_from=age_from, age_to=age_to,
        only_doubts=only_doubts, sort=sort, descending=descending,
    )  # fmt: skip


@router.get("/datasets/{dataset}/records")
def records(
    workspace: Here,
    dataset: str,
    query: Annotated[ItemQuery, Depends(_query)],
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> ItemPage:
    total, rows = workspace.store.items(dataset, query, offset=offset, limit=limit)
    return ItemPage(total, tuple(rows))


@router.get("/datasets/{dataset}/records.csv", response_class=Response)
def records_csv(workspace: Here, dataset: str) -> Response:
    """The whole table of a dataset's records with all labels."""
    from einthoven.workflows import library

    return Response(library.records_csv(workspace, dataset), media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": 'attachment; filename="records.csv"'})  # fmt: skip


@router.get("/datasets/{dataset}/refused")
def refused(workspace: Here, dataset: str) -> list[RefusedFile]:
    return workspace.quarantine.list(dataset)


@router.delete("/datasets/{dataset}/refused", status_code=204)
def forget_refused(
    workspace: Here,
    dataset: str,
    ids: Annotated[list[int] | None, Query(description="numbers of files")] = None,
    everything: Annotated[bool, Query(description="all of the dataset instead")] = False,
) -> None:
    if everything:
        workspace.quarantine.empty(workspace.store.dataset(dataset).name)
    elif ids:
        workspace.quarantine.forget(dataset, ids)


@router.get("/refused")
def all_refused(workspace: Here) -> list[RefusedFile]:
    """The quarantine of all datasets."""
    return workspace.quarantine.list()


@router.delete("/refused", status_code=204)
def empty_quarantine(workspace: Here) -> None:
    """Delete every refused file of every dataset."""
    workspace.quarantine.empty()


@router.get(
    "/refused/{number}/file", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
def refused_file(workspace: Here, number: int) -> Response:
    """A refused file as it came; as a ZIP when files that it needs were kept with it."""
    from einthoven.workflows import quarantine

    name, data = quarantine.download(workspace, number)
    disposition = {"Content-Disposition": quarantine.attachment(name)}
    return Response(data, media_type="application/octet-stream", headers=disposition)


@router.post("/imports", status_code=202)
def start_import(workspace: Here, request: ImportRequest) -> Job:
    """Read an upload (or, with `refused`, files kept from earlier tries) into a dataset, which is made if needed."""
    return workspace.submit("import", request)


@router.get("/imports/{job}")
def import_outcome(workspace: Here, job: str) -> ImportOutcome | None:
    """What became of every file; null while it runs."""
    from einthoven.workflows import import_

    return import_.outcome(workspace, job)


@router.get("/labels-template.csv", response_class=Response)
def labels_template() -> Response:
    from einthoven.labels.importing import TEMPLATE_CSV

    return Response(TEMPLATE_CSV, media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": 'attachment; filename="labels.csv"'})  # fmt: skip


@router.post("/label-tables")
def preview_labels(table: Annotated[UploadFile, File()]) -> TablePreview:
    """Look at a CSV or XLSX before its labels are imported: columns, first rows, what we would choose."""
    from einthoven.workflows import labelling

    return labelling.preview(table.filename or "table.csv", table.file.read())


@router.post("/datasets/{dataset}/labels")
def import_labels(
    workspace: Here,
    dataset: str,
    table: Annotated[UploadFile, File()],
    task: Annotated[str, Form(description="name of the task the labels make")] = "label",
    kind: Annotated[Kind, Form()] = "single-label",
    file_column: Annotated[str | None, Form()] = None,
    label_column: Annotated[str | None, Form()] = None,
    code_column: Annotated[str | None, Form()] = None,
    unit: Annotated[str, Form(description="of the values, for regression")] = "",
) -> LabelOutcome:
    """Make a task from a label table. Columns left out: `file_name`, `label`, `ICD-10`."""
    from einthoven.workflows import labelling

    return labelling.import_labels(
        workspace, dataset, name=table.filename or "table.csv", data=table.file.read(), task=task, kind=kind,
        file_column=file_column, label_column=label_column, code_column=code_column, unit=unit,
    )  # fmt: skip


@router.delete("/datasets/{dataset}/tasks/{task}", status_code=204)
def delete_task(workspace: Here, dataset: str, task: str) -> None:
    workspace.store.delete_task(dataset, task)
