"""Import a data set in its official layout: files, subjects, folds and tasks together."""

from dataclasses import replace
from pathlib import Path

from einthoven.errors import SettingError
from einthoven.formats import PathSource
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.labels import ptbxl
from einthoven.task import Task
from einthoven.workflows import uploads
from einthoven.workflows.import_ import Tally, import_one
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace

LAYOUTS = ("ptbxl",)


def run(workspace: Workspace, request: ImportRequest, report: Reporter, tally: Tally) -> int:
    """Import the layout's folder; answers the number of files looked at."""
    if request.layout not in LAYOUTS:
        raise SettingError(f"There is no layout {request.layout!r}.", advice=f"There are {', '.join(LAYOUTS)}.")
    folder = _folder(workspace, request)
    report.progress(0, 0, "reading the tables")
    layout = ptbxl.read_layout(folder, resolution=request.resolution)
    workspace.store.ensure_dataset(request.dataset)
    tally.notes += layout.notes
    there: list[str] = []
    for done, entry in enumerate(layout.records):
        stop_if_cancelled(report)
        report.progress(done, len(layout.records), "files read")
        there += import_one(
            workspace,
            request,
            PathSource(entry.path, folder),
            tally,
            report,
            file_name=entry.file_name,
            fold=entry.fold,
            subject=entry.subject_id,
            age=entry.age,
            sex=entry.sex,
        )
    report.progress(len(layout.records), len(layout.records), "storing the labels")
    workspace.store.describe_subjects(request.dataset, tally.described)
    known = set(there)
    for task in layout.tasks:
        workspace.store.put_task(request.dataset, _only(task, known))
        tally.tasks.append(task.name)
    tally.labels_without_record += layout.missing.rows_without_file
    tally.records_without_label += layout.missing.files_without_row
    return len(layout.records)


def _folder(workspace: Workspace, request: ImportRequest) -> Path:
    if request.upload is not None:
        root = uploads.folder(workspace, request.upload)
        found = sorted(root.rglob(ptbxl.DATABASE))
        return found[0].parent if found else root
    if len(request.paths) != 1 or not Path(request.paths[0]).is_dir():
        raise SettingError(
            f"Layout {request.layout!r} is a folder, and {len(request.paths)} paths were given.",
            advice=f"Give the one folder that holds {ptbxl.DATABASE}.",
        )
    return Path(request.paths[0])


def _only(task: Task, file_names: set[str]) -> Task:
    """The task for the records that could be read."""
    return replace(task, answers={name: answer for name, answer in task.answers.items() if name in file_names})
