"""One record as the viewer shows it: passport, signal, thumbnail."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from einthoven.errors import NotFound, SettingError
from einthoven.record import EcgRecord
from einthoven.signal.filters import band_pass
from einthoven.signal.gaps import bridged
from einthoven.store.originals import zipped
from einthoven.workflows.views import RecordDetail, Thumbnail
from einthoven.workflows.workspace import Workspace

THUMBNAIL_COLUMNS = 120
THUMBNAIL_SECONDS = 5.0


def detail(workspace: Workspace, item_id: int) -> RecordDetail:
    """Everything about a record but its signal."""
    item = workspace.store.item(item_id)
    record = workspace.store.load(item)
    previous, following, position, total = workspace.store.neighbours(item)
    return RecordDetail(
        item=item.id,
        dataset=item.dataset,
        file_name=item.file_name,
        record_id=item.record_id,
        leads=record.leads,
        rate=record.rate,
        n_samples=record.n_samples,
        duration=record.duration,
        amplitude=record.amplitude,
        subject=record.subject,
        # Files of equal content share one stored record, which carries the name of the first.
        source=replace(record.source, name=item.file_name),
        annotations=record.annotations,
        steps=record.steps,
        labels=item.labels,
        fold=item.fold,
        previous=previous,
        next=following,
        position=position,
        total=total,
        original=workspace.store.original(item),
        quality=workspace.store.quality(item),
        grade=item.grade,
        same_as=item.same_as,
        same_as_name=None if item.same_as is None else workspace.store.file_name(item.same_as),
    )


def original(workspace: Workspace, item_id: int) -> dict[str, bytes]:
    """The files that are kept of what a record was read from; NotFound says why there are none."""
    kept = workspace.store.original(workspace.store.item(item_id)).kept
    if kept is None:
        raise NotFound(
            "No original is kept of this record.",
            advice="Its format cannot be blanked surely, its own name stands inside it, or it was imported before "
            "originals were kept. Import it with --keep-identifiers to keep its bytes unchanged.",
        )
    return workspace.store.originals.load(kept)


def original_archive(workspace: Workspace, item_id: int) -> bytes:
    """The original with the files it needs, as one ZIP."""
    return zipped(original(workspace, item_id))


def signal_bytes(workspace: Workspace, item_id: int, *, band: tuple[float, float] | None = None) -> bytes:
    """float32, little-endian, `(n_leads, n_samples)` in C order, band-passed for display when asked."""
    record = workspace.store.load(workspace.store.item(item_id))
    if band is not None:
        record = filtered_for_display(record, band)
    return record.signal.astype("<f4", copy=False).tobytes()


def display_band(low: float | None, high: float | None) -> tuple[float, float] | None:
    """The band that a page asks for: both edges in Hz, or none."""
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise SettingError("A band has two edges, and one was given.", advice="Give both low and high.")
    return low, high


def filtered_for_display(record: EcgRecord, band: tuple[float, float]) -> EcgRecord:
    """Band-passed, with missing samples missing again afterwards (the filter itself knows no gaps)."""
    low, high = band
    if not 0 < low < high:
        raise SettingError(f"A band of {low:g} to {high:g} Hz is not possible.", advice="Give 0 < low < high.")
    missing = np.isnan(record.signal)
    if not missing.any():
        return band_pass(record, low, high)
    passed = band_pass(record.with_signal(_without_gaps(record.signal), "gaps bridged for the filter"), low, high)
    signal = np.where(missing, np.float32(np.nan), passed.signal)
    return passed.with_signal(signal, "gaps opened again")


def _without_gaps(signal: np.ndarray) -> np.ndarray:
    filled = np.array(signal)
    for row in filled:
        row[:] = 0.0 if np.isnan(row).all() else bridged(row)
    return filled


def thumbnails(workspace: Workspace, item_ids: Sequence[int]) -> list[Thumbnail]:
    """Lead II of each record, first five seconds, thinned to its extremes per column."""
    return [_thumbnail(item_id, workspace.store.load(workspace.store.item(item_id))) for item_id in item_ids]


def _thumbnail(item_id: int, record: EcgRecord) -> Thumbnail:
    lead = "II" if "II" in record.leads else record.leads[0]
    samples = record.lead(lead)[: round(THUMBNAIL_SECONDS * record.rate)]
    edges = np.linspace(0, len(samples), min(THUMBNAIL_COLUMNS, len(samples)) + 1).astype(int)
    low: list[float | None] = []
    high: list[float | None] = []
    for start, stop in itertools.pairwise(edges):
        part = samples[start:stop]
        there = part[~np.isnan(part)]
        low.append(float(there.min()) if there.size else None)
        high.append(float(there.max()) if there.size else None)
    return Thumbnail(item_id, lead, tuple(low), tuple(high))
