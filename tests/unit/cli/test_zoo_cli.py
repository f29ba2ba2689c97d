"""Models that come with the program, from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from einthoven.workbench import Workbench
from zoo_folder import zoo_folder

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_zoo: None) -> Path:
    folder = zoo_folder(tmp_path / "zoo")
    monkeypatch.setattr("einthoven.wiring.zoo_folders", lambda: (folder,))
    return folder


def test_they_are_listed_by_the_names_they_are_used_by(run: Run, folder: Path) -> None:
    for said in (run("models"), run("models", "list", "--zoo")):
        assert "zoo/net-pace" in said.text and "0.900 (0.800-0.950)" in said.text
    assert "There is no model of your own yet" in run("models").text
    assert "of your own" not in run("models", "--zoo").text
    assert [model["name"] for model in run("models", "list", "--zoo", "--json").json] == ["zoo/net-pace"]


def test_one_that_cannot_be_read_is_said(run: Run, folder: Path) -> None:
    (folder / "broken.ecgmodel").write_bytes(b"x")
    assert "zoo/broken cannot be read" in run("models").text


def test_without_any_it_is_said_how_they_are_made(run: Run) -> None:
    assert "einthoven zoo make" in run("models", "--zoo").text


def test_the_card_is_printed_and_the_file_given(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "# net-pace" in run("models", "card", "zoo/net-pace").text
    run("export", "--model", "zoo/net-pace", "--out", tmp_path / "m.ecgmodel")
    assert (tmp_path / "m.ecgmodel").read_bytes() == (folder / "net-pace.ecgmodel").read_bytes()
    said = run("models", "inspect", tmp_path / "m.ecgmodel")
    assert said.code == 0 and "Unaltered since it was packed by einthoven 1" in said.text
    taken = run("models", "take-in", tmp_path / "m.ecgmodel")
    assert "is now the model m" in taken.text and "4 simulated ECGs" in taken.text


def test_python_sees_the_same(run: Run, folder: Path, home: Path) -> None:
    bench = Workbench(home)
    assert [model.name for model in bench.models()] == ["zoo/net-pace"] and "# net-pace" in bench.card("zoo/net-pace")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "There is no ptbxl_database.csv"),
        (("--set", "{"), "is no JSON"),
        (("--set", "[1]"), "no JSON object"),
        (("--set", '{"epoch": 1}'), "epoch"),
        (("--architecture", "nothing"), "There is no architecture 'nothing'"),
        (("--recipe", "nothing"), "There is no recipe 'nothing'"),
    ],
)
def test_a_making_that_cannot_be_is_refused_before_it_begins(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if arguments:
        (data / "ptbxl_database.csv").write_text("x")
    said = run("zoo", "make", data, "--work", tmp_path / "work", *arguments)
    assert said.code == 1 and words in said.text
    assert not (tmp_path / "work" / "jobs").exists()
