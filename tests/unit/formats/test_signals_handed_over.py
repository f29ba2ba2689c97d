"""A record's samples cannot change, copied or handed over; scaling and doubts are those of whole arrays."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.formats.facts import Facts, Settled
from einthoven.formats.passport import Origin, make_record
from einthoven.record import EcgRecord, Signal, SourceInfo

SOURCE = SourceInfo("r", "test")
FACTS = Facts(rate=500.0, units=("mV",) * 3, leads=("I", "II", "V1"))
SETTLED = Settled(500.0, "mV", np.array([1.0, 200.0, -3.0]), np.array([0.0, 5.0, 0.25]), np.ones(3), ("I", "II", "V1"))


def _noise(seed: int = 1, n_samples: int = 2000) -> Signal:
    return np.random.default_rng(seed).normal(0, 0.4, (3, n_samples)).astype(np.float32)


def _made(signal: Signal) -> EcgRecord:
    return make_record(signal, FACTS, SETTLED, Origin("r", "test", "", ""))


def test_what_a_caller_may_still_write_to_is_copied() -> None:
    signal = _noise()
    record = EcgRecord(signal, ("I", "II", "V1"), 500.0, "mV", SOURCE)
    view = signal[:]
    view.flags.writeable = False
    of_view = EcgRecord(view, ("I", "II", "V1"), 500.0, "mV", SOURCE)
    first = float(signal[0, 0])
    signal[0, 0] = 99
    assert record.signal[0, 0] == of_view.signal[0, 0] == np.float32(first)


def test_no_sample_of_a_record_can_be_changed() -> None:
    for record in (EcgRecord(_noise(), ("I", "II", "V1"), 500.0, "mV", SOURCE), _made(_noise())):
        with pytest.raises(ValueError, match="read-only"):
            record.signal[0, 0] = 1


def test_a_handed_over_array_becomes_read_only_and_records_of_a_record_share_it() -> None:
    signal = _noise()
    record = _made(signal)
    assert np.shares_memory(record.signal, signal)
    with pytest.raises(ValueError, match="read-only"):
        signal[0, 0] = 1
    assert np.shares_memory(replace(record, steps=("looked at",)).signal, signal)
    part = _noise(n_samples=4000)
    assert not np.shares_memory(_made(part[:, :2000]).signal, part), "a part of a larger array is copied"


@pytest.mark.parametrize("kind", ["<i2", ">i2", "<i4", "u1", "<f4", "<f8"])
def test_scaling_is_the_formula_of_the_hints_whatever_the_stored_type(kind: str) -> None:
    stored = (np.arange(3 * 1000).reshape(3, 1000) % 251).astype(kind)
    expected = (stored.astype(np.float64) - SETTLED.baseline[:, None]) / SETTLED.gain[:, None]
    np.testing.assert_array_equal(SETTLED.scale(stored), expected.astype(np.float32))
    np.testing.assert_array_equal(SETTLED.scale(np.asfortranarray(stored)), expected.astype(np.float32))


def test_twins_are_found_and_leads_that_agree_only_in_the_middle_are_none() -> None:
    signal = _noise()
    signal[2] = signal[0]
    assert "leads I and V1 hold the same samples" in _made(signal.copy()).source.doubts
    signal[2, 0] += 1
    assert not any("same samples" in doubt for doubt in _made(signal).source.doubts)


def test_z_scores_are_doubted_also_with_samples_missing_and_nearly_so_is_not_enough() -> None:
    signal = _noise()
    signal = ((signal - signal.mean(axis=1, keepdims=True)) / signal.std(axis=1, keepdims=True)).astype(np.float32)
    assert any("z-scored" in doubt for doubt in _made(signal.copy()).source.doubts)
    gap = signal.copy()
    gap[1, ::2] = np.nan
    gap[1] = (gap[1] - np.nanmean(gap[1])) / np.nanstd(gap[1])
    assert any("z-scored" in doubt for doubt in _made(gap).source.doubts)
    signal[2] *= np.float32(1.01)
    assert not any("z-scored" in doubt for doubt in _made(signal).source.doubts)


def test_missing_samples_are_counted_by_lead() -> None:
    signal = _noise()
    signal[1, :500] = np.nan
    assert "missing samples in II: up to 25.0% of a lead" in _made(signal).source.doubts
