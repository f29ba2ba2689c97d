"""KardiaMobile recordings (.atc): the ATC file format of AliveCor, specification 1.7 of 22 July 2021.

A signature of eight bytes, a version, then blocks: four letters, the length, the data and the CRC-32 of all three.
`fmt ` says rate and scale, `ecg ` to `ecgc` hold one lead each, `avg ` and `med ` average beats, `info` what device,
`ann ` where beats are. All numbers are little-endian.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import EinthovenError, FormatError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.leads import STANDARD_12
from einthoven.record import Annotation, EcgRecord, ReadHints

_SIGNATURE = b"ALIVE\0\0\0"
_FIRST_BLOCK, _BLOCK_FRAME = 12, 12  # signature and version; letters, length and checksum of a block
_KINDS = {"ecg": "", "avg": "average beat", "med": "median beat"}
_LEADS = {
    f"{kind}{suffix}".encode(): (kind, lead)
    for kind in _KINDS
    for suffix, lead in zip(" 23456789abc", STANDARD_12, strict=True)
}
_SIGNED_16 = 1
_MAX_BLOCKS = 1000
_BEATS = {1: "Normal beat", 2: "Ventricular beat", 3: "Atrial beat", 4: "Fusion beat", 5: "Junctional beat", 6: "Paced"}
_FILTERS = {4: "mains filter", 8: "low-pass filter", 16: "baseline filter", 32: "notch filter", 64: "enhanced filter"}
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)?")
# The fields of the info block that are kept: start and length. Between them stand ids of recording, phone and device.
_DATE, _SOFTWARE, _HARDWARE = (0, 32), (148, 32), (180, 32)


@dataclass(frozen=True, slots=True)
class _Block:
    """One block: its letters, and where its data lie."""

    letters: bytes
    start: int
    length: int


def claims(source: FileSource) -> bool:
    return source.head(len(_SIGNATURE)) == _SIGNATURE


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    contents = {block.letters: data[block.start : block.start + block.length] for block in _blocks(data)}
    if b"fmt " not in contents:
        raise FormatError("It has no format block, which states rate and scale.")
    kind, rate, nanovolts, flags = struct.unpack_from("<BHHB", contents[b"fmt "].ljust(6, b"\0"))
    if kind != _SIGNED_16:
        raise FormatError(f"Its samples are of format {kind}; only format 1, signed 16-bit, is published.")
    info = contents.get(b"info", b"")
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        device=_device(info),
        recorded=_recorded(info),
        doubts=_filtered(flags),
    )
    index = 0
    for group, what in _KINDS.items():
        rows = [(lead, contents[name]) for name, (of, lead) in _LEADS.items() if of == group and name in contents]
        if rows:
            notes = (Annotation(text=what),) if what else _beats(contents.get(b"ann ", b""))
            yield _record(rows, rate, nanovolts, hints, replace(origin, index=index), notes)
            index += 1
        elif group == "ecg":
            raise FormatError("It holds no lead.")


def _record(
    rows: list[tuple[str, bytes]],
    rate: int,
    nanovolts: int,
    hints: ReadHints,
    origin: Origin,
    notes: tuple[Annotation, ...],
) -> EcgRecord:
    n_leads = len(rows)
    lengths = {len(data) // 2 for _, data in rows}
    if not max(lengths):
        raise FormatError("Its leads hold no samples.")
    table = np.full((n_leads, max(lengths)), np.nan, np.float32)
    for row, (_, data) in zip(table, rows, strict=True):
        row[: len(data) // 2] = np.frombuffer(data, "<i2", len(data) // 2)
    facts = Facts(
        rate=float(rate) or None,
        units=("nV",) * n_leads if nanovolts else None,
        gains=(1 / nanovolts,) * n_leads if nanovolts else None,
        leads=tuple(lead for lead, _ in rows),
    )
    settled = settle(origin.name, facts, hints, n_leads=n_leads)
    if len(lengths) > 1:
        origin = replace(origin, doubts=(*origin.doubts, "its leads have different lengths; the shorter end earlier"))
    return make_record(settled.scale(table), facts, settled, origin, annotations=notes)


def _blocks(data: bytes) -> list[_Block]:
    """All blocks, each within the file and with the right checksum."""
    found: dict[bytes, _Block] = {}
    position = _FIRST_BLOCK
    while position < len(data):
        if position + _BLOCK_FRAME > len(data):
            raise _cut_off(f"{len(data) - position} bytes are left for a block")
        letters, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise _cut_off(f"a block of {length} bytes is stated and {len(data) - position - _BLOCK_FRAME} are there")
        if zlib.crc32(memoryview(data)[position:end]) != struct.unpack_from("<I", data, end)[0]:
            raise FormatError("The checksum of a block is wrong: it is damaged.", advice="Export the recording again.")
        if letters in found or len(found) == _MAX_BLOCKS:
            raise FormatError(f"It holds a block {letters!r} twice, or more than {_MAX_BLOCKS} blocks.")
        found[letters] = _Block(letters, position + 8, length)
        position = end + 4
    return list(found.values())


def _cut_off(what: str) -> FormatError:
    return FormatError(f"It is cut off: {what}.", advice="Copy the file again from where it came from.")


def _text(info: bytes, field: tuple[int, int]) -> str:
    start, length = field
    return info[start : start + length].split(b"\0")[0].decode("utf-8", errors="replace").strip()


def _recorded(info: bytes) -> str | None:
    text = _text(info, _DATE)
    return text if _ISO.fullmatch(text) else None


def _device(info: bytes) -> str | None:
    hardware = _text(info, _HARDWARE)
    return f"AliveCor {hardware}" if hardware else None


def _filtered(flags: int) -> tuple[str, ...]:
    """What the flags say about filters: that there were some, without the edges of a band."""
    names = [name for bit, name in _FILTERS.items() if flags & bit]
    return (f"the recorder states that it applied: {', '.join(names)}",) if names else ()


def _beats(data: bytes) -> tuple[Annotation, ...]:
    """Beats, with the moment in s; one of unknown type is the moment of a QRS complex."""
    frequency = int.from_bytes(data[:4], "little")
    if len(data) < 4 or not frequency:
        return ()
    pairs = struct.iter_unpack("<IH", data[4 : 4 + (len(data) - 4) // 6 * 6])
    return tuple(Annotation(text=_BEATS.get(kind, "QRS"), onset=round(ticks / frequency, 6)) for ticks, kind in pairs)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """Only blocks that are read are kept, of `info` only date, software and hardware."""
    data = source.read()
    try:
        blocks = _blocks(data)
    except EinthovenError:
        return None
    out = bytearray(data[:_FIRST_BLOCK])
    for block in blocks:
        body = data[block.start : block.start + block.length]
        if block.letters == b"info":
            body = _blank_info(body)
        elif block.letters not in _LEADS and block.letters not in (b"fmt ", b"ann "):
            continue
        frame = struct.pack("<4sI", block.letters, len(body)) + body
        out += frame + struct.pack("<I", zlib.crc32(frame))
    return {PurePosixPath(source.name).name: bytes(out)}


def _blank_info(body: bytes) -> bytes:
    kept = bytearray(len(body))
    for start, length in (_DATE, _SOFTWARE, _HARDWARE):
        field = body[start : start + length]
        kept[start : start + length] = field.split(b"\0")[0].ljust(len(field), b"\0")
    return bytes(kept)


ENTRY = FormatEntry(
    name="kardia-atc",
    title="KardiaMobile ATC",
    extensions=(".atc",),
    requires=(),
    states="States rate, scale and leads.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "1 to 12 leads with the checksum of every block checked, and where beats are.",
        "Average and median beats are records of their own.",
    ),
    limits=(
        "No real file could be tried: its reader was held against files written from the specification.",
        "Which filters were applied is said, but the format states no band.",
        "Acceleration and unknown blocks are not read.",
    ),
)
