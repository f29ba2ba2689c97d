"""One user's way through the workbench in the browser: import, labels, view, train, predict, evaluate."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect

import ecg_folder
from workbench_server import Server

pytestmark = pytest.mark.browser
N = 36
LONG_MS = 300_000


def test_a_user_goes_from_files_to_an_evaluated_model(server: Server, page: Page, tmp_path: Path) -> None:
    files, labels = ecg_folder.write(tmp_path)
    page.goto(server.address)
    expect(page).to_have_url(re.compile(r"/library$"))
    assert "token" not in page.url

    _import(page, files)
    _give_hints(page)
    _label(page, labels)
    _view(page)
    model = _train(page)
    _ask_in_the_viewer(page, server, model)
    _predict(page, server, model)
    _evaluate(page, server, model)

    # Nothing is forgotten when the page is opened anew.
    page.goto(server.page("/models"))
    expect(page.get_by_test_id("model-card")).to_have_count(2)  # the network, and the ridge model beside it


def _import(page: Page, files: list[Path]) -> None:
    page.get_by_test_id("import-files-input").set_input_files(files)
    prepare = page.get_by_test_id("import-prepare")
    expect(prepare).to_be_visible()
    prepare.get_by_test_id("import-dataset").fill("walk")
    page.get_by_test_id("import-start").click()
    result = page.get_by_test_id("import-result")
    expect(result).to_contain_text(f"{N} read", timeout=LONG_MS)
    expect(result).to_contain_text("2 not read")
    refused = page.get_by_test_id("refused-list")
    expect(refused).to_contain_text("bare.npy")
    expect(refused).to_contain_text("picture.csv")
    expect(refused).to_contain_text("PNG")


def _give_hints(page: Page) -> None:
    page.get_by_test_id("give-hints").first.click()
    fields = page.get_by_test_id("refused-list")
    _select(page, fields.get_by_test_id("hint-unit"), "mV")
    fields.get_by_test_id("hint-rate").fill("100")
    fields.get_by_test_id("hint-leads").fill("I II III aVR aVL aVF V1 V2 V3 V4 V5 V6")
    page.get_by_test_id("hints-retry").click()
    expect(page.get_by_test_id("import-result").first).to_contain_text("1 read", timeout=LONG_MS)
    page.get_by_test_id("import-open-dataset").first.click()
    expect(page).to_have_url(re.compile(r"/library/walk"))
    page.keyboard.press("Escape")


def _label(page: Page, labels: Path) -> None:
    page.get_by_test_id("labels-button").first.click()
    page.get_by_test_id("labels-input").set_input_files(labels)
    page.get_by_test_id("labels-task").fill("diagnosis")
    page.get_by_test_id("labels-import").click()
    report = page.get_by_test_id("labels-report")
    expect(report).to_contain_text(f"{N} ECGs labelled")
    report.get_by_role("button", name="Labels without an ECG").click()
    expect(report).to_contain_text("nobody")
    page.get_by_test_id("labels-done").click()


def _view(page: Page) -> None:
    page.get_by_test_id("record-link").first.click()
    expect(page).to_have_url(re.compile(r"/viewer/\d+"))
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    first = page.get_by_test_id("viewer-name").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("viewer-name")).not_to_have_text(first)
    _measure(page)


def _measure(page: Page) -> None:
    """At 100 % a CSS pixel is 1/96 inch; 25 mm/s and 10 mm/mV then make 25 mm one second, 10 mm one millivolt."""
    paper = page.get_by_test_id("viewer-paper")
    px_per_mm = float(paper.get_attribute("data-px-per-mm") or 0)
    assert px_per_mm == pytest.approx(96 / 25.4)
    assert (paper.get_attribute("data-mm-per-second"), paper.get_attribute("data-mm-per-unit")) == ("25", "10")
    page.get_by_test_id("viewer-colour").click()
    page.get_by_test_id("viewer-snapping").click()  # off: the caliper must measure the paper, not a wave beside it
    page.keyboard.press("c")
    box = paper.bounding_box()
    assert box is not None
    x, y = box["x"] + 200, box["y"] + box["height"] - 60
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25 * px_per_mm, y - 5 * px_per_mm, steps=5)
    page.mouse.up()
    words = page.get_by_test_id("viewer-caliper-reading").inner_text()
    milliseconds = re.search(r"([\d,]+)\s*ms", words)
    millivolts = re.search(r"([+−-]?[\d.]+)\s*mV", words)
    assert milliseconds and millivolts, words
    assert float(milliseconds.group(1).replace(",", "")) == pytest.approx(1000, abs=10), words
    assert abs(float(millivolts.group(1).replace("−", "-"))) == pytest.approx(0.5, abs=0.02), words
    page.keyboard.press("Escape")


def _ask_in_the_viewer(page: Page, server: Server, model: str) -> None:
    page.goto(server.page("/library/walk"))
    page.get_by_test_id("record-link").first.click()
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    if page.get_by_test_id("viewer-panel").count() == 0:
        page.get_by_test_id("viewer-panel-toggle").click()
    wanted = page.get_by_role("option", name=re.compile(f"{model}(?!-ridge)"))
    for _ in range(40):  # the list closes when what stands above it arrives and moves it
        page.locator('input[data-testid="viewer-model"]').click()
        try:
            wanted.click(timeout=2000)
        except TimeoutError:
            continue
        break
    answer = page.get_by_test_id("viewer-answer")
    expect(answer).to_contain_text(re.compile(r"AF|AMI|IMI|LBBB|NORM|RBBB"))
    expect(page.get_by_test_id("viewer-panel")).to_contain_text("Research use only")


def _train(page: Page) -> str:
    page.get_by_test_id("nav-train").click()
    page.get_by_test_id("choose-dataset").get_by_role("radio", name="walk").check()
    page.get_by_test_id("train-name").fill("walk model")
    page.get_by_test_id("choose-recipe").get_by_role("radio", name="As in the paper").check()
    page.get_by_test_id("advanced-toggle").click()
    page.get_by_test_id("option-epochs").fill("2")
    page.get_by_test_id("option-maximum_rate").fill("0.002")
    page.get_by_test_id("all-settings-toggle").click()
    page.get_by_test_id("settings-search").fill("rare")
    expect(page.get_by_test_id("option-gain")).to_have_count(0)
    page.get_by_text("Class weights", exact=True).click()
    expect(page.get_by_test_id("train-check")).to_contain_text("few")
    page.get_by_test_id("subject-age").check()  # these files state no age
    expect(page.get_by_role("alert")).to_contain_text("None of the 36 ECGs says the age of its patient")
    expect(page.get_by_test_id("train-start")).to_be_disabled()
    page.get_by_test_id("subject-age").uncheck()
    expect(page.get_by_test_id("train-check")).to_contain_text("few")
    page.get_by_test_id("train-start").click()
    expect(page).to_have_url(re.compile(r"/runs/"))
    # A reload in the middle shows the same run.
    page.reload()
    expect(page.get_by_test_id("run-done")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("run-beside")).to_contain_text("walk model-ridge")
    settings = page.get_by_test_id("settings")
    for words in ("As in the paper", "Epochs at most", "Class weights", "All other settings are as in"):
        expect(settings).to_contain_text(words)
    return "walk model"


def _predict(page: Page, server: Server, model: str) -> None:
    page.goto(server.page(f"/predict?model={model.replace(' ', '%20')}"))
    page.get_by_test_id("predict-start").click()
    expect(page.get_by_test_id("prediction-table")).to_be_visible(timeout=LONG_MS)
    with page.expect_download() as download:
        page.get_by_test_id("predictions-csv").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines[0].split(",") == ["file_name", "AF", "AMI", "IMI", "LBBB", "NORM", "RBBB"]
    assert len(lines) == 1 + N + 1
    assert all(abs(sum(map(float, line.split(",")[1:])) - 1) < 1e-3 for line in lines[1:])


def _evaluate(page: Page, server: Server, model: str) -> None:
    page.goto(server.page(f"/evaluate?model={model.replace(' ', '%20')}"))
    page.get_by_test_id("evaluate-start").click()
    expect(page.get_by_test_id("evaluation-report")).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_test_id("figure-n")).to_contain_text(str(N))
    expect(page.get_by_test_id("confusion-matrix")).to_be_visible()
    expect(page.get_by_test_id("roc")).to_be_visible()
    # It was trained on these very ECGs, and the page must say so.
    expect(page.get_by_test_id("warnings")).to_contain_text("learned from")


def _select(page: Page, select: object, value: str) -> None:
    select.click()  # type: ignore[attr-defined]
    page.get_by_role("option", name=re.compile(f"^{value}")).first.click()
