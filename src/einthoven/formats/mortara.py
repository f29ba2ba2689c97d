"""Mortara (Welch Allyn, Hillrom) ELI XML: `ECG` documents with a `CHANNEL` for each lead.

No specification is public; the layout is that of the open readers (EDFbrowser, BRAVEHEART): base64 of 16-bit
little-endian integers, mV = number / `UNITS_PER_MV`, and `DURATION` in samples. `TYPICAL_CYCLE` holds the median beat.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.dates import calendar_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
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
    notes = tuple(
        Annotation(text=text)
        for statement in xml.each(root, "AUTOMATIC_INTERPRETATION/STATEMENT")
        if (text := (statement.get("TEXT") or statement.text or "").strip())
    )
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
            doubts=(*document.doubts, *doubts, *more),
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


def _device(root: xml.Element) -> str | None:
    model = xml.attribute(root, "SOURCE", "MODEL")
    model = model or xml.attribute(root, "SOURCE", "ACQUIRING_DEVICE_EXTENDED_MODEL_DESCRIPTION")
    return " ".join(filter(None, (xml.attribute(root, "SOURCE", "MANUFACTURER"), model))) or None


_KEPT_ATTRIBUTES = {
    "ECG": frozenset({
        "ACQUISITION_TIME", "AGE", "AGE_UNITS", "HEIGHT", "HEIGHT_UNITS", "WEIGHT", "WEIGHT_UNITS", "VENT_RATE",
        "AVERAGE_RR", "NUM_QRS", "SEVERITY",
    }),
    "SUBJECT": frozenset({"GENDER"}),
    "SOURCE": frozenset({
        "MANUFACTURER", "MODEL", "ACQUIRING_DEVICE_EXTENDED_MODEL_DESCRIPTION", "ACQUIRING_DEVICE_SW_VERSION",
        "LOW_PASS_FILTER", "BASELINE_ROLL_FILTER", "PRINT_FILTER", "FILTER_BITMAP", "TYPE",
    }),
    "STATEMENT": frozenset({"TEXT", "REASON"}),
}  # fmt: skip
_KEPT_BRANCHES = frozenset({"CHANNEL", "TYPICAL_CYCLE"})


def _keeps(path: xml.Path, name: str | None) -> bool:
    if len(path) > 1 and path[1] in _KEPT_BRANCHES:
        return True
    if path[1:2] == ("AUTOMATIC_INTERPRETATION",):
        return path[-1] == "STATEMENT" and (name is None or name in _KEPT_ATTRIBUTES["STATEMENT"])
    return name is not None and path[-1] in ("ECG", "SUBJECT", "SOURCE") and name in _KEPT_ATTRIBUTES[path[-1]]


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    return {PurePosixPath(source.name).name: xml.blank(source.read(), _keeps)}


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
    limits=("An offset of a channel is not applied, since what it means is not published: it is said.",),
)
