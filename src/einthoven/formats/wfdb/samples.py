"""The samples of a WFDB record: data files put apart into signals."""

from collections.abc import Mapping, Sequence

import numpy as np

from einthoven.errors import FormatError
from einthoven.formats.source import MAX_SAMPLES
from einthoven.formats.wfdb.header import SignalLine
from einthoven.formats.wfdb.storage import DIFFERENCES, FLAC, Stored, bytes_of, samples_in, unpack, unpack_flac

_EDF_BLOCK = 256  # a fixed part of 256 bytes and as many for each signal


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

    Returns
    -------
    A row of `frames * samples per frame` for each signal, without its skew.

    Raises
    ------
    FormatError
        When a file is shorter than stated, or is not what the header says.
    """
    n_frames, held = refuse_unreadable(signals, files, frames)
    groups = _by_file(signals, files)
    rows = {file: _rows(file, files[file], lines, n_frames) for file, lines in groups.items()}
    taken = {file: iter(rows[file]) for file in groups}
    stored = [next(taken[line.file]) for line in signals]
    # FLAC says its length only now; without a stated length the shortest file ends the record.
    n_frames = min(len(row) // line.per_frame for line, row in zip(signals, stored, strict=True))
    stored = [row[: n_frames * line.per_frame] for line, row in zip(signals, stored, strict=True)]
    return stored, max(0, min(held, default=n_frames) - n_frames)


def refuse_unreadable(
    signals: Sequence[SignalLine], files: Mapping[str, bytes], frames: int | None
) -> tuple[int | None, list[int]]:
    """FormatError when the files cannot be decoded; but what FLAC holds is seen only by decoding it.

    Returns how many frames are read, as far as known before, and how many each file holds that is not FLAC.
    """
    groups = _by_file(signals, files)
    for file, lines in groups.items():
        _check(file, files[file], lines)
    held = [_frames_in(files[file], lines) for file, lines in groups.items() if lines[0].format not in FLAC]
    n_frames = frames if frames is not None else min(held, default=None)
    for file, lines in groups.items():
        if n_frames is not None and lines[0].format not in FLAC:
            _refuse_if_short(file, files[file], lines, n_frames)
    if n_frames is not None and n_frames * sum(line.per_frame for line in signals) > MAX_SAMPLES:
        raise FormatError(f"The record states {n_frames} samples of {len(signals)} signals, more than can be read.")
    for line in signals:
        if line.format == DIFFERENCES and abs(line.initial or 0) >= 2**31:
            raise FormatError(f"The header states {line.initial} as the first sample of a signal, which cannot be one.")
    return n_frames, held


def _by_file(signals: Sequence[SignalLine], files: Mapping[str, bytes]) -> dict[str, list[SignalLine]]:
    return {file: [line for line in signals if line.file == file] for file in files}


def _check(file: str, data: bytes, lines: Sequence[SignalLine]) -> None:
    """FormatError when the lines about one file cannot be true together, or the file begins with another header."""
    first = lines[0]
    if any(line.format != first.format for line in lines):
        raise FormatError(f"The header states several storage formats for the one file {file}.")
    if any(line.offset not in (0, first.offset) for line in lines):
        raise FormatError(f"The header states several byte offsets for the one file {file}.")
    if first.format in FLAC and any(line.per_frame != first.per_frame for line in lines):
        raise FormatError(f"The header states several rates for the FLAC file {file}, which has one.")
    own = _own_header(data)
    if first.offset == 0 and own and first.format not in FLAC:
        raise FormatError(
            f"{file} begins with a header of its own ({own[0]}), which the WFDB header does not say.",
            advice=f"Write the byte offset {own[1]} after the storage format, as in {first.format}+{own[1]}.",
        )


def _own_header(data: bytes) -> tuple[str, int] | None:
    """What the data file itself is, with the length of its header, when it is no bare list of samples."""
    if data[20:24] == b"val\0" and data[:4] in (b"\x1e\0\0\0", b"\0\0\0\0", b"\x0a\0\0\0", b"\x14\0\0\0"):
        return "MATLAB version 4", 24
    edf, bdf = data.startswith(b"0       "), data.startswith(b"\xffBIOSEMI")
    length = data[184:192].strip()
    if (edf or bdf) and length.isdigit() and int(length) % _EDF_BLOCK == 0:
        return "EDF" if edf else "BDF", int(length)
    return None


def _frames_in(data: bytes, lines: Sequence[SignalLine]) -> int:
    n_bytes = max(0, len(data) - lines[0].offset)
    return samples_in(lines[0].format, n_bytes) // sum(line.per_frame for line in lines)


def _refuse_if_short(file: str, data: bytes, lines: Sequence[SignalLine], frames: int) -> None:
    holds = _frames_in(data, lines)
    if frames == 0:
        raise FormatError(f"The data file {file} is empty.", advice="Copy it again from where it came from.")
    if holds < frames:
        needed = bytes_of(lines[0].format, frames * sum(line.per_frame for line in lines))
        raise FormatError(
            f"{file} is cut off: the header states {frames} samples of {len(lines)} signals, which are "
            f"{needed} bytes, and it holds {max(0, len(data) - lines[0].offset)}, enough for {holds}.",
            advice="Copy the file again from where it came from.",
        )


def _rows(file: str, data: bytes, lines: Sequence[SignalLine], frames: int | None) -> list[Stored]:
    """The signals of one file. A frame holds the samples of the first signal, then those of the second, ..."""
    first = lines[0]
    if first.format in FLAC:
        wanted = None if frames is None else frames * first.per_frame
        table = unpack_flac(file, data, first.format, offset=first.offset, n_signals=len(lines), wanted=wanted)
        return list(table.T)
    if frames is None:
        raise FormatError(f"Neither the header nor the file {file} says how many samples there are.")
    width = sum(line.per_frame for line in lines)
    flat = unpack(data, first.format, offset=first.offset, count=frames * width).reshape(frames, width)
    if width == len(lines):
        flat = np.ascontiguousarray(flat.T)
        rows = list(flat)
    else:
        ends = np.cumsum([line.per_frame for line in lines])
        rows = [flat[:, end - line.per_frame : end].reshape(-1) for line, end in zip(lines, ends, strict=True)]
    if first.format == DIFFERENCES:
        return [_sum_up(row, line.initial or 0) for row, line in zip(rows, lines, strict=True)]
    return rows


def _sum_up(differences: Stored, initial: int) -> Stored:
    """Format 8: each byte is the difference to the sample before, the first to the header's initial value."""
    values: Stored = np.cumsum(differences, dtype=np.int32)
    values += np.int32(initial)
    return values
