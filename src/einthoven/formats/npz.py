"""NPZ: a ZIP of named NumPy arrays, in which facts may stand beside the signal."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.array_names import shown
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import records_in, stated_arrays, without_identity
from einthoven.formats.npy import array_bytes, load_array
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import MAX_FILE_BYTES, FileSource
from einthoven.record import EcgRecord, ReadHints

_MAX_RATIO = 100
_SMALL_BYTES = 16 * 1024**2
_MAX_MEMBERS = 100_000


def claims(source: FileSource) -> bool:
    head = source.head(512)
    if not head.startswith(b"PK\x03\x04"):
        return False
    # The first member's name stands at byte 30 of its local header (APPNOTE.TXT 4.3.7).
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length].endswith(b".npy")


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    origin = Origin(name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("numpy"))
    yield from records_in(stated_arrays(_arrays(data)), hints, origin)


def _arrays(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            unpacked = sum(member.file_size for member in members)
            if unpacked > MAX_FILE_BYTES:
                raise FormatError(f"Unpacked it has {unpacked / 1024**3:.1f} GiB, more than is read.")
            if unpacked > max(_MAX_RATIO * len(data), _SMALL_BYTES) or len(members) > _MAX_MEMBERS:
                raise FormatError(
                    f"{len(data)} bytes unpack to {unpacked} in {len(members)} arrays, as those of a ZIP bomb do.",
                    advice=f"Save it without compression: up to {_MAX_RATIO} times and {_MAX_MEMBERS} arrays are read.",
                )
            names = {member.filename.removesuffix(".npy"): member for member in members if member.file_size > 0}
            return {
                name: load_array(archive.read(member), f"the array {shown(name)}".strip())
                for name, member in names.items()
            }
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise FormatError(
            "The ZIP is damaged or cut off.", advice="Copy the file again from where it came from."
        ) from error


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """An archive with the signal and the facts that are read, and no other array."""
    kept = without_identity(_arrays(source.read()))
    if kept is None:
        return None
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in kept.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), array_bytes(array), zipfile.ZIP_DEFLATED)
    return {PurePosixPath(source.name).name: stream.getvalue()}


ENTRY = FormatEntry(
    name="npz",
    title="NumPy archive (NPZ)",
    extensions=(".npz",),
    requires=(),
    states="States what arrays beside the signal say (fs, unit, leads, gain, age, sex); the rest needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "The array called `signal`, `ecg`, `data`, `val` or the like, or the only one with two axes.",
        "Arrays that are called by the leads (`I`, `II`, ...), which are put together.",
        "Several ECGs as a third axis in front, or as arrays whose names differ in their number (`ecg_1`, `ecg_2`).",
    ),
    limits=(
        "Arrays of Python objects (pickles) are refused, and archives that unpack to over 100 times their size.",
        "Arrays whose names do not tell which is the ECG are refused; others of its shape are left out, which is said.",
    ),
)
