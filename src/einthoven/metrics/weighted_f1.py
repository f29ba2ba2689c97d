"""Weighted F1: the mean of the classes' F1, weighted by their numbers of ECGs."""

from einthoven.metrics import f1
from einthoven.metrics.averages import average
from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry


def compute(judged: Judged) -> Estimate:
    """Weighted mean F1 over the classes that allow it; the others are named in a warning."""
    return average(judged, f1.ENTRY, weighted=True)


ENTRY = MetricEntry(
    name="weighted_f1",
    title="Weighted F1",
    explanation="The average of the classes' F1, each class counting by its number of ECGs, so frequent ones dominate.",
    kinds=CLASSIFICATION,
    scope="all",
    compute=compute,
)
