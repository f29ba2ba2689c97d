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

LARGEST_POSITIVE_WEIGHT = 20.0
"""Multi-label: a class with fewer than one member in 21 is not weighed further; a single ECG would steer each step."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Sums over a batch: `sums(outputs, targets)` -> (weighted sum of losses, sum of weights).

    The loss of a batch, or of a whole part, is the quotient: so a part's loss does not depend on
    how it was cut into batches. `notes` say in words what was done about classes.
    """

    sums: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    notes: tuple[str, ...] = ()

    def mean(self, outputs: Tensor, targets: Tensor) -> Tensor:
        total, weight = self.sums(outputs, targets)
        return total / weight


def loss_for(spec: ModelSpec, y_train: npt.NDArray[Any], *, weighted: bool, device: torch.device) -> Loss:
    """The loss of a task: cross-entropy, binary cross-entropy (multi-label) or smooth L1 (regression).

    `y_train` alone determines the weights. Regression expects standardised targets.
    """
    if spec.kind == "regression":
        return Loss(_smooth_l1)
    if spec.kind == "multi-label":
        return _binary_cross_entropy(y_train, spec.class_names, weighted=weighted, device=device)
    return _cross_entropy(y_train, spec.class_names, weighted=weighted, device=device)


def _smooth_l1(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    # Quadratic within one standard deviation of the target, linear beyond: an outlier pulls, but not with its square.
    return functional.smooth_l1_loss(outputs, targets, reduction="sum"), torch.full_like(outputs, 1.0).sum()


def _cross_entropy(y_train: npt.NDArray[Any], names: Sequence[str], *, weighted: bool, device: torch.device) -> Loss:
    """Weights n / (k * n_c) over the k classes with members; a class without any gets 0."""
    counts = np.bincount(y_train, minlength=len(names)).astype(float)
    present = counts > 0
    weights = np.where(present, len(y_train) / (present.sum() * np.maximum(counts, 1)) if weighted else 1.0, 0.0)
    absent = [name for name, there in zip(names, present, strict=True) if not there]
    notes = []
    if absent:
        notes.append(f"No training ECG is of class {', '.join(absent)}: the model cannot learn to predict it.")
    if weighted:
        pairs = zip(names, weights, counts, strict=True)
        notes.append("Class weights: " + ", ".join(f"{name} {w:.2f} (n={int(n)})" for name, w, n in pairs) + ".")
    class_weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def sums(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        total = functional.cross_entropy(outputs, targets, weight=class_weights, reduction="sum")
        return total, class_weights[targets].sum()

    return Loss(sums, tuple(notes))


def _binary_cross_entropy(
    y_train: npt.NDArray[Any], names: Sequence[str], *, weighted: bool, device: torch.device
) -> Loss:
    """Members of a class weigh n_without / n_with (at most 20); a class that all or none have weighs 1."""
    n_with = y_train.sum(axis=0)
    n_without = len(y_train) - n_with
    varied = (n_with > 0) & (n_without > 0)
    ratio = np.where(varied & weighted, n_without / np.maximum(n_with, 1), 1.0)
    weights = np.minimum(ratio, LARGEST_POSITIVE_WEIGHT)
    notes = []
    for what, group in (("No", n_with == 0), ("Every", n_without == 0)):
        same = [name for name, it_is in zip(names, group, strict=True) if it_is]
        if same:
            notes.append(f"{what} training ECG has {', '.join(same)}: the model cannot learn to tell it.")
    if weighted:
        pairs = zip(names, weights, n_with, strict=True)
        notes.append("Weights of members: " + ", ".join(f"{name} {w:.2f} (n={int(n)})" for name, w, n in pairs) + ".")
    member_weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def sums(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        total = functional.binary_cross_entropy_with_logits(
            outputs, targets, pos_weight=member_weights, reduction="sum"
        )
        return total, torch.full_like(outputs, 1.0).sum()

    return Loss(sums, tuple(notes))
