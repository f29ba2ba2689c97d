"""Global heaps of an HDF5 file, looked through before the library does: it hangs in one whose free space has size 0.

"HDF5 File Format Specification", version 3, section III.E: `GCOL`, version 1, three zeros, size of the collection
(8 bytes), then objects of index (2), reference count (2), four zeros, size (8), and data padded to 8 bytes; index 0
is the free space, whose size counts its own head. Texts of variable length stand here.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from einthoven.errors import FormatError

_SIGNATURE = b"GCOL\x01\0\0\0"
_COLLECTION = struct.Struct("<8sQ")
_OBJECT = struct.Struct("<HHIQ")
_PIECE_BYTES = 1024**2
_MOST_INDICES = 2**16
_MOST_OBJECTS = 2_000_000


def check_heaps(stream: BinaryIO) -> None:
    """Leave the stream at its beginning; FormatError when a heap would be walked for ever."""
    stream.seek(0)
    left = _MOST_OBJECTS
    for place in list(_places(stream)):
        left -= _check(stream, place)
        if left < 0:
            raise FormatError("Its HDF5 heaps hold more texts than any file of ECGs.")
    stream.seek(0)


def _places(stream: BinaryIO) -> Iterator[int]:
    before, start = b"", 0
    while piece := stream.read(_PIECE_BYTES):
        data = before + piece
        at = data.find(_SIGNATURE)
        while at >= 0:
            yield start - len(before) + at
            at = data.find(_SIGNATURE, at + 1)
        before, start = data[-len(_SIGNATURE) + 1 :], start + len(piece)


def _check(stream: BinaryIO, place: int) -> int:
    """Walk one collection; the number of objects in it."""
    stream.seek(place)
    _, size = _COLLECTION.unpack(stream.read(_COLLECTION.size).ljust(_COLLECTION.size, b"\0"))
    at, end = place + _COLLECTION.size, place + size
    for number in range(_MOST_INDICES):
        if at + _OBJECT.size > end:
            return number
        stream.seek(at)
        head = stream.read(_OBJECT.size)
        if len(head) < _OBJECT.size:
            return number  # cut off: the library says so
        index, _, _, n_bytes = _OBJECT.unpack(head)
        step = n_bytes if index == 0 else _OBJECT.size + -(-n_bytes // 8) * 8
        if step < _OBJECT.size:
            raise FormatError(
                "Its HDF5 structure is damaged: a heap states free space of no size.",
                advice="Copy the file again from where it came from.",
            )
        at += step
    return _MOST_INDICES
