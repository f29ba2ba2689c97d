"""Waves that cannot be told whole: cut off where the signal begins or ends, or running into their neighbours.

A method places the end of a T wave somewhere though the record ends before it, and QT comes out far too short. The
margins are from cuts of LUDB 1-100, with the uncut records as truth: nearer to the cut, a third and more of the
limits are over 20 ms wrong, and the other limit and the peak with them; farther, hardly any.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from einthoven.beats.types import FIDUCIALS, WAVES, Floats, Wave

Span = tuple[float, float]
"""From when to when there is no signal, s."""

_BEFORE_S: dict[Wave, float] = {"P": 0.06, "QRS": 0.06, "T": 0.06}
"""A wave whose onset comes so soon after the signal begins may have begun before."""
_AFTER_S: dict[Wave, float] = {"P": 0.08, "QRS": 0.06, "T": 0.1}
"""A wave whose offset comes so shortly before the signal ends may go on."""
_SHORTEST_GAP_S = 0.04
_MOST_OVERLAP_S = 0.02
_ROUNDING_S = 1e-9


def without_cut_waves(times: Floats, signal: npt.NDArray[np.float32], rate: float) -> Floats:
    """The times with those of cut-off waves NaN.

    `times` is `(1 + leads, beats, 9)` in s, global first; `signal` `(leads, samples)` of these leads, NaN where it is
    missing. A wave over all leads that is cut off is so in each; a gap in some leads takes the waves of these alone.
    """
    missing = np.isnan(signal)
    whole = times.copy()
    ends = [(-np.inf, 0.0), (signal.shape[1] / rate, np.inf)]
    everywhere = _cut(times[0], ends + _gaps(np.logical_and.reduce(missing, axis=0), rate))
    whole[:, everywhere] = np.nan
    for row, lost in enumerate(missing, start=1):
        whole[row, _cut(times[row], ends + _gaps(lost, rate))] = np.nan
    return whole


def _gaps(missing: npt.NDArray[np.bool_], rate: float) -> list[Span]:
    if not missing.any():
        return []
    steps = np.flatnonzero(np.diff(np.r_[False, missing, False]))
    return [(a / rate, b / rate) for a, b in steps.reshape(-1, 2).tolist() if b - a >= _SHORTEST_GAP_S * rate]


def _cut(times: Floats, spans: Sequence[Span]) -> npt.NDArray[np.bool_]:
    """Which times `(beats, 9)` are of waves that reach into a span or near to it."""
    cut = np.zeros(times.shape, dtype=np.bool_)
    for number, wave in enumerate(WAVES):
        own = slice(3 * number, 3 * number + 3)
        there = np.isfinite(times[:, own])
        first = np.where(there, times[:, own], np.inf).min(axis=1) - _BEFORE_S[wave]
        last = np.where(there, times[:, own], -np.inf).max(axis=1) + _AFTER_S[wave]
        for start, stop in spans:
            cut[:, own] |= ((first < stop - _ROUNDING_S) & (last > start + _ROUNDING_S))[:, None]
    return cut


def apart(times: Floats) -> Floats:
    """The times `(..., 9)` with P ending before QRS, and T beginning behind it.

    Where a limit lies a little beyond that of QRS, it is set to that; where far, it is NaN. A wave whose peak lies
    in or beyond QRS is none.
    """
    p_on, p_peak, p_off, qrs_on, _, qrs_off, t_on, t_peak, t_off = range(len(FIDUCIALS))
    found = times.copy()
    with np.errstate(invalid="ignore"):
        late = (found[..., p_on] >= found[..., qrs_on]) | (found[..., p_peak] >= found[..., qrs_on])
        early = (found[..., t_off] <= found[..., qrs_off]) | (found[..., t_peak] <= found[..., qrs_off])
        found[late, p_on : p_off + 1] = np.nan
        found[early, t_on : t_off + 1] = np.nan
        for limit, neighbour, over in (
            (p_off, qrs_on, found[..., p_off] - found[..., qrs_on]),
            (t_on, qrs_off, found[..., qrs_off] - found[..., t_on]),
        ):
            near = over <= _MOST_OVERLAP_S + _ROUNDING_S
            found[..., limit] = np.where(over > 0, np.where(near, found[..., neighbour], np.nan), found[..., limit])
    return found
