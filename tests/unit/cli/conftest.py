"""The command line on an installation of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from einthoven.cli.app import app
from einthoven.workflows.workspace import Workspace
from small_ecgs import new_database, new_workspace


@dataclass(frozen=True)
class Said:
    """How a command ended. `text` is standard output and standard error together, in one line."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


Run = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EINTHOVEN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def no_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists hold what a test puts there, not the models that come with the program."""
    monkeypatch.setattr("einthoven.wiring.zoo_folders", lambda: ())


@pytest.fixture
def run(home: Path) -> Run:
    """Runs a command line in this process; anything but our own way to end it is an error of the test."""

    if not home.exists():
        new_database(home).close()

    def command(*arguments: object) -> Said:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return command


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return new_workspace(home)
