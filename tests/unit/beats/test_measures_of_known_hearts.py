"""Measures held against LUDB's experts, against hearts whose vector is known, and against any input at all."""

import csv
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawn_beats import expert, ludb, scorer
from einthoven.beats.measurement import Measurement
from einthoven.beats.measuring import measure
from einthoven.beats.median_beat import median_beat
from einthoven.beats.overlay import overlay
from einthoven.beats.types import FIDUCIALS, Beats
from einthoven.errors import RecordError
from einthoven.examine import examine
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.average_beat import average_beat
from einthoven.signal.steady import steady_signal
from einthoven.simulate import simulate
from einthoven.simulate.heart import Heart, Wave, beat_times, heart_vector
from einthoven.simulate.torso import Torso, twelve_leads

# From the frontal plane of Einthoven's triangle and two chest leads; rows as `Torso.leads`: I, II, V1 ... V6.
TRIANGLE = np.array([[1, 0, 0], [0.5, math.sqrt(3) / 2, 0], [-0.5, 0, -1.0], *([[0, 0, -1.0]] * 4), [1.0, 0, 0]])


def by_name(record: EcgRecord, beats: Beats) -> dict[tuple[str, str | None], Measurement]:
    return {(found.name, found.lead): found for found in measure(record, beats)}


def known_heart(*, rate: float, duration: float = 10.0) -> tuple[EcgRecord, Beats]:
    """Three Gaussian waves in the frontal plane with axes of 50, -20 and 30 degrees; limits at three widths."""

    def vector(degrees: float, size: float) -> tuple[float, float, float]:
        return (size * math.cos(math.radians(degrees)), size * math.sin(math.radians(degrees)), 0.0)

    waves = (
        Wave("P", -0.12, 0.015, 0.015, vector(50, 0.12)),
        Wave("QRS", 0.04, 0.012, 0.012, vector(-20, 1.0)),
        Wave("T", 0.30, 0.03, 0.025, vector(30, 0.3)),
    )
    heart = Heart(waves, rate=66, variation=0.03, breathing=0.5)
    beats = beat_times(heart, duration, np.random.default_rng(3))
    time = np.arange(round(duration * rate)) / rate
    signal = twelve_leads(Torso(TRIANGLE).electrodes(heart_vector(heart, beats, time)))
    record = EcgRecord(signal, STANDARD_12, rate, "mV", SourceInfo("known", "test"))
    stretch = np.cbrt(np.diff(beats, prepend=2 * beats[0] - beats[1]))
    inside = (beats > 0.4) & (beats < duration - 0.6)
    beats, stretch = beats[inside], stretch[inside]
    times = np.full((13, len(beats), len(FIDUCIALS)), np.nan)
    for column, (wave, part) in enumerate((wave, part) for wave in waves for part in (-3, 0, 3)):
        scale = stretch if wave.name == "T" else 1.0
        width = wave.rise if part < 0 else wave.fall
        times[:, :, column] = beats + scale * (wave.at + part * width)
    return record, Beats("known", STANDARD_12, beats + 0.04, times, ("normal",) * len(beats), duration)


@pytest.mark.parametrize("rate", [100, 250, 500, 1000, 2000])
def test_the_axes_of_a_known_heart_are_found_at_every_rate(rate):
    record, beats = known_heart(rate=rate)
    found = by_name(record, beats)
    for name, degrees in (("p_axis", 50), ("qrs_axis", -20), ("t_axis", 30)):
        assert found[name, None].state == "measured", found[name, None].reason
        assert found[name, None].value == pytest.approx(degrees, abs=1.5)
        assert found[name, None].spread < 3
    assert found["r_amplitude", "I"].value == pytest.approx(
        math.cos(math.radians(20)), abs=0.08 if rate < 250 else 0.015
    )
    assert found["st_j80", "I"].value == pytest.approx(0, abs=0.005)
    assert found["pr", None].value == pytest.approx(1000 * (0.004 + 0.12 + 0.045), abs=1e-6)


def test_interchanged_arms_make_the_axis_not_measurable():
    record = simulate("NORM", np.random.default_rng(0), noise=False)
    right = examine(record)
    signal = record.signal.copy()
    signal[0], signal[[1, 2]] = -record.signal[0], record.signal[[2, 1]]
    signal[[3, 4]] = record.signal[[4, 3]]
    wrong = examine(EcgRecord(signal, record.leads, record.rate, "mV", record.source))
    assert any("arm electrode" in doubt for doubt in wrong.source.doubts)
    beats = _somewhere(record)
    assert by_name(right, beats)["qrs_axis", None].state == "measured"
    assert "arm electrode" in by_name(wrong, beats)["qrs_axis", None].reason


def _somewhere(record: EcgRecord) -> Beats:
    """Beats where the checks of leads see them, with limits at usual distances."""
    seen = average_beat(steady_signal(record), STANDARD_12)
    assert not isinstance(seen, str)
    r = seen.beats / seen.rate
    r = r[(r > 0.4) & (r < record.duration - 0.6)]
    away = np.array([-0.2, -0.15, -0.1, -0.06, 0, 0.06, 0.15, 0.25, 0.35])
    times = np.broadcast_to(r[:, None] + away, (13, len(r), 9)).copy()
    return Beats("somewhere", record.leads, r, times, ("normal",) * len(r), record.duration)


def test_the_experts_intervals_are_those_of_the_independent_scorer(shared_data):
    folder = shared_data / "ludb"
    score = scorer(shared_data)
    if score is None or not folder.is_dir():
        pytest.skip("LUDB and tools/score_ludb.py are not at hand")
    compared = 0
    for number in range(1, 151, 7):
        reference, record = score.load_reference(folder, number), ludb(folder, number)
        expected = score.intervals(reference["global"], reference["global"]["span"])
        found = by_name(record, expert(reference, record))
        for name, key in (("qrs_duration", "qrs"), ("qt", "qt"), ("pr", "pr")):
            measured = found[name, None]
            if math.isnan(expected[key]):
                assert measured.value is None, (number, name)
            else:
                compared += 1
                assert measured.value == pytest.approx(1000 * expected[key], abs=1e-6), (number, name)
    assert compared > 50


def test_the_axes_of_ludb_are_on_the_side_that_the_cardiologists_say(shared_data):
    folder = shared_data / "ludb"
    score = scorer(shared_data)
    if score is None or not folder.is_dir():
        pytest.skip("LUDB and tools/score_ludb.py are not at hand")
    with (folder / "ludb.csv").open(newline="", encoding="utf-8") as stream:
        said = {
            int(row["ID"].strip()): " ".join(row["Electric axis of the heart"].split())
            for row in csv.DictReader(stream)
        }
    # Wide, as the cardiologists looked and did not compute: what is held is which way I and aVF count.
    ranges = {"left axis deviation": (-90, 50), "normal": (10, 95), "vertical": (40, 110), "horizontal": (-50, 60)}
    inside = outside = 0
    for number in range(1, 151, 5):
        words = next((key for key in ranges if key in said[number].lower()), None)
        found = by_name(ludb(folder, number), expert(score.load_reference(folder, number), ludb(folder, number)))
        axis = found["qrs_axis", None]
        if words is None or axis.value is None:
            continue
        low, high = ranges[words]
        inside, outside = inside + (low <= axis.value <= high), outside + (not low <= axis.value <= high)
    assert inside + outside > 20
    assert outside <= 0.1 * (inside + outside)


# Any record ------------------------------------------------------------------------------------------------------


@st.composite
def anything(draw: st.DrawFn) -> tuple[EcgRecord, Beats]:
    rate = draw(st.sampled_from([1.0, 50.0, 128.0, 257.3, 500.0, 2000.0]))
    n_leads = draw(st.integers(1, 12))
    n_samples = draw(st.integers(1, max(2, round(4 * rate))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    signal = rng.normal(0, draw(st.sampled_from([0.0, 1e-30, 0.1, 1.0, 1e30])), (n_leads, n_samples))
    signal[rng.random(signal.shape) < draw(st.sampled_from([0.0, 0.1, 0.9, 1.0]))] = np.nan
    leads = tuple(np.array(STANDARD_12)[rng.permutation(12)[:n_leads]].tolist())
    source = SourceInfo("any", "test", band=draw(st.sampled_from([None, (0.5, 40.0)])))
    record = EcgRecord(signal, leads, rate, draw(st.sampled_from(["mV", "relative"])), source)
    n_beats = draw(st.integers(0, 14))
    r = np.sort(rng.uniform(0, record.duration * draw(st.sampled_from([0.01, 1.0, 1.5])), n_beats))
    times = r[:, None] + np.sort(rng.normal(0, 0.2, (1 + n_leads, n_beats, 9)), axis=-1)
    for strange in (np.nan, np.inf, -np.inf, 1e300, -1e300):
        times[rng.random(times.shape) < draw(st.sampled_from([0.0, 0.1, 0.5]))] = strange
    if n_beats and draw(st.booleans()):
        r = r.copy()
        r[rng.integers(n_beats)] = draw(st.sampled_from([np.nan, np.inf, -5.0, 1e300]))
    kinds = tuple(rng.choice(["normal", "ectopic", "paced"], n_beats, p=[0.8, 0.1, 0.1]).tolist())
    left_out = {lead: "for a test" for lead in leads if rng.random() < draw(st.sampled_from([0.0, 0.3, 1.0]))}
    absent = draw(st.sampled_from([{}, {"P": "fibrillation"}, {"P": "a", "QRS": "b", "T": "c"}]))
    return record, Beats("any", leads, r, times, kinds, record.duration, left_out=left_out, absent=absent)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything())
def test_any_record_gives_finite_numbers_or_reasons(case):
    record, beats = case
    answers = measure(record, beats)
    assert len({(m.name, m.lead) for m in answers}) == len(answers)
    for found in answers:
        if found.state == "measured":
            assert found.value is not None
            assert math.isfinite(found.value)
            assert found.beats
            assert not found.reason
        else:
            assert found.value is None
            assert found.reason
        assert found.spread is None or (math.isfinite(found.spread) and found.spread >= 0)
        assert all(0 <= beat < beats.n_beats for beat in found.beats)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything())
def test_any_record_gives_a_median_beat_and_an_overlay_or_a_reason(case):
    record, beats = case
    length = round(0.4 * record.rate) + 1 + round(0.6 * record.rate)
    try:
        beat = median_beat(record, beats)
    except RecordError as error:
        assert "no beat" in error.message
    else:
        assert beat.signal.shape == (record.n_leads, length)
        assert not np.isinf(beat.signal).any()
        assert not np.isinf(beat.times).any()
        assert beat.n_beats > 0
    if beats.n_beats:
        view = overlay(record, beats, record.leads[0])
        assert view.values.shape == (len(view.beats), length)
        assert len(view.kinds) == len(view.r_peaks) == len(view.beats) <= beats.n_beats
