"""What of a record's passport goes along, and what is lost and said."""

import re

from einthoven.record import EcgRecord


def lost(record: EcgRecord, *, kept: int = 0, subject: bool = False, says_median: bool = False) -> tuple[str, ...]:
    """In words what the file does not hold of this record.

    `kept`: so many of its annotations are written; `subject`: the format has no place for age and sex;
    `says_median`: it can mark a median beat.
    """
    found = []
    n = len(record.annotations) - kept
    if record.is_median_beat:
        n -= 1
        if not says_median:
            found.append("this is a median beat, computed by the device and no recording, and the file does not say so")
    if n > 0:
        found.append(f"{n} statement{'s' if n > 1 else ''} about the ECG {'are' if n > 1 else 'is'} not written")
    if subject and (record.subject.id, record.subject.age, record.subject.sex) != (None, None, None):
        found.append("pseudonymous id, age and sex are not written")
    if record.steps:
        found.append(f"what was done to the signal is not written: {'; '.join(record.steps)}")
    return tuple(found)


def plain_id(record: EcgRecord) -> str | None:
    """The pseudonymous id when it is one plain word: letters, digits, hyphen; None otherwise."""
    identifier = record.subject.id
    return identifier if identifier is not None and re.fullmatch(r"[A-Za-z0-9-]{1,64}", identifier) else None
