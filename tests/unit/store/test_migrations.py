"""A library that an earlier release wrote opens and keeps all that was in it."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from einthoven import store as package
from einthoven.leads import STANDARD_12
from einthoven.store.database import Database
from einthoven.store.store import Store
from einthoven.store.types import ItemQuery
from einthoven.workflows import library, show
from einthoven.workflows.workspace import Workspace
from small_ecgs import signal

RECORD = "0123456789abcdef0123456789abcdef"
HEADER = {
    "leads": STANDARD_12, "rate": 100.0, "amplitude": "mV",
    "source": {
        "name": "a/1.npz", "format": "npz", "reader": "numpy 2.0", "sha256": "ab" * 32, "index": 0, "rate": 100.0,
        "unit": "mV", "gain": None, "leads": STANDARD_12, "band": None, "assumed": [], "doubts": ["odd"],
        "recorded": None, "simulated": False,
    },
    "subject": {"id": "p-1", "age": 61.5, "sex": "F"}, "annotations": [], "steps": [],
}  # fmt: skip
ROWS = (
    "INSERT INTO datasets (id, name, note, created) VALUES (1, 'old', 'note', '2026-11-22T00:00:00.000+00:00')",
    f"INSERT INTO records VALUES ('{RECORD}', 100.0, 200, 12, 'mV', 'npz', 0, '[\"odd\"]')",
    f"INSERT INTO items VALUES (7, 1, '{RECORD}', 'a/1.npz', 'p-1', 61.5, 'F', 3)",
    "INSERT INTO tasks VALUES (1, 1, 't', 'T', 'single-label', '', "
    '\'[{"name": "x", "title": "X", "codes": {}}, {"name": "y", "title": "Y", "codes": {}}]\', \'{}\')',
    "INSERT INTO answers VALUES (1, 1, 7, 'x', NULL)",
    "INSERT INTO refused VALUES (5, 1, 'bad.csv', 'FormatError', 'bad', '', '[]', 3, '{}', '2026-11-22T00:00:00')",
    "INSERT INTO jobs VALUES ('20261122-00000000', 'import', 'Import into old', 'done', '2026-11-22', NULL, NULL, "
    '\'{"dataset": "old", "paths": ["/x"]}\', \'{"done": 1, "total": 1, "message": "", "seconds_left": null}\', '
    "0, '1 ECG read', NULL, NULL, NULL)",
)


def write_0001(home: Path) -> None:
    """A library as release 0.1.0 left it: its tables by its own migration, rows and signal by hand."""
    home.mkdir()
    engine = create_engine(f"sqlite:///{home / 'einthoven.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(home / "einthoven.db") as database:
        for row in ROWS:
            database.execute(row)
    database.close()
    data = signal(1).astype("<f4").tobytes()
    metadata = {"format": "einthoven-record", "version": "1", "record": json.dumps(HEADER)}
    tensors = {"__metadata__": metadata, "signal": {"dtype": "F32", "shape": [12, 200], "data_offsets": [0, len(data)]}}
    header = json.dumps(tensors).encode()
    path = home / "signals" / RECORD[:2] / f"{RECORD}.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    write_0001(tmp_path / "home")
    return tmp_path / "home"


def test_a_library_of_release_0_1_0_opens_and_keeps_all(old: Path) -> None:
    workspace = Workspace(old)
    (item,) = workspace.store.items("old")[1]
    assert (item.id, item.file_name, item.subject, item.age, item.sex, item.fold) == (7, "a/1.npz", "p-1", 61.5, "F", 3)
    assert (item.rate, item.duration, item.doubts, item.labels) == (100, 2.0, ("odd",), {"t": ("x",)})
    np.testing.assert_array_equal(workspace.store.load(item).signal, signal(1))
    detail = show.detail(workspace, 7)
    assert detail.original is not None and (detail.original.kept, detail.quality, detail.same_as) == (None, None, None)
    assert detail.source.reader == "numpy 2.0" and detail.source.changed == ()
    (refused,) = workspace.quarantine.list("old")
    assert (refused.file_name, refused.stored_name) == ("bad.csv", None)
    (job,) = workspace.jobs.jobs()
    assert job.headline == "1 ECG read" and not job.resumable
    assert library.summary(workspace, "old").rates == {"100 Hz": 1}


def test_what_lists_sort_and_filter_by_is_filled_in(old: Path) -> None:
    store = Store(Database(old / "einthoven.db"), old)
    for sort in ("file_name", "subject", "age", "rate", "duration"):
        assert store.items("old", ItemQuery(sort=sort, only_doubts=True))[0] == 1
    with sqlite3.connect(old / "einthoven.db") as database:
        row = database.execute("SELECT rate, duration, n_doubts, same_as FROM items").fetchone()
    database.close()
    assert row == (100.0, 2.0, 1, None)
