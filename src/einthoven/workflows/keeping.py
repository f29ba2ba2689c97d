"""From trained networks to a model on the shelf: exported, checked, judged, described."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from einthoven import evaluate as scoring
from einthoven.files import write_whole
from einthoven.infer import Predictor
from einthoven.jobs import Reporter
from einthoven.metrics.bootstrap import intervals
from einthoven.metrics.entry import Judged
from einthoven.onnx.foreign.inspecting import ORIGIN
from einthoven.onnx.metadata import set_extra
from einthoven.results import Evaluation
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.train import thresholds
from einthoven.train.thresholds import ClassThreshold
from einthoven.workflows.fitting import Member, Side
from einthoven.workflows.model_origin import passed_on
from einthoven.workflows.plain import to_plain
from einthoven.workflows.planning import Plan
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.seen import LEARNED_FROM, Seen
from einthoven.workflows.workspace import Workspace

CHANCE = 0.5
PACKAGES = ("einthoven", "torch", "numpy", "scipy", "onnx", "onnxruntime", "scikit-learn")


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """A model as files of its job, and how it did on the validation part; `parity_*` as of `TrainOutcome`."""

    request: TrainRequest
    architecture: str
    spec: ModelSpec
    files: Mapping[str, Path]
    statistics: Mapping[str, Any]
    validation: Evaluation
    judged: Judged
    thresholds: tuple[ClassThreshold, ...]
    parity_logits: float
    parity_probabilities: float | None


def exported(
    workspace: Workspace,
    request: TrainRequest,
    settled: Plan,
    members: Sequence[Member],
    learn: Side,
    check: Side,
    report: Reporter,
) -> Exported:
    """Export the mean of the members with a parity check, and judge the export."""
    from einthoven.models.networks.ensemble import together
    from einthoven.onnx.export import export

    statistics = _statistics(request, settled, members)
    if request.from_model is not None:
        base, own = workspace.models.model(request.from_model), settled.spec
        fresh = (base.spec.kind, base.spec.class_names, base.spec.unit) != (own.kind, own.class_names, own.unit)
        statistics |= passed_on(base.statistics, method=request.method, fresh_head=fresh)
    graph = report.folder / GRAPH
    told = check.told_of_windows
    network = together([member.network for member in members])
    parity = export(network, settled.spec, graph, inputs=check.x[:32], subjects=None if told is None else told[:32])
    scores = check.averaged(Predictor(graph).run(check.x, told).values)
    chosen, spec = _with_thresholds(settled.spec, request, check, scores)
    judged = scoring.judged(spec.kind, spec.class_names, check.y, scores, thresholds=spec.threshold_values)
    found = scoring.evaluate(spec.kind, spec.class_names, check.y, scores, thresholds=spec.threshold_values)
    said = [*_said(chosen, members), *_guessing(spec, learn, check, judged, found)]
    evaluation = replace(found, warnings=(*said, *found.warnings))
    statistics["validation"] = scoring.to_json(evaluation)
    statistics["thresholds"] = thresholds.to_json(chosen)
    statistics["parity"] = {
        "logits": parity.max_difference_logits,
        "probabilities": parity.max_difference_probabilities,
    }
    set_extra(graph, statistics, spec=spec)
    write_json(report.folder / "statistics.json", statistics)
    before = Seen(complete=True) if request.from_model is None else Seen.by(workspace, request.from_model)
    write_json(report.folder / LEARNED_FROM, before.and_of((*learn.items, *check.items)).to_json())
    return Exported(
        request=request,
        architecture=members[0].network.entry.name,
        spec=spec,
        files=_files(workspace, request, members, report.folder),
        statistics=statistics,
        validation=evaluation,
        judged=judged,
        thresholds=chosen,
        parity_logits=parity.max_difference_logits,
        parity_probabilities=parity.max_difference_probabilities,
    )


def keep(workspace: Workspace, model: Exported, report: Reporter) -> str:
    """Put a model on the shelf; its name there."""
    name = workspace.models.free_name(model.request.name or f"{model.request.task}-{model.architecture}")
    workspace.models.add(
        name,
        model.spec,
        model.files,
        architecture=model.architecture,
        base=model.request.from_model,
        run=report.job_id,
        trained_on=model.request.dataset,
        n_train=model.statistics["n_train"],
        parameters=model.statistics["parameters"],
        simulated=model.statistics["simulated"],
        statistics=model.statistics,
    )
    return name


def _with_thresholds(
    spec: ModelSpec, request: TrainRequest, check: Side, scores: Any
) -> tuple[tuple[ClassThreshold, ...], ModelSpec]:
    """Multi-label: from where each class counts, by the validation part alone."""
    if spec.kind != "multi-label":
        return (), spec
    chosen = thresholds.choose(spec.class_names, check.y, scores, rule=request.thresholds)
    return chosen, replace(spec, thresholds=tuple(one.threshold for one in chosen))


def _said(chosen: Sequence[ClassThreshold], members: Sequence[Member]) -> list[str]:
    """What is to be thought of before the numbers of the validation part are believed."""
    said = [member.said for member in members if member.said]
    if any(not one.reason for one in chosen):
        said.append(thresholds.FLATTERED)
    if members[-1].result.stopped == "cancelled":
        epochs = members[-1].result.epochs
        said.append(f"The training was cancelled after {len(epochs)} epoch{'s' * (len(epochs) != 1)}.")
    return said


def _guessing(spec: ModelSpec, learn: Side, check: Side, judged: Judged, found: Evaluation) -> list[str]:
    """What is to be said of a model that may be no better than an answer without looking."""
    where = "on the validation part"
    if spec.kind == "regression":
        usual = float(np.median(learn.y))
        without, error = float(np.abs(check.y - usual).mean()), (found.regression or {}).get("mae")
        if error is None or error < without:
            return []
        unit = f" {spec.unit}" if spec.unit else ""
        return [
            f"It is no better than always answering {usual:.4g}{unit} {where}: "
            f"mean error {error:.3g} for {without:.3g}."
        ]
    ranks = intervals(judged, [item.subject for item in check.items]).overall["macro_auroc"]
    if ranks.value is None or ranks.low is None or ranks.high is None or ranks.low > CHANCE:
        return []
    return [
        f"It may be guessing: macro AUROC {ranks.value:.2f} (95 % interval {ranks.low:.2f} to {ranks.high:.2f}) "
        f"{where}, and {CHANCE:g} is chance."
    ]


def _files(
    workspace: Workspace, request: TrainRequest, members: Sequence[Member], folder: Path
) -> dict[str, Path]:  # fmt: skip
    kept = {GRAPH: folder / GRAPH, LEARNED_FROM: folder / LEARNED_FROM}
    if len(members) == 1:  # several have no weights of one network: their mean is trained on through its graph
        kept[WEIGHTS] = members[0].weights
        base = None if request.from_model is None else workspace.models.file(request.from_model, ORIGIN)
        if base is not None:
            kept[ORIGIN] = base
    return kept


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
        "f1": next(epoch.f1 for epoch in result.epochs if epoch.epoch == result.best_epoch),
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


def write_json(path: Path, data: Any) -> None:
    """A file of the job's own; a full disk leaves none that is half written."""
    write_whole(path, json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False).encode())
