"""Macro AUROC: the mean of the classes' AUROC, each against all others."""

from einthoven.metrics import auroc
from einthoven.metrics.averages import average
from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry


def compute(judged: Judged) -> Estimate:
    """Mean AUROC (one against the rest) over the classes that allow it; the others are named in a warning."""
    return average(judged, auroc.ENTRY)


ENTRY = MetricEntry(
    name="macro_auroc",
    title="Macro AUROC",
    explanation="The average of the classes' AUROC: how well the probabilities rank, whatever the threshold.",
    kinds=CLASSIFICATION,
    scope="all",
    compute=compute,
)
