"""Multi-segment WFDB records: the segments joined into one signal, NaN where there is none."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError, RecordError
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.formats.units import kind_of_unit, mv_per_unit
from einthoven.formats.wfdb.header import Header, SignalLine
from einthoven.formats.wfdb.samples import Stored
from einthoven.formats.wfdb.signals import beside, ecg_rate, mark_invalid, read_header, read_segment
from einthoven.leads import canonical_lead


@dataclass(slots=True)
class Joined:
    """The record under construction: rows by lead name, float32 in mV or relative, `(total,)` each."""

    total: int
    rate: float | None = None
    kind: str | None = None
    rows: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    gaps: int = 0

    def row(self, name: str, factor: int) -> npt.NDArray[np.float32]:
        if name not in self.rows:
            if (len(self.rows) + 1) * self.total * factor > MAX_SAMPLES:
                raise FormatError(f"A record of {self.total * factor} samples with so many leads is too large to read.")
            self.rows[name] = np.full(self.total * factor, np.nan, dtype=np.float32)
        return self.rows[name]


def join_segments(source: FileSource, header: Header) -> Joined:
    """Read every segment that the master header names; FormatError when one is missing or does not fit."""
    total = sum(length for _, length in header.segments)
    if not 0 < total <= MAX_SAMPLES:
        raise FormatError(f"The segments of this record sum up to {total} samples; it cannot be read.")
    joined = Joined(total=total)
    position = 0
    for name, length in header.segments:
        if name == "~":
            joined.gaps += 1
        elif length > 0:
            _add(joined, source, name, position=position, length=length)
        position += length
    if not joined.rows:
        raise RecordError("None of its segments holds an ECG.")
    if joined.gaps:
        joined.doubts.append(f"{joined.gaps} gaps between segments, filled with missing values (NaN)")
    return joined


def _add(joined: Joined, master: FileSource, name: str, *, position: int, length: int) -> None:
    source = beside(master, f"{name}.hea")
    header, raw = read_header(source)
    if header.n_segments:
        raise FormatError(f"Its segment {name} consists of segments itself, which the format does not allow.")
    segment = read_segment(source, header, frames=header.samples or length)
    if not segment.lines:
        joined.gaps += 1
        return
    rate, kind = ecg_rate(header, segment.lines), kind_of_unit(segment.lines[0].unit)
    if joined.rate not in (None, rate) or joined.kind not in (None, kind):
        raise FormatError(f"Segment {name} has another rate or kind of unit than those before it.")
    joined.rate, joined.kind = rate, kind
    joined.parts += [raw, *segment.data]
    joined.doubts += segment.doubts
    factor = segment.lines[0].per_frame
    for line, stored in zip(segment.lines, segment.stored, strict=True):
        if len(stored) != length * factor:
            raise FormatError(f"Segment {name} holds {len(stored)} samples where {length * factor} are stated.")
        start = position * factor
        joined.row(canonical_lead(line.name) or "unnamed", factor)[start : start + len(stored)] = _physical(
            line, stored
        )


def _physical(line: SignalLine, stored: Stored) -> npt.NDArray[np.float32]:
    if line.gain is None:
        raise FormatError(f"Signal {line.name} of a segment has no gain, so that its amplitude is unknown.")
    values = (stored - float(line.baseline)) / line.gain * (mv_per_unit(line.unit) or 1.0)
    mark_invalid(values, line, stored)
    return values.astype(np.float32)
