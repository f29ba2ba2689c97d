"""The one bridge from records and answers to arrays: training and inference both pass over it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.model_input import beat_steps
from einthoven.errors import IncompatibleModel, LabelError, RecordError
from einthoven.record import EcgRecord, Sex, Signal
from einthoven.signal.standardise import standardise
from einthoven.signal.z_score import FLAT
from einthoven.spec import ModelSpec
from einthoven.task import Answer


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model gets of one record.

    `array`: float32 `(leads, samples)`, read-only; NaN = not there, which the model's graph leaves out of its
    z-score and replaces by 0. `added`: samples `added[0]` to `added[1]` (not included) were not recorded.
    `further`: more windows of the same record, of the same shape, whose answers are averaged with that of `array`.
    """

    array: Signal
    added: tuple[int, int]
    notes: tuple[str, ...]
    further: tuple[Signal, ...] = ()


MOST_WINDOWS = 60
"""Of a longer recording so many windows, evenly spread, are looked at: ten minutes of a Holter by a model of 10 s."""
MOST_LEARNED = 4
"""So many of them a training learns from and is judged by."""


def prepare(record: EcgRecord, spec: ModelSpec, *, most_windows: int = 1) -> Prepared:
    """Everything of `spec.steps` but the scaling, which is part of the graph.

    With `most_windows` above 1 a record that is longer than the model looks at is seen whole, or as much of it as so
    many windows cover: `further` are those behind the first in which a lead shows something.

    Raises
    ------
    IncompatibleModel
        When the record does not fit the model: leads lack, gaps are too long, the rate is too low, or
        the amplitude is relative and the model judges millivolts, or no lead shows anything, or the model
        sees what is made of beats and that cannot be made of this record's.
    MissingDependency
        When the model sees what Rlign makes, and rlign is not installed.
    """
    if record.amplitude == "relative" and spec.scaled_over is None:
        raise IncompatibleModel(
            "This model judges amplitudes in mV (its steps end without a z-score or another scaling); the record's "
            "amplitude is relative.",
            advice="Use the recording in mV, or a model with a z-score.",
        )
    try:
        result = standardise(record, spec.steps, beyond=beat_steps(record), most_windows=most_windows)
    except RecordError as error:
        raise IncompatibleModel(f"The record does not fit this model: {error.message}", advice=error.advice) from error
    expected = (len(spec.leads), spec.n_samples)
    if result.signal.shape != expected:
        raise IncompatibleModel(
            f"The model's steps make {result.signal.shape} of this record, but it takes {expected} (leads, samples).",
            advice="In the model's steps, resampling must come before the window.",
        )
    shown = [signal for signal in (result.signal, *result.further) if _shows_something(signal)]
    if not shown:
        raise IncompatibleModel(
            "Every lead is flat: there is no heartbeat in this record for the model to judge.",
            advice="Check the recording, or leave it out.",
        )
    notes = result.notes
    if record.amplitude == "relative" and spec.scaled_over == "record":
        notes += ("amplitude relative: proportions between leads, which this model's z-score keeps, may not be real",)
    if result.further:
        covered = min(1.0, len(shown) * spec.duration / record.duration)
        notes += (f"answers for {len(shown)} windows averaged, which cover {covered:.0%} of {record.duration:.0f} s",)
    return Prepared(shown[0], result.added, notes, tuple(shown[1:]))


def _shows_something(signal: Signal) -> bool:
    """Whether a lead is there and not flat."""
    recorded = (lead[~np.isnan(lead)] for lead in signal)
    return any(len(lead) > 0 and lead.std() > FLAT for lead in recorded)


def subject_of(age: float | None, sex: Sex | None, spec: ModelSpec) -> npt.NDArray[np.float32]:
    """What the model is told of a person, float32 `(inputs,)`: age in years, sex 0 male and 1 female, NaN unknown."""
    known = {"age": age, "sex": {"M": 0.0, "F": 1.0}.get(sex or "")}
    values = [known[name] for name in spec.subject]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


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
