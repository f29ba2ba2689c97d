"""QRS, QT and P as the middle lead shows them, against LUDB's cardiologists lead by lead.

python benchmarks/middle_lead.py ../shared/data/ludb [--records 101-150] [--scorer ../shared/tools]
"""

import argparse
import importlib
import sys
from pathlib import Path

import numpy as np

from einthoven.beats.finding import find_beats
from einthoven.beats.measuring import measure
from einthoven.examine import open_all
from einthoven.formats import PathSource

OURS = {"qrs": "qrs_duration_leads", "qt": "qt_leads", "p": "p_duration_leads"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", default="101-150")
    parser.add_argument("--scorer", type=Path, default=Path("../shared/tools"))
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.scorer))
    scorer = importlib.import_module("score_ludb")
    errors: dict[str, list[float]] = {name: [] for name in OURS}
    for number in scorer.parse_records(arguments.records):
        record = next(iter(open_all(PathSource(arguments.folder / "data" / f"{number}.hea"))))
        ours = {one.name: one.value for one in measure(record, find_beats(record)) if one.lead is None}
        for name, value in _read(scorer, arguments.folder, number).items():
            mine = ours[OURS[name]]
            if mine is not None and np.isfinite(value):
                errors[name].append(mine - value)
    sys.stdout.write("| | records | median error | mean | SD |\n|---|---|---|---|---|\n")
    for name, found in errors.items():
        numbers = f"{np.median(found):+.1f} | {np.mean(found):+.1f} | {np.std(found, ddof=1):.1f}"
        sys.stdout.write(f"| {name} | {len(found)} | {numbers} |\n")


def _read(scorer: object, folder: Path, number: int) -> dict[str, float]:
    """The median over the leads of what the cardiologists read in each, ms; NaN where none was read."""
    reference = scorer.load_reference(folder, number)  # type: ignore[attr-defined]
    each: dict[str, list[float]] = {name: [] for name in OURS}
    for lead in scorer.LEADS:  # type: ignore[attr-defined]
        read = scorer.intervals(reference[lead], reference[lead]["span"])  # type: ignore[attr-defined]
        p_waves = [
            off - on
            for kind, on, _, off in scorer.load_waves(folder, number, lead)  # type: ignore[attr-defined]
            if kind == "p" and np.isfinite(off - on)
        ]
        found = {"qrs": read["qrs"], "qt": read["qt"], "p": float(np.median(p_waves)) if p_waves else np.nan}
        for name, value in found.items():
            if np.isfinite(value):
                each[name].append(1000 * value)
    return {name: float(np.median(values)) if values else np.nan for name, values in each.items()}


if __name__ == "__main__":
    main()
