"""The z-score inside the graph, against the reference on records."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from einthoven.models.networks.standardising import StandardiseInput
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.z_score import z_score
from einthoven.spec import Step, ZScoreOver

torch.set_num_threads(1)
MILLIVOLT = st.floats(-5, 5, width=32) | st.just(float("nan"))


def _graph(signal: npt.NDArray[np.float32], over: ZScoreOver | None) -> npt.NDArray[np.float32]:
    step = Step("z_score", {"over": over}) if over else None
    answer: npt.NDArray[np.float32] = StandardiseInput(step)(torch.from_numpy(signal[None])).numpy()[0]
    return answer


def _reference(signal: npt.NDArray[np.float32], over: ZScoreOver) -> npt.NDArray[np.float32]:
    record = EcgRecord(signal, ("I", "II", "V1"), 100.0, "mV", SourceInfo("x", "test"))
    return np.nan_to_num(z_score(record, over=over).signal)


@pytest.mark.parametrize("over", ["lead", "record"])
@settings(max_examples=150, deadline=None)
@given(signal=arrays(np.float32, (3, 20), elements=MILLIVOLT))
def test_the_graph_computes_the_z_score_of_records(over: ZScoreOver, signal: npt.NDArray[np.float32]) -> None:
    axis = 1 if over == "lead" else None
    deviation = np.ma.filled(np.ma.masked_invalid(signal.astype(np.float64)).std(axis=axis), 0.0)
    near_the_limit = np.any((deviation > 1e-7) & (deviation < 1e-4))
    if not near_the_limit:  # where float32 and float64 may rightly disagree on what is flat
        np.testing.assert_allclose(_graph(signal, over), _reference(signal, over), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("over", ["lead", "record"])
def test_on_ecg_like_signals_it_agrees_closely(over: ZScoreOver) -> None:
    signal = np.random.default_rng(0).normal(0.2, 0.5, (3, 1000)).astype(np.float32)
    signal[1, 700:] = np.nan
    signal[2] = 0.25
    np.testing.assert_allclose(_graph(signal, over), _reference(signal, over), atol=1e-5)


def test_the_part_that_is_there_is_scored_as_if_it_were_alone() -> None:
    short = np.random.default_rng(0).normal(size=(3, 600)).astype(np.float32)
    long = np.full((3, 1000), np.nan, dtype=np.float32)
    long[:, :600] = short
    answer = _graph(long, "lead")
    np.testing.assert_allclose(answer[:, :600], _graph(short, "lead"), atol=1e-5)
    assert (answer[:, 600:] == 0).all()


@pytest.mark.parametrize("level", [0.0, 0.3, -5.0, 123.456, 32767.0])
def test_a_flat_lead_becomes_zero_at_any_level(level: float) -> None:
    signal = np.random.default_rng(0).normal(size=(3, 997)).astype(np.float32)
    signal[1] = level
    answer = _graph(signal, "lead")
    assert (answer[1] == 0).all() and answer[0].std() == pytest.approx(1, abs=1e-4)


def test_nothing_there_becomes_zero() -> None:
    assert (_graph(np.full((3, 50), np.nan, dtype=np.float32), "lead") == 0).all()


def test_without_a_z_score_only_absent_samples_change() -> None:
    signal = np.array([[1.0, np.nan, -2.5]], dtype=np.float32)
    assert _graph(signal, None).tolist() == [[1.0, 0.0, -2.5]]


@pytest.mark.parametrize("over", ["lead", "record"])
def test_lowest_and_highest_value_become_minus_one_and_one(over: ZScoreOver) -> None:
    signal = np.random.default_rng(0).normal(1.0, [[0.2], [3.0], [1.0]], (3, 100)).astype(np.float32)
    signal[1, 40:] = np.nan
    scaled = StandardiseInput(Step("min_max", {"over": over}))(torch.from_numpy(signal[None])).numpy()[0]
    there, axis = ~np.isnan(signal), 1 if over == "lead" else None
    lowest, highest = np.nanmin(signal, axis=axis, keepdims=True), np.nanmax(signal, axis=axis, keepdims=True)
    wanted = 2 * (signal - lowest) / (highest - lowest) - 1
    np.testing.assert_allclose(scaled[there], wanted[there], atol=1e-5)
    assert (scaled[~there] == 0).all()


def test_a_flat_or_absent_lead_becomes_zero_and_no_other_suffers() -> None:
    signal = np.random.default_rng(0).normal(size=(1, 3, 50)).astype(np.float32)
    signal[0, 0], signal[0, 1] = 0.7, np.nan
    scaled = StandardiseInput(Step("min_max", {"over": "lead"}))(torch.from_numpy(signal)).numpy()[0]
    assert (scaled[:2] == 0).all() and scaled[2].min() == -1 and scaled[2].max() == 1


def test_a_factor_is_applied_to_what_is_there() -> None:
    signal = np.array([[[0.5, np.nan, -2.0]]], np.float32)
    scaled = StandardiseInput(Step("multiply", {"factor": 1000.0}))(torch.from_numpy(signal)).numpy()
    np.testing.assert_array_equal(scaled, [[[500.0, 0.0, -2000.0]]])
