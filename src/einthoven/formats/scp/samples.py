"""Leads and samples of SCP-ECG: sections 3 to 6 (EN 1064, 5.6 to 5.9 and annex C).

What is stored of a lead is a list of 16-bit numbers, or their first or second differences, with or without Huffman
code. With reference beat subtraction the rhythm (section 6) lacks, around each beat of type 0, the beat of section 5;
fiducial points say how the two lie on each other, and all sample numbers count from 1.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.scp.huffman import Ints, Table, decode, read_tables
from einthoven.formats.scp.sections import Container
from einthoven.leads import lead_from_scp

MAX_SAMPLES = 1 << 22
"""Most samples of all leads: 11 minutes of twelve leads at 500 Hz. A lead of section 6 has at most 65,535 bytes."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as section 3 describes it: first and last sample number, code."""

    first: int
    last: int
    code: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Beat:
    """Where a beat lies in the rhythm: its type (0: the reference), the zone of subtraction and its fiducial point."""

    kind: int
    first: int
    fiducial: int
    last: int


@dataclass(frozen=True, slots=True)
class Block:
    """Section 5 or 6: samples of each lead in steps of `nanovolts`, one every `interval` microseconds."""

    nanovolts: int
    interval: int
    leads: tuple[Ints, ...]

    @property
    def rate(self) -> float:
        return 1e6 / self.interval


@dataclass(frozen=True, slots=True)
class Decoded:
    """The rhythm in nanovolts `(leads, samples)`, NaN where a lead was not recorded, and the median beat, if any."""

    codes: tuple[int, ...]
    rate: float
    nanovolts: int
    rhythm: Floats
    beat: Block | None
    changed: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def names(self) -> tuple[str | None, ...]:
        return tuple(lead_from_scp(code) for code in self.codes)


def decode_samples(container: Container) -> Decoded:
    """Rhythm and median beat of the record; FormatError says which section does not fit."""
    leads, subtracted = _leads(container.body(3))
    tables = read_tables(container.body(2))
    length_ms, fiducial, beats = _beats(container.body(4), required=subtracted)
    doubts: list[str] = []
    beat = _median(container.body(5), tables, leads, length_ms, doubts, required=subtracted)
    body = container.body(6)
    if body is None:
        long = " It has long-term data (section 12), which are not read." if 12 in container.sections else ""
        raise FormatError(f"It holds no rhythm data (section 6).{long}")
    _refuse_decimated(body, beat, subtracted=subtracted, protocol=container.protocol)
    rhythm = _block(body, 6, tables, tuple(lead.count for lead in leads), len(leads))
    values = [row.astype(np.float64) * rhythm.nanovolts for row in rhythm.leads]
    changed: tuple[str, ...] = ()
    if subtracted and beat is not None:
        for lead, row, reference in zip(leads, values, beat.leads, strict=True):
            _add_beats(row, reference.astype(np.float64) * beat.nanovolts, lead, beats, fiducial)
        changed = (f"reference beat added back at {sum(one.kind == 0 for one in beats)} beats, as the format states",)
    return Decoded(
        codes=tuple(lead.code for lead in leads),
        rate=rhythm.rate,
        nanovolts=rhythm.nanovolts,
        rhythm=_on_one_clock(leads, values),
        beat=beat,
        changed=changed,
        doubts=tuple(doubts),
    )


def _leads(body: bytes | None) -> tuple[tuple[Lead, ...], bool]:
    """The leads, and whether reference beats were subtracted (5.6)."""
    if body is None or len(body) < 2 or body[0] == 0:
        raise FormatError("It describes no leads (section 3).")
    count = body[0]
    if 2 + 9 * count > len(body):
        raise FormatError(f"Its section 3 states {count} leads and describes {(len(body) - 2) // 9}.")
    leads = tuple(Lead(*struct.unpack_from("<IIB", body, 2 + 9 * k)) for k in range(count))
    for number, lead in enumerate(leads, start=1):
        if lead.first < 1 or lead.last < lead.first:
            raise FormatError(f"Its lead {number} is stated from sample {lead.first} to {lead.last}.")
    total = sum(lead.count for lead in leads)
    span = max(lead.last for lead in leads) - min(lead.first for lead in leads) + 1
    if total > MAX_SAMPLES or span > total:
        raise FormatError(f"It states {total} samples over {span} sample times; up to {MAX_SAMPLES} are read.")
    return leads, bool(body[1] & 1)


def _beats(body: bytes | None, *, required: bool) -> tuple[int, int, tuple[Beat, ...]]:
    """Length of the reference beat in ms, its fiducial point, and the beats of the rhythm (5.7)."""
    if body is None or len(body) < 6:
        if required:
            raise FormatError("Reference beats were subtracted, and section 4, which says where, is missing.")
        return 0, 0, ()
    length, fiducial, count = struct.unpack_from("<3H", body)
    if 6 + 14 * count > len(body):
        if required:
            raise FormatError(f"Its section 4 states {count} beats and ends before.")
        return length, fiducial, ()
    return length, fiducial, tuple(Beat(*struct.unpack_from("<H3I", body, 6 + 14 * k)) for k in range(count))


def _refuse_decimated(body: bytes, beat: Block | None, *, subtracted: bool, protocol: int) -> None:
    """Bimodal compression thins out the samples outside of the QRS complexes; what lay between them is lost.

    The standard leaves the reconstruction open, and the public readers differ in it (one repeats each sample, one
    draws lines between them, shifted by half a step): no reading of such a file is the ECG as it was.
    """
    if len(body) < 6:
        raise FormatError(f"Its section 6 has {len(body)} bytes, too few.")
    (interval,) = struct.unpack_from("<H", body, 2)
    # Byte 6 is the flag of bimodal compression up to protocol 2.x and reserved from 3.0 on.
    bimodal = body[5] == 1 and protocol < 30
    if (bimodal or subtracted) and (beat is None or beat.interval != interval):
        raise FormatError(
            "Its rhythm is stored with bimodal compression: between the QRS complexes most samples were left out, "
            "and what they were cannot be known.",
            advice="Export the ECG without compression, or with lossless compression only.",
        )


def _median(
    body: bytes | None, tables: tuple[Table, ...], leads: tuple[Lead, ...], length_ms: int, doubts: list[str],
    *, required: bool,
) -> Block | None:  # fmt: skip
    """Section 5, or None where there is none. Damage in it only matters to the rhythm that needs it."""
    if body is None:
        if required:
            raise FormatError("Reference beats were subtracted, and section 5, which holds them, is missing.")
        return None
    try:
        if len(body) < 6 + 2 * len(leads):
            raise FormatError(f"Its section 5 has {len(body)} bytes, too few for {len(leads)} leads.")
        interval = struct.unpack_from("<H", body, 2)[0]
        counts = [size // 2 for size in struct.unpack_from(f"<{len(leads)}H", body, 6)]
        if tables:
            counts = [1000 * length_ms // interval if interval else 0] * len(leads)
        if not all(counts):
            raise FormatError(f"Its median beat of {length_ms} ms has no length.")
        return _block(body, 5, tables, tuple(counts), len(leads))
    except FormatError as error:
        if required:
            raise
        doubts.append(f"median beat left out: {error.message}")
        return None


def _block(body: bytes, number: int, tables: tuple[Table, ...], counts: tuple[int, ...], n_leads: int) -> Block:
    what = f"Section {number}"
    if len(body) < 6 + 2 * n_leads:
        raise FormatError(f"{what} has {len(body)} bytes, too few for {n_leads} leads.")
    nanovolts, interval, difference = struct.unpack_from("<HHB", body)
    if nanovolts == 0 or interval == 0 or difference > 2:
        raise FormatError(
            f"{what} states {nanovolts} nV a step, {interval} us between samples and differences of order {difference}."
        )
    sizes = struct.unpack_from(f"<{n_leads}H", body, 6)
    position = 6 + 2 * n_leads
    if position + sum(sizes) > len(body):
        raise FormatError(f"{what} states {sum(sizes)} bytes of samples; {len(body) - position} are there.")
    leads = []
    for k, (size, count) in enumerate(zip(sizes, counts, strict=True), start=1):
        data = body[position : position + size]
        position += size
        if tables:
            stored = decode(data, count, tables, f"Lead {k} of section {number}")
        elif 2 * count > size:
            raise FormatError(f"Lead {k} of section {number} states {count} samples in {size} bytes.")
        else:
            stored = np.frombuffer(data, "<i2", count).astype(np.int64)
        leads.append(_sum_up(stored, difference))
    return Block(nanovolts, interval, tuple(leads))


def _sum_up(stored: Ints, order: int) -> Ints:
    """Samples from differences of that order: x[n] = d[n] + x[n-1], or d[n] + 2 x[n-1] - x[n-2].

    Devices compute with 16 bits, so that a difference may have gone around; so does the sum.
    """
    if order == 0:
        return stored
    if order == 1:
        summed = np.cumsum(stored)
    else:
        slopes = np.concatenate(([0], stored[1:2] - stored[:1], stored[2:]))
        summed = stored[0] + np.cumsum(np.cumsum(slopes))
        summed = summed[: len(stored)]
    return summed.astype(np.int16).astype(np.int64)


def _add_beats(row: Floats, reference: Floats, lead: Lead, beats: tuple[Beat, ...], fiducial: int) -> None:
    """Add the reference beat to the rhythm in place, wherever it was subtracted."""
    for beat in beats:
        if beat.kind != 0:
            continue
        shift = beat.fiducial - fiducial  # sample number of the rhythm = number in the reference beat + shift
        first = max(beat.first, lead.first, shift + 1)
        last = min(beat.last, lead.last, shift + len(reference))
        if first <= last:
            row[first - lead.first : last - lead.first + 1] += reference[first - shift - 1 : last - shift]


def _on_one_clock(leads: tuple[Lead, ...], values: list[Floats]) -> Floats:
    """All leads from the first sample of any to the last of any; NaN where a lead was not recorded."""
    start = min(lead.first for lead in leads)
    stop = max(lead.last for lead in leads)
    rhythm = np.full((len(leads), stop - start + 1), np.nan)
    for row, lead, samples in zip(rhythm, leads, values, strict=True):
        row[lead.first - start : lead.last - start + 1] = samples
    return rhythm
