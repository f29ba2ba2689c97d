"""What can be measured: its key, its title, its unit and how it is had; and the three answers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from einthoven.beats.measurement import Measurement, State


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of number. `method` says in a sentence or two how it is had, with the source; `per_lead`: one a lead."""

    name: str
    title: str
    unit: str
    method: str
    per_lead: bool = False

    def measured(
        self,
        value: float,
        *,
        beats: Iterable[int],
        spread: float | None = None,
        lead: str | None = None,
        note: str = "",
    ) -> Measurement:
        """The number; `not measurable` where it is none (infinite, NaN), whatever led there."""
        if not math.isfinite(value):
            return self.refused("the numbers that it is computed from are no ECG", lead=lead)
        sure = None if spread is None or not math.isfinite(spread) else float(spread)
        method = f"{self.method} {note}".strip()
        used = tuple(map(int, beats))
        return Measurement(
            self.name,
            self.title,
            self.unit,
            "measured",
            float(value),
            lead=lead,
            spread=sure,
            beats=used,
            method=method,
        )

    def absent(self, reason: str, *, lead: str | None = None) -> Measurement:
        """What would be measured is not there."""
        return self._without("absent", reason, lead)

    def refused(self, reason: str, *, lead: str | None = None) -> Measurement:
        """It may be there and cannot be told."""
        return self._without("not measurable", reason, lead)

    def _without(self, state: State, reason: str, lead: str | None) -> Measurement:
        return Measurement(self.name, self.title, self.unit, state, lead=lead, method=self.method, reason=reason)


def deviation(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    """Standard deviation over beats (n - 1); None of fewer than two."""
    if len(values) < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        away = values - values.mean()
        return math.sqrt(float(away @ away) / (len(away) - 1))
