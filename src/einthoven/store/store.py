"""Datasets, their records, and what is known about each."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from einthoven.errors import Conflict, NotFound, SettingError
from einthoven.record import EcgRecord, Subject
from einthoven.store import tables as t
from einthoven.store.adding import add_one, look_up, write_rows
from einthoven.store.counting import distributions
from einthoven.store.database import Database, now
from einthoven.store.originals import Originals
from einthoven.store.record_facts import record_facts, record_identity
from einthoven.store.signals import SignalFiles, place, write_waiting
from einthoven.store.types import Added, Counts, Dataset, Item, ItemQuery, NewItem, Original, TaskInfo
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
        self.originals = Originals(home / "originals")
        self.staging = home / "staging"
        """Where files wait that are not yet in the database: a folder per job."""
        self._counted: dict[tuple[str, str], tuple[int, Any]] = {}

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

    def dataset_names(self) -> list[str]:
        with self.database.read() as c:
            return list(c.scalars(select(t.datasets.c.name).order_by(t.datasets.c.name)))

    def dataset(self, name: str) -> Dataset:
        with self.database.read() as c:
            return self._dataset(c, name)

    def _dataset(self, c: Connection, name: str) -> Dataset:
        row = c.execute(select(t.datasets).where(t.datasets.c.name == name)).one_or_none()
        if row is None:
            raise _no_dataset(c, name)
        i = t.items.c
        members = (
            select(
                i.rate,
                i.amplitude,
                func.count().label("n"),
                func.sum(sa.cast(i.simulated, sa.Integer)).label("simulated"),
            )
            .where(i.dataset_id == row.id)
            .group_by(i.rate, i.amplitude)
        )
        groups = self._once(c, name, "groups", lambda: c.execute(members).all())
        distinct = select(func.count(sa.distinct(t.items.c.subject))).where(t.items.c.dataset_id == row.id)
        subjects = self._once(c, name, "subjects", lambda: c.scalar(distinct))
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

    def counts(self, dataset: str) -> Counts:
        """How the records of a dataset are distributed."""
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            found: Counts = self._once(c, dataset, "counts", lambda: distributions(c, dataset_id))
            return found

    def _once(self, c: Connection, dataset: str, what: str, count: Callable[[], Any]) -> Any:
        """Something that is counted over a whole dataset: again only after the dataset changed."""
        row = c.execute(
            select(t.datasets.c.id, t.datasets.c.created, t.datasets.c.changed).where(t.datasets.c.name == dataset)
        ).one()
        key, version = (what, f"{row.id} {row.created}"), row.changed
        known = self._counted.get(key)
        if known is None or known[0] != version:
            known = self._counted[key] = (version, count())
        return known[1]

    def delete_dataset(self, name: str) -> None:
        """Remove a dataset, its labels, and every signal that no other dataset holds."""
        with self.database.write() as c:
            found = self._require(c, name)
            held = set(c.scalars(select(t.items.c.record_id).where(t.items.c.dataset_id == found)))
            c.execute(delete(t.datasets).where(t.datasets.c.id == found))
            still = set(c.scalars(select(t.items.c.record_id).distinct()))
            orphans = sorted(held - still)
            originals: set[str] = set()
            for chunk in _chunks(orphans):
                mine = t.records.c.id.in_(chunk)
                originals |= set(c.scalars(select(t.records.c.original).where(mine, t.records.c.original.is_not(None))))
                c.execute(delete(t.records).where(mine))
        # Under the lock again: an import may have added one of these ECGs to another dataset meanwhile.
        with self.database.write() as c:
            for chunk in _chunks(orphans):
                back = set(c.scalars(select(t.records.c.id).where(t.records.c.id.in_(chunk))))
                for record_id in set(chunk) - back:
                    self.signals.delete(record_id)
            for chunk in _chunks(sorted(originals)):
                needed = set(c.scalars(select(t.records.c.original).where(t.records.c.original.in_(chunk))))
                for digest in set(chunk) - needed:
                    self.originals.delete(digest)

    # --- records ----------------------------------------------------------------------------------

    def add(
        self, dataset: str, file_name: str, record: EcgRecord, *, fold: int | None = None
    ) -> Literal["added", "present"]:
        """Put a record into a dataset under a name.

        Adding the same content under the same name again changes nothing; other content under a
        name that is taken is a Conflict.
        """
        waiting = self.staging / f"{secrets.token_hex(8)}.safetensors"
        write_waiting(waiting, record)
        new = NewItem(
            file_name=file_name,
            record_id=record_identity(record),
            facts=record_facts(record),
            signal=waiting,
            subject=record.subject.id,
            age=record.subject.age,
            sex=record.subject.sex,
            fold=fold,
        )
        try:
            (added,) = self.add_many(dataset, [new])
        finally:
            waiting.unlink(missing_ok=True)
        if added.state == "conflict":
            raise name_taken(dataset, file_name)
        return "present" if added.state == "present" else "added"

    def add_many(
        self,
        dataset: str,
        items: Sequence[NewItem],
        *,
        also: Callable[[Connection, Sequence[Added]], None] | None = None,
    ) -> list[Added]:
        """Put records into a dataset in one transaction, in order; what became of each.

        `also` writes what belongs to the same transaction: how far the job is. Files that wait are moved into their
        places before the transaction ends, so that no row is ever without its signal.
        """
        outcomes: list[Added] = []
        with self.database.write() as c:
            dataset_id = self._require(c, dataset)
            batch = look_up(c, dataset_id, items)
            for item in items:
                outcomes.append(add_one(c, batch, item, self.signals.load, _placing(self, item)))
            write_rows(c, batch)
            if any(added.state == "added" for added in outcomes):
                _touch(c, dataset_id)
            if also is not None:
                also(c, outcomes)
        return outcomes

    def load(self, item: Item) -> EcgRecord:
        """The record of an item, as it was read, with the subject as this dataset knows it."""
        record = self.signals.load(item.record_id)
        # Equal ECGs of two datasets share their signal, and a table may have told one of them more.
        subject = Subject(item.subject, item.age, item.sex)
        return record if record.subject == subject else replace(record, subject=subject)

    def item(self, item_id: int) -> Item:
        with self.database.read() as c:
            known = abs(item_id) <= MAX_ROW_ID
            row = c.execute(_ITEM, {"item": item_id}).one_or_none() if known else None
            if row is None:
                raise NotFound(f"There is no record {item_id}.", advice="It may have been deleted with its dataset.")
            return _item(row, self._labels(c, [item_id]).get(item_id, {}))

    def original(self, item: Item) -> Original:
        """What is kept of the file an item was read from."""
        with self.database.read() as c:
            row = c.execute(select(t.records).where(t.records.c.id == item.record_id)).one()
        return Original(row.sha256, row.original, row.original_bytes, row.identifiers)

    def quality(self, item: Item) -> Any:
        """The quality that was found when the record was read, as JSON; None for older ones."""
        with self.database.read() as c:
            return c.scalar(select(t.qualities.c.quality).where(t.qualities.c.record_id == item.record_id))

    def file_names(self, dataset: str) -> list[str]:
        """The names of all records of a dataset, in order."""
        with self.database.read() as c:
            mine = t.items.c.dataset_id == self._require(c, dataset)
            return list(c.scalars(select(t.items.c.file_name).where(mine).order_by(t.items.c.file_name)))

    def file_name(self, item_id: int) -> str | None:
        """The name of an item; None when it is gone."""
        with self.database.read() as c:
            return c.scalar(select(t.items.c.file_name).where(t.items.c.id == item_id))

    def items(
        self, dataset: str, query: ItemQuery | None = None, *, offset: int = 0, limit: int | None = None
    ) -> tuple[int, list[Item]]:
        """The items that match, in order, with the number of all that match."""
        query = query or ItemQuery()
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            mine = self._matching(c, dataset_id, dataset, query)
            wanted = _ordered(select(t.items.c.id).where(*mine), query)
            start = min(offset, MAX_ROW_ID)
            if len(mine) == 1:  # no condition but the dataset: an index counts, and another one finds the page
                total = c.scalar(select(func.count()).select_from(t.items).where(*mine)) or 0
                ids = list(c.scalars(wanted.offset(start).limit(limit)))
            else:  # one scan for both the number and the page
                every = list(c.scalars(wanted))
                total, ids = len(every), every[start : None if limit is None else start + limit]
            rows = {
                row.id: row
                for chunk in _chunks(ids)
                for row in c.execute(_item_columns().where(t.items.c.id.in_(chunk)))
            }
            labels = self._labels(c, ids)
            return total, [_item(rows[number], labels.get(number, {})) for number in ids]

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

    def _matching(self, c: Connection, dataset_id: int, dataset: str, query: ItemQuery) -> list[Any]:
        """The conditions of a query, all on the table of items, so that counting needs no other."""
        i = t.items.c
        conditions: list[Any] = [i.dataset_id == dataset_id]
        if query.search:
            pattern = f"%{_escaped(query.search)}%"
            found: list[Any] = [i.file_name.like(pattern, escape="\\"), i.subject.like(pattern, escape="\\")]
            for alias in query.aliases:
                # Stored names are of one case, and `instr` takes a third of the time of LIKE.
                found += [func.instr(i.file_name, alias) > 0, i.subject == alias]
            conditions.append(sa.or_(*found))
        if query.folds is not None:
            conditions.append(i.fold.in_([fold for fold in query.folds if abs(fold) <= MAX_ROW_ID]))
        if query.sex is not None:
            conditions.append(i.sex == query.sex)
        if query.age_from is not None:
            conditions.append(i.age >= query.age_from)
        if query.age_to is not None:
            conditions.append(i.age < query.age_to)
        if query.only_doubts:
            conditions.append(i.n_doubts > 0)
        if query.task is not None and query.label is not None:
            task_id = _task_row(c, dataset_id, dataset, query.task).id
            answered = select(t.answers.c.item_id).where(t.answers.c.task_id == task_id)
            if query.label == "":
                conditions.append(i.id.not_in(answered))
            else:
                conditions.append(i.id.in_(answered.where(t.answers.c.label == query.label)))
        return conditions

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
            _touch(c, dataset_id)

    def tasks(self, dataset: str) -> list[TaskInfo]:
        with self.database.read() as c:
            dataset_id = self._require(c, dataset)
            n_items = c.scalar(select(func.count()).select_from(t.items).where(t.items.c.dataset_id == dataset_id)) or 0
            rows = c.execute(select(t.tasks).where(t.tasks.c.dataset_id == dataset_id).order_by(t.tasks.c.id)).all()
            infos: list[TaskInfo] = self._once(c, dataset, "tasks", lambda: [_task_info(c, r, n_items) for r in rows])
            return infos

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
            dataset_id = self._require(c, dataset)
            row = _task_row(c, dataset_id, dataset, name)
            c.execute(delete(t.tasks).where(t.tasks.c.id == row.id))
            _touch(c, dataset_id)

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
            _touch(c, dataset_id)

    def _labels(self, c: Connection, item_ids: Sequence[int]) -> dict[int, dict[str, Answer]]:
        labels: dict[int, dict[str, Answer]] = {}
        for chunk in _chunks(item_ids):
            for item_id, task, label, value in c.execute(_LABELS, {"items": chunk}):
                mine = labels.setdefault(item_id, {})
                mine[task] = _joined(mine.get(task), label, value)
        return labels

    def _require(self, c: Connection, dataset: str) -> int:
        found = _dataset_id(c, dataset)
        if found is None:
            raise _no_dataset(c, dataset)
        return found


def name_taken(dataset: str, file_name: str) -> Conflict:
    """Another ECG has the name already."""
    return Conflict(
        f"{file_name}: dataset {dataset!r} already holds another ECG of this name.",
        advice="Import it into another dataset, or rename the file.",
    )


def _placing(store: Store, item: NewItem) -> Callable[[], None]:
    def placed() -> None:
        store.signals.place(item.record_id, item.signal)
        original = item.facts.get("original")
        # Several ECGs of one file share its original; the first of them moved it.
        if item.original is not None and original is not None and item.original.exists():
            place(item.original, store.originals.path(original))

    return placed


def _touch(c: Connection, dataset_id: int) -> None:
    changed = t.datasets.c.changed + 1
    c.execute(update(t.datasets).where(t.datasets.c.id == dataset_id).values(changed=changed))


def _item_columns() -> Select[Any]:
    r = t.records.c
    i = t.items.c
    return select(
        *(i.id, i.record_id, i.file_name, i.subject, i.age, i.sex, i.fold, i.same_as),
        t.datasets.c.name.label("dataset"),
        r.rate,
        r.n_samples,
        r.n_leads,
        r.amplitude,
        r.format,
        r.simulated,
        r.doubts,
        r.grade,
    ).select_from(t.items.join(t.records).join(t.datasets))


# Written once: to put such a statement together takes longer than to run it for one ECG.
_ITEM = _item_columns().where(t.items.c.id == bindparam("item"))
_LABELS = (
    select(t.answers.c.item_id, t.tasks.c.name, t.answers.c.label, t.answers.c.value)
    .select_from(t.answers.join(t.tasks))
    .where(t.answers.c.item_id.in_(bindparam("items", expanding=True)))
    .order_by(t.answers.c.id)
)


def _item(row: Row[Any], labels: Mapping[str, Answer]) -> Item:
    return Item(
        id=row.id, dataset=row.dataset, record_id=row.record_id, file_name=row.file_name, subject=row.subject,
        age=row.age, sex=row.sex, fold=row.fold, rate=row.rate, n_samples=row.n_samples, n_leads=row.n_leads,
        amplitude=row.amplitude, format=row.format, simulated=row.simulated, doubts=tuple(row.doubts), labels=labels,
        same_as=row.same_as, grade=row.grade,
    )  # fmt: skip


def _ordered(statement: Select[Any], query: ItemQuery) -> Select[Any]:
    column = getattr(t.items.c, query.sort)
    # Both in one direction, so that an index answers it.
    return statement.order_by(
        *(c.desc() if query.descending else c for c in dict.fromkeys((column, t.items.c.file_name)))
    )


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
