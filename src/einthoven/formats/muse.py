"""GE MUSE XML: `RestingECG` documents as the MUSE system exports them (restecg.dtd).

Layout by GE's schema as public readers describe it, held against the same recording in DICOM: base64 of
little-endian integers per lead, scaled by `LeadAmplitudeUnitsPerBit`; the high-pass filter is stated in hundredths of
a hertz (56 is 0.56 Hz), the low-pass filter in hertz. Eight leads are stored as a rule; the others are derived
elsewhere. `LeadDataCRC32` is the CRC-32 of the decoded bytes (so in the real files); 0 means none.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from einthoven.errors import FormatError
from einthoven.formats import xml
from einthoven.formats.dates import calendar_date, iso_date
from einthoven.formats.entry import FormatEntry
from einthoven.formats.harmless import is_device, is_lead, is_number, is_samples, is_version
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, age_between, age_from, pseudonym, reader_name, sex_from, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.statements import is_statement, statements_left_out
from einthoven.formats.stored_text import from_base64
from einthoven.record import MEDIAN_BEAT, Annotation, EcgRecord, ReadHints, Subject

_UNITS = {"MICROVOLTS": "uV", "MICROVOLT": "uV", "MILLIVOLTS": "mV", "MILLIVOLT": "mV", "VOLTS": "V", "NANOVOLTS": "nV"}
_SAMPLE_TYPES = {1: "i1", 2: "<i2", 4: "<i4"}
_DATE = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


def claims(source: FileSource) -> bool:
    return xml.root_of(source)[0] == "RestingECG"


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = xml.parse(data)
    root = document.root
    waves = [_Wave(element) for element in xml.each(root, "Waveform")]
    if not waves:
        raise FormatError("It is a MUSE file without a waveform.", advice="Export it from MUSE with its waveforms.")
    recorded = _recorded(root)
    subject, doubts = _subject(root, recorded)
    notes, left_out = _statements(root)
    digest = sha256(data)
    # MUSE writes the median beat first.
    for index, wave in enumerate(sorted(waves, key=lambda wave: wave.is_median)):
        rows, lead_doubts = _rows(wave)
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            band=wave.band,
            device=_device(root),
            recorded=recorded,
            doubts=(*document.doubts, *doubts, *left_out, *lead_doubts),
        )
        annotations = (MEDIAN_BEAT, *notes) if wave.is_median else notes
        yield record_of(rows, wave.rate, hints, origin, subject=subject, annotations=annotations)


@dataclass(frozen=True, slots=True)
class _Wave:
    """One `Waveform` element."""

    element: xml.Element

    @property
    def is_median(self) -> bool:
        return xml.text_of(self.element, "WaveformType").casefold() == "median"

    @property
    def rate(self) -> float | None:
        """Samples per second: `SampleBase` times ten to the power of `SampleExponent`."""
        base = xml.number(xml.text_of(self.element, "SampleBase"))
        exponent = xml.number(xml.text_of(self.element, "SampleExponent")) or 0.0
        if base is None:
            return None
        if not -9 <= exponent <= 9:
            raise FormatError(f"It states a sample exponent of {exponent:g}, which is not possible.")
        return float(base * 10**exponent)

    @property
    def band(self) -> tuple[float, float] | None:
        low = xml.number_or_none(xml.text_of(self.element, "HighPassFilter"))
        high = xml.number_or_none(xml.text_of(self.element, "LowPassFilter"))
        return (low / 100, high) if low is not None and high is not None and 0 <= low / 100 < high else None


def _rows(wave: _Wave) -> tuple[list[LeadRow], list[str]]:
    doubts: list[str] = []
    kind = xml.text_of(wave.element, "SampleType")
    if kind not in ("", "CONTINUOUS_SAMPLES"):
        raise FormatError(f"Its samples are stored as {kind[:40]}; only CONTINUOUS_SAMPLES are read.")
    leads = list(xml.each(wave.element, "LeadData"))
    stated = xml.number(xml.text_of(wave.element, "NumberofLeads"))
    if stated is not None and stated != len(leads):
        raise FormatError(f"It states {stated:g} leads and holds {len(leads)}: some are missing.")
    return [_row(lead, doubts) for lead in leads], doubts


def _row(lead: xml.Element, doubts: list[str]) -> LeadRow:
    name = xml.text_of(lead, "LeadID")
    what = f"Lead {name[:20]}"
    text = xml.text_of(lead, "WaveFormData")
    size = xml.number(xml.text_of(lead, "LeadSampleSize"))
    kind = _SAMPLE_TYPES.get(2 if size is None else int(size))
    if kind is None:
        raise FormatError(f"{what} has samples of {size:g} bytes; 1, 2 and 4 are read.")
    stored = from_base64(text, what, kind)
    _check_counts(lead, what, len(stored), stored.nbytes)
    _check_sum(lead, name, stored.tobytes(), doubts)
    flags = {"LeadOff": "no contact", "BaselineSway": "a swaying baseline", "ExcessiveACNoise": "mains noise",
             "MuscleNoise": "muscle noise"}  # fmt: skip
    noted = [words for tag, words in flags.items() if xml.text_of(lead, tag).upper() == "TRUE"]
    if noted:
        doubts.append(f"the device states {', '.join(noted)} in lead {name}")
    for tag in ("FirstSampleBaseline", "LeadOffsetFirstSample", "LeadTimeOffset"):
        if xml.number_or_none(xml.text_of(lead, tag)):
            doubts.append(f"lead {name} states {tag} {xml.text_of(lead, tag)}, which was not applied")
    unit = xml.text_of(lead, "LeadAmplitudeUnits").upper()
    step = xml.number(xml.text_of(lead, "LeadAmplitudeUnitsPerBit"))
    return LeadRow(name, stored, unit=_UNITS.get(unit, unit) if step is not None else None, step=step)


def _check_counts(lead: xml.Element, what: str, n_samples: int, n_bytes: int) -> None:
    for tag, there, word in (
        ("LeadSampleCountTotal", n_samples, "samples"),
        ("LeadByteCountTotal", n_bytes, "bytes"),
    ):
        stated = xml.number(xml.text_of(lead, tag))
        if stated is not None and stated != there:
            raise FormatError(
                f"{what} states {stated:g} {word} and holds {there}.",
                advice="The file was cut or changed; export it again.",
            )


def _check_sum(lead: xml.Element, name: str, samples: bytes, doubts: list[str]) -> None:
    stated = xml.text_of(lead, "LeadDataCRC32")[:12]
    if stated.isascii() and stated.isdigit() and int(stated) not in (0, zlib.crc32(samples)):
        doubts.append(f"the checksum of lead {name} does not fit its samples")


def _recorded(root: xml.Element) -> str | None:
    """`MM-DD-YYYY` and `HH:MM:SS` in ISO form."""
    day = _DATE.fullmatch(xml.text_of(root, "TestDemographics/AcquisitionDate"))
    clock = _CLOCK.fullmatch(xml.text_of(root, "TestDemographics/AcquisitionTime"))
    if day is None:
        return None
    iso = f"{day[3]}-{int(day[1]):02d}-{int(day[2]):02d}"
    return iso if clock is None else f"{iso}T{int(clock[1]):02d}:{clock[2]}:{clock[3] or '00'}"


def _subject(root: xml.Element, recorded: str | None) -> tuple[Subject, tuple[str, ...]]:
    def stated(tag: str) -> str:
        return xml.text_of(root, f"PatientDemographics/{tag}")

    age, doubts = age_from(f"{stated('PatientAge')} {stated('AgeUnits').casefold()}")
    if age is None and not doubts:
        birth = _DATE.fullmatch(stated("DateofBirth"))
        day = calendar_date(int(birth[3]), int(birth[1]), int(birth[2])) if birth else None
        age, doubts = age_between(day, iso_date(recorded or ""))
    return Subject(id=pseudonym(stated("PatientID")), age=age, sex=sex_from(stated("Gender"))), doubts


def _device(root: xml.Element) -> str | None:
    model = xml.text_of(root, "TestDemographics/AcquisitionDevice")
    return f"GE {model}" if model else None


@dataclass(frozen=True, slots=True)
class _Line:
    """One statement: its parts as they stand in the file; `inserted` by a user."""

    parts: tuple[str, ...]
    inserted: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.parts)

    @property
    def is_safe(self) -> bool:
        """Whether no word of it can be a name. Also what the machine wrote is only told from the words: names of
        those who confirmed it get into each of the two lists."""
        return not self.inserted and is_statement(self.text)


def _statements(root: xml.Element) -> tuple[tuple[Annotation, ...], tuple[str, ...]]:
    """What consists of words of ECG interpretation, the machine's first. The rest can hold names: it is left out, and
    counted."""
    machine, final = _lines(root, "OriginalDiagnosis"), _lines(root, "Diagnosis")
    lines = {line.text: line for line in (*machine, *final)}
    kept = [text for text, line in lines.items() if line.is_safe]
    return tuple(Annotation(text=text) for text in kept), statements_left_out(len(lines) - len(kept))


def _lines(root: xml.Element, tag: str) -> list[_Line]:
    """Statements; one may go over several elements up to that with the flag ENDSLINE."""
    lines: list[_Line] = []
    part: list[str] = []
    for statement in xml.each(root, f"{tag}/DiagnosisStatement"):
        flags = {xml.text_of(flag).upper() for flag in xml.each(statement, "StmtFlag")}
        text = xml.text_of(statement, "StmtText")
        if "USERINSERT" in flags:
            lines.append(_Line((text,), inserted=True))
            continue
        part += [text] if text else []
        if "ENDSLINE" in flags:
            lines.append(_Line(tuple(part)))
            part = []
    lines.append(_Line(tuple(part)))
    return [line for line in lines if line.text]


_WORDS = frozenset({
    "RESTING", "CONFIRMED", "UNCONFIRMED", "ENDSLINE", "USERINSERT", "CONTINUOUS_SAMPLES", "RHYTHM", "MEDIAN", "TRUE",
    "FALSE", "YEARS", "MONTHS", "WEEKS", "DAYS", "HOURS", *_UNITS,
})  # fmt: skip
"""Words that the fields below may hold, of the schema's lists."""


def _is_word(text: str) -> bool:
    return text.strip().upper() in _WORDS


_KEPT: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(
        "VentricularRate AtrialRate PRInterval QRSDuration QTInterval QTCorrected PAxis RAxis TAxis QRSCount QOnset "  # noqa: SIM905
        "QOffset POnset POffset TOffset ECGSampleBase ECGSampleExponent QTcFrederica QTcFramingham SystolicBP "
        "DiastolicBP AvgRRInterval GlobalRR QTRGGR HeightCM WeightKG PatientAge NumberofLeads WaveformStartTime "
        "SampleBase SampleExponent HighPassFilter LowPassFilter ACFilter LeadByteCountTotal LeadTimeOffset "
        "LeadSampleCountTotal LeadAmplitudeUnitsPerBit LeadHighLimit LeadLowLimit LeadOffsetFirstSample "
        "FirstSampleBaseline LeadSampleSize LeadDataCRC32".split(),
        is_number,
    ),
    **dict.fromkeys(
        "DataType Status Modality StmtFlag WaveformType SampleType LeadAmplitudeUnits AgeUnits LeadOff BaselineSway "  # noqa: SIM905
        "ExcessiveACNoise MuscleNoise".split(),
        _is_word,
    ),
    **dict.fromkeys(("MuseVersion", "AcquisitionSoftwareVersion", "AnalysisSoftwareVersion"), is_version),
    "Gender": lambda text: sex_from(text) is not None,
    "AcquisitionDevice": is_device,
    "AcquisitionDate": lambda text: _DATE.fullmatch(text.strip()) is not None,
    "AcquisitionTime": lambda text: _CLOCK.fullmatch(text.strip()) is not None,
    "LeadID": is_lead,
    "WaveFormData": is_samples,
}
"""Elements that stay in a blanked file, and what their text must be."""


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """The file with what `_KEPT` names and the statements that are read; None when a lead has no known name."""
    data = source.read()
    root = xml.parse(data).root
    if not all(is_lead(xml.text_of(lead, "LeadID")) for lead in root.iterfind("Waveform/LeadData")):
        return None
    lines = (line for tag in ("OriginalDiagnosis", "Diagnosis") for line in _lines(root, tag) if line.is_safe)
    statements = {part for line in lines for part in line.parts}

    def keeps(path: xml.Path, name: str | None, value: str) -> bool:
        if name is not None:
            return False
        if path[-1] == "StmtText":
            return value.strip() in statements
        allowed = _KEPT.get(path[-1])
        return allowed is not None and allowed(value)

    return {PurePosixPath(source.name).name: xml.blank(data, keeps)}


ENTRY = FormatEntry(
    name="muse",
    title="GE MUSE XML",
    extensions=(".xml",),
    requires=("defusedxml",),
    states="States rate, unit, scale, lead names and filters.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "The rhythm recording and the median beat, each as a record of its own.",
        "Diagnostic statements of the machine; checksums of the leads.",
    ),
    tried="One recording of a GE MAC with checksums, held against the same recording in DICOM, and a synthetic export "
    "of MUSE 9.",
    limits=(
        "Only continuous samples are read.",
        "Diagnostic statements are left out, and counted, where they have words that may be names: all those in other "
        "languages than English, Italian, German, French and Spanish.",
    ),
)
