"""MIMIC-IV-ECG: `record_list.csv`, `machine_measurements.csv`, `waveform_note_links.csv` and WFDB records in `files`.

Gow et al. 2023, doi:10.13026/4nqg-sb35; columns as in mimic.mit.edu/docs/iv/modules/ecg. The labels are what the
electrocardiograph printed (`report_0` to `report_17`); the cardiologists' notes are not part of the data set.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import number, read_columns
from einthoven.labels.layouts.demography import made
from einthoven.labels.layouts.entry import Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import files_below, has_columns
from einthoven.labels.layouts.several import several
from einthoven.task import Answer, Task, TaskClass

TABLE, MEASUREMENTS, NOTES = "record_list.csv", "machine_measurements.csv", "waveform_note_links.csv"
REPORTS = tuple(f"report_{k}" for k in range(18))

FEWEST = 10
"""ECGs that a statement must have to be a class: the device writes thousands of rare variants."""

# 29999 is written where nothing was measured, and nobody has an RR interval of 5 s.
LONGEST_MS = 5000.0


def recognises(folder: Path) -> bool:
    return has_columns(folder / TABLE, "subject_id", "study_id", "path")


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """MIMIC-IV-ECG, or a part of it. LabelError when a table is missing or damaged, or no row has a file."""
    present = set(files_below(folder, ".hea"))
    records: list[LayoutRecord] = []
    lacking: list[str] = []
    studies: dict[str, str] = {}
    for cells in read_columns(folder / TABLE, ("subject_id", "study_id", "path")):
        subject, study, path = cells.values
        if study is None or path is None:
            raise LabelError(f"{TABLE}, line {cells.line}: study_id or path is empty.")
        name = f"{path}.hea"
        if name not in present:
            lacking.append(name)
        elif study in studies:
            raise LabelError(f"{TABLE}, line {cells.line}: study {study} stands twice.", advice="Remove one of them.")
        else:
            studies[study] = name
            records.append(LayoutRecord(name, subject_id=subject))
    if not records:
        raise LabelError(
            f"None of the {len(lacking)} records of {TABLE} has a file in {folder}.",
            advice="Give the folder that holds the tables and the folder files, as MIMIC-IV-ECG is distributed.",
        )
    tasks, notes = _labels(folder, studies)
    missing = Missing(tuple(lacking), tuple(sorted(present.difference(studies.values()))))
    return Layout(folder, tuple(records), tasks, missing, (*notes, *_linked(folder, studies)))


def statement(text: str) -> str:
    """A statement of the device in one spelling: blanks single, no full stop at the end.

    >>> statement("  Sinus  rhythm. ")
    'Sinus rhythm'
    """
    return re.sub(r"\s+", " ", text).strip().rstrip(".")


def _labels(folder: Path, studies: Mapping[str, str]) -> tuple[tuple[Task, ...], tuple[str, ...]]:
    if not (folder / MEASUREMENTS).is_file():
        return (), (f"{MEASUREMENTS} is not there: the records come without labels.",)
    said: dict[str, tuple[str, ...]] = {}
    intervals = array("d")
    timed: list[str] = []
    spelled: dict[str, str] = {}
    without_row = set(studies)
    for cells in read_columns(folder / MEASUREMENTS, ("study_id", "report_0"), (*REPORTS[1:], "rr_interval")):
        study, *reports, interval = cells.values
        name = studies.get(study or "")
        if study is None or name is None:
            continue
        without_row.discard(study)
        texts = (spelled.setdefault(text, statement(text)) for text in reports if text is not None)
        if found := tuple(dict.fromkeys(text for text in texts if text)):
            said[name] = found
        value = number(interval)
        if value is not None and 0 < value <= LONGEST_MS:
            timed.append(name)
            intervals.append(value)
    counts = Counter(text for texts in said.values() for text in texts)
    classes = sorted(text for text, n in counts.items() if n >= FEWEST)
    rare = [n for n in counts.values() if n < FEWEST]
    statements = several(
        "statements",
        "Statements of the electrocardiograph",
        [TaskClass(text, text) for text in classes],
        said,
        left_out={"no statement of the device": len(studies) - len(said)},
    )
    return made(statements, _rr(dict(zip(timed, intervals, strict=True)), len(studies))), tuple(
        _notes(classes, rare, len(without_row))
    )


def _rr(intervals: Mapping[str, float], n_records: int) -> Task | None:
    if not intervals:
        return None
    answers: dict[str, Answer] = dict(intervals)
    lacking = n_records - len(answers)
    return Task(
        name="rr-interval",
        kind="regression",
        classes=(TaskClass("rr-interval", "RR interval"),),
        answers=answers,
        title="RR interval measured by the electrocardiograph",
        unit="ms",
        left_out={"not measured": lacking} if lacking else {},
    )


def _notes(classes: list[str], rare: list[int], n_without_row: int) -> Iterator[str]:
    yield (
        f"MIMIC-IV-ECG: the labels are the device's own statements, read by no cardiologist: {len(classes)} occur in "
        f"{FEWEST} ECGs or more and are classes."
    )
    if rare:
        yield f"{len(rare)} rarer statements ({sum(rare)} times in all) are no classes."
    if n_without_row:
        yield f"{MEASUREMENTS} has no row for {n_without_row} of the records."


def _linked(folder: Path, studies: Mapping[str, str]) -> Iterator[str]:
    path = folder / NOTES
    if path.is_file():
        n = sum(1 for cells in read_columns(path, ("study_id",)) if cells.values[0] in studies)
        yield f"{n} cardiologists' notes are linked to these ECGs in {NOTES}; the notes are in MIMIC-IV-Note."


ENTRY = LayoutEntry(
    name="mimic-iv-ecg",
    title="MIMIC-IV-ECG",
    requires=(),
    brings="Brings patients, the statements of the electrocardiograph and the RR interval that it measured.",
    source="Gow et al. 2023, doi:10.13026/4nqg-sb35",
    holds="`record_list.csv`, `machine_measurements.csv` and `files/` with WFDB records at 500 Hz",
    recognises=recognises,
    read=read_layout,
)
