"""What is said where a number cannot be estimated or rests on little."""

import numpy as np
import pytest

from einthoven.metrics import METRICS
from einthoven.metrics.confusion import confusion
from einthoven.metrics.curves import MAX_POINTS, roc
from einthoven.metrics.entry import Estimate, Judged


def _one(truth: list[int], predicted: list[int], scores: list[float] | None = None) -> Judged:
    column = np.array([scores if scores is not None else predicted], dtype=np.float64).T
    return Judged("single-label", ("MI",), np.array([truth], dtype=bool).T, np.array([predicted], dtype=bool).T, column)


def _compute(name: str, judged: Judged) -> Estimate:
    return METRICS.get(name).compute(judged)


def test_precision_of_a_class_that_was_never_predicted_is_none_and_f1_is_zero() -> None:
    one = _one([1] * 12 + [0] * 12, [0] * 24)
    assert _compute("precision", one) == Estimate(None, "Nothing was predicted as MI.")
    assert _compute("recall", one).value == 0
    assert _compute("f1", one).value == 0


def test_precision_that_rests_on_one_prediction_is_none() -> None:
    one = _one([1] * 12 + [0] * 12, [1] + [0] * 23)
    assert _compute("precision", one).value is None
    assert "Only 1 ECG was predicted as MI" in _compute("precision", one).reason


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "auroc"])
def test_a_class_of_one_that_was_found_is_not_perfect_but_too_small(name: str) -> None:
    estimate = _compute(name, _one([1, 0, 0, 0], [1, 0, 0, 0]))
    assert estimate.value is None
    assert estimate.reason == "Only 1 ECG has MI; at least 2 are needed."


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "auroc"])
def test_a_class_that_no_ecg_has_says_so(name: str) -> None:
    assert _compute(name, _one([0] * 20, [1] * 5 + [0] * 15)) == Estimate(None, "No ECG has MI.")


def test_a_class_of_nine_has_a_value_with_a_warning_and_one_of_ten_without() -> None:
    nine = _compute("recall", _one([1] * 9 + [0] * 20, [1] * 9 + [0] * 20))
    ten = _compute("recall", _one([1] * 10 + [0] * 20, [1] * 10 + [0] * 20))
    assert (nine.value, nine.warnings) == (1.0, ("The numbers of MI rest on 9 ECGs only.",))
    assert (ten.value, ten.warnings) == (1.0, ())


@pytest.mark.parametrize("n_without", [0, 1])
def test_auroc_needs_ecgs_without_the_class_too(n_without: int) -> None:
    one = _one([1] * 20 + [0] * n_without, [1] * (20 + n_without))
    assert _compute("auroc", one).value is None
    assert "without it" in _compute("auroc", one).reason
    assert roc(one) is None


def test_auroc_counts_a_tie_as_one_half() -> None:
    assert _compute("auroc", _one([1, 1, 0, 0], [0] * 4, [0.5] * 4)).value == 0.5
    assert _compute("auroc", _one([1, 1, 0, 0], [0] * 4, [0.9, 0.5, 0.5, 0.1])).value == 3.5 / 4


def _single(truth: list[int], predicted: list[int], names: tuple[str, ...]) -> Judged:
    eye = np.eye(len(names))
    return Judged("single-label", names, eye[truth] > 0, eye[predicted] > 0, eye[predicted])


def test_a_macro_average_names_the_classes_it_leaves_out() -> None:
    truth = [0] * 20 + [1] * 20 + [2]
    estimate = _compute("macro_f1", _single(truth, truth, ("NORM", "MI", "CD", "HYP")))
    assert estimate.value == 1.0
    (warning,) = estimate.warnings
    assert "2 of 4 classes" in warning
    assert "CD (Only 1 ECG has CD" in warning
    assert "HYP (No ECG has HYP)" in warning


@pytest.mark.parametrize("name", ["macro_f1", "weighted_f1", "macro_auroc"])
def test_an_average_over_one_of_several_classes_is_none(name: str) -> None:
    estimate = _compute(name, _single([0] * 20, [0] * 20, ("NORM", "MI")))
    assert estimate.value is None
    assert "MI (No ECG has MI)" in estimate.reason


def test_r2_of_equal_true_values_is_none_with_the_reason() -> None:
    truth = np.full((20, 1), 60.0)
    judged = Judged("regression", ("age",), truth, truth + 1, truth + 1)
    assert "equal" in _compute("r2", judged).reason
    assert _compute("mae", judged).value == 1.0
    assert _compute("bias", judged).value == 1.0


def test_limits_of_agreement_are_bias_and_1_96_standard_deviations() -> None:
    # Differences -2, 0, 2: mean 0, sample standard deviation 2.
    truth = np.array([[10.0], [20.0], [30.0]])
    guess = truth + np.array([[-2.0], [0.0], [2.0]])
    judged = Judged("regression", ("x",), truth, guess, guess)
    assert _compute("lower_limit", judged).value == pytest.approx(-3.92)
    assert _compute("upper_limit", judged).value == pytest.approx(3.92)
    rng = np.random.default_rng(0)
    truth = rng.normal(400, 30, (20_000, 1))
    guess = truth + rng.normal(5, 12, truth.shape)
    judged = Judged("regression", ("QTc",), truth, guess, guess)
    low, high = (_compute(name, judged).value for name in ("lower_limit", "upper_limit"))
    assert low is not None and high is not None
    assert np.mean((guess - truth > low) & (guess - truth < high)) == pytest.approx(0.95, abs=0.005)


def test_bias_is_negative_where_the_model_says_too_little() -> None:
    truth = np.arange(20.0).reshape(-1, 1)
    assert _compute("bias", Judged("regression", ("x",), truth, truth - 2, truth - 2)).value == -2.0


def test_rows_of_the_confusion_matrix_are_the_true_classes() -> None:
    judged = _single([0, 0, 0, 1], [1, 1, 0, 1], ("A", "B"))
    assert confusion(judged).tolist() == [[1, 2], [0, 1]]


def test_a_long_roc_curve_is_thinned_but_keeps_its_ends_and_its_area() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(20_000) < 0.3
    scores = rng.normal(truth * 1.2, 1).reshape(-1, 1)
    one = Judged("multi-label", ("MI",), truth.reshape(-1, 1), scores > 0, scores)
    curve = roc(one)
    assert curve is not None
    x, y, threshold = map(np.array, (curve.false_positive_rate, curve.true_positive_rate, curve.threshold))
    assert len(x) <= MAX_POINTS
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert np.isfinite(threshold).all()
    assert (np.diff(threshold) < 0).all()
    assert np.trapezoid(y, x) == pytest.approx(_compute("auroc", one).value, abs=2e-3)
    for i in (0, 50, 120, len(x) - 1):
        predicted = scores[:, 0] >= threshold[i]
        assert predicted[truth].mean() == pytest.approx(y[i])
        assert predicted[~truth].mean() == pytest.approx(x[i])
