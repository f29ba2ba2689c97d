"""How good a model's answers are: truth and scores -> `Evaluation`, and its form as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import IncompatibleModel, LabelError
from einthoven.metrics import METRICS
from einthoven.metrics.confusion import confusion
from einthoven.metrics.curves import roc
from einthoven.metrics.entry import Estimate, Judged
from einthoven.results import ClassResult, Curve, Evaluation
from einthoven.task import KINDS, Kind

DEFAULT_THRESHOLD = 0.5
_PROBABILITY_SLACK = 1e-5
"""How far outside 0..1 float32 rounding may put a probability."""


def evaluate(
    kind: Kind,
    class_names: Sequence[str],
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    thresholds: Sequence[float] | None = None,
) -> Evaluation:
    """Compare a model's answers with the truth.

    Parameters
    ----------
    kind, class_names
        Of the task; the order of the names is that of the columns.
    truth
        Single-label: class indices, int `(n,)`. Multi-label: 0/1 or bool `(n, classes)`.
        Regression: values, `(n, 1)` or `(n,)`.
    scores
        `(n, classes)` probabilities; regression: `(n, 1)` predicted values.
    thresholds
        Multi-label only: the class counts as predicted where its probability is at least this; 0.5
        each when None. Single-label predicts the class of the highest probability (the first of equals).

    Returns
    -------
    Evaluation
        What cannot be estimated is None, with the reason beside it; what rests on few ECGs stands in
        `warnings`. The rules are those of `einthoven.metrics.entry`.

    Raises
    ------
    IncompatibleModel
        Scores of the wrong shape, not finite, or no probabilities.
    LabelError
        Truth of the wrong shape, not finite, or naming no class.
    """
    found = judged(kind, class_names, truth, scores, thresholds=thresholds)
    return _regression(found) if kind == "regression" else _classification(found)


def judged(
    kind: Kind,
    class_names: Sequence[str],
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    thresholds: Sequence[float] | None = None,
) -> Judged:
    """Answers beside the truth, checked, as metrics and their intervals take them; parameters as of `evaluate`."""
    if kind not in KINDS:
        raise LabelError(f"Kind {kind!r} is none of {', '.join(KINDS)}.")
    names = tuple(class_names)
    values = _checked_scores(np.asarray(scores), len(names), kind)
    if kind == "regression":
        return _regression_judged(names, np.asarray(truth), values)
    if kind == "single-label":
        return _single_label_judged(names, np.asarray(truth), values)
    return _multi_label_judged(names, np.asarray(truth), values, thresholds)


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """As plain JSON: numbers or null, never NaN; `reasons` beside each null, `classes` in the order of `confusion`."""
    return {
        "kind": evaluation.kind,
        "n": evaluation.n,
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "weighted_f1": evaluation.weighted_f1,
        "macro_auroc": evaluation.macro_auroc,
        "classes": [result.name for result in evaluation.per_class],
        "per_class": [_class_json(result) for result in evaluation.per_class],
        "confusion": None if evaluation.confusion is None else [list(row) for row in evaluation.confusion],
        "roc": {name: _curve_json(curve) for name, curve in evaluation.roc.items()},
        "regression": None if evaluation.regression is None else dict(evaluation.regression),
        "reasons": dict(evaluation.reasons),
        "warnings": list(evaluation.warnings),
    }


def _class_json(result: ClassResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "n": result.n,
        "n_predicted": result.n_predicted,
        "precision": result.precision,
        "recall": result.recall,
        "f1": result.f1,
        "auroc": result.auroc,
        "reasons": dict(result.reasons),
    }


def _curve_json(curve: Curve) -> dict[str, list[float]]:
    return {
        "false_positive_rate": list(curve.false_positive_rate),
        "true_positive_rate": list(curve.true_positive_rate),
        "threshold": list(curve.threshold),
    }


def _checked_scores(scores: npt.NDArray[Any], n_classes: int, kind: Kind) -> npt.NDArray[np.float64]:
    if scores.ndim != 2 or scores.shape[1] != n_classes:
        raise IncompatibleModel(
            f"The model's answers have shape {scores.shape}; the task has {n_classes} classes.",
            advice="Choose a model that was trained for this task.",
        )
    values = scores.astype(np.float64)
    broken = int((~np.isfinite(values)).any(axis=1).sum())
    if broken:
        raise IncompatibleModel(
            f"The model answers {broken} of {len(values)} ECGs with values that are no numbers (NaN or infinite).",
            advice="Its weights are damaged, or it was not made for such ECGs.",
        )
    if kind != "regression" and values.size:
        low, high = float(values.min()), float(values.max())
        if low < -_PROBABILITY_SLACK or high > 1 + _PROBABILITY_SLACK:
            raise IncompatibleModel(
                f"The model's answers lie between {low:g} and {high:g}; probabilities lie between 0 and 1.",
                advice="Give its probabilities, not its logits.",
            )
    return values


def _check_length(truth: npt.NDArray[Any], scores: npt.NDArray[np.float64], shape: tuple[int, ...]) -> None:
    if truth.shape != shape:
        raise LabelError(f"The labels have shape {truth.shape}; {len(scores)} answers of this kind need {shape}.")


def _single_label_judged(names: tuple[str, ...], truth: npt.NDArray[Any], scores: npt.NDArray[np.float64]) -> Judged:
    _check_length(truth, scores, (len(scores),))
    if not np.issubdtype(truth.dtype, np.integer) and truth.size:
        raise LabelError(f"Single-label truth consists of class numbers; these are of type {truth.dtype}.")
    index = truth.astype(np.int64)
    if index.size and (index.min() < 0 or index.max() >= len(names)):
        raise LabelError(f"Class numbers go from 0 to {len(names) - 1}; the labels hold {index.min()}..{index.max()}.")
    one_of = np.eye(len(names), dtype=bool)
    return Judged("single-label", names, one_of[index], one_of[scores.argmax(axis=1)], scores)


def _multi_label_judged(
    names: tuple[str, ...],
    truth: npt.NDArray[Any],
    scores: npt.NDArray[np.float64],
    thresholds: Sequence[float] | None,
) -> Judged:
    _check_length(truth, scores, scores.shape)
    if not np.isin(truth, (0, 1)).all():
        raise LabelError("Multi-label truth consists of 0 and 1; these labels hold something else.")
    limits = np.full(len(names), DEFAULT_THRESHOLD) if thresholds is None else np.asarray(thresholds, np.float64)
    if limits.shape != (len(names),) or not np.isfinite(limits).all():
        raise IncompatibleModel(f"{limits.size} thresholds for {len(names)} classes; one number each is needed.")
    return Judged("multi-label", names, truth.astype(bool), scores >= limits, scores)


def _regression_judged(names: tuple[str, ...], truth: npt.NDArray[Any], scores: npt.NDArray[np.float64]) -> Judged:
    column = truth.reshape(-1, 1) if truth.ndim == 1 else truth
    _check_length(column, scores, scores.shape)
    values = column.astype(np.float64)
    if not np.isfinite(values).all():
        raise LabelError("The true values hold NaN or infinity.", advice="Leave ECGs without a value out.")
    return Judged("regression", names, values, scores, scores)


def _computed(judged: Judged, scope: str) -> dict[str, Estimate]:
    return {
        metric.name: metric.compute(judged)
        for metric in METRICS
        if metric.scope == scope and judged.kind in metric.kinds and not METRICS.missing(metric)
    }


def _reasons(estimates: Mapping[str, Estimate]) -> dict[str, str]:
    return {name: estimate.reason for name, estimate in estimates.items() if estimate.value is None}


def _warnings(estimates: Iterable[Estimate]) -> tuple[str, ...]:
    """Each warning once, in the order in which they came up."""
    return tuple(dict.fromkeys(warning for estimate in estimates for warning in estimate.warnings))


def _classification(judged: Judged) -> Evaluation:
    overall = _computed(judged, "all")
    by_class = [(one, _computed(one, "class")) for one in judged.each_class()]
    curves = {one.class_names[0]: curve for one, _ in by_class if (curve := roc(one)) is not None}
    single = judged.kind == "single-label"
    return Evaluation(
        kind=judged.kind,
        n=judged.n,
        accuracy=overall["accuracy"].value,
        macro_f1=overall["macro_f1"].value,
        weighted_f1=overall["weighted_f1"].value,
        macro_auroc=overall["macro_auroc"].value,
        per_class=tuple(_class_result(one, estimates) for one, estimates in by_class),
        confusion=tuple(tuple(row) for row in confusion(judged).tolist()) if single else None,
        roc=curves,
        reasons=_reasons(overall),
        warnings=_warnings([*overall.values(), *(e for _, estimates in by_class for e in estimates.values())]),
    )


def _class_result(one: Judged, estimates: Mapping[str, Estimate]) -> ClassResult:
    return ClassResult(
        name=one.class_names[0],
        n=int(one.truth.sum()),
        n_predicted=int(one.predicted.sum()),
        precision=estimates["precision"].value,
        recall=estimates["recall"].value,
        f1=estimates["f1"].value,
        auroc=estimates["auroc"].value,
        reasons=_reasons(estimates),
    )


def _regression(judged: Judged) -> Evaluation:
    estimates = _computed(judged, "all")
    not_for_values = "A value was predicted, not a class."
    return Evaluation(
        kind=judged.kind,
        n=judged.n,
        accuracy=None,
        macro_f1=None,
        weighted_f1=None,
        macro_auroc=None,
        per_class=(),
        confusion=None,
        regression={name: estimate.value for name, estimate in estimates.items()},
        reasons=_reasons(estimates)
        | dict.fromkeys(("accuracy", "macro_f1", "weighted_f1", "macro_auroc"), not_for_values),
        warnings=_warnings(estimates.values()),
    )
