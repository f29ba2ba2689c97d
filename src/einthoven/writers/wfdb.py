"""WFDB: a header (`.hea`) and samples of 16 bits (`.dat`).

"header(5)" and "signal(5)", WFDB Applications Guide: format 16, gain in counts per unit with the count of zero in
brackets, -32768 for a missing sample.
"""

import re

import numpy as np

from einthoven.errors import SettingError
from einthoven.record import EcgRecord
from einthoven.steps import stated_steps
from einthoven.writers.counts import Scaled, rounding, scale
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.passport import lost, plain_id

_SEXES = {"F": "Female", "M": "Male"}


def write(record: EcgRecord, stem: str) -> Written:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", stem):
        raise SettingError(
            f"{stem!r} cannot be the name of a WFDB record.",
            advice="Use letters without accents, digits, hyphen and underscore.",
        )
    scaled = scale(record)
    codes = [code for note in record.annotations if note.system == "SNOMED CT" and (code := note.code or "").isdigit()]
    lines = [f"{stem} {record.n_leads} {record.rate!r} {record.n_samples}"]
    lines += [_signal_line(stem, record, lead, one) for lead, one in zip(record.leads, scaled, strict=True)]
    lines += _comments(record, codes)
    data = np.stack([one.counts for one in scaled]).astype("<i2").T.tobytes()
    files = {f"{stem}.hea": ("\n".join(lines) + "\n").encode(), f"{stem}.dat": data}
    said = lost(record, kept=len(codes), says_steps=True)
    return Written(files, (rounding(scaled, record.amplitude), *said))


def _signal_line(stem: str, record: EcgRecord, lead: str, one: Scaled) -> str:
    unit = "mV" if record.amplitude == "mV" else "NU"
    gain, baseline = 1000 / one.step, -round(one.offset / one.step)
    checksum = int(one.counts.sum(dtype=np.int64)) % 65536
    signed = checksum - 65536 if checksum > 32767 else checksum
    return f"{stem}.dat 16 {_number(gain)}({baseline})/{unit} 16 0 {one.counts[0]} {signed} 0 {lead}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _comments(record: EcgRecord, codes: list[str]) -> list[str]:
    subject, identifier = record.subject, plain_id(record)
    found = []
    if subject.age is not None:
        found.append(f"# Age: {subject.age:g}")
    if subject.sex is not None:
        found.append(f"# Sex: {_SEXES[subject.sex]}")
    if identifier is not None:
        found.append(f"# Subject ID: {identifier}")
    found += [f"# Steps: {step}" for step in stated_steps(record)]
    if codes:
        found.append(f"# Dx: {','.join(codes)}")
    return found


ENTRY = WriterEntry(
    name="wfdb",
    title="WFDB (format 16)",
    suffix=".hea",
    requires=(),
    write=write,
    loses="Samples that were no whole counts are rounded to 16 bits. SNOMED CT codes stay as `Dx`; other statements, "
    "date and device are not written.",
    read_by=("wfdb",),
)
