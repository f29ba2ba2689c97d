"""What header comments say about subject, diagnoses and filtering. Only known keys are kept, never a name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from einthoven.formats.passport import age_from, pseudonym, sex_from
from einthoven.formats.statements import is_statement
from einthoven.record import Annotation, Sex, Subject
from einthoven.steps import kept_steps

_PAIR = re.compile(r"^\s*([^:<>]{1,40}?)\s*:\s*(.*)$")
_TAGGED = re.compile(r"<([^<>]+)>:\s*([^<]*)")
_BAND = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*Hz\s+band", re.IGNORECASE)
_PATIENT_KEYS = frozenset({"patient id", "patient_id", "patient", "subject id", "subject_id"})
_STATEMENT_KEYS = frozenset({"chagas label", "rhythm", "electric axis of the heart"})
# PTB-XL's superclasses and the labels of CinC 2025; they are codes, and no vocabulary lists them.
_LABEL = re.compile(r"[A-Z]{2,5}(?:/[A-Z]{2,5})?|Old MI|\d{1,6}")
_SNOMED = re.compile(r"\d{6,18}")
_AGE = re.compile(r"\d{1,3}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Said:
    """What the comments state; `kept` are comment lines that state the same without anything about who it is.

    `steps` say what was done to the signal, as the file has them.
    """

    subject: Subject
    annotations: tuple[Annotation, ...]
    band: tuple[float, float] | None
    doubts: tuple[str, ...]
    kept: tuple[str, ...]
    steps: tuple[str, ...] = ()


@dataclass(slots=True)
class _Notes:
    age: float | None = None
    sex: Sex | None = None
    patient: str | None = None
    band: tuple[float, float] | None = None
    annotations: list[Annotation] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    not_understood: int = 0
    in_findings: bool = False

    def add(self, key: str, value: str) -> None:
        """What one `key: value` states; keys that are not known are passed over."""
        if key == "age":
            self.age, notes = age_from(value)
            self.doubts += notes
            if _AGE.fullmatch(value):
                self.kept.append(f"Age: {value}")
        elif key == "sex":
            self.sex = sex_from(value)
            if self.sex:
                self.kept.append(f"Sex: {self.sex}")
        elif key in _PATIENT_KEYS:
            self.patient = pseudonym(value)
        elif key == "steps":
            self.steps.append(value)
        elif key == "dx":
            self._codes(value)
        elif key == "labels" and value:
            self._labels(value)
        elif key == "diagnoses":
            # LUDB lists its findings in the lines after an empty `<diagnoses>:`.
            self.in_findings = not value
            if self.in_findings:
                self.kept.append("<diagnoses>:")
        elif key in _STATEMENT_KEYS and value:
            self.statement(f"{key.capitalize()}: {value}", as_label=value in ("True", "False"))

    def statement(self, text: str, *, as_label: bool = False) -> None:
        """A finding in words: kept when nothing in it can be a name."""
        if as_label or is_statement(text):
            self.annotations.append(Annotation(text=text))
            self.kept.append(text)
        else:
            self.not_understood += 1

    def _codes(self, value: str) -> None:
        """CinC 2020/2021 write SNOMED CT codes with commas between."""
        parts = [part.strip() for part in value.split(",") if part.strip()]
        codes = [part for part in parts if _SNOMED.fullmatch(part)]
        words = [part for part in parts if part not in codes and is_statement(part)]
        self.not_understood += len(parts) - len(codes) - len(words)
        self.annotations += [Annotation(text=f"SNOMED CT {code}", code=code, system="SNOMED CT") for code in codes]
        self.annotations += [Annotation(text=word) for word in words]
        if codes or words:
            self.kept.append(f"Dx: {','.join([*codes, *words])}")

    def _labels(self, value: str) -> None:
        parts = [part.strip() for part in value.split(",")]
        if all(_LABEL.fullmatch(part) or is_statement(part) for part in parts):
            self.annotations.append(Annotation(text=f"Labels: {value}"))
            self.kept.append(f"Labels: {value}")
        else:
            self.not_understood += 1


def read_comments(comments: Iterable[str]) -> Said:
    """Age, sex, pseudonymous id, diagnoses and an already applied pass band."""
    notes = _Notes()
    for comment in comments:
        if notes.in_findings:
            if comment:
                notes.statement(comment.strip())
            continue
        for key, value in _pairs(comment):
            notes.add(key, value)
        if notes.band is None and "band" in comment:
            notes.band = _band(comment)
            if notes.band:
                notes.kept.append(f"{notes.band[0]:.10g}-{notes.band[1]:.10g} Hz band")
    if notes.not_understood:
        notes.doubts.append(f"{notes.not_understood} findings in free text were left out: they might name a person")
    # In front: lines behind an empty `<diagnoses>:` are findings.
    notes.kept[:0] = [f"Steps: {step}" for step in kept_steps(notes.steps)]
    return Said(
        subject=Subject(id=notes.patient, age=notes.age, sex=notes.sex),
        annotations=tuple(notes.annotations),
        band=notes.band,
        doubts=tuple(notes.doubts),
        kept=tuple(notes.kept),
        steps=tuple(notes.steps),
    )


def _pairs(comment: str) -> list[tuple[str, str]]:
    tagged = _TAGGED.findall(comment)
    pair = _PAIR.match(comment)
    found = tagged or ([pair.groups()] if pair else [])
    return [(key.strip().casefold(), value.strip()) for key, value in found]


def _band(comment: str) -> tuple[float, float] | None:
    match = _BAND.search(comment)
    if match is None:
        return None
    low, high = float(match[1]), float(match[2])
    return (low, high) if low < high else None
