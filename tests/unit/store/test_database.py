"""The database file: its migrations, its age, and several programs at once."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from einthoven.errors import SettingError
from einthoven.store import database
from einthoven.store.database import REVISION, Database
from einthoven.store.store import Store
from einthoven.store.tables import metadata


def test_the_newest_migration_is_the_one_the_program_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_migrated_database_has_exactly_the_tables_that_the_program_knows(tmp_path: Path) -> None:
    database = Database(tmp_path / "einthoven.db")
    with database.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == [], "tables.py and migrations/versions differ: write a migration"


def test_a_database_of_a_later_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "einthoven.db"
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(SettingError, match=r"later release \(form 9999\).*Update Einthoven"):
        Database(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    connection.close()


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "einthoven.db").write_bytes(b"this is no database, but long enough to be looked at" * 40)
    with pytest.raises(SettingError, match=r"einthoven\.db cannot be opened.*not a database"):
        Database(tmp_path / "einthoven.db")


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    from sqlalchemy import func, insert, select

    from einthoven.store import tables as t

    database = Database(tmp_path / "einthoven.db")
    with pytest.raises(ZeroDivisionError), database.write() as c:
        c.execute(insert(t.datasets).values(name="a", note="", created=""))
        raise ZeroDivisionError
    with database.read() as c:
        assert c.scalar(select(func.count()).select_from(t.datasets)) == 0


PROGRAM = """
import sys, pathlib
from einthoven.store.database import Database
from einthoven.store.store import Store
home, name = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.stdin.read()
store = Store(Database(home / "einthoven.db"), home)
for number in range(10):
    store.ensure_dataset(f"shared {number}")
    store.ensure_dataset(f"{name} {number}")
"""


def test_programs_that_start_at_once_on_an_empty_folder_make_one_database_and_write_beside_each_other(
    tmp_path: Path,
) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), name], stdin=-1, stderr=-1) for name in "abc"
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    errors = [process.stderr.read().decode() for process in started if process.stderr is not None]
    assert [process.wait() for process in started] == [0, 0, 0], errors
    datasets = Store(Database(tmp_path / "einthoven.db"), tmp_path).datasets()
    assert len(datasets) == 40
