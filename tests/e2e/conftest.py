"""The real server and a real browser."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from einthoven.wiring import built_pages
from workbench_server import Server, running

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
# Two shared cores and a training beside the browser: what takes a second alone may take many.
PATIENCE_MS = 90_000


def unavailable(reason: str) -> None:
    """Skip, or fail where browser tests may not skip (CI)."""
    if os.environ.get("EINTHOVEN_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A workbench with an empty library."""
    if built_pages() is None:
        unavailable("the pages are not built: make web")
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium or Chrome with an empty profile."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        unavailable("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in an empty context; the test fails when the page logged an error or asked another host."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    opened = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: strangers.append(request.url) if _is_strange(request.url) else None)
    yield opened
    context.close()
    # A refused request is shown on the page; the browser also logs it, which is no error of ours.
    assert [error for error in errors if "Failed to load resource" not in error] == []
    assert strangers == []


def _is_strange(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))
