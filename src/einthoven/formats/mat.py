"""MAT: variables of MATLAB, versions 4 to 7 (not 7.3, which is HDF5)."""

import io
import re
import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import records
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import stated_array, stated_subject
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.record import EcgRecord, ReadHints

_MAT_5 = b"MATLAB 5.0 MAT-file"
_MAT_73 = b"MATLAB 7.3 MAT-file"
_DEEPEST = 6


def claims(source: FileSource) -> bool:
    head = source.head(128)
    return head.startswith((_MAT_5, _MAT_73)) or _is_mat_4(head)


def _is_mat_4(head: bytes) -> bool:
    """The twenty-byte header of a version 4 variable (MAT-File Format, chapter 1: "Level 4")."""
    for order in "<>":
        if len(head) < 22:
            return False
        kind, rows, columns, imaginary, length = struct.unpack(order + "5i", head[:20])
        machine, zero, precision, matrix = kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10
        plausible = machine in (0, 1) and zero == 0 and precision <= 5 and matrix <= 2 and imaginary in (0, 1)
        if plausible and rows > 0 and columns > 0 and 2 <= length <= 64:
            name = head[20 : 20 + length]
            return re.fullmatch(rb"[A-Za-z]\w*\0", name) is not None
    return False


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    if data.startswith(_MAT_73):
        raise FormatError(
            "It is a MATLAB 7.3 file (HDF5), which is not read.",
            advice="In MATLAB, save it again with save(..., '-v7').",
        )
    arrays = _variables(data)
    subject, doubts = stated_subject(arrays)
    origin = Origin(
        name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("scipy"), doubts=doubts
    )
    yield from records(stated_array(arrays), hints, origin, subject=subject)


def _variables(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    from scipy.io import loadmat, whosmat

    for name, shape, _ in whosmat(io.BytesIO(data)):
        count = 1
        for length in shape:
            count *= int(length)
        if count > MAX_SAMPLES or any(length < 0 for length in shape):
            raise FormatError(f"Its variable {name} states the shape {tuple(shape)}, more than can be read.")
    found: dict[str, npt.NDArray[np.generic]] = {}
    for name, value in loadmat(io.BytesIO(data), struct_as_record=True, chars_as_strings=True).items():
        if not name.startswith("__"):
            _collect(found, name, value, depth=0)
    return found


def _collect(found: dict[str, npt.NDArray[np.generic]], name: str, value: object, *, depth: int) -> None:
    """Walk structures and cells; leaves are arrays of numbers or of text, named by their path."""
    if not isinstance(value, np.ndarray) or depth > _DEEPEST:
        return
    if value.dtype.names:
        if value.size == 1:
            for field in value.dtype.names:
                _collect(found, f"{name}.{field}", value.ravel()[0][field], depth=depth + 1)
    elif value.dtype.kind == "O":
        cells = [cell.ravel()[0] for cell in value.ravel() if isinstance(cell, np.ndarray) and cell.size == 1]
        if len(cells) == value.size and all(isinstance(cell, str) for cell in cells):
            found[name] = np.array([str(cell) for cell in cells])
        elif value.size == 1:
            _collect(found, name, value.ravel()[0], depth=depth + 1)
    elif value.dtype.kind in "iufUS":
        found[name] = value


ENTRY = FormatEntry(
    name="mat",
    title="MATLAB (MAT, up to version 7)",
    extensions=(".mat",),
    requires=("scipy",),
    states="States what variables beside the signal say (fs, unit, leads, gain, age, sex); the rest needs hints.",
    claims=claims,
    read=read,
)
