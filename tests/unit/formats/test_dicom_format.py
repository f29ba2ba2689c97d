"""DICOM waveforms: scale, padding, groups, lead codes, subject; pydicom's own decoding is the yardstick."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from contracts.ecg_files import Case, write_dicom
from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, read, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

CASE = Case(500.0, "uV", ("I", "II", "V1"), 200)


def _changed(change: Callable[[Dataset], None]) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"]))
    change(dataset)
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def _read(data: bytes, hints: str = "") -> list[EcgRecord]:
    return list(read_all(MemorySource("ecg.dcm", {"ecg.dcm": data}), ReadHints.parse(hints)))


def _group(dataset: Dataset) -> Dataset:
    group: Dataset = dataset.WaveformSequence[0]
    return group


def test_the_ecg_that_pydicom_ships_is_read_as_pydicom_decodes_it() -> None:
    path = get_testdata_file("waveform_ecg.dcm")
    assert isinstance(path, str)
    record = read(path)
    expected = pydicom.dcmread(path).waveform_array(0).T / 1000  # states microvolt
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6, atol=1e-9)
    assert (record.leads, record.rate, record.source.band) == (STANDARD_12, 1000.0, (0.05, 300.0))
    assert (record.subject.age, record.subject.sex) == (42.0, "F")
    assert any("MEDIAN BEAT (12 leads, 1200 samples)" in doubt for doubt in record.source.doubts)
    assert any(note.text == "PR Interval 161 ms" and note.onset is None for note in record.annotations)
    onset = next(note for note in record.annotations if note.text == "P Onset")
    assert onset.onset == pytest.approx(298 / 1000)


def test_no_name_and_no_id_of_the_patient_is_kept() -> None:
    def sign(dataset: Dataset) -> None:
        dataset.WaveformAnnotationSequence = []
        for text in ("Confirmed by SMITH, JOHN", "Sinus rhythm"):
            item = Dataset()
            item.UnformattedTextValue = text
            item.ReferencedWaveformChannels = [1, 0]
            dataset.WaveformAnnotationSequence.append(item)

    (record,) = _read(_changed(sign))
    assert [note.text for note in record.annotations] == ["Sinus rhythm"]
    for secret in ("Doe", "Jane", "4711", "SMITH"):
        assert secret not in repr(record)
    assert record.subject.id is not None and record.subject.age == 44.0


@pytest.mark.parametrize(
    ("age", "years"), [("006M", 0.5), ("012D", 12 / 365.25), ("003W", 21 / 365.25), ("095Y", 95.0), ("", None)]
)
def test_ages_are_in_years_whatever_their_unit(age: str, years: float | None) -> None:
    (record,) = _read(_changed(lambda dataset: setattr(dataset, "PatientAge", age)))
    assert record.subject.age == (None if years is None else pytest.approx(years))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_transfer_syntaxes_give_the_same_signal(syntax: pydicom.uid.UID) -> None:
    dataset = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"]))
    if syntax == ExplicitVRBigEndian:
        _group(dataset).WaveformData = np.frombuffer(_group(dataset).WaveformData, "<i2").astype(">i2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, force_encoding=True
    )
    (record,) = _read(stream.getvalue())
    np.testing.assert_allclose(record.signal, CASE.truth, atol=6e-4)


def test_padding_outside_the_signal_is_missing_and_inside_it_is_a_doubt() -> None:
    def pad(value: int) -> Callable[[Dataset], None]:
        def change(dataset: Dataset) -> None:
            samples = np.frombuffer(_group(dataset).WaveformData, "<i2").copy()
            samples[-9:] = value
            _group(dataset).WaveformData = samples.tobytes()
            _group(dataset).add_new("WaveformPaddingValue", "OW", np.array([value], "<i2").tobytes())

        return change

    (record,) = _read(_changed(pad(-32768)))
    assert np.isnan(record.signal[:, -3:]).all() and np.isnan(record.signal).sum() == 9
    (record,) = _read(_changed(pad(300)))
    assert not np.isnan(record.signal).any()
    assert any("padding value 300 lies within the signal" in doubt for doubt in record.source.doubts)


def test_several_recorded_groups_are_several_records() -> None:
    def twice(dataset: Dataset) -> None:
        second = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"])).WaveformSequence[0]
        dataset.WaveformSequence.append(second)

    data = _changed(twice)
    assert [record.source.index for record in _read(data)] == [0, 1]


def test_a_code_that_contradicts_its_text_leaves_a_doubt() -> None:
    def mislabel(dataset: Dataset) -> None:
        _group(dataset).ChannelDefinitionSequence[0].ChannelSourceSequence[0].CodeMeaning = "Lead V6"

    (record,) = _read(_changed(mislabel))
    assert record.leads[0] == "I"
    assert any("channel code 2:1 means lead I, its text says 'Lead V6'" in doubt for doubt in record.source.doubts)


def test_a_channel_without_sensitivity_needs_its_unit() -> None:
    def strip(dataset: Dataset) -> None:
        for channel in _group(dataset).ChannelDefinitionSequence:
            del channel.ChannelSensitivity, channel.ChannelSensitivityUnitsSequence, channel.ChannelBaseline

    data = _changed(strip)
    with pytest.raises(HintsNeeded) as caught:
        _read(data)
    assert caught.value.missing == ("unit",)
    (record,) = _read(data, "unit=counts,gain=1000,baseline=0")
    stored = np.frombuffer(pydicom.dcmread(io.BytesIO(data)).WaveformSequence[0].WaveformData, "<i2").reshape(-1, 3).T
    np.testing.assert_allclose(record.signal, stored / 1000, rtol=1e-6)


@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("NumberOfWaveformSamples", 4_000_000_000, "up to .* are read"),
        ("NumberOfWaveformSamples", 201, "are 1206 bytes, and 1200 are there"),
        ("NumberOfWaveformSamples", 0, "3 channels of 0 samples"),
        ("NumberOfWaveformChannels", 4, "states 4 channels of 200 samples and describes 3"),
        ("SamplingFrequency", "0", "rate of 0 Hz"),
        ("WaveformSampleInterpretation", "MB", "coded as MB with 16 bits"),
    ],
)
def test_impossible_descriptions_are_refused_with_the_numbers(keyword: str, value: object, message: str) -> None:
    with pytest.raises(EinthovenError, match=message) as caught:
        _read(_changed(lambda dataset: setattr(_group(dataset), keyword, value)))
    assert "ecg.dcm" in str(caught.value)


def test_a_dicom_picture_is_refused_with_its_kind() -> None:
    path = get_testdata_file("CT_small.dcm")
    assert isinstance(path, str)
    with pytest.raises(FormatError, match=r"CT_small\.dcm: .* of kind CT Image Storage and holds no waveform"):
        next(read_all(PathSource(Path(path))))
