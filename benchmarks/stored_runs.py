"""Runs of a benchmark on disk, one JSON object a line with the answer for every ECG; and their tables.

Tables and intervals are computed from the stored answers, so that nothing is trained or predicted again for a table. A
run is `kind`, `classes`, `thresholds`, `names`, `patients`, `truth` (single-label: numbers of classes; multi-label: 0
and 1; regression: values), `scores`, and whatever else the benchmark says of it.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.evaluate import judged
from einthoven.metrics.bootstrap import Interval, Intervals, differences, intervals
from einthoven.metrics.entry import Judged
from einthoven.spec import ModelSpec
from einthoven.tensors import targets

Run = Mapping[str, Any]
NUMBERS = {
    "regression": {"mae": "mean absolute error"},
    "multi-label": {"macro_auroc": "macro AUROC", "weighted_f1": "weighted F1", "macro_f1": "macro F1"},
    "single-label": {
        "macro_auroc": "macro AUROC", "weighted_f1": "weighted F1", "macro_f1": "macro F1", "accuracy": "accuracy",
    },
}  # fmt: skip


def read(path: Path) -> list[Run]:
    """The finished runs; a last line that was cut off by a crash is left out, and said."""
    if not path.is_file():
        return []
    runs = []
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            runs.append(json.loads(line))
        except ValueError:
            if number < len(lines) and line.strip():
                raise SystemExit(f"{path}, line {number} is damaged. Remove it, and that run is made again.") from None
            print(f"{path}: the last line was cut off; that run is made again.", file=sys.stderr)
    return runs


def append(path: Path, run: Run) -> None:
    """Add a finished run, on a line of its own; several programs may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _lock(file.fileno())
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)  # a line that a crash has cut off
        file.write((json.dumps(run, allow_nan=False) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())


def _lock(descriptor: int) -> None:
    """Wait for other programs that write to the file; it is let go with the file. Windows: nothing is done."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def answers(spec: ModelSpec, predicted: Iterable[tuple[str, Sequence[float], Any, str | None]]) -> dict[str, Any]:
    """The part of a run that holds what was answered.

    Parameters
    ----------
    predicted
        File name, the model's values, the true answer, the patient; an ECG without a true answer, or of a class that
        the model does not know, is left out.
    """
    rows = [row for row in predicted if _known(spec, row[2])]
    truth = targets([row[2] for row in rows], spec)
    return {
        "kind": spec.kind, "classes": list(spec.class_names), "thresholds": list(spec.threshold_values),
        "unit": spec.unit, "names": [row[0] for row in rows], "patients": [row[3] for row in rows],
        "truth": truth.astype(int).tolist() if spec.kind != "regression" else truth[:, 0].tolist(),
        "scores": [[float(f"{value:.6g}") for value in row[1]] for row in rows],
    }  # fmt: skip


def _known(spec: ModelSpec, answer: Any) -> bool:
    if answer is None:
        return False
    return spec.kind == "regression" or all(name in spec.class_names for name in answer)


def judged_of(run: Run) -> Judged:
    """The run's answers beside the truth. JSON keeps no number exactly: a sum of probabilities may miss 1."""
    scores = np.array(run["scores"], dtype=np.float64).reshape(-1, len(run["classes"]))
    thresholds = run["thresholds"] if run["kind"] == "multi-label" else None
    return judged(run["kind"], run["classes"], np.array(run["truth"]), scores, thresholds=thresholds)


def ensemble(runs: Sequence[Run]) -> Run:
    """The mean of the runs' probabilities (values) and thresholds."""
    check_same(runs)
    means = {key: np.mean([run[key] for run in runs], axis=0).tolist() for key in ("scores", "thresholds")}
    return {**runs[0], **means}


def check_same(runs: Sequence[Run]) -> None:
    """Only runs over the same ECGs can be averaged or compared."""
    for run in runs[1:]:
        if any(run[key] != runs[0][key] for key in ("names", "classes", "truth")):
            raise SystemExit(
                f"Two runs of task {run.get('task')} were not asked about the same ECGs and classes. "
                "Remove the older ones from the file, and they are made again."
            )


def of_runs(runs: Sequence[Run]) -> Intervals:
    """Of the mean of the runs' numbers, resampled by patient."""
    check_same(runs)
    return intervals([judged_of(run) for run in runs], runs[0]["patients"])


def between(first: Sequence[Run], second: Sequence[Run]) -> Intervals:
    """The first's mean numbers minus the second's, from the same resamples."""
    check_same([*first, *second])
    return differences([judged_of(run) for run in first], [judged_of(run) for run in second], first[0]["patients"])


def cell(interval: Interval, digits: int = 3, *, signed: bool = False) -> str:
    """`0.921 (0.893 to 0.947)`; a number without an interval says so."""
    if interval.value is None:
        return "not estimable"
    sign = "+" if signed else ""
    shown = f"{interval.value:{sign}.{digits}f}"
    if interval.low is None or interval.high is None:
        return f"{shown} (no interval)"
    return f"{shown} ({interval.low:{sign}.{digits}f} to {interval.high:{sign}.{digits}f})"


def digits_of(name: str) -> int:
    return 2 if name == "mae" else 3


def notes(found: Intervals) -> list[str]:
    """What is to be said of intervals, once each, with the number that it is about."""
    every = dict(found.overall)
    every |= {f"{name} of {title}": one for title, of in found.per_class.items() for name, one in of.items()}
    said: dict[str, list[str]] = {}
    for name, one in every.items():
        for text in filter(None, (one.reason, *one.warnings)):
            said.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in said.items()]


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)])
