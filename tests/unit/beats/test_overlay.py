"""Beats laid over each other."""

import numpy as np
import pytest

from drawn_beats import ONSETS, R_AT, TWELVE, beats_of, drawn
from einthoven.beats.overlay import overlay
from einthoven.beats.types import NoBeats
from einthoven.errors import RecordError


def test_all_beats_of_lead_ii_lie_over_each_other_at_r():
    record = drawn(TWELVE)
    view = overlay(record, beats_of(record))
    assert view.lead == "II"
    assert view.values.shape == (len(ONSETS), 200 + 300 + 1)
    assert view.r_index == 200
    assert view.values[:, view.r_index] == pytest.approx(np.ones(len(ONSETS)), abs=1e-5)
    assert np.ptp(view.values[:, view.r_index - 115 : view.r_index + 205], axis=0).max() < 1e-4  # P to T
    assert view.r_peaks == pytest.approx(ONSETS + R_AT, abs=1e-9)
    assert view.beats == tuple(range(len(ONSETS)))


def test_beats_start_from_the_same_level_and_the_recorded_one_can_be_had_back():
    record = drawn(TWELVE)
    wander = 0.5 * np.sin(2 * np.pi * 0.1 * np.arange(record.n_samples) / record.rate)
    signal = record.signal + wander.astype(np.float32)
    record = record.with_signal(signal, "wander")
    view = overlay(record, beats_of(record), "V5")
    assert np.ptp(view.values[:, view.r_index]) < 0.03  # of 1 mV
    first = round((ONSETS[4] + R_AT) * record.rate)
    assert view.values[4, view.r_index] + view.levels[4] == pytest.approx(signal[10, first], abs=1e-5)


def test_kinds_stay_with_their_beats():
    record = drawn(TWELVE)
    kinds = ["normal"] * len(ONSETS)
    kinds[2], kinds[7] = "ectopic", "paced"
    view = overlay(record, beats_of(record, kinds=kinds), "I", 0.2, 0.4)
    assert view.kinds == tuple(kinds)
    assert view.r_peaks == pytest.approx(ONSETS + R_AT, abs=1e-9)


def test_beats_at_the_border_have_nan_where_the_record_ends():
    record = drawn(TWELVE, [0.1], duration=0.5)
    view = overlay(record, beats_of(record, [0.1]))
    missing = np.isnan(view.values[0])
    assert missing[: 200 - 65].all()
    assert not missing[200 - 65 : 200 + 185].any()
    assert missing[200 + 185 :].all()


def test_a_lead_that_is_not_there_and_no_beats_are_refused():
    record = drawn({"V1": (0.1, 1, -1, 0.2)})
    with pytest.raises(RecordError, match="no lead II"):
        overlay(record, beats_of(record))
    assert overlay(record, beats_of(record), "V1").lead == "V1"
    with pytest.raises(RecordError, match="every lead is flat"):
        overlay(record, NoBeats("flat", "every lead is flat"), "V1")
