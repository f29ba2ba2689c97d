"""An empty installation and a reporter for each test."""

from pathlib import Path

import pytest

from einthoven.workflows.workspace import Workspace
from small_ecgs import Notes, new_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "home")


@pytest.fixture
def report(tmp_path: Path) -> Notes:
    folder = tmp_path / "job"
    folder.mkdir()
    return Notes(folder)
