"""The official layout of PTB-XL on disk: `ptbxl_database.csv`, `scp_statements.csv`, `records100`, `records500`.

PTB-XL: Wagner et al. 2020, doi:10.1038/s41597-020-0495-6. Works on parts of it: rows without a file and
files without a row are listed and stop nothing.
"""

import re
from pathlib import Path

from einthoven.errors import LabelError
from einthoven.labels.layouts.entry import Layout, LayoutEntry, LayoutRecord, Missing
from einthoven.labels.layouts.finding import files_below, has_columns
from einthoven.labels.layouts.ptbxl_tasks import Grouping, LabelledEcg, tasks
from einthoven.labels.tables import Table, quoted, read_table
from einthoven.record import Sex

DATABASE = "ptbxl_database.csv"
STATEMENTS_TABLE = "scp_statements.csv"
RESOLUTIONS = {100: ("records100", "filename_lr"), 500: ("records500", "filename_hr")}
"""Rate in Hz -> folder with the signals, column with their names."""

HIDDEN_AGE = 300.0
"""PTB-XL 1.0.3 writes this for every age over 89, so that nobody can be recognised by it."""

_SEXES: dict[float, Sex] = {0.0: "M", 1.0: "F"}
_PAIR = r"""(?:'([^'\\]+)'|"([^"\\]+)")\s*:\s*(\d+(?:\.\d*)?)"""
_CODES = re.compile(rf"\{{\s*(?:{_PAIR}(?:\s*,\s*{_PAIR})*\s*)?\}}")


def recognises(folder: Path) -> bool:
    return has_columns(folder / DATABASE, "ecg_id", "scp_codes")


def parse_scp_codes(text: str) -> dict[str, float]:
    """`{'NORM': 100.0, 'SR': 0.0}` -> statement and likelihood in percent, 0 = not known.

    The cell is written as a Python literal; it is read by a pattern and never evaluated.

    Raises
    ------
    ValueError
        When it is anything but such pairs, or a statement stands twice.
    """
    if _CODES.fullmatch(text.strip()) is None:
        raise ValueError(f"{text[:80]!r} is no list of statements with likelihoods")
    pairs = [(match[1] or match[2], float(match[3])) for match in re.finditer(_PAIR, text)]
    if len({code for code, _ in pairs}) < len(pairs):
        raise ValueError(f"{text[:80]!r} names a statement twice")
    return dict(pairs)


def read_layout(folder: Path, resolution: int | None = None) -> Layout:
    """Read PTB-XL, or a part of it, from `folder`.

    Parameters
    ----------
    resolution
        100 or 500: which of the two signal folders to use; None takes the first that is there.

    Raises
    ------
    LabelError
        A table or the signal folder is missing or damaged, or none of the rows has a file.
    """
    rate = _resolution(folder, resolution)
    database = _table(folder, DATABASE)
    groupings = _groupings(_table(folder, STATEMENTS_TABLE))
    signals, column = RESOLUTIONS[rate]
    names = _file_names(database, column)
    present = {f"{signals}/{name}" for name in files_below(folder / signals, ".hea")}
    rows = [row for row, name in enumerate(names) if name in present]
    if not rows:
        raise LabelError(
            f"None of the {len(names)} records of {DATABASE} has a file in {folder / signals}.",
            advice="Give the folder that holds both, as PTB-XL is distributed.",
        )
    ecgs, notes = _ecgs(database, names, rows, groupings)
    ids, folds = database.column("patient_id"), database.column("strat_fold")
    records = tuple(
        LayoutRecord(
            file_name=ecg.file_name,
            subject_id=_subject(ids[row]),
            age=ecg.age,
            sex=ecg.sex,
            fold=_fold(database, row, folds[row]),
        )
        for row, ecg in zip(rows, ecgs, strict=True)
    )
    missing = Missing(
        rows_without_file=tuple(name for name in names if name not in present),
        files_without_row=tuple(sorted(present.difference(names))),
    )
    return Layout(folder, records, tasks(ecgs, groupings), missing, (*database.notes, *notes), resolution=rate)


def _resolution(folder: Path, wanted: int | None) -> int:
    if wanted is not None and wanted not in RESOLUTIONS:
        raise LabelError(f"PTB-XL has no signals at {wanted} Hz.", advice="Give 100 or 500.")
    there = [rate for rate, (signals, _) in RESOLUTIONS.items() if (folder / signals).is_dir()]
    if wanted is None and there:
        return there[0]
    if wanted not in there:
        looked_for = [RESOLUTIONS[wanted][0]] if wanted is not None else [name for name, _ in RESOLUTIONS.values()]
        found = f"; it has {', '.join(RESOLUTIONS[rate][0] for rate in there)}" if there else ""
        raise LabelError(
            f"{folder} has no folder {' or '.join(looked_for)}{found}.",
            advice=f"Give the folder that holds {DATABASE} and the signals, as PTB-XL is distributed.",
        )
    assert wanted is not None
    return wanted


def _table(folder: Path, name: str) -> Table:
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise LabelError(
            f"{folder / name} cannot be read: {error.strerror or error}.",
            advice=f"The layout ptbxl needs {DATABASE} and {STATEMENTS_TABLE} beside the signals.",
        ) from None
    return read_table(name, data, delimiter=",")


def _groupings(table: Table) -> dict[str, Grouping]:
    # The column of the statements' codes has no name in the official file.
    codes = tuple(row[0] for row in table.rows)
    if table.columns[0] != "":
        raise LabelError(f"{table.name}: the first column should have no name, it is {table.columns[0]!r}.")
    cells = zip(
        codes,
        table.column("diagnostic"),
        table.column("diagnostic_class"),
        table.column("diagnostic_subclass"),
        strict=True,
    )
    return {
        code: Grouping(superclass, subclass) if diagnostic in ("1.0", "1") else Grouping(None, None)
        for code, diagnostic, superclass, subclass in cells
        if code is not None
    }


def _file_names(database: Table, column: str) -> tuple[str, ...]:
    names = []
    for line, name in zip(database.lines, database.column(column), strict=True):
        if name is None:
            raise LabelError(f"{database.name}, line {line}: {column} is empty.")
        names.append(f"{name}.hea")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise LabelError(f"{database.name} has two rows for {twice}.", advice="Remove one of them.")
    return tuple(names)


def _ecgs(
    database: Table, names: tuple[str, ...], rows: list[int], groupings: dict[str, Grouping]
) -> tuple[list[LabelledEcg], tuple[str, ...]]:
    cells = database.column("scp_codes")
    ages, sexes = database.column("age"), database.column("sex")
    unknown: dict[str, int] = {}
    ecgs = []
    for row in rows:
        codes = _codes(database, row, cells[row])
        for code in codes:
            if code not in groupings:
                unknown[code] = unknown.get(code, 0) + 1
        age = _number(ages[row])
        ecgs.append(
            LabelledEcg(
                file_name=names[row],
                codes=tuple(code for code in codes if code in groupings),
                age=age if age is not None and 0 <= age <= 130 else None,
                age_hidden=age == HIDDEN_AGE,
                sex=_SEXES.get(number) if (number := _number(sexes[row])) is not None else None,
            )
        )
    notes: tuple[str, ...] = ()
    if unknown:
        counted = quoted(unknown, most=10)
        notes = (
            f"{sum(unknown.values())} statements that {STATEMENTS_TABLE} does not explain were ignored: {counted}.",
        )
    return ecgs, notes


def _codes(database: Table, row: int, cell: str | None) -> dict[str, float]:
    if cell is None:
        return {}
    try:
        return parse_scp_codes(cell)
    except ValueError as error:
        raise LabelError(
            f"{database.name}, line {database.lines[row]}: scp_codes {error}.",
            advice="Restore the table from PTB-XL; spreadsheet programs damage it.",
        ) from None


def _number(cell: str | None) -> float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return None


def _subject(cell: str | None) -> str | None:
    """`9012.0` and `9012` are the same patient: the column is written as float in some releases."""
    return None if cell is None else cell.removesuffix(".0")


def _fold(database: Table, row: int, cell: str | None) -> int | None:
    number = _number(cell)
    if number is None:
        return None
    if not number.is_integer():
        raise LabelError(f"{database.name}, line {database.lines[row]}: strat_fold {cell!r} is no fold.")
    return int(number)


ENTRY = LayoutEntry(
    name="ptbxl",
    title="PTB-XL",
    requires=(),
    brings="Brings superclasses, subclasses and all SCP-ECG statements, patients, folds, age and sex.",
    source="Wagner et al. 2020, doi:10.1038/s41597-020-0495-6",
    holds="`ptbxl_database.csv`, `scp_statements.csv`, and `records100/` or `records500/`",
    recognises=recognises,
    read=read_layout,
    resolutions=tuple(RESOLUTIONS),
    tried="1,625 records at 100 Hz",
)
