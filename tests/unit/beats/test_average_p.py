"""P waves too faint in single beats are told from the average beat, where it is, and only in a steady rhythm."""

import numpy as np
import pytest

import drawn_beats
from drawn_beats import ONSETS, TWELVE, P, drawn
from einthoven.beats.average_p import AverageP, average_p
from einthoven.beats.decoding import Stretch, Stretches
from einthoven.beats.finding import find_beats
from einthoven.beats.network import OUT_RATE_HZ, SHIFT, Answer
from einthoven.beats.prepared import Prepared
from einthoven.beats.qrs import Detected
from einthoven.beats.types import BeatKind, Beats

P_FROM_R = np.array([-0.203, -0.151, -0.102])
"""Onset, peak and offset of P, seconds from the QRS peak: not on the grid of the output."""
STEADY = 0.7 + 0.837 * np.arange(11)


def said(peaks: np.ndarray, *, has_p: np.ndarray | float = 1.0, width: float = 0.02, seed: int = 0) -> Detected:
    """What a network would say of QRS complexes at `peaks` s: in single beats P stays below a probability of a half."""
    rng = np.random.default_rng(seed)
    at = (np.arange(1250) + SHIFT) / OUT_RATE_HZ
    together = rng.normal(-6.0, 0.3, (12, len(at)))
    together[9] = rng.normal(-5.0, 1.0, len(at))
    for peak, share in zip(peaks, np.broadcast_to(has_p, peaks.shape), strict=True):
        on, _, off = peak + P_FROM_R
        together[9, (at >= on) & (at <= off)] += 4.0 * share
        for channel, place in enumerate(peak + P_FROM_R):
            together[channel] += share * 8.0 * np.exp(-(((at - place) / width) ** 2))
    # One lead shows P more clearly, the other not at all.
    leads = together + np.array([2.0, -9.0])[:, None, None]
    answer = Answer(together.astype(np.float32), leads.astype(np.float32))
    middles = np.round(peaks * OUT_RATE_HZ - SHIFT).astype(int)
    qrs = tuple(Stretch(int(m) - 5, int(m) + 5, 1.0) for m in middles)
    return Detected(Prepared(np.zeros((2, 2500)), 250.0), peaks, peaks, answer, Stretches((), qrs, ()), 1.0)


def average(seen: Detected, kinds: tuple[BeatKind, ...] | None = None) -> AverageP | None:
    beats = {number: number for number in range(len(seen.peaks))}
    return average_p(seen, beats, kinds or ("normal",) * len(seen.peaks))


def test_a_faint_p_lies_where_the_average_beat_has_it() -> None:
    found = average(said(STEADY))

    assert found is not None
    assert np.abs(found.times[:2] - P_FROM_R).max() < 0.003
    assert np.isnan(found.times[2]).all()
    assert found.qrs == tuple(range(11))


def test_limits_that_are_unsure_are_left_out() -> None:
    found = average(said(STEADY, width=0.2))

    assert found is not None
    assert np.isnan(found.times[0, [0, 2]]).all()
    assert np.isfinite(found.times[0, 1])


def test_nothing_is_made_of_beats_without_p() -> None:
    assert all(average(said(STEADY, has_p=0.0, seed=seed)) is None for seed in range(5))


def test_in_an_irregular_rhythm_beats_are_not_averaged() -> None:
    steps = np.array([0.9, 0.6, 1.1, 0.7, 1.2, 0.55, 0.95, 0.8, 0.6, 1.0])

    assert average(said(0.5 + np.r_[0, np.cumsum(steps)])) is None


def test_one_early_beat_spoils_nothing_and_gets_no_p() -> None:
    early = STEADY.copy()
    early[5] -= 0.3
    found = average(said(early, has_p=np.where(np.arange(11) == 5, 0.0, 1.0)))

    assert found is not None
    assert np.abs(found.times[0] - P_FROM_R).max() < 0.003
    assert 5 not in found.qrs and 8 in found.qrs


def test_beats_of_another_kind_get_no_p() -> None:
    kinds: tuple[BeatKind, ...] = tuple("ectopic" if k == 4 else "normal" for k in range(11))
    found = average(said(STEADY), kinds)

    assert found is not None and 4 not in found.qrs


@pytest.mark.parametrize("number", [2, 4])
def test_too_few_beats_say_nothing(number: int) -> None:
    assert average(said(STEADY[:number])) is None


def test_a_p_wave_long_before_qrs_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    by = 0.15
    monkeypatch.setattr(drawn_beats, "P", tuple(np.array(P) - by))
    found = find_beats(drawn(TWELVE, noise=0.01))

    assert isinstance(found, Beats)
    inner = slice(1, -1)
    assert np.abs(found.of("p_on")[inner] - (ONSETS[inner] + P[0] - by)).max() < 0.03
