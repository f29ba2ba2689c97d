"""One global time from those of the leads, against the scorer's own grouping and by hand."""

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from einthoven.beats.merging import merge_leads
from einthoven.beats.types import FIDUCIALS

NAN = math.nan
AT = {name: place for place, name in enumerate(FIDUCIALS)}


def leads(*rows: dict[str, float]) -> np.ndarray:
    """One beat in several leads, `(leads, 1, 9)`."""
    times = np.full((len(rows), 1, len(FIDUCIALS)), NAN)
    for row, given in enumerate(rows):
        for name, moment in given.items():
            times[row, 0, AT[name]] = moment
    return times


def merged(*rows: dict[str, float]) -> dict[str, float]:
    found = merge_leads(leads(*rows))[0]
    return {name: round(float(found[place]), 6) for name, place in AT.items() if np.isfinite(found[place])}


def qrs(on: float, peak: float, off: float) -> dict[str, float]:
    return {"qrs_on": on, "qrs_peak": peak, "qrs_off": off}


def test_onset_is_the_earliest_offset_the_latest_and_peak_the_median_of_leads_that_agree() -> None:
    agreeing = [qrs(1.000 + k / 500, 1.05, 1.100 + k / 500) for k in range(4)]

    assert merged(*agreeing, qrs(0.8, 1.06, 1.4)) == qrs(1.000, 1.05, 1.106)


def test_what_lies_within_three_robust_deviations_agrees_however_far_that_is() -> None:
    spread = [qrs(1.0 + k * 0.02, 1.1, 1.2) for k in range(5)]  # median 1.04, deviations 0 .02 .02 .04 .04

    assert merged(*spread)["qrs_on"] == 1.0


def test_two_leads_of_three_are_no_wave_and_three_are() -> None:
    wave = {"p_on": 0.80, "p_peak": 0.84, "p_off": 0.88}
    other = qrs(1.0, 1.05, 1.1)

    assert merged(wave | other, wave | other, other) == other
    assert merged(wave | other, wave | other, wave | other) == wave | other


@pytest.mark.parametrize("n", [1, 2])
def test_where_fewer_than_three_leads_can_be_read_one_is_enough(n: int) -> None:
    wave = {"p_on": 0.80, "p_peak": 0.84, "p_off": 0.88}

    assert merged(wave | qrs(1.0, 1.05, 1.1), *[qrs(1.0, 1.05, 1.1)] * (n - 1), {}) == wave | qrs(1.0, 1.05, 1.1)


def test_the_largest_group_of_leads_decides_where_leads_show_different_waves() -> None:
    early, late = {"t_peak": 1.20, "t_off": 1.25}, {"t_peak": 1.45, "t_off": 1.50}

    assert merged(*[early] * 5, *[late] * 4) == early
    assert merged(*[early] * 4, *[late] * 5) == late


def test_a_boundary_without_a_peak_is_no_wave_and_has_no_part_in_one() -> None:
    wave = {"p_on": 0.80, "p_peak": 0.84}

    assert merged(wave, wave, wave, {"p_on": 0.79}) == wave
    assert merged(*[{"p_on": 0.79}] * 4) == {}


def test_a_missing_boundary_is_taken_from_the_leads_that_have_it() -> None:
    assert merged({"p_peak": 0.84}, {"p_peak": 0.84}, {"p_peak": 0.84, "p_on": 0.8}) == {"p_peak": 0.84, "p_on": 0.8}


def test_no_beats_and_no_leads_merge_to_nothing() -> None:
    assert merge_leads(np.empty((12, 0, 9))).shape == (0, 9)
    assert np.isnan(merge_leads(np.full((12, 3, 9), NAN))).all()
    assert np.isnan(merge_leads(np.empty((0, 3, 9)))).all()
    with pytest.raises(ValueError, match="shape"):
        merge_leads(np.empty((3, 9)))


def test_beats_are_merged_each_by_itself() -> None:
    first = leads(*[qrs(1.0 + k / 500, 1.05, 1.1) for k in range(5)])
    second = leads(*[qrs(2.0, 2.05, 2.1 + k / 500) for k in range(5)])

    both = merge_leads(np.concatenate([first, second], axis=1))

    np.testing.assert_array_equal(both, np.concatenate([merge_leads(first), merge_leads(second)]))


@pytest.fixture(scope="module")
def scorer(shared_data: Path) -> ModuleType:
    path = shared_data.parent / "tools" / "score_ludb.py"
    if not path.is_file():
        pytest.skip(f"no scorer at {path}")
    spec = importlib.util.spec_from_file_location("score_ludb", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("record", [1, 34, 67, 90])
def test_the_experts_of_ludb_merge_to_what_the_independent_scorer_makes_of_them(
    shared_data: Path, scorer: ModuleType, record: int
) -> None:
    by_lead = {lead: scorer.load_waves(shared_data / "ludb", record, lead) for lead in scorer.LEADS}
    firm, _ = scorer.merge_leads(by_lead)
    compared = 0
    for kind in scorer.KINDS:
        groups = scorer.group_over_leads(by_lead, kind)
        times = np.full((12, len(groups), 9), NAN)
        times[:, :, AT["t_on" if kind == "p" else "p_on"]] = 0.0  # every lead can be read
        for beat, group in enumerate(groups):
            for lead, wave in group.items():
                times[scorer.LEADS.index(lead), beat, [AT[f"{kind}_{part}"] for part in ("on", "peak", "off")]] = wave
        places = [AT[f"{kind}_{part}"] for part in ("on", "peak", "off")]
        found = [tuple(wave) for wave in merge_leads(times)[:, places] if np.isfinite(wave[1])]
        expected = [wave[1:] for wave in firm if wave[0] == kind]
        np.testing.assert_allclose(found, expected, atol=1e-9)
        compared += len(expected)
    assert compared > 10
