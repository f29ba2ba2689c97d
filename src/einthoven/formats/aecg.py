"""HL7 annotated ECG: `AnnotatedECG` documents (ANSI/HL7 V3 ECG, R1-2004; implementation guide of 2005).

A series holds sets of sequences: one of time (a list generated from `head` and `increment`, or written out) and one
for each lead, in which value = origin + scale * digit. Representative beats are derived series of a rhythm series.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.entry import FormatEntry
from einthoven.formats.harmless import is_device, is_label, is_samples, is_version
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.stored_text import numbers
from einthoven.formats.units import mv_per_unit
from einthoven.leads import lead_from_mdc
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ns": 1e-9}
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6})\d*)?(?:[+-]\d{4})?")
_LEAD_CODE = re.compile(r"\w*_ECG_LEAD_(\w+)")
_AGE_CODE = "21612-7"  # LOINC: reported age
_AGE_UNITS = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}
_STATEMENTS = re.compile(r"MDC_ECG_INTERPRETATION(_STATEMENT|_SUMMARY|_SEVERITY)?")
_MOST_ANNOTATIONS = 10_000
_SHORTEST_STEP = 1e-9


def claims(source: FileSource) -> bool:
    return xml.root_of(source)[0] == "AnnotatedECG"


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = xml.parse(data)
    sets = list(_sets(document.root))
    if not sets:
        raise FormatError("It is an annotated ECG without a series of leads.", advice="Export it with its waveforms.")
    subject, doubts = _subject(document.root)
    digest = sha256(data)
    for index, found in enumerate(sorted(sets, key=lambda found: found.is_derived)):
        rows, left_out = _rows(found.element)
        clock = _clock(found.element)
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            band=_band(found.series),
            device=_device(found.series),
            recorded=_recorded(document.root, found.series),
            changed=clock.changed,
            doubts=(*document.doubts, *doubts, *left_out),
        )
        notes = _annotations(found.series, clock.start)
        if len(notes) > _MOST_ANNOTATIONS:
            more = f"{len(notes)} annotations, of which {_MOST_ANNOTATIONS} were taken"
            origin = replace(origin, doubts=(*origin.doubts, more))
            notes = notes[:_MOST_ANNOTATIONS]
        kind = (found.label,) if found.label is not None else ()
        yield record_of(rows, clock.rate, hints, origin, subject=subject, annotations=(*kind, *notes))


@dataclass(frozen=True, slots=True)
class _Set:
    """One set of sequences, with the series that it belongs to."""

    series: xml.Element
    element: xml.Element
    is_derived: bool

    @property
    def label(self) -> Annotation | None:
        code = xml.attribute(self.series, "code", "code")
        if code.upper() == "REPRESENTATIVE_BEAT":
            return replace(MEDIAN_BEAT, code=code, system="HL7 ActCode")
        return Annotation(text="derived series", code=code or None) if self.is_derived else None


def _sets(root: xml.Element) -> Iterator[_Set]:
    for series in xml.each(root, "component/series"):
        is_beat = xml.attribute(series, "code", "code").upper() == "REPRESENTATIVE_BEAT"
        for element in xml.each(series, "component/sequenceSet"):
            yield _Set(series, element, is_beat)
        for derived in xml.each(series, "derivation/derivedSeries"):
            for element in xml.each(derived, "component/sequenceSet"):
                yield _Set(derived, element, is_derived=True)


@dataclass(frozen=True, slots=True)
class _Clock:
    """When the samples of a set were taken; `start` is None where times are relative to the first sample."""

    rate: float | None
    start: datetime | None
    changed: tuple[str, ...] = ()


def _code(sequence: xml.Element) -> str:
    return xml.attribute(sequence, "code", "code")


def _is_time(sequence: xml.Element) -> bool:
    return _code(sequence).upper().startswith("TIME_")


def _clock(element: xml.Element) -> _Clock:
    for sequence in xml.each(element, "component/sequence"):
        if _is_time(sequence):
            start = _moment(xml.attribute(sequence, "value/head", "value"))
            stated = xml.attribute(sequence, "value/increment", "value")
            if stated:
                rate, changed = _rate(stated, xml.attribute(sequence, "value/increment", "unit"))
                return _Clock(rate, start, changed)
            if xml.text_of(sequence, "value/digits"):
                return _Clock(_rate_of_digits(sequence), start)
    return _Clock(None, None)


def _rate(stated: str, unit: str) -> tuple[float, tuple[str, ...]]:
    """The rate of a time increment, and what was made of it when the increment is a rounded one.

    512 Hz is stated as 0.00195312 s by some: a whole number of hertz, of which the stated text is the rounded period,
    is the rate that was meant.
    """
    step = xml.number(stated)
    if unit not in _SECONDS:
        raise FormatError(f"It states a time increment in {unit[:20] or 'no unit'!r}; s, ms and us are read.")
    if step is None or not _SHORTEST_STEP <= step <= 1 / _SHORTEST_STEP:
        raise FormatError(f"It states a time increment of {stated[:20]}, which is not possible.")
    exact = 1 / (step * _SECONDS[unit])
    whole = round(exact)
    if whole == 0 or exact == whole or abs(exact / whole - 1) > 1e-5:
        return exact, ()
    if abs(exact / whole - 1) < 1e-12:
        return float(whole), ()
    rounding = 0.5000001 * 10.0 ** -len(stated.partition(".")[2])
    if "e" in stated.lower() or abs(1 / (whole * _SECONDS[unit]) - step) > rounding:
        return exact, ()
    return float(whole), (f"rate {whole} Hz, whose period rounded is the stated increment of {stated} {unit}",)


def _rate_of_digits(sequence: xml.Element) -> float:
    """The rate of written-out times; FormatError when they are not evenly spaced."""
    unit = xml.attribute(sequence, "value/scale", "unit")
    scale = xml.number(xml.attribute(sequence, "value/scale", "value"))
    steps = np.diff(numbers(xml.text_of(sequence, "value/digits"), "The sequence of times"))
    if unit not in _SECONDS or scale is None or not len(steps) or not steps[0] * scale > 0:
        raise FormatError("Its sequence of times states no unit, or does not increase.")
    if np.abs(steps - steps[0]).max() > 1e-6 * abs(steps[0]):
        raise FormatError("Its samples are not evenly spaced in time, which is not read.")
    return float(1 / (steps[0] * scale * _SECONDS[unit]))


def _rows(element: xml.Element) -> tuple[list[LeadRow], tuple[str, ...]]:
    rows, others = [], []
    for sequence in xml.each(element, "component/sequence"):
        if _is_time(sequence):
            continue
        code = _code(sequence)
        lead = _lead(code)
        if lead is None:
            others.append(code[:60] or "a sequence without code")
        else:
            rows.append(_row(lead, sequence))
    return rows, (f"left out, no ECG lead by its code: {', '.join(others)}",) if others else ()


def _lead(code: str) -> str | None:
    """The lead of an MDC code, or of a maker's code that is built like one."""
    match = _LEAD_CODE.fullmatch(code)
    return lead_from_mdc(code) or (match[1] if match else None)


def _row(lead: str, sequence: xml.Element) -> LeadRow:
    what = f"Lead {lead[:20]}"
    kind = xml.attribute(sequence, "value", "type").rpartition(":")[2]
    if kind not in ("", "SLIST_PQ"):
        raise FormatError(f"{what} is stored as {kind[:20]}; SLIST_PQ is read.")
    stored = numbers(xml.text_of(sequence, "value/digits"), what)
    unit = xml.attribute(sequence, "value/scale", "unit") or None
    step = xml.number(xml.attribute(sequence, "value/scale", "value"))
    offset = xml.number(xml.attribute(sequence, "value/origin", "value")) or 0.0
    if offset and step is None:
        raise FormatError(f"{what} states an origin but no scale.")
    if offset:
        offset *= _ratio(xml.attribute(sequence, "value/origin", "unit") or unit or "", unit or "", what)
    return LeadRow(lead, stored, unit=unit if step is not None else None, step=step, offset=offset)


def _ratio(one: str, other: str, what: str) -> float:
    if one == other:
        return 1.0
    here, there = mv_per_unit(one), mv_per_unit(other)
    if here is None or there is None:
        raise FormatError(f"{what} states its origin in {one[:20]!r} and its scale in {other[:20]!r}.")
    return here / there


def _moment(text: str) -> datetime | None:
    """A point in time of HL7, `YYYYMMDDHHMMSS.ffff`, to the day at least."""
    match = _TIME.fullmatch(text.strip())
    if match is None or match[3] is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, int((match[7] or "").ljust(6, "0")))
    except ValueError:
        return None


def _recorded(root: xml.Element, series: xml.Element) -> str | None:
    for element, path in ((series, "effectiveTime/low"), (root, "effectiveTime/center"), (root, "effectiveTime/low")):
        text = xml.attribute(element, path, "value")
        moment = _moment(text)
        if moment is not None:
            return moment.isoformat(timespec="seconds") if len(text) > 8 else moment.date().isoformat()
    return None


def _band(series: xml.Element) -> tuple[float, float] | None:
    """Pass band in Hz, when the series states both cut-off frequencies."""
    cut_offs: dict[str, float] = {}
    for variable in xml.each(series, "controlVariable/controlVariable"):
        kind = xml.attribute(variable, "code", "code").rpartition("FILTER_")[2]
        for part in xml.each(variable, "component/controlVariable"):
            if xml.attribute(part, "code", "code").endswith("CUTOFF_FREQ") and (
                xml.attribute(part, "value", "unit").casefold() == "hz"
            ):
                value = xml.number_or_none(xml.attribute(part, "value", "value"))
                if value is not None:
                    cut_offs[kind] = value
    low, high = cut_offs.get("HIGH_PASS"), cut_offs.get("LOW_PASS")
    return (low, high) if low is not None and high is not None and 0 <= low < high else None


def _device(series: xml.Element) -> str | None:
    maker = xml.text_of(series, "author/seriesAuthor/manufacturerOrganization/name")
    model = xml.text_of(series, "author/seriesAuthor/manufacturedSeriesDevice/manufacturerModelName")
    return " ".join(filter(None, (maker, model))) or None


_PERSON = "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"


def _subject(root: xml.Element) -> tuple[Subject, tuple[str, ...]]:
    person = xml.find(root, _PERSON)
    age, doubts = _stated_age(root)
    if age is None and not doubts:
        birth = _moment(xml.attribute(person, "subjectDemographicPerson/birthTime", "value"))
        at = _moment(
            xml.attribute(root, "effectiveTime/center", "value") or xml.attribute(root, "effectiveTime/low", "value")
        )
        age, doubts = age_between(_day(birth), _day(at))
    identifier = xml.attribute(person, "id", "extension") or xml.attribute(person, "id", "root")
    sex = sex_from(xml.attribute(person, "subjectDemographicPerson/administrativeGenderCode", "code"))
    return Subject(id=pseudonym(identifier), age=age, sex=sex), doubts


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _stated_age(root: xml.Element) -> tuple[float | None, tuple[str, ...]]:
    for variable in xml.each(root, "controlVariable/relatedObservation"):
        if xml.attribute(variable, "code", "code") == _AGE_CODE:
            unit = _AGE_UNITS.get(xml.attribute(variable, "value", "unit"))
            if unit is not None:
                return age_from(f"{xml.attribute(variable, 'value', 'value')}{unit}")
    return None, ()


def _annotations(series: xml.Element, start: datetime | None) -> tuple[Annotation, ...]:
    """Coded statements, measurements, and texts of the machine; free text of persons is left where it is."""
    found: list[Annotation] = []
    for group in xml.each(series, "subjectOf/annotationSet"):
        by_machine = xml.find(group, "author/assignedEntity/assignedAuthorType/assignedDevice") is not None
        pending = list(xml.each(group, "component/annotation"))[::-1]
        while pending and len(found) <= _MOST_ANNOTATIONS:
            annotation = pending.pop()
            pending += list(xml.each(annotation, "component/annotation"))[::-1]
            found += _one(annotation, start, by_machine=by_machine)
    return tuple(found)


def _one(annotation: xml.Element, start: datetime | None, *, by_machine: bool) -> list[Annotation]:
    """The annotation at its onset, and another at its end where one is stated."""
    what = xml.attribute(annotation, "code", "code")
    code = xml.attribute(annotation, "value", "code")
    amount = xml.attribute(annotation, "value", "value")
    text = xml.text_of(annotation, "value")
    if code:
        shown = xml.attribute(annotation, "value", "displayName")
        words, system = shown if shown and is_label(shown) else code, "value"
    elif amount:
        words, code, system = f"{what} {amount} {xml.attribute(annotation, 'value', 'unit')}".strip(), what, "."
    elif text and by_machine and _STATEMENTS.fullmatch(what):
        words, code, system = text, what, "."
    else:
        return []
    scheme = xml.attribute(annotation, f"{system}/code" if system == "." else system, "codeSystemName") or None
    note = Annotation(text=words, code=code, system=scheme)
    onset, end = _region(annotation, start)
    notes = [replace(note, onset=onset)] if onset is not None or end is None else []
    return notes if end is None else [*notes, replace(note, text=f"{words} (end)", onset=end)]


def _region(annotation: xml.Element, start: datetime | None) -> tuple[float | None, float | None]:
    """Begin and end in seconds from the first sample, as far as a region of interest states them."""
    for boundary in xml.each(annotation, "support/supportingROI/component/boundary"):
        code = xml.attribute(boundary, "code", "code").upper()
        if code == "TIME_RELATIVE":
            point = _seconds(boundary, "value")
            if point is not None:
                return point, None
            return _seconds(boundary, "value/low"), _seconds(boundary, "value/high")
        if code == "TIME_ABSOLUTE" and start is not None:
            low, high = (_moment(xml.attribute(boundary, f"value/{side}", "value")) for side in ("low", "high"))
            return _since(low, start), _since(high, start)
    return None, None


def _seconds(boundary: xml.Element, path: str) -> float | None:
    value = xml.number_or_none(xml.attribute(boundary, path, "value"))
    scale = _SECONDS.get(xml.attribute(boundary, path, "unit"))
    return None if value is None or scale is None else round(value * scale, 6)


def _since(moment: datetime | None, start: datetime) -> float | None:
    return None if moment is None else (moment - start) / timedelta(seconds=1)


_DEVICES = frozenset({"manufacturerModelName", "softwareName"})
_KEPT_ATTRIBUTES = frozenset({
    "type", "classCode", "typeCode", "moodCode", "code", "codeSystem", "codeSystemName", "displayName", "unit",
    "inclusive", "nullFlavor", "ITSVersion", "schemaLocation", "representation", "mediaType", "language",
})  # fmt: skip
_KEPT_VALUES = frozenset({"head", "increment", "origin", "scale", "low", "high", "center", "value"})


_ABOUT_PERSONS = frozenset({"componentOf", "definition", "location", "pertainsTo", "responsibleParty"})


def _keeps(path: xml.Path, name: str | None, value: str) -> bool:
    if path[1:2] and path[1] in _ABOUT_PERSONS:
        return name in ("classCode", "typeCode", "type") or (name == "code" and path[-1] == "administrativeGenderCode")
    if name is None:
        if path[-1] in _DEVICES or path[-2:] == ("manufacturerOrganization", "name"):
            return is_device(value) or is_version(value)
        return path[-1] == "digits" and is_samples(value)
    if name == "displayName":
        return is_label(value)
    return name in _KEPT_ATTRIBUTES or (name == "value" and path[-1] in _KEPT_VALUES)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    return {PurePosixPath(source.name).name: xml.blank(source.read(), _keeps)}


ENTRY = FormatEntry(
    name="aecg",
    title="HL7 aECG",
    extensions=(".xml",),
    requires=("defusedxml",),
    states="States rate, unit, scale, lead names and filters.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Rhythm and derived series (representative beats), each set of sequences as a record of its own.",
        "Coded annotations, measurements and statements of the machine, with their times.",
    ),
    tried="Two sample files of Mortara (ELI 250), rhythm and representative beat.",
    limits=(
        "Samples that are not evenly spaced in time are refused.",
        "Comments and statements of persons are left out, since they can hold names.",
    ),
)
