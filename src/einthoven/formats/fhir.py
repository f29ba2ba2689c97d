"""FHIR R4 and R5: an `Observation` with sampled data, alone or in a `Bundle`, as JSON or XML.

Source: HL7 FHIR, data type SampledData: value = data * factor + origin, in the unit of the origin; R4 states `period`
in milliseconds, R5 `interval` in `intervalUnit`, a unit of time; an interval in Hz can only be the rate. The tokens
E, U and L stand for an error and for values above and below what can be measured. The lead is the code of the
component (ISO/IEEE 11073-10101) or its text.

HL7's own ECG example puts the count of 0 V into `origin`, which the formula cannot mean. Where the limits that
are stated as well rule the formula out and fit that reading, it is taken, and the passport says so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats import json_text, xml
from einthoven.formats.array_names import shown
from einthoven.formats.dates import iso_date, iso_time
from einthoven.formats.entry import FormatEntry
from einthoven.formats.json_text import Json, child, children, number, text
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.stored_text import Numbers, numbers
from einthoven.formats.units import is_ecg_name, kind_of_unit
from einthoven.leads import canonical_lead, inverted_of, is_standard, lead_from_mdc
from einthoven.record import Annotation, EcgRecord, ReadHints, Subject

Object = dict[str, Json]

_NAMESPACE = "http://hl7.org/fhir"
_ROOTS = ("Observation", "Bundle")
_RESOURCE = re.compile(r'"resourceType"\s*:\s*"(?:Observation|Bundle)"')
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0}
_HZ = {"Hz": 1.0, "kHz": 1e3, "/s": 1.0}
_NO_VALUE = {"E": "without a value", "U": "above the upper limit", "L": "below the lower limit"}
_MOST_DIMENSIONS = 64
_SHORTEST_S = 1e-9


def claims(source: FileSource) -> bool:
    if json_text.object_head(source):
        return any(_RESOURCE.search(json_text.object_head(source, long=long)) for long in (False, True))
    name, rest = xml.root_of(source)
    return name in _ROOTS and _NAMESPACE in rest.partition(">")[0]


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document, odd = _document(source, data)
    resources = list(_resources(document))
    recordings = _recordings(resources)
    if not recordings:
        raise FormatError(
            "It is a FHIR resource without sampled data of an ECG.", advice="Export the observation with its samples."
        )
    digest = sha256(data)
    for index, recording in enumerate(recordings):
        subject, doubts = _subject(recording.observation, resources, recording.recorded)
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            device=_device(resources),
            recorded=recording.recorded,
            doubts=(*odd, *doubts, *recording.doubts),
        )
        notes = _annotations(recording.observation)
        yield record_of(
            recording.rows,
            recording.rate,
            hints,
            origin,
            subject=subject,
            annotations=notes,
            remark=recording.remark,
        )


def _document(source: FileSource, data: bytes) -> tuple[Object, tuple[str, ...]]:
    if json_text.object_head(source):
        return json_text.load(data), ()
    parsed = xml.parse(data)
    return _from_xml(parsed.root), parsed.doubts


def _from_xml(element: xml.Element) -> Object:
    """The resource as in JSON, but that an element that may repeat stands alone where it does not."""
    result: Object = {"resourceType": element.tag} if element.tag[:1].isupper() else {}
    for part in element:
        value: Json = part.get("value") if "value" in part.attrib and not len(part) else _from_xml(part)
        if part.tag in ("resource", "contained") and len(part):
            value = _from_xml(part[0])
        there = result.get(part.tag)
        if there is None:
            result[part.tag] = value
        elif isinstance(there, list):
            there.append(value)
        else:
            result[part.tag] = [there, value]
    return result


def _resources(document: Object) -> Iterator[Object]:
    """The document and what is in it, to any depth that a Bundle needs."""
    pending = [document]
    while pending:
        resource = pending.pop(0)
        yield resource
        pending += [child(entry, "resource") for entry in children(resource, "entry") if child(entry, "resource")]
        pending += children(resource, "contained")


@dataclass(frozen=True, slots=True)
class _Recording:
    """Leads of one rate from one observation, or from observations of one lead each that belong together."""

    observation: Object
    rows: list[LeadRow]
    rate: float | None
    recorded: str | None
    doubts: tuple[str, ...] = ()
    remark: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        subject = text(child(self.observation, "subject"), "reference")
        return self.rate, self.recorded, subject, len(self.rows[0].stored)


def _recordings(resources: list[Object]) -> list[_Recording]:
    found: list[_Recording] = []
    for resource in resources:
        if text(resource, "resourceType") == "Observation":
            for recording in _of_observation(resource):
                joined = _joined(found[-1], recording) if found else None
                found[-1:] = [joined] if joined else [*found[-1:], recording]
    return found


def _joined(last: _Recording, other: _Recording) -> _Recording | None:
    """Both as one, when they are single leads that were taken at the same time; else None."""
    alone = len(other.rows) == 1 and not children(other.observation, "component")
    names = {canonical_lead(row.name) for row in last.rows}
    if not alone or children(last.observation, "component") or last.key != other.key or last.recorded is None:
        return None
    if other.rows[0].name and canonical_lead(other.rows[0].name) in names:
        return None
    return replace(
        last,
        rows=[*last.rows, *other.rows],
        doubts=(*last.doubts, *other.doubts),
        remark=f"{last.remark} {other.remark}".strip(),
    )


def _of_observation(observation: Object) -> list[_Recording]:
    """One recording for each rate."""
    by_rate: dict[float | None, list[LeadRow]] = {}
    doubts: list[str] = []
    remarks: list[str] = []
    for part in (observation, *children(observation, "component")):
        sampled = child(part, "valueSampledData")
        if not sampled:
            continue
        rate = _rate(sampled, doubts)
        rows = _rows(part, sampled, doubts, remarks)
        if rows:
            by_rate.setdefault(rate, []).extend(rows)
    period = child(observation, "effectivePeriod")
    recorded = iso_time(
        text(observation, "effectiveDateTime") or text(observation, "effectiveInstant") or text(period, "start")
    )
    return [
        _Recording(observation, rows, rate, recorded, tuple(doubts), " ".join(remarks))
        for rate, rows in by_rate.items()
    ]


def _rate(sampled: Object, doubts: list[str]) -> float | None:
    period, interval = number(sampled, "period"), number(sampled, "interval")
    unit = text(sampled, "intervalUnit") or "ms"
    if interval is not None and unit in _HZ and interval > 0:
        doubts.append(f"an interval of {interval:g} {unit} between samples is stated, taken for the sampling rate")
        return interval * _HZ[unit]
    if interval is not None and unit not in _SECONDS:
        raise FormatError(f"It states an interval in {unit[:20]!r}; {', '.join((*_SECONDS, *_HZ))} are read.")
    seconds = interval * _SECONDS[unit] if interval is not None else None if period is None else period * 1e-3
    if seconds is None:
        return None
    if not _SHORTEST_S <= seconds <= 1 / _SHORTEST_S:
        raise FormatError(f"It states a period of {seconds:g} s between samples, which is not possible.")
    rate = 1 / seconds
    # 1 / (2.5 * 1e-3) is 400 but for the last digit.
    return float(round(rate)) if round(rate) and abs(rate / round(rate) - 1) < 1e-12 else rate


def _rows(part: Object, sampled: Object, doubts: list[str], remarks: list[str]) -> list[LeadRow]:
    """Leads of one set of sampled data; none for a signal that is no ECG, which is noted."""
    name, remark = _lead(child(part, "code"))
    if remark:
        remarks.append(remark)
    origin = child(sampled, "origin")
    unit = text(origin, "code") or text(origin, "unit") or None
    if not is_ecg_name(name) or (unit is not None and kind_of_unit(unit) is None and not is_standard(name)):
        doubts.append(f"left out, no ECG by name or unit: {_called(name, 'a component')}")
        return []
    if text(sampled, "codeMap") or text(sampled, "offsets"):
        raise FormatError("Its samples are codes, or not evenly spaced in time, which is not read.")
    stored = _tokens(text(sampled, "data"), name, doubts)
    dimensions = number(sampled, "dimensions")
    n_rows = 1 if dimensions is None else int(dimensions)
    if not 1 <= n_rows <= _MOST_DIMENSIONS or len(stored) % n_rows:
        raise FormatError(f"It states {dimensions or 0:g} dimensions for {len(stored)} samples.")
    factor, zero = number(sampled, "factor"), number(origin, "value")
    step, offset = 1.0 if factor is None else factor, zero or 0.0
    if offset and _origin_is_count(stored, step, offset, sampled):
        doubts.append(f"origin {offset:g} taken for a stored number: otherwise all values exceed the stated limits")
        offset = -offset * step
    table = stored.reshape(-1, n_rows).T
    names = [name] if n_rows == 1 else [""] * n_rows
    return [LeadRow(lead, table[k], unit=unit, step=step, offset=offset) for k, lead in enumerate(names)]


def _called(name: str, otherwise: str) -> str:
    """The name of a lead or a known signal; any other text may name a person."""
    return (name if _named(name) else shown(name)) or otherwise


def _origin_is_count(stored: Numbers, step: float, offset: float, sampled: Object) -> bool:
    lower, upper = number(sampled, "lowerLimit"), number(sampled, "upperLimit")
    values = stored[np.isfinite(stored)]
    if lower is None or upper is None or not len(values):
        return False
    by_formula, by_example = values * step + offset, (values - offset) * step
    outside = ((by_formula < lower) | (by_formula > upper)).all()
    return bool(outside and ((by_example >= lower) & (by_example <= upper)).all())


def _tokens(data: str, name: str, doubts: list[str]) -> Numbers:
    """Stored numbers; NaN for E, U and L."""
    words = data.split() if set(data) & set(_NO_VALUE) else []
    counts = {token: words.count(token) for token in _NO_VALUE}
    for token in ("U", "L"):
        if counts[token]:
            doubts.append(
                f"{counts[token]} samples of {_called(name, 'a lead')} are {_NO_VALUE[token]}, taken as missing"
            )
    if not sum(counts.values()):
        return numbers(data, _called(name, "A lead"))
    return numbers(" ".join("nan" if word in _NO_VALUE else word for word in words), _called(name, "A lead"))


def _lead(concept: Object) -> tuple[str, str]:
    """The lead by code, by display or by text, otherwise what the code is called; and a remark on a contradiction.

    Files are about in which 131331, the code of V1, is displayed as MDC_ECG_ELEC_POTL_III. Such a lead has no name.
    """
    codings = children(concept, "coding")
    displays = [text(coding, "display") for coding in codings]
    codes = [text(coding, "code") for coding in codings]
    known = next((code for code in codes if lead_from_mdc(code)), "")
    by_code = lead_from_mdc(known)
    by_name = next((lead for name in (*displays, text(concept, "text")) if (lead := _named(name))), None)
    if by_code and by_name and by_code != by_name:
        return "", f"The code {known} means lead {by_code}, and its text says {by_name}."
    return by_code or by_name or next((name for name in (*displays, *codes) if name), ""), ""


def _named(name: str) -> str | None:
    """The lead that a text names beyond doubt."""
    lead = lead_from_mdc(name) or canonical_lead(name)
    return lead if is_standard(lead) or inverted_of(lead) else None


def _subject(observation: Object, resources: list[Object], recorded: str | None) -> tuple[Subject, tuple[str, ...]]:
    reference = child(observation, "subject")
    patients = [resource for resource in resources if text(resource, "resourceType") == "Patient"]
    wanted = text(reference, "reference").rpartition("/")[2].removeprefix("#")
    person = next((one for one in patients if wanted and text(one, "id") == wanted), None)
    person = person or (patients[0] if len(patients) == 1 else {})
    identifier = next((value for one in children(person, "identifier") if (value := text(one, "value"))), "")
    identifier = identifier or text(child(reference, "identifier"), "value")
    # `#p` names a resource inside this file: two strangers may both be `#p` in theirs.
    if not identifier and not text(reference, "reference").startswith("#"):
        identifier = wanted
    age, doubts = age_between(iso_date(text(person, "birthDate")), iso_date(recorded or ""))
    return Subject(id=pseudonym(identifier), age=age, sex=sex_from(text(person, "gender"))), doubts


def _device(resources: list[Object]) -> str | None:
    for resource in resources:
        if text(resource, "resourceType") == "Device":
            model = text(resource, "modelNumber")
            return " ".join(filter(None, (text(resource, "manufacturer"), model))) or None
    return None


def _annotations(observation: Object) -> tuple[Annotation, ...]:
    """Coded statements and measurements; no free text."""
    coded = [*children(observation, "interpretation"), child(observation, "valueCodeableConcept")]
    notes = [note for concept in coded for note in _coded(concept)]
    for part in children(observation, "component"):
        what = next(iter(_coded(child(part, "code"))), None)
        amount = child(part, "valueQuantity")
        value = number(amount, "value")
        if what is not None and value is not None:
            unit = text(amount, "unit") or text(amount, "code")
            notes.append(replace(what, text=f"{what.text} {value:g} {unit}".strip()))
        notes += _coded(child(part, "valueCodeableConcept"))
        notes += [note for concept in children(part, "interpretation") for note in _coded(concept)]
    return tuple(notes)


def _coded(concept: Object) -> Iterator[Annotation]:
    for coding in children(concept, "coding"):
        code = text(coding, "code")
        if code:
            yield Annotation(text=text(coding, "display") or code, code=code, system=text(coding, "system") or None)


_KEPT = {
    "Bundle": ("resourceType", "type", "entry"),
    "Observation": (
        "resourceType", "status", "category", "code", "effectiveDateTime", "effectivePeriod", "effectiveInstant",
        "valueSampledData", "valueCodeableConcept", "interpretation", "method", "component", "contained",
    ),
    "Patient": ("resourceType", "gender"),
    "Device": ("resourceType", "manufacturer", "modelNumber"),
    "component": ("code", "valueSampledData", "valueQuantity", "valueCodeableConcept", "interpretation"),
    "valueSampledData": (
        "origin", "period", "interval", "intervalUnit", "factor", "lowerLimit", "upperLimit", "dimensions", "data",
        "codeMap", "offsets",
    ),
    "effectivePeriod": ("start", "end"),
    "entry": ("resource",),
    "coding": ("system", "code", "display"),
    **dict.fromkeys(("origin", "valueQuantity"), ("value", "unit", "system", "code")),
    **dict.fromkeys(("category", "code", "valueCodeableConcept", "interpretation", "method"), ("coding",)),
}  # fmt: skip


_LEAVES = ("coding", "origin", "valueQuantity")


def _blanked(value: Json, kind: str) -> Json:
    """Only what is known, to any depth. A text beside a code stays where it names the lead."""
    if isinstance(value, list):
        return [_blanked(item, kind) for item in value]
    if not isinstance(value, dict):
        return value if kind not in _KEPT else None
    kind = text(value, "resourceType") or kind
    result: Object = {}
    for key in _KEPT.get(kind, ()):
        if key in value:
            item = value[key]
            plain = not isinstance(item, dict | list)
            result[key] = item if plain and kind in _LEAVES else _blanked(item, key)
    if kind == "code" and _named(text(value, "text")):
        result["text"] = text(value, "text")
    return result


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """None for XML."""
    if not json_text.object_head(source):
        return None
    return {PurePosixPath(source.name).name: json_text.dump(_blanked(json_text.load(source.read()), ""))}


ENTRY = FormatEntry(
    name="fhir",
    title="FHIR Observation",
    extensions=(".json", ".xml"),
    requires=("defusedxml",),
    states="States rate, unit, scale and lead names; a file without unit, or whose codes contradict their texts, "
    "needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "R4 and R5, JSON and XML; one Observation, or a Bundle in which each Observation is a record of its own.",
        "Observations of one lead each that were taken at the same time are put together.",
    ),
    limits=(
        "Samples that are not evenly spaced in time, and samples by code map, are refused.",
        "Of an XML file no original is kept.",
    ),
)
