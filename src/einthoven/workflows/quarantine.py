"""Files that could not be read: look at them, take them out, try them again, drop them.

Nothing in them could be read, so nothing could be blanked: their bytes and names are kept as they came, in a folder
that only its keeper may open, and only for `Preferences.quarantine_days`.
"""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from einthoven.errors import NotFound, SettingError
from einthoven.record import ReadHints
from einthoven.workflows.requests import ImportRequest
from einthoven.workflows.workspace import Workspace

_WHEN = (1980, 1, 1, 0, 0, 0)


def download(workspace: Workspace, refused_id: int) -> tuple[str, bytes]:
    """A refused file as it came: name without folder, and bytes; a ZIP when files that it needs were kept with it."""
    name, files = workspace.quarantine.files(refused_id)
    if len(files) == 1:
        return PurePosixPath(name).name, next(iter(files.values()))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file_name, data in files.items():
            archive.writestr(zipfile.ZipInfo(PurePosixPath(file_name).name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return f"{PurePosixPath(name).stem}.zip", stream.getvalue()


def attachment(name: str) -> str:
    """A `Content-Disposition` that browsers understand whatever the name is (RFC 6266)."""
    from urllib.parse import quote

    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def retry_request(
    workspace: Workspace,
    ids: Sequence[int],
    hints: ReadHints,
    *,
    dataset: str | None = None,
    keep_names: bool = False,
    keep_identifiers: bool = False,
) -> ImportRequest:
    """The import that tries refused files again: into their dataset, or another one."""
    if not ids:
        raise SettingError("No refused file was named.", advice="Name them by the numbers in the list.")
    datasets = {workspace.quarantine.get(number).dataset for number in ids}
    if dataset is None and len(datasets) > 1:
        raise SettingError(
            f"These files are of several datasets: {', '.join(sorted(datasets))}.", advice="Name the dataset."
        )
    into = dataset or next(iter(datasets))
    return ImportRequest(
        into, refused=tuple(ids), hints=hints, keep_names=keep_names, keep_identifiers=keep_identifiers
    )


def drop(workspace: Workspace, ids: Sequence[int]) -> int:
    """Drop refused files by their numbers, of whatever dataset; NotFound names one that is not there."""
    by_dataset: dict[str, list[int]] = {}
    for number in ids:
        by_dataset.setdefault(workspace.quarantine.get(number).dataset, []).append(number)
    for dataset, numbers in by_dataset.items():
        workspace.quarantine.forget(dataset, numbers)
    return len(ids)


def empty(workspace: Workspace, dataset: str | None) -> int:
    """Drop all refused files of a dataset, or of all datasets."""
    if dataset is not None and dataset not in workspace.store.dataset_names():
        raise NotFound(f"There is no dataset {dataset!r}.")
    return workspace.quarantine.empty(dataset)
