"""Known signals in every format and variant: rate x unit x order of leads x length x gap, sample by sample."""

import numpy as np
import pytest

from contracts.ecg_files import CASES, SHUFFLED, Case, Unwritable, Written
from contracts.every_format import ALL_WRITERS, RELATIVE_UNIT
from einthoven.formats import MemorySource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

GAPS = (
    Case(500.0, "mV", STANDARD_12, 2500, gap=1),
    Case(250.0, "uV", SHUFFLED, 1000, gap=400),
)


def _read(written: Written) -> EcgRecord:
    return next(read_all(MemorySource(written.name, written.files), written.hints))


def _written(name: str, case: Case) -> Written:
    try:
        return ALL_WRITERS[name](case)
    except Unwritable as reason:
        pytest.skip(f"{name} cannot hold this case: {reason}")


def _label(case: Case) -> str:
    gap = f"-gap{case.gap}" if case.gap else ""
    return f"{case.rate:g}Hz-{case.unit}-{case.leads[0]}..{len(case.leads)}x{case.n_samples}{gap}"


@pytest.mark.parametrize("case", [*CASES, *GAPS], ids=_label)
@pytest.mark.parametrize("name", sorted(ALL_WRITERS))
def test_a_known_signal_comes_back_sample_by_sample(name: str, case: Case) -> None:
    written = _written(name, case)
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
    known = 0
    for name in ALL_WRITERS:
        for case in (*CASES, *GAPS):
            try:
                ALL_WRITERS[name](case)
            except Unwritable:
                continue
            known += 1
    assert known >= 150
