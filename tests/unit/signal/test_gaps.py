import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import RecordError, SettingError
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import fill_gaps
from einthoven.signal.gaps import find_gaps


def made(signal, rate: float = 100) -> EcgRecord:
    leads = ("I", "II", "V1")[: len(signal)]
    return EcgRecord(np.asarray(signal, dtype=float), leads, rate, "mV", SourceInfo("made", "test"))


def test_a_record_without_gaps_is_returned_as_it_is():
    record = made(np.ones((2, 40)))
    assert fill_gaps(record, longest=0.2) is record


def test_a_gap_in_a_straight_line_is_bridged_exactly_and_reported():
    line = np.linspace(-1, 1, 101)
    holed = line.copy()
    holed[20:30] = np.nan
    filled = fill_gaps(made([line, holed]), longest=0.1)
    np.testing.assert_allclose(filled.lead("II"), line, atol=1e-6)
    assert filled.steps == ("gaps filled by interpolation: II 0.200-0.300 s",)


def test_gaps_at_the_ends_hold_the_nearest_value():
    row = np.r_[[np.nan] * 3, np.arange(10.0), [np.nan] * 4]
    filled = fill_gaps(made([row]), longest=0.05).lead("I")
    assert filled.tolist() == [0, 0, 0, *range(10), 9, 9, 9, 9]


@pytest.mark.parametrize("where", [slice(0, 21), slice(40, 61), slice(79, 100)])
def test_a_gap_longer_than_stated_refuses_the_record_and_says_where(where):
    signal = np.ones((3, 100))
    signal[2, where] = np.nan
    with pytest.raises(RecordError, match=f"longer than 0.2 s: V1 {where.start / 100:.3f}-{where.stop / 100:.3f} s"):
        fill_gaps(made(signal), longest=0.2)


@pytest.mark.parametrize("rate", [100, 128, 250, 360, 400, 500, 1000])
def test_a_gap_of_exactly_the_stated_length_is_still_filled(rate):
    signal = np.ones((1, 2 * rate))
    signal[0, rate : rate + round(0.2 * rate - 0.49)] = np.nan
    assert not np.isnan(fill_gaps(made(signal, rate), longest=0.2).signal).any()


def test_a_lead_without_any_sample_is_named():
    signal = np.ones((3, 10))
    signal[1] = np.nan
    with pytest.raises(RecordError, match="Lead II holds no sample"):
        fill_gaps(made(signal), longest=100)


def test_a_negative_length_is_refused():
    with pytest.raises(SettingError):
        fill_gaps(made(np.ones((1, 10))), longest=-1)


def test_many_gaps_are_counted_rather_than_listed():
    row = np.ones(100)
    row[5::10] = np.nan
    assert fill_gaps(made([row]), longest=0.2).steps[0].endswith("and 4 more")


@given(missing=st.lists(st.booleans(), min_size=30, max_size=30), seed=st.integers(0, 99))
def test_samples_that_are_there_never_change_and_gaps_stay_between_their_neighbours(missing, seed):
    row = np.random.default_rng(seed).normal(size=30).astype(np.float32)
    holed = np.where(missing, np.nan, row)
    record = made([holed, row])
    if all(missing):
        with pytest.raises(RecordError):
            fill_gaps(record, longest=1)
        return
    filled = fill_gaps(record, longest=1)
    present = ~np.array(missing)
    assert np.array_equal(filled.lead("I")[present], row[present])
    assert np.array_equal(filled.lead("II"), row)
    assert filled.lead("I").min() >= row[present].min() and filled.lead("I").max() <= row[present].max()
    assert sum(gap.stop - gap.start for gap in find_gaps(record)) == sum(missing)
