"""Philips Sierra XML: real files against the device's measurements and calibration pulse, and against ecgdatakit."""

import base64
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import EIGHT, Case
from contracts.writers_xml import sierra_text
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.formats.xli import chunks, decode
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

OLD, NEW = "129DYPRG.XML", "2020-5-18_15-48-11.xml"
SMALL = Case(500.0, "mV", STANDARD_12, 400)


def _read(text: str) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.xml", {"a.xml": text.encode()})))


def _text(path: Path) -> str:
    return path.read_text("utf-16" if path.name == NEW else "utf-8")


def _measured(text: str, what: str) -> dict[str, float]:
    """A measurement of the device by lead, from the text."""
    leads = re.findall(r'<leadmeasurement leadname="(\w+)".*?</leadmeasurement>', text, re.DOTALL)
    values = re.findall(rf"<{what}>(-?\d+)</{what}>", text)
    return dict(zip(leads, map(float, values), strict=True))


@pytest.mark.parametrize(
    ("file", "n_samples", "first_mv", "v5"),
    [
        (OLD, 5264, [48, 44, 40, 34, 31, 28], (-0.175, 0.6)),
        (NEW, 5300, [-2, -1, 0, -1, -1, -3], (-0.425, 1.875)),
    ],
)
def test_real_files_have_the_leads_rate_and_length_established_by_hand(
    shared_data: Path, file: str, n_samples: int, first_mv: list[int], v5: tuple[float, float]
) -> None:
    record = next(read_all(PathSource(shared_data / "formats/sierra" / file)))
    assert (record.leads, record.rate, record.n_samples) == (STANDARD_12, 500.0, n_samples)
    np.testing.assert_allclose(record.lead("I")[:6], np.array(first_mv) * 0.005, atol=1e-6)
    assert (record.lead("V5").min(), record.lead("V5").max()) == pytest.approx(v5)
    assert record.source.band == (0.05, 150.0)


@pytest.mark.parametrize("file", [OLD, NEW])
def test_the_calibration_pulse_is_one_millivolt_on_all_twelve_leads(shared_data: Path, file: str) -> None:
    """That proves the step, the decompression and the sign with which each limb lead is rebuilt, at once."""
    raw = re.search(r"<parsedwaveforms[^>]*>(.*?)</", _text(shared_data / "formats/sierra" / file), re.DOTALL)
    assert raw is not None
    rows = [decode(start, body, 5500) for start, body in chunks(base64.b64decode("".join(raw[1].split())))][:12]
    one, two, three = rows[0], rows[1], rows[1] - rows[0] - rows[2]
    limbs = [
        three,
        -rows[3] - (one + two) // 2,
        (one - three) // 2 - rows[4],
        (two + three) // 2 - rows[5],
    ]
    for row in (one, two, *limbs, *rows[6:]):
        assert (row[5350:5450] == 200).all(), "200 counts of 5 uV"
        assert not row[5300:5350].any() and not row[5450:].any()
    record = next(read_all(PathSource(shared_data / "formats/sierra" / file)))
    assert any("calibration pulse of 1 mV" in line for line in record.source.changed)
    assert record.n_samples <= 5300


def _qrs_spans(record: EcgRecord) -> dict[str, float]:
    """Median over the beats of the peak-to-peak amplitude within 70 ms of the steepest place, uV by lead."""
    steep = np.convolve(np.abs(np.diff(record.signal, axis=1)).sum(axis=0), np.ones(40) / 40, "same")
    left, beats = steep.copy(), []
    while left.max() > 0.5 * steep.max():
        at = int(left.argmax())
        beats.append(at)
        left[max(0, at - 250) : at + 250] = 0
    inner = [at for at in beats if 60 < at < record.n_samples - 60]
    assert len(inner) > 5
    return {
        lead: float(np.median([np.ptp(record.lead(lead)[at - 35 : at + 35]) for at in inner])) * 1000
        for lead in record.leads
    }


@pytest.mark.parametrize(("file", "but"), [(OLD, {"aVF"}), (NEW, set())])
def test_the_qrs_has_the_amplitude_that_the_device_measured_in_each_lead(
    shared_data: Path, file: str, but: set[str]
) -> None:
    """Not so aVF of the old file: a QS wave, which the device measures from its onset, before an ST elevation."""
    path = shared_data / "formats/sierra" / file
    spans = _qrs_spans(next(read_all(PathSource(path))))
    measured = _measured(_text(path), "qrsppk")
    assert set(measured) == set(STANDARD_12)
    for lead in set(STANDARD_12) - but:
        assert spans[lead] == pytest.approx(measured[lead], rel=0.05, abs=40), lead


def test_the_representative_beat_fits_the_rhythm(shared_data: Path) -> None:
    """It is stored without compression, at 1 uV and 1000 Hz: another way to the same amplitudes."""
    path = shared_data / "formats/sierra" / NEW
    rhythm, beat = read_all(PathSource(path))
    assert (beat.leads, beat.rate, beat.n_samples) == (STANDARD_12, 1000.0, 1200)
    assert beat.annotations[0].text == "median beat"
    words = re.findall(r"<waveform duration=\"1200\">(.*?)</", _text(path), re.DOTALL)
    for row, text in zip(beat.signal, words, strict=True):
        counts = np.frombuffer(base64.b64decode("".join(text.split())), "<i2")
        np.testing.assert_allclose(row, counts / 1000, atol=1e-7)
    for lead in STANDARD_12:
        template = beat.lead(lead)[400:800:2]
        windows = np.lib.stride_tricks.sliding_window_view(rhythm.lead(lead), len(template))
        best = max(np.corrcoef(window, template)[0, 1] for window in windows[:1500])
        assert best > 0.9, lead


@pytest.mark.parametrize("file", [OLD, NEW])
def test_einthoven_and_goldberger_hold_to_a_few_counts(shared_data: Path, file: str) -> None:
    record = next(read_all(PathSource(shared_data / "formats/sierra" / file)))
    lead = {name: record.lead(name).astype(float) for name in STANDARD_12}
    assert np.abs(lead["I"] + lead["III"] - lead["II"]).max() <= 0.0151
    assert np.abs(lead["aVR"] + lead["aVL"] + lead["aVF"]).max() <= 0.0301
    assert np.ptp(lead["III"]) > 0.5, "not empty differences"


@pytest.mark.parametrize("file", [OLD, NEW])
def test_ecgdatakit_agrees_in_every_sample_before_the_pulse(shared_data: Path, file: str) -> None:
    from ecgdatakit.parsing.parsers.sierra_xml import SierraXMLParser

    path = shared_data / "formats/sierra" / file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = SierraXMLParser().parse(path)
    groups = (other.leads, other.median_beats) if other.median_beats else (other.leads,)
    for record, leads in zip(read_all(PathSource(path)), groups, strict=True):
        assert [lead.label for lead in leads] == list(record.leads)
        for lead in leads:
            stored = lead.samples[: record.n_samples] * lead.resolution / 1000
            np.testing.assert_allclose(record.lead(lead.label), stored, atol=1e-6)


def test_the_passport_of_the_real_files(shared_data: Path) -> None:
    old = next(read_all(PathSource(shared_data / "formats/sierra" / OLD)))
    new = next(read_all(PathSource(shared_data / "formats/sierra" / NEW)))
    assert (old.subject.age, old.subject.sex, old.source.device) == (50.0, "M", "Philips HeartstartMRx")
    assert old.source.recorded == "2011-12-01T07:27:34"
    assert "Sinus bradycardia" in [note.text for note in old.annotations]
    assert (new.subject.age, new.subject.sex) == (69.4, None), "born 1951-01-01, recorded 2020-05-18"
    assert new.source.device == "Philips Medical Products PageWriter TC"
    assert (new.annotations[0].text, new.annotations[0].code) == ("Sinus rhythm", "SR")


def test_another_document_type_is_refused_with_the_reason(shared_data: Path) -> None:
    with pytest.raises(FormatError, match=r"document type MortaraECG, version 1\.03; SierraECG and PhilipsECG"):
        list(read_all(PathSource(shared_data / "formats/sierra/invalid-doc-type.xml")))


def test_compressed_samples_come_back_exactly() -> None:
    case = Case(500.0, "mV", STANDARD_12, 3000)
    record = _read(sierra_text(case, coding="XLI"))[0]
    stored = np.round(case.truth * 200) * 0.005
    np.testing.assert_allclose(record.signal, stored, atol=1e-6)


def test_a_pulse_is_cut_off_and_an_ecg_that_ends_flat_is_not() -> None:
    with_pulse = _read(sierra_text(SMALL, coding="XLI", pulse=True))[0]
    assert with_pulse.n_samples == 400 and any("calibration pulse" in line for line in with_pulse.source.changed)
    plain = _read(sierra_text(SMALL, coding="XLI"))[0]
    assert plain.n_samples == 400 and not any("calibration" in line for line in plain.source.changed)


def test_beats_are_a_record_of_their_own_with_their_own_rate() -> None:
    rhythm, beat = _read(sierra_text(SMALL, beat=120))
    assert (rhythm.rate, beat.rate) == (500.0, 1000.0)
    np.testing.assert_allclose(beat.signal, SMALL.truth[:, :120], atol=6e-4)


def test_beats_without_rate_are_left_out_and_said_and_the_rhythm_is_read() -> None:
    (record,) = _read(sierra_text(SMALL, beat=120).replace(' samplespersec="1000"', ""))
    assert record.n_samples == 400
    assert any("left out: representative beats" in doubt for doubt in record.source.doubts)


def test_statements_that_a_person_edited_are_left_out() -> None:
    record = _read(sierra_text(SMALL))[0]
    assert record.annotations == ()
    assert "left out, for a person may have written them: 1 diagnostic statements" in record.source.doubts
    machine = sierra_text(SMALL).replace("Confirmed by Dr. Brombeer", "Unconfirmed Diagnosis").replace("True", "False")
    assert [note.text for note in _read(machine)[0].annotations] == ["Tochter heisst Mirabelle"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1.04.01</documentversion", "9.9</documentversion", "version 9.9"),
        ('compression="Uncompressed"', 'compression="ZIP"', "compressed by ZIP"),
        ('dataencoding="Base64"', 'dataencoding="Hex"', "written as Hex"),
        ('durationperchannel="800.0"', 'durationperchannel="900"', "cut off: 12 leads of 450 samples"),
        ('durationperchannel="800.0"', 'durationperchannel="1e18"', "not possible"),
        ('durationperchannel="800.0"', "", "no duration"),
        ('resolution="5"', 'resolution="0"', "step of 0"),
        ("<waveforms>", "<waves>", "damaged"),
    ],
)
def test_contradictions_are_refused(old: str, new: str, message: str) -> None:
    text = sierra_text(SMALL)
    assert old in text
    with pytest.raises(FormatError, match=message):
        _read(text.replace(old, new))


def test_damaged_compression_is_refused() -> None:
    text = sierra_text(SMALL, coding="XLI")
    data = re.search(r"<parsedwaveforms[^>]*>(.*?)</", text)
    assert data is not None
    raw = base64.b64decode(data[1])

    def with_data(changed: bytes) -> str:
        return text.replace(data[1], base64.b64encode(changed).decode())

    with pytest.raises(FormatError, match="cut off or damaged"):
        _read(with_data(raw[:-5]))
    with pytest.raises(FormatError, match="stands for nothing"):
        _read(with_data(raw[:8] + b"\xff\x00\xff\x00\xff" + raw[13:]))
    end_at_once = raw[:8] + b"\xff\xff" + raw[10:]
    with pytest.raises(FormatError, match="holds 0 samples; 400 are stated"):
        _read(with_data(end_at_once))
    first = 8 + int.from_bytes(raw[:4], "little")
    with pytest.raises(FormatError, match="12 leads and holds 11"):
        _read(with_data(raw[first:]))
    with pytest.raises(FormatError, match="far more samples"):
        _read(re.sub(r'durationperchannel="800.0"', 'durationperchannel="80"', text))


def test_leads_without_names_and_units_are_asked_for_or_refused() -> None:
    with pytest.raises(HintsNeeded) as caught:
        _read(re.sub(r'resolution="5"|<resolution>77</resolution>', "", sierra_text(SMALL)))
    assert set(caught.value.missing) == {"unit"}
    with pytest.raises(FormatError, match="names its leads neither"):
        _read(re.sub(r'leadlabels="[^"]*"', "", sierra_text(SMALL)))
    eight = _read(sierra_text(Case(500.0, "mV", EIGHT, 100)))[0]
    assert eight.leads == EIGHT
