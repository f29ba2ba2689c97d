"""HDF5: arrays in a tree, with facts beside them; one layout of a published data set is known by its shape.

CODE-15 (Ribeiro et al., Zenodo 4916206, 2021) holds `tracings` (n, 4096, 12) and `exam_id` (n), and states
nothing about them. Rate, order of leads and padding are those of its description; the unit is the one in which the
George B. Moody PhysioNet Challenge 2025 converts it. (The description of CODE-test, which has no `exam_id`,
names another unit, 1e-4 V: that file needs hints.)
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from einthoven.formats.arrays import Published, StatedArray
from einthoven.formats.entry import FormatEntry
from einthoven.formats.named_arrays import Named, records_in, stated_arrays, without_identity
from einthoven.formats.passport import Origin, reader_name
from einthoven.formats.source import FileSource
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

if TYPE_CHECKING:
    import h5py

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_USER_BLOCKS = (0, 512, 1024, 2048)
_PIECE_BYTES = 1024**2
_MAX_BLANKED_BYTES = 256 * 1024**2

CODE_15 = Published("CODE-15", ReadHints(unit="mV", rate=400.0, leads=STANDARD_12), zero_padded=True)


def claims(source: FileSource) -> bool:
    head = source.head()
    if head.startswith(b"MATLAB 7.3"):
        return False
    return any(head[start : start + 8] == _SIGNATURE for start in _USER_BLOCKS)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    from einthoven.formats.hdf5.contents import arrays_in, opened

    origin = Origin(
        name=source.name, format=ENTRY.name, sha256=stream_sha256(source.open()), reader=reader_name("h5py")
    )
    with opened(source.open()) as file:
        arrays = arrays_in(file)
        found = [
            (replace(stated, published=CODE_15) if _is_code_15(stated, arrays) else stated, subject, doubts)
            for stated, subject, doubts in stated_arrays(arrays)
        ]
        yield from records_in(found, hints, origin, streamed=True)


def stream_sha256(stream: BinaryIO) -> str:
    """Hex digest over the whole stream, read piece by piece; closes it."""
    digest = hashlib.sha256()
    with stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _is_code_15(array: StatedArray, arrays: Named) -> bool:
    if "tracings" not in arrays or "exam_id" not in arrays or array.values is not arrays["tracings"]:
        return False
    tracings, exams = arrays["tracings"], arrays["exam_id"]
    silent = array.rate is None and array.units is None and array.leads is None and array.gain is None
    as_published = tracings.shape[1:] == (4096, 12) and exams.shape == tracings.shape[:1]
    return silent and as_published and tracings.dtype.kind == "f" and exams.dtype.kind in "iu"


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """A file with the signal and the facts that are read, and nothing else; exam numbers become 0."""
    from einthoven.formats.hdf5.contents import arrays_in, opened

    if source.size > _MAX_BLANKED_BYTES:
        return None
    with opened(source.open()) as file:
        arrays = arrays_in(file)
        kept = without_identity(arrays)
        if kept is None:
            return None
        (stated, _, _), *_ = stated_arrays(arrays)
        if _is_code_15(stated, arrays):
            kept = {"tracings": kept["signal"], "exam_id": np.zeros(len(kept["signal"]), dtype=np.int64)}
    return {PurePosixPath(source.name).name: _written(kept)}


def _written(arrays: Mapping[str, np.ndarray]) -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, array in arrays.items():
            values = [str(text) for text in array.ravel()] if array.dtype.kind == "U" else array
            _dataset(file, name, values)
    return stream.getvalue()


def _dataset(file: "h5py.File", name: str, values: object) -> None:
    if isinstance(values, list):
        import h5py

        file.create_dataset(name, data=values, dtype=h5py.string_dtype())
    else:
        file.create_dataset(name, data=values)


ENTRY = FormatEntry(
    name="hdf5",
    title="HDF5",
    extensions=(".h5", ".hdf5", ".hdf", ".he5"),
    requires=("h5py",),
    states="States what datasets and attributes beside the signal say (fs, unit, leads, gain, age, sex); "
    "the rest needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "The dataset called `signal`, `ecg`, `data`, `tracings` or the like, or the only one with two axes.",
        "A dataset for each lead (`I`, `II`, ...) in one group, which are put together.",
        "Several ECGs as a third axis in front, as datasets whose names differ in their number, or one in each group.",
        "CODE-15 (`tracings`, `exam_id`): 400 Hz, mV, twelve leads as published; its zero padding becomes missing.",
    ),
    limits=(
        "Facts count where they stand beside the signal, in it, above it, or in a group such as `info` beside it.",
        "External and soft links, virtual datasets, filters that need a plug-in, and compound types are not read.",
        "Datasets that state over 100 times what they hold, or of which parts were never written, are refused.",
    ),
    streams=True,
)
