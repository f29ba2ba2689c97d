"""AUROC of a class: the area under its ROC curve, this class against all others."""

import numpy as np

from einthoven.metrics.entry import (
    CLASSIFICATION,
    FEW,
    FEWEST,
    Estimate,
    Judged,
    MetricEntry,
    class_small,
    class_too_small,
    ecgs,
)


def compute(one: Judged) -> Estimate:
    """The Mann-Whitney statistic by mid-ranks, ties counting one half (Hanley and McNeil 1982).

    None when fewer than two ECGs have the class, or fewer than two do not.
    """
    if reason := class_too_small(one):
        return Estimate(None, reason)
    has = one.truth[:, 0].astype(bool)
    name, n, n_without = one.class_names[0], int(has.sum()), int((~has).sum())
    if n_without < FEWEST:
        lacking = "Every ECG has" if n_without == 0 else f"All but {ecgs(n_without)} have"
        return Estimate(None, f"{lacking} {name}; AUROC needs at least {FEWEST} without it.")
    _, rank_of, ties = np.unique(one.scores[:, 0], return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(ties) - (ties - 1) / 2
    above = mid_ranks[rank_of.ravel()][has].sum() - n * (n + 1) / 2
    warning = f"The AUROC of {name} rests on {ecgs(n_without)} without it only." if n_without < FEW else ""
    return Estimate.of(above / (n * n_without), class_small(one), warning)


ENTRY = MetricEntry(
    name="auroc",
    title="AUROC",
    explanation=(
        "The chance that an ECG with this class gets a higher probability for it than one without: "
        "1 is perfect, 0.5 is guessing."
    ),
    kinds=CLASSIFICATION,
    scope="class",
    compute=compute,
)
