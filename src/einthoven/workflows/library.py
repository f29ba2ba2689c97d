"""A dataset at a glance: how many, who, what, from where."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import get_args

from einthoven.errors import SettingError
from einthoven.formats import passport
from einthoven.record import Sex
from einthoven.store.counting import AGE_YEARS
from einthoven.store.types import ItemQuery
from einthoven.workflows.names import stored_folder, stored_name
from einthoven.workflows.views import AgeBin, DatasetSummary
from einthoven.workflows.workspace import Workspace

SORTS = ("file_name", "subject", "age", "rate", "duration")


def summary(workspace: Workspace, dataset: str) -> DatasetSummary:
    """Counts and distributions of a dataset."""
    found = workspace.store.dataset(dataset)
    counts = workspace.store.counts(dataset)
    sexes = {"F": "female", "M": "male"}
    return DatasetSummary(
        dataset=found,
        tasks=tuple(workspace.store.tasks(dataset)),
        ages=_age_bins(counts.ages),
        n_without_age=found.n_records - sum(counts.ages.values()),
        sexes={sexes.get(sex, "unknown"): n for sex, n in counts.sexes.items()},
        folds={str(fold): n for fold, n in counts.folds.items()},
        formats=counts.formats,
        rates={f"{rate:g} Hz": n for rate, n in counts.rates.items()},
        durations={f"{duration:.1f} s": n for duration, n in counts.durations.items()},
        amplitudes=counts.amplitudes,
        n_doubts=counts.n_doubts,
        doubts=counts.doubts,
        grades=counts.grades,
        n_same=counts.n_same,
    )


def delete(workspace: Workspace, dataset: str) -> None:
    """Remove a dataset, with its signals and the files of it that were refused."""
    workspace.store.delete_dataset(dataset)
    workspace.quarantine.sweep()


def item_query(
    workspace: Workspace,
    *,
    search: str,
    task: str | None,
    label: str | None,
    folds: Sequence[int] | None,
    sex: Sex | None,
    age_from: float | None,
    age_to: float | None,
    only_doubts: bool,
    sort: str,
    descending: bool,
) -> ItemQuery:
    """The query of a page, its sort checked."""
    if sort not in SORTS:
        raise SettingError(f"Records cannot be sorted by {sort!r}.", advice=f"Use one of {', '.join(SORTS)}.")
    if sex is not None and sex not in get_args(Sex):
        raise SettingError(f"Sex {sex!r} is none of {', '.join(get_args(Sex))}.")
    if label is not None and task is None:
        raise SettingError("A label belongs to a task, and none was named.", advice="Name the task too.")
    chosen = None if folds is None else tuple(folds)
    aliases = _stored_forms(workspace, search)
    return ItemQuery(search, task, label, chosen, sex, age_from, age_to, only_doubts, sort, descending, aliases)  # type: ignore[arg-type]


def _stored_forms(workspace: Workspace, search: str) -> tuple[str, ...]:
    """What a search for a file's name, a folder or a patient's number is called in the library."""
    if not search.strip():
        return ()
    key = workspace.key()
    subject = passport.pseudonym(search)
    forms = [stored_name(key, search), stored_folder(key, search) + "/"]
    return (*forms, workspace.pseudonym(subject)) if subject else tuple(forms)


def records_csv(workspace: Workspace, dataset: str) -> str:
    """All records of a dataset with their labels, one row each."""
    _, items = workspace.store.items(dataset)
    tasks = workspace.store.dataset(dataset).tasks
    out = io.StringIO()
    writer = csv.writer(out)
    facts = ("file_name", "subject", "age", "sex", "fold", "rate_hz", "duration_s", "leads", "amplitude", "format")
    writer.writerow([*facts, "simulated", "doubts", *map(safe_cell, tasks)])
    for item in items:
        answers = [item.labels.get(task) for task in tasks]
        writer.writerow(
            [
                safe_cell(item.file_name), safe_cell(item.subject or ""), item.age, item.sex, item.fold,
                f"{item.rate:g}", f"{item.duration:.3f}", item.n_leads, item.amplitude, item.format, item.simulated,
                safe_cell("; ".join(item.doubts)),
                *(safe_cell("|".join(a)) if isinstance(a, tuple) else a for a in answers),
            ]
        )  # fmt: skip
    return out.getvalue()


def safe_cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula (OWASP: CSV injection)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _age_bins(counts: Mapping[tuple[int, str], int]) -> tuple[AgeBin, ...]:
    """Bins of ten years without a gap between the youngest and the oldest."""
    if not counts:
        return ()
    starts = [start for start, _ in counts]
    return tuple(
        AgeBin(
            start,
            start + AGE_YEARS,
            counts.get((start, "F"), 0),
            counts.get((start, "M"), 0),
            counts.get((start, ""), 0),
        )
        for start in range(min(starts), max(starts) + 1, AGE_YEARS)
    )
