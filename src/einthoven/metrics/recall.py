"""Recall (sensitivity) of a class: TP / (TP + FN)."""

from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry, class_small, class_too_small


def compute(one: Judged) -> Estimate:
    """None when fewer than two ECGs have the class."""
    if reason := class_too_small(one):
        return Estimate(None, reason)
    hits = int((one.truth.astype(bool) & one.predicted.astype(bool)).sum())
    return Estimate.of(hits / int(one.truth.sum()), class_small(one))


ENTRY = MetricEntry(
    name="recall",
    title="Recall",
    explanation="Of the ECGs that really have this class, the share that the model finds (sensitivity).",
    kinds=CLASSIFICATION,
    scope="class",
    compute=compute,
)
