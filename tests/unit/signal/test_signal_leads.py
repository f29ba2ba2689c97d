import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import RecordError, SettingError
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import select_leads

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def made(leads: tuple[str, ...], amplitude: str = "mV") -> EcgRecord:
    signal = np.random.default_rng(7).normal(size=(len(leads), 50))
    return EcgRecord(signal, leads, 500, amplitude, SourceInfo("made", "test"))


def test_a_record_that_already_fits_is_returned_as_it_is():
    record = made(STANDARD_12)
    assert select_leads(record, STANDARD_12) is record


@given(order=st.permutations(STANDARD_12))
def test_every_order_gives_each_lead_its_own_samples(order):
    record = made(STANDARD_12)
    chosen = select_leads(record, order)
    assert chosen.leads == tuple(order)
    assert all(np.array_equal(chosen.lead(name), record.lead(name)) for name in STANDARD_12)


@given(stored=st.permutations(EIGHT))
def test_what_is_derived_does_not_depend_on_the_order_in_which_leads_are_stored(stored):
    record = made(EIGHT)
    shuffled = select_leads(record, stored)
    assert np.array_equal(select_leads(record, STANDARD_12).signal, select_leads(shuffled, STANDARD_12).signal)


def test_the_four_derived_leads_follow_einthoven_and_goldberger():
    record = made(EIGHT)
    twelve = select_leads(record, STANDARD_12)
    i, ii = record.lead("I"), record.lead("II")
    np.testing.assert_allclose(twelve.lead("III"), ii - i, atol=1e-6)
    np.testing.assert_allclose(twelve.lead("aVR"), -(i + ii) / 2, atol=1e-6)
    np.testing.assert_allclose(twelve.lead("aVL"), i - ii / 2, atol=1e-6)
    np.testing.assert_allclose(twelve.lead("aVF"), ii - i / 2, atol=1e-6)
    assert twelve.steps == ("leads III, aVR, aVL, aVF derived from I and II",)


def test_derived_leads_equal_the_recorded_ones_of_real_ecgs(shared_data):
    import wfdb

    stored = wfdb.rdrecord(str(shared_data / "ptbxl_raw" / "17583_hr"))
    record = EcgRecord(stored.p_signal.T, tuple(stored.sig_name), stored.fs, "mV", SourceInfo("17583_hr", "wfdb"))
    twelve = select_leads(select_leads(record, EIGHT), STANDARD_12)
    for name in ("III", "aVR", "aVL", "aVF"):
        # The file holds whole microvolts, each lead rounded by itself.
        np.testing.assert_allclose(twelve.lead(name), record.lead(name), atol=0.002)


def test_a_lead_that_is_there_is_not_replaced_by_a_derived_one():
    record = made((*EIGHT, "III"))
    assert np.array_equal(select_leads(record, STANDARD_12).lead("III"), record.lead("III"))


def test_a_missing_sample_of_lead_ii_is_missing_in_what_is_derived_from_it():
    record = made(EIGHT)
    signal = record.signal.copy()
    signal[1, 10] = np.nan
    twelve = select_leads(record.with_signal(signal, "hole"), STANDARD_12)
    assert np.isnan(twelve.lead("aVF")).nonzero()[0].tolist() == [10]
    assert not np.isnan(twelve.lead("V1")).any()


def test_a_missing_chest_lead_is_named():
    with pytest.raises(RecordError, match=r"lacks lead V4, V6.*cannot be derived.*has I, II, V1"):
        select_leads(made(("I", "II", "V1", "V2", "V3", "V5")), STANDARD_12)


def test_without_lead_ii_the_message_says_that_it_would_be_needed():
    with pytest.raises(RecordError, match="lead II would be needed"):
        select_leads(made(("I", "V1")), ("I", "III"))


def test_nothing_is_derived_in_a_record_of_relative_amplitude():
    with pytest.raises(RecordError, match="amplitude is relative"):
        select_leads(made(EIGHT, "relative"), STANDARD_12)


def test_leads_left_out_are_said():
    assert select_leads(made((*STANDARD_12, "Vx")), STANDARD_12).steps == ("leads Vx left out",)


@pytest.mark.parametrize("leads", [(), ("I", "i")])
def test_no_lead_or_one_lead_twice_cannot_be_asked_for(leads):
    with pytest.raises(SettingError):
        select_leads(made(STANDARD_12), leads)
