"""Rlign behind our interface: what it does, and what it may not do."""

import importlib.util
import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from drawn_beats import ONSETS, TWELVE, beats_of, drawn
from einthoven.beats.alignment import rlign_median_beat, time_aligned
from einthoven.beats.measuring import measure
from einthoven.beats.types import NoBeats
from einthoven.errors import MissingDependency, RecordError, SettingError
from einthoven.leads import STANDARD_12
from einthoven.record import Annotation, EcgRecord
from einthoven.signal.average_beat import average_beat
from einthoven.signal.steady import steady_signal
from einthoven.simulate import simulate
from einthoven.steps import is_time_aligned

pytestmark = pytest.mark.filterwarnings("ignore")
needs_rlign = pytest.mark.skipif(importlib.util.find_spec("rlign") is None, reason="rlign is not installed")


def normal(rate: float = 500, duration: float = 10, seed: int = 0, **changes) -> EcgRecord:
    return simulate("NORM", np.random.default_rng(seed), rate=rate, duration=duration, **changes)


def known(rate: float = 500.0, onsets: np.ndarray = ONSETS, duration: float = 10.0):
    record = drawn(TWELVE, onsets, rate=rate, duration=duration, noise=0.01)
    return record, beats_of(record, onsets)


@needs_rlign
@pytest.mark.parametrize("scaling", ["hrc", "linear"])
@pytest.mark.parametrize("template", [50, 60, 80])
def test_r_peaks_come_to_the_places_of_the_template(template, scaling):
    record, beats = known()
    aligned = time_aligned(record, beats, template=template, scaling=scaling)
    interval = 500 * 60 / template
    # The signal begins 5 samples before R (hrc), or at R (linear); lead V4 has its R wave of 1.4 mV there.
    first = 5 if scaling == "hrc" else 0
    for beat in range(int((aligned.n_samples - first) // interval)):
        at = round(first + beat * interval)
        window = aligned.lead("V4")[max(at - 60, 0) : at + 60]
        assert abs(int(window.argmax()) - min(at, 60)) <= 2
    assert not np.isnan(aligned.signal).any()
    assert is_time_aligned(aligned)
    assert f"{template} beats a minute" in aligned.steps[-1]


@needs_rlign
@pytest.mark.parametrize("scaling", ["hrc", "linear"])
@pytest.mark.parametrize("aggregate", ["none", "median"])
def test_with_its_own_peaks_the_result_is_that_of_the_package(scaling, aggregate):
    from rlign import Rlign

    record = normal()
    published = Rlign(num_workers=1, scale_method=scaling, agg_beat=aggregate, silent=False)
    expected = published.transform(record.signal[None].astype(np.float64))[0]
    if aggregate == "none":
        found = time_aligned(record, scaling=scaling).signal
        there = np.isfinite(expected).all(axis=0)
        assert not there.all()  # the NaN that is cut off
        expected = expected[:, there]
    else:
        found = rlign_median_beat(record, scaling=scaling).signal
    assert found.shape == expected.shape
    assert found == pytest.approx(expected, abs=1e-6)


@needs_rlign
@pytest.mark.parametrize("rate", [50, 100, 128, 250, 257.3, 400, 500, 1000])
def test_other_rates_are_aligned_without_nan(rate):
    record, beats = known(rate)
    for made in (time_aligned(record, beats), rlign_median_beat(record, beats)):
        assert np.isfinite(made.signal).all()
        assert made.rate == (rate if rate in (250, 400, 500, 1000) else 500)
        assert made.leads == record.leads


@needs_rlign
@pytest.mark.parametrize("leads", [("II",), ("V1", "V5"), tuple(TWELVE)[:8]])
def test_fewer_leads_are_aligned_alike(leads):
    record = drawn({lead: TWELVE[lead] for lead in leads}, noise=0.01)
    aligned = time_aligned(record, beats_of(record))
    assert aligned.leads == leads
    whole, beats = known()
    assert aligned.n_samples == time_aligned(whole, beats).n_samples


@needs_rlign
def test_the_median_beat_has_r_at_a_third_and_is_marked():
    record, beats = known()
    beat = rlign_median_beat(record, beats)
    assert beat.is_median_beat
    assert beat.n_samples == 500
    assert abs(int(beat.lead("V4").argmax()) - 500 // 3) <= 2
    assert beat.lead("V4").max() == pytest.approx(1.4, abs=0.05)


@needs_rlign
def test_beats_beyond_the_template_are_said_to_be_left_out():
    onsets = np.arange(0.5, 9.4, 0.6)
    record, beats = known(onsets=onsets)
    assert "9 of 14 intervals used" in time_aligned(record, beats, template=60).steps[-1]


@needs_rlign
def test_an_incomplete_last_second_is_cut_and_said():
    onsets = np.arange(0.5, 6.9, 0.8)
    record, beats = known(onsets=onsets, duration=7.3)
    aligned = time_aligned(record, beats)
    assert any("cut to 7 s" in step for step in aligned.steps)


@needs_rlign
def test_moments_lose_their_meaning_and_are_left_out():
    record, beats = known()
    noted = replace(record, annotations=(Annotation("sinus rhythm"), Annotation("spike", onset=1.0)))
    assert time_aligned(noted, beats).annotations == (Annotation("sinus rhythm"),)


@needs_rlign
def test_nothing_is_measured_on_a_time_aligned_record():
    record, beats = known()
    aligned = time_aligned(record, beats)
    kept = beats_of(aligned, np.arange(0.1, 6, 1.0))
    assert all(found.state == "not measurable" and "template" in found.reason for found in measure(aligned, kept))


@needs_rlign
def test_our_r_peaks_align_a_broad_qrs_in_which_the_package_finds_one_beat():
    record = simulate("LBBB", np.random.default_rng(4))
    with pytest.raises(RecordError, match="1 R peak is too few"):
        time_aligned(record)
    seen = average_beat(steady_signal(record), STANDARD_12)
    assert not isinstance(seen, str)
    aligned = time_aligned(record, beats_of(record, seen.beats / seen.rate))
    assert f"of {len(seen.beats) - 1} intervals used" in aligned.steps[-1]


def silent(record: EcgRecord) -> EcgRecord:
    return replace(record, signal=np.zeros_like(record.signal))


def gappy(record: EcgRecord) -> EcgRecord:
    signal = record.signal.copy()
    signal[3, 700:800] = np.nan
    return replace(record, signal=signal)


@needs_rlign
@pytest.mark.parametrize("function", [time_aligned, rlign_median_beat])
@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: silent(normal()), "flat"),
        (lambda: gappy(normal()), "Missing samples"),
        (lambda: normal(duration=0.7), "too short"),
        (lambda: normal(duration=2), "too few|hold"),
        (lambda: normal(rate=100, duration=301), "too long"),
        (lambda: drawn({"V1": TWELVE["V1"]}), "no lead II"),
    ],
)
def test_what_cannot_be_aligned_is_refused_with_the_reason(function, make, word):
    with pytest.raises(RecordError, match=word):
        function(make())


@needs_rlign
def test_no_beats_are_refused_with_their_reason():
    with pytest.raises(RecordError, match="every lead is flat"):
        time_aligned(normal(), NoBeats("flat", "every lead is flat"))


@needs_rlign
@pytest.mark.parametrize("rr", [0.24, 0.3, 0.4, 2.5, 3.0])
@pytest.mark.parametrize("template", [40, 60, 120])
def test_extreme_rates_are_aligned_or_refused_and_never_nan(rr, template):
    onsets = np.arange(0.3, 9.5, rr)
    record, beats = known(onsets=onsets)
    for function in (time_aligned, rlign_median_beat):
        try:
            made = function(record, beats, template=template)
        except RecordError as error:
            assert error.advice
        else:
            assert np.isfinite(made.signal).all()


@needs_rlign
@pytest.mark.parametrize("seed", range(12))
def test_any_beats_are_aligned_or_refused(seed):
    rng = np.random.default_rng(seed)
    record = normal(duration=float(rng.uniform(1, 12)), seed=seed)
    onsets = np.sort(rng.uniform(-1, record.duration + 1, rng.integers(0, 25)))
    beats = beats_of(record, onsets)
    for function in (time_aligned, rlign_median_beat):
        with suppress(RecordError):
            assert np.isfinite(function(record, beats).signal).all()


@pytest.mark.parametrize("changes", [{"template": 20}, {"template": 200}, {"template": 60.5}, {"scaling": "identity"}])
def test_settings_that_the_package_cannot_are_refused(changes):
    record, beats = known()
    with pytest.raises(SettingError):
        time_aligned(record, beats, **changes)


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    record, beats = known()
    with pytest.raises(MissingDependency, match="pip install"):
        time_aligned(record, beats)


@needs_rlign
def test_warnings_stay_as_they_were():
    before = list(warnings.filters)
    time_aligned(*known())
    assert list(warnings.filters) == before
