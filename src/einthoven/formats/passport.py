"""From settled facts to an `EcgRecord`: the passport is filled, the subject made pseudonymous."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from einthoven.errors import RecordError
from einthoven.formats.doubts import doubts_about
from einthoven.formats.facts import Facts, Settled
from einthoven.leads import canonical_leads
from einthoven.record import OLDEST_YEARS, Annotation, EcgRecord, Sex, Signal, SourceInfo, Subject
from einthoven.steps import restored

_LOWEST_HZ = 50.0


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
    steps: Sequence[str] = (),
) -> EcgRecord:
    """The record with its passport; RecordError when no sample of it has a value.

    `steps` are lines in which the file says what was done to the signal; of these only known words are taken.

    The signal is handed over: an array of its own becomes read-only here, and the record's without a copy.
    """
    if np.isnan(signal.flat[:1]).all() and np.isnan(signal).all():
        raise RecordError("No sample has a value: the whole signal is missing (NaN).")
    leads = canonical_leads(settled.leads)
    low = (f"a rate of {settled.rate:g} Hz is too low for an ECG: check it",) if settled.rate < _LOWEST_HZ else ()
    done = restored(steps)
    doubts = (*origin.doubts, *done.doubts, *settled.doubts, *low, *doubts_about(signal, leads, settled))
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
        annotations=(*annotations, *(note for note in done.annotations if note not in annotations)),
        steps=done.steps,
    )


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
        # Wagner et al., Scientific Data 7:154, 2020.
        note = "; PTB-XL writes 300 for patients over 89" if years == 300 else ""
        return None, (f"an age of {years:g} years is stated, which is not used{note}",)
    return years, ()


def sex_from(text: str) -> Sex | None:
    """`F` or `M` from the usual words; None for anything else."""
    return _SEXES.get(text.strip().casefold())
