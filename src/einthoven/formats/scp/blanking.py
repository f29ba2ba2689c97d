"""SCP-ECG without what says whose it is. Only what is known to be harmless is copied; the rest becomes zeros."""

import struct

from einthoven.formats.scp.header import (
    AGE,
    DATE,
    DEVICE,
    HIGH_PASS,
    LOW_PASS,
    MACHINE_FIXED,
    SEX,
    TIME,
    is_coded,
    statements_of,
    tags_of,
)  # fmt: skip
from einthoven.formats.scp.sections import RECORD_HEADER, SECTION_HEADER, Container, checksum

# Height, weight, race, STAT code, filter bits, lead placement and time zone say nothing about who it is.
_KEPT_TAGS = frozenset({AGE, 6, 7, SEX, 24, DATE, TIME, HIGH_PASS, LOW_PASS, 29, 33})
_DEVICE_TAGS = frozenset({DEVICE, 15})
# Tables, leads, beats, samples, measurements.
_KEPT_SECTIONS = frozenset({0, 2, 3, 4, 5, 6, 7, 10})
_TIME_ZONE = 34


def blank_record(container: Container) -> bytes | None:
    """The record of the same length and structure; None where section 1 or a statement cannot be taken apart."""
    data = container.data
    out = bytearray(len(data))
    out[:RECORD_HEADER] = data[:RECORD_HEADER]
    for number, section in container.sections.items():
        if number in _KEPT_SECTIONS:
            out[section.start : section.end] = data[section.start : section.end]
            continue
        out[section.start : section.start + SECTION_HEADER] = data[section.start : section.start + SECTION_HEADER]
        body = container.body(number)
        if body is None:
            continue
        kept = _header(body) if number == 1 else _statements(body, number) if number in (8, 11) else bytes(len(body))
        if kept is None:
            return None
        out[section.start + SECTION_HEADER : section.end] = kept
    for section in container.sections.values():
        if section.crc_right:
            struct.pack_into("<H", out, section.start, checksum(memoryview(out)[section.start + 2 : section.end]))
    if container.crc_right:
        struct.pack_into("<H", out, 0, checksum(memoryview(out)[2 : container.size]))
    return bytes(out)


def _header(body: bytes) -> bytes | None:
    tags = tags_of(body)
    if tags is None:
        return None
    out = bytearray(len(body))
    end = 0
    for tag in tags:
        out[tag.start - 3 : tag.start] = body[tag.start - 3 : tag.start]
        end = tag.start + tag.length
        value = body[tag.start : end]
        if tag.number in _KEPT_TAGS:
            out[tag.start : end] = value[:4].ljust(tag.length, b"\0")
        elif tag.number in _DEVICE_TAGS:
            out[tag.start : end] = _machine(value)
        elif tag.number == _TIME_ZONE:
            out[tag.start : end] = value[:2].ljust(tag.length, b"\0")
    out[end : end + 3] = body[end : end + 3] if body[end : end + 1] == b"\xff" else bytes(len(body[end : end + 3]))
    return bytes(out)


def _machine(value: bytes) -> bytes:
    """The machine identification with its numbers of institution, department and device and all strings blanked.

    The manufacturer is one of the strings, and where it stands cannot be told without trusting the others.
    """
    return bytes(6) + value[6:MACHINE_FIXED] + bytes(max(0, len(value) - MACHINE_FIXED))


def _statements(body: bytes, number: int) -> bytes | None:
    statements = statements_of(body)
    if statements is None:
        return None
    out = bytearray(len(body))
    out[:9] = body[:9]
    for statement in statements:
        out[statement.start - 3 : statement.start] = body[statement.start - 3 : statement.start]
        end = statement.start + statement.length
        if number == 11 and is_coded(body, statement):
            out[statement.start : end] = body[statement.start : end]
    return bytes(out)
