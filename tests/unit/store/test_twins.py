"""The same ECG is recognised in another unit, step, order of leads; another one is not taken for it."""

from dataclasses import replace

import numpy as np
import pytest

from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord
from einthoven.simulate import cohort
from einthoven.store import twins


@pytest.fixture(scope="module")
def hearts() -> list[EcgRecord]:
    return [record for _, record, _ in cohort(4, 3)]


def rounded(record: EcgRecord, step_mv: float) -> EcgRecord:
    return replace(record, signal=np.round(record.signal / step_mv) * step_mv)


@pytest.mark.parametrize("step", [0.001, 0.0025, 0.00488, 0.005])
def test_another_step_of_quantisation_is_the_same_ecg(hearts: list[EcgRecord], step: float) -> None:
    for record in hearts:
        other = rounded(record, step)
        one, two = twins.sketch(record), twins.sketch(other)
        assert one is not None and two is not None
        assert twins.near(one, two) and twins.same_ecg(record, other)


def test_order_of_leads_offset_and_lacking_leads_do_not_matter(hearts: list[EcgRecord]) -> None:
    record = hearts[0]
    turned = replace(record, leads=record.leads[::-1], signal=record.signal[::-1] + np.float32(0.3))
    eight = [STANDARD_12.index(name) for name in ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")]
    part = replace(record, leads=tuple(STANDARD_12[k] for k in eight), signal=record.signal[eight])
    for other in (turned, part):
        assert twins.near(twins.sketch(record), twins.sketch(other))  # type: ignore[arg-type]
        assert twins.same_ecg(record, other)


def test_no_two_hearts_are_the_same(hearts: list[EcgRecord]) -> None:
    for k, one in enumerate(hearts):
        for other in hearts[k + 1 :]:
            assert not twins.same_ecg(one, other)


def test_other_noise_another_moment_or_a_wrong_gain_is_another_ecg(hearts: list[EcgRecord]) -> None:
    record = hearts[0]
    noise = np.random.default_rng(0).normal(0, 0.03, record.signal.shape)
    for other in (record.signal + noise, np.roll(record.signal, 40, axis=1), record.signal * 1.2, record.signal[::-1]):
        assert not twins.same_ecg(record, replace(record, signal=other.astype(np.float32)))
    assert not twins.same_ecg(record, replace(record, rate=record.rate / 2))


def test_a_flat_or_missing_lead_has_no_sketch_and_no_twin() -> None:
    flat = EcgRecord(np.zeros((2, 500), np.float32), ("I", "II"), 500.0, "mV", _source())
    assert twins.sketch(flat) is None and not twins.same_ecg(flat, flat)


def _source() -> object:
    from einthoven.record import SourceInfo

    return SourceInfo("x", "npz")
