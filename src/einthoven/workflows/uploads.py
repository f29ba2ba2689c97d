"""Files on their way in: kept under `uploads/<id>/` by their relative path until they are imported."""

import secrets
import shutil
import time
import unicodedata
from pathlib import Path, PurePosixPath
from typing import IO

from einthoven.errors import InputError, NotFound
from einthoven.workflows.workspace import Workspace

MAX_DEPTH = 20
MAX_PART = 200
ABANDONED_SECONDS = 86_400.0
NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that a name cannot hold: control, direction, halves. Wide and narrow blanks may be there."""


def open_upload(workspace: Workspace) -> str:
    """Begin an upload; its id."""
    upload = secrets.token_hex(12)
    (workspace.home / "uploads" / upload).mkdir(parents=True)
    return upload


def add_file(workspace: Workspace, upload: str, *, name: str, content: IO[bytes]) -> None:
    """Store one file under its relative path."""
    root = folder(workspace, upload)
    target = root.joinpath(*_safe_parts(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)


def count_files(workspace: Workspace, upload: str) -> int:
    """How many files the upload holds."""
    return sum(1 for path in folder(workspace, upload).rglob("*") if path.is_file())


def folder(workspace: Workspace, upload: str) -> Path:
    """Where the files of an upload lie."""
    path = workspace.home / "uploads" / upload
    if not upload.isalnum() or not path.is_dir():
        raise NotFound(f"There is no upload {upload!r}.", advice="Upload the files again.")
    return path


def forget_abandoned(workspace: Workspace) -> None:
    """Remove what was uploaded more than a day ago and never imported: those are patients' files."""
    for path in (workspace.home / "uploads").glob("*"):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def close_upload(workspace: Workspace, upload: str) -> None:
    """Forget an upload once its files are imported or kept in quarantine."""
    shutil.rmtree(folder(workspace, upload), ignore_errors=True)


def _safe_parts(name: str) -> tuple[str, ...]:
    """Parts of a relative path that cannot leave the upload's folder, on any platform."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad = [p for p in parts if p in ("..", "/", "//") or ":" in p or not _is_text(p) or len(p) > MAX_PART]
    if not parts or bad or len(parts) > MAX_DEPTH:
        raise InputError(f"{name!r} is not a usable file name.", advice="Rename the file and upload it again.")
    return parts


def _is_text(part: str) -> bool:
    return not any(unicodedata.category(character) in NO_TEXT for character in part)
