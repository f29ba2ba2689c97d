"""Philips Sierra XML, 1.03 to 1.04.02: `restingecgdata` documents of PageWriter, TraceMaster and HeartStart devices.

Source: public descriptions (sierra-ecg-tools, Philips' schema), held against the real files: in both, the calibration
pulse comes out as exactly 1 mV on all twelve leads. In compressed data III, aVR, aVL and aVF are stored as differences
from what I and II give; they are rebuilt here, to whole counts. In version 1.03 units stand in other elements.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.dates import iso_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.harmless import is_device, is_lead, is_number, is_samples, is_version
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.statements import is_statement, statements_left_out
from einthoven.formats.stored_text import bytes_from_base64, from_base64, numbers
from einthoven.formats.xli import Counts, chunks, decode
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject

_TYPES = ("SierraECG", "PhilipsECG")
_VERSIONS = ("1.03", "1.04", "1.04.01", "1.04.02")
_STANDARD_SETS = ("STD-12", "10-WIRE")
_MOST_SAMPLES_A_LEAD = 10_000_000
_FEWEST_ALLOWED = 2_000_000
_MOST_A_BYTE = 10  # samples of compressed flat lines; an ECG has about one
_SHORTEST_PULSE_S = 0.1


def claims(source: FileSource) -> bool:
    return xml.root_of(source)[0] == "restingecgdata"


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = xml.parse(data)
    root = document.root
    _check_version(root)
    waves = xml.find(root, "waveforms/parsedwaveforms")
    if waves is None:
        raise FormatError("It is a Philips file without waveforms.", advice="Export it with its waveforms.")
    sheet = _Sheet(waves, xml.find(root, "dataacquisition/signalcharacteristics"))
    recorded = _recorded(root)
    subject, doubts = _subject(root, recorded)
    notes, left_out = _statements(root)
    digest = sha256(data)

    def origin(index: int, changed: Sequence[str] = (), more: Sequence[str] = ()) -> Origin:
        return Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            band=sheet.band,
            device=_device(root),
            recorded=recorded,
            changed=tuple(changed),
            doubts=(*document.doubts, *doubts, *left_out, *more),
        )

    median, median_rate, unread = _median(root)
    leads, stored, changed = _stored(sheet)
    rows = [
        LeadRow(lead, row, unit="uV" if sheet.resolution else None, step=sheet.resolution,
                offset=-sheet.zero * (sheet.resolution or 1.0))
        for lead, row in zip(leads, stored, strict=True)
    ]  # fmt: skip
    yield record_of(rows, sheet.rate, hints, origin(0, changed, unread), subject=subject, annotations=notes)
    if median:
        yield record_of(median, median_rate, hints, origin(1), subject=subject, annotations=(MEDIAN_BEAT, *notes))


def _check_version(root: xml.Element) -> None:
    kind = xml.text_of(root, "documentinfo/documenttype")
    version = xml.text_of(root, "documentinfo/documentversion")
    if kind not in _TYPES or version not in _VERSIONS:
        raise FormatError(
            f"It states the document type {kind[:40] or 'none'}, version {version[:20] or 'none'}; "
            f"{' and '.join(_TYPES)} of versions {', '.join(_VERSIONS)} are read.",
            advice="Export it as Philips XML 1.03 or 1.04.",
        )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What is stated of the waveforms: as an attribute of theirs (1.04), else in the signal characteristics (1.03)."""

    waves: xml.Element
    signal: xml.Element | None

    def stated(self, *names: str) -> str:
        own = next((self.waves.get(name, "").strip() for name in names if self.waves.get(name, "").strip()), "")
        return own or next((text for name in names if (text := xml.text_of(self.signal, name))), "")

    @property
    def rate(self) -> float | None:
        return xml.number(self.stated("samplespersecond", "samplingrate"))

    @property
    def resolution(self) -> float | None:
        """Microvolts per count."""
        return xml.number(self.stated("resolution", "signalresolution"))

    @property
    def zero(self) -> float:
        """The count that stands for 0 V."""
        return xml.number(self.stated("signaloffset")) or 0.0

    @property
    def band(self) -> tuple[float, float] | None:
        low, high = self.stated("hipass"), self.stated("lowpass")
        if not low and not high:
            low, _, high = self.stated("signalbandwidth").partition("-")
        one, other = xml.number_or_none(low), xml.number_or_none(high)
        return (one, other) if one is not None and other is not None and 0 <= one < other else None

    @property
    def leads(self) -> tuple[str, ...]:
        named = self.waves.get("leadlabels", "").split()
        count = xml.number(self.stated("numberofleads", "numberchannelsallocated", "numberchannelsvalid"))
        if named:
            return tuple(named[: int(count)] if count and 0 < count < len(named) else named)
        if self.stated("acquisitiontype", "leadset") in _STANDARD_SETS and count == len(STANDARD_12):
            return STANDARD_12
        raise FormatError(
            "It names its leads neither in the waveforms nor by one of the lead sets " + ", ".join(_STANDARD_SETS) + "."
        )

    @property
    def n_samples(self) -> int:
        """Samples of a lead, from the duration in milliseconds."""
        duration, rate = xml.number(self.stated("durationperchannel")), self.rate
        if duration is None or rate is None:
            raise FormatError("It states no duration or no sampling rate, so that the samples cannot be told apart.")
        count = duration * rate / 1000
        if not 1 <= count <= _MOST_SAMPLES_A_LEAD:
            raise FormatError(f"It states {duration:g} ms at {rate:g} Hz, which is not possible.")
        return round(count)

    @property
    def compression(self) -> str:
        if self.waves.get("compressflag", "").strip().casefold() in ("false", "no", "f", "0"):
            return ""
        method = (self.waves.get("compression") or self.waves.get("compressmethod") or "").strip()
        return "" if method.casefold() in ("uncompressed", "none") else method


def _stored(sheet: _Sheet) -> tuple[tuple[str, ...], list[Counts], list[str]]:
    """Lead names, counts of each lead, and what was made of them."""
    leads, n_samples = sheet.leads, sheet.n_samples
    text = sheet.waves.text or ""
    if len(leads) * n_samples > max(_FEWEST_ALLOWED, _MOST_A_BYTE * len(text)):
        raise FormatError(f"It states {n_samples} samples of {len(leads)} leads, far more than its size can hold.")
    if not sheet.compression:
        rows = _uncompressed(sheet, text, len(leads), n_samples)
        changed = []
    else:
        if sheet.compression.upper() != "XLI":
            raise FormatError(f"Its samples are compressed by {sheet.compression[:20]}; XLI is read.")
        found = list(chunks(bytes_from_base64(text, "The waveform")))
        if len(found) < len(leads):
            raise FormatError(f"It states {len(leads)} leads and holds {len(found)}: some are missing.")
        rows = [decode(start, body, n_samples) for (start, body), _ in zip(found, leads, strict=False)]
        changed = _rebuild(canonical_leads(leads), rows)
    return leads, *_without_pulse(rows, sheet, changed)


def _uncompressed(sheet: _Sheet, text: str, n_leads: int, n_samples: int) -> list[Counts]:
    """Counts of leads one after the other."""
    encoding = sheet.waves.get("dataencoding", "").strip()
    if encoding == "Base64":
        unsigned = sheet.stated("signalsigned").casefold() in ("false", "no", "f", "0")
        values = from_base64(text, "The waveform", "<u2" if unsigned else "<i2").astype(np.int32)
    elif encoding == "Plain":
        plain = numbers(text, "The waveform")
        if plain.dtype != np.int32:
            raise FormatError("Its waveform holds numbers that are not whole or far too large: it is damaged.")
        values = plain.astype(np.int32, copy=False)
    else:
        raise FormatError(f"Its samples are written as {encoding[:20] or 'nothing stated'}; Base64 and Plain are read.")
    if len(values) < n_leads * n_samples:
        raise FormatError(
            f"Its waveform is cut off: {n_leads} leads of {n_samples} samples are stated, "
            f"{len(values)} samples are there."
        )
    return [values[k * n_samples : (k + 1) * n_samples] for k in range(n_leads)]


def _rebuild(leads: Sequence[str], rows: list[Counts]) -> list[str]:
    """III, aVR, aVL and aVF from their stored differences, in place."""
    if tuple(leads[:6]) != STANDARD_12[:6]:
        return []
    one, two = rows[0], rows[1]
    three = two - one - rows[2]
    rows[2] = three
    rows[3] = -((one + two) // 2) - rows[3]
    rows[4] = (one - three) // 2 - rows[4]
    rows[5] = (two + three) // 2 - rows[5]
    return ["III, aVR, aVL and aVF rebuilt from I, II and their stored differences"]


def _without_pulse(rows: list[Counts], sheet: _Sheet, changed: list[str]) -> tuple[list[Counts], list[str]]:
    """The leads without the calibration pulse that Philips puts behind the ECG.

    It is no ECG: behind the last sample in which the leads differ, all of them are 0 but for one stretch of 1 mV.
    """
    if len(rows) < 3 or sheet.resolution is None or sheet.rate is None:
        return rows, changed
    table = np.array(rows)
    differing = np.flatnonzero((table != table[0]).any(axis=0))
    end = int(differing[-1]) + 1 if len(differing) else 0
    tail = (table[0, end:] - sheet.zero) * sheet.resolution
    pulse = np.flatnonzero(tail)
    in_one_piece = len(pulse) > 0 and pulse[-1] - pulse[0] + 1 == len(pulse)
    if not (end and in_one_piece and (np.abs(tail[pulse] - 1000) < 1e-6).all()):
        return rows, changed
    if len(pulse) < _SHORTEST_PULSE_S * sheet.rate:
        return rows, changed
    note = f"left out behind {end / sheet.rate:g} s of ECG: a calibration pulse of 1 mV on all leads"
    return [row[:end] for row in rows], [*changed, note]


def _median(root: xml.Element) -> tuple[list[LeadRow], float | None, tuple[str, ...]]:
    """Representative beats and their rate, with scale and rate of their own; else what was left out, in words."""
    beats = xml.find(root, "waveforms/repbeats")
    if beats is None or beats.find("repbeat") is None:
        return [], None, ()
    rate = xml.number(beats.get("samplespersec", "") or beats.get("samplespersecond", ""))
    step = xml.number(beats.get("resolution", ""))
    if beats.get("compression", "").strip() or rate is None or step is None:
        return [], None, ("left out: representative beats that are compressed, or state no rate or no resolution",)
    encoding = beats.get("dataencoding", "").strip()
    rows = []
    for beat in xml.each(beats, "repbeat"):
        held = beat.find("waveform")
        text = (beat if held is None else held).text or ""
        name = beat.get("leadname", "").strip()
        what = f"The representative beat of {name[:20]}"
        stored = from_base64(text, what) if encoding == "Base64" else numbers(text, what)
        rows.append(LeadRow(name, stored, unit="uV", step=step))
    return rows, rate, ()


def _recorded(root: xml.Element) -> str | None:
    day, clock = (xml.attribute(root, "dataacquisition", name) for name in ("date", "time"))
    if iso_date(day) is None:
        return None
    return f"{day}T{clock}" if len(clock) == 8 and clock[2] == clock[5] == ":" else day


def _subject(root: xml.Element, recorded: str | None) -> tuple[Subject, tuple[str, ...]]:
    person = xml.find(root, "patient/generalpatientdata")
    age, doubts = age_from(xml.text_of(person, "age/years"))
    if age is None and not doubts:
        birth = xml.text_of(person, "age/dateofbirth") or xml.text_of(person, "dateofbirth")
        age, doubts = age_between(iso_date(birth), iso_date(recorded or ""))
    identifier = xml.text_of(person, "patientid") or xml.text_of(person, "MRN")
    return Subject(id=pseudonym(identifier.strip("-")), age=age, sex=sex_from(xml.text_of(person, "sex"))), doubts


def _device(root: xml.Element) -> str | None:
    """Maker and model; `detaildescription` is maker, product number and software version."""
    machine = xml.find(root, "dataacquisition/machine")
    maker = "" if machine is None else machine.get("detaildescription", "").partition(":")[0].strip()
    return " ".join(filter(None, (maker or "Philips", xml.text_of(machine)))) if machine is not None else None


def _statements(root: xml.Element) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """Statements of the analysis program. What a person edited or confirmed may hold a name: left out, and said,
    unless it consists of words of ECG interpretation."""
    notes: list[Annotation] = []
    by_persons = 0
    for interpretation in xml.each(root, "interpretations/interpretation"):
        by_machine = xml.text_of(interpretation, "mdsignatureline").casefold() in ("", "unconfirmed diagnosis")
        for statement in xml.each(interpretation, "statement"):
            text = xml.text_of(statement, "leftstatement")
            if not text:
                continue
            edited = statement.get("editedflag", "").strip().casefold() == "true"
            if (edited or not by_machine) and not is_statement(text):
                by_persons += 1
                continue
            code = xml.text_of(statement, "statementcode") or None
            notes.append(Annotation(text=text, code=code, system="Philips" if code else None))
    return tuple(notes), statements_left_out(by_persons)


def _is_one_of(*words: str) -> Callable[[str], bool]:
    return lambda text: text.strip().casefold() in words


_is_flag = _is_one_of("true", "false", "yes", "no", "t", "f", "0", "1")
_is_coding = _is_one_of("xli", "uncompressed", "none", "base64", "plain")


def _are_leads(text: str) -> bool:
    return all(is_lead(word) for word in text.split())


_KEPT_TEXTS: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        "samplingrate resolution signalresolution hipass lowpass acsetting bitspersample signaloffset "  # noqa: SIM905
        "numberchannelsallocated numberchannelsvalid highpassfiltersetting lowpassfiltersetting notchfiltersetting "
        "overallgain timegain years cm kg inch lb heartrate rrint atrialrate pdur print qonset qrsdur tonset qtint "
        "qtcb qtcf".split(),
        is_number,
    ),
    **dict.fromkeys(("signalsigned", "notchfiltered", "artifactfilterflag", "hysteresisfilterflag"), _is_flag),
    **dict.fromkeys(("acquisitiontype", "leadset"), _is_one_of(*(name.casefold() for name in _STANDARD_SETS))),
    "signalbandwidth": is_samples,
    "documenttype": lambda text: text.strip() in _TYPES,
    "documentversion": is_version,
    "machine": is_device,
    "sex": lambda text: sex_from(text) is not None,
    "statementcode": lambda text: re.fullmatch(r"[A-Z0-9]{1,8}", text.strip()) is not None,
    "parsedwaveforms": is_samples,
    "repbeat": is_samples,
    "waveform": is_samples,
}
_KEPT_ATTRIBUTES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        "numberofleads durationperchannel duration samplespersecond samplespersec resolution signaloffset hipass "  # noqa: SIM905
        "lowpass bitspersample".split(),
        is_number,
    ),
    **dict.fromkeys(("compressflag", "signalsigned", "editedflag"), _is_flag),
    **dict.fromkeys(("dataencoding", "compression", "compressmethod"), _is_coding),
    "leadlabels": _are_leads,
    "leadname": is_lead,
    "date": lambda text: iso_date(text) is not None,
    "time": lambda text: re.fullmatch(r"\d\d:\d\d:\d\d", text) is not None,
    "detaildescription": is_device,
}
"""Elements and attributes that stay in a blanked file, and what their value must be."""


def _keeps(path: xml.Path, name: str | None, value: str) -> bool:
    allowed = _KEPT_TEXTS.get(path[-1]) if name is None else _KEPT_ATTRIBUTES.get(name)
    return allowed is not None and allowed(value)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The file with what `_KEPT_TEXTS` and `_KEPT_ATTRIBUTES` name; None when a lead has no known name."""
    data = source.read()
    root = xml.parse(data).root
    labels = [xml.attribute(root, "waveforms/parsedwaveforms", "leadlabels")]
    labels += [beat.get("leadname", "") for beat in root.iterfind("waveforms/repbeats/repbeat")]
    return {PurePosixPath(source.name).name: xml.blank(data, _keeps)} if all(map(_are_leads, labels)) else None


ENTRY = FormatEntry(
    name="sierra",
    title="Philips Sierra XML",
    extensions=(".xml",),
    requires=("defusedxml",),
    states="States rate, unit, scale, lead names and filters.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Versions 1.03, 1.04, 1.04.01 and 1.04.02; samples in XLI compression, base64 or plain text.",
        "The rhythm recording without its calibration pulse, and representative beats as a record of their own.",
    ),
    tried="A HeartStart MRx file of version 1.03 and a PageWriter TC file of version 1.04.01, both compressed, "
    "in UTF-8 and UTF-16.",
    limits=(
        "aVR, aVL and aVF of compressed files may differ by one count (5 µV) from what the device showed, since how it "
        "rounds halves is not published.",
        "Compressed representative beats are not read.",
        "Diagnostic statements of persons are left out where they have words that may be names.",
    ),
)
