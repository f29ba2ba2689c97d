"""The files that records were read from, with their identifying fields blanked, one ZIP each.

Named by the sha256 over the bytes that are kept (the file, then its companions), so that equal ones are kept once.
Text is packed with Zstandard, ten times as fast as the ZIP's own method: such a member's name ends in `.zst`.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from einthoven.errors import FormatError, NotFound
from einthoven.store.signals import write_private

MAX_KEPT_BYTES = 64 * 2**20
"""Larger files are not kept, neither originals nor refused ones."""
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The first moment a ZIP can state: when the file was made stands in no archive."""
_PROBE_BYTES = 4096
_WORTHWHILE = 0.5
"""Text shrinks to a third, and is slow to read beside the time that packing takes."""
_WORTHWHILE_NUMBERS = 0.25
"""Samples of 16 bits shrink to 0.6, of 64 bits to a third: packing those would take twice as long as reading them."""
_PACKED = ".zst"
_METHOD = "zstd"


class Originals:
    """The folder `originals/`: `ab/<sha256>.zip`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.zip"

    def load(self, digest: str) -> dict[str, bytes]:
        """Files by name; the first is the one to open."""
        try:
            with zipfile.ZipFile(self.path(digest)) as archive:
                return dict(_unpacked(info.filename, archive.read(info)) for info in archive.infolist())
        except FileNotFoundError as error:
            raise NotFound(
                f"The original {digest} is not in {self.folder}.", advice="Import its file again."
            ) from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
            raise FormatError(f"The original {self.path(digest)} is damaged: {error}.") from error

    def delete(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)


def pack(path: Path, files: Mapping[str, bytes]) -> int:
    """Write files to a waiting file, packed where that saves much; its size in bytes."""
    packed = zipped(dict(_packed(name, data) for name, data in files.items()))
    write_private(path, packed)
    return len(packed)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of these files, as they are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _WHEN)
            info.external_attr = 0o600 << 16
            archive.writestr(info, data)
    return stream.getvalue()


def _packed(name: str, data: bytes) -> tuple[str, bytes]:
    if not _is_worth_packing(data) and not name.endswith(_PACKED):
        return name, data
    import pyarrow as pa

    return name + _PACKED, pa.compress(data, codec=_METHOD, asbytes=True)


def _is_worth_packing(data: bytes) -> bool:
    """By a piece of its middle: the beginning is a header in most formats."""
    if len(data) < _PROBE_BYTES:
        return False
    middle = (len(data) - _PROBE_BYTES) // 2
    probe = data[middle : middle + _PROBE_BYTES]
    most = _WORTHWHILE_NUMBERS if b"\0" in probe else _WORTHWHILE
    return len(zlib.compress(probe, 1)) < most * len(probe)


def _unpacked(name: str, data: bytes) -> tuple[str, bytes]:
    if not name.endswith(_PACKED):
        return name, data
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(data), _METHOD) as stream:
        return name.removesuffix(_PACKED), bytes(stream.read())
