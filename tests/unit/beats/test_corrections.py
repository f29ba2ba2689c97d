"""Times set by hand win over the algorithm, and global times, R peaks and words follow."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from einthoven.beats.corrections import BY_HAND, Correction, beat_at, check, corrected
from einthoven.beats.measuring import measure
from einthoven.beats.types import FIDUCIALS, Beats
from einthoven.errors import CorrectionError, NotFound
from known_beats import AWAY_S, FIRST_S, RR_S, beating, known_beats

RECORD = beating()


@pytest.fixture
def beats() -> Beats:
    found = known_beats(RECORD)
    assert isinstance(found, Beats)
    return found


def by_hand(channel: str, beat: int, fiducial: str, time: float | None, **other: Any) -> Correction:
    r_peak = other.get("r_peak", FIRST_S + beat * RR_S)
    return Correction(1, channel, r_peak, fiducial, time, "me", "2027-01-01T00:00:00+00:00")


def at(beat: int, fiducial: str) -> float:
    return FIRST_S + beat * RR_S + AWAY_S[FIDUCIALS.index(fiducial)]


def value(beats: Beats, name: str) -> float | None:
    (found,) = (one.value for one in measure(RECORD, beats) if one.name == name)
    return found


def test_nothing_changes_without_corrections_and_nothing_else_changes_with_one(beats: Beats) -> None:
    assert corrected(beats, []) is beats
    after = corrected(beats, [by_hand("global", 2, "qrs_off", at(2, "qrs_off") + 0.02)])
    assert after.of("qrs_off")[2] == at(2, "qrs_off") + 0.02 and after.corrected == {(0, 2, 5)}
    changed = np.argwhere(after.times != beats.times).tolist()
    assert changed == [[0, 2, 5]] and np.array_equal(after.r_peaks, beats.r_peaks)
    assert beats.corrected == frozenset(), "what the algorithm found stays as it is"


def test_measurements_follow(beats: Beats) -> None:
    moved = [by_hand("global", beat, "qrs_off", at(beat, "qrs_off") + 0.02) for beat in range(beats.n_beats)]
    before, after = value(beats, "qrs_duration"), value(corrected(beats, moved), "qrs_duration")
    assert before == pytest.approx(90, abs=1) and after == pytest.approx(110, abs=1)


def test_what_is_set_for_all_leads_holds_for_the_middle_lead_and_qtc_too(beats: Beats) -> None:
    moved = [by_hand("global", beat, "t_off", at(beat, "t_off") + 0.04) for beat in range(beats.n_beats)]
    after = corrected(beats, moved)
    assert value(after, "qt_leads") == pytest.approx(value(beats, "qt_leads") + 40, abs=1)
    assert value(after, "qtc_hodges") == pytest.approx(value(beats, "qtc_hodges") + 40, abs=1)


def test_a_time_set_in_one_lead_moves_the_global_one_where_the_leads_agree(beats: Beats) -> None:
    earlier = at(1, "qrs_on") - 0.012
    after = corrected(beats, [by_hand("V3", 1, "qrs_on", earlier)])
    assert after.of("qrs_on", "V3")[1] == earlier and after.of("qrs_on")[1] == earlier, "the earliest onset of all"
    assert after.of("qrs_on", "V2")[1] == beats.of("qrs_on", "V2")[1]
    assert after.corrected == {(1 + RECORD.leads.index("V3"), 1, 3)}, "the global time was not set by a person"
    later = corrected(beats, [by_hand("V3", 1, "qrs_on", at(1, "qrs_on") + 0.012)])
    assert later.of("qrs_on")[1] == beats.of("qrs_on")[1], "the others still begin earlier"


@pytest.mark.parametrize("by", [0.01, 0.03, 0.05, 0.1, 0.15])
def test_a_time_set_in_a_lead_counts_however_far_it_lies_from_the_others(beats: Beats, by: float) -> None:
    after = corrected(beats, [by_hand("V3", 1, "qrs_on", at(1, "qrs_on") - by)])
    assert after.of("qrs_on")[1] == pytest.approx(at(1, "qrs_on") - by)
    after = corrected(beats, [by_hand("II", 1, "t_off", at(1, "t_off") + by)])
    assert after.of("t_off")[1] == pytest.approx(at(1, "t_off") + by)


def test_a_far_lead_of_the_method_stays_out_while_another_one_is_set_by_hand(beats: Beats) -> None:
    times = np.array(beats.times)
    times[1 + RECORD.leads.index("V6"), 1, 8] += 0.15
    wrong = replace(beats, times=times)
    after = corrected(wrong, [by_hand("II", 1, "t_off", at(1, "t_off") + 0.06)])
    assert after.of("t_off")[1] == pytest.approx(at(1, "t_off") + 0.06)


@pytest.mark.parametrize("by", [0.002, 0.01, 0.03, 0.06])
def test_a_lead_moved_outwards_never_moves_the_global_time_inwards(beats: Beats, by: float) -> None:
    times = np.array(beats.times)
    times[0, :, 8] += 0.02  # a method that judges all leads together
    after = corrected(replace(beats, times=times), [by_hand("II", 1, "t_off", at(1, "t_off") + by)])
    assert after.of("t_off")[1] == pytest.approx(at(1, "t_off") + max(by, 0.02))


def test_a_time_set_in_a_lead_counts_where_fewer_than_three_leads_show_the_wave(beats: Beats) -> None:
    times = np.array(beats.times)
    times[3:, 1, 6:] = np.nan  # the method states a T of all leads that only I and II show
    after = corrected(replace(beats, times=times), [by_hand("II", 1, "t_off", at(1, "t_off") + 0.06)])
    assert after.of("t_off")[1] == pytest.approx(at(1, "t_off") + 0.06)


def test_a_boundary_that_is_taken_away_for_all_leads_is_none_for_the_middle_lead_and_qtc(beats: Beats) -> None:
    none = [by_hand("global", beat, "t_off", None) for beat in range(beats.n_beats)]
    gone = corrected(beats, none)
    for name in ("qt", "qt_leads", "qtc_fridericia"):
        assert value(gone, name) is None
    one_left = {one.name: one for one in measure(RECORD, corrected(beats, none[1:])) if one.name == "qt_leads"}
    assert one_left["qt_leads"].beats == (0,) and one_left["qt_leads"].spread is None


def test_what_is_set_again_after_all_was_taken_away_is_what_the_middle_lead_and_qtc_have(beats: Beats) -> None:
    some = (1, 2)
    changes = [
        by_hand("global", beat, "t_off", at(beat, "t_off") + 0.05 if beat in some else None)
        for beat in range(beats.n_beats)
    ]
    after = corrected(beats, changes)
    for name in ("qt", "qt_leads", "qtc_hodges"):
        assert value(after, name) == pytest.approx((value(beats, name) or 0) + 50, abs=1)
    (middle,) = (one for one in measure(RECORD, after) if one.name == "qt_leads")
    assert middle.beats == some


@pytest.mark.parametrize(
    ("wave", "name"), [("p", "p_duration"), ("qrs", "qrs_duration"), ("t", "qt")], ids=["P", "QRS", "T"]
)
def test_what_is_set_where_the_method_had_none_is_measured_in_the_middle_lead_too(
    beats: Beats, wave: str, name: str
) -> None:
    parts = [f"{wave}_on", f"{wave}_peak", f"{wave}_off"]
    times = np.array(beats.times)
    times[:, :, [FIDUCIALS.index(part) for part in parts]] = np.nan
    without = replace(beats, times=times, absent={"P": "atrial fibrillation"} if wave == "p" else {})
    after = corrected(without, [by_hand("global", beat, part, at(beat, part)) for beat in (1, 2) for part in parts])
    assert value(without, f"{name}_leads") is None
    assert value(after, f"{name}_leads") == pytest.approx(value(beats, name), abs=1)


def test_a_lead_set_by_hand_does_not_go_with_the_global_time(beats: Beats) -> None:
    both = [by_hand(lead, 1, "t_off", at(1, "t_off") + 0.01) for lead in RECORD.leads]
    both.append(by_hand("global", 1, "t_off", at(1, "t_off") + 0.04))
    only = [by_hand("global", beat, "t_off", None) for beat in range(beats.n_beats) if beat != 1]
    assert value(corrected(beats, both + only), "qt_leads") == pytest.approx(
        (value(beats, "qt_leads") or 0) + 10, abs=1
    )


def test_a_global_time_that_the_method_told_otherwise_than_its_leads_stays_until_these_agree_on_another(
    beats: Beats,
) -> None:
    times = np.array(beats.times)
    times[0, :, 3] -= 0.005  # a method that judges all leads together
    own = replace(beats, times=times)
    untouched = corrected(own, [by_hand("V3", 1, "qrs_on", at(1, "qrs_on") + 0.002)])
    np.testing.assert_array_equal(untouched.of("qrs_on"), own.of("qrs_on"))
    agreed = corrected(own, [by_hand("V3", 1, "qrs_on", at(1, "qrs_on") - 0.008)])
    assert agreed.of("qrs_on")[1] == at(1, "qrs_on") - 0.008 and agreed.of("qrs_on")[0] == own.of("qrs_on")[0]


def test_a_global_time_that_was_set_itself_stands_by_itself(beats: Beats) -> None:
    both = [
        by_hand("global", 1, "qrs_on", at(1, "qrs_on") - 0.002),
        by_hand("V3", 1, "qrs_on", at(1, "qrs_on") - 0.012),
    ]
    for order in (both, both[::-1]):
        assert corrected(beats, order).of("qrs_on")[1] == at(1, "qrs_on") - 0.002


def test_the_beat_is_the_nearest_within_a_tenth_of_a_second_and_others_are_left_aside(beats: Beats) -> None:
    near = by_hand("global", 0, "t_off", 1.75, r_peak=FIRST_S + RR_S + 0.09)
    assert corrected(beats, [near]).corrected == {(0, 1, 8)}
    away = [
        by_hand("global", 0, "t_off", 1.5, r_peak=FIRST_S + RR_S + 0.11),
        by_hand("V9", 0, "t_off", 1.5),
        by_hand("II", 0, "u_off", 1.5),
    ]
    assert corrected(beats, away) is beats
    assert beat_at(np.empty(0), 1.0) is None


def test_the_r_peak_moves_with_the_peak_of_qrs_and_so_does_the_rate(beats: Beats) -> None:
    last = beats.n_beats - 1
    after = corrected(beats, [by_hand("global", last, "qrs_peak", at(last, "qrs_peak") + 0.04)])
    assert after.r_peaks[last] == pytest.approx(beats.r_peaks[last] + 0.04)
    np.testing.assert_array_equal(after.r_peaks[:last], beats.r_peaks[:last])
    before, rate = value(beats, "heart_rate"), value(after, "heart_rate")
    assert before is not None and rate is not None and rate < before


def test_a_wave_that_a_person_takes_away_everywhere_is_absent_and_one_that_is_put_back_is_not(beats: Beats) -> None:
    parts = ("p_on", "p_peak", "p_off")
    none = [by_hand("global", beat, part, None) for beat in range(beats.n_beats) for part in parts]
    after = corrected(beats, none)
    assert after.absent == {"P": BY_HAND} and not np.isfinite(after.of("p_on")).any()
    assert [one.state for one in measure(RECORD, after) if one.name == "pr"] == ["absent"]
    some = corrected(beats, none[:3])
    assert some.absent == {} and np.isnan(some.of("p_on")[0]) and np.isfinite(some.of("p_on")[1])
    fibrillating = replace(after, corrected=frozenset(), absent={"P": "atrial fibrillation"})
    assert corrected(fibrillating, [by_hand("global", 0, "p_on", at(0, "p_on"))]).absent == {}
    again = corrected(fibrillating, [by_hand("global", 0, "qrs_on", at(0, "qrs_on"))])
    assert again.absent == {"P": "atrial fibrillation"}


@pytest.mark.parametrize(
    ("channel", "fiducial", "time", "kind", "words"),
    [
        ("V9", "qrs_on", 1.2, NotFound, "no channel 'V9'"),
        ("II", "j_point", 1.2, NotFound, "no fiducial 'j_point'"),
        ("II", "qrs_on", -0.1, CorrectionError, "not within the record"),
        ("II", "t_off", 6.1, CorrectionError, "lasts 6.000 s"),
        ("II", "t_off", float("nan"), CorrectionError, "not within the record"),
        ("II", "t_off", 2.2, CorrectionError, "another beat"),
        ("II", "p_on", 0.4, CorrectionError, "another beat"),
        ("II", "qrs_on", 1.31, CorrectionError, "QRS onset at 1.310 s would lie after the QRS peak at 1.300 s"),
        ("II", "qrs_on", 1.1, CorrectionError, "would lie before the P onset at 1.100 s|before the P peak"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_the_reason(
    beats: Beats, channel: str, fiducial: str, time: float, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        check(beats, channel, 1, fiducial, time)


def test_times_that_can_be_are_taken(beats: Beats) -> None:
    check(beats, "global", 1, "qrs_on", at(1, "qrs_on") - 0.03)
    check(beats, "II", 0, "p_on", 0.0)
    check(beats, "II", beats.n_beats - 1, "t_off", RECORD.duration)
    check(beats, "V6", 1, "t_peak", None)
