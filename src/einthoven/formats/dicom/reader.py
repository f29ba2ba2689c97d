"""DICOM waveforms: 12-lead, general and ambulatory ECG (PS3.3, A.34 and C.10.9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from einthoven.formats.dicom import tags
from einthoven.formats.dicom.annotations import Note, of_group, read_annotations
from einthoven.formats.dicom.blanking import blank
from einthoven.formats.dicom.elements import Item, is_dicom, text_of
from einthoven.formats.dicom.groups import Group, beyond, groups_in, padding, stored
from einthoven.formats.dicom.values import Values
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import (
    Origin,
    age_between,
    age_from,
    make_record,
    pseudonym,
    reader_name,
    sex_from,
    sha256,
)
from einthoven.formats.source import FileSource
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject


@dataclass(frozen=True, slots=True)
class _File:
    """What the records of one file have in common."""

    values: Values
    origin: Origin
    subject: Subject
    notes: tuple[Note, ...]


def claims(source: FileSource) -> bool:
    return is_dicom(source.head(132))


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    """The recorded groups, then those the device derived (median beats); all or none of them."""
    data = source.read()
    values = Values.of(source)
    dataset = values.file.dataset
    groups, left_out = groups_in(source, values)
    notes, unread = read_annotations(_items(dataset, tags.ANNOTATIONS), values)
    recorded = values.when(tags.ACQUISITION_DATE_TIME) or values.when(tags.CONTENT_DATE, tags.CONTENT_TIME)
    subject, doubts = _subject(values, recorded)
    if unread:
        doubts = (*doubts, f"{unread} lines of free text were left out: they might name a person")
    if values.file.beyond:
        doubts = (*doubts, f"{values.file.beyond} bytes behind its last element are none of DICOM, and not read")
    maker = [values.text(dataset, tag) for tag in (tags.MANUFACTURER, tags.MODEL)]
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        device=" ".join(filter(None, maker)) or None,
        recorded=None if recorded is None else recorded.isoformat(),
        doubts=(*left_out, *doubts),
    )
    file = _File(values, origin, subject, notes)
    records = [_record(file, group, hints, index) for index, group in enumerate(groups)]
    yield from records


def _items(dataset: Item, tag: int) -> Sequence[Item]:
    element = dataset.get(tag)
    return () if element is None or element.items is None else element.items


def _record(file: _File, group: Group, hints: ReadHints, index: int) -> EcgRecord:
    numbers = stored(file.values, group)
    facts = _facts(file.values, group)
    settled = settle(file.origin.name, facts, hints, n_leads=len(group.channels))
    signal = settled.scale(numbers)
    mask, doubts = padding(group, numbers)
    if mask is not None:
        signal[mask] = np.nan
    origin = replace(
        file.origin,
        index=index,
        band=_band(group),
        doubts=(*file.origin.doubts, *_group_doubts(file.values, group), *beyond(file.values, group), *doubts),
    )
    notes = of_group(file.notes, group.number, rate=settled.rate, n_samples=group.n_samples, is_first=index == 0)
    return make_record(signal, facts, settled, origin, subject=file.subject, annotations=(*_what(group), *notes))


def _facts(values: Values, group: Group) -> Facts:
    """What the group states; a gain is counts per unit, the inverse of DICOM's sensitivity.

    DICOM's baseline is an offset in the channel's unit that is added after scaling (PS3.3, C.10.9.1.4.2); ours is the
    count that means 0. It is taken off first, for 2**31 counts of it would leave nothing of the signal in float32.
    """
    factors = [channel.factor for channel in group.channels]
    units = [channel.unit for channel in group.channels]
    leads = [channel.lead for channel in group.channels]
    stated = all(factor is not None for factor in factors) and all(units)
    gains = tuple(1 / (factor or np.inf) for factor in factors)
    baselines = tuple(-channel.baseline * gain for channel, gain in zip(group.channels, gains, strict=True))
    return Facts(
        rate=values.number(group.item, tags.FREQUENCY),
        units=tuple(unit for unit in units if unit) if stated else None,
        gains=gains if stated else None,
        baselines=baselines if stated else None,
        leads=tuple(lead for lead in leads if lead) if all(leads) else None,
    )


def _what(group: Group) -> tuple[Annotation, ...]:
    if not group.derived:
        return ()
    return (MEDIAN_BEAT if group.is_median else Annotation(text="derived by the device"),)


def _group_doubts(values: Values, group: Group) -> tuple[str, ...]:
    found = [doubt for channel in group.channels for doubt in channel.doubts]
    skewed = sum(channel.skewed for channel in group.channels)
    if skewed:
        found.append(f"{skewed} channels state a time skew, which was not corrected")
    offset = values.number(group.item, tags.GROUP_TIME_OFFSET)
    if offset:
        found.append(f"these leads begin {offset:g} ms after the start of the recording")
    return tuple(found)


def _band(group: Group) -> tuple[float, float] | None:
    """The pass band in Hz, when all channels state the same."""
    bands = {channel.band for channel in group.channels}
    low, high = bands.pop()
    return (low, high) if not bands and low is not None and high is not None and 0 <= low < high else None


def _subject(values: Values, recorded: datetime | date | None) -> tuple[Subject, tuple[str, ...]]:
    dataset = values.file.dataset
    age, doubts = age_from(text_of(dataset.get(tags.PATIENT_AGE)))
    if age is None and not doubts:
        born = values.when(tags.BIRTH_DATE)
        age, doubts = age_between(_day(born), _day(recorded))
    identifier = pseudonym(values.text(dataset, tags.PATIENT_ID))
    return Subject(id=identifier, age=age, sex=sex_from(text_of(dataset.get(tags.PATIENT_SEX)))), doubts


def _day(when: datetime | date | None) -> date | None:
    return when.date() if isinstance(when, datetime) else when


ENTRY = FormatEntry(
    name="dicom",
    title="DICOM waveform",
    extensions=(".dcm",),
    requires=("pydicom",),
    states="States rate, unit, scale, lead names and filters; a channel without sensitivity needs unit (and gain).",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "12-lead, general, ambulatory and 32-bit ECG; ECG leads of hemodynamic and other waveforms.",
        "Implicit and explicit VR, little and big endian, deflated; samples of 8, 16, 32 and 64 bits.",
        "Sensitivity, correction factor, baseline, padding value, filters; MDC and SCP-ECG lead codes.",
        "Every multiplex group as a record of its own, median beats last; measurements and statements of the device.",
    ),
    tried=(
        "Two general ECGs (GE MAC P and MAC55, converted) and two 12-lead ECGs (Mortara ELI 250; one implicit VR), "
        "500 and 1000 Hz."
    ),
    limits=(
        "Time skew between channels and lead modifiers are said, not corrected.",
        "Lines of free text are kept only where each word is one of ECG interpretation, for they may name a person.",
        "Bytes behind the last element are passed over and said, but in implicit VR refused.",
        "mu-law and A-law samples (sound) are refused.",
    ),
)
