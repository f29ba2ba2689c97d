"""Leads with a mistake put into them, on voltages that are known, and on real records that fit together."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from einthoven.formats import PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.lead_checks import check_leads, complete_limb_leads

LIMB = STANDARD_12[:6]
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
RATE = 500.0


def twelve(seed: int = 3, *, seconds: float = 10, rate: float = RATE) -> np.ndarray:
    """Twelve leads of pulses in eight independent voltages, in whole microvolts; limb leads by their definitions."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    shapes = [sum(np.exp(-(((time - at) / width) ** 2)) for at in np.arange(0.4, seconds, 0.8))
              for width in (0.012, 0.02, 0.03, 0.05)]  # fmt: skip
    one, two, *chest = rng.normal(0, 0.6, (8, 4)) @ np.stack(shapes)
    right, left, foot = -(one + two) / 3, (2 * one - two) / 3, (2 * two - one) / 3
    limb = (left - right, foot - right, foot - left, 1.5 * right, 1.5 * left, 1.5 * foot)
    return np.round(np.stack((*limb, *chest)), 3)


def made(signal: np.ndarray, leads: tuple[str, ...] = STANDARD_12, **changes) -> EcgRecord:
    rate = changes.pop("rate", RATE)
    amplitude = changes.pop("amplitude", "mV")
    return EcgRecord(signal, leads, rate, amplitude, SourceInfo("made", "test", **changes))


def test_leads_that_fit_together_are_passed_although_they_are_rounded_and_wander():
    signal = twelve()
    drift = np.sin(np.arange(signal.shape[1]) / RATE)
    signal[:6] += np.array([1, 2, 1, -1.5, 0, 1.5])[:, None] * drift
    check = check_leads(made(signal))
    assert check.findings == ()
    assert check.cannot_tell is None


@pytest.mark.parametrize("lead", LIMB)
@pytest.mark.parametrize("factor", [2, 0.5, 10, 0.1, 1.2, -2])
def test_a_lead_of_wrong_gain_is_named_with_the_factor(lead, factor):
    signal = twelve()
    signal[LIMB.index(lead)] *= factor
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, finding.leads) == ("gain", (lead,))
    assert finding.factor == pytest.approx(factor, rel=0.01)


@pytest.mark.parametrize("lead", LIMB)
def test_a_lead_of_wrong_sign_is_named(lead):
    signal = twelve()
    signal[LIMB.index(lead)] *= -1
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, finding.leads, finding.text) == ("sign", (lead,), f"lead {lead} seems inverted")


@pytest.mark.parametrize("pair", list(itertools.combinations(LIMB, 2)))
def test_two_interchanged_names_are_told(pair):
    signal = twelve()
    rows = [LIMB.index(name) for name in pair]
    signal[rows] = signal[rows[::-1]]
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, set(finding.leads)) == ("order", set(pair))


def test_cabreras_order_read_as_the_usual_one_is_told():
    signal = twelve()
    cabrera = signal.copy()
    cabrera[:6] = signal[4], signal[0], -signal[3], signal[1], signal[5], signal[2]
    (finding,) = check_leads(made(cabrera)).findings
    assert finding.kind == "order"
    for said in ("I is aVL", "II is I", "III is -aVR", "aVR is II", "aVL is aVF", "aVF is III"):
        assert said in finding.text


@pytest.mark.parametrize(("copy", "of"), list(itertools.permutations(LIMB, 2)))
def test_a_lead_that_was_stored_twice_is_told(copy, of):
    signal = twelve()
    signal[LIMB.index(copy)] = signal[LIMB.index(of)]
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, finding.leads) == ("twice", (copy, of))


def test_chest_leads_that_are_one_but_for_a_factor_are_told():
    signal = twelve()
    signal[9] = 0.5 * signal[8]
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, finding.leads) == ("twice", ("V3", "V4"))


def test_a_lead_from_another_moment_is_named():
    signal = twelve()
    signal[4] = np.roll(signal[4], 170)
    (finding,) = check_leads(made(signal)).findings
    assert (finding.kind, finding.leads) == ("law", ("aVL",))


def test_leads_recorded_one_after_another_are_not_blamed_on_one_of_them():
    signal = twelve()
    for row in range(6):
        signal[row] = np.roll(signal[row], 67 * row)
    (finding,) = check_leads(made(signal)).findings
    assert finding.kind == "law"
    assert finding.text.startswith("I + III = II does not hold")
    assert "not recorded at the same time" in finding.text


def test_with_three_leads_the_one_of_wrong_gain_is_still_named_and_a_wrong_sign_has_two_explanations():
    signal = twelve()[:3]
    wrong = signal.copy()
    wrong[2] *= 2
    (finding,) = check_leads(made(wrong, LIMB[:3])).findings
    assert (finding.kind, finding.leads) == ("gain", ("III",))
    wrong = signal.copy()
    wrong[2] *= -1
    check = check_leads(made(wrong, LIMB[:3]))
    assert {finding.kind for finding in check.findings} == {"sign", "order"}
    assert check.doubts == ("lead III seems inverted, or leads I and II seem interchanged",)


def test_what_cannot_be_checked_is_said_with_the_reason():
    signal = twelve()
    said = {
        "relative": check_leads(made(signal, amplitude="relative")),
        "stored is I, II": check_leads(made(signal[[0, 1, *range(6, 12)]], EIGHT)),
        "too short": check_leads(made(signal[:, :900])),
        "too few": check_leads(made(signal[:, ::10], rate=50)),
    }
    for words, check in said.items():
        assert words in check.cannot_tell
        assert check.findings == ()
    apart = signal.copy()
    for row in range(6):
        apart[row, : row // 3 * 2500] = np.nan
        apart[row, row // 3 * 2500 + 2500 :] = np.nan
    assert "not simultaneous" in check_leads(made(apart)).cannot_tell


def test_derived_leads_are_no_evidence_for_themselves():
    record = complete_limb_leads(made(twelve()[[0, 1, *range(6, 12)]], EIGHT))
    assert "stored is I, II" in check_leads(record).cannot_tell


def test_lacking_limb_leads_are_computed_and_named():
    signal = twelve()
    record = complete_limb_leads(made(signal[[0, 1, *range(6, 12)]], EIGHT))
    assert record.leads == STANDARD_12
    assert record.source.derived == ("III", "aVR", "aVL", "aVF")
    np.testing.assert_allclose(record.signal, signal, atol=0.0016)  # rounded to 0.001 mV once, not twice


def test_stored_leads_stay_as_they_are_and_others_follow_the_twelve():
    signal = twelve()
    stored = made(signal[[6, 1, 0, 2]], ("X", "II", "I", "III"))
    record = complete_limb_leads(stored)
    assert record.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "X")
    assert record.source.derived == ("aVR", "aVL", "aVF")
    assert all(np.array_equal(record.lead(name), stored.lead(name)) for name in stored.leads)


def test_missing_samples_of_i_or_ii_are_missing_in_what_is_derived():
    signal = twelve()[:2]
    signal[1, 100:200] = np.nan
    record = complete_limb_leads(made(signal, ("I", "II")))
    assert np.isnan(record.lead("aVF")[100:200]).all()
    assert np.isnan(record.lead("aVF")).sum() == 100


@pytest.mark.parametrize(
    "record",
    [made(twelve()), made(twelve()[:1], ("I",)), made(twelve()[[0, 1]], ("I", "II"), amplitude="relative"),
     made(twelve()[[0, 1]], ("MLI", "MLII"))],
    ids=["complete", "no II", "relative", "Mason-Likar"],
)  # fmt: skip
def test_nothing_is_derived_where_nothing_lacks_or_nothing_follows(record):
    assert complete_limb_leads(record) is record


def test_real_records_fit_together_until_a_gain_is_made_wrong(shared_data):
    """PTB-XL: all of 54 stored at 500 Hz; LUDB counts are right, the gains of its headers are not (data README)."""
    paths = sorted((shared_data / "ptbxl_raw").glob("*_hr.hea"))
    assert paths
    for path in paths:
        (record,) = read_all(PathSource(path, shared_data))
        assert check_leads(record).findings == ()
        doubled = record.signal.copy()
        doubled[record.leads.index("aVL")] *= 2
        told = check_leads(replace(record, signal=doubled)).findings
        assert [(finding.leads, round(finding.factor, 1)) for finding in told] == [(("aVL",), 2.0)]


def test_ludbs_wrong_gains_are_noticed(shared_data):
    paths = sorted((shared_data / "ludb" / "data").glob("*.hea"))[:40]
    told = [bool(check_leads(next(read_all(PathSource(path, shared_data)))).findings) for path in paths]
    assert np.mean(told) > 0.9
