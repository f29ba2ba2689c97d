"""Compare ways of training on a dataset under a budget of time, by a cross-validation that is the same for all."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from einthoven.errors import Cancelled, EinthovenError, LabelError, SettingError
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.labels.splits import SplitItem
from einthoven.metrics import METRICS
from einthoven.metrics.bootstrap import Interval
from einthoven.metrics.entry import ecgs
from einthoven.models import ARCHITECTURES
from einthoven.results import Failure
from einthoven.store.types import Item
from einthoven.task import Task
from einthoven.train.benchmark.budget import Budget, budget_seconds, in_words
from einthoven.train.benchmark.candidates import Answers, Candidate, Contestant, Cost, Ecgs, Forecast
from einthoven.train.benchmark.folds import Fold, folds_of
from einthoven.train.benchmark.leaderboard import (
    LEAST_PATIENTS,
    NUMBERS,
    Contender,
    Standing,
    leaderboard,
)
from einthoven.train.benchmark.running import Course, Ears, prospect, run
from einthoven.train.recipes import DEFAULT, RECIPES
from einthoven.workflows import planning
from einthoven.workflows.benchmark_results import RESULTS, Kept
from einthoven.workflows.benchmarks import (
    BenchmarkCandidate,
    BenchmarkCheck,
    BenchmarkCost,
    BenchmarkNumber,
    BenchmarkOutcome,
    BenchmarkRequest,
    BenchmarkRow,
    LeftOut,
)
from einthoven.workflows.fitting import patient_of, side_of
from einthoven.workflows.keeping import environment
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.train import require_torch
from einthoven.workflows.workspace import Workspace

MOST_FOLDS = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """A benchmark, settled: the ECGs with whom each is of, and the candidates."""

    task: Task
    items: tuple[Item, ...]
    owners: tuple[str | None, ...]
    candidates: tuple[Candidate, ...]
    n_folds: int
    warnings: tuple[str, ...]

    @property
    def split_items(self) -> list[SplitItem]:
        return [
            SplitItem(item.file_name, owner, self.task.answers[item.file_name])
            for item, owner in zip(self.items, self.owners, strict=True)
        ]

    @property
    def patients(self) -> list[str]:
        """Whose ECG each is."""
        return [patient_of(item, owner) for item, owner in zip(self.items, self.owners, strict=True)]


def check(workspace: Workspace, request: BenchmarkRequest) -> BenchmarkCheck:
    """What this benchmark would do; an EinthovenError when it cannot."""
    settled = settle(workspace, request)
    return BenchmarkCheck(
        n=len(settled.items),
        n_patients=len(set(settled.patients)),
        n_folds=settled.n_folds,
        counts=_counts(settled),
        candidates=tuple(map(_view, settled.candidates)),
        warnings=(*settled.warnings, *_too_few(settled)),
    )


def settle(workspace: Workspace, request: BenchmarkRequest) -> Settled:
    """Who is compared on which ECGs.

    Raises
    ------
    SettingError, NotFound, MissingDependency
        A budget, number of folds, architecture, recipe or setting that is not possible.
    LabelError
        When there is too little to learn from.
    """
    budget_seconds(request.budget)
    if not 2 <= request.n_folds <= MOST_FOLDS:
        raise SettingError(
            f"folds = {request.n_folds} is not possible.", advice=f"Give 2 to {MOST_FOLDS}; 5 are usual."
        )
    asked = _asked(request)
    first = planning.plan(workspace, asked[0][1])
    items = tuple(sorted((*first.train, *first.validation), key=lambda item: item.file_name))
    owner_of = {item.id: subject for item, subject in planning.kept_together(items)}
    candidates = tuple(_candidate(workspace, name, one, first.task) for name, one in asked)
    owners = tuple(owner_of[item.id] for item in items)
    settled = Settled(first.task, items, owners, candidates, request.n_folds, ())
    n_patients = len(set(settled.patients))
    settled = replace(settled, n_folds=min(request.n_folds, n_patients))
    return replace(settled, warnings=tuple(_warnings(settled, request, n_patients, first.info.left_out)))


def _asked(request: BenchmarkRequest) -> list[tuple[str, TrainRequest]]:
    """The trainings that are compared, by name."""
    standard = [entry.name for entry in ARCHITECTURES if not entry.experimental]
    architectures = list(dict.fromkeys(request.architectures or standard))
    recipes = list(dict.fromkeys(request.recipes or (DEFAULT,)))
    unknown = [recipe for recipe in recipes if recipe not in RECIPES]
    if unknown:
        raise SettingError(f"There is no recipe {unknown[0]!r}.", advice=f"There are {', '.join(RECIPES)}.")
    asked: list[tuple[str, TrainRequest]] = []
    for architecture in architectures:
        entry = ARCHITECTURES.require(architecture)
        plain = TrainRequest(
            request.dataset, request.task, architecture, folds=request.folds, seed=request.seed, rate=request.rate,
            duration=request.duration,
        )  # fmt: skip
        if entry.fit == "closed_form":
            weighed = {name: value for name, value in request.settings.items() if name == "class_weights"}
            asked.append((architecture, replace(plain, settings=weighed)))
            continue
        asked += [
            (f"{architecture}/{recipe}", replace(plain, recipe=recipe, settings=request.settings)) for recipe in recipes
        ]
    return asked


def _candidate(workspace: Workspace, name: str, request: TrainRequest, task: Task) -> Candidate:
    """As a training with this request would be set up."""
    entry = ARCHITECTURES.require(request.architecture)
    spec = planning.spec_of(workspace, request, task)
    config = planning.suited(planning.train_config(workspace, request), workspace, request, spec)
    closed = entry.fit == "closed_form"
    title = entry.title if closed else f"{entry.title} ({request.recipe})"
    return Candidate(name, title, entry.name, "" if closed else request.recipe, spec, config, closed)


def _warnings(settled: Settled, request: BenchmarkRequest, n_patients: int, left_out: Mapping[str, int]) -> list[str]:
    n, warnings = len(settled.items), []
    warnings += [f"Left out: {ecgs(count)}: {reason}." for reason, count in left_out.items() if count]
    if n_patients < request.n_folds:
        warnings.append(f"There are {n_patients} patients: {n_patients} folds instead of {request.n_folds}.")
    without = sum(owner is None for owner in settled.owners)
    if without:
        which = f"None of the {n} ECGs names a patient" if without == n else f"{without} of {n} ECGs name no patient"
        warnings.append(
            f"{which}: each of them counts as a patient of its own. ECGs of one patient may stand on both sides, and "
            "results look better than they are."
        )
    simulated = sum(item.simulated for item in settled.items)
    if simulated:
        warnings.append(f"{simulated} of {n} ECGs are simulated: this comparison says nothing about patients.")
    return warnings


def _too_few(settled: Settled) -> list[str]:
    """What the outcome will say of small numbers, before it begins."""
    n, warnings = len(settled.items), []
    few = {name: count for name, count in _counts(settled).items() if count < LEAST_PATIENTS}
    if few and settled.task.kind != "regression":
        listed = ", ".join(f"{name} ({count})" for name, count in few.items())
        warnings.append(
            f"Classes with fewer than {LEAST_PATIENTS} ECGs: {listed}. What the leaderboard says of them is unsure."
        )
    if n < (1 if settled.task.kind == "regression" else 2) * LEAST_PATIENTS:
        verb = "is" if n == 1 else "are"
        warnings.append(f"{ecgs(n)} with a label {verb} too few for a recommendation; the intervals will be wide.")
    return warnings


def _counts(settled: Settled) -> dict[str, int]:
    """ECGs of each class; of a regression all."""
    if settled.task.kind == "regression":
        return {settled.task.classes[0].name: len(settled.items)}
    counts = dict.fromkeys(settled.task.class_names, 0)
    for item in settled.items:
        answer = settled.task.answers[item.file_name]
        for label in answer if isinstance(answer, tuple) else ():
            counts[label] += 1
    return counts


def benchmark(workspace: Workspace, request: BenchmarkRequest, report: Reporter) -> BenchmarkOutcome:
    """Compare, until all is done or the budget is used up; what is there by then is the outcome.

    Raises
    ------
    SettingError
        When the budget is too small for a single fold of anything.
    LabelError, TrainingFailed
        When no candidate could be trained.
    Cancelled
        When it was cancelled before a fold was finished.
    """
    require_torch()
    seconds = budget_seconds(request.budget)
    settled = settle(workspace, request)
    kept = Kept.read(report.folder / RESULTS)
    budget = Budget(seconds, used=kept.elapsed)
    refused: list[Failure] = []
    settled, ecgs = _loaded(workspace, settled, refused, report)
    folds = folds_of(settled.split_items, n=settled.n_folds, seed=request.seed)
    kept = kept.for_key(_key(settled, folds), report)
    budget.used = kept.elapsed
    report.event(
        "benchmark",
        {
            "n_folds": len(folds), "n": len(settled.items), "warnings": list(settled.warnings),
            "candidates": [to_plain(_view(one)) for one in settled.candidates],
        },
    )  # fmt: skip
    for warning in settled.warnings:
        report.log(warning)
    for (name, number), _ in kept.answers.items():
        report.event("answered", {"candidate": name, "fold": number})
    report.progress(0, 0, "measuring how fast each is")
    course = _run(settled, ecgs, folds, budget, kept, report)
    return _outcome(settled, request, ecgs, folds, course, budget, tuple(refused), report)


def _loaded(workspace: Workspace, settled: Settled, refused: list[Failure], report: Reporter) -> tuple[Settled, Ecgs]:
    """The ECGs as arrays; those that do not fit are refused and said, and the folds are made of the others."""
    spec = settled.candidates[0].spec
    side = side_of(workspace, spec, settled.task, settled.items, refused, report, "preparing ECGs")
    if len(side.items) < 2:
        raise LabelError(
            f"{len(side.items)} of {ecgs(len(settled.items))} can be used: {refused[-1].reason}",
            advice="See the list of refused ECGs.",
        )
    owner_of = dict(zip((item.id for item in settled.items), settled.owners, strict=True))
    settled = replace(settled, items=side.items, owners=tuple(owner_of[item.id] for item in side.items))
    return settled, Ecgs(side.x, side.y, side.told, settled.patients)


def _run(settled: Settled, ecgs: Ecgs, folds: Sequence[Fold], budget: Budget, kept: Kept, report: Reporter) -> Course:
    from einthoven.train.benchmark.fitting import Fitter

    for left in report.folder.glob(".training-*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    entrants = {one.name: Fitter(one, ecgs, report.folder) for one in settled.candidates}
    failed = {name: reason for name, reason in kept.failures.items() if name in entrants}
    forecasts, broken = _forecasts([one for one in entrants.values() if one.name not in failed], folds[0], report)
    failed |= broken
    n_left = len(folds) - min(len(kept.folds_of(name)) for name in forecasts) if forecasts else 0
    within = prospect([entrants[name] for name in forecasts], forecasts, n_left, budget.left)
    # Who has finished a fold before it was interrupted stays in the comparison.
    order = [*within.order, *(name for name in within.left_out if kept.folds_of(name))]
    left_out = {name: reason for name, reason in within.left_out.items() if name not in order} | failed
    for name, reason in left_out.items():
        report.event("left_out", {"candidate": name, "reason": reason})
        report.log(f"{entrants[name].title} is left out: {reason}")
    if not order:
        _nothing_fits(left_out, forecasts, budget, report)
    if within.words:
        report.event("prospect", {"words": within.words})
        report.log(within.words)
    outlook = _Outlook({name: forecasts[name].likely for name in order}, len(folds), budget, report)
    for name in order:
        outlook.seconds[name] += [one.seconds for one in kept.folds_of(name).values()]

    def on_begin(one: Contestant, fold: Fold) -> None:
        report.event("begun", {"candidate": one.name, "fold": fold.number})
        outlook.begin(one.name)

    def on_answers(one: Contestant, fold: Fold, answers: Answers) -> None:
        kept.add(one.name, fold.number, answers, budget.elapsed)
        outlook.seconds[one.name].append(answers.seconds)
        report.event("answered", {"candidate": one.name, "fold": fold.number})
        epochs = f"{answers.epochs} epochs, " if answers.epochs > 1 else ""
        report.log(f"{one.title}, fold {fold.number}: {epochs}{in_words(answers.seconds)}.")

    def on_failure(one: Contestant, fold: Fold, reason: str) -> None:
        kept.fail(one.name, f"It failed in fold {fold.number}: {reason}", budget.elapsed)
        report.event("left_out", {"candidate": one.name, "reason": reason})
        report.log(f"{one.title} failed in fold {fold.number}: {reason}")

    ears = Ears(
        on_begin, on_answers, on_failure,
        lambda one, fold, share: outlook.tell(one, fold, share),
        report.log, report.cancel_requested,
    )  # fmt: skip
    course = run([entrants[name] for name in order], folds, budget, kept=kept.answers, ears=ears)
    course.left_out = left_out | course.left_out
    return course


def _forecasts(
    entrants: Sequence[Contestant], fold: Fold, report: Reporter
) -> tuple[dict[str, Forecast], dict[str, str]]:
    """How long a fold of each takes, and why some cannot take part at all."""
    forecasts: dict[str, Forecast] = {}
    broken: dict[str, str] = {}
    for done, one in enumerate(entrants):
        stop_if_cancelled(report)
        report.progress(done, len(entrants), "measuring how fast each is")
        try:
            forecasts[one.name] = one.forecast(fold)
        except EinthovenError as error:
            broken[one.name] = str(error)
        except (MemoryError, RuntimeError) as error:
            broken[one.name] = f"A first step failed: {str(error).splitlines()[0] if str(error) else 'out of memory'}"
    return forecasts, broken


def _nothing_fits(
    left_out: Mapping[str, str], forecasts: Mapping[str, Forecast], budget: Budget, report: Reporter
) -> None:
    (report.folder / RESULTS).unlink(missing_ok=True)  # begun again, it begins anew
    if not forecasts:
        raise SettingError(f"No candidate can be trained. {next(iter(left_out.values()), '')}", advice="Choose others.")
    cheapest = min(forecasts.values(), key=lambda one: one.least)
    enough = in_words(2 * cheapest.likely + budget.elapsed + 60)
    raise SettingError(
        f"The budget of {in_words(budget.seconds)} is too small: one fold of the fastest candidate takes at least "
        f"{in_words(cheapest.least)}.",
        advice=f"Give a budget of at least {enough}, choose faster architectures or the recipe with fewer epochs.",
    )


@dataclass
class _Outlook:
    """How far the whole is, in per cent of the time that it will probably take."""

    likely: Mapping[str, float]
    n_folds: int
    budget: Budget
    report: Reporter
    seconds: dict[str, list[float]] = field(init=False)
    begun: float = 0.0

    def __post_init__(self) -> None:
        self.seconds = {name: [] for name in self.likely}

    def begin(self, name: str) -> None:
        self.begun = self.budget.elapsed

    def tell(self, one: Contestant, fold: Fold, share: float) -> None:
        spent = self.budget.elapsed - self.begun
        left = -min(spent, self._each(one.name))
        for name in self.likely:
            left += self._each(name) * (self.n_folds - len(self.seconds[name]))
        left = max(0.0, min(left, self.budget.left))
        elapsed = self.budget.elapsed
        self.report.progress(
            100 * elapsed / max(elapsed + left, 1e-9), 100, f"{one.title}, fold {fold.number} of {self.n_folds}"
        )

    def _each(self, name: str) -> float:
        known = self.seconds[name]
        return sum(known) / len(known) if known else self.likely[name]


def _outcome(
    settled: Settled,
    request: BenchmarkRequest,
    ecgs: Ecgs,
    folds: Sequence[Fold],
    course: Course,
    budget: Budget,
    refused: tuple[Failure, ...],
    report: Reporter,
) -> BenchmarkOutcome:
    common = course.common_folds()
    by_name = {one.name: one for one in settled.candidates}
    if not common:
        _no_fold(course, budget, report, {name: one.title for name, one in by_name.items()})
    report.progress(0, 0, "computing intervals")
    spec = settled.candidates[0].spec
    contenders = [
        Contender(
            name, by_name[name].title, {number: course.answers[name][number] for number in common},
            by_name[name].closed_form,
        )
        for name in course.compared()
    ]  # fmt: skip
    found = leaderboard(
        spec, ecgs.y, ecgs.patients, {fold.number: fold.held for fold in folds if fold.number in common}, contenders,
        seed=request.seed,
    )  # fmt: skip
    partly = [name for name in course.compared() if set(course.answers[name]) > set(common)]
    warnings = [*settled.warnings, *found.warnings, *_of_the_budget(course, common, budget, partly)]
    return BenchmarkOutcome(
        dataset=request.dataset,
        task=settled.task.name,
        kind=spec.kind,
        unit=spec.unit,
        n=found.n,
        n_patients=found.n_patients,
        n_folds=len(folds),
        folds_compared=common,
        number=found.number,
        higher_is_better=found.higher_is_better,
        rows=tuple(_row(one, by_name[one.name], course) for one in found.standings),
        left_out=tuple(LeftOut(_view(by_name[name]), reason) for name, reason in course.left_out.items()),
        recommended=found.recommendation.candidate,
        recommendation=found.recommendation.words,
        warnings=tuple(dict.fromkeys(warnings)),
        refused=refused,
        stopped=course.stopped,
        simulated=any(item.simulated for item in settled.items),
        environment=environment(),
        seconds=budget.elapsed,
        budget_seconds=budget.seconds,
    )


def _no_fold(course: Course, budget: Budget, report: Reporter, titles: Mapping[str, str]) -> None:
    if course.stopped == "cancelled":
        raise Cancelled("Cancelled before a fold was finished; there is nothing to compare.")
    (report.folder / RESULTS).unlink(missing_ok=True)
    if course.stopped == "budget":
        raise SettingError(
            f"The budget of {in_words(budget.seconds)} was used up before any candidate had finished a fold.",
            advice="Give a larger budget, or choose faster architectures, fewer folds or the recipe with fewer epochs.",
        )
    name, reason = next(iter(course.left_out.items()))
    raise LabelError(f"No candidate could be trained. {titles[name]}: {reason}", advice="Look at labels and settings.")


def _of_the_budget(course: Course, common: Sequence[int], budget: Budget, partly: Sequence[str]) -> list[str]:
    """What was not done, in words."""
    if len(common) == course.n_folds:
        return []
    why = {
        "budget": f"the budget of {in_words(budget.seconds)} did not suffice for more",
        "cancelled": "it was cancelled",
        "finished": "some were not finished",
    }[course.stopped]
    words = [f"{len(common)} of {course.n_folds} folds are compared: {why}."]
    if partly:
        words.append("Folds that only some candidates had finished are not counted.")
    return words


def _row(standing: Standing, candidate: Candidate, course: Course) -> BenchmarkRow:
    answers = course.answers[candidate.name]
    first = answers[min(answers)].cost
    return BenchmarkRow(
        candidate=_view(candidate),
        numbers=tuple(_number(name, standing.numbers[name]) for name in NUMBERS[candidate.spec.kind]),
        difference=_number(NUMBERS[candidate.spec.kind][0], standing.difference),
        level=standing.level,
        cost=_cost(first, [one.cost for one in answers.values()], standing.minutes),
        folds=tuple(sorted(answers)),
    )


def _number(name: str, number: Interval) -> BenchmarkNumber:
    return BenchmarkNumber(name, METRICS.get(name).title, number.value, number.low, number.high, number.reason)


def _cost(first: Cost, costs: Sequence[Cost], minutes: float) -> BenchmarkCost:
    """Sizes are those of every fold alike; times are the median of the folds, as other programs disturb single ones."""
    epoch_ms = [one.epoch_ms for one in costs if one.epoch_ms is not None]
    return BenchmarkCost(
        minutes=minutes,
        epoch_ms=float(np.median(epoch_ms)) if epoch_ms else None,
        prediction_ms=float(np.median([one.prediction_ms for one in costs])),
        megabytes=first.megabytes,
        parameters=first.parameters,
        mega_flops=first.mega_flops,
    )


def _view(one: Candidate) -> BenchmarkCandidate:
    return BenchmarkCandidate(one.name, one.title, one.architecture, one.recipe, one.closed_form)


def _key(settled: Settled, folds: Sequence[Fold]) -> str:
    """What results belong to: the same ECGs, answers, folds and settings."""
    about = {
        "records": [item.record_id for item in settled.items],
        "answers": [settled.task.answers[item.file_name] for item in settled.items],
        "held": [fold.held.tolist() for fold in folds],
        "train": [fold.train.tolist() for fold in folds],
        "candidates": [[one.name, one.spec.to_json(), one.config.to_json()] for one in settled.candidates],
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def title(workspace: Workspace, request: BenchmarkRequest) -> str:
    """What the job is called; the request is checked for what can be known now."""
    settle(workspace, request)
    return f"Benchmark {request.task} on {request.dataset}"


def said(outcome: BenchmarkOutcome) -> str:
    """The outcome in a line."""
    best = outcome.rows[0]
    number = best.numbers[0]
    value = "" if number.value is None else f", {number.title} {number.value:.3f}"
    cancelled = " Cancelled; what was finished is compared." if outcome.stopped == "cancelled" else ""
    return f"{len(outcome.rows)} compared; first is {best.candidate.title}{value}.{cancelled}"
