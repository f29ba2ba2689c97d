"""What the header of a table says about its columns: lead, unit, time, index."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.units import is_ecg_name, kind_of_unit
from einthoven.leads import is_standard

ColumnKind = Literal["lead", "time", "index", "other"]

_BRACKETED = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*$")
_SUFFIXED = re.compile(r"^(?P<name>.+?)[\s_/]+(?P<unit>mV|uV|\u00b5V|\u03bcV|ms|msec|s|sec|seconds)$", re.IGNORECASE)
_SECONDS = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 1e-3, "msec": 1e-3, "millisecond": 1e-3, "milliseconds": 1e-3,
    "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "hh:mm:ss.mmm": 1.0, "hh:mm:ss": 1.0,
}  # fmt: skip
_TIME = frozenset(
    {
        "time", "t", "ts", "timestamp", "elapsed time", "elapsed", "zeit", "uhrzeit", "clock", "seconds", "sec", "s",
        "ms", "us", "milliseconds",
    }
)  # fmt: skip
_INDEX = frozenset(
    {
        "", "index", "idx", "sample", "samples", "sample number", "sample no", "n", "nr", "no", "row", "line", "zeile",
        "count", "counter", "unnamed: 0",
    }
)  # fmt: skip
_OTHER = frozenset({"patient", "patient name", "name", "id", "date", "datum", "beat", "beats", "beat number"})
_SIGNALS = frozenset(
    {
        "resp", "respiration", "abp", "bp", "art", "pap", "cvp", "icp", "ppg", "pleth", "spo2", "sao2", "co2", "marker",
        "event", "events", "trigger", "acc", "accel", "gyro", "temp", "eeg", "emg", "eog", "hrv", "hr", "rr",
    }
)  # fmt: skip
_LONGEST_NAME = 200
_NUMBERED = re.compile(r"(?:ch|chan|channel|col|column|signal|sig|var|kanal|spalte)?[ _.-]?\d{1,5}", re.IGNORECASE)
_FEWEST_RISING = 32
LABEL_COLUMNS = frozenset(
    {
        "file_name", "filename", "file", "path", "label", "labels", "target", "diagnosis", "diagnoses", "dx", "class",
        "ecg_id", "exam_id", "record", "record_name", "patient_id", "subject_id", "scp_codes", "filename_lr",
        "filename_hr", "icd-10", "icd10", "snomed", "age", "sex",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is, its name and the unit that its header states (or None)."""

    kind: ColumnKind
    name: str
    unit: str | None


def read_columns(
    header: Sequence[Sequence[str]], table: npt.NDArray[np.float64], *, clock: bool = False, text: Sequence[int] = ()
) -> tuple[Column, ...] | None:
    """The columns `(samples, columns)` of which the header rows tell the meaning; None without a header.

    `clock` says that the first column holds clock times, which were read as seconds; `text` are columns without
    numbers. A column of no standard name that only rises is no lead, whatever it is called.

    Raises
    ------
    FormatError
        When the header names another number of columns than the rows have. A column more is taken for the index that
        R and pandas leave unnamed only where it counts.
    """
    if not header:
        return None
    width = table.shape[1]
    names, units = names_and_units(header)
    if len(names) == width - 1 and len(units) == width:
        names = [*names, ""]
    elif len(names) == width - 1 and counts_up(table[:, 0]):
        names = ["", *names]
    if len(names) != width:
        raise FormatError(
            f"Its header names {len(names)} columns and its rows have {width}.",
            advice="Name every column. If numbers have decimal commas, separate the cells by semicolon or tab.",
        )
    columns = [column_of(name, units[i] if i < len(units) else "") for i, name in enumerate(names)]
    for i, column in enumerate(columns):
        if i in text or (column.kind == "lead" and not is_standard(column.name) and only_rises(table[:, i])):
            columns[i] = Column("other", column.name, column.unit)
    if clock and not is_standard(columns[0].name):
        columns[0] = Column("time", columns[0].name, "s")
    return tuple(columns)


def names_and_units(header: Sequence[Sequence[str]]) -> tuple[Sequence[str], Sequence[str]]:
    """The row of names, and the row of units below it or ()."""
    if len(header) > 1 and _is_unit_row(header[-1]):
        return header[-2], header[-1]
    return header[-1], ()


def counts_up(values: npt.NDArray[np.float64]) -> bool:
    """Whether values rise by equal steps, rounded as they may be: a numbering or a time."""
    if len(values) < 3 or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        return False
    line = np.linspace(values[0], values[-1], len(values))
    return bool(np.abs(values - line).max() < 0.5 * (values[-1] - values[0]) / (len(values) - 1))


def only_rises(values: npt.NDArray[np.float64]) -> bool:
    """Whether values go up or stay, and never down: no ECG does."""
    if (np.diff(values[:64]) < 0).any():
        return False  # most columns are told by their first values
    values = values[~np.isnan(values)]
    return len(values) > 2 and bool((np.diff(values) >= 0).all()) and bool(values[-1] > values[0])


def doubtful_leads(columns: Sequence[Column], table: npt.NDArray[np.float64]) -> list[str]:
    """A doubt for each lead by name that holds a numbering or a time by its values."""
    return [
        f"lead {column.name} only rises: it looks like a time or an index"
        for column, values in zip(columns, table.T, strict=True)
        if column.kind == "lead" and len(values) >= _FEWEST_RISING and only_rises(values)
    ]


def are_numbered(names: Sequence[str]) -> bool:
    """Whether names only number the columns (`0`, `1`, `ch2`), so that they tell no lead."""
    return all(_NUMBERED.fullmatch(name.strip()) for name in names)


def shown(column: Column, number: int) -> str:
    """A column for a message: by its name where that is a word that is known here, else by its number from 1."""
    key = column.name.casefold().replace("_", " ").strip()
    if key not in _SIGNALS | _OTHER | _TIME | _INDEX and key.replace(" ", "_") not in LABEL_COLUMNS:
        return f"column {number}"
    named = column.name or "without name"
    unit = column.unit if column.unit and re.fullmatch(r"[A-Za-z\u00b5\u03bc%/]{1,6}", column.unit) else None
    return f"{named} ({unit}) in column {number}" if unit else f"{named} in column {number}"


def _is_unit_row(row: Sequence[str]) -> bool:
    cells = [cell.strip("[]() ").casefold() for cell in row]
    return all(cell in _SECONDS or cell in ("", "-") or kind_of_unit(cell) for cell in cells) and any(cells)


@lru_cache(maxsize=1024)
def column_of(text: str, unit_below: str = "") -> Column:
    """What a header cell names, such as `II (mV)`; `unit_below` is what stands in a row of units."""
    if len(text) > _LONGEST_NAME or len(unit_below) > _LONGEST_NAME:
        return Column("other", "", None)
    name, unit = text.strip(), unit_below.strip("[]() ") or None
    match = _BRACKETED.match(name) or (None if is_standard(name) else _SUFFIXED.match(name))
    if match:
        name, unit = match["name"].strip(), match["unit"].strip() or unit
    key = name.casefold().replace("_", " ").strip()
    if key in _TIME:
        return Column("time", name, unit or (key if key in _SECONDS else None))
    if key in _INDEX:
        return Column("index", name, unit)
    if key in _OTHER or key.replace(" ", "_") in LABEL_COLUMNS:
        return Column("other", name, unit)
    if (unit is None or kind_of_unit(unit)) and is_ecg_name(name):
        return Column("lead", name, unit)
    return Column("other", name, unit)


def looks_like_labels(names: Sequence[str]) -> bool:
    """Whether header cells are those of a label table and name no lead."""
    keys = {name.strip().strip('"').casefold() for name in names if len(name) <= _LONGEST_NAME}
    return bool(keys & LABEL_COLUMNS) and not any(names_lead(name) for name in names)


def names_lead(cell: str) -> bool:
    """Whether a header cell names a standard lead, with a unit behind it or not."""
    return len(cell) <= _LONGEST_NAME and (is_standard(cell) or is_standard(column_of(cell).name))


def rate_from_time(times: npt.NDArray[np.float64], unit: str) -> float:
    """Samples per second from a time column in `unit`, whose steps must be equal.

    Time stamps are rounded when they are written: the largest departure from equal steps says how
    much, and a whole number of Hz within that uncertainty is taken.

    Raises
    ------
    FormatError
        When times are missing, do not rise, or depart from equal steps by more than half a step.
    """
    seconds = times * _SECONDS[unit.casefold()]
    if len(seconds) < 3 or not np.isfinite(seconds).all():
        raise FormatError("Its time column has missing values or fewer than 3 rows.")
    span = float(seconds[-1] - seconds[0])
    step = span / (len(seconds) - 1)
    if step <= 0:
        raise FormatError("Its time column does not rise.")
    departure = np.abs(seconds - seconds[0] - step * np.arange(len(seconds)))
    worst = int(departure.argmax())
    if departure[worst] > 0.5 * step + 1e-9:
        raise FormatError(
            f"Its time column has unequal steps: row {worst + 1} is {departure[worst]:g} s from where it should be.",
            advice="Export the ECG with equal steps; gaps as rows with empty cells.",
        )
    rate = 1 / step
    whole = round(rate)
    uncertainty = rate * (2 * float(departure[worst]) / span + 1e-6)
    return float(whole) if whole > 0 and abs(rate - whole) <= uncertainty else rate


def is_time_unit(unit: str | None) -> bool:
    return unit is not None and unit.casefold() in _SECONDS
