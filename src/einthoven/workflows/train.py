"""Train a model, check it, export it, put it on the shelf."""

import json
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven import evaluate as scoring
from einthoven.errors import EinthovenError, LabelError, MissingDependency
from einthoven.infer import Predictor
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.onnx.foreign.inspecting import ORIGIN
from einthoven.onnx.metadata import set_extra
from einthoven.results import Evaluation, Failure, TrainingResult
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Item
from einthoven.tensors import prepare, subject_of, targets
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
    """One side of the split as arrays: `x` float32 `(n, leads, samples)`, `y` as `tensors.targets` gives it.

    `told` float32 `(n, inputs)`: what the model is told of each person; None for a model that is told nothing.
    """

    items: tuple[Item, ...]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[Any]
    told: npt.NDArray[np.float32] | None


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
    members = []
    for number in range(settled.config.members):
        seed = settled.config.seed + number
        network = _network(workspace, request, settled, seed=seed)
        members.append(Member(network, *_learn(network, learn, check, settled, report, number)))
        if members[-1].result.stopped == "cancelled":
            break
    report.progress(0, 0, "exporting and checking the export")
    return _keep(workspace, request, settled, members, learn, check, tuple(refused), report)


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
    told = np.stack([subject_of(item.age, item.sex, spec) for item in used]) if spec.subject else None
    return Side(tuple(used), x[: len(used)], y, told)


@dataclass(frozen=True, slots=True)
class Member:
    """A trained network, its course, and what else is to be told of how it was fitted."""

    network: "EcgNetwork"
    result: TrainingResult
    fit: Mapping[str, Any]


def _network(workspace: Workspace, request: TrainRequest, settled: Plan, *, seed: int) -> "EcgNetwork":
    from einthoven.models.building import build_network, network_from

    if request.from_model is None:
        config = settled.config
        window = None if config.window_s is None else round(config.window_s * settled.spec.rate)
        return build_network(request.architecture, settled.spec, seed=seed, window=window)
    base = workspace.models.model(request.from_model)
    weights, graph = (workspace.models.file(base.name, name) for name in (WEIGHTS, ORIGIN))
    if graph is not None:
        from einthoven.onnx.foreign.network import network_from_graph

        return network_from_graph(graph.read_bytes(), base.spec, settled.spec, weights=weights, seed=seed)
    assert weights is not None, "planning has looked"
    return network_from(weights, base.spec, settled.spec, seed=seed)


def _learn(
    network: "EcgNetwork", learn: Side, check: Side, settled: Plan, report: Reporter, number: int
) -> tuple[TrainingResult, Mapping[str, Any]]:
    """Train member `number`; its course, and how it was fitted where that is no course."""
    config = replace(settled.config, seed=settled.config.seed + number)
    folder = report.folder / f"member-{number + 1}" if config.members > 1 else report.folder
    data = TrainingData(
        learn.x, learn.y, check.x, check.y, learn.told, check.told,
        _patient_weights(learn.items) if config.patient_weights else None,
    )  # fmt: skip
    if network.entry.fit == "closed_form":
        from einthoven.train.closed_form import fit

        report.progress(0, 0, "computing features")
        found = fit(
            network, data, settled.spec, config, checkpoint=folder / WEIGHTS, groups=_patients(learn.items),
            on_epoch=report.epoch, log=report.log, should_stop=report.cancel_requested,
        )  # fmt: skip
        return found.result, found.to_json()
    from einthoven.train.loop import train as run_loop

    epoch, before = 1, number * config.epochs

    def on_epoch(finished: Any) -> None:
        nonlocal epoch
        report.epoch(replace(finished, epoch=before + finished.epoch))
        epoch = finished.epoch + 1

    def on_progress(done: int, total: int) -> None:
        report.progress(before + epoch - 1 + done / total, config.members * config.epochs, "epochs")

    searching = config.maximum_rate is None
    report.progress(before, config.members * config.epochs, "searching the learning rate" if searching else "epochs")
    result = run_loop(
        network,
        data,
        settled.spec,
        config,
        checkpoint=folder / WEIGHTS,
        on_epoch=on_epoch,
        on_progress=on_progress,
        log=report.log,
        should_stop=report.cancel_requested,
    )
    return result, {}


def _patients(items: Sequence[Item]) -> list[str]:
    """Whose ECG each is; one that names nobody is of somebody else."""
    return [item.subject or f"alone {item.id}" for item in items]


def _patient_weights(items: Sequence[Item]) -> npt.NDArray[np.float32]:
    """Each patient's ECGs weigh 1 together."""
    patients = _patients(items)
    counts = Counter(patients)
    return np.array([1 / counts[patient] for patient in patients], dtype=np.float32)


def _keep(
    workspace: Workspace,
    request: TrainRequest,
    settled: Plan,
    members: Sequence[Member],
    learn: Side,
    check: Side,
    refused: tuple[Failure, ...],
    report: Reporter,
) -> TrainOutcome:
    from einthoven.models.networks.ensemble import together
    from einthoven.onnx.export import export

    result, architecture = members[0].result, members[0].network.entry.name
    statistics = _statistics(request, settled, members)
    graph = report.folder / GRAPH
    network = together([member.network for member in members])
    told = None if check.told is None else check.told[:32]
    parity = export(network, settled.spec, graph, inputs=check.x[:32], subjects=told)
    evaluation = score(graph, settled, check)
    statistics["validation"] = scoring.to_json(evaluation)
    statistics["parity"] = {
        "logits": parity.max_difference_logits,
        "probabilities": parity.max_difference_probabilities,
    }
    set_extra(graph, statistics)
    _write_json(report.folder / "statistics.json", statistics)
    _write_json(report.folder / LEARNED_FROM, _learned_from(workspace, request, (*learn.items, *check.items)))
    name = workspace.models.free_name(request.name or f"{request.task}-{architecture}")
    kept = {GRAPH: report.folder / GRAPH, LEARNED_FROM: report.folder / LEARNED_FROM}
    if len(members) == 1:  # several have no weights of one network: their mean is trained on through its graph
        kept[WEIGHTS] = report.folder / WEIGHTS
        base = None if request.from_model is None else workspace.models.file(request.from_model, ORIGIN)
        if base is not None:
            kept[ORIGIN] = base
    workspace.models.add(
        name,
        settled.spec,
        kept,
        architecture=architecture,
        base=request.from_model,
        run=report.job_id,
        trained_on=request.dataset,
        n_train=len(learn.items),
        parameters=sum(member.result.parameters for member in members),
        simulated=statistics["simulated"],
        statistics=statistics,
    )
    return TrainOutcome(
        model=name,
        split=settled.info,
        best_epoch=result.best_epoch,
        stopped=result.stopped,
        maximum_rate=result.maximum_rate,
        seconds=sum(member.result.seconds for member in members),
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
    scores = Predictor(graph).run(side.x, side.told)
    return scoring.evaluate(
        settled.spec.kind, settled.spec.class_names, side.y, scores.values, thresholds=settled.spec.threshold_values
    )


def _statistics(request: TrainRequest, settled: Plan, members: Sequence[Member]) -> dict[str, Any]:
    """What is told with the model: numbers only, nothing about single records. Of several members the course of one."""
    result = members[0].result
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
        "members": len(members),
        "fit": dict(members[0].fit),
        "seconds": sum(member.result.seconds for member in members),
        "ms_per_ecg_and_epoch": 1000 * mean_seconds / (n_train + n_validation),
        "parameters": sum(member.result.parameters for member in members),
        "trained_parameters": result.trained_parameters,
        "environment": environment(),
    }


def _names(side: Side) -> list[str]:
    return [item.file_name for item in side.items]


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
