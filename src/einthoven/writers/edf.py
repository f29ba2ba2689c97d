"""EDF+: European Data Format, samples of 16 bits.

Kemp & Olivan 2003, edfplus.info/specs: numbers in the header have eight characters, which limits how exactly scale
and rate can be stated; there is no value for a missing sample.
"""

import io
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from einthoven.errors import RecordError
from einthoven.record import EcgRecord
from einthoven.writers.counts import LARGEST, Scaled, rounding, scale
from einthoven.writers.entry import WriterEntry, Written
from einthoven.writers.lead_codes import refuse_relative
from einthoven.writers.passport import lost, plain_id, refuse_time_aligned

FIELD = 8
"""Characters of a number in the header."""

MOST_BYTES_A_RECORD = 61440
_DIGITAL = (LARGEST, 32000, 32760, 32500, 30000, 25000, 20000, 16000, 10000)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """How the samples are cut into the file's data records: samples in each, and its length in seconds as stated."""

    samples: int
    seconds: str


@dataclass(frozen=True, slots=True)
class _Lead:
    """One lead: its counts, and the physical (uV, as written) and digital maximum; the minima are their negatives."""

    scaled: Scaled
    physical: str
    digital: int


def write(record: EcgRecord, stem: str) -> Written:
    refuse_relative(record, "EDF")
    refuse_time_aligned(record, "EDF")
    n_missing = int(np.isnan(record.signal).sum())
    if n_missing:
        raise RecordError(
            f"{n_missing} samples are missing, and EDF has no value for that.",
            advice="Write it as .hea, .dcm, .csv, .npz, .parquet or .json.",
        )
    blocks = _blocks(record)
    leads = [_fitted(row, one) for row, one in zip(record.signal, scale(record), strict=True)]
    data = _file(record, leads, blocks)
    return Written({f"{stem}.edf": data}, (rounding([lead.scaled for lead in leads], record.amplitude), *lost(record)))


def _blocks(record: EcgRecord) -> _Blocks:
    """Data records into which the samples go without remainder, and whose length eight characters state exactly."""
    rate = Fraction(record.rate).limit_denominator(100_000)
    most = max(1, MOST_BYTES_A_RECORD // (2 * record.n_leads))
    exact = [
        _Blocks(samples, seconds)
        for samples in _divisors(record.n_samples)
        if samples <= most and (seconds := _exactly(samples / rate)) is not None
    ]
    if not exact or float(rate) != record.rate:
        raise RecordError(
            f"EDF cannot state {record.rate!r} Hz exactly for {record.n_samples} samples.",
            advice="Write it as .hea, .csv, .npz, .parquet or .json.",
        )
    # Programs divide the two: 7 samples in 0.14 s would be 49.99999999999999 Hz.
    exact = [blocks for blocks in exact if blocks.samples / float(blocks.seconds) == record.rate] or exact
    # A whole number of seconds if there is one, as most programs write; else the longest.
    whole = [blocks for blocks in exact if "." not in blocks.seconds]
    return min(whole, key=lambda blocks: blocks.samples) if whole else max(exact, key=lambda blocks: blocks.samples)


def _divisors(n: int) -> list[int]:
    low = [k for k in range(1, math.isqrt(n) + 1) if n % k == 0]
    return sorted({*low, *(n // k for k in low)})


def _exactly(value: Fraction) -> str | None:
    """The number in at most eight characters; None when they do not hold it exactly."""
    for digits in range(FIELD):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            whole = str(abs(scaled.numerator)).rjust(digits + 1, "0")
            text = whole if digits == 0 else f"{whole[:-digits]}.{whole[-digits:]}"
            sign = "-" if value < 0 else ""
            return sign + text if len(sign + text) <= FIELD else None
    return None


def _fitted(row: npt.NDArray[np.float32], one: Scaled) -> _Lead:
    """The lead with a step that the header can state."""
    largest = int(np.abs(one.counts.astype(np.int32)).max())
    if one.offset == 0:
        for digital in _DIGITAL:
            # The minimum has a sign more: seven characters for the number.
            text = _exactly(Fraction(one.step).limit_denominator(10**9) * digital)
            if text is not None and len(text) < FIELD and largest <= digital:
                return _Lead(one, text, digital)
    values = row.astype(np.float64) * 1000
    text = _round_up(float(np.abs(values).max()))
    step = float(text) / LARGEST
    counts = np.rint(values / step).clip(-LARGEST, LARGEST)
    error = float(np.abs((counts * step / 1000).astype(np.float32) - row.astype(np.float64)).max()) * 1000
    return _Lead(Scaled(counts.astype(np.int16), step, 0.0, error), text, LARGEST)


def _round_up(value: float) -> str:
    """The smallest number of at most seven characters that is not below `value`."""
    whole = math.ceil(value)
    if whole >= 10 ** (FIELD - 1):
        raise RecordError(
            f"An amplitude of {value / 1000:.3g} mV is more than EDF can state.", advice="Check the unit and the gain."
        )
    digits = max(0, FIELD - 2 - len(str(whole)))
    steps = max(1, math.ceil(Fraction(value) * 10**digits))
    return _exactly(Fraction(steps, 10**digits)) or str(whole)


def _file(record: EcgRecord, leads: list[_Lead], blocks: _Blocks) -> bytes:
    import edfio

    signals = [
        edfio.EdfSignal.from_digital(
            lead.scaled.counts,
            record.rate,
            label=f"ECG {name}"[:16],
            physical_dimension="uV",
            physical_range=(-float(lead.physical), float(lead.physical)),
            digital_range=(-lead.digital, lead.digital),
            prefiltering=_filters(record),
        )
        for name, lead in zip(record.leads, leads, strict=True)
    ]
    age = () if record.subject.age is None else (f"age={record.subject.age:g}",)
    patient = edfio.Patient(code=plain_id(record) or "X", sex=record.subject.sex or "X", additional=age)
    # The empty list of annotations makes it EDF+.
    edf = edfio.Edf(signals, patient=patient, data_record_duration=float(blocks.seconds), annotations=())
    stream = io.BytesIO()
    edf.write(stream)
    return _with_ranges(stream.getvalue(), leads)


def _with_ranges(data: bytes, leads: list[_Lead]) -> bytes:
    """The file with the physical ranges as they are meant.

    edfio 0.4.18 widens a range whose decimal digits are no exact binary number (16.3835 becomes 16.38351), which
    changes every sample. The fields stand after label, transducer and dimension of all signals, annotations included.
    """
    n_signals = int(data[252:256])
    edited = bytearray(data)
    for place, sign in enumerate(("-", "")):
        start = 256 + n_signals * (16 + 80 + 8 + place * FIELD)
        for number, lead in enumerate(leads):
            field = start + number * FIELD
            edited[field : field + FIELD] = f"{sign}{lead.physical}".ljust(FIELD).encode()
    return bytes(edited)


def _filters(record: EcgRecord) -> str:
    band = record.source.band
    return "" if band is None else f"HP:{band[0]:g}Hz LP:{band[1]:g}Hz"


ENTRY = WriterEntry(
    name="edf",
    title="EDF+",
    suffix=".edf",
    requires=("edfio",),
    write=write,
    loses="Samples that were no whole counts are rounded to 16 bits. Statements, device and date are not written. "
    "Missing samples, amplitudes that are no voltages, rates that eight characters cannot state and time-aligned ECGs "
    "are refused.",
    read_by=("edfio", "ecgdatakit"),
)
