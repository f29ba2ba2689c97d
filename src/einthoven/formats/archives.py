"""Archives as folders: gzip, bzip2, xz, ZIP and tar, each in each, member by member.

Nothing is unpacked to a path that a file names: a member is read into memory, or into a private file that has no
name. Sizes that an archive states are checked before, and the bytes that come out are counted while they come:
a stated size may lie. A member that cannot be had is `Refused` with its reason, and the others go on.

Formats that are themselves ZIP files (NPZ, workbooks, exported models) are no archives: see `archive_kind`.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO, Literal, cast

from einthoven.errors import FormatError
from einthoven.formats.entry import FORMATS
from einthoven.formats.foreign import is_model_bundle, is_workbook
from einthoven.formats.source import HEAD_BYTES, MAX_FILE_BYTES, FileSource

Kind = Literal["gzip", "bzip2", "xz", "zip", "tar"]

MAX_RATIO = 200
"""Most bytes out of one byte in. ECG text shrinks to a tenth, a table of zeros to a hundredth, a bomb to less."""
RATIO_FROM_BYTES = 16 * 2**20
"""Below so many bytes the ratio does not matter: they fit anywhere."""
MAX_MEMBERS = 200_000
"""Members of one archive; the largest public set in one file has 65,900 (SPH, PTB-XL: 43,800)."""
MAX_DEPTH = 4
"""Archives within archives: a download of a download of a day of a device. More is a matryoshka made on purpose."""
MAX_TOTAL_BYTES = 256 * 2**30
"""All that comes out of one archive with those inside it. CODE-15, the largest public set, has 70 GiB."""
MEMORY_BYTES = 32 * 2**20
"""Larger members are read from a private temporary file instead of memory."""
MAX_PARTS, MAX_PART = 30, 255
"""Folders in a member's name, and characters in one of them (what file systems allow)."""
CHUNK = 1 << 20

_PACKED: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "1f8b": ("gzip", (".gz",)),
    "425a68": ("bzip2", (".bz2",)),
    "fd377a585a00": ("xz", (".xz",)),
}
_TAR_SUFFIXES = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar"}
_DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError,
    NotImplementedError, IndexError, KeyError, OverflowError,
)  # fmt: skip
_NO_TEXT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def archive_kind(source: FileSource) -> Kind | None:
    """Which archive the content is; None for everything else, also for formats that use ZIP as their shell."""
    head = source.head(HEAD_BYTES)
    for magic, (kind, _) in _PACKED.items():
        if head.startswith(bytes.fromhex(magic)):
            return kind
    if head[257:262] == b"ustar":
        return "tar"
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or is_workbook(head) or is_model_bundle(head):
        return None
    return None if any(entry.claims(source) for entry in FORMATS) else "zip"


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that is not read, by its name below the archive's, and why."""

    name: str
    error: FormatError


@dataclass(slots=True)
class Budget:
    """What may still come out of the outermost archive. `packed` is its size in bytes."""

    packed: int
    unpacked: int = 0

    def take(self, name: str, n: int) -> None:
        """Count `n` more bytes; FormatError when that is more than any archive of ECGs holds."""
        self.unpacked += n
        if self.unpacked > MAX_TOTAL_BYTES:
            raise FormatError(
                f"{name}: more than {MAX_TOTAL_BYTES / 2**30:g} GiB came out of this archive.",
                advice="Unpack it yourself and import the folder.",
            )
        if self.unpacked > RATIO_FROM_BYTES and self.unpacked > MAX_RATIO * self.packed:
            raise _bomb(name, self.unpacked, self.packed)


def _bomb(name: str, unpacked: int, packed: int) -> FormatError:
    return FormatError(
        f"{name}: {packed} bytes unpack to more than {unpacked}, over {MAX_RATIO} times as many. "
        "No file of ECGs shrinks so far; this looks like an archive made to fill the disk.",
        advice="If it is none, unpack it yourself and import the folder.",
    )


@dataclass(slots=True, eq=False)
class Member:
    """A file inside an archive, as a `FileSource`. It lives as long as the archive is open."""

    name: str
    size: int
    packed: int
    _open: Callable[[], BinaryIO]
    _budget: Budget
    _beside: "dict[str, Member]" = field(repr=False)
    _head: bytes | None = None
    _counted: bool = False

    def read(self) -> bytes:
        if self.size > MAX_FILE_BYTES:
            raise _too_large(self.name, self.size)
        return b"".join(self._chunks())

    def head(self, n: int = HEAD_BYTES) -> bytes:
        if self._head is None or len(self._head) < min(n, self.size):
            try:
                with self._open() as stream:
                    self._head = stream.read(n)
            except _DAMAGE as error:
                raise _damaged(self.name, error) from error
        return self._head[:n]

    def open(self) -> BinaryIO:
        spool = _spool()
        for chunk in self._chunks():
            spool.write(chunk)
        spool.seek(0)
        return spool

    def sibling(self, name: str) -> "Member | None":
        if not name or name in (".", "..") or set(name) & set("/\\\0:"):
            return None
        return self._beside.get(PurePosixPath(self.name).with_name(name).as_posix().casefold())

    def _chunks(self) -> Iterator[bytes]:
        """The content, counted while it comes out."""
        out = 0
        try:
            with self._open() as stream:
                while chunk := stream.read(CHUNK):
                    out += len(chunk)
                    if out > self.size:
                        raise FormatError(f"{self.name} is longer than its archive states ({self.size} bytes).")
                    if out > RATIO_FROM_BYTES and out > MAX_RATIO * max(self.packed, 1):
                        raise _bomb(self.name, out, self.packed)
                    if not self._counted:
                        self._budget.take(self.name, len(chunk))
                    yield chunk
        except _DAMAGE as error:
            raise _damaged(self.name, error) from error
        if out < self.size:
            raise FormatError(f"{self.name} is cut off in its archive: {out} of {self.size} bytes.")
        self._counted = True


class Unpacked:
    """The one file inside a gzip, bzip2 or xz file. It has the outer name without the packer's suffix."""

    def __init__(self, source: FileSource, kind: Kind, budget: Budget) -> None:
        self.name = unpacked_name(source.name)
        self._source, self._kind, self._budget = source, kind, budget
        self._content: BinaryIO | None = None
        self._size = 0

    @property
    def size(self) -> int:
        self._whole()
        return self._size

    def head(self, n: int = HEAD_BYTES) -> bytes:
        if self._content is not None:
            self._content.seek(0)
            return self._content.read(n)
        try:
            with self._source.open() as packed, _inflating(packed, self._kind) as stream:
                return stream.read(n)
        except _DAMAGE as error:
            raise _damaged(self.name, error) from error

    def read(self) -> bytes:
        content = self._whole()
        if self._size > MAX_FILE_BYTES:
            raise _too_large(self.name, self._size)
        return content.read()

    def open(self) -> BinaryIO:
        """A stream of its own over the content, so that two readers do not disturb each other."""
        content, own = self._whole(), _spool()
        while chunk := content.read(CHUNK):
            own.write(chunk)
        own.seek(0)
        return own

    def borrow(self) -> BinaryIO:
        """The content itself, for an archive that is read from it; closed with this source."""
        return self._whole()

    def sibling(self, name: str) -> FileSource | None:
        """The file beside the outer one: as it is, or packed like this one (`r.hea.gz` beside `r.dat.gz`)."""
        plain = self._source.sibling(name)
        if plain is not None:
            return plain
        for suffix in (suffix for _, suffixes in _PACKED.values() for suffix in suffixes):
            packed = self._source.sibling(name + suffix)
            kind = None if packed is None else archive_kind(packed)
            if packed is not None and kind in ("gzip", "bzip2", "xz"):
                return Unpacked(packed, kind, Budget(packed.size))
        return None

    def close(self) -> None:
        if self._content is not None:
            self._content.close()
            self._content = None

    def _whole(self) -> BinaryIO:
        if self._content is not None:
            self._content.seek(0)
            return self._content
        spool, out = _spool(), 0
        try:
            with self._source.open() as packed, _inflating(packed, self._kind) as stream:
                while chunk := stream.read(CHUNK):
                    out += len(chunk)
                    if out > RATIO_FROM_BYTES and out > MAX_RATIO * self._source.size:
                        raise _bomb(self.name, out, self._source.size)
                    self._budget.take(self.name, len(chunk))
                    spool.write(chunk)
        except _DAMAGE as error:
            spool.close()
            raise _damaged(self.name, error) from error
        except FormatError:
            spool.close()
            raise
        spool.seek(0)
        self._content, self._size = spool, out
        return spool


def _inflating(packed: BinaryIO, kind: Kind) -> BinaryIO:
    if kind == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=packed, mode="rb"))
    return cast(BinaryIO, bz2.BZ2File(packed) if kind == "bzip2" else lzma.LZMAFile(packed))


def unpacked_name(name: str) -> str:
    """The name without the packer's suffix: `a.csv.gz` is `a.csv`, `a.tgz` is `a.tar`."""
    path = PurePosixPath(name)
    suffix = path.suffix.casefold()
    if suffix in _TAR_SUFFIXES:
        return path.with_suffix(_TAR_SUFFIXES[suffix]).as_posix()
    plain = suffix in (s for _, suffixes in _PACKED.values() for s in suffixes)
    return path.with_suffix("").as_posix() if plain else name


class Archive:
    """An open archive: `sources` are its files, `refused` what it holds besides. Use it with `with`.

    A packed single file (`a.csv.gz`) is an archive of one.

    Raises
    ------
    FormatError
        On opening, when it is damaged, holds too many members, or lies too deep in others.
    """

    def __init__(self, source: FileSource, *, budget: Budget | None = None, depth: int = 0) -> None:
        self.name = source.name
        self.sources: list[FileSource] = []
        self.refused: list[Refused] = []
        self.depth = depth
        self.budget = budget or Budget(max(source.size, 1))
        self._members: dict[str, Member] = {}
        self._close = ExitStack()
        if depth >= MAX_DEPTH:
            raise FormatError(
                f"{self.name} is an archive within {MAX_DEPTH} others; that deep nothing is unpacked.",
                advice="Unpack it yourself and import the folder.",
            )
        try:
            self._open(source)
        except _DAMAGE as error:
            self._close.close()
            raise _damaged(self.name, error) from error
        except FormatError:
            self._close.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._close.close()

    def _open(self, source: FileSource) -> None:
        kind = archive_kind(source)
        if kind in ("gzip", "bzip2", "xz"):
            inner = Unpacked(source, kind, self.budget)
            self._close.callback(inner.close)
            if archive_kind(_Head(inner)) != "tar":
                self.sources.append(inner)
                return
            self._open_tar(self._close.enter_context(_keep_open(inner.borrow())))
        elif kind == "tar":
            self._open_tar(self._close.enter_context(source.open()))
        elif kind == "zip":
            self._open_zip(self._close.enter_context(source.open()), source.size)
        else:
            raise FormatError(f"{self.name} is no archive.")
        self.sources.extend(self._members.values())

    def _open_zip(self, stream: BinaryIO, size: int) -> None:
        archive = self._close.enter_context(zipfile.ZipFile(stream))
        for number, info in enumerate(archive.infolist()):
            self._count(number)
            mode = info.external_attr >> 16
            problem = ""
            if info.is_dir():
                continue
            if info.flag_bits & 0x1:
                problem = "is encrypted, and there is no password"
            elif stat.S_IFMT(mode) and not stat.S_ISREG(mode):
                problem = "is a link or a device, which is never followed"
            elif info.compress_size > size:
                problem = "states more bytes than its archive has"
            self._add(info.filename, info.file_size, info.compress_size, _zip_opener(archive, info), problem)

    def _open_tar(self, stream: BinaryIO) -> None:
        archive = self._close.enter_context(tarfile.open(fileobj=stream, mode="r:"))  # noqa: SIM115
        for number, info in enumerate(archive):
            self._count(number)
            if info.isdir():
                continue
            problem = ""
            if not info.isreg():
                problem = "is a link or a device, which is never followed"
            elif info.issparse():
                problem = "is a sparse file, which is not unpacked"
            self._add(info.name, info.size, info.size, _tar_opener(archive, info), problem)

    def _count(self, number: int) -> None:
        if number >= MAX_MEMBERS:
            raise FormatError(
                f"{self.name} holds more than {MAX_MEMBERS} files.", advice="Unpack it and import its folders."
            )

    def _add(self, stated: str, size: int, packed: int, opener: Callable[[], BinaryIO], problem: str) -> None:
        name, wrong = _safe_name(stated)
        if wrong is None and _is_hidden(name):
            return
        below = f"{self.name}/{name}"
        problem = wrong or problem
        if not problem and below.casefold() in self._members:
            problem = "stands in its archive twice; only the first is read"
        if not problem and size > RATIO_FROM_BYTES and size > MAX_RATIO * max(packed, 1):
            self.refused.append(Refused(below, _bomb(below, size, packed)))
        elif problem:
            self.refused.append(Refused(below, FormatError(f"{below} {problem}.", advice=_ADVICE)))
        else:
            self._members[below.casefold()] = Member(below, size, packed, opener, self.budget, self._members)


_ADVICE = "Unpack the archive yourself, look at this file, and import it by itself."


class _Head:
    """A source of which only the head is wanted: asking for the size would unpack the whole."""

    def __init__(self, inner: Unpacked) -> None:
        self.name = inner.name
        self._bytes = inner.head()
        self.size = len(self._bytes)

    def read(self) -> bytes:
        return self._bytes

    def head(self, n: int = HEAD_BYTES) -> bytes:
        return self._bytes[:n]

    def open(self) -> BinaryIO:
        return io.BytesIO(self._bytes)

    def sibling(self, name: str) -> FileSource | None:
        return None


class _keep_open:  # noqa: N801  used like a function
    """A stream that its owner closes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def __enter__(self) -> BinaryIO:
        return self._stream

    def __exit__(self, *_: object) -> None:
        pass


def _zip_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast(BinaryIO, archive.open(info))


def _tar_opener(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        stream = archive.extractfile(info)
        if stream is None:
            raise FormatError(f"{info.name} is no file.")
        return cast(BinaryIO, stream)

    return opened


def _safe_name(stated: str) -> tuple[str, str | None]:
    """A member's name with "/" between its parts, and what is wrong with it, if anything."""
    readable = stated.encode("utf-8", "backslashreplace").decode().replace("\\", "/")
    shown = "".join("?" if unicodedata.category(c) in _NO_TEXT else c for c in readable)
    parts = [part for part in shown.split("/") if part not in ("", ".")]
    if readable.startswith("/") or (len(readable) > 1 and readable[1] == ":"):
        return "/".join(parts) or "?", "has an absolute path as its name, which is never followed"
    if ".." in parts:
        return "/".join(part for part in parts if part != ".."), "has a name that leads out of its archive (..)"
    if shown != stated.replace("\\", "/"):
        return "/".join(parts) or "?", "has a name that is no text"
    if not parts or len(parts) > MAX_PARTS or max(map(len, parts)) > MAX_PART:
        return "/".join(parts)[:MAX_PART] or "?", "has no usable name"
    return "/".join(parts), None


def _is_hidden(name: str) -> bool:
    """Files that systems add: `.DS_Store`, `__MACOSX/`. Folders on disk leave them out too."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _spool() -> BinaryIO:
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES, prefix="einthoven-"))


def _too_large(name: str, size: int) -> FormatError:
    return FormatError(
        f"{name} has {size / 1024**3:.1f} GiB; files up to {MAX_FILE_BYTES / 1024**3:g} GiB are read.",
        advice="Split it into one file per ECG.",
    )


def _damaged(name: str, error: Exception) -> FormatError:
    return FormatError(
        f"{name} cannot be unpacked: {type(error).__name__}: {str(error)[:200]}.",
        advice="The archive seems damaged or incomplete; copy it again from where it came from.",
    )
