"""From settled facts to an `EcgRecord`: the passport is filled, and what looks wrong is written into it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from einthoven.errors import RecordError
from einthoven.formats.facts import Facts, Settled
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.record import Annotation, EcgRecord, Sex, Signal, SourceInfo, Subject

# PTB-XL writes 300 for patients older than 89 (Wagner et al., Scientific Data 7:154, 2020).
OLDEST_YEARS = 130.0
_LARGEST_MV = 100.0
_SMALLEST_MV = 0.005
# Range of a lead within a second, in the middle of leads and seconds: 0.36 to 3.8 mV in 98 % of 566 real records of
# known gain. Of nine of PTB-XL that CinC 2021 published with a gain of 200 instead of 1000, eight lie above; of seven
# of Georgia with 4880 instead of 1000, five below.
_USUAL_MV = (0.3, 4.0)
_FEWEST_SECONDS = 3
# Rounding of the gain to whole counts per mV moves a span of 1 mV by up to 0.5/gain; LUDB's smallest gain is about 300.
_SPAN_TOLERANCE = 0.003


@cache
def reader_name(package: str) -> str:
    """`package` with its version, as it stands in `SourceInfo.reader`."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


@dataclass(frozen=True, slots=True)
class Origin:
    """What the passport says besides the facts: which file, which format, read by what."""

    name: str
    format: str
    sha256: str
    reader: str
    index: int = 0
    band: tuple[float, float] | None = None
    device: str | None = None
    recorded: str | None = None
    changed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def sha256(*parts: bytes) -> str:
    """Hex digest over the parts, in order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def make_record(
    signal: Signal,
    facts: Facts,
    settled: Settled,
    origin: Origin,
    *,
    subject: Subject | None = None,
    annotations: Sequence[Annotation] = (),
) -> EcgRecord:
    """The record with its passport; RecordError when no sample of it has a value.

    The signal is handed over: an array of its own becomes read-only here, and the record's without a copy.
    """
    if np.isnan(signal).all():
        raise RecordError("No sample has a value: the whole signal is missing (NaN).")
    leads = canonical_leads(settled.leads)
    doubts = (*origin.doubts, *settled.doubts, *_doubts(signal, leads, settled))
    source = SourceInfo(
        name=origin.name,
        format=origin.format,
        reader=origin.reader,
        sha256=origin.sha256,
        index=origin.index,
        rate=facts.rate,
        unit=None if facts.units is None else ", ".join(dict.fromkeys(facts.units)),
        gain=facts.gains,
        leads=facts.leads,
        band=origin.band,
        device=origin.device,
        assumed=settled.assumed,
        changed=origin.changed,
        doubts=tuple(dict.fromkeys(doubts)),
        recorded=origin.recorded,
    )
    signal.flags.writeable = False
    return EcgRecord(
        signal=signal,
        leads=leads,
        rate=settled.rate,
        amplitude=settled.amplitude,
        source=source,
        subject=subject or Subject(),
        annotations=tuple(annotations),
    )


def _doubts(signal: Signal, leads: Sequence[str], settled: Settled) -> list[str]:
    """What looks wrong in the signal without making it unreadable."""
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


def _names(leads: Sequence[str], mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    return ", ".join(name for name, hit in zip(leads, mask, strict=True) if hit)


def _gaps(signal: Signal, leads: Sequence[str], empty: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
    absent = np.isnan(signal)
    if not absent.any():
        return []
    missing = absent.mean(axis=1)
    partly = (missing > 0) & ~empty
    if not partly.any():
        return []
    return [f"missing samples in {_names(leads, partly)}: up to {missing[partly].max():.1%} of a lead"]


def _twins(signal: Signal, leads: Sequence[str], dull: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
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
        found.append(f"amplitudes reach {largest:.4g} mV, more than any ECG: check unit and gain")
    elif largest < _SMALLEST_MV:
        found.append(f"no amplitude above {largest:.2g} mV, less than any ECG: check unit and gain")
    else:
        found += _unusual_size(signal, float(np.median(highest - lowest)), second)
    if len(lowest) < 3:
        return found
    if (np.abs(highest - lowest - 1) < _SPAN_TOLERANCE).all():
        found.append("every lead spans exactly 1.0 mV: each seems scaled to its own range, and the stated gain wrong")
    if all(_is_z_scored(row) for row in signal):
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
    return [f"QRS of about {size:.2g} mV is unusually {'low' if size < low else 'high'}: check unit and gain"]


def _is_z_scored(row: Signal) -> bool:
    present = row[~np.isnan(row)]
    return bool(abs(present.mean()) < 1e-3 and abs(present.std() - 1) < 1e-3)


def pseudonym(identifier: str) -> str | None:
    """A short sha256 of a patient id; None for an empty one.

    It keeps a patient's ECGs together without showing the id. It is no protection against somebody
    who can try out all ids.
    """
    stripped = identifier.strip()
    return hashlib.sha256(stripped.encode()).hexdigest()[:16] if stripped else None


_UNITS_OF_AGE = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_AGE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([YMWD]?)(?:ears?|onths?|eeks?|ays?)?\s*$", re.IGNORECASE)
_DAYS_A_YEAR = 365.2425


def age_between(birth: date | None, recorded: date | None) -> tuple[float | None, tuple[str, ...]]:
    """Age in years at the recording, to a tenth, and a doubt when it cannot be one. The birth date is not kept."""
    if birth is None or recorded is None:
        return None, ()
    years = (recorded - birth).days / _DAYS_A_YEAR
    if not 0 <= years <= OLDEST_YEARS:
        return None, ("the birth date stated does not fit the date of recording; no age is used",)
    return round(years, 1), ()


_SEXES: dict[str, Sex] = {"f": "F", "female": "F", "woman": "F", "m": "M", "male": "M", "man": "M"}


def age_from(text: str) -> tuple[float | None, tuple[str, ...]]:
    """Age in years from `73`, `011Y` or `6 months`, and a doubt when it cannot be one."""
    match = _AGE.match(text)
    if not match:
        return None, ()
    years = float(match[1]) * _UNITS_OF_AGE[match[2].upper() or "Y"]
    if years > OLDEST_YEARS:
        note = "; PTB-XL writes 300 for patients over 89" if years == 300 else ""
        return None, (f"an age of {years:g} years is stated, which is not used{note}",)
    return years, ()


def sex_from(text: str) -> Sex | None:
    """`F` or `M` from the usual words; None for anything else."""
    return _SEXES.get(text.strip().casefold())
