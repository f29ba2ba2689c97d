"""ROC curves, thinned for drawing."""

import numpy as np
import numpy.typing as npt

from einthoven.metrics.entry import FEWEST, Floats, Judged
from einthoven.results import Curve

MAX_POINTS = 200


def roc(one: Judged, *, points: int = MAX_POINTS) -> Curve | None:
    """The ROC curve of one class against all others, from (0, 0) to (1, 1), or None.

    Parameters
    ----------
    one
        One class, see `Judged.only`.
    points
        At most so many points; ends are kept, the others chosen evenly along the curve.

    Returns
    -------
    Curve
        A point's threshold says: predicted where the score is at least this. The first lies just
        above the highest score (nothing predicted) and is finite, so that it can be written as JSON.
        None where AUROC is None too: fewer than two ECGs with the class, or without.
    """
    has = one.truth[:, 0].astype(bool)
    n, n_without = int(has.sum()), int((~has).sum())
    if min(n, n_without) < FEWEST:
        return None
    scores = one.scores[:, 0]
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], np.cumsum(has[order])
    # Equal scores cannot be told apart by any threshold: only the last of each counts.
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    true_rate = np.concatenate([[0.0], hits[last] / n])
    false_rate = np.concatenate([[0.0], (last + 1 - hits[last]) / n_without])
    threshold = np.concatenate([[np.nextafter(falling[0], np.inf)], falling[last]])
    keep = _thinned(false_rate, true_rate, points)
    return Curve(
        tuple(false_rate[keep].tolist()),
        tuple(true_rate[keep].tolist()),
        tuple(threshold[keep].tolist()),
    )


def _thinned(false_rate: Floats, true_rate: Floats, points: int) -> npt.NDArray[np.intp]:
    """Indices to keep: corners only (points on a straight line are dropped), then evenly along the curve."""
    steps = np.stack([np.diff(false_rate), np.diff(true_rate)])
    turns = steps[0, :-1] * steps[1, 1:] != steps[0, 1:] * steps[1, :-1]
    corners = np.flatnonzero(np.concatenate([[True], turns, [True]]))
    if len(corners) <= points:
        return corners
    along = (false_rate + true_rate)[corners]
    chosen = np.searchsorted(along, np.linspace(0, along[-1], points)).clip(max=len(corners) - 1)
    thinned: npt.NDArray[np.intp] = corners[np.unique(chosen)]
    return thinned
