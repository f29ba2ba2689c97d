"""Splits: a patient on one side, classes on both, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import LabelError, SettingError
from einthoven.labels.splits import ANOTHER_OF_PATIENT, Split, SplitItem, split
from einthoven.task import Answer


def _cohort(n_patients: int, *, seed: int = 0, shares: tuple[float, ...] = (0.6, 0.3, 0.1)) -> list[SplitItem]:
    rng = np.random.default_rng(seed)
    items = []
    for patient in range(n_patients):
        name = "ABCDEF"[rng.choice(len(shares), p=shares)]
        items += [SplitItem(f"{patient}-{i}.csv", f"p{patient}", (name,)) for i in range(rng.integers(1, 4))]
    return items


def _patients(items: list[SplitItem], part: tuple[str, ...]) -> set[str]:
    return {item.subject or item.file_name for item in items if item.file_name in part}


def _classes(items: list[SplitItem], part: tuple[str, ...]) -> set[str]:
    return {name for item in items if item.file_name in part for name in item.answer if isinstance(item.answer, tuple)}


ANSWERS = st.lists(st.sampled_from("ABCD"), max_size=2, unique=True).map(tuple)
ITEMS = st.lists(st.tuples(st.sampled_from([None, "p", "q", "r", "s", "t"]), ANSWERS), min_size=2, max_size=25).map(
    lambda rows: [SplitItem(f"{i}.csv", subject, answer) for i, (subject, answer) in enumerate(rows)]
)


def _is_possible(items: list[SplitItem]) -> bool:
    """Whether some patient has no class that only this patient has, and so can be spared for validation."""
    patients: dict[str, set[str]] = {}
    for item in items:
        assert isinstance(item.answer, tuple)
        patients.setdefault(item.subject or item.file_name, set()).update(item.answer)
    others = {one: {n for p, names in patients.items() if p != one for n in names} for one in patients}
    return len(patients) > 1 and any(names <= others[one] for one, names in patients.items())


@settings(max_examples=120, deadline=None)
@given(ITEMS, st.integers(0, 2**63), st.sampled_from([0.1, 0.2, 0.25, 0.5]))
def test_a_split_keeps_patients_together_and_every_class_in_training_unless_that_is_impossible(
    items: list[SplitItem], seed: int, validation: float
) -> None:
    if not _is_possible(items):
        with pytest.raises(LabelError) as caught:
            split(items, validation=validation, seed=seed)
        assert caught.value.advice
        return
    parts = split(items, validation=validation, seed=seed)
    assert parts.left_out == {}
    assert sorted([*parts.train, *parts.validation]) == sorted(item.file_name for item in items)
    assert parts.train
    assert parts.validation
    assert not _patients(items, parts.train) & _patients(items, parts.validation)
    assert _classes(items, parts.validation) <= _classes(items, parts.train)
    assert split(items[::-1], validation=validation, seed=seed) == parts


@settings(max_examples=60, deadline=None)
@given(ITEMS, st.integers(0, 2**63))
def test_one_per_patient_keeps_exactly_one_of_each(items: list[SplitItem], seed: int) -> None:
    try:
        parts = split(items, seed=seed, one_per_patient=True)
    except LabelError as error:
        assert error.advice
        return
    kept = (*parts.train, *parts.validation)
    others = parts.left_out.get(ANOTHER_OF_PATIENT, ())
    assert sorted([*kept, *others]) == sorted(item.file_name for item in items)
    assert len(_patients(items, kept)) == len(kept)
    assert _patients(items, others) <= _patients(items, kept)
    assert split(items[::-1], seed=seed, one_per_patient=True) == parts


def test_a_fifth_of_the_ecgs_is_for_validation_and_the_classes_have_the_same_shares() -> None:
    items = _cohort(600)
    parts = split(items, seed=7)
    assert len(parts.validation) / len(items) == pytest.approx(0.2, abs=0.01)
    answers = {item.file_name: item.answer for item in items}
    for name in "ABC":
        share_train = np.mean([answers[file] == (name,) for file in parts.train])
        share_validation = np.mean([answers[file] == (name,) for file in parts.validation])
        assert share_validation == pytest.approx(share_train, abs=0.02)


@pytest.mark.parametrize("validation", [0.1, 0.15, 0.25, 0.3, 0.5])
def test_other_shares_are_reached_too(validation: float) -> None:
    items = _cohort(400)
    assert len(split(items, validation=validation, seed=1).validation) / len(items) == pytest.approx(
        validation, abs=0.02
    )


def test_another_seed_gives_another_split() -> None:
    items = _cohort(100)
    assert len({split(items, seed=seed).validation for seed in range(5)}) == 5


def test_a_rare_class_of_two_patients_is_always_in_training() -> None:
    items = [*_cohort(100), SplitItem("x1", "x1", ("RARE",)), SplitItem("x2", "x2", ("RARE",))]
    for seed in range(20):
        assert {"x1", "x2"} & set(split(items, seed=seed).train)


def test_a_class_of_one_patient_is_in_training() -> None:
    items = [*_cohort(30), SplitItem("x1", "x", ("RARE",)), SplitItem("x2", "x", ("RARE",))]
    for seed in range(10):
        assert {"x1", "x2"} <= set(split(items, seed=seed).train)


def test_regression_has_the_same_spread_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    values = rng.gamma(2, 20, 500)
    items = [SplitItem(f"{i:03}", None, float(value)) for i, value in enumerate(values)]
    parts = split(items, seed=3)
    train, validation = (np.array([values[int(name)] for name in part]) for part in (parts.train, parts.validation))
    for quantile in (0.1, 0.5, 0.9):
        assert np.quantile(validation, quantile) == pytest.approx(np.quantile(train, quantile), rel=0.15)


def test_two_patients_with_both_classes_are_one_for_each_side() -> None:
    items = [SplitItem(f"{p}{c}", p, (c,)) for p in "pq" for c in "AB"]
    parts = split(items, seed=0)
    assert {len(parts.train), len(parts.validation)} == {2}


def test_two_patients_with_a_value_each_are_one_for_each_side() -> None:
    parts = split([SplitItem("a", "p", 1.0), SplitItem("b", "q", 2.0)], seed=0)
    assert len(parts.train) == len(parts.validation) == 1


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "no labelled ECGs"),
        ([SplitItem("a", "p", ("A",)), SplitItem("b", "p", ("B",))], "of one patient"),
        ([SplitItem("a", "p", ("A",)), SplitItem("b", "q", ("B",))], "2 patients are too few"),
        ([SplitItem("a", "p", ("A",)), SplitItem("a", "q", ("A",))], "stands twice"),
        ([SplitItem("a", "p", ("A",)), SplitItem("b", "q", 1.0)], "one kind"),
        ([SplitItem("a", "p", float("nan")), SplitItem("b", "q", 1.0)], "no value to learn"),
    ],
)
def test_what_cannot_be_split_says_why(items: list[SplitItem], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        split(items, seed=0)


@pytest.mark.parametrize(("validation", "seed"), [(0.0, 1), (1.0, 1), (-0.2, 1), (0.2, -1)])
def test_impossible_settings_are_refused(validation: float, seed: int) -> None:
    with pytest.raises(SettingError):
        split(_cohort(5), validation=validation, seed=seed)


def test_one_per_patient_keeps_one_and_lists_the_others() -> None:
    items = _cohort(50)
    parts = split(items, seed=4, one_per_patient=True)
    assert len(parts.train) + len(parts.validation) == 50
    assert len(parts.left_out[ANOTHER_OF_PATIENT]) == len(items) - 50
    chosen = {split(items, seed=seed, one_per_patient=True).left_out[ANOTHER_OF_PATIENT] for seed in range(4)}
    assert len(chosen) == 4


def test_ecgs_without_a_subject_are_patients_of_their_own() -> None:
    answer: Answer = ("A",)
    items = [SplitItem(f"{i}", None, answer) for i in range(10)]
    parts = split(items, seed=0, one_per_patient=True)
    assert parts == Split(parts.train, parts.validation)
    assert (len(parts.train), len(parts.validation)) == (8, 2)


def test_a_subject_called_like_a_file_is_not_confused_with_it() -> None:
    items = [SplitItem("a", None, ("A",)), SplitItem("b", "a", ("A",))]
    assert len(split(items, seed=0).train) == 1
