"""Precision (positive predictive value) of a class: TP / (TP + FP)."""

from einthoven.metrics.entry import CLASSIFICATION, FEW, FEWEST, Estimate, Judged, MetricEntry, class_too_small, ecgs


def compute(one: Judged) -> Estimate:
    """None when fewer than two ECGs were predicted to have the class: a share of nothing is not 0."""
    if reason := class_too_small(one):
        return Estimate(None, reason)
    name, n_predicted = one.class_names[0], int(one.predicted.sum())
    if n_predicted == 0:
        return Estimate(None, f"Nothing was predicted as {name}.")
    if n_predicted < FEWEST:
        return Estimate(None, f"Only {ecgs(n_predicted)} was predicted as {name}; at least {FEWEST} are needed.")
    hits = int((one.truth.astype(bool) & one.predicted.astype(bool)).sum())
    warning = f"The precision of {name} rests on {ecgs(n_predicted)} only." if n_predicted < FEW else ""
    return Estimate.of(hits / n_predicted, warning)


ENTRY = MetricEntry(
    name="precision",
    title="Precision",
    explanation="Of the ECGs for which the model says this class, the share that really has it.",
    kinds=CLASSIFICATION,
    scope="class",
    compute=compute,
)
