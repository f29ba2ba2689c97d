"""R² (coefficient of determination): 1 - sum((true - predicted)^2) / sum((true - mean(true))^2)."""

import numpy as np

from einthoven.metrics.entry import REGRESSION, Estimate, Judged, MetricEntry, few, too_few


def compute(judged: Judged) -> Estimate:
    """None for fewer than two ECGs, and when all true values are equal."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    if np.ptp(judged.truth) == 0:
        return Estimate(None, "All true values are equal, so there is no spread to explain.")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        unexplained = np.square(judged.truth - judged.predicted).sum()
        value = float(1 - unexplained / np.square(judged.truth - judged.truth.mean()).sum())
    return Estimate.of(value, few(judged.n))


ENTRY = MetricEntry(
    name="r2",
    title="R²",
    explanation="The share of the true values' spread that is explained: 1 is perfect, 0 is always saying the mean.",
    kinds=REGRESSION,
    scope="all",
    compute=compute,
)
