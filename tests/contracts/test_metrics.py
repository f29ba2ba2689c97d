"""What every metric of the registry must do, whatever it computes."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from einthoven.metrics import METRICS
from einthoven.metrics.entry import Estimate, Judged, MetricEntry
from einthoven.task import KINDS

NAMES = {
    "accuracy", "macro_f1", "weighted_f1", "macro_auroc", "precision", "recall", "f1", "auroc",
    "mae", "rmse", "r2", "bias", "lower_limit", "upper_limit",
}  # fmt: skip


def _judged(kind: str, n: int, seed: int = 0) -> Judged:
    rng = np.random.default_rng(seed)
    if kind == "regression":
        truth = rng.normal(60, 15, (n, 1))
        guess = truth + rng.normal(1, 8, (n, 1))
        return Judged("regression", ("age",), truth, guess, guess)
    scores = rng.dirichlet(np.ones(3), n)
    truth = np.eye(3, dtype=bool)[rng.integers(0, 3, n)]
    if kind == "single-label":
        return Judged("single-label", ("A", "B", "C"), truth, np.eye(3, dtype=bool)[scores.argmax(axis=1)], scores)
    return Judged("multi-label", ("A", "B", "C"), rng.random((n, 3)) < 0.4, scores >= 0.3, scores)


def _inputs(metric: MetricEntry, kind: str, n: int) -> list[Judged]:
    judged = _judged(kind, n)
    return [judged] if metric.scope == "all" else list(judged.each_class())


CASES = [pytest.param(metric, kind, id=f"{metric.name}-{kind}") for metric in METRICS for kind in metric.kinds]
each_metric = pytest.mark.parametrize(("metric", "kind"), CASES)


def test_the_registry_holds_exactly_the_metrics_that_are_tested_against_an_independent_library() -> None:
    assert set(METRICS.names()) == NAMES


@pytest.mark.parametrize("metric", list(METRICS), ids=lambda metric: metric.name)
def test_a_metric_explains_itself_in_one_plain_sentence(metric: MetricEntry) -> None:
    assert metric.title
    assert metric.explanation.endswith(".")
    assert metric.explanation.count(".") - metric.explanation.count("0.5") == 1
    assert len(metric.explanation) < 160
    assert metric.kinds
    assert set(metric.kinds) <= set(KINDS)
    assert metric.scope in ("all", "class")
    assert METRICS.missing(metric) == ()


@each_metric
def test_a_metric_gives_a_plain_float_on_enough_ecgs(metric: MetricEntry, kind: str) -> None:
    for judged in _inputs(metric, kind, 200):
        estimate = metric.compute(judged)
        assert type(estimate.value) is float
        assert np.isfinite(estimate.value)
        assert estimate.reason == ""
        assert estimate.warnings == ()


@each_metric
@pytest.mark.parametrize("n", [0, 1])
def test_a_metric_says_why_it_cannot_be_estimated_from_no_or_one_ecg(metric: MetricEntry, kind: str, n: int) -> None:
    for judged in _inputs(metric, kind, n):
        estimate = metric.compute(judged)
        assert estimate.value is None
        assert estimate.reason.endswith(".")


@each_metric
def test_a_metric_warns_when_it_rests_on_few_ecgs(metric: MetricEntry, kind: str) -> None:
    estimates = [metric.compute(judged) for judged in _inputs(metric, kind, 8)]
    known = [estimate for estimate in estimates if estimate.value is not None]
    assert known
    assert all(any("only" in warning for warning in estimate.warnings) for estimate in known)


@each_metric
def test_a_metric_does_not_depend_on_the_order_of_the_ecgs(metric: MetricEntry, kind: str) -> None:
    order = np.random.default_rng(1).permutation(60)
    for judged in _inputs(metric, kind, 60):
        moved = dataclasses.replace(
            judged, truth=judged.truth[order], predicted=judged.predicted[order], scores=judged.scores[order]
        )
        assert metric.compute(moved).value == pytest.approx(metric.compute(judged).value, rel=1e-12)


@each_metric
def test_a_metric_leaves_its_input_alone(metric: MetricEntry, kind: str) -> None:
    for judged in _inputs(metric, kind, 30):
        for array in (judged.truth, judged.predicted, judged.scores):
            array.flags.writeable = False
        metric.compute(judged)


def test_a_number_too_large_to_compute_becomes_a_reason_and_not_infinity() -> None:
    huge = np.array([[1e300], [-1e300], [1e300]])
    judged = Judged("regression", ("x",), huge, -huge, -huge)
    compute: Callable[[Judged], Estimate] = METRICS.get("rmse").compute
    assert compute(judged).value is None
    assert "too large" in compute(judged).reason
