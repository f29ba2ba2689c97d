"""What the comments of a WFDB header say, as pairs of key and value, for data sets that keep labels there."""

import re
from dataclasses import dataclass
from pathlib import Path

from einthoven.errors import LabelError

MAX_HEADER_BYTES = 256 * 1024
_PAIR = re.compile(r"^#\s*<?([^:<>]{1,40}?)>?\s*:\s*(.*)$")
# File, format, gain(baseline)/unit, resolution, zero: "header(5)", WFDB Applications Guide.
_SIGNAL = re.compile(
    r"^\S+\s+\d\S*\s+(?P<gain>\d[\d.]*(?:[eE][+-]?\d+)?)(?:\((?P<baseline>-?\d+)\))?(?:/\S+)?(?:\s+\d+\s+(?P<zero>-?\d+))?"
)


@dataclass(frozen=True, slots=True)
class HeaderText:
    """Comments by key in lower case, and gain (counts per unit) and baseline (counts) of each signal line."""

    comments: dict[str, str]
    gains: tuple[float, ...]
    baselines: tuple[float, ...]


def read_header(path: Path) -> HeaderText:
    """The header at `path`; LabelError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_HEADER_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise LabelError(f"{path} cannot be read: {error.strerror or error}.") from None
    comments: dict[str, str] = {}
    gains: list[float] = []
    baselines: list[float] = []
    seen_record_line = False
    for line in text.splitlines():
        pair = _PAIR.match(line)
        if pair:
            comments.setdefault(pair[1].strip().casefold(), pair[2].strip())
        elif line.startswith("#") or not line.strip():
            continue
        elif not seen_record_line:
            seen_record_line = True
        elif match := _SIGNAL.match(line):
            gains.append(float(match["gain"]))
            baselines.append(float(match["baseline"] or match["zero"] or 0))
    return HeaderText(comments, tuple(gains), tuple(baselines))
