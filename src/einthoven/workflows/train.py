"""Train a model, check it, export it, put it on the shelf."""

from einthoven.errors import MissingDependency
from einthoven.jobs import Reporter
from einthoven.results import Failure
from einthoven.tensors import MOST_LEARNED
from einthoven.workflows.beside import fitted_beside, kept_beside
from einthoven.workflows.fitting import forget_trained, members_of, side_of
from einthoven.workflows.keeping import environment, exported, keep, write_json
from einthoven.workflows.plain import to_plain
from einthoven.workflows.planning import narrowed, plan
from einthoven.workflows.requests import TrainOutcome, TrainRequest
from einthoven.workflows.workspace import Workspace


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
    learn, check = (
        side_of(
            workspace, settled.spec, settled.task, items, refused, report, f"preparing {part} ECGs",
            most_windows=MOST_LEARNED,
        )
        for part, items in (("training", settled.train), ("validation", settled.validation))
    )  # fmt: skip
    if refused:
        settled = narrowed(settled, request, learn.items, check.items)
        report.event("split", to_plain(settled.info))
    names = {"train": [item.file_name for item in learn.items], "validation": [item.file_name for item in check.items]}
    write_json(report.folder / "split.json", {**names, **to_plain(settled.info)})
    if settled.spec.kind == "multi-label":
        report.log("The F1 of each epoch is that of classes which count from a probability of 0.5 on.")
    members = members_of(workspace, request, settled, learn, check, report)
    report.progress(0, 0, "exporting and checking the export")
    model = exported(workspace, request, settled, members, learn, check, report)
    ridge = fitted_beside(workspace, request, settled, learn, check, report)
    name = keep(workspace, model, report)
    beside = kept_beside(workspace, model, ridge, check, report)
    forget_trained(report.folder)
    result = members[0].result
    return TrainOutcome(
        model=name,
        split=settled.info,
        best_epoch=result.best_epoch,
        stopped=members[-1].result.stopped,
        maximum_rate=result.maximum_rate,
        seconds=sum(member.result.seconds for member in members),
        parity_logits=model.parity_logits,
        parity_probabilities=model.parity_probabilities,
        validation=model.validation,
        refused=tuple(refused),
        thresholds=model.thresholds,
        unit=settled.spec.unit,
        beside=beside,
    )


def require_torch() -> None:
    """MissingDependency when the training extra is not installed."""
    from importlib.util import find_spec

    if find_spec("torch") is None or find_spec("onnxscript") is None:
        raise MissingDependency(
            "Training needs PyTorch, which is not installed.", advice="Install it with: pip install 'einthoven[train]'"
        )
