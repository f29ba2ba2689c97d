"""Ask a model about ECGs: one, a dataset, or files that are not kept."""

import csv
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from einthoven import formats
from einthoven.errors import EinthovenError, IncompatibleModel, NotFound, RecordError
from einthoven.examine import open_all
from einthoven.infer import Predictor
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.record import EcgRecord
from einthoven.results import Failure, Prediction
from einthoven.signal.windows import HARDLY_LONGER
from einthoven.spec import ModelSpec
from einthoven.store.types import Item, ItemQuery
from einthoven.task import Answer
from einthoven.tensors import MOST_WINDOWS, Prepared, prepare, subject_of
from einthoven.workflows import share
from einthoven.workflows.import_ import failure_of, named_as_text, sources_of_paths
from einthoven.workflows.library import safe_cell
from einthoven.workflows.model_origin import Origin, origin_of
from einthoven.workflows.plain import load_result
from einthoven.workflows.requests import (
    PassportInShort,
    PredictionRow,
    PredictionTable,
    PredictRequest,
    SinglePrediction,
)
from einthoven.workflows.workspace import Workspace

BATCH = 32
BATCH_BYTES = 32 << 20
"""Recordings of many hours are not gathered in memory."""
PREPARERS = 2
"""Threads that filter and resample: scipy lets them run side by side, what stands between its calls does not."""
CSV_NAME = "predictions.csv"
PASSPORTS_NAME = "passports.csv"
Named = tuple[str, Item | None, EcgRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A model that is ready to answer, with what is known of its making."""

    predictor: Predictor
    simulated: bool
    origin: Origin

    @property
    def doubts(self) -> tuple[str, ...]:
        """What makes each of its answers doubtful, whatever the ECG."""
        return (f"{self.origin.untrained} This answer means nothing.",) if self.origin.untrained else ()


@dataclass(frozen=True, slots=True)
class Ready:
    """One record in the model's form, with what makes an answer doubtful."""

    name: str
    item: Item | None
    prepared: Prepared
    told: npt.NDArray[np.float32]
    doubts: tuple[str, ...]
    passport: PassportInShort


def predict(workspace: Workspace, request: PredictRequest, report: Reporter) -> PredictionTable:
    """Predict every record; `predictions.csv` in the job's folder has `file_name` and one column per class."""
    began = time.perf_counter()
    model = asked(workspace, request.model)
    predictor = model.predictor
    truth = _truth(workspace, request, predictor.spec)
    refused: list[Failure] = []
    total, named = _records(workspace, request, refused)
    rows = list(rows_of(model, named, refused, report, truth=truth, total=total))
    for failure in refused:
        report.failure(failure)
    write_csv(report.folder / CSV_NAME, predictor.spec, rows)
    write_passports(report.folder / PASSPORTS_NAME, rows)
    return PredictionTable(
        job=None,
        model=request.model,
        simulated_model=model.simulated,
        kind=predictor.spec.kind,
        unit=predictor.spec.unit,
        classes=predictor.spec.class_names,
        thresholds=predictor.spec.threshold_values,
        total=len(rows),
        rows=tuple(rows),
        refused=tuple(refused),
        seconds=time.perf_counter() - began,
        warnings=model.origin.warnings,
    )


def table(workspace: Workspace, job_id: str, *, offset: int, limit: int, sort: str | None) -> PredictionTable | None:
    """One page of a finished prediction, sorted by a class's value when asked; None while it runs."""
    job = workspace.jobs.job_of_kind(job_id, "predict")
    found = load_result(workspace.jobs.path(job.id) / "result.json", PredictionTable)
    if found is None:
        return None
    rows = list(found.rows)
    if sort is not None:
        if sort not in found.classes:
            raise NotFound(f"The model has no class {sort!r}.", advice=f"It has {', '.join(found.classes)}.")
        column = found.classes.index(sort)
        rows.sort(key=lambda row: -row.prediction.values[column])
    return replace(found, job=job, rows=tuple(rows[offset : offset + limit]))


def predict_one(workspace: Workspace, item_id: int, model: str) -> SinglePrediction:
    """One model's answer for one record of the library."""
    began = time.perf_counter()
    item = workspace.store.item(item_id)
    found = asked(workspace, model)
    spec = found.predictor.spec
    ready = _ready(item.file_name, item, workspace.store.load(item), spec)
    (row,) = _rows(found, [ready], _fitting(spec, {item.file_name: item.labels.get(spec.task)}))
    return SinglePrediction(
        model=model,
        simulated_model=found.simulated,
        kind=spec.kind,
        unit=spec.unit,
        classes=spec.classes,
        thresholds=spec.threshold_values,
        row=row,
        seconds=time.perf_counter() - began,
        warnings=found.origin.warnings,
    )


def asked(workspace: Workspace, model: str) -> Asked:
    """The model of that name, or the `.onnx` or `.ecgmodel` file at that path, ready to run.

    Raises
    ------
    IncompatibleModel
        When it cannot be run.
    """
    if Path(model).is_file() and not workspace.models.has(model):
        return _in_file(Path(model))
    path = workspace.models.graph(model)

    def of_the_shelf() -> Asked:
        # What stands in a model's folder and in its row never changes, but for its name.
        kept = workspace.models.model(model)
        return Asked(Predictor(path), kept.simulated, origin_of(kept.statistics))

    opened: Asked = workspace.cached(f"model {path.parent.name}", str(path.stat().st_mtime_ns), of_the_shelf)
    return opened


def _in_file(path: Path) -> Asked:
    predictor = Predictor(path) if path.suffix == ".onnx" else Predictor(share.graph_in(path))
    return Asked(predictor, predictor.extra.get("simulated") is True, origin_of(predictor.extra))


def rows_of(
    model: Asked,
    named: Iterable[Named],
    refused: list[Failure],
    report: Reporter,
    *,
    truth: dict[str, Answer],
    total: int,
) -> Iterator[PredictionRow]:
    """Rows in the order of the records, run in batches; records that do not fit go to `refused`."""
    done = 0
    spec = model.predictor.spec
    with ThreadPoolExecutor(PREPARERS if spec.model_input == "ecg" else 1) as pool:
        for batch in _batches(named):
            ready: list[Ready] = []
            outcomes = pool.map(lambda one: _ready_or_why_not(one, spec), batch)
            for (name, _, _), outcome in zip(batch, outcomes, strict=True):
                stop_if_cancelled(report)
                report.progress(done, max(total, done + 1), "ECGs predicted")
                done += 1
                if isinstance(outcome, EinthovenError):
                    refused.append(failure_of(name, outcome))
                else:
                    ready.append(outcome)
            yield from _rows_one_by_one_if_needed(model, ready, refused, truth)
    report.progress(total, total, "ECGs predicted")


def _batches(named: Iterable[Named]) -> Iterator[list[Named]]:
    """The records in groups of `BATCH`, or fewer where these hold more than `BATCH_BYTES`."""
    batch: list[Named] = []
    for one in named:
        batch.append(one)
        if len(batch) == BATCH or sum(record.signal.nbytes for _, _, record in batch) > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _ready_or_why_not(named: Named, spec: ModelSpec) -> Ready | EinthovenError:
    try:
        return _ready(*named, spec)
    except EinthovenError as error:
        return error


def write_csv(path: Path, spec: ModelSpec, rows: Sequence[PredictionRow]) -> None:
    """`file_name` and one column per class (for regression: the quantity)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", *map(safe_cell, spec.class_names)])
        for row in rows:
            values = (f"{value:.6g}" for value in row.prediction.values)
            writer.writerow([safe_cell(row.prediction.file_name), *values])


def write_passports(path: Path, rows: Sequence[PredictionRow]) -> None:
    """How each predicted record was read, and what makes its answer doubtful: one row each, beside the predictions."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", *(field.name for field in fields(PassportInShort))])
        for row in rows:
            if row.passport is None:
                continue
            passport = replace(row.passport, doubts=row.prediction.doubts)
            values = (getattr(passport, field.name) for field in fields(PassportInShort))
            cells = ("; ".join(value) if isinstance(value, tuple) else value or "" for value in values)
            writer.writerow([safe_cell(row.prediction.file_name), *map(safe_cell, cells)])


def _rows_one_by_one_if_needed(
    model: Asked, batch: Sequence[Ready], refused: list[Failure], truth: dict[str, Answer]
) -> list[PredictionRow]:
    """One ECG without a possible answer must not cost the others of its batch theirs."""
    try:
        return _rows(model, batch, truth)
    except RecordError as error:
        if len(batch) == 1:
            refused.append(failure_of(batch[0].name, error))
            return []
    return [row for one in batch for row in _rows_one_by_one_if_needed(model, [one], refused, truth)]


def _rows(model: Asked, batch: Sequence[Ready], truth: dict[str, Answer]) -> list[PredictionRow]:
    if not batch:
        return []
    windows = [(one.prepared.array, *one.prepared.further) for one in batch]
    told = [one.told for one, own in zip(batch, windows, strict=True) for _ in own]
    scores = model.predictor.run(np.stack([window for own in windows for window in own]), np.stack(told))
    rows: list[PredictionRow] = []
    ends = np.cumsum([len(own) for own in windows])
    for one, own, end in zip(batch, windows, ends.tolist(), strict=True):
        seen = slice(end - len(own), end)
        values = tuple(float(v) for v in scores.values[seen].mean(axis=0))
        alone = scores.logits is not None and len(own) == 1
        logits = tuple(float(v) for v in scores.logits[end - 1]) if alone and scores.logits is not None else ()
        prediction = Prediction(one.name, values, logits, one.prepared.notes, (*model.doubts, *one.doubts))
        answer = answer_of(model.predictor.spec, values)
        item = one.item.id if one.item else None
        rows.append(PredictionRow(item, prediction, answer, truth.get(one.name), one.passport))
    return rows


def _ready(name: str, item: Item | None, record: EcgRecord, spec: ModelSpec) -> Ready:
    prepared = prepare(record, spec, most_windows=MOST_WINDOWS)
    person = record.subject if item is None else item
    told = subject_of(person.age, person.sex, spec)
    doubts = _doubts(record, prepared, spec)
    if np.isnan(told).any():
        unknown = " and ".join(what for what, value in zip(spec.subject, told, strict=True) if np.isnan(value))
        doubts += (f"The model is told {' and '.join(spec.subject)} of a person; {unknown} is not known here.",)
    return Ready(name, item, prepared, told, doubts, PassportInShort.of(record.source))


def answer_of(spec: ModelSpec, values: Sequence[float]) -> tuple[str, ...]:
    """Class names the model decides for; nothing for regression, where the value is the answer."""
    if spec.kind == "regression":
        return ()
    if spec.kind == "single-label":
        return (spec.class_names[int(np.argmax(values))],)
    limits = spec.threshold_values
    return tuple(name for name, value, limit in zip(spec.class_names, values, limits, strict=True) if value >= limit)


def _doubts(record: EcgRecord, prepared: Prepared, spec: ModelSpec) -> tuple[str, ...]:
    doubts = list(record.source.doubts)
    start, stop = prepared.added
    if stop > start:
        empty = "were not recorded" if spec.model_input == "ecg" else "are not filled by the aligned beats"
        doubts.append(f"{(stop - start) / spec.rate:.1f} of the {spec.duration:g} s the model looks at {empty}.")
    seen = (1 + len(prepared.further)) * spec.duration
    if spec.model_input == "ecg" and seen < (1 - HARDLY_LONGER) * record.duration:
        doubts.append(f"The model has looked at {seen:g} s of the {record.duration:.0f} s that were recorded.")
    if record.rate < spec.rate:
        doubts.append(f"Recorded at {record.rate:g} Hz, below the {spec.rate:g} Hz the model expects.")
    return tuple(doubts)


def _records(workspace: Workspace, request: PredictRequest, refused: list[Failure]) -> tuple[int, Iterator[Named]]:
    if request.dataset is not None:
        total, items = workspace.store.items(request.dataset, ItemQuery(folds=request.folds))
        if not items:
            raise NotFound(
                f"There is no ECG to predict in {request.dataset!r}.", advice="Import some, or choose other folds."
            )
        return total, loaded(workspace, items, refused)
    named, misnamed = named_as_text(sources_of_paths(request.paths))
    refused += misnamed
    plan = formats.plan(named)
    sources = [*plan.records, *plan.unknown]
    if not sources and not misnamed:
        raise NotFound("There is no ECG file there.", advice="Name ECG files, or a folder that holds some.")
    return len(sources), _read(sources, request, refused)


def loaded(workspace: Workspace, items: Iterable[Item], refused: list[Failure]) -> Iterator[Named]:
    """Items with their records; one whose signal cannot be loaded goes to `refused`."""
    for item in items:
        try:
            record = workspace.store.load(item)
        except EinthovenError as error:
            refused.append(failure_of(item.file_name, error))
            continue
        yield item.file_name, item, record


def _read(sources: Sequence[formats.FileSource], request: PredictRequest, refused: list[Failure]) -> Iterator[Named]:
    for source in sources:
        try:
            for record in open_all(source, request.hints):
                name, index = record.source.name, record.source.index  # in an archive each file has its own name
                yield (name if index == 0 else f"{name}#{index + 1}"), None, record
        except EinthovenError as error:
            refused.append(failure_of(source.name, error))


def _truth(workspace: Workspace, request: PredictRequest, spec: ModelSpec) -> dict[str, Answer]:
    """Labels of the same task, to stand beside the answers, where the dataset has them."""
    if request.dataset is None or spec.task not in workspace.store.dataset(request.dataset).tasks:
        return {}
    task = workspace.store.task(request.dataset, spec.task)
    return dict(task.answers) if task.kind == spec.kind else {}


def _fitting(spec: ModelSpec, labels: Mapping[str, Answer | None]) -> dict[str, Answer]:
    """Labels of a task of the model's name, unless that task asks for something of another form."""
    wanted = float if spec.kind == "regression" else tuple
    return {name: label for name, label in labels.items() if label is not None and isinstance(label, wanted)}


def check_answers(spec: ModelSpec, classes: Sequence[str]) -> tuple[str, ...]:
    """Classes of a task that the model does not know; IncompatibleModel when it knows none of them."""
    unknown = tuple(name for name in classes if name not in spec.class_names)
    if len(unknown) == len(classes):
        raise IncompatibleModel(
            f"The model answers {', '.join(spec.class_names)}; the task asks for {', '.join(classes)}.",
            advice="Choose a model for this task, or a task for this model.",
        )
    return unknown
