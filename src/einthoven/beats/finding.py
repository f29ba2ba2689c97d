"""From a record to its beats: which leads can be used, where QRS complexes are, of which kind, and their waves."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.beats.delineators import DELINEATORS, Heartbeats
from einthoven.beats.edges import apart, without_cut_waves
from einthoven.beats.kinds import atrial_spikes, kinds_of
from einthoven.beats.likeness import likeness
from einthoven.beats.qrs import detect
from einthoven.beats.types import FIDUCIALS, GLOBAL, Beats, Floats, NoBeats
from einthoven.record import EcgRecord
from einthoven.signal import pacing
from einthoven.signal.gaps import bridged
from einthoven.signal.quality import assess

DEFAULT_METHOD = "einthoven"
SHORTEST_S = 1.0
LOWEST_RATE_HZ = 50.0
"""Below, a QRS complex is two or three samples."""
MOST_MISSING = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Leads:
    """Rows of the record that show an ECG, without gaps; the others with the reason."""

    rows: npt.NDArray[np.int64]
    signal: npt.NDArray[np.float32]
    left_out: dict[str, str]


def find_beats(record: EcgRecord, *, method: str = DEFAULT_METHOD) -> Beats | NoBeats:
    """The beats of a record with their waves, or why there are none.

    `method` names an entry of `DELINEATORS`: NotFound and MissingDependency are raised about it, nothing about the
    record. A lead that is flat, mostly missing or buried in noise is left out; it spoils neither R peaks nor the
    global waves.
    """
    entry = DELINEATORS.require(method)
    obstacle = _obstacle(record)
    if obstacle is not None:
        return obstacle
    usable = _usable(record)
    if not len(usable.rows):
        return NoBeats("unreadable", f"No lead shows an ECG: {_listed(usable.left_out)}.{_scale_doubt(record)}")
    detected = detect(usable.signal, record.rate)
    r_peaks = detected.r_peaks
    if not len(r_peaks):
        return NoBeats("no beats", "No QRS complex is found in any lead.")
    seen = likeness(detected)
    if seen.no_heart is not None:
        return NoBeats("no beats", f"No heart beats can be told: {seen.no_heart}.{_scale_doubt(record)}")
    spikes, unsure = _spikes(record)
    kinds = kinds_of(detected.clean.signal, detected.clean.rate, r_peaks, spikes)
    leads = tuple(record.leads[row] for row in usable.rows)
    waves = entry.delineate(Heartbeats(usable.signal, leads, record.rate, r_peaks, kinds, detected))
    times = np.full((1 + record.n_leads, len(r_peaks), len(FIDUCIALS)), np.nan)
    ordered = apart(in_order(waves.times, record.duration))
    times[[0, *(usable.rows + 1)]] = without_cut_waves(ordered, record.signal[usable.rows], record.rate)
    return Beats(
        method=method,
        leads=record.leads,
        r_peaks=r_peaks,
        times=times,
        kinds=kinds,
        duration=record.duration,
        spikes=spikes,
        left_out=usable.left_out,
        absent=waves.absent,
        notes=_notes(waves.notes, r_peaks, spikes, unsure),
        doubtful=frozenset(np.flatnonzero(seen.doubtful).tolist()),
    )


def _obstacle(record: EcgRecord) -> NoBeats | None:
    if record.duration < SHORTEST_S:
        return NoBeats("too short", f"{record.duration:.2g} s are too short; at least {SHORTEST_S:g} s are needed.")
    if record.rate < LOWEST_RATE_HZ:
        return NoBeats(
            "too slow", f"{record.rate:g} Hz are too few samples a second; at least {LOWEST_RATE_HZ:g} are needed."
        )
    if record.is_median_beat:
        return NoBeats("too short", "This is one computed beat, and no recording.")
    return None


def _usable(record: EcgRecord) -> _Leads:
    quality = assess(record)
    useless = quality.without_beats
    left_out: dict[str, str] = {}
    rows: list[int] = []
    for row, (name, found) in enumerate(zip(record.leads, quality.leads, strict=True)):
        if name in useless or found.missing > MOST_MISSING:
            left_out[name] = ", ".join(found.findings) or "shows no ECG"
        else:
            rows.append(row)
    return _Leads(np.array(rows, dtype=np.int64), _without_gaps(record.signal[rows]), left_out)


def _without_gaps(signal: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Missing samples on the line between those beside them."""
    with_gaps = np.flatnonzero(np.isnan(signal).any(axis=1))
    if not with_gaps.size:
        return signal
    filled = signal.copy()
    for row in with_gaps:
        filled[row] = bridged(signal[row])
    return filled


def _spikes(record: EcgRecord) -> tuple[Floats, str]:
    """Pacing spikes that were noted when the record was read, or are seen now; and why they cannot be told."""
    noted = [note.onset for note in record.annotations if note.text == pacing.TEXT and note.onset is not None]
    if noted:
        return np.array(sorted(noted), dtype=np.float64), ""
    found = pacing.find_pacing(record)
    seen = [note.onset for note in found.spikes if note.onset is not None]
    return np.array(sorted(seen), dtype=np.float64), found.cannot_tell or ""


def _notes(notes: Mapping[str, str], r_peaks: Floats, spikes: Floats, unsure: str) -> dict[str, str]:
    """The delineator's notes, and for all leads together what is to be known of pacing."""
    atrial = int(np.count_nonzero(atrial_spikes(r_peaks, spikes)))
    told = [notes.get(GLOBAL, "")]
    if atrial:
        told.append(f"{atrial} pacing spikes come long before QRS: the atria may be paced, and P and PR mean less.")
    if unsure:
        told.append(f"Pacing spikes: {unsure}.")
    whole = " ".join(filter(None, told))
    return {**notes, **({GLOBAL: whole} if whole else {})}


def in_order(times: Floats, duration: float) -> Floats:
    """The times with those of impossible waves taken out: outside the record, or off before peak before on."""
    ordered = np.where((times >= 0) & (times <= duration), times, np.nan)
    for first in range(0, len(FIDUCIALS), 3):
        on, peak, off = (ordered[..., first + part] for part in range(3))
        with np.errstate(invalid="ignore"):
            wrong = (on > peak) | (peak > off) | (on >= off)
        ordered[wrong, first : first + 3] = np.nan
    return ordered


def _scale_doubt(record: EcgRecord) -> str:
    """What the passport says of the scale: an ECG that is a thousand times too small looks flat."""
    found = next((doubt for doubt in record.source.doubts if "gain" in doubt or "unit" in doubt), "")
    return f" Its scale is doubtful: {found}." if found else ""


def _listed(reasons: dict[str, str]) -> str:
    if len(reasons) > 1 and len(set(reasons.values())) == 1:
        return f"all {len(reasons)} are {next(iter(reasons.values()))}"
    return "; ".join(f"{lead} {reason}" for lead, reason in reasons.items())
