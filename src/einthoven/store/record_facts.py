"""What the table of records knows of a record, and its id: computed where the file was read, without a database."""

import hashlib
from typing import Any

from einthoven.record import EcgRecord
from einthoven.store import twins

SKETCH_COLUMNS = tuple(f"sketch_{part}" for part in "abcde")


def record_identity(record: EcgRecord) -> str:
    """The id of a record: a hash of what it shows and of the file it was read from."""
    parts = (record.fingerprint(), record.source.sha256, str(record.source.index))
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:32]


def record_facts(record: EcgRecord, *, quality: str | None = None, grade: str | None = None) -> dict[str, Any]:
    """The columns of the table of records for a record without an original, and its quality as JSON."""
    sketch = twins.sketch(record)
    return {
        "rate": record.rate,
        "n_samples": record.n_samples,
        "n_leads": record.n_leads,
        "amplitude": record.amplitude,
        "format": record.source.format,
        "simulated": record.source.simulated,
        "doubts": list(record.source.doubts),
        "sha256": record.source.sha256 or None,
        "part": record.source.index,
        "original": None,
        "original_bytes": None,
        "identifiers": False,
        "quality": quality,
        "grade": grade,
        **dict(zip(SKETCH_COLUMNS, sketch or (None,) * len(SKETCH_COLUMNS), strict=True)),
    }
