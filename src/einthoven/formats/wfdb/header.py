"""The header of a WFDB record (`.hea`), parsed from text.

Source: "header(5)", WFDB Applications Guide, physionet.org/physiotools/wag/header-5.htm. Parsed here
and not by the wfdb package, because that rejects dates of Georgia's headers and takes 0.3 s to import.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from einthoven.errors import FormatError
from einthoven.formats.wfdb.storage import DATA_FORMATS

MAX_HEADER_BYTES = 4 * 1024**2
_MAX_SIGNALS = 4096

_RECORD = re.compile(
    r"^(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<signals>\d+)"
    r"(?:\s+(?P<rate>[\d.]+(?:[eE][+-]?\d+)?)(?:/[-\d.eE+]+)?(?:\([-\d.eE+]*\))?"
    r"(?:\s+(?P<samples>\d+))?)?(?P<rest>(?:\s+.*)?)$"
)
_SIGNAL = re.compile(
    r"^(?P<file>\S+)\s+(?P<format>\d+)(?:x(?P<per_frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?(?P<rest>\s.*)?$"
)
_GAIN = re.compile(r"^(?P<gain>-?[\d.]+(?:[eE][+-]?\d+)?)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?$")
NO_DESCRIPTION = re.compile(r"record \S+, signal \d+")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal as the header states it. `gain` is None when uncalibrated, `unit` mV by the standard's default, and
    `name` empty where it has none."""

    file: str
    format: int
    per_frame: int
    skew: int
    offset: int
    gain: float | None
    baseline: int
    unit: str
    zero: int
    initial: int | None
    checksum: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Header:
    """A header: record line, signal lines or (multi-segment) names and lengths of segments, comments."""

    name: str
    rate: float | None
    samples: int | None
    signals: tuple[SignalLine, ...]
    segments: tuple[tuple[str, int], ...]
    n_segments: int
    comments: tuple[str, ...]
    recorded: str | None


def is_header(text: str, *, named_hea: bool) -> bool:
    """Whether `text` (perhaps cut off) begins like a header; with the suffix `.hea` the record line is enough."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    record = _RECORD.match(lines[0].strip()) if lines else None
    if record is None:
        return False
    if named_hea:
        return True
    if len(lines) < 2:
        return False
    if record["segments"] is not None:
        return re.fullmatch(r"\S*[^\s\d.]\S*\s+\d+", lines[1].strip()) is not None
    signal = _SIGNAL.match(lines[1].strip())
    return signal is not None and int(signal["format"]) in DATA_FORMATS and not _is_number(signal["file"])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_header(text: str) -> Header:
    """The header in `text`; FormatError with the line that cannot be read."""
    stripped = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in stripped if line.startswith("#"))
    lines = [line for line in stripped if line and not line.startswith("#")]
    record = _RECORD.match(lines[0]) if lines else None
    if record is None:
        raise FormatError(f"This is no WFDB header: its first line is {lines[0][:80] if lines else ''!r}.")
    n_segments, n_signals = int(record["segments"] or 0), int(record["signals"])
    wanted = n_segments or n_signals
    what = "segments" if n_segments else "signals"
    if not n_segments and n_signals > _MAX_SIGNALS:
        raise FormatError(f"The header states {n_signals} signals; no ECG has so many.")
    if len(lines) - 1 < wanted:
        raise FormatError(f"The header states {wanted} {what} but lists {len(lines) - 1}: it is cut off or damaged.")
    body = lines[1 : wanted + 1]
    return Header(
        name=record["name"],
        rate=_rate(record["rate"]),
        samples=int(record["samples"]) or None if record["samples"] else None,
        signals=() if n_segments else tuple(_signal(line) for line in body),
        segments=tuple(_segment(line) for line in body) if n_segments else (),
        n_segments=n_segments,
        comments=comments,
        recorded=_recorded(record["rest"]),
    )


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    if not _is_number(text):
        raise FormatError(f"The header states a rate of {text!r}, which is no number.")
    return float(text)


def _segment(line: str) -> tuple[str, int]:
    parts = line.split()
    if len(parts) < 2 or not parts[1].isdigit():
        raise FormatError(f"The header's segment line {line[:80]!r} cannot be read.")
    return parts[0], int(parts[1])


def _signal(line: str) -> SignalLine:
    match = _SIGNAL.match(line)
    if match is None:
        raise FormatError(f"The header's signal line {line[:80]!r} cannot be read.")
    file, storage, per_frame, skew, offset, rest = match.groups()
    if int(storage) not in DATA_FORMATS:
        known = ", ".join(str(number) for number in sorted(DATA_FORMATS))
        raise FormatError(f"The header states storage format {storage}.", advice=f"Known are {known}.")
    # Fields after the format are optional from the right: gain, resolution, zero, initial, checksum, block, name.
    fields = (rest or "").split(maxsplit=6)
    gain, baseline, unit = _gain(fields[0]) if fields else (None, None, "mV")
    zero = _integer(fields, 2) or 0
    return SignalLine(
        file=file,
        format=int(storage),
        per_frame=int(per_frame or 1) or 1,
        skew=int(skew or 0),
        offset=int(offset or 0),
        gain=gain,
        baseline=zero if baseline is None else baseline,
        unit=unit,
        zero=zero,
        initial=_integer(fields, 3),
        checksum=_integer(fields, 4),
        name=_description(fields[6]) if len(fields) > 6 else "",
    )


def _description(text: str) -> str:
    """What the signal is; empty for what WFDB writes of itself where nobody said it."""
    return "" if NO_DESCRIPTION.fullmatch(text.strip()) else text.strip()


@lru_cache(maxsize=256)
def _gain(text: str) -> tuple[float | None, int | None, str]:
    """Counts per unit (None for 0, which means "uncalibrated"), the baseline where it is stated, and the unit."""
    match = _GAIN.match(text)
    if match is None:
        raise FormatError(f"The header's gain {text[:40]!r} cannot be read.")
    if not _is_number(match["gain"]):
        raise FormatError(f"The header's gain {match['gain']!r} is no number.")
    baseline = None if match["baseline"] is None else int(match["baseline"])
    return float(match["gain"]) or None, baseline, match["unit"] or "mV"


def _integer(fields: list[str], position: int) -> int | None:
    if position >= len(fields):
        return None
    try:
        return int(fields[position])
    except ValueError:
        raise FormatError(f"The header holds {fields[position][:40]!r} where a whole number belongs.") from None


_DATE_FORMS = ("%d/%m/%Y", "%d-%b-%Y")


def _recorded(text: str) -> str | None:
    """The recording time in ISO form; None when there is none or it is no possible date (Georgia's headers)."""
    parts = text.split()
    if len(parts) < 2:
        return None
    # PhysioNet writes time then date, CinC 2021 date then time.
    time, date = (parts[0], parts[1]) if ":" in parts[0] else (parts[1], parts[0])
    for form in _DATE_FORMS:
        for clock in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M"):
            try:
                return datetime.strptime(f"{date} {time}", f"{form} {clock}").isoformat()
            except ValueError:
                continue
    return None
