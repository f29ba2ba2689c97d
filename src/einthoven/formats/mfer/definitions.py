"""The encoding of MFER: definitions of tag, length and value, one after the other (ISO 22077-1, clause 5).

A length below 128 is one byte; 0x81 to 0x84 announce that many bytes, highest first; 0x80 means until two zero bytes.
The tag for the attributes of one channel is followed by the number of the channel, and holds definitions itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from einthoven.errors import FormatError


class Tag(IntEnum):
    """Tags of ISO 22077-1, table 2."""

    ZERO = 0x00
    BYTE_ORDER = 0x01
    VERSION = 0x02
    CHARACTERS = 0x03
    BLOCK = 0x04
    CHANNELS = 0x05
    SEQUENCES = 0x06
    POINTER = 0x07
    WAVEFORM = 0x08
    LEAD = 0x09
    DATA_TYPE = 0x0A
    INTERVAL = 0x0B
    SENSITIVITY = 0x0C
    OFFSET = 0x0D
    COMPRESSION = 0x0E
    INTERPOLATION = 0x0F
    FILTER = 0x11
    NULL = 0x12
    INFORMATION = 0x15
    COMMENT = 0x16
    MAKER = 0x17
    DATA = 0x1E
    CHANNEL = 0x3F
    PREAMBLE = 0x40
    EVENT = 0x41
    VALUE = 0x42
    SKEW = 0x43
    CONDITION = 0x44
    REFERENCE = 0x45
    SIGNATURE = 0x46
    GROUP = 0x67
    END = 0x80
    PATIENT_NAME = 0x81
    PATIENT_ID = 0x82
    AGE = 0x83
    SEX = 0x84
    TIME = 0x85
    MESSAGE = 0x86
    UID = 0x87
    MAP = 0x88


_KNOWN = frozenset(int(tag) for tag in Tag)
_NESTED = frozenset({Tag.CHANNEL, Tag.GROUP})
_DEEPEST = 4
_MAX_CHANNEL_BYTES = 4
_LAYOUT = frozenset({Tag.BLOCK, Tag.CHANNELS, Tag.SEQUENCES, Tag.DATA_TYPE, Tag.INTERVAL, Tag.SENSITIVITY, Tag.LEAD,
                     Tag.CHANNEL, Tag.WAVEFORM})  # fmt: skip
_LONGEST = {Tag.BYTE_ORDER: 1, Tag.DATA_TYPE: 1, Tag.SEX: 1, Tag.BLOCK: 4, Tag.CHANNELS: 4, Tag.SEQUENCES: 4,
            Tag.POINTER: 4, Tag.INTERVAL: 6, Tag.SENSITIVITY: 6, Tag.VERSION: 3}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition without others in it: where its value lies, and for which channel it holds (None: for all)."""

    tag: int
    channel: int | None
    start: int
    end: int


def is_mfer(head: bytes, size: int) -> bool:
    """Whether the file begins with the preamble of MFER, or with definitions that make a frame."""
    if head[:1] == bytes([Tag.PREAMBLE]) and head[2:5] == b"MFR":
        return True
    if not head or head[0] == 0:
        return False
    seen: set[int] = set()
    position = 0
    try:
        while position < len(head):
            if head[position] == Tag.ZERO:
                position += 1
                continue
            tag, _, start = _tag(head, position, len(head))
            if tag == Tag.END:
                break
            length, start = _length(head, start, len(head))
            nested = tag in _NESTED
            if tag not in _KNOWN or (length is None and not nested):
                return False
            if length is not None and (length > _LONGEST.get(Tag(tag), size) or start + length > size):
                return False
            if tag == Tag.BYTE_ORDER and head[start : start + 1] not in (b"\0", b"\1"):
                return False
            seen.add(tag)
            if tag == Tag.DATA:
                break
            position = start if nested or length is None else start + length
    except FormatError:
        # The head may end within a definition: what was seen before counts.
        if position < len(head) - 16:
            return False
    return len(seen & _LAYOUT) >= 3


def definitions(data: bytes) -> Iterator[Definition]:
    """All definitions in order, those within channels and groups one by one.

    Raises
    ------
    FormatError
        When a length leads out of the file or definitions are nested too deeply.
    """
    yield from _within(data, 0, len(data), None, 0)


def _within(data: bytes, position: int, end: int, channel: int | None, depth: int) -> Iterator[Definition]:
    if depth > _DEEPEST:
        raise FormatError(f"Its definitions are nested more than {_DEEPEST} deep.")
    while position < end:
        if data[position] == Tag.ZERO:
            position += 1
            continue
        tag, number, start = _tag(data, position, end)
        if tag == Tag.END:
            return
        length, start = _length(data, start, end)
        if length is None:
            stop, position = _indefinite(data, start, end, depth)
        else:
            stop = position = start + length
        if stop > end:
            raise FormatError(
                f"Definition {tag:#04x} states {length} bytes, and {end - start} are left: the file is cut off.",
                advice="Copy the file again from where it came from.",
            )
        if tag == Tag.CHANNEL:
            if channel is not None:
                raise FormatError("It defines the attributes of a channel within those of a channel.")
            yield from _within(data, start, stop, number, depth + 1)
        elif tag == Tag.GROUP:
            yield from _within(data, start, stop, channel, depth + 1)
        else:
            yield Definition(tag, channel, start, stop)


def _tag(data: bytes, position: int, end: int) -> tuple[int, int, int]:
    """The tag, the channel number behind it (0 when it is no tag of a channel), the next position."""
    tag = data[position]
    position += 1
    channel = 0
    if tag == Tag.CHANNEL:
        for _ in range(_MAX_CHANNEL_BYTES):
            if position >= end:
                raise FormatError("It ends within the number of a channel.")
            byte = data[position]
            position += 1
            channel = channel << 7 | byte & 0x7F
            if not byte & 0x80:
                return tag, channel, position
        raise FormatError(f"The number of a channel has more than {_MAX_CHANNEL_BYTES} bytes.")
    return tag, channel, position


def _length(data: bytes, position: int, end: int) -> tuple[int | None, int]:
    """The length (None: until two zero bytes) and the position of the value."""
    if position >= end:
        raise FormatError("It ends where the length of a definition should stand.")
    first = data[position]
    if first < 0x80:
        return first, position + 1
    if first == 0x80:
        return None, position + 1
    count = first & 0x7F
    if count > 4 or position + 1 + count > end:
        raise FormatError(f"A length of {count} bytes is stated in it; up to 4 are possible.")
    return int.from_bytes(data[position + 1 : position + 1 + count], "big"), position + 1 + count


def _indefinite(data: bytes, position: int, end: int, depth: int) -> tuple[int, int]:
    """End of content of indefinite length, and the position after its two zero bytes."""
    if depth > _DEEPEST:
        raise FormatError(f"Its definitions are nested more than {_DEEPEST} deep.")
    while position + 1 < end:
        if data[position] == 0 and data[position + 1] == 0:
            return position, position + 2
        if data[position] == 0:
            position += 1
            continue
        _, _, start = _tag(data, position, end)
        length, start = _length(data, start, end)
        position = _indefinite(data, start, end, depth + 1)[1] if length is None else start + length
    raise FormatError("A definition of open length has no end.")
