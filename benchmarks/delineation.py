"""How well waves are found: every way of finding them, against the experts of LUDB and the beats of MIT-BIH.

    python benchmarks/delineation.py ../shared/data [--records 101-150] [--methods NAME ...] [--leads]
    python benchmarks/delineation.py ../shared/data --mitbih
    python benchmarks/delineation.py ../shared/data --code15 [--svg FILE]

DATA holds ludb, formats/wfdb and code15 as shared/data/README.md describes them. LUDB's records are read as any import
reads them, with the gain corrected by the layout `ludb`; what is found is written to a prediction file and judged by
tools/score_ludb.py beside DATA, whose docstring states the rules. Each method runs in a process of its own with one
thread; its processor time includes finding the R peaks. `einthoven` is run by `find_beats`, the others by their
entry of `DELINEATORS` with the same R peaks.
"""

import argparse
import importlib.util
import json
import logging
import math
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.beats.delineators import DELINEATORS, Heartbeats
from einthoven.beats.types import FIDUCIALS
from einthoven.examine import examine, open_all
from einthoven.formats import PathSource, read_all
from einthoven.labels.layouts import LAYOUTS
from einthoven.record import EcgRecord

Floats = npt.NDArray[np.float64]
Prediction = dict[str, dict[str, list[float]]]
"""Channel -> fiducial -> times, s."""

OWN = "einthoven"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SPREAD = ("p_on", "p_off", "qrs_on", "qrs_off", "t_off")
NAMES = {"p_on": "P on", "p_off": "P off", "qrs_on": "QRS on", "qrs_off": "QRS off", "t_off": "T off"}
SD_TO_REACH = (13, 12.7, 8, 9.5, 22)
SD_OF_RECORDS_TO_REACH = (9, 9, 6.5, 7, 14)
F1_AT_25_TO_REACH = (85, 90, 97, 96, 84)
MEAN_TO_REACH = (4, 4, 4, 4, 8)
INTERVALS_TO_REACH = {"qrs": (3, 10), "qt": (6, 15), "pr": (4, 12)}
MEMORY_RECORDS = 5
BEAT_TOLERANCE_S = 0.150
BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""WFDB's codes of a beat; the others are rhythms, signal quality and comments."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records", default="101-150", help="of LUDB, e.g. 101-150 or 1,5,9-12")
    parser.add_argument("--methods", nargs="+", help="default: every one there is")
    parser.add_argument("--leads", action="store_true", help="also all leads pooled, not only global and lead II")
    parser.add_argument("--scorer", type=Path, help="default: DATA/../tools/score_ludb.py")
    parser.add_argument("--bootstrap", type=int, default=1000, help="resamplings for the 95 %% interval of F1")
    parser.add_argument("--folder", type=Path, default=Path("build/delineation"), help="for the prediction files")
    parser.add_argument("--json", type=Path, help="file to write the numbers to")
    parser.add_argument("--mitbih", action="store_true", help="the reference beats of MIT-BIH record 100")
    parser.add_argument("--code15", action="store_true", help="what can be measured in CODE-15")
    parser.add_argument("--svg", type=Path, help="with --code15: file to draw the distributions to")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    if arguments.mitbih or arguments.code15:
        if arguments.mitbih:
            mitbih(arguments.data / "formats" / "wfdb", arguments.scorer or _scorer_beside(arguments.data))
        if arguments.code15:
            code15(arguments.data / "code15", arguments.svg)
        return
    ludb(arguments)


def _scorer_beside(data: Path) -> Path:
    return data.resolve().parent / "tools" / "score_ludb.py"


def _load(scorer: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_ludb", scorer)
    if spec is None or spec.loader is None or not scorer.is_file():
        raise SystemExit(f"There is no scorer at {scorer}; give it with --scorer.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------------------------------- LUDB: running a method


@dataclass
class Run:
    """One method on all records. Times in ms of processor time, memory in MB."""

    method: str
    predictions: dict[str, Prediction] = field(default_factory=dict)
    ms: list[float] = field(default_factory=list)
    ms_of_r_peaks: list[float] = field(default_factory=list)
    mb: float = math.nan
    mb_of_process: float = math.nan
    crashes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def ludb(arguments: argparse.Namespace) -> None:
    folder = arguments.data / "ludb"
    scorer_path = arguments.scorer or _scorer_beside(arguments.data)
    scorer = _load(scorer_path)
    records = scorer.parse_records(arguments.records)
    methods = arguments.methods or list(DELINEATORS.names())
    references = {number: scorer.load_reference(folder, number) for number in records}
    rhythms = scorer.load_rhythms(folder)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    judged = []
    for method in methods:
        run = _alone(method, folder, records)
        path = arguments.folder / f"{method}.json"
        path.write_text(json.dumps(run.predictions))
        judged.append(_judge(run, scorer, references, rhythms, n_resampled=arguments.bootstrap, leads=arguments.leads))
        _say_how_it_went(run)
        print(f"  to judge it again: {scorer_path} {folder} {path} --records {arguments.records} "
              f"--tolerance 150,25 --bootstrap {arguments.bootstrap}", flush=True)  # fmt: skip
    print()
    for title in judged[0].channels:
        print(f"LUDB {arguments.records}, {title}\n\n{_table(judged, title)}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps([one.numbers() for one in judged], indent=1))


def _alone(method: str, folder: Path, records: Sequence[int]) -> Run:
    """The method in a fresh process with one thread, so that time and memory are its own."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(run_method, method, folder, list(records)).result()


def run_method(method: str, folder: Path, records: Sequence[int]) -> Run:
    import resource

    logging.disable(logging.WARNING)
    DELINEATORS.require(method)
    run = Run(method)
    ecgs = list(_ludb_records(folder, records))
    _try(run, "warm-up", lambda: find_waves(method, ecgs[0][1]))
    run.crashes.clear()
    for number, record in ecgs:
        began = time.process_time()
        found = _try(run, str(number), lambda record=record: find_waves(method, record))
        run.ms.append(1000 * (time.process_time() - began))
        began = time.process_time()
        _try(run, str(number), lambda record=record: r_peaks(record))
        run.ms_of_r_peaks.append(1000 * (time.process_time() - began))
        if found is not None:
            times, channels, notes = found
            run.notes += [f"{number} {lead}: {note}" for lead, note in notes.items()]
            run.predictions[str(number)] = _as_prediction(times, channels)
    _leave_out_what_is_never_given(run)
    run.mb = max(_peak_mb(lambda record=record: find_waves(method, record)) for _, record in ecgs[:MEMORY_RECORDS])
    run.mb_of_process = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return run


def _ludb_records(folder: Path, records: Iterable[int]) -> Iterator[tuple[int, EcgRecord]]:
    layout = LAYOUTS.get("ludb").read(folder, None)
    by_number = {int(Path(item.file_name).stem): item for item in layout.records}
    for number in records:
        item = by_number[number]
        (stored,) = read_all(PathSource(folder / item.file_name, folder), layout.hints)
        assert item.correction is not None
        yield number, examine(item.correction.apply(stored))


def _try(run: Run, name: str, work: Callable[[], Any]) -> Any:
    """What the work gives; a crash is counted, not passed on."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  crashes are what is counted
        run.crashes.append(f"{name}: {type(error).__name__}: {error}")
        return None


def find_waves(method: str, record: EcgRecord) -> tuple[Floats, tuple[str, ...], Mapping[str, str]]:
    """Times `(channels, beats, 9)`, the channels, and what did not work, by lead."""
    if method == OWN:
        from einthoven.beats.finding import find_beats
        from einthoven.beats.types import NoBeats

        beats = find_beats(record, method=method)
        if isinstance(beats, NoBeats):
            return np.empty((1, 0, len(FIDUCIALS))), ("global",), {"record": beats.reason}
        return beats.times, beats.channels, {**beats.left_out, **beats.notes}
    moments = r_peaks(record)
    heartbeats = Heartbeats(record.signal, record.leads, record.rate, moments, ("normal",) * len(moments))
    waves = DELINEATORS.get(method).delineate(heartbeats)
    return waves.times, ("global", *record.leads), waves.notes


def r_peaks(record: EcgRecord) -> Floats:
    """The R peaks that the methods of others are given, s: those of our own finder, in all leads together."""
    from einthoven.beats.qrs import detect

    return detect(np.nan_to_num(record.signal), record.rate).r_peaks


def _as_prediction(times: Floats, channels: Sequence[str]) -> Prediction:
    return {
        channel.lower(): {
            fiducial: [round(float(moment), 5) for moment in row[:, place] if np.isfinite(moment)]
            for place, fiducial in enumerate(FIDUCIALS)
        }
        for channel, row in zip(channels, times, strict=True)
    }


def _leave_out_what_is_never_given(run: Run) -> None:
    """A boundary that a method does not know (NeuroKit2's peak: QRS onset) is not counted as missed."""
    given = {b for channels in run.predictions.values() for found in channels.values() for b, at in found.items() if at}
    for channels in run.predictions.values():
        for channel, found in channels.items():
            channels[channel] = {name: moments for name, moments in found.items() if name in given}


def _peak_mb(work: Callable[[], object]) -> float:
    """The most memory that the work holds at once beyond what was there before, MB; numpy reports its arrays."""
    import tracemalloc

    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _say_how_it_went(run: Run) -> None:
    print(f"{run.method}: {len(run.ms)} records, {statistics.median(run.ms):.0f} ms each, "
          f"{len(run.crashes)} crashes, {len(run.notes)} leads with a note")  # fmt: skip
    for line in run.crashes[:20]:
        print(f"  {line}")
    for text, count in Counter(note.split(": ", 1)[1] for note in run.notes).most_common():
        print(f"  {count:4d} leads: {text}")


# -------------------------------------------------------------------------------------------- LUDB: the table


@dataclass
class Judged:
    """One method's scores: channels -> tolerance in ms -> what `score_ludb.score` answers."""

    run: Run
    scorer: ModuleType
    n_resampled: int
    rhythms: Mapping[int, str]
    channels: dict[str, dict[int, Any]]

    def numbers(self) -> dict[str, Any]:
        """Everything of the table, without single errors and predictions."""
        run = {name: value for name, value in asdict(self.run).items() if name != "predictions"}
        scores = {
            title: {str(ms): {k: v for k, v in score.items() if k != "records"} for ms, score in by_ms.items()}
            for title, by_ms in self.channels.items()
        }
        return run | {"scores": scores}


def _judge(
    run: Run, scorer: ModuleType, references: Mapping[int, Any], rhythms: Mapping[int, str], *,
    n_resampled: int, leads: bool,
) -> Judged:  # fmt: skip
    channels = {"global": ("global",), "lead II": ("ii",)} | ({"all leads pooled": scorer.LEADS} if leads else {})
    known = [b for b in scorer.BOUNDARIES if any(b in p["global"] for p in run.predictions.values())]
    scores = {
        title: {
            ms: scorer.score(references, run.predictions, ms / 1000, rhythms, names, known) for ms in (150, 25)
        }
        for title, names in channels.items()
    }  # fmt: skip
    return Judged(run, scorer, n_resampled, rhythms, scores)


def _table(judged: Sequence[Judged], title: str) -> str:
    """A row per quantity, a column per method."""
    rows = [
        ("false P per 100 QRS in AF and flutter (records with some)", "under 10", _false_p),
        ("P F1, 150 ms", "96", lambda j, t: _f1(j, t, "p_peak")),
        ("P F1 outside AF, 150 ms", "98", _p_outside),
        ("P sensitivity outside AF", "98", _sensitivity_outside),
        ("QRS F1", "99.8", lambda j, t: _f1(j, t, "qrs_peak")),
        ("T F1 (peak)", "99.3", lambda j, t: _f1(j, t, "t_peak")),
        *_five("SD of error, ms", SD_TO_REACH, lambda j, t, b: _of_boundary(j, t, b, 150, "sd")),
        *_five("SD of a record's median error, ms", SD_OF_RECORDS_TO_REACH,
               lambda j, t, b: _of_boundary(j, t, b, 150, "sd_records")),
        *_five("F1 at 25 ms", F1_AT_25_TO_REACH, lambda j, t, b: _f1(j, t, b, 25)),
        *_five("mean error, ms", MEAN_TO_REACH, lambda j, t, b: _of_boundary(j, t, b, 150, "mean", signed=True),
               within=True),
        *((f"record's {name.upper()}, median and SD of error, ms (records)", f"{m}, {sd}",
           lambda j, t, name=name: _interval(j, t, name)) for name, (m, sd) in INTERVALS_TO_REACH.items()),
        ("ms per ECG, one core: median, longest (R peaks of it)", "60", _ms),
        ("MB more at its peak, of one ECG (the process)", "", _mb),
        ("crashes (leads with a note)", "0", lambda j, t: f"{len(j.run.crashes)} ({len(j.run.notes)})"),
    ]  # fmt: skip
    head = ["", *(one.run.method for one in judged), "to reach, global"]
    body = [[name, *(write(one, title) for one in judged), aim] for name, aim, write in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body))


def _five(
    name: str, aims: Sequence[float], write: Callable[[Judged, str, str], str], *, within: bool = False
) -> Iterator[tuple[str, str, Callable[[Judged, str], str]]]:
    for boundary, aim in zip(SPREAD, aims, strict=True):
        text = f"within {aim:g}" if within else f"{aim:g}"
        yield f"{name}: {NAMES[boundary]}", text, lambda j, t, boundary=boundary: write(j, t, boundary)


def _of_boundary(judged: Judged, title: str, boundary: str, ms: int, what: str, *, signed: bool = False) -> str:
    found = judged.channels[title][ms]["boundaries"].get(boundary)
    return "-" if found is None or math.isnan(found[what]) else f"{found[what]:{'+' if signed else ''}.1f}"


def _f1(judged: Judged, title: str, boundary: str, ms: int = 150) -> str:
    score = judged.channels[title][ms]
    found = score["boundaries"].get(boundary)
    if found is None or math.isnan(found["f1"]):
        return "-"
    low, high = judged.scorer.bootstrap_f1(score, boundary, judged.n_resampled)
    return f"{100 * found['f1']:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _outside_af(judged: Judged, title: str) -> dict[str, Any]:
    """The score without the records in atrial fibrillation or flutter, as `bootstrap_f1` takes it."""
    every = judged.channels[title][150]["records"]
    return {"records": {n: rows for n, rows in every.items() if not judged.scorer.is_af(judged.rhythms.get(n, ""))}}


def _p_outside(judged: Judged, title: str) -> str:
    score = _outside_af(judged, title)
    f1 = judged.scorer.summarise([rows["p_peak"] for rows in score["records"].values()])["f1"]
    low, high = judged.scorer.bootstrap_f1(score, "p_peak", judged.n_resampled)
    return f"{100 * f1:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _sensitivity_outside(judged: Judged, title: str) -> str:
    rows = _outside_af(judged, title)["records"].values()
    return f"{100 * judged.scorer.summarise([row['p_peak'] for row in rows])['se']:.1f}"


def _false_p(judged: Judged, title: str) -> str:
    found = judged.channels[title][150]["false_p"]
    if math.isnan(found["per_100_qrs"]):
        return "-"
    return f"{found['per_100_qrs']:.1f} ({found['records_with_false_p']} of {found['records']})"


def _interval(judged: Judged, title: str, name: str) -> str:
    found = judged.channels[title][150]["intervals"][name]
    if not found["measured"]:
        return "-"
    return f"{found['median']:+.1f}, {found['sd']:.1f} ({found['measured']} of {found['n']})"


def _ms(judged: Judged, _: str) -> str:
    run = judged.run
    return f"{statistics.median(run.ms):.0f}, {max(run.ms):.0f} ({statistics.median(run.ms_of_r_peaks):.0f})"


def _mb(judged: Judged, _: str) -> str:
    return f"{judged.run.mb:.1f} ({judged.run.mb_of_process:.0f})"


# ------------------------------------------------------------------------------------------------- MIT-BIH


def mitbih(folder: Path, scorer_path: Path) -> None:
    """The beats of record 100 (30 minutes, two leads) against its reference annotations."""
    import wfdb

    from einthoven.beats.finding import find_beats
    from einthoven.beats.types import NoBeats

    match = _load(scorer_path).match
    (record,) = open_all(PathSource(folder / "100.hea", folder))
    annotation = wfdb.rdann(str(folder / "100"), "atr")
    at = annotation.sample / (annotation.fs or record.rate)
    reference = np.array([t for t, s in zip(at, annotation.symbol, strict=True) if s in BEAT_SYMBOLS])
    began = time.process_time()
    beats = find_beats(record)
    seconds = time.process_time() - began
    if isinstance(beats, NoBeats):
        raise SystemExit(f"MIT-BIH 100: {beats.reason}")
    # The scorer's matching takes a table of all pairs: in parts it is small. Cut in the middle of an RR interval.
    edges = [-np.inf, *((reference[:-1] + reference[1:]) / 2)[99::100], np.inf]
    pairs = []
    for low, high in pairwise(edges):
        a, b = (x[(x >= low) & (x < high)] for x in (reference, beats.r_peaks))
        pairs += [1000 * (b[j] - a[i]) for i, j in match(a, b, BEAT_TOLERANCE_S)]
    error = np.array(pairs)
    print(
        f"MIT-BIH 100, {record.duration / 60:.1f} min, leads {', '.join(record.leads)}: {len(reference)} reference "
        f"beats, {beats.n_beats} found, {len(error)} matched within {1000 * BEAT_TOLERANCE_S:.0f} ms; sensitivity "
        f"{100 * len(error) / len(reference):.2f} %, positive predictivity "
        f"{100 * len(error) / max(beats.n_beats, 1):.2f} %, "
        f"mean error {error.mean():+.1f} ms, SD {error.std(ddof=1):.1f} ms; {seconds:.2f} s of processor time"
    )
    annotated = Counter(s for s in annotation.symbol if s in BEAT_SYMBOLS)
    print(f"  reference: {dict(annotated.most_common())}; kinds found: {dict(Counter(beats.kinds).most_common())}")


# -------------------------------------------------------------------------------------------------- CODE-15

DRAWN = {
    "heart_rate": 5.0,
    "pr": 10.0,
    "qrs_duration_leads": 5.0,
    "qrs_duration": 5.0,
    "qt_leads": 20.0,
    "qt": 20.0,
    "qtc_fridericia": 20.0,
    "qrs_axis": 30.0,
}
"""Measurements whose distributions are drawn, and the width of a bar in their unit."""


@dataclass
class Measured:
    """What came out of all records of a folder."""

    values: dict[str, list[float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    states: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    grades: Counter[str] = field(default_factory=Counter)
    n_passing: int = 0
    n_passing_with_rate: int = 0
    ms: list[float] = field(default_factory=list)


def code15(folder: Path, svg: Path | None) -> None:
    """Everything measured on every record: no crash, and a reason where nothing comes out."""
    found = Measured()
    paths = sorted(folder.rglob("*.hea"))
    for path in paths:
        for record in _readable(path, folder, found):
            _measure(path.stem, record, found)
    n = sum(found.grades.values())
    print(f"CODE-15: {len(paths)} files, {n} ECGs read; quality {dict(found.grades.most_common())}")
    print(f"  crashes: {len(found.crashes)}")
    for line in found.crashes[:20]:
        print(f"    {line}")
    share = 100 * found.n_passing_with_rate / max(found.n_passing, 1)
    print(f"  heart rate measured in {found.n_passing_with_rate} of {found.n_passing} that pass the quality check "
          f"({share:.1f} %; to reach: 95)")  # fmt: skip
    if found.ms:
        print(f"  {statistics.median(found.ms):.0f} ms of processor time each, longest {max(found.ms):.0f}")
    for title, reasons in (
        ("not read", found.unread), ("leads left out", found.left_out), ("refused", found.refused)
    ):  # fmt: skip
        print(f"  {title}: {sum(reasons.values())}")
        for reason, count in reasons.most_common():
            print(f"    {count:5d}  {reason}")
    for name, states in found.states.items():
        print(f"  {found.titles[name]}: {', '.join(f'{state} {count}' for state, count in states.most_common())}")
    for name, width in DRAWN.items():
        if found.values.get(name):
            print("\n".join(_histogram(f"{found.titles[name]}, {found.units[name]}", found.values[name], width)))
    if svg is not None:
        svg.write_text(_svg(found))


def _readable(path: Path, folder: Path, found: Measured) -> Iterator[EcgRecord]:
    from einthoven.errors import EinthovenError

    try:
        yield from open_all(PathSource(path, folder))
    except EinthovenError as error:
        found.unread[error.message.replace(path.stem, "...")] += 1


def _measure(name: str, record: EcgRecord, found: Measured) -> None:
    from einthoven.beats.finding import find_beats
    from einthoven.beats.measuring import measure
    from einthoven.beats.types import NoBeats
    from einthoven.signal.quality import assess

    grade = assess(record).grade
    found.grades[grade] += 1
    passes = grade != "poor"
    found.n_passing += passes
    began = time.process_time()
    try:
        beats = find_beats(record)
        measurements = () if isinstance(beats, NoBeats) else measure(record, beats)
    except Exception as error:  # noqa: BLE001  crashes are what is counted
        found.crashes.append(f"{name}: {type(error).__name__}: {error}")
        return
    finally:
        found.ms.append(1000 * (time.process_time() - began))
    if isinstance(beats, NoBeats):
        found.refused[f"[{grade}] {beats.obstacle}: {_without_numbers(beats.reason)}"] += 1
        return
    found.left_out.update(_without_numbers(reason) for reason in beats.left_out.values())
    for one in measurements:
        if one.lead is not None:
            continue
        found.titles[one.name], found.units[one.name] = one.title, one.unit
        found.states.setdefault(one.name, Counter())[one.state] += 1
        if one.state == "measured" and one.value is not None:
            found.values.setdefault(one.name, []).append(one.value)
            found.n_passing_with_rate += passes and one.name == "heart_rate"
        else:
            found.refused[f"[{grade}] {one.name} {one.state}: {_without_numbers(one.reason)}"] += 1


def _without_numbers(reason: str) -> str:
    """A reason with its numbers taken out, so that alike ones are counted together."""
    import re

    return re.sub(r"\d+(\.\d+)?", "n", reason)


def _bars(values: Sequence[float], width: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    low = math.floor(min(values) / width)
    high = math.floor(max(values) / width) + 1
    counts, edges = np.histogram(values, bins=np.arange(low, high + 1) * width)
    return edges, counts


def _histogram(title: str, values: Sequence[float], width: float) -> Iterator[str]:
    edges, counts = _bars(values, width)
    yield f"\n{title}: n {len(values)}, median {statistics.median(values):.0f}, {min(values):.0f} to {max(values):.0f}"
    for left, count in zip(edges, counts, strict=False):
        if count:
            yield f"  {left:7.0f} {'#' * math.ceil(60 * count / max(counts))} {count}"


def _svg(found: Measured) -> str:
    """The distributions side by side, three in a row."""
    wide, high, margin = 300, 180, 30
    drawn = [name for name in DRAWN if found.values.get(name)]
    parts = []
    for place, name in enumerate(drawn):
        values, unit = found.values[name], found.units[name]
        edges, counts = _bars(values, DRAWN[name])
        x0, y0 = margin + place % 3 * (wide + margin), margin + place // 3 * (high + 2 * margin)
        step = wide / len(counts)
        for k, count in enumerate(counts):
            size = high * count / max(counts)
            parts.append(
                f'<rect x="{x0 + k * step:.1f}" y="{y0 + high - size:.1f}" width="{max(step - 1, 0.5):.1f}" '
                f'height="{size:.1f}"><title>{edges[k]:g} to {edges[k + 1]:g} {unit}: {count}</title></rect>'
            )
        parts.append(f'<text x="{x0}" y="{y0 - 8}">{found.titles[name]}, {unit} (n = {len(values)})</text>')
        parts.append(f'<text x="{x0}" y="{y0 + high + 16}">{edges[0]:g}</text>')
        parts.append(f'<text x="{x0 + wide}" y="{y0 + high + 16}" text-anchor="end">{edges[-1]:g}</text>')
    width = margin + min(3, max(len(drawn), 1)) * (wide + margin)
    height = margin + math.ceil(len(drawn) / 3) * (high + 2 * margin)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12">\n<g fill="#46729c">\n' + "\n".join(parts) + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    sys.exit(main())
