"""Datasets, records and tasks in the database."""

import threading
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import Conflict, NotFound, SettingError
from einthoven.store.database import Database
from einthoven.store.store import Store
from einthoven.store.types import ItemQuery
from einthoven.task import Task, TaskClass
from small_ecgs import ecg, new_database


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(new_database(tmp_path), tmp_path)


def names(store: Store, dataset: str, query: ItemQuery | None = None) -> list[str]:
    return [item.file_name for item in store.items(dataset, query)[1]]


def signal_files(store: Store) -> list[Path]:
    return [path for path in store.signals.folder.rglob("*") if path.is_file()]


# -- datasets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "  ", "a/b", "a\\b", "a?b", "a#b", "50%", "a:b", "*", 'a"b', "<a>", "a|b", "a\nb", "x" * 81, ".", ".."]
)
def test_a_name_that_would_disturb_paths_and_addresses_is_refused(store: Store, name: str) -> None:
    with pytest.raises(SettingError, match="cannot be the name of a dataset"):
        store.create_dataset(name)


@pytest.mark.parametrize("name", ["PTB-XL (raw) v1.0", "Große Ärztestudie", "[a] & b = c"])
def test_names_that_people_give_are_kept_as_they_are(store: Store, name: str) -> None:
    assert store.create_dataset(f" {name} ", note="why").name == name
    assert store.dataset(name).note == "why"


def test_a_taken_name_is_a_conflict_and_ensuring_it_is_not(store: Store) -> None:
    store.create_dataset("cohort")
    with pytest.raises(Conflict, match="'cohort' already"):
        store.create_dataset(" cohort")
    assert store.ensure_dataset(" cohort ").name == "cohort"


def test_an_unknown_dataset_is_told_with_those_there_are(store: Store) -> None:
    with pytest.raises(NotFound, match=r"no dataset 'a'\. There is none yet"):
        store.dataset("a")
    store.create_dataset("b")
    store.create_dataset("c")
    for call in (store.dataset, store.delete_dataset, store.items, store.tasks):
        with pytest.raises(NotFound, match=r"no dataset 'a'\. There are b, c\."):
            call("a")


def test_a_dataset_counts_its_records_subjects_rates_and_simulated_ones(store: Store) -> None:
    store.create_dataset("d")
    store.add("d", "1", ecg(1, subject="p"))
    store.add("d", "2", ecg(2, subject="p", rate=500, simulated=True))
    store.add("d", "3", ecg(3, amplitude="relative"))
    found = store.dataset("d")
    assert (found.n_records, found.n_subjects, found.n_simulated, found.n_refused) == (3, 1, 1, 0)
    assert found.rates == (100, 500) and found.amplitudes == ("mV", "relative")
    assert store.datasets() == [found]


# -- records ---------------------------------------------------------------------------------------


def test_the_same_ecg_under_the_same_name_is_there_already(store: Store) -> None:
    store.create_dataset("d")
    assert store.add("d", "1.npz", ecg(1)) == "added"
    assert store.add("d", "1.npz", ecg(1)) == "present"
    assert names(store, "d") == ["1.npz"]


def test_another_ecg_under_a_taken_name_is_a_conflict_and_leaves_nothing_behind(store: Store) -> None:
    store.create_dataset("d")
    store.add("d", "1.npz", ecg(1))
    with pytest.raises(Conflict, match=r"1\.npz: dataset 'd' already holds another ECG"):
        store.add("d", "1.npz", ecg(2))
    with pytest.raises(NotFound):
        store.add("no such", "2.npz", ecg(3))
    assert len(signal_files(store)) == 1
    np.testing.assert_array_equal(store.load(store.items("d")[1][0]).signal, ecg(1).signal)


def test_deleting_a_dataset_keeps_the_signals_that_another_one_holds(store: Store) -> None:
    for name in ("a", "b"):
        store.create_dataset(name)
        store.add(name, "shared", ecg(1))
        store.add(name, f"only in {name}", ecg(ord(name)))
    assert len(signal_files(store)) == 3

    store.delete_dataset("a")

    assert len(signal_files(store)) == 2
    for item in store.items("b")[1]:
        store.load(item)
    store.delete_dataset("b")
    assert signal_files(store) == [] and store.datasets() == []


def test_one_ecg_of_two_datasets_has_in_each_the_subject_that_is_known_there(store: Store) -> None:
    for name, age in (("a", None), ("b", 61.0)):
        store.create_dataset(name)
        store.add(name, "1", ecg(1, subject=f"{name}'s id", age=age))
    for name, age in (("a", None), ("b", 61.0)):
        (item,) = store.items(name)[1]
        record = store.load(item)
        assert (item.subject, item.age) == (record.subject.id, record.subject.age) == (f"{name}'s id", age)


def test_an_unknown_record_is_not_found_however_large_its_number(store: Store) -> None:
    for number in (0, -1, 1, 10**30):
        with pytest.raises(NotFound, match="no record"):
            store.item(number)


def test_what_a_table_says_of_subjects_reaches_the_items(store: Store) -> None:
    store.create_dataset("d")
    store.add("d", "1", ecg(1))
    store.describe_subjects("d", {"1": {"subject": "p", "age": 50.0, "sex": "F", "fold": 3}, "no such": {"fold": 1}})
    (item,) = store.items("d")[1]
    assert (item.subject, item.age, item.sex, item.fold) == ("p", 50.0, "F", 3)


# -- queries ---------------------------------------------------------------------------------------


@pytest.fixture
def cohort(store: Store) -> Store:
    store.create_dataset("d")
    store.create_dataset("other")
    store.add("other", "a_1.npz", ecg(99))
    facts = [
        ("a_1.npz", "p1", 40.0, 1),
        ("ab1.npz", "p2", 60.0, 2),
        ("100%.npz", "p1", None, 2),
        ("c\\d", None, 20.0, None),
    ]
    for seed, (name, subject, age, fold) in enumerate(facts):
        doubts = ("odd",) if name == "ab1.npz" else ()
        store.add("d", name, ecg(seed, subject=subject, age=age, doubts=doubts, rate=100.0 * (seed + 1)), fold=fold)
    classes = (TaskClass("x"), TaskClass("y"))
    answers = {"a_1.npz": ("x",), "ab1.npz": ("x", "y"), "100%.npz": ()}
    store.put_task("d", Task("t", "multi-label", classes, answers))
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ItemQuery(), ["100%.npz", "a_1.npz", "ab1.npz", "c\\d"]),
        (ItemQuery(search="_"), ["a_1.npz"]),
        (ItemQuery(search="%"), ["100%.npz"]),
        (ItemQuery(search="\\"), ["c\\d"]),
        (ItemQuery(search="AB1"), ["ab1.npz"]),
        (ItemQuery(search="p1"), ["100%.npz", "a_1.npz"]),
        (ItemQuery(search="nothing"), []),
        (ItemQuery(task="t", label="x"), ["a_1.npz", "ab1.npz"]),
        (ItemQuery(task="t", label="y"), ["ab1.npz"]),
        (ItemQuery(task="t", label=""), ["c\\d"]),
        (ItemQuery(folds=(2,)), ["100%.npz", "ab1.npz"]),
        (ItemQuery(folds=(1, 2), search="npz", task="t", label="x"), ["a_1.npz", "ab1.npz"]),
        (ItemQuery(folds=()), []),
        (ItemQuery(age_from=40, age_to=60), ["a_1.npz"]),
        (ItemQuery(only_doubts=True), ["ab1.npz"]),
        (ItemQuery(sort="file_name", descending=True), ["c\\d", "ab1.npz", "a_1.npz", "100%.npz"]),
        (ItemQuery(sort="rate", descending=True), ["c\\d", "100%.npz", "ab1.npz", "a_1.npz"]),
        (ItemQuery(sort="duration"), ["c\\d", "100%.npz", "ab1.npz", "a_1.npz"]),
        (ItemQuery(sort="subject"), ["c\\d", "100%.npz", "a_1.npz", "ab1.npz"]),
        (ItemQuery(sort="age"), ["100%.npz", "c\\d", "a_1.npz", "ab1.npz"]),
    ],
)
def test_a_query_finds_these_records_in_this_order(cohort: Store, query: ItemQuery, found: list[str]) -> None:
    total, items = cohort.items("d", query)
    assert [item.file_name for item in items] == found and total == len(found)


def test_pages_are_parts_of_the_same_order_and_the_total_counts_all(cohort: Store) -> None:
    pages = [cohort.items("d", offset=offset, limit=3) for offset in (0, 3, 6)]
    assert [total for total, _ in pages] == [4, 4, 4]
    assert [item.file_name for _, page in pages for item in page] == names(cohort, "d")


def test_a_query_for_a_task_that_is_not_there_says_which_there_are(cohort: Store) -> None:
    with pytest.raises(NotFound, match=r"no task 'u'\. It has t\."):
        cohort.items("d", ItemQuery(task="u", label="x"))
    with pytest.raises(NotFound, match=r"no task 'u'\. It has no labels yet"):
        cohort.task("other", "u")


def test_neighbours_are_the_next_by_name_in_the_same_dataset(cohort: Store) -> None:
    items = cohort.items("d")[1]
    found = [cohort.neighbours(item) for item in items]
    ids = [item.id for item in items]
    assert [before for before, *_ in found] == [None, *ids[:-1]]
    assert [after for _, after, *_ in found] == [*ids[1:], None]
    assert [place for *_, place, _ in found] == [1, 2, 3, 4] and {total for *_, total in found} == {4}


# -- tasks -----------------------------------------------------------------------------------------

X, Y = TaskClass("x", "Ex", {"ICD-10": "I44.7"}), TaskClass("y")
TASKS = [
    Task("single", "single-label", (X, Y), {"1": ("x",), "2": ("y",)}, "A title", left_out={"too short": 3}),
    Task("multi", "multi-label", (X, Y), {"1": ("y", "x"), "2": ()}),
    Task("value", "regression", (TaskClass("value"),), {"1": 0.0, "3": -1.5}, unit="ms"),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_comes_back_as_it_was_put(store: Store, task: Task) -> None:
    store.create_dataset("d")
    for name in ("1", "2", "3"):
        store.add("d", name, ecg(int(name)))
    store.put_task("d", task)

    assert store.task("d", task.name) == task
    (info,) = store.tasks("d")
    assert (info.counts, info.n, info.n_without) == (task.counts(), len(task.answers), 3 - len(task.answers))
    assert info.classes == task.classes and info.left_out == task.left_out and info.unit == task.unit
    labels = {item.file_name: item.labels.get(task.name) for item in store.items("d")[1]}
    assert labels == {name: task.answers.get(name) for name in ("1", "2", "3")}


def test_a_task_of_the_same_name_is_replaced_whole_and_can_be_deleted(store: Store) -> None:
    store.create_dataset("d")
    store.add("d", "1", ecg(1))
    store.put_task("d", Task("t", "single-label", (X, Y), {"1": ("x",)}))
    store.put_task("d", Task("t", "multi-label", (Y,), {"1": ("y",)}))
    assert [(info.kind, info.counts) for info in store.tasks("d")] == [("multi-label", {"y": 1})]
    store.delete_task("d", "t")
    assert store.tasks("d") == [] and store.items("d")[1][0].labels == {}
    with pytest.raises(NotFound, match="no task 't'"):
        store.delete_task("d", "t")


def test_a_task_about_a_record_that_is_not_there_changes_nothing(store: Store) -> None:
    store.create_dataset("d")
    store.add("d", "1", ecg(1))
    store.put_task("d", Task("t", "single-label", (X,), {"1": ("x",)}))
    with pytest.raises(NotFound, match="no record 'ghost'"):
        store.put_task("d", Task("t", "single-label", (X,), {"ghost": ("x",)}))
    assert store.task("d", "t").answers == {"1": ("x",)}


# -- several at once -------------------------------------------------------------------------------


def test_many_threads_with_connections_of_their_own_lose_nothing(store: Store, tmp_path: Path) -> None:
    store.create_dataset("d")
    outcomes: list[str] = []

    def add(worker: int) -> None:
        mine = Store(Database(tmp_path / "einthoven.db"), tmp_path)
        for number in range(5):
            outcomes.append(mine.add("d", f"shared {number}", ecg(number)))
            mine.add("d", f"of {worker}, {number}", ecg(100 * worker + number + 10))

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added"] * 5 + ["present"] * 15
    assert store.dataset("d").n_records == 25
