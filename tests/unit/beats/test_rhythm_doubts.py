"""Rates and P are not told from beats that are misplaced, missing at an end, or early in every round."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from drawn_beats import TWELVE, beats_of, drawn
from einthoven.beats.decoding import Stretch, Stretches
from einthoven.beats.delineators.einthoven import _doubt_of_absence as doubt_of_absence
from einthoven.beats.delineators.einthoven import is_irregular
from einthoven.beats.kinds import early_of_rounds, kinds_of
from einthoven.beats.measurement import Measurement
from einthoven.beats.measuring import measure
from einthoven.beats.network import OUT_RATE_HZ
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

JUMPS = [0.340, 0.348, 0.350, 0.342, 0.511, 0.347, 0.172, 0.356, 0.345, 0.513, 0.175, 0.515, 0.176, 0.355, 0.341]
"""A regular tachycardia of 175 a minute whose R peaks were found in QRS of some beats and in T of others."""


def whole(record: EcgRecord, onsets: np.ndarray, **changes: object) -> dict[str, Measurement]:
    return {m.name: m for m in measure(record, beats_of(record, onsets, **changes)) if m.lead is None}


def at(intervals: list[float], start: float = 0.5) -> np.ndarray:
    return start + np.concatenate(([0.0], np.cumsum(intervals)))


def qrs_only(intervals: list[float]) -> Stretches:
    places = np.round(at(intervals) * OUT_RATE_HZ).astype(int)
    return SimpleNamespace(p=(), t=(), qrs=tuple(Stretch(int(one) - 5, int(one) + 5, 0.99) for one in places))  # type: ignore[return-value]


def test_where_r_jumps_between_qrs_and_t_nothing_is_measured_and_the_reason_says_so() -> None:
    onsets = at(JUMPS)
    found = whole(drawn(TWELVE, onsets), onsets)

    for name in ("heart_rate", "heart_rate_min", "heart_rate_max", "sdnn", "qrs_duration", "qrs_duration_leads", "pr"):
        assert found[name].state == "not measurable", name
        assert "3 of 15 intervals are shorter than 250 ms" in found[name].reason, name
    assert "the middle interval is 347 ms" in found["heart_rate_max"].reason


def test_one_impossible_interval_is_left_out_with_those_beside_it() -> None:
    intervals = [0.8] * 5 + [0.2, 0.6] + [0.8] * 5
    onsets = at(intervals)
    found = whole(drawn(TWELVE, onsets, duration=11.0), onsets)

    assert found["heart_rate_max"].value == pytest.approx(75)
    assert "RR below 250 ms, which may be no heart's: 1, left out" in found["heart_rate_max"].method


def test_a_heart_whose_every_beat_comes_so_soon_is_measured() -> None:
    onsets = at([0.24] * 30)
    found = whole(drawn(TWELVE, onsets), onsets)

    assert found["heart_rate_max"].value == pytest.approx(250)


@pytest.mark.parametrize(("start", "where"), [(0.5, "last"), (5.4, "first")])
def test_a_record_without_beats_at_an_end_has_no_lowest_rate(start: float, where: str) -> None:
    onsets = at([0.8] * 5, start)
    found = whole(drawn(TWELVE, onsets, noise=0.005), onsets)

    assert found["heart_rate_min"].state == "not measurable"
    assert f"No beat in the {where} 5." in found["heart_rate_min"].reason
    assert found["heart_rate"].value == pytest.approx(75)
    assert f"No beat in the {where} 5." in found["heart_rate"].method


def test_a_rest_shorter_than_two_seconds_or_one_that_is_lost_is_no_doubt() -> None:
    onsets = at([0.8] * 9, 0.5)
    assert "No beat" not in whole(drawn(TWELVE, onsets, duration=9.6), onsets)["heart_rate_min"].method

    record = drawn(TWELVE, at([0.8] * 5), noise=0.005)
    signal = np.array(record.signal)
    signal[:, round(5.0 * record.rate) :] = np.nan
    found = whole(replace(record, signal=signal), at([0.8] * 5))["heart_rate_min"]
    assert found.value == pytest.approx(75)


@pytest.mark.parametrize(
    ("rounds", "early"),
    [
        ([0.83, 1.17] * 4, [0, 2, 4, 6]),
        ([0.515, 1.15, 1.10] * 3, [0, 3, 6]),
        ([0.54, 0.89, 0.76, 0.75] * 3, [0, 4, 8]),
    ],
)
def test_the_early_beat_of_each_round_is_ectopic(rounds: list[float], early: list[int]) -> None:
    assert np.flatnonzero(early_of_rounds(np.array(rounds))).tolist() == early

    onsets = at(rounds)
    record = drawn({"II": TWELVE["II"]}, onsets, duration=float(onsets[-1]) + 1)
    kinds = kinds_of(record.signal.astype(np.float64), 500.0, onsets + 0.03, np.empty(0))
    assert [beat - 1 for beat, kind in enumerate(kinds) if kind == "ectopic"] == early


def test_breathing_and_fibrillation_have_no_early_beat_in_rounds() -> None:
    breathing = 0.9 + 0.13 * np.sin(2 * np.pi * np.arange(16) / 4 + 0.3)
    assert not early_of_rounds(breathing).any()
    rng = np.random.default_rng(0)
    assert np.mean([early_of_rounds(rng.uniform(0.45, 1.1, 13)).any() for _ in range(300)]) < 0.01


def test_the_variability_of_a_heart_that_changes_much_carries_a_caution() -> None:
    onsets = at([0.84, 0.79, 0.80, 0.67, 0.87, 0.72, 0.81, 0.78, 0.84, 0.74])
    found = whole(drawn(TWELVE, onsets), onsets)
    steady = whole(drawn(TWELVE, at([0.8] * 10)), at([0.8] * 10))

    assert "early and look normal" in found["rmssd"].method
    assert "early and look normal" not in steady["rmssd"].method


FIBRILLATION = [0.497, 0.631, 1.023, 1.124, 0.813, 0.890, 1.295, 1.006, 0.730, 0.917, 0.715]
EXTRASYSTOLES = [0.44, 0.44, 0.355, 0.51, 0.45, 0.434, 0.438, 0.445, 0.30, 0.563, 0.318, 0.552, 0.444, 0.452, 0.436]
BIGEMINY = [0.61, 0.34, 0.61, 0.34, 0.60, 0.34, 0.61, 0.34, 0.30, 0.57, 0.66, 0.47, 0.53]
FLUTTER = [0.42, 0.42, 0.42, 0.46, 0.53, 0.43, 0.43, 0.61, 0.41, 0.42, 0.42, 0.44, 0.57, 0.42, 0.42, 0.60]


def test_p_is_absent_where_rr_varies_as_in_fibrillation_and_not_where_extrasystoles_make_it_vary() -> None:
    none: frozenset[int] = frozenset()
    assert doubt_of_absence(qrs_only(FIBRILLATION), none, STANDARD_12) is None
    assert doubt_of_absence(qrs_only(FLUTTER), none, STANDARD_12) is None
    assert "extrasystoles" in str(doubt_of_absence(qrs_only(EXTRASYSTOLES), none, STANDARD_12))
    assert "extrasystoles" in str(doubt_of_absence(qrs_only(BIGEMINY), none, STANDARD_12))
    assert "steady" in str(doubt_of_absence(qrs_only([0.8] * 10), none, STANDARD_12))


def test_intervals_beside_ectopic_beats_do_not_make_a_rhythm_irregular() -> None:
    seen = qrs_only([0.8, 0.82, 0.5, 1.1, 0.8, 0.74, 0.8, 0.86, 0.8])
    assert is_irregular(seen) and not is_irregular(seen, frozenset({3}))


def test_without_the_leads_that_show_p_its_absence_is_not_told() -> None:
    left = ("I", "aVR", "aVL", "V1", "V2")
    assert "II, III and aVF" in str(doubt_of_absence(qrs_only(FIBRILLATION), frozenset(), left))
    assert doubt_of_absence(qrs_only(FIBRILLATION), frozenset(), ("MLII", "ECG2")) is None
