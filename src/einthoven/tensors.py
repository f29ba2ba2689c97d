"""The one bridge from records and answers to arrays: training and inference both pass over it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import IncompatibleModel, LabelError, RecordError
from einthoven.record import EcgRecord, Signal
from einthoven.signal.standardise import standardise
from einthoven.signal.z_score import FLAT
from einthoven.spec import ModelSpec
from einthoven.task import Answer


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model gets of one record.

    `array`: float32 `(leads, samples)`, read-only; NaN = not there, which the model's graph leaves out of its
    z-score and replaces by 0. `added`: samples `added[0]` to `added[1]` (not included) were not recorded.
    """

    array: Signal
    added: tuple[int, int]
    notes: tuple[str, ...]


def prepare(record: EcgRecord, spec: ModelSpec) -> Prepared:
    """Everything of `spec.steps` but the z-score, which is part of the graph.

    Raises
    ------
    IncompatibleModel
        When the record does not fit the model: leads lack, gaps are too long, the rate is too low, or
        the amplitude is relative and the model judges millivolts, or no lead shows anything.
    """
    if record.amplitude == "relative" and spec.z_score is None:
        raise IncompatibleModel(
            "This model judges amplitudes in mV (its steps end without a z-score); the record's amplitude is relative.",
            advice="Use the recording in mV, or a model with a z-score.",
        )
    try:
        result = standardise(record, spec.steps)
    except RecordError as error:
        raise IncompatibleModel(f"The record does not fit this model: {error.message}", advice=error.advice) from error
    expected = (len(spec.leads), spec.n_samples)
    if result.signal.shape != expected:
        raise IncompatibleModel(
            f"The model's steps make {result.signal.shape} of this record, but it takes {expected} (leads, samples).",
            advice="In the model's steps, resampling must come before the window.",
        )
    deviations = np.nanstd(result.signal, axis=1)
    if not (deviations > FLAT).any():
        raise IncompatibleModel(
            "Every lead is flat: there is no heartbeat in this record for the model to judge.",
            advice="Check the recording, or leave it out.",
        )
    notes = result.notes
    if record.amplitude == "relative" and spec.z_score == "record":
        notes += ("amplitude relative: proportions between leads, which this model's z-score keeps, may not be real",)
    return Prepared(result.signal, result.added, notes)


def targets(answers: Sequence[Answer], spec: ModelSpec) -> npt.NDArray[np.int64] | npt.NDArray[np.float32]:
    """Answers as the array that a loss or a metric takes, one row per answer.

    Returns
    -------
    int64 `(n,)` of class indices for single-label, float32 `(n, n_classes)` of 0 and 1 for
    multi-label, float32 `(n, 1)` of values for regression; classes in the order of the spec.

    Raises
    ------
    LabelError
        When an answer names a class that the model does not have, or has the wrong form.
    """
    if spec.kind == "regression":
        return np.array([[_value(answer)] for answer in answers], dtype=np.float32).reshape(-1, 1)
    indices = [_indices(answer, spec) for answer in answers]
    if spec.kind == "multi-label":
        present = np.zeros((len(indices), len(spec.classes)), dtype=np.float32)
        for row, found in zip(present, indices, strict=True):
            row[list(found)] = 1.0
        return present
    for answer, found in zip(answers, indices, strict=True):
        if len(found) != 1:
            raise LabelError(f"A single-label model learns from exactly one class per record, not from {answer!r}.")
    return np.array([found[0] for found in indices], dtype=np.int64)


def _value(answer: Answer) -> float:
    if isinstance(answer, tuple) or not np.isfinite(answer):
        raise LabelError(f"A regression model learns from numbers, not from {answer!r}.")
    return float(answer)


def _indices(answer: Answer, spec: ModelSpec) -> tuple[int, ...]:
    if not isinstance(answer, tuple):
        raise LabelError(f"A {spec.kind} model learns from classes, not from {answer!r}.")
    try:
        return tuple(spec.class_names.index(name) for name in answer)
    except ValueError:
        raise LabelError(f"{', '.join(answer)}: not among the model's classes {', '.join(spec.class_names)}.") from None
