"""Splitting labelled ECGs into a training and a validation part: by patient, with all classes in both if possible."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from einthoven.errors import LabelError, SettingError
from einthoven.task import Answer

ANOTHER_OF_PATIENT = "another ECG of the same patient was chosen"
_MOST_FOLDS = 20
_MOST_BINS = 10
_RARE = ("", "rare")

Stratum = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitItem:
    """A labelled ECG; `subject` is the pseudonymous id of the patient, None where it is not known."""

    file_name: str
    subject: str | None
    answer: Answer


@dataclass(frozen=True, slots=True)
class Split:
    """File names, sorted. `left_out`: reason -> file names, such as further ECGs of a patient."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Items grouped by patient: `of_item` (n,) group numbers, `labels` group -> classes its items have."""

    of_item: npt.NDArray[np.int64]
    labels: tuple[frozenset[str], ...]


def split(items: Sequence[SplitItem], *, validation: float = 0.2, seed: int, one_per_patient: bool = False) -> Split:
    """Split by patient, stratified by the combination of labels (regression: by quantile).

    ECGs of one patient stay on one side; an ECG without subject counts as a patient of its own. The
    result depends on the items and the seed, not on the order of the items. A class that would
    have no ECG in the training part gets a patient from the validation part.

    Parameters
    ----------
    validation
        Share of the validation part, reached as nearly as patients allow.
    one_per_patient
        Keep one ECG of each patient, chosen by the seed; the others stand in `left_out`.

    Raises
    ------
    LabelError
        When no split by patient exists with every class in the training part and a patient left for
        validation.
    SettingError
        When `validation` is not between 0 and 1, or the seed is negative.
    """
    if not 0 < validation < 1:
        raise SettingError(f"A validation share of {validation:g} is not possible.", advice="Give 0.2 for a fifth.")
    if seed < 0:
        raise SettingError(f"A seed of {seed} is not possible.", advice="Give a whole number from 0.")
    ordered = sorted(items, key=lambda item: item.file_name)
    _check(ordered)
    rng = np.random.default_rng(seed)
    kept, left_out = _one_each(ordered, rng) if one_per_patient else (ordered, [])
    groups = _grouped(kept)
    n_groups = len(groups.labels)
    if n_groups < 2:
        raise LabelError(
            f"{_all(len(kept))} of one patient: none would be left to validate with."
            if kept
            else "There are no labelled ECGs to split.",
            advice="Add labelled ECGs of further patients.",
        )
    held = _folds(kept, groups, validation, seed)
    held = _with_all_classes_in_training(groups, held, rng)
    in_validation = held[groups.of_item]
    return Split(
        train=tuple(item.file_name for item, out in zip(kept, in_validation, strict=True) if not out),
        validation=tuple(item.file_name for item, out in zip(kept, in_validation, strict=True) if out),
        left_out={ANOTHER_OF_PATIENT: tuple(item.file_name for item in left_out)} if left_out else {},
    )


def _all(n: int) -> str:
    return "The one labelled ECG is" if n == 1 else f"All {n} labelled ECGs are"


def cross_validation(items: Sequence[SplitItem], *, folds: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """File names of the part that each fold holds out: every ECG in one of them, whole patients, stratified as `split`.

    There are as many parts as patients where those are fewer than `folds`. The result depends on the items and the
    seed, not on the order of the items.

    Raises
    ------
    LabelError
        When there are fewer than two patients.
    SettingError
        When fewer than two folds are asked for, or the seed is negative.
    """
    if folds < 2:
        raise SettingError(f"folds = {folds} is not possible.", advice="Give at least 2; 5 are usual.")
    if seed < 0:
        raise SettingError(f"A seed of {seed} is not possible.", advice="Give a whole number from 0.")
    ordered = sorted(items, key=lambda item: item.file_name)
    _check(ordered)
    groups = _grouped(ordered)
    n_folds = min(folds, len(groups.labels))
    if n_folds < 2:
        raise LabelError(
            f"{_all(len(ordered))} of one patient: they cannot be divided into folds."
            if ordered
            else "There are no labelled ECGs to divide into folds.",
            advice="Add labelled ECGs of further patients.",
        )
    parts = _parts(ordered, groups, n_folds, seed)
    return tuple(tuple(ordered[place].file_name for place in places) for places in parts if len(places))


def _check(ordered: Sequence[SplitItem]) -> None:
    twice = sorted(name for name, n in Counter(item.file_name for item in ordered).items() if n > 1)
    if twice:
        raise LabelError(f"{twice[0]} stands twice among the ECGs to split.")
    if len({isinstance(item.answer, tuple) for item in ordered}) > 1:
        raise LabelError("Some of the ECGs to split have classes, others a value; a split needs one kind.")
    for item in ordered:
        if not isinstance(item.answer, tuple) and not np.isfinite(item.answer):
            raise LabelError(f"{item.file_name}: {item.answer!r} is no value to learn.")


def _one_each(ordered: Sequence[SplitItem], rng: np.random.Generator) -> tuple[list[SplitItem], list[SplitItem]]:
    by_subject: dict[str, list[SplitItem]] = defaultdict(list)
    for item in ordered:
        if item.subject is not None:
            by_subject[item.subject].append(item)
    chosen = {own[rng.integers(len(own))].file_name for _, own in sorted(by_subject.items())}
    kept = [item for item in ordered if item.subject is None or item.file_name in chosen]
    left_out = [item for item in ordered if item.subject is not None and item.file_name not in chosen]
    return kept, left_out


def _grouped(items: Sequence[SplitItem]) -> _Groups:
    keys = [("file", item.file_name) if item.subject is None else ("subject", item.subject) for item in items]
    number = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    labels: list[set[str]] = [set() for _ in number]
    for key, item in zip(keys, items, strict=True):
        if isinstance(item.answer, tuple):
            labels[number[key]].update(item.answer)
    return _Groups(np.array([number[key] for key in keys], dtype=np.int64), tuple(map(frozenset, labels)))


def _folds(items: Sequence[SplitItem], groups: _Groups, validation: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which groups go to the validation part, bool `(n_groups,)`: p of q folds of scikit-learn's splitter."""
    n_groups = len(groups.labels)
    share = Fraction(validation).limit_denominator(_MOST_FOLDS)
    n_folds = min(max(share.denominator, 2), n_groups)
    n_held = min(max(round(validation * n_folds), 1), n_folds - 1)
    held = np.zeros(n_groups, dtype=np.bool_)
    for places in _parts(items, groups, n_folds, seed)[:n_held]:
        held[groups.of_item[places]] = True
    return held


def _parts(items: Sequence[SplitItem], groups: _Groups, n_folds: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Places of the items of each fold of scikit-learn's splitter."""
    from sklearn.model_selection import StratifiedGroupKFold

    strata = np.array(_strata(items, n_folds))
    splitter = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        # It warns of strata smaller than the number of folds, which `_strata` may leave on purpose.
        warnings.simplefilter("ignore", UserWarning)
        return [places for _, places in splitter.split(np.zeros(len(items)), strata, groups.of_item)]


def _strata(items: Sequence[SplitItem], n_folds: int) -> list[int]:
    """A number per item; combinations that are rarer than the folds are folded into their rarest label."""
    if not all(isinstance(item.answer, tuple) for item in items):
        values = np.array([item.answer for item in items], dtype=np.float64)
        n_bins = max(1, min(_MOST_BINS, len(items) // n_folds))
        edges = np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1])
        return [int(place) for place in np.searchsorted(edges, values, side="right")]
    combinations: list[Stratum] = [tuple(sorted(set(item.answer))) for item in items if isinstance(item.answer, tuple)]
    sizes = Counter(name for combination in combinations for name in combination)
    combinations = _fold_rare(
        combinations, n_folds, lambda c: tuple(sorted(c, key=lambda name: (sizes[name], name))[:1])
    )
    combinations = _fold_rare(combinations, n_folds, lambda _: _RARE)
    number = {stratum: i for i, stratum in enumerate(sorted(set(combinations)))}
    return [number[stratum] for stratum in combinations]


def _fold_rare(combinations: Sequence[Stratum], fewest: int, into: Callable[[Stratum], Stratum]) -> list[Stratum]:
    sizes = Counter(combinations)
    return [combination if sizes[combination] >= fewest else into(combination) for combination in combinations]


def _with_all_classes_in_training(
    groups: _Groups, held: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Move patients until each class has one in training and one is left for validation."""
    held = held.copy()
    order = [int(group) for group in rng.permutation(len(groups.labels))]
    in_training = Counter(name for group in order if not held[group] for name in groups.labels[group])
    # Small groups first: they change the shares least.
    sizes = np.bincount(groups.of_item)
    order.sort(key=lambda group: int(sizes[group]))
    for group in order:
        if held[group] and any(in_training[name] == 0 for name in groups.labels[group]):
            held[group] = False
            in_training.update(groups.labels[group])
    if not held.any():
        spare = next((g for g in order if all(in_training[name] > 1 for name in groups.labels[g])), None)
        if spare is None:
            _refuse_split(groups)
        else:
            held[spare] = True
    return held


def _refuse_split(groups: _Groups) -> None:
    patients: Mapping[str, int] = Counter(name for labels in groups.labels for name in labels)
    single = sorted(name for name, n in patients.items() if n == 1)
    raise LabelError(
        f"{len(groups.labels)} patients are too few: each is the only one with some class "
        f"({', '.join(single[:10])}), so none can be spared for validation.",
        advice="Add ECGs of further patients with these classes, or leave rare classes out.",
    )
