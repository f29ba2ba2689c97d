"""ISHNE Holter: the standard output file of Badilini, Ann Noninvasive Electrocardiol 1998;3:263-266.

Magic number, checksum, a header of 512 bytes, a block of free text, then 16-bit samples of all leads in turn, all
little-endian. The checksum is CRC-CCITT over header and free text; the publication does not say in which order its two
bytes are written, and both are met.
"""

import binascii
import struct
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats.dates import calendar_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.long_signals import scale_rows
from einthoven.formats.passport import Origin, age_between, make_record, pseudonym, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.record import EcgRecord, ReadHints, Sex, Subject

MAGIC = b"ISHNE1.0"
_CRC, _AFTER_CRC = 8, 10
_HEADER = 522
_MOST_LEADS = 12
# Table 1 of the publication; 0 is unknown and 1 a bipolar lead without a name.
_LEADS = {
    2: "X", 3: "Y", 4: "Z", 5: "I", 6: "II", 7: "III", 8: "aVR", 9: "aVL", 10: "aVF", 11: "V1", 12: "V2", 13: "V3",
    14: "V4", 15: "V5", 16: "V6", 17: "EASI ES", 18: "EASI AS", 19: "EASI AI",
}  # fmt: skip
_FAULT = -32768  # the sample that marks a lead fault
_SEXES: dict[int, Sex] = {1: "M", 2: "F"}
_QUALITY = {
    2: "intermittent noise", 3: "frequent noise", 4: "intermittent disconnection", 5: "frequent disconnection",
}  # fmt: skip
_NOT_A_MODEL = frozenset({"", "analog", "digital", "analogue", "unknown"})
_NAMES = slice(28, 128)  # first name, last name, id
_BIRTH = slice(132, 138)
_FREE = slice(274, _HEADER)  # proprietor, copyright, reserved


def claims(source: FileSource) -> bool:
    return source.head(len(MAGIC)) == MAGIC


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    start = _start_of_samples(data)
    n_leads, rate, doubts = _layout(data, start)
    n_samples, rest = divmod(len(data) - start, 2 * n_leads)
    if n_samples < 1:
        raise FormatError(f"It holds no sample of its {n_leads} leads.")
    if n_samples * n_leads > MAX_SAMPLES:
        raise FormatError(f"It holds {n_samples * n_leads} samples; up to {MAX_SAMPLES} are read.")
    if rest:
        doubts += (f"{rest} bytes at the end are no whole sample of all leads: the file may be cut off",)
    stored = np.frombuffer(data, "<i2", n_samples * n_leads, start).reshape(n_samples, n_leads)
    subject, recorded, more = _who_and_when(data)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        device=_device(data),
        recorded=recorded,
        doubts=(*doubts, *_length(data, n_samples, n_leads), *more),
    )
    facts = _facts(data, n_leads, rate)
    settled = settle(source.name, facts, hints, n_leads=n_leads)
    signal = scale_rows(settled, stored.T, n_samples)
    for k in range(n_leads):
        signal[k, stored[:, k] == _FAULT] = np.nan
    yield make_record(signal, facts, settled, origin, subject=subject)


def _start_of_samples(data: bytes) -> int:
    """Byte of the first sample: where header and free text end."""
    if len(data) < _HEADER:
        raise FormatError(f"Its header of {_HEADER} bytes is cut off: {len(data)} bytes are there.")
    size, _, _, stated = struct.unpack_from("<4i", data, _AFTER_CRC)
    start: int = _HEADER + size
    if size < 0 or start > len(data):
        raise FormatError(f"It states {size} bytes of free text; {len(data) - _HEADER} bytes follow the header.")
    if stated != start:
        raise FormatError(
            f"It states that samples begin at byte {stated}, and header and free text end at byte {start}.",
            advice="The header seems damaged; export the recording again.",
        )
    return start


def _layout(data: bytes, start: int) -> tuple[int, float, tuple[str, ...]]:
    """Number of leads, rate in Hz, doubts about the header."""
    n_leads, rate = _short(data, 156), int(struct.unpack_from("<H", data, 272)[0])
    if not 1 <= n_leads <= _MOST_LEADS:
        raise FormatError(f"It states {n_leads} leads; 1 to {_MOST_LEADS} are possible.")
    doubts = []
    if not _checksum_fits(data, start):
        doubts.append("the checksum of the header is wrong: rate, leads and scale may not be as they were written")
    for k in range(n_leads):
        quality = _QUALITY.get(_short(data, 182 + 2 * k))
        if quality:
            doubts.append(f"the recorder states {quality} in lead {k + 1}")
    return n_leads, float(rate), tuple(doubts)


def _checksum(data: bytes | bytearray, start: int) -> int:
    found: int = binascii.crc_hqx(memoryview(data)[_AFTER_CRC:start], 0xFFFF)
    return found


def _checksum_fits(data: bytes, start: int) -> bool:
    """Whether the checksum is right, or 0: not computed."""
    stored = struct.unpack_from("<H", data, _CRC)[0]
    found = _checksum(data, start)
    return stored in (0, found, found >> 8 | (found & 0xFF) << 8)


def _length(data: bytes, n_samples: int, n_leads: int) -> tuple[str, ...]:
    """A doubt when the stated number of samples, of one lead or of all, is another one than is there."""
    stated = struct.unpack_from("<i", data, 14)[0]
    if stated in (n_samples, n_samples * n_leads):
        return ()
    return (f"{stated} samples are stated and {n_samples} of each lead are there; those there were read",)


def _facts(data: bytes, n_leads: int, rate: float) -> Facts:
    codes = [_short(data, 158 + 2 * k) for k in range(n_leads)]
    nanovolts = [_short(data, 206 + 2 * k) for k in range(n_leads)]
    stated = all(step > 0 for step in nanovolts)
    # A code that stands twice (two channels called V5) does not say which lead is which.
    names = tuple(_LEADS[code] for code in codes if code in _LEADS)
    return Facts(
        rate=rate or None,
        units=("nV",) * n_leads if stated else None,
        gains=tuple(1 / step for step in nanovolts) if stated else None,
        leads=names if len(set(names)) == n_leads else None,
    )


def _who_and_when(data: bytes) -> tuple[Subject, str | None, tuple[str, ...]]:
    day = _date(data, 138)
    age, doubts = age_between(_date(data, 132), day)
    subject = Subject(id=pseudonym(_text(data, 108, 20)), age=age, sex=_SEXES.get(_short(data, 128)))
    if day is None:
        return subject, None, doubts
    hour, minute, second = struct.unpack_from("<3h", data, 150)
    timed = 0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60
    return subject, f"{day}T{hour:02d}:{minute:02d}:{second:02d}" if timed else day.isoformat(), doubts


def _device(data: bytes) -> str | None:
    """The type of recorder, where it is a model and not just analog or digital."""
    name = _text(data, 232, 40)
    return None if name.casefold() in _NOT_A_MODEL else name


def _short(data: bytes, position: int) -> int:
    return int(struct.unpack_from("<h", data, position)[0])


def _text(data: bytes, position: int, length: int) -> str:
    return data[position : position + length].split(b"\0")[0].decode("latin-1").strip()


def _date(data: bytes, position: int) -> date | None:
    """Day, month, year; unknown parts are -9."""
    day, month, year = struct.unpack_from("<3h", data, position)
    return calendar_date(year, month, day)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    data = source.read()
    try:
        start = _start_of_samples(data)
    except FormatError:
        return None
    stored, found = struct.unpack_from("<H", data, _CRC)[0], _checksum(data, start)
    out = bytearray(data)
    for part in (_NAMES, _FREE, slice(_HEADER, start)):
        out[part] = bytes(len(out[part]))
    out[_BIRTH] = struct.pack("<3h", -9, -9, -9)
    out[232:272] = _device_field(data)
    new = _checksum(out, start)
    if stored == found:
        struct.pack_into("<H", out, _CRC, new)
    elif stored == (found >> 8 | (found & 0xFF) << 8):
        struct.pack_into(">H", out, _CRC, new)
    return {PurePosixPath(source.name).name: bytes(out)}


def _device_field(data: bytes) -> bytes:
    """The type of recorder up to its end; what stands behind it is not read and may be anything."""
    return data[232:272].split(b"\0")[0].ljust(40, b"\0")


ENTRY = FormatEntry(
    name="ishne",
    title="ISHNE Holter",
    extensions=(".ecg",),
    requires=(),
    states="States rate, scale and leads; leads without a name need the hint leads, a scale of 0 needs unit and gain.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Up to 12 leads of any length, each with its own scale; samples that mark a lead fault are missing.",
        "Both orders of the bytes of the checksum.",
    ),
    limits=(
        "No real file could be tried: its reader was held against files written from the publication and against "
        "ecgdatakit.",
        "The free text and the quality rating of leads are not kept, but a bad rating is said.",
        "Annotation files (.ann) beside it are not read.",
    ),
)
