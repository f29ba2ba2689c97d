"""What the header of a table says about its columns: lead, unit, time, index."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
_TIME = frozenset({"time", "t", "timestamp", "elapsed time", "elapsed", "zeit", "seconds", "sec", "ms", "milliseconds"})
_INDEX = frozenset({"", "index", "idx", "sample", "samples", "sample number", "sample_number", "n", "nr", "unnamed: 0"})
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


def read_columns(header: Sequence[Sequence[str]], width: int) -> tuple[Column, ...] | None:
    """The columns that the header rows describe; None without a header.

    Raises
    ------
    FormatError
        When the header names another number of columns than the rows have.
    """
    if not header:
        return None
    units: Sequence[str] = ()
    names = header[-1]
    if len(header) > 1 and _is_unit_row(header[-1]):
        units, names = header[-1], header[-2]
    names = [*names, *[""] * (width - len(names))] if len(names) == width - 1 and _trailing(header, width) else names
    if len(names) == width - 1:
        names = ["", *names]  # R and pandas leave out the name of the index column
    if len(names) != width:
        raise FormatError(
            f"Its header names {len(names)} columns and its rows have {width}.",
            advice="If numbers have decimal commas, separate the cells by semicolon or tab.",
        )
    return tuple(column_of(name, units[i] if i < len(units) else "") for i, name in enumerate(names))


def _trailing(header: Sequence[Sequence[str]], width: int) -> bool:
    return len(header) > 1 and len(header[-1]) == width


def _is_unit_row(row: Sequence[str]) -> bool:
    cells = [cell.strip("[]() ").casefold() for cell in row]
    return all(cell in _SECONDS or cell in ("", "-") or kind_of_unit(cell) for cell in cells) and any(cells)


def column_of(text: str, unit_below: str = "") -> Column:
    """What a header cell names, such as `II (mV)`; `unit_below` is what stands in a row of units."""
    name, unit = text.strip(), unit_below.strip("[]() ") or None
    match = _BRACKETED.match(name) or (None if is_standard(name) else _SUFFIXED.match(name))
    if match:
        name, unit = match["name"].strip(), match["unit"].strip() or unit
    key = name.casefold().replace("_", " ").strip()
    if key in _TIME:
        return Column("time", name, unit or (key if key in _SECONDS else None))
    if key in _INDEX:
        return Column("index", name, unit)
    if (unit is None or kind_of_unit(unit)) and is_ecg_name(name):
        return Column("lead", name, unit)
    return Column("other", name, unit)


def looks_like_labels(names: Sequence[str]) -> bool:
    """Whether header cells are those of a label table and name no lead."""
    keys = {name.strip().strip('"').casefold() for name in names}
    return bool(keys & LABEL_COLUMNS) and not any(is_standard(name) for name in names)


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
