"""Putting records into a dataset, many in one transaction; the same bytes and the same ECG are noticed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Text, bindparam, func, insert, select, type_coerce

from einthoven.errors import EinthovenError
from einthoven.record import EcgRecord
from einthoven.store import tables as t
from einthoven.store import twins
from einthoven.store.record_facts import SKETCH_COLUMNS
from einthoven.store.types import Added, NewItem

MAX_COMPARED = 12
"""Records that are compared sample by sample with a new one. Sketches of one heart can lie near each other."""

# Every range is bound by name, so that one statement serves all; the index on n_samples and sketches answers it.
_NEAR = (
    "SELECT i.id, i.file_name, i.record_id, r.rate FROM records AS r JOIN items AS i ON i.record_id = r.id "
    "WHERE r.n_samples = ? AND " + " AND ".join(f"r.{name} BETWEEN ? AND ?" for name in SKETCH_COLUMNS) +
    " AND i.dataset_id = ? ORDER BY i.id LIMIT ?"
)  # fmt: skip

_RECORDS, _ITEMS = insert(t.records), insert(t.items)
# The process that read the file has made JSON of the quality: here it is text.
_QUALITIES = insert(t.qualities).values(record_id=bindparam("id"), quality=type_coerce(bindparam("json"), Text))


@dataclass(slots=True)
class Batch:
    """What the dataset holds of the names, bytes and records of a batch; kept up while the batch is added."""

    dataset_id: int
    by_name: dict[str, str] = field(default_factory=dict)
    """file name -> record id"""
    by_bytes: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    """(sha256, part) -> item id, file name: the same bytes, read with other hints perhaps"""
    by_record: dict[str, tuple[int, str]] = field(default_factory=dict)
    """record id -> item id, file name"""
    known: set[str] = field(default_factory=set)
    """records of whatever dataset"""
    next_id: int = 1
    records: list[dict[str, Any]] = field(default_factory=list)
    qualities: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    """Rows that are written together at the end"""
    sketches: list[tuple[int, str, str, int, twins.Sketch]] = field(default_factory=list)
    """Of those rows: item id, file name, record id, number of samples, sketch"""


def look_up(c: Connection, dataset_id: int, items: Sequence[NewItem]) -> Batch:
    """What is there already of these items, in three questions."""
    batch = Batch(dataset_id)
    mine = t.items.c.dataset_id == dataset_id
    names = [item.file_name for item in items]
    rows = c.execute(select(t.items.c.file_name, t.items.c.record_id).where(mine, t.items.c.file_name.in_(names)))
    batch.by_name = {row.file_name: row.record_id for row in rows}
    hashes = [item.facts["sha256"] for item in items if item.facts.get("sha256")]
    rows = c.execute(
        select(t.records.c.sha256, t.records.c.part, t.items.c.id, t.items.c.file_name)
        .select_from(t.items.join(t.records))
        .where(mine, t.records.c.sha256.in_(hashes))
        .order_by(t.items.c.id.desc())
    )
    batch.by_bytes = {(row.sha256, row.part): (row.id, row.file_name) for row in rows}
    ids = [item.record_id for item in items]
    rows = c.execute(
        select(t.items.c.record_id, t.items.c.id, t.items.c.file_name)
        .where(mine, t.items.c.record_id.in_(ids))
        .order_by(t.items.c.id.desc())
    )
    batch.by_record = {row.record_id: (row.id, row.file_name) for row in rows}
    batch.known = set(c.scalars(select(t.records.c.id).where(t.records.c.id.in_(ids))))
    # Under the write lock: nobody else takes these numbers.
    batch.next_id = (c.scalar(select(func.max(t.items.c.id))) or 0) + 1
    return batch


def write_rows(c: Connection, batch: Batch) -> None:
    """Write what `add_one` collected: one statement a table."""
    for statement, rows in ((_RECORDS, batch.records), (_QUALITIES, batch.qualities), (_ITEMS, batch.items)):
        if rows:
            c.execute(statement, rows)


def add_one(
    c: Connection, batch: Batch, item: NewItem, load: Callable[[str], EcgRecord], place: Callable[[], None]
) -> Added:
    """Add an item unless its name is taken or its bytes are there; `place` puts its files where they belong."""
    taken = batch.by_name.get(item.file_name)
    if taken is not None:
        return Added("present" if taken == item.record_id else "conflict")
    copy = batch.by_record.get(item.record_id)
    if copy is not None and item.leave_out_copies:
        return Added("copy", copy[1])
    place()
    bytes_ = (item.facts.get("sha256") or "", item.facts.get("part") or 0)
    twin = copy or (batch.by_bytes.get(bytes_) if bytes_[0] else None) or _twin(c, batch, item, load)
    if item.record_id not in batch.known:
        facts = dict(item.facts)
        quality = facts.pop("quality", None)
        batch.records.append({"id": item.record_id, **facts})
        if quality is not None:
            batch.qualities.append({"id": item.record_id, "json": quality})
        batch.known.add(item.record_id)
    number = batch.next_id
    batch.next_id += 1
    batch.items.append({
        "id": number, "dataset_id": batch.dataset_id, "record_id": item.record_id, "file_name": item.file_name,
        "subject": item.subject, "age": item.age, "sex": item.sex, "fold": item.fold, "rate": item.facts["rate"],
        "duration": item.facts["n_samples"] / item.facts["rate"], "n_doubts": len(item.facts["doubts"]),
        "same_as": twin[0] if twin else None,
        **{name: item.facts[name] for name in ("format", "amplitude", "simulated", "grade")},
    })  # fmt: skip
    batch.by_name[item.file_name] = item.record_id
    batch.by_record.setdefault(item.record_id, (number, item.file_name))
    if bytes_[0]:
        batch.by_bytes.setdefault(bytes_, (number, item.file_name))
    sketch = _sketch(item)
    if sketch is not None:
        batch.sketches.append((number, item.file_name, item.record_id, item.facts["n_samples"], sketch))
    return Added("added", twin[1] if twin else None)


def _sketch(item: NewItem) -> twins.Sketch | None:
    a, b, c, d, e = (item.facts.get(name) for name in SKETCH_COLUMNS)
    return None if a is None or b is None or c is None or d is None or e is None else (a, b, c, d, e)


def _twin(c: Connection, batch: Batch, item: NewItem, load: Callable[[str], EcgRecord]) -> tuple[int, str] | None:
    """The first item of the dataset that is the same ECG, by id and name."""
    sketch = _sketch(item)
    if sketch is None:
        return None
    edges = [edge for value in sketch for edge in twins.bounds(value)]
    n_samples = item.facts["n_samples"]
    rows = c.exec_driver_sql(_NEAR, (n_samples, *edges, batch.dataset_id, MAX_COMPARED)).all()
    found = [(row.id, row.file_name, row.record_id) for row in rows]
    low, high = edges[:2]
    found += [
        (number, name, record_id)
        for number, name, record_id, n, other in batch.sketches
        if n == n_samples and low <= other[0] <= high and twins.near(sketch, other)
    ][:MAX_COMPARED]
    if not found:
        return None
    mine = load(item.record_id)
    for number, name, record_id in found:
        try:
            if record_id != item.record_id and twins.same_ecg(mine, load(record_id)):
                return number, name
        except EinthovenError:
            continue  # a signal that cannot be loaded is said where it is looked at
    return None
