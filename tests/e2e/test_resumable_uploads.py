"""A folder of 300 files through the browser: dropped, interrupted in every way, and nothing lost or doubled."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, Request, TimeoutError, expect

from einthoven.store.types import ItemQuery
from einthoven.workflows.workspace import Workspace
from small_ecgs import npz

pytestmark = pytest.mark.browser
N = 300
BIG_BYTES = 12_000_000
SLOW = 1_500_000
"""Bytes a second that the throttled browser sends, so that there is a middle in which to interrupt it."""


class Restartable:
    """The command `einthoven serve` on one port, that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = ""
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "einthoven", "serve", "--port", str(self.port), "--home", str(self.home)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "250"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+/\?token=\w+", line) for line in self.process.stdout)))
        self.address = found.group()

    def kill(self) -> None:
        """As a power cut would: no time to write anything down."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
            self.process = None


@pytest.fixture
def restartable(server: object, tmp_path: Path) -> Iterator[Restartable]:
    started = Restartable(tmp_path / "home")
    started.start()
    yield started
    started.kill()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 ECGs, 150 of them in one folder (a browser lists 100 at a time), and what is no ECG."""
    root = tmp_path_factory.mktemp("ecgs") / "clinic"
    for i in range(N):
        path = root / ("ward" if i < N // 2 else f"day {i % 7}") / f"ecg {i:03d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(npz(i))
    (root / ".DS_Store").write_bytes(b"x")
    return root


@pytest.fixture
def network(page: Page) -> CDPSession:
    page.on("dialog", lambda dialog: dialog.accept())  # leaving a page that sends
    return page.context.new_cdp_session(page)


def _throttle(network: CDPSession, *, sending: int = SLOW, offline: bool = False) -> None:
    conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": sending}
    network.send("Network.emulateNetworkConditions", conditions)


def _choose(page: Page, folder: Path, dataset: str) -> None:
    page.get_by_test_id("import-folder-input").set_input_files(folder)
    page.get_by_test_id("import-dataset").fill(dataset)
    page.get_by_test_id("import-start").click()


def _wait_for_files(page: Page, n: int) -> None:
    page.wait_for_function(
        """n => Number(/([\\d,]+) of/.exec(document.querySelector('[data-testid=upload-files]')?.textContent ?? '')
              ?.[1]?.replace(',', '') ?? 0) >= n""",
        arg=n,
    )


def _expect_all(page: Page, home: Path, dataset: str, read: int = N) -> None:
    expect(page.get_by_test_id("import-n-read")).to_be_visible(timeout=120_000)
    assert page.get_by_test_id("import-n-read").inner_text() == f"{read} read", page.get_by_test_id(
        "import-result"
    ).inner_text()
    workspace = Workspace(home)
    total, items = workspace.store.items(dataset, ItemQuery(), offset=0, limit=1000)
    assert total == len({item.record_id for item in items}) == read, "every file is its own ECG"
    assert list((home / "uploads").iterdir()) == []
    workspace.database.close()


def test_a_dropped_folder_is_sent_whole(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path
) -> None:
    page.goto(restartable.address)
    expect(page.get_by_test_id("import-button")).to_be_visible()
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        network.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})
    # A drop counts only once the page has taken the drag, which nobody outruns by hand.
    expect(page.get_by_text("Drop ECG files, folders or archives here")).to_be_visible()
    for kind in ("dragOver", "drop"):
        network.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 400, "data": data})
    prepare = page.get_by_test_id("import-prepare")
    expect(prepare).to_contain_text(f"{N} files")
    expect(prepare).to_contain_text("1 hidden or system file not sent")
    expect(page.get_by_test_id("import-dataset")).to_have_value("clinic")
    page.get_by_test_id("import-start").click()
    _expect_all(page, restartable.home, "clinic")


def test_a_server_that_was_killed_and_started_again_gets_the_rest(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path
) -> None:
    page.goto(restartable.address)
    _throttle(network)
    _choose(page, folder, "killed")
    _wait_for_files(page, 40)
    restartable.kill()
    expect(page.get_by_test_id("upload-waiting")).to_contain_text("Nothing is lost")
    restartable.start()
    _throttle(network, sending=-1)
    # The page tries again by itself now and then, and may be faster than the hand.
    with suppress(TimeoutError):
        page.get_by_test_id("upload-now").click(timeout=5_000)
    _expect_all(page, restartable.home, "killed")


def test_a_network_that_was_gone_is_waited_for(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path
) -> None:
    page.goto(restartable.address)
    _throttle(network)
    _choose(page, folder, "network")
    _wait_for_files(page, 40)
    _throttle(network, offline=True)
    expect(page.get_by_test_id("upload-waiting")).to_be_visible()
    _throttle(network, sending=-1)
    _expect_all(page, restartable.home, "network")  # by itself, without a click


def test_an_upload_is_paused_and_goes_on(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path
) -> None:
    page.goto(restartable.address)
    _throttle(network)
    _choose(page, folder, "paused")
    _wait_for_files(page, 20)
    page.get_by_test_id("upload-pause").click()
    words = page.get_by_test_id("upload-files")
    expect(words).to_contain_text("Paused")
    before = words.inner_text()
    page.wait_for_timeout(1500)
    assert words.inner_text() == before
    _throttle(network, sending=-1)
    page.get_by_test_id("upload-resume").click()
    _expect_all(page, restartable.home, "paused")


def test_a_page_that_was_loaded_anew_sends_only_what_lacks(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "clinic"
    copy.mkdir()
    (copy / "a big one.bin").write_bytes(os.urandom(BIG_BYTES))
    for path in folder.rglob("*.npz"):
        (copy / path.name).hardlink_to(path)
    page.goto(restartable.address)
    _throttle(network, sending=4 * SLOW)
    _choose(page, copy, "anew")
    _wait_for_files(page, 60)
    _until(page, lambda: _arrived(restartable.home) > 1_000_000)
    page.reload()
    notice = page.get_by_test_id("unfinished-upload")
    expect(notice).to_contain_text("An upload into anew was interrupted")
    expect(notice).to_contain_text("only what lacks is sent")

    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/tus" in request.url else None)
    _throttle(network, sending=-1)
    page.get_by_test_id("import-folder-input").set_input_files(copy)
    expect(page.get_by_test_id("import-continues")).to_contain_text("have arrived")
    page.get_by_test_id("import-start").click()
    expect(page.get_by_test_id("import-n-refused")).to_have_text("1 not read", timeout=120_000)
    _expect_all(page, restartable.home, "anew")
    created = [request for request in asked if request.method == "POST"]
    assert 0 < len(created) <= N - 55, "what was there is not sent again"
    appended = [int(request.headers["upload-offset"]) for request in asked if request.method == "PATCH"]
    assert sum(offset > 1_000_000 for offset in appended) == 1, "the big file goes on where it broke off"
    page.reload()
    expect(page.get_by_test_id("import-button")).to_be_visible()
    expect(page.get_by_test_id("unfinished-upload")).to_have_count(0)


def test_a_cancelled_upload_leaves_nothing_behind(
    restartable: Restartable, page: Page, network: CDPSession, folder: Path
) -> None:
    page.goto(restartable.address)
    _throttle(network)
    _choose(page, folder, "cancelled")
    _wait_for_files(page, 20)
    page.get_by_test_id("upload-cancel").click()
    expect(page.get_by_test_id("upload-stopped")).to_be_visible()
    _until(page, lambda: list((restartable.home / "uploads").iterdir()) == [])
    page.reload()
    expect(page.get_by_test_id("import-button")).to_be_visible()
    expect(page.get_by_test_id("unfinished-upload")).to_have_count(0)


def _arrived(home: Path) -> int:
    """Bytes of the largest part that is on its way."""
    sizes = [0]
    for path in home.glob("uploads/*/parts/*"):
        with suppress(FileNotFoundError):
            sizes.append(path.stat().st_size if path.suffix == "" else 0)
    return max(sizes)


def _until(page: Page, true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to that in a minute")
