"""MFER: ISO 22077-1, with the resting ECG of part 2 and the long-term ECG of part 3."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import EinthovenError, FormatError
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.long_signals import scale_rows
from einthoven.formats.mfer.blanking import blank_mfer
from einthoven.formats.mfer.definitions import is_mfer
from einthoven.formats.mfer.frames import DOMINANT_BEAT, Channel, Content, Floats, Frame, read_content, runs
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.record import MEDIAN_BEAT, EcgRecord, ReadHints


def claims(source: FileSource) -> bool:
    return is_mfer(source.head(), source.size)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    content = read_content(data)
    if not content.frames:
        raise FormatError("It holds no samples.")
    recordings = [(run, part) for run in runs(content.frames) for part in _by_rate(run)]
    if not recordings:
        raise FormatError("It holds no ECG: its channels are a status or of other units than volts.")
    # The rhythm first, beats behind it.
    recordings.sort(key=lambda recording: recording[0][0].waveform == DOMINANT_BEAT)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        band=content.band,
        device=content.device,
        recorded=content.recorded,
        doubts=(*dict.fromkeys(content.doubts), *_left_out(content)),
    )
    for index, (run, part) in enumerate(recordings):
        yield _record(run, part, hints, replace(origin, index=index), content)


def _by_rate(run: list[Frame]) -> list[tuple[int, ...]]:
    """Numbers of the channels that are ECG leads, those of one rate and length together."""
    groups: dict[object, list[int]] = {}
    for number, channel in enumerate(run[0].channels):
        if channel.kind == "ecg":
            groups.setdefault((channel.rate, len(channel.stored)), []).append(number)
    return [tuple(numbers) for numbers in groups.values()]


def _left_out(content: Content) -> tuple[str, ...]:
    count = sum(channel.kind != "ecg" for channel in content.frames[0].channels)
    return (f"left out, no ECG: {count} channels",) if count else ()


def _record(
    run: list[Frame], numbers: tuple[int, ...], hints: ReadHints, origin: Origin, content: Content
) -> EcgRecord:
    channels = [run[0].channels[number] for number in numbers]
    n_samples = sum(len(frame.channels[numbers[0]].stored) for frame in run)
    if n_samples * len(channels) > MAX_SAMPLES:
        raise FormatError(f"It holds {n_samples * len(channels)} samples; up to {MAX_SAMPLES} are read.")
    facts = _facts(channels)
    detail = "The standard's default for a rate that is not stated is 1000 Hz." if facts.rate is None else ""
    settled = settle(origin.name, facts, hints, n_leads=len(channels), detail=detail)
    signal = scale_rows(settled, (_joined(run, number) for number in numbers), n_samples)
    beat = run[0].waveform == DOMINANT_BEAT
    return make_record(
        signal, facts, settled, origin, subject=content.subject, annotations=(MEDIAN_BEAT,) if beat else ()
    )


def _joined(run: list[Frame], number: int) -> Floats:
    return np.concatenate([frame.channels[number].samples() for frame in run])


def _facts(channels: list[Channel]) -> Facts:
    stated = all(channel.volts is not None for channel in channels)
    names = tuple(channel.lead for channel in channels if channel.lead)
    return Facts(
        rate=channels[0].rate,
        units=("V",) * len(channels) if stated else None,
        gains=tuple(1 / (channel.volts or 1.0) for channel in channels) if stated else None,
        baselines=tuple(-channel.offset for channel in channels) if stated else None,
        leads=names if len(names) == len(channels) else None,
    )


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    try:
        return {PurePosixPath(source.name).name: blank_mfer(source.read())}
    except EinthovenError:
        return None


ENTRY = FormatEntry(
    name="mfer",
    title="MFER",
    extensions=(".mwf", ".mfer", ".mfr"),
    requires=(),
    states="States rate, scale and leads; what a file leaves to the defaults of the standard needs hints.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "Both byte orders, every uncompressed type of sample, blocks and sequences, attributes of channels, groups.",
        "The value for no sample becomes a missing one.",
        "A dominant beat, another rate or another scale is a record of its own.",
    ),
    limits=(
        "No real file could be tried: its reader was held against files written from the standard and against "
        "ecgdatakit.",
        "Compressed samples and frames with gaps between them are refused.",
        "Events and measured values are not kept, but their number is said.",
    ),
)
