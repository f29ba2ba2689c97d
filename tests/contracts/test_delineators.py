"""What every way of finding waves must do, on real-looking hearts and on what is none."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.beats.delineators import DELINEATORS, DelineatorEntry, Heartbeats, Waves
from einthoven.beats.types import FIDUCIALS, WAVES
from einthoven.leads import STANDARD_12
from einthoven.simulate import simulate

AT = {name: place for place, name in enumerate(FIDUCIALS)}


def heartbeats(signal: np.ndarray, rate: float, r_peaks: np.ndarray) -> Heartbeats:
    signal = np.ascontiguousarray(signal, dtype=np.float32)
    signal.flags.writeable = False
    r_peaks = np.array(r_peaks, dtype=np.float64)
    r_peaks.flags.writeable = False
    return Heartbeats(signal, STANDARD_12[: len(signal)], rate, r_peaks, ("normal",) * len(r_peaks))


def delineate(entry: DelineatorEntry, beats: Heartbeats) -> Waves:
    """The answer, with everything checked that must hold of any answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        waves = entry.delineate(beats)
    assert waves.times.shape == (1 + len(beats.leads), len(beats.r_peaks), len(FIDUCIALS))
    assert waves.times.dtype == np.float64
    assert not np.isinf(waves.times).any()
    assert set(waves.absent) <= set(WAVES)
    assert set(waves.notes) <= {"global", *beats.leads}
    assert all(waves.absent.values())
    assert all(waves.notes.values())
    for first in range(0, len(FIDUCIALS), 3):
        on, peak, off = (waves.times[..., first + part] for part in range(3))
        assert not (on >= peak).any()
        assert not (peak >= off).any()
        assert not (on >= off).any()
    assert not (waves.times[..., AT["p_peak"]] >= waves.times[..., AT["qrs_peak"]]).any()
    assert not (waves.times[..., AT["t_peak"]] <= waves.times[..., AT["qrs_peak"]]).any()
    return waves


@pytest.fixture(params=list(DELINEATORS), ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> DelineatorEntry:
    found: DelineatorEntry = request.param
    missing = DELINEATORS.missing(found)
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    return found


@pytest.mark.parametrize("entry", list(DELINEATORS), ids=lambda entry: entry.name)
def test_an_entry_says_in_plain_sentences_what_it_does_and_where_it_is_from(entry: DelineatorEntry) -> None:
    assert entry.title
    assert entry.source
    assert entry.summary.endswith(".")
    assert len(entry.summary) < 300


@pytest.fixture(scope="module")
def heart() -> tuple[np.ndarray, np.ndarray]:
    """A simulated heart without noise and the moments of its R peaks, from its largest vector."""
    record = simulate("NORM", np.random.default_rng(5), noise=False)
    size = np.sqrt((record.signal.astype(np.float64) ** 2).sum(axis=0))
    from scipy.signal import find_peaks

    places, _ = find_peaks(size, height=0.6 * size.max(), distance=150)
    return record.signal, places / 500


def test_a_normal_heart_has_p_qrs_and_t_in_nearly_every_beat(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray]
) -> None:
    signal, r_peaks = heart
    times = delineate(entry, heartbeats(signal, 500, r_peaks)).times[0, 1:-1]

    assert np.isfinite(times[:, AT["p_peak"]]).mean() > 0.8
    assert np.isfinite(times[:, AT["t_peak"]]).mean() > 0.8
    np.testing.assert_allclose(times[:, AT["qrs_peak"]], r_peaks[1:-1], atol=0.06)


def test_the_same_heartbeats_give_the_same_waves_and_are_not_changed(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray]
) -> None:
    beats = heartbeats(heart[0][:2], 500, heart[1])
    before = beats.signal.copy()

    first, again = delineate(entry, beats), delineate(entry, beats)

    np.testing.assert_array_equal(first.times, again.times)
    np.testing.assert_array_equal(beats.signal, before)
    assert (first.notes, first.absent) == (again.notes, again.absent)


def test_nothing_is_printed(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    signal = heart[0][:2].copy()
    signal[1] = 0
    delineate(entry, heartbeats(signal, 500, heart[1]))

    assert capfd.readouterr() == ("", "")


def test_a_flat_lead_has_no_waves_and_spoils_no_other(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray]
) -> None:
    signal = heart[0].copy()
    signal[3] = 0.25

    times = delineate(entry, heartbeats(signal, 500, heart[1])).times

    assert np.isfinite(times[0, 1:-1, AT["t_peak"]]).mean() > 0.8


@pytest.mark.parametrize(
    ("seconds", "r_peaks"),
    [
        (10, []),
        (10, [5.0]),
        (2, [0.6, 1.4]),
        (0.5, [0.2]),
        (10, [0.0, 0.9, 5.0, 9.998]),
        (10, np.arange(0.1, 9.9, 0.24)),
    ],
    ids=["no beat", "one beat", "2 s", "0.5 s", "beats at the edges", "250 a minute"],
)
@pytest.mark.parametrize("n_leads", [1, 3], ids=["1 lead", "3 leads"])
def test_few_beats_many_beats_and_little_signal_give_a_result(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray], seconds: float, r_peaks: list[float], n_leads: int
) -> None:
    delineate(entry, heartbeats(heart[0][:n_leads, : round(500 * seconds)], 500, np.array(r_peaks)))


@pytest.mark.parametrize("rate", [50.0, 99.7, 250.0, 2000.0])
def test_at_every_rate_the_waves_are_found(
    entry: DelineatorEntry, heart: tuple[np.ndarray, np.ndarray], rate: float
) -> None:
    signal, r_peaks = heart
    moments = np.arange(int(signal.shape[1] / 500 * rate)) / rate
    known = np.arange(signal.shape[1]) / 500
    other = np.array([np.interp(moments, known, lead) for lead in signal[1:2]])

    found = delineate(entry, heartbeats(other, rate, r_peaks)).times[0, 1:-1]
    usual = delineate(entry, heartbeats(signal[1:2], 500, r_peaks)).times[0, 1:-1]

    for name in ("p_peak", "t_peak"):
        assert np.isfinite(found[:, AT[name]]).sum() >= 0.7 * np.isfinite(usual[:, AT[name]]).sum() > 0, name
    np.testing.assert_allclose(found[:, AT["qrs_peak"]], r_peaks[1:-1], atol=0.06)


def _strange(kind: str, shape: tuple[int, int], rate: float, rng: np.random.Generator) -> np.ndarray:
    time = np.arange(shape[1]) / rate
    spikes = np.exp(-0.5 * (((time + 0.3) % 0.8 - 0.4) / 0.02) ** 2) * np.ones(shape)
    return {
        "noise": lambda: rng.normal(0, 1, shape),
        "beats": lambda: spikes + rng.normal(0, 0.01, shape),
        "inverted": lambda: -spikes,
        "clipped": lambda: np.clip(spikes, 0, 0.2),
        "flat": lambda: np.full(shape, rng.normal()),
        "steps": lambda: np.round(spikes),
        "missing": lambda: np.where(rng.random(shape) < 0.1, np.nan, spikes),
        "one sample": lambda: np.where(np.arange(shape[1]) == shape[1] // 2, 1.0, np.zeros(shape)),
        "huge": lambda: 1e30 * spikes,
        "tiny": lambda: 1e-30 * spikes,
    }[kind]()


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(
        ["noise", "beats", "inverted", "clipped", "flat", "steps", "missing", "one sample", "huge", "tiny"]
    ),
    rate=st.sampled_from([50.0, 62.5, 128.0, 360.0, 500.0, 1000.0, 2000.0]),
    n_leads=st.integers(1, 2),
    seconds=st.floats(0.5, 12),
    n_beats=st.integers(0, 40),
    seed=st.integers(0, 2**16),
)
@pytest.mark.parametrize("name", DELINEATORS.names())
def test_whatever_the_signal_is_there_is_a_result(
    name: str, kind: str, rate: float, n_leads: int, seconds: float, n_beats: int, seed: int
) -> None:
    if DELINEATORS.missing(DELINEATORS.get(name)):
        pytest.skip("its package is not installed")
    rng = np.random.default_rng(seed)
    shape = (n_leads, max(2, round(seconds * rate)))
    r_peaks = np.unique(rng.uniform(0, shape[1] / rate, n_beats))

    delineate(DELINEATORS.get(name), heartbeats(_strange(kind, shape, rate, rng), rate, r_peaks))
