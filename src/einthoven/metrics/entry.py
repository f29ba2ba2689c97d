"""What a metric is: from `Judged` (truth beside answers) to an `Estimate` (a number, or why there is none).

How few ECGs are too few
------------------------
A share of one ECG is always 0 or 1 and says nothing about a model. So a number that rests on fewer
than `FEWEST` ECGs is None with a reason, and one that rests on fewer than `FEW` comes with a warning.
What a number rests on: recall, F1 and AUROC of a class on the ECGs that have it (AUROC also on those
that do not), precision on the ECGs for which the class was predicted, the others on all ECGs. All
numbers of a class of fewer than `FEWEST` ECGs are None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from einthoven.task import Kind

FEWEST = 2
FEW = 10

Scope = Literal["all", "class"]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

CLASSIFICATION: tuple[Kind, ...] = ("single-label", "multi-label")
REGRESSION: tuple[Kind, ...] = ("regression",)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number, or None with the reason; `warnings` say why a number that is there deserves care."""

    value: float | None
    reason: str = ""
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: float, *warnings: str) -> "Estimate":
        """An estimate with a value; a number that is not finite (overflow) becomes a reason."""
        if not np.isfinite(value):
            return cls(None, "The values are too large to compute it.")
        return cls(float(value), warnings=tuple(filter(None, warnings)))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Answers of a model beside the truth.

    Parameters
    ----------
    class_names
        One per column; for regression the quantity.
    truth, predicted
        bool `(n, classes)`: has the class, was predicted to have it. For regression float64 `(n, 1)`.
    scores
        float64 `(n, classes)`: probabilities; for regression equal to `predicted`.
    """

    kind: Kind
    class_names: tuple[str, ...]
    truth: Booleans | Floats
    predicted: Booleans | Floats
    scores: Floats

    @property
    def n(self) -> int:
        """Number of ECGs."""
        return int(self.truth.shape[0])

    def only(self, column: int) -> "Judged":
        """The same for one class: what metrics of scope `class` are computed from."""
        one = slice(column, column + 1)
        return Judged(
            self.kind,
            self.class_names[one],
            self.truth[:, one],
            self.predicted[:, one],
            self.scores[:, one],
        )

    def each_class(self) -> "tuple[Judged, ...]":
        """`only` for each class, in order."""
        return tuple(self.only(column) for column in range(len(self.class_names)))


@dataclass(frozen=True, slots=True)
class MetricEntry:
    """A metric: `explanation` is one plain sentence, shown where the pointer rests on the number.

    `compute` takes the whole `Judged` (scope `all`) or one class of it (scope `class`, see `Judged.only`).
    """

    name: str
    title: str
    explanation: str
    kinds: tuple[Kind, ...]
    scope: Scope
    compute: Callable[[Judged], Estimate]
    requires: tuple[str, ...] = ()


def ecgs(n: int) -> str:
    """`1 ECG`, `2 ECGs`."""
    return f"{n} ECG" if n == 1 else f"{n} ECGs"


def too_few(n: int) -> str:
    """The reason why `n` ECGs in all are too few for any number, or an empty string."""
    if n == 0:
        return "There is no ECG to evaluate."
    return f"There is only {ecgs(n)}; at least {FEWEST} are needed." if n < FEWEST else ""


def few(n: int) -> str:
    """The warning that a number rests on `n` ECGs in all, or an empty string."""
    return f"All numbers rest on {ecgs(n)} only." if n < FEW else ""


def class_too_small(one: Judged) -> str:
    """The reason why the class of `one` is too small for any number, or an empty string."""
    name, n = one.class_names[0], int(one.truth.sum())
    if n == 0:
        return f"No ECG has {name}."
    return f"Only {ecgs(n)} has {name}; at least {FEWEST} are needed." if n < FEWEST else ""


def class_small(one: Judged) -> str:
    """The warning that the numbers of the class of `one` rest on few ECGs, or an empty string."""
    name, n = one.class_names[0], int(one.truth.sum())
    return f"The numbers of {name} rest on {ecgs(n)} only." if n < FEW else ""
