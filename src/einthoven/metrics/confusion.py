"""The confusion matrix of a single-label task."""

import numpy as np
import numpy.typing as npt

from einthoven.metrics.entry import Judged


def confusion(judged: Judged) -> npt.NDArray[np.int64]:
    """Counts `(classes, classes)`: rows are the true class, columns the predicted one."""
    matrix: npt.NDArray[np.int64] = judged.truth.astype(np.int64).T @ judged.predicted.astype(np.int64)
    return matrix
