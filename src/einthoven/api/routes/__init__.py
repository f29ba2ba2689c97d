"""The routes, one module per noun."""

from typing import Annotated

from fastapi import Depends, Request

from einthoven.workflows.workspace import Workspace


async def _workspace(request: Request) -> Workspace:  # not `def`: that would take a thread for every request
    workspace: Workspace = request.app.state.workspace
    return workspace


Here = Annotated[Workspace, Depends(_workspace)]
"""The installation that a request is about."""
