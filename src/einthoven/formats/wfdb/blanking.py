"""A WFDB record without anything that says whose it is.

The names of the record and of its files are patient or visit numbers in many hospitals, and comments hold
whatever somebody wrote. So the header is written anew from the fields that are known; the data files get
other names, lose what stands before and behind the samples, and annotation texts of EDF in them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from einthoven.formats.source import FileSource
from einthoven.formats.wfdb.comments import read_comments
from einthoven.formats.wfdb.header import NO_DESCRIPTION, Header, SignalLine
from einthoven.formats.wfdb.samples import refuse_unreadable
from einthoven.formats.wfdb.signals import beside, header_text, read_header, with_samples
from einthoven.formats.wfdb.storage import FLAC, bytes_of

_NAME = "record"
_TIME = re.compile(r"\d{1,2}(?::\d{1,2}){0,2}(?:\.\d+)?|\d{1,2}[/-](?:\d{1,2}|[A-Za-z]{3})[/-]\d{4}")
_MAT_HEADER = re.compile(rb"[\x00\x0a\x14\x1e]\0\0\0[\s\S]{8}\0\0\0\0\x04\0\0\0val\0")
# Bits of a sample of the formats in which single signals can be overwritten in place.
_WHOLE_BYTES = {16: 2, 61: 2, 160: 2, 24: 3, 32: 4}


@dataclass(slots=True)
class _Names:
    """New names, given out in the order in which the files are met."""

    one_file: bool
    data: dict[str, str] = field(default_factory=dict)
    segments: dict[str, str] = field(default_factory=dict)

    def of_data(self, file: str) -> str:
        if file == "~" or file in self.data:
            return self.data.get(file, file)
        suffix = ".mat" if PurePosixPath(file).suffix.casefold() == ".mat" else ".dat"
        number = "" if self.one_file else f"_{len(self.data) + 1}"
        self.data[file] = f"{_NAME}{number}{suffix}"
        return self.data[file]

    def of_segment(self, name: str) -> str:
        return name if name == "~" else self.segments.setdefault(name, f"{_NAME}_s{len(self.segments) + 1}")


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    """Header and data files under neutral names; None when a file is missing or a text in it cannot be blanked."""
    header, raw = read_header(source)
    names = _Names(one_file=not header.n_segments and len({line.file for line in with_samples(header)}) == 1)
    if not header.n_segments:
        data = _blank_data(source, header, names)
        return None if data is None else {f"{_NAME}.hea": _blank_header(header, raw, _NAME, names), **data}
    files = {f"{_NAME}.hea": _blank_header(header, raw, _NAME, names)}
    for name in dict.fromkeys(name for name, _ in header.segments if name != "~"):
        part = beside(source, f"{name}.hea")
        segment, segment_raw = read_header(part)
        data = _blank_data(part, segment, names)
        if data is None:
            return None
        new = names.of_segment(name)
        # Segments may share a data file: the longest of what each of them keeps is kept.
        data = {file: max(content, files.get(file, b""), key=len) for file, content in data.items()}
        files |= {f"{new}.hea": _blank_header(segment, segment_raw, new, names), **data}
    return files


def _blank_header(header: Header, raw: bytes, name: str, names: _Names) -> bytes:
    lines = [line.strip() for line in header_text(raw).splitlines()]
    body = [line for line in lines if line and not line.startswith("#")]
    rest = body[0].split()[1:]
    segments = f"/{header.n_segments}" if header.n_segments else ""
    stated = [word for word in rest[:3] if re.match(r"[\d.]", word)]
    when = [word for word in rest[len(stated) :] if _TIME.fullmatch(word)]
    new = [" ".join([name + segments, *stated, *when[:2]])]
    for line in body[1 : 1 + (header.n_segments or len(header.signals))]:
        file, _, tail = line.partition(" ") if " " in line else line.partition("\t")
        # Where a signal has no name of its own, WFDB writes that of the record.
        tail = NO_DESCRIPTION.sub("", tail).strip()
        new.append(f"{names.of_segment(file) if header.n_segments else names.of_data(file)} {tail}")
    new += [f"# {comment}" for comment in read_comments(header.comments).kept]
    return ("\n".join(new) + "\n").encode("utf-8")


def _blank_data(source: FileSource, header: Header, names: _Names) -> dict[str, bytes] | None:
    present = with_samples(header)
    files = {file: beside(source, file).read() for file in dict.fromkeys(line.file for line in present)}
    blanked = {}
    for file, data in files.items():
        lines = [line for line in present if line.file == file]
        content = _blank_file(data, lines, header.samples)
        if content is None:
            return None
        blanked[names.of_data(file)] = content
    return blanked


def _blank_file(data: bytes, lines: Sequence[SignalLine], frames: int | None) -> bytes | None:
    """The samples, with what stands before and behind them, and texts among them, blanked."""
    first = lines[0]
    texts = [position for position, line in enumerate(lines) if line.name.casefold().startswith(("edf ann", "bdf ann"))]
    if first.format in FLAC:
        # A FLAC stream may hold tags and pictures: its metadata blocks but the first are made padding.
        return None if texts or first.offset else _blank_flac(data)
    refuse_unreadable(lines, {first.file: data}, frames)
    width = sum(line.per_frame for line in lines)
    end = len(data) if frames is None else first.offset + bytes_of(first.format, frames * width)
    prolog = data[: first.offset]
    if not _MAT_HEADER.fullmatch(prolog):
        prolog = bytes(len(prolog))
    samples = data[first.offset : end]
    if texts:
        if first.format not in _WHOLE_BYTES:
            return None
        samples = _without(samples, lines, texts)
    return prolog + samples


def _without(samples: bytes, lines: Sequence[SignalLine], positions: Sequence[int]) -> bytes:
    """The samples with those of some signals set to zero bytes."""
    size = _WHOLE_BYTES[lines[0].format]
    ends = np.cumsum([line.per_frame for line in lines]) * size
    table = np.frombuffer(samples, "u1", len(samples) // ends[-1] * ends[-1]).reshape(-1, ends[-1]).copy()
    for position in positions:
        table[:, ends[position] - lines[position].per_frame * size : ends[position]] = 0
    return table.tobytes()


_PADDING = 1


def _blank_flac(data: bytes) -> bytes | None:
    """The stream with every metadata block but STREAMINFO and SEEKTABLE turned into padding (RFC 9639, section 8)."""
    if not data.startswith(b"fLaC"):
        return None
    stream, position, last = bytearray(data), 4, False
    while not last:
        if position + 4 > len(stream):
            return None
        last, kind = bool(stream[position] & 0x80), stream[position] & 0x7F
        end = position + 4 + int.from_bytes(stream[position + 1 : position + 4], "big")
        if end > len(stream):
            return None
        if kind not in (0, 3):
            stream[position] = _PADDING | (0x80 if last else 0)
            stream[position + 4 : end] = bytes(end - position - 4)
        position = end
    return bytes(stream)
