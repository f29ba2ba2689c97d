"""The patient and recording fields of EDF+ (2.1.3.3), and what plain EDF has in their place."""

import re
from datetime import date

from einthoven.formats.dates import calendar_date
from einthoven.formats.edf.content import EdfFile
from einthoven.formats.passport import age_between, pseudonym, sex_from
from einthoven.record import Subject

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")
_SHORT_DATE = re.compile(r"(\d\d)\.(\d\d)\.(\d\d)")
_TIME = re.compile(r"([01]\d|2[0-3])\.([0-5]\d)\.([0-5]\d)")
_UNKNOWN = "X"
_PIVOT = 85  # of the year in two digits (EDF+, 2.1.3.2): 85 to 99 are 1985 to 1999


def start_date(file: EdfFile) -> date | None:
    """Date of the recording: EDF+ states the year in full."""
    words = file.recording.split()
    if len(words) > 1 and words[0] == "Startdate":
        stated = _full_date(words[1])
        if stated:
            return stated
    match = _SHORT_DATE.fullmatch(file.date)
    if not match:
        return None
    year = int(match[3])
    return calendar_date(year + (1900 if year >= _PIVOT else 2000), int(match[2]), int(match[1]))


def recorded(file: EdfFile) -> str | None:
    """Start of the recording in ISO form, with the time when one is stated."""
    day, time = start_date(file), _TIME.fullmatch(file.time)
    if day is None:
        return None
    return f"{day.isoformat()}T{time[1]}:{time[2]}:{time[3]}" if time else day.isoformat()


def read_subject(file: EdfFile) -> tuple[Subject, tuple[str, ...]]:
    """Code, sex and age. Plain EDF has one field of free text, which stands for the patient as a whole."""
    words = file.patient.split()
    if not words or set(words) == {_UNKNOWN}:
        return Subject(), ()
    sex = sex_from(words[1]) if len(words) > 2 and words[1] in ("F", "M") else None
    birth = _full_date(words[2]) if len(words) > 2 else None
    if "+" not in file.variant and sex is None and birth is None:
        return Subject(id=pseudonym(file.patient)), ()
    age, doubts = age_between(birth, start_date(file))
    code = "" if words[0] == _UNKNOWN else words[0]
    return Subject(id=pseudonym(code), age=age, sex=sex), doubts


def _full_date(text: str) -> date | None:
    match = _DATE.fullmatch(text)
    if not match or match[2].upper() not in _MONTHS:
        return None
    return calendar_date(int(match[3]), _MONTHS.index(match[2].upper()) + 1, int(match[1]))


def edf_date(day: date) -> str:
    """A date as the EDF+ fields write it: `02-MAY-1951`."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"
