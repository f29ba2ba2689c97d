"""Spikes put into simulated ECGs, and the paced records of LUDB."""

import csv

import numpy as np
import pytest

from einthoven.formats import PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.pacing import LONGEST_S, TEXT, find_pacing
from einthoven.simulate import simulate


def clean(rate: float = 500, seed: int = 4) -> EcgRecord:
    return simulate("NORM", np.random.default_rng(seed), rate=rate, noise=False)


def paced(record: EcgRecord, onsets: np.ndarray, millivolt: float, **changes) -> EcgRecord:
    """Spikes as a 150 Hz electrocardiograph shows them: about 3 ms wide, in all leads, of differing size and sign."""
    time = np.arange(record.n_samples) / record.rate
    spikes = np.exp(-0.5 * ((time - onsets[:, None] - 0.002) / 0.0012) ** 2).sum(axis=0)
    size = np.random.default_rng(5).uniform(-1, 1, (record.n_leads, 1))
    size[1] = 1
    signal = (record.signal + millivolt * size * spikes) * changes.pop("scale", 1)
    return EcgRecord(signal, record.leads, record.rate, changes.pop("amplitude", "mV"), SourceInfo("made", "test"))


@pytest.mark.parametrize("rate", [400, 500, 1000])
@pytest.mark.parametrize("millivolt", [0.5, 2.0])
def test_spikes_are_found_within_four_milliseconds(rate, millivolt):
    onsets = np.arange(0.7, 9.5, 0.83)
    found = np.array([spike.onset for spike in find_pacing(paced(clean(rate), onsets, millivolt)).spikes])
    near = np.abs(found[:, None] - onsets)
    assert (near.min(axis=1) < 0.004).all()  # nothing else is taken for one
    assert (near.min(axis=0) < 0.004).mean() >= 0.8  # a spike within a QRS complex is not told from it


@pytest.mark.parametrize("diagnosis", ["NORM", "LBBB", "RBBB", "AF", "AMI", "IMI"])
def test_unpaced_hearts_have_none(diagnosis):
    for seed in range(5):
        record = simulate(diagnosis, np.random.default_rng(seed))
        assert find_pacing(record).spikes == ()


def test_annotations_say_what_they_are():
    (first, *_) = find_pacing(paced(clean(), np.array([1.21, 3.21, 5.21]), 1.0)).spikes
    assert first.text == TEXT == "pacing spike"
    assert first.onset == pytest.approx(1.21, abs=0.004)


def test_relative_amplitudes_are_looked_at_too():
    record = paced(clean(), np.arange(0.7, 9.5, 0.83), 2.0, scale=37.0, amplitude="relative")
    assert len(find_pacing(record).spikes) >= 8


def test_a_single_edge_and_edges_in_one_lead_are_no_spikes():
    assert find_pacing(paced(clean(), np.array([3.1]), 2.0)).spikes == ()
    record = clean()
    signal = record.signal.copy()
    signal[3, [700, 1300, 2100, 3333]] += 2.0
    assert find_pacing(EcgRecord(signal, record.leads, 500, "mV", SourceInfo("made", "test"))).spikes == ()


def test_the_end_of_padding_is_no_spike():
    record = clean()
    signal = record.signal + 1.0
    signal[:, :1000] = 0
    signal[:, 3000:3500] = 0
    assert find_pacing(EcgRecord(signal, record.leads, 500, "mV", SourceInfo("made", "test"))).spikes == ()


@pytest.mark.parametrize("rate", [100, 250, 360])
def test_a_low_rate_is_said(rate):
    assert find_pacing(clean(rate)).cannot_tell == (
        f"cannot tell: a rate of {rate} Hz is too low to show pacing spikes"
    )


def test_one_lead_is_too_few():
    record = EcgRecord(clean().signal[:1], ("II",), 500, "mV", SourceInfo("made", "test"))
    assert "one lead" in find_pacing(record).cannot_tell


def test_of_a_long_record_the_first_ten_minutes_are_looked_at_and_that_is_said():
    short = paced(clean(), np.arange(0.7, 9.5, 1.0), 1.0)
    copies = round(LONGEST_S / short.duration) + 1
    long = EcgRecord(np.tile(short.signal[:3], (1, copies)), STANDARD_12[:3], 500, "mV", SourceInfo("made", "test"))
    *spikes, note = find_pacing(long).spikes
    assert note.onset is None
    assert "first 600 s" in note.text
    assert 500 < spikes[-1].onset < LONGEST_S


def test_leads_with_gaps_do_not_hide_spikes_in_others():
    record = paced(clean(), np.arange(0.7, 9.5, 1.0), 1.0)
    signal = record.signal.copy()
    signal[5] = np.nan
    signal[6, ::900] = np.nan
    gappy = EcgRecord(signal, record.leads, 500, "mV", SourceInfo("made", "test"))
    assert len(find_pacing(gappy).spikes) >= 7


@pytest.mark.parametrize("shape", [(2, 1), (2, 7), (3, 5000)])
@pytest.mark.parametrize("value", [0.0, np.nan, 1e30])
def test_no_record_is_too_odd(shape, value):
    for amplitude in ("mV", "relative"):
        record = EcgRecord(np.full(shape, value), ("I", "II", "III")[: shape[0]], 500, amplitude, SourceInfo("m", "t"))
        assert find_pacing(record).spikes == ()


def test_paced_records_of_ludb_are_found_and_few_others(shared_data):
    """Nine of the ten that ludb.csv calls paced, and none of the 140 others."""
    with (shared_data / "ludb" / "ludb.csv").open(encoding="utf-8", newline="") as file:
        labelled = {row["ID"].strip() for row in csv.DictReader(file) if row["Cardiac pacing"].strip()}
    found = set()
    for path in (shared_data / "ludb" / "data").glob("*.hea"):
        (record,) = read_all(PathSource(path, shared_data))
        microvolt = record.signal * np.array(record.source.gain)[:, None]  # 1 count = 1 uV, whatever the header says
        corrected = record.with_signal(microvolt / 1000, "gain corrected")
        if find_pacing(corrected).spikes:
            found.add(path.stem)
    assert len(labelled) == 10
    assert len(found & labelled) >= 9
    assert not found - labelled


def shaped(
    corners: list[tuple[float, float]], onsets: np.ndarray, *, band: tuple[float, float] | None = None
) -> EcgRecord:
    """The same lines (s, mV) at each onset, in leads of differing size, with little noise."""
    time = np.arange(5000) / 500
    at, high = zip(*corners, strict=True)
    lead = sum(np.interp(time - onset, at, high, left=0, right=0) for onset in onsets)
    rows = np.linspace(-1, 1, 12)[:, None] * lead + np.random.default_rng(0).normal(0, 0.004, (12, 5000))
    return EcgRecord(rows, STANDARD_12, 500, "mV", SourceInfo("made", "test", band=band))


BEATS = np.arange(0.7, 9.5, 0.83)


def test_a_steep_narrow_qrs_is_no_spike():
    """A flat summit, then 3.5 mV down within 10 ms: as in CinC 2021, Q1805."""
    qrs = [(-0.04, 0), (-0.014, 2.2), (0, 2.2), (0.01, -1.3), (0.05, -0.3), (0.09, 0)]
    assert find_pacing(shaped(qrs, BEATS)).spikes == ()


def test_the_jump_from_a_held_qrs_back_to_the_signal_is_no_spike():
    """A device that suppresses spikes holds the summit for 14 ms: as in LUDB 43 and 99."""
    qrs = [(-0.03, 0), (-0.014, 1.1), (0, 1.1), (0.002, -0.9), (0.03, -0.6), (0.07, 0)]
    assert find_pacing(shaped(qrs, BEATS)).spikes == ()


def test_pulses_far_apart_are_no_pacemaker():
    assert find_pacing(paced(clean(), np.array([1.6, 9.8]), 1.0)).spikes == ()


def test_a_narrow_filter_leaves_open_whether_there_are_spikes():
    qrs = [(-0.04, 0), (0, 1.0), (0.04, 0)]
    assert "40 Hz" in (find_pacing(shaped(qrs, BEATS, band=(0.05, 40.0))).cannot_tell or "")
    assert find_pacing(shaped(qrs, BEATS, band=(0.05, 150.0))).cannot_tell is None
    spikes = [(0, 0), (0.002, 2.0), (0.004, 0)]
    assert len(find_pacing(shaped(spikes, BEATS, band=(0.05, 40.0))).spikes) == len(BEATS)
