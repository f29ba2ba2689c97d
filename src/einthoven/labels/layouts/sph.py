"""SPH, Shandong Provincial Hospital: `metadata.csv`, `code.csv`, and one HDF5 file per ECG in `records`.

Liu et al., Scientific Data 9:272, 2022, doi:10.1038/s41597-022-01403-5. Each file holds a dataset `ecg` of 12 leads
by samples, at 500 Hz, in mV; the files state none of this. `AHA_Code` holds statements of AHA/ACC/HRS 2007, part II,
with `;` between; a statement may be followed by modifiers after `+`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.layouts.columns import number, read_columns
from einthoven.labels.layouts.demography import age_task, made, possible_age, sex_of, sex_task
from einthoven.labels.layouts.entry import Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import files_below, has_columns
from einthoven.labels.layouts.several import several
from einthoven.labels.tables import quoted
from einthoven.leads import STANDARD_12
from einthoven.record import ReadHints
from einthoven.task import Task, TaskClass

TABLE, CODES = "metadata.csv", "code.csv"
SYSTEM = "AHA/ACC/HRS"
HINTS = ReadHints(unit="mV", rate=500.0, leads=STANDARD_12, orientation="leads-first")


def recognises(folder: Path) -> bool:
    return has_columns(folder / TABLE, "ECG_ID", "AHA_Code") and has_columns(folder / CODES, "Code", "Description")


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """SPH, or a part of it. LabelError when a table is missing or damaged, or no row has a file."""
    titles = {
        code: text or code
        for code, text in (cells.values for cells in read_columns(folder / CODES, ("Code", "Description")))
        if code
    }
    present = {Path(name).stem: name for name in files_below(folder, ".h5")}
    records: list[LayoutRecord] = []
    statements: dict[str, tuple[str, ...]] = {}
    modifiers: dict[str, tuple[str, ...]] = {}
    lacking: list[str] = []
    known: set[str] = set()
    for cells in read_columns(folder / TABLE, ("ECG_ID", "AHA_Code", "Patient_ID", "Age", "Sex")):
        identifier, codes, patient, age, sex = cells.values
        if identifier is None or identifier in known:
            raise LabelError(f"{TABLE}, line {cells.line}: ECG_ID is {'empty' if identifier is None else 'repeated'}.")
        known.add(identifier)
        if identifier not in present:
            lacking.append(f"records/{identifier}.h5")
            continue
        record = LayoutRecord(present[identifier], subject_id=patient, age=possible_age(number(age)), sex=sex_of(sex))
        records.append(record)
        if codes is not None:
            parts = [[word.strip() for word in part.split("+")] for part in codes.split(";") if part.strip()]
            statements[record.name] = tuple(part[0] for part in parts)
            modifiers[record.name] = tuple(word for part in parts for word in part[1:] if word)
    if not records:
        raise LabelError(
            f"None of the {len(known)} records of {TABLE} has a file in {folder}.",
            advice=f"Unpack records.tar.gz beside {TABLE}.",
        )
    unlabelled = {"no statement": len(records) - len(statements)}
    return Layout(
        folder=folder,
        records=tuple(records),
        tasks=made(
            _task("statements", "Diagnostic statements (AHA/ACC/HRS)", statements, titles, unlabelled),
            _task("modifiers", "Modifiers of the statements (AHA/ACC/HRS)", modifiers, titles, unlabelled),
            age_task({record.name: record.age for record in records}),
            sex_task({record.name: record.sex for record in records}),
        ),
        missing=Missing(tuple(lacking), tuple(name for stem, name in present.items() if stem not in known)),
        notes=tuple(_notes((*statements.values(), *modifiers.values()), titles)),
        hints=HINTS,
    )


def _task(
    name: str, title: str, said: Mapping[str, tuple[str, ...]], titles: Mapping[str, str], left_out: Mapping[str, int]
) -> Task | None:
    """One class per code that occurs, by its description; two codes of one description by their number too."""
    twice = {text for text, n in Counter(titles.values()).items() if n > 1}
    occurring = sorted({code for codes in said.values() for code in codes}, key=lambda code: (len(code), code))
    names = {}
    for code in occurring:
        text = titles.get(code, f"{SYSTEM} {code}")
        names[code] = f"{text} ({code})" if text in twice else text
    classes = [TaskClass(names[code], names[code], {SYSTEM: code}) for code in occurring]
    return several(
        name, title, classes, {record: [names[c] for c in codes] for record, codes in said.items()}, left_out=left_out
    )


def _notes(said: Iterable[tuple[str, ...]], titles: Mapping[str, str]) -> Iterator[str]:
    yield "SPH: the files state nothing; 12 leads at 500 Hz in mV is what the publication states."
    unknown = sorted({code for codes in said for code in codes} - {*titles})
    if unknown:
        yield f"{CODES} does not explain the codes {quoted(unknown, most=10)}; they are classes by their number."


ENTRY = LayoutEntry(
    name="sph",
    title="SPH (Shandong Provincial Hospital)",
    requires=("h5py",),
    brings="Brings the diagnostic statements (AHA/ACC/HRS) and their modifiers, patients, age and sex; states unit, "
    "rate and leads, which the files do not.",
    source="Liu et al. 2022, doi:10.1038/s41597-022-01403-5",
    holds="`metadata.csv`, `code.csv` and `records/` with one `.h5` per ECG",
    recognises=recognises,
    read=read_layout,
)
