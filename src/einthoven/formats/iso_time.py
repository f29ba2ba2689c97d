"""Points in time as text."""

import re

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d))?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")


def iso_time(text: str) -> str | None:
    """Date or local date and time to the second, without zone; None when the text is neither.

    >>> iso_time("2024-03-01T10:35:17.250+01:00"), iso_time("2024-03-01"), iso_time("yesterday")
    ('2024-03-01T10:35:17', '2024-03-01', None)
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    return match[1] if match[2] is None else f"{match[1]}T{match[2]}:{match[3] or '00'}"
