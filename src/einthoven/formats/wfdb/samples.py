"""The samples of a WFDB record, from the bytes of its data files.

Format 16, in which nearly all 12-lead databases are kept, is decoded here; everything else (8, 24,
32, 61, 80, 160, 212, 310, 311, FLAC, frames, skew) by the wfdb package, from a temporary folder.
"""

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.source import MAX_SAMPLES
from einthoven.formats.wfdb.header import SignalLine

Stored = npt.NDArray[np.integer]

# The value that stands for "no sample" in each storage format: signal(5), WFDB Applications Guide.
INVALID = {
    80: -(2**7), 508: -(2**7), 310: -(2**9), 311: -(2**9), 212: -(2**11), 16: -(2**15), 61: -(2**15),
    160: -(2**15), 516: -(2**15), 24: -(2**23), 524: -(2**23), 32: -(2**31),
}  # fmt: skip
_BITS = {8: 8.0, 16: 16.0, 24: 24.0, 32: 32.0, 61: 16.0, 80: 8.0, 160: 16.0, 212: 12.0, 310: 32 / 3, 311: 32 / 3}


def decode(signals: Sequence[SignalLine], files: Mapping[str, bytes], frames: int | None) -> tuple[list[Stored], int]:
    """The stored integers of each signal, and how many frames the data holds beyond the stated ones.

    Parameters
    ----------
    signals
        All signals with samples, in the order of the header.
    files
        Content of each data file by the name that the header gives.
    frames
        Frames (samples at the record's rate) as the header states, or None.
    """
    signals, files = _without_format_61(signals, files)
    n_frames, beyond = _frames(signals, files, frames)
    if n_frames is not None and n_frames * sum(line.per_frame for line in signals) > MAX_SAMPLES:
        raise FormatError(f"The record states {n_frames} samples of {len(signals)} signals, more than can be read.")
    if n_frames is not None and all((line.format, line.per_frame, line.skew) == (16, 1, 0) for line in signals):
        return _decode_16(signals, files, n_frames), beyond
    return _decode_with_package(signals, files, n_frames), beyond


def _without_format_61(
    signals: Sequence[SignalLine], files: Mapping[str, bytes]
) -> tuple[Sequence[SignalLine], Mapping[str, bytes]]:
    """Format 61 is format 16 with the bytes swapped; wfdb 4.3.1 fails on it when asked for stored integers."""
    swapped = {line.file: line.offset for line in signals if line.format == 61}
    if not swapped:
        return signals, files
    turned = {
        file: np.frombuffer(data[offset : offset + (len(data) - offset) // 2 * 2], dtype=">i2").astype("<i2").tobytes()
        for file, data in files.items()
        if (offset := swapped.get(file)) is not None
    }
    plain = [replace(line, format=16, offset=0) if line.format == 61 else line for line in signals]
    return plain, {**files, **turned}


def _frames(signals: Sequence[SignalLine], files: Mapping[str, bytes], stated: int | None) -> tuple[int | None, int]:
    """Frames to read: as stated or as the files hold; FormatError when a file is shorter than stated."""
    held: list[int] = []
    for file, data in files.items():
        lines = [line for line in signals if line.file == file]
        bits = _BITS.get(lines[0].format)
        if any(line.format != lines[0].format for line in lines):
            raise FormatError(f"The header states several storage formats for the one file {file}.")
        if bits is None:
            continue  # FLAC: its length stands inside
        per_frame = sum(line.per_frame for line in lines)
        available = max(0, len(data) - lines[0].offset)
        holds = math.floor(available * 8 / bits / per_frame + 1e-9)
        if stated is not None and holds < stated:
            needed = math.ceil(stated * per_frame * bits / 8)
            raise FormatError(
                f"{file} is cut off: the header states {stated} samples of {len(lines)} signals, which are "
                f"{needed} bytes, and it holds {available}, enough for {holds}.",
                advice="Copy the file again from where it came from.",
            )
        held.append(holds)
    if stated is not None:
        return stated, max(0, min(held) - stated) if held else 0
    if held and min(held) == 0:
        raise FormatError("The data file is empty.", advice="Copy it again from where it came from.")
    return (min(held) if held else None), 0


def _decode_16(signals: Sequence[SignalLine], files: Mapping[str, bytes], frames: int) -> list[Stored]:
    tables: dict[str, Stored] = {}
    order: dict[str, int] = {}
    rows: list[Stored] = []
    for line in signals:
        if line.file not in tables:
            width = sum(other.file == line.file for other in signals)
            flat = np.frombuffer(files[line.file], dtype="<i2", count=frames * width, offset=line.offset)
            tables[line.file] = np.ascontiguousarray(flat.reshape(frames, width).T)
        column = order.get(line.file, 0)
        order[line.file] = column + 1
        rows.append(tables[line.file][column])
    return rows


def _decode_with_package(signals: Sequence[SignalLine], files: Mapping[str, bytes], frames: int | None) -> list[Stored]:
    """Hand bytes and a plain header of our own to the wfdb package; only numbers come back."""
    import wfdb

    names = {file: f"data{number}.dat" for number, file in enumerate(files)}
    lines = [f"record {len(signals)} 1" + (f" {frames}" if frames is not None else "")]
    for number, line in enumerate(signals):
        lines.append(
            f"{names[line.file]} {line.format}x{line.per_frame}:{line.skew}+{line.offset} "
            f"1(0)/mV 0 {line.zero} {line.initial or 0} 0 0 s{number}"
        )
    with tempfile.TemporaryDirectory(prefix="einthoven-wfdb-") as folder:
        for file, data in files.items():
            (Path(folder) / names[file]).write_bytes(data)
        (Path(folder) / "record.hea").write_text("\n".join(lines) + "\n", encoding="ascii")
        record = wfdb.rdrecord(str(Path(folder) / "record"), physical=False, smooth_frames=False, return_res=64)
    return [np.asarray(row) for row in record.e_d_signal]
