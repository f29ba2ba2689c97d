"""One ECG measured, and a process that measures stored ones: `python -m einthoven.workflows.measuring_process`.

One JSON document a line, as with the processes that read (`reading_process.py`): first the rules, then a stored record
each, answered by a line each. What libraries print goes nowhere.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from einthoven.beats import finding, measuring
from einthoven.beats.corrections import Correction, corrected
from einthoven.beats.measurement import Measurement
from einthoven.beats.types import NoBeats
from einthoven.errors import EinthovenError
from einthoven.record import EcgRecord
from einthoven.results import Failure
from einthoven.store.signals import SignalFiles
from einthoven.workflows.import_ import failure_of
from einthoven.workflows.measure_exports import Measured, part
from einthoven.workflows.measurements import Export, FileFormat, MeasuredRow

READY = {"ready": True}
NO_BEATS = "NoBeats"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all ECGs of a measuring. `signals` is the folder of stored signals."""

    signals: Path
    method: str
    what: tuple[Export, ...]
    file_format: FileFormat
    lead: str


@dataclass(frozen=True, slots=True)
class StoredEcg:
    """A record of a dataset, by values that can travel to another process. `name` is that of its file."""

    item: int
    record_id: str
    name: str
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class OneMeasured:
    """What became of one ECG: its row, or why it has no beats, and its parts of the exports.

    `left_out` are exports that could not be made of it.
    """

    name: str
    row: MeasuredRow | None = None
    failure: Failure | None = None
    parts: Mapping[Export, bytes] = field(default_factory=dict)
    left_out: tuple[Failure, ...] = ()

    @classmethod
    def refused(cls, name: str, error: EinthovenError) -> "OneMeasured":
        return cls(name, failure=failure_of(name, error))


def measure_stored(rules: Rules, ecg: StoredEcg) -> OneMeasured:
    """Measure a record of a dataset. Nothing is raised about the record."""
    try:
        record = SignalFiles(rules.signals).load(ecg.record_id)
    except EinthovenError as error:
        return OneMeasured.refused(ecg.name, error)
    return measure_one(rules, ecg.name, record, item=ecg.item, corrections=ecg.corrections)


def measure_one(
    rules: Rules, name: str, record: EcgRecord, *, item: int | None = None, corrections: Sequence[Correction] = ()
) -> OneMeasured:
    """Find the beats of an ECG, measure them, and make its parts of the exports."""
    found = finding.find_beats(record, method=rules.method)
    if isinstance(found, NoBeats):
        # Only what can be said of it: each measurement, with the reason why it is none.
        told = Measured(name, rules.method, record, found, measuring.measure(record, found))
        parts, _ = _parts(told, rules, tuple(what for what in rules.what if what == "measurements"))
        return OneMeasured(name, None, Failure(name, NO_BEATS, found.reason), parts)
    beats = corrected(found, corrections)
    measured = Measured(name, rules.method, record, beats, measuring.measure(record, beats))
    parts, left_out = _parts(measured, rules, rules.what)
    row = MeasuredRow(item, name, beats.n_beats, len(beats.corrected), measured.measurements)
    return OneMeasured(name, row, None, parts, left_out)


def _parts(
    measured: Measured, rules: Rules, wanted: Sequence[Export]
) -> tuple[dict[Export, bytes], tuple[Failure, ...]]:
    parts: dict[Export, bytes] = {}
    left_out: list[Failure] = []
    for what in wanted:
        try:
            parts[what] = part(measured, what, rules.file_format, lead=rules.lead)
        except EinthovenError as error:
            left_out.append(Failure(measured.name, type(error).__name__, f"{what}: {error.message}", error.advice))
    return parts, tuple(left_out)


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """The rules as the first line."""
    return {**asdict(rules), "signals": str(rules.signals)}


def answer_to_json(one: OneMeasured) -> dict[str, Any]:
    """An answer as a line."""
    return {
        "name": one.name,
        "row": None if one.row is None else asdict(one.row),
        "failure": None if one.failure is None else asdict(one.failure),
        "parts": {what: base64.b64encode(data).decode("ascii") for what, data in one.parts.items()},
        "left_out": [asdict(failure) for failure in one.left_out],
    }


def answer_from_json(data: Mapping[str, Any]) -> OneMeasured:
    """What `answer_to_json` wrote."""
    row = data["row"]
    if row is not None:
        measurements = tuple(Measurement(**{**one, "beats": tuple(one["beats"])}) for one in row["measurements"])
        row = MeasuredRow(**{**row, "measurements": measurements})
    return OneMeasured(
        name=data["name"],
        row=row,
        failure=None if data["failure"] is None else _failure(data["failure"]),
        parts={what: base64.b64decode(text) for what, text in data["parts"].items()},
        left_out=tuple(map(_failure, data["left_out"])),
    )


def _failure(data: Mapping[str, Any]) -> Failure:
    return Failure(**{**data, "missing_hints": tuple(data["missing_hints"])})


def _rules(data: Mapping[str, Any]) -> Rules:
    return Rules(**{**data, "signals": Path(data["signals"]), "what": tuple(data["what"])})


def _ecg(data: Mapping[str, Any]) -> StoredEcg:
    return StoredEcg(**{**data, "corrections": tuple(Correction(**one) for one in data["corrections"])})


def answer(lines: Iterator[str], out: TextIO) -> None:
    """Measure what is asked for until there is nothing more."""
    rules = _rules(json.loads(next(lines)))
    out.write(json.dumps(READY) + "\n")
    out.flush()
    for line in lines:
        one = measure_stored(rules, _ecg(json.loads(line)))
        out.write(json.dumps(answer_to_json(one), allow_nan=False) + "\n")
        out.flush()


def main() -> None:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from einthoven.workflows.reading_process import silenced

    threadpool_limits(1)  # several of these processes already use all cores
    # A library that writes to standard output would break the lines: they get a descriptor of their own.
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    with silenced():
        answer(iter(sys.stdin), own)


if __name__ == "__main__":
    main()
