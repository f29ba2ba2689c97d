"""Dates as files state them, which need not exist: the 30th of February, a month 0 for "unknown"."""

import re
from datetime import date

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d))?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")


def calendar_date(year: int, month: int, day: int) -> date | None:
    """The date; None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def iso_date(text: str) -> date | None:
    """The date with which a date or time in ISO form begins; None when it is neither."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def iso_time(text: str) -> str | None:
    """Date or local date and time to the second, without zone; None when the text is neither.

    >>> iso_time("2024-03-01T10:35:17.250+01:00"), iso_time("2024-03-01"), iso_time("yesterday")
    ('2024-03-01T10:35:17', '2024-03-01', None)
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    return match[1] if match[2] is None else f"{match[1]}T{match[2]}:{match[3] or '00'}"
