"""NPZ: a ZIP of named NumPy arrays, in which facts may stand beside the signal."""

import io
import zipfile
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import records
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import stated_array, stated_subject
from einthoven.formats.npy import load_array
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import MAX_FILE_BYTES, FileSource
from einthoven.record import EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    head = source.head(512)
    if not head.startswith(b"PK\x03\x04"):
        return False
    # The first member's name stands at byte 30 of its local header (APPNOTE.TXT 4.3.7).
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length].endswith(b".npy")


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    arrays = _arrays(data)
    subject, doubts = stated_subject(arrays)
    origin = Origin(
        name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("numpy"), doubts=doubts
    )
    yield from records(stated_array(arrays), hints, origin, subject=subject)


def _arrays(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_FILE_BYTES:
                raise FormatError(f"Unpacked it has {unpacked / 1024**3:.1f} GiB, more than is read.")
            return {
                member.filename.removesuffix(".npy"): load_array(archive.read(member), f"array {member.filename}")
                for member in members
            }
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise FormatError(
            f"The ZIP is damaged or cut off: {error}", advice="Copy the file again from where it came from."
        ) from error


ENTRY = FormatEntry(
    name="npz",
    title="NumPy archive (NPZ)",
    extensions=(".npz",),
    requires=(),
    states="States what arrays beside the signal say (fs, unit, leads, gain, age, sex); the rest needs hints.",
    claims=claims,
    read=read,
)
