"""Averages of a number over the classes: of those for which it can be estimated, saying which are not."""

import numpy as np

from einthoven.metrics.entry import Estimate, Judged, MetricEntry, few


def average(judged: Judged, metric: MetricEntry, *, weighted: bool = False) -> Estimate:
    """Mean of a metric of scope `class`, each class alike or (`weighted`) by its number of ECGs.

    Classes for which the metric is None are left out, and a warning names them: counting them as 0
    or 1 would move the average by something that was not measured. None when fewer than two of
    several classes allow it.
    """
    estimates = [(one, metric.compute(one)) for one in judged.each_class()]
    known = [(estimate.value, int(one.truth.sum())) for one, estimate in estimates if estimate.value is not None]
    left_out = [f"{one.class_names[0]} ({e.reason.rstrip('.')})" for one, e in estimates if e.value is None]
    if not known:
        return Estimate(None, f"No class allows it: {'; '.join(left_out)}.")
    if len(known) < min(2, len(estimates)):
        return Estimate(None, f"Only one class allows it, and one is no average; not {'; '.join(left_out)}.")
    values, sizes = zip(*known, strict=True)
    value = float(np.average(values, weights=sizes if weighted else None))
    warning = ""
    if left_out:
        which = f"{'Weighted' if weighted else 'Macro'} {metric.title}"
        warning = f"{which} is over {len(known)} of {len(estimates)} classes, without {'; '.join(left_out)}."
    return Estimate.of(value, few(judged.n), warning)
