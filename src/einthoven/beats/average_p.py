"""The P wave of the average beat: where single P waves are faint, many beats at one pace show it together.

What the network says is averaged (logits) around the QRS peaks of beats of the usual kind at the usual pace. Atrial
fibrillation leaves nothing in that mean; a P wave at a steady PR interval stays, however faint it is in one beat.
"""

from dataclasses import dataclass

import numpy as np

from einthoven.beats.decoding import averaged, clearest_p, locate
from einthoven.beats.network import OUT_RATE_HZ, SHIFT
from einthoven.beats.qrs import Detected
from einthoven.beats.types import BeatKind, Floats

_FEWEST = 4
_SAME_RR = 0.15
"""By what part of the usual RR interval the one before a beat may differ."""
_STEADY = 0.05
"""Median change of RR from beat to beat, as a part of RR: in 98 of 100 with atrial fibrillation over 0.06 (PTB-XL)."""
_BEFORE, _AFTER, _AFTER_LAST_QRS = 60, 6, 20
"""What is averaged around the QRS peak; how far that stays from the QRS peak before. Output samples (8 ms)."""
_SHORTEST = 16
_WIDEST_S = 0.025
"""Standard deviation up to which a limit is given: P waves of LUDB 1-100 made faint and moved were at most 15 ms off
below it, and up to 194 ms above (50 records that the network had not learned from; chosen on the same)."""


@dataclass(frozen=True, slots=True, eq=False)
class AverageP:
    """Onset, peak and offset of P, `(1 + leads, 3)` in seconds from the QRS peak at the network's pace, NaN in leads
    that lack it and where a limit is unsure; `qrs`: numbers of the QRS stretches that it was averaged over."""

    times: Floats
    qrs: tuple[int, ...]


def average_p(seen: Detected, beats: dict[int, int], kinds: tuple[BeatKind, ...]) -> AverageP | None:
    """The P wave of the average beat; None where there is none, or too few beats follow each other steadily.

    `beats`: number of a QRS stretch -> the beat that it is.
    """
    peaks = seen.peaks * seen.pace * OUT_RATE_HZ - SHIFT
    rr = np.diff(peaks)
    if len(rr) < _FEWEST or np.median(np.abs(np.diff(rr))) > _STEADY * np.median(rr):
        return None
    usual = float(np.median(rr))
    before = min(_BEFORE, int(usual) - _AFTER_LAST_QRS)
    if before < _SHORTEST:
        return None
    middles = np.round(peaks).astype(np.int64)
    inside = (middles >= before) & (middles + _AFTER <= seen.answer.together.shape[1])
    steady = np.r_[True, np.abs(rr / usual - 1) < _SAME_RR]
    qrs = [number for number, beat in beats.items() if kinds[beat] == "normal" and inside[number] and steady[number]]
    if len(qrs) < _FEWEST:
        return None
    mean = averaged(seen.answer, middles[qrs], before, _AFTER)
    stretch = clearest_p(mean)
    if stretch is None:
        return None
    middle = before + SHIFT + float(np.mean(peaks[qrs] - middles[qrs]))
    located = locate(mean, "P", (stretch,), widest_s=_WIDEST_S)[:, 0]
    return AverageP(located - middle / OUT_RATE_HZ, tuple(qrs))
