"""Resumable uploads held against the text of tus 1.0.0: its statuses and headers, and nothing lost or doubled."""

import asyncio
import base64
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response
from starlette.testclient import TestClient

from einthoven.api.app import create_app
from einthoven.api.routes.uploads import WRITE_BYTES
from einthoven.errors import Conflict
from einthoven.workflows import uploads
from einthoven.workflows.workspace import Workspace

BYTES = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: browser tests before these leave a running loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, coroutine).result()


class Sender:
    """A tus client by hand."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.upload: str = client.post("/api/uploads").json()["upload"]
        self.address = f"/api/uploads/{self.upload}/tus"

    def create(self, name: str, size: int | str, data: bytes | None = None, **headers: str) -> Response:
        sent = {**TUS, "Upload-Length": str(size), "Upload-Metadata": f"filename {b64(name)}"}
        if data is not None:
            sent["Content-Type"] = BYTES
        return self.client.post(self.address, content=data, headers={**sent, **headers})

    def patch(self, location: str, offset: int | str, data: bytes, **headers: str) -> Response:
        sent = {**TUS, "Upload-Offset": str(offset), "Content-Type": BYTES}
        return self.client.patch(location, content=data, headers={**sent, **headers})

    def offset(self, location: str) -> int:
        return int(self.client.head(location, headers=TUS).headers["Upload-Offset"])


@pytest.fixture
def sender(client: TestClient) -> Sender:
    return Sender(client)


def kept(workspace: Workspace, upload: str) -> dict[str, bytes]:
    """The whole files of an upload."""
    root = workspace.home / "uploads" / upload / "files"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_options_says_versions_and_extensions(sender: Sender) -> None:
    answer = sender.client.options(sender.address)  # the only request without Tus-Resumable
    assert answer.status_code == 204 and answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "expiration", "termination",
    }  # fmt: skip
    assert int(answer.headers["Tus-Max-Size"]) == uploads.MAX_FILE_BYTES


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_is_refused_with_412_and_not_processed(
    sender: Sender, workspace: Workspace, method: str, version: str | None
) -> None:
    location = sender.create("a", 4, b"ab").headers["Location"]
    headers = {"Upload-Length": "1", "Upload-Offset": "2", "Content-Type": BYTES}
    if version is not None:
        headers["Tus-Resumable"] = version
    address = sender.address if method == "POST" else location
    answer = sender.client.request(method, address, headers=headers, content=b"" if method == "HEAD" else b"cd")
    assert answer.status_code == 412 and answer.headers["Tus-Version"] == "1.0.0"
    assert sender.offset(location) == 2 and kept(workspace, sender.upload) == {}


def test_a_file_goes_in_pieces(sender: Sender, workspace: Workspace) -> None:
    created = sender.create("ward 3/Ä.csv", 10)
    assert created.status_code == 201 and created.headers["Upload-Offset"] == "0"
    location = created.headers["Location"]
    assert location.startswith(sender.address + "/") and "Upload-Expires" in created.headers
    first = sender.patch(location, 0, b"hello")
    assert (first.status_code, first.headers["Upload-Offset"], first.content) == (204, "5", b"")
    head = sender.client.head(location, headers=TUS)
    assert head.status_code == 200 and head.headers["Cache-Control"] == "no-store"
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("5", "10")
    assert head.headers["Upload-Metadata"] == f"filename {b64('ward 3/Ä.csv')}"
    assert kept(workspace, sender.upload) == {}, "a part is no file yet"
    last = sender.patch(location, 5, b"world")
    assert last.headers["Upload-Offset"] == "10" and "Upload-Expires" not in last.headers
    assert kept(workspace, sender.upload) == {"ward 3/Ä.csv": b"helloworld"}
    assert sender.offset(location) == 10
    for answer in (created, first, head, last):
        assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_creation_with_upload_takes_all_or_a_first_part(sender: Sender, workspace: Workspace) -> None:
    assert sender.create("all", 3, b"abc").headers["Upload-Offset"] == "3"
    part = sender.create("part", 3, b"a")
    assert part.headers["Upload-Offset"] == "1"
    assert sender.patch(part.headers["Location"], 1, b"bc").status_code == 204
    assert kept(workspace, sender.upload) == {"all": b"abc", "part": b"abc"}


def test_an_empty_file_is_whole_at_once(sender: Sender, workspace: Workspace) -> None:
    created = sender.create("empty", 0)
    assert created.status_code == 201 and sender.offset(created.headers["Location"]) == 0
    assert kept(workspace, sender.upload) == {"empty": b""}
    assert uploads.folder(workspace, sender.upload).is_dir()


def test_a_large_file_is_written_as_it_comes(sender: Sender, workspace: Workspace) -> None:
    data = bytes(range(256)) * (3 * WRITE_BYTES // 256) + b"end"
    assert sender.create("large", len(data), data).headers["Upload-Offset"] == str(len(data))
    assert kept(workspace, sender.upload) == {"large": data}


def test_an_offset_that_is_not_the_files_is_a_conflict_and_writes_nothing(sender: Sender) -> None:
    location = sender.create("a", 6, b"abc").headers["Location"]
    for offset in (0, 2, 4, 6):
        answer = sender.patch(location, offset, b"x")
        assert answer.status_code == 409 and answer.headers["Tus-Resumable"] == "1.0.0"
    assert sender.offset(location) == 3


@pytest.mark.parametrize("offset", ["", "-1", "1e0", "0x1", "٣", "9" * 30])
def test_an_offset_that_is_no_number_is_refused(client: TestClient, sender: Sender, offset: str) -> None:
    location = sender.create("a", 3).headers["Location"]
    sent = {**TUS, "Content-Type": BYTES, "Upload-Offset": offset}
    raw: Any = [(k.encode(), v.encode()) for k, v in sent.items()]
    assert client.patch(location, content=b"abc", headers=raw).status_code == 400


@pytest.mark.parametrize("length", ["", "-1", "1.5", "ten", "9" * 30])
def test_a_length_that_is_no_number_is_refused(sender: Sender, length: str) -> None:
    assert sender.create("a", length).status_code == 400
    deferred = sender.client.post(
        sender.address, headers={**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": f"filename {b64('a')}"}
    )
    assert deferred.status_code == 400


def test_a_file_above_the_maximum_is_refused_with_413(sender: Sender) -> None:
    assert sender.create("a", uploads.MAX_FILE_BYTES + 1).status_code == 413


def test_bytes_of_another_kind_are_refused_with_415(sender: Sender, workspace: Workspace) -> None:
    location = sender.create("a", 3).headers["Location"]
    assert sender.patch(location, 0, b"abc", **{"Content-Type": "text/plain"}).status_code == 415
    assert sender.create("b", 3, b"abc", **{"Content-Type": "text/plain"}).status_code == 415
    assert sender.offset(location) == 0 and kept(workspace, sender.upload) == {}


def test_more_bytes_than_announced_are_refused(sender: Sender, workspace: Workspace) -> None:
    location = sender.create("a", 3, b"ab").headers["Location"]
    assert sender.patch(location, 2, b"cde").status_code == 413
    assert sender.create("b", 3, b"abcd").status_code == 413

    def unannounced() -> Iterator[bytes]:  # without Content-Length
        yield b"cde"

    streamed = sender.client.patch(
        location, content=unannounced(), headers={**TUS, "Upload-Offset": "2", "Content-Type": BYTES}
    )
    assert streamed.status_code == 422 and sender.offset(location) == 2
    assert kept(workspace, sender.upload) == {}


def test_what_was_never_created_is_not_found(sender: Sender) -> None:
    for file in ("0" * 32, "none", "..%2f..", "%00", "0" * 400):
        address = f"{sender.address}/{file}"
        assert sender.client.head(address, headers=TUS).status_code == 404
        assert sender.patch(address, 0, b"x").status_code == 404
        assert sender.client.delete(address, headers=TUS).status_code == 404
    elsewhere = sender.address.replace(sender.upload, "f" * 24)
    answer = sender.client.post(
        elsewhere, headers={**TUS, "Upload-Length": "1", "Upload-Metadata": f"filename {b64('a')}"}
    )
    assert answer.status_code == 404 and "Upload the files again" in answer.json()["advice"]


def test_termination_forgets_a_file_part_or_whole(sender: Sender, workspace: Workspace) -> None:
    for data in (b"ab", b"abcd"):
        location = sender.create("a", 4, data).headers["Location"]
        assert sender.client.delete(location, headers=TUS).status_code == 204
        assert sender.client.head(location, headers=TUS).status_code == 404
        assert sender.patch(location, 2, b"cd").status_code == 404
        assert kept(workspace, sender.upload) == {} and uploads.state(workspace, sender.upload).files == ()
        assert list((workspace.home / "uploads" / sender.upload / "parts").iterdir()) == []


@pytest.mark.parametrize(
    "metadata",
    [
        "", "filename", "filename !!!", "filename YQ", "filename //4=", "filename YQ==,filename Yg==", "name YQ==",
        f"filename {b64('../a')}", f"filename {b64('/etc/passwd')}", f"filename {b64('a/../../b')}",
        f"filename {b64('C:/a')}", f"filename {b64('a' * 300)}", f"filename {b64('x' * 20_000)}",
        f"filename {b64(chr(0))}", f"filename {b64('..' + chr(92) + 'a')}", "filename é",
    ],
)  # fmt: skip
def test_metadata_without_a_usable_name_is_refused(sender: Sender, workspace: Workspace, metadata: str) -> None:
    raw: Any = [(b"Tus-Resumable", b"1.0.0"), (b"Upload-Length", b"1"), (b"Upload-Metadata", metadata.encode())]
    answer = sender.client.post(sender.address, headers=[*raw, (b"Content-Type", BYTES.encode())], content=b"x")
    assert answer.status_code == 422 and answer.headers["Tus-Resumable"] == "1.0.0"
    assert uploads.state(workspace, sender.upload).files == ()
    assert [p.name for p in (workspace.home / "uploads").iterdir()] == [sender.upload]


def test_a_creation_that_is_sent_twice_makes_one_file(sender: Sender, workspace: Workspace) -> None:
    first = sender.create("a/1.csv", 6, b"abc").headers["Location"]
    second = sender.create("a/1.csv", 6, b"ABCDEF").headers["Location"]
    assert first == second and kept(workspace, sender.upload) == {"a/1.csv": b"ABCDEF"}
    # Changed on the sender's disk meanwhile: the new one replaces it, and only when it has come whole.
    third = sender.create("a/1.csv", 2, b"X").headers["Location"]
    assert sender.offset(third) == 1
    with pytest.raises(Conflict, match="not arrived whole"):
        uploads.folder(workspace, sender.upload)
    sender.patch(third, 1, b"Y")
    assert kept(workspace, sender.upload) == {"a/1.csv": b"XY"}


def test_a_request_that_hung_cannot_write_into_the_file_that_was_begun_anew(workspace: Workspace) -> None:
    upload = uploads.open_upload(workspace)
    old = uploads.begin_file(workspace, upload, name="a", size=4)
    new = uploads.begin_file(workspace, upload, name="a", size=4)
    assert old.id == new.id
    with pytest.raises(Conflict):
        uploads.append(workspace, upload, old, b"old!")
    uploads.append(workspace, upload, new, b"new!")
    assert kept(workspace, upload) == {"a": b"new!"}


def test_a_file_in_a_file_is_refused_with_words(sender: Sender) -> None:
    assert sender.create("a", 1, b"x").status_code == 201
    inside = sender.create("a/b", 1, b"x")
    assert inside.status_code == 422 and "is a file of this upload" in inside.json()["detail"]
    assert sender.create("d/e", 1, b"x").status_code == 201
    assert sender.create("d", 1, b"x").status_code == 422


def test_an_upload_with_a_part_is_not_imported(sender: Sender, client: TestClient, workspace: Workspace) -> None:
    location = sender.create("a", 4, b"ab").headers["Location"]
    with pytest.raises(Conflict, match="1 of the files have not arrived"):
        uploads.folder(workspace, sender.upload)
    client.delete(location, headers=TUS)
    assert uploads.folder(workspace, sender.upload).is_dir()


def test_the_state_tells_what_lacks(sender: Sender, client: TestClient) -> None:
    sender.create("b", 4, b"ab", **{"Upload-Metadata": f"filename {b64('b')},modified {b64('1700000000123')}"})
    sender.create("a", 2, b"ab")
    state = client.get(f"/api/uploads/{sender.upload}").json()
    assert [(f["name"], f["size"], f["offset"], f["modified"]) for f in state["files"]] == [
        ("a", 2, 2, None), ("b", 4, 2, 1_700_000_000_123),
    ]  # fmt: skip
    assert state["expires"].endswith("+00:00")
    assert client.delete(f"/api/uploads/{sender.upload}").status_code == 204
    assert client.get(f"/api/uploads/{sender.upload}").status_code == 404


def test_an_upload_goes_on_after_the_server_was_started_anew(sender: Sender, workspace: Workspace) -> None:
    location = sender.create("a", 6, b"abc").headers["Location"]
    again = create_app(Workspace(workspace.home), token="token-for-tests")
    with TestClient(again, "http://127.0.0.1", headers=dict(sender.client.headers)) as client:
        assert client.head(location, headers=TUS).headers["Upload-Offset"] == "3"
        headers = {**TUS, "Upload-Offset": "3", "Content-Type": BYTES}
        assert client.patch(location, content=b"def", headers=headers).status_code == 204
    assert kept(workspace, sender.upload) == {"a": b"abcdef"}


def test_what_came_before_a_connection_broke_is_kept(app: FastAPI, sender: Sender) -> None:
    location = sender.create("a", 10).headers["Location"]
    _run(_broken(app, "PATCH", location, {"upload-offset": "0"}, b"abcd"))
    assert sender.offset(location) == 4


def test_a_creation_that_broke_off_does_not_undo_the_one_after_it(
    app: FastAPI, sender: Sender, workspace: Workspace
) -> None:
    sender.create(
        "b", 10, b"0123456789"
    )  # the sender tried again before the server heard that the first had broken off
    headers = {"upload-length": "10", "upload-metadata": f"filename {b64('b')}"}
    _run(_broken(app, "POST", sender.address, headers, b"012"))
    assert kept(workspace, sender.upload) == {"b": b"0123456789"}
    (file,) = uploads.state(workspace, sender.upload).files
    assert file.offset == file.size == 10
    assert uploads.folder(workspace, sender.upload).is_dir()


def test_what_came_of_a_large_file_before_its_creation_broke_off_is_kept(app: FastAPI, sender: Sender) -> None:
    size = 2 * WRITE_BYTES
    headers = {"upload-length": str(size), "upload-metadata": f"filename {b64('c')}"}
    _run(_broken(app, "POST", sender.address, headers, b"x" * (WRITE_BYTES + 5), size=size))
    (file,) = sender.client.get(f"/api/uploads/{sender.upload}").json()["files"]
    assert file["offset"] == WRITE_BYTES + 5


async def _broken(app: FastAPI, method: str, path: str, headers: dict[str, str], data: bytes, size: int = 10) -> None:
    """One request whose sender announces `size` bytes, sends some, and is gone."""
    everything = {
        **headers, "tus-resumable": "1.0.0", "content-type": BYTES, "content-length": str(size), "host": "127.0.0.1",
        "authorization": "Bearer token-for-tests",
    }  # fmt: skip
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in everything.items()], "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    messages = iter([{"type": "http.request", "body": data, "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        return None

    await app(scope, receive, send)


def test_a_stranger_cannot_send(app: FastAPI, sender: Sender) -> None:
    stranger = TestClient(app, "http://127.0.0.1", raise_server_exceptions=False)
    metadata = {"Upload-Length": "1", "Upload-Metadata": f"filename {b64('a')}"}
    assert stranger.post(sender.address, headers={**TUS, **metadata}).status_code == 401
    assert stranger.options(sender.address).status_code == 401
    foreign = {**TUS, **metadata, "Origin": "http://evil.example"}
    assert sender.client.post(sender.address, headers=foreign).status_code == 403


def test_a_full_disk_is_said_before_bytes_are_sent(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = uploads.SPARE_BYTES + 100

    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path: Usage)
    assert sender.create("small", 100).status_code == 201
    refused = sender.create("large", 101)
    assert refused.status_code == 507 and "No room" in refused.json()["detail"]


def test_files_lie_where_only_their_keeper_can_read(sender: Sender, workspace: Workspace, tmp_path: Path) -> None:
    sender.create("a", 1, b"x")
    mode = (workspace.home / "uploads" / sender.upload / "files").stat().st_mode
    assert mode & 0o077 == 0
