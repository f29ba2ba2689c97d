"""SCP-ECG: EN 1064 and ISO 11073-91064, versions 1 to 3 with short-term rhythm data."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import EinthovenError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.scp.blanking import blank_record
from einthoven.formats.scp.header import read_header, read_statements
from einthoven.formats.scp.samples import Decoded, Floats, decode_samples
from einthoven.formats.scp.sections import Container, is_scp, open_container
from einthoven.formats.source import FileSource
from einthoven.record import MEDIAN_BEAT, EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    return is_scp(source.head(64))


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    container = open_container(data)
    decoded = decode_samples(container)
    header = read_header(container)
    statements, left_out = read_statements(container, header.codec)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        band=header.band,
        device=header.device,
        recorded=header.recorded,
        changed=decoded.changed,
        doubts=(*header.doubts, *left_out, *decoded.doubts, *_doubts(container)),
    )
    facts = _facts(decoded, decoded.nanovolts, decoded.rate)
    settled = settle(source.name, facts, hints, n_leads=len(decoded.codes))
    signal = settled.scale(decoded.rhythm / decoded.nanovolts)
    yield make_record(signal, facts, settled, origin, subject=header.subject, annotations=statements)
    if decoded.beat is not None:
        beat = decoded.beat
        facts = _facts(decoded, beat.nanovolts, beat.rate)
        settled = settle(source.name, facts, hints, n_leads=len(decoded.codes))
        median = replace(origin, index=1, changed=())
        signal = settled.scale(_rectangle(beat.leads))
        yield make_record(signal, facts, settled, median, subject=header.subject, annotations=(MEDIAN_BEAT,))


def _facts(decoded: Decoded, nanovolts: int, rate: float) -> Facts:
    n_leads = len(decoded.codes)
    names = tuple(name for name in decoded.names if name)
    return Facts(
        rate=rate,
        units=("nV",) * n_leads,
        gains=(1 / nanovolts,) * n_leads,
        leads=names if len(names) == n_leads else None,
    )


def _rectangle(leads: "tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]") -> Floats:
    table = np.full((len(leads), max(len(lead) for lead in leads)), np.nan)
    for row, lead in zip(table, leads, strict=True):
        row[: len(lead)] = lead
    return table


def _doubts(container: Container) -> tuple[str, ...]:
    found = []
    wrong = [str(number) for number, section in sorted(container.sections.items()) if not section.crc_right]
    if not container.crc_right:
        found.append("the checksum of the record is wrong; those of the sections with samples are right")
    elif wrong:
        found.append(f"the checksum of section {', '.join(wrong)} is wrong; that of the whole record is right")
    unused = sum(section.unused for section in container.sections.values())
    if unused:
        found.append(f"{unused} bytes between sections belong to none by the lengths in their headers")
    if len(container.data) > container.size:
        found.append(f"{len(container.data) - container.size} bytes after the end of the record were not read")
    if 12 in container.sections and container.protocol >= 30:
        found.append("long-term rhythm data (section 12) were not read")
    return tuple(found)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    try:
        blanked = blank_record(open_container(source.read()))
    except EinthovenError:
        return None
    return None if blanked is None else {PurePosixPath(source.name).name: blanked}


ENTRY = FormatEntry(
    name="scp",
    title="SCP-ECG",
    extensions=(".scp", ".ecg"),
    requires=(),
    states="States rate, scale and leads; a lead number that is no known lead needs the hint leads.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Versions 1 to 3 with short-term rhythm data (sections 1 to 6), every checksum checked.",
        "Samples as they are, first and second differences, the Huffman table of the standard and tables of a device.",
        "Subtracted reference beats are added back; the median beat (section 5) is a record of its own.",
        "Coded statements (section 11), and texts of the device (section 8) in words of ECG interpretation.",
    ),
    tried=(
        "The example of the C# ECG Toolkit (12 leads, 500 Hz, 10 s, Huffman code, second differences) and its median "
        "beat, held against the same recording in HL7 aECG."
    ),
    limits=(
        "Bimodal compression, which leaves out samples, is refused.",
        "Long-term data of version 3 (section 12) are not read.",
        "Reference beats, bimodal files and Huffman tables of a device's own could be tried on made files only.",
        "Statements that a person confirmed are left out.",
    ),
)
