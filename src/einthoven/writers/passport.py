"""What of a record's passport goes along, and what is lost and said."""

import re

from einthoven.errors import RecordError
from einthoven.record import EcgRecord
from einthoven.steps import is_time_aligned, other_steps


def lost(
    record: EcgRecord, *, kept: int = 0, subject: bool = False, says_median: bool = False, says_steps: bool = False
) -> tuple[str, ...]:
    """In words what the file does not hold of this record.

    `kept`: so many of its annotations are written; `subject`: the format has no place for age and sex;
    `says_median`: it can mark a median beat; `says_steps`: it holds what `steps.stated_steps` says, a median
    beat among it.
    """
    found = []
    n = len(record.annotations) - kept
    if record.is_median_beat:
        n -= 1
        if not (says_median or says_steps):
            found.append("this is a median beat, computed by the device and no recording, and the file does not say so")
    if n > 0:
        found.append(f"{n} statement{'s' if n > 1 else ''} about the ECG {'are' if n > 1 else 'is'} not written")
    if subject and (record.subject.id, record.subject.age, record.subject.sex) != (None, None, None):
        found.append("pseudonymous id, age and sex are not written")
    steps = other_steps(record) if says_steps else record.steps
    if steps:
        found.append(f"what was done to the signal is not written: {'; '.join(steps)}")
    return tuple(found)


def refuse_time_aligned(record: EcgRecord, title: str) -> None:
    """RecordError for a record whose rate and intervals are those of a template, where the file could not say so."""
    if is_time_aligned(record):
        raise RecordError(
            f"This ECG was time-aligned by Rlign: its heart rate and intervals are those of a template. {title} cannot "
            "say so, and programs would take them for the patient's.",
            advice="Write it as .hea, .csv, .npz or .parquet, which say what was done.",
        )


def plain_id(record: EcgRecord) -> str | None:
    """The pseudonymous id when it is one plain word: letters, digits, hyphen; None otherwise."""
    identifier = record.subject.id
    return identifier if identifier is not None and re.fullmatch(r"[A-Za-z0-9-]{1,64}", identifier) else None
