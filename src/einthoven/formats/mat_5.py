"""Variables of a MAT file of version 5 to 7, read and written element by element.

Layout from "MAT-File Format" (The MathWorks), chapter 1: a header of 128 bytes, then elements of a tag (type, number
of bytes) and data. Type 14 is an array, which holds elements: flags with its class, shape, name, and what the class
asks for. Type 15 is an array compressed by zlib.

scipy reads these files too, and agrees; it is not used, because it follows types, sizes and depths that a damaged
file states: it reads outside its memory (a bus error ends the process), overflows the stack, or asks for gigabytes.
Here every size is held against the bytes that are there.
"""

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

_HEADER_BYTES = 128
_TEXT_OF_HEADER = b"MATLAB 5.0 MAT-file".ljust(116)
_ARRAY, _COMPRESSED = 14, 15
_CELL, _STRUCTURE, _CHARACTERS = 1, 2, 4
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8",
}  # fmt: skip
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASS_OF = {dtype: kind for kind, dtype in _CLASSES.items()}
_TYPE_OF = {dtype: kind for kind, dtype in _TYPES.items()}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_COMPLEX = 0x0800
_DEEPEST = 10
_MOST_TEXTS = 10_000
_MAX_RATIO = 100
_SMALL_BYTES = 16 * 1024**2
_DAMAGED = "Copy the file again from where it came from."

_Piece = bytes | memoryview
Arrays = dict[str, npt.NDArray[np.generic]]


def variables(data: bytes) -> Arrays:
    """Arrays of numbers and of text by name; members of structures by their path, with dots.

    Other classes (objects, functions, sparse and complex numbers, several structures in an array) are not in it.

    Raises
    ------
    FormatError
        When an element states more than is there, is nested too deep, or unpacks to over 100 times its size.
    """
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise FormatError("Its header does not say in which order bytes stand.", advice=_DAMAGED)
    found: Arrays = {}
    whole = memoryview(data)
    place, room = _HEADER_BYTES, max(_MAX_RATIO * len(data), _SMALL_BYTES)
    while len(data) - place >= 8:
        kind, length = struct.unpack_from(order + "II", data, place)
        end = place + 8 + length
        if end > len(data):
            raise FormatError(
                f"It is cut off: a variable at byte {place} states {length} bytes, and {len(data) - place - 8} follow.",
                advice=_DAMAGED,
            )
        if kind == _COMPRESSED:
            element = memoryview(_decompressed(whole[place + 8 : end], room))
            room -= len(element)
            place = end
        else:
            element = whole[place:end]
            # Compressed elements are not padded to a multiple of 8 bytes, all others are.
            place = end + -end % 8
        outer = _Elements(element, order)
        kind, body = outer.next()
        if kind == _ARRAY and len(body):
            _array(_Elements(body, order), "", found, depth=0)
    return found


def _decompressed(data: memoryview, room: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        element = stream.decompress(data, max(room, 1))
    except zlib.error as error:
        raise FormatError(f"A compressed variable is damaged: {error}", advice=_DAMAGED) from error
    if stream.unconsumed_tail or not stream.eof:
        problem = "is cut off" if not stream.unconsumed_tail else f"unpacks to more than {room} bytes"
        raise FormatError(f"A compressed variable {problem}.", advice="In MATLAB, save it with '-v6', uncompressed.")
    return element


@dataclass(slots=True)
class _Elements:
    """Elements one after the other."""

    view: memoryview
    order: str
    place: int = 0

    def next(self) -> tuple[int, memoryview]:
        """Type and data of the next element; FormatError when it is not there as it says."""
        if len(self.view) - self.place < 8:
            raise FormatError("A variable ends within itself.", advice=_DAMAGED)
        first, length = struct.unpack_from(self.order + "II", self.view, self.place)
        if first >> 16:  # the small format: type and length in four bytes, the data in the other four
            kind, length, start = first & 0xFFFF, first >> 16, self.place + 4
            following = self.place + 8
            fits = length <= 4
        else:
            kind, start = first, self.place + 8
            following = start + length + -length % 8
            fits = start + length <= len(self.view)
        if not fits:
            raise FormatError(f"A part of a variable states {length} bytes, more than there are.", advice=_DAMAGED)
        self.place = min(following, len(self.view))
        return kind, self.view[start : start + length]

    def numbers(self) -> npt.NDArray[np.generic]:
        """The next element as numbers of its type; FormatError when it holds none."""
        kind, data = self.next()
        if kind not in _TYPES:
            raise FormatError(f"A part of a variable is of type {kind}, where numbers are expected.", advice=_DAMAGED)
        dtype = np.dtype(f"{self.order}{_TYPES[kind]}")
        return np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype)


def _array(elements: _Elements, path: str, found: Arrays, *, depth: int) -> None:
    """Put what the array holds into `found`; without a path it goes by its own name."""
    if depth > _DEEPEST:
        raise FormatError(f"Its variables are nested deeper than {_DEEPEST}.")
    flags = elements.numbers()
    if not flags.size:
        raise FormatError("A variable has no flags.", advice=_DAMAGED)
    kind, is_complex = int(flags[0]) & 0xFF, bool(int(flags[0]) & _COMPLEX)
    if kind not in _CLASSES and kind not in (_CELL, _STRUCTURE, _CHARACTERS):
        return
    shape = tuple(int(length) for length in elements.numbers())
    if not 1 <= len(shape) <= 32 or min(shape) < 0:
        raise FormatError(f"A variable has the shape {shape}.", advice=_DAMAGED)
    name = bytes(elements.next()[1]).decode("latin-1").strip("\0 ")
    path = path or name
    if not path or 0 in shape:
        return
    if kind in _CLASSES and not is_complex:
        found[path] = _numbers(elements, shape, _CLASSES[kind])
    elif kind == _CHARACTERS:
        found[path] = _texts(elements, shape)
    elif kind == _CELL:
        _cells(elements, math.prod(shape), path, found, depth=depth)
    elif kind == _STRUCTURE and math.prod(shape) == 1:
        _structure(elements, path, found, depth=depth)


def _numbers(elements: _Elements, shape: tuple[int, ...], dtype: str) -> npt.NDArray[np.generic]:
    stored = elements.numbers()
    if stored.size != math.prod(shape):
        raise FormatError(f"A variable states the shape {shape} and holds {stored.size} values.", advice=_DAMAGED)
    # Whole numbers of any class may be stored in fewer bytes.
    wanted = np.dtype(f"{elements.order}{dtype}")
    return (stored if stored.dtype == wanted else stored.astype(wanted)).reshape(shape, order="F")


def _texts(elements: _Elements, shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    """The rows of an array of characters."""
    kind, data = elements.next()
    if kind not in _TEXTS:
        raise FormatError(f"A variable holds text of the unknown type {kind}.", advice=_DAMAGED)
    encoding = _TEXTS[kind]
    if encoding in ("utf-16", "utf-32"):
        encoding += "-le" if elements.order == "<" else "-be"
    text = bytes(data).decode(encoding, "replace")
    if len(shape) != 2 or shape[0] == 1 or len(text) != math.prod(shape) or shape[0] > _MOST_TEXTS:
        return np.array([text])
    return np.array([text[row :: shape[0]] for row in range(shape[0])])


def _cells(elements: _Elements, count: int, path: str, found: Arrays, *, depth: int) -> None:
    """A cell array of texts, or what stands in the only cell; nothing for other cell arrays."""
    texts: list[str] = []
    for _ in range(count):
        kind, body = elements.next()
        inside: Arrays = {}
        if kind == _ARRAY and len(body):
            _array(_Elements(body, elements.order), path, inside, depth=depth + 1)
        if count == 1:
            found.update(inside)
            return
        cell = inside.get(path)
        if cell is None or cell.dtype.kind != "U" or cell.size != 1 or count > _MOST_TEXTS:
            return
        texts.append(str(cell.ravel()[0]))
    found[path] = np.array(texts)


def _structure(elements: _Elements, path: str, found: Arrays, *, depth: int) -> None:
    lengths = elements.numbers()
    labels = bytes(elements.next()[1])
    length = int(lengths[0]) if lengths.size else 0
    if length <= 0 or len(labels) % length:
        raise FormatError("The names of the members of a structure cannot be told.", advice=_DAMAGED)
    for start in range(0, len(labels), length):
        label = labels[start : start + length].partition(b"\0")[0].decode("latin-1")
        kind, body = elements.next()
        if kind == _ARRAY and len(body):
            _array(_Elements(body, elements.order), f"{path}.{label}", found, depth=depth + 1)


def written(arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """A version 5 file of these arrays of numbers and of text, uncompressed, without platform and time of writing.

    Several texts become a cell array. scipy's `savemat` takes several times as long.
    """
    parts = [_TEXT_OF_HEADER, bytes(8), struct.pack("<H2s", 0x0100, b"IM")]
    return b"".join([*parts, *(part for name, array in arrays.items() for part in _variable(name, array))])


def _variable(name: str, array: npt.NDArray[np.generic]) -> list[_Piece]:
    shape = {0: (1, 1), 1: (1, array.size)}.get(array.ndim, array.shape)
    if array.dtype.kind != "U":
        dtype = array.dtype.str[1:]
        # tobytes("F") goes through the numbers one by one where they stand in rows.
        columns = np.asarray(array.reshape(shape), dtype=f"<{dtype}").T
        data = np.ascontiguousarray(columns).data.cast("B") if columns.size else b""
        return _element_of_array(name, _CLASS_OF[dtype], shape, _tagged(_TYPE_OF[dtype], data))
    # A cell without any character would be no text for a reader.
    texts = [str(text) or " " for text in array.ravel()]
    if len(texts) == 1:
        return _element_of_array(name, _CHARACTERS, (1, len(texts[0])), _text_data(texts[0]))
    cells = [part for text in texts for part in _element_of_array("", _CHARACTERS, (1, len(text)), _text_data(text))]
    return _element_of_array(name, _CELL, (1, len(texts)), cells)


def _text_data(text: str) -> list[_Piece]:
    return _tagged(4, text.encode("utf-16-le"))


def _element_of_array(name: str, kind: int, shape: tuple[int, ...], content: list[_Piece]) -> list[_Piece]:
    flags = _tagged(6, struct.pack("<II", kind, 0))
    parts = [*flags, *_tagged(5, struct.pack(f"<{len(shape)}i", *shape)), *_tagged(1, name.encode()), *content]
    return [struct.pack("<II", _ARRAY, sum(map(len, parts))), *parts]


def _tagged(kind: int, data: bytes | memoryview) -> list[_Piece]:
    """Tag and data of an element, padded to a multiple of 8 bytes."""
    return [struct.pack("<II", kind, len(data)), data, bytes(-len(data) % 8)]
