from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from einthoven.errors import RecordError, SettingError
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import band_pass

RATE = 500


def made(signal, rate: float = RATE) -> EcgRecord:
    signal = np.atleast_2d(signal)
    return EcgRecord(signal, ("I", "II", "V1")[: len(signal)], rate, "mV", SourceInfo("made", "test"))


def tone(frequency: float, seconds: float = 20, rate: float = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def butterworth_gain(frequency: float, low: float, high: float, order: int, rate: float) -> float:
    """|H|² of the band-pass by its definition: the analogue formula with the bilinear transform's frequencies."""
    warped, w1, w2 = (np.tan(np.pi * f / rate) for f in (frequency, low, high))
    prototype = (warped**2 - w1 * w2) / (warped * (w2 - w1))
    return 1 / (1 + prototype ** (2 * order))


@pytest.mark.parametrize("frequency", [0.2, 0.5, 1, 10, 39, 40, 45, 60, 100])
def test_the_gain_at_a_frequency_is_the_square_of_butterworths_formula(frequency):
    seconds = 60
    filtered = band_pass(made(tone(frequency, seconds)), 0.5, 40).signal[0]
    middle = slice(20 * RATE, 40 * RATE)
    reference = tone(frequency, seconds)[middle]
    gain = filtered[middle] @ reference / (reference @ reference)
    # Forward and backward: |H|² where one pass has |H|. The projection on the tone itself shows that the phase is 0.
    assert gain == pytest.approx(butterworth_gain(frequency, 0.5, 40, 4, RATE), abs=0.002)


def test_no_wave_is_shifted_in_time():
    bump = np.exp(-0.5 * ((np.arange(5000) - 2500) / 12) ** 2)
    assert band_pass(made(bump), 0.5, 40).signal[0].argmax() == 2500


def test_the_offset_of_a_lead_is_removed():
    filtered = band_pass(made(tone(5) + 3.0), 0.5, 40).signal[0]
    assert abs(filtered[2000:-2000].mean()) < 1e-3


@settings(max_examples=20, deadline=None)
@given(a=st.floats(-5, 5), b=st.floats(-5, 5), seed=st.integers(0, 99))
def test_the_filter_is_linear(a, b, seed):
    x, y = np.random.default_rng(seed).normal(size=(2, 1000)).astype(np.float32).astype(float)
    both = band_pass(made(a * x + b * y), 0.5, 40).signal
    parts = a * band_pass(made(x), 0.5, 40).signal + b * band_pass(made(y), 0.5, 40).signal
    np.testing.assert_allclose(both, parts, atol=2e-5)


@pytest.mark.parametrize("samples", [28, 1000, 5001])
@pytest.mark.parametrize(("rate", "band", "order"), [(100, (0.5, 40), 4), (500, (0.5, 40), 4), (360, (3, 20), 1)])
def test_the_values_are_those_of_scipys_filter_forward_and_backward(rate, band, order, samples):
    x = 2 + np.random.default_rng(samples).normal(size=(3, samples)).astype(np.float32)
    wanted = sosfiltfilt(butter(order, band, "bandpass", fs=rate, output="sos"), x.astype(np.float64), axis=1)
    np.testing.assert_array_equal(band_pass(made(x, rate), *band, order=order).signal, wanted.astype(np.float32))


def test_each_lead_is_filtered_as_if_it_were_alone():
    x = np.random.default_rng(0).normal(size=(3, 1000))
    together = band_pass(made(x), 0.5, 40).signal
    assert np.array_equal(together[2], band_pass(made(x[2]), 0.5, 40).signal[0])


def test_a_band_that_the_file_states_is_not_applied_twice_and_this_is_said():
    record = made(tone(5))
    record = replace(record, source=replace(record.source, band=(0.5, 40.0)))
    skipped = band_pass(record, 0.5, 40)
    assert np.array_equal(skipped.signal, record.signal)
    assert skipped.steps == ("band-pass 0.5-40 Hz left out: the file states that it was applied",)


def test_another_band_in_the_file_does_not_stop_the_filter():
    record = made(tone(5))
    record = replace(record, source=replace(record.source, band=(0.05, 150.0)))
    assert band_pass(record, 0.5, 40).steps == ("band-pass 0.5-40 Hz, Butterworth order 4, forward and backward",)


def test_a_rate_too_low_for_the_upper_edge_is_refused_with_both_numbers():
    with pytest.raises(RecordError, match="up to 40 Hz needs more than 80 samples per second; this record has 80"):
        band_pass(made(tone(5, rate=80), rate=80), 0.5, 40)


def test_a_record_too_short_for_the_padding_is_refused_and_the_shortest_possible_is_not():
    with pytest.raises(RecordError, match=r"27 samples \(0.054 s\) are too few"):
        band_pass(made(np.zeros(27)), 0.5, 40)
    assert band_pass(made(np.ones(28)), 0.5, 40).n_samples == 28


def test_missing_samples_are_refused_because_they_would_spread():
    row = tone(5)
    row[100] = np.nan
    with pytest.raises(RecordError, match=r"I 0\.200-0\.202 s"):
        band_pass(made(row), 0.5, 40)


@pytest.mark.parametrize("low, high, order", [(0, 40, 4), (40, 0.5, 4), (0.5, float("inf"), 4), (0.5, 40, 0)])
def test_an_impossible_band_is_refused(low, high, order):
    with pytest.raises(SettingError):
        band_pass(made(tone(5)), low, high, order=order)
