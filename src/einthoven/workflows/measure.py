"""Find and measure the beats of many ECGs: a dataset, or files that are not kept. One of the library: `beats.py`."""

import csv
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from einthoven import formats
from einthoven.beats.delineators import DELINEATORS
from einthoven.beats.measurement import Measurement
from einthoven.errors import EinthovenError, NotFound
from einthoven.examine import open_all
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.results import Failure
from einthoven.store.types import ItemQuery
from einthoven.workflows.import_ import named_as_text, sources_of_paths
from einthoven.workflows.library import safe_cell
from einthoven.workflows.measure_exports import ExportFiles
from einthoven.workflows.measurements import MeasuredRow, MeasureOutcome, MeasureRequest, MeasureSummary
from einthoven.workflows.measurers import Measurers
from einthoven.workflows.measuring_process import OneMeasured, Rules, StoredEcg, measure_one, measure_stored
from einthoven.workflows.plain import load_result
from einthoven.workflows.readers import process_count
from einthoven.workflows.workspace import Workspace

REFUSED_NAME = "refused.csv"
FEW_ECGS = 8
"""So many are measured here: a process takes a second to start, in which they are measured already."""
MOST_ROWS = 50
"""ECGs whose measurements the outcome carries; the files have all."""
MAX_LISTED = 200
MOST_REASONS = 5000


@dataclass(slots=True)
class _Values:
    """One measurement over all ECGs."""

    first: Measurement
    values: "array[float]" = field(default_factory=lambda: array("d"))
    n_absent: int = 0
    n_not_measurable: int = 0

    def add(self, one: Measurement) -> None:
        if one.value is not None:
            self.values.append(one.value)
        elif one.state == "absent":
            self.n_absent += 1
        else:
            self.n_not_measurable += 1

    def summary(self) -> MeasureSummary:
        values = np.frombuffer(self.values) if self.values else None
        lower, middle, upper = (None,) * 3 if values is None else map(float, np.quantile(values, (0.25, 0.5, 0.75)))
        return MeasureSummary(
            self.first.name, self.first.title, self.first.unit, self.first.lead, len(self.values), self.n_absent,
            self.n_not_measurable, middle, lower, upper,
        )  # fmt: skip


@dataclass(slots=True)
class _Tally:
    report: Reporter
    total: int = 0
    n_corrected: int = 0
    n_refused: int = 0
    n_left_out: int = 0
    rows: list[MeasuredRow] = field(default_factory=list)
    refused: list[Failure] = field(default_factory=list)
    left_out: list[Failure] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    values: dict[tuple[str, str | None], _Values] = field(default_factory=dict)

    def add(self, one: OneMeasured) -> None:
        if one.failure is not None:
            self.refuse(one.failure)
        for failure in one.left_out:
            self.n_left_out += 1
            self.report.failure(failure)
            if len(self.left_out) < MAX_LISTED:
                self.left_out.append(failure)
        if one.row is None:
            return
        self.total += 1
        self.n_corrected += one.row.n_corrected > 0
        if len(self.rows) < MOST_ROWS:
            self.rows.append(one.row)
        said: set[str] = set()
        for found in one.row.measurements:
            self.values.setdefault((found.name, found.lead), _Values(found)).add(found)
            if found.value is None and found.reason:
                said.add(f"{found.title} {found.state}: {found.reason}")
        self.reasons.update(reason for reason in sorted(said) if reason in self.reasons or self._has_room())

    def _has_room(self) -> bool:
        return len(self.reasons) < MOST_REASONS

    def refuse(self, failure: Failure) -> None:
        self.n_refused += 1
        self.report.failure(failure)
        _note(self.report.folder / REFUSED_NAME, failure)
        if len(self.refused) < MAX_LISTED:
            self.refused.append(failure)


def measure(workspace: Workspace, request: MeasureRequest, report: Reporter) -> MeasureOutcome:
    """Measure every ECG; the exports that were asked for, and `refused.csv`, are files in the job's folder."""
    began = time.perf_counter()
    DELINEATORS.require(request.method)
    tally = _Tally(report)
    rules = Rules(
        workspace.store.signals.folder.resolve(), request.method, request.what, request.file_format, request.lead_name
    )
    with ExportFiles(report.folder, request.what, request.file_format) as files:
        for one in _measured(workspace, request, rules, tally):
            stop_if_cancelled(report)
            if one is None:
                continue
            tally.add(one)
            for what, data in one.parts.items():
                files.add(one.name, what, data)
    refused = (REFUSED_NAME,) if tally.n_refused else ()
    return MeasureOutcome(
        job=None,
        method=request.method,
        dataset=request.dataset,
        total=tally.total,
        n_corrected=tally.n_corrected,
        files=(*files.names, *refused),
        summary=tuple(values.summary() for values in tally.values.values()),
        rows=tuple(tally.rows),
        n_refused=tally.n_refused,
        refused=tuple(tally.refused),
        n_left_out=tally.n_left_out,
        left_out=tuple(tally.left_out),
        reasons=dict(tally.reasons.most_common(MAX_LISTED)),
        seconds=time.perf_counter() - began,
    )


def outcome(workspace: Workspace, job_id: str) -> MeasureOutcome | None:
    """What a finished measuring found; None while it runs."""
    job = workspace.jobs.job_of_kind(job_id, "measure")
    found = load_result(workspace.jobs.path(job.id) / "result.json", MeasureOutcome)
    return None if found is None else replace(found, job=job)


def _measured(
    workspace: Workspace, request: MeasureRequest, rules: Rules, tally: _Tally
) -> Iterator[OneMeasured | None]:
    """Every ECG in order, with progress; None now and then."""
    ones: Iterable[OneMeasured | None]
    if request.dataset is not None:
        total, ecgs = _stored(workspace, request)
        ones = _side_by_side(rules, ecgs) if total > FEW_ECGS else (measure_stored(rules, ecg) for ecg in ecgs)
    else:
        total, ones = _of_files(request, rules, tally)
    done = 0
    for one in ones:
        tally.report.progress(done, max(total, done), "ECGs measured")
        done += one is not None
        yield one
    tally.report.progress(max(total, done), max(total, done), "ECGs measured")


def _side_by_side(rules: Rules, ecgs: Iterable[StoredEcg]) -> Iterator[OneMeasured | None]:
    with Measurers(rules, process_count()) as measurers:
        yield from measurers.run(ecgs)


def _stored(workspace: Workspace, request: MeasureRequest) -> tuple[int, Iterator[StoredEcg]]:
    assert request.dataset is not None
    total, items = workspace.store.items(request.dataset, ItemQuery(folds=request.folds))
    if not items:
        raise NotFound(
            f"There is no ECG to measure in {request.dataset!r}.", advice="Import some, or choose other folds."
        )
    corrections = workspace.corrections.of_dataset(request.dataset)
    return total, (
        StoredEcg(item.id, item.record_id, item.file_name, tuple(corrections.get(item.id, ()))) for item in items
    )


def _of_files(request: MeasureRequest, rules: Rules, tally: _Tally) -> tuple[int, Iterator[OneMeasured | None]]:
    named, misnamed = named_as_text(sources_of_paths(request.paths))
    for failure in misnamed:
        tally.refuse(failure)
    plan = formats.plan(named)
    sources = [*plan.records, *plan.unknown]
    if not sources and not misnamed:
        raise NotFound("There is no ECG file there.", advice="Name ECG files, or a folder that holds some.")
    return len(sources), _read(sources, request, rules)


def _read(sources: Sequence[formats.FileSource], request: MeasureRequest, rules: Rules) -> Iterator[OneMeasured | None]:
    for source in sources:
        try:
            for record in open_all(source, request.hints):
                name, index = record.source.name, record.source.index  # in an archive each file has its own name
                # A file's own hash of a patient's number is found by trying out all numbers: it is not written.
                nameless = replace(record, subject=replace(record.subject, id=None))
                yield measure_one(rules, name if index == 0 else f"{name}#{index + 1}", nameless)
        except EinthovenError as error:
            yield OneMeasured.refused(source.name, error)


def _note(path: Path, failure: Failure) -> None:
    """A line for an ECG that could not be measured."""
    begins = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if begins:
            writer.writerow(("file_name", "error", "reason", "advice"))
        writer.writerow(map(safe_cell, (failure.file_name, failure.error, failure.reason, failure.advice)))
