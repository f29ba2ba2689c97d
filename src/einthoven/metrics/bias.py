"""Bias: mean(predicted - true)."""

import numpy as np

from einthoven.metrics.entry import REGRESSION, Estimate, Judged, MetricEntry, few, too_few


def compute(judged: Judged) -> Estimate:
    """In the unit of the quantity; None for fewer than two ECGs."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float((judged.predicted - judged.truth).mean())
    return Estimate.of(value, few(judged.n))


ENTRY = MetricEntry(
    name="bias",
    title="Bias",
    explanation="By how much the predictions are too high (above 0) or too low (below 0) on average.",
    kinds=REGRESSION,
    scope="all",
    compute=compute,
)
