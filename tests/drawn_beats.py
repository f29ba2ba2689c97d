"""ECGs whose waves are known: drawn with triangles, or annotated by LUDB's experts."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

from einthoven.beats.types import FIDUCIALS, GLOBAL, BeatKind, Beats
from einthoven.leads import STANDARD_12
from einthoven.record import Amplitude, EcgRecord, SourceInfo, Subject

# Limits and peaks of the drawn waves, seconds from the onset of QRS.
P = (-0.16, -0.11, -0.06)
R = (0.0, 0.03, 0.06)
S = (0.06, 0.08, 0.10)
T = (0.24, 0.36, 0.44)
R_AT = R[1]
ONSETS = np.arange(0.5, 9.4, 0.8)
DURATION = 10.0

Heights = Mapping[str, tuple[float, float, float, float]]
"""Lead -> heights of P, R, S and T, mV."""

TWELVE: Heights = {
    name: (0.1, r, s, 0.2)
    for name, r, s in zip(
        STANDARD_12,
        (0.8, 1.0, 0.2, 0.0, 0.3, 0.6, 0.2, 0.5, 0.9, 1.4, 1.3, 1.1),
        (-0.1, -0.2, -0.1, -0.9, -0.05, -0.15, -1.2, -1.5, -0.7, -0.3, -0.1, -0.05),
        strict=True,
    )
}


def triangle(time: np.ndarray, limits: tuple[float, float, float], height: float) -> np.ndarray:
    return np.interp(time, limits, (0.0, height, 0.0), left=0.0, right=0.0)


def drawn(
    heights: Heights,
    onsets: Sequence[float] | np.ndarray = ONSETS,
    *,
    rate: float = 500.0,
    duration: float = DURATION,
    st: float = 0.0,
    amplitude: Amplitude = "mV",
    noise: float = 0.0,
    **source: object,
) -> EcgRecord:
    """Triangles of known height at each onset of QRS; `st` is a level from J to T, `source` fields of `SourceInfo`."""
    time = np.arange(round(duration * rate)) / rate
    rows = np.zeros((len(heights), len(time)))
    for row, (p, r, s, t) in enumerate(heights.values()):
        for onset in onsets:
            for limits, height in ((P, p), (R, r), (S, s), (T, t)):
                rows[row] += triangle(time - onset, limits, height)
            rows[row] += st * ((time - onset > S[2] - 1e-9) & (time - onset < T[0]))
    if noise:
        rows += np.random.default_rng(0).normal(0, noise, rows.shape)
    info = SourceInfo("drawn", "test", **source)  # type: ignore[arg-type]
    return EcgRecord(rows, tuple(heights), rate, amplitude, info, Subject())


def beats_of(
    record: EcgRecord,
    onsets: Sequence[float] | np.ndarray = ONSETS,
    *,
    kinds: Sequence[BeatKind] | None = None,
    **changes: object,
) -> Beats:
    """The beats of a drawn record, the same in every lead; `changes` are fields of `Beats`."""
    onsets = np.asarray(onsets, dtype=float)
    limits = onsets[:, None] + np.array((*P, R[0], R_AT, S[2], *T))
    times = np.broadcast_to(limits, (1 + record.n_leads, *limits.shape)).copy()
    every = tuple(kinds or ["normal"] * len(onsets))
    return Beats("drawn", record.leads, onsets + R_AT, times, every, record.duration, **changes)  # type: ignore[arg-type]


def without(beats: Beats, *fiducials: str) -> Beats:
    """The same beats, some fiducials of which are nowhere to be found."""
    times = beats.times.copy()
    times[:, :, [FIDUCIALS.index(name) for name in fiducials]] = np.nan
    return replace(beats, times=times)


def scorer(shared_data: Path) -> ModuleType | None:
    """The independent scorer of LUDB, where it is at hand."""
    path = shared_data.parent / "tools" / "score_ludb.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("score_ludb", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expert(reference: Mapping[str, Mapping[str, np.ndarray]], record: EcgRecord) -> Beats:
    """LUDB's annotations, as the scorer reads them, as `Beats`: what lies around each global QRS belongs to it."""
    onsets, summits = reference[GLOBAL]["qrs_on"], reference[GLOBAL]["qrs_peak"]
    peaks = np.array([summits[summits >= onset].min() for onset in onsets])
    times = np.full((1 + record.n_leads, len(onsets), len(FIDUCIALS)), np.nan)
    for row, channel in enumerate((GLOBAL, *(lead.lower() for lead in record.leads))):
        for beat, onset in enumerate(onsets):
            before = onsets[beat - 1] if beat else -np.inf
            behind = onsets[beat + 1] if beat + 1 < len(onsets) else np.inf
            for column, name in enumerate(FIDUCIALS):
                low, high = _window(name, onset, before, behind)
                found = reference[channel][name]
                found = found[(found >= low) & (found <= high)]
                if found.size:
                    times[row, beat, column] = found[-1] if name.startswith("p_") else found[0]
    return Beats("expert", record.leads, peaks, times, ("normal",) * len(onsets), record.duration)


def _window(name: str, onset: float, before: float, behind: float) -> tuple[float, float]:
    """Where a fiducial of the beat with this onset of QRS is looked for: the rules of the scorer's `intervals`."""
    if name.startswith("p_"):
        return max(onset - 0.4, before), onset - (0.06 if name == "p_on" else 0.0)
    if name.startswith("qrs_"):
        return onset, min(onset + 0.4, behind)
    return onset + (0.15 if name == "t_off" else 0.06), min(onset + 0.8, behind)


def ludb(folder: Path, number: int) -> EcgRecord:
    """A LUDB record in mV: one count is one microvolt, whatever its header says."""
    import wfdb

    stored = wfdb.rdrecord(str(folder / "data" / str(number)), physical=False)
    source = SourceInfo(f"ludb-{number}", "test")
    return EcgRecord(stored.d_signal.T / 1000, tuple(stored.sig_name), stored.fs, "mV", source)
