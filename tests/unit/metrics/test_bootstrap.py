"""Intervals by resampling patients, held against a plain loop over scikit-learn and against scipy's bootstrap."""

import time

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as sklearn_metrics

from einthoven.errors import LabelError, SettingError
from einthoven.evaluate import evaluate, judged
from einthoven.metrics.bootstrap import Interval, _Model, _names, _weights, differences, intervals
from einthoven.metrics.entry import Judged

NAMES = ("NORM", "MI", "STTC")
Array = npt.NDArray[np.float64]


def _several(seed: int, n: int = 160, *, skill: float = 0.3) -> Judged:
    """A multi-label model; scores are rounded, so that some are equal."""
    truth = np.random.default_rng(100).random((n, 3)) < [0.5, 0.3, 0.15]
    noise = np.random.default_rng(seed).random((n, 3))
    return judged("multi-label", NAMES, truth, np.round(skill * truth + (1 - skill) * noise, 2))


def _single(n: int = 120) -> Judged:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, n)
    return judged("single-label", NAMES, truth, rng.dirichlet([1, 1, 1], n) * 0.5 + np.eye(3)[truth] * 0.5 * 0.6)


def _patients(n: int, each: int = 2) -> list[str]:
    return [f"p{k // each}" for k in range(n)]


def _means(values: Array, n: int = 4000) -> tuple[float, float]:
    """The interval of a mean by scipy, each value a patient of its own."""
    from scipy.stats import bootstrap

    found = bootstrap((values,), np.mean, n_resamples=n, method="percentile", rng=1).confidence_interval
    return float(found.low), float(found.high)


def _close(interval: Interval, limits: tuple[float, float]) -> None:
    """Within what chance moves the limits of some thousand resamples."""
    assert [interval.low, interval.high] == pytest.approx(limits, abs=0.1 * (limits[1] - limits[0]))


@pytest.mark.parametrize("each", [1, 4])
def test_the_limits_are_those_of_a_plain_loop_over_scikit_learn(each: int) -> None:
    """The ECGs of the same resamples, written out one by one."""
    model = _several(1)
    patients = _patients(model.n, each)
    found = intervals(model, patients, resamples=100, seed=5)
    patient = np.arange(model.n) // each
    (weights,) = _weights(patient, model.n // each, 100, 5)
    drawn = []
    for weight in weights:
        rows = np.repeat(np.arange(model.n), weight.astype(int))
        drawn.append(sklearn_metrics.roc_auc_score(model.truth[rows], model.scores[rows], average="macro"))
    limits = np.quantile(drawn, [0.025, 0.975])
    of_all = found.overall["macro_auroc"]
    assert [of_all.low, of_all.high] == pytest.approx(limits, abs=1e-12)
    assert of_all.value == pytest.approx(sklearn_metrics.roc_auc_score(model.truth, model.scores))
    assert found.n_patients == model.n // each


def test_patients_are_drawn_with_all_of_their_ecgs() -> None:
    patient = np.array([0, 1, 1, 2, 2, 2, 3])
    (weights,) = _weights(patient, 4, 2000, 0)
    assert (weights[:, 1] == weights[:, 2]).all() and (weights[:, 3] == weights[:, 5]).all()
    of_patients = weights[:, [0, 1, 3, 6]]
    assert (of_patients.sum(axis=1) == 4).all()
    # Each is left out in (3/4)^4 of the resamples.
    assert (of_patients == 0).mean(axis=0) == pytest.approx(0.75**4, abs=0.04)


def test_large_data_are_drawn_in_pieces_that_make_up_the_same_number() -> None:
    pieces = list(_weights(np.arange(30_000), 30_000, 200, 0))
    assert len(pieces) == 2 and sum(len(piece) for piece in pieces) == 200


def test_each_resample_gives_exactly_what_the_metrics_give_for_the_ecgs_drawn() -> None:
    """Not only the limits: weights stand for ECGs that are there several times."""
    for model in (_several(1), _single()):
        made, rng = _Model(model), np.random.default_rng(0)
        for _ in range(20):
            weights = rng.multinomial(model.n, np.full(model.n, 1 / model.n))
            rows = np.repeat(np.arange(model.n), weights)
            truth = model.truth[rows].argmax(axis=1) if model.kind == "single-label" else model.truth[rows]
            expected = evaluate(model.kind, NAMES, truth, model.scores[rows])
            found = dict(zip(_names(model), made.numbers(weights[None].astype(float))[0], strict=True))
            for name in ("macro_auroc", "weighted_f1", "macro_f1", "accuracy"):
                assert found[name, None] == pytest.approx(getattr(expected, name), abs=1e-12)
            for k, of_class in enumerate(expected.per_class):
                assert (found["auroc", k], found["f1", k]) == pytest.approx((of_class.auroc, of_class.f1), abs=1e-12)


def test_accuracy_and_its_paired_difference_have_the_intervals_of_scipys_bootstrap() -> None:
    good, poor = _several(1, skill=0.4), _several(1, skill=0.3)
    alone = [None] * good.n
    right = [(model.truth == model.predicted).all(axis=1).astype(float) for model in (good, poor)]
    _close(intervals(good, alone, resamples=4000).overall["accuracy"], _means(right[0]))
    found = differences(good, poor, alone, resamples=4000).overall["accuracy"]
    _close(found, _means(right[0] - right[1]))
    assert found.value == pytest.approx(right[0].mean() - right[1].mean())


def test_a_model_is_not_different_from_itself() -> None:
    same = differences(_several(1), _several(1), _patients(160)).overall["weighted_f1"]
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)


def test_the_same_patients_again_and_again_do_not_make_a_number_surer() -> None:
    model = _several(1, 80)
    tenfold = judged("multi-label", NAMES, np.tile(model.truth, (10, 1)), np.tile(model.scores, (10, 1)))
    once = intervals(model, [f"p{k}" for k in range(80)]).overall["accuracy"]
    again = intervals(tenfold, [f"p{k % 80}" for k in range(800)]).overall["accuracy"]
    believed = intervals(tenfold, [None] * 800).overall["accuracy"]

    def width(interval: Interval) -> float:
        assert interval.low is not None and interval.high is not None
        return interval.high - interval.low

    assert width(again) == pytest.approx(width(once), rel=0.15)
    assert width(believed) < width(once) / 2


def test_several_seeds_give_the_mean_of_their_numbers() -> None:
    seeds = [_several(seed) for seed in (1, 2, 3)]
    found = intervals(seeds, _patients(160)).overall["macro_auroc"]
    values = [intervals(seed, _patients(160)).overall["macro_auroc"].value for seed in seeds]
    assert found.value == pytest.approx(np.mean(values))
    assert found.low is not None and found.high is not None and found.low < found.value < found.high


def test_the_error_of_a_regression() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(60, 15, 200)
    model = judged("regression", ("age",), truth, (truth + rng.normal(0, 8, 200))[:, None])
    found = intervals(model, [None] * 200, resamples=4000)
    errors = np.abs(model.scores - model.truth)[:, 0]
    assert list(found.overall) == ["mae"] and found.per_class == {}
    assert found.overall["mae"].value == pytest.approx(errors.mean())
    _close(found.overall["mae"], _means(errors))


def test_resamples_that_lack_a_class_are_counted_and_said() -> None:
    """6 of 100 patients have the class: fewer than two are drawn in about 1.5 % of the resamples."""
    truth = np.zeros((100, 2), bool)
    truth[:50, 0] = truth[:6, 1] = True
    rng = np.random.default_rng(0)
    found = intervals(judged("multi-label", ("A", "B"), truth, rng.random((100, 2))), [None] * 100)
    of_b = found.per_class["B"]["auroc"]
    assert 5 <= of_b.lost <= 40 and of_b.low is not None
    assert of_b.warnings == (
        "The intervals of B rest on 6 patients that have it.",
        f"{of_b.lost} of 1000 resamples do not allow it; the interval is of the others.",
    )
    assert found.overall["macro_auroc"].lost == of_b.lost
    assert found.per_class["A"]["auroc"].lost == 0


def test_a_class_of_two_patients_has_a_number_but_no_interval() -> None:
    truth = np.zeros((50, 2), bool)
    truth[:25, 0] = truth[:2, 1] = True
    found = intervals(judged("multi-label", ("A", "B"), truth, np.full((50, 2), 0.4)), [None] * 50)
    of_b = found.per_class["B"]["auroc"]
    assert (of_b.value, of_b.low, of_b.high) == (0.5, None, None)
    assert of_b.reason == f"It cannot be estimated in {of_b.lost} of 1000 resamples."


def test_a_class_that_nobody_has_is_left_out_of_the_averages_as_by_the_metrics() -> None:
    truth = np.zeros((60, 3), bool)
    truth[:30, 0] = truth[20:50, 1] = True
    model = judged("multi-label", NAMES, truth, np.random.default_rng(0).random((60, 3)))
    found = intervals(model, [None] * 60)
    assert found.per_class["STTC"]["auroc"] == Interval(None, None, None, reason="No ECG has STTC.")
    assert found.overall["macro_auroc"].value == evaluate("multi-label", NAMES, truth, model.scores).macro_auroc
    assert found.overall["macro_auroc"].low is not None and found.overall["macro_auroc"].lost == 0


def test_all_ecgs_of_one_patient_show_no_chance() -> None:
    found = intervals(_several(1), ["p"] * 160).overall["accuracy"]
    assert found.value is not None and (found.low, found.high) == (None, None)
    assert "one patient" in found.reason


def test_a_perfect_model_gets_a_warning_beside_its_interval_without_width() -> None:
    truth = np.arange(40) % 2
    found = intervals(judged("single-label", ("A", "B"), truth, np.eye(2)[truth]), [None] * 40).overall["accuracy"]
    assert (found.low, found.high) == (1.0, 1.0)
    assert "says nothing" in found.warnings[-1]


def test_the_seed_decides() -> None:
    first, again, other = (intervals(_several(1), _patients(160), seed=seed) for seed in (0, 0, 1))
    assert first == again != other


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(LabelError, match="same ECGs"):
        differences(_several(1), _single(160), [None] * 160)
    with pytest.raises(LabelError, match="3 patients are named for 160 ECGs"):
        intervals(_several(1), ["a", "b", "c"])
    with pytest.raises(SettingError, match="10 resamples"):
        intervals(_several(1), [None] * 160, resamples=10)


def test_two_thousand_ecgs_take_seconds() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((2000, 5)) < 0.3
    model = judged("multi-label", tuple("ABCDE"), truth, rng.random((2000, 5)))
    began = time.process_time()
    intervals(model, _patients(2000))
    assert time.process_time() - began < 5
