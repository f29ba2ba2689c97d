"""Electrodes interchanged on simulated hearts and on real records that took no part in fitting the weights."""

from functools import cache

import numpy as np
import pytest

from einthoven.formats import PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import lead_swaps
from einthoven.signal.average_beat import average_beat
from einthoven.signal.lead_swaps import CHEST_SWAPS, LIMB_SWAPS, check_swaps
from einthoven.signal.steady import steady_signal
from einthoven.simulate import simulate

NEEDED = ("I", "II", *lead_swaps.CHEST)


def made(rows: dict[str, np.ndarray], rate: float = 500.0, amplitude: str = "mV") -> EcgRecord:
    return EcgRecord(np.stack(list(rows.values())), tuple(rows), rate, amplitude, SourceInfo("made", "test"))


def interchanged(record: EcgRecord, one: str, other: str) -> EcgRecord:
    """Two electrodes of the nine interchanged; every lead recomputed from their potentials, RL that of LL."""
    first, second = record.lead("I").astype(float), record.lead("II").astype(float)
    at = {"RA": -(first + second) / 3, "LA": (2 * first - second) / 3, "LL": (2 * second - first) / 3}
    at["RL"] = at["LL"] + 0.02 * first
    at |= {name: record.lead(name).astype(float) for name in lead_swaps.CHEST}
    at[one], at[other] = at[other], at[one]
    right, left, foot = at["RA"], at["LA"], at["LL"]
    middle = (right + left + foot) / 3
    rows = {"I": left - right, "II": foot - right, "III": foot - left}
    rows |= {"aVR": 1.5 * (right - middle), "aVL": 1.5 * (left - middle), "aVF": 1.5 * (foot - middle)}
    rows |= {name: at[name] - middle for name in lead_swaps.CHEST}
    return made(rows, record.rate, record.amplitude)


def evidence(record: EcgRecord) -> dict[str, float]:
    beat = average_beat(steady_signal(record), NEEDED)
    limb = lead_swaps.limb_beat(beat, relative=False)
    by_limb, by_chest = lead_swaps.evidence(limb, beat.values[2:])
    return by_limb | by_chest


@cache
def heart(seed: int = 2) -> EcgRecord:
    return simulate("NORM", np.random.default_rng(seed))


def test_each_mistake_moves_the_leads_as_the_electrodes_do():
    """Undoing a swap by the table of places and signs gives back what the potentials were before it."""
    record = heart()
    for name, (places, signs) in LIMB_SWAPS.items():
        swapped = interchanged(record, *name.split("/"))
        for target, place, sign in zip(lead_swaps.LIMB, places, signs, strict=True):
            undone = sign * swapped.lead(lead_swaps.LIMB[place])
            np.testing.assert_allclose(undone, record.lead(target), atol=1e-5)


@pytest.mark.parametrize("name", [*LIMB_SWAPS, "V1/V2", "V2/V3", "V3/V4", "V4/V5", "V5/V6", "V1/V3", "V4/V6"])
def test_what_speaks_for_a_mistake_speaks_as_much_against_undoing_it(name):
    record = heart()
    # Not exactly: the median beat of a difference of leads is not the difference of their median beats.
    expected = pytest.approx(-evidence(record)[name], rel=0.05)
    assert evidence(interchanged(record, *name.split("/")))[name] == expected


@pytest.mark.parametrize("name", ["LA/RA", "RA/LL"])
def test_arm_reversals_of_simulated_hearts_are_told_and_the_hearts_are_not(name):
    told = []
    for seed in range(10):
        assert not any("arm" in swap.text for swap in check_swaps(heart(seed)).swaps)
        (first, *_) = (*check_swaps(interchanged(heart(seed), *name.split("/"))).swaps, None)
        told.append(first is not None and first.swap == name)
    assert np.mean(told) >= 0.9


@pytest.mark.parametrize(("arm", "flat"), [("RA", "II"), ("LA", "III")])
def test_an_arm_electrode_on_the_right_leg_is_told_by_its_flat_lead(arm, flat):
    (swap,) = check_swaps(interchanged(heart(), arm, "RL")).swaps
    assert (swap.swap, swap.probability) == (f"{arm}/RL", None)
    assert swap.text.startswith(f"lead {flat} is almost flat")


def test_the_scale_of_leads_is_not_needed():
    """Relative amplitude: each lead with a scale of its own, as after a z-score."""
    record = interchanged(heart(), "LA", "RA")
    scales = np.random.default_rng(1).uniform(0.2, 20, (12, 1))
    relative = EcgRecord(record.signal * scales, STANDARD_12, 500, "relative", record.source)
    (here,), (there,) = check_swaps(record).swaps, check_swaps(relative).swaps
    assert here.swap == there.swap == "LA/RA"
    assert here.probability == pytest.approx(there.probability, abs=0.01)


def test_relative_leads_of_which_no_scale_adds_up_are_not_judged():
    rows = {name: heart().lead(name).copy() for name in STANDARD_12}
    rows["III"] = np.roll(rows["III"], 100)
    assert "at no scale" in check_swaps(made(rows, amplitude="relative")).cannot_tell


def test_the_answer_does_not_hang_on_the_rate():
    swapped = {
        rate: interchanged(simulate("NORM", np.random.default_rng(2), rate=rate), "LA", "RA")
        for rate in (100, 250, 500, 1000)
    }
    told = {rate: [swap.swap for swap in check_swaps(record).swaps] for rate, record in swapped.items()}
    assert all(names == ["LA/RA"] for names in told.values()), told


def test_what_cannot_be_told_is_said_with_the_reason():
    record = heart()
    rows = {name: record.lead(name) for name in STANDARD_12}
    said = {
        "lead V3 is not there": made({name: row for name, row in rows.items() if name != "V3"}),
        "lead V6 is flat": made(rows | {"V6": np.zeros(record.n_samples)}),
        "too short": made({name: row[:1000] for name, row in rows.items()}),
        "too few": made(rows, rate=50),
        "samples are missing": made(rows | {"V2": np.where(np.arange(5000) < 2000, np.nan, rows["V2"])}),
        "QRS": made({name: np.sin(np.arange(2100) / 1e4 + row[:2100] * 1e-9) for name, row in rows.items()}),
    }
    for words, odd in said.items():
        check = check_swaps(odd)
        assert check.swaps == ()
        assert check.cannot_tell.startswith("interchanged electrodes cannot be told, because ")
        assert words in check.cannot_tell


def test_probabilities_start_from_how_frequent_a_mistake_is():
    nothing = dict.fromkeys(LIMB_SWAPS, 0.0)
    assert lead_swaps.probability(nothing) == pytest.approx({"LA/RA": 0.01, "LA/LL": 0.003, "RA/LL": 0.003})
    assert lead_swaps.probability(nothing | {"LA/RA": np.log(98.4)})["LA/RA"] == pytest.approx(0.5, abs=0.01)
    assert sum(lead_swaps.probability(dict.fromkeys(CHEST_SWAPS, 500.0)).values()) == pytest.approx(1)


def test_a_surer_answer_is_worded_so():
    record = interchanged(heart(), "LA", "RA")
    (swap,) = check_swaps(record).swaps
    sure = min(round(swap.probability * 100), 99)
    assert swap.text == f"left and right arm electrode (or dextrocardia) probably interchanged ({sure} % sure)"


def held_out(shared_data) -> list[EcgRecord]:
    """LUDB (counts are microvolts, whatever its headers say) and PTB-XL at 500 Hz: not used in fitting."""
    found = []
    for path in sorted((shared_data / "ludb" / "data").glob("*.hea"))[::2]:
        (record,) = read_all(PathSource(path, shared_data))
        found.append(record.with_signal(record.signal * np.array(record.source.gain)[:, None] / 1000, "gain corrected"))
    for path in sorted((shared_data / "ptbxl_raw").glob("*_hr.hea")):
        found += read_all(PathSource(path, shared_data))
    return found


def test_on_real_records_of_others_arm_reversal_reaches_95_percent_at_98_percent_specificity(shared_data):
    records = held_out(shared_data)
    assert len(records) > 100
    told = [{swap.swap for swap in check_swaps(interchanged(record, "LA", "RA")).swaps} for record in records]
    alarms = [{swap.swap for swap in check_swaps(record).swaps} for record in records]
    assert np.mean(["LA/RA" in swaps for swaps in told]) >= 0.95
    assert np.mean(["LA/RA" in swaps for swaps in alarms]) <= 0.02
    assert np.mean([bool(swaps) for swaps in alarms]) <= 0.05
