"""Files on their way in cannot leave their folder."""

import io
import os
import time

import pytest

from einthoven.errors import InputError, NotFound
from einthoven.workflows import uploads
from einthoven.workflows.requests import ImportRequest
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
        "x" * 201, "ä" * 150, "/".join("a" * 21), "/".join(["x" * 190] * 12),
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
    os.utime(uploads.folder(workspace, old).parent, (yesterday, yesterday))
    uploads.forget_abandoned(workspace)
    assert uploads.folder(workspace, new).is_dir()
    with pytest.raises(NotFound):
        uploads.folder(workspace, old)


def test_an_upload_that_an_import_reads_is_not_forgotten(workspace: Workspace) -> None:
    upload = uploads.open_upload(workspace)
    workspace.submit("import", ImportRequest("d", upload=upload))
    long_ago = time.time() - 10 * uploads.ABANDONED_SECONDS
    os.utime(uploads.folder(workspace, upload).parent, (long_ago, long_ago))
    uploads.open_upload(workspace)
    assert uploads.folder(workspace, upload).is_dir()


def test_what_arrives_keeps_an_upload_from_being_forgotten(workspace: Workspace) -> None:
    upload = uploads.open_upload(workspace)
    file = uploads.begin_file(workspace, upload, name="a/large.zip", size=10)
    nearly = time.time() - uploads.ABANDONED_SECONDS + 60
    os.utime(workspace.home / "uploads" / upload, (nearly, nearly))
    uploads.append(workspace, upload, file, b"12345")
    assert uploads.expires(workspace, upload).timestamp() > time.time() + uploads.ABANDONED_SECONDS - 60


@pytest.mark.skipif(os.name != "posix", reason="tells names apart by case")
def test_names_that_another_system_takes_for_one_are_not_lost(workspace: Workspace) -> None:
    upload = uploads.open_upload(workspace)
    for name in ("A.csv", "a.csv"):
        uploads.append(workspace, upload, uploads.begin_file(workspace, upload, name=name, size=1), b"x")
    assert uploads.count_files(workspace, upload) == 2


def test_an_upload_that_is_given_up_while_files_arrive_does_not_come_back(workspace: Workspace) -> None:
    upload = uploads.open_upload(workspace)
    file = uploads.begin_file(workspace, upload, name="a/b/c.csv", size=2)
    uploads.close_upload(workspace, upload)
    for late in (
        lambda: uploads.append(workspace, upload, file, b"xy"),
        lambda: uploads.begin_file(workspace, upload, name="a/b/d.csv", size=2),
        lambda: uploads.add_file(workspace, upload, name="a/b/e.csv", content=io.BytesIO(b"x")),
        lambda: uploads.close_upload(workspace, upload),
    ):
        with pytest.raises(NotFound, match="Upload the files again"):
            late()
    assert list((workspace.home / "uploads").iterdir()) == []
