"""A wave that is cut off by the edge of a record has no limits there, and waves of one beat do not overlap."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from einthoven import simulate
from einthoven.beats.delineators import DELINEATORS
from einthoven.beats.edges import apart, without_cut_waves
from einthoven.beats.finding import find_beats
from einthoven.beats.types import Beats, Floats
from einthoven.examine import examine
from einthoven.formats import PathSource, read_all
from einthoven.labels.layouts import LAYOUTS
from einthoven.record import EcgRecord

BEAT = [0.10, 0.15, 0.20, 0.26, 0.30, 0.35, 0.45, 0.55, 0.65]


def signal(seconds: float, leads: int = 2) -> npt.NDArray[np.float32]:
    return np.zeros((leads, round(seconds * 100)), dtype=np.float32)


def beat(*, leads: int = 2) -> Floats:
    return np.tile(np.array(BEAT), (1 + leads, 1, 1))


def missing(times: Floats, channel: int = 0) -> str:
    """`P QRS T` as far as they are gone altogether."""
    gone = np.isnan(times[channel, 0].reshape(3, 3))
    assert (gone.all(axis=1) == gone.any(axis=1)).all()
    return " ".join(wave for wave, all_of_it in zip(("P", "QRS", "T"), gone.all(axis=1), strict=True) if all_of_it)


@pytest.mark.parametrize(
    ("shift", "seconds", "gone"),
    [
        (0.0, 1.0, ""),
        (0.0, 0.76, ""),
        (0.0, 0.74, "T"),
        (0.0, 0.40, "QRS T"),
        (-0.03, 1.0, ""),
        (-0.05, 1.0, "P"),
        (-0.22, 1.0, "P QRS"),
    ],
)
def test_waves_that_touch_the_edge_of_the_record_are_left_out_in_all_leads(
    shift: float, seconds: float, gone: str
) -> None:
    found = without_cut_waves(beat() + shift, signal(seconds), 100.0)
    assert [missing(found, channel) for channel in range(3)] == [gone] * 3


def test_a_lead_whose_own_wave_touches_the_edge_loses_it_alone() -> None:
    times = beat()
    times[2, 0, 8] = 0.72
    found = without_cut_waves(times, signal(0.80), 100.0)
    assert [missing(found, channel) for channel in range(3)] == ["", "", "T"]


def test_a_gap_is_an_edge_of_its_leads_and_of_all_where_all_have_it() -> None:
    ecg = signal(1.0)
    ecg[0, 70:80] = np.nan
    found = without_cut_waves(beat(), ecg, 100.0)
    assert [missing(found, channel) for channel in range(3)] == ["", "T", ""]
    ecg[1, 70:80] = np.nan
    found = without_cut_waves(beat(), ecg, 100.0)
    assert [missing(found, channel) for channel in range(3)] == ["T"] * 3


def test_some_missing_samples_are_no_gap() -> None:
    ecg = signal(1.0)
    ecg[:, 50:53] = np.nan
    assert missing(without_cut_waves(beat(), ecg, 100.0)) == ""


def test_small_overlaps_end_at_qrs_and_large_ones_have_no_limit() -> None:
    small, large = np.array(BEAT), np.array(BEAT)
    small[[2, 6]] = 0.273, 0.347
    large[[2, 6]] = 0.285, 0.325
    assert apart(small)[[2, 6]].tolist() == [0.26, 0.35]
    assert np.isnan(apart(large)).nonzero()[0].tolist() == [2, 6]
    assert apart(np.array(BEAT)).tolist() == BEAT


def test_a_wave_whose_peak_lies_in_qrs_is_none() -> None:
    p, t = np.array(BEAT), np.array(BEAT)
    p[[1, 2]] = 0.27, 0.28
    t[[6, 7]] = 0.31, 0.34
    assert np.isnan(apart(p)).nonzero()[0].tolist() == [0, 1, 2]
    assert np.isnan(apart(t)).nonzero()[0].tolist() == [6, 7, 8]


def test_limits_that_are_not_there_put_no_others_in_doubt() -> None:
    lone = np.array(BEAT)
    lone[3:6] = np.nan
    np.testing.assert_array_equal(apart(lone), lone)


def cut(record: EcgRecord, start: float, stop: float) -> EcgRecord:
    a, z = round(start * record.rate), round(stop * record.rate)
    return record.with_signal(np.ascontiguousarray(record.signal[:, a:z]), "cut")


def beats_of(record: EcgRecord, method: str = "einthoven") -> Beats:
    found = find_beats(record, method=method)
    assert isinstance(found, Beats), found
    return found


@pytest.mark.parametrize("method", ["einthoven", "neurokit-dwt"])
@pytest.mark.parametrize("after", [0.1, 0.2, 0.25, 0.3])
def test_a_simulated_record_that_ends_in_t_has_no_end_of_it(after: float, method: str) -> None:
    if method not in DELINEATORS.names():
        pytest.skip(f"{method} is not installed")
    whole = simulate.simulate("NORM", np.random.default_rng(3))
    r = beats_of(whole).r_peaks
    short = beats_of(cut(whole, 0, float(r[-2]) + after), method)
    last = int(np.abs(short.r_peaks - r[-2]).argmin())
    assert np.isnan(short.times[:, last, 8]).all()
    assert np.isfinite(short.times[0, last - 1, 8])


@pytest.fixture(scope="module")
def ludb(shared_data: Path) -> dict[int, EcgRecord]:
    folder = shared_data / "ludb"
    found = {}
    for item in LAYOUTS.get("ludb").read(folder, None).records:
        number = int(Path(item.file_name).stem)
        if number in (35, 41, 81, 102):
            (stored,) = read_all(
                PathSource(folder / item.file_name, folder), LAYOUTS.get("ludb").read(folder, None).hints
            )
            assert item.correction is not None
            found[number] = examine(item.correction.apply(stored))
    return found


def test_ludb_102_ends_in_its_last_t(ludb: dict[int, EcgRecord]) -> None:
    found = beats_of(ludb[102])
    qt = found.of("t_off") - found.of("qrs_on")
    assert found.r_peaks[-1] > 9.7
    assert np.isnan(qt[-1])
    assert np.nanmin(qt) > 0.42


@pytest.mark.parametrize("after", [0.15, 0.2, 0.25, 0.3, 0.35, 0.4])
def test_cuts_of_ludb_102_have_no_short_qt(ludb: dict[int, EcgRecord], after: float) -> None:
    r = beats_of(ludb[102]).r_peaks
    found = beats_of(cut(ludb[102], float(r[2]) - 0.35, float(r[4]) + after))
    qt = found.of("t_off") - found.of("qrs_on")
    assert np.isfinite(qt).any()
    assert np.nanmin(qt) > 0.42


@pytest.mark.parametrize("number", [35, 41, 81])
def test_waves_of_ludb_follow_each_other(ludb: dict[int, EcgRecord], number: int) -> None:
    times = beats_of(ludb[number]).times
    p_to_qrs, qrs_to_t = times[..., 3] - times[..., 2], times[..., 6] - times[..., 5]
    assert np.isfinite(qrs_to_t).any()
    assert not (p_to_qrs < 0).any()
    assert not (qrs_to_t < 0).any()


def test_a_cut_around_one_whole_beat_keeps_it() -> None:
    whole = simulate.simulate("NORM", np.random.default_rng(3))
    r = float(beats_of(whole).r_peaks[4])
    found = beats_of(cut(whole, r - 0.45, r + 0.7))
    whole_one = int(np.abs(found.r_peaks - 0.45).argmin())
    assert np.isfinite(found.times[0, whole_one]).all()
