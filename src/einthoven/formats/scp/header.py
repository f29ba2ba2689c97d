"""What section 1 of SCP-ECG says about patient, device and recording (EN 1064, 5.4); statements (5.11, 5.14)."""

import struct
from dataclasses import dataclass, field
from datetime import date

from einthoven.formats.dates import calendar_date
from einthoven.formats.passport import age_between, pseudonym
from einthoven.formats.scp.sections import Container
from einthoven.formats.statements import is_statement
from einthoven.record import OLDEST_YEARS, Annotation, Sex, Subject

END_OF_TAGS = 255
ID, AGE, BIRTH, SEX, DEVICE, DATE, TIME, HIGH_PASS, LOW_PASS, ELECTRODES = 2, 4, 5, 8, 14, 25, 26, 27, 28, 33
# Electrode placements (tag 33) under which leads have the names of the twelve and are not measured like them.
_PLACEMENTS = {
    2: "the electrodes were placed after Mason and Likar, on the trunk",
    3: "the electrodes were placed after Mason and Likar, on the trunk",
    4: "all electrodes were on one pad on the trunk",
    5: "the twelve leads were computed from Frank leads",
}
_SEXES: dict[int, Sex] = {1: "M", 2: "F"}
_YEARS = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}
_CODECS = {
    0x03: "iso8859_2", 0x0B: "iso8859_4", 0x13: "iso8859_5", 0x1B: "iso8859_6", 0x23: "iso8859_7",
    0x2B: "iso8859_8", 0x33: "iso8859_11", 0x3B: "iso8859_15", 0x07: "utf-16-le", 0x0F: "shift_jis",
    0x17: "euc_jp", 0x1F: "euc_jp", 0x27: "gb2312", 0x2F: "cp949", 0x37: "utf-8",
}  # fmt: skip
_WIDE = "utf-16-le"
MACHINE_FIXED = 36
"""Bytes of a machine identification before its strings."""
_MACHINE_STRINGS, _MANUFACTURER = 5, 4
_NOBODY = frozenset({"", "unknown", "none", "n/a"})
_LONGEST_TEXT = 500
_UNIVERSAL = "EN 1064 annex B"


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of section 1: number, and where its value lies in the body of the section."""

    number: int
    start: int
    length: int


def tags_of(body: bytes) -> tuple[Tag, ...] | None:
    """The entries of section 1 in order; None when their lengths lead out of it."""
    found: list[Tag] = []
    position = 0
    while position + 3 <= len(body):
        number, length = struct.unpack_from("<BH", body, position)
        position += 3
        if number == END_OF_TAGS:
            return tuple(found)
        if position + length > len(body):
            return None
        found.append(Tag(number, position, length))
        position += length
    return tuple(found)


@dataclass(slots=True)
class Header:
    """What section 1 states, as far as it is kept."""

    subject: Subject = field(default_factory=Subject)
    recorded: str | None = None
    band: tuple[float, float] | None = None
    device: str | None = None
    codec: str = "latin-1"
    doubts: tuple[str, ...] = ()


def read_header(container: Container) -> Header:
    """Section 1; without one, or with one that is damaged, what is known is nothing."""
    body = container.body(1)
    if body is None:
        return Header()
    tags = tags_of(body) if container.trusted(1) else None
    if tags is None:
        return Header(doubts=("section 1 (patient, device, filters) is damaged and was not read",))
    values = {tag.number: body[tag.start : tag.start + tag.length] for tag in tags}
    codec = _codec(values.get(DEVICE, b""))
    recorded = _date(values.get(DATE, b""))
    age, doubts = _age(values.get(AGE, b""))
    if age is None and not doubts:
        age, doubts = age_between(_date(values.get(BIRTH, b"")), recorded)
    sex = values.get(SEX, b"")
    placement = _PLACEMENTS.get(values.get(ELECTRODES, b"\0")[:1].ljust(1, b"\0")[0])
    if placement:
        doubts = (*doubts, f"the file states that {placement}: leads differ from the standard ones")
    return Header(
        subject=Subject(
            id=pseudonym(_text(values.get(ID, b""), codec)), age=age, sex=_SEXES.get(sex[0]) if sex else None
        ),
        recorded=_moment(recorded, values.get(TIME, b"")),
        band=_band(values),
        device=_device(values.get(DEVICE, b""), codec),
        codec=codec,
        doubts=doubts,
    )


def _codec(machine: bytes) -> str:
    """The encoding of texts: byte 17 of the machine identification; Latin-1 unless its lowest bit is set."""
    if len(machine) > 16 and machine[16] & 1:
        return _CODECS.get(machine[16], "latin-1")
    return "latin-1"


def _text(value: bytes, codec: str) -> str:
    """Text up to its NUL, which takes two bytes where characters do."""
    text = value[: len(value) // 2 * 2] if codec == _WIDE else value.split(b"\0")[0]
    return text.decode(codec, errors="replace").split("\0")[0].strip()


def _date(value: bytes) -> date | None:
    if len(value) < 4:
        return None
    return calendar_date(*struct.unpack_from("<HBB", value))


def _moment(day: date | None, value: bytes) -> str | None:
    if day is None:
        return None
    if len(value) < 3 or value[0] > 23 or value[1] > 59 or value[2] > 59:
        return day.isoformat()
    return f"{day.isoformat()}T{value[0]:02d}:{value[1]:02d}:{value[2]:02d}"


def _age(value: bytes) -> tuple[float | None, tuple[str, ...]]:
    """Age in years; 0 of an unknown unit means that none was entered."""
    if len(value) < 3 or value[2] not in _YEARS:
        return None, ()
    years = struct.unpack_from("<H", value)[0] * _YEARS[value[2]]
    if years > OLDEST_YEARS:
        return None, (f"an age of {years:g} years is stated, which is not used",)
    return years, ()


def _band(values: dict[int, bytes]) -> tuple[float, float] | None:
    """Pass band in Hz: the baseline filter is stated in hundredths of Hz, the low-pass in Hz, 0 for not known."""
    low, high = values.get(HIGH_PASS, b""), values.get(LOW_PASS, b"")
    if len(low) < 2 or len(high) < 2:
        return None
    band = struct.unpack_from("<H", low)[0] / 100, float(struct.unpack_from("<H", high)[0])
    return band if 0 < band[0] < band[1] else None


def _device(value: bytes, codec: str) -> str | None:
    """Manufacturer and model; the strings for programs and the serial number are passed over."""
    if len(value) < MACHINE_FIXED:
        return None
    strings = value[MACHINE_FIXED:].split(b"\0")
    maker = _text(strings[_MANUFACTURER], codec) if len(strings) > _MANUFACTURER and codec != _WIDE else ""
    names = [name for name in (maker, _text(value[8:14], "latin-1")) if name.casefold() not in _NOBODY]
    return " ".join(names) or None


@dataclass(frozen=True, slots=True)
class Statement:
    """One entry of section 8 or 11: where its text lies in the body of the section."""

    start: int
    length: int


def statements_of(body: bytes) -> tuple[Statement, ...] | None:
    """The entries of section 8 or 11; None when their lengths lead out of it."""
    if len(body) < 9:
        return ()
    found, position = [], 9
    for _ in range(body[8]):
        if position + 3 > len(body):
            return None
        (length,) = struct.unpack_from("<H", body, position + 1)
        position += 3
        if position + length > len(body):
            return None
        found.append(Statement(position, length))
        position += length
    return tuple(found)


def is_coded(body: bytes, statement: Statement) -> bool:
    """Whether an entry of section 11 is a code of annex B and not a text."""
    return statement.length > 1 and body[statement.start] == 1


def read_statements(container: Container, codec: str) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """What the device stated, and doubts. Texts that a person wrote or that may name one are left out and counted."""
    found: list[Annotation] = []
    left_out = 0
    for number in (8, 11):
        body = container.body(number)
        statements = statements_of(body) if body is not None and container.trusted(number) else ()
        if body is None:
            continue
        if statements is None or not container.trusted(number):
            left_out += 1
            continue
        for statement in statements:
            value = body[statement.start : statement.start + statement.length]
            if number == 11 and is_coded(body, statement):
                code = " ".join(filter(None, (part.strip() for part in value[1:].decode("latin-1").split("\0"))))
                if code:
                    found.append(Annotation(text=code[:_LONGEST_TEXT], code=code[:_LONGEST_TEXT], system=_UNIVERSAL))
                continue
            text = "" if number == 11 or body[0] != 0 else _text(value, codec)
            if is_statement(text):
                found.append(Annotation(text=text))
            elif value.strip(b"\0 "):
                left_out += 1
    doubts = (
        (f"{left_out} statements left out: confirmed by a person, or in words that may name one",) if left_out else ()
    )
    return tuple(found), doubts
