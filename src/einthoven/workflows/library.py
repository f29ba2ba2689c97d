"""A dataset at a glance: how many, who, what, from where."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import get_args

from einthoven.errors import SettingError
from einthoven.record import Sex
from einthoven.store.types import Item, ItemQuery
from einthoven.workflows.views import AgeBin, DatasetSummary
from einthoven.workflows.workspace import Workspace

BIN_YEARS = 10
SORTS = ("file_name", "subject", "age", "rate", "duration")


def summary(workspace: Workspace, dataset: str) -> DatasetSummary:
    """Counts and distributions of a dataset."""
    _, items = workspace.store.items(dataset)
    doubts = Counter(doubt for item in items for doubt in item.doubts)
    return DatasetSummary(
        dataset=workspace.store.dataset(dataset),
        tasks=tuple(workspace.store.tasks(dataset)),
        ages=_age_bins(items),
        n_without_age=sum(item.age is None for item in items),
        sexes=_counted({"F": "female", "M": "male"}.get(item.sex or "", "unknown") for item in items),
        folds=_counted(str(item.fold) for item in sorted(items, key=lambda i: i.fold or 0) if item.fold is not None),
        formats=_counted(item.format for item in items),
        rates=_counted(f"{item.rate:g} Hz" for item in items),
        durations=_counted(f"{item.duration:.1f} s" for item in items),
        amplitudes=_counted(item.amplitude for item in items),
        n_doubts=sum(bool(item.doubts) for item in items),
        doubts=dict(doubts.most_common(20)),
    )


def delete(workspace: Workspace, dataset: str) -> None:
    """Remove a dataset, with its signals and the files of it that were refused."""
    workspace.store.delete_dataset(dataset)
    workspace.quarantine.sweep()


def item_query(
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
    return ItemQuery(search, task, label, chosen, sex, age_from, age_to, only_doubts, sort, descending)  # type: ignore[arg-type]


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


def _age_bins(items: Sequence[Item]) -> tuple[AgeBin, ...]:
    counts: Counter[tuple[int, str]] = Counter(
        (int(item.age // BIN_YEARS), item.sex or "") for item in items if item.age is not None
    )
    if not counts:
        return ()
    decades = [decade for decade, _ in counts]
    return tuple(
        AgeBin(d * BIN_YEARS, (d + 1) * BIN_YEARS, counts[d, "F"], counts[d, "M"], counts[d, ""])
        for d in range(min(decades), max(decades) + 1)
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values))
