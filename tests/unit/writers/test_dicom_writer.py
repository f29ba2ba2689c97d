"""What a validator of DICOM files looks at: modules, types of attributes, value representations, limits of the IOD."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from einthoven.errors import RecordError
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo, Subject
from einthoven.writers import WRITERS

# PS3.3: modules that table A.34.3-1 makes mandatory, with their attributes of type 1 (a value) and 2 (may be empty).
TYPE_1 = (
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "Modality", "SeriesInstanceUID", "InstanceNumber",
    "ContentDate", "ContentTime", "AcquisitionDateTime", "WaveformSequence",
)  # fmt: skip
TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "SeriesNumber", "Manufacturer", "AcquisitionContextSequence",
)  # fmt: skip
GROUP_TYPE_1 = (
    "WaveformOriginality", "NumberOfWaveformChannels", "NumberOfWaveformSamples", "SamplingFrequency",
    "ChannelDefinitionSequence", "WaveformBitsAllocated", "WaveformSampleInterpretation", "WaveformData",
)  # fmt: skip
CHANNEL_TYPE_1 = (
    "ChannelSourceSequence", "ChannelSensitivity", "ChannelSensitivityUnitsSequence",
    "ChannelSensitivityCorrectionFactor", "ChannelBaseline", "ChannelSampleSkew", "WaveformBitsStored",
)  # fmt: skip


def _record(rate: float = 500.0, n_samples: int = 5000, leads: tuple[str, ...] = STANDARD_12) -> EcgRecord:
    signal = np.random.default_rng(0).normal(0, 0.5, (len(leads), n_samples)).astype(np.float32)
    return EcgRecord(signal, leads, rate, "mV", SourceInfo("a", "b", band=(0.05, 150.0)), Subject(None, 44.7, None))


def _dataset(record: EcgRecord) -> Dataset:
    # As strict as pydicom is: wrong values raise, while reading and in `validate` of each element.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pydicom.config.settings, "reading_validation_mode", pydicom.config.RAISE)
        dataset = pydicom.dcmread(io.BytesIO(WRITERS.get("dicom").write(record, "out").files["out.dcm"]))
        str(dataset)
    return dataset


def test_every_attribute_that_the_standard_demands_is_there() -> None:
    dataset = _dataset(_record())
    assert all(dataset.get(name) not in (None, "") for name in TYPE_1)
    assert all(name in dataset for name in TYPE_2)
    (group,) = dataset.WaveformSequence
    assert all(group.get(name) not in (None, "") for name in GROUP_TYPE_1)
    for channel in group.ChannelDefinitionSequence:
        assert all(channel.get(name) not in (None, "") for name in CHANNEL_TYPE_1)
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert len({dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID}) == 3
    assert dataset.PatientIdentityRemoved == "YES" and str(dataset.PatientName) == ""


def test_data_have_the_length_and_form_that_is_stated() -> None:
    (group,) = _dataset(_record(n_samples=4999)).WaveformSequence
    assert len(group.WaveformData) == 2 * 12 * 4999
    assert (group.WaveformBitsAllocated, group.WaveformSampleInterpretation) == (16, "SS")
    assert "WaveformPaddingValue" not in group, "nothing is missing"


def test_missing_samples_have_the_padding_value() -> None:
    signal = np.array(_record().signal)
    signal[3, 7] = np.nan
    (group,) = _dataset(EcgRecord(signal, STANDARD_12, 500.0, "mV", SourceInfo("a", "b"))).WaveformSequence
    assert bytes(group.WaveformPaddingValue) == b"\x00\x80"
    assert np.frombuffer(group.WaveformData, "<i2").reshape(-1, 12)[7, 3] == -32768


def test_leads_have_their_codes_and_units_are_microvolts() -> None:
    """PS3.16, CID 3001: 2:1 is lead I, 2:61 III, 2:62 aVR, 2:3 V1."""
    (group,) = _dataset(_record()).WaveformSequence
    codes = [channel.ChannelSourceSequence[0] for channel in group.ChannelDefinitionSequence]
    assert [code.CodeValue for code in codes] == [f"2:{k}" for k in (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)]
    assert {code.CodingSchemeDesignator for code in codes} == {"MDC"}
    assert codes[3].CodeMeaning == "Lead aVR"
    channel = group.ChannelDefinitionSequence[0]
    assert channel.ChannelSensitivityUnitsSequence[0].CodeValue == "uV"
    assert (float(channel.FilterLowFrequency), float(channel.FilterHighFrequency)) == (0.05, 150.0)


def test_the_age_is_in_whole_years() -> None:
    assert _dataset(_record()).PatientAge == "044Y"


@pytest.mark.parametrize(
    ("rate", "n_samples", "leads", "kind"),
    [
        (500.0, 16384, STANDARD_12, "12-lead"),
        (500.0, 16385, STANDARD_12, "General"),
        (200.0, 100, (*STANDARD_12, "V7", "V8"), "General"),
        (100.0, 1000, STANDARD_12, "Ambulatory"),
        (1000.0, 100, ("II",), "12-lead"),
    ],
)
def test_the_kind_is_one_whose_limits_the_record_keeps(
    rate: float, n_samples: int, leads: tuple[str, ...], kind: str
) -> None:
    """PS3.3 A.34.3.4 to A.34.5.4."""
    assert _dataset(_record(rate, n_samples, leads)).SOPClassUID.name.startswith(kind)


@pytest.mark.parametrize(("rate", "leads"), [(2000.0, STANDARD_12), (20.0, STANDARD_12), (100.0, (*STANDARD_12, "V7"))])
def test_what_no_kind_allows_is_refused_with_the_way_out(rate: float, leads: tuple[str, ...]) -> None:
    with pytest.raises(RecordError, match="No DICOM ECG may have") as caught:
        WRITERS.get("dicom").write(_record(rate, 100, leads), "out")
    assert ".npz" in caught.value.advice


def test_a_lead_without_a_code_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match="MLII has none"):
        WRITERS.get("dicom").write(_record(leads=("I", "MLII")), "out")
