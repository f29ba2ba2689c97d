"""NPZ: the signal as a NumPy array with its facts beside it."""

import io
import zipfile
from collections.abc import Mapping

import numpy as np

from einthoven.record import EcgRecord
from einthoven.steps import stated_steps
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.passport import lost, plain_id


def write(record: EcgRecord, stem: str) -> Written:
    return Written({f"{stem}.npz": packed(arrays_of(record))}, lost(record, says_steps=True))


def arrays_of(record: EcgRecord) -> dict[str, object]:
    """What is written of a record, by the name of its array."""
    arrays: dict[str, object] = {
        "signal": record.signal,
        "fs": record.rate,
        "leads": np.array(record.leads, dtype=np.str_),
        "unit": record.amplitude,
        "orientation": "leads-first",
    }
    steps = stated_steps(record)
    arrays |= {"steps": np.array(steps, dtype=np.str_)} if steps else {}
    subject, identifier = record.subject, plain_id(record)
    arrays |= {} if subject.age is None else {"age": subject.age}
    arrays |= {} if subject.sex is None else {"sex": subject.sex}
    arrays |= {} if identifier is None else {"subject_id": identifier}
    return arrays


def packed(arrays: Mapping[str, object]) -> bytes:
    """An NPZ file of these arrays. As `numpy.savez_compressed`, which dates the members: equal is equal."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


ENTRY = WriterEntry(
    name="npz",
    title="NumPy archive (NPZ)",
    suffix=".npz",
    requires=(),
    write=write,
    loses="Samples are exact, missing ones NaN. Statements, date and device are not written.",
    read_by=("numpy",),
)
