"""Start the server and its supervisor; stop both together."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from einthoven.api.app import create_app
from einthoven.api.security import LOOPBACK
from einthoven.errors import Conflict, SettingError
from einthoven.jobs import Supervisor
from einthoven.jobs.supervisor import worker_process
from einthoven.workflows import uploads
from einthoven.workflows.workspace import Workspace


def serve(
    workspace: Workspace,
    *,
    web: Path | None,
    host: str = "127.0.0.1",
    port: int = 8000,
    hosts: tuple[str, ...] = (),
    on_ready: Callable[[str], None],
) -> None:
    """Serve until interrupted. `on_ready` is told the address to open, which carries the token."""
    bound = _bind(host, port)
    actual = bound.getsockname()[1]
    everywhere = host in ("0.0.0.0", "::")
    named = "127.0.0.1" if everywhere else f"[{host}]" if ":" in host else host
    address = f"http://{named}:{actual}"
    token = workspace.token()
    app = create_app(workspace, token=token, web=web, hosts=(*LOOPBACK, named, *hosts))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, server_header=False
    )
    workspace.jobs.end_lost()
    uploads.forget_abandoned(workspace)
    workspace.expire_quarantine()
    with Supervisor(workspace.jobs, worker_process(workspace.home, workspace.jobs), address=address):
        on_ready(f"{address}/?token={token}")
        uvicorn.Server(config).run(sockets=[bound])


def _bind(host: str, port: int) -> socket.socket:
    """Bind before anything else starts, so that a taken port is said in words."""
    if not 0 <= port <= 65535:
        raise SettingError(f"Port {port} is not possible.", advice="Choose 1024 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small answers at once only on sockets that name it; on others their
    # second part waits for the browser's delayed acknowledgement, 40 ms.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere this would let a second server take the same port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(1024)  # a browser that is told the address now is answered a moment later, not refused
    except OSError as error:
        bound.close()
        raise Conflict(
            f"Port {port} on {host} cannot be used: {error.strerror}.", advice="Choose another one with --port."
        ) from error
    return bound
