"""ECGs whose beats are known because they were put there, and a finder that answers with them."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from einthoven.beats.types import FIDUCIALS, Beats, NoBeats
from einthoven.leads import STANDARD_12
from einthoven.record import Amplitude, EcgRecord, SourceInfo, Subject

RATE = 250.0
FIRST_S, RR_S, SECONDS = 0.5, 0.8, 6.0
AWAY_S = (-0.20, -0.16, -0.12, -0.04, 0.0, 0.05, 0.20, 0.30, 0.38)
"""Each of `FIDUCIALS` from R: PR 160 ms, QRS 90 ms, QT 420 ms."""
WAVES = ((-0.16, 0.020, 0.15), (0.0, 0.012, 1.2), (0.30, 0.035, 0.3))
"""Moment from R, width (s) and height (mV) of P, R and T in lead II."""


def r_peaks(seconds: float = SECONDS) -> np.ndarray:
    return np.arange(FIRST_S, seconds - 0.45, RR_S)


def beating(
    seed: int = 0, *, leads: tuple[str, ...] = STANDARD_12, seconds: float = SECONDS, amplitude: Amplitude = "mV"
) -> EcgRecord:
    """75 beats a minute, the same in all leads but for height and a little noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    one = sum(
        height * np.exp(-0.5 * ((time - r - at) / width) ** 2) for r in r_peaks(seconds) for at, width, height in WAVES
    )
    heights = np.linspace(1.0, 0.5, len(leads))[:, None]
    signal = (heights * one + rng.normal(0, 0.005, (len(leads), len(time)))).astype(np.float32)
    source = SourceInfo("made.npz", "npz", sha256=f"{seed:064d}", simulated=True)
    return EcgRecord(signal, leads, RATE, amplitude, source, Subject(f"subject-{seed}", 50.0, "F"))


def flat(seed: int = 0) -> EcgRecord:
    """An ECG that shows nothing."""
    source = SourceInfo("flat.npz", "npz", sha256=f"{seed + 1000:064d}")
    return EcgRecord(np.zeros((12, 1500), np.float32) + seed * 1e-3, STANDARD_12, RATE, "mV", source)


def known_beats(record: EcgRecord, *, method: str = "einthoven") -> Beats | NoBeats:
    """What `find_beats` should answer for `beating`, and for `flat`."""
    if np.ptp(record.signal) == 0:
        return NoBeats("flat", "No lead shows an ECG.")
    peaks = r_peaks(record.duration)
    times = np.tile(peaks[:, None] + np.array(AWAY_S), (1 + record.n_leads, 1, 1))
    assert times.shape[2] == len(FIDUCIALS)
    return Beats(method, record.leads, peaks, times, ("normal",) * len(peaks), record.duration)


@contextmanager
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `find_beats` answer with what is known, in this process."""
    with monkeypatch.context() as patch:
        patch.setattr("einthoven.beats.finding.find_beats", known_beats)
        yield
