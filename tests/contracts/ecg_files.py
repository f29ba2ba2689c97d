"""A signal whose truth is known, and the first formats it is written in; `every_format.py` has them all."""

import io
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints

Floats = npt.NDArray[np.float64]
PER_MV = {"mV": 1.0, "uV": 1000.0, "V": 0.001, "NU": 1.0, "relative": 1.0}


class Unwritable(ValueError):
    """The format cannot hold this case (a rate of 257.5 Hz, a missing sample): not a fault of its reader."""


@dataclass(frozen=True)
class Case:
    """What is written: leads in this order, at this rate, in this unit; `gap` samples of the last lead are missing."""

    rate: float
    unit: str
    leads: tuple[str, ...]
    n_samples: int
    gap: int = 0

    @property
    def truth(self) -> Floats:
        """mV (or relative), `(leads, samples)`: each lead its own amplitude, offset and tone, whatever the order."""
        time = np.arange(self.n_samples) / self.rate
        numbers = [STANDARD_12.index(lead) for lead in self.leads]
        rows = [0.3 + 0.11 * k + (0.2 + 0.1 * k) * np.sin(2 * np.pi * (2 + 1.5 * k) * time) for k in numbers]
        start = self.n_samples // 3
        rows[-1][start : start + self.gap] = np.nan
        return np.array(rows)

    @property
    def in_unit(self) -> Floats:
        return self.truth * PER_MV[self.unit]


@dataclass(frozen=True)
class Written:
    """Files by name (the first is to be opened), hints that reading needs, largest error that writing brings."""

    files: dict[str, bytes]
    hints: ReadHints
    tolerance: float

    @property
    def name(self) -> str:
        return next(iter(self.files))


def _hint_unit(unit: str) -> str:
    return "relative" if unit == "NU" else unit


def write_csv(case: Case) -> Written:
    header = ",".join(["time (ms)", *(f"{lead} ({case.unit})" for lead in case.leads)])
    rows = [
        ",".join([repr(1000 * i / case.rate), *("" if value != value else repr(float(value)) for value in row)])
        for i, row in enumerate(case.in_unit.T)
    ]
    return Written({"ecg.csv": ("\n".join([header, *rows]) + "\n").encode()}, ReadHints(), 1e-6)


def write_npy(case: Case) -> Written:
    stream = io.BytesIO()
    np.save(stream, case.in_unit.T)
    hints = ReadHints(unit=_hint_unit(case.unit), rate=case.rate, leads=case.leads)  # type: ignore[arg-type]
    return Written({"ecg.npy": stream.getvalue()}, hints, 1e-6)


def write_npz(case: Case) -> Written:
    stream = io.BytesIO()
    np.savez_compressed(
        stream, ecg=case.in_unit, fs=np.array(case.rate), leads=np.array(case.leads), unit=np.array(case.unit)
    )
    return Written({"ecg.npz": stream.getvalue()}, ReadHints(), 1e-6)


def write_mat(case: Case) -> Written:
    """A version 4 file, byte by byte: the header of twenty bytes, the name, the columns."""
    stored = np.asfortranarray(case.in_unit)
    head = struct.pack("<5i", 0, *stored.shape, 0, 4)
    rate = struct.pack("<5i", 0, 1, 1, 0, 3) + b"Fs\0" + struct.pack("<d", case.rate)
    hints = ReadHints(unit=_hint_unit(case.unit), leads=case.leads)  # type: ignore[arg-type]
    return Written({"ecg.mat": head + b"val\0" + stored.tobytes("F") + rate}, hints, 1e-6)


def write_wfdb(case: Case) -> Written:
    """Format 16 with an offset, a gain and a baseline of its own per lead."""
    gains = [(1000 + 3 * k) / PER_MV[case.unit] for k in range(len(case.leads))]
    baselines = [-5 * k for k in range(len(case.leads))]
    exact = [np.round(row * gain) + base for row, gain, base in zip(case.in_unit, gains, baselines, strict=True)]
    counts = np.nan_to_num(exact, nan=-(2**15)).astype("<i2")
    lines = [f"ecg {len(case.leads)} {case.rate!r} {case.n_samples} 10:11:12 13/04/2020"]
    for lead, gain, base, row in zip(case.leads, gains, baselines, counts, strict=True):
        checksum = int(row.sum(dtype=np.int64)) % 65536
        lines.append(f"ecg.dat 16+8 {gain!r}({base})/{case.unit} 16 0 {row[0]} {checksum} 0 {lead}")
    files = {"ecg.hea": ("\n".join(lines) + "\n").encode(), "ecg.dat": b"\1" * 8 + counts.T.tobytes()}
    return Written(files, ReadHints(), 0.51 / min(gains) / PER_MV[case.unit])


_MDC = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, **{f"V{k}": k + 2 for k in range(1, 7)}}


def write_dicom(case: Case) -> Written:
    """A general ECG with sensitivity, correction factor and baseline in each channel."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import ExplicitVRLittleEndian

    def code(value: str, scheme: str, meaning: str) -> Sequence:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
        return Sequence([item])

    def short(value: float) -> str:
        return f"{value:.10g}"

    step, rows, channels = 0.001 * PER_MV[case.unit], [], []
    for k, (lead, row) in enumerate(zip(case.leads, case.in_unit, strict=True)):
        channel = Dataset()
        channel.ChannelSourceSequence = code(f"2:{_MDC[lead]}", "MDC", f"Lead {lead}")
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = short(step / 2), "2"
        channel.ChannelSensitivityUnitsSequence = code(case.unit, "UCUM", case.unit)
        channel.ChannelBaseline = short(7 * k * step)
        channel.ChannelSampleSkew, channel.WaveformBitsStored = "0", 16
        channel.FilterLowFrequency, channel.FilterHighFrequency = "0.05", "150"
        channels.append(channel)
        rows.append(np.nan_to_num(np.round(row / step - 7 * k), nan=-(2**15)))
    group = Dataset()
    group.WaveformOriginality, group.MultiplexGroupLabel = "ORIGINAL", "RHYTHM"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(rows), case.n_samples
    group.SamplingFrequency = short(case.rate)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformPaddingValue = struct.pack("<h", -(2**15))
    group.ChannelDefinitionSequence = Sequence(channels)
    group.WaveformData = np.array(rows).astype("<i2").T.tobytes()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.2"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.PatientName, dataset.PatientID, dataset.PatientAge, dataset.PatientSex = "Doe^Jane", "4711", "044Y", "F"
    dataset.WaveformSequence = Sequence([group])
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return Written({"ecg.dcm": stream.getvalue()}, ReadHints(), 0.51 * 0.001)


REVERSED = tuple(reversed(STANDARD_12))
SHUFFLED = ("V3", "aVF", "I", "V6", "III", "V1", "aVL", "II", "V5", "aVR", "V2", "V4")
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")

CASES = (
    Case(500.0, "mV", STANDARD_12, 5000),
    Case(500.0, "uV", REVERSED, 1250),
    Case(100.0, "mV", SHUFFLED, 1000),
    Case(400.0, "V", STANDARD_12, 2934),
    Case(257.5, "uV", EIGHT, 700),
    Case(1000.0, "mV", SHUFFLED, 120),
    Case(360.0, "mV", ("II",), 3600),
    Case(240.0, "uV", ("V6", "I"), 500),
)
