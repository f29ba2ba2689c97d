"""What the workbench answers: predictions, evaluations, the course of a training. Plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Prediction:
    """One model's answer for one ECG.

    `values` holds one number per class: probabilities (`logits` beside them), or the predicted
    quantity for regression (`logits` empty). `notes` says what was done to fit the record to the
    model (filled gaps, expanded, derived leads), `doubts` why the answer may deserve less trust.
    """

    file_name: str
    values: tuple[float, ...]
    logits: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """One file or record of a batch that could not be used, and why."""

    file_name: str
    error: str
    reason: str
    advice: str = ""
    missing_hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a ROC curve of one class, thinned to at most a few hundred; `threshold` falls along it."""

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    threshold: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClassResult:
    """How one class did. A number is None where the data do not allow it; `reasons` says why, by name of the number.

    `n` counts the records that have the class, `n_predicted` those for which it was predicted.
    """

    name: str
    n: int
    n_predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    auroc: float | None
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Numbers of one model on labelled records. None = cannot be estimated; `reasons` says why.

    `confusion` (single-label only): rows are the true class, columns the predicted one, both in the
    order of `per_class`. For multi-label `accuracy` is the share of records with every class right.
    Regression fills `regression` (`mae`, `rmse`, `r2`, `bias`, `lower_limit`, `upper_limit`) and no other number.
    """

    kind: str
    n: int
    accuracy: float | None
    macro_f1: float | None
    weighted_f1: float | None
    macro_auroc: float | None
    per_class: tuple[ClassResult, ...]
    confusion: tuple[tuple[int, ...], ...] | None
    roc: Mapping[str, Curve] = field(default_factory=dict)
    regression: Mapping[str, float | None] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training data. `f1` is macro F1 on the validation part (None for regression)."""

    epoch: int
    train_loss: float
    validation_loss: float
    f1: float | None
    learning_rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The course of a training. `stopped`: `finished`, `early` (no better loss for a while) or `cancelled`."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    stopped: str
    maximum_rate: float
    rate_search: Mapping[str, Any]
    seconds: float
    parameters: int
    trained_parameters: int
