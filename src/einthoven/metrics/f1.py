"""F1 of a class: 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall."""

from einthoven.metrics.entry import CLASSIFICATION, Estimate, Judged, MetricEntry, class_small, class_too_small


def compute(one: Judged) -> Estimate:
    """None when fewer than two ECGs have the class; 0 when there are such ECGs and none was found.

    The latter also where the class was never predicted and precision is therefore None: the class
    was there, and the model missed it (`zero_division=0` in scikit-learn's words).
    """
    if reason := class_too_small(one):
        return Estimate(None, reason)
    hits = int((one.truth.astype(bool) & one.predicted.astype(bool)).sum())
    return Estimate.of(2 * hits / (int(one.truth.sum()) + int(one.predicted.sum())), class_small(one))


ENTRY = MetricEntry(
    name="f1",
    title="F1",
    explanation="One number for precision and recall together (their harmonic mean): 1 is perfect, 0 finds nothing.",
    kinds=CLASSIFICATION,
    scope="class",
    compute=compute,
)
