import csv
import re
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import RecordError, SettingError
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import band_pass, resample, select_leads, standardise, window, z_score
from einthoven.spec import Step, standard_steps

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def made(leads=EIGHT, n: int = 5000, rate: float = 500, seed: int = 0) -> EcgRecord:
    signal = np.random.default_rng(seed).normal(size=(len(leads), n)).cumsum(axis=1) / 50
    return EcgRecord(signal, leads, rate, "mV", SourceInfo("made", "test"))


def test_the_standard_steps_are_the_single_steps_in_the_stated_order():
    record = made(n=6000)
    result = standardise(record, standard_steps())
    by_hand = resample(band_pass(select_leads(record, STANDARD_12), 0.5, 40), 100)
    assert np.array_equal(result.signal, window(by_hand, 10, padding="zeros").record.signal)
    assert result.signal.shape == (12, 1000) and result.signal.dtype == np.float32
    assert result.added == (1000, 1000)
    assert [note.split()[0] for note in result.notes] == ["leads", "band-pass", "resampled", "cropped"]


def test_another_order_gives_another_signal():
    record = made(STANDARD_12)
    steps = standard_steps()
    swapped = (steps[0], steps[1], steps[3], steps[2], steps[4])
    first, second = (standardise(record, s).signal for s in (steps, swapped))
    assert np.abs(first - second).max() > 0.01
    by_hand = band_pass(resample(record, 100), 0.5, 40).signal
    assert np.array_equal(second, by_hand)


def test_the_z_score_is_left_to_the_graph_or_computed_as_the_graph_does():
    record = made(n=3000)
    left = standardise(record, standard_steps())
    done = standardise(record, standard_steps(), graph_z_score=False)
    assert left.added == done.added == (600, 1000)
    assert np.isnan(left.signal[:, 600:]).all() and not np.isnan(left.signal[:, :600]).any()
    own = left.signal[:, :600].astype(float)
    expected = (own - own.mean(axis=1, keepdims=True)) / own.std(axis=1, keepdims=True)
    np.testing.assert_allclose(done.signal[:, :600], expected, atol=1e-5)
    assert (done.signal[:, 600:] == 0).all()


def test_the_added_part_is_counted_in_samples_of_the_result():
    steps = (
        Step("leads", {"leads": STANDARD_12}),
        Step("window", {"duration_s": 10, "padding": "edge"}),
        Step("resample", {"rate_hz": 100}),
    )
    assert standardise(made(n=2500), steps).added == (500, 1000)


def test_expansion_and_filled_gaps_are_said():
    record = made(n=3000)
    signal = record.signal.copy()
    signal[2, 500:550] = np.nan
    notes = standardise(record.with_signal(signal, "read"), standard_steps()).notes
    assert any("V1 1.000-1.100 s" in note for note in notes)
    assert any("samples 600 to 999 were not recorded" in note for note in notes)
    assert "read" not in notes


def test_a_long_gap_refuses_the_record():
    record = made()
    signal = record.signal.copy()
    signal[0, 500:700] = np.nan
    with pytest.raises(RecordError, match=r"longer than 0\.2 s: I 1\.000-1\.400 s"):
        standardise(record.with_signal(signal, "hole"), standard_steps())


def test_gaps_may_not_be_filled_after_the_window():
    steps = standard_steps()
    with pytest.raises(SettingError, match="fill_gaps must stand before window"):
        standardise(made(), (steps[0], steps[3], steps[4], steps[1]))


def _raw(path: Path) -> EcgRecord:
    import wfdb

    stored = wfdb.rdrecord(str(path))
    unit = "relative" if stored.units[0] == "NU" else "mV"
    return EcgRecord(stored.p_signal.T, tuple(stored.sig_name), stored.fs, unit, SourceInfo(path.name, "wfdb"))


def _pairs(shared_data: Path) -> list[tuple[Path, Path]]:
    """Raw recordings at 500 Hz of which the folder of z-scored ones holds the same ECG."""
    with (shared_data / "ptbxl_z" / "ptbxl_database.csv").open(encoding="utf-8") as table:
        by_id = {f"{int(row['ecg_id']):05d}": row["filename_lr"] for row in csv.DictReader(table)}
    headers = sorted((shared_data / "ptbxl_raw").glob("*.hea"))
    ids = [(header, re.sub(r"\D", "", header.stem)) for header in headers if not header.stem.endswith("_lr")]
    return [(h.with_suffix(""), shared_data / "ptbxl_z" / by_id[i]) for h, i in ids if i in by_id]


def test_raw_recordings_standardised_agree_with_the_published_z_scored_ones(shared_data):
    """Measured: the published ones were z-scored at 500 Hz and then resampled by a polyphase filter, to 3 decimals.

    With exactly that, all samples agree within the rounding of 0.0005 (plus 1e-4); with our steps (FFT, z-score last)
    within 0.1, root mean square 0.006 standard deviations: the polyphase filter lets less through above 40 Hz and
    treats the ends otherwise.
    """
    from scipy.signal import resample_poly

    pairs = _pairs(shared_data)
    assert len(pairs) >= 5
    for raw, published in pairs:
        record, reference = _raw(raw), select_leads(_raw(published), STANDARD_12)
        assert (record.rate, reference.rate, reference.amplitude) == (500, 100, "relative")
        filtered = band_pass(record, 0.5, 40)
        as_published = resample_poly(z_score(filtered, over="lead").signal.astype(float), 1, 5, axis=1)
        assert np.abs(as_published - reference.signal).max() < 6.1e-4
        ours = standardise(record, standard_steps(), graph_z_score=False).signal
        difference = ours - reference.signal
        assert np.abs(difference).max() < 0.1
        assert np.sqrt((difference**2).mean()) < 0.006
