"""A tiny benchmark in the browser: from the Train page to the leaderboard, and on to the training of the winner."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from einthoven.task import Task, TaskClass
from einthoven.workflows.workspace import Workspace
from small_ecgs import fill
from workbench_server import Server

pytestmark = pytest.mark.browser
pytest.importorskip("torch")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DATASET = "compared"
LONG_MS = 300_000


@pytest.fixture(scope="module")
def library(server: Server) -> Server:
    """Sixty-four simulated ECGs of two seconds, slow and fast ones; and some without labels."""
    workspace = Workspace(server.home)
    answers = fill(workspace, DATASET, n=64, simulated=True)
    workspace.store.put_task(DATASET, Task("speed", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    fill(workspace, "unlabelled", n=2, first=100)
    workspace.save_preferences(replace(workspace.preferences, duration=2.0))
    workspace.database.close()
    return server


def test_from_the_form_to_the_winner(library: Server, page: Page) -> None:
    page.goto(library.address)
    page.goto(library.page(f"/train?dataset={DATASET}"))
    page.get_by_test_id("to-benchmark").click()
    page.goto(library.page(f"/train/benchmark?dataset={DATASET}"))
    boxes = page.get_by_test_id("benchmark-architectures").get_by_role("checkbox")
    expect(page.get_by_test_id("network-patch_transformer")).not_to_be_checked()
    for box in boxes.all():
        box.uncheck()
    expect(page.get_by_role("alert")).to_contain_text("at least one network")
    expect(page.get_by_test_id("benchmark-start")).to_be_disabled()
    page.get_by_test_id("network-random_convolutions").check()
    page.get_by_test_id("benchmark-more").click()
    page.get_by_test_id("benchmark-folds").fill("2")
    page.get_by_test_id("budget").fill("soon")
    expect(page.get_by_test_id("problem")).to_contain_text("'soon' is no time")
    page.get_by_test_id("budget").fill("5m")
    expect(page.get_by_test_id("benchmark-check")).to_contain_text("64 ECGs of 64 patients in 2 folds: 1 candidate")
    expect(page.get_by_test_id("benchmark-check")).to_contain_text("simulated")
    page.get_by_test_id("benchmark-start").click()

    outcome = page.get_by_test_id("benchmark-outcome")
    expect(outcome).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("recommendation")).to_contain_text("Only Random convolutions with a ridge model was")
    expect(page.get_by_test_id("leaderboard")).to_contain_text(re.compile(r"1\.000"))
    page.reload()
    expect(page.get_by_test_id("leaderboard")).to_contain_text("Random convolutions")
    expect(page.get_by_test_id("earlier-benchmark")).to_contain_text("speed")
    for scheme in ("light", "dark"):
        page.evaluate("scheme => localStorage.setItem('einthoven-scheme', scheme)", scheme)
        page.reload()
        expect(page.get_by_test_id("leaderboard")).to_be_visible()
        expect(page.get_by_test_id("benchmark-check")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert _broken(page) == [], scheme
    page.set_viewport_size({"width": 1024, "height": 768})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_test_id("train-recommended").click()
    start = page.get_by_test_id("choose-start")
    expect(start.get_by_role("radio", checked=True)).to_have_value("architecture:random_convolutions")
    expect(page.get_by_test_id("choose-task").get_by_role("radio", checked=True)).to_have_value("speed")


def test_ecgs_without_labels_say_what_to_do(library: Server, page: Page) -> None:
    page.goto(library.address)
    page.goto(library.page("/train/benchmark?dataset=unlabelled"))
    expect(page.get_by_test_id("no-task")).to_contain_text("Import labels")
    expect(page.get_by_test_id("benchmark-start")).to_be_disabled()


def _broken(page: Page) -> list[str]:
    """Rules of accessibility that the page breaks."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: make web")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then(r => r.violations)")
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]
