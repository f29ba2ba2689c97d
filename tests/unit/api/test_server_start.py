"""Starting and stopping the server."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import uvicorn

from einthoven.api import server
from einthoven.errors import Conflict, SettingError
from einthoven.workflows.workspace import Workspace


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        yield int(busy.getsockname()[1])


def test_a_taken_port_is_said_and_nothing_has_started(workspace: Workspace, taken: int) -> None:
    with pytest.raises(Conflict, match=rf"Port {taken} on 127\.0\.0\.1 cannot be used.*--port"):
        server.serve(workspace, web=None, port=taken, on_ready=pytest.fail)
    assert workspace.jobs.server() is None
    with pytest.raises(SettingError, match="Port 70000 is not possible"):
        server.serve(workspace, web=None, port=70000, on_ready=pytest.fail)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_the_printed_address_opens_the_server_and_no_other_host_does(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, host: str, shown: str, tmp_path: Path
) -> None:
    if ":" in host:
        try:
            with socket.socket(socket.AF_INET6) as trial:
                trial.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    started: list[uvicorn.Server] = []
    init = uvicorn.Server.__init__

    def remember(self: uvicorn.Server, config: uvicorn.Config) -> None:
        init(self, config)
        started.append(self)

    monkeypatch.setattr(uvicorn.Server, "__init__", remember)
    addresses: list[str] = []
    ready = threading.Event()

    def on_ready(address: str) -> None:
        addresses.append(address)
        ready.set()

    thread = threading.Thread(
        target=server.serve, args=(workspace,), kwargs={"web": None, "host": host, "port": 0, "on_ready": on_ready}
    )
    thread.start()
    try:
        assert ready.wait(20)
        address, _, token = addresses[0].partition("/?token=")
        assert address.startswith(f"http://{shown}:") and token == workspace.token()
        assert workspace.jobs.server() == address
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{address}/api/datasets", headers=headers, trust_env=False).json() == []
        assert httpx.get(f"{address}/api/datasets", trust_env=False).status_code == 401
    finally:
        for one in started:
            one.should_exit = True
        thread.join(20)
    assert not thread.is_alive() and workspace.jobs.server() is None


def test_answers_are_sent_at_once_and_do_not_wait_for_the_browser_to_acknowledge_their_first_part() -> None:
    """Nagle's algorithm is off (TCP_NODELAY) on the connections that asyncio makes of the server's socket."""

    async def set_on_a_connection(bound: socket.socket) -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def remember(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(remember, sock=bound):
            _, writer = await asyncio.open_connection(*bound.getsockname())
            option = await asyncio.wait_for(found, 20)
            writer.close()
            return option

    # In a thread of its own: the browser tests of the same run keep a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, set_on_a_connection(server._bind("127.0.0.1", 0))).result() != 0


def test_a_host_that_was_asked_for_is_answered_for(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--host 192.168.1.5` prints that address, so the guard has to let it in."""
    made: dict[str, object] = {}

    def remember(*_: object, **options: object) -> None:
        made.update(options)
        raise Conflict("far enough")

    class Bound:
        def getsockname(self) -> tuple[str, int]:
            return ("192.168.1.5", 8000)

    monkeypatch.setattr(server, "_bind", lambda _host, _port: Bound())
    monkeypatch.setattr(server, "create_app", remember)
    with pytest.raises(Conflict, match="far enough"):
        server.serve(workspace, web=None, host="192.168.1.5", hosts=("ecg.example",), on_ready=pytest.fail)
    assert {"192.168.1.5", "ecg.example", "127.0.0.1"} <= set(made["hosts"])  # type: ignore[call-overload]
