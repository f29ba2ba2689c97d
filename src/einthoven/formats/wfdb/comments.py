"""What header comments say about subject, diagnoses and filtering. Only known keys are kept, never a name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from einthoven.formats.passport import age_from, pseudonym, sex_from
from einthoven.record import Annotation, Subject

_PAIR = re.compile(r"^\s*([^:<>]{1,40}?)\s*:\s*(.*)$")
_TAGGED = re.compile(r"<([^<>]+)>:\s*([^<]*)")
_BAND = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*Hz\s+band", re.IGNORECASE)
_PATIENT_KEYS = frozenset({"patient id", "patient_id", "patient", "subject id", "subject_id"})
# LUDB lists its findings after an empty `<diagnoses>:`; some of those lines have a key of their own.
_STATEMENT_KEYS = frozenset({"labels", "chagas label", "rhythm", "electric axis of the heart"})
_IDENTIFYING = re.compile(r"name|birth|address|phone|ssn|mrn|record number", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """What the comments state."""

    subject: Subject
    annotations: tuple[Annotation, ...]
    band: tuple[float, float] | None
    doubts: tuple[str, ...]


def read_comments(comments: Iterable[str]) -> Said:
    """Age, sex, pseudonymous id, diagnoses and an already applied pass band."""
    age, sex, patient = None, None, None
    band: tuple[float, float] | None = None
    annotations: list[Annotation] = []
    doubts: list[str] = []
    in_findings = False
    for comment in comments:
        if in_findings and comment and not _IDENTIFYING.search(comment):
            annotations.append(Annotation(text=comment.strip()))
            continue
        for key, value in _pairs(comment):
            if key == "age":
                age, notes = age_from(value)
                doubts += notes
            elif key == "sex":
                sex = sex_from(value)
            elif key in _PATIENT_KEYS:
                patient = pseudonym(value)
            elif key == "dx":
                annotations += _diagnoses(value)
            elif key == "diagnoses":
                in_findings = not value.strip()
            elif key in _STATEMENT_KEYS and value.strip():
                annotations.append(Annotation(text=f"{key.capitalize()}: {value.strip()}"))
        band = band or _band(comment)
    return Said(Subject(id=patient, age=age, sex=sex), tuple(annotations), band, tuple(doubts))


def _pairs(comment: str) -> list[tuple[str, str]]:
    tagged = _TAGGED.findall(comment)
    pair = _PAIR.match(comment)
    found = tagged or ([pair.groups()] if pair else [])
    return [(key.strip().casefold(), value.strip()) for key, value in found]


def _diagnoses(value: str) -> list[Annotation]:
    """CinC 2020/2021 write SNOMED CT codes with commas between; what is no such code stays plain text."""
    found = []
    for code in filter(None, (part.strip() for part in value.split(","))):
        snomed = code.isdigit() and len(code) >= 6
        found.append(
            Annotation(text=f"SNOMED CT {code}", code=code, system="SNOMED CT") if snomed else Annotation(text=code)
        )
    return found


def _band(comment: str) -> tuple[float, float] | None:
    match = _BAND.search(comment)
    if match is None:
        return None
    low, high = float(match[1]), float(match[2])
    return (low, high) if low < high else None
