"""WFDB and DICOM files of known truth in every variant, written from the published layouts.

WFDB: "header(5)" and "signal(5)" of the WFDB Applications Guide, the bits put together one sample at a time.
DICOM: by pydicom, which the reader does not use for data.
"""

import io
import struct
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pydicom
import soundfile
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from contracts.ecg_files import PER_MV, Case, Unwritable, Written, write_dicom, write_wfdb
from einthoven.record import ReadHints

Counts = npt.NDArray[np.int64]

GAIN = {8: 40, 80: 40, 508: 40, 310: 150, 311: 150, 212: 600, 16: 2000, 61: 2000, 160: 2000, 516: 2000, 24: 10**6,
        524: 10**6, 32: 10**8}  # fmt: skip
"""Counts per mV, so that 3 mV fit into the bits of each storage format."""
BASELINE = {8: -60, 80: -60, 508: -60}
_BITS = {8: 8, 80: 8, 508: 8, 310: 10, 311: 10, 212: 12, 24: 24, 524: 24, 32: 32, 16: 16, 61: 16, 160: 16, 516: 16}
_FLAC_CHANNELS = 8


def counts_of(case: Case, storage: int) -> Counts:
    """Whole numbers `(leads, samples)` that stand for the truth in that format; the smallest stands for none."""
    if storage == 8 and case.gap:
        raise Unwritable("format 8 has no value for a missing sample")
    missing = -(2 ** (_BITS[storage] - 1))
    exact = np.round(case.truth * GAIN[storage]) + BASELINE.get(storage, 0)
    return np.nan_to_num(exact, nan=missing).astype(np.int64)


def packed(values: Sequence[int], storage: int) -> bytes:
    """Interleaved samples as the bytes of a signal file; format 8 gets differences, FLAC is not for here."""
    if storage in (212, 310, 311):
        return _packed_blocks([int(value) for value in values], storage)
    form = {8: "<b", 80: "<B", 16: "<h", 61: ">h", 160: "<H", 32: "<i"}.get(storage)
    added = {80: 128, 160: 32768}.get(storage, 0)
    if form is None:
        return b"".join(int(value).to_bytes(3, "little", signed=True) for value in values)
    return b"".join(struct.pack(form, int(value) + added) for value in values)


def _packed_blocks(values: list[int], storage: int) -> bytes:
    found = bytearray()
    if storage == 212:
        for first, second in zip(values[::2], [*values[1::2], *[0] * (len(values) % 2)], strict=True):
            bits = (first & 0xFFF) | (second & 0xF00) << 4
            found += bytes([bits & 0xFF, bits >> 8, second & 0xFF])
        return bytes(found[:-1] if len(values) % 2 else found)
    missing = -len(values) % 3
    values = values + [0] * missing
    for one, two, three in zip(values[::3], values[1::3], values[2::3], strict=True):
        one, two, three = one & 0x3FF, two & 0x3FF, three & 0x3FF
        if storage == 310:
            found += struct.pack("<HH", one << 1 | (three & 0x1F) << 11, two << 1 | (three >> 5) << 11)
        else:
            found += struct.pack("<I", one | two << 10 | three << 20)
    kept = {0: 4, 1: 4 if storage == 310 else 3, 2: 2}[missing]
    return bytes(found[: len(found) - 4 + kept])


def _flac(rows: Counts, storage: int) -> bytes:
    stream = io.BytesIO()
    kind, bits = {508: ("PCM_S8", 8), 516: ("PCM_16", 16), 524: ("PCM_24", 24)}[storage]
    soundfile.write(stream, (rows.T << (32 - bits)).astype(np.int32), 500, format="FLAC", subtype=kind)
    return stream.getvalue()


def signal_line(file: str, storage: int, row: Counts, case: Case, lead: str, *, form: str = "") -> str:
    gain, baseline = GAIN[storage] / PER_MV[case.unit], BASELINE.get(storage, 0)
    checksum = int(row.sum()) % 65536
    return f"{file} {storage}{form} {gain!r}({baseline})/{case.unit} 0 0 {row[0]} {checksum} 0 {lead}"


def _tolerance(storage: int) -> float:
    return 0.51 / GAIN[storage]


def _data(rows: Counts, storage: int) -> bytes:
    if storage > 500:
        return _flac(rows, storage)
    stored = np.diff(rows, axis=1, prepend=rows[:, :1]) if storage == 8 else rows
    return packed(stored.T.reshape(-1).tolist(), storage)


def write_storage(case: Case, *, storage: int) -> Written:
    """All leads in one file of that format; FLAC takes eight at most, so that twelve are in two."""
    rows = counts_of(case, storage)
    lines, files = [f"ecg {len(rows)} {case.rate!r} {case.n_samples}"], {"ecg.hea": b""}
    together = _FLAC_CHANNELS if storage > 500 else len(rows)
    for start in range(0, len(rows), together):
        part, leads = rows[start : start + together], case.leads[start : start + together]
        file = f"ecg{start or ''}.dat"
        lines += [signal_line(file, storage, row, case, lead) for row, lead in zip(part, leads, strict=True)]
        files[file] = _data(part, storage)
    files["ecg.hea"] = ("\n".join(lines) + "\n").encode()
    return Written(files, ReadHints(), _tolerance(storage))


def write_several_files(case: Case) -> Written:
    """Each lead in a file of its own, each in the next storage format."""
    storages = [16, 212, 24, 310, 61, 160, 311, 32, 516, 524]
    lines, files = [f"ecg {len(case.leads)} {case.rate!r} {case.n_samples}"], {"ecg.hea": b""}
    used = [storages[k % len(storages)] for k in range(len(case.leads))]
    for k, (storage, lead) in enumerate(zip(used, case.leads, strict=True)):
        row = counts_of(case, storage)[k]
        lines.append(signal_line(f"ecg.d{k}", storage, row, case, lead))
        files[f"ecg.d{k}"] = _data(row[None], storage)
    files["ecg.hea"] = ("\r\n".join(lines) + "\r\n").encode()
    return Written(files, ReadHints(), max(_tolerance(storage) for storage in used))


def write_matlab(case: Case) -> Written:
    """Format 16 behind the 24 bytes of a MATLAB version 4 header, as CinC 2020 and 2021 have it."""
    rows = counts_of(case, 16)
    lines = [f"ecg {len(rows)} {case.rate!r} {case.n_samples} 05-May-2020 14:50:55"]
    lines += [
        signal_line("ecg.mat", 16, row, case, lead, form="x1+24") for row, lead in zip(rows, case.leads, strict=True)
    ]
    head = struct.pack("<5i", 30, *rows.shape, 0, 4) + b"val\0"
    files = {"ecg.hea": "\n".join([*lines, "# Age: 55", "# Sex: Male", "# Dx: 426783006", ""]).encode()}
    return Written({**files, "ecg.mat": head + _data(rows, 16)}, ReadHints(), _tolerance(16))


def write_without_length(case: Case) -> Written:
    written = write_storage(case, storage=212)
    head = written.files["ecg.hea"].replace(f" {case.n_samples}\n".encode(), b"\n", 1)
    # Two samples share a byte: an odd number of them ends in the middle of one, and is still told from the length.
    return Written({**written.files, "ecg.hea": b"# a comment first\n\n" + head}, ReadHints(), written.tolerance)


def per_frame_of(case: Case) -> int:
    return next(k for k in (50, 10, 2, 1) if case.n_samples % k == 0)


def framed(rows: Counts, per_frame: int) -> bytes:
    """Frames of `per_frame` samples of the first signal, then of the second, ..., in format 16."""
    frames = rows.reshape(len(rows), -1, per_frame).transpose(1, 0, 2)
    return frames.astype("<i2").tobytes()


def write_frames(case: Case) -> Written:
    """Several samples per frame: the header's rate is that of frames."""
    rows, k = counts_of(case, 16), per_frame_of(case)
    lines = [f"ecg {len(rows)} {case.rate / k!r} {case.n_samples // k}"]
    lines += [
        signal_line("ecg.dat", 16, row, case, lead, form=f"x{k}") for row, lead in zip(rows, case.leads, strict=True)
    ]
    files = {"ecg.hea": ("\n".join(lines) + "\n").encode(), "ecg.dat": framed(rows, k)}
    return Written(files, ReadHints(), _tolerance(16))


def write_edf_behind_header(case: Case) -> Written:
    """The data file is an EDF: a data record is a frame, the EDF header is skipped by the byte offset."""
    rows, k = counts_of(case, 16), per_frame_of(case)
    length = 256 * (len(rows) + 1)
    head = f"0       {'DOE X':<160}01.01.2012.00.00{length:<8}".encode().ljust(length)
    lines = [f"ecg {len(rows)} {case.rate / k!r} {case.n_samples // k}"]
    lines += [
        signal_line("ecg.edf", 16, row, case, lead, form=f"x{k}+{length}")
        for row, lead in zip(rows, case.leads, strict=True)
    ]
    files = {"ecg.hea": ("\n".join(lines) + "\n").encode(), "ecg.edf": head + framed(rows, k)}
    return Written(files, ReadHints(), _tolerance(16))


def write_segments(case: Case, *, layout: bool) -> Written:
    """Three segments; with a layout segment first, and the leads of each in another order, when `layout`."""
    bounds = [0, case.n_samples // 3, case.n_samples // 2, case.n_samples]
    rows = counts_of(case, 16)
    names = [f"seg{k}" for k in range(3)]
    lengths = np.diff(bounds)
    master = [f"ecg/{3 + layout} {len(rows)} {case.rate!r} {case.n_samples}"]
    files = {"ecg.hea": b""}
    if layout:
        master.append("ecg_layout 0")
        empty = [f"~ 0 2000/{case.unit} 0 0 0 0 0 {lead}" for lead in case.leads]
        files["ecg_layout.hea"] = "\n".join([f"ecg_layout {len(rows)} {case.rate!r} 0", *empty, ""]).encode()
    for k, (name, length) in enumerate(zip(names, lengths, strict=True)):
        master.append(f"{name} {length}")
        order = np.roll(np.arange(len(rows)), k if layout else 0)
        part = rows[order, bounds[k] : bounds[k + 1]]
        lines = [f"{name} {len(rows)} {case.rate!r} {length}"]
        lines += [
            signal_line(f"{name}.dat", 16, row, case, case.leads[at]) for at, row in zip(order, part, strict=True)
        ]
        files[f"{name}.hea"] = ("\n".join(lines) + "\n").encode()
        files[f"{name}.dat"] = _data(part, 16)
    files["ecg.hea"] = ("\n".join(master) + "\n").encode()
    return Written(files, ReadHints(), _tolerance(16))


def dicom_dataset(case: Case) -> Dataset:
    return pydicom.dcmread(io.BytesIO(write_dicom(case).files["ecg.dcm"]))


def saved(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The dataset as a file of that transfer syntax; waveform data must be in its byte order already."""
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    pydicom.dcmwrite(
        stream, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian, force_encoding=True
    )
    return stream.getvalue()


def _dicom(case: Case, data: bytes, tolerance: float = 0.51 * 0.001) -> Written:
    return Written({"ecg.dcm": data}, ReadHints(), tolerance)


def write_dicom_syntax(case: Case, *, syntax: UID) -> Written:
    dataset = dicom_dataset(case)
    if not syntax.is_little_endian:
        group = dataset.WaveformSequence[0]
        for keyword in ("WaveformData", "WaveformPaddingValue"):
            setattr(group, keyword, np.frombuffer(getattr(group, keyword), "<i2").astype(">i2").tobytes())
    return _dicom(case, saved(dataset, syntax))


def write_dicom_undefined_lengths(case: Case) -> Written:
    """Sequences and items end with a mark and not by their length."""
    dataset = dicom_dataset(case)
    for element in dataset.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
    return _dicom(case, saved(dataset))


def write_dicom_samples(case: Case, *, bits: int, interpretation: str) -> Written:
    """Samples of other types, scaled so that 3 mV fit."""
    dataset = dicom_dataset(case)
    group = dataset.WaveformSequence[0]
    unsigned, per_mv = interpretation.startswith("U"), {8: 40, 16: 1000, 32: 10**6}[bits]
    zero = 2 ** (bits - 1) if unsigned else -60 if bits == 8 else 0
    padding = 0 if unsigned else -(2 ** (bits - 1))
    rows = np.nan_to_num(np.round(case.truth * per_mv) + zero, nan=padding).astype(np.int64)
    group.WaveformPaddingValue = padding.to_bytes(bits // 8, "little", signed=True)
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = bits, interpretation
    group.WaveformData = rows.T.astype(f"<{'u' if unsigned else 'i'}{bits // 8}").tobytes()
    for channel in group.ChannelDefinitionSequence:
        step = PER_MV[case.unit] / per_mv
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = f"{step:.10g}", "1"
        channel.ChannelBaseline = f"{-zero * step:.10g}"
    # A decimal string has sixteen characters: the offset of 2**31 counts is rounded to ten digits.
    return _dicom(case, saved(dataset), 0.51 / per_mv + (1e-6 if bits == 32 else 0))


def write_dicom_scp_codes(case: Case) -> Written:
    """Leads by the retired SCP-ECG codes, no correction factor, no baseline."""
    dataset = dicom_dataset(case)
    group = dataset.WaveformSequence[0]
    rows = np.nan_to_num(np.round(case.truth * 1000), nan=-(2**15)).astype("<i2")
    group.WaveformData = rows.T.tobytes()
    for channel in group.ChannelDefinitionSequence:
        source = channel.ChannelSourceSequence[0]
        source.CodeValue = source.CodeValue.replace("2:", "5.6.3-9-")
        source.CodingSchemeDesignator, source.CodeMeaning = "SCPECG", "lead"
        del channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline
        channel.ChannelSensitivity = f"{PER_MV[case.unit] / 1000:.10g}"
    return _dicom(case, saved(dataset))


WRITERS_WFDB_DICOM: dict[str, Callable[[Case], Written]] = {"dicom": write_dicom, "wfdb": write_wfdb}

VARIANTS_WFDB_DICOM: dict[str, Callable[[Case], Written]] = {
    **{f"wfdb-{storage}": partial(write_storage, storage=storage) for storage in GAIN},
    "wfdb-several-files": write_several_files,
    "wfdb-mat": write_matlab,
    "wfdb-no-length": write_without_length,
    "wfdb-frames": write_frames,
    "wfdb-edf": write_edf_behind_header,
    "wfdb-segments-fixed": partial(write_segments, layout=False),
    "wfdb-segments-variable": partial(write_segments, layout=True),
    "dicom-implicit": partial(write_dicom_syntax, syntax=ImplicitVRLittleEndian),
    "dicom-big-endian": partial(write_dicom_syntax, syntax=ExplicitVRBigEndian),
    "dicom-deflated": partial(write_dicom_syntax, syntax=DeflatedExplicitVRLittleEndian),
    "dicom-undefined-lengths": write_dicom_undefined_lengths,
    "dicom-8-bit": partial(write_dicom_samples, bits=8, interpretation="SB"),
    "dicom-8-bit-unsigned": partial(write_dicom_samples, bits=8, interpretation="UB"),
    "dicom-16-bit-unsigned": partial(write_dicom_samples, bits=16, interpretation="US"),
    "dicom-32-bit": partial(write_dicom_samples, bits=32, interpretation="SL"),
    "dicom-32-bit-unsigned": partial(write_dicom_samples, bits=32, interpretation="UL"),
    "dicom-scp-codes": write_dicom_scp_codes,
}
