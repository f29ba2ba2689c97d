"""NPY: one NumPy array (NEP 1, "A Simple File Format for NumPy Arrays")."""

import io
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.arrays import StatedArray, check_shape, records
from einthoven.formats.entry import FormatEntry
from einthoven.formats.passport import Origin, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.record import EcgRecord, ReadHints

MAGIC = b"\x93NUMPY"


def claims(source: FileSource) -> bool:
    return source.head(16).startswith(MAGIC)


def load_array(data: bytes, what: str) -> npt.NDArray[np.generic]:
    """The array in `data`, its header checked before anything is allocated; never a pickle.

    It shares its memory with `data`, and is read-only.

    Raises
    ------
    FormatError
        When header and content do not fit each other, or the array cannot be an ECG or a fact about one.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, dtype = read_header(stream)
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise FormatError(f"The header of {what} is damaged: {str(error)[:200]}") from error
    if dtype.hasobject:
        check_shape(shape, dtype)
    count = 1
    for length in shape:
        if length < 0:
            raise FormatError(f"The header of {what} states the impossible shape {shape}.")
        count *= length
    needed, available = count * dtype.itemsize, len(data) - stream.tell()
    if needed > available:
        raise FormatError(
            f"{what} is cut off: its header states shape {shape} of {dtype}, which are {needed} bytes, "
            f"and {available} follow.",
            advice="Copy the file again from where it came from.",
        )
    if needed == 0:
        return np.empty(0, dtype)
    flat = np.frombuffer(data, dtype=dtype, count=count, offset=stream.tell())
    array: npt.NDArray[np.generic] = flat.reshape(shape, order="F" if by_columns else "C")
    return array


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    array = load_array(data, "the array")
    origin = Origin(name=source.name, format=ENTRY.name, sha256=sha256(data), reader=reader_name("numpy"))
    yield from records(StatedArray(array), hints, origin)


def array_bytes(array: npt.NDArray[np.generic]) -> bytes:
    """`array` as an NPY file."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    return stream.getvalue()


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The array written again: it holds numbers only, and what may stand behind it is gone."""
    array = load_array(source.read(), "the array")
    check_shape(array.shape, array.dtype)
    return {PurePosixPath(source.name).name: array_bytes(array)}


ENTRY = FormatEntry(
    name="npy",
    title="NumPy array (NPY)",
    extensions=(".npy",),
    requires=(),
    states="States neither unit nor rate nor leads: all three need hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Numbers of any real type and byte order, (leads, samples) or (samples, leads).",
        "A third axis in front holds several ECGs of the same leads and length.",
    ),
    limits=("Arrays of Python objects (pickles) and structured arrays are refused.",),
)
