"""Mean absolute error: mean(abs(predicted - true))."""

import numpy as np

from einthoven.metrics.entry import REGRESSION, Estimate, Judged, MetricEntry, few, too_few


def compute(judged: Judged) -> Estimate:
    """In the unit of the quantity; None for fewer than two ECGs."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(np.abs(judged.predicted - judged.truth).mean())
    return Estimate.of(value, few(judged.n))


ENTRY = MetricEntry(
    name="mae",
    title="Mean absolute error",
    explanation="How far the prediction is from the true value on average, in the unit of the quantity.",
    kinds=REGRESSION,
    scope="all",
    compute=compute,
)
