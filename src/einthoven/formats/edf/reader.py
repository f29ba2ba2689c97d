"""EDF, EDF+, BDF and BDF+: which signals are leads, their scale, and discontinuous recordings on one clock."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats.edf.annotations import Timeline, read_timeline
from einthoven.formats.edf.blanking import blank_edf
from einthoven.formats.edf.content import HEADER, EdfFile, EdfSignal, is_edf, read_edf
from einthoven.formats.edf.patient import read_subject, recorded
from einthoven.formats.edf.signals import band_of, ecg_signals, lead_name
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.long_signals import scale_rows
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import MAX_SAMPLES, FileSource
from einthoven.formats.units import COUNTS, RELATIVE, mv_per_unit
from einthoven.record import EcgRecord, ReadHints, Subject

LONGEST_GAPS = 4
"""Missing time that is filled with NaN, in multiples of the recorded time."""
_ON_GRID = 0.05  # of a sample: how far a data record may begin from a sample time without a doubt


def claims(source: FileSource) -> bool:
    return is_edf(source.head(HEADER), source.size)


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    file = read_edf(data)
    chosen = ecg_signals(file)
    if not chosen.leads:
        listed = ", ".join(chosen.kinds) or "annotations only"
        raise FormatError(f"It holds no signal that may be an ECG; what it holds is {listed}.")
    timeline = read_timeline(file)
    subject, doubts = read_subject(file)
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        recorded=recorded(file),
        doubts=(*file.doubts, *chosen.doubts, *doubts, *_annotation_doubts(timeline)),
    )
    groups = _by_rate(chosen.leads)
    for index, signals in enumerate(groups):
        many = (f"its leads have {len(groups)} rates; each rate is a record of its own",) if len(groups) > 1 else ()
        here = replace(origin, index=index, doubts=(*origin.doubts, *many), band=band_of(signals))
        yield _record(file, signals, timeline, hints, here, subject)


def _by_rate(signals: tuple[EdfSignal, ...]) -> list[tuple[EdfSignal, ...]]:
    counts = dict.fromkeys(signal.per_record for signal in signals)
    return [tuple(signal for signal in signals if signal.per_record == count) for count in counts]


def _record(
    file: EdfFile,
    signals: tuple[EdfSignal, ...],
    timeline: Timeline,
    hints: ReadHints,
    origin: Origin,
    subject: Subject,
) -> EcgRecord:
    per_record, rate = signals[0].per_record, signals[0].rate
    starts, n_samples, doubts = _places(file, timeline, per_record, rate)
    if n_samples * len(signals) > MAX_SAMPLES:
        raise FormatError(f"It states {n_samples * len(signals)} samples; up to {MAX_SAMPLES} are read.")
    facts = _facts(origin.name, signals, hints)
    labels = ", ".join(signal.label for signal in signals)
    settled = settle(origin.name, facts, hints, n_leads=len(signals), detail=f"Its labels are {labels}.")
    signal = scale_rows(settled, (file.stored(one).reshape(-1) for one in signals), file.n_records * per_record)
    if starts is not None:
        gapless, signal = signal, np.full((len(signals), n_samples), np.nan, np.float32)
        for number, start in enumerate(starts):
            signal[:, start : start + per_record] = gapless[:, number * per_record : (number + 1) * per_record]
    return make_record(
        signal,
        facts,
        settled,
        replace(origin, doubts=(*origin.doubts, *doubts)),
        subject=subject,
        annotations=timeline.annotations,
    )


def _facts(name: str, signals: tuple[EdfSignal, ...], hints: ReadHints) -> Facts:
    """Scale in the stated unit. Where a unit is missing, the stated range is one of an unknown unit.

    With the hint `counts` the stored numbers themselves are meant, and without a range there are no others.
    Labels that stand more than once name no lead.
    """
    units = tuple(signal.unit for signal in signals)
    names = tuple(lead_name(signal.label) for signal in signals)
    known = all(mv_per_unit(unit) is not None for unit in units)
    gains = tuple(signal.gain for signal in signals if signal.gain is not None)
    baselines = tuple(signal.baseline for signal in signals if signal.baseline is not None)
    ranged = len(gains) == len(signals)
    as_stored = hints.unit in (COUNTS, RELATIVE) and not (known and ranged)
    if not ranged and not as_stored:
        raise HintsNeeded(
            f"{name} does not state a range of values for all its leads, so that their scale is not known.",
            missing=("unit", "gain", "baseline"),
            advice="Say so on the import form, or with --assume unit=counts,gain=...,baseline=...",
        )
    return Facts(
        rate=signals[0].rate,
        units=units if known and ranged else None,
        gains=None if as_stored else gains,
        baselines=None if as_stored else baselines,
        leads=names if len(set(names)) == len(names) else None,
    )


def _places(
    file: EdfFile, timeline: Timeline, per_record: int, rate: float
) -> tuple[list[int] | None, int, tuple[str, ...]]:
    """At which sample each data record begins (None: one after the other), samples in all, doubts."""
    recorded_samples = file.n_records * per_record
    if timeline.onsets is None:
        return None, recorded_samples, ()
    exact = (timeline.onsets - timeline.onsets[0]) * rate
    if not np.isfinite(exact).all() or np.abs(exact).max() > 2**52:
        raise FormatError("It states moments for its data records that cannot be.")
    places = np.rint(exact).astype(np.int64)
    follow = np.arange(file.n_records, dtype=np.int64) * per_record
    if (places == follow).all():
        return None, recorded_samples, ()
    if not file.variant.endswith("+D"):
        return None, recorded_samples, ("it states that it is continuous, but its data records begin at other times",)
    steps = np.diff(places)
    if (steps < per_record).any():
        raise FormatError("It is discontinuous, and a data record begins before the one before it has ended.")
    n_samples = int(places[-1]) + per_record
    missing = n_samples - recorded_samples
    if missing > LONGEST_GAPS * recorded_samples:
        raise FormatError(
            f"It is discontinuous: {recorded_samples / rate:.0f} s were recorded, with {missing / rate:.0f} s missing.",
            advice="Save each part without gaps as a file of its own.",
        )
    doubts = [f"{int((steps > per_record).sum())} gaps, in all {missing / rate:.3g} s, are missing samples"]
    if np.abs(exact - places).max() > _ON_GRID:
        doubts.append("data records after a gap begin between two sample times; they were moved to the nearest")
    return places.tolist(), n_samples, tuple(doubts)


def _annotation_doubts(timeline: Timeline) -> tuple[str, ...]:
    if not timeline.left_out:
        return ()
    return (f"{timeline.left_out} annotations left out: their text is no known word about ECGs and may name somebody",)


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    try:
        return {PurePosixPath(source.name).name: blank_edf(read_edf(source.read()))}
    except EinthovenError:
        return None


ENTRY = FormatEntry(
    name="edf",
    title="EDF, EDF+, BDF and BDF+",
    extensions=(".edf", ".bdf", ".rec"),
    requires=(),
    states="States rate, scale and lead names; a signal without unit needs the hint unit.",
    claims=claims,
    read=read,
    blank=blank,
    reads=(
        "EDF, EDF+C and EDF+D of 16 bits, BDF and BDF+ of 24 bits.",
        "Gaps of a discontinuous recording become missing samples.",
        "Sex, age, filters and annotations in known words.",
    ),
    tried=(
        "test_generator_2.edf, whose samples the WFDB project also publishes as format 16, and test_edfann.edf, "
        "which has annotations and no ECG."
    ),
    limits=(
        "Signals that are no ECG are left out.",
        "Leads of different rates become records of their own.",
        "The text of an annotation is kept only where it consists of known words about ECGs.",
        "A discontinuous file with more than four times as much missing as recorded time is refused.",
        "BDF and discontinuous files could be tried on made files only.",
    ),
)
