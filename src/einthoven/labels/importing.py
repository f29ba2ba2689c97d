"""A table of labels -> a task of a dataset."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from einthoven.errors import LabelError
from einthoven.labels.matching import Match, match_file_names
from einthoven.labels.numbers import parse_numbers
from einthoven.labels.tables import Table, quoted
from einthoven.task import KINDS, Answer, Kind, Task, TaskClass

TEMPLATE_CSV = """\
file_name,label,ICD-10
patient_001.csv,LBBB,I44.7
patient_002.csv,RBBB,I45.1
patient_003.csv,normal,
"""
"""The field's layout, to download and fill in."""

NONE_OF_THEM = "none"
"""Written as the only label of a multi-label row: it was looked at, and none of the classes applies."""

NO_LABEL = "not in the label table, or with an empty label"
MISSING = frozenset({"nan", "null", "n/a", "#n/a", "<na>"})
"""What programs write into an empty cell, in lower case: no label. `NA` and `none` may be meant and stay labels."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """Which columns of a table hold what. The defaults are the field's layout `file_name,label,ICD-10`.

    Parameters
    ----------
    file
        Column with the file names.
    labels
        Column(s) with the labels (regression: the one with the value).
    codes
        Code system -> column with the code of the label in that row. Multi-label: with as many codes
        as labels, separated alike, or empty; only with one label column.
    kind
        Single-label: a file may be repeated, but always with the same label. Multi-label: labels of
        repeated rows, of several columns and of one cell (with `separator`) are put together; an empty
        cell is no label, the word `none` says that no class applies. Regression: a number, decimal
        point or comma. A class or code that is one of `MISSING` counts as an empty cell.
    separator
        Between labels of one cell; single-label refuses cells that hold it. Empty: never splits.
    unit
        Of a regression's value.
    """

    file: str = "file_name"
    labels: tuple[str, ...] = ("label",)
    codes: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "single-label"
    separator: str = "|"
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise LabelError(f"Kind {self.kind!r} is none of {', '.join(KINDS)}.")
        if not self.labels:
            raise LabelError("No label column was named.")
        if self.kind == "regression" and len(self.labels) > 1:
            raise LabelError(f"Regression takes one column of values, not {quoted(self.labels)}.")
        if self.codes and len(self.labels) > 1:
            raise LabelError("Codes can be read beside one label column only.")


@dataclass(frozen=True, slots=True)
class LabelReport:
    """The task that was read, and what did not fit: names as written in the table, and records.

    `Table.notes` belong beside `warnings` and are not repeated there.
    """

    task: Task
    labels_without_record: tuple[str, ...]
    records_without_label: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Said:
    """What one row says: a file, the labels in it (empty: none given) and the code beside each."""

    line: int
    file: str
    labels: tuple[str, ...]
    codes: tuple[tuple[str, str, str], ...] = ()  # label, system, code


def field_layout(table: Table, *, kind: Kind = "single-label", unit: str = "") -> LabelColumns:
    """The columns of the field's layout in this table: `file_name`, `label` and, if there, `ICD-10`.

    Raises
    ------
    LabelError
        When `file_name` or `label` is missing; lists the columns found.
    """
    missing = [name for name in ("file_name", "label") if table.find(name) is None]
    if missing:
        raise LabelError(
            f"{table.name} has no column {' and no column '.join(map(repr, missing))}; it has {quoted(table.columns)}.",
            advice="Say which of these columns to use, or take the template with file_name,label,ICD-10.",
        )
    codes = {"ICD-10": "ICD-10"} if table.find("ICD-10") is not None and kind != "regression" else {}
    return LabelColumns(codes=codes, kind=kind, unit=unit)


def tasks_from_table(
    table: Table,
    columns: LabelColumns,
    file_names: Sequence[str],
    *,
    task: str,
    title: str = "",
    alias: Callable[[str], str] | None = None,
) -> LabelReport:
    """Read a task for the records `file_names` of a dataset; `alias` as in `match_file_names`.

    Classes are those of the records, in alphabetical order. Labels without a record and records
    without a label are listed and stop nothing.

    Raises
    ------
    LabelError
        A column is missing; no file name matches, or one matches two records; a file has two labels
        or values where one is allowed; a label has two codes; a value is no number.
    """
    if not table.rows:
        raise LabelError(f"{table.name} has a header but no rows.", advice="Write one line per ECG.")
    files = _files(table, columns)
    match = match_file_names((file for _, file in files.values()), file_names, alias=alias)
    if not match.found:
        _refuse_no_match(table, [file for _, file in files.values()], file_names)
    missing: tuple[str, ...] = ()
    if columns.kind == "regression":
        answers, notes = _values(table, columns, files, match)
        classes: tuple[TaskClass, ...] = (TaskClass(task),)
    else:
        said = _said(table, columns, files)
        missing = tuple(_missing_notes(table, columns, files))
        notes = (*missing, *_code_notes(said))
        codes = _codes(table, said)
        answers = _classes_of_records(table, columns, said, match)
        names = sorted({name for answer in answers.values() if isinstance(answer, tuple) for name in answer})
        classes = tuple(TaskClass(name, codes=codes.get(name, {})) for name in names)
        notes = (*notes, *_unused_notes(said, names))
    if not answers or not classes:
        why = "".join(f" {note}" for note in missing)
        raise LabelError(
            f"{table.name}: no record of the dataset has a label in {quoted(columns.labels)}.{why}",
            advice="Look whether the table names files of this dataset, and whether that column is filled.",
        )
    unlabelled = tuple(name for name in file_names if name not in answers)
    made = Task(
        name=task,
        kind=columns.kind,
        classes=classes,
        answers={name: answers[name] for name in file_names if name in answers},
        title=title or task,
        unit=columns.unit,
        left_out={NO_LABEL: len(unlabelled)} if unlabelled else {},
    )
    warnings = (*match.notes, *notes, *_doubts(made))
    return LabelReport(made, match.unmatched, unlabelled, warnings)


def _files(table: Table, columns: LabelColumns) -> dict[int, tuple[int, str]]:
    """Row -> (line, file name); LabelError for rows that have a label but no file name."""
    labels = [table.column(name) for name in columns.labels]
    named: dict[int, tuple[int, str]] = {}
    for row, (line, file) in enumerate(zip(table.lines, table.column(columns.file), strict=True)):
        if file is not None:
            named[row] = (line, file)
        elif any(_split(cells[row], columns.separator) for cells in labels):
            raise LabelError(f"{table.name}, line {line}: a label without a file name in {columns.file!r}.")
    if not named:
        raise LabelError(f"{table.name}: the column {columns.file!r} is empty.")
    return named


def _refuse_no_match(table: Table, files: Sequence[str], file_names: Sequence[str]) -> None:
    if not file_names:
        raise LabelError("The dataset has no records to label.", advice="Import ECG files first.")
    raise LabelError(
        f"No file name in {table.name} matches a record: the table has names like {files[0]!r}, "
        f"the dataset like {file_names[0]!r}.",
        advice="Choose the column with the file names, or write them as in the dataset; the suffix may be missing.",
    )


# -- values ------------------------------------------------------------------------------------------------------------


def _values(
    table: Table, columns: LabelColumns, files: Mapping[int, tuple[int, str]], match: Match
) -> tuple[dict[str, Answer], tuple[str, ...]]:
    cells = table.column(columns.labels[0])
    given = [(line, file, cell) for row, (line, file) in files.items() if (cell := cells[row]) is not None]
    where = f"{table.name}, column {columns.labels[0]!r}"
    numbers, notes = parse_numbers(where, [line for line, _, _ in given], [cell for _, _, cell in given])
    seen: dict[str, float] = {}
    differing: dict[str, str] = {}
    for (line, file, _), value in zip(given, numbers, strict=True):
        record = match.found.get(file)
        if record is None:
            continue
        if seen.setdefault(record, value) != value:
            differing.setdefault(record, f"{file!r} is {seen[record]:g} and, in line {line}, {value:g}")
    _refuse_contradictions(table, differing.values(), "Keep one row per file.")
    return dict(seen), notes


# -- classes -----------------------------------------------------------------------------------------------------------


def _said(table: Table, columns: LabelColumns, files: Mapping[int, tuple[int, str]]) -> list[_Said]:
    labels = [table.column(name) for name in columns.labels]
    codes = {system: table.column(name) for system, name in columns.codes.items()}
    said = []
    for row, (line, file) in files.items():
        names = tuple(name for cells in labels for name in _split(cells[row], columns.separator))
        beside = tuple(
            (name, system, code)
            for system, cells in codes.items()
            for name, code in _paired(table, line, names, _split(cells[row], columns.separator), columns.codes[system])
        )
        said.append(_Said(line, file, tuple(dict.fromkeys(names)), beside))
    return said


def _split(cell: str | None, separator: str) -> tuple[str, ...]:
    return tuple(piece for piece in _pieces(cell, separator) if piece.casefold() not in MISSING)


def _pieces(cell: str | None, separator: str) -> tuple[str, ...]:
    """What stands in a cell, also what means that nothing does."""
    if cell is None:
        return ()
    # Looked at whole first: the separator may be the `/` of `n/a`.
    whole = cell.strip().casefold() in MISSING or not separator
    pieces = [cell] if whole else cell.split(separator)
    return tuple(piece.strip() for piece in pieces if piece.strip())


def _missing_notes(table: Table, columns: LabelColumns, files: Mapping[int, object]) -> Iterator[str]:
    """How many cells were taken for empty because of what stands in them."""
    for what, names in (("label", columns.labels), ("code", tuple(columns.codes.values()))):
        cells = [table.column(name)[row] for name in names for row in files]
        found = [{one for one in _pieces(cell, columns.separator) if one.casefold() in MISSING} for cell in cells]
        n = sum(map(bool, found))
        if n:
            count = "1 cell says" if n == 1 else f"{n} cells say"
            yield f"{count} {quoted(sorted(set().union(*found)))}, understood as empty: no {what}."


def _paired(
    table: Table, line: int, names: tuple[str, ...], codes: tuple[str, ...], column: str
) -> tuple[tuple[str, str], ...]:
    if not codes or not names:
        return ()
    if len(codes) != len(names):
        raise LabelError(
            f"{table.name}, line {line}: {len(names)} labels ({quoted(names)}) but {len(codes)} codes "
            f"({quoted(codes)}) in {column!r}.",
            advice="Write one code per label in the same order, or leave the cell empty.",
        )
    return tuple(zip(names, codes, strict=True))


def _code_notes(said: Iterable[_Said]) -> tuple[str, ...]:
    """Different labels under one code are usual (LBBB, ILBBB), so they are only mentioned."""
    meanings: dict[tuple[str, str], set[str]] = {}
    for row in said:
        for label, system, code in row.codes:
            meanings.setdefault((system, code), set()).add(label)
    return tuple(
        f"{system} {code} stands beside several labels: {quoted(sorted(labels), most=_SHOWN)}."
        for (system, code), labels in meanings.items()
        if len(labels) > 1
    )


def _unused_notes(said: Iterable[_Said], names: Sequence[str]) -> tuple[str, ...]:
    unused = sorted({label for row in said for label in row.labels} - {*names} - {NONE_OF_THEM})
    if not unused:
        return ()
    return (f"No record of the dataset has {quoted(unused, most=_SHOWN)}; the task has no such class.",)


def _codes(table: Table, said: Iterable[_Said]) -> dict[str, dict[str, str]]:
    """Label -> code system -> code; LabelError when a label has two codes of one system."""
    codes: dict[str, dict[str, str]] = {}
    differing: dict[tuple[str, str], str] = {}
    for row in said:
        for label, system, code in row.codes:
            known = codes.setdefault(label, {}).setdefault(system, code)
            if known != code:
                text = f"label {label!r} has the {system} codes {known!r} and, in line {row.line}, {code!r}"
                differing.setdefault((label, system), text)
    _refuse_contradictions(table, differing.values(), "Write the same code wherever the label stands.")
    return codes


def _classes_of_records(table: Table, columns: LabelColumns, said: Iterable[_Said], match: Match) -> dict[str, Answer]:
    given: dict[str, dict[str, None]] = {}
    for row in said:
        if row.labels and (record := match.found.get(row.file)):
            given.setdefault(record, {}).update(dict.fromkeys(row.labels))
    if columns.kind == "single-label":
        differing = [
            f"{record!r} is {' and '.join(map(repr, sorted(names)))}"
            for record, names in given.items()
            if len(names) > 1
        ]
        _refuse_contradictions(
            table, differing, "Correct the rows, or import the table as multi-label if several labels may apply."
        )
        return {record: tuple(names) for record, names in given.items()}
    return _several_classes(table, given)


def _several_classes(table: Table, given: Mapping[str, Mapping[str, None]]) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    differing: list[str] = []
    for record, names in given.items():
        real = sorted(name for name in names if name.casefold() != NONE_OF_THEM)
        if real and len(real) < len(names):
            differing.append(f"{record!r} is {NONE_OF_THEM!r} and {quoted(real, most=_SHOWN)}")
        answers[record] = tuple(real)
    _refuse_contradictions(table, differing, f"Write {NONE_OF_THEM!r} only where no class applies.")
    return answers


def _refuse_contradictions(table: Table, differing: Iterable[str], advice: str) -> None:
    texts = list(differing)
    if texts:
        shown = "; ".join(texts[:_SHOWN])
        more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
        raise LabelError(f"{table.name} contradicts itself: {shown}{more}.", advice=advice)


# -- doubts ------------------------------------------------------------------------------------------------------------


def _doubts(task: Task) -> tuple[str, ...]:
    """What makes the task hard or impossible to learn, though it is well-formed."""
    if task.kind == "regression":
        if len(set(task.answers.values())) == 1:
            return ("All records have the same value: nothing can be learned from them.",)
        return ()
    counts = task.counts()
    doubts = []
    if len(counts) == 1 and (task.kind == "single-label" or all(task.answers.values())):
        doubts.append(f"All labelled records are {next(iter(counts))!r}: nothing can be learned from one class.")
    alone = [name for name, n in counts.items() if n == 1]
    if alone:
        which = f"Only one record has {quoted(alone, most=_SHOWN)}"
        doubts.append(f"{which}: too few to train and to evaluate. Add records, or give them another label.")
    spellings: dict[str, list[str]] = {}
    for name in counts:
        spellings.setdefault(name.casefold(), []).append(name)
    for names in spellings.values():
        if len(names) > 1:
            doubts.append(f"The labels {quoted(names)} differ in upper and lower case only and are different classes.")
    return tuple(doubts)
