"""What the checks of leads look at: the standard leads at about 100 Hz without baseline, made once for all of them.

At 100 Hz QRS, P and T are whole. Averaging and taking away a moving average are linear and the same for all leads, so
that what holds among leads still does.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

Floats = npt.NDArray[np.float64]

_SHORTEST_S = 4.0
_WORKING_RATE_HZ = 100.0
_LOWEST_RATE_HZ = 80.0
_BASELINE_S = 0.8
_MOST_MISSING = 0.2
_LONGEST_S = 30.0  # of a long recording, its first part tells enough


@dataclass(frozen=True, slots=True, eq=False)
class SteadySignal:
    """The standard leads of a record, in its order: `values` float64 `(leads, samples)` in its unit, at `rate` Hz.

    `missing` is the part of each lead without samples, 0 to 1 (there the value is the lead's median); `flat` says of
    each lead whether it never moves. `too_coarse` and `too_short` say why the values of all tell nothing.
    """

    leads: tuple[str, ...]
    values: Floats
    rate: float
    missing: Floats
    flat: npt.NDArray[np.bool_]
    too_coarse: str | None = None
    too_short: str | None = None

    def of(self, leads: tuple[str, ...]) -> Floats | str:
        """The values of the named leads, in that order; or the reason why they tell nothing."""
        lacking = [name for name in leads if name not in self.leads]
        if lacking:
            return f"lead {', '.join(lacking)} is not there"
        if self.too_coarse:
            return self.too_coarse
        rows = [self.leads.index(name) for name in leads]
        missing = self.missing[rows].max()
        if missing > _MOST_MISSING:
            return f"samples are missing: {missing:.0%} of a lead"
        if self.too_short:
            return self.too_short
        if self.flat[rows].any():
            return f"lead {', '.join(name for name in leads if self.flat[self.leads.index(name)])} is flat"
        return self.values[rows]


def steady_signal(record: EcgRecord) -> SteadySignal:
    """The first 30 s of the record's standard leads at about 100 Hz, less a moving average over 0.8 s."""
    leads = tuple(name for name in record.leads if name in STANDARD_12)
    nothing = np.zeros(len(leads))
    if record.rate < _LOWEST_RATE_HZ:
        reason = f"{record.rate:g} samples per second are too few"
        return SteadySignal(leads, nothing[:, None], record.rate, nothing, nothing > 0, too_coarse=reason)
    rows = [record.leads.index(name) for name in leads]
    signal = record.signal if leads == record.leads else record.signal[rows]
    factor = max(1, round(record.rate / _WORKING_RATE_HZ))
    means, missing = _decimated(signal[:, : int(_LONGEST_S * record.rate)], factor)
    rate = record.rate / factor
    if means.shape[1] < _SHORTEST_S * rate:
        reason = f"{record.duration:.1f} s are too short"
        return SteadySignal(leads, means, rate, missing, nothing > 0, too_short=reason)
    flat = (means == means[:, :1]).all(axis=1)
    return SteadySignal(leads, _without_baseline(means, max(3, round(_BASELINE_S * rate))), rate, missing, flat)


def _decimated(rows: npt.NDArray[np.float32], factor: int) -> tuple[Floats, Floats]:
    """Means over `factor` samples, and the part of each lead that is missing (and counted as its median)."""
    n_means = rows.shape[1] // factor
    weights = np.full(factor, 1 / factor, dtype=np.float32)
    means = (rows[:, : n_means * factor].reshape(len(rows), n_means, factor) @ weights).astype(np.float64)
    if not np.isnan(means.sum()):
        return means, np.zeros(len(rows))
    gaps = np.isnan(means)
    level = np.nanmedian(np.where(gaps.all(axis=1, keepdims=True), 0.0, means), axis=1, keepdims=True)
    return np.where(gaps, level, means), gaps.mean(axis=1)


def _without_baseline(signal: Floats, width: int) -> Floats:
    """Less its moving average; a step of the kind that electrodes make is spread, not removed."""
    half = width // 2
    n_samples = signal.shape[1]
    # At both ends the first and the last value go on.
    padded = np.empty((len(signal), n_samples + 2 * half + 1))
    padded[:, : half + 1] = signal[:, :1]
    padded[:, half + 1 : half + 1 + n_samples] = signal
    padded[:, half + 1 + n_samples :] = signal[:, -1:]
    total = padded.cumsum(axis=1)
    average = total[:, 2 * half + 1 :] - total[:, : -2 * half - 1]
    average /= 2 * half + 1
    steady: Floats = np.subtract(signal, average, out=average)
    return steady
