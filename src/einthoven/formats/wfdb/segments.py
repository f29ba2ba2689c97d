"""Multi-segment WFDB records: the segments joined into one signal, NaN where there is none.

Fixed layout: all segments hold the same signals. Variable layout: the first segment, of length 0, describes
all signals, and each later one holds some of them ("header(5)"). Both are joined by lead name.
"""

from dataclasses import dataclass, field

import numpy as np

from einthoven.errors import FormatError, RecordError
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.formats.units import kind_of_unit, mv_per_unit
from einthoven.formats.wfdb.header import Header, SignalLine
from einthoven.formats.wfdb.signals import Segment, beside, finish, read_header, read_segment
from einthoven.formats.wfdb.storage import Stored
from einthoven.leads import canonical_lead
from einthoven.record import Signal

# A record whose gaps, or whose repeated segments, take more than ten times its samples is not unfolded in
# memory; so small a one (16 MB) always is.
_MOST_UNFOLDED = 10
_SMALL = 2**22


@dataclass(slots=True)
class Rows:
    """The leads of one rate: `signals` by name, float32 in mV or relative; `scales` (gain, unit) as stated."""

    signals: dict[str, Signal] = field(default_factory=dict)
    scales: dict[str, set[tuple[float, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Joined:
    """The joined record: `groups` holds the leads of each rate, by samples per frame."""

    total: int
    rate: float | None = None
    kind: str | None = None
    groups: dict[int, Rows] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    gaps: int = 0


def join_segments(source: FileSource, header: Header) -> Joined:
    """Read every segment that the master header names; FormatError when one is missing or does not fit."""
    joined = Joined(total=sum(length for _, length in header.segments))
    if not 0 < joined.total <= MAX_SAMPLES:
        raise FormatError(f"The segments of this record sum up to {joined.total} samples; it cannot be read.")
    lengths = {name: length for name, length in header.segments if name != "~" and length > 0}
    segments = {name: _read(joined, source, name, length) for name, length in lengths.items()}
    _refuse_if_mostly_gaps(joined, header, segments)
    position = 0
    for name, length in header.segments:
        segment = segments.get(name)
        if segment is not None:
            if lengths[name] != length:
                raise FormatError(f"Segment {name} is named with {length} and with {lengths[name]} samples.")
            _place(joined, segment, position=position)
        joined.gaps += length > 0 and (segment is None or not segment.lines)
        position += length
    if not joined.groups:
        raise RecordError("None of its segments holds an ECG.")
    if joined.gaps:
        joined.doubts.append(f"{joined.gaps} gaps between segments, filled with missing values (NaN)")
    return joined


def _read(joined: Joined, master: FileSource, name: str, length: int) -> Segment:
    source = beside(master, f"{name}.hea")
    header, raw = read_header(source)
    if header.n_segments:
        raise FormatError(f"Its segment {name} consists of segments itself, which the format does not allow.")
    segment = read_segment(source, header, frames=header.samples or length)
    joined.parts += [raw, *segment.data]
    joined.doubts += segment.doubts
    if not segment.lines:
        return segment
    kind = kind_of_unit(segment.lines[0].unit)
    if joined.rate not in (None, header.rate) or joined.kind not in (None, kind):
        raise FormatError(f"Segment {name} has another rate or kind of unit than those before it.")
    joined.rate, joined.kind = header.rate, kind
    for line, stored in zip(segment.lines, segment.stored, strict=True):
        if len(stored) != length * line.per_frame:
            raise FormatError(
                f"Segment {name} holds {len(stored) // line.per_frame} samples where {length} are stated."
            )
    return segment


def _refuse_if_mostly_gaps(joined: Joined, header: Header, segments: dict[str, Segment]) -> None:
    leads = {(canonical_lead(line.name), line.per_frame) for segment in segments.values() for line in segment.lines}
    unfolded = joined.total * sum(per_frame for _, per_frame in leads)
    held = sum(len(row) for segment in segments.values() for row in segment.stored)
    if unfolded > MAX_SAMPLES or unfolded > max(_SMALL, _MOST_UNFOLDED * held):
        raise FormatError(
            f"The {len(header.segments)} segments of this record span {joined.total} samples of {len(leads)} leads, "
            f"of which {held} are stored: too many gaps to be read as one.",
            advice="Read its segments one by one: each has a header of its own.",
        )


def _place(joined: Joined, segment: Segment, *, position: int) -> None:
    for line, stored in zip(segment.lines, segment.stored, strict=True):
        if line.gain is None:
            raise FormatError(f"Signal {line.name} of a segment has no gain, so that its amplitude is unknown.")
        name = canonical_lead(line.name)
        if not name:
            raise FormatError(
                "A signal of a segment has no name, so that the segments cannot be joined lead by lead.",
                advice="Read its segments one by one, with their leads as a hint, or name the signals in the headers.",
            )
        rows = joined.groups.setdefault(line.per_frame, Rows())
        if name not in rows.signals:
            rows.signals[name] = np.full(joined.total * line.per_frame, np.nan, dtype=np.float32)
        rows.scales.setdefault(name, set()).add((line.gain, line.unit))
        start = position * line.per_frame
        rows.signals[name][start : start + len(stored)] = _physical(line, stored)


def _physical(line: SignalLine, stored: Stored) -> Signal:
    values = (stored - float(line.baseline)) / (line.gain or 1.0) * (mv_per_unit(line.unit) or 1.0)
    finish(values, line, stored)
    return values.astype(np.float32)
