"""Root mean square error: sqrt(mean((predicted - true)^2))."""

import numpy as np

from einthoven.metrics.entry import REGRESSION, Estimate, Judged, MetricEntry, few, too_few


def compute(judged: Judged) -> Estimate:
    """In the unit of the quantity; None for fewer than two ECGs."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.sqrt(np.square(judged.predicted - judged.truth).mean()))
    return Estimate.of(value, few(judged.n))


ENTRY = MetricEntry(
    name="rmse",
    title="Root mean square error",
    explanation="Like the mean absolute error, but large errors count more; in the unit of the quantity.",
    kinds=REGRESSION,
    scope="all",
    compute=compute,
)
