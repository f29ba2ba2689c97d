"""Datasets, their records, and what is known about each."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from einthoven.errors import Conflict, NotFound, SettingError
from einthoven.record import EcgRecord, Subject
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.signals import SignalFiles
from einthoven.store.types import Dataset, Item, ItemQuery, TaskInfo
from einthoven.task import Answer, Task, TaskClass

T = TypeVar("T")
MAX_NAME = 80
MAX_ROW_ID = 2**63 - 1
"""SQLite's; the driver fails on larger numbers."""
# SQLite limits the variables of one statement; lists of ids are looked up in pieces of this size.
CHUNK = 500


def checked_name(name: str, *, noun: str) -> str:
    """A name for a dataset, task or model: not blank, not long, nothing that disturbs paths and addresses."""
    stripped = name.strip()
    disturbing = any(c in '/\\?#%:*"<>|' or not c.isprintable() for c in stripped)
    # Browsers take `.` and `..` in an address for folders.
    if not stripped.strip(".") or len(stripped) > MAX_NAME or disturbing:
        raise SettingError(
            f"{name!r} cannot be the name of a {noun}.",
            advice=f'Use 1 to {MAX_NAME} characters, not only dots, none of / \\ ? # % : * " < > |.',
        )
    return stripped


class Store:
    """The library. All methods are safe to call from several processes at once."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.signals = SignalFiles(home / "signals")

    # --- datasets ---------------------------------------------------------------------------------

    def create_dataset(self, name: str, *, note: str = "") -> Dataset:
        """A new, empty dataset; Conflict when the name is taken."""
        name = checked_name(name, noun="dataset")
        with self.database.write() as c:
            if _dataset_id(c, name) is not None:
                raise Conflict(
                    f"There is a dataset {name!r} already.", advice="Choose another name, or add to that one."
                )
            c.execute(insert(t.datasets).values(name=name, note=note, created=now()))
        return self.dataset(name)

    def ensure_dataset(self, name: str) -> Dataset:
        """The dataset of that name, made when it is not there."""
        try:
            return self.create_dataset(name)
        except Conflict:
            return self.dataset(name.strip())

    def datasets(self) -> list[Dataset]:
        with self.database.read() as c:
            names = c.scalars(select(t.datasets.c.name).order_by(t.datasets.c.name)).all()
            return [self._dataset(c, name) for name in names]

    def dataset(self, name: str) -> Dataset:
        with self.database.read() as c:
            return self._dataset(c, name)

    def _dataset(self, c: Connection, name: str) -> Dataset:
        row = c.execute(select(t.datasets).where(t.datasets.c.name == name)).one_or_none()
        if row is None:
            raise _no_dataset(c, name)
        members = (
            select(
                t.records.c.rate,
                t.records.c.amplitude,
                func.count().label("n"),
                func.sum(sa.cast(t.records.c.simulated, sa.Integer)).label("simulated"),
            )
            .select_from(t.items.join(t.records))
            .where(t.items.c.dataset_id == row.id)
            .group_by(t.records.c.rate, t.records.c.amplitude)
        )
        groups = c.execute(members).all()
        subjects = c.scalar(select(func.count(sa.distinct(t.items.c.subject))).where(t.items.c.dataset_id == row.id))
        refused = c.scalar(select(func.count()).select_from(t.refused).where(t.refused.c.dataset_id == row.id))
        names = c.scalars(select(t.tasks.c.name).where(t.tasks.c.dataset_id == row.id).order_by(t.tasks.c.id)).all()
        return Dataset(
            name=row.name,
            note=row.note,
            created=row.created,
            n_records=sum(g.n for g in groups),
            n_subjects=subjects or 0,
            n_refused=refused or 0,
            rates=tuple(sorted({g.rate for g in groups})),
            amplitudes=tuple(sorted({g.amplitude for g in groups})),
            n_simulated=sum(g.simulated or 0 for g in groups),
            tasks=tuple(names),
        )

    def delete_dataset(self, name: str) -> None:
        """Remove a dataset, its labels, and every signal that no other dataset holds."""
        with self.database.write() as c:
            found = self._require(c, name)
            held = set(c.scalars(select(t.items.c.record_id).where(t.items.c.dataset_id == found)))
            c.execute(delete(t.datasets).where(t.datasets.c.id == found))
            still = set(c.scalars(select(t.items.c.record_id).distinct()))
            orphans = sorted(held - still)
            for chunk in _chunks(orphans):
                c.execute(delete(t.records).where(t.records.c.id.in_(chunk)))
        # Under the lock again: an import may have added one of these ECGs to another dataset meanwhile.
        with self.database.write() as c:
            for chunk in _chunks(orphans):
                back = set(c.scalars(select(t.records.c.id).where(t.records.c.id.in_(chunk))))
                for record_id in set(chunk) - back:
                    self.signals.delete(record_id)

    # --- records ----------------------------------------------------------------------------------

    def add(
        self, dataset: str, file_name: str, record: EcgRecord, *, fold: int | None = None
    ) -> Literal["added", "present"]:
        """Put a record into a dataset under a name.

        Adding the same content under the same name again changes nothing; other content under a
        name that is taken is a Conflict.
        """
        record_id = record_identity(record)
        with self.database.write() as c:
            dataset_id = self._require(c, dataset)
            there = c.execute(
                select(t.items.c.record_id).where(t.items.c.dataset_id == dataset_id, t.items.c.file_name == file_name)
            ).one_or_none()
            if there is not None and there.record_id != record_id:
                raise Conflict(
                    f"{file_name}: dataset {dataset!r} already holds another ECG of this name.",
                    advice="Import it into another dataset, or rename the file.",
                )
            if there is not None:
                return "present"
            self.signals.save(record_id, record)
            if c.scalar(select(t.records.c.id).where(t.records.c.id == record_id)) is None:
                c.execute(insert(t.records).values(id=record_id, **_record_row(record)))
            c.execute(
                insert(t.items).values(
                    dataset_id=dataset_id,
                    record_id=record_id,
                    file_name=file_name,
                    subject=record.subject.id,
                    age=record.subject.age,
                    sex=record.subject.sex,
                    fold=fold,
                )
            )
        return "added"

    def load(self, item: Item) -> EcgRecord:
        """The record of an item, as it was read, with the subject as this dataset knows it."""
        record = self.signals.load(item.record_id)
        # Equal ECGs of two datasets share their signal, and a table may have told one of them more.
        subject = Subject(item.subject, item.age, item.sex)
        return record if record.subject == subject else replace(record, subject=subject)

    def item(self, item_id: int) -> Item:
        with self.database.read() as c:
            known = abs(item_id) <= MAX_ROW_ID
            row = c.execute(_item_columns().where(t.items.c.id == item_id)).one_or_none() if known else None
            if row is None:
                raise NotFound(f"There is no record {item_id}.", advice="It may have been deleted with its dataset.")
            return _item(row, self._labels(c, [item_id]).get(item_id, {}))

    def items(
        self, dataset: str, query: ItemQuery | None = None, *, offset: int = 0, limit: int | None = None
    ) -> tuple[int, list[Item]]:
        """The items that match, in order, with the number of all that match."""
        query = query or ItemQuery()
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            matching = self._matching(c, dataset_id, dataset, query)
            total = c.scalar(select(func.count()).select_from(matching.subquery())) or 0
            rows = c.execute(_ordered(matching, query).offset(min(offset, MAX_ROW_ID)).limit(limit)).all()
            labels = self._labels(c, [row.id for row in rows])
            return total, [_item(row, labels.get(row.id, {})) for row in rows]

    def neighbours(self, item: Item) -> tuple[int | None, int | None, int, int]:
        """Previous and next item of the dataset by file name, this one's position from 1, and how many there are."""
        with self.database.read() as c:
            mine = t.items.c.dataset_id == self._require(c, item.dataset)
            before = c.execute(
                select(t.items.c.id)
                .where(mine, t.items.c.file_name < item.file_name)
                .order_by(t.items.c.file_name.desc())
                .limit(1)
            ).scalar()
            after = c.execute(
                select(t.items.c.id)
                .where(mine, t.items.c.file_name > item.file_name)
                .order_by(t.items.c.file_name)
                .limit(1)
            ).scalar()
            smaller = select(func.count()).select_from(t.items).where(mine, t.items.c.file_name < item.file_name)
            total = c.scalar(select(func.count()).select_from(t.items).where(mine)) or 0
            return before, after, (c.scalar(smaller) or 0) + 1, total

    def _matching(self, c: Connection, dataset_id: int, dataset: str, query: ItemQuery) -> Select[Any]:
        statement = _item_columns().where(t.items.c.dataset_id == dataset_id)
        if query.search:
            pattern = f"%{_escaped(query.search)}%"
            statement = statement.where(
                t.items.c.file_name.ilike(pattern, escape="\\") | t.items.c.subject.ilike(pattern, escape="\\")
            )
        if query.folds is not None:
            statement = statement.where(t.items.c.fold.in_([fold for fold in query.folds if abs(fold) <= MAX_ROW_ID]))
        if query.sex is not None:
            statement = statement.where(t.items.c.sex == query.sex)
        if query.age_from is not None:
            statement = statement.where(t.items.c.age >= query.age_from)
        if query.age_to is not None:
            statement = statement.where(t.items.c.age < query.age_to)
        if query.only_doubts:
            statement = statement.where(func.json_array_length(t.records.c.doubts) > 0)
        if query.task is not None and query.label is not None:
            task_id = _task_row(c, dataset_id, dataset, query.task).id
            answered = select(t.answers.c.item_id).where(t.answers.c.task_id == task_id)
            if query.label == "":
                statement = statement.where(t.items.c.id.not_in(answered))
            else:
                statement = statement.where(t.items.c.id.in_(answered.where(t.answers.c.label == query.label)))
        return statement

    # --- tasks ------------------------------------------------------------------------------------

    def put_task(self, dataset: str, task: Task) -> None:
        """Store a task with its answers; one of the same name is replaced whole."""
        name = checked_name(task.name, noun="task")
        with self.database.write() as c:
            dataset_id = self._require(c, dataset)
            c.execute(delete(t.tasks).where(t.tasks.c.dataset_id == dataset_id, t.tasks.c.name == name))
            task_id = c.execute(
                insert(t.tasks).values(
                    dataset_id=dataset_id,
                    name=name,
                    title=task.title,
                    kind=task.kind,
                    unit=task.unit,
                    classes=[{"name": k.name, "title": k.title, "codes": dict(k.codes)} for k in task.classes],
                    left_out=dict(task.left_out),
                )
            ).inserted_primary_key[0]  # type: ignore[index]
            mine = select(t.items.c.file_name, t.items.c.id).where(t.items.c.dataset_id == dataset_id)
            ids: dict[str, int] = {row.file_name: row.id for row in c.execute(mine)}
            unknown = [file_name for file_name in task.answers if file_name not in ids]
            if unknown:
                raise NotFound(f"Dataset {dataset!r} has no record {unknown[0]!r} (and {len(unknown) - 1} more).")
            rows = [
                {"task_id": task_id, "item_id": ids[file_name], "label": label, "value": value}
                for file_name, answer in task.answers.items()
                for label, value in _answer_rows(answer)
            ]
            if rows:
                c.execute(insert(t.answers), rows)

    def tasks(self, dataset: str) -> list[TaskInfo]:
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            n_items = c.scalar(select(func.count()).select_from(t.items).where(t.items.c.dataset_id == dataset_id)) or 0
            rows = c.execute(select(t.tasks).where(t.tasks.c.dataset_id == dataset_id).order_by(t.tasks.c.id)).all()
            return [_task_info(c, row, n_items) for row in rows]

    def task(self, dataset: str, name: str) -> Task:
        """The task with its answers, by file name."""
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            row = _task_row(c, dataset_id, dataset, name)
            found = c.execute(
                select(t.items.c.file_name, t.answers.c.label, t.answers.c.value)
                .select_from(t.answers.join(t.items))
                .where(t.answers.c.task_id == row.id)
                .order_by(t.answers.c.id)
            ).all()
        answers: dict[str, Answer] = {}
        for file_name, label, value in found:
            answers[file_name] = _joined(answers.get(file_name), label, value)
        return Task(row.name, row.kind, _classes(row.classes), answers, row.title, row.unit, row.left_out)

    def delete_task(self, dataset: str, name: str) -> None:
        with self.database.write() as c:
            row = _task_row(c, self._require(c, dataset), dataset, name)
            c.execute(delete(t.tasks).where(t.tasks.c.id == row.id))

    def describe_subjects(self, dataset: str, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Set `subject`, `age`, `sex`, `fold` of items by file name, from a table beside the files."""
        with self.database.write() as c:
            dataset_id = self._require(c, dataset)
            for file_name, values in facts.items():
                c.execute(
                    update(t.items)
                    .where(t.items.c.dataset_id == dataset_id, t.items.c.file_name == file_name)
                    .values(**values)
                )

    def _labels(self, c: Connection, item_ids: Sequence[int]) -> dict[int, dict[str, Answer]]:
        labels: dict[int, dict[str, Answer]] = {}
        for chunk in _chunks(item_ids):
            rows = c.execute(
                select(t.answers.c.item_id, t.tasks.c.name, t.answers.c.label, t.answers.c.value)
                .select_from(t.answers.join(t.tasks))
                .where(t.answers.c.item_id.in_(chunk))
                .order_by(t.answers.c.id)
            )
            for item_id, task, label, value in rows:
                mine = labels.setdefault(item_id, {})
                mine[task] = _joined(mine.get(task), label, value)
        return labels

    def _require(self, c: Connection, dataset: str) -> int:
        found = _dataset_id(c, dataset)
        if found is None:
            raise _no_dataset(c, dataset)
        return found


def record_identity(record: EcgRecord) -> str:
    """The id of a record: a hash of what it shows and of the file it was read from."""
    parts = (record.fingerprint(), record.source.sha256, str(record.source.index))
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:32]


def _record_row(record: EcgRecord) -> dict[str, Any]:
    return {
        "rate": record.rate,
        "n_samples": record.n_samples,
        "n_leads": record.n_leads,
        "amplitude": record.amplitude,
        "format": record.source.format,
        "simulated": record.source.simulated,
        "doubts": list(record.source.doubts),
    }


def _item_columns() -> Select[Any]:
    r = t.records.c
    return select(
        t.items,
        t.datasets.c.name.label("dataset"),
        r.rate,
        r.n_samples,
        r.n_leads,
        r.amplitude,
        r.format,
        r.simulated,
        r.doubts,
    ).select_from(t.items.join(t.records).join(t.datasets))


def _item(row: Row[Any], labels: Mapping[str, Answer]) -> Item:
    return Item(
        id=row.id, dataset=row.dataset, record_id=row.record_id, file_name=row.file_name, subject=row.subject,
        age=row.age, sex=row.sex, fold=row.fold, rate=row.rate, n_samples=row.n_samples, n_leads=row.n_leads,
        amplitude=row.amplitude, format=row.format, simulated=row.simulated, doubts=tuple(row.doubts), labels=labels,
    )  # fmt: skip


def _ordered(statement: Select[Any], query: ItemQuery) -> Select[Any]:
    columns: dict[str, Any] = {
        "file_name": t.items.c.file_name,
        "subject": t.items.c.subject,
        "age": t.items.c.age,
        "rate": t.records.c.rate,
        "duration": t.records.c.n_samples / t.records.c.rate,
    }
    column = columns[query.sort]
    return statement.order_by(column.desc() if query.descending else column, t.items.c.file_name)


def _answer_rows(answer: Answer) -> Iterable[tuple[str | None, float | None]]:
    if isinstance(answer, float):
        return [(None, answer)]
    return [(label, None) for label in answer] or [(None, None)]


def _joined(before: Answer | None, label: str | None, value: float | None) -> Answer:
    if value is not None:
        return value
    known = before if isinstance(before, tuple) else ()
    return known if label is None else (*known, label)


def _classes(data: Sequence[Mapping[str, Any]]) -> tuple[TaskClass, ...]:
    return tuple(TaskClass(k["name"], k["title"], k["codes"]) for k in data)


def _task_info(c: Connection, row: Row[Any], n_items: int) -> TaskInfo:
    mine = t.answers.c.task_id == row.id
    n = c.scalar(select(func.count(sa.distinct(t.answers.c.item_id))).where(mine)) or 0
    labels = select(t.answers.c.label, func.count().label("n")).where(mine).group_by(t.answers.c.label)
    by_label: dict[str | None, int] = {found.label: found.n for found in c.execute(labels)}
    classes = _classes(row.classes)
    counts = {classes[0].name: n} if row.kind == "regression" else {k.name: by_label.get(k.name, 0) for k in classes}
    return TaskInfo(row.name, row.title, row.kind, row.unit, classes, n, n_items - n, counts, row.left_out)


def _task_row(c: Connection, dataset_id: int, dataset: str, name: str) -> Row[Any]:
    row = c.execute(select(t.tasks).where(t.tasks.c.dataset_id == dataset_id, t.tasks.c.name == name)).one_or_none()
    if row is None:
        names = c.scalars(select(t.tasks.c.name).where(t.tasks.c.dataset_id == dataset_id)).all()
        there = f"It has {', '.join(names)}." if names else "It has no labels yet: import a label table."
        raise NotFound(f"Dataset {dataset!r} has no task {name!r}.", advice=there)
    return row


def _dataset_id(c: Connection, name: str) -> int | None:
    return c.scalar(select(t.datasets.c.id).where(t.datasets.c.name == name))


def _no_dataset(c: Connection, name: str) -> NotFound:
    names = c.scalars(select(t.datasets.c.name).order_by(t.datasets.c.name)).all()
    return NotFound(
        f"There is no dataset {name!r}.",
        advice=f"There are {', '.join(names)}." if names else "There is none yet: import files first.",
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
