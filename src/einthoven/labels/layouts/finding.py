"""Which data set a folder is, where in it the data set begins, and which files it holds."""

import os
from collections.abc import Iterator
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.layouts.entry import LAYOUTS, LayoutEntry
from einthoven.registry import Registry

DEEPEST = 3
"""Folders below the given one in which a data set is looked for: archives unpack into a folder, or two."""

MOST_FOLDERS = 200
HEAD_BYTES = 4096


def recognise(folder: Path, layouts: Registry[LayoutEntry] = LAYOUTS) -> LayoutEntry | None:
    """The data set that lies in `folder` itself, or None."""
    return next((entry for entry in layouts if entry.recognises(folder)), None)


def locate(entry: LayoutEntry, root: Path) -> Path | None:
    """The folder at or below `root` in which the data set lies; None when none of the first folders is it."""
    return next((folder for folder in _folders(root) if entry.recognises(folder)), None)


def advice(folder: Path) -> str | None:
    """A line for somebody who imports this folder as plain files, when it is a known data set."""
    entry = recognise(folder)
    if entry is None:
        return None
    return f"This looks like {entry.title}: import it with --layout {entry.name}. {entry.brings}"


def files_below(folder: Path, suffix: str) -> Iterator[str]:
    """Paths relative to `folder`, with `/`, of all files that end so; in the order of names, hidden ones left out."""
    pending = [("", os.fspath(folder))]
    while pending:
        prefix, path = pending.pop()
        try:
            with os.scandir(path) as found:
                entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            raise LabelError(f"The folder {path} cannot be read: {error.strerror or error}.") from None
        below = []
        for entry in entries:
            if entry.is_dir():
                below.append((f"{prefix}{entry.name}/", entry.path))
            elif entry.name.casefold().endswith(suffix):
                yield prefix + entry.name
        pending.extend(reversed(below))


def first_file(folder: Path, suffix: str) -> Path | None:
    """A file that ends so, at or a little below `folder`; None when the first folders have none."""
    for place in _folders(folder):
        try:
            names = sorted(path.name for path in place.iterdir() if path.name.casefold().endswith(suffix))
        except OSError:
            continue
        if names:
            return place / names[0]
    return None


def head(path: Path) -> str:
    """The first bytes of a file as text; empty when there is none."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def has_columns(path: Path, *names: str) -> bool:
    """Whether the first line of a table holds these column names."""
    columns = {name.strip().strip('"') for name in head(path).partition("\n")[0].split(",")}
    return columns.issuperset(names)


def _folders(root: Path) -> Iterator[Path]:
    """`root`, then the folders below, nearest first, not too many and not too deep."""
    level, seen = [root], 0
    for _ in range(DEEPEST + 1):
        below: list[Path] = []
        for folder in level:
            if not folder.is_dir():
                continue
            yield folder
            seen += 1
            if seen >= MOST_FOLDERS:
                return
            try:
                below += sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
            except OSError:
                continue
        level = below
