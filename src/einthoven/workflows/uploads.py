"""Files on their way in: kept under `uploads/<upload>/files/` by their relative path until they are imported.

`uploads/<upload>/parts/` holds what is known of each file that is sent piece by piece: `<file>.json` (name, size)
and, until it has arrived whole, `<file>` with the bytes so far. All state is on disk, so that an upload goes on
after the server was started anew: how far a file is, is the length of its part.
"""

import hashlib
import json
import os
import secrets
import shutil
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from einthoven.errors import Conflict, InputError, NotFound
from einthoven.workflows.workspace import Workspace

MAX_DEPTH = 20
MAX_PART = 200
MAX_PART_BYTES, MAX_NAME_BYTES = 255, 2000
"""In UTF-8: what file systems take for one part, and what leaves room for the folder before the name."""
MAX_FILE_BYTES = 64 * 2**30
"""Larger than any archive of ECGs that is published; what is inside is limited when it is unpacked."""
SPARE_BYTES = 2**30
"""Room on the disk that an upload must leave."""
ABANDONED_SECONDS = 86_400.0
NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that a name cannot hold: control, direction, halves. Wide and narrow blanks may be there."""

# Two requests for one file must not write between each other's look at its length and their writing.
_LOCKS = tuple(threading.Lock() for _ in range(64))


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """One file of an upload: `size` bytes were announced, `offset` of them are here.

    `modified` is when the file was changed last, in ms since 1970 as the sender's machine states it: with name and
    size it tells whether a file that is offered again is the same. `version` differs each time a file is begun anew.
    """

    id: str
    name: str
    size: int
    modified: int | None
    version: str
    offset: int


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload with all its files that were announced; it is forgotten at `expires` when nothing arrives."""

    upload: str
    expires: str
    files: tuple[IncomingFile, ...]


def open_upload(workspace: Workspace) -> str:
    """Begin an upload; its id."""
    forget_abandoned(workspace)
    upload = secrets.token_hex(12)
    for inner in ("files", "parts"):
        (workspace.home / "uploads" / upload / inner).mkdir(parents=True, mode=0o700)
    return upload


def add_file(workspace: Workspace, upload: str, *, name: str, content: IO[bytes]) -> None:
    """Store one file under its relative path, at once."""
    root = _root(workspace, upload)
    with _while_it_is_there(upload):
        with _make_room(root, name).open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        os.utime(root)


def begin_file(workspace: Workspace, upload: str, *, name: str, size: int, modified: int | None = None) -> IncomingFile:
    """Announce a file of `size` bytes. A file of this name that was announced before is begun anew."""
    root = _root(workspace, upload)
    if not 0 <= size <= MAX_FILE_BYTES:
        raise InputError(f"{name!r} has {size} bytes; at most {MAX_FILE_BYTES} can be sent.")
    number = hashlib.sha256("/".join(_safe_parts(name)).encode()).hexdigest()[:32]
    file = IncomingFile(number, name, size, modified, secrets.token_hex(8), 0)
    part, facts = root / "parts" / number, root / "parts" / f"{number}.json"
    with _lock(number), _while_it_is_there(upload):
        target = _make_room(root, name)
        # Without facts of its own it was sent under a name that only differs in case or in the form of its accents.
        if target.exists() and not facts.exists():
            raise Conflict(f"A file {name!r} is in this upload already.", advice="Rename one of the two.")
        part.write_bytes(b"")
        _write_facts(facts, file)
        if size == 0:
            part.replace(target)
    return file


def room(workspace: Workspace) -> int:
    """Bytes that may still be sent until the disk is as full as it may be."""
    return max(0, shutil.disk_usage(workspace.home).free - SPARE_BYTES)


def append(workspace: Workspace, upload: str, file: IncomingFile, data: bytes) -> IncomingFile:
    """Add bytes at `file.offset`; the file as it is then. The last byte puts it under its name.

    Conflict when other bytes have arrived since, or the file was begun anew: `incoming` says how far it is.
    """
    root = _root(workspace, upload)
    part = root / "parts" / file.id
    with _lock(file.id), _while_it_is_there(upload):
        now = _read(root, file.id)
        if (now.version, now.offset) != (file.version, file.offset):
            raise Conflict(f"{now.offset} bytes of this file are here, not {file.offset}.", advice="Go on from there.")
        if now.offset + len(data) > now.size:
            raise InputError(f"More bytes arrived than the {now.size} that were announced.", advice="Send it again.")
        if data:
            with part.open("ab") as stream:
                stream.write(data)
        reached = now.offset + len(data)
        if data and reached == now.size:
            part.replace(_make_room(root, now.name))
        os.utime(root)
    return IncomingFile(now.id, now.name, now.size, now.modified, now.version, reached)


def incoming(workspace: Workspace, upload: str, file: str) -> IncomingFile:
    """How far a file is; NotFound when it was never announced, withdrawn, or the upload is gone."""
    root = _root(workspace, upload)
    if not (file.isascii() and file.isalnum() and len(file) <= 64):
        raise NotFound("There is no such file in this upload.", advice="Send it from its start.")
    return _read(root, file)


def withdraw_file(workspace: Workspace, upload: str, file: str) -> None:
    """Forget one file and its bytes."""
    root = _root(workspace, upload)
    known = incoming(workspace, upload, file)
    with _lock(known.id):
        for path in (root / "parts" / known.id, _target(root, known.name), root / "parts" / f"{known.id}.json"):
            path.unlink(missing_ok=True)


def state(workspace: Workspace, upload: str) -> UploadState:
    """Every announced file and how far it is, by name: what a page needs to send only what lacks."""
    root = _root(workspace, upload)
    files: list[IncomingFile] = []
    for path in (root / "parts").glob("*.json"):
        with suppress(NotFound):  # begun or withdrawn at this moment
            files.append(_read(root, path.stem))
    return UploadState(upload, expires(workspace, upload).isoformat(), tuple(sorted(files, key=lambda f: f.name)))


def expires(workspace: Workspace, upload: str) -> datetime:
    """When an upload is forgotten if nothing more arrives, UTC."""
    return datetime.fromtimestamp(int(_root(workspace, upload).stat().st_mtime + ABANDONED_SECONDS), UTC)


def count_files(workspace: Workspace, upload: str) -> int:
    """How many whole files the upload holds."""
    return sum(1 for path in (_root(workspace, upload) / "files").rglob("*") if path.is_file())


def folder(workspace: Workspace, upload: str) -> Path:
    """Where the files of an upload lie that has arrived whole; Conflict while one is still on its way."""
    root = _root(workspace, upload)
    lacking = sum(1 for path in (root / "parts").iterdir() if path.suffix != ".json")
    if lacking:
        raise Conflict(
            f"{lacking} of the files have not arrived whole.", advice="Send the rest, or take them out of the upload."
        )
    return root / "files"


def forget_abandoned(workspace: Workspace) -> None:
    """Remove uploads to which nothing was added for a day and that no import reads: those are patients' files."""
    paths = [p for p in (workspace.home / "uploads").glob("*") if _age(p) > ABANDONED_SECONDS]
    if paths:
        reading = {job.request.get("upload") for job in workspace.jobs.jobs(kind="import", active=True, limit=500)}
        for path in paths:
            if path.name not in reading:
                shutil.rmtree(path, ignore_errors=True)


def close_upload(workspace: Workspace, upload: str) -> None:
    """Forget an upload once its files are imported or kept in quarantine, or when it is given up."""
    root = _root(workspace, upload)
    # Another name first: what is on its way in cannot write there any more while it is taken apart.
    aside = root.with_name(f"closed-{upload}")
    with _while_it_is_there(upload):
        root.replace(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _root(workspace: Workspace, upload: str) -> Path:
    path = workspace.home / "uploads" / upload
    if not (upload.isascii() and upload.isalnum()) or len(upload) > 64 or not (path / "parts").is_dir():
        raise _gone(upload)
    return path


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _lock(number: str) -> threading.Lock:
    return _LOCKS[int(number[:2], 16) % len(_LOCKS)]


def _read(root: Path, number: str) -> IncomingFile:
    try:
        facts = json.loads((root / "parts" / f"{number}.json").read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound("There is no such file in this upload.", advice="Send it from its start.") from None
    name, size, modified, version = facts["name"], facts["size"], facts["modified"], facts["version"]
    try:
        offset = (root / "parts" / number).stat().st_size
    except FileNotFoundError:
        try:
            offset = _target(root, name).stat().st_size
        except FileNotFoundError:
            raise NotFound("There is no such file in this upload.", advice="Send it from its start.") from None
    return IncomingFile(number, name, size, modified, version, offset)


def _write_facts(path: Path, file: IncomingFile) -> None:
    facts = asdict(file)
    del facts["id"], facts["offset"]
    path.write_text(json.dumps(facts), "utf-8")


def _target(root: Path, name: str) -> Path:
    return (root / "files").joinpath(*_safe_parts(name))


def _make_room(root: Path, name: str) -> Path:
    """Where a file will lie, its folders made; InputError where a file and a folder of the upload have one name."""
    parts = _safe_parts(name)
    folder = root / "files"
    try:
        for part in parts[:-1]:
            folder /= part
            folder.mkdir(exist_ok=True)  # one by one: an upload that is given up meanwhile must not come back
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{name!r} lies in what is a file of this upload.", advice="Rename one of the two.") from None
    if (folder / parts[-1]).is_dir():
        raise InputError(f"{name!r} is a folder of this upload.", advice="Rename one of the two.")
    return folder / parts[-1]


@contextmanager
def _while_it_is_there(upload: str) -> Iterator[None]:
    """An upload may be given up while a file of it is on its way."""
    try:
        yield
    except FileNotFoundError:
        raise _gone(upload) from None


def _gone(upload: str) -> NotFound:
    return NotFound(f"There is no upload {upload[:64]!r}.", advice="Upload the files again.")


def _safe_parts(name: str) -> tuple[str, ...]:
    """Parts of a relative path that cannot leave the upload's folder, on any platform."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad = [p for p in parts if p in ("..", "/", "//") or ":" in p or not _is_text(p) or _is_too_long(p)]
    if not parts or bad or len(parts) > MAX_DEPTH or len(name.encode()) > MAX_NAME_BYTES:
        raise InputError(f"{name!r} is not a usable file name.", advice="Rename the file and upload it again.")
    return parts


def _is_too_long(part: str) -> bool:
    return len(part) > MAX_PART or len(part.encode()) > MAX_PART_BYTES


def _is_text(part: str) -> bool:
    return not any(unicodedata.category(character) in NO_TEXT for character in part)
