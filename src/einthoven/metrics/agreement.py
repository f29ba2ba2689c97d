"""Limits of agreement (Bland and Altman 1986, doi:10.1016/S0140-6736(86)90837-8): bias -/+ 1.96 SD of the differences.

The standard deviation is that of a sample (n - 1). About 95 of 100 differences lie between the limits if
they are spread as a normal distribution.
"""

import numpy as np

from einthoven.metrics.entry import Estimate, Judged, few, too_few

WITHIN_95 = 1.96


def limit(judged: Judged, *, upper: bool) -> Estimate:
    """In the unit of the quantity; None for fewer than two ECGs."""
    if reason := too_few(judged.n):
        return Estimate(None, reason)
    with np.errstate(over="ignore", invalid="ignore"):
        differences = judged.predicted - judged.truth
        reach = WITHIN_95 * float(differences.std(ddof=1))
        value = float(differences.mean()) + (reach if upper else -reach)
    return Estimate.of(value, few(judged.n))
