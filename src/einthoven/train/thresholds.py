"""From which probability on a multi-label class counts as present, chosen on the validation part. Free of torch.

For each class the probability of the largest F1 ("Fmax"), which lies in the middle between the two scores that it
parts. Weighing rare classes in the loss moves their probabilities up, so that 0.5 is seldom where F1 is largest.
The ECGs that chose it flatter it: F1, precision and recall on the same ECGs are better than on others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from einthoven.errors import LabelError
from einthoven.metrics.entry import FEWEST as FEWEST_FOR_F1

ThresholdRule = Literal["f1", "half"]
USUAL = 0.5
FEWEST = 10
"""With fewer validation ECGs that have a class, or fewer that do not, chance would choose."""
LOWEST, HIGHEST = 0.001, 0.999
"""Beyond, probabilities differ by rounding alone."""
FLATTERED = (
    "From which probability a class counts as present was chosen on these same ECGs: their F1, precision, recall and "
    "accuracy look better than on others. AUROC does not depend on it."
)


@dataclass(frozen=True, slots=True)
class ClassThreshold:
    """From which probability on a class counts as present.

    `f1` and `f1_at_half` are those on the validation part from `threshold` on and from 0.5 on; None where `n`, the
    validation ECGs that have the class, is below 2. `reason` says why 0.5 was kept; empty where it was chosen.
    """

    name: str
    threshold: float
    n: int
    f1: float | None
    f1_at_half: float | None
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"{self.name}: predicted from {self.threshold:g} on; {self.reason}"
        return (
            f"{self.name}: predicted from {self.threshold:.2g} on; F1 {self.f1:.2f} on the validation part "
            f"({self.n} ECGs have it), {self.f1_at_half:.2f} from 0.5 on."
        )


def choose(
    names: Sequence[str], truth: npt.ArrayLike, scores: npt.ArrayLike, *, rule: ThresholdRule = "f1"
) -> tuple[ClassThreshold, ...]:
    """A threshold for each class.

    Parameters
    ----------
    truth, scores
        0 or 1, and probabilities, both `(n, classes)`, of the validation part.
    rule
        `f1`: of the largest F1; `half`: 0.5.

    Raises
    ------
    LabelError
        When the two differ in shape.
    """
    there, values = np.asarray(truth) > 0.5, np.asarray(scores, dtype=np.float64)
    if there.shape != values.shape or there.shape[1:] != (len(names),):
        raise LabelError(f"Answers of shape {there.shape} and scores of shape {values.shape} for {len(names)} classes.")
    return tuple(_of_class(name, there[:, k], values[:, k], rule) for k, name in enumerate(names))


def _of_class(
    name: str, there: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], rule: ThresholdRule
) -> ClassThreshold:
    n, n_without = int(there.sum()), int((~there).sum())
    at_half = _f1(there, scores, USUAL)
    usual = ClassThreshold(name, USUAL, n, at_half, at_half)
    if rule == "half":
        return _kept(usual, "as asked for.")
    if min(n, n_without) < FEWEST:
        few = f"only {_validation_ecgs(n)} it" if n < FEWEST else f"only {_validation_ecgs(n_without, 'lack')} it"
        return _kept(usual, f"{few}; {FEWEST} are needed to choose.")
    best = _largest_f1(there, scores)
    # Saying yes to every ECG has an F1 too, without telling anything apart.
    if best is None or best[0] <= 2 * n / (2 * n + n_without):
        return _kept(usual, "no other tells it apart better than saying yes to every ECG.")
    return ClassThreshold(name, best[1], n, best[0], at_half)


def _kept(usual: ClassThreshold, reason: str) -> ClassThreshold:
    return ClassThreshold(usual.name, usual.threshold, usual.n, usual.f1, usual.f1_at_half, reason)


def _largest_f1(there: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """F1 and threshold; of several that are equally good the one nearest to 0.5."""
    order = np.argsort(-scores, kind="stable")
    falling, hits = scores[order], np.cumsum(there[order])
    # Behind these places the score changes: only there a threshold can stand.
    last = np.flatnonzero(falling[:-1] > falling[1:])
    middle = (falling[last] + falling[last + 1]) / 2
    possible = (middle >= LOWEST) & (middle <= HIGHEST)
    last, middle = last[possible], middle[possible]
    if not len(last):
        return None
    f1 = 2 * hits[last] / (last + 1 + hits[-1])
    equal = np.flatnonzero(f1 == f1.max())
    chosen = equal[np.argmin(np.abs(middle[equal] - USUAL))]
    return float(f1[chosen]), float(middle[chosen])


def _f1(there: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], threshold: float) -> float | None:
    said = scores >= threshold
    n = there.sum()
    # As everywhere (metrics/entry.py): of one ECG a share says nothing.
    return float(2 * (there & said).sum() / (n + said.sum())) if n >= FEWEST_FOR_F1 else None


def _validation_ecgs(n: int, verb: str = "have") -> str:
    """`1 validation ECG has`, `2 validation ECGs lack`."""
    one = "has" if verb == "have" else f"{verb}s"
    return f"{n} validation ECG{'' if n == 1 else 's'} {one if n == 1 else verb}"


def to_json(chosen: Sequence[ClassThreshold]) -> list[dict[str, Any]]:
    """For the statistics that travel with the model."""
    return [
        {
            "name": one.name, "threshold": one.threshold, "n": one.n, "f1": one.f1, "f1_at_half": one.f1_at_half,
            "reason": one.reason,
        }
        for one in chosen
    ]  # fmt: skip


def in_words(statistics: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a model's statistics, whatever file they came from: one sentence for each class, none where none are told."""
    told = statistics.get("thresholds")
    sentences = []
    for one in told if isinstance(told, list) else ():
        match one:
            case {
                "name": str(name), "threshold": float(threshold), "n": int(n), "f1": float() | None as f1,
                "f1_at_half": float() | None as at_half, "reason": str(reason),
            } if reason or (f1 is not None and at_half is not None):  # fmt: skip
                sentences.append(str(ClassThreshold(name, threshold, n, f1, at_half, reason)))
    return tuple(sentences)
