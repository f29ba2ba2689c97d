"""`einthoven train`, `predict`, `evaluate`."""

import shutil
from pathlib import Path

import typer

from einthoven.cli import output, work
from einthoven.errors import InputError
from einthoven.evaluate import to_json
from einthoven.metrics import METRICS
from einthoven.results import Evaluation
from einthoven.store.types import Job
from einthoven.workflows import going_on, planning
from einthoven.workflows.dispatch import ecgs
from einthoven.workflows.plain import to_plain
from einthoven.workflows.predict import CSV_NAME
from einthoven.workflows.requests import (
    EvaluateRequest,
    EvaluationReport,
    PredictionTable,
    PredictRequest,
    TrainOutcome,
    TrainRequest,
)
from einthoven.workflows.train import require_torch
from einthoven.workflows.workspace import Workspace


def train(workspace: Workspace, request: TrainRequest, *, as_json: bool) -> None:
    """Train to the end; the outcome on standard output."""
    require_torch()
    _see_to_its_end(workspace, workspace.submit("train", planning.complete(workspace, request)), as_json=as_json)


def resume(workspace: Workspace, job: Job, *, as_json: bool) -> None:
    """Go on with a training that was interrupted or failed, where it was."""
    require_torch()
    _see_to_its_end(workspace, going_on.queued(workspace, job), as_json=as_json)


def _see_to_its_end(workspace: Workspace, job: Job, *, as_json: bool) -> None:
    work.say_how_to_go_on(workspace, job, quiet=as_json)
    outcome = work.do(workspace, job, TrainOutcome, quiet=as_json)
    if as_json:
        output.show_json({**to_plain(outcome), "validation": to_json(outcome.validation), "beside": _beside(outcome)})
    else:
        output.show_failures(outcome.refused)
        output.say(
            f"Model {outcome.model}: epoch {outcome.best_epoch} is kept, {outcome.seconds / 60:.1f} minutes "
            f"({ecgs(outcome.split.n_train)} to learn from, {outcome.split.n_validation} to check by)"
        )
        _say(outcome.validation, outcome.unit)
        for threshold in outcome.thresholds:
            output.say(f"  {threshold}")
        _say_beside(outcome)
    if outcome.refused:
        raise typer.Exit(output.SOME_FAILED)


def _beside(outcome: TrainOutcome) -> dict[str, object] | None:
    found = outcome.beside
    if found is None:
        return None
    return {**to_plain(found), "validation": None if found.validation is None else to_json(found.validation)}


def _say_beside(outcome: TrainOutcome) -> None:
    """The ridge model in the same numbers, and which of the two is better."""
    found = outcome.beside
    if found is None:
        return
    if found.model is not None and found.validation is not None:
        output.say(f"Ridge model beside it: {found.model}, {found.seconds:.0f} s", style="bold")
        both = (("network", outcome.validation), ("ridge model", found.validation))
        if outcome.validation.regression is not None:
            names = tuple(outcome.validation.regression)
            rows = [(name, *(_number((one.regression or {}).get(key)) for key in names)) for name, one in both]
            output.show_table(("", *names), rows)
        else:
            rows = [(name, *map(_number, (one.accuracy, one.macro_f1, one.macro_auroc))) for name, one in both]
            output.show_table(("", "accuracy", "macro F1", "macro AUROC"), rows)
    output.say(f"  {found.words}")


def predict(workspace: Workspace, request: PredictRequest, *, out: Path | None, as_json: bool) -> None:
    """Predict; exit 0 all well, 3 some failed, 1 none."""
    job = workspace.submit("predict", request)
    outcome = work.do(workspace, job, PredictionTable, quiet=as_json)
    if out is not None:
        _copy(workspace.jobs.file(job.id, CSV_NAME), out)
    if as_json:
        output.show_json(
            {
                "model": outcome.model,
                "kind": outcome.kind,
                "unit": outcome.unit,
                "classes": list(outcome.classes),
                "warnings": list(outcome.warnings),
                "predictions": [
                    {
                        "file_name": row.prediction.file_name,
                        **dict(zip(outcome.classes, row.prediction.values, strict=True)),
                        "answer": list(row.answer),
                        "notes": list(row.prediction.notes),
                        "doubts": list(row.prediction.doubts),
                    }
                    for row in outcome.rows
                ],
                "refused": [to_plain(failure) for failure in outcome.refused],
            }
        )
    else:
        _say_predictions(outcome, out)
    raise typer.Exit(output.exit_code(outcome.total, len(outcome.refused)))


def evaluate(workspace: Workspace, request: EvaluateRequest, *, as_json: bool) -> None:
    """Evaluate; the numbers on standard output."""
    report = work.do(workspace, workspace.submit("evaluate", request), EvaluationReport, quiet=as_json)
    if as_json:
        output.show_json(
            {
                **to_json(report.evaluation),
                "model": report.model,
                "dataset": report.dataset,
                "task": report.task,
                "folds": None if report.folds is None else list(report.folds),
                "seen_in_training": report.seen_in_training,
                "n_without_label": report.n_without_label,
                "refused": [to_plain(failure) for failure in report.refused],
            }
        )
    else:
        output.show_failures(report.refused)
        output.say(f"{report.model} on {report.dataset}, task {report.task}", style="bold")
        # It is also the model's: an evaluation with another is refused.
        _say(report.evaluation, workspace.store.task(report.dataset, report.task).unit)
    if report.refused:
        raise typer.Exit(output.SOME_FAILED)


def _copy(table: Path, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(table, out)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror or error}.", advice=f"The predictions are in {table}."
        ) from error


def _say_predictions(outcome: PredictionTable, out: Path | None) -> None:
    output.show_failures(outcome.refused)
    for row in outcome.rows:
        for doubt in row.prediction.doubts:
            output.warn(f"doubt {row.prediction.file_name}: {doubt}")
    for warning in outcome.warnings:
        output.warn(warning)
    if out is not None:
        output.say(f"{ecgs(outcome.total)} predicted, written to {out}")
        return
    if outcome.simulated_model:
        output.warn("This model learned from simulated ECGs; its answers say nothing about patients.")
    rows = [
        (row.prediction.file_name, *(f"{v:.3f}" for v in row.prediction.values), " ".join(row.answer))
        for row in outcome.rows
    ]
    unit = f", {outcome.unit}" if outcome.unit else ""
    output.show_table(("file_name", *(f"{name}{unit}" for name in outcome.classes), "answer"), rows)
    output.say("Research use only, not a medical device.", style="dim")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _say(evaluation: Evaluation, unit: str) -> None:
    """`unit`: of a regression's values."""
    if evaluation.regression is not None:
        values = evaluation.regression
        rows = [(METRICS.get(name).title, _number(values[name]), "" if name == "r2" else unit) for name in values]
        output.show_table((ecgs(evaluation.n), "", ""), rows)
    else:
        output.show_table(
            ("n", "accuracy", "macro F1", "weighted F1", "macro AUROC"),
            [(
                evaluation.n, _number(evaluation.accuracy), _number(evaluation.macro_f1),
                _number(evaluation.weighted_f1), _number(evaluation.macro_auroc),
            )],
        )  # fmt: skip
        output.show_table(
            ("class", "n", "precision", "recall", "F1", "AUROC"),
            [
                (c.name, c.n, _number(c.precision), _number(c.recall), _number(c.f1), _number(c.auroc))
                for c in evaluation.per_class
            ],
        )
    if evaluation.confusion is not None:
        names = [c.name for c in evaluation.per_class]
        counts = [(name, *row) for name, row in zip(names, evaluation.confusion, strict=True)]
        output.show_table(("true \\ predicted", *names), counts)
    wanted = evaluation.reasons if evaluation.regression is None else evaluation.regression
    for reason in dict.fromkeys(reason for name, reason in evaluation.reasons.items() if name in wanted):
        output.say(f"  {reason}")
    for warning in evaluation.warnings:
        output.warn(warning)
