"""Beats in the viewer: marks, measurements, views, corrections by hand; and the measuring of a whole dataset."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from einthoven.store.types import ItemQuery
from einthoven.workflows.workspace import Workspace
from known_beats import beating, flat
from workbench_server import Server

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
LONG_MS = 300_000
RATE = 250
DATASET = "beats"
BEYOND = """() => [...document.querySelectorAll('main button, main input, main a, main h1, main summary')]
    // A wide table scrolls in its own frame.
    .filter(one => one.getClientRects().length > 0 && one.closest('table, [role=table], [role=grid]') === null)
    .map(one => [one.getBoundingClientRect(), one.textContent])
    .filter(([box]) => box.right > innerWidth + 0.5 || box.left < -0.5).map(([, text]) => text)"""


@pytest.fixture(scope="module")
def library(server: Server) -> tuple[Server, int, int]:
    """The workbench with three ECGs whose beats are known and a flat one; the first and the last of them."""
    workspace = Workspace(server.home)
    workspace.store.ensure_dataset(DATASET)
    for i in range(3):
        workspace.store.add(DATASET, f"ecg-{i}.npz", beating(i))
    workspace.store.add(DATASET, "flat.npz", flat(3))
    ids = {item.file_name: item.id for item in workspace.store.items(DATASET, ItemQuery())[1]}
    workspace.database.close()
    return server, ids["ecg-0.npz"], ids["flat.npz"]


@pytest.fixture
def viewer(library: tuple[Server, int, int], page: Page) -> Page:
    """The first ECG, with the details beside it and without marks."""
    server, first, _ = library
    page.goto(server.address)
    page.evaluate("localStorage.setItem('einthoven-viewer', JSON.stringify({panel: true}))")
    page.goto(server.page(f"/viewer/{first}"))
    expect(page.get_by_test_id("measure-heart_rate")).to_be_visible()
    return page


def test_nothing_is_asked_or_drawn_while_nobody_wants_beats(library: tuple[Server, int, int], page: Page) -> None:
    server, first, _ = library
    page.goto(server.address)
    page.evaluate("localStorage.setItem('einthoven-viewer', JSON.stringify({panel: false}))")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.page(f"/viewer/{first}"))
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator("canvas[data-layer=overlay]")).to_have_attribute("width", "0")
    assert [url for url in asked if "/beats" in url] == []
    page.keyboard.press("m")
    expect(page.get_by_test_id("marks")).to_have_text("Marks")
    layer = page.locator("canvas[data-layer=overlay]")
    expect(layer).not_to_have_attribute("width", "0")
    assert _ink(page) > 0
    page.keyboard.press("m")
    page.keyboard.press("m")
    expect(layer).to_have_attribute("width", "0")


def test_numbers_say_where_they_come_from_and_why_one_is_not_there(
    library: tuple[Server, int, int], viewer: Page
) -> None:
    rate = viewer.get_by_test_id("measure-heart_rate")
    expect(rate).to_contain_text(re.compile(r"75\s*/min"))
    expect(rate).to_contain_text(re.compile(r"\d beats"))
    before = _ink(viewer)
    rate.hover()
    expect(viewer.get_by_role("tooltip")).to_contain_text("RR")
    assert _ink(viewer) > before
    for line in (
        viewer.get_by_test_id("measurements").locator('[data-state="absent"], [data-state="not measurable"]').all()
    ):
        expect(line.locator("xpath=ancestor::div[2]")).to_contain_text(re.compile(r"(absent|not measurable): \w+"))
    viewer.get_by_test_id("measurements-save").click()
    address = viewer.get_by_test_id("measurements-csv").get_attribute("href")
    text = viewer.request.get(library[0].page(address or "")).text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows
    assert any("75" in value for row in rows for value in row.values() if value)


def test_every_view_is_drawn_and_can_be_saved(library: tuple[Server, int, int], viewer: Page) -> None:
    server = library[0]
    for key, view, canvas, what in (
        ("2", "beats-view", "beats-canvas", "qrs-overlay"), ("3", "median-view", "median-canvas", "median-beat"),
    ):  # fmt: skip
        viewer.keyboard.press(key)
        expect(viewer.get_by_test_id(view)).to_be_visible()
        expect(viewer.get_by_test_id(canvas)).to_be_visible()
        viewer.get_by_test_id(f"export-{what}").click()
        for file_format in ("csv", "json", "npz", "parquet"):
            address = viewer.get_by_test_id(f"export-{what}-{file_format}").get_attribute("href")
            answer = viewer.request.get(server.page(address or ""))
            assert answer.ok and len(answer.body()) > 100, (what, file_format, answer.status)
        viewer.keyboard.press("Escape")
    viewer.get_by_test_id("median-source").get_by_text("Rlign").click()
    expect(viewer.get_by_test_id("median-caption")).to_contain_text("cannot be measured")
    viewer.keyboard.press("4")
    expect(viewer.get_by_test_id("aligned-view")).to_contain_text("Time-aligned by Rlign")
    assert "view=aligned" in viewer.url
    viewer.keyboard.press("1")
    expect(viewer.get_by_test_id("viewer-paper")).to_be_visible()


def test_a_mark_is_corrected_by_key_and_mouse_and_the_numbers_follow(viewer: Page) -> None:
    qt = viewer.get_by_test_id("measure-qt")
    expect(qt).to_contain_text("beats")
    untouched = qt.text_content() or ""
    viewer.keyboard.press("e")
    end = viewer.get_by_test_id("mark-t_off")
    found = _seconds(viewer, "t_off")
    end.focus()
    viewer.keyboard.press("Shift+ArrowRight")
    viewer.keyboard.press("ArrowRight")
    viewer.get_by_test_id("who-name").fill("A. Tester")
    viewer.get_by_test_id("who-save").click()
    expect(viewer.get_by_test_id("corrections")).to_contain_text("A. Tester")
    assert _seconds(viewer, "t_off") == pytest.approx((round(found * RATE) + 6) / RATE, abs=1e-6)
    expect(qt).not_to_have_text(untouched)
    expect(end).to_have_attribute("data-corrected", "true")

    _drag(viewer, _seconds(viewer, "t_off"), 0.06)
    expect(viewer.get_by_test_id("corrections").get_by_role("listitem")).to_have_count(1)
    expect(end).to_have_attribute("data-corrected", "true")
    assert _seconds(viewer, "t_off") > found + 0.06

    viewer.reload()
    expect(viewer.get_by_test_id("corrections")).to_contain_text("A. Tester")
    viewer.keyboard.press("e")
    expect(viewer.get_by_test_id("mark-t_off")).to_have_attribute("data-corrected", "true")
    viewer.get_by_test_id("correct-remove-T").click()  # nobody is asked again
    expect(viewer.get_by_test_id("correct-add-T")).to_be_visible()
    expect(viewer.get_by_test_id("corrections").get_by_role("listitem")).to_have_count(3)
    viewer.get_by_test_id("correct-undo").click()
    expect(viewer.get_by_test_id("mark-t_peak")).to_be_visible()
    viewer.get_by_test_id("corrections").get_by_role("button").first.click()
    expect(qt).to_have_text(untouched)
    expect(viewer.get_by_test_id("corrections")).to_have_count(0)


def test_an_ecg_without_beats_says_why(library: tuple[Server, int, int], viewer: Page) -> None:
    viewer.goto(library[0].page(f"/viewer/{library[2]}"))
    expect(viewer.get_by_test_id("no-beats")).to_contain_text("flat")
    expect(viewer.get_by_test_id("correct")).to_be_disabled()
    viewer.keyboard.press("m")
    expect(viewer.get_by_test_id("viewer-no-beats")).to_contain_text("No marks")


def test_a_dataset_is_measured_as_a_job(library: tuple[Server, int, int], page: Page) -> None:
    server = library[0]
    page.goto(server.address)
    page.goto(server.page(f"/library/{DATASET}"))
    page.get_by_test_id("measure-button").click()
    page.get_by_test_id("measure-fiducials").check()
    page.get_by_test_id("measure-start").click()
    result = page.get_by_test_id("measure-result")
    expect(result).to_contain_text("3 ECGs measured", timeout=LONG_MS)
    expect(page.get_by_test_id("measure-summary")).to_contain_text("Heart rate")
    expect(page.get_by_test_id("refused")).to_contain_text("flat")
    for name in ("measurements.csv", "fiducials.csv", "refused.csv"):
        address = page.get_by_test_id(f"measure-file-{name}").get_attribute("href")
        assert page.request.get(server.page(address or "")).ok, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_breaks_a_rule_of_accessibility(library: tuple[Server, int, int], viewer: Page, scheme: str) -> None:
    server, first, lacking = library
    viewer.evaluate("scheme => localStorage.setItem('einthoven-scheme', scheme)", scheme)
    viewer.evaluate("localStorage.setItem('einthoven-beats', JSON.stringify({marks: 'leads'}))")
    broken: list[str] = []
    for path in ("", "?view=beats", "?view=median", "?view=aligned"):
        viewer.goto(server.page(f"/viewer/{first}{path}"))
        viewer.wait_for_load_state("networkidle")
        viewer.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        broken += _broken(viewer, path or "paper")
    viewer.goto(server.page(f"/viewer/{first}"))
    viewer.get_by_test_id("correct").click()
    expect(viewer.get_by_test_id("correction-bar")).to_be_visible()
    broken += _broken(viewer, "correcting")
    for path in (f"/viewer/{lacking}", f"/measure?dataset={DATASET}"):
        viewer.goto(server.page(path))
        viewer.wait_for_load_state("networkidle")
        broken += _broken(viewer, path)
    assert not broken, "\n".join(broken)


def test_a_printed_sheet_has_the_measurements_and_the_marks(library: tuple[Server, int, int], page: Page) -> None:
    server, first, lacking = library
    page.goto(server.address)
    page.evaluate("localStorage.setItem('einthoven-viewer', JSON.stringify({panel: false}))")
    page.add_init_script("window.print = () => { window.asked = true; window.dispatchEvent(new Event('beforeprint')) }")
    sheet = page.get_by_test_id("viewer-sheet")
    page.goto(server.page(f"/viewer/{first}"))
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    page.keyboard.press("p")  # the details are closed: what is printed is asked for first
    expect(sheet).to_contain_text("Measurements of all leads together, waves found by einthoven")
    expect(sheet).to_contain_text(re.compile(r"Heart rate 75\s*/min"))
    expect(sheet).to_contain_text("Research use only")
    letters = sheet.locator("text", has_text=re.compile("^[PT]$"))
    expect(letters).to_have_count(0)
    page.evaluate("localStorage.setItem('einthoven-beats', JSON.stringify({marks: 'global'}))")
    page.reload()
    expect(page.locator("canvas[data-layer=overlay]")).not_to_have_attribute("width", "0")
    page.keyboard.press("p")
    expect(letters).not_to_have_count(0)
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
    page.goto(server.page(f"/viewer/{lacking}"))
    expect(page.get_by_test_id("viewer-no-beats")).to_be_visible()
    page.keyboard.press("p")
    expect(sheet).to_contain_text("No measurements")
    expect(sheet).to_contain_text("flat")


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (768, 1024), (720, 450)])  # the last: 200 % of 1440 x 900
def test_nothing_is_cut_where_there_is_little_room(
    library: tuple[Server, int, int], viewer: Page, width: int, height: int
) -> None:
    server, first, _ = library
    viewer.set_viewport_size({"width": width, "height": height})
    viewer.keyboard.press("e")
    for path in (None, f"/viewer/{first}", f"/viewer/{first}?view=beats", f"/viewer/{first}?view=median", "/measure"):
        if path is not None:
            viewer.goto(server.page(path))
            viewer.wait_for_load_state("networkidle")
        beyond = viewer.evaluate(BEYOND)
        assert beyond == [], path
        assert viewer.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    viewer.goto(server.page(f"/viewer/{first}"))
    paper = viewer.get_by_test_id("viewer-paper").bounding_box()
    assert paper is not None
    assert paper["width"] >= 0.55 * width
    assert paper["height"] >= 240
    last = viewer.get_by_test_id("measurements-save")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()


def test_a_server_that_fails_is_told_once_and_can_be_asked_again(library: tuple[Server, int, int], page: Page) -> None:
    server, first, _ = library
    page.goto(server.address)
    page.evaluate("localStorage.setItem('einthoven-viewer', JSON.stringify({panel: true}))")
    page.evaluate("localStorage.setItem('einthoven-beats', JSON.stringify({marks: 'global'}))")
    page.route("**/beats?method=*", lambda route: route.fulfill(status=500, body="It broke."))
    page.goto(server.page(f"/viewer/{first}"))
    expect(page.get_by_test_id("problem")).to_have_count(1)
    expect(page.get_by_test_id("viewer-no-marks")).to_contain_text("No marks")
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    page.unroute("**/beats?method=*")
    page.get_by_test_id("retry").click()
    expect(page.get_by_test_id("measure-heart_rate")).to_be_visible()
    expect(page.get_by_test_id("viewer-no-marks")).to_have_count(0)


def _broken(page: Page, place: str) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then(r => r.violations)")
    return [f"{place}: {rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found]


def _ink(page: Page) -> int:
    """Pixels of the overlay that are not empty."""
    page.wait_for_timeout(300)  # drawn with the next frame
    count: int = page.evaluate(
        """() => {
            const canvas = document.querySelector('canvas[data-layer=overlay]');
            if (canvas.width === 0) return 0;
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let n = 0;
            for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
            return n;
        }"""
    )
    return count


def _seconds(page: Page, mark: str) -> float:
    return float(page.get_by_test_id(f"mark-{mark}").get_attribute("aria-valuenow") or "nan")


def _drag(page: Page, seconds: float, by: float) -> None:
    """Drag what lies at a moment of the rhythm strip: 25 mm a second, from 11 mm on."""
    px_per_mm = float(page.get_by_test_id("viewer-paper").get_attribute("data-px-per-mm") or 0)
    box = page.locator("canvas[data-layer=overlay]").bounding_box()
    assert box is not None
    x = box["x"] + (11 + 25 * seconds) * px_per_mm
    y = box["y"] + box["height"] - 9.4 * px_per_mm
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25 * by * px_per_mm, y, steps=6)
    page.mouse.up()
