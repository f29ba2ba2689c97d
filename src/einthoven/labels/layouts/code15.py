"""CODE-15 %, in both forms: `exams.csv` with `exams_part*.hdf5` (Zenodo), or WFDB records (Challenge 2025).

Ribeiro et al. 2021, doi:10.5281/zenodo.4916206: each HDF5 file holds `tracings`, exams by 4096 samples by 12 leads at
400 Hz, filled up with zeros before and after, and `exam_id` (the reader of HDF5 knows this form). No unit is stated;
the Challenge 2025 (Reyna et al.) takes the numbers for mV and writes them so into WFDB files, with `Age`, `Sex`,
`Patient ID` and `Chagas label` in the header.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import number, read_columns, whole
from einthoven.labels.layouts.demography import age_task, made, possible_age, sex_of, sex_task
from einthoven.labels.layouts.entry import Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import files_below, first_file, has_columns, head
from einthoven.labels.layouts.headers import read_header
from einthoven.labels.layouts.several import several
from einthoven.labels.tables import quoted
from einthoven.record import Sex
from einthoven.task import Answer, Task, TaskClass

if TYPE_CHECKING:
    import h5py

TABLE = "exams.csv"
MOST_EXAMS = 10_000_000

ABNORMALITIES: Mapping[str, tuple[str, str]] = {
    "1dAVb": ("First degree AV block", "270492004"),
    "RBBB": ("Right bundle branch block", "59118001"),
    "LBBB": ("Left bundle branch block", "164909002"),
    "SB": ("Sinus bradycardia", "426177001"),
    "ST": ("Sinus tachycardia", "427084000"),
    "AF": ("Atrial fibrillation", "164889003"),
}
"""Column -> title and SNOMED CT code (those of the Challenge 2021)."""

_TRUE, _FALSE = frozenset({"true", "1", "1.0"}), frozenset({"false", "0", "0.0"})
_SEX_BY_MALE: Mapping[bool, Sex] = {True: "M", False: "F"}


def recognises(folder: Path) -> bool:
    if has_columns(folder / TABLE, "exam_id", "trace_file"):
        return True
    header = first_file(folder, ".hea")
    return header is not None and "chagas label:" in head(header).casefold()


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """CODE-15, or a part of it. LabelError when the table is damaged, or nothing of it has a file."""
    return _exams(folder) if (folder / TABLE).is_file() else _headers(folder)


# -- exams.csv and HDF5 ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Said:
    """What the rows of `exams.csv` say of the ECGs that are there."""

    records: list[LayoutRecord] = field(default_factory=list)
    abnormal: dict[str, tuple[str, ...]] = field(default_factory=dict)
    normal: dict[str, Answer] = field(default_factory=dict)
    lacking: list[str] = field(default_factory=list)
    followed_up: int = 0


def _exams(folder: Path) -> Layout:
    parts = {Path(name).name: name for name in files_below(folder, ".hdf5")}
    places = {exam: (part, row) for part, name in parts.items() for row, exam in _exam_ids(folder / name)}
    said = _Said()
    needed = ("exam_id", "age", "is_male", "patient_id", "trace_file", *ABNORMALITIES)
    for cells in read_columns(folder / TABLE, needed, ("normal_ecg", "death")):
        exam = whole(TABLE, cells.line, "exam_id", cells.values[0])
        trace_file = cells.values[4]
        place = places.pop(exam, None)
        if place is None:
            said.lacking.append(f"{trace_file}: exam {exam}")
        else:
            _take(said, parts[place[0]], place[1], cells.line, cells.values)
    if not said.records:
        raise LabelError(
            f"None of the {len(said.lacking)} exams of {TABLE} is in an HDF5 file below {folder}.",
            advice="Unpack exams_part*.zip beside exams.csv.",
        )
    return Layout(
        folder=folder,
        records=tuple(sorted(said.records, key=lambda record: (record.file_name, record.index))),
        tasks=_tasks(said),
        missing=Missing(tuple(said.lacking), tuple(_unlisted(places, parts))),
        notes=tuple(_notes(said)),
    )


def _take(said: _Said, file_name: str, row: int, line: int, values: tuple[str | None, ...]) -> None:
    _, age, is_male, patient, _, *columns = values
    male = _flag(line, "is_male", is_male)
    record = LayoutRecord(
        file_name,
        row,
        subject_id=patient,
        age=possible_age(number(age)),
        sex=None if male is None else _SEX_BY_MALE[male],
    )
    said.records.append(record)
    flags = {name: _flag(line, name, cell) for name, cell in zip(ABNORMALITIES, columns, strict=False)}
    if None not in flags.values():
        said.abnormal[record.name] = tuple(name for name, flag in flags.items() if flag)
    normal = _flag(line, "normal_ecg", columns[len(ABNORMALITIES)])
    if normal is not None:
        said.normal[record.name] = ("normal" if normal else "abnormal",)
    said.followed_up += columns[len(ABNORMALITIES) + 1] is not None


def _exam_ids(path: Path) -> Iterator[tuple[int, int]]:
    """Row and exam number of each ECG in an HDF5 file; the filling rows at the end (exam 0) are left out."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            # A link could lead out of the file, and so could values that are stored elsewhere.
            hard = isinstance(file.get("exam_id", getlink=True), h5py.HardLink)
            dataset = file["exam_id"] if hard else None
            if not isinstance(dataset, h5py.Dataset) or not _is_list_of_numbers(dataset):
                raise LabelError(f"{path.name} has no list exam_id.", advice="Give the files of CODE-15 as published.")
            numbers = [int(exam) for exam in dataset[()]]
    except (OSError, RuntimeError) as error:
        raise LabelError(
            f"{path.name} cannot be read as HDF5: {error}.", advice="Copy the file again from where it came from."
        ) from error
    return ((row, exam) for row, exam in enumerate(numbers) if exam != 0)


def _is_list_of_numbers(dataset: "h5py.Dataset") -> bool:
    own = dataset.external is None and not dataset.is_virtual
    return own and dataset.ndim == 1 and dataset.dtype.kind in "iu" and dataset.size <= MOST_EXAMS


def _unlisted(places: Mapping[int, tuple[str, int]], parts: Mapping[str, str]) -> Iterator[str]:
    return (LayoutRecord(parts[part], row).name for part, row in places.values())


def _flag(line: int, column: str, cell: str | None) -> bool | None:
    if cell is None:
        return None
    text = cell.casefold()
    if text not in _TRUE and text not in _FALSE:
        raise LabelError(
            f"{TABLE}, line {line}: {column} {cell!r} is neither True nor False.",
            advice="Restore it from the data set.",
        )
    return text in _TRUE


def _tasks(said: _Said) -> tuple[Task, ...]:
    n = len(said.records)
    classes = [TaskClass(name, title, {"SNOMED CT": code}) for name, (title, code) in ABNORMALITIES.items()]
    return made(
        several(
            "abnormalities",
            "Six abnormalities",
            classes,
            said.abnormal,
            left_out={"not stated": n - len(said.abnormal)},
        ),
        _either("normal", "Normal ECG", ("normal", "abnormal"), said.normal, n),
        age_task({record.name: record.age for record in said.records}),
        sex_task({record.name: record.sex for record in said.records}),
    )


def _either(name: str, title: str, classes: tuple[str, str], answers: Mapping[str, Answer], n: int) -> Task | None:
    if not answers:
        return None
    return Task(
        name=name,
        kind="single-label",
        classes=tuple(TaskClass(each, each[0].upper() + each[1:]) for each in classes),
        answers=answers,
        title=title,
        left_out={"not stated": n - len(answers)} if n > len(answers) else {},
    )


def _notes(said: _Said) -> Iterator[str]:
    yield (
        "CODE-15: the files state no unit, rate or leads; read as mV (as the Challenge 2025 does; the authors state no "
        "unit), 400 Hz and 12 leads."
    )
    if said.followed_up:
        yield (
            f"{said.followed_up} exams have a follow-up (death, timey); it is no task, since patients were "
            "followed for different times."
        )


# -- WFDB --------------------------------------------------------------------------------------------------------------


def _headers(folder: Path) -> Layout:
    records: list[LayoutRecord] = []
    chagas: dict[str, Answer] = {}
    without: list[str] = []
    unclear: Counter[str] = Counter()
    for name in files_below(folder, ".hea"):
        comments = read_header(folder / name).comments
        label = comments.get("chagas label")
        if label is None:
            without.append(name)
            continue
        age, sex = possible_age(number(comments.get("age"))), sex_of(comments.get("sex"))
        records.append(LayoutRecord(name, age=age, sex=sex))
        if label.casefold() in _TRUE | _FALSE:
            chagas[name] = ("positive" if label.casefold() in _TRUE else "negative",)
        else:
            unclear[label] += 1
    if not records:
        raise LabelError(
            f"{folder} has neither {TABLE} nor WFDB headers with a Chagas label.",
            advice=f"Give the folder that holds {TABLE} and the HDF5 files, or the WFDB records of the Challenge 2025.",
        )
    notes = []
    if without:
        notes.append(f"{len(without)} headers without a Chagas label were left out, such as {quoted(without, most=3)}.")
    if unclear:
        notes.append(f"{sum(unclear.values())} Chagas labels are neither True nor False: {quoted(unclear, most=5)}.")
    return Layout(
        folder=folder,
        records=tuple(records),
        tasks=made(
            _either("chagas", "Chagas disease", ("positive", "negative"), chagas, len(records)),
            age_task({record.name: record.age for record in records}),
            sex_task({record.name: record.sex for record in records}),
        ),
        notes=tuple(notes),
    )


ENTRY = LayoutEntry(
    name="code15",
    title="CODE-15 %",
    requires=("h5py",),
    brings="Brings six abnormalities and normal ECGs (Zenodo) or the Chagas label (Challenge 2025), patients, age and "
    "sex.",
    source="Ribeiro et al. 2021, doi:10.5281/zenodo.4916206",
    holds="`exams.csv` and `exams_part*.hdf5`; or the WFDB records of the Challenge 2025",
    recognises=recognises,
    read=read_layout,
    tried="310 WFDB records of the Challenge 2025; the HDF5 form on files made from its description",
)
