"""Choosing and ordering leads; the four leads that follow from I and II."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from einthoven.errors import RecordError, SettingError
from einthoven.leads import canonical_leads
from einthoven.record import EcgRecord

DERIVED = MappingProxyType({"III": (-1.0, 1.0), "aVR": (-0.5, -0.5), "aVL": (1.0, -0.5), "aVF": (-0.5, 1.0)})
"""Weights of leads I and II: Einthoven's law (III = II - I) and Goldberger's definition of the augmented leads."""


def select_leads(record: EcgRecord, leads: Sequence[str]) -> EcgRecord:
    """The named leads in the named order; III, aVR, aVL and aVF are computed from I and II where they lack.

    Raises
    ------
    RecordError
        When a lead is neither there nor derivable. In a record of relative amplitude nothing is
        derived: each lead has a scale of its own there, so that III = II - I does not hold.
    """
    wanted = canonical_leads(leads)
    if not wanted or len(set(wanted)) != len(wanted):
        raise SettingError(f"The leads asked for are {', '.join(wanted) or 'none'}.", advice="Name each lead once.")
    if wanted == record.leads:
        return record
    lacking = tuple(name for name in wanted if name not in record.leads)
    derived = _derivable(record, lacking)
    rows = [
        _derive(record, name) if name in derived else record.signal[record.leads.index(name)].astype(np.float64)
        for name in wanted
    ]
    return record.with_signal(np.stack(rows), _step(record, wanted, derived), leads=wanted)


def _derivable(record: EcgRecord, lacking: tuple[str, ...]) -> tuple[str, ...]:
    """`lacking`, when all of it can be derived; RecordError with the reason when not."""
    if not lacking:
        return ()
    has = f"The record has {', '.join(record.leads)}."
    impossible = [name for name in lacking if name not in DERIVED]
    if impossible:
        raise RecordError(f"The record lacks lead {', '.join(impossible)}, which cannot be derived.", advice=has)
    if record.amplitude == "relative":
        raise RecordError(
            f"The record lacks lead {', '.join(lacking)}, and its amplitude is relative: each lead has a scale of its "
            "own, so that leads cannot be computed from one another.",
            advice="Use the recording in mV, or one that holds all leads.",
        )
    sources = [name for name in ("I", "II") if name not in record.leads]
    if sources:
        raise RecordError(
            f"The record lacks lead {', '.join(lacking)}; to derive it, lead {' and '.join(sources)} would be needed.",
            advice=has,
        )
    return lacking


def _derive(record: EcgRecord, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    of_i, of_ii = DERIVED[name]
    return of_i * record.lead("I").astype(np.float64) + of_ii * record.lead("II").astype(np.float64)


def _step(record: EcgRecord, wanted: tuple[str, ...], derived: tuple[str, ...]) -> str:
    parts = []
    if derived:
        parts.append(f"leads {', '.join(derived)} derived from I and II")
    dropped = [name for name in record.leads if name not in wanted]
    if dropped:
        parts.append(f"leads {', '.join(dropped)} left out")
    if not parts:
        parts.append(f"leads put in the order {', '.join(wanted)}")
    return "; ".join(parts)
