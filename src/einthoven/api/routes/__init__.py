"""The routes, one module per noun."""

from typing import Annotated

from fastapi import Depends, Request

from einthoven.workflows.workspace import Workspace


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


Here = Annotated[Workspace, Depends(_workspace)]
"""The installation that a request is about."""
