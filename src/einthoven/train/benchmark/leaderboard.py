"""Answers of several candidates for the same ECGs -> numbers with intervals, differences to the best, a recommendation.

The answers of all folds are judged together. Those of different folds come from different models, so a macro AUROC over
them asks also that the models agree on what their probabilities mean; it is a little lower than the mean of the folds
(Forman and Scholz 2010, SIGKDD Explorations 12(1), 49-57), for every candidate. Intervals come from resampled patients
(`metrics/bootstrap.py`), differences from the same resamples. They tell what other patients would change, not what
another seed would.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.evaluate import judged
from einthoven.metrics import METRICS
from einthoven.metrics.bootstrap import Interval, Intervals, compared
from einthoven.metrics.entry import Judged, ecgs
from einthoven.spec import ModelSpec
from einthoven.train.benchmark.candidates import Answers
from einthoven.train.recipes import FEW_FOR_A_NETWORK

LEAST_PATIENTS = 30
"""In each of two classes (regression: in all): with fewer no candidate is recommended."""
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "single-label": ("macro_auroc", "weighted_f1", "macro_f1"),
    "multi-label": ("macro_auroc", "weighted_f1", "macro_f1"),
    "regression": ("mae",),
}
"""What is told of each candidate, by the kind of the task; the first is what they are ranked by."""
GUESSING = {"macro_auroc": 0.5}


@dataclass(frozen=True, slots=True)
class Contender:
    """A candidate with its answers for the folds that are compared. `minutes`: of one training, the mean."""

    name: str
    title: str
    answers: Mapping[int, Answers]
    closed_form: bool = False

    @property
    def minutes(self) -> float:
        return sum(one.seconds for one in self.answers.values()) / len(self.answers) / 60


@dataclass(frozen=True, slots=True)
class Standing:
    """A line of the leaderboard. `difference`: its first number minus that of the best, on the same resamples.

    `level`: whether it cannot be told apart from the best, which is so where the interval of the difference holds 0;
    None where there is no interval.
    """

    name: str
    title: str
    numbers: Mapping[str, Interval]
    difference: Interval
    level: bool | None
    minutes: float
    closed_form: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which one to train, in words, by a rule that `words` state. `candidate` is None where there is nothing to say."""

    candidate: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The best first; one whose first number cannot be estimated stands last."""

    n: int
    n_patients: int
    number: str
    higher_is_better: bool
    standings: tuple[Standing, ...]
    recommendation: Recommendation
    warnings: tuple[str, ...] = field(default=())


def leaderboard(
    spec: ModelSpec,
    truth: npt.NDArray[Any],
    patients: Sequence[str],
    held: Mapping[int, npt.NDArray[np.int64]],
    contenders: Sequence[Contender],
    *,
    seed: int = 0,
) -> Leaderboard:
    """Judge all contenders by the folds in `held`, which all have answered.

    Parameters
    ----------
    spec
        Kind and classes of the task.
    truth, patients
        Of all ECGs, as `tensors.targets` makes it; whose each is.
    held
        Places of the ECGs that each fold held out, by its number.
    """
    order = sorted(held)
    places = np.concatenate([held[number] for number in order])
    owners = [patients[place] for place in places]
    models = [_judged(spec, truth, held, order, one) for one in contenders]
    number, *_ = NUMBERS[spec.kind]
    higher = spec.kind != "regression"
    ranked = sorted(zip(contenders, models, strict=True), key=lambda pair: _place(pair[1], number, higher=higher))
    alone, apart = compared([model for _, model in ranked], owners, to=0, seed=seed)
    standings = tuple(
        _standing(one, own, difference, spec.kind)
        for (one, _), own, difference in zip(ranked, alone, apart, strict=True)
    )
    counts = patients_per_class(spec, ranked[0][1], owners)
    found = Leaderboard(
        n=len(places),
        n_patients=len(set(owners)),
        number=number,
        higher_is_better=higher,
        standings=standings,
        recommendation=Recommendation(None, ""),
        warnings=_warnings(spec, counts, alone[0], number),
    )
    return replace(found, recommendation=recommend(found, spec, counts))


def patients_per_class(spec: ModelSpec, model: Judged, owners: Sequence[str]) -> dict[str, int]:
    """Patients that stand for each class; of a multi-label class the fewer of those that have it and have it not."""
    if spec.kind == "regression":
        return {spec.class_names[0]: len(set(owners))}
    names = np.array(owners)
    counts = {}
    for column, name in enumerate(spec.class_names):
        has = model.truth[:, column].astype(bool)
        sides = (has,) if spec.kind == "single-label" else (has, ~has)
        counts[name] = min(len(set(names[side].tolist())) for side in sides)
    return counts


def recommend(found: Leaderboard, spec: ModelSpec, counts: Mapping[str, int]) -> Recommendation:
    """The cheapest of those that cannot be told apart from the best; nothing where the ECGs are too few.

    Of fewer than `FEW_FOR_A_NETWORK` ECGs a model that is solved for is taken before a network.
    """
    best = found.standings[0]
    title = title_of(found.number)
    value = best.numbers[found.number]
    if value.value is None:
        return Recommendation(None, f"Nothing can be recommended: {title} cannot be estimated. {value.reason}")
    too_few = _too_few(spec, counts)
    if too_few:
        return Recommendation(None, too_few)
    if value.low is None:
        return Recommendation(
            None, f"Nothing can be recommended: how far chance moves {title} cannot be estimated. {value.reason}"
        )
    guessing = GUESSING.get(found.number)
    if guessing is not None and value.low <= guessing:
        return Recommendation(
            None,
            f"None can be recommended: even the best, {best.title}, has a {title} of {said(value)}, which may be "
            f"guessing ({guessing:g}).",
        )
    if len(found.standings) == 1:
        return Recommendation(best.name, f"Only {best.title} was compared: {title} {said(value)} on {ecgs(found.n)}.")
    level = [one for one in found.standings if one.level is True]
    chosen = _cheapest(level, few=found.n < FEW_FOR_A_NETWORK)
    if len(level) == 1:
        return Recommendation(
            best.name,
            f"{best.title} is the best on these {found.n:,} ECGs: {title} {said(value)}. Every other one is worse "
            "by more than chance explains.",
        )
    return Recommendation(chosen.name, _level_words(found, level, chosen, title))


def _cheapest(level: Sequence[Standing], *, few: bool) -> Standing:
    solved = [one for one in level if one.closed_form]
    return min(solved if few and solved else level, key=lambda one: one.minutes)


def _level_words(found: Leaderboard, level: Sequence[Standing], chosen: Standing, title: str) -> str:
    best, n = found.standings[0], f"{found.n:,}"
    words = f"{_listed([one.title for one in level])} cannot be told apart on these {n} ECGs. "
    slowest = max(level, key=lambda one: one.minutes)
    if chosen.closed_form and found.n < FEW_FOR_A_NETWORK:
        words += f"With fewer than {FEW_FOR_A_NETWORK} ECGs, {chosen.title} has the least to get wrong: take it."
    elif chosen is best:
        words += f"{chosen.title} has the best {title} and trains fastest: take it."
    else:
        than = slowest if len(level) > 2 else best
        words += f"{chosen.title} trains fastest{_times(than, chosen)}: take it."
    difference = chosen.difference
    worst = difference.low if found.higher_is_better else difference.high
    if chosen is not best and worst is not None:
        words += f" In truth it may still be worse than {best.title} by up to {abs(worst):.3g} in {title}."
    return words


def _times(slow: Standing, fast: Standing) -> str:
    times = slow.minutes / fast.minutes if fast.minutes > 0 else 1.0
    if times < 1.15:
        return ""
    return (
        f", {times:.0f} times as fast as {slow.title}" if times >= 2 else f", {times:.1f} times as fast as {slow.title}"
    )


def _too_few(spec: ModelSpec, counts: Mapping[str, int]) -> str:
    enough = sum(n >= LEAST_PATIENTS for n in counts.values())
    if spec.kind == "regression":
        n = next(iter(counts.values()))
        where = f"{LEAST_PATIENTS} patients; here are {n}"
    elif spec.kind == "single-label" and enough < 2:
        where = f"{LEAST_PATIENTS} patients in each of two classes; here {_counted(counts)}"
    else:
        where = f"a class that {LEAST_PATIENTS} patients have and as many have not; here at most {max(counts.values())}"
    if enough >= (2 if spec.kind == "single-label" else 1):
        return ""
    return f"Too few to say: a recommendation needs {where}. Label more ECGs, of further patients."


def _counted(counts: Mapping[str, int]) -> str:
    largest = sorted(counts.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{name} has {n}" for name, n in largest)


def _warnings(spec: ModelSpec, counts: Mapping[str, int], best: Intervals, number: str) -> tuple[str, ...]:
    """Of the classes that few patients stand for, and of the interval that the ranking rests on."""
    few = {} if spec.kind == "regression" else {name: n for name, n in counts.items() if n < LEAST_PATIENTS}
    said_of_few = [f"{name} ({n})" for name, n in sorted(few.items(), key=lambda pair: pair[1])]
    warnings = list(best.overall[number].warnings)
    if said_of_few:
        warnings.append(f"Few patients stand for {_listed(said_of_few)}: their part of the numbers is unsure.")
    return tuple(warnings)


def _judged(
    spec: ModelSpec,
    truth: npt.NDArray[Any],
    held: Mapping[int, npt.NDArray[np.int64]],
    order: Sequence[int],
    one: Contender,
) -> Judged:
    """All folds together, each by the thresholds of its own model."""
    parts = []
    for number in order:
        answers = one.answers[number]
        thresholds = answers.thresholds or spec.threshold_values
        parts.append(judged(spec.kind, spec.class_names, truth[held[number]], answers.scores, thresholds=thresholds))
    first = parts[0]
    return replace(
        first,
        truth=np.concatenate([part.truth for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
    )


def _place(model: Judged, number: str, *, higher: bool) -> float:
    value = METRICS.get(number).compute(model).value
    if value is None:
        return float("inf")
    return -value if higher else value


def _standing(one: Contender, own: Intervals, difference: Intervals, kind: str) -> Standing:
    main, *others = NUMBERS[kind]
    apart = difference.overall[main]
    level = None if apart.low is None or apart.high is None else apart.low <= 0 <= apart.high
    numbers = {name: own.overall[name] for name in (main, *others)}
    return Standing(one.name, one.title, numbers, apart, level, one.minutes, one.closed_form)


def title_of(number: str) -> str:
    """`macro AUROC`: as it stands within a sentence."""
    title = METRICS.get(number).title
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def said(number: Interval) -> str:
    """`0.912 (95 % interval 0.89 to 0.93)`."""
    if number.value is None:
        return "unknown"
    interval = (
        "" if number.low is None or number.high is None else f" (95 % interval {number.low:.3g} to {number.high:.3g})"
    )
    return f"{number.value:.3g}{interval}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
