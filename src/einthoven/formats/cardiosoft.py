"""GE Cardiosoft XML: `CardiologyXML` documents, as UK Biobank gives them out (fields 20205 and 6025).

Source: public descriptions and readers of these files. Leads stand as whole numbers with commas between, under the
element that states `SampleRate` and `Resolution` (microvolts per count), or the one around it: `StripData` and each
`Strip` in it, `ArrhythmiaData`, `MedianData`, `MedianSamples`. `FullDisclosure` holds all leads in one long list.
GE's manual gives its order sample by sample; the files of UK Biobank are read by everybody as blocks of one
second for each lead. Which of both it is, a file does not say: that order is taken in which the signal is far
smoother, and the passport says so; where neither is, the list is left out.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.dates import calendar_date, iso_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.harmless import is_device, is_lead, is_number, is_samples
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.statements import is_statement, statements_left_out
from einthoven.formats.stored_text import Numbers, numbers
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject

_UNITS = {"uvperlsb": "uV", "mvperlsb": "mV", "nvperlsb": "nV"}
_TIMES_SMOOTHER = 1.5


def claims(source: FileSource) -> bool:
    return xml.root_of(source)[0] == "CardiologyXML"


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = xml.parse(data)
    root = document.root
    groups, left_out = _groups(root)
    if not groups:
        raise FormatError(f"It is a Cardiosoft file without samples of a lead.{' ' if left_out else ''}{left_out}")
    recorded = _recorded(root)
    subject, doubts = _subject(root, recorded)
    notes, persons = _statements(root)
    digest = sha256(data)
    for index, group in enumerate(groups):
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            device=_device(root),
            recorded=recorded,
            doubts=(*document.doubts, *doubts, *persons, *group.doubts, *((left_out,) if left_out else ())),
        )
        yield record_of(group.rows, group.rate, hints, origin, subject=subject, annotations=(*group.label, *notes))


@dataclass(frozen=True, slots=True)
class _Group:
    """Leads of one recording."""

    rank: int
    rows: list[LeadRow]
    rate: float | None
    label: tuple[Annotation, ...] = ()
    doubts: tuple[str, ...] = ()


def _groups(root: xml.Element) -> tuple[list[_Group], str]:
    """Full recordings first, then strips, then medians; and what could not be read of them, in words."""
    found: list[_Group] = []
    left_out = ""
    pending: list[tuple[xml.Element, tuple[xml.Element, ...]]] = [(root, ())]
    while pending:
        element, around = pending.pop()
        inside = (element, *around)
        if element.tag == "FullDisclosure":
            group = _full_disclosure(element, inside)
            left_out = left_out if group else "left out: the order of the samples in FullDisclosure is not clear"
            found += [group] if group else []
        elif element.find("WaveformData") is not None:
            found.append(_strip(element, inside))
        else:
            pending += [(child, inside) for child in element][::-1]
    return sorted(found, key=lambda group: group.rank), left_out


def _scale(inside: tuple[xml.Element, ...]) -> tuple[float | None, float | None, str | None]:
    """Rate, step and unit, from the element itself or those around it."""
    rate = step = unit = None
    for element in inside:
        if rate is None and element.find("SampleRate") is not None:
            stated = xml.attribute(element, "SampleRate", "units").casefold()
            if stated not in ("", "hz"):
                raise FormatError(f"It states its sample rate in {stated[:20]}; Hz is read.")
            rate = xml.number(xml.text_of(element, "SampleRate"))
        if step is None and element.find("Resolution") is not None:
            step = xml.number(xml.text_of(element, "Resolution"))
            unit = _UNITS.get(xml.attribute(element, "Resolution", "units").casefold())
    return rate, step, unit if step is not None else None


def _strip(element: xml.Element, inside: tuple[xml.Element, ...]) -> _Group:
    rate, step, unit = _scale(inside)
    rows = []
    count = xml.number(next((text for e in inside if (text := xml.text_of(e, "ChannelSampleCountTotal"))), ""))
    for wave in xml.each(element, "WaveformData"):
        name = wave.get("lead", "").strip()
        stored = numbers(wave.text or "", f"Lead {name[:20]}", separator=",")
        if count is not None and len(stored) < count:
            raise FormatError(f"Lead {name[:20]} states {count:g} samples and holds {len(stored)}: it is cut off.")
        rows.append(LeadRow(name, stored, unit=unit, step=step))
    stated = xml.number(next((text for e in inside if (text := xml.text_of(e, "NumberOfLeads"))), ""))
    if stated is not None and stated > len(rows):
        raise FormatError(f"It states {stated:g} leads and holds {len(rows)}: some are missing.")
    tags = [part.tag for part in inside]
    if any(tag.startswith("Median") for tag in tags):
        return _Group(3, rows, rate, (MEDIAN_BEAT, *_time_of(element)))
    if "ArrhythmiaData" in tags:
        return _Group(2, rows, rate, (Annotation(text="strip of an arrhythmia"), *_time_of(element)))
    return _Group(1, rows, rate, _time_of(element))


def _time_of(element: xml.Element) -> tuple[Annotation, ...]:
    """When in the test a strip was taken."""
    minute = xml.number_or_none(xml.text_of(element, "Time/Minute"))
    second = xml.number_or_none(xml.text_of(element, "Time/Second"))
    if minute is None or second is None:
        return ()
    return (Annotation(text=f"taken {minute * 60 + second:g} s after the begin of the test"),)


def _full_disclosure(element: xml.Element, inside: tuple[xml.Element, ...]) -> _Group | None:
    """All leads of the recording; None when the order of their samples is not clear."""
    names = [name.strip() for name in xml.text_of(element, "LeadOrder").split(",") if name.strip()]
    rate, step, unit = _scale(inside)
    stated = xml.number(xml.text_of(element, "NumberOfChannels"))
    text = "".join(part.text or "" for part in xml.each(element, "FullDisclosureData"))
    samples = numbers(text, "FullDisclosure", separator=",")
    if not names or (stated is not None and stated != len(names)):
        raise FormatError(f"FullDisclosure states {stated or 0:g} channels and names {len(names)} leads.")
    if rate is None or rate != round(rate) or not 1 <= rate <= len(samples):
        return None
    table = _ordered(samples, len(names), round(rate))
    if table is None:
        return None
    order, leads = table
    rows = [LeadRow(name, lead, unit=unit, step=step) for name, lead in zip(names, leads, strict=True)]
    said = f"samples taken as {order}: the file does not say, and the other order gives a far rougher signal"
    doubts = (said,) if len(names) > 1 else ()
    return _Group(0, rows, rate, doubts=doubts)


def _ordered(samples: Numbers, n_leads: int, rate: int) -> tuple[str, Numbers] | None:
    """The leads, and the order in words, when one of both orders is clearly the smoother one."""
    if n_leads == 1:
        return "one lead", samples.reshape(1, -1)
    n_blocks = len(samples) // (n_leads * rate)
    if len(samples) % n_leads or not n_blocks:
        return None
    in_turn = samples.reshape(-1, n_leads).T
    whole = samples[: n_blocks * n_leads * rate]
    in_blocks = whole.reshape(n_blocks, n_leads, rate).swapaxes(0, 1).reshape(n_leads, -1)
    one, other = _roughness(in_turn), _roughness(in_blocks)
    if one * _TIMES_SMOOTHER < other:
        return "one sample of each lead in turn", in_turn
    if other * _TIMES_SMOOTHER < one and len(whole) == len(samples):
        return "one second of each lead in turn", in_blocks
    return None


def _roughness(leads: Numbers) -> float:
    """Mean step from sample to sample."""
    return float(np.abs(np.diff(leads, axis=1)).mean()) if leads.shape[1] > 1 else 0.0


def _parts(element: xml.Element | None, *names: str) -> list[int] | None:
    """Whole numbers of child elements; None when one lacks."""
    texts = [xml.text_of(element, name) for name in names]
    return (
        [int(text) for text in texts]
        if all(text.isascii() and text.isdigit() and len(text) <= 4 for text in texts)
        else None
    )


def _date(element: xml.Element | None) -> date | None:
    parts = _parts(element, "Year", "Month", "Day")
    return None if parts is None else calendar_date(*parts)


def _recorded(root: xml.Element) -> str | None:
    at = xml.find(root, "ObservationDateTime")
    day, clock = _date(at), _parts(at, "Hour", "Minute", "Second")
    if day is None:
        return None
    iso = day.isoformat()
    return iso if clock is None else f"{iso}T{clock[0]:02d}:{clock[1]:02d}:{clock[2]:02d}"


def _subject(root: xml.Element, recorded: str | None) -> tuple[Subject, tuple[str, ...]]:
    person = xml.find(root, "PatientInfo")
    unit = xml.attribute(person, "Age", "units").casefold() or "years"
    age, doubts = age_from(f"{xml.text_of(person, 'Age')} {unit}")
    if age is None and not doubts:
        birth = _date(xml.find(person, "BirthDateTime"))
        age, doubts = age_between(birth, iso_date(recorded or ""))
    sex = sex_from(xml.text_of(person, "Gender"))
    return Subject(id=pseudonym(xml.text_of(person, "PID")), age=age, sex=sex), doubts


def _device(root: xml.Element) -> str | None:
    """Maker and model; the name of the software where no device is named."""
    model = xml.text_of(root, "DeviceInfo/Desc") or xml.text_of(root, "ObservationDeviceInfo/Desc")
    model = model or xml.text_of(root, "ClinicalInfo/DeviceInfo/Desc")
    return f"GE {model}" if re.fullmatch(r"[\w .+/()-]{1,40}", model) else None


def _statements(root: xml.Element) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """The diagnosis of the program; lines with words that may be names are left out, and said."""
    lines = [
        text
        for element in xml.each(root, "Interpretation/Diagnosis/DiagnosisText")
        if (text := xml.text_of(element)).strip("- ")
    ]
    kept = [line for line in lines if is_statement(line)]
    return tuple(Annotation(text=line) for line in kept), statements_left_out(len(lines) - len(kept))


_UNIT_WORDS = frozenset({"hz", "bpm", "ms", "s", "years", "months", "cm", "kg", "mm", "mv", "uv", "deg", *_UNITS})
_KEPT: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        "SampleRate Resolution ChannelSampleCountTotal NumberOfLeads NumberOfChannels Minute Second Hour Day Month "  # noqa: SIM905
        "Year Age Height Weight VentricularRate PQInterval PDuration QRSDuration QTInterval QTCInterval RRInterval "
        "PPInterval PAxis RAxis TAxis QRSNum POnset POffset QOnset QOffset TOffset".split(),
        is_number,
    ),
    "LeadOrder": lambda text: all(is_lead(name) for name in text.split(",") if name.strip()),
    "WaveformData": is_samples,
    "FullDisclosureData": is_samples,
    "Gender": lambda text: sex_from(text) is not None,
    "ObservationType": lambda text: text.strip() in ("RestECG", "RestingECG", "StressECG", "ExerciseECG"),
    "DiagnosisText": is_statement,
    "Desc": is_device,
}
"""Elements that stay in a blanked file, and what their text must be."""
_OF_PERSONS = frozenset({"BirthDateTime", "Conclusion", "Comments"})


def _keeps(path: xml.Path, name: str | None, value: str) -> bool:
    if _OF_PERSONS & set(path):
        return False
    if name is not None:
        return (name == "units" and value.casefold() in _UNIT_WORDS) or (name == "lead" and is_lead(value))
    allowed = _KEPT.get(path[-1])
    return allowed is not None and allowed(value)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The file with what `_KEPT` names; None when a lead has no known name."""
    data = source.read()
    root = xml.parse(data).root
    names = [wave.get("lead", "") for wave in root.iter("WaveformData")]
    names += [name for order in root.iter("LeadOrder") for name in (order.text or "").split(",") if name.strip()]
    return {PurePosixPath(source.name).name: xml.blank(data, _keeps)} if all(map(is_lead, names)) else None


ENTRY = FormatEntry(
    name="cardiosoft",
    title="GE Cardiosoft XML",
    extensions=(".xml",),
    requires=("defusedxml",),
    states="States rate, unit, scale and lead names.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Resting ECGs (UK Biobank field 20205), with the median beat as a record of its own.",
        "Exercise tests (field 6025): the full disclosure, and each strip and median as a record of its own.",
    ),
    limits=(
        "The order of samples in a full disclosure is not stated in the file: it is told from the signal, and said.",
        "Diagnostic statements are left out, and counted, where they have words that may be names.",
    ),
)
