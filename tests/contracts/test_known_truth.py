"""Known signals in every format and variant: rate x unit x order of leads x length x gap, sample by sample."""

import numpy as np
import pytest

from contracts.ecg_files import CASES, SHUFFLED, Case, Written
from contracts.every_format import ALL_WRITERS, RELATIVE_UNIT, writable
from einthoven.formats import MemorySource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

GAPS = (
    Case(500.0, "mV", STANDARD_12, 2500, gap=1),
    Case(250.0, "uV", SHUFFLED, 1000, gap=400),
)
CODE_15 = Case(400.0, "mV", STANDARD_12, 4096)
"""The one case that the layout of CODE-15 can hold"""


def _read(written: Written) -> EcgRecord:
    return next(read_all(MemorySource(written.name, written.files), written.hints))


def _label(case: Case) -> str:
    gap = f"-gap{case.gap}" if case.gap else ""
    return f"{case.rate:g}Hz-{case.unit}-{case.leads[0]}..{len(case.leads)}x{case.n_samples}{gap}"


# What a format cannot hold (a rate of 257.5 Hz, a missing sample) is no case of it.
MATRIX = [(name, case) for name in sorted(ALL_WRITERS) for case in (*CASES, *GAPS, CODE_15) if writable(name, case)]


@pytest.mark.parametrize(("name", "case"), MATRIX, ids=[f"{name}-{_label(case)}" for name, case in MATRIX])
def test_a_known_signal_comes_back_sample_by_sample(name: str, case: Case) -> None:
    written = ALL_WRITERS[name](case)
    record = _read(written)
    assert record.leads == case.leads
    assert record.rate == pytest.approx(case.rate, rel=1e-9)
    assert record.amplitude == "mV"
    assert record.signal.shape == case.truth.shape
    np.testing.assert_allclose(record.signal, case.truth, rtol=2e-7, atol=written.tolerance)


@pytest.mark.parametrize("name", sorted(RELATIVE_UNIT))
def test_relative_amplitude_is_a_fact_and_not_millivolt(name: str) -> None:
    case = Case(500.0, RELATIVE_UNIT[name], SHUFFLED, 1000)
    written = ALL_WRITERS[name](case)
    record = _read(written)
    assert record.amplitude == "relative"
    np.testing.assert_allclose(record.signal, case.truth, rtol=2e-7, atol=written.tolerance)


def test_the_matrix_is_as_large_as_it_is_said_to_be() -> None:
    assert len(MATRIX) >= 500
    assert {name for name, _ in MATRIX} == set(ALL_WRITERS)
