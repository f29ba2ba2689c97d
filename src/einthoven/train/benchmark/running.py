"""Who answers which fold, under a budget of time. Free of torch.

All candidates answer the first fold, then the second, and so on, those that cost least first: whenever the time is up,
the folds that all have finished make a fair comparison. What was not finished is not counted, and said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from einthoven.errors import Cancelled, EinthovenError
from einthoven.train.benchmark.budget import Budget, in_words
from einthoven.train.benchmark.candidates import Answers, Contestant, Forecast
from einthoven.train.benchmark.folds import Fold
from einthoven.train.callbacks import ignore, never

Stopped = Literal["finished", "budget", "cancelled"]
NO_MEMORY = "There was not enough memory for it."


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what happens, and who may stop it.

    `on_begin` before a training; `on_answers` and `on_failure` (with its reason) when it ended; `on_progress` during it
    as (name, fold, share done); `log` in sentences what was decided.
    """

    on_begin: Callable[[Contestant, Fold], None] = ignore
    on_answers: Callable[[Contestant, Fold, Answers], None] = ignore
    on_failure: Callable[[Contestant, Fold, str], None] = ignore
    on_progress: Callable[[Contestant, Fold, float], None] = ignore
    log: Callable[[str], None] = ignore
    should_stop: Callable[[], bool] = never


@dataclass
class Course:
    """What came of it. `answers` by name and number of the fold; `left_out` by name with the reason."""

    n_folds: int
    answers: dict[str, dict[int, Answers]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    stopped: Stopped = "finished"

    def compared(self) -> tuple[str, ...]:
        """Names of those that finished a fold and were not left out."""
        return tuple(name for name, found in self.answers.items() if found and name not in self.left_out)

    def common_folds(self) -> tuple[int, ...]:
        """Numbers of the folds that all compared ones finished."""
        found = [set(self.answers[name]) for name in self.compared()]
        return tuple(sorted(set.intersection(*found))) if found else ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What will probably fit into the budget: how many folds of how many candidates, in the order of their cost."""

    order: tuple[str, ...]
    left_out: Mapping[str, str]
    n_folds: int
    seconds: float
    words: str


def prospect(
    contestants: Sequence[Contestant], forecasts: Mapping[str, Forecast], n_folds: int, seconds: float
) -> Prospect:
    """Judge by the forecasts before anything is trained; `seconds`: what is left of the budget.

    Left out is who would not finish a single fold, after all cheaper ones, even when it ended as early as it may.
    """
    ordered = sorted(contestants, key=lambda one: (forecasts[one.name].likely, one.name))
    order: list[str] = []
    left_out: dict[str, str] = {}
    least = likely = 0.0
    for one in ordered:
        forecast = forecasts[one.name]
        if least + forecast.least > seconds:
            after = " after the faster ones" if order else ""
            left_out[one.name] = (
                f"One fold of it takes at least {in_words(forecast.least)}, and {in_words(max(0, seconds - least))} of "
                f"the budget are left{after}."
            )
            continue
        order.append(one.name)
        least, likely = least + forecast.least, likely + forecast.likely
    fitting = min(n_folds, int(seconds / likely)) if likely else n_folds
    much = (
        f"about {fitting} of {n_folds} folds {'fits' if fitting == 1 else 'fit'}"
        if fitting
        else f"hardly one of {n_folds} folds fits"
    )
    words = (
        f"A fold of {_ways(len(order))} takes about {in_words(likely)}: "
        f"{f'all {n_folds} folds fit' if fitting == n_folds else much} into the {in_words(seconds)} that are left."
    )
    return Prospect(tuple(order), left_out, fitting, min(seconds, n_folds * likely), words if order else "")


def run(
    contestants: Sequence[Contestant],
    folds: Sequence[Fold],
    budget: Budget,
    *,
    kept: Mapping[tuple[str, int], Answers] | None = None,
    ears: Ears | None = None,
) -> Course:
    """Let the contestants, in this order, answer fold after fold until all are done or the budget is used up.

    `kept`: answers of an earlier run by name and number of the fold; they are not asked for again.
    """
    ears = ears or Ears()
    course = Course(len(folds), {one.name: {} for one in contestants})
    for (name, number), answers in (kept or {}).items():
        if name in course.answers:
            course.answers[name][number] = answers
    for fold in folds:
        waiting = [one for one in contestants if fold.number not in course.answers[one.name]]
        for one in waiting:
            if one.name in course.left_out:
                continue
            if ears.should_stop():
                course.stopped = "cancelled"
                return course
            if budget.over() or _too_late(fold, waiting[waiting.index(one) :], course, budget, ears):
                course.stopped = "budget"
                return _without_those_without_a_fold(course, folds)
            if not _answer(one, fold, course, budget, ears):
                return _without_those_without_a_fold(course, folds)
    return course


def _too_late(fold: Fold, waiting: Sequence[Contestant], course: Course, budget: Budget, ears: Ears) -> bool:
    """Whether the rest of this fold would, by the folds before, not be finished: then it would be for nothing."""
    still = [one for one in waiting if one.name not in course.left_out]
    if not all(course.answers[one.name] for one in still):
        return False
    needed = sum(_mean_seconds(course.answers[one.name]) for one in still)
    if needed <= budget.left:
        return False
    ears.log(
        f"Fold {fold.number} is not begun or gone on with: by the folds before it takes {in_words(needed)}, and "
        f"{in_words(budget.left)} of the budget are left."
    )
    return True


def _mean_seconds(answers: Mapping[int, Answers]) -> float:
    return sum(one.seconds for one in answers.values()) / len(answers)


def _answer(one: Contestant, fold: Fold, course: Course, budget: Budget, ears: Ears) -> bool:
    """Whether it goes on behind it."""
    ears.on_begin(one, fold)
    try:
        answers = one.answer(
            fold,
            should_stop=lambda: ears.should_stop() or budget.over(),
            on_progress=lambda share: ears.on_progress(one, fold, share),
        )
    except Cancelled:
        course.stopped = "cancelled" if ears.should_stop() else "budget"
        ears.log(f"{one.title} was stopped in fold {fold.number}; that does not count.")
        return False
    except EinthovenError as error:
        reason = str(error)
    except MemoryError:
        reason = NO_MEMORY
    else:
        course.answers[one.name][fold.number] = answers
        ears.on_answers(one, fold, answers)
        return True
    course.left_out[one.name] = f"It failed in fold {fold.number}: {reason}"
    ears.on_failure(one, fold, reason)
    return True


def _without_those_without_a_fold(course: Course, folds: Sequence[Fold]) -> Course:
    for name, found in course.answers.items():
        if not found:
            course.left_out.setdefault(name, "The budget was used up before it had finished a fold.")
    return course


def _ways(n: int) -> str:
    return "one candidate" if n == 1 else f"{n} candidates"
