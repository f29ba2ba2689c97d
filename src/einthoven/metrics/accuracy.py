"""Accuracy: the share of ECGs whose answer is right; for multi-label in every class (subset accuracy)."""

from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry, few, too_few


def compute(judged: Judged) -> Estimate:
    """None for fewer than two ECGs."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    return Estimate.of(float((judged.truth == judged.predicted).all(axis=1).mean()), few(judged.n))


ENTRY = MetricEntry(
    name="accuracy",
    title="Accuracy",
    explanation="The share of ECGs for which the model's answer is right (with several labels: right in every one).",
    kinds=CLASSIFICATION,
    scope="all",
    compute=compute,
)
