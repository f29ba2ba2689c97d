"""The container of SCP-ECG: a record of numbered sections, each with a checksum (EN 1064, 5.2 and 5.3).

All numbers are little-endian; positions in the file count from 1. A checksum is CRC-CCITT (polynomial 0x1021, start
0xFFFF) over what follows it, in a section and once more over the whole record.
"""

import binascii
import struct
from dataclasses import dataclass, replace

from einthoven.errors import FormatError

RECORD_HEADER = 6
SECTION_HEADER = 16
POINTER = 10
SIGNAL_SECTIONS = frozenset({0, 2, 3, 4, 5, 6})
"""Sections without which, or with damage in which, no sample is right."""
LAST_DEFINED = 12


def checksum(data: bytes | memoryview) -> int:
    """CRC-CCITT over `data`."""
    return binascii.crc_hqx(data, 0xFFFF)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: `start` counts from 0 and includes the header, as `length` does.

    `unused` bytes follow that its pointer counts and its own header does not.
    """

    number: int
    start: int
    length: int
    crc_right: bool
    unused: int = 0

    @property
    def end(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Container:
    """The record and where its sections lie."""

    data: bytes
    size: int
    sections: dict[int, Section]
    crc_right: bool

    def body(self, number: int) -> bytes | None:
        """The content of a section after its header; None when it is absent or empty."""
        section = self.sections.get(number)
        if section is None or section.length <= SECTION_HEADER:
            return None
        return self.data[section.start + SECTION_HEADER : section.end]

    def trusted(self, number: int) -> bool:
        """Whether a checksum, its own or that of the whole record, says that the section is as it was written."""
        return self.crc_right or (number in self.sections and self.sections[number].crc_right)

    @property
    def protocol(self) -> int:
        """Version of the protocol times ten, as section 0 states it."""
        return self.data[RECORD_HEADER + 9]


def is_scp(head: bytes) -> bool:
    """Whether the first bytes are a record header followed by section 0 that points to itself."""
    if len(head) < RECORD_HEADER + SECTION_HEADER + POINTER:
        return False
    size, number, length = struct.unpack_from("<I2xHI", head, 2)
    itself = struct.unpack_from("<HII", head, RECORD_HEADER + SECTION_HEADER)
    pointers, rest = divmod(length - SECTION_HEADER, POINTER)
    if number != 0 or pointers < 1 or rest or size < RECORD_HEADER + length:
        return False
    return bool(itself == (0, length, RECORD_HEADER + 1))


def open_container(data: bytes) -> Container:
    """The sections of the record, each within the file.

    Raises
    ------
    FormatError
        When the record is cut off, a pointer leads out of it, or a section with samples fails its checksum
        while the checksum of the record fails too.
    """
    if not is_scp(data[:64]):
        raise FormatError("It does not begin with a record of SCP-ECG.")
    size, length = struct.unpack_from("<I4xI", data, 2)
    if size > len(data):
        raise FormatError(
            f"It states {size} bytes and {len(data)} are there: it is cut off.",
            advice="Copy the file again from where it came from.",
        )
    end = RECORD_HEADER + length
    if end > size:
        raise FormatError(f"Its section 0 of {length} bytes does not fit into the record of {size} bytes.")
    view = memoryview(data)
    sections = {0: _section(view, 0, RECORD_HEADER, length)}
    for position in range(RECORD_HEADER + SECTION_HEADER, end - POINTER + 1, POINTER):
        number, length, index = struct.unpack_from("<HII", data, position)
        if number == 0 or length == 0:
            continue
        if index == 0 or index - 1 + length > size:
            raise FormatError(f"Its section {number} ({length} bytes from byte {index}) lies outside the record.")
        if number in sections:
            raise FormatError(f"It points to section {number} twice.")
        own = _own_length(data, number, index - 1, length) if number <= LAST_DEFINED else length
        sections[number] = replace(_section(view, number, index - 1, own), unused=length - own)
    container = Container(data, size, sections, checksum(view[2:size]) == struct.unpack_from("<H", data)[0])
    damaged = sorted(number for number in SIGNAL_SECTIONS & set(sections) if not container.trusted(number))
    if damaged:
        raise FormatError(
            f"Its checksums do not fit: section {', '.join(map(str, damaged))} is damaged.",
            advice="Copy the file again from where it came from.",
        )
    return container


def _section(view: memoryview, number: int, start: int, length: int) -> Section:
    stored = int.from_bytes(view[start : start + 2], "little")
    return Section(number, start, length, length > 2 and checksum(view[start + 2 : start + length]) == stored)


def _own_length(data: bytes, number: int, start: int, length: int) -> int:
    """The length that the header of the section states: that of the pointer, or less where a device filled up."""
    if length < SECTION_HEADER:
        raise FormatError(f"Its section {number} has {length} bytes; the header alone has {SECTION_HEADER}.")
    stated, size = struct.unpack_from("<HI", data, start + 2)
    if stated != number or not SECTION_HEADER <= size <= length:
        raise FormatError(
            f"Section 0 points to section {number} of {length} bytes; there stands section {stated} of {size} bytes."
        )
    return int(size)
