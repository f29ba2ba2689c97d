"""Measures of ECGs whose waves are drawn with triangles of known size and place."""

import math
from dataclasses import replace

import numpy as np
import pytest

from drawn_beats import ONSETS, TWELVE, beats_of, drawn, without
from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.deflections import deflections, r_wave, s_wave
from einthoven.beats.measuring import QUANTITIES, measure
from einthoven.beats.types import FIDUCIALS, NoBeats
from einthoven.record import Annotation, EcgRecord, Subject


def by_name(record: EcgRecord, beats) -> dict[tuple[str, str | None], Measurement]:
    return {(found.name, found.lead): found for found in measure(record, beats)}


def value(found: Measurement) -> float:
    assert found.state == "measured", (found.name, found.reason)
    assert found.value is not None
    return found.value


@pytest.fixture(scope="module")
def twelve() -> dict[tuple[str, str | None], Measurement]:
    record = drawn(TWELVE)
    return by_name(record, beats_of(record))


# Intervals -------------------------------------------------------------------------------------------------------


def test_intervals_are_those_of_the_drawing(twelve):
    for name, expected in (
        ("p_duration", 100),
        ("p_duration_leads", 100),
        ("pr", 160),
        ("qrs_duration", 100),
        ("qt", 440),
    ):
        found = twelve[name, None]
        assert value(found) == pytest.approx(expected, abs=1e-6)
        assert found.unit == "ms"
        assert found.spread == pytest.approx(0, abs=1e-6)
        assert found.beats == tuple(range(len(ONSETS)))


def test_the_middle_lead_is_that_of_each_lead_and_not_of_the_outermost_limits():
    record = drawn(TWELVE)
    beats = beats_of(record)
    times = np.array(beats.times)
    place = {name: FIDUCIALS.index(name) for name in ("qrs_on", "qrs_off", "t_off")}
    times[0, :, place["qrs_on"]] -= 0.012
    times[0, :, place["t_off"]] += 0.03
    times[2, :, place["qrs_off"]] += 0.02  # one lead does not move the middle
    found = by_name(record, replace(beats, times=times))

    assert value(found["qrs_duration", None]) == pytest.approx(112, abs=1e-6)
    assert value(found["qrs_duration_leads", None]) == pytest.approx(100, abs=1e-6)
    assert value(found["qt", None]) == pytest.approx(482, abs=1e-6)
    assert value(found["qt_leads", None]) == pytest.approx(440, abs=1e-6)
    assert value(found["qtc_hodges", None]) == pytest.approx(440 + 1.75 * (60 / 0.8 - 60), abs=1e-6)


def test_two_of_twelve_leads_have_no_middle():
    record = drawn(TWELVE)
    beats = beats_of(record)
    times = np.array(beats.times)
    times[3:] = np.nan
    found = by_name(record, replace(beats, times=times))["qt_leads", None]

    assert found.state == "not measurable" and "3 leads" in found.reason


def test_qtc_follows_the_published_formulas(twelve):
    rr, qt = 0.8, 0.44
    expected = {
        "qtc_bazett": 1000 * qt / math.sqrt(rr),
        "qtc_fridericia": 1000 * qt / rr ** (1 / 3),
        "qtc_framingham": 1000 * (qt + 0.154 * (1 - rr)),
        "qtc_hodges": 1000 * qt + 1.75 * (60 / rr - 60),
    }
    for name, milliseconds in expected.items():
        assert value(twelve[name, None]) == pytest.approx(milliseconds, abs=1e-6)


def test_at_one_beat_a_second_every_qtc_is_the_qt():
    onsets = np.arange(0.5, 9.4, 1.0)
    record = drawn(TWELVE, onsets)
    found = by_name(record, beats_of(record, onsets))
    for name in ("qtc_bazett", "qtc_fridericia", "qtc_framingham", "qtc_hodges"):
        assert value(found[name, None]) == pytest.approx(440, abs=1e-6)


def test_rr_of_qtc_is_that_before_the_beats_measured():
    onsets = np.array([0.5, 1.3, 2.3, 3.1, 4.1])
    record = drawn(TWELVE, onsets)
    beats = beats_of(record, onsets)
    times = beats.times.copy()
    times[:, [0, 1, 3], -1] = np.nan  # T ends only in the beats that follow an interval of 1 s
    found = by_name(record, replace(beats, times=times))
    assert found["qt", None].beats == (2, 4)
    assert value(found["qtc_bazett", None]) == pytest.approx(440, abs=1e-6)


@pytest.mark.parametrize(("rr", "measured"), [(0.35, False), (0.45, True), (1.4, True), (1.6, False)])
def test_qtc_is_refused_outside_of_40_to_150_a_minute(rr, measured):
    onsets = np.arange(0.5, 9.3, rr)
    record = drawn(TWELVE, onsets)
    found = by_name(record, without(beats_of(record, onsets), "p_on", "p_off"))["qtc_fridericia", None]
    assert (found.state == "measured") is measured
    assert measured or "beats a minute" in found.reason


def test_a_broad_qrs_and_a_fast_rate_are_said_with_qtc():
    record = drawn(TWELVE)
    beats = beats_of(record)
    times = beats.times.copy()
    times[:, :, 5] += 0.04
    method = by_name(record, replace(beats, times=times))["qtc_fridericia", None].method
    assert "QRS of 140 ms" in method
    assert "JT" in method
    onsets = np.arange(0.5, 9.3, 0.5)
    record = drawn(TWELVE, onsets)
    assert "corrects too much" in by_name(record, beats_of(record, onsets))["qtc_bazett", None].method


# Rate ------------------------------------------------------------------------------------------------------------


def test_rate_and_variability_by_hand():
    rr = np.array([0.80, 0.90, 0.80, 0.84, 0.80, 0.86])
    onsets = 0.5 + np.concatenate([[0], np.cumsum(rr)])
    record = drawn(TWELVE, onsets)
    found = by_name(record, beats_of(record, onsets))
    assert value(found["heart_rate", None]) == pytest.approx(60 / rr.mean())
    assert value(found["heart_rate_min", None]) == pytest.approx(60 / 0.9)
    assert value(found["heart_rate_max", None]) == pytest.approx(60 / 0.8)
    assert found["heart_rate_min", None].beats == (1, 2)
    assert value(found["sdnn", None]) == pytest.approx(1000 * rr.std(ddof=1))
    assert value(found["rmssd", None]) == pytest.approx(1000 * math.sqrt((0.1**2 * 2 + 0.04**2 * 2 + 0.06**2) / 5))
    assert value(found["pnn50", None]) == pytest.approx(100 * 3 / 5)
    assert "short" in found["sdnn", None].method


def test_a_difference_of_exactly_50_ms_is_not_more_than_50_ms():
    onsets = 0.5 + np.concatenate([[0], np.cumsum([0.8, 0.85, 0.8, 0.85, 0.8, 0.85])])
    record = drawn(TWELVE, onsets)
    assert value(by_name(record, beats_of(record, onsets))["pnn50", None]) == 0


def test_ectopic_beats_count_for_the_rate_but_not_for_intervals_of_normal_beats():
    record = drawn(TWELVE)
    kinds = ["normal"] * len(ONSETS)
    kinds[4] = "ectopic"
    beats = beats_of(record, kinds=kinds)
    times = beats.times.copy()
    times[:, 4, 3:6] += np.array([-0.05, 0, 0.05])
    found = by_name(record, replace(beats, times=times))
    assert 4 not in found["qrs_duration", None].beats
    assert value(found["qrs_duration", None]) == pytest.approx(100, abs=1e-6)
    assert found["qrs_duration", None].n_beats == len(ONSETS) - 1
    assert found["heart_rate", None].n_beats == len(ONSETS)
    # Intervals to and from the ectopic beat are none of normal beats; nor is their difference adjacent.
    assert {4} & set(found["sdnn", None].beats) == set()


def test_too_few_normal_intervals_have_no_variability():
    onsets = ONSETS[:5]
    record = drawn(TWELVE, onsets, duration=5)
    found = by_name(record, beats_of(record, onsets))["sdnn", None]
    assert found.state == "not measurable"
    assert "4 intervals" in found.reason
    assert "5 are needed" in found.reason


def test_an_interval_with_a_gap_in_the_signal_is_left_out():
    onsets = np.delete(ONSETS, 5)  # a beat is hidden by the gap
    record = drawn(TWELVE)
    signal = record.signal.copy()
    gap = slice(round((ONSETS[5] - 0.25) * 500), round((ONSETS[5] + 0.3) * 500))
    signal[:, gap] = np.nan
    found = by_name(replace(record, signal=signal), beats_of(record, onsets))
    assert value(found["heart_rate", None]) == pytest.approx(75)
    assert value(found["heart_rate_min", None]) == pytest.approx(75)
    assert "1 of" in found["heart_rate", None].method


def test_a_true_pause_counts():
    onsets = np.delete(ONSETS, 5)
    record = drawn(TWELVE, onsets, noise=0.005)
    assert value(by_name(record, beats_of(record, onsets))["heart_rate_min", None]) == pytest.approx(37.5)


# Amplitudes and ST -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [250, 500, 1000])
def test_amplitudes_are_the_heights_of_the_drawing(rate):
    record = drawn(TWELVE, rate=rate)
    found = by_name(record, beats_of(record))
    cut = 0.5 / rate / 0.02 + 0.001  # at most, of a peak between two samples whose flanks take 20 ms
    for lead, (_, r, s, _) in TWELVE.items():
        if r:
            assert value(found["r_amplitude", lead]) == pytest.approx(r, rel=cut)
        else:
            assert found["r_amplitude", lead].state == "absent"
        assert value(found["s_amplitude", lead]) == pytest.approx(s, rel=cut)


def test_amplitudes_do_not_grow_with_noise():
    record = drawn(TWELVE, noise=0.05)
    found = by_name(record, beats_of(record))
    errors = [value(found["r_amplitude", lead]) - r for lead, (_, r, _, _) in TWELVE.items() if r >= 0.3]
    assert abs(np.mean(errors)) < 0.02  # the highest sample of each single beat is 0.05 too high on average
    assert found["r_amplitude", "II"].spread == pytest.approx(0.05, abs=0.03)


def test_a_constant_offset_and_slow_wander_do_not_matter():
    record = drawn(TWELVE)
    time = np.arange(record.n_samples) / record.rate
    wander = 3 + 0.2 * np.sin(2 * np.pi * 0.25 * time)
    found = by_name(replace(record, signal=record.signal + wander.astype(np.float32)), beats_of(record))
    assert value(found["r_amplitude", "II"]) == pytest.approx(1.0, abs=0.02)
    assert value(found["st_j60", "II"]) == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize("level", [0.2, -0.15])
def test_st_is_the_level_after_j(level):
    record = drawn(TWELVE, st=level)
    found = by_name(record, beats_of(record))
    for name in ("st_j60", "st_j80"):
        for lead in TWELVE:
            assert value(found[name, lead]) == pytest.approx(level, abs=1e-6)


def test_st_levels_stand_where_they_say():
    onsets, rate = ONSETS, 500.0
    record = drawn(TWELVE, onsets, rate=rate)
    signal = record.signal.astype(np.float64)
    for onset in onsets:  # a ramp of 1 mV a second from J on
        start = round((onset + 0.10) * rate)
        signal[:, start : start + 60] += np.arange(60) / rate
    found = by_name(replace(record, signal=signal), beats_of(record))
    for name, after in (("st_j", 0.0), ("st_j60", 0.06), ("st_j80", 0.08)):
        assert value(found[name, "V2"]) == pytest.approx(after, abs=1e-6)


def test_a_filter_that_the_file_states_is_said_with_st():
    record = drawn(TWELVE, band=(0.5, 40.0))
    assert "0.5 Hz" in by_name(record, beats_of(record))["st_j", "V2"].method
    record = drawn(TWELVE, band=(0.05, 150.0))
    assert "filter" not in by_name(record, beats_of(record))["st_j", "V2"].method


def test_voltages_are_sums(twelve):
    assert value(twelve["sokolow_lyon", None]) == pytest.approx(1.2 + 1.3, abs=0.01)
    assert value(twelve["cornell", None]) == pytest.approx(0.3 + 0.7, abs=0.01)
    assert "sex is not known" in twelve["cornell", None].method


def test_a_sum_of_waves_that_are_not_there_is_absent():
    record = drawn({**TWELVE, "V3": (0.1, 0.5, 0.0, 0.2), "aVL": (0.1, 0.0, -0.5, 0.2)})
    found = by_name(record, beats_of(record))["cornell", None]
    assert found.state == "absent"
    assert "neither S in V3 nor R in aVL" in found.reason
    record = drawn({**TWELVE, "V3": (0.1, 0.5, 0.0, 0.2)})
    found = by_name(record, beats_of(record))["cornell", None]
    assert value(found) == pytest.approx(0.3, abs=0.01)
    assert "absent, counted as 0" in found.method


def test_cornell_names_the_sex_and_no_diagnosis():
    record = replace(drawn(TWELVE), subject=Subject(sex="F"))
    found = by_name(record, beats_of(record))["cornell", None]
    assert "woman" in found.method
    assert "hypertrophy" not in found.method.lower()


@pytest.mark.parametrize("name", ["sokolow_lyon", "cornell", "r_amplitude", "s_amplitude", "st_j", "qrs_axis"])
def test_relative_amplitudes_have_no_voltage(name):
    record = drawn(TWELVE, amplitude="relative")
    found = [m for m in measure(record, beats_of(record)) if m.name == name]
    assert found
    assert all(m.state == "not measurable" and "relative" in m.reason for m in found)


def test_a_lead_left_out_has_no_amplitude_and_no_sum():
    record = drawn(TWELVE)
    found = by_name(record, beats_of(record, left_out={"V6": "it is flat"}))
    assert "it is flat" in found["r_amplitude", "V6"].reason
    assert "it is flat" in found["sokolow_lyon", None].reason
    assert found["cornell", None].state == "measured"
    assert found["r_amplitude", "V5"].state == "measured"


def test_the_doubtful_scale_of_a_file_is_refused():
    for doubt in (
        "QRS of about 12 mV is unusually high: check unit and gain",
        "every lead spans exactly 1.0 mV: each seems scaled to its own range, and the stated gain wrong",
    ):
        record = drawn(TWELVE, doubts=(doubt,))
        found = by_name(record, beats_of(record))
        assert found["sokolow_lyon", None].reason == doubt
        assert found["st_j", "V2"].state == "not measurable"
        assert found["qrs_duration", None].state == "measured"


# Waves of a QRS complex ------------------------------------------------------------------------------------------


def as_code15(record: EcgRecord, **changes: object) -> EcgRecord:
    facts = {"format": "wfdb", "rate": 400.0, "gain": (1000.0,) * record.n_leads, **changes}
    note = Annotation("Chagas label: False")
    return replace(record, source=replace(record.source, **facts), annotations=(note,))


def test_voltages_of_code15_are_refused_and_its_intervals_are_not():
    record = as_code15(drawn(TWELVE, rate=400))
    found = by_name(record, beats_of(record))
    for name, lead in (("sokolow_lyon", None), ("cornell", None), ("r_amplitude", "V5"), ("s_amplitude", "V1")):
        one = found[name, lead]
        assert one.state == "not measurable" and "scale of this file is not established" in one.reason
    assert value(found["qrs_duration", None]) == pytest.approx(100, abs=1)
    assert found["qrs_axis", None].state == "measured"
    for other in ({"rate": 500.0}, {"gain": (200.0,) * 12}, {"format": "edf"}):
        alike = as_code15(drawn(TWELVE, rate=400), **other)
        assert by_name(alike, beats_of(alike))["sokolow_lyon", None].state == "measured"


def test_a_wave_of_more_than_7_mv_is_refused_and_so_is_the_sum_with_it():
    record = drawn({**TWELVE, "V5": (0.1, 7.5, -0.3, 0.2)})
    found = by_name(record, beats_of(record))
    for key in (("r_amplitude", "V5"), ("sokolow_lyon", None)):
        assert found[key].state == "not measurable" and "7.5 mV is more than" in found[key].reason
    assert found["r_amplitude", "V6"].state == "measured" and found["cornell", None].state == "measured"
    large = drawn({**TWELVE, "V5": (0.1, 6.5, -0.3, 0.2)})
    assert value(by_name(large, beats_of(large))["r_amplitude", "V5"]) == pytest.approx(6.5, rel=0.02)


@pytest.mark.parametrize(("rate", "said"), [(100, True), (125, True), (500, False)])
def test_sums_say_that_peaks_may_be_cut_as_their_parts_do(rate, said):
    record = drawn(TWELVE, rate=rate)
    found = by_name(record, beats_of(record))
    for name in ("sokolow_lyon", "cornell"):
        assert ("peaks may be cut" in found[name, None].method) is said, found[name, None].method


def wave(*corners: tuple[float, float], rate: float = 500.0) -> np.ndarray:
    at, height = zip(*corners, strict=True)
    return np.interp(np.arange(0, at[-1] + 1e-9, 1 / rate), at, height)


def test_r_is_the_higher_of_two_and_s_lies_between():
    waves = deflections(wave((0, 0), (0.02, 0.3), (0.05, -0.6), (0.08, 0.5), (0.11, 0)), 500)
    assert r_wave(waves).height == pytest.approx(0.5)
    assert s_wave(waves).height == pytest.approx(-0.6)


def test_q_is_no_s_and_qs_is():
    q_and_r = deflections(wave((0, 0), (0.02, -0.2), (0.05, 0.9), (0.09, 0)), 500)
    assert s_wave(q_and_r) is None
    qs = deflections(wave((0, 0), (0.04, -1.1), (0.09, 0)), 500)
    assert r_wave(qs) is None
    assert s_wave(qs).height == pytest.approx(-1.1)


def test_an_elevated_st_segment_is_no_r_wave():
    qs = deflections(wave((0, 0), (0.04, -1.1), (0.08, 0), (0.10, 0.25)), 500)
    assert r_wave(qs) is None
    assert s_wave(qs).height == pytest.approx(-1.1)


def test_waves_below_30_microvolt_or_6_milliseconds_are_none():
    assert deflections(wave((0, 0), (0.02, 0.029), (0.04, 0)), 500) == []
    assert deflections(wave((0, 0), (0.001, 0.5), (0.002, 0)), 2000) == []
    assert len(deflections(wave((0, 0), (0.02, 0.05), (0.04, 0)), 500)) == 1


# Axes ------------------------------------------------------------------------------------------------------------


def limb_leads(degrees: float, size: float = 1.0) -> dict[str, tuple[float, float, float, float]]:
    """P, QRS and T with one axis: leads I, II and aVF of a vector in the frontal plane."""
    x, y = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    parts = {"I": x, "II": x / 2 + y * math.sqrt(3) / 2, "aVF": y * math.sqrt(3) / 2}
    return {lead: (0.1 * part * size, part * size, 0.0, 0.3 * part * size) for lead, part in parts.items()}


@pytest.mark.parametrize("degrees", [-179, -120, -60, -30, 0, 30, 60, 90, 135, 179])
def test_axes_are_those_of_the_vector(degrees):
    record = drawn(limb_leads(degrees))
    found = by_name(record, beats_of(record))
    for name in ("p_axis", "qrs_axis", "t_axis"):
        assert value(found[name, None]) == pytest.approx(degrees, abs=0.5)
        assert found[name, None].unit == "°"


@pytest.mark.parametrize("lead", ["II", "aVF"])
def test_one_of_ii_and_avf_is_enough(lead):
    leads = limb_leads(40)
    del leads[lead]
    record = drawn(leads)
    assert value(by_name(record, beats_of(record))["qrs_axis", None]) == pytest.approx(40, abs=0.5)


def test_the_net_amplitude_counts_and_not_the_highest_wave():
    # In I, R of 1 mV and S of -1 mV cancel; aVF decides.
    record = drawn({"I": (0, 1.0, -1.0, 0), "aVF": (0, 0.5, 0.0, 0)})
    assert value(by_name(record, beats_of(record))["qrs_axis", None]) == pytest.approx(90, abs=1)


def test_a_vector_that_is_too_small_has_no_axis():
    record = drawn({"I": (0, 1.0, -1.02, 0.02), "aVF": (0, -1.0, 1.01, 0.01)})
    found = by_name(record, beats_of(record))
    for name in ("qrs_axis", "t_axis"):
        assert found[name, None].state == "not measurable"
        assert "no direction" in found[name, None].reason


def test_axes_need_the_limb_leads():
    record = drawn({"V1": (0.1, 1, -1, 0.2), "II": (0.1, 1, -1, 0.2)})
    found = by_name(record, beats_of(record))["qrs_axis", None]
    assert found.state == "not measurable"
    assert "no lead I" in found.reason


@pytest.mark.parametrize(
    "doubt",
    [
        "left and right arm electrode (or dextrocardia) probably interchanged (97 % sure)",
        "lead aVF seems inverted",
        "I + III = II does not hold (off by 0.2 mV rms): gain, names or order of the limb leads are wrong",
    ],
)
def test_doubted_limb_leads_have_no_axis(doubt):
    record = drawn(TWELVE, doubts=(doubt,))
    found = by_name(record, beats_of(record))
    assert found["qrs_axis", None].reason == doubt
    assert found["cornell", None].reason == doubt
    assert found["sokolow_lyon", None].state == "measured"
    assert doubt in found["r_amplitude", "II"].method
    assert doubt not in found["r_amplitude", "V2"].method


def test_interchanged_chest_electrodes_spoil_only_their_sums():
    record = drawn(TWELVE, doubts=("chest electrodes V1 and V2 possibly interchanged (70 % sure)",))
    found = by_name(record, beats_of(record))
    assert found["sokolow_lyon", None].state == "not measurable"
    assert found["cornell", None].state == "measured"
    assert found["qrs_axis", None].state == "measured"


# Absent, paced, nothing ------------------------------------------------------------------------------------------


def test_what_is_absent_is_said_to_be():
    record = drawn(TWELVE)
    beats = replace(without(beats_of(record), "p_on", "p_peak", "p_off"), absent={"P": "atrial fibrillation"})
    found = by_name(record, beats)
    for name in ("p_duration", "pr", "p_axis"):
        assert (found[name, None].state, found[name, None].reason) == ("absent", "atrial fibrillation")
        assert found[name, None].value is None
    assert "Caution: atrial fibrillation" in found["qtc_bazett", None].method
    assert "Not of sinus rhythm" in found["sdnn", None].method


def test_what_is_not_found_is_not_measurable():
    record = drawn(TWELVE)
    found = by_name(record, without(beats_of(record), "p_on", "p_peak", "p_off", "t_off"))
    assert found["pr", None].state == "not measurable"
    assert "none of" in found["pr", None].reason
    assert found["qtc_hodges", None].state == "not measurable"
    assert found["t_axis", None].state == "not measurable"


def test_paced_beats_are_measured_and_marked():
    record = drawn(TWELVE)
    found = by_name(record, beats_of(record, kinds=["paced"] * len(ONSETS)))
    for name in ("pr", "qrs_duration", "qtc_bazett"):
        assert "paced" in found[name, None].method.lower()
    assert "JT" in found["qtc_bazett", None].method
    assert found["sdnn", None].state == "not measurable"
    assert value(found["heart_rate", None]) == pytest.approx(75)


def test_without_normal_beats_the_ectopic_ones_are_measured_and_said():
    record = drawn(TWELVE)
    found = by_name(record, beats_of(record, kinds=["ectopic"] * len(ONSETS)))["qrs_duration", None]
    assert value(found) == pytest.approx(100, abs=1e-6)
    assert "Too few beats are normal" in found.method


def test_no_beats_give_the_same_entries_with_the_reason():
    record = drawn(TWELVE)
    nothing = measure(record, NoBeats("flat", "every lead is flat"))
    assert {(m.name, m.lead) for m in nothing} == {(m.name, m.lead) for m in measure(record, beats_of(record))}
    assert all(m.state == "not measurable" and m.reason == "every lead is flat" for m in nothing)


def test_one_beat_has_intervals_but_no_rate():
    record = drawn(TWELVE, [0.5], duration=1.2)
    found = by_name(record, beats_of(record, [0.5]))
    assert value(found["qrs_duration", None]) == pytest.approx(100, abs=1e-6)
    assert found["qrs_duration", None].spread is None
    assert found["heart_rate", None].state == "not measurable"
    assert found["qtc_bazett", None].state == "not measurable"
    assert value(found["r_amplitude", "II"]) == pytest.approx(1.0, abs=0.01)


def test_every_quantity_is_answered_once_a_lead_and_says_how():
    record = drawn(TWELVE)
    answers = measure(record, beats_of(record))
    assert len({(m.name, m.lead) for m in answers}) == len(answers)
    assert {m.name for m in answers} == {quantity.name for quantity in QUANTITIES}
    assert len({quantity.name for quantity in QUANTITIES}) == len(QUANTITIES)
    for found in answers:
        assert found.method.endswith((".", ")"))
        assert found.unit
