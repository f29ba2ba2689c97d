"""A server on an empty installation, and a client that holds its token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from einthoven.api.app import create_app
from einthoven.workflows.workspace import Workspace
from small_ecgs import new_workspace

TOKEN = "token-for-tests"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "home")


@pytest.fixture
def app(workspace: Workspace) -> FastAPI:
    return create_app(workspace, token=TOKEN)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, "http://127.0.0.1", raise_server_exceptions=False, headers=headers) as client:
        yield client
