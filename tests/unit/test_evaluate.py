"""`evaluate` against scikit-learn, and the form of what it answers."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from einthoven.errors import IncompatibleModel, LabelError
from einthoven.evaluate import evaluate, to_json
from einthoven.results import Evaluation

NAMES = ("NORM", "MI", "STTC", "CD")
Arrays = tuple[npt.NDArray[Any], npt.NDArray[np.float32]]


@st.composite
def single_label(draw: st.DrawFn) -> Arrays:
    """Class numbers and probabilities, often tied, with classes that are rare, absent or never predicted."""
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = rng.dirichlet(np.full(4, draw(st.sampled_from([0.2, 1.0, 10.0]))))
    truth = rng.choice(4, n, p=weights).astype(np.int64)
    scores = rng.dirichlet(np.ones(4), n).astype(np.float32)
    decimals = draw(st.sampled_from([1, 2, 7]))
    return truth, np.round(scores, decimals)


@st.composite
def multi_label(draw: st.DrawFn) -> Arrays:
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = (rng.random((n, 4)) < rng.random(4) * draw(st.sampled_from([0.1, 1.0]))).astype(np.float32)
    return truth, np.round(rng.random((n, 4)), draw(st.sampled_from([1, 2, 7]))).astype(np.float32)


def _assert_classes_agree(
    result: Evaluation, truth: npt.NDArray[Any], predicted: npt.NDArray[Any], scores: npt.NDArray[np.float32]
) -> None:
    """Each number that is given is scikit-learn's; each that is not has a reason that holds."""
    precision, recall, f1, _ = sk.precision_recall_fscore_support(truth, predicted, average=None, zero_division=0)
    for i, one in enumerate(result.per_class):
        n, n_predicted = int(truth[:, i].sum()), int(predicted[:, i].sum())
        assert (one.name, one.n, one.n_predicted) == (NAMES[i], n, n_predicted)
        assert set(one.reasons) == {k for k in ("precision", "recall", "f1", "auroc") if getattr(one, k) is None}
        assert (one.recall is None) == (one.f1 is None) == (n < 2)
        assert (one.precision is None) == (n < 2 or n_predicted < 2)
        assert (one.auroc is None) == (n < 2 or len(truth) - n < 2)
        assert (one.name in result.roc) == (one.auroc is not None)
        for value, expected in ((one.precision, precision), (one.recall, recall), (one.f1, f1)):
            if value is not None:
                assert value == pytest.approx(expected[i], abs=1e-12)
        if one.auroc is not None:
            assert one.auroc == pytest.approx(sk.roc_auc_score(truth[:, i], scores[:, i]), abs=1e-12)
            curve = result.roc[one.name]
            area = np.trapezoid(curve.true_positive_rate, curve.false_positive_rate)
            assert area == pytest.approx(one.auroc, abs=1e-9)
    _assert_averages(result)


def _assert_averages(result: Evaluation) -> None:
    known = [(one.f1, one.n) for one in result.per_class if one.f1 is not None]
    if len(known) < 2:
        assert result.macro_f1 is None
        assert result.weighted_f1 is None
    else:
        values, sizes = zip(*known, strict=True)
        assert result.macro_f1 == pytest.approx(np.mean(values))
        assert result.weighted_f1 == pytest.approx(np.average(values, weights=sizes))
    areas = [one.auroc for one in result.per_class if one.auroc is not None]
    assert result.macro_auroc == (pytest.approx(np.mean(areas)) if len(areas) > 1 else None)


@settings(max_examples=60, deadline=None)
@given(single_label())
def test_single_label_numbers_are_those_of_scikit_learn_or_none_with_a_reason(data: Arrays) -> None:
    truth, scores = data
    result = evaluate("single-label", NAMES, truth, scores)
    predicted = scores.argmax(axis=1)
    _assert_classes_agree(result, np.eye(4, dtype=int)[truth], np.eye(4, dtype=int)[predicted], scores)
    assert result.n == len(truth)
    assert result.confusion is not None
    assert np.array(result.confusion).tolist() == sk.confusion_matrix(truth, predicted, labels=range(4)).tolist()
    if len(truth) > 1:
        assert result.accuracy == pytest.approx(sk.accuracy_score(truth, predicted))
    else:
        assert result.accuracy is None
    json.dumps(to_json(result), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(multi_label(), st.sampled_from([None, (0.2, 0.5, 0.7, 0.5)]))
def test_multi_label_numbers_are_those_of_scikit_learn_or_none_with_a_reason(
    data: Arrays, thresholds: tuple[float, ...] | None
) -> None:
    truth, scores = data
    result = evaluate("multi-label", NAMES, truth, scores, thresholds=thresholds)
    predicted = (scores.astype(np.float64) >= np.array(thresholds or [0.5] * 4)).astype(int)
    _assert_classes_agree(result, truth.astype(int), predicted, scores)
    assert result.confusion is None
    if len(truth) > 1:
        assert result.accuracy == pytest.approx(sk.accuracy_score(truth, predicted))
    json.dumps(to_json(result), allow_nan=False)


def test_with_enough_ecgs_of_each_class_the_averages_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 400)
    scores = rng.dirichlet(np.ones(4), 400)
    scores[np.arange(400), truth] += 0.4
    scores /= scores.sum(axis=1, keepdims=True)
    result = evaluate("single-label", NAMES, truth, scores)
    predicted = scores.argmax(axis=1)
    assert result.macro_f1 == pytest.approx(sk.f1_score(truth, predicted, average="macro"))
    assert result.weighted_f1 == pytest.approx(sk.f1_score(truth, predicted, average="weighted"))
    assert result.macro_auroc == pytest.approx(sk.roc_auc_score(truth, scores, multi_class="ovr", average="macro"))
    assert result.warnings == ()
    assert result.reasons == {}


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 50), st.integers(0, 2**32 - 1))
def test_regression_numbers_are_those_of_scikit_learn(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(60, 15, (n, 1)).astype(np.float32)
    scores = (truth + rng.normal(2, 10, (n, 1))).astype(np.float32)
    result = evaluate("regression", ("age",), truth, scores)
    assert result.regression is not None
    y, p = truth.astype(np.float64), scores.astype(np.float64)
    assert result.regression["mae"] == pytest.approx(sk.mean_absolute_error(y, p))
    assert result.regression["rmse"] == pytest.approx(sk.root_mean_squared_error(y, p))
    assert result.regression["r2"] == pytest.approx(sk.r2_score(y, p))
    assert result.regression["bias"] == pytest.approx(float((p - y).mean()))
    assert result.regression["upper_limit"] == pytest.approx(float((p - y).mean() + 1.96 * (p - y).std(ddof=1)))
    assert result.accuracy is result.macro_f1 is result.weighted_f1 is result.macro_auroc is None
    assert {"accuracy", "macro_f1", "weighted_f1", "macro_auroc"} <= set(result.reasons)
    json.dumps(to_json(result), allow_nan=False)


def test_regression_truth_may_be_a_plain_row() -> None:
    flat = evaluate("regression", ("age",), [1.0, 2.0, 4.0], [[1.0], [2.0], [3.0]])
    assert flat == evaluate("regression", ("age",), [[1.0], [2.0], [4.0]], [[1.0], [2.0], [3.0]])


def test_json_has_the_published_keys_with_numbers_or_null() -> None:
    scores = np.array([[0.9, 0.1]] * 12 + [[0.2, 0.8]] * 12 + [[0.6, 0.4]])
    report = json.loads(json.dumps(to_json(evaluate("single-label", ("A", "B"), [0] * 12 + [1] * 13, scores))))
    for key in ("accuracy", "macro_f1", "weighted_f1", "macro_auroc", "n"):
        assert isinstance(report[key], int | float)
    assert report["confusion"] == [[12, 0], [1, 12]]
    assert report["classes"] == ["A", "B"]
    assert [row["n"] for row in report["per_class"]] == [12, 13]
    assert report["per_class"][1]["recall"] == pytest.approx(12 / 13)
    assert set(report["roc"]["A"]) == {"false_positive_rate", "true_positive_rate", "threshold"}


def test_a_class_of_one_is_null_with_a_reason_though_it_was_found() -> None:
    truth = [0] * 15 + [1]
    report = to_json(evaluate("single-label", ("A", "B"), truth, np.eye(2)[truth]))
    rare = report["per_class"][1]
    assert [rare[key] for key in ("precision", "recall", "f1", "auroc")] == [None] * 4
    assert "Only 1 ECG has B" in rare["reasons"]["recall"]
    assert report["macro_f1"] is None
    assert "B" in report["reasons"]["macro_f1"]


def test_an_evaluation_of_nothing_answers_null_with_reasons() -> None:
    result = evaluate("multi-label", NAMES, np.zeros((0, 4)), np.zeros((0, 4)))
    assert result.n == 0
    assert result.accuracy is None
    assert result.reasons["accuracy"] == "There is no ECG to evaluate."
    json.dumps(to_json(result), allow_nan=False)


def test_guessing_gives_an_auroc_of_one_half() -> None:
    rng = np.random.default_rng(0)
    result = evaluate("single-label", NAMES, rng.integers(0, 4, 4000), rng.dirichlet(np.ones(4), 4000))
    assert result.macro_auroc == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    scores = np.full((5, 4), 0.25)
    scores[2, 1] = bad
    with pytest.raises(IncompatibleModel, match="1 of 5 ECGs"):
        evaluate("single-label", NAMES, np.zeros(5, np.int64), scores)


def test_logits_in_place_of_probabilities_are_refused() -> None:
    with pytest.raises(IncompatibleModel, match="probabilities lie between 0 and 1"):
        evaluate("multi-label", NAMES, np.zeros((2, 4)), [[0.1, 2.5, 0.3, 0.1], [0, 0, 0, -3]])


def test_scores_for_another_number_of_classes_are_refused() -> None:
    with pytest.raises(IncompatibleModel, match="4 classes"):
        evaluate("single-label", NAMES, [0, 1], [[0.5, 0.5], [0.5, 0.5]])


def test_thresholds_for_another_number_of_classes_are_refused() -> None:
    with pytest.raises(IncompatibleModel, match="2 thresholds for 4"):
        evaluate("multi-label", NAMES, np.zeros((2, 4)), np.zeros((2, 4)), thresholds=(0.5, 0.5))


@pytest.mark.parametrize(
    ("kind", "truth"),
    [
        ("single-label", [0, 4]),
        ("single-label", [0, -1]),
        ("single-label", [0.0, 1.0]),
        ("single-label", [0, 1, 2]),
        ("multi-label", [[0, 1, 0, 2], [0, 0, 0, 0]]),
        ("multi-label", [[0, 1, 0, np.nan], [0, 0, 0, 0]]),
        ("multi-label", [0, 1]),
        ("regression", [[1.0, 2, 3, 4], [np.nan, 1, 1, 1]]),
        ("ordinal", [0, 1]),
    ],
)
def test_truth_that_does_not_fit_is_refused(kind: Any, truth: list[Any]) -> None:
    with pytest.raises(LabelError):
        evaluate(kind, NAMES, truth, np.full((2, 4), 0.25))
