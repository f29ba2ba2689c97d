"""MAT: variables of MATLAB, versions 4 to 7, and 7.3, which is HDF5."""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats import mat_5, mat_73
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import NamedArray, records_in, stated_arrays, without_identity
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource, once
from einthoven.record import EcgRecord, ReadHints

_MAT_5 = b"MATLAB 5.0 MAT-file"
_MAT_73 = b"MATLAB 7.3 MAT-file"


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
    with _variables(source, data) as (arrays, package):
        origin = Origin(name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name(package))
        yield from records_in(stated_arrays(arrays), hints, origin)


@contextmanager
def _variables(source: FileSource, data: bytes) -> Iterator[tuple[Mapping[str, NamedArray], str]]:
    """Variables by name, members of structures by their path; and the package that reads them."""
    if data.startswith(_MAT_73):
        from einthoven.formats.hdf5.contents import opened

        with opened(io.BytesIO(data)) as file:
            yield mat_73.variables(file), "h5py"
    elif data.startswith(_MAT_5):
        yield once(source, "mat variables", lambda: mat_5.variables(data)), "einthoven"
    else:
        yield once(source, "mat variables", lambda: _of_version_4(data)), "scipy"


def _of_version_4(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    from scipy.io import loadmat, whosmat

    for _, shape, _ in whosmat(io.BytesIO(data)):
        count = 1
        for length in shape:
            count *= int(length)
        if count > min(MAX_SAMPLES, len(data)) or any(length < 0 for length in shape):
            raise FormatError(f"A variable states the shape {tuple(shape)}, more than can be read.")
    return {
        name: value
        for name, value in loadmat(io.BytesIO(data), chars_as_strings=True).items()
        if isinstance(value, np.ndarray) and value.dtype.kind in "iufUS" and not name.startswith("__")
    }


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """A version 5 file with the signal and the facts that are read, and no other variable."""
    with _variables(source, source.read()) as (arrays, _):
        kept = without_identity(arrays)
    return None if kept is None else {PurePosixPath(source.name).name: mat_5.written(kept)}


ENTRY = FormatEntry(
    name="mat",
    title="MATLAB (MAT)",
    extensions=(".mat",),
    requires=("scipy", "h5py"),
    states="States what variables beside the signal say (fs, unit, leads, gain, age, sex); the rest needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Versions 4, 5 to 7 and 7.3: the variable `val`, `signal`, `ecg`, `data` or the like, or the only table.",
        "Members of structures, such as `ECG.data`, `ECG.age` and `ECG.sex` of the CPSC 2018 files.",
    ),
    tried="Against the WFDB reading of the same recordings: the 62 files `.mat` of CinC 2021 (version 4) without their "
    "headers, Chapman, CPSC 2018, Georgia and PTB.",
    limits=(
        "Arrays of several structures, tables and objects of MATLAB classes are not read.",
        "Variables nested deeper than 10, or that unpack to over 100 times the file, are refused.",
    ),
)
