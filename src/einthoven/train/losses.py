"""What a training makes small. Imports torch: import it on use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from einthoven.spec import ModelSpec

LARGEST_WEIGHT = 20.0
"""A class that is rarer is not weighed further: a single ECG would steer each step."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Each ECG's loss and weight: `each(outputs, targets)` -> two of shape `(n,)`; the losses are weighted already.

    The loss of a batch, or of a whole part, is the quotient of their sums: so a part's loss does not depend on
    how it was cut into batches. `notes` say in words what was done about classes.
    """

    each: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    notes: tuple[str, ...] = ()

    def sums(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(weighted sum of losses, sum of weights); `weights` `(n,)` weigh single ECGs besides their classes."""
        losses, own = self.each(outputs, targets)
        return (losses.sum(), own.sum()) if weights is None else ((losses * weights).sum(), (own * weights).sum())

    def mean(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        total, weight = self.sums(outputs, targets, weights)
        return total / weight


def loss_for(
    spec: ModelSpec, y_train: npt.NDArray[Any], *, weighted: bool, device: torch.device, smoothing: float = 0.0
) -> Loss:
    """The loss of a task: cross-entropy, binary cross-entropy (multi-label) or smooth L1 (regression).

    `y_train` alone determines the weights of classes. Regression expects standardised targets. `smoothing` moves
    answers from certainty: a class that is there to `1 - smoothing` and a share of `smoothing` for each.
    """
    if spec.kind == "regression":
        return Loss(_smooth_l1)
    if spec.kind == "multi-label":
        return _binary_cross_entropy(y_train, spec.class_names, weighted=weighted, device=device, smoothing=smoothing)
    return _cross_entropy(y_train, spec.class_names, weighted=weighted, device=device, smoothing=smoothing)


def _smooth_l1(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    # Quadratic within one standard deviation of the target, linear beyond: an outlier pulls, but not with its square.
    losses = functional.smooth_l1_loss(outputs, targets, reduction="none").sum(dim=1)
    return losses, torch.full_like(losses, outputs.shape[1])


def _cross_entropy(
    y_train: npt.NDArray[Any], names: Sequence[str], *, weighted: bool, device: torch.device, smoothing: float
) -> Loss:
    """Weights n / (k * n_c) over the k classes with members, of at most 20; a class without any gets 0."""
    counts = np.bincount(y_train, minlength=len(names)).astype(float)
    present = counts > 0
    even = np.minimum(len(y_train) / (present.sum() * np.maximum(counts, 1)), LARGEST_WEIGHT)
    weights = np.where(present, even if weighted else 1.0, 0.0)
    absent = [name for name, there in zip(names, present, strict=True) if not there]
    notes = []
    if absent:
        notes.append(f"No training ECG is of class {', '.join(absent)}: the model cannot learn to predict it.")
    if weighted:
        pairs = zip(names, weights, counts, strict=True)
        notes.append("Class weights: " + ", ".join(f"{name} {w:.2f} (n={int(n)})" for name, w, n in pairs) + ".")
    class_weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def each(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        own = class_weights[targets]
        return own * functional.cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing), own

    return Loss(each, tuple(notes))


def _binary_cross_entropy(
    y_train: npt.NDArray[Any], names: Sequence[str], *, weighted: bool, device: torch.device, smoothing: float
) -> Loss:
    """Members of a class weigh n_without / n_with (at most 20); a class that all or none have weighs 1."""
    n_with = y_train.sum(axis=0)
    n_without = len(y_train) - n_with
    varied = (n_with > 0) & (n_without > 0)
    ratio = np.where(varied & weighted, n_without / np.maximum(n_with, 1), 1.0)
    weights = np.minimum(ratio, LARGEST_WEIGHT)
    notes = []
    for what, group in (("No", n_with == 0), ("Every", n_without == 0)):
        same = [name for name, it_is in zip(names, group, strict=True) if it_is]
        if same:
            notes.append(f"{what} training ECG has {', '.join(same)}: the model cannot learn to tell it.")
    if weighted:
        pairs = zip(names, weights, n_with, strict=True)
        notes.append("Weights of members: " + ", ".join(f"{name} {w:.2f} (n={int(n)})" for name, w, n in pairs) + ".")
    member_weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def each(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        softened = targets * (1 - smoothing) + smoothing / 2
        losses = functional.binary_cross_entropy_with_logits(
            outputs, softened, pos_weight=member_weights, reduction="none"
        ).sum(dim=1)
        return losses, torch.full_like(losses, outputs.shape[1])

    return Loss(each, tuple(notes))
