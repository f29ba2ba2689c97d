"""The elements of a DICOM file as a tree of bytes: tags, sequences, and values where they stand in the file.

Source: PS3.5 (7.1 data elements, 7.5 sequences, annex A transfer syntaxes) and PS3.10 (7.1 file meta information).
Read here and not by pydicom: that converts each of the thousands of small elements of an ECG with its
annotations to an object of its own, which takes ten times as long, and follows nested sequences as deep as a
damaged file says. pydicom is the yardstick of the tests.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from einthoven.errors import FormatError
from einthoven.formats.dicom.tags import SEQUENCES, WAVEFORMS

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

_LONG_VRS: Final = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
_SHORT_VRS: Final = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS",
     b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_PREAMBLE = 132
_DEEPEST = 16
_MOST_ELEMENTS = 1_000_000
# An ECG deflates to a third; what unfolds to more than this many times its size is no ECG.
_MOST_INFLATED = 30


@dataclass(slots=True)
class Element:
    """One data element: `vr` is empty in implicit files; `items` for a sequence, else the bytes of the value."""

    vr: bytes
    value: bytes
    items: "list[Item] | None" = None


Item = dict[int, Element]
"""The elements of a dataset or sequence item by tag, group and element number in one integer."""


@dataclass(frozen=True, slots=True)
class Dicom:
    """A file: its meta information, its dataset, and how that is coded; `beyond`: bytes behind it that are none of
    it."""

    meta: Mapping[int, Element]
    dataset: Item
    implicit: bool
    big_endian: bool
    beyond: int = 0


class _Reader:
    """Reads elements one after the other; `left` is how many more a file may have."""

    def __init__(self, data: bytes, *, implicit: bool, big_endian: bool, left: int = _MOST_ELEMENTS) -> None:
        endian = ">" if big_endian else "<"
        self.data, self.implicit, self.left = data, implicit, left
        self._explicit_head = struct.Struct(endian + "HH2sH")
        self._implicit_head = struct.Struct(endian + "HHL")
        self._long = struct.Struct(endian + "L")

    def dataset(self, start: int, end: int, depth: int, *, open_end: bool = False) -> tuple[Item, int]:
        """The elements between `start` and `end`, or up to an item's end mark; and where they end."""
        if depth > _DEEPEST:
            raise FormatError(f"Its sequences are nested more than {_DEEPEST} deep, which no ECG needs: it is damaged.")
        data, found, position, implicit = self.data, Item(), start, self.implicit
        while position + 8 <= end:
            if implicit:
                group, number, length = self._implicit_head.unpack_from(data, position)
                vr = b""
            else:
                group, number, vr, length = self._explicit_head.unpack_from(data, position)
            tag = group << 16 | number
            if group == 0xFFFE:
                if tag == _ITEM_END and open_end:
                    return found, position + 8
                raise FormatError("Its sequences do not end where they must: it is damaged.")
            position += 8
            if vr in _LONG_VRS and position + 4 <= end:
                length = self._long.unpack_from(data, position)[0]
                position += 4
            elif vr not in _SHORT_VRS and not implicit:
                if depth == 0 and not any(data[position - 8 : end]):
                    return found, end  # filled up with zeros
                if depth == 0 and WAVEFORMS in found:
                    return found, position - 8  # no element: what somebody or some program hung on behind the file
                raise FormatError(f"The element ({group:04x},{number:04x}) has no value type: it is damaged.")
            self.left -= 1
            if self.left < 0:
                raise FormatError(f"It holds more than {_MOST_ELEMENTS} elements, which no ECG does.")
            if tag == _PIXEL_DATA:
                found[tag] = Element(vr, b"")
                return found, end  # a picture: nothing behind it is of use, and it may be in compressed parts
            if length == _UNDEFINED or vr == b"SQ" or (tag in SEQUENCES and (implicit or vr == b"UN")):
                items, position = self._sequence(tag, vr, position, end, length, depth)
                found[tag] = Element(b"" if implicit else b"SQ", b"", items)
                continue
            if position + length > end:
                raise FormatError(
                    f"It is cut off: the element ({group:04x},{number:04x}) has {length} bytes, and {end - position} "
                    "are there.",
                    advice="Copy the file again from where it came from.",
                )
            found[tag] = Element(vr, data[position : position + length])
            position += length
        if open_end:
            raise FormatError("It is cut off inside a sequence.", advice="Copy the file again from where it came from.")
        return found, end

    def _sequence(self, tag: int, vr: bytes, start: int, end: int, length: int, depth: int) -> tuple[list[Item], int]:
        """The items of a sequence and where it ends; those of a UN are implicit little endian (PS3.5, 6.2.2)."""
        if vr == b"UN":
            inner = _Reader(self.data, implicit=True, big_endian=False, left=self.left)
            found = inner._sequence(tag, b"", start, end, length, depth)
            self.left = inner.left
            return found
        if length != _UNDEFINED and start + length > end:
            raise FormatError(
                f"It is cut off: the sequence ({tag >> 16:04x},{tag & 0xFFFF:04x}) has {length} bytes, and "
                f"{end - start} are there.",
                advice="Copy the file again from where it came from.",
            )
        stop = end if length == _UNDEFINED else start + length
        items: list[Item] = []
        position = start
        while position + 8 <= stop:
            group, number, size = self._implicit_head.unpack_from(self.data, position)
            kind, position = group << 16 | number, position + 8
            if kind == _SEQUENCE_END and length == _UNDEFINED:
                return items, position
            if kind != _ITEM or (size != _UNDEFINED and position + size > stop):
                raise FormatError("Its sequences do not end where they must: it is damaged or cut off.")
            open_end = size == _UNDEFINED
            item, position = self.dataset(position, stop if open_end else position + size, depth + 1, open_end=open_end)
            items.append(item)
        if length == _UNDEFINED:
            raise FormatError("It is cut off inside a sequence.", advice="Copy the file again from where it came from.")
        return items, stop


def is_dicom(head: bytes) -> bool:
    return head[128:132] == b"DICM"


def parse(data: bytes) -> Dicom:
    """The tree of a DICOM file; FormatError when it is damaged, cut off or unfolds beyond reason."""
    meta, start = _meta(data)
    syntax = text_of(meta.get(0x00020010)) or EXPLICIT_LITTLE
    body, size = data, len(data)
    if syntax == DEFLATED:
        body, start = _inflated(data[start:]), 0
        size = len(body)
    implicit, big = syntax == IMPLICIT_LITTLE, syntax == EXPLICIT_BIG
    dataset, stop = _Reader(body, implicit=implicit, big_endian=big).dataset(start, size, 0)
    return Dicom(meta=meta, dataset=dataset, implicit=implicit, big_endian=big, beyond=size - stop)


def _meta(data: bytes) -> tuple[Item, int]:
    """Group 0002, always explicit little endian, and where it ends."""
    reader = _Reader(data, implicit=False, big_endian=False)
    position, meta = _PREAMBLE, Item()
    while data[position : position + 2] == b"\x02\x00" and position + 8 <= len(data):
        vr = data[position + 4 : position + 6]
        if vr in _LONG_VRS and position + 12 <= len(data):
            end = position + 12 + struct.unpack_from("<L", data, position + 8)[0]
        else:
            end = position + 8 + struct.unpack_from("<H", data, position + 6)[0]
        if end > len(data):
            raise FormatError("It is cut off inside its file meta information.")
        part, position = reader.dataset(position, end, 0)
        meta |= part
    return meta, position


def _inflated(data: bytes) -> bytes:
    limit = _MOST_INFLATED * len(data)
    unfolding = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = unfolding.decompress(data, limit)
    except zlib.error as error:
        raise FormatError(
            "Its compressed part is damaged.", advice="Copy the file again from where it came from."
        ) from error
    if not unfolding.eof:
        if unfolding.unconsumed_tail:
            raise FormatError(f"It unfolds to more than {_MOST_INFLATED} times its size, which no ECG does.")
        raise FormatError("Its compressed part is cut off.", advice="Copy the file again from where it came from.")
    return body


def text_of(element: Element | None) -> str:
    """A value in plain characters without padding; empty when there is none."""
    return "" if element is None else element.value.decode("latin-1").strip(" \0")
