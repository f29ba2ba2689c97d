"""Macro F1 on the validation part after each epoch: quick, with what it left out."""

from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.spec import ModelSpec


def classes_without_members(y: npt.NDArray[Any], spec: ModelSpec) -> tuple[str, ...]:
    """Classes that no ECG of `y` has: they cannot enter an F1."""
    if spec.kind == "regression":
        return ()
    return tuple(
        name for name, members in zip(spec.class_names, _membership(y, spec).T, strict=True) if not members.any()
    )


def macro_f1(outputs: npt.NDArray[Any], y: npt.NDArray[Any], spec: ModelSpec) -> float | None:
    """Unweighted mean of F1 over the classes with members in `y`; None for regression, and where `y` has only one
    class (single-label) or no member (multi-label): whoever always answers that has an F1 of 1.

    `outputs` are logits `(n, classes)`: the largest wins (single-label), or each above 0, which is
    a probability of 0.5 (multi-label). Thresholds chosen later do not enter.
    """
    if spec.kind == "regression":
        return None
    truth = _membership(y, spec)
    predicted = _membership(outputs.argmax(axis=1), spec) if spec.kind == "single-label" else outputs >= 0
    both, either = (truth & predicted).sum(axis=0), truth.sum(axis=0) + predicted.sum(axis=0)
    counted = truth.any(axis=0)
    if counted.sum() < (2 if spec.kind == "single-label" else 1):
        return None
    return float((2 * both[counted] / either[counted]).mean())


def _membership(y: npt.NDArray[Any], spec: ModelSpec) -> npt.NDArray[np.bool_]:
    if spec.kind == "single-label":
        return np.asarray(y[:, None] == np.arange(len(spec.classes)))
    return np.asarray(y > 0.5)
