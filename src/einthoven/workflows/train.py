"""Train a model, check it, export it, put it on the shelf."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven import evaluate as scoring
from einthoven.errors import EinthovenError, LabelError, MissingDependency
from einthoven.infer import Predictor
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.onnx.metadata import set_extra
from einthoven.results import Evaluation, Failure, TrainingResult
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Item
from einthoven.tensors import prepare, targets
from einthoven.train.data import TrainingData
from einthoven.workflows.import_ import failure_of
from einthoven.workflows.plain import to_plain
from einthoven.workflows.planning import Plan, narrowed, plan
from einthoven.workflows.requests import TrainOutcome, TrainRequest
from einthoven.workflows.workspace import Workspace

if TYPE_CHECKING:
    from einthoven.models.networks.assembled import EcgNetwork

PACKAGES = ("einthoven", "torch", "numpy", "scipy", "onnx", "onnxruntime", "scikit-learn")
LEARNED_FROM = "learned_from.json"
"""Which records and subjects of this installation the model has seen; stays here, is never exported."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the split as arrays: `x` float32 `(n, leads, samples)`, `y` as `tensors.targets` gives it."""

    items: tuple[Item, ...]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[Any]


def train(workspace: Workspace, request: TrainRequest, report: Reporter) -> TrainOutcome:
    """Train, export with a parity check, evaluate the export on the validation part, keep the model."""
    require_torch()
    settled = plan(workspace, request)
    for warning in settled.warnings:
        report.log(warning)
    report.event("split", to_plain(settled.info))
    report.event(
        "setup", {"config": settled.config.to_json(), "environment": environment(), "epochs": settled.config.epochs}
    )
    refused: list[Failure] = []
    learn = _arrays(workspace, settled, settled.train, refused, report, "preparing training ECGs")
    check = _arrays(workspace, settled, settled.validation, refused, report, "preparing validation ECGs")
    if refused:
        settled = narrowed(settled, request, learn.items, check.items)
        report.event("split", to_plain(settled.info))
    _write_json(
        report.folder / "split.json", {"train": _names(learn), "validation": _names(check), **to_plain(settled.info)}
    )
    network = _network(workspace, request, settled)
    result = _learn(network, learn, check, settled, report)
    report.progress(0, 0, "exporting and checking the export")
    return _keep(workspace, request, settled, network, result, learn, check, tuple(refused), report)


def require_torch() -> None:
    """MissingDependency when the training extra is not installed."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("onnxscript") is None:
        raise MissingDependency(
            "Training needs PyTorch, which is not installed.", advice="Install it with: pip install 'einthoven[train]'"
        )


def environment() -> dict[str, str]:
    """What a result depends on besides data and settings."""
    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    found["cores"] = str(os.cpu_count())
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _arrays(
    workspace: Workspace, settled: Plan, items: Sequence[Item], refused: list[Failure], report: Reporter, message: str
) -> Side:
    """The records of one side, ready for the network; one that does not fit is refused, and said."""
    spec = settled.spec
    x = np.empty((len(items), len(spec.leads), spec.n_samples), np.float32)
    used: list[Item] = []
    for done, item in enumerate(items):
        stop_if_cancelled(report)
        report.progress(done, len(items), message)
        try:
            x[len(used)] = prepare(workspace.store.load(item), spec).array
            used.append(item)
        except EinthovenError as error:
            refused.append(failure_of(item.file_name, error))
            report.failure(refused[-1])
    if not used:
        reason = refused[-1].reason if refused else "there are none"
        raise LabelError(f"None of the {len(items)} ECGs can be used: {reason}", advice="See the list of refused ECGs.")
    y = targets([settled.task.answers[item.file_name] for item in used], spec)
    return Side(tuple(used), x[: len(used)], y)


def _network(workspace: Workspace, request: TrainRequest, settled: Plan) -> "EcgNetwork":
    from einthoven.models.building import build_network, network_from

    if request.from_model is None:
        return build_network(request.architecture, settled.spec, seed=request.seed)
    base = workspace.models.model(request.from_model)
    weights = workspace.models.file(base.name, WEIGHTS)
    assert weights is not None, "planning has looked"
    return network_from(weights, base.spec, settled.spec, seed=request.seed)


def _learn(network: "EcgNetwork", learn: Side, check: Side, settled: Plan, report: Reporter) -> TrainingResult:
    from einthoven.train.loop import train as run_loop

    epoch = 1

    def on_epoch(finished: Any) -> None:
        nonlocal epoch
        report.epoch(finished)
        epoch = finished.epoch + 1

    def on_progress(done: int, total: int) -> None:
        report.progress(epoch - 1 + done / total, settled.config.epochs, "epochs")

    searching = settled.config.maximum_rate is None
    report.progress(0, settled.config.epochs, "searching the learning rate" if searching else "epochs")
    return run_loop(
        network,
        TrainingData(learn.x, learn.y, check.x, check.y),
        settled.spec,
        settled.config,
        checkpoint=report.folder / WEIGHTS,
        on_epoch=on_epoch,
        on_progress=on_progress,
        log=report.log,
        should_stop=report.cancel_requested,
    )


def _keep(
    workspace: Workspace,
    request: TrainRequest,
    settled: Plan,
    network: "EcgNetwork",
    result: TrainingResult,
    learn: Side,
    check: Side,
    refused: tuple[Failure, ...],
    report: Reporter,
) -> TrainOutcome:
    from einthoven.onnx.export import export

    statistics = _statistics(request, settled, result)
    graph = report.folder / GRAPH
    parity = export(network, settled.spec, graph, inputs=check.x[:32])
    evaluation = score(graph, settled, check)
    statistics["validation"] = scoring.to_json(evaluation)
    statistics["parity"] = {
        "logits": parity.max_difference_logits,
        "probabilities": parity.max_difference_probabilities,
    }
    set_extra(graph, statistics)
    _write_json(report.folder / "statistics.json", statistics)
    _write_json(report.folder / LEARNED_FROM, _learned_from(workspace, request, (*learn.items, *check.items)))
    name = workspace.models.free_name(request.name or f"{request.task}-{network.entry.name}")
    workspace.models.add(
        name,
        settled.spec,
        {file: report.folder / file for file in (GRAPH, WEIGHTS, LEARNED_FROM)},
        architecture=network.entry.name,
        base=request.from_model,
        run=report.job_id,
        trained_on=request.dataset,
        n_train=len(learn.items),
        parameters=result.parameters,
        simulated=statistics["simulated"],
        statistics=statistics,
    )
    return TrainOutcome(
        model=name,
        split=settled.info,
        best_epoch=result.best_epoch,
        stopped=result.stopped,
        maximum_rate=result.maximum_rate,
        seconds=result.seconds,
        parity_logits=parity.max_difference_logits,
        parity_probabilities=parity.max_difference_probabilities,
        validation=evaluation,
        refused=refused,
    )


def _learned_from(workspace: Workspace, request: TrainRequest, items: Sequence[Item]) -> dict[str, Any]:
    """These records and those of the model it continues from; `complete` is False where those are not known."""
    records = {item.record_id for item in items}
    subjects = {item.subject for item in items if item.subject}
    complete = True
    if request.from_model is not None:
        path = workspace.models.file(request.from_model, LEARNED_FROM)
        before = json.loads(path.read_text("utf-8")) if path is not None else {}
        records |= set(before.get("records", ()))
        subjects |= set(before.get("subjects", ()))
        complete = bool(before.get("complete", False))
    return {"records": sorted(records), "subjects": sorted(subjects), "complete": complete}


def score(graph: Path, settled: Plan, side: Side) -> Evaluation:
    """How the exported graph does on one side."""
    scores = Predictor(graph).run(side.x)
    return scoring.evaluate(
        settled.spec.kind, settled.spec.class_names, side.y, scores.values, thresholds=settled.spec.threshold_values
    )


def _statistics(request: TrainRequest, settled: Plan, result: TrainingResult) -> dict[str, Any]:
    """What is told with the model: numbers only, nothing about single records."""
    n_train, n_validation = settled.info.n_train, settled.info.n_validation
    mean_seconds = sum(epoch.seconds for epoch in result.epochs) / len(result.epochs)
    counts = {
        name: settled.info.train_counts[name] + settled.info.validation_counts[name]
        for name in settled.info.train_counts
    }
    return {
        "format": "einthoven-statistics",
        "version": 1,
        "task": settled.task.name,
        "n": n_train + n_validation,
        "n_train": n_train,
        "n_validation": n_validation,
        "simulated": any(item.simulated for item in settled.train),
        "label_distribution": counts,
        "base_model": request.from_model,
        "architecture": request.architecture if request.from_model is None else None,
        "method": request.method,
        "config": settled.config.to_json(),
        "split": to_plain(settled.info),
        "epochs": [to_plain(epoch) for epoch in result.epochs],
        "best_epoch": result.best_epoch,
        "stopped": result.stopped,
        "f1": result.epochs[result.best_epoch - 1].f1,
        "maximum_rate": result.maximum_rate,
        "rate_search": dict(result.rate_search),
        "seconds": result.seconds,
        "ms_per_ecg_and_epoch": 1000 * mean_seconds / (n_train + n_validation),
        "parameters": result.parameters,
        "trained_parameters": result.trained_parameters,
        "environment": environment(),
    }


def _names(side: Side) -> list[str]:
    return [item.file_name for item in side.items]


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
