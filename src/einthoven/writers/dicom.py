"""DICOM: 12-lead, general or ambulatory ECG waveform.

PS3.3, A.34.3 to A.34.5 (which rates, lengths and numbers of channels each of them may have), C.10.8 (Waveform
Identification) and C.10.9 (Waveform); lead codes as in PS3.16, CID 3001.
"""

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from einthoven.errors import RecordError
from einthoven.leads import MDC_CODE
from einthoven.record import EcgRecord
from einthoven.writers.counts import MISSING, Scaled, rounding, scale
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.lead_codes import lead_codes, refuse_relative
from einthoven.writers.passport import lost, plain_id, refuse_time_aligned

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import UID

NO_DATE, NO_TIME = "19000101", "000000"
"""The standard demands a date of the content and of the acquisition; a date can identify a patient."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One SOP class with its limits: channels, rate in Hz, samples of each channel."""

    title: str
    uid: str
    most_channels: int
    rates: tuple[float, float]
    most_samples: int


_KINDS = (
    _Kind("12-lead ECG", "1.2.840.10008.5.1.4.1.1.9.1.1", 13, (200.0, 1000.0), 16384),
    _Kind("general ECG", "1.2.840.10008.5.1.4.1.1.9.1.2", 24, (200.0, 1000.0), 2**31),
    _Kind("ambulatory ECG", "1.2.840.10008.5.1.4.1.1.9.1.3", 12, (50.0, 1000.0), 2**31),
)


def write(record: EcgRecord, stem: str) -> Written:
    from pydicom.dataset import Dataset

    refuse_relative(record, "DICOM")
    if not record.is_median_beat:
        refuse_time_aligned(record, "DICOM")
    codes = lead_codes(record, MDC_CODE, "DICOM")
    kind = _kind(record)
    scaled = scale(record)
    dataset = Dataset()
    dataset.file_meta = _file_meta(record, kind)
    _identify(dataset, record)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.WaveformSequence = _sequence(_group(record, codes, scaled))
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    said = (f"written as {kind.title}", rounding(scaled, record.amplitude), *lost(record, says_median=True))
    return Written({f"{stem}.dcm": stream.getvalue()}, said)


def _kind(record: EcgRecord) -> _Kind:
    for kind in _KINDS:
        low, high = kind.rates
        fits = record.n_leads <= kind.most_channels and record.n_samples <= kind.most_samples
        if fits and low <= record.rate <= high:
            return kind
    raise RecordError(
        f"No DICOM ECG may have {record.n_leads} leads at {record.rate:g} Hz: the standard allows 12 leads from 50 Hz "
        "and 24 leads from 200 Hz, both up to 1000 Hz.",
        advice="Write it as .hea, .csv, .npz or .parquet.",
    )


def _file_meta(record: EcgRecord, kind: _Kind) -> "FileMetaDataset":
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(kind.uid)
    meta.MediaStorageSOPInstanceUID = _uid(record, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return meta


def _uid(record: EcgRecord, what: str) -> "UID":
    """A number made from the content, so that equal records are equal files."""
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=[what, record.fingerprint(), repr(record.subject)])


def _identify(dataset: "Dataset", record: EcgRecord) -> None:
    """Patient, study, series, equipment and acquisition: what must stand there, empty where it may be."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientBirthDate = "", ""
    dataset.PatientID = plain_id(record) or ""
    dataset.PatientSex = record.subject.sex or ""
    if record.subject.age is not None:
        dataset.PatientAge = _age(record.subject.age)
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", "Einthoven: written without identity"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid(record, "study"), _uid(record, "series")
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "", "", ""
    dataset.ReferringPhysicianName, dataset.AccessionNumber = "", ""
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "ECG", "1", "1"
    dataset.Manufacturer = ""
    dataset.ContentDate, dataset.ContentTime = NO_DATE, NO_TIME
    dataset.AcquisitionDateTime = NO_DATE + NO_TIME
    dataset.AcquisitionContextSequence = []


def _age(years: float) -> str:
    """The value representation AS: three digits and a unit; months below two years."""
    return f"{int(years):03d}Y" if years >= 2 else f"{int(years * 12):03d}M"


def _group(record: EcgRecord, codes: list[str], scaled: list[Scaled]) -> "Dataset":
    from pydicom.dataset import Dataset

    group = Dataset()
    median = record.is_median_beat
    group.WaveformOriginality = "DERIVED" if median else "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = record.n_leads, record.n_samples
    group.SamplingFrequency = _decimal(record.rate)
    group.MultiplexGroupLabel = "MEDIAN BEAT" if median else "RHYTHM"
    band = record.source.band
    group.ChannelDefinitionSequence = _sequence(
        *(_channel(lead, code, one, band) for lead, code, one in zip(record.leads, codes, scaled, strict=True))
    )
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    if np.isnan(record.signal).any():
        group.add_new("WaveformPaddingValue", "OW", struct.pack("<h", MISSING))
    data = np.stack([one.counts for one in scaled]).astype("<i2").T.tobytes()
    group.add_new("WaveformData", "OW", data)
    return group


def _channel(lead: str, code: str, one: Scaled, band: tuple[float, float] | None) -> "Dataset":
    from pydicom.dataset import Dataset

    channel = Dataset()
    channel.ChannelLabel = lead
    channel.ChannelSourceSequence = _code(code, "MDC", f"Lead {lead}")
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = _decimal(one.step), "1"
    channel.ChannelSensitivityUnitsSequence = _code("uV", "UCUM", "microvolt")
    channel.ChannelBaseline = _decimal(one.offset)
    channel.ChannelSampleSkew = "0"
    channel.WaveformBitsStored = 16
    if band is not None:
        channel.FilterLowFrequency, channel.FilterHighFrequency = _decimal(band[0]), _decimal(band[1])
    return channel


def _code(value: str, scheme: str, meaning: str) -> "Sequence":
    from pydicom.dataset import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return _sequence(item)


def _sequence(*items: "Dataset") -> "Sequence":
    from pydicom.sequence import Sequence

    return Sequence(items)


def _decimal(value: float) -> str:
    """The value representation DS: at most 16 characters."""
    return next(text for digits in range(15, 8, -1) if len(text := f"{value:.{digits}g}") <= 16)


ENTRY = WriterEntry(
    name="dicom",
    title="DICOM ECG waveform",
    suffix=".dcm",
    requires=("pydicom",),
    write=write,
    loses="Samples that were no whole counts are rounded to 16 bits; ages to whole years. Statements, device and date "
    "are not written (the dates that the standard demands say 1900-01-01). Amplitudes that are no voltages, leads "
    "without an MDC code, rates outside 50 to 1000 Hz and time-aligned ECGs are refused.",
    read_by=("pydicom", "ecgdatakit"),
)
