"""Every real DICOM ECG: what its elements say by eye, what pydicom decodes, and the same ECG as XML."""

import base64
import io
import warnings
from pathlib import Path

import defusedxml.ElementTree
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from einthoven.formats import MemorySource, PathSource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

# Rate, samples of rhythm and median, microvolt per count, age, sex, time, maker, band: from a dump of the elements.
FACTS = {
    "guangxi_teaching_sinus_rhythm": (500, 5000, 600, 4.88, 11, "M", "2024-01-01T00:00:00", "GE Healthcare MAC P",
                                      (0.56, 150)),
    "implicit_vr_500hz": (500, 5000, 600, 2.5, 49.5, "M", "2002-11-22T09:10:00", "Unknown ELI250", None),
    "mortara_1000hz": (1000, 10000, 1200, 1.25, 42, "F", "2013-01-25T10:59:19", "Mortara Instrument, Inc. el250",
                       (0.05, 300)),
    "synthetic_muse": (500, 5000, 600, 4.88, 45, "M", "2025-08-01T00:00:00", "GE Healthcare MAC55", (0.56, 150)),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "formats" / "dicom"


def _read(path: Path) -> list[EcgRecord]:
    return list(read_all(PathSource(path)))


def test_no_file_is_left_out_of_the_table(folder: Path) -> None:
    assert {path.stem for path in folder.iterdir()} == set(FACTS)


@pytest.mark.parametrize("name", FACTS)
def test_a_file_gives_rhythm_and_median_beat_as_its_elements_state(folder: Path, name: str) -> None:
    rate, n_samples, n_median, microvolt, age, sex, recorded, device, band = FACTS[name]
    rhythm, median = _read(folder / f"{name}.dcm")
    assert (rhythm.n_samples, median.n_samples) == (n_samples, n_median)
    assert median.annotations[0].text == "median beat" and all("median" not in note.text for note in rhythm.annotations)
    for record in (rhythm, median):
        assert (record.leads, record.rate, record.amplitude) == (STANDARD_12, rate, "mV")
        assert (record.subject.age, record.subject.sex, record.source.recorded) == (age, sex, recorded)
        assert (record.source.device, record.source.unit) == (device, "uV")
        assert record.source.gain == pytest.approx([1 / microvolt] * 12)
    assert rhythm.source.band == band
    # An ECG: R waves of half a millivolt to some, and Einthoven's law to within two counts.
    assert 0.5 < np.ptp(rhythm.lead("II")) < 5
    law = rhythm.lead("I") + rhythm.lead("III") - rhythm.lead("II")
    assert np.abs(law).max() <= 2.01 * microvolt / 1000


def _recorded(signal: np.ndarray) -> np.ndarray:
    """mV without the -32768 counts of 2.5 microvolt that end one median beat in every lead."""
    return np.where(np.isclose(signal, -81.92), np.nan, signal)


@pytest.mark.parametrize("name", FACTS)
def test_each_sample_is_that_of_the_bytes_behind_the_tag(folder: Path, name: str) -> None:
    """(5400,1010) is searched as bytes: no library in between."""
    data = (folder / f"{name}.dcm").read_bytes()
    _, n_samples, n_median, microvolt, *_ = FACTS[name]
    rhythm, median = _read(folder / f"{name}.dcm")
    position = 0
    for record, count in ((rhythm, n_samples), (median, n_median)):
        position = data.index(b"\x00\x54\x10\x10", position) + 4
        if data[position : position + 2] == b"OW":
            position += 4
        assert int.from_bytes(data[position : position + 4], "little") == 24 * count
        counts = np.frombuffer(data, "<i2", 12 * count, position + 4).reshape(count, 12).T
        np.testing.assert_allclose(record.signal, _recorded(counts * microvolt / 1000), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", FACTS)
def test_each_sample_is_that_of_pydicom(folder: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(folder / f"{name}.dcm")
        for number, record in enumerate(_read(folder / f"{name}.dcm")):
            expected = _recorded(dataset.waveform_array(number).T / 1000)
            np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", FACTS)
def test_blanked_it_is_valid_decodes_to_the_same_and_names_nobody(folder: Path, name: str) -> None:
    source = PathSource(folder / f"{name}.dcm")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(folder / f"{name}.dcm")
        blanked = detect(source).blank(source)
        assert blanked is not None
        clean = blanked["record.dcm"]
        theirs = pydicom.dcmread(io.BytesIO(clean))
        for number, record in enumerate(read_all(MemorySource("record.dcm", blanked))):
            expected = _recorded(theirs.waveform_array(number).T / 1000)
            np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-9)
    for keyword in ("PatientName", "PatientID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "StudyID",
                    "AccessionNumber", "InstitutionName", "PatientBirthDate", "AdmissionID"):  # fmt: skip
        value = str(dataset.get(keyword) or "")
        assert len(value) < 4 or value.encode() not in clean, keyword
    assert b"Last:" not in clean and not any(element.tag.is_private for element in theirs.iterall())
    for before, after in zip(_read(source.path), read_all(MemorySource("record.dcm", blanked)), strict=True):
        np.testing.assert_array_equal(before.signal, after.signal)
        assert before.annotations == after.annotations and before.source.doubts == after.source.doubts


def test_the_same_ecg_as_dicom_and_as_muse_xml_agrees(shared_data: Path) -> None:
    """Decoded here from the XML's base64: eight leads of little-endian counts at 4.88 microvolt."""
    root = defusedxml.ElementTree.parse(shared_data / "formats" / "muse" / "guangxi_teaching_sinus_rhythm.xml")
    (rhythm, _) = _read(shared_data / "formats" / "dicom" / "guangxi_teaching_sinus_rhythm.dcm")
    waveform = next(one for one in root.iter("Waveform") if one.findtext("WaveformType") == "Rhythm")
    compared = 0
    for lead in waveform.iter("LeadData"):
        counts = np.frombuffer(base64.b64decode(lead.findtext("WaveFormData") or ""), "<i2")
        factor = float(lead.findtext("LeadAmplitudeUnitsPerBit") or "nan") / 1000
        name = lead.findtext("LeadID") or ""
        np.testing.assert_allclose(rhythm.lead(name), counts * factor, atol=1e-5)
        compared += 1
    assert compared == 8


def test_the_median_of_the_file_that_pydicom_ships_is_the_mean_beat_of_its_rhythm() -> None:
    path = get_testdata_file("waveform_ecg.dcm")
    assert isinstance(path, str)
    rhythm, median = _read(Path(path))
    beat = median.lead("II") - median.lead("II").mean()
    lead = rhythm.lead("II")
    n = len(beat)
    best = max(np.corrcoef(beat, lead[start : start + n])[0, 1] for start in range(0, len(lead) - n, 5))
    assert best > 0.95


def test_a_last_sample_that_no_channel_has_is_missing(folder: Path) -> None:
    beat = _read(folder / "implicit_vr_500hz.dcm")[1]
    assert np.isnan(beat.signal[:, -1]).all() and not np.isnan(beat.signal[:, :-1]).any()
    assert np.ptp(beat.signal[:, :-1], axis=1).max() < 3
    assert any("-32768 in every channel" in doubt for doubt in beat.source.doubts)
