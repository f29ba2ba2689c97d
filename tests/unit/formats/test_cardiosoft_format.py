"""GE Cardiosoft XML, built from the public descriptions of the files of UK Biobank."""

import re
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_xml import cardiosoft_text
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

SMALL = Case(500.0, "uV", STANDARD_12, 1000)
SLOW = Case(500.0, "uV", ("I", "II", "III"), 5000)


def _read(text: str) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode("iso-8859-1")})))


def test_a_resting_ecg_and_its_median_beat() -> None:
    rhythm, median = _read(cardiosoft_text(SMALL, median=300))
    assert (rhythm.leads, rhythm.rate, rhythm.n_samples) == (STANDARD_12, 500.0, 1000)
    assert median.n_samples == 300 and median.annotations[0].text == "median beat"
    np.testing.assert_allclose(median.signal, SMALL.truth[:, :300], atol=0.0026)
    assert (rhythm.subject.age, rhythm.subject.sex, rhythm.source.recorded) == (80.0, "F", "2024-03-01T10:11:12")
    assert rhythm.source.unit == "uV" and set(rhythm.source.gain or ()) == {0.2}
    assert rhythm.source.device == "GE CardioSoft"


def test_a_diagnosis_beside_a_conclusion_is_taken_where_it_names_nobody() -> None:
    assert [note.text for note in _read(cardiosoft_text(SMALL))[0].annotations] == ["Normal sinus rhythm"]
    confirmed = cardiosoft_text(SMALL).replace("Normal sinus rhythm", "Seen by Dr. Brombeer")
    record = _read(confirmed)[0]
    assert record.annotations == ()
    assert "left out, for a person may have written them: 1 diagnostic statements" in record.source.doubts


@pytest.mark.parametrize("order", ["by-sample", "by-second"])
def test_a_full_disclosure_is_read_in_the_order_that_gives_a_signal(order: str) -> None:
    record = _read(cardiosoft_text(SLOW, full=order))[0]
    np.testing.assert_allclose(record.signal, SLOW.truth, atol=0.0026)
    words = {"by-sample": "one sample of each lead in turn", "by-second": "one second of each lead in turn"}[order]
    assert any(words in doubt for doubt in record.source.doubts)


@pytest.mark.parametrize("order", ["by-sample", "by-second"])
def test_the_order_of_real_ecgs_is_always_told_right(shared_data: Path, order: str) -> None:
    """Ten real records of different databases, written in both orders with three leads as in UK Biobank."""
    headers = (
        sorted((shared_data / "ptbxl_raw").rglob("*_hr.hea"))[:5] + sorted((shared_data / "ludb").rglob("*.hea"))[:5]
    )
    assert len(headers) == 10
    for header in headers:
        record = next(read_all(PathSource(header)))
        counts = np.round(record.signal[[0, 1, 7], :5000] * 400).astype(int)
        blocks = counts.reshape(3, -1, 500).swapaxes(0, 1).ravel() if order == "by-second" else counts.T.ravel()
        text = (
            "<CardiologyXML><FullDisclosure><NumberOfChannels>3</NumberOfChannels>"
            '<SampleRate units="Hz">500</SampleRate><Resolution units="uVperLsb">2.5</Resolution>'
            "<LeadOrder>I,2,3</LeadOrder><FullDisclosureData>"
            f"{','.join(map(str, blocks))},</FullDisclosureData></FullDisclosure></CardiologyXML>"
        )
        read = _read(text)[0]
        assert read.leads == ("I", "2", "3"), "UK Biobank's 2 and 3 are not II and III"
        np.testing.assert_allclose(read.signal, counts / 400, atol=1e-6)


def test_a_full_disclosure_whose_order_cannot_be_told_is_left_out_and_said() -> None:
    text = cardiosoft_text(SLOW, full="by-sample")
    flat = re.sub(r"<FullDisclosureData>.*?</", f"<FullDisclosureData>{'0,' * 15000}</", text, flags=re.DOTALL)
    with pytest.raises(FormatError, match="order of the samples in FullDisclosure is not clear"):
        _read(flat)
    strip = re.search(r"<StripData>.*</StripData>", cardiosoft_text(SMALL), re.DOTALL)
    assert strip is not None
    record = _read(flat.replace("</CardiologyXML>", f"{strip[0]}</CardiologyXML>"))[0]
    assert any("order of the samples in FullDisclosure is not clear" in doubt for doubt in record.source.doubts)


def test_strips_and_medians_of_an_exercise_test_are_records_of_their_own() -> None:
    def strip(second: int, value: int) -> str:
        waves = "".join(
            f'<WaveformData lead="{lead}">{value},{value + 1},{value + 2}</WaveformData>' for lead in ("I", "2")
        )
        return f"<Strip><Time><Minute>1</Minute><Second>{second}</Second></Time>{waves}</Strip>"

    scale = (
        '<NumberOfLeads>2</NumberOfLeads><SampleRate units="Hz">500</SampleRate>'
        '<Resolution units="uVperLsb">5</Resolution>'
    )
    text = (
        f"<CardiologyXML><MedianData>{scale}<Median><Time><Minute>0</Minute><Second>15</Second></Time>"
        '<WaveformData lead="I">9,8</WaveformData><WaveformData lead="2">9,9</WaveformData></Median></MedianData>'
        f"<ArrhythmiaData>{scale}{strip(30, 40)}</ArrhythmiaData>"
        f"<StripData>{scale}{strip(0, 10)}{strip(10, 20)}</StripData></CardiologyXML>"
    )
    records = _read(text)
    assert [record.signal[0, 0] for record in records] == pytest.approx([0.05, 0.1, 0.2, 0.045])
    assert [record.annotations[0].text for record in records] == [
        "taken 60 s after the begin of the test",
        "taken 70 s after the begin of the test",
        "strip of an arrhythmia",
        "median beat",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<NumberOfLeads>12", "<NumberOfLeads>13", "states 13 leads and holds 12"),
        ("<ChannelSampleCountTotal>1000", "<ChannelSampleCountTotal>2000", "states 2000 samples and holds 1000"),
        ('units="Hz">500', 'units="kHz">5', "sample rate in khz"),
        ('uVperLsb">5<', 'uVperLsb">0<', "step of 0"),
        ('lead="I">\n\t', 'lead="I">x,', "is no number"),
        ("StripData", "Stripes", "without samples of a lead"),
    ],
)
def test_contradictions_are_refused(old: str, new: str, message: str) -> None:
    text = cardiosoft_text(SMALL)
    assert old in text
    text = text.replace(old, new)
    if new == "Stripes":
        text = re.sub(r"<Stripes>.*</Stripes>", "", text, flags=re.DOTALL)
    with pytest.raises(FormatError, match=message):
        _read(text)


def test_unit_and_rate_that_are_not_stated_are_asked_for() -> None:
    text = re.sub(r"<Resolution.*?</Resolution>|<SampleRate.*?</SampleRate>", "", cardiosoft_text(SMALL))
    with pytest.raises(HintsNeeded) as caught:
        _read(text)
    assert set(caught.value.missing) == {"unit", "rate"}
