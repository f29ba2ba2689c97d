"""What a training learns from and what it is judged by."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import LabelError, RecordError
from einthoven.spec import ModelSpec


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """ECGs as `tensors.prepare` makes them and answers as `tensors.targets` makes them, in two parts.

    Parameters
    ----------
    x_train, x_validation
        float32 `(n, leads, samples)`, before the z-score; NaN = sample that is not there.
    y_train, y_validation
        int64 `(n,)` (single-label), float32 `(n, classes)` of 0 and 1 (multi-label), or float32
        `(n, 1)` in the natural unit (regression).
    subject_train, subject_validation
        float32 `(n, inputs)`: what `spec.subject` names, NaN = unknown; None for a model that is told nothing.
    weights
        float32 `(n,)`: how much each training ECG counts; None: all the same.
    """

    x_train: npt.NDArray[np.float32]
    y_train: npt.NDArray[Any]
    x_validation: npt.NDArray[np.float32]
    y_validation: npt.NDArray[Any]
    subject_train: npt.NDArray[np.float32] | None = None
    subject_validation: npt.NDArray[np.float32] | None = None
    weights: npt.NDArray[np.float32] | None = None

    def check(self, spec: ModelSpec) -> None:
        """RecordError or LabelError when the arrays do not fit each other, `spec`, or learning at all."""
        parts = (("training", self.x_train, self.y_train), ("validation", self.x_validation, self.y_validation))
        for part, x, y in parts:
            wanted = (len(spec.leads), spec.n_samples)
            if x.ndim != 3 or x.shape[1:] != wanted:
                raise RecordError(f"The {part} ECGs have shape {x.shape}; (n, {wanted[0]}, {wanted[1]}) is needed.")
            if len(x) < 2:
                raise LabelError(
                    f"The {part} part holds {len(x)} ECG; at least 2 are needed.", advice="Label more records."
                )
            if np.isinf(x).any():
                raise RecordError(f"The {part} ECGs hold infinite values.", advice="Mark missing samples with NaN.")
            shape = (len(x),) if spec.kind == "single-label" else (len(x), len(spec.classes))
            if y.shape != shape:
                raise LabelError(f"The {part} answers have shape {y.shape}; {shape} is needed.")
            self._check_answers(part, y, spec)
        for x, subject in ((self.x_train, self.subject_train), (self.x_validation, self.subject_validation)):
            if spec.subject and (subject is None or subject.shape != (len(x), len(spec.subject))):
                raise RecordError(f"The model is told {', '.join(spec.subject)}; that is not given for each ECG.")
        if self.weights is not None and (self.weights.shape != (len(self.x_train),) or not (self.weights > 0).all()):
            raise LabelError("Weights must be numbers above 0, one for each training ECG.")
        self._check_variety(spec)

    @staticmethod
    def _check_answers(part: str, y: npt.NDArray[Any], spec: ModelSpec) -> None:
        if spec.kind == "single-label":
            possible = np.issubdtype(y.dtype, np.integer) and y.min() >= 0 and y.max() < len(spec.classes)
        elif spec.kind == "multi-label":
            possible = bool(np.isin(y, (0, 1)).all())
        else:
            possible = bool(np.isfinite(y).all())
        if not possible:
            raise LabelError(f"The {part} answers hold values that a {spec.kind} task does not have.")

    def _check_variety(self, spec: ModelSpec) -> None:
        y = self.y_train
        if spec.kind == "single-label":
            learnable = len(np.unique(y)) > 1
            found = f"only the class {spec.class_names[int(y[0])]!r}"
        else:
            learnable = bool((y.max(axis=0) > y.min(axis=0)).any())
            found = "no class that some ECGs have and others have not"
            if spec.kind == "regression":
                found = f"only the value {float(y[0, 0]):g}"
        if not learnable:
            raise LabelError(
                f"The training part holds {found}: there is nothing to tell apart.",
                advice="Add records with other answers, or choose another task.",
            )


def patient_weights(patients: Sequence[str]) -> npt.NDArray[np.float32]:
    """`(n,)`: each patient's ECGs weigh 1 together."""
    counts = Counter(patients)
    return np.array([1 / counts[patient] for patient in patients], dtype=np.float32)
