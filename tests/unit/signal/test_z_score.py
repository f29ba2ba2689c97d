import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import SettingError
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import z_score


def made(signal) -> EcgRecord:
    signal = np.asarray(signal, dtype=float)
    return EcgRecord(signal, ("I", "II", "V1")[: len(signal)], 100, "mV", SourceInfo("made", "test"))


def test_per_lead_each_lead_gets_mean_0_and_deviation_1():
    scored = z_score(made(np.random.default_rng(0).normal([[1.0], [50]], [[0.1], [9]], (2, 4000))), over="lead")
    np.testing.assert_allclose(scored.signal.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(scored.signal.std(axis=1), 1, atol=1e-6)
    assert scored.amplitude == "relative"
    assert scored.steps == ("z-score per lead",)


def test_per_record_the_proportions_between_leads_stay():
    scored = z_score(made([[0, 2, 0, 2], [0, 6, 0, 6]]), over="record").signal
    assert scored[1, 1] - scored[1, 0] == pytest.approx(3 * (scored[0, 1] - scored[0, 0]))
    assert (scored.mean(), scored.std()) == (pytest.approx(0, abs=1e-6), pytest.approx(1))


def test_the_deviation_is_that_of_the_population():
    np.testing.assert_allclose(z_score(made([[0, 1]]), over="lead").signal, [[-1, 1]])


def test_missing_samples_count_neither_in_mean_nor_deviation_and_stay_missing():
    row = np.random.default_rng(1).normal(3, 2, 100)
    alone = z_score(made([row]), over="lead").signal[0]
    expanded = z_score(made([np.r_[row, [np.nan] * 400]]), over="lead").signal[0]
    np.testing.assert_allclose(expanded[:100], alone, atol=1e-6)
    assert np.isnan(expanded[100:]).all()


@pytest.mark.parametrize("over", ["lead", "record"])
@pytest.mark.parametrize("level", [0.0, 5.0, -3.3])
def test_what_is_flat_becomes_0(over, level):
    scored = z_score(made(np.full((2, 50), level)), over=over).signal
    assert (scored == 0).all()


def test_a_flat_lead_does_not_touch_the_others():
    row = np.random.default_rng(2).normal(size=50)
    scored = z_score(made([row, np.ones(50)]), over="lead").signal
    assert (scored[1] == 0).all()
    assert scored[0].std() == pytest.approx(1, abs=1e-6)


def test_a_lead_without_samples_stays_missing_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scored = z_score(made([[np.nan] * 5, [1, 2, 3, 4, 5]]), over="lead").signal
    assert np.isnan(scored[0]).all()


@given(scale=st.floats(0.01, 1000), offset=st.floats(-100, 100), seed=st.integers(0, 50))
def test_unit_and_offset_of_a_lead_do_not_matter(scale, offset, seed):
    row = np.random.default_rng(seed).normal(size=200)
    one, other = (z_score(made([x]), over="lead").signal for x in (row, scale * row + offset))
    # float32 holds 100 + 0.01 x only to 1e-5.
    np.testing.assert_allclose(one, other, atol=2e-2 if scale < 0.1 else 2e-3)


def test_an_unknown_scope_is_refused():
    with pytest.raises(SettingError, match="lead or record"):
        z_score(made([[1, 2]]), over="dataset")
