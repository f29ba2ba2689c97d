"""Times set by hand: kept with who and when, one for each place, gone with their record."""

import sqlite3
from pathlib import Path

import pytest

from einthoven.beats.corrections import Correction
from einthoven.errors import NotFound, SettingError
from einthoven.store.corrections import MAX_WHO, Corrections, checked_who
from einthoven.store.database import Database
from einthoven.store.store import Store
from small_ecgs import ecg, new_database


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(new_database(tmp_path), tmp_path)
    for dataset in ("d", "e"):
        store.create_dataset(dataset)
        for seed in range(2):
            store.add(dataset, f"{seed}.npz", ecg(seed))
    return store


@pytest.fixture
def kept(store: Store) -> Corrections:
    return Corrections(store.database)


def items(store: Store, dataset: str) -> list[int]:
    return [item.id for item in store.items(dataset)[1]]


def put(kept: Corrections, item: int, *, r_peak: float = 1.3, time: float | None = 1.25, **other: str) -> Correction:
    given = {"channel": "II", "fiducial": "qrs_on", "who": "Dr. X", **other}
    return kept.put(item, r_peak=r_peak, time=time, **given)


def test_a_correction_is_kept_with_who_and_when(store: Store, kept: Corrections) -> None:
    item, other = items(store, "d")
    made = put(kept, item, who="  Dr. X ")
    assert kept.of(item) == [made] and kept.of(other) == [] and kept.of_dataset("d") == {item: [made]}
    assert (made.channel, made.r_peak, made.fiducial, made.time, made.who) == ("II", 1.3, "qrs_on", 1.25, "Dr. X")
    assert made.made.endswith("+00:00")
    absent = put(kept, other, time=None)
    assert kept.of(other)[0].time is None and absent.id != made.id
    assert kept.of_dataset("e") == {} and kept.of(2**70) == []


def test_the_same_place_is_corrected_once_and_others_beside_it(store: Store, kept: Corrections) -> None:
    (item, _) = items(store, "d")
    put(kept, item)
    second = put(kept, item, r_peak=1.38, time=1.27, who="Dr. Y")
    assert kept.of(item) == [second], "the R peak of another method, within a tenth of a second, is the same beat"
    put(kept, item, r_peak=2.1)
    put(kept, item, channel="global")
    put(kept, item, fiducial="qrs_off")
    assert len(kept.of(item)) == 4 and second in kept.of(item)


def test_corrections_are_taken_back(store: Store, kept: Corrections) -> None:
    first, second = items(store, "d")
    mine, theirs = put(kept, first), put(kept, second)
    with pytest.raises(NotFound, match=f"no correction {theirs.id}"):
        kept.delete(first, theirs.id)
    for number in (999, 2**70, -(2**70)):
        with pytest.raises(NotFound):
            kept.delete(first, number)
    kept.delete(first, mine.id)
    assert kept.of(first) == [] and kept.of(second) == [theirs]
    put(kept, second, fiducial="t_off")
    assert (kept.clear(second), kept.clear(second), kept.clear(2**70)) == (2, 0, 0)


def test_corrections_go_with_their_record_and_leave_nothing_on_the_disk(
    store: Store, kept: Corrections, tmp_path: Path
) -> None:
    item, other = items(store, "d")[0], items(store, "e")[0]
    put(kept, item, who="very secret name")
    theirs = put(kept, other)
    store.delete_dataset("d")
    assert kept.of(item) == [] and kept.of(other) == [theirs]
    store.database.forget_past()
    store.database.close()
    assert b"very secret name" not in b"".join(path.read_bytes() for path in tmp_path.glob("einthoven.db*"))


@pytest.mark.parametrize("item", [999, 2**70])
def test_a_record_that_is_not_there_cannot_be_corrected(kept: Corrections, item: int) -> None:
    with pytest.raises(NotFound, match=f"no record {item}"):
        put(kept, item)


def test_who_is_one_short_line_or_nothing(store: Store, kept: Corrections) -> None:
    assert checked_who("x" * MAX_WHO) and checked_who("  ") == ""
    for who in ("x" * (MAX_WHO + 1), "a\nb", "a\x00b"):
        with pytest.raises(SettingError, match="cannot be a name"):
            put(kept, items(store, "d")[0], who=who)
    assert kept.of(items(store, "d")[0]) == []


def test_a_library_of_the_form_before_gets_the_table(tmp_path: Path) -> None:
    database = new_database(tmp_path)
    database.close()
    with sqlite3.connect(tmp_path / "einthoven.db") as old:
        old.execute("DROP TABLE corrections")
        old.execute("UPDATE alembic_version SET version_num = '0002'")
    old.close()
    store = Store(Database(tmp_path / "einthoven.db"), tmp_path)
    store.create_dataset("d")
    store.add("d", "1.npz", ecg(1))
    (item,) = items(store, "d")
    assert put(Corrections(store.database), item) in Corrections(store.database).of(item)
