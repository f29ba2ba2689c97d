"""Mortara (Welch Allyn, Hillrom) ELI XML: `ECG` documents with a `CHANNEL` for each lead.

No specification is public; the layout is that of the open readers (EDFbrowser, BRAVEHEART): base64 of 16-bit
little-endian integers, mV = number / `UNITS_PER_MV`, and `DURATION` in samples. `TYPICAL_CYCLE` holds the median beat.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.dates import calendar_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.harmless import is_device, is_lead, is_number, is_samples, is_version
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.statements import is_statement, statements_left_out
from einthoven.formats.stored_text import from_base64
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject

_MARKS = ("ACQUISITION_TIME", "<SUBJECT", "<CHANNEL", "<TYPICAL_CYCLE", "<DEMOGRAPHIC_FIELDS")
_READ = {"BITS": "16", "FORMAT": "SIGNED", "ENCODING": "BASE64"}


def claims(source: FileSource) -> bool:
    name, text = xml.root_of(source)
    return name == "ECG" and any(mark in text for mark in _MARKS)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = xml.parse(data)
    root = document.root
    channels = list(xml.each(root, "CHANNEL"))
    if not channels:
        raise FormatError("It is an ECG file without channels.", advice="Export it with its waveforms.")
    recorded = _recorded(root)
    subject, doubts = _subject(root, recorded)
    notes, left_out = _statements(root)
    digest = sha256(data)

    def origin(index: int, more: list[str]) -> Origin:
        return Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            device=_device(root),
            recorded=recorded,
            doubts=(*document.doubts, *doubts, *left_out, *more),
        )

    rates = {channel.get("SAMPLE_FREQ", "").strip() for channel in channels}
    if len(rates) > 1:
        raise FormatError(f"Its channels have different rates, which is not read: {', '.join(sorted(rates))[:80]} Hz.")
    doubted: list[str] = []
    rows = [_row(channel, channel, doubted) for channel in channels]
    cycle = xml.find(root, "TYPICAL_CYCLE")
    beats = list(xml.each(cycle, "TYPICAL_CYCLE_CHANNEL"))
    if cycle is None or not beats or not cycle.get("SAMPLE_FREQ") or not cycle.get("UNITS_PER_MV"):
        doubted += ["left out: a typical cycle that states no rate or no scale"] if beats else []
        cycle = None
    yield record_of(rows, xml.number(rates.pop()), hints, origin(0, doubted), subject=subject, annotations=notes)
    if cycle is not None:
        doubted = []
        rows = [_row(beat, cycle, doubted) for beat in beats]
        rate = xml.number(cycle.get("SAMPLE_FREQ", ""))
        yield record_of(rows, rate, hints, origin(1, doubted), subject=subject, annotations=(MEDIAN_BEAT, *notes))


def _row(channel: xml.Element, stated: xml.Element, doubts: list[str]) -> LeadRow:
    """One lead; `stated` is the element that tells its coding and scale."""
    name = channel.get("NAME", "").strip()
    what = f"Channel {name[:20]}"
    for key, value in _READ.items():
        there = stated.get(key, "").strip().upper()
        if there not in ("", value):
            raise FormatError(f"{what} states {key} {there[:20]}; {value} is read.")
    stored = from_base64(channel.get("DATA") or channel.text or "", what)
    duration = xml.number(channel.get("DURATION", ""))
    rate = xml.number(stated.get("SAMPLE_FREQ", ""))
    # Some write it in milliseconds.
    if duration and len(stored) != duration and abs(duration * (rate or 0) / 1000 - len(stored)) > 0.5:
        raise FormatError(f"{what} states {duration:g} samples and holds {len(stored)}: it is cut off.")
    offset = channel.get("OFFSET", "").strip()
    if xml.number_or_none(offset):
        doubts.append(f"channel {name} states an offset of {offset[:20]}, which was not applied")
    per_mv = xml.number(stated.get("UNITS_PER_MV", ""))
    if per_mv is not None and not 0 < per_mv < float("inf"):
        raise FormatError(f"{what} states {per_mv:g} counts per mV, which is not possible.")
    return LeadRow(name, stored, unit=None if per_mv is None else "mV", step=None if per_mv is None else 1 / per_mv)


def _digits(text: str) -> date | None:
    plain = text.strip().replace("-", "")[:8]
    if not (plain.isdigit() and len(plain) == 8):
        return None
    return calendar_date(int(plain[:4]), int(plain[4:6]), int(plain[6:]))


def _recorded(root: xml.Element) -> str | None:
    """`yyyyMMddHHmmss` in ISO form."""
    text = root.get("ACQUISITION_TIME", "").strip()
    day = _digits(text)
    if day is None:
        return None
    clock = text[8:14]
    return f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}" if clock.isdigit() and len(clock) == 6 else day.isoformat()


def _subject(root: xml.Element, recorded: str | None) -> tuple[Subject, tuple[str, ...]]:
    person = xml.find(root, "SUBJECT")
    units = root.get("AGE_UNITS", "").strip().casefold() or "y"
    age, doubts = age_from(f"{root.get('AGE', '').strip()} {units}")
    if age is None and not doubts:
        birth = _digits(xml.attribute(root, "SUBJECT", "DOB_XML") or xml.attribute(root, "SUBJECT", "DOB"))
        age, doubts = age_between(birth, _digits(recorded or ""))
    sex = sex_from("" if person is None else person.get("GENDER", ""))
    return Subject(id=pseudonym(xml.attribute(root, "SUBJECT", "ID")), age=age, sex=sex), doubts


def _statements(root: xml.Element) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """The statements of ECG interpretation; lines with other words may name a person: left out, and said."""
    found = xml.each(root, "AUTOMATIC_INTERPRETATION/STATEMENT")
    lines = [text for one in found if (text := (one.get("TEXT") or one.text or "").strip())]
    kept = tuple(Annotation(text=line) for line in lines if is_statement(line))
    return kept, statements_left_out(len(lines) - len(kept))


def _device(root: xml.Element) -> str | None:
    model = xml.attribute(root, "SOURCE", "MODEL")
    model = model or xml.attribute(root, "SOURCE", "ACQUIRING_DEVICE_EXTENDED_MODEL_DESCRIPTION")
    return " ".join(filter(None, (xml.attribute(root, "SOURCE", "MANUFACTURER"), model))) or None


def _is_one_of(*words: str) -> Callable[[str], bool]:
    return lambda text: text.strip().upper() in words


_CHANNEL: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(("OFFSET", "BITS", "UNITS_PER_MV", "DURATION", "SAMPLE_FREQ"), is_number),
    "FORMAT": _is_one_of("SIGNED"),
    "ENCODING": _is_one_of("BASE64"),
    "NAME": is_lead,
    "DATA": is_samples,
}
_KEPT: Mapping[str, Mapping[str, Callable[[str], bool]]] = {
    "ECG": {
        "ACQUISITION_TIME": lambda text: re.fullmatch(r"\d{8}(?:\d{6})?", text.strip()) is not None,
        **dict.fromkeys(("AGE", "HEIGHT", "WEIGHT", "VENT_RATE", "AVERAGE_RR", "NUM_QRS"), is_number),
        "AGE_UNITS": _is_one_of("YEARS", "MONTHS", "WEEKS", "DAYS", "Y", "M", "W", "D"),
        "HEIGHT_UNITS": _is_one_of("CM", "M", "IN", "INCHES"),
        "WEIGHT_UNITS": _is_one_of("KG", "G", "LB", "LBS"),
        "SEVERITY": _is_one_of("NORMAL", "ABNORMAL", "BORDERLINE", "UNCONFIRMED"),
    },
    "SUBJECT": {"GENDER": lambda text: sex_from(text) is not None},
    "SOURCE": {
        **dict.fromkeys(("MANUFACTURER", "MODEL", "ACQUIRING_DEVICE_EXTENDED_MODEL_DESCRIPTION"), is_device),
        "ACQUIRING_DEVICE_SW_VERSION": is_version,
        **dict.fromkeys(("LOW_PASS_FILTER", "BASELINE_ROLL_FILTER", "PRINT_FILTER", "FILTER_BITMAP"), is_number),
    },
    "STATEMENT": {"TEXT": is_statement},
    "CHANNEL": _CHANNEL,
    "TYPICAL_CYCLE_CHANNEL": _CHANNEL,
    "TYPICAL_CYCLE": {
        **_CHANNEL,
        **dict.fromkeys(
            "QRS_DURATION P_DURATION PR_DURATION QT_DURATION P_ONSET P_OFFSET Q_ONSET Q_OFFSET T_OFFSET".split(),  # noqa: SIM905
            is_number,
        ),
    },
}
"""Attributes that stay in a blanked file, by element, and what their value must be."""
_KEPT_TEXTS: Mapping[str, Callable[[str], bool]] = {
    "STATEMENT": is_statement, "CHANNEL": is_samples, "TYPICAL_CYCLE_CHANNEL": is_samples,
}  # fmt: skip


def _keeps(path: xml.Path, name: str | None, value: str) -> bool:
    allowed = _KEPT_TEXTS.get(path[-1]) if name is None else _KEPT.get(path[-1], {}).get(name)
    return allowed is not None and allowed(value)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The file with what `_KEPT` names; None when a channel has no known name."""
    data = source.read()
    root = xml.parse(data).root
    channels = (*root.iterfind("CHANNEL"), *root.iterfind("TYPICAL_CYCLE/TYPICAL_CYCLE_CHANNEL"))
    if not all(is_lead(channel.get("NAME", "")) for channel in channels):
        return None
    return {PurePosixPath(source.name).name: xml.blank(data, _keeps)}


ENTRY = FormatEntry(
    name="mortara",
    title="Mortara ELI XML",
    extensions=(".xml",),
    requires=("defusedxml",),
    states="States rate, unit, scale and lead names.",
    claims=claims,
    read=read,
    blank=blank,
    reads=("The rhythm recording, and the typical cycle as a record of its own.", "Statements of the machine."),
    limits=(
        "An offset of a channel is not applied, since what it means is not published: it is said.",
        "Diagnostic statements are left out, and counted, where they have words that may be names.",
    ),
)
