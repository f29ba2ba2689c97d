"""Every page against the WCAG 2 A and AA rules of axe-core, in light and dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from einthoven.results import Failure
from einthoven.workflows.workspace import Workspace
from known_beats import beating
from small_ecgs import fill
from workbench_server import Server

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/library", "/library/seen", "/quarantine", "/viewer", "/viewer/1", "/train", "/models", "/predict", "/evaluate",
    "/settings", "/formats", "/measure", "/measure?dataset=seen",
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """The library with a small dataset, so that pages show more than their empty state."""
    workspace = Workspace(server.home)
    fill(workspace, "seen", n=6)
    for name, missing in (("bare.csv", ("rate", "unit")), ("broken.npz", ())):
        failure = Failure(name, "FormatError", f"{name} cannot be read.", "Look at it.", missing)
        workspace.quarantine.add("seen", failure, {name: b"x"}, size=1)
    workspace.store.ensure_dataset("beating")
    workspace.store.add("beating", "beating.npz", beating())
    workspace.database.close()
    return server


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule(filled: Server, page: Page, scheme: str, tmp_path: Path) -> None:
    page.goto(filled.address)
    page.evaluate("scheme => localStorage.setItem('einthoven-scheme', scheme)", scheme)
    page.evaluate("localStorage.setItem('einthoven-viewer', JSON.stringify({panel: true}))")
    broken: list[str] = []
    for path in PAGES:
        page.goto(filled.page(path))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == scheme
        broken += _broken(page, path)
    for marks in ("global", "leads"):
        page.evaluate("marks => localStorage.setItem('einthoven-beats', JSON.stringify({ marks }))", marks)
        page.goto(filled.page(f"/viewer/{_beating_item(filled)}"))
        expect(page.get_by_test_id("measure-heart_rate")).to_be_visible()
        expect(page.locator("canvas[data-layer=overlay]")).not_to_have_attribute("width", "0")
        broken += _broken(page, f"the viewer with marks: {marks}")
    page.goto(filled.page("/library"))
    _open_import_form(page, tmp_path)
    broken += _broken(page, "the import form")
    assert not broken, "\n".join(broken)


def _beating_item(server: Server) -> int:
    workspace = Workspace(server.home)
    item = workspace.store.items("beating")[1][0].id
    workspace.database.close()
    return item


def _open_import_form(page: Page, folder: Path) -> None:
    (folder / "a.csv").write_text("1,2")
    page.get_by_test_id("import-files-input").set_input_files(folder / "a.csv")
    page.get_by_test_id("import-hints-toggle").click()
    page.get_by_test_id("import-privacy-toggle").click()
    page.get_by_test_id("import-keep-identifiers").check()
    page.get_by_test_id("import-identifiers-warning").wait_for()


def _broken(page: Page, place: str) -> list[str]:
    # The text is evaluated by the driver, which the page's content security policy does not concern.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then(r => r.violations)")
    return [f"{place}: {rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found]
