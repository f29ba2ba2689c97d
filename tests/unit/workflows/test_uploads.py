"""Files on their way in cannot leave their folder."""

import io
import os
import time

import pytest

from einthoven.errors import InputError, NotFound
from einthoven.workflows import uploads
from einthoven.workflows.workspace import Workspace


@pytest.mark.parametrize(
    "name", ["a.csv", "folder/Björn 1.hea", "a\\b\\c.dat", "x\u00a0y\u202f1.csv", "..a/b..", "./a.csv"]
)
def test_a_file_is_kept_under_its_relative_path(workspace: Workspace, name: str) -> None:
    upload = uploads.open_upload(workspace)
    uploads.add_file(workspace, upload, name=name, content=io.BytesIO(b"data"))
    root = uploads.folder(workspace, upload)
    (found,) = [path for path in root.rglob("*") if path.is_file()]
    assert found.relative_to(root).as_posix() == name.replace("\\", "/").removeprefix("./")
    assert found.read_bytes() == b"data" and uploads.count_files(workspace, upload) == 1


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../a", "a/../../b", "..\\a", "a\\..\\..\\b", "/etc/passwd", "//server/share",
        "\\\\server\\share", "C:\\a.csv", "c:a.csv", "a/C:/b", "a\0b", "a\nb", "\u202egnp.exe", "\ud800.csv",
        "x" * 201, "/".join("a" * 21),
    ],
)  # fmt: skip
def test_a_name_that_could_lead_elsewhere_is_refused(workspace: Workspace, name: str) -> None:
    upload = uploads.open_upload(workspace)
    with pytest.raises(InputError, match="not a usable file name"):
        uploads.add_file(workspace, upload, name=name, content=io.BytesIO(b"data"))
    written = [path for path in workspace.home.rglob("*") if path.is_file() and path.read_bytes() == b"data"]
    assert written == []


def test_an_upload_that_is_not_there_is_not_found(workspace: Workspace) -> None:
    gone = uploads.open_upload(workspace)
    uploads.close_upload(workspace, gone)
    for upload in (gone, "", "..", "../models", "a/b"):
        with pytest.raises(NotFound, match="Upload the files again"):
            uploads.folder(workspace, upload)


def test_an_upload_that_nobody_imported_is_forgotten_after_a_day(workspace: Workspace) -> None:
    old, new = (uploads.open_upload(workspace) for _ in range(2))
    yesterday = time.time() - uploads.ABANDONED_SECONDS - 60
    os.utime(uploads.folder(workspace, old), (yesterday, yesterday))
    uploads.forget_abandoned(workspace)
    assert uploads.folder(workspace, new).is_dir()
    with pytest.raises(NotFound):
        uploads.folder(workspace, old)
