"""Where the bytes come from: a file on disk or an upload of loose files. Readers touch nothing else."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, TypeVar

from einthoven.errors import FormatError

MAX_FILE_BYTES = 2 * 1024**3
"""Files above this size (2 GiB) are refused before they are read."""

MAX_SAMPLES = 2**28
"""Most values (leads times samples, all records of a file) that are decoded: 1 GiB as float32."""

HEAD_BYTES = 4096

MAX_HELD_BYTES = 4 * 1024**2
"""Files up to this size are held in memory while they are dealt with; an ECG of ten seconds has a tenth of it."""

T = TypeVar("T")


class FileSource(Protocol):
    """One file, with the files beside it.

    `name` is the file's name with its relative folder and "/" as separator; `size` in bytes.
    """

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self) -> bytes:
        """The whole content; FormatError when it cannot be read or is larger than `MAX_FILE_BYTES`."""
        ...

    def head(self, n: int = HEAD_BYTES) -> bytes:
        """The first `n` bytes, fewer when the file is shorter."""
        ...

    def open(self) -> BinaryIO:
        """The content as a seekable stream, whatever its size; for formats that are read piece by piece."""
        ...

    def sibling(self, name: str) -> "FileSource | None":
        """The file called `name` in the same folder or batch, in any case; None when there is none.

        A name with a folder in it is never followed: a header cannot reach outside its folder.
        """
        ...


class SeenSource:
    """A source, with the files beside it, that is read from the disk once, however often it is looked at.

    It is detected, read and blanked; opening files is what costs most of reading a small one.
    """

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.name = source.name
        self.size = source.size
        self._siblings: dict[str, SeenSource | None] = {}
        self._found: dict[str, Any] = {}
        self._content = source.read() if self.size <= min(MAX_HELD_BYTES, MAX_FILE_BYTES) else None
        self._head = source.head(HEAD_BYTES) if self._content is None else b""

    def read(self) -> bytes:
        return self._source.read() if self._content is None else self._content

    def open(self) -> BinaryIO:
        return self._source.open() if self._content is None else io.BytesIO(self._content)

    def head(self, n: int = HEAD_BYTES) -> bytes:
        if self._content is not None:
            return self._content[:n]
        if len(self._head) < min(n, self.size):
            self._head = self._source.head(n)
        return self._head[:n]

    def sibling(self, name: str) -> FileSource | None:
        if name not in self._siblings:
            found = self._source.sibling(name)
            self._siblings[name] = None if found is None else SeenSource(found)
        return self._siblings[name]

    def once(self, what: str, find: Callable[[], T]) -> T:
        """What `find` gives, kept under the name `what` where the content is held in memory too."""
        if what in self._found:
            found: T = self._found[what]
            return found
        found = find()
        if self._content is not None:
            self._found[what] = found
        return found


def once(source: FileSource, what: str, find: Callable[[], T]) -> T:
    """What `find` makes of the file, made once for detecting, reading and blanking it; never to be changed in place.

    An error is not kept.
    """
    return source.once(what, find) if isinstance(source, SeenSource) else find()


def refuse_if_too_large(name: str, size: int) -> None:
    """FormatError when `size` bytes are more than is read into memory."""
    if size > MAX_FILE_BYTES:
        raise FormatError(
            f"{name} has {size / 1024**3:.1f} GiB; files up to {MAX_FILE_BYTES / 1024**3:g} GiB are read.",
            advice="Split it into one file per ECG.",
        )


def _is_plain(name: str) -> bool:
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0:")


@lru_cache(maxsize=2)
def _names_in(folder: Path, changed: int) -> dict[str, str]:
    """Names in a folder by their case folded, as of the moment it was `changed`: in a folder of 100,000 files every
    one may look for another that is not there."""
    return {path.name.casefold(): path.name for path in folder.iterdir()}


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file on disk. `root` is the folder that names are relative to, and the outermost one used."""

    path: Path
    root: Path | None = None

    @property
    def name(self) -> str:
        if self.root is not None:
            try:
                return self.path.relative_to(self.root).as_posix()
            except ValueError:
                pass  # a path elsewhere goes by its own name
        return self.path.name

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from error

    def read(self) -> bytes:
        size = self.size
        if size > MAX_FILE_BYTES:
            refuse_if_too_large(self.name, size)
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise self._unreadable(error) from error

    def head(self, n: int = HEAD_BYTES) -> bytes:
        try:
            with self.path.open("rb") as stream:
                return stream.read(n)
        except OSError as error:
            raise self._unreadable(error) from error

    def open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error

    def sibling(self, name: str) -> "PathSource | None":
        if not _is_plain(name):
            return None
        exact = self.path.parent / name
        try:
            if exact.is_file():
                return PathSource(exact, self.root)
            found = _names_in(self.path.parent, self.path.parent.stat().st_mtime_ns).get(name.casefold())
            if found is not None and (self.path.parent / found).is_file():
                return PathSource(self.path.parent / found, self.root)
        except OSError:
            return None
        return None

    def _unreadable(self, error: OSError) -> FormatError:
        return FormatError(f"{self.name} cannot be opened: {error.strerror or error}.")


@dataclass(frozen=True, slots=True)
class MemorySource:
    """One of the loose files of an upload; `files` maps the name (with relative folder) to the content."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if self.name not in self.files:
            raise FormatError(f"{self.name} is not among the files of the upload.")

    @property
    def size(self) -> int:
        return len(self.files[self.name])

    def read(self) -> bytes:
        refuse_if_too_large(self.name, self.size)
        return bytes(self.files[self.name])

    def head(self, n: int = HEAD_BYTES) -> bytes:
        return bytes(self.files[self.name][:n])

    def open(self) -> BinaryIO:
        return io.BytesIO(self.files[self.name])

    def sibling(self, name: str) -> "MemorySource | None":
        if not _is_plain(name):
            return None
        wanted = PurePosixPath(self.name).with_name(name).as_posix()
        if wanted in self.files:
            return MemorySource(wanted, self.files)
        for candidate in self.files:
            if candidate.casefold() == wanted.casefold():
                return MemorySource(candidate, self.files)
        return None
