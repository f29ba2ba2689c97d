"""Values of DICOM elements: numbers, texts, codes and dates."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats.dicom.elements import Dicom, Item, parse, text_of
from einthoven.formats.dicom.tags import CODE_MEANING, CODE_VALUE, CODING_SCHEME, SPECIFIC_CHARACTER_SET
from einthoven.formats.source import FileSource, once

_ESCAPE = b"\x1b"
_DATE_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Code:
    """One coded concept (PS3.3, 8.8): scheme, value, and what it means in words."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Values:
    """Reads the values of one file's elements: byte order and character set are the file's."""

    file: Dicom

    @classmethod
    def of(cls, source: FileSource) -> Self:
        """Those of a file, which is parsed once for reading and blanking."""
        return once(source, "dicom values", lambda: cls(parse(source.read())))

    def number(self, item: Item, tag: int) -> float | None:
        """A decimal string (DS, IS), the first of several; None when empty. FormatError when it is no number."""
        text = text_of(item.get(tag)).partition("\\")[0].strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise FormatError(
                f"The element ({tag >> 16:04x},{tag & 0xFFFF:04x}) holds {text[:20]!r}, which is no number."
            )
        return value

    def integers(self, item: Item, tag: int) -> tuple[int, ...]:
        """The values of an element of unsigned integers, two bytes each (US) or four (UL)."""
        element = item.get(tag)
        if element is None:
            return ()
        size = 4 if element.vr == b"UL" or (element.vr in (b"", b"UN") and tag in _FOUR_BYTES) else 2
        raw = element.value[: len(element.value) // size * size]
        return tuple(np.frombuffer(raw, f"{'>' if self.file.big_endian else '<'}u{size}").tolist())

    def integer(self, item: Item, tag: int) -> int:
        """The first of them, 0 when there is none."""
        values = self.integers(item, tag)
        return values[0] if values else 0

    def text(self, item: Item, tag: int) -> str:
        """Text in the file's character set."""
        element = item.get(tag)
        if element is None:
            return ""
        if element.value.isascii() and _ESCAPE not in element.value:
            return text_of(element)
        # pydicom knows the character sets of PS3.3, C.12.1.1.2 and their escape sequences.
        from pydicom.charset import convert_encodings, decode_bytes

        sets = text_of(self.file.dataset.get(SPECIFIC_CHARACTER_SET)).split("\\")
        decoded: str = decode_bytes(
            element.value, convert_encodings([name.strip() for name in sets]), {0x0A, 0x0D, 0x0C}
        )
        return decoded.strip(" \0")

    def code(self, item: Item, tag: int) -> Code | None:
        """The first code of a code sequence."""
        element = item.get(tag)
        if element is None or not element.items:
            return None
        first = element.items[0]
        value = text_of(first.get(CODE_VALUE))
        return Code(text_of(first.get(CODING_SCHEME)), value, self.text(first, CODE_MEANING) or value)

    def when(self, date_tag: int, time_tag: int | None = None) -> datetime | date | None:
        """Date (and time) as far as stated; None when there is none or it cannot be one."""
        text = text_of(self.file.dataset.get(date_tag))
        if time_tag is not None and len(text) == 8:
            text += text_of(self.file.dataset.get(time_tag))
        match = _DATE_TIME.match(text)
        if match is None:
            return None
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            return datetime(year, month, day, hour, minute, second) if match[4] else date(year, month, day)
        except ValueError:
            return None


# UnsignedLong in the data dictionary: needed where the file does not say so (implicit VR).
_FOUR_BYTES = frozenset({0x003A0010, 0x0040A132})
