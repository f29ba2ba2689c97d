"""The layout of EDF (Kemp et al. 1992), EDF+ (Kemp and Olivan 2003), BDF and BDF+: header and data records.

A header of 256 bytes, 256 more for each signal, all fixed-width text; then data records, in each of which every signal
has its own number of samples: 16-bit little-endian in EDF, 24-bit in BDF. value = (stored - digital minimum) times
(physical range / digital range) + physical minimum, in the physical dimension.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError

HEADER = 256
EDF_VERSION, BDF_VERSION = b"0       ", b"\xffBIOSEMI"
MAX_SIGNALS = 4096
ANNOTATION_LABELS = frozenset({"EDF Annotations", "BDF Annotations"})
# Fields of the header of one signal, in order: name, width. Each stands for all signals before the next begins.
SIGNAL_FIELDS = (
    ("label", 16), ("transducer", 80), ("dimension", 8), ("physical_min", 8), ("physical_max", 8),
    ("digital_min", 8), ("digital_max", 8), ("prefilter", 80), ("samples", 8), ("reserved", 32),
)  # fmt: skip

Stored = npt.NDArray[np.int16] | npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """One signal: `per_record` samples in each data record from sample `offset` of the record on.

    `gain` is in stored steps per `unit` and `baseline` the stored number of 0; both None where the stated ranges give
    none. `rate` is in Hz.
    """

    label: str
    unit: str
    prefilter: str
    per_record: int
    offset: int
    rate: float
    gain: float | None
    baseline: float | None

    @property
    def is_annotation(self) -> bool:
        return self.label in ANNOTATION_LABELS


@dataclass(frozen=True)
class EdfFile:
    """A file taken apart. `variant` is EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D; `duration` that of a record in s."""

    data: bytes = field(repr=False)
    variant: str
    patient: str = field(repr=False)
    recording: str = field(repr=False)
    date: str
    time: str
    n_records: int
    duration: float
    signals: tuple[EdfSignal, ...]
    header_bytes: int
    doubts: tuple[str, ...] = ()

    @property
    def sample_bytes(self) -> int:
        return 3 if self.variant.startswith("BDF") else 2

    @cached_property
    def record_samples(self) -> int:
        return sum(signal.per_record for signal in self.signals)

    def stored(self, signal: EdfSignal) -> Stored:
        """The stored numbers of a signal, `(n_records, per_record)`; a view into the file for EDF."""
        part = slice(signal.offset, signal.offset + signal.per_record)
        count = self.n_records * self.record_samples
        if self.sample_bytes == 2:
            table = np.frombuffer(self.data, "<i2", count, self.header_bytes).reshape(self.n_records, -1)
            samples: npt.NDArray[np.int16] = table[:, part]
            return samples
        low = np.frombuffer(self.data, np.uint8, 3 * count, self.header_bytes).reshape(self.n_records, -1, 3)[:, part]
        wide = low[..., 2].astype(np.int8).astype(np.int32) << 16
        wide |= low[..., 1].astype(np.int32) << 8
        wide |= low[..., 0]
        return wide

    def record_bytes(self, number: int, signal: EdfSignal) -> bytes:
        """The bytes of a signal in one data record: for annotations, which are text."""
        size = self.sample_bytes
        start = self.header_bytes + (number * self.record_samples + signal.offset) * size
        return self.data[start : start + signal.per_record * size]


def is_edf(head: bytes, size: int) -> bool:
    """Whether the fixed header is one of EDF or BDF that agrees with itself."""
    if len(head) < HEADER or head[:8] not in (EDF_VERSION, BDF_VERSION):
        return False
    count, header = _whole(head[252:256]), _whole(head[184:192])
    return count is not None and 1 <= count <= MAX_SIGNALS and header == HEADER * (1 + count) and size >= HEADER


def read_edf(data: bytes) -> EdfFile:
    """The file taken apart, nothing scaled yet.

    Raises
    ------
    FormatError
        When the header is not one of EDF or BDF, or fewer data records are there than it states.
    """
    if not is_edf(data[:HEADER], len(data)):
        raise FormatError("It has no header of EDF or BDF that agrees with itself.")
    count = _whole(data[252:256]) or 0
    header_bytes = HEADER * (1 + count)
    if len(data) < header_bytes:
        raise FormatError(f"Its header of {header_bytes} bytes is cut off: {len(data)} bytes are there.")
    bdf = data[:8] == BDF_VERSION
    reserved = _text(data[192:236])
    plus = reserved[:5] if reserved[:5] in ("EDF+C", "EDF+D", "BDF+C", "BDF+D") else ""
    variant = f"BDF{plus[3:]}" if bdf else f"EDF{plus[3:]}"
    duration = _number(data[244:252], "duration of a data record")
    signals = _signals(data, count, duration)
    width = sum(signal.per_record for signal in signals) * (3 if bdf else 2)
    n_records, doubts = _records(data, header_bytes, width)
    return EdfFile(
        data=data,
        variant=variant,
        patient=_text(data[8:88]),
        recording=_text(data[88:168]),
        date=_text(data[168:176]),
        time=_text(data[176:184]),
        n_records=n_records,
        duration=duration,
        signals=signals,
        header_bytes=header_bytes,
        doubts=doubts,
    )


def field_spans(count: int) -> dict[str, list[tuple[int, int]]]:
    """Where each field of each signal lies in the header: first and end byte."""
    spans, position = {}, HEADER
    for name, width in SIGNAL_FIELDS:
        spans[name] = [(position + k * width, position + (k + 1) * width) for k in range(count)]
        position += count * width
    return spans


def _signals(data: bytes, count: int, duration: float) -> tuple[EdfSignal, ...]:
    spans = field_spans(count)
    found: list[EdfSignal] = []
    offset = 0
    for k in range(count):
        texts = {name: _text(data[first:end]) for name, spanned in spans.items() for first, end in [spanned[k]]}
        per_record = _whole(texts["samples"].encode("latin-1"))
        if per_record is None or per_record < 0:
            raise FormatError(f"Signal {k + 1} states {texts['samples']!r} samples a data record.")
        label = texts["label"]
        annotation = label in ANNOTATION_LABELS
        if duration <= 0 and per_record and not annotation:
            raise FormatError(f"It states data records of {duration:g} s, in which no rate can be.")
        gain, baseline = (None, None) if annotation else _scale(texts)
        found.append(
            EdfSignal(
                label=label,
                unit=_dimension(texts["dimension"]),
                prefilter=texts["prefilter"],
                per_record=per_record,
                offset=offset,
                # As fractions of the written digits: 7 samples in 0.14 s are 50 Hz, not 49.99999999999999.
                rate=float(per_record / Fraction(repr(duration))) if duration > 0 else 0.0,
                gain=gain,
                baseline=baseline,
            )
        )
        offset += per_record
    if not offset:
        raise FormatError("None of its signals has samples.")
    return tuple(found)


def _dimension(text: str) -> str:
    """The unit; the sign for micro comes in UTF-8 too, although the fields are to be ASCII."""
    return text.replace("\u00c2\u00b5", "\u00b5").replace("\u00ce\u00bc", "\u03bc")


def _scale(texts: dict[str, str]) -> tuple[float | None, float | None]:
    """Steps per unit and the step of 0, or None where the ranges say nothing."""
    try:
        low, high, first, last = (
            float(texts[name]) for name in ("physical_min", "physical_max", "digital_min", "digital_max")
        )
    except ValueError:
        return None, None
    if not all(map(math.isfinite, (low, high, first, last))) or low == high or first >= last:
        return None, None
    gain = (last - first) / (high - low)
    return gain, first - low * gain


def _records(data: bytes, header_bytes: int, width: int) -> tuple[int, tuple[str, ...]]:
    stated = _whole(data[236:244])
    there, rest = divmod(len(data) - header_bytes, width)
    if stated is None or stated < -1 or stated == 0:
        raise FormatError(f"It states {_text(data[236:244])!r} data records.")
    if stated == -1:
        if there < 1:
            raise FormatError("It holds no whole data record.")
        return there, (f"the number of data records is not stated; {there} are there",)
    if stated > there:
        raise FormatError(
            f"It states {stated} data records of {width} bytes and holds {there}: it is cut off.",
            advice="Copy the file again from where it came from.",
        )
    extra = (there - stated) * width + rest
    return stated, (f"{extra} bytes after the last data record stated were not read",) if extra else ()


def _text(data: bytes) -> str:
    return data.decode("latin-1").strip("\0 ")


def _whole(data: bytes) -> int | None:
    text = _text(data)
    digits = text[1:] if text[:1] in "+-" else text
    return int(text) if digits.isascii() and digits.isdigit() else None


def _number(data: bytes, what: str) -> float:
    try:
        value = float(_text(data))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise FormatError(f"It states the {what} as {_text(data)!r}.")
    return value
