"""The folds of a cross-validation: the same for every candidate. Free of torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import LabelError
from einthoven.labels.splits import SplitItem, cross_validation, split
from einthoven.metrics.entry import ecgs

VALIDATION = 0.2
"""Share of what a fold may learn from that decides when a training ends: whole patients."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Places of ECGs, each int64 `(n,)` and rising: to learn from, to choose the best epoch by, to answer once.

    `number` counts from 1. No patient stands in two of the three.
    """

    number: int
    train: Places
    validation: Places
    held: Places


def folds_of(items: Sequence[SplitItem], *, n: int, seed: int) -> tuple[Fold, ...]:
    """Folds by patient, stratified; as many as there are patients where those are fewer than `n`.

    Raises
    ------
    LabelError
        When what a fold leaves to learn from cannot be divided into a part to learn from and one to check by.
    SettingError
        When `n` is below 2 or the seed negative.
    """
    places = {item.file_name: place for place, item in enumerate(items)}
    parts = cross_validation(items, folds=n, seed=seed)
    return tuple(_fold(number, part, items, places, seed) for number, part in enumerate(parts, start=1))


def fold_without(held: Sequence[str], items: Sequence[SplitItem], *, number: int, seed: int) -> Fold:
    """The fold that answers the named ECGs, by file name, and learns from all others."""
    places = {item.file_name: place for place, item in enumerate(items)}
    return _fold(number, held, items, places, seed)


def _fold(number: int, held: Sequence[str], items: Sequence[SplitItem], places: dict[str, int], seed: int) -> Fold:
    out = set(held)
    rest = [item for item in items if item.file_name not in out]
    try:
        sides = split(rest, validation=VALIDATION, seed=seed)
    except LabelError as error:
        raise LabelError(f"Fold {number} of the cross-validation: {error.message}", advice=error.advice) from error
    if min(len(sides.train), len(sides.validation)) < 2:
        raise LabelError(
            f"Fold {number} of the cross-validation leaves {ecgs(len(sides.train))} to learn from and "
            f"{len(sides.validation)} to check by; two are needed of each.",
            advice="Label more ECGs, of further patients.",
        )

    def at(names: Sequence[str]) -> Places:
        return np.array(sorted(places[name] for name in names), dtype=np.int64)

    return Fold(number, at(sides.train), at(sides.validation), at(held))
