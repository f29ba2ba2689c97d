"""DICOM waveforms: scale, padding, groups, lead codes, subject; pydicom's own decoding is the yardstick."""

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from contracts.ecg_files import Case, write_dicom
from contracts.writers_wfdb_dicom import saved
from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import MemorySource, PathSource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import Annotation, EcgRecord, ReadHints

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
    record, median = read_all(PathSource(Path(path)))
    dataset = pydicom.dcmread(path)
    for number, one in enumerate((record, median)):
        expected = dataset.waveform_array(number).T / 1000  # states microvolt
        np.testing.assert_allclose(one.signal, expected, rtol=1e-6, atol=1e-9)
    assert (record.leads, record.rate, record.source.band) == (STANDARD_12, 1000.0, (0.05, 300.0))
    assert (record.subject.age, record.subject.sex) == (42.0, "F")
    assert (median.source.index, median.n_samples) == (1, 1200)
    assert median.annotations[0] == Annotation(text="median beat")
    assert (record.source.device, record.source.recorded) == ("Mortara Instrument, Inc. el250", "2013-01-25T10:59:19")
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
    assert any("1 lines of free text were left out" in doubt for doubt in record.source.doubts)
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
        ("WaveformSampleInterpretation", "MB", r"coded as MB \(mu-law sound\) with 16 bits"),
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


def _code(value: str, scheme: str, meaning: str) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def test_derived_groups_come_after_recorded_ones_and_say_what_they_are() -> None:
    def put_median_first(dataset: Dataset) -> None:
        second = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"])).WaveformSequence[0]
        second.WaveformOriginality, second.MultiplexGroupLabel = "DERIVED", "MEDIAN BEAT"
        second.NumberOfWaveformSamples, second.MultiplexGroupTimeOffset = 100, "250"
        dataset.WaveformSequence.insert(0, second)
        dataset.WaveformAnnotationSequence = []
        for group, position in ((1, 51), (2, 101), (2, 999)):
            item = Dataset()
            item.ConceptNameCodeSequence = _code("5.10.3-1", "SCPECG", f"P onset {position}")
            item.ReferencedWaveformChannels, item.ReferencedSamplePositions = [group, 0], position
            dataset.WaveformAnnotationSequence.append(item)
        measured = Dataset()
        measured.ConceptNameCodeSequence, measured.NumericValue = _code("2:15872", "MDC", "PR"), "122"
        measured.ReferencedWaveformChannels, measured.ReferencedSamplePositions = [1, 0], [11, 72]
        dataset.WaveformAnnotationSequence.append(measured)

    rhythm, median = _read(_changed(put_median_first))
    assert (rhythm.n_samples, median.n_samples, median.source.index) == (200, 100, 1)
    assert [(note.text, note.onset) for note in rhythm.annotations] == [("P onset 101", 0.2), ("PR 122", None)]
    assert [(note.text, note.onset) for note in median.annotations] == [
        ("median beat", None), ("P onset 51", 0.1), ("PR 122", 0.02),
    ]  # fmt: skip
    assert any("begin 250 ms after the start" in doubt for doubt in median.source.doubts)


def test_channels_that_are_no_ecg_are_left_out_and_named() -> None:
    def add_pressure(dataset: Dataset) -> None:
        channel = _group(dataset).ChannelDefinitionSequence[1]
        channel.ChannelSourceSequence = _code("2:18948", "MDC", "Arterial pressure")
        channel.ChannelSensitivityUnitsSequence = _code("mm[Hg]", "UCUM", "mmHg")

    (record,) = _read(_changed(add_pressure))
    assert record.leads == ("I", "V1")
    np.testing.assert_allclose(record.signal, CASE.truth[[0, 2]], atol=6e-4)
    assert "left out, no ECG by unit or name: Arterial pressure (mm[Hg])" in record.source.doubts


def test_a_hemodynamic_waveform_gives_its_ecg_leads_and_none_is_said() -> None:
    def hemodynamic(dataset: Dataset) -> None:
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.2.1"
        _group(dataset).ChannelDefinitionSequence[0].ChannelSourceSequence = _code("X1", "99LAB", "Aortic root")

    (record,) = _read(_changed(hemodynamic))
    assert record.leads == ("II", "V1")

    def all_pressure(dataset: Dataset) -> None:
        hemodynamic(dataset)
        for channel in _group(dataset).ChannelDefinitionSequence:
            channel.ChannelSourceSequence = _code("X1", "99LAB", "Aortic root")

    with pytest.raises(FormatError, match=r"Hemodynamic Waveform Storage, and none .* Aortic root \(uV\)"):
        _read(_changed(all_pressure))


@pytest.mark.parametrize(
    ("uid", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF Storage"),
        ("1.2.840.10008.5.1.4.1.1.7", "Secondary Capture Image Storage"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "Comprehensive SR Storage"),
    ],
)
def test_what_is_no_waveform_is_refused_by_its_kind(uid: str, kind: str) -> None:
    def change(dataset: Dataset) -> None:
        dataset.SOPClassUID = uid
        del dataset.WaveformSequence
        dataset.EncapsulatedDocument = b"%PDF-1.4"

    with pytest.raises(FormatError, match=f"of kind {kind} and holds no waveform.*picture or PDF"):
        _read(_changed(change))


def test_skew_and_modifiers_are_said() -> None:
    def change(dataset: Dataset) -> None:
        first, second, _ = _group(dataset).ChannelDefinitionSequence
        first.ChannelSampleSkew = "0.5"
        second.ChannelSourceModifiersSequence = _code("5.4.5-1", "SCPECG", "Reversed")

    (record,) = _read(_changed(change))
    assert "1 channels state a time skew, which was not corrected" in record.source.doubts
    assert "II is modified as 'Reversed', which was not applied" in record.source.doubts


def test_age_comes_from_the_birth_date_where_none_is_stated() -> None:
    def change(dataset: Dataset) -> None:
        del dataset.PatientAge
        dataset.PatientBirthDate, dataset.AcquisitionDateTime = "19530508", "20200508101112.000+0100"

    (record,) = _read(_changed(change))
    assert record.subject.age == 67.0 and record.source.recorded == "2020-05-08T10:11:12"
    assert "1953" not in repr(record)


def test_a_deflated_bomb_is_refused_before_it_unfolds() -> None:
    dataset = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"]))
    whole = saved(dataset, pydicom.uid.DeflatedExplicitVRLittleEndian)
    start = 144 + int.from_bytes(whole[140:144], "little")
    packer = zlib.compressobj(wbits=-15)
    bomb = whole[:start] + packer.compress(bytes(200_000_000)) + packer.flush()
    began = time.process_time()
    with pytest.raises(FormatError, match="unfolds to more than 30 times its size"):
        _read(bomb)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("size", "message"), [(0xFFFFFFFF, "nested more than 16 deep"), (100_000, "cut off|do not end")]
)
def test_endlessly_nested_sequences_are_refused(size: int, message: str) -> None:
    data = write_dicom(CASE).files["ecg.dcm"]
    nested = struct.pack("<HH2sHLHHL", 0x0008, 0x1110, b"SQ", 0, size, 0xFFFE, 0xE000, size)
    start = 144 + int.from_bytes(data[140:144], "little")
    with pytest.raises(FormatError, match=message):
        _read(data[:start] + nested * 5000)


SECRETS = ("MUSTERMANN", "Erika", "4711-0815", "19530508", "Bahnhofstrasse", "1.2.3.4.5.6")


def test_blanking_leaves_nothing_but_what_is_known_to_be_harmless() -> None:
    def sign(dataset: Dataset) -> None:
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3.4.5.6.7"
        dataset.file_meta.SourceApplicationEntityTitle = "MUSTERMANN"
        dataset.StudyInstanceUID = dataset.SeriesInstanceUID = "1.2.3.4.5.6.8"
        dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "MUSTERMANN^Erika", "4711-0815", "19530508"
        dataset.PatientAddress, dataset.ReferringPhysicianName = "Bahnhofstrasse 1", "Erika"
        dataset.AccessionNumber = dataset.StudyID = dataset.AdmissionID = "4711-0815"
        dataset.InstitutionName = dataset.VisitComments = "Bahnhofstrasse"
        other = Dataset()
        other.PatientID = "4711-0815"
        dataset.OtherPatientIDsSequence = [other]
        block = dataset.private_block(0x1455, "Erika's device", create=True)
        block.add_new(1, "OB", b"MUSTERMANN")
        _group(dataset).private_block(0x1455, "Erika's device", create=True).add_new(1, "LO", "4711-0815")
        note = Dataset()
        note.UnformattedTextValue = "Sinus rhythm\r\nConfirmed by MUSTERMANN, Erika"
        note.ReferencedWaveformChannels = [1, 0]
        dataset.WaveformAnnotationSequence = [note]

    data = b"Erika".ljust(128) + _changed(sign)[128:]
    assert [secret for secret in SECRETS if secret.encode() not in data] == []
    source = MemorySource("4711-0815.dcm", {"4711-0815.dcm": data})
    blanked = detect(source).blank(source)
    assert blanked is not None and list(blanked) == ["record.dcm"]
    clean = blanked["record.dcm"]
    assert [secret for secret in SECRETS if secret.encode() in clean or secret.encode("utf-16-le") in clean] == []
    (before,), (after,) = _read(data), _read(clean)
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.subject.age, after.subject.id) == (44.0, None)
    assert after.annotations == before.annotations and after.leads == before.leads
    theirs = pydicom.dcmread(io.BytesIO(clean))
    assert theirs.PatientIdentityRemoved == "YES" and theirs.PatientName == "" and theirs.PatientID == ""
    assert theirs.SOPInstanceUID == theirs.file_meta.MediaStorageSOPInstanceUID
    assert theirs.SOPInstanceUID.startswith("2.25.") and theirs.SOPInstanceUID.is_valid
    assert theirs.StudyInstanceUID == theirs.SeriesInstanceUID != theirs.SOPInstanceUID
    np.testing.assert_allclose(theirs.waveform_array(0).T / 1000, after.signal, rtol=1e-6, atol=1e-9)


# -- what is not read is said -------------------------------------------------------------------------------------


def test_more_samples_than_stated_are_said_with_the_numbers() -> None:
    def cut(n_samples: int) -> Callable[[Dataset], None]:
        def change(dataset: Dataset) -> None:
            _group(dataset).NumberOfWaveformSamples = n_samples

        return change

    (record,) = _read(_changed(cut(150)))
    assert record.n_samples == 150
    doubt = "its waveform data hold 50 samples more than the 150 samples stated; they are not read"
    assert doubt in record.source.doubts
    assert not any("more than" in doubt for doubt in _read(_changed(cut(200)))[0].source.doubts)

    def three_bytes(dataset: Dataset) -> None:
        group = _group(dataset)
        group.WaveformData = group.WaveformData + b"\1\2\3\4"

    (record,) = _read(_changed(three_bytes))
    assert any("hold 4 bytes more than the 200" in doubt for doubt in record.source.doubts)


def test_the_byte_that_makes_the_length_even_is_no_doubt() -> None:
    def odd(dataset: Dataset) -> None:
        group = _group(dataset)
        group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 8, "SB"
        group.WaveformData = bytes(199 * 3) + b"\0"
        group.NumberOfWaveformSamples = 199
        del group[0x5400100A]

    (record,) = _read(_changed(odd))
    assert record.n_samples == 199
    assert not any("more than" in doubt for doubt in record.source.doubts)


@pytest.mark.parametrize("unit", ["kV", "10uV", "mm[Hg]", "1"])
def test_a_lead_with_an_unknown_unit_refuses_the_file_instead_of_leaving_the_recording_out(unit: str) -> None:
    def change(dataset: Dataset) -> None:
        median = pydicom.dcmread(io.BytesIO(write_dicom(CASE).files["ecg.dcm"])).WaveformSequence[0]
        median.WaveformOriginality, median.MultiplexGroupLabel = "DERIVED", "MEDIAN BEAT"
        dataset.WaveformSequence.append(median)
        for channel in _group(dataset).ChannelDefinitionSequence:
            channel.ChannelSensitivityUnitsSequence = _code(unit, "UCUM", unit)

    with pytest.raises(FormatError, match="Lead I of waveform group 1 has the unit") as caught:
        _read(_changed(change))
    assert repr(unit) in caught.value.message and "uV" in caught.value.advice


@pytest.mark.parametrize("tail", [b"TRAILER of an archive", b"\x00\x01" * 40 + b"x", b"MUSTERMANN, Erika 19530508"])
def test_bytes_behind_the_end_are_passed_over_and_said(tail: bytes) -> None:
    data = write_dicom(CASE).files["ecg.dcm"]
    (plain,), (record,) = _read(data), _read(data + tail)
    np.testing.assert_array_equal(record.signal, plain.signal)
    assert f"{len(tail)} bytes behind its last element are none of DICOM, and not read" in record.source.doubts
    source = MemorySource("ecg.dcm", {"ecg.dcm": data + tail})
    blanked = detect(source).blank(source)
    assert blanked is not None and tail[:9] not in blanked["record.dcm"]


def test_a_file_that_is_cut_off_is_still_refused() -> None:
    data = write_dicom(CASE).files["ecg.dcm"]
    for cut in (10, 100, 700):
        with pytest.raises(FormatError):
            _read(data[:-cut])


# -- labels and codes that are free text --------------------------------------------------------------------------


def _blanked(data: bytes) -> bytes:
    source = MemorySource("ecg.dcm", {"ecg.dcm": data})
    blanked = detect(source).blank(source)
    assert blanked is not None
    (before,), (after,) = _read(data), _read(blanked["record.dcm"])
    np.testing.assert_array_equal(before.signal, after.signal)
    assert after.leads == before.leads
    return blanked["record.dcm"]


def test_a_name_in_a_label_or_a_private_code_or_the_model_is_blanked() -> None:
    def sign(dataset: Dataset) -> None:
        dataset.Manufacturer, dataset.ManufacturerModelName = "MUSTERMANN", "Station Erika 4711-0815"
        group = _group(dataset)
        group.MultiplexGroupLabel = "RHYTHM of MUSTERMANN"
        group.ChannelDefinitionSequence[0].ChannelLabel = "I MUSTERMANN"
        note = Dataset()
        note.ConceptNameCodeSequence = _code("4711-0815", "99LAB", "Erika MUSTERMANN")
        note.ReferencedWaveformChannels = [1, 0]
        dataset.WaveformAnnotationSequence = [note]

    data = _changed(sign)
    assert all(secret.encode() in data for secret in ("MUSTERMANN", "Erika", "4711-0815"))
    clean = _blanked(data)
    assert [secret for secret in SECRETS if secret.encode() in clean] == []


def test_known_labels_makers_and_codes_stay() -> None:
    def label(dataset: Dataset) -> None:
        dataset.Manufacturer, dataset.ManufacturerModelName = "Mortara Instrument, Inc.", "ELI 250"
        _group(dataset).MultiplexGroupLabel = "RHYTHM"
        _group(dataset).ChannelDefinitionSequence[0].ChannelLabel = "Lead I"
        _group(dataset).ChannelDefinitionSequence[1].ChannelSourceSequence = _code("X7", "99LAB", "Lead II")

    theirs = pydicom.dcmread(io.BytesIO(_blanked(_changed(label))))
    assert (theirs.Manufacturer, theirs.ManufacturerModelName) == ("Mortara Instrument, Inc.", "ELI 250")
    group = theirs.WaveformSequence[0]
    first, second, _ = group.ChannelDefinitionSequence
    assert (group.MultiplexGroupLabel, first.ChannelLabel) == ("RHYTHM", "Lead I")
    assert second.ChannelSourceSequence[0].CodeMeaning == "Lead II"


def test_a_label_that_alone_names_the_lead_keeps_the_lead_and_loses_the_rest() -> None:
    def label(dataset: Dataset) -> None:
        channel = _group(dataset).ChannelDefinitionSequence[0]
        channel.ChannelSourceSequence = _code("4711-0815", "99LAB", "Lead I (MUSTERMANN, Erika)")
        second = _group(dataset).ChannelDefinitionSequence[1]
        del second.ChannelSourceSequence
        second.ChannelLabel = "II, MUSTERMANN"

    data = _changed(label)
    assert _read(data)[0].leads == ("I", "II", "V1")
    clean = _blanked(data)
    assert [secret for secret in SECRETS if secret.encode() in clean] == []


def test_no_original_is_kept_where_a_lead_has_no_known_name() -> None:
    def rename(dataset: Dataset) -> None:
        _group(dataset).ChannelDefinitionSequence[0].ChannelSourceSequence = _code("X1", "99LAB", "MUSTERMANN")

    data = _changed(rename)
    assert _read(data)[0].leads[0] == "MUSTERMANN", "so it is read"
    source = MemorySource("ecg.dcm", {"ecg.dcm": data})
    assert detect(source).blank(source) is None
