"""How far a number may be off: intervals from resampled patients, of one model or of the difference between two.

Percentile bootstrap (Efron and Tibshirani 1993, chapter 13) over clusters: patients are drawn with replacement, each
with all of its ECGs, as ECGs of one patient are alike. A resample is a weight per ECG, how often its patient was drawn,
so that all resamples are computed at once from arrays that were sorted once.

In a resample too a class needs `FEWEST` ECGs (an ECG that is drawn twice counts twice). Averages over classes are over
those that the data as they are allow: a resample that lacks one of them is lost, and counted, as an average over other
classes would be another number.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from einthoven.errors import LabelError, SettingError
from einthoven.metrics import accuracy, auroc, f1, macro_auroc, macro_f1, mae, weighted_f1
from einthoven.metrics.entry import FEW, FEWEST, Estimate, Floats, Judged

RESAMPLES = 1000
CONFIDENCE = 0.95
MOST_LOST = 0.1
"""Where more than this share of the resamples is lost, what is left is no picture of chance: no interval."""

_OVERALL: Mapping[str, Callable[[Judged], Estimate]] = {
    entry.ENTRY.name: entry.compute for entry in (macro_auroc, weighted_f1, macro_f1, accuracy)
}
_PER_CLASS: Mapping[str, Callable[[Judged], Estimate]] = {entry.ENTRY.name: entry.compute for entry in (auroc, f1)}
_REGRESSION: Mapping[str, Callable[[Judged], Estimate]] = {mae.ENTRY.name: mae.compute}
_CHUNK_WEIGHTS = 4_000_000
"""So many weights at once: 32 MB."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its interval; `low` and `high` are None together, and `reason` says why.

    `lost` counts the resamples in which it could not be estimated.
    """

    value: float | None
    low: float | None
    high: float | None
    lost: int = 0
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals by the name of the number, and of each class's numbers by class and number."""

    n: int
    n_patients: int
    resamples: int
    confidence: float
    overall: Mapping[str, Interval]
    per_class: Mapping[str, Mapping[str, Interval]]


def intervals(
    models: Judged | Sequence[Judged],
    patients: Sequence[str | None],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Intervals:
    """Numbers of a model with intervals, clustered by patient.

    Parameters
    ----------
    models
        A model's answers; of several models (seeds) for the same ECGs the mean of their numbers.
    patients
        One per ECG; None is a patient of its own.

    Returns
    -------
    Intervals
        `macro_auroc`, `weighted_f1`, `macro_f1`, `accuracy`, and `auroc` and `f1` of each class; for regression `mae`.

    Raises
    ------
    LabelError
        The models were not judged by the same truth, or there is not one patient for each ECG.
    SettingError
        Fewer than 100 resamples, or a confidence that is not between 0 and 1.
    """
    return _intervals([_several(models)], patients, resamples, confidence, seed)


def differences(
    first: Judged | Sequence[Judged],
    second: Judged | Sequence[Judged],
    patients: Sequence[str | None],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Intervals:
    """Numbers of `first` minus those of `second` for the same ECGs, both from the same resamples; see `intervals`."""
    return _intervals([_several(first), _several(second)], patients, resamples, confidence, seed)


def compared(
    models: Sequence[Judged],
    patients: Sequence[str | None],
    *,
    to: int,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> tuple[tuple[Intervals, ...], tuple[Intervals, ...]]:
    """`intervals` of each model, and its `differences` to the model at place `to`: all from the same resamples.

    Each model is computed once per resample, where the two functions by themselves would compute it three times.
    """
    arms = [(model,) for model in models]
    drawn = _Drawn.of(arms, patients, resamples, confidence, seed)
    alone = tuple(drawn.of_arms([arm]) for arm in range(len(arms)))
    return alone, tuple(drawn.of_arms([arm, to]) for arm in range(len(arms)))


def _several(models: Judged | Sequence[Judged]) -> tuple[Judged, ...]:
    return (models,) if isinstance(models, Judged) else tuple(models)


def _intervals(
    arms: Sequence[tuple[Judged, ...]],
    patients: Sequence[str | None],
    resamples: int,
    confidence: float,
    seed: int,
) -> Intervals:
    """Of one arm its numbers, of two the first's minus the second's."""
    return _Drawn.of(arms, patients, resamples, confidence, seed).of_arms(range(len(arms)))


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """The numbers of each arm, as they are and in each resample, `(resamples, numbers)`; no rows for one patient."""

    judged: Judged
    patient: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    resamples: int
    confidence: float
    values: tuple[tuple[Estimate, ...], ...]
    numbers: tuple[Floats, ...]

    @classmethod
    def of(
        cls,
        arms: Sequence[tuple[Judged, ...]],
        patients: Sequence[str | None],
        resamples: int,
        confidence: float,
        seed: int,
    ) -> "_Drawn":
        if resamples < 100 or not 0 < confidence < 1:
            raise SettingError(
                f"{resamples} resamples with a confidence of {confidence:g} are not possible.",
                advice="Give at least 100 resamples and a confidence such as 0.95.",
            )
        judged = _same_truth(arms)
        patient = _patient_numbers(patients, judged.n)
        n_patients = int(patient.max(initial=-1)) + 1
        names = _names(judged)
        values = tuple(tuple(_value(models, *name) for name in names) for models in arms)
        drawn = [[np.empty((0, len(names)))] for _ in arms]
        if n_patients > 1:
            made = [[_Model(model) for model in models] for models in arms]
            for weights in _weights(patient, n_patients, resamples, seed):
                for of_arm, models in zip(drawn, made, strict=True):
                    of_arm.append(np.mean([one.numbers(weights) for one in models], axis=0))
        return cls(judged, patient, resamples, confidence, values, tuple(map(np.concatenate, drawn)))

    def of_arms(self, places: Sequence[int]) -> Intervals:
        """Of one arm its numbers, of two the first's minus the second's."""
        numbers = self.numbers[places[0]] - self.numbers[places[1]] if len(places) == 2 else self.numbers[places[0]]
        found = {}
        for column, name in enumerate(_names(self.judged)):
            estimates = [self.values[place][column] for place in places]
            few = _few(self.judged, self.patient, name[1])
            found[name] = _interval(estimates, numbers[:, column], self.confidence, few)
        return Intervals(
            n=self.judged.n,
            n_patients=int(self.patient.max(initial=-1)) + 1,
            resamples=self.resamples,
            confidence=self.confidence,
            overall={name: one for (name, column), one in found.items() if column is None},
            per_class={
                title: {name: one for (name, of), one in found.items() if of == place}
                for place, title in enumerate(self.judged.class_names)
                if self.judged.kind != "regression"
            },
        )


def _same_truth(arms: Sequence[tuple[Judged, ...]]) -> Judged:
    models = [model for arm in arms for model in arm]
    if not all(arms):
        raise LabelError("There is no model to compute intervals of.")
    first = models[0]
    for other in models[1:]:
        same = first.class_names == other.class_names and np.array_equal(first.truth, other.truth)
        if not same or first.kind != other.kind:
            raise LabelError(
                "The models were not judged by the same ECGs and classes, so their numbers cannot be compared.",
                advice="Give the answers of all models for the same ECGs in the same order.",
            )
    return first


def _patient_numbers(patients: Sequence[str | None], n: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    if len(patients) != n:
        raise LabelError(f"{len(patients)} patients are named for {n} ECGs; one each is needed (None: not known).")
    number: dict[tuple[str, str | int], int] = {}
    keys: list[tuple[str, str | int]] = [("alone", k) if p is None else ("known", p) for k, p in enumerate(patients)]
    return np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)


Name = tuple[str, int | None]
"""A number and the class it is of; None: of all."""


def _names(judged: Judged) -> list[Name]:
    if judged.kind == "regression":
        return [(name, None) for name in _REGRESSION]
    of_classes: list[Name] = [(name, k) for name in _PER_CLASS for k in range(len(judged.class_names))]
    return [*((name, None) for name in _OVERALL), *of_classes]


def _value(models: Sequence[Judged], name: str, column: int | None) -> Estimate:
    """The number of the data as they are, the mean of several models; from the metrics themselves."""
    compute = {**_OVERALL, **_PER_CLASS, **_REGRESSION}[name]
    estimates = [compute(model if column is None else model.only(column)) for model in models]
    known = [estimate.value for estimate in estimates if estimate.value is not None]
    if len(known) < len(estimates):
        return next(estimate for estimate in estimates if estimate.value is None)
    warnings = dict.fromkeys(warning for estimate in estimates for warning in estimate.warnings)
    return Estimate(float(np.mean(known)), warnings=tuple(warnings))


def _weights(
    patient: "np.ndarray[tuple[int], np.dtype[np.int64]]", n_patients: int, resamples: int, seed: int
) -> Iterator[Floats]:
    """How often each ECG is in each resample, float64 `(some of the resamples, n)`."""
    rng = np.random.default_rng(seed)
    at_once = max(1, _CHUNK_WEIGHTS // max(len(patient), n_patients))
    for begin in range(0, resamples, at_once):
        size = min(at_once, resamples - begin)
        counts = rng.multinomial(n_patients, np.full(n_patients, 1 / n_patients), size=size)
        yield counts[:, patient].astype(np.float64)


class _Model:
    """A model's answers, made ready for many weights: scores sorted once, hits found once."""

    def __init__(self, judged: Judged) -> None:
        self.judged = judged
        if judged.kind == "regression":
            self.error = np.abs(judged.predicted.astype(np.float64) - judged.truth).mean(axis=1)
            return
        truth, predicted = judged.truth.astype(bool), judged.predicted.astype(bool)
        self.right = (truth == predicted).all(axis=1).astype(np.float64)
        self.has, self.said = truth.astype(np.float64), predicted.astype(np.float64)
        self.hits = (truth & predicted).astype(np.float64)
        self.order = [np.argsort(judged.scores[:, k], kind="stable") for k in range(truth.shape[1])]
        self.starts = [
            np.flatnonzero(np.append(True, np.diff(judged.scores[order, k]) != 0)) for k, order in enumerate(self.order)
        ]
        once = np.ones((1, judged.n))
        self.with_f1 = np.isfinite(self._f1(once)[0])
        self.with_auroc = np.isfinite(self._auroc(once)[0])

    def numbers(self, weights: Floats) -> Floats:
        """In the order of `_names`, `(resamples, numbers)`; NaN where a resample does not allow it."""
        total = weights.sum(axis=1)
        if self.judged.kind == "regression":
            return np.where(total >= FEWEST, weights @ self.error / total, np.nan)[:, None]
        of_f1, of_auroc = self._f1(weights), self._auroc(weights)
        sizes = (weights @ self.has)[:, self.with_f1]
        with np.errstate(invalid="ignore", divide="ignore"):
            weighted = (of_f1[:, self.with_f1] * sizes).sum(axis=1) / sizes.sum(axis=1)
            right = np.where(total >= FEWEST, weights @ self.right / total, np.nan)
        overall = {
            macro_auroc.ENTRY.name: _mean(of_auroc[:, self.with_auroc]),
            weighted_f1.ENTRY.name: weighted,
            macro_f1.ENTRY.name: _mean(of_f1[:, self.with_f1]),
            accuracy.ENTRY.name: right,
        }
        per_class = {auroc.ENTRY.name: of_auroc, f1.ENTRY.name: of_f1}
        columns = [overall[name] if k is None else per_class[name][:, k] for name, k in _names(self.judged)]
        return np.stack(columns, axis=1)

    def _f1(self, weights: Floats) -> Floats:
        n, said, hits = weights @ self.has, weights @ self.said, weights @ self.hits
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(n >= FEWEST, 2 * hits / (n + said), np.nan)

    def _auroc(self, weights: Floats) -> Floats:
        """Mann-Whitney with weights: of each group of equal scores the pairs that it wins, ties counting one half."""
        columns = []
        for k, (order, starts) in enumerate(zip(self.order, self.starts, strict=True)):
            if not len(order):
                columns.append(np.full(len(weights), np.nan))
                continue
            sorted_weights, has = weights[:, order], self.has[order, k]
            positive = np.add.reduceat(sorted_weights * has, starts, axis=1)
            negative = np.add.reduceat(sorted_weights * (1 - has), starts, axis=1)
            below = np.cumsum(negative, axis=1) - negative / 2
            n, n_without = positive.sum(axis=1), negative.sum(axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                area = (positive * below).sum(axis=1) / (n * n_without)
            columns.append(np.where((n >= FEWEST) & (n_without >= FEWEST), area, np.nan))
        return np.stack(columns, axis=1)


def _mean(columns: Floats) -> Floats:
    return columns.mean(axis=1) if columns.shape[1] else np.full(len(columns), np.nan)


def _few(judged: Judged, patient: "np.ndarray[tuple[int], np.dtype[np.int64]]", column: int | None) -> str:
    """The warning that few patients stand behind a class, or an empty string."""
    if column is None or judged.kind == "regression":
        n = len(np.unique(patient))
        return f"The intervals rest on {n} patients only." if n < FEW else ""
    n = len(np.unique(patient[judged.truth[:, column].astype(bool)]))
    return f"The intervals of {judged.class_names[column]} rest on {n} patients that have it." if n < FEW else ""


def _interval(estimates: Sequence[Estimate], drawn: Floats, confidence: float, few: str) -> Interval:
    missing = next((estimate for estimate in estimates if estimate.value is None), None)
    if missing is not None:
        return Interval(None, None, None, reason=missing.reason)
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    value = values[0] - values[1] if len(values) == 2 else values[0]
    if not len(drawn):
        return Interval(value, None, None, reason="All ECGs are of one patient: chance cannot be seen.")
    known = drawn[np.isfinite(drawn)]
    lost = len(drawn) - len(known)
    if lost > MOST_LOST * len(drawn):
        return Interval(value, None, None, lost, f"It cannot be estimated in {lost} of {len(drawn)} resamples.")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    warnings = [few]
    if lost:
        warnings.append(f"{lost} of {len(drawn)} resamples do not allow it; the interval is of the others.")
    if low == high and len(estimates) == 1:
        warnings.append("All resamples give the same number: an interval without width says nothing.")
    return Interval(value, float(low), float(high), lost, warnings=tuple(filter(None, warnings)))
