"""Losses and F1, against torch's and scikit-learn's own."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight

from einthoven.errors import LabelError, RecordError
from einthoven.task import Kind
from einthoven.train import TrainingData
from einthoven.train.losses import LARGEST_WEIGHT, loss_for
from einthoven.train.scoring import classes_without_members, macro_f1
from tones import tone_spec

torch.set_num_threads(1)
CPU = torch.device("cpu")
ABC = ("a", "b", "c")


def test_class_weights_are_those_of_scikit_learn() -> None:
    y = np.array([0] * 6 + [1] * 3 + [2])
    weights = compute_class_weight("balanced", classes=np.arange(3), y=y)
    outputs, targets = torch.randn(10, 3), torch.from_numpy(y)
    loss = loss_for(tone_spec(names=ABC), y, weighted=True, device=CPU)
    wanted = torch.nn.functional.cross_entropy(outputs, targets, weight=torch.tensor(weights, dtype=torch.float32))
    torch.testing.assert_close(loss.mean(outputs, targets), wanted)


def test_without_class_weights_it_is_plain_cross_entropy() -> None:
    y = np.array([0] * 6 + [1] * 3 + [2])
    outputs, targets = torch.randn(10, 3), torch.from_numpy(y)
    loss = loss_for(tone_spec(names=ABC), y, weighted=False, device=CPU)
    torch.testing.assert_close(loss.mean(outputs, targets), torch.nn.functional.cross_entropy(outputs, targets))


def test_a_class_without_training_members_weighs_nothing_and_is_named() -> None:
    loss = loss_for(tone_spec(names=ABC), np.array([0, 0, 1, 1]), weighted=True, device=CPU)
    assert any("class c" in note for note in loss.notes)
    outputs = torch.randn(4, 3)
    mixed = loss.mean(outputs, torch.tensor([0, 1, 2, 2]))
    torch.testing.assert_close(mixed, loss.mean(outputs[:2], torch.tensor([0, 1])))


def test_members_of_a_rare_class_weigh_as_much_as_the_others_together_up_to_a_limit() -> None:
    y = np.zeros((100, 3), dtype=np.float32)
    y[:25, 0] = 1
    y[0, 1] = 1
    outputs, targets = torch.zeros(100, 3), torch.from_numpy(y)
    loss = loss_for(tone_spec("multi-label", names=ABC), y, weighted=True, device=CPU)
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        outputs, targets, pos_weight=torch.tensor([3.0, LARGEST_WEIGHT, 1.0])
    )
    torch.testing.assert_close(loss.mean(outputs, targets), wanted)
    assert any(note.startswith("No training ECG has c") for note in loss.notes)


def test_the_loss_of_a_part_does_not_depend_on_how_it_is_cut() -> None:
    y = np.array([0, 1, 1, 2, 0, 0, 1])
    loss = loss_for(tone_spec(names=ABC), y, weighted=True, device=CPU)
    outputs, targets = torch.randn(7, 3), torch.from_numpy(y)
    sums = [loss.sums(outputs[part], targets[part]) for part in (slice(0, 2), slice(2, 7))]
    whole = sum(total for total, _ in sums) / sum(weight for _, weight in sums)
    torch.testing.assert_close(torch.as_tensor(whole), loss.mean(outputs, targets))


def test_an_outlier_pulls_on_a_regression_in_proportion_not_with_its_square() -> None:
    loss = loss_for(tone_spec("regression", names=("hertz",)), np.zeros((2, 1)), weighted=True, device=CPU)
    near, far = (float(loss.mean(torch.tensor([[v]]), torch.zeros(1, 1))) for v in (10.0, 20.0))
    assert far - near == pytest.approx(10.0)


@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
def test_macro_f1_is_that_of_scikit_learn_over_the_classes_with_members(kind: Kind) -> None:
    rng = np.random.default_rng(0)
    spec = tone_spec(kind, names=("a", "b", "c", "none"))
    outputs = rng.normal(size=(60, 4))
    if kind == "single-label":
        y: npt.NDArray[Any] = rng.integers(0, 3, 60)
        wanted = f1_score(y, outputs.argmax(axis=1), average="macro", labels=[0, 1, 2], zero_division=0)
    else:
        y = rng.integers(0, 2, (60, 4)).astype(np.float32)
        y[:, 3] = 0
        wanted = f1_score(y[:, :3], outputs[:, :3] >= 0, average="macro", zero_division=0)
    assert macro_f1(outputs, y, spec) == pytest.approx(wanted)
    assert classes_without_members(y, spec) == ("none",)


def test_regression_has_no_f1() -> None:
    spec = tone_spec("regression", names=("hertz",))
    assert macro_f1(np.zeros((2, 1)), np.zeros((2, 1)), spec) is None and not classes_without_members(
        np.zeros((2, 1)), spec
    )


X = np.zeros((4, 3, 100), dtype=np.float32)
ONE_HOT = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]


@pytest.mark.parametrize(
    ("kind", "y", "words"),
    [
        ("single-label", np.zeros(4, dtype=np.int64), "only the class 'slow'"),
        ("single-label", np.array([0, 1, 2, 0]), "values that a single-label task does not have"),
        ("single-label", np.array([0.0, 1.0, 0.0, 1.0]), "values that a single-label task does not have"),
        ("single-label", ONE_HOT, r"shape \(4, 2\)"),
        ("multi-label", np.ones((4, 2), dtype=np.float32), "no class that some"),
        ("multi-label", ONE_HOT * 2, "values that a multi-label"),
        ("regression", np.full((4, 1), 60.0, dtype=np.float32), "only the value 60"),
        ("regression", np.array([[1.0], [np.nan], [2.0], [3.0]]), "values that a regression"),
    ],
)
def test_answers_that_allow_no_learning_are_refused(kind: Kind, y: npt.NDArray[Any], words: str) -> None:
    spec = tone_spec(kind, names=("hertz",) if kind == "regression" else ("slow", "fast"))
    with pytest.raises(LabelError, match=words):
        TrainingData(X, y, X, y).check(spec)


def test_ecgs_of_another_shape_or_infinite_or_too_few_are_refused() -> None:
    y = np.array([0, 1, 0, 1])
    with pytest.raises(RecordError, match="shape"):
        TrainingData(X[:, :2], y, X, y).check(tone_spec())
    with pytest.raises(RecordError, match="infinite"):
        TrainingData(X, y, X + np.inf, y).check(tone_spec())
    with pytest.raises(LabelError, match="holds 1 ECG"):
        TrainingData(X, y, X[:1], y[:1]).check(tone_spec())


def test_f1_says_nothing_where_the_truth_has_one_class() -> None:
    """Whoever always answers it has an F1 of 1."""
    outputs = np.array([[1.0, 0], [2, 0], [0, 3]])
    assert macro_f1(outputs, np.array([0, 0, 0]), tone_spec()) is None
    assert macro_f1(outputs, np.array([0, 0, 1]), tone_spec()) == 1.0


def test_no_single_ecg_steers_each_step() -> None:
    """99 slow and one fast: weights of 100/198 and 50, which is cut to 20."""
    loss = loss_for(tone_spec(), np.array([0] * 99 + [1]), weighted=True, device=torch.device("cpu"))
    _, weights = loss.each(torch.zeros(2, 2), torch.tensor([0, 1]))
    assert weights.tolist() == pytest.approx([100 / 198, LARGEST_WEIGHT])
