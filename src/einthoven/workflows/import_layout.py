"""Import a published data set from its official folder: files, subjects, folds and tasks together."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path

from einthoven.errors import NotFound, SettingError
from einthoven.jobs import Reporter
from einthoven.labels.layouts import LAYOUTS, Correction, Layout, LayoutEntry, LayoutRecord, locate
from einthoven.record import EcgRecord, ReadHints
from einthoven.task import Task
from einthoven.workflows import uploads
from einthoven.workflows.import_ import Tally, import_many
from einthoven.workflows.intake import FileToRead
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace

Change = Callable[[EcgRecord], EcgRecord]


def run(workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally) -> int:
    """Import the layout's folder; answers the number of files looked at."""
    entry = _entry(request)
    report.progress(0, 0, "reading the tables")
    layout = entry.read(_folder(workspace, request, entry), request.resolution)
    workspace.store.ensure_dataset(request.dataset)
    tally.notes += layout.notes
    files = _by_file(layout)
    hints = _merged(request.hints, layout.hints)
    to_read = (_file(layout, entry, hints, name, records) for name, records in files.items())
    known = import_many(workspace, request, to_read, tally, report, total=len(files))
    report.progress(len(files), len(files), "storing the labels")
    _describe_several(workspace, files, known, tally)
    workspace.store.describe_subjects(request.dataset, tally.described)
    for task in layout.tasks:
        workspace.store.put_task(request.dataset, _only(task, known))
        tally.tasks.append(task.name)
    tally.labels_without_record += layout.missing.rows_without_file
    tally.records_without_label += layout.missing.files_without_row
    return len(files)


def _entry(request: ImportRequest) -> LayoutEntry:
    try:
        entry = LAYOUTS.require(request.layout or "")
    except NotFound:
        raise SettingError(
            f"There is no layout {request.layout!r}.", advice=f"There are {', '.join(LAYOUTS.names())}."
        ) from None
    if request.resolution is not None and not entry.resolutions:
        raise SettingError(
            f"The layout {entry.name} has one rate only; {request.resolution} Hz cannot be chosen.",
            advice="Leave the resolution out.",
        )
    return entry


def _folder(workspace: Workspace, request: ImportRequest, entry: LayoutEntry) -> Path:
    if request.upload is not None:
        root = uploads.folder(workspace, request.upload)
    elif len(request.paths) == 1 and Path(request.paths[0]).is_dir():
        root = Path(request.paths[0])
    else:
        raise SettingError(
            f"Layout {request.layout!r} is a folder, and {len(request.paths)} paths were given.",
            advice=f"Give the one folder of {entry.title}. It holds {entry.holds}.",
        )
    # Where nothing is recognised, reading says what is missing.
    return locate(entry, root) or root


def _by_file(layout: Layout) -> dict[str, list[LayoutRecord]]:
    files: dict[str, list[LayoutRecord]] = {}
    for record in layout.records:
        files.setdefault(record.file_name, []).append(record)
    return files


def _file(
    layout: Layout, entry: LayoutEntry, hints: ReadHints, file_name: str, records: list[LayoutRecord]
) -> FileToRead:
    """One file; what the tables say of it goes along, unless it holds several ECGs."""
    one = records[0] if _is_single(records) else LayoutRecord(file_name)
    return FileToRead(
        path=str(layout.folder / file_name),
        root=str(layout.folder),
        name=file_name,
        fold=one.fold,
        subject=one.subject_id,
        age=one.age,
        sex=one.sex,
        correction=change_text(entry, layout, one.correction),
        hints=hints,
    )


def _is_single(records: list[LayoutRecord]) -> bool:
    return len(records) == 1 and records[0].index == 0


def _describe_several(
    workspace: Workspace, files: Mapping[str, list[LayoutRecord]], known: set[str], tally: Tally
) -> None:
    """Subjects of ECGs that share a file: they are in the tables one by one, and the file was read at once."""
    for records in files.values():
        if _is_single(records):
            continue
        for record in records:
            if record.name in known:
                subject = None if record.subject_id is None else workspace.pseudonym(record.subject_id)
                tally.described[record.name] = {
                    "subject": subject,
                    "age": record.age,
                    "sex": record.sex,
                    "fold": record.fold,
                }


def _merged(own: ReadHints, layout: ReadHints) -> ReadHints:
    """What the user says, and where the user is silent what the data set's description says."""
    said = {each.name: getattr(own, each.name) for each in fields(own) if getattr(own, each.name) is not None}
    return replace(layout, **said)


def _only(task: Task, file_names: set[str]) -> Task:
    """The task for the records that could be read."""
    return replace(task, answers={name: answer for name, answer in task.answers.items() if name in file_names})


# -- what a layout changes in a record ---------------------------------------------------------------------------------


def change_text(entry: LayoutEntry, layout: Layout, correction: Correction | None) -> str:
    """A change as text, which can be handed to another process; `CORRECTIONS` has the function of that text."""
    attributed = entry.name if layout.hints != ReadHints() else ""
    if correction is None and not attributed:
        return ""
    return json.dumps({"layout": attributed, "correction": None if correction is None else asdict(correction)})


class _Changes(Mapping[str, Change]):
    """Text of `change_text` -> the function that it stands for."""

    def __getitem__(self, text: str) -> Change:
        if not text:
            return _unchanged
        stated = json.loads(text)
        layout, values = str(stated["layout"]), stated["correction"]
        correction = None if values is None else _correction(values)

        def change(record: EcgRecord) -> EcgRecord:
            corrected = record if correction is None else correction.apply(record)
            return _attributed(corrected, layout) if layout else corrected

        return change

    def __iter__(self) -> Iterator[str]:
        return iter(("",))

    def __len__(self) -> int:
        return 1


def _correction(values: dict[str, object]) -> Correction:
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return Correction(**{**values, **lists})  # type: ignore[arg-type]


def _unchanged(record: EcgRecord) -> EcgRecord:
    return record


def _attributed(record: EcgRecord, layout: str) -> EcgRecord:
    """The passport says that the data set's description stated it, not the user."""
    assumed = tuple(line.replace("from the hint", f"from the layout {layout}") for line in record.source.assumed)
    return replace(record, source=replace(record.source, assumed=assumed))


CORRECTIONS: Mapping[str, Change] = _Changes()
