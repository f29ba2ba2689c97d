"""Where bytes come from: names, siblings and what may not be reached."""

import os
from pathlib import Path

import pytest

from einthoven.errors import FormatError
from einthoven.formats import MemorySource, PathSource, read_all, source
from einthoven.formats.source import SeenSource, once


def test_names_are_relative_to_the_root_with_forward_slashes(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "x.csv").write_bytes(b"12345")
    found = PathSource(folder / "x.csv", tmp_path)
    assert (found.name, found.size, found.read(), found.head(2)) == ("a/b/x.csv", 5, b"12345", b"12")
    assert PathSource(folder / "x.csv").name == "x.csv"


def test_a_sibling_is_found_in_any_case_on_disk_and_in_memory(tmp_path: Path) -> None:
    (tmp_path / "REC.DAT").write_bytes(b"1")
    (tmp_path / "rec.hea").write_bytes(b"2")
    on_disk = PathSource(tmp_path / "rec.hea").sibling("rec.dat")
    in_memory = MemorySource("f/rec.hea", {"f/rec.hea": b"2", "f/REC.DAT": b"1", "rec.dat": b"3"}).sibling("rec.dat")
    assert on_disk is not None and on_disk.read() == b"1"
    assert in_memory is not None and in_memory.read() == b"1"


@pytest.mark.parametrize("name", ["../secret", "sub/secret", "..", "", "/etc/passwd", "..\\secret", "c:secret", "a\0b"])
def test_a_sibling_is_never_outside_the_folder(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    for place in (tmp_path / "secret", inner / "sub" / "secret", inner / "rec.hea"):
        place.write_bytes(b"x")
    assert PathSource(inner / "rec.hea").sibling(name) is None
    files = {"inner/rec.hea": b"x", "secret": b"x", "inner/sub/secret": b"x"}
    assert MemorySource("inner/rec.hea", files).sibling(name) is None


def test_a_file_that_is_gone_or_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"nothing\.csv cannot be opened"):
        next(read_all(PathSource(tmp_path / "nothing.csv")))
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(FormatError, match=r"folder\.csv"):
        next(read_all(PathSource(folder)))


def test_a_file_above_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_FILE_BYTES", 10)
    (tmp_path / "big.csv").write_bytes(b"1,2\n" * 10)
    with pytest.raises(FormatError, match=r"big\.csv has .* GiB"):
        next(read_all(PathSource(tmp_path / "big.csv")))


def test_a_folder_is_listed_once_however_many_files_look_for_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (tmp_path / f"{number}.mat").write_bytes(b"x")
    (tmp_path / "7.HEA").write_bytes(b"x")
    listed: list[Path] = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: listed.append(folder) or iterdir(folder))
    found = [PathSource(tmp_path / f"{number}.mat").sibling(f"{number}.hea") for number in range(20)]
    assert [source.name for source in found if source is not None] == ["7.HEA"]
    assert len(listed) == 1
    later = tmp_path / "8.Hea"
    later.write_bytes(b"x")
    os.utime(tmp_path, ns=(1, 1))  # a folder's time may be too coarse to show what came in the same moment
    beside = PathSource(tmp_path / "8.mat").sibling("8.hea")
    assert beside is not None and beside.name == "8.Hea"


def test_what_is_made_of_a_seen_file_is_made_once_and_an_error_is_not_kept() -> None:
    seen = SeenSource(MemorySource("a.csv", {"a.csv": b"1,2"}))
    results = iter([None, 5])
    assert [once(seen, "nothing", lambda: next(results)) for _ in range(2)] == [None, None]
    with pytest.raises(FormatError):
        once(seen, "table", lambda: next(read_all(MemorySource("b.csv", {"b.csv": b""}))))
    assert once(seen, "table", seen.read) == b"1,2"
    assert once(SeenSource(seen), "table", lambda: b"other") == b"other"


def test_nothing_is_kept_of_a_file_too_large_to_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_HELD_BYTES", 2)
    seen = SeenSource(MemorySource("a.csv", {"a.csv": b"1,2"}))
    results = iter([1, 2])
    assert [once(seen, "table", lambda: next(results)) for _ in range(2)] == [1, 2]
