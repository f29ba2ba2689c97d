"""HL7 aECG: real files against numbers taken from their text by hand, and against ecgdatakit."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import aecg_text
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

REAL = ("Example.xml", "subject1_0.xml")
STORED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "III", "aVR", "aVL", "aVF")
SMALL = Case(500.0, "uV", ("I", "II"), 300)


def _read(text: str) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode()})))


@pytest.mark.parametrize("file", REAL)
def test_real_files_hold_what_their_text_says(shared_data: Path, file: str) -> None:
    path = shared_data / "formats/aecg" / file
    lists = re.findall(r'code="MDC_ECG_LEAD_(\w+)".*?<digits>(.*?)</digits>', path.read_text("utf-8"), re.DOTALL)
    assert len(lists) == 24
    rhythm, median = read_all(PathSource(path))
    for record, found, n_samples in ((rhythm, lists[:12], 5000), (median, lists[12:], 599)):
        assert (record.leads, record.rate, record.n_samples) == (STORED, 500.0, n_samples)
        for row, (code, digits) in zip(record.signal, found, strict=True):
            assert code.casefold() == record.leads[found.index((code, digits))].casefold()
            np.testing.assert_allclose(row, [2.5e-3 * int(digit) for digit in digits.split()], atol=1e-7)
    assert (rhythm.lead("I")[:5] * 1000).round(1).tolist() == [-5.0, -5.0, -5.0, -5.0, -7.5]
    assert (float(rhythm.lead("V2").min()), float(rhythm.lead("V6").max())) == (
        pytest.approx(-1.9275),
        pytest.approx(0.9725),
    )
    residual = rhythm.lead("I") + rhythm.lead("III") - rhythm.lead("II")
    assert np.abs(residual).max() <= 0.0026, "Einthoven holds to one count"


@pytest.mark.parametrize("file", REAL)
def test_the_passport_of_the_real_files(shared_data: Path, file: str) -> None:
    rhythm, median = read_all(PathSource(shared_data / "formats/aecg" / file))
    assert rhythm.source.device == "Mortara Instrument, Inc. ELI250"
    assert rhythm.source.recorded == "2002-11-22T09:10:00"
    assert (rhythm.subject.sex, rhythm.subject.age) == ("M", 46.0)
    assert rhythm.source.unit == "uV" and set(rhythm.source.gain or ()) == {0.4}
    assert rhythm.source.band is None, "only the low-pass filter is stated"
    assert median.annotations[0].code == "REPRESENTATIVE_BEAT" and median.annotations[0].text == "median beat"
    notes = {(note.code, note.onset) for note in rhythm.annotations}
    assert ("MDC_ECG_RHY_SINUS_RHY", 0.0) in notes
    assert ("MDC_ECG_WAVC_PWAVE", 0.122) in notes and ("MDC_ECG_WAVC_QRSWAVE", 0.27) in notes
    assert ("MDC_ECG_BEAT_NORMAL", None) in notes
    ends = {(note.text, note.onset) for note in median.annotations}
    assert {("MDC_ECG_WAVC_PWAVE", 0.286), ("MDC_ECG_WAVC_PWAVE (end)", 0.388)} <= ends
    assert any(note.text.startswith("MDC_ECG_TIME_PD_PR ") for note in median.annotations)
    texts = " ".join(note.text for note in (*rhythm.annotations, *median.annotations))
    assert "Brown" not in texts and "dizzy" not in texts


@pytest.mark.parametrize("file", REAL)
def test_ecgdatakit_agrees_in_every_sample(shared_data: Path, file: str) -> None:
    from ecgdatakit.parsing.parsers.hl7_aecg import HL7aECGParser

    path = shared_data / "formats/aecg" / file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = HL7aECGParser().parse(path)
    for record, leads in zip(read_all(PathSource(path)), (other.leads, other.median_beats), strict=True):
        assert [lead.label for lead in leads] == list(record.leads)
        for lead in leads:
            np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, atol=1e-6)


def test_rhythm_first_and_beats_as_records_of_their_own() -> None:
    records = _read(aecg_text(SMALL, beat=60))
    assert [record.n_samples for record in records] == [300, 60]
    assert [record.source.index for record in records] == [0, 1]
    np.testing.assert_allclose(records[1].signal, SMALL.truth[:, :60], atol=3e-4)
    assert records[0].source.band == (0.05, 150.0) and records[0].source.device == "Maker Model 7"


def test_coded_statements_are_taken_and_texts_of_persons_are_not() -> None:
    notes = _read(aecg_text(SMALL))[0].annotations
    assert [note.code for note in notes] == ["MDC_ECG_RHY_SINUS_RHY"]
    by_machine = aecg_text(SMALL).replace(
        "<assignedPerson><name>Dr. Brombeer</name></assignedPerson></assignedAuthorType></assignedEntity></author>"
        "<component><annotation>",
        "<assignedDevice/></assignedAuthorType></assignedEntity></author><component><annotation>",
    )
    assert by_machine != aecg_text(SMALL)
    assert [note.code for note in _read(by_machine)[0].annotations] == ["MDC_ECG_RHY_SINUS_RHY"], "still a comment"
    statement = by_machine.replace("INTERPRETATION_COMMENT", "INTERPRETATION_STATEMENT")
    assert _read(statement)[0].annotations[0].text == "Tochter heisst Mirabelle"


@pytest.mark.parametrize(
    ("increment", "unit", "rate", "changed"),
    [
        ("0.002", "s", 500.0, False),
        ("2", "ms", 500.0, False),
        ("2000", "us", 500.0, False),
        ("0.00195312", "s", 512.0, True),
        ("0.00416667", "s", 240.0, True),
        ("0.0042", "s", 1 / 0.0042, False),
        ("3.9", "ms", 1 / 0.0039, False),
    ],
)
def test_the_increment_is_the_rate(increment: str, unit: str, rate: float, *, changed: bool) -> None:
    text = aecg_text(SMALL).replace('increment value="0.002" unit="s"', f'increment value="{increment}" unit="{unit}"')
    record = _read(text)[0]
    assert record.rate == pytest.approx(rate, rel=1e-12)
    assert bool(record.source.changed) == changed, "a rounded period is noted"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('increment value="0.002" unit="s"', 'increment value="0.002" unit="h"', "increment in 'h'"),
        ('increment value="0.002"', 'increment value="0"', "not possible"),
        ('xsi:type="SLIST_PQ"', 'xsi:type="GLIST_PQ"', "stored as GLIST_PQ"),
        ('scale value="0.5" unit="uV"', 'scale value="0.5" unit="kg"', "its scale in 'kg'"),
        ('scale value="0.5" unit="uV"', 'scale nullFlavor="UNK"', "an origin but no scale"),
        ("<digits>", "<digits>x ", "is no number"),
        ("<component><sequenceSet>", "<component><!-- --><sequences>", "damaged"),
    ],
)
def test_contradictions_are_refused(old: str, new: str, message: str) -> None:
    text = aecg_text(SMALL)
    assert old in text
    with pytest.raises(FormatError, match=message):
        _read(text.replace(old, new))


def test_uneven_times_are_refused() -> None:
    text = aecg_text(SMALL, time="SLIST_PQ")
    assert _read(text)[0].rate == pytest.approx(500.0)
    with pytest.raises(FormatError, match="not evenly spaced"):
        _read(text.replace("<digits>0 1 2 3 ", "<digits>0 1 2 4 "))


def test_origin_and_scale_in_different_units_are_brought_together() -> None:
    text = aecg_text(SMALL).replace('origin value="1.5" unit="uV"', 'origin value="0.0015" unit="mV"')
    np.testing.assert_allclose(_read(text)[0].signal, SMALL.truth, atol=3e-4)


def test_other_signals_are_left_out_and_named() -> None:
    text = aecg_text(Case(500.0, "uV", ("I", "II"), 300)).replace("MDC_ECG_LEAD_II", "MDC_RESP")
    record = _read(text)[0]
    assert record.leads == ("I",)
    assert "left out, no ECG lead by its code: MDC_RESP" in record.source.doubts


def test_a_file_without_unit_or_time_needs_hints() -> None:
    text = re.sub(r"<scale [^>]*/>|<increment [^>]*/>", "", aecg_text(Case(500.0, "uV", ("I",), 300)))
    with pytest.raises(HintsNeeded) as caught:
        _read(text)
    assert set(caught.value.missing) == {"unit", "rate"}


def test_several_sets_of_sequences_are_several_records() -> None:
    text = aecg_text(Case(500.0, "mV", STANDARD_12, 100))
    one = re.search(r"<component><sequenceSet>.*?</sequenceSet></component>", text, re.DOTALL)
    assert one is not None
    records = _read(text.replace(one[0], one[0] * 3))
    assert [record.source.index for record in records] == [0, 1, 2]


def test_a_document_without_series_is_refused() -> None:
    with pytest.raises(FormatError, match="without a series"):
        _read('<AnnotatedECG xmlns="urn:hl7-org:v3"><id root="1"/></AnnotatedECG>')
