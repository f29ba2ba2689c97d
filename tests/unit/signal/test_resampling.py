import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import RecordError, SettingError
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import resample


def made(signal, rate: float) -> EcgRecord:
    signal = np.atleast_2d(signal)
    return EcgRecord(signal, ("I", "II", "V1")[: len(signal)], rate, "mV", SourceInfo("made", "test"))


@settings(deadline=None)
@given(
    cycles=st.integers(1, 400),
    phase=st.floats(0, 6.28),
    old=st.sampled_from([128, 250, 257, 360, 400, 500, 1000]),
    new=st.sampled_from([100, 125, 128, 250, 500]),
)
def test_a_band_limited_tone_is_resampled_exactly(cycles, phase, old, new):
    frequency = cycles / 10  # whole periods in 10 s, at most 40 Hz: below half of every rate here

    def tone(rate: float) -> np.ndarray:
        return np.sin(2 * np.pi * frequency * np.arange(10 * rate) / rate + phase)

    np.testing.assert_allclose(resample(made(tone(old), old), new).signal[0], tone(new), atol=2e-6)


@settings(deadline=None)
@given(n=st.integers(12, 3000), old=st.sampled_from([100.0, 128, 240.5, 360, 500, 999.9, 1000]), new=st.floats(50, 600))
def test_the_number_of_samples_is_the_rounded_product(n, old, new):
    resampled = resample(made(np.zeros(n), old), new)
    assert (resampled.n_samples, resampled.rate) == (n if new == old else round(n * new / old), new)


def test_the_same_rate_changes_nothing():
    record = made(np.ones(10), 500)
    assert resample(record, 500) is record


@pytest.mark.parametrize("n", [3600, 3601, 3617])
def test_a_length_that_does_not_divide_evenly_does_not_stretch_time(n):
    # A bump whose centre is known to 0.1 ms; a plain FFT of 3617 samples would move it by 0.4 ms.
    def bump(t: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * ((t - 9.0) / 0.02) ** 2)

    resampled = resample(made(bump(np.arange(n) / 360), 360), 100).signal[0]
    np.testing.assert_allclose(resampled, bump(np.arange(resampled.size) / 100), atol=2e-5)


def test_down_and_up_again_gives_back_what_the_lower_rate_can_hold():
    t = np.arange(5000) / 500
    signal = np.sin(2 * np.pi * 7 * t) + 0.3 * np.cos(2 * np.pi * 31 * t)
    record = made(signal, 500)
    np.testing.assert_allclose(resample(resample(record, 100), 500).signal[0], signal, atol=2e-6)


def test_what_the_new_rate_cannot_hold_does_not_come_back_as_another_frequency():
    resampled = resample(made(np.sin(2 * np.pi * 90 * np.arange(5000) / 500), 500), 100)
    assert np.abs(resampled.signal).max() < 1e-6


def test_missing_samples_are_refused_because_they_would_spread():
    row = np.zeros(1000)
    row[250:300] = np.nan
    with pytest.raises(RecordError, match=r"I 0\.500-0\.600 s.*resampling to 100 Hz"):
        resample(made(row, 500), 100)


def test_a_record_shorter_than_one_new_sample_is_refused():
    with pytest.raises(RecordError, match="has none at 1 Hz"):
        resample(made([1.0, 2.0], 500), 1)


@pytest.mark.parametrize("rate", [0, -100, float("nan"), 1e9])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(SettingError):
        resample(made(np.ones(10), 500), rate)
