"""From where a class counts as present, against scikit-learn's F1 at every threshold there is."""

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve

from einthoven.errors import LabelError
from einthoven.train.thresholds import FEWEST, ClassThreshold, choose, in_words, to_json


def _one(there: np.ndarray, scores: np.ndarray) -> ClassThreshold:
    (found,) = choose(["a"], there[:, None], scores[:, None])
    return found


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_threshold_of_the_largest_f1_and_stands_between_two_scores(seed: int) -> None:
    rng = np.random.default_rng(seed)
    there = rng.random(200) < 0.2
    scores = 1 / (1 + np.exp(-(1.5 * there + rng.normal(-3, 1, 200))))
    found = _one(there, scores)
    precision, recall, _ = precision_recall_curve(there, scores)
    fmax = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert found.f1 == pytest.approx(fmax) == pytest.approx(f1_score(there, scores >= found.threshold))
    assert found.f1_at_half == pytest.approx(f1_score(there, scores >= 0.5))
    assert found.f1 > found.f1_at_half and not found.reason and found.n == there.sum()
    below, above = scores[scores < found.threshold].max(), scores[scores > found.threshold].min()
    assert found.threshold == pytest.approx((below + above) / 2)


def test_scores_that_are_equal_are_never_parted() -> None:
    there = np.repeat([True, True, False, False], 10)
    apart = np.repeat([0.9, 0.9, 0.2, 0.1], 10)
    assert _one(there, apart).threshold == pytest.approx(0.55) and _one(there, apart).f1 == 1.0
    mixed = np.repeat([0.9, 0.3, 0.3, 0.1], 10)  # from 0.6 on F1 is 2 * 10 / 30, from 0.2 on 2 * 20 / 50
    assert _one(there, mixed).threshold == pytest.approx(0.2) and _one(there, mixed).f1 == pytest.approx(0.8)


@pytest.mark.parametrize(("n", "n_without"), [(FEWEST - 1, 50), (50, FEWEST - 1), (1, 50), (0, 50)])
def test_few_ecgs_choose_nothing_and_it_is_said_why(n: int, n_without: int) -> None:
    there = np.repeat([True, False], [n, n_without])
    found = _one(there, np.where(there, 0.3, 0.1))
    assert found.threshold == 0.5 and str(min(n, n_without)) in found.reason
    assert (found.f1 is None) == (n < 2)


@pytest.mark.parametrize(
    "scores",
    [np.full(60, 0.2), np.where(np.arange(60) < 30, 1e-9, 2e-9), np.where(np.arange(60) < 30, 0.0, 1.0)],
    ids=["all the same", "far below", "the wrong way round"],
)
def test_a_class_that_is_not_told_apart_keeps_one_half(scores: np.ndarray) -> None:
    found = _one(np.arange(60) < 30, scores)
    assert found.threshold == 0.5 and "saying yes to every ECG" in found.reason


def test_it_is_never_0_or_1() -> None:
    there = np.arange(60) < 30
    for scores in (np.where(there, 1.0, 1 - 1e-8), np.where(there, 1e-8, 0.0)):
        assert _one(there, scores).threshold == 0.5


def test_one_half_is_kept_where_it_is_asked_for() -> None:
    there = np.arange(60) < 30
    (found,) = choose(["a"], there[:, None], np.where(there, 0.3, 0.1)[:, None], rule="half")
    assert (found.threshold, found.f1) == (0.5, 0.0) and found.reason


def test_what_was_chosen_is_told_in_words_also_from_a_file_and_rubbish_in_it_is_passed_over() -> None:
    there = np.arange(60) < 30
    chosen = choose(["AF", "rare"], np.stack([there, ~there & False], 1), np.stack([there * 0.2 + 0.1, there * 0.0], 1))
    told = json.loads(json.dumps({"thresholds": to_json(chosen)}))
    words = in_words(told)
    assert words[0] == "AF: predicted from 0.2 on; F1 1.00 on the validation part (30 ECGs have it), 0.00 from 0.5 on."
    assert words[1] == "rare: predicted from 0.5 on; only 0 validation ECGs have it; 10 are needed to choose."
    for rubbish in ({}, {"thresholds": 3}, {"thresholds": [3, {"name": 1}, {**told["thresholds"][0], "f1": None}]}):
        assert in_words(rubbish) == ()


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LabelError, match="for 1 classes"):
        choose(["a"], np.zeros((3, 2)), np.zeros((3, 2)))
