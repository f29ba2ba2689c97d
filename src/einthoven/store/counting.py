"""Counts over all records of a dataset, each one statement that SQLite answers from an index or one scan."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, func, select

from einthoven.store import tables as t
from einthoven.store.types import Counts

AGE_YEARS = 10
SHOWN_DOUBTS = 20


def distributions(c: Connection, dataset_id: int) -> Counts:
    """How the records are distributed; ages by (first year of the decade, sex or "")."""
    mine = t.items.c.dataset_id == dataset_id
    joined = t.items.join(t.records)

    def counted(column: Any) -> dict[Any, int]:
        rows = c.execute(select(column, func.count()).where(mine).group_by(column).order_by(column))
        return {value: n for value, n in rows if value is not None}

    decade = sa.cast(t.items.c.age / AGE_YEARS, sa.Integer) * AGE_YEARS
    ages = c.execute(
        select(decade, func.coalesce(t.items.c.sex, ""), func.count())
        .where(mine, t.items.c.age.is_not(None))
        .group_by(decade, t.items.c.sex)
    )
    kinds = c.execute(
        select(t.items.c.format, t.items.c.amplitude, t.items.c.grade, t.items.c.rate, func.count())
        .where(mine)
        .group_by(t.items.c.rate, t.items.c.amplitude, t.items.c.format, t.items.c.grade)
    ).all()
    doubt = func.json_each(t.records.c.doubts).table_valued("value")
    doubts = c.execute(
        select(doubt.c.value, func.count().label("n"))
        .select_from(joined.join(doubt, sa.true()))
        .where(mine, t.items.c.n_doubts > 0)
        .group_by(doubt.c.value)
        .order_by(func.count().desc(), doubt.c.value)
        .limit(SHOWN_DOUBTS)
    )
    durations = _summed((round(duration, 1), n) for duration, n in counted(t.items.c.duration).items())
    sexes: dict[str, int] = {}
    rows = c.execute(
        select(t.items.c.fold, t.items.c.sex, func.count()).where(mine).group_by(t.items.c.fold, t.items.c.sex)
    )
    folds: dict[int, int] = {}
    for fold, sex, n in rows:
        sexes[sex or ""] = sexes.get(sex or "", 0) + n
        if fold is not None:
            folds[fold] = folds.get(fold, 0) + n
    return Counts(
        ages={(start, sex): n for start, sex, n in ages},
        sexes=sexes,
        folds=folds,
        formats=_summed((row[0], row[4]) for row in kinds),
        rates=dict(sorted(_summed((row[3], row[4]) for row in kinds).items())),
        durations=durations,
        amplitudes=_summed((row[1], row[4]) for row in kinds),
        grades=_summed((row[2], row[4]) for row in kinds if row[2] is not None),
        n_doubts=c.scalar(select(func.count()).select_from(t.items).where(mine, t.items.c.n_doubts > 0)) or 0,
        n_same=c.scalar(select(func.count()).select_from(t.items).where(mine, t.items.c.same_as.is_not(None))) or 0,
        doubts={doubt: n for doubt, n in doubts},
    )


def _summed(pairs: Any) -> dict[Any, int]:
    sums: dict[Any, int] = {}
    for name, n in pairs:
        sums[name] = sums.get(name, 0) + n
    return sums
