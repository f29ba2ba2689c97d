"""LUDB, the Lobachevsky University Database: `ludb.csv` beside a folder `data` of WFDB records.

Kalyakulina et al., IEEE Access 8:186181, 2020, doi:10.1109/ACCESS.2020.3029211, and its README. The gains in the
headers are wrong: under them every lead spans exactly 1.0 mV. The stored counts are microvolts: I + III = II holds
among them without a remainder in all records, and the amplitudes are those of an ECG.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import number, read_columns
from einthoven.labels.layouts.demography import age_task, made, possible_age, sex_of, sex_task
from einthoven.labels.layouts.entry import Correction, Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import files_below, has_columns
from einthoven.labels.layouts.headers import read_header
from einthoven.labels.layouts.several import several
from einthoven.leads import STANDARD_12
from einthoven.task import Answer, Task, TaskClass

TABLE = "ludb.csv"
AXIS_COLUMN = "Electric axis of the heart"
FINDINGS: Mapping[str, tuple[str, str]] = {
    "Rhythms": ("rhythm", "Rhythm"),
    "Conduction abnormalities": ("conduction", "Conduction abnormalities"),
    "Extrasystolies": ("extrasystole", "Extrasystoles"),
    "Hypertrophies": ("hypertrophy", "Hypertrophy and overload"),
    "Cardiac pacing": ("pacing", "Cardiac pacing"),
    "Ischemia": ("ischaemia", "Ischaemia, infarction and scars"),
    "Non-specific repolarization abnormalities": ("repolarisation", "Non-specific repolarisation abnormalities"),
    "Other states": ("other", "Other findings"),
}
"""Column -> name and title of the task."""

REASON = (
    "gain corrected by the layout ludb: 1 count is 1 uV (mV = count / 1000); the header's gains scale every lead "
    "to a span of 1.0 mV"
)
# README: `ludb.csv` has `>89` for the oldest, so that nobody can be recognised by the age.
HIDDEN_AGE = ">89"


def recognises(folder: Path) -> bool:
    return has_columns(folder / TABLE, "ID", "Rhythms", AXIS_COLUMN)


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """LUDB, or a part of it. LabelError when the table is missing or damaged, or no row has a file."""
    columns = ("ID", "Sex", "Age", AXIS_COLUMN, *FINDINGS)
    # Cells hold several lines, one finding each, and most of them end with one.
    rows = {cells.values[0]: cells.values for cells in read_columns(folder / TABLE, columns)}
    present = {Path(name).stem: name for name in files_below(folder, ".hea")}
    records, found = [], {}
    for identifier, values in rows.items():
        if identifier in present:
            record = _record(folder, present[identifier], sex=values[1], age=values[2])
            records.append(record)
            found[record.name] = values
    if not records:
        raise LabelError(
            f"None of the {len(rows)} records of {TABLE} has a header in {folder}.",
            advice=f"Give the folder that holds {TABLE} and the folder data, as LUDB is distributed.",
        )
    return Layout(
        folder=folder,
        records=tuple(records),
        tasks=_tasks(records, found),
        missing=Missing(
            rows_without_file=tuple(f"data/{name}.hea" for name in rows if name not in present),
            files_without_row=tuple(name for stem, name in present.items() if stem not in rows),
        ),
        notes=("LUDB: the gain of every record is corrected to 1000 counts per mV.", *_delineations(folder)),
    )


def _record(folder: Path, file_name: str, *, sex: str | None, age: str | None) -> LayoutRecord:
    correction = Correction(1000.0, 0.0, read_header(folder / file_name).baselines, REASON)
    return LayoutRecord(file_name, age=possible_age(number(age)), sex=sex_of(sex), correction=correction)


def _delineations(folder: Path) -> tuple[str, ...]:
    """The annotation files that lie beside the records: each is named after its lead."""
    leads = {f".{lead.casefold()}" for lead in STANDARD_12}
    n = sum(Path(name).suffix in leads for name in files_below(folder, ""))
    if not n:
        return ()
    return (
        f"{n} files (.i, .ii ... .v6) hold the experts' wave boundaries of each lead; they are left where they are.",
    )


def _tasks(records: list[LayoutRecord], found: Mapping[str, tuple[str | None, ...]]) -> tuple[Task, ...]:
    hidden = sum(values[2] == HIDDEN_AGE for values in found.values())
    findings = [
        _findings(*FINDINGS[column], {name: values[place] for name, values in found.items()})
        for place, column in enumerate(FINDINGS, start=4)
    ]
    return made(
        _axis({name: values[3] for name, values in found.items()}),
        *findings,
        age_task({record.name: record.age for record in records}, hidden=hidden),
        sex_task({record.name: record.sex for record in records}),
    )


def _lines(cell: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (cell or "").splitlines() if line.strip())


def _findings(name: str, title: str, cells: Mapping[str, str | None]) -> Task | None:
    """The cardiologists looked at every record for all findings: an empty cell says that there is none."""
    said = {record: _lines(cell) for record, cell in cells.items()}
    return several(name, title, _classes(said.values()), said)


def _classes(said: Iterable[tuple[str, ...]]) -> list[TaskClass]:
    return [TaskClass(name, name) for name in sorted({name for names in said for name in names})]


def _axis(cells: Mapping[str, str | None]) -> Task | None:
    prefix = f"{AXIS_COLUMN}: "
    answers: dict[str, Answer] = {}
    for record, cell in cells.items():
        lines = _lines(cell)
        if len(lines) == 1:
            answers[record] = (lines[0].removeprefix(prefix),)
    if not answers:
        return None
    unknown = len(cells) - len(answers)
    names = sorted({name for answer in answers.values() if isinstance(answer, tuple) for name in answer})
    return Task(
        name="axis",
        kind="single-label",
        classes=tuple(TaskClass(name, name[0].upper() + name[1:]) for name in names),
        answers=answers,
        title=AXIS_COLUMN,
        left_out={"no axis stated (paced rhythm)": unknown} if unknown else {},
    )


ENTRY = LayoutEntry(
    name="ludb",
    title="LUDB",
    requires=(),
    brings="Brings rhythm, axis, conduction, hypertrophy, ischaemia and other findings, age and sex, and corrects "
    "the gain, which its headers state wrongly.",
    source="Kalyakulina et al. 2020, doi:10.1109/ACCESS.2020.3029211",
    holds="`ludb.csv` and `data/` with WFDB records at 500 Hz",
    recognises=recognises,
    read=read_layout,
    tried="150 records of LUDB 1.0.1",
)
