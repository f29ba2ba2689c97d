"""Median beats of drawn ECGs, whose waves are known."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_beats import ONSETS, R_AT, TWELVE, P, R, S, T, beats_of, drawn, triangle
from einthoven.beats.measuring import measure
from einthoven.beats.median_beat import MOST_BEATS, align, median_beat, median_beat_record, middle, usual_beats
from einthoven.beats.types import FIDUCIALS, Beats, NoBeats
from einthoven.errors import RecordError, SettingError


@pytest.mark.parametrize("rate", [100.0, 257.3, 500.0, 1000.0])
def test_the_median_of_equal_beats_is_the_beat(rate):
    record = drawn(TWELVE, rate=rate)
    beat = median_beat(record, beats_of(record))
    time = (np.arange(beat.signal.shape[1]) - beat.r_index) / rate + R_AT
    for row, (p, r, s, t) in enumerate(TWELVE.values()):
        expected = sum(triangle(time, limits, h) for limits, h in ((P, p), (R, r), (S, s), (T, t)))
        steepest = 1.5 / 0.02 * (0.5 / rate + 1e-6)  # half a sample on the steepest flank
        assert np.abs(beat.signal[row] - expected).max() <= steepest
    assert beat.n_beats == len(ONSETS)
    assert beat.kinds == ("normal",)
    assert beat.signal.dtype == np.float32


def test_fiducials_stand_on_the_waves():
    record = drawn(TWELVE)
    beat = median_beat(record, beats_of(record))
    assert beat.times.shape == (13, 9)
    row = beat.leads.index("II")
    peak = round(beat.times[1 + row, FIDUCIALS.index("t_peak")] * beat.rate)
    assert peak == beat.r_index + round((T[1] - R_AT) * beat.rate)
    assert beat.times[0, FIDUCIALS.index("qrs_peak")] == pytest.approx(beat.r_index / beat.rate, abs=1e-9)


def test_beats_found_beside_r_are_moved_to_it():
    record = drawn(TWELVE, noise=0.02)
    beats = beats_of(record)
    jitter = np.random.default_rng(1).uniform(-0.02, 0.02, beats.n_beats)
    jittered = replace(beats, r_peaks=beats.r_peaks + jitter - np.median(jitter))
    aligned = align(record, jittered, np.arange(beats.n_beats), before=0.1, after=0.1)
    apart = aligned.r_peaks - beats.r_peaks
    assert np.ptp(apart) <= 1.5 / record.rate
    smeared = jittered.r_peaks - beats.r_peaks
    assert np.ptp(smeared) > 0.02


def test_an_ectopic_beat_does_not_enter_and_can_be_asked_for():
    record = drawn(TWELVE)
    signal = record.signal.copy()
    signal[:, round((ONSETS[3] - 0.1) * 500) : round((ONSETS[3] + 0.3) * 500)] *= -3
    kinds = ["normal"] * len(ONSETS)
    kinds[3] = "ectopic"
    record = replace(record, signal=signal)
    beats = beats_of(record, kinds=kinds)
    assert 3 not in median_beat(record, beats).beats
    ectopic = median_beat(record, beats, kind="ectopic")
    assert (ectopic.beats, ectopic.kinds) == ((3,), ("ectopic",))
    assert ectopic.signal[1, ectopic.r_index] == pytest.approx(-3.0, abs=0.01)
    with pytest.raises(RecordError, match="no paced beat"):
        median_beat(record, beats, kind="paced")


def test_the_usual_beats_are_normal_then_paced_then_ectopic_and_one_odd_beat_does_not_stand_for_all():
    record = drawn(TWELVE)
    n = len(ONSETS)

    def usual(*kinds: str) -> tuple[list[int], str]:
        chosen, words = usual_beats(beats_of(record, kinds=list(kinds)))
        return chosen.tolist(), words.split()[0]

    assert usual("paced", *["normal"] * 3, *["ectopic"] * (n - 4)) == ([1, 2, 3], "normal")
    assert usual("normal", *["paced"] * (n - 1)) == (list(range(1, n)), "paced")
    assert usual("normal", "paced", *["ectopic"] * (n - 2)) == (list(range(2, n)), "ectopic")
    assert usual(*["ectopic"] * n) == (list(range(n)), "ectopic")


def test_a_beat_cut_off_by_the_start_of_the_record_does_not_count_where_others_do():
    onsets = [0.02, 0.9, 1.7, 2.5]
    record = drawn(TWELVE, onsets, duration=3.4)
    assert usual_beats(beats_of(record, onsets))[0].tolist() == [1, 2, 3]
    only = drawn(TWELVE, onsets[:1], duration=1.2)
    assert usual_beats(beats_of(only, onsets[:1]))[0].tolist() == [0]


def test_a_pacing_spike_is_no_deflection_of_the_heart():
    record = drawn(TWELVE)
    beats = replace(beats_of(record), spikes=ONSETS - 0.006)
    signal = record.signal.copy()
    for onset in ONSETS:
        first = round((onset - 0.006) * 500)
        signal[:, first : first + 2] += np.linspace(-3, 3, 12)[:, None]
    spiked = replace(record, signal=signal)

    plain, paced = (
        {(m.name, m.lead): m.value for m in measure(one, beats) if m.value is not None} for one in (record, spiked)
    )
    assert paced["qrs_axis", None] == pytest.approx(plain["qrs_axis", None], abs=3)
    assert paced["r_amplitude", "V5"] == pytest.approx(plain["r_amplitude", "V5"], abs=0.03)


def test_gaps_and_borders_leave_nan_only_where_no_beat_has_a_sample():
    record = drawn(TWELVE, [0.1, 0.9], duration=1.2)
    beats = beats_of(record, [0.1, 0.9])
    signal = record.signal.copy()
    signal[:, 450:460] = np.nan
    beat = median_beat(replace(record, signal=signal), beats)
    assert np.isfinite(beat.signal[:, beat.r_index - 200 + 1 : beat.r_index + 300]).all()
    only = median_beat(record, beats_of(record, [0.1]))
    assert np.isnan(only.signal[:, : only.r_index - round((0.1 + R_AT) * 500)]).all()


def test_a_lead_left_out_does_not_move_the_beats():
    record = drawn(TWELVE)
    signal = record.signal.copy()
    signal[6] = np.random.default_rng(0).normal(0, 50, record.n_samples)
    noisy = replace(record, signal=signal)
    moved = align(noisy, beats_of(noisy, left_out={"V1": "noise"}), np.arange(5), before=0.1, after=0.1)
    assert moved.r_peaks == pytest.approx(ONSETS[:5] + R_AT, abs=1e-9)


def test_of_very_many_beats_evenly_spaced_ones_are_used():
    onsets = np.arange(0.5, 0.5 + 0.5 * (MOST_BEATS + 200), 0.5)
    record = drawn({"II": (0.1, 1, -0.2, 0.2)}, onsets, rate=50, duration=onsets[-1] + 0.6)
    beat = median_beat(record, beats_of(record, onsets))
    assert beat.n_beats == MOST_BEATS
    assert (beat.beats[0], beat.beats[-1]) == (0, len(onsets) - 1)


def test_as_a_record_it_says_what_it_is():
    record = drawn(TWELVE)
    made = median_beat_record(record, beats_of(record))
    assert made.is_median_beat
    assert made.leads == record.leads
    assert made.rate == record.rate
    assert "median of 12 normal beats" in made.steps[-1]
    assert not np.isnan(made.signal).any()


@pytest.mark.parametrize("beats", [NoBeats("flat", "every lead is flat"), None])
def test_no_beats_are_refused_with_the_reason(beats):
    record = drawn(TWELVE)
    none = beats or Beats("none", record.leads, np.empty(0), np.empty((13, 0, 9)), (), 10.0)
    with pytest.raises(RecordError, match=r"flat|no beat"):
        median_beat(record, none)


@pytest.mark.parametrize("window", [(-0.1, 0.5), (0.4, np.nan), (2.0, 2.0)])
def test_impossible_windows_are_refused(window):
    record = drawn(TWELVE)
    with pytest.raises(SettingError, match="window"):
        median_beat(record, beats_of(record), before=window[0], after=window[1])


def test_the_middle_is_numpys_where_numbers_are():
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 8):
        values = rng.normal(size=(3, n, 4))
        values[rng.random(values.shape) < 0.3] = np.nan
        values[0, :, 0] = np.nan
        values[1, 0, :] = 1.0
        found = middle(values, axis=1)
        assert np.isnan(found[0, 0])
        some = ~np.isnan(values).all(axis=1)
        assert found[some] == pytest.approx(np.nanmedian(values.swapaxes(1, 2)[some], axis=-1))
