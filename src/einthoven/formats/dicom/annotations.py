"""Annotations of DICOM waveforms (PS3.3, C.10.10): the device's statements and measurements."""

from collections.abc import Sequence
from dataclasses import dataclass

from einthoven.formats.dicom.elements import Item, text_of
from einthoven.formats.dicom.tags import (
    CONCEPT_CODE,
    CONCEPT_NAME,
    MEASUREMENT_UNITS,
    NUMERIC_VALUE,
    POSITIONS,
    REFERENCED_CHANNELS,
    TEXT_VALUE,
)
from einthoven.formats.dicom.values import Values
from einthoven.formats.statements import is_statement
from einthoven.record import Annotation

_MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Note:
    """One annotation: the multiplex group it refers to (from 1, 0 for none), its first sample (from 1) or None.

    `measured`: a number, which says something also without its moment.
    """

    group: int
    position: int | None
    text: str
    code: str | None = None
    system: str | None = None
    measured: bool = False


def read_annotations(items: Sequence[Item], values: Values) -> tuple[tuple[Note, ...], int]:
    """Statements, measurements and moments; and how many lines of free text were left out: they may name somebody."""
    found: list[Note] = []
    left_out = 0
    for item in items:
        channels, positions = values.integers(item, REFERENCED_CHANNELS), values.integers(item, POSITIONS)
        group, position = channels[0] if channels else 0, positions[0] if positions else None
        text = values.text(item, TEXT_VALUE)
        if text:
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            statements = [line for line in lines if is_statement(line)]
            left_out += len(lines) - len(statements)
            found += [Note(group, position, line[:_MAX_TEXT]) for line in statements]
        else:
            found += _coded(item, values, group, position)
    return tuple(found), left_out


def _coded(item: Item, values: Values, group: int, position: int | None) -> list[Note]:
    name, statement = values.code(item, CONCEPT_NAME), values.code(item, CONCEPT_CODE)
    chosen = statement or name
    if chosen is None:
        return []
    meaning = ": ".join(code.meaning for code in (name, statement) if code is not None)
    value = text_of(item.get(NUMERIC_VALUE))
    if value:
        unit = values.code(item, MEASUREMENT_UNITS)
        meaning += f" {value}{' ' + unit.value if unit else ''}"
    return [Note(group, position, meaning[:_MAX_TEXT], chosen.value or None, chosen.scheme or None, bool(value))]


def of_group(
    notes: Sequence[Note], number: int, *, rate: float, n_samples: int, is_first: bool
) -> tuple[Annotation, ...]:
    """Those that refer to one group; the first record also has all statements and measurements without their moment."""
    chosen = []
    for note in notes:
        own = note.group == number
        onset = None
        if own and note.position is not None and 1 <= note.position <= n_samples:
            onset = (note.position - 1) / rate
        elif note.position is not None and not note.measured:
            continue  # a moment in another group
        if own or is_first:
            chosen.append(Annotation(text=note.text, onset=onset, code=note.code, system=note.system))
    return tuple(chosen)
