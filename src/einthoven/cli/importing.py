"""`einthoven import`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from einthoven.cli import output, work
from einthoven.errors import InputError, LabelError, SettingError
from einthoven.record import ReadHints
from einthoven.store.types import Job, Problem
from einthoven.task import Kind
from einthoven.workflows import going_on, labelling
from einthoven.workflows.dispatch import ecgs
from einthoven.workflows.import_ import with_names
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import ImportOutcome, ImportRequest, LabelOutcome, problem_of
from einthoven.workflows.workspace import Workspace

LISTED = 10


def run(
    workspace: Workspace,
    *,
    paths: list[Path],
    dataset: str,
    labels: Path | None,
    task: str,
    kind: Kind,
    unit: str,
    file_column: str | None,
    label_column: str | None,
    layout: str | None,
    resolution: int | None,
    hints: ReadHints,
    keep_names: bool = False,
    keep_identifiers: bool = False,
    as_json: bool,
) -> None:
    """Import files, then labels; exit 0 all well, 3 some files failed, 1 none."""
    if unit and kind != "regression":
        raise SettingError(
            f"The labels of a {kind} task have no unit.", advice="Leave --unit out, or --kind regression."
        )
    table = _read(labels) if labels is not None else None
    request = ImportRequest(
        dataset=dataset,
        paths=tuple(str(path.resolve()) for path in paths),
        hints=hints,
        layout=layout,
        resolution=resolution,
        keep_names=keep_names,
        keep_identifiers=keep_identifiers,
    )
    outcome = _done(workspace, workspace.submit("import", request), as_json=as_json)
    labelled: LabelOutcome | None = None
    wrong: Problem | None = None
    if labels is not None and table is not None and outcome.n_read + outcome.n_already_there:
        try:
            labelled = labelling.import_labels(
                workspace, dataset, name=labels.name, data=table, task=task, kind=kind, file_column=file_column,
                label_column=label_column, unit=unit,
            )  # fmt: skip
        except InputError as error:
            # What became of the files must be said all the same.
            wrong = problem_of(error)
    if as_json:
        labels_said = {"labels": to_plain(labelled), "labels_problem": to_plain(wrong)}
        output.show_json({**to_plain(outcome), **labels_said})
    else:
        _say(outcome, labelled)
        if wrong is not None:
            output.complain(wrong.detail, f"{wrong.advice} Columns are named by --file-column and --label-column.")
    code = output.exit_code(outcome.n_read + outcome.n_already_there, outcome.n_refused)
    raise typer.Exit(output.SOME_FAILED if wrong is not None and code == output.OK else code)


def do(workspace: Workspace, request: ImportRequest, *, as_json: bool) -> None:
    """Import what a request names, without labels."""
    _end(_done(workspace, workspace.submit("import", request), as_json=as_json), as_json=as_json)


def resume(workspace: Workspace, job: Job, *, as_json: bool) -> None:
    """Go on with an import that ended before its time."""
    _end(_done(workspace, going_on.queued(workspace, job), as_json=as_json), as_json=as_json)


def _done(workspace: Workspace, job: Job, *, as_json: bool) -> ImportOutcome:
    work.say_how_to_go_on(workspace, job, quiet=as_json)
    return with_names(workspace, work.do(workspace, job, ImportOutcome, quiet=as_json))


def _end(outcome: ImportOutcome, *, as_json: bool) -> None:
    if as_json:
        output.show_json(to_plain(outcome))
    else:
        _say(outcome, None)
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
    output.say(f"{outcome.dataset}: {ecgs(outcome.n_read)} read{there}{refused}, in {outcome.seconds:.1f} s")
    for doubt, n in list(outcome.doubts.items())[:LISTED]:
        output.say(f"  doubt ({n}): {doubt}")
    if len(outcome.doubts) > LISTED:
        output.say(f"  and {len(outcome.doubts) - LISTED} more kinds of doubt; each record's passport has its own")
    for line in (*outcome.notes, *outcome.skipped):
        output.say(f"  {line}")
    for n, said, lines in (
        (outcome.n_copies, "not added again, being the same bytes as another", outcome.copies),
        (outcome.n_same, "added though the same ECG is there in another file", outcome.same),
    ):
        if n:
            output.say(f"  {n} {said}:")
            for line in lines[:LISTED]:
                output.say(f"    {line}")
    if outcome.tasks:
        output.say(f"  tasks: {', '.join(outcome.tasks)}")
    if outcome.labels_without_record or outcome.records_without_label:
        output.say(
            f"  {output.plural(outcome.labels_without_record, 'label')} without a file, "
            f"{output.plural(outcome.records_without_label, 'file')} without labels"
        )
        _some("label without a file", outcome.examples_without_record, outcome.labels_without_record)
        _some("file without labels", outcome.examples_without_label, outcome.records_without_label)
    if labelled is not None:
        counts = ", ".join(f"{name} {n}" for name, n in labelled.counts.items())
        output.say(f"  task {labelled.task} ({labelled.kind}): {labelled.n_matched} labelled: {counts}")
        output.say(
            f"  {output.plural(labelled.n_labels_without_record, 'label')} without a record, "
            f"{output.plural(labelled.n_records_without_label, 'record')} without a label"
        )
        _some("label without a record", labelled.labels_without_record, labelled.n_labels_without_record)
        _some("record without a label", labelled.records_without_label, labelled.n_records_without_label)
        for warning in labelled.warnings:
            output.say(f"  {warning}")


def _some(what: str, names: Sequence[str], n: int) -> None:
    for name in names[:LISTED]:
        output.say(f"    {what}: {name}")
    if n > LISTED:
        output.say(f"    ... and {n - LISTED} more; --json lists them")
