"""NeuroKit2 behind our seam: its lists brought to beats, what is out of order dropped, its failures told."""

import math
import sys
from collections.abc import Sequence

import numpy as np
import pytest

from einthoven.beats import neurokit
from einthoven.beats.delineators import DELINEATORS, Heartbeats, Waves
from einthoven.beats.neurokit import Method, delineate, in_order, place
from einthoven.beats.types import FIDUCIALS
from einthoven.leads import STANDARD_12
from einthoven.simulate import simulate

NAN = math.nan
AT = {name: position for position, name in enumerate(FIDUCIALS)}
R = np.array([500, 900, 1300, 1700])
METHODS: tuple[Method, ...] = ("dwt", "cwt", "peak", "prominence")
each_method = pytest.mark.parametrize("method", METHODS)

neurokit2 = pytest.importorskip("neurokit2")


def placed(fiducial: str, listed: Sequence[float], **others: Sequence[float]) -> list[float | None]:
    """One fiducial of the four beats of `R`, back in samples."""
    times = place({fiducial: listed, **others}, R, 500.0)[:, AT[fiducial]]
    return [None if np.isnan(moment) else round(float(moment) * 500) for moment in times]


def test_a_list_with_an_entry_per_beat_is_taken_as_it_stands() -> None:
    assert placed("p_peak", [420, 820, NAN, 1620]) == [420, 820, None, 1620]
    assert placed("t_peak", [650, NAN, 1450, 1850]) == [650, None, 1450, 1850]


def test_a_shorter_list_goes_to_the_beats_at_which_its_times_lie() -> None:
    # cwt looks between two R peaks: no P of the first beat, no T of the last.
    assert placed("p_peak", [820, 1220, 1620]) == [None, 820, 1220, 1620]
    assert placed("t_peak", [650, 1050, 1450]) == [650, 1050, 1450, None]


def test_of_several_times_at_one_beat_the_one_nearest_to_its_r_peak_is_taken() -> None:
    assert placed("p_peak", [750, 820, 1220]) == [None, 820, 1220, None]
    assert placed("t_peak", [650, 600, 1050]) == [600, 1050, None, None]


def test_an_entry_that_lies_at_another_beat_than_its_own_is_dropped() -> None:
    assert placed("p_peak", [420, 430, 1220, 1620]) == [420, None, 1220, 1620]  # the second searched too far back
    assert placed("t_peak", [950, 1050, 1450, 1850]) == [None, 1050, 1450, 1850]


def test_a_wave_on_the_wrong_side_of_the_r_peak_is_dropped() -> None:
    assert placed("p_peak", [510, 820, 1220, 1620]) == [None, 820, 1220, 1620]
    assert placed("qrs_on", [500, 880, 1310, 1680]) == [None, 880, None, 1680]
    assert placed("qrs_off", [520, 900, 1320, 1690]) == [520, None, 1320, None]


def test_a_boundary_on_the_wrong_side_of_its_peak_is_dropped_and_the_peak_stays() -> None:
    found = place({"p_on": [425] * 4, "p_peak": [420, NAN, NAN, NAN], "p_off": [440, NAN, NAN, NAN]}, R, 500.0)[0]

    assert np.isnan(found[AT["p_on"]])
    assert found[AT["p_peak"]] == 420 / 500
    assert found[AT["p_off"]] == 440 / 500


def test_one_wave_between_two_beats_that_is_listed_as_t_and_as_p_is_the_t() -> None:
    times = place({"t_peak": [650, 1050, 1450], "p_peak": [650, 1220, 1450]}, R, 500.0)

    np.testing.assert_array_equal(times[:, AT["t_peak"]] * 500, [650, 1050, 1450, NAN])
    np.testing.assert_array_equal(times[:, AT["p_peak"]] * 500, [NAN, NAN, 1220, NAN])


def test_no_boundary_of_qrs_lies_beyond_the_peak_of_p_or_t() -> None:
    assert placed("qrs_on", [480] * 4, p_peak=[490, NAN, NAN, NAN])[0] is None
    assert placed("qrs_off", [660] * 4, t_peak=[650, NAN, NAN, NAN])[0] is None


def test_lists_of_nothing_strings_of_nan_and_no_lists_give_beats_with_their_r_peak() -> None:
    for found in ({}, {"p_peak": []}, {"p_peak": [NAN] * 9, "t_off": [math.inf, -5.0]}):
        times = place(found, R, 500.0)
        assert times.shape == (4, 9)
        np.testing.assert_array_equal(times[:, AT["qrs_peak"]], R / 500)
        assert np.isfinite(times).sum() == 4


def test_what_is_in_order_stays_as_it_is() -> None:
    times = np.array(
        [[0.80, 0.84, 0.89, 0.95, 1.0, 1.05, 1.2, 1.3, 1.4], [1.6, 1.64, 1.7, 1.75, 1.8, 1.85, 2, 2.1, 2.2]]
    )

    np.testing.assert_array_equal(in_order(times, np.array([1.0, 1.8])), times)


@pytest.fixture(scope="module")
def heart() -> Heartbeats:
    """Lead II and V5 of a simulated heart; R where lead II is highest."""
    from scipy.signal import find_peaks

    record = simulate("NORM", np.random.default_rng(5), noise=False)
    rows = [record.leads.index("II"), record.leads.index("V5")]
    places, _ = find_peaks(record.signal[rows[0]], height=0.6 * record.signal[rows[0]].max(), distance=150)
    return _of(record.signal[rows], places / 500)


def _of(signal: np.ndarray, r_peaks: np.ndarray, rate: float = 500.0) -> Heartbeats:
    return Heartbeats(signal, STANDARD_12[: len(signal)], rate, np.asarray(r_peaks), ("normal",) * len(r_peaks))


def _part(heart: Heartbeats, n_samples: int) -> Heartbeats:
    return _of(heart.signal[:, :n_samples], heart.r_peaks[heart.r_peaks < n_samples / heart.rate])


@each_method
def test_the_waves_are_those_that_neurokit2_gives_when_it_is_called_by_hand(heart: Heartbeats, method: Method) -> None:
    samples = np.round(heart.r_peaks * 500).astype(int)
    clean = neurokit2.ecg_clean(heart.signal[0].astype(float), sampling_rate=500)
    _, waves = neurokit2.ecg_delineate(clean, samples, sampling_rate=500, method=method)

    times = delineate(heart, method).times[1]

    for name, key in (("p_peak", "ECG_P_Peaks"), ("t_peak", "ECG_T_Peaks")):
        listed = np.array(waves[key], dtype=float)
        ours = times[:, AT[name]] * 500
        assert np.isfinite(ours).sum() > 0.7 * len(samples)
        assert np.isin(np.round(ours[np.isfinite(ours)]), listed).all()


@each_method
def test_a_lead_that_cannot_be_done_is_nan_and_its_note_says_why(heart: Heartbeats, method: Method) -> None:
    signal = np.vstack([heart.signal, np.zeros_like(heart.signal[:1]), heart.signal[:1]])
    signal[3, 100:110] = NAN

    waves = delineate(_of(signal, heart.r_peaks), method)

    assert np.isnan(waves.times[3:]).all()
    assert np.isfinite(waves.times[:3]).any(axis=(1, 2)).all()
    assert waves.notes == {"III": "The lead is flat.", "aVR": "10 samples are missing."}


@each_method
@pytest.mark.parametrize(("n_beats", "said"), [(0, "there are none"), (1, "there is 1")])
def test_too_few_beats_are_said(heart: Heartbeats, method: Method, n_beats: int, said: str) -> None:
    waves = delineate(_of(heart.signal, heart.r_peaks[:n_beats]), method)

    assert waves.times.shape == (3, n_beats, 9)
    assert np.isnan(waves.times).all()
    assert set(waves.notes) == {"I", "II"}
    assert all(f"NeuroKit2's {method} needs" in note and said in note for note in waves.notes.values())


@pytest.mark.parametrize("method", ["dwt", "cwt", "peak"])
def test_a_signal_shorter_than_neurokit2_takes_is_said(heart: Heartbeats, method: Method) -> None:
    waves = delineate(_part(heart, 1990), method)

    assert waves.notes["I"] == f"NeuroKit2's {method} needs 4 s of signal; there are 3.98 s."
    with pytest.raises(ValueError, match="too small"):  # what is said is what it does
        neurokit2.ecg_delineate(heart.signal[0, :1990], np.array([200, 700, 1200, 1700]), 500, method=method)


@pytest.mark.parametrize("method", ["dwt", "cwt", "peak"])
def test_three_beats_are_too_few_for_neurokit2_and_four_are_enough(heart: Heartbeats, method: Method) -> None:
    three, four = (delineate(_of(heart.signal, heart.r_peaks[2 : 2 + n]), method) for n in (3, 4))

    assert "needs 4 beats" in three.notes["I"]
    assert four.notes == {}
    assert np.isfinite(four.times[1]).any()
    with pytest.raises(ValueError, match="NaN"):
        neurokit2.ecg_delineate(heart.signal[0], np.array([1000, 1400, 1800]), 500, method=method)


def test_prominence_does_two_seconds_with_two_beats(heart: Heartbeats) -> None:
    waves = delineate(_part(heart, 1000), "prominence")

    assert waves.notes == {}
    assert np.isfinite(waves.times[0, :, AT["t_peak"]]).any()


def test_where_the_first_beat_makes_cwt_fail_the_others_are_done_and_the_note_says_so(heart: Heartbeats) -> None:
    early = _of(heart.signal, np.concatenate([[0.02], heart.r_peaks[1:]]))

    waves = delineate(early, "cwt")

    assert "failed (ValueError: max() arg is an empty sequence) until the first beat was left out" in waves.notes["I"]
    assert np.isnan(waves.times[1, 0]).all()
    assert np.isfinite(waves.times[1, 1:-1, AT["t_peak"]]).mean() > 0.7


def test_cwt_gets_at_least_500_hz_and_says_so(heart: Heartbeats) -> None:
    slow = _of(heart.signal[:, ::5].copy(), heart.r_peaks, 100.0)

    waves = delineate(slow, "cwt")

    assert waves.notes["I"] == "Resampled to 500 Hz: the wavelets of cwt have widths in samples."
    usual = delineate(heart, "cwt").times
    apart = waves.times[1, :, AT["t_peak"]] - usual[1, :, AT["t_peak"]]
    assert np.nanmedian(np.abs(apart)) < 0.02
    assert delineate(slow, "dwt").notes == {}


@each_method
@pytest.mark.parametrize("error", [IndexError("index 9 is out of bounds"), TypeError(), RecursionError("deep")])
def test_whatever_the_library_raises_becomes_a_note(
    heart: Heartbeats, method: Method, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys.modules["neurokit2"], "ecg_delineate", fail)

    waves = delineate(heart, method)

    assert np.isnan(waves.times).all()
    assert set(waves.notes) == {"I", "II"}
    assert type(error).__name__ in waves.notes["I"]
    assert str(error) in waves.notes["I"]


@each_method
def test_a_lead_that_cannot_be_cleaned_is_a_note(
    heart: Heartbeats, method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["neurokit2"], "ecg_clean", lambda signal, sampling_rate: signal * NAN)

    waves = delineate(heart, method)

    assert np.isnan(waves.times).all()
    assert "could not clean the lead" in waves.notes["II"]


def test_unequal_lists_and_foreign_beats_do_not_reach_the_caller(
    heart: Heartbeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(signal: np.ndarray, samples: np.ndarray, **_: object) -> tuple[None, dict[str, object]]:
        return None, {
            "ECG_P_Peaks": np.array([NAN, samples[2] - 80.0], dtype=object),
            "ECG_T_Peaks": [*(samples + 120), samples[-1] + 4000, -3],
            "ECG_R_Onsets": [],
            "ECG_T_Offsets": [NAN] * 40,
        }

    monkeypatch.setattr(sys.modules["neurokit2"], "ecg_delineate", answer)

    times = delineate(heart, "dwt").times

    n = len(heart.r_peaks)
    assert times.shape == (3, n, 9)
    assert np.flatnonzero(np.isfinite(times[1, :, AT["p_peak"]])).tolist() == [2]
    np.testing.assert_allclose(times[1, :-1, AT["t_peak"]], heart.r_peaks[:-1] + 0.24, atol=0.002)


@pytest.mark.parametrize("method", ["dwt", "peak", "prominence"])
def test_in_atrial_fibrillation_its_p_waves_are_passed_on_and_the_summary_says_so(method: Method) -> None:
    record = simulate("AF", np.random.default_rng(3))
    from scipy.signal import find_peaks

    lead = record.lead("II")
    places, _ = find_peaks(lead, height=0.6 * lead.max(), distance=150)

    waves = delineate(_of(record.signal, places / 500), method)

    assert np.isfinite(waves.times[0, 1:-1, AT["p_peak"]]).mean() > 0.5
    assert waves.absent == {}
    assert "atrial fibrillation" in DELINEATORS.get(f"neurokit-{method}").summary


def test_the_global_onset_is_not_taken_from_a_lead_whose_qrs_begins_before_the_p_of_the_others() -> None:
    r_peaks = np.array([1.0])
    good = [0.80, 0.84, 0.88, 0.95, 1.0, 1.05, NAN, NAN, NAN]
    wrong = [NAN, NAN, NAN, 0.70, 1.0, 1.05, NAN, NAN, NAN]
    times = np.array([good, good, good, wrong, wrong, wrong])[:, None]

    assert neurokit._global(times, r_peaks)[0, AT["qrs_on"]] == 0.95


def test_waves_say_nothing_when_all_went_well(heart: Heartbeats) -> None:
    waves = delineate(heart, "prominence")

    assert isinstance(waves, Waves)
    assert waves.notes == {}
