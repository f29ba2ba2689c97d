"""Refused files: kept with their reason until they are read or forgotten."""

from pathlib import Path

import pytest

from einthoven.errors import NotFound
from einthoven.results import Failure
from einthoven.store import quarantine
from einthoven.store.database import Database
from einthoven.store.quarantine import Quarantine
from einthoven.store.store import Store
from small_ecgs import new_database


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Store(new_database(tmp_path), tmp_path).create_dataset("d")
    return tmp_path


@pytest.fixture
def kept(home: Path) -> Quarantine:
    return Quarantine(Database(home / "einthoven.db"), home)


def bytes_on_disk(kept: Quarantine) -> list[bytes]:
    return sorted(path.read_bytes() for path in kept.folder.rglob("*") if path.is_file())


def refusal(name: str, reason: str = "broken") -> Failure:
    return Failure(name, "FormatError", reason, "mend it", ("unit", "rate"))


def test_a_refused_file_is_listed_with_its_reason_and_can_be_had_again(kept: Quarantine) -> None:
    kept.add("d", refusal("a.hea"), {"a.hea": b"head", "a.dat": b"data"}, size=4)
    (found,) = kept.list("d")
    assert (found.dataset, found.file_name, found.error, found.reason, found.advice) == (
        "d", "a.hea", "FormatError", "broken", "mend it",
    )  # fmt: skip
    assert found.missing_hints == ("unit", "rate") and found.size == 4 and found.kept
    assert kept.files(found.id) == ("a.hea", {"a.hea": b"head", "a.dat": b"data"})


def test_a_second_refusal_replaces_the_first_and_its_bytes(kept: Quarantine) -> None:
    kept.add("d", refusal("a"), {"a": b"first"}, size=5)
    kept.add("d", refusal("a", "still broken"), {"a": b"second"}, size=6)
    assert [found.reason for found in kept.list("d")] == ["still broken"]
    assert bytes_on_disk(kept) == [b"second"]


def test_forgetting_drops_the_bytes_that_nothing_else_needs(kept: Quarantine) -> None:
    for name in ("a", "b"):
        kept.add("d", refusal(name), {name: b"same"}, size=4)
    kept.forget_name("d", "a")
    assert bytes_on_disk(kept) == [b"same"]
    kept.forget("d", [found.id for found in kept.list("d")])
    assert bytes_on_disk(kept) == [] and kept.list("d") == []
    kept.forget("d", [12345])
    kept.forget_name("d", "never heard of")


def test_only_refusals_of_the_named_dataset_are_forgotten(kept: Quarantine, home: Path) -> None:
    Store(kept.database, home).create_dataset("e")
    kept.add("e", refusal("a"), {"a": b"1"}, size=1)
    kept.forget("d", [found.id for found in kept.list("e")])
    assert len(kept.list("e")) == 1


def test_the_bytes_of_refused_files_go_with_their_dataset(kept: Quarantine, home: Path) -> None:
    kept.add("d", refusal("a"), {"a": b"patient data"}, size=1)
    Store(kept.database, home).delete_dataset("d")
    kept.sweep()
    assert bytes_on_disk(kept) == []


def test_what_is_too_large_is_listed_but_not_kept(kept: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MAX_KEPT_BYTES", 10)
    kept.add("d", refusal("a"), {"a": b"x" * 11}, size=11)
    (found,) = kept.list("d")
    assert not found.kept and bytes_on_disk(kept) == []
    with pytest.raises(NotFound, match="a was not kept, being too large"):
        kept.files(found.id)


def test_an_unknown_refusal_is_not_found(kept: Quarantine) -> None:
    for number in (7, 10**30):
        with pytest.raises(NotFound, match="no refused file"):
            kept.files(number)
