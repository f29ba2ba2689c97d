"""Annotations of DICOM waveforms (PS3.3, C.10.10): the device's statements and measurements."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from einthoven.record import Annotation

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Devices put the names of those who read the ECG into free text.
_NAMES_SOMEBODY = re.compile(r"\b(by|physician|doctor|dr|referr\w*|technician|operator|name)\b", re.IGNORECASE)
_MAX_TEXT = 500


def read_annotations(dataset: "Dataset", group: int, rate: float, n_samples: int) -> tuple[Annotation, ...]:
    """Statements and measurements for the multiplex group of that number (from 1).

    Moments (P onset ...) are kept when they refer to this group; measurements without a moment always.
    """
    found = []
    for item in dataset.get("WaveformAnnotationSequence") or ():
        position = _position(item)
        if position is not None and (_group(item) != group or not 1 <= position <= n_samples):
            position = None
            if item.get("NumericValue") is None:
                continue
        annotation = _annotation(item, None if position is None else (position - 1) / rate)
        if annotation is not None:
            found.append(annotation)
    return tuple(found)


def _annotation(item: "Dataset", onset: float | None) -> Annotation | None:
    text = str(item.get("UnformattedTextValue") or "").strip()
    if text:
        return None if _NAMES_SOMEBODY.search(text) else Annotation(text=text[:_MAX_TEXT], onset=onset)
    name, statement = _code(item, "ConceptNameCodeSequence"), _code(item, "ConceptCodeSequence")
    if name is None and statement is None:
        return None
    meaning = ": ".join(code[2] for code in (name, statement) if code is not None)
    value = item.get("NumericValue")
    if value is not None:
        unit = _code(item, "MeasurementUnitsCodeSequence")
        meaning += f" {value}{' ' + unit[1] if unit else ''}"
    chosen = statement or name
    return Annotation(
        text=meaning[:_MAX_TEXT],
        onset=onset,
        code=chosen[1] if chosen else None,
        system=chosen[0] if chosen else None,
    )


def _code(item: "Dataset", keyword: str) -> tuple[str, str, str] | None:
    codes = item.get(keyword) or ()
    code = next(iter(codes), None)
    if code is None:
        return None
    value = str(code.get("CodeValue") or "").strip()
    return str(code.get("CodingSchemeDesignator") or "").strip(), value, str(code.get("CodeMeaning") or value).strip()


def _position(item: "Dataset") -> int | None:
    """The first sample that is referred to, counted from 1."""
    return _first(item, "ReferencedSamplePositions")


def _group(item: "Dataset") -> int | None:
    return _first(item, "ReferencedWaveformChannels")


def _first(item: "Dataset", keyword: str) -> int | None:
    """The first of the values of an element that pydicom gives as a number or as a list of them."""
    value = item.get(keyword)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        value = value[0] if len(value) else None
    return None if value in (None, "") else int(value)
