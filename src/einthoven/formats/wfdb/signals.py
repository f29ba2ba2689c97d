"""From one WFDB header to the stored numbers of its ECG signals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.source import FileSource, once
from einthoven.formats.units import RELATIVE, is_ecg_name, kind_of_unit
from einthoven.formats.wfdb.header import MAX_HEADER_BYTES, Header, SignalLine, parse_header
from einthoven.formats.wfdb.samples import decode
from einthoven.formats.wfdb.storage import INVALID, Stored

_PACKED = ".gz"


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
    return once(source, "wfdb header", lambda: parse_header(header_text(raw))), raw


def beside(source: FileSource, name: str) -> FileSource:
    """The file `name` beside the header, also packed with gzip; FormatError that asks for it when it is not there."""
    found = source.sibling(name) or _unpacked(source, name)
    if found is None:
        raise FormatError(
            f"The file {name}, which the header names, is not there.",
            advice=f"Add {name} to the same folder or upload.",
        )
    return found


def present_name(source: FileSource, name: str) -> str:
    """The name under which the file lies beside the header: `name`, or with `.gz` where only that is there."""
    packed = f"{name}{_PACKED}"
    return packed if source.sibling(name) is None and source.sibling(packed) is not None else name


def _unpacked(source: FileSource, name: str) -> FileSource | None:
    from einthoven.formats.archives import Budget, Unpacked, archive_kind  # which know the formats

    packed = source.sibling(f"{name}{_PACKED}")
    if packed is None or archive_kind(packed) != "gzip":
        return None
    return Unpacked(packed, "gzip", Budget(packed.size))


def with_samples(header: Header) -> list[SignalLine]:
    """The signals that have a data file: format 0 stands for "no samples"."""
    return [line for line in header.signals if line.format != 0]


def ecg_lines(header: Header) -> tuple[list[SignalLine], tuple[str, ...]]:
    """The signals that can be ECG leads, and a doubt that names those left out."""
    kept = [line for line in header.signals if _can_be_ecg(line)]
    if len({kind_of_unit(unit) for unit in {line.unit for line in kept}}) > 1:
        kept = [line for line in kept if kind_of_unit(line.unit) != RELATIVE]
    if len(kept) == len(header.signals):
        return kept, ()
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
    present = with_samples(header)
    files = {file: beside(source, file).read() for file in dict.fromkeys(line.file for line in present)}
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
    # Writers differ in whether a skewed signal's checksum is over the samples before or after the shift.
    if line.checksum is None or line.skew > 0:
        return True
    # Of samples of 16 bits the sum may wrap around: only its lowest 16 bits are wanted.
    total = row.view(np.uint16).sum(dtype=np.uint16) if row.dtype == np.int16 else row.sum(dtype=np.int64)
    return (int(total) - line.checksum) % 65536 == 0


def by_rate(lines: Sequence[SignalLine]) -> dict[int, list[int]]:
    """Positions of the signals by their samples per frame; most signals first, then the highest rate."""
    groups: dict[int, list[int]] = {}
    for position, line in enumerate(lines):
        groups.setdefault(line.per_frame, []).append(position)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), -group[0])))


def rate_of(header: Header, per_frame: int) -> float | None:
    """Rate in Hz of signals with that many samples per frame; None when the header states no rate."""
    return None if header.rate is None else header.rate * per_frame


def finish(values: npt.NDArray[np.floating], line: SignalLine, stored: Stored) -> None:
    """Put NaN where the storage format's "no sample" value stands, and undo the skew, in place.

    A signal with skew `k` stands `k` frames late in the file (header(5)); its last samples are not in it.
    """
    invalid = INVALID.get(line.format)
    if invalid is not None and stored.min(initial=0) <= invalid:
        values[stored == invalid] = np.nan
    if line.skew:
        late = min(line.skew * line.per_frame, len(values))
        values[: len(values) - late] = values[late:].copy()
        values[len(values) - late :] = np.nan
