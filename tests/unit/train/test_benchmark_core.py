"""A fair comparison: folds by patient, the run under a budget, the leaderboard; candidates whose truth is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from einthoven.errors import Cancelled, LabelError, SettingError, TrainingFailed
from einthoven.labels.splits import SplitItem
from einthoven.spec import ModelSpec
from einthoven.task import TaskClass
from einthoven.train.benchmark.budget import Budget, budget_seconds, in_words
from einthoven.train.benchmark.candidates import Answers, Cost, Forecast
from einthoven.train.benchmark.folds import Fold, folds_of
from einthoven.train.benchmark.leaderboard import Contender, Leaderboard, leaderboard
from einthoven.train.benchmark.running import Course, Ears, prospect, run

COST = Cost(1000, 0.1, 5.0, 2.0, 1.0)
SPEC = ModelSpec("single-label", (TaskClass("A"), TaskClass("B")))


class Clock:
    """Moves only when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stub:
    """Takes `seconds` for a fold, looking every second whether it should stop; `fails` in that fold."""

    name: str
    seconds: float
    clock: Clock
    fails: int = 0
    asked: list[int] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.name.upper()

    def forecast(self, fold: Fold) -> Forecast:
        return Forecast(self.seconds, self.seconds, self.seconds)

    def answer(self, fold: Fold, *, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> Answers:
        self.asked.append(fold.number)
        if fold.number == self.fails:
            raise TrainingFailed("The loss is no number.", advice="Lower the rate.")
        for _ in range(round(self.seconds)):
            if should_stop():
                raise Cancelled("stopped")
            self.clock.now += 1
            on_progress(0.5)
        return Answers(np.zeros((len(fold.held), 2)), self.seconds, 3, 2, COST)


def _items(n: int = 40, each: int = 2) -> list[SplitItem]:
    return [SplitItem(f"{k:03d}", f"p{k // each}", ("A" if (k // each) % 2 else "B",)) for k in range(n)]


def _run(seconds: float, *stubs: Stub, n_folds: int = 5, ears: Ears | None = None, **more: object) -> Course:
    clock = stubs[0].clock
    return run(stubs, folds_of(_items(), n=n_folds, seed=0), Budget(seconds, clock=clock), ears=ears, **more)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(0, 14), st.sampled_from(["A", "B", "C"])), min_size=12, max_size=60),
    st.integers(2, 6),
    st.integers(0, 5),
)
@settings(max_examples=40, deadline=None)
def test_no_patient_stands_on_two_sides_and_every_ecg_is_held_out_once(
    ecgs: list[tuple[int, str]], n: int, seed: int
) -> None:
    items = [
        SplitItem(f"{k}", None if patient == 0 else f"p{patient}", (label,)) for k, (patient, label) in enumerate(ecgs)
    ]
    try:
        folds = folds_of(items, n=n, seed=seed)
    except LabelError:
        return  # too few patients with some class: said, instead of divided wrongly
    owners = [item.subject or f"alone {item.file_name}" for item in items]
    assert sorted(np.concatenate([fold.held for fold in folds]).tolist()) == list(range(len(items)))
    assert len(folds) <= min(n, len(set(owners)))
    for fold in folds:
        sides = [{owners[place] for place in side} for side in (fold.train, fold.validation, fold.held)]
        assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
        assert sorted([*fold.train, *fold.validation, *fold.held]) == list(range(len(items)))
    again = folds_of(items, n=n, seed=seed)
    assert all(np.array_equal(one.train, two.train) for one, two in zip(folds, again, strict=True))


def test_folds_have_all_classes_in_like_shares() -> None:
    items = [SplitItem(f"{k:03d}", f"p{k}", ("A" if k % 4 else "B",)) for k in range(100)]
    for fold in folds_of(items, n=5, seed=1):
        of_b = sum(items[place].answer == ("B",) for place in fold.held)
        assert (len(fold.held), of_b) == (20, 5)
        assert len(fold.validation) == pytest.approx(16, abs=2)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1.5 h", 5400), ("10 min", 600)]
)
def test_a_budget_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert budget_seconds(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"), (89, "89 s"), (90, "1.5 min"), (120, "2 min"), (150, "2.5 min"), (599, "10 min"),
        (1800, "30 min"), (5400, "1.5 h"), (7200, "2 h"),
    ],
)  # fmt: skip
def test_a_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@given(st.floats(20, 14 * 24 * 3600))
def test_a_time_in_words_is_off_by_less_than_a_twentieth(seconds: float) -> None:
    number, unit = in_words(seconds).split()
    assert float(number) * {"s": 1, "min": 60, "h": 3600}[unit] == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize("text", ["", "30", "m", "1 day", "-5m", "0s", "1e3s", "999999h", "nan"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        budget_seconds(text)


def test_all_answer_a_fold_before_anyone_answers_the_next_and_only_common_folds_count() -> None:
    clock = Clock()
    fast, slow = Stub("fast", 2, clock), Stub("slow", 10, clock)
    course = _run(27, fast, slow)  # two folds of both take 24
    assert course.stopped == "budget"
    assert (fast.asked, slow.asked) == ([1, 2], [1, 2])
    assert course.common_folds() == (1, 2)
    assert clock.now == 24, "what could not be finished was not begun"


def test_a_training_that_is_running_when_the_time_is_up_is_stopped_and_not_counted() -> None:
    clock = Clock()
    fast, slow = Stub("fast", 2, clock), Stub("slow", 100, clock)
    course = _run(30, fast, slow)
    assert clock.now == 30
    assert course.stopped == "budget"
    assert course.compared() == ("fast",)
    assert "before it had finished a fold" in course.left_out["slow"]


def test_without_haste_everything_is_done() -> None:
    clock = Clock()
    course = _run(1000, Stub("a", 1, clock), Stub("b", 2, clock))
    assert course.stopped == "finished" and course.common_folds() == (1, 2, 3, 4, 5) and not course.left_out


def test_one_that_fails_is_out_with_its_reason_and_the_others_go_on() -> None:
    clock = Clock()
    good, bad = Stub("good", 1, clock), Stub("bad", 1, clock, fails=2)
    course = _run(1000, good, bad)
    assert good.asked == [1, 2, 3, 4, 5] and bad.asked == [1, 2]
    assert course.compared() == ("good",)
    assert course.left_out["bad"].startswith("It failed in fold 2: The loss is no number.")


def test_cancelling_keeps_what_is_there() -> None:
    clock = Clock()
    fast, slow = Stub("fast", 2, clock), Stub("slow", 3, clock)
    course = _run(1000, fast, slow, ears=Ears(should_stop=lambda: clock.now >= 8))
    assert course.stopped == "cancelled" and course.common_folds() == (1,)


def test_what_was_kept_is_not_asked_for_again() -> None:
    clock = Clock()
    first = {name: Stub(name, 2, clock) for name in ("a", "b")}
    course = _run(1000, *first.values(), ears=Ears(should_stop=lambda: clock.now >= 6))
    kept = {(name, fold): one for name, found in course.answers.items() for fold, one in found.items()}
    again = {name: Stub(name, 2, clock) for name in ("a", "b")}
    more = _run(1000, *again.values(), kept=kept)
    for name in ("a", "b"):
        assert sorted([*course.answers[name], *again[name].asked]) == [1, 2, 3, 4, 5]
    assert more.common_folds() == (1, 2, 3, 4, 5)


def test_time_that_an_interrupted_run_has_used_counts() -> None:
    clock = Clock()
    budget = Budget(10, used=8, clock=clock)
    clock.now += 1.5
    assert budget.left == pytest.approx(0.5) and not budget.over()
    clock.now += 1
    assert budget.over() and budget.left == 0


def test_the_forecast_says_what_fits_and_who_does_not_fit_once() -> None:
    clock = Clock()
    stubs = [Stub("slow", 500, clock), Stub("fast", 10, clock), Stub("middle", 40, clock)]
    found = prospect(stubs, {one.name: one.forecast(folds_of(_items(), n=2, seed=0)[0]) for one in stubs}, 5, 150)
    assert found.order == ("fast", "middle")
    assert list(found.left_out) == ["slow"] and "8.3 min" in found.left_out["slow"]
    assert found.n_folds == 3 and "about 3" in found.words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "about 1 of 5 folds fits into the 60 s"), (110, "about 2 of 5 folds fit into"), (400, "all 5 folds fit")],
)
def test_the_forecast_has_its_plurals_right(seconds: float, words: str) -> None:
    stub = Stub("a", 50, Clock())
    assert words in prospect([stub], {"a": Forecast(50, 50, 50)}, 5, seconds).words


def _judge(
    scores: Mapping[str, np.ndarray], truth: np.ndarray, spec: ModelSpec = SPEC, *, patients: list[str] | None = None,
    minutes: Mapping[str, float] | None = None, closed: str = "",
) -> Leaderboard:  # fmt: skip
    halves = np.array_split(np.arange(len(truth)), 2)
    held = {number: half for number, half in enumerate(halves, start=1)}
    contenders = [
        Contender(
            name, name.upper(),
            {k: Answers(own[half], 60 * (minutes or {}).get(name, 1.0), 3, 2, COST) for k, half in held.items()},
            name == closed,
        )
        for name, own in scores.items()
    ]  # fmt: skip
    return leaderboard(spec, truth, patients or [f"p{k}" for k in range(len(truth))], held, contenders)


def _binary(truth: np.ndarray, skill: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random(len(truth))
    positive = np.clip(skill * truth + (1 - skill) * noise, 0, 1)
    return np.stack([1 - positive, positive], axis=1)


TRUTH = np.arange(200) % 2


def test_one_that_answers_the_truth_wins_and_the_numbers_are_those_of_scikit_learn() -> None:
    scores = {"poor": _binary(TRUTH, 0.1, 1), "good": _binary(TRUTH, 0.9, 2)}
    found = _judge(scores, TRUTH)
    first, second = found.standings
    assert (first.name, second.name) == ("good", "poor")
    assert found.recommendation.candidate == "good" and "GOOD is the best" in found.recommendation.words
    assert second.level is False and second.difference.high is not None and second.difference.high < 0
    for one in found.standings:
        own = scores[one.name]
        expected = {
            "macro_auroc": roc_auc_score(TRUTH, own[:, 1]),
            "macro_f1": f1_score(TRUTH, own.argmax(axis=1), average="macro"),
            "weighted_f1": f1_score(TRUTH, own.argmax(axis=1), average="weighted"),
        }
        assert {name: number.value for name, number in one.numbers.items()} == pytest.approx(expected)
    assert second.difference.value == pytest.approx(
        roc_auc_score(TRUTH, scores["poor"][:, 1]) - roc_auc_score(TRUTH, scores["good"][:, 1])
    )


def test_the_interval_of_a_difference_is_that_of_an_independent_bootstrap() -> None:
    """Patients of two ECGs each, drawn one by one, judged by scikit-learn."""
    scores = {"one": _binary(TRUTH, 0.3, 1), "two": _binary(TRUTH, 0.25, 2)}
    patients = [f"p{k // 2}" for k in range(len(TRUTH))]
    found = _judge(scores, TRUTH, patients=patients)
    rng = np.random.default_rng(5)
    drawn = []
    best, other = (scores[one.name][:, 1] for one in found.standings)
    for _ in range(1500):
        rows = np.concatenate([[2 * p, 2 * p + 1] for p in rng.integers(0, 100, 100)])
        drawn.append(roc_auc_score(TRUTH[rows], other[rows]) - roc_auc_score(TRUTH[rows], best[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    difference = found.standings[1].difference
    assert [difference.low, difference.high] == pytest.approx([low, high], abs=0.12 * (high - low))
    assert found.n_patients == 100


def test_two_alike_cannot_be_told_apart_and_the_cheaper_one_is_recommended() -> None:
    scores = {"dear": _binary(TRUTH, 0.45, 1), "cheap": _binary(TRUTH, 0.45, 2), "bad": _binary(TRUTH, 0.0, 3)}
    found = _judge(scores, TRUTH, minutes={"dear": 8, "cheap": 2, "bad": 0.1})
    words = found.recommendation.words
    assert found.recommendation.candidate == "cheap"
    assert "cannot be told apart on these 200 ECGs" in words and "4 times as fast as DEAR" in words
    assert "BAD" not in words
    assert {one.name: one.level for one in found.standings} == {"dear": True, "cheap": True, "bad": False}


def test_below_two_hundred_ecgs_the_solved_model_comes_before_a_network_as_good() -> None:
    truth = np.arange(120) % 2
    scores = {"network": _binary(truth, 0.5, 1), "ridge": _binary(truth, 0.5, 2)}
    found = _judge(scores, truth, minutes={"network": 0.1, "ridge": 5}, closed="ridge")
    assert found.recommendation.candidate == "ridge" and "fewer than 200 ECGs" in found.recommendation.words


def test_with_few_patients_of_a_class_nothing_is_recommended() -> None:
    truth = (np.arange(200) % 10 == 0).astype(int)  # 20 of the second class
    found = _judge({"good": _binary(truth, 0.9, 1), "bad": _binary(truth, 0.2, 2)}, truth)
    assert found.recommendation.candidate is None
    assert found.recommendation.words.startswith("Too few to say: a recommendation needs 30 patients in each of two")
    assert "B has 20" in found.recommendation.words
    assert any("B (20)" in warning for warning in found.warnings)


def test_many_ecgs_of_few_patients_are_few() -> None:
    patients = [f"p{k % 10}" for k in range(200)]
    found = _judge({"good": _binary(TRUTH, 0.9, 1)}, TRUTH, patients=patients)
    assert found.recommendation.candidate is None and "Too few to say" in found.recommendation.words


def test_guessing_is_not_recommended() -> None:
    found = _judge({"a": _binary(TRUTH, 0.0, 1), "b": _binary(TRUTH, 0.0, 2)}, TRUTH)
    assert found.recommendation.candidate is None and "may be guessing" in found.recommendation.words


def test_a_number_that_cannot_be_estimated_is_none_with_its_reason() -> None:
    truth = np.zeros(60, dtype=np.int64)
    truth[0] = 1
    found = _judge({"a": _binary(truth, 0.5, 1), "b": _binary(truth, 0.5, 2)}, truth)
    number = found.standings[0].numbers["macro_auroc"]
    assert number.value is None and number.low is None and "B" in number.reason
    assert found.standings[1].level is None
    assert found.recommendation.candidate is None and "cannot be estimated" in found.recommendation.words


def test_a_regression_is_ranked_by_its_mean_absolute_error() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(50, 10, (100, 1)).astype(np.float32)
    spec = ModelSpec("regression", (TaskClass("age"),), unit="years")
    errors = {"near": rng.normal(0, 2, (100, 1)), "far": rng.normal(0, 8, (100, 1))}
    found = _judge({name: truth + error for name, error in errors.items()}, truth, spec)
    assert [one.name for one in found.standings] == ["near", "far"]
    assert found.standings[0].numbers["mae"].value == pytest.approx(np.abs(errors["near"]).mean(), rel=1e-4)
    assert found.standings[1].difference.low is not None and found.standings[1].difference.low > 0
    assert found.recommendation.candidate == "near"


def test_each_fold_is_judged_by_the_thresholds_of_its_own_model() -> None:
    spec = ModelSpec("multi-label", (TaskClass("A"), TaskClass("B")))
    truth = np.stack([np.arange(80) % 2, np.arange(80) // 2 % 2], axis=1).astype(np.float32)
    held = {1: np.arange(40), 2: np.arange(40, 80)}
    scores = np.where(truth > 0, 0.3, 0.1)
    answers = {
        1: Answers(scores[:40], 1, 1, 1, COST, (0.2, 0.2)),
        2: Answers(scores[40:], 1, 1, 1, COST, (0.5, 0.5)),
    }
    found = leaderboard(spec, truth, [f"p{k}" for k in range(80)], held, [Contender("a", "A", answers)])
    said = np.concatenate([truth[:40], np.zeros((40, 2))])
    assert found.standings[0].numbers["macro_f1"].value == pytest.approx(f1_score(truth, said, average="macro"))


def test_answers_survive_being_written_down() -> None:
    answers = Answers(np.array([[0.25, 0.75]]), 1.5, 3, 2, COST, (0.5, 0.4))
    again = Answers.from_json(answers.to_json())
    assert again.scores.tolist() == [[0.25, 0.75]]
    assert (again.seconds, again.epochs, again.best_epoch, again.cost, again.thresholds) == (
        1.5,
        3,
        2,
        COST,
        (0.5, 0.4),
    )


def test_where_chance_cannot_be_seen_nothing_is_recommended() -> None:
    """A class of two patients counts in the average, and is missing in every seventh resample."""
    spec = ModelSpec("single-label", tuple(map(TaskClass, "ABC")))
    truth = np.arange(120) % 2
    truth[:2] = 2
    scores = np.eye(3)[truth] * 0.5 + 0.5 / 3
    found = _judge({"a": scores, "b": scores}, truth, spec)
    assert found.standings[0].numbers["macro_auroc"].low is None
    assert found.recommendation.candidate is None and "how far chance moves" in found.recommendation.words
