"""WFDB records: a header (`.hea`) with its data files (`.dat`, `.mat`)."""

from collections.abc import Iterator

import numpy as np

from einthoven.errors import RecordError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.wfdb.comments import read_comments
from einthoven.formats.wfdb.header import Header, SignalLine, is_header
from einthoven.formats.wfdb.segments import join_segments
from einthoven.formats.wfdb.signals import ecg_rate, header_text, mark_invalid, read_header, read_segment
from einthoven.record import EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    head = source.head()
    if b"\0" in head:
        return False
    return is_header(header_text(head), named_hea=source.name.casefold().endswith(".hea"))


def companions(source: FileSource) -> tuple[str, ...]:
    """Data files, and for multi-segment records the headers of the segments with their data files."""
    header, _ = read_header(source)
    names = [line.file for line in header.signals if line.format != 0]
    for name in dict.fromkeys(name for name, _ in header.segments if name != "~"):
        names.append(f"{name}.hea")
        segment = source.sibling(f"{name}.hea")
        if segment is not None:
            names += [line.file for line in read_header(segment)[0].signals if line.format != 0]
    return tuple(dict.fromkeys(names))


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    header, raw = read_header(source)
    yield (_read_segments if header.n_segments else _read_one)(source, header, raw, hints)


def _read_one(source: FileSource, header: Header, raw: bytes, hints: ReadHints) -> EcgRecord:
    segment = read_segment(source, header, frames=header.samples)
    lines = segment.lines
    if not lines:
        listed = ", ".join(f"{line.name or 'unnamed'} ({line.unit})" for line in header.signals)
        raise RecordError(f"None of its signals is an ECG: {listed or 'the header lists none'}.")
    calibrated = all(line.gain is not None for line in lines)
    facts = Facts(
        rate=ecg_rate(header, lines),
        units=tuple(line.unit for line in lines) if calibrated else None,
        gains=tuple(line.gain or 0.0 for line in lines) if calibrated else None,
        baselines=tuple(float(line.baseline) for line in lines),
        leads=_names(lines),
    )
    detail = "" if calibrated else "A header without gain means that the signal is not calibrated."
    settled = settle(source.name, facts, hints, n_leads=len(lines), detail=detail)
    stored = np.stack(segment.stored)
    signal = settled.scale(stored)
    for row, line, numbers in zip(signal, lines, stored, strict=True):
        mark_invalid(row, line, numbers)
    own = all(line.format == 16 and line.per_frame == 1 and line.skew == 0 for line in lines)
    said = read_comments(header.comments)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(raw, *segment.data),
        reader=reader_name("einthoven" if own else "wfdb"),
        band=said.band,
        recorded=header.recorded,
        doubts=(*segment.doubts, *said.doubts),
    )
    return make_record(signal, facts, settled, origin, subject=said.subject, annotations=said.annotations)


def _names(lines: tuple[SignalLine, ...]) -> tuple[str, ...] | None:
    names = tuple(line.name for line in lines)
    return names if all(names) else None


def _read_segments(source: FileSource, header: Header, raw: bytes, hints: ReadHints) -> EcgRecord:
    joined = join_segments(source, header)
    facts = Facts(rate=joined.rate, units=(joined.kind or "mV",) * len(joined.rows), leads=tuple(joined.rows))
    settled = settle(source.name, facts, hints, n_leads=len(joined.rows))
    said = read_comments(header.comments)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(raw, *joined.parts),
        reader=reader_name("wfdb"),
        band=said.band,
        recorded=header.recorded,
        doubts=(*joined.doubts, *said.doubts),
    )
    signal = np.stack(list(joined.rows.values()))
    return make_record(signal, facts, settled, origin, subject=said.subject, annotations=said.annotations)


ENTRY = FormatEntry(
    name="wfdb",
    title="WFDB (PhysioNet)",
    extensions=(".hea",),
    requires=("wfdb",),
    states="States rate, unit, gain, baseline and lead names; a header without gain needs unit and gain.",
    claims=claims,
    read=read,
    companions=companions,
)
