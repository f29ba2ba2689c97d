"""WFDB records: a header (`.hea`) with its data files (`.dat`, `.mat`, `.edf` ...)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from einthoven.errors import FormatError, RecordError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.formats.units import RELATIVE
from einthoven.formats.wfdb.blanking import blank
from einthoven.formats.wfdb.comments import Said, read_comments
from einthoven.formats.wfdb.header import Header, SignalLine, is_header
from einthoven.formats.wfdb.segments import Joined, Rows, join_segments
from einthoven.formats.wfdb.signals import (
    Segment,
    by_rate,
    finish,
    header_text,
    present_name,
    rate_of,
    read_header,
    read_segment,
    with_samples,
)
from einthoven.formats.wfdb.storage import FLAC
from einthoven.formats.wfdb.wrong_gains import doubts_about_gain
from einthoven.record import EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    head = source.head()
    if b"\0" in head:
        return False
    return is_header(header_text(head), named_hea=source.name.casefold().endswith(".hea"))


def companions(source: FileSource) -> tuple[str, ...]:
    """Data files, and for multi-segment records the headers of the segments with their data files."""
    header, _ = read_header(source)
    names = [present_name(source, file) for file in dict.fromkeys(line.file for line in with_samples(header))]
    for name in dict.fromkeys(name for name, _ in header.segments if name != "~"):
        names.append(f"{name}.hea")
        segment = source.sibling(f"{name}.hea")
        if segment is not None:
            files = dict.fromkeys(line.file for line in with_samples(read_header(segment)[0]))
            names += [present_name(segment, file) for file in files]
    return tuple(dict.fromkeys(names))


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    header, raw = read_header(source)
    said = read_comments(header.comments)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256="",
        reader=reader_name("einthoven"),
        band=said.band,
        recorded=header.recorded,
        doubts=said.doubts,
    )
    if header.n_segments:
        joined = join_segments(source, header)
        origin = replace(origin, sha256=sha256(raw, *joined.parts), doubts=(*joined.doubts, *said.doubts))
        yield from _records_of_segments(joined, origin, said, hints)
    else:
        segment = read_segment(source, header, frames=header.samples)
        _refuse_without_ecg(header, segment)
        if any(line.format in FLAC for line in segment.lines):
            origin = replace(origin, reader=reader_name("soundfile"))
        doubts = (*doubts_about_gain(header, source.name), *segment.doubts, *said.doubts)
        origin = replace(origin, sha256=sha256(raw, *segment.data), doubts=doubts)
        yield from _records(header, segment, origin, said, hints)


def _refuse_without_ecg(header: Header, segment: Segment) -> None:
    if segment.lines:
        return
    if header.signals and not with_samples(header):
        raise RecordError(
            "None of its signals is an ECG with samples: it is the layout of a multi-segment record.",
            advice="Open the record that names it.",
        )
    listed = ", ".join(f"{line.name or 'unnamed'} ({line.unit})" for line in header.signals)
    raise RecordError(f"None of its signals is an ECG: {listed or 'the header lists none'}.")


def _records(header: Header, segment: Segment, origin: Origin, said: Said, hints: ReadHints) -> Iterator[EcgRecord]:
    groups = by_rate(segment.lines)
    if len(groups) > 1 and header.rate is None:
        raise FormatError("Its signals have different rates, and the header states none for the record.")
    names = {k: [segment.lines[position].name or "unnamed" for position in groups[k]] for k in groups}
    for index, (per_frame, positions) in enumerate(groups.items()):
        lines = [segment.lines[position] for position in positions]
        stored = [segment.stored[position] for position in positions]
        facts = _facts(lines, rate_of(header, per_frame))
        detail = "" if facts.gains else "A header without gain means that the signal is not calibrated."
        settled = settle(origin.name, facts, hints, n_leads=len(lines), detail=detail)
        signal = settled.scale(np.stack(stored))
        for row, line, numbers in zip(signal, lines, stored, strict=True):
            finish(row, line, numbers)
        one = replace(origin, index=index, doubts=(*origin.doubts, *_other_rates(names, header.rate or 1, index)))
        yield make_record(
            signal, facts, settled, one, subject=said.subject, annotations=said.annotations, steps=said.steps
        )


def _facts(lines: Sequence[SignalLine], rate: float | None) -> Facts:
    calibrated = all(line.gain is not None for line in lines)
    names = tuple(line.name for line in lines)
    return Facts(
        rate=rate,
        units=tuple(line.unit for line in lines) if calibrated else None,
        gains=tuple(line.gain or 0.0 for line in lines) if calibrated else None,
        baselines=tuple(float(line.baseline) for line in lines),
        leads=names if all(names) else None,
    )


def _other_rates(names: Mapping[int, Sequence[str]], rate: float, index: int) -> tuple[str, ...]:
    """A doubt that says where the signals of the other rates are."""
    others = [
        f"{', '.join(leads)} at {rate * per_frame:g} Hz in record {number}"
        for number, (per_frame, leads) in enumerate(names.items())
        if number != index
    ]
    return (f"the file holds signals of several rates, each rate a record: {'; '.join(others)}",) if others else ()


def _records_of_segments(joined: Joined, origin: Origin, said: Said, hints: ReadHints) -> Iterator[EcgRecord]:
    groups = dict(sorted(joined.groups.items(), key=lambda group: (-len(group[1].signals), -group[0])))
    if len(groups) > 1 and joined.rate is None:
        raise FormatError("Its signals have different rates, and the header states none for the record.")
    names = {per_frame: tuple(rows.signals) for per_frame, rows in groups.items()}
    for index, (per_frame, rows) in enumerate(groups.items()):
        # Scaled segment by segment, for each has gains of its own.
        relative = joined.kind == RELATIVE
        facts = Facts(
            rate=None if joined.rate is None else joined.rate * per_frame,
            units=("NU" if relative else "mV",) * len(rows.signals),
            leads=tuple(rows.signals),
        )
        settled = settle(origin.name, facts, hints, n_leads=len(rows.signals))
        stated = replace(facts, units=_stated_units(rows), gains=_stated_gains(rows))
        one = replace(origin, index=index, doubts=(*origin.doubts, *_other_rates(names, joined.rate or 1, index)))
        signal = np.stack(list(rows.signals.values()))
        yield make_record(
            signal, stated, settled, one, subject=said.subject, annotations=said.annotations, steps=said.steps
        )


def _stated_units(rows: Rows) -> tuple[str, ...]:
    return tuple(", ".join(sorted({unit for _, unit in scales})) for scales in rows.scales.values())


def _stated_gains(rows: Rows) -> tuple[float, ...] | None:
    """Counts per unit of each lead; None when a lead's segments have different ones."""
    scales = list(rows.scales.values())
    return tuple(gain for one in scales for gain, _ in one) if all(len(one) == 1 for one in scales) else None


ENTRY = FormatEntry(
    name="wfdb",
    title="WFDB (PhysioNet)",
    extensions=(".hea",),
    requires=("soundfile",),
    states="States rate, unit, gain, baseline and lead names; a header without gain needs unit and gain.",
    claims=claims,
    read=read,
    companions=companions,
    blank=blank,
    reads=(
        "Storage formats 8, 16, 24, 32, 61, 80, 160, 212, 310, 311, and FLAC 508, 516, 524.",
        "Data files with a header of their own, skipped by the byte offset: MATLAB (.mat), EDF and BDF.",
        "Several data files, several samples per frame (signals of each rate are a record of their own), skew.",
        "Records of several segments, of fixed and variable layout; gaps become missing samples.",
        "Data files that are packed with gzip (`r16.dat.gz` beside `r16.hea`).",
        "Age, sex, SNOMED CT codes (CinC), labels and findings (LUDB) in comments; impossible dates are passed over.",
    ),
    tried=(
        "PTB-XL, CODE-15, LUDB, Chapman/Ningbo, CPSC, Georgia, PTB (all records here), and 45 records of the wfdb "
        "package's own test files in every storage format and layout."
    ),
    limits=(
        "A rate or gain that the header does not state is asked for, although header(5) would take 250 Hz and 200 per "
        "mV; so are leads that are called `record NAME, signal N`, as WFDB calls signals without a description.",
        "The first headers of the PhysioNet Challenge (E..., HR..., S...) state a wrong gain: they are read as they "
        "are, with a doubt; the layout cinc corrects them.",
        "Signals that are no ECG by unit or name are left out, and named.",
        "Segments that are missing, or a record that is nearly all gap, are refused; each segment can be read alone.",
        "Annotation files (.atr and others) are not read.",
        "Lines of findings are kept only where each word is one of ECG interpretation, for they may name a person.",
    ),
)
