"""CSV: a column of time, and one column for each lead, with units in the header.

Of an ECG that is no longer as it was recorded, lines that begin with # say above the table what was done to it.
"""

import numpy as np

from einthoven.errors import RecordError
from einthoven.record import EcgRecord
from einthoven.steps import stated_steps
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.passport import lost

FEWEST_SAMPLES = 3


def write(record: EcgRecord, stem: str) -> Written:
    if record.n_samples < FEWEST_SAMPLES:
        raise RecordError(
            f"{record.n_samples} samples are too few for a column of time to state the rate.",
            advice="Write it as .hea, .npz or .parquet.",
        )
    unit = "mV" if record.amplitude == "mV" else "NU"
    for lead in record.leads:
        if set(lead) & set(',";\r\n'):
            raise RecordError(f"The lead name {lead!r} cannot stand in a CSV header.", advice="Write it as .npz.")
    times = (repr(sample / record.rate) for sample in range(record.n_samples))
    # numpy writes the fewest digits from which the same float32 is read.
    cells = np.where(np.isnan(record.signal), "NaN", record.signal.astype(np.str_))
    rows = [f"# steps: {step}" for step in stated_steps(record)]
    rows += [",".join(["time (s)", *(f"{lead} ({unit})" for lead in record.leads)])]
    rows += [f"{time},{','.join(row)}" for time, row in zip(times, cells.T.tolist(), strict=True)]
    return Written({f"{stem}.csv": ("\n".join(rows) + "\n").encode()}, lost(record, subject=True, says_steps=True))


ENTRY = WriterEntry(
    name="csv",
    title="CSV",
    suffix=".csv",
    requires=(),
    write=write,
    loses="Samples are exact; a missing one is `NaN`. Only the signal is written: no subject, statements, date "
    "or device. Of a median beat or time-aligned ECG lines with `#` above the table say what it is.",
    read_by=("pandas",),
)
