"""The connection to the library's database, brought to the present form when it is opened."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from einthoven.errors import SettingError

REVISION = "0003"
"""The newest migration; a test holds it against the migrations folder."""
BUSY_SECONDS = 30


class Database:
    """One SQLite file, used by the server, its workers and the command line at once (WAL)."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        self.path = path
        self.engine: Engine = create_engine(
            f"sqlite:///{path.as_posix()}",
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False, allow_nan=False),
        )
        event.listen(self.engine, "connect", _set_pragmas)
        try:
            self._migrate()
        except DBAPIError as error:
            raise _unusable(path, str(error.orig)) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that takes the write lock at once, so that two writers wait instead of failing."""
        with self.engine.connect() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self.engine.connect() as connection:
            yield connection

    def forget_past(self) -> None:
        """Clear the write-ahead log, in which what was overwritten or deleted may still stand.

        As far as nobody reads at this moment; else the next call, or the last program that closes, does it.
        """
        with self.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        self.engine.dispose()

    def _migrate(self) -> None:
        if self._revision() == REVISION:
            return
        # Alembic is imported only when there is something to do: it costs a fifth of a second.
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        # Under the write lock, so that two programs that start at once do not both create the tables.
        with self.write() as connection:
            revision = _read_revision(connection)
            if revision is not None and revision not in known:
                raise SettingError(
                    f"The library {self.path} was written by a later release (form {revision}).",
                    advice="Update Einthoven, or choose another folder with --home.",
                )
            if revision != REVISION:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def _revision(self) -> str | None:
        with self.read() as connection:
            return _read_revision(connection)


def _unusable(path: Path, reason: str) -> SettingError:
    return SettingError(
        f"The library {path} cannot be opened: {reason}.",
        advice="See whether you may write there and the disk is not full, or choose another folder with --home.",
    )


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # secure_delete: what is deleted (names of files that were imported, refused files) is overwritten with zeros.
    # The driver's own transaction handling would begin deferred transactions; `write` begins its own.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def now() -> str:
    """The present moment, UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
