"""What electrocardiographs state of their own recordings, beside what is measured here.

    python benchmarks/device_intervals.py ../shared/data/formats

XML files that state rate, PR, QRS and QT (GE MUSE, Philips Sierra, HL7 aECG) are read as any import reads them; the
stated numbers are taken from the XML by name with code that shares nothing with the readers.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from einthoven.beats.finding import find_beats
from einthoven.beats.measuring import measure
from einthoven.errors import EinthovenError
from einthoven.examine import open_all
from einthoven.formats import PathSource

NAMES = {
    "heart_rate": ("VentricularRate", "heartrate", "MDC_ECG_HEART_RATE"),
    "pr": ("PRInterval", "meanprint", "MDC_ECG_TIME_PD_PR"),
    "qrs": ("QRSDuration", "meanqrsdur", "MDC_ECG_TIME_PD_QRS"),
    "qt": ("QTInterval", "meanqtint", "MDC_ECG_TIME_PD_QT"),
    "qrs_axis": ("RAxis", "meanqrsaxis", "MDC_ECG_ANGLE_QRS_FRONT"),
}
OURS = {
    "heart_rate": ("heart_rate",), "pr": ("pr",), "qrs": ("qrs_duration_leads", "qrs_duration"),
    "qt": ("qt_leads", "qt"), "qrs_axis": ("qrs_axis",),
}  # fmt: skip
say = sys.stdout.write


def stated(path: Path) -> dict[str, float]:
    """The numbers of `NAMES` in an XML file, of those that can be numbers of a heart."""
    raw = path.read_bytes()
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = raw.decode("utf-16" if wide else "latin-1", "replace")
    found = {}
    for key, names in NAMES.items():
        for name in names:
            pattern = rf"<(?:\w+:)?{name}[^>]*>\s*(-?[\d.]+)\s*<|{name}\".{{0,400}}?value=\"(-?[\d.]+)\""
            match = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
            if match:
                found[key] = float(match[1] or match[2])
                break
    return found


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    for path in sorted(folder.rglob("*.xml")):
        device = stated(path)
        if "qrs" not in device:
            continue
        try:
            record = next(iter(open_all(PathSource(path))))
        except EinthovenError:
            continue
        values = {one.name: one.value for one in measure(record, find_beats(record)) if one.lead is None}
        cells = [str(path.relative_to(folder))]
        for key, ours in OURS.items():
            mine = " / ".join("-" if values.get(name) is None else f"{values[name]:.0f}" for name in ours)
            cells.append(f"{device[key]:.0f}: {mine}" if key in device else f"-: {mine}")
        yield tuple(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    say("device: here, of all leads (QRS and QT: middle lead / earliest onset to latest offset)\n\n")
    say("| file | rate | PR | QRS | QT | QRS axis |\n|---|---|---|---|---|---|\n")
    for cells in rows(folder):
        say(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main()
