"""GE MUSE XML: real files against numbers from their bytes, the same recording in DICOM, and ecgdatakit."""

import base64
import re
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import muse_text
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
SMALL = Case(500.0, "uV", EIGHT, 400)
REAL = ("guangxi_teaching_sinus_rhythm.xml", "synthetic_muse.xml")


def _read(text: str, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode("iso-8859-1")}), hints))


def _by_hand(path: Path) -> dict[str, dict[str, list[float]]]:
    """mV by kind of waveform and lead, by regular expression, base64 and struct."""
    found: dict[str, dict[str, list[float]]] = {}
    for wave in re.findall(r"<Waveform>.*?</Waveform>", path.read_text("utf-8"), re.DOTALL):
        kind = re.search(r"<WaveformType>(\w+)", wave)[1]  # type: ignore[index]
        for lead in re.findall(r"<LeadData>.*?</LeadData>", wave, re.DOTALL):
            name = re.search(r"<LeadID>(\w+)", lead)[1]  # type: ignore[index]
            raw = base64.b64decode(re.search(r"<WaveFormData>(.*?)</", lead, re.DOTALL)[1])  # type: ignore[index]
            found.setdefault(kind, {})[name] = [4.88e-3 * v for v in struct.unpack(f"<{len(raw) // 2}h", raw)]
    return found


@pytest.mark.parametrize("file", REAL)
def test_real_files_hold_what_their_bytes_say(shared_data: Path, file: str) -> None:
    path = shared_data / "formats/muse" / file
    truth = _by_hand(path)
    rhythm, median = read_all(PathSource(path))
    for record, kind, n_samples in ((rhythm, "Rhythm", 5000), (median, "Median", 600)):
        assert (record.leads, record.rate, record.n_samples) == (EIGHT, 500.0, n_samples)
        assert record.source.band == (0.56, 150.0)
        for lead in EIGHT:
            np.testing.assert_allclose(record.lead(lead), truth[kind][lead], atol=3e-7)
    assert rhythm.duration == 10.0
    assert not any(note.text == "median beat" for note in rhythm.annotations)
    assert median.annotations[0].text == "median beat" and median.source.index == 1


def test_the_real_recording_has_the_amplitudes_that_the_device_measured(shared_data: Path) -> None:
    """The device states R of lead I as 1005 uV, of V1 as 585, S of V1 as 956 in the median beat."""
    path = shared_data / "formats/muse/guangxi_teaching_sinus_rhythm.xml"
    _, median = read_all(PathSource(path))
    assert median.lead("I").max() == pytest.approx(1.005, abs=0.003)
    assert median.lead("V1").max() == pytest.approx(0.585, abs=0.003)
    assert median.lead("V1").min() == pytest.approx(-0.956, abs=0.003)
    assert (median.subject.age, median.subject.sex, median.source.device) == (11.0, "M", "GE MAC P")
    assert median.source.recorded == "2024-01-01T10:35:17"


@pytest.mark.parametrize("stem", ["guangxi_teaching_sinus_rhythm", "synthetic_muse"])
def test_the_same_recording_in_dicom_agrees_in_every_sample(shared_data: Path, stem: str) -> None:
    import pydicom

    dicom = pydicom.dcmread(shared_data / f"formats/dicom/{stem}.dcm")
    records = list(read_all(PathSource(shared_data / f"formats/muse/{stem}.xml")))
    groups = {str(group.MultiplexGroupLabel): k for k, group in enumerate(dicom.WaveformSequence)}
    for record, label in zip(records, ("Rhythm", "Median"), strict=True):
        microvolt = dicom.waveform_array(groups[label]).T
        names = [channel.ChannelSourceSequence[0].CodeMeaning
                 for channel in dicom.WaveformSequence[groups[label]].ChannelDefinitionSequence]  # fmt: skip
        for lead in EIGHT:
            np.testing.assert_allclose(record.lead(lead), microvolt[names.index(f"Lead {lead}")] / 1000, atol=1e-6)


@pytest.mark.parametrize("file", REAL)
def test_ecgdatakit_agrees_in_every_sample(shared_data: Path, file: str) -> None:
    from ecgdatakit.parsing.parsers.ge_muse_xml import GEMuseXMLParser

    path = shared_data / "formats/muse" / file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = GEMuseXMLParser().parse(path)
    for record, leads in zip(read_all(PathSource(path)), (other.leads, other.median_beats), strict=True):
        assert [lead.label for lead in leads] == list(record.leads)
        for lead in leads:
            np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


def test_checksums_of_the_real_recording_fit_and_a_changed_sample_is_noticed(shared_data: Path) -> None:
    text = (shared_data / "formats/muse/guangxi_teaching_sinus_rhythm.xml").read_text("utf-8")
    assert not any("checksum" in doubt for record in _utf8(text) for doubt in record.source.doubts)
    changed = text.replace("MQA0ADcAOwA+", "MQA0ADcAOwB+", 1)
    assert changed != text
    rhythm, median = _utf8(changed)
    assert "the checksum of lead II does not fit its samples" in median.source.doubts
    assert not any("checksum" in doubt for doubt in rhythm.source.doubts)


def _utf8(text: str) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode()})))


def test_statements_of_the_machine_are_taken_and_those_of_persons_are_not() -> None:
    records = _read(muse_text(SMALL, median=50))
    assert [note.text for note in records[0].annotations] == ["Normal sinus rhythm"]
    assert [note.text for note in records[1].annotations] == ["median beat", "Normal sinus rhythm"]
    assert "left out, for a person may have written them: 1 diagnostic statements" in records[0].source.doubts
    ecg_words = muse_text(SMALL).replace("Confirmed by Dr. Brombeer", "Left axis deviation")
    assert [note.text for note in _read(ecg_words)[0].annotations] == ["Normal sinus rhythm", "Left axis deviation"]


@pytest.mark.parametrize("tag", ["OriginalDiagnosis", "Diagnosis"])
def test_a_line_with_a_name_is_left_out_wherever_it_stands_and_whatever_the_status(tag: str) -> None:
    line = (
        "<DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag>"
        "<StmtText>Confirmed by MEYER, HANS</StmtText></DiagnosisStatement>"
    )
    for status in ("CONFIRMED", "UNCONFIRMED", ""):
        text = muse_text(SMALL).replace(f"<{tag}>", f"<{tag}>{line}").replace(">CONFIRMED<", f">{status}<")
        (record,) = _read(text)
        assert [note.text for note in record.annotations] == ["Normal sinus rhythm"]
        assert "left out, for a person may have written them: 2 diagnostic statements" in record.source.doubts


def test_what_a_user_inserted_is_left_out_and_counted() -> None:
    inserted = muse_text(SMALL).replace(
        "<StmtText>Normal sinus", "<StmtFlag>USERINSERT</StmtFlag><StmtText>Normal sinus"
    )
    (record,) = _read(inserted)
    assert "left out, for a person may have written them: 2 diagnostic statements" in record.source.doubts


@pytest.mark.parametrize("tag", ["FirstSampleBaseline", "LeadOffsetFirstSample", "LeadTimeOffset"])
def test_an_offset_that_is_stated_is_said_and_not_applied(tag: str) -> None:
    plain = re.sub(f"<{tag}>0</{tag}>", "", muse_text(SMALL))
    assert not any(tag in doubt for doubt in _read(muse_text(SMALL))[0].source.doubts)
    (record,) = _read(plain.replace("<LeadID>V2</LeadID>", f"<LeadID>V2</LeadID><{tag}>12</{tag}>"))
    assert f"lead V2 states {tag} 12, which was not applied" in record.source.doubts
    np.testing.assert_array_equal(record.signal, _read(muse_text(SMALL))[0].signal)


def test_the_stated_age_wins_and_else_the_birth_date_gives_it() -> None:
    assert _read(muse_text(SMALL))[0].subject.age == 80.0
    text = muse_text(SMALL).replace("<PatientAge>80</PatientAge>", "")
    assert _read(text)[0].subject.age == 80.0  # 29 February 1944 to 1 March 2024
    months = muse_text(SMALL).replace("YEARS", "MONTHS")
    assert _read(months)[0].subject.age == pytest.approx(80 / 12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<NumberofLeads>8", "<NumberofLeads>12", "states 12 leads and holds 8"),
        ("<LeadSampleCountTotal>400", "<LeadSampleCountTotal>500", "states 500 samples and holds 400"),
        ("<LeadByteCountTotal>800", "<LeadByteCountTotal>1200", "states 1200 bytes and holds 800"),
        ("<LeadSampleSize>2", "<LeadSampleSize>3", "samples of 3 bytes"),
        ("CONTINUOUS_SAMPLES", "DELTA", "stored as DELTA"),
        ("<SampleExponent>0", "<SampleExponent>400", "exponent of 400"),
        ("<SampleBase>500", "<SampleBase>0", "rate of 0 Hz"),
        ("MICROVOLTS", "FURLONGS", "unit 'FURLONGS'"),
        ("<LeadAmplitudeUnitsPerBit>4", "<LeadAmplitudeUnitsPerBit>x", "where a number is needed"),
        ("<Waveform>", "<Wave>", "damaged"),
    ],
)
def test_contradictions_are_refused_with_the_numbers(old: str, new: str, message: str) -> None:
    text = muse_text(SMALL)
    assert old in text
    with pytest.raises(FormatError, match=message):
        _read(text.replace(old, new))


def test_a_step_of_zero_and_a_file_without_waveforms_are_refused() -> None:
    text = re.sub(r"PerBit>[\d.]+<", "PerBit>0<", muse_text(SMALL))
    with pytest.raises(FormatError, match="step of 0"):
        _read(text)
    with pytest.raises(FormatError, match="without a waveform"):
        _read("<RestingECG><MuseInfo/></RestingECG>")


def test_what_is_not_stated_is_asked_for() -> None:
    text = re.sub(r"<LeadAmplitudeUnitsPerBit>.*?</LeadAmplitudeUnitsPerBit>|<SampleBase>\d+</SampleBase>", "",
                  muse_text(SMALL))  # fmt: skip
    with pytest.raises(HintsNeeded) as caught:
        _read(text)
    assert set(caught.value.missing) == {"unit", "rate"}


def test_the_eight_stored_leads_are_kept_and_twelve_where_there_are_twelve() -> None:
    assert _read(muse_text(SMALL))[0].leads == EIGHT
    assert _read(muse_text(Case(250.0, "mV", STANDARD_12, 60)))[0].leads == STANDARD_12
