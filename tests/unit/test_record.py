"""`EcgRecord` is checked at birth: what it holds is what it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from einthoven.errors import RecordError
from einthoven.record import EcgRecord, SourceInfo

SIGNALS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.floats(width=32, allow_infinity=True)
)


def record(signal: np.ndarray) -> EcgRecord:
    leads = ("I", "II", "III")[: len(signal)]
    return EcgRecord(signal, leads, 500.0, "mV", SourceInfo("a", "npy"))


@settings(deadline=None)
@given(SIGNALS)
def test_a_record_knows_its_gaps_and_refuses_infinite_values(signal: np.ndarray) -> None:
    if np.isinf(signal).any():
        with pytest.raises(RecordError, match="infinite"):
            record(signal)
    else:
        assert record(signal).has_gaps == bool(np.isnan(signal).any())


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_a_value_too_large_for_float32_is_refused_and_not_made_infinite() -> None:
    with pytest.raises(RecordError, match="infinite"):
        record(np.array([[0.0, 1e39, 0.0]]))


@pytest.mark.parametrize("largest", [1e19, 3e38])
def test_large_finite_values_are_no_gaps(largest: float) -> None:
    assert not record(np.array([[0.0, largest, -largest]], dtype=np.float32)).has_gaps
