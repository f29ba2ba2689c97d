"""Parquet: a column of time and one column for each lead; rate, unit and subject in the metadata of the schema."""

import io

import numpy as np

from einthoven.record import EcgRecord
from einthoven.steps import stated_steps
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.passport import lost, plain_id


def write(record: EcgRecord, stem: str) -> Written:
    import pyarrow
    from pyarrow import parquet

    unit = "mV" if record.amplitude == "mV" else "NU"
    facts: dict[str, str] = {"rate": repr(record.rate), "unit": record.amplitude, "leads": " ".join(record.leads)}
    subject, identifier = record.subject, plain_id(record)
    steps = stated_steps(record)
    facts |= {"steps": "\n".join(steps)} if steps else {}
    facts |= {} if subject.age is None else {"age": f"{subject.age:g}"}
    facts |= {} if subject.sex is None else {"sex": subject.sex}
    facts |= {} if identifier is None else {"subject_id": identifier}
    columns = {"time (s)": np.arange(record.n_samples) / record.rate}
    columns |= {f"{lead} ({unit})": row for lead, row in zip(record.leads, record.signal, strict=True)}
    table = pyarrow.table(columns).replace_schema_metadata(facts)
    stream = io.BytesIO()
    parquet.write_table(table, stream, compression="zstd")
    return Written({f"{stem}.parquet": stream.getvalue()}, lost(record, says_steps=True))


ENTRY = WriterEntry(
    name="parquet",
    title="Parquet",
    suffix=".parquet",
    requires=("pyarrow",),
    write=write,
    loses="Samples are exact, missing ones NaN. Statements, date and device are not written.",
    read_by=("pyarrow", "pandas"),
)
