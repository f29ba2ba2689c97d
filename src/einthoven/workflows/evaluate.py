"""Compare a model's answers with labels."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from einthoven import evaluate as scoring
from einthoven.errors import IncompatibleModel, LabelError, NotFound
from einthoven.jobs import Reporter
from einthoven.results import Evaluation, Failure
from einthoven.spec import ModelSpec
from einthoven.store.types import Item, ItemQuery
from einthoven.task import Answer, Task
from einthoven.tensors import targets
from einthoven.workflows.plain import load_result
from einthoven.workflows.predict import (
    CSV_NAME,
    asked,
    check_answers,
    loaded,
    rows_of,
    write_csv,
)
from einthoven.workflows.requests import EvaluateRequest, EvaluationReport, PredictionRow
from einthoven.workflows.seen import Seen
from einthoven.workflows.workspace import Workspace

MAX_MISTAKES = 500


def evaluate(workspace: Workspace, request: EvaluateRequest, report: Reporter) -> EvaluationReport:
    """Predict the labelled records of a dataset and score the answers."""
    began = time.perf_counter()
    model = asked(workspace, request.model)
    predictor = model.predictor
    task = workspace.store.task(request.dataset, request.task or predictor.spec.task)
    answers, notes = fitting_answers(task, predictor.spec)
    judged = judged_classes(task, predictor.spec)
    _, items = workspace.store.items(request.dataset, ItemQuery(folds=request.folds))
    labelled = [item for item in items if item.file_name in answers]
    if not labelled:
        raise LabelError(
            f"No ECG of {request.dataset!r} has a usable label of task {task.name!r} here.",
            advice="Choose another task or other folds.",
        )
    refused: list[Failure] = []
    named = loaded(workspace, labelled, refused)
    rows = list(rows_of(model, named, refused, report, truth=dict(answers), total=len(labelled)))
    for failure in refused:
        report.failure(failure)
    if not rows:
        raise IncompatibleModel(f"The model fits none of the {len(labelled)} ECGs: {refused[0].reason}")
    write_csv(report.folder / CSV_NAME, predictor.spec, rows)
    evaluation = _scored(predictor.spec, judged, rows, answers)
    used = {row.item for row in rows}
    evaluated = [item for item in labelled if item.id in used]
    seen, warning = _seen(workspace, request.model, evaluated)
    notes.extend(model.origin.warnings)
    simulated = sum(item.simulated for item in evaluated)
    if simulated:
        notes.append(f"{simulated} of {len(evaluated)} ECGs are simulated: these numbers say nothing about patients.")
    result = EvaluationReport(
        job=None,
        model=request.model,
        dataset=request.dataset,
        task=task.name,
        folds=request.folds,
        evaluation=replace(evaluation, warnings=(*warning, *notes, *evaluation.warnings)),
        refused=tuple(refused),
        n_without_label=len(items) - len(labelled),
        seen_in_training=seen,
        mistakes=tuple(_mistakes(predictor.spec, judged, rows)),
        seconds=time.perf_counter() - began,
    )
    (report.folder / "evaluation.json").write_text(
        json.dumps(scoring.to_json(result.evaluation), indent=1, allow_nan=False), "utf-8"
    )
    return result


def report(workspace: Workspace, job_id: str) -> EvaluationReport | None:
    """The stored report; None while the job runs."""
    job = workspace.jobs.job_of_kind(job_id, "evaluate")
    found = load_result(workspace.jobs.path(job.id) / "result.json", EvaluationReport)
    return None if found is None else replace(found, job=job)


def fitting_answers(task: Task, spec: ModelSpec) -> tuple[Mapping[str, Answer], list[str]]:
    """The task's answers as far as the model can give them, with notes on what that leaves out.

    Single-label: records of a class the model does not know are left out. Multi-label: unknown
    classes are, the record stays, and is judged by the classes the model knows.
    """
    if task.kind != spec.kind:
        raise IncompatibleModel(
            f"The model answers a {spec.kind} task; {task.name!r} is {task.kind}.",
            advice="Choose a task of the same kind.",
        )
    if task.kind == "regression":
        if task.unit != spec.unit:
            raise IncompatibleModel(
                f"The model answers in {spec.unit or 'no unit'}, the task in {task.unit or 'no unit'}."
            )
        return task.answers, []
    unknown = check_answers(spec, task.class_names)
    missing = [name for name in spec.class_names if name not in task.class_names]
    ignored = ": not judged" if task.kind == "multi-label" else ""
    notes = [f"The model knows {name}, the task does not ask for it{ignored}." for name in missing]
    known = {
        file_name: tuple(label for label in answer if label in spec.class_names)
        for file_name, answer in task.answers.items()
        if isinstance(answer, tuple) and (task.kind == "multi-label" or answer[0] in spec.class_names)
    }
    left_out = len(task.answers) - len(known)
    if left_out:
        notes.append(f"{left_out} ECGs of {', '.join(unknown)} are left out: the model does not know these classes.")
    elif unknown:
        notes.append(f"{', '.join(unknown)}: not judged, the model does not know these classes.")
    if not known:
        raise NotFound(f"Task {task.name!r} has no label the model could be judged by.")
    return known, notes


def judged_classes(task: Task, spec: ModelSpec) -> tuple[str, ...]:
    """The model's outputs that this task can judge.

    Multi-label: those the task asks for, since of others nothing is known. Single-label and regression:
    all, since any other answer than the true one is wrong.
    """
    if task.kind != "multi-label":
        return spec.class_names
    return tuple(name for name in spec.class_names if name in task.class_names)


def _scored(
    spec: ModelSpec, judged: tuple[str, ...], rows: list[PredictionRow], answers: Mapping[str, Answer]
) -> Evaluation:
    columns = [spec.class_names.index(name) for name in judged]
    truth = targets([answers[row.prediction.file_name] for row in rows], spec)
    return scoring.evaluate(
        spec.kind,
        judged,
        truth[:, columns] if spec.kind == "multi-label" else truth,
        np.array([row.prediction.values for row in rows])[:, columns],
        thresholds=[spec.threshold_values[column] for column in columns],
    )


def _mistakes(spec: ModelSpec, judged: tuple[str, ...], rows: list[PredictionRow]) -> list[PredictionRow]:
    """Rows whose answer is not the truth, the most certain mistakes first; regression: the largest errors."""
    if spec.kind == "regression":
        by_error = sorted(rows, key=lambda row: -abs(row.prediction.values[0] - _number(row.truth)))
        return by_error[:MAX_MISTAKES]
    wrong = [row for row in rows if {*row.answer} & {*judged} != set(row.truth if isinstance(row.truth, tuple) else ())]
    return sorted(wrong, key=lambda row: -max(row.prediction.values))[:MAX_MISTAKES]


def _number(truth: Answer | None) -> float:
    return truth if isinstance(truth, float) else 0.0


def _seen(workspace: Workspace, model: str, items: list[Item]) -> tuple[int, list[str]]:
    """How many of these records the model has learned from, itself or through the models it continues from."""
    known = Seen.by(workspace, model)
    seen, related = known.among(items)
    warnings = []
    if not known.complete:
        warnings.append(
            "It is not known here which ECGs this model has learned from; if some of these were among them, "
            "the numbers look better than they are."
        )
    if seen:
        warnings.append(
            f"The model has learned from {seen} of these {len(items)} ECGs: the numbers look better than they are."
        )
    if related:
        warnings.append(f"{related} further ECGs are of patients the model has learned from.")
    return seen, warnings
