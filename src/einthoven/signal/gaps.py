"""Samples that are missing (NaN): short gaps are bridged and reported, long ones refuse the record."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import RecordError, SettingError
from einthoven.record import EcgRecord

_LISTED = 6


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples `start` (included) to `stop` (not included) of a lead are missing."""

    lead: str
    start: int
    stop: int

    def where(self, rate: float) -> str:
        """`V1 1.200-1.350 s`."""
        return f"{self.lead} {self.start / rate:.3f}-{self.stop / rate:.3f} s"


def find_gaps(record: EcgRecord) -> tuple[Gap, ...]:
    """Every run of missing samples, lead by lead, in order of time."""
    if not record.has_gaps:
        return ()
    missing = np.isnan(record.signal)
    padded = np.pad(missing, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    rows, starts = np.nonzero(change == 1)
    _, stops = np.nonzero(change == -1)
    return tuple(Gap(record.leads[r], int(a), int(b)) for r, a, b in zip(rows, starts, stops, strict=True))


def fill_gaps(record: EcgRecord, *, longest: float) -> EcgRecord:
    """Bridge gaps of up to `longest` seconds by a straight line; at the ends the nearest value is held.

    Raises
    ------
    RecordError
        When a gap is longer, or a lead holds no sample at all; the message says which and where.
    """
    if not (np.isfinite(longest) and longest >= 0):
        raise SettingError(f"Gaps of up to {longest!r} s cannot be filled.", advice="Give seconds, 0 or more.")
    gaps = find_gaps(record)
    if not gaps:
        return record
    _refuse_long(record, gaps, longest)
    signal = record.signal.astype(np.float64)
    for row in np.flatnonzero(np.isnan(signal).any(axis=1)):
        signal[row] = bridged(signal[row])
    return record.with_signal(signal, f"gaps filled by interpolation: {_listing(gaps, record.rate)}")


def require_no_gaps(record: EcgRecord, purpose: str) -> None:
    """RecordError when samples are missing: filters spread one NaN over the whole lead."""
    gaps = find_gaps(record)
    if gaps:
        raise RecordError(
            f"Missing samples ({_listing(gaps, record.rate)}) do not allow {purpose}.",
            advice="Fill the gaps first, or use another recording.",
        )


def _refuse_long(record: EcgRecord, gaps: tuple[Gap, ...], longest: float) -> None:
    empty = [gap.lead for gap in gaps if gap.stop - gap.start == record.n_samples]
    if empty:
        raise RecordError(
            f"Lead {', '.join(empty)} holds no sample at all.",
            advice="Use another recording, or a model that does not need this lead.",
        )
    # A run of k missing samples lasts k/rate seconds; the tolerance is for rounding in that division.
    long = tuple(gap for gap in gaps if gap.stop - gap.start > longest * record.rate + 1e-6)
    if long:
        raise RecordError(
            f"Samples are missing for longer than {longest:g} s: {_listing(long, record.rate)}.",
            advice="A longer part than that cannot be made up; use another recording.",
        )


def bridged(row: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """A lead that holds a sample, `(samples,)`, with straight lines over its gaps; at the ends the nearest is held."""
    present = np.flatnonzero(~np.isnan(row))
    filled: npt.NDArray[np.float64] = np.interp(np.arange(row.size), present, row[present])
    return filled


def _listing(gaps: tuple[Gap, ...], rate: float) -> str:
    shown = ", ".join(gap.where(rate) for gap in gaps[:_LISTED])
    return shown if len(gaps) <= _LISTED else f"{shown} and {len(gaps) - _LISTED} more"
