"""Macro F1: the mean of the classes' F1."""

from einthoven.metrics import f1
from einthoven.metrics.averages import average
from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry


def compute(judged: Judged) -> Estimate:
    """Mean F1 over the classes that allow it; the others are named in a warning."""
    return average(judged, f1.ENTRY)


ENTRY = MetricEntry(
    name="macro_f1",
    title="Macro F1",
    explanation="The average of the classes' F1, each class counting alike, however rare it is.",
    kinds=CLASSIFICATION,
    scope="all",
    compute=compute,
)
