"""Options that several commands share, and where data are kept."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from einthoven.cli.app import app
from einthoven.cli.options import ARCHITECTURE_NAMES, parse_folds
from einthoven.errors import SettingError
from einthoven.models import ARCHITECTURES
from einthoven.settings import Settings


@pytest.mark.parametrize(
    ("text", "folds"),
    [(None, None), ("9", (9,)), ("1-3", (1, 2, 3)), ("3, 1-2 ,2", (1, 2, 3)), ("0-0", (0,)), ("10,1", (1, 10))],
)
def test_folds_are_numbers_and_ranges(text: str | None, folds: tuple[int, ...] | None) -> None:
    assert parse_folds(text) == folds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "1-2-3", "1,,2", "1.5", "1-100000", "٣-x"])
def test_what_names_no_folds_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingError, match="Write"):
        parse_folds(text)


def test_the_folder_of_data_is_that_of_the_environment_or_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_HOME", "/somewhere")
    assert Settings().home == Path("/somewhere")
    monkeypatch.delenv("EINTHOVEN_HOME")
    default = Settings().home
    assert default.is_absolute() and "einthoven" in default.name
    monkeypatch.setenv("EINTHOVEN_HOME", "")
    assert Settings().home == default, "an empty variable does not mean the current folder"


@pytest.mark.parametrize("command", ["train", "benchmark"])
def test_the_help_of_a_command_names_all_architectures(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "300"}).output
    assert ARCHITECTURE_NAMES not in shown
    assert all(name in shown for name in ARCHITECTURES.names())


def test_a_command_that_names_no_architecture_looks_for_none() -> None:
    program = "import sys, einthoven.cli.app; sys.stdout.write(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"importlib.metadata", *(f"einthoven.models.{name}" for name in ARCHITECTURES.names())} & set(loaded)
