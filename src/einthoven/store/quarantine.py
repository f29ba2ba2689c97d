"""Files that could not be read: kept with their reason, to be tried again with hints."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import delete, insert, select

from einthoven.errors import NotFound
from einthoven.results import Failure
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.signals import write_atomically
from einthoven.store.types import RefusedFile

MAX_KEPT_BYTES = 64 * 2**20


class Quarantine:
    """The folder `quarantine/` (bytes by sha256) and the table of reasons."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.folder = home / "quarantine"

    def add(self, dataset: str, failure: Failure, files: Mapping[str, bytes], *, size: int) -> None:
        """Remember a refusal; `files` are the bytes to keep, by name (empty: nothing is kept)."""
        if sum(map(len, files.values())) > MAX_KEPT_BYTES:
            files = {}
        kept = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        for name, data in files.items():
            if not self._path(kept[name]).exists():
                write_atomically(self._path(kept[name]), data)
        with self.database.write() as c:
            dataset_id = c.scalar(select(t.datasets.c.id).where(t.datasets.c.name == dataset))
            c.execute(
                delete(t.refused).where(
                    t.refused.c.dataset_id == dataset_id, t.refused.c.file_name == failure.file_name
                )
            )
            c.execute(
                insert(t.refused).values(
                    dataset_id=dataset_id,
                    file_name=failure.file_name,
                    error=failure.error,
                    reason=failure.reason,
                    advice=failure.advice,
                    missing=list(failure.missing_hints),
                    size=size,
                    files=kept,
                    created=now(),
                )
            )

    def list(self, dataset: str) -> list[RefusedFile]:
        with self.database.read() as c:
            rows = c.execute(
                select(t.refused, t.datasets.c.name.label("dataset"))
                .select_from(t.refused.join(t.datasets))
                .where(t.datasets.c.name == dataset)
                .order_by(t.refused.c.file_name)
            ).all()
        return [
            RefusedFile(
                r.id,
                r.dataset,
                r.file_name,
                r.error,
                r.reason,
                r.advice,
                tuple(r.missing),
                r.size,
                bool(r.files),
                r.created,
            )
            for r in rows
        ]

    def files(self, refused_id: int) -> tuple[str, dict[str, bytes]]:
        """Name of the refused file and the kept bytes of it and its companions."""
        with self.database.read() as c:
            row = c.execute(select(t.refused).where(t.refused.c.id == refused_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no refused file {refused_id}.")
        if not row.files:
            raise NotFound(f"{row.file_name} was too large to keep.", advice="Import it again with hints.")
        return row.file_name, {name: self._path(digest).read_bytes() for name, digest in row.files.items()}

    def forget(self, dataset: str, ids: Sequence[int]) -> None:
        """Drop refusals, and the bytes that no other refusal needs."""
        with self.database.write() as c:
            dataset_id = c.scalar(select(t.datasets.c.id).where(t.datasets.c.name == dataset))
            mine = (t.refused.c.dataset_id == dataset_id) & t.refused.c.id.in_(ids)
            dropped = {
                digest for files in c.scalars(select(t.refused.c.files).where(mine)) for digest in files.values()
            }
            c.execute(delete(t.refused).where(mine))
            needed = {digest for files in c.scalars(select(t.refused.c.files)) for digest in files.values()}
        for digest in dropped - needed:
            self._path(digest).unlink(missing_ok=True)

    def forget_name(self, dataset: str, file_name: str) -> None:
        """Drop the refusal of a file that has now been read."""
        self.forget(dataset, [r.id for r in self.list(dataset) if r.file_name == file_name])

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest
