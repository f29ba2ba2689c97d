"""Every page against the WCAG 2 A and AA rules of axe-core, in light and dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from einthoven.workflows.workspace import Workspace
from small_ecgs import fill
from workbench_server import Server

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("/library", "/library/seen", "/viewer", "/train", "/models", "/predict", "/evaluate", "/settings")


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The library with a small dataset, so that pages show more than their empty state."""
    fill(Workspace(server.home), "seen", n=6)
    return server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule(filled: Server, page: Page, scheme: str) -> None:
    page.goto(filled.address)
    page.evaluate("scheme => localStorage.setItem('einthoven-scheme', scheme)", scheme)
    broken: list[str] = []
    for path in PAGES:
        page.goto(filled.page(path))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
        # The text is evaluated by the driver, which the page's content security policy does not concern.
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then(r => r.violations)")
        broken += [f"{path}: {rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found]
    assert not broken, "\n".join(broken)
