"""Files that could not be read: kept with their reason, to be tried again with hints."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from einthoven.errors import NotFound
from einthoven.files import write_whole
from einthoven.results import Failure
from einthoven.store import tables as t
from einthoven.store.database import Database, now
from einthoven.store.originals import MAX_KEPT_BYTES
from einthoven.store.signals import place
from einthoven.store.store import MAX_ROW_ID
from einthoven.store.types import RefusedFile


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
        with self.database.write() as c:
            for name, data in files.items():
                if not self._path(kept[name]).exists():
                    self._make_folder()
                    write_whole(self._path(kept[name]), data)
            self._remember(c, dataset, failure, kept, size=size, stored_name=None)

    def keep(
        self,
        dataset: str,
        failure: Failure,
        waiting: Mapping[str, tuple[str, Path]],
        *,
        size: int,
        stored_name: str | None,
    ) -> None:
        """`add` with bytes that wait in files: name -> (sha256, path). `stored_name`: how all else knows the file."""
        with self.database.write() as c:
            for digest, path in waiting.values():
                self._make_folder()
                place(path, self._path(digest))
            kept = {name: digest for name, (digest, _) in waiting.items()}
            self._remember(c, dataset, failure, kept, size=size, stored_name=stored_name)

    def _remember(
        self,
        c: Connection,
        dataset: str,
        failure: Failure,
        kept: Mapping[str, str],
        *,
        size: int,
        stored_name: str | None,
    ) -> None:
        dataset_id = c.scalar(select(t.datasets.c.id).where(t.datasets.c.name == dataset))
        before = (t.refused.c.dataset_id == dataset_id) & (t.refused.c.file_name == failure.file_name)
        replaced = c.scalar(select(t.refused.c.files).where(before)) or {}
        c.execute(delete(t.refused).where(before))
        c.execute(
            insert(t.refused).values(
                dataset_id=dataset_id,
                file_name=failure.file_name,
                error=failure.error,
                reason=failure.reason,
                advice=failure.advice,
                missing=list(failure.missing_hints),
                size=size,
                files=dict(kept),
                created=now(),
                stored_name=stored_name,
            )
        )
        self._drop(c, replaced.values())

    def _make_folder(self) -> None:
        """Readable by its keeper only: what lies here could not be blanked."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)

    def list(self, dataset: str | None = None) -> list[RefusedFile]:
        """The refused files of a dataset, or of all."""
        statement = select(t.refused, t.datasets.c.name.label("dataset")).select_from(t.refused.join(t.datasets))
        if dataset is not None:
            statement = statement.where(t.datasets.c.name == dataset)
        with self.database.read() as c:
            rows = c.execute(statement.order_by(t.datasets.c.name, t.refused.c.file_name)).all()
        return [_refused_file(row) for row in rows]

    def expire(self, days: int) -> int:
        """Drop what has been here for more than `days`; how many files that were."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
        with self.database.read() as c:
            if c.scalar(select(t.refused.c.id).where(t.refused.c.created < limit).limit(1)) is None:
                return 0
        with self.database.write() as c:
            dropped = c.execute(delete(t.refused).where(t.refused.c.created < limit)).rowcount
        self.sweep()
        return dropped

    def empty(self, dataset: str | None = None) -> int:
        """Drop all refused files of a dataset, or of all; how many that were."""
        with self.database.write() as c:
            statement = delete(t.refused)
            if dataset is not None:
                mine = select(t.datasets.c.id).where(t.datasets.c.name == dataset).scalar_subquery()
                statement = statement.where(t.refused.c.dataset_id == mine)
            dropped = c.execute(statement).rowcount
        self.sweep()
        return dropped

    def get(self, refused_id: int) -> RefusedFile:
        """One refusal, by its number."""
        return _refused_file(self._row(refused_id))

    def files(self, refused_id: int) -> tuple[str, dict[str, bytes]]:
        """Name of the refused file and the kept bytes of it and its companions."""
        row = self._row(refused_id)
        if not row.files:
            raise NotFound(f"{row.file_name} was not kept, being too large.", advice="Import it again with hints.")
        try:
            return row.file_name, {name: self._path(digest).read_bytes() for name, digest in row.files.items()}
        except FileNotFoundError as error:
            raise NotFound(f"{row.file_name} is gone from {self.folder}.", advice="Import it again.") from error

    def _row(self, refused_id: int) -> Row[Any]:
        one = select(t.refused, t.datasets.c.name.label("dataset")).select_from(t.refused.join(t.datasets))
        with self.database.read() as c:
            known = abs(refused_id) <= MAX_ROW_ID
            row = c.execute(one.where(t.refused.c.id == refused_id)).one_or_none() if known else None
        if row is None:
            raise NotFound(f"There is no refused file {refused_id}.", advice="It may have been read or dropped since.")
        return row

    def forget(self, dataset: str, ids: Sequence[int]) -> None:
        """Drop refusals, and the bytes that no other refusal needs."""
        ids = [number for number in ids if abs(number) <= MAX_ROW_ID]
        if not ids:
            return
        with self.database.write() as c:
            dataset_id = c.scalar(select(t.datasets.c.id).where(t.datasets.c.name == dataset))
            mine = (t.refused.c.dataset_id == dataset_id) & t.refused.c.id.in_(ids)
            dropped = {
                digest for files in c.scalars(select(t.refused.c.files).where(mine)) for digest in files.values()
            }
            c.execute(delete(t.refused).where(mine))
            self._drop(c, dropped)

    def forget_name(self, dataset: str, file_name: str) -> None:
        """Drop the refusal of a file that has now been read."""
        with self.database.read() as c:
            mine = select(t.refused.c.id).select_from(t.refused.join(t.datasets))
            ids = c.scalars(mine.where(t.datasets.c.name == dataset, t.refused.c.file_name == file_name)).all()
        self.forget(dataset, ids)

    def sweep(self) -> None:
        """Remove the bytes that no refusal needs any more, such as those of a deleted dataset."""
        with self.database.write() as c:
            self._drop(c, [path.name for path in self.folder.glob("*/*") if path.is_file()])
        self.database.forget_past()

    def _drop(self, c: Connection, digests: Iterable[str]) -> None:
        """Under the write lock, so that nobody keeps the same bytes anew meanwhile."""
        digests = set(digests)
        if not digests:
            return
        needed = {digest for files in c.scalars(select(t.refused.c.files)) for digest in files.values()}
        for digest in digests - needed:
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _refused_file(row: Row[Any]) -> RefusedFile:
    return RefusedFile(
        id=row.id, dataset=row.dataset, file_name=row.file_name, error=row.error, reason=row.reason,
        advice=row.advice, missing_hints=tuple(row.missing), size=row.size, kept=bool(row.files), created=row.created,
        stored_name=row.stored_name,
    )  # fmt: skip
