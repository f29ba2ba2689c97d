"""Upper limit of agreement: bias + 1.96 SD of (predicted - true)."""

from einthoven.metrics.agreement import limit
from einthoven.metrics.entry import REGRESSION, Estimate, Judged, MetricEntry


def compute(judged: Judged) -> Estimate:
    """In the unit of the quantity; None for fewer than two ECGs."""
    return limit(judged, upper=True)


ENTRY = MetricEntry(
    name="upper_limit",
    title="Upper limit of agreement",
    explanation="About 95 of 100 predictions differ from the true value by no more than this (Bland-Altman).",
    kinds=REGRESSION,
    scope="all",
    compute=compute,
)
