"""The beats of one record of the library: found, measured, corrected by hand, looked at and exported."""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from einthoven.beats import finding, measuring
from einthoven.beats.corrections import Correction, beat_at, check, corrected, place_of
from einthoven.beats.delineators import DELINEATORS
from einthoven.beats.exports import plain
from einthoven.beats.median_beat import median_beat
from einthoven.beats.overlay import overlay
from einthoven.beats.types import FIDUCIALS, GLOBAL, Beats, NoBeats
from einthoven.errors import CorrectionError, NotFound
from einthoven.leads import canonical_lead
from einthoven.record import EcgRecord
from einthoven.store.corrections import checked_who
from einthoven.store.types import Item
from einthoven.workflows.convert import free_name
from einthoven.workflows.measure_exports import Measured, part, whole
from einthoven.workflows.measurements import (
    DEFAULT_LEAD,
    DEFAULT_METHOD,
    AlignedView,
    CorrectedTime,
    Export,
    FileFormat,
    MeasuredRecord,
    MedianSource,
    MedianView,
    NewCorrection,
    OverlaidBeat,
    OverlayView,
)
from einthoven.workflows.views import Availability
from einthoven.workflows.workspace import Workspace

INSTALL = "pip install 'einthoven[beats]'"
MEDIA_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8", "json": "application/json", "npz": "application/octet-stream",
    "parquet": "application/octet-stream",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A record with its beats as one method finds them, and as they are with what was corrected by hand."""

    item: Item
    record: EcgRecord
    found: Beats | NoBeats
    beats: Beats | NoBeats
    corrections: tuple[Correction, ...]


def measured(workspace: Workspace, item_id: int, method: str = DEFAULT_METHOD) -> MeasuredRecord:
    """The beats of a record and what is measured on them; or why there are none."""
    return _view(_see(workspace, item_id, method), method)


def correct(workspace: Workspace, item_id: int, new: NewCorrection, method: str = DEFAULT_METHOD) -> MeasuredRecord:
    """Note a time that a person set, and measure again.

    Without a name of who sets it, the one that this installation keeps (its preferences) is taken; a name given is
    kept there where there is none yet. `corrections` of the answer state the name.

    Raises
    ------
    NotFound
        There is no such channel or fiducial, and no beat at `r_peak`.
    CorrectionError
        The time cannot be that of this fiducial of this beat (`beats.corrections.check`), or nobody says who sets it.
    """
    seen = _see(workspace, item_id, method)
    if isinstance(seen.found, NoBeats) or isinstance(seen.beats, NoBeats):
        raise NotFound(f"The record has no beats that could be corrected: {_reason(seen.found)}")
    beat = beat_at(seen.beats.r_peaks, new.r_peak)
    if beat is None:
        raise NotFound(f"There is no beat at {new.r_peak:.3f} s.", advice="Name one by the time of its R peak.")
    check(seen.beats, new.channel, beat, new.fiducial, new.time)
    who = checked_who(new.who) or workspace.preferences.who or ""
    if not who:
        raise CorrectionError("A correction needs the name of who makes it.", advice="Give a name or initials.")
    # Named as the algorithm found it: its R peak does not move with what a person sets.
    r_peak = float(seen.found.r_peaks[beat])
    workspace.corrections.put(
        item_id, channel=new.channel, r_peak=r_peak, fiducial=new.fiducial, time=new.time, who=who
    )
    # One correction under another name does not change under which name the next are made.
    if not workspace.preferences.who:
        workspace.save_preferences(replace(workspace.preferences, who=who))
    return measured(workspace, item_id, method)


def take_back(
    workspace: Workspace, item_id: int, correction: int | None, method: str = DEFAULT_METHOD
) -> MeasuredRecord:
    """Forget one correction of a record, or all of them (None)."""
    workspace.store.item(item_id)
    if correction is None:
        workspace.corrections.clear(item_id)
    else:
        workspace.corrections.delete(item_id, correction)
    return measured(workspace, item_id, method)


def overlay_view(
    workspace: Workspace, item_id: int, lead: str | None = None, method: str = DEFAULT_METHOD
) -> tuple[OverlayView, bytes]:
    """All beats of a lead around R (without a lead: II, or the first), with their samples as little-endian float32."""
    seen = _see(workspace, item_id, method)
    wanted = _lead(seen.record, lead)
    found = overlay(seen.record, seen.beats, wanted)
    n_samples = found.values.shape[1]
    view = OverlayView(
        lead=found.lead,
        leads=seen.record.leads,
        rate=found.rate,
        r_index=found.r_index,
        before=found.r_index / found.rate,
        after=(n_samples - 1 - found.r_index) / found.rate,
        unit=seen.record.amplitude,
        n_samples=n_samples,
        beats=tuple(
            OverlaidBeat(*one)
            for one in zip(found.beats, found.kinds, found.r_peaks.tolist(), found.levels.tolist(), strict=True)
        ),
    )
    return view, _bytes(found.values)


def median_view(
    workspace: Workspace, item_id: int, source: MedianSource = "own", method: str = DEFAULT_METHOD
) -> tuple[MedianView, bytes]:
    """A median beat of each lead, ours with the fiducials on it or that of Rlign, with its samples."""
    seen = _see(workspace, item_id, method)
    if source == "rlign":
        from einthoven.beats import alignment

        made = alignment.rlign_median_beat(seen.record, seen.beats)
        view = MedianView(
            source, made.leads, (GLOBAL, *made.leads), made.rate, made.n_samples, made.amplitude, None, None, None, (),
            made.steps,
        )  # fmt: skip
        return view, _bytes(made.signal)
    beat = median_beat(seen.record, seen.beats)
    times = tuple(tuple(row) for row in plain(beat.times))
    view = MedianView(
        source, beat.leads, beat.channels, beat.rate, beat.signal.shape[1], seen.record.amplitude, beat.r_index, times,
        beat.n_beats, beat.kinds, seen.record.steps,
    )  # fmt: skip
    return view, _bytes(beat.signal)


def aligned_view(workspace: Workspace, item_id: int, method: str = DEFAULT_METHOD) -> tuple[AlignedView, bytes]:
    """The time-aligned ECG of Rlign, with its samples."""
    from einthoven.beats import alignment

    seen = _see(workspace, item_id, method)
    made = alignment.time_aligned(seen.record, seen.beats)
    return AlignedView(made.leads, made.rate, made.n_samples, made.amplitude, made.steps), _bytes(made.signal)


def exported(
    workspace: Workspace,
    item_id: int,
    what: Export,
    file_format: FileFormat,
    *,
    lead: str | None = None,
    method: str = DEFAULT_METHOD,
) -> tuple[str, bytes]:
    """One export of one record as a file: its name, and its bytes."""
    seen = _see(workspace, item_id, method)
    wanted = _lead(seen.record, lead)
    name = seen.item.file_name
    ecg = Measured(name, method, seen.record, seen.beats, measuring.measure(seen.record, seen.beats))
    data = part(ecg, what, file_format, lead=wanted)
    return f"{free_name(name, set())}-{what}.{file_format}", whole(what, file_format, data)


def delineators() -> list[Availability]:
    """Every way of finding waves, usable here or not."""
    found = []
    for entry in DELINEATORS:
        missing = DELINEATORS.missing(entry)
        reason = f"needs {', '.join(missing)}: {INSTALL}" if missing else ""
        summary = f"{entry.summary} {entry.source}".strip()
        found.append(Availability(entry.name, entry.title, summary, not missing, reason))
    return found


def _see(workspace: Workspace, item_id: int, method: str) -> Seen:
    DELINEATORS.require(method)
    item = workspace.store.item(item_id)
    record = workspace.store.load(item)
    # A page asks for beats, overlay and median beat of one record in turn.
    found: Beats | NoBeats = workspace.cached(
        "beats", f"{item.record_id} {method}", lambda: finding.find_beats(record, method=method)
    )
    corrections = tuple(workspace.corrections.of(item_id))
    beats = found if isinstance(found, NoBeats) else corrected(found, corrections)
    return Seen(item, record, found, beats, corrections)


def _lead(record: EcgRecord, lead: str | None) -> str:
    """The lead that was asked for, in any spelling; else II, or the first."""
    if lead:
        return lead if lead in record.leads else canonical_lead(lead)
    return DEFAULT_LEAD if DEFAULT_LEAD in record.leads else record.leads[0]


def _view(seen: Seen, method: str) -> MeasuredRecord:
    common: dict[str, Any] = {
        "item": seen.item.id,
        "method": method,
        "methods": tuple(entry.name for entry in DELINEATORS if not DELINEATORS.missing(entry)),
        "leads": seen.record.leads,
        "amplitude": seen.record.amplitude,
        "duration": seen.record.duration,
        "corrections": seen.corrections,
        "measurements": measuring.measure(seen.record, seen.beats),
    }
    beats = seen.beats
    if isinstance(beats, NoBeats):
        return MeasuredRecord(**common, obstacle=beats.obstacle, reason=beats.reason)
    return MeasuredRecord(
        **common,
        channels=beats.channels,
        r_peaks=tuple(beats.r_peaks.tolist()),
        kinds=beats.kinds,
        spikes=tuple(beats.spikes.tolist()),
        times=tuple(tuple(tuple(beat) for beat in channel) for channel in plain(beats.times)),
        absent={str(wave): reason for wave, reason in beats.absent.items()},
        left_out=dict(beats.left_out),
        notes={**beats.notes, **_without_place(seen)},
        corrected=tuple(
            CorrectedTime(beats.channels[channel], beat, FIDUCIALS[place])
            for channel, beat, place in sorted(beats.corrected)
        ),
    )


def _without_place(seen: Seen) -> dict[str, str]:
    """A word on corrections of beats that this method does not find."""
    found = cast(Beats, seen.found)
    n = sum(place_of(found, one) is None for one in seen.corrections)
    what = "correction belongs" if n == 1 else "corrections belong"
    return {"corrections": f"{n} {what} to beats that this method does not find."} if n else {}


def _reason(found: Beats | NoBeats) -> str:
    return found.reason if isinstance(found, NoBeats) else ""


def _bytes(values: npt.NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(values, dtype="<f4").tobytes()
