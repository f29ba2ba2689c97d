"""`einthoven import`."""

from pathlib import Path

import typer

from einthoven.cli import output, work
from einthoven.errors import LabelError
from einthoven.record import ReadHints
from einthoven.task import Kind
from einthoven.workflows import labelling
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import ImportOutcome, ImportRequest, LabelOutcome
from einthoven.workflows.workspace import Workspace


def run(
    workspace: Workspace,
    *,
    paths: list[Path],
    dataset: str,
    labels: Path | None,
    task: str,
    kind: Kind,
    file_column: str | None,
    label_column: str | None,
    layout: str | None,
    resolution: int | None,
    hints: ReadHints,
    as_json: bool,
) -> None:
    """Import files, then labels; exit 0 all well, 3 some files failed, 1 none."""
    table = _read(labels) if labels is not None else None
    request = ImportRequest(
        dataset=dataset,
        paths=tuple(str(path.resolve()) for path in paths),
        hints=hints,
        layout=layout,
        resolution=resolution,
    )
    outcome = work.do(workspace, workspace.submit("import", request), ImportOutcome, quiet=as_json)
    labelled: LabelOutcome | None = None
    if labels is not None and table is not None and outcome.n_read + outcome.n_already_there:
        labelled = labelling.import_labels(
            workspace, dataset, name=labels.name, data=table, task=task, kind=kind, file_column=file_column,
            label_column=label_column,
        )  # fmt: skip
    if as_json:
        output.show_json({**to_plain(outcome), "labels": to_plain(labelled) if labelled else None})
    else:
        _say(outcome, labelled)
    raise typer.Exit(output.exit_code(outcome.n_read + outcome.n_already_there, outcome.n_refused))


def _read(labels: Path) -> bytes:
    try:
        return labels.read_bytes()
    except OSError as error:
        raise LabelError(
            f"{labels} cannot be read: {error.strerror}.", advice="Give the path of a CSV or XLSX file."
        ) from error


def _say(outcome: ImportOutcome, labelled: LabelOutcome | None) -> None:
    output.show_failures(outcome.refused)
    there = f", {outcome.n_already_there} were there already" if outcome.n_already_there else ""
    refused = f", {outcome.n_refused} refused" if outcome.n_refused else ""
    output.say(f"{outcome.dataset}: {outcome.n_read} ECGs read{there}{refused}, in {outcome.seconds:.1f} s")
    for doubt, n in outcome.doubts.items():
        output.say(f"  doubt ({n}): {doubt}")
    for line in (*outcome.notes, *outcome.skipped):
        output.say(f"  {line}")
    if outcome.tasks:
        output.say(f"  tasks: {', '.join(outcome.tasks)}")
    if outcome.labels_without_record or outcome.records_without_label:
        output.say(
            f"  {outcome.labels_without_record} labels without a file, "
            f"{outcome.records_without_label} files without labels"
        )
    if labelled is not None:
        counts = ", ".join(f"{name} {n}" for name, n in labelled.counts.items())
        output.say(f"  task {labelled.task} ({labelled.kind}): {labelled.n_matched} labelled: {counts}")
        output.say(
            f"  {labelled.n_labels_without_record} labels without a record, "
            f"{labelled.n_records_without_label} records without a label"
        )
        for name in labelled.labels_without_record[:5]:
            output.say(f"    label without a record: {name}")
        for warning in labelled.warnings:
            output.say(f"  {warning}")
