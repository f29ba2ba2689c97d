"""Noise has no heart beats, whatever its kind; noise over some beats makes those doubtful, and an ECG stays one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from drawn_beats import TWELVE, beats_of, drawn
from einthoven.beats.finding import find_beats
from einthoven.beats.likeness import tamed
from einthoven.beats.measuring import measure
from einthoven.beats.types import Beats, NoBeats
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo

RATE, SECONDS = 500.0, 10


def noise(kind: str, seed: int, n_leads: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = round(RATE * SECONDS)
    time = np.arange(n) / RATE
    white = rng.normal(0, 1, (n_leads, n))
    if kind == "white":
        return white
    if kind == "pink":
        frequency = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 0.3)
        return np.fft.irfft(np.fft.rfft(white, axis=1) / np.sqrt(frequency), n, axis=1)
    if kind == "muscle":
        return sosfiltfilt(butter(2, (20, 150), "band", fs=RATE, output="sos"), white, axis=1)
    if kind == "wander":
        phase = rng.uniform(0, 6.28, (n_leads, 3, 1))
        return np.sin(2 * np.pi * np.array([0.12, 0.2, 0.31])[:, None] * time + phase).sum(axis=1)
    return np.sin(2 * np.pi * 50 * time + rng.uniform(0, 6.28, (n_leads, 1)))


@pytest.mark.parametrize("kind", ["white", "pink", "muscle", "wander", "mains"])
@pytest.mark.parametrize("n_leads", [1, 12])
def test_noise_alone_has_no_heart_rate(kind: str, n_leads: int) -> None:
    for seed in range(3):
        signal = (0.1 * noise(kind, seed, n_leads)).astype(np.float32)
        record = EcgRecord(signal, STANDARD_12[:n_leads], RATE, "mV", SourceInfo("noise", "npy"))
        found = find_beats(record)

        assert isinstance(found, NoBeats) and found.reason
        assert all(m.value is None and m.reason for m in measure(record, found))


def test_a_burst_of_noise_does_not_make_the_highest_heart_rate() -> None:
    record = drawn(TWELVE, noise=0.005)
    signal = np.array(record.signal)
    signal[:, 2200:2700] += (2.0 * noise("muscle", 0)[:, 2200:2700]).astype(np.float32)
    spoiled = replace(record, signal=signal)
    highest = next(m for m in measure(spoiled, find_beats(spoiled)) if m.name == "heart_rate_max")

    assert highest.value is None or highest.value == pytest.approx(75, rel=0.1)


def test_one_beat_of_another_shape_out_of_rest_is_not_doubtful() -> None:
    record = drawn(TWELVE, noise=0.005)
    signal = np.array(record.signal)
    around = slice(round(4.4 * 500), round(4.75 * 500))
    signal[:, around] = -1.3 * signal[:, around]
    found = find_beats(replace(record, signal=signal))

    assert isinstance(found, Beats)
    assert not found.doubtful and "ectopic" in found.kinds


def test_intervals_to_a_doubtful_beat_are_not_used_and_too_many_leave_no_rate() -> None:
    onsets = np.array([0.5, 1.3, 2.1, 2.4, 2.9, 3.7, 4.5, 5.3, 6.1, 6.9, 7.7, 8.5])
    record = drawn(TWELVE, onsets)
    few = beats_of(record, onsets, doubtful=frozenset({3}))
    many = replace(few, doubtful=frozenset(range(6)))
    highest = next(m for m in measure(record, few) if m.name == "heart_rate_max")
    refused = next(m for m in measure(record, many) if m.name == "heart_rate_max")

    assert highest.value == pytest.approx(75) and "1 of 12 beats may be noise" in highest.method
    assert refused.state == "not measurable" and "6 of 12 beats may be noise" in refused.reason


def test_an_artefact_in_one_lead_counts_no_more_than_other_leads() -> None:
    shapes = np.ones((5, 3 * 4))
    shapes[2, :4] = 100.0

    found = tamed(shapes, 3)

    assert found[2, 0] == pytest.approx(1.5)
    np.testing.assert_array_equal(np.delete(found, slice(0, 4), axis=1), 1.0)
