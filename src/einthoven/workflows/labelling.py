"""Labels from a table: look at it first, then make a task of it."""

from einthoven.labels.importing import LabelColumns, field_layout, tasks_from_table
from einthoven.labels.tables import Table, read_table
from einthoven.task import Kind
from einthoven.workflows.names import is_stored, stored_name
from einthoven.workflows.requests import LabelOutcome
from einthoven.workflows.views import TablePreview
from einthoven.workflows.workspace import Workspace

PREVIEW_ROWS = 20
MAX_LISTED = 200
FILE_NAMES = ("file_name", "filename", "file", "record", "ecg_id", "exam_id", "id", "name", "path")
LABEL_NAMES = ("label", "labels", "diagnosis", "class", "target", "dx", "statement", "value")
CODE_NAMES = ("icd-10", "icd10", "icd", "icd_10")


def preview(name: str, data: bytes) -> TablePreview:
    """The head of a table with the columns we would choose by their names."""
    table = read_table(name, data)
    return TablePreview(
        name=name,
        columns=table.columns,
        rows=table.rows[:PREVIEW_ROWS],
        n_rows=len(table.rows),
        file_column=_first(table, FILE_NAMES),
        label_column=_first(table, LABEL_NAMES),
        code_column=_first(table, CODE_NAMES),
    )


def import_labels(
    workspace: Workspace,
    dataset: str,
    *,
    name: str,
    data: bytes,
    task: str,
    kind: Kind,
    file_column: str | None = None,
    label_column: str | None = None,
    code_column: str | None = None,
    unit: str = "",
) -> LabelOutcome:
    """Make a task from a table; columns not named are those of the field's layout.

    Raises
    ------
    LabelError
        When columns are missing, rows contradict each other, or nothing matches.
    """
    table = read_table(name, data)
    if file_column is None and label_column is None:
        columns = field_layout(table, kind=kind, unit=unit)
    else:
        columns = LabelColumns(
            file=file_column or "file_name",
            labels=(label_column or "label",),
            codes={"ICD-10": code_column} if code_column else {},
            kind=kind,
            unit=unit,
        )
    names = workspace.store.file_names(dataset)
    # Records whose names are hashed are found by the hash of the name that the table gives.
    hidden = any(map(is_stored, names))
    key = workspace.key()
    alias = (lambda name: stored_name(key, name)) if hidden else None
    report = tasks_from_table(table, columns, names, task=task.strip(), alias=alias)
    workspace.store.put_task(dataset, report.task)
    return LabelOutcome(
        dataset=dataset,
        task=report.task.name,
        kind=kind,
        n_matched=len(report.task.answers),
        counts=report.task.counts(),
        labels_without_record=report.labels_without_record[:MAX_LISTED],
        records_without_label=report.records_without_label[:MAX_LISTED],
        n_labels_without_record=len(report.labels_without_record),
        n_records_without_label=len(report.records_without_label),
        warnings=(*table.notes, *report.warnings),
    )


def _first(table: Table, names: tuple[str, ...]) -> str | None:
    by_key = {column.casefold().replace(" ", "_"): column for column in reversed(table.columns)}
    return next((by_key[name] for name in names if name in by_key), None)
