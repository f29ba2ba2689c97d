"""Samples that stand in a text: base64 of little-endian integers, or written-out numbers."""

import base64
import binascii
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

Numbers = npt.NDArray[np.int32] | npt.NDArray[np.float64]

_BLANKS = b" \t\r\n"
_WHOLE = b"0123456789+- \t\r\n"
_BLANK = 32
_MOST = 2**31


def from_base64(text: str, what: str, kind: str = "<i2") -> npt.NDArray[np.generic]:
    """Whole numbers of type `kind`, `(samples,)`; FormatError naming `what` when the text is damaged."""
    data = bytes_from_base64(text, what)
    size = np.dtype(kind).itemsize
    if len(data) % size:
        raise FormatError(f"{what} has {len(data)} bytes, which is no whole number of {size}-byte samples.")
    return np.frombuffer(data, dtype=kind)


def bytes_from_base64(text: str, what: str) -> bytes:
    """Decoded bytes; FormatError naming `what` when the text is no base64."""
    try:
        return base64.b64decode(text.encode("ascii").translate(None, _BLANKS), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise FormatError(
            f"{what} is damaged: its samples are no base64.", advice="Copy the file again from where it came from."
        ) from None


def numbers(text: str, what: str, *, separator: str = " ") -> Numbers:
    """Written-out numbers with blanks or `separator` between, `(samples,)`: int32 where all are whole, else float64.

    FormatError naming `what` when a part is no number. No list of parts is made: it would be 20 times the text.
    """
    if separator != " ":
        text = text.replace(separator, " ")
    letters = text.encode("ascii", errors="replace")
    filled = np.frombuffer(b" " + letters, dtype=np.uint8) > _BLANK
    count = int(np.count_nonzero(filled[1:] > filled[:-1]))
    whole = not letters.translate(None, _WHOLE)
    if whole:
        integers = _parsed(text, np.dtype(np.int64), count)
        # Numbers that are too large come out as the largest; they are read again as float64.
        if integers is not None and (not count or -_MOST < integers.min() <= integers.max() < _MOST):
            return integers.astype(np.int32)
    values = _parsed(text, np.dtype(np.float64), count)
    if values is not None:
        return values.astype(np.float64, copy=False)
    raise FormatError(
        f"{what} is damaged: {_first_wrong(text)!r} is no number.",
        advice="Copy the file again from where it came from.",
    )


def _parsed(text: str, kind: np.dtype[np.generic], count: int) -> npt.NDArray[Any] | None:
    """None when not every part is a number."""
    try:
        values = np.fromstring(text, dtype=kind, sep=" ")
    except ValueError:
        return None
    return values if len(values) == count else None


def _first_wrong(text: str) -> str:
    for part in re.finditer(r"\S+", text):
        try:
            float(part[0])
        except ValueError:
            return part[0][:20]
    return "one of its parts"
