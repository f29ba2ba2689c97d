"""From one WFDB header to the stored numbers of its ECG signals."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.source import FileSource
from einthoven.formats.units import RELATIVE, is_ecg_name, kind_of_unit
from einthoven.formats.wfdb.header import MAX_HEADER_BYTES, Header, SignalLine, parse_header
from einthoven.formats.wfdb.samples import INVALID, Stored, decode


@dataclass(frozen=True, slots=True)
class Segment:
    """What one header with its data holds of ECG: signals, stored numbers, bytes read, doubts. May be empty."""

    lines: tuple[SignalLine, ...]
    stored: tuple[Stored, ...]
    data: tuple[bytes, ...]
    doubts: tuple[str, ...]


def header_text(data: bytes) -> str:
    """UTF-8, or Latin-1 where it is not (EDF exports write `µV` so)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_header(source: FileSource) -> tuple[Header, bytes]:
    """The header and its bytes; FormatError when it is too large or damaged."""
    if source.size > MAX_HEADER_BYTES:
        raise FormatError(f"A WFDB header of {source.size} bytes is too large; at most {MAX_HEADER_BYTES} are read.")
    raw = source.read()
    return parse_header(header_text(raw)), raw


def beside(source: FileSource, name: str) -> FileSource:
    """The file `name` beside the header; FormatError that asks for it when it is not there."""
    found = source.sibling(name)
    if found is None:
        raise FormatError(
            f"The file {name}, which the header names, is not there.",
            advice=f"Add {name} to the same folder or upload.",
        )
    return found


def ecg_lines(header: Header) -> tuple[list[SignalLine], tuple[str, ...]]:
    """The signals that can be ECG leads, and a doubt that names those left out."""
    kept = [line for line in header.signals if _can_be_ecg(line)]
    if len({kind_of_unit(line.unit) for line in kept}) > 1:
        kept = [line for line in kept if kind_of_unit(line.unit) != RELATIVE]
    wanted = {id(line) for line in kept}
    left_out = [f"{line.name or 'unnamed'} ({line.unit})" for line in header.signals if id(line) not in wanted]
    return kept, (f"left out, no ECG by unit or name: {', '.join(left_out)}",) if left_out and kept else ()


def _can_be_ecg(line: SignalLine) -> bool:
    return line.format != 0 and kind_of_unit(line.unit) in ("mV", RELATIVE) and is_ecg_name(line.name)


def read_segment(source: FileSource, header: Header, *, frames: int | None) -> Segment:
    """Decode the data files of one header; an empty segment when none of its signals is an ECG."""
    kept, doubts = ecg_lines(header)
    if not kept:
        return Segment((), (), (), ())
    present = [line for line in header.signals if line.format != 0]
    files = {line.file: beside(source, line.file).read() for line in present}
    stored, beyond = decode(present, files, frames)
    if beyond:
        doubts = (*doubts, f"the data file holds {beyond} samples more than the header states; they are not read")
    wanted = {id(line) for line in kept}
    rows = [row for line, row in zip(present, stored, strict=True) if id(line) in wanted]
    wrong = [line.name for line, row in zip(kept, rows, strict=True) if not _checksum_fits(line, row)]
    if wrong:
        doubts = (*doubts, f"checksum does not fit the samples of {', '.join(wrong)}: header or data were changed")
    return Segment(tuple(kept), tuple(rows), tuple(files.values()), doubts)


def _checksum_fits(line: SignalLine, row: Stored) -> bool:
    # A skewed signal is shifted on reading, so that its sum is over other samples than the header's.
    return line.checksum is None or line.skew > 0 or (int(row.sum(dtype=np.int64)) - line.checksum) % 65536 == 0


def ecg_rate(header: Header, lines: tuple[SignalLine, ...]) -> float | None:
    """Rate of the ECG signals in Hz: the record's, times the samples per frame. None when not stated."""
    per_frame = {line.per_frame for line in lines}
    if len(per_frame) > 1:
        listed = ", ".join(f"{line.name} {line.per_frame}" for line in lines)
        raise FormatError(
            f"Its ECG signals have different rates (samples per frame: {listed}), and a record has one.",
            advice="Write the signals of each rate into a record of their own.",
        )
    return None if header.rate is None else header.rate * per_frame.pop()


def mark_invalid(values: npt.NDArray[np.floating], line: SignalLine, stored: Stored) -> None:
    """Put NaN where the storage format's "no sample" value stands."""
    if line.format in INVALID:
        values[stored == INVALID[line.format]] = np.nan
