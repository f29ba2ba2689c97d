"""What looks wrong in a signal as it was read, without making it unreadable: words for `SourceInfo.doubts`."""

from collections.abc import Sequence
from statistics import median

import numpy as np
import numpy.typing as npt

from einthoven.formats.facts import Settled
from einthoven.leads import STANDARD_12
from einthoven.record import Signal

Mask = npt.NDArray[np.bool_]

CHECK_SCALE = "check unit and gain"
_LARGEST_MV = 100.0
_SMALLEST_MV = 0.005
# Range of a lead within a second, in the middle of leads and seconds: 0.36 to 3.8 mV in 98 % of 566 real records of
# known gain. Of nine of PTB-XL that CinC 2021 published with a gain of 200 instead of 1000, eight lie above; of seven
# of Georgia with 4880 instead of 1000, five below.
_USUAL_MV = (0.3, 4.0)
_FEWEST_SECONDS = 3
# Rounding of the gain to whole counts per mV moves a span of 1 mV by up to 0.5/gain; LUDB's smallest gain is about 300.
_SPAN_TOLERANCE = 0.003


def doubts_about(signal: Signal, leads: Sequence[str], settled: Settled) -> list[str]:
    """Gaps, flat and equal leads, lacking leads, and amplitudes that cannot be mV; `signal` is `(leads, samples)`."""
    lowest, highest = np.fmin.reduce(signal, axis=1), np.fmax.reduce(signal, axis=1)
    empty, flat = np.isnan(lowest), lowest == highest
    found = []
    if (flat | empty).all():
        found.append("every lead is flat: there is no ECG in this file")
    elif flat.any():
        found.append(f"flat lead: {_names(leads, flat)}")
    if empty.any():
        found.append(f"lead without any value: {_names(leads, empty)}")
    found += _gaps(signal, leads, empty)
    found += _twins(signal, leads, flat | empty)
    found += lacking_leads(leads)
    live = ~(flat | empty)
    if settled.amplitude == "mV" and live.any():
        rows = signal[live] if not live.all() else signal
        found += _doubtful_scale(rows, lowest[live], highest[live], second=round(settled.rate))
    return found


def lacking_leads(leads: Sequence[str]) -> list[str]:
    """The doubt that standard leads lack, or nothing. Put right by `examine`, which derives the limb leads."""
    lacking = [name for name in STANDARD_12 if name not in leads]
    return [f"{12 - len(lacking)} of the 12 standard leads; lacking {', '.join(lacking)}"] if lacking else []


def _names(leads: Sequence[str], mask: Mask) -> str:
    return ", ".join(name for name, hit in zip(leads, mask, strict=True) if hit)


def _gaps(signal: Signal, leads: Sequence[str], empty: Mask) -> list[str]:
    absent = np.isnan(signal)
    if not absent.any():
        return []
    missing = absent.mean(axis=1)
    partly = (missing > 0) & ~empty
    if not partly.any():
        return []
    return [f"missing samples in {_names(leads, partly)}: up to {missing[partly].max():.1%} of a lead"]


def _twins(signal: Signal, leads: Sequence[str], dull: Mask) -> list[str]:
    # Rows that differ in their middle are no twins; hashing them whole takes longer than reading the file.
    middle = signal[:, signal.shape[1] // 2 :][:, :64]
    if len({row.tobytes() for row in middle}) == len(signal):
        return []
    seen: dict[bytes, str] = {}
    found = []
    for name, row, skip in zip(leads, signal, dull, strict=True):
        if skip:
            continue
        key = row.tobytes()
        if key in seen:
            found.append(f"leads {seen[key]} and {name} hold the same samples")
        seen.setdefault(key, name)
    return found


def _doubtful_scale(signal: Signal, lowest: Signal, highest: Signal, *, second: int) -> list[str]:
    """Signs that the numbers are no millivolt although the file or the hint says so."""
    found: list[str] = []
    largest = float(max(highest.max(), -lowest.min()))
    if not np.isfinite(largest):
        return found  # EcgRecord refuses it
    if largest > _LARGEST_MV:
        found.append(f"amplitudes reach {largest:.4g} mV, more than any ECG: {CHECK_SCALE}")
    elif largest < _SMALLEST_MV:
        found.append(f"no amplitude above {largest:.2g} mV, less than any ECG: {CHECK_SCALE}")
    else:
        found += _unusual_size(signal, float(median(highest - lowest)), second)
    if len(lowest) < 3:
        return found
    if (np.abs(highest - lowest - 1) < _SPAN_TOLERANCE).all():
        found.append("every lead spans exactly 1.0 mV: each seems scaled to its own range, and the stated gain wrong")
    # No numbers have a standard deviation of more than half their range.
    if (highest - lowest > 1.9).all() and all(_is_z_scored(row) for row in signal):
        found.append("every lead has mean 0 and standard deviation 1: this looks z-scored, not millivolt")
    return found


def _unusual_size(signal: Signal, usual_range: float, second: int) -> list[str]:
    """A hint at a gain that is wrong by 5 or 10; looked at closely only where the range of whole leads allows it."""
    low, high = _USUAL_MV
    n_seconds = signal.shape[1] // second
    if 3 * low < usual_range < high or n_seconds < _FEWEST_SECONDS:
        return []
    parts = signal[:, : n_seconds * second].reshape(len(signal), n_seconds, second)
    ranges = np.fmax.reduce(parts, axis=2) - np.fmin.reduce(parts, axis=2)
    size = float(np.nanmedian(ranges))
    if low <= size <= high:
        return []
    return [f"QRS of about {size:.2g} mV is unusually {'low' if size < low else 'high'}: {CHECK_SCALE}"]


def _is_z_scored(row: Signal) -> bool:
    present = row[~np.isnan(row)]
    return bool(abs(present.mean()) < 1e-3 and abs(present.std() - 1) < 1e-3)
