"""A lost signal is told from a pause of the heart, by the noise that a record has between its beats."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_beats import TWELVE, beats_of, drawn
from einthoven.beats.finding import find_beats
from einthoven.beats.measurement import Measurement
from einthoven.beats.measuring import measure
from einthoven.beats.silence import silence
from einthoven.record import EcgRecord

ONSETS = np.array([0.5, 1.3, 2.1, 2.9, 3.7, 6.9, 7.7, 8.5, 9.3])
"""Nothing is drawn from 4.2 to 6.7 s."""
FULL = np.arange(0.5, 9.4, 0.8)


def noisy(onsets: np.ndarray, millivolt: float, seed: int = 1) -> EcgRecord:
    """Beats with noise as muscles make it: smoothed over 4 ms, so that it is of another kind than that of a device."""
    record = drawn(TWELVE, onsets)
    noise = np.random.default_rng(seed).normal(0, 1, (12, record.n_samples + 4))
    smooth = np.stack([np.convolve(row, np.ones(5) / np.sqrt(5), "valid") for row in noise])
    return replace(record, signal=(record.signal + millivolt * smooth).astype(np.float32))


def lost(record: EcgRecord, millivolt: float, start: float = 4.3, stop: float = 6.6) -> EcgRecord:
    signal = np.array(record.signal)
    part = slice(round(start * record.rate), round(stop * record.rate))
    signal[:, part] = np.random.default_rng(2).normal(0, millivolt, signal[:, part].shape)
    return replace(record, signal=signal)


def rates(record: EcgRecord) -> dict[str, Measurement]:
    return {found.name: found for found in measure(record, find_beats(record)) if found.value is not None}


@pytest.mark.parametrize("microvolt", [0.5, 1, 2, 5])
def test_a_signal_that_is_nearly_flat_is_no_pause(microvolt: float) -> None:
    record = lost(noisy(FULL, 0.01), microvolt / 1000)
    found = rates(record)

    assert found["heart_rate_min"].value == pytest.approx(75, rel=0.05)
    assert found["heart_rate_max"].value == pytest.approx(75, rel=0.05)
    for name in ("heart_rate", "heart_rate_min", "sdnn"):
        assert "No lead shows a signal from 4." in found[name].method


def test_a_pause_with_the_noise_of_the_record_is_a_pause() -> None:
    found = rates(noisy(ONSETS, 0.01))

    assert found["heart_rate_min"].value == pytest.approx(60 / 3.2, rel=0.02)
    assert "signal" not in found["heart_rate_min"].method.split("left out.")[-1]


def test_in_a_record_that_is_quiet_between_all_beats_the_doubt_is_said() -> None:
    found = rates(noisy(ONSETS, 0.002))["heart_rate_min"]

    assert found.value == pytest.approx(60 / 3.2, rel=0.02)
    assert "a pause of the heart, or a lost signal" in found.method


def test_where_too_little_remains_there_is_no_rate_and_the_reason_says_why() -> None:
    onsets = np.array([1.0, 1.8, 8.2, 9.0])
    beats = beats_of(noisy(onsets, 0.01), onsets)
    record = replace(noisy(onsets, 0.01), signal=_gap(noisy(onsets, 0.01), 1.2, 8.9))
    found = next(m for m in measure(record, beats) if m.name == "heart_rate")

    assert found.state == "not measurable" and "from 1.2 to 8.9 s" in found.reason


def _gap(record: EcgRecord, start: float, stop: float) -> np.ndarray:
    signal = np.array(record.signal)
    signal[:, round(start * record.rate) : round(stop * record.rate)] = np.nan
    return signal


def test_the_edges_of_a_lost_stretch_are_no_beats() -> None:
    record = noisy(FULL, 0.01)
    shifted = lost(replace(record, signal=record.signal + 0.8), 0.002)

    assert rates(shifted)["heart_rate_max"].value == pytest.approx(75, rel=0.05)


def test_a_regular_record_has_no_silence() -> None:
    record = noisy(FULL, 0.004)
    found = silence(record, beats_of(record, FULL))

    assert not len(found.lost) and not len(found.doubtful)
