"""Blanking of the XML and JSON formats: nothing that identifies is left, and what is decoded is the same."""

import json
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case, Written
from contracts.writers_xml import (
    IDENTITY,
    VARIANTS_XML,
    WORDS,
    WRITERS_XML,
    aecg_text,
    cardiosoft_text,
    fhir_observation,
    fhir_patient,
    kardia_document,
    mortara_text,
    muse_text,
    sierra_text,
)
from einthoven.errors import FormatError
from einthoven.formats import FORMATS, MemorySource, PathSource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

CASE = Case(500.0, "mV", STANDARD_12, 400)
ALL = {**WRITERS_XML, **VARIANTS_XML}
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "iso-8859-1")
REAL = {
    # By reading each file: every name, id, institution, visit, order, serial number and free text in it.
    "muse/guangxi_teaching_sinus_rhythm.xml": (
        "Anonymous", "00000000", "01-01-1900", "Hospital Name", "Department", "ECG-Lab", "Doctor", "开放性骨折", "14床",
        "310701001d", "2255/3212", "<OverreaderID>0000<", "INPAT", "Danger Code",
    ),
    "muse/synthetic_muse.xml": (
        "SYNTH0001", "01-01-1980", "Synthetic<", "Example", "EXAMPLE HOSPITAL", "EXAMPLE ECG ROOM", "ROOM1", "Reader<",
        "Tech<",
    ),
    "aecg/Example.xml": (
        "Clark", "19530508", "SBJ-123", "SC-342", "JMK", "KAB", "TECH-221", "John Smith", "INV-087", "River City",
        "Subject felt dizzy", "John Brown", "US Cardiac Safety", "ABC Pharmaceutical", "TS-035", "PUK-123-TRL-1",
        "barry.brown", "61d1a24f",
    ),
    "aecg/subject1_0.xml": ("Clark", "19530508", '"subject1"', "JMK", "KAB", "John Smith", "River City", "John Brown"),
    "sierra/129DYPRG.XML": ("1112010721168bdc", "03d494f2-94f2", "GE EMS", "GEILM", 'machineid="0001"', "Incident Id"),
    "sierra/2020-5-18_15-48-11.xml": (
        "xxxxxx", "1951-01-01", "abc123", "US71621374", ">PLACE<", '"ABC"', "PNT", "b8359e00", "IntelliSpace",
    ),
}  # fmt: skip


def _everything(name: str) -> Written:
    """The format with all that it can hold: medians, statements, patients."""
    if name == "fhir":
        bundle = {
            "resourceType": "Bundle",
            "identifier": {"value": IDENTITY["order"]},
            "entry": [
                {"fullUrl": IDENTITY["number"], "resource": fhir_patient()},
                {"resource": fhir_observation(CASE)},
            ],
        }
        return Written({"a.json": json.dumps(bundle, ensure_ascii=False).encode()}, ALL["fhir"](CASE).hints, 0)
    if name == "kardia":
        return Written({"a.json": json.dumps(kardia_document(CASE)).encode()}, ALL["kardia"](CASE).hints, 0)
    texts = {
        "aecg": lambda: aecg_text(CASE, beat=100),
        "cardiosoft": lambda: cardiosoft_text(CASE, median=100),
        "mortara": lambda: mortara_text(CASE, beat=100),
        "muse": lambda: muse_text(CASE, median=100, encoding="utf-8"),
        "sierra": lambda: sierra_text(CASE, beat=100),
    }
    return Written({"a.xml": texts[name]().encode()}, ALL[name](CASE).hints, 0)


def _hidden(words: tuple[str, ...], data: bytes) -> list[str]:
    """The words that are in the bytes, in any encoding and any case, also escaped as in JSON."""
    found = []
    for word in words:
        forms = {
            word,
            word.upper(),
            word.lower(),
            json.dumps(word)[1:-1],
            f"{word[4:6]}-{word[6:]}-{word[:4]}",
        }
        if any(form.encode(encoding, "replace") in data for form in forms if form for encoding in ENCODINGS):
            found.append(word)
    return found


def _same(before: list[EcgRecord], after: list[EcgRecord]) -> None:
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert (new.leads, new.rate, new.amplitude) == (old.leads, old.rate, old.amplitude)
        np.testing.assert_array_equal(new.signal, old.signal)
        assert (new.source.unit, new.source.gain, new.source.band) == (
            old.source.unit,
            old.source.gain,
            old.source.band,
        )
        assert new.source.recorded == old.source.recorded and new.source.device == old.source.device
        assert new.subject.id is None and new.subject.sex == old.subject.sex


@pytest.mark.parametrize("name", sorted({*ALL, *(f"{name}+" for name in WRITERS_XML)}))
def test_planted_identity_is_gone_and_the_signal_is_the_same(name: str) -> None:
    written = _everything(name[:-1]) if name.endswith("+") else ALL[name](CASE)
    source = MemorySource(written.name, written.files)
    entry = detect(source)
    before = list(read_all(source, written.hints))
    assert _hidden(WORDS, written.files[written.name]), "the test plants what it looks for"
    blanked = entry.blank(source)
    if name == "fhir-xml":
        assert blanked is None, "FHIR XML keeps no original"
        return
    assert blanked is not None and list(blanked) == [written.name]
    assert _hidden(WORDS, blanked[written.name]) == []
    again = MemorySource(written.name, blanked)
    assert detect(again).name == entry.name
    _same(before, list(read_all(again, written.hints)))


@pytest.mark.parametrize("name", sorted(WRITERS_XML))
def test_every_word_of_the_identity_is_planted_where_the_format_has_a_place(name: str) -> None:
    planted = set(_hidden(WORDS, _everything(name).files[_everything(name).name]))
    lacking = {"kardia": {"given", "street", "phone", "birth", "hospital", "physician"}, "sierra": {"birth"}}
    wanted = {IDENTITY[key] for key in IDENTITY if key not in lacking.get(name, set()) and key != "birth"}
    assert wanted <= planted


@pytest.mark.parametrize("name", sorted(WRITERS_XML))
def test_the_stated_age_stays_and_the_birth_date_does_not(name: str) -> None:
    written = _everything(name)
    source = MemorySource(written.name, written.files)
    before = next(read_all(source, written.hints)).subject.age
    blanked = detect(source).blank(source)
    assert blanked is not None
    after = next(read_all(MemorySource(written.name, blanked), written.hints)).subject.age
    assert after == (None if name in ("fhir", "kardia") else before)
    assert not any(form in blanked[written.name] for form in (b"1944", "1944".encode("utf-16-le")))


@pytest.mark.parametrize("name", sorted(WRITERS_XML))
def test_no_message_and_no_passport_names_the_patient(name: str) -> None:
    written = _everything(name)
    for record in read_all(MemorySource(written.name, written.files), written.hints):
        shown = repr((record.source, record.subject, record.annotations)).encode()
        assert _hidden(WORDS, shown) == []


@pytest.mark.parametrize("file", sorted(REAL))
def test_real_files_lose_what_identifies_and_nothing_else(shared_data: Path, file: str) -> None:
    path = shared_data / "formats" / file
    source = PathSource(path)
    original = path.read_bytes()
    for word in REAL[file]:
        assert _hidden((word,), original), f"{word} stands in the file"
    entry = detect(source)
    blanked = entry.blank(source)
    assert blanked is not None
    data = blanked[path.name]
    assert _hidden(REAL[file], data) == []
    before, after = list(read_all(source)), list(read_all(MemorySource(path.name, blanked)))
    _same(before, after)
    if file != "sierra/2020-5-18_15-48-11.xml":  # there the age comes from the birth date
        assert after[0].subject.age == before[0].subject.age
    assert b"<" in data and len(data) > len(original) / 4


@pytest.mark.parametrize("name", sorted(ALL))
def test_exactly_one_of_all_formats_claims_each_variant(name: str) -> None:
    written = ALL[name](CASE)
    claimed = [entry.name for entry in FORMATS if entry.claims(MemorySource(written.name, written.files))]
    assert claimed == [name.split("-")[0]]


NAME = "Mustermann"
# Where a name or number can stand without being asked for: in branches that hold measurements and samples, as an
# unknown element or attribute, as a free text in a field with a list of values, as a statement.
HIDDEN = {
    "muse": (
        ("<NumberofLeads>", f"<Remark>{NAME}</Remark><NumberofLeads>"),
        ("<LeadDataCRC32>", f"<Note><By>{NAME}</By></Note><LeadDataCRC32>"),
        ("<VentricularRate>", f"<Comment>{NAME}</Comment><VentricularRate>"),
        ("<VentricularRate>72", f"<PAxis>{NAME}</PAxis><VentricularRate>72"),
        ("<MuseVersion>9.0", f"<MuseVersion>{NAME}"),
        ("<Status>CONFIRMED", f"<Status>Confirmed by {NAME}"),
        ("<AcquisitionDevice>MAC55", f"<AcquisitionDevice>Praxis {NAME}"),
        ("<StmtText>Normal sinus<", f"<StmtText>Confirmed by {NAME}, normal sinus<"),
        ("<StmtText>Confirmed by", f"<StmtFlag>USERINSERT</StmtFlag><StmtText>{NAME}"),
        ("<StmtFlag>ENDSLINE<", f"<StmtFlag>ENDSLINE</StmtFlag><StmtFlag>{NAME}<"),
        ("<OriginalDiagnosis>", f'<OriginalDiagnosis><Modality by="{NAME}">{NAME}</Modality>'),
    ),
    "mortara": (
        ('TEXT="NORMAL SINUS RHYTHM"', f'TEXT="CONFIRMED BY {NAME}"'),
        ('REASON=""', f'REASON="{NAME}"'),
        ("</AUTOMATIC", f"<STATEMENT>{NAME}</STATEMENT></AUTOMATIC"),
        ("<CHANNEL ", f'<CHANNEL PATIENT="{NAME}" '),
        ("</ECG>", f"<TYPICAL_CYCLE><BY>{NAME}</BY></TYPICAL_CYCLE></ECG>"),
        ('MODEL="ELI 250"', f'MODEL="{NAME}"'),
        ('VENT_RATE="72"', f'VENT_RATE="{NAME}"'),
    ),
    "sierra": (
        ("<waveforms>", f"<waveforms><remark>{NAME}</remark>"),
        ("<parsedwaveforms ", f'<parsedwaveforms by="{NAME}" '),
        ("<signalcharacteristics>", f"<signalcharacteristics><acquiredby>{NAME}</acquiredby>"),
        ("<waveforms>", f'<internalmeasurements by="{NAME}"><x>{NAME}</x></internalmeasurements><waveforms>'),
        ("</restingecgdata>", f"<measurements><heartrate>{NAME}</heartrate></measurements></restingecgdata>"),
        (">PageWriter TC<", f">{NAME}<"),
        ("<statementcode>SR", f"<statementcode>{NAME}"),
    ),
    "cardiosoft": (
        ("<StripData>", f"<StripData><TakenBy>{NAME}</TakenBy>"),
        ("<VentricularRate ", f"<Nurse>{NAME}</Nurse><VentricularRate "),
        ("<Desc>CardioSoft", f"<Desc>{NAME}"),
        (">RestECG<", f">{NAME}<"),
        ("<DiagnosisText>Normal sinus rhythm", f"<DiagnosisText>Confirmed by {NAME}"),
        (' units="BPM"', f' units="{NAME}"'),
    ),
    "aecg": (
        (">Model 7<", f">{NAME}<"),
        (">Maker<", f">{NAME}<"),
        ('code="MDC_ECG_RHY_SINUS_RHY"', f'code="MDC_ECG_RHY_SINUS_RHY" displayName="{NAME}"'),
        ("<value xsi:type", f"<remark>{NAME}</remark><value xsi:type"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new"), [(name, *pair) for name in HIDDEN for pair in HIDDEN[name]])
def test_a_name_where_none_belongs_is_blanked_too(name: str, old: str, new: str) -> None:
    written = _everything(name)
    text = written.files[written.name].decode()
    assert old in text
    source = MemorySource("a.xml", {"a.xml": text.replace(old, new, 1).encode()})
    hidden = (NAME, NAME.upper())
    assert _hidden(hidden, source.read())
    blanked = detect(source).blank(source)
    assert blanked is not None and _hidden(hidden, blanked["a.xml"]) == []
    try:
        before = list(read_all(source, written.hints))
    except FormatError:
        return  # damaged by it
    after = list(read_all(MemorySource("a.xml", blanked), written.hints))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.signal, other.signal)
        statements = {note.text for note in one.annotations}
        assert not any(NAME.casefold() in text.casefold() for text in statements)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("muse", "<LeadID>V6<", "<LeadID>Meier<"), ("mortara", 'NAME="V6"', 'NAME="Meier"'),
     ("sierra", " V6", " Meier"), ("cardiosoft", 'lead="V6"', 'lead="Meier"')],
)  # fmt: skip
def test_no_original_is_kept_where_a_lead_has_no_known_name(name: str, old: str, new: str) -> None:
    written = _everything(name)
    text = written.files[written.name].decode()
    assert old in text
    source = MemorySource("a.xml", {"a.xml": text.replace(old, new, 1).encode()})
    assert detect(source).blank(source) is None


def test_the_statements_that_are_read_stay_in_the_blanked_file() -> None:
    for name in ("muse", "mortara", "cardiosoft"):
        written = _everything(name)
        source = MemorySource(written.name, written.files)
        before = [note.text for note in next(read_all(source, written.hints)).annotations]
        blanked = detect(source).blank(source)
        assert blanked is not None
        again = next(read_all(MemorySource(written.name, blanked), written.hints))
        assert before and [note.text for note in again.annotations] == before
