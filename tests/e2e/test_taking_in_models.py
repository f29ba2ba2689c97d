"""A model that was made elsewhere: dropped, asked about, warned of, used; and one that can only be trained."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

import foreign_models as others
from einthoven.workflows.workspace import Workspace
from small_ecgs import fill
from workbench_server import Server, running

pytestmark = pytest.mark.browser
NAMED = (("target_keys", "['slow', 'fast']"), ("scale", "mikroVolt"), ("standardizer", "None"))
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A workbench of its own: other walks count the models of theirs."""
    home = tmp_path_factory.mktemp("models")
    workspace = Workspace(home)
    fill(workspace, "paces", n=6)
    workspace.database.close()
    with running(home) as server:
        yield server


def _dropped(page: Page, name: str, content: bytes) -> Locator:
    """The form that a dropped file opens. A drop before the page listens is lost, as a person's is: once more then."""
    form = page.get_by_test_id("take-in-form")
    for _ in range(20):
        page.evaluate(DROP, [name, base64.b64encode(content).decode()])
        try:
            form.wait_for(timeout=3000)
        except TimeoutError:
            continue
        break
    return form


def _choose(page: Page, name: str, option: str) -> None:
    page.get_by_test_id(f"said-{name}").click()
    page.get_by_role("option", name=option).click()


def test_a_foreign_model_is_dropped_asked_about_and_used(filled: Server, page: Page) -> None:
    page.goto(filled.address)
    page.goto(filled.page("/models"))
    expect(page.get_by_test_id("model-add")).to_be_visible()
    content = others.cnn(2, metadata=NAMED)
    form = _dropped(page, "theirs.onnx", content)
    expect(form).to_contain_text("12 leads of 200 samples")
    expect(form).to_contain_text("slow, fast")
    expect(page.get_by_test_id("said-unit")).to_have_count(0)
    page.get_by_test_id("take-in-go").click()
    expect(form.get_by_text("needed", exact=True)).to_have_count(4)
    page.get_by_test_id("said-leads-usual").click()
    expect(page.get_by_test_id("said-leads")).to_have_value("I II III aVR aVL aVF V1 V2 V3 V4 V5 V6")
    page.get_by_test_id("said-rate").fill("5")
    _choose(page, "kind", "one class for each ECG")
    _choose(page, "band", "none")
    page.get_by_test_id("take-in-go").click()
    expect(form.get_by_test_id("problem")).to_contain_text("rate = 5 is not possible")
    page.get_by_test_id("said-rate").fill("100")
    page.get_by_test_id("take-in-go").click()
    card = page.locator("[data-model=theirs]")
    expect(card).to_contain_text("taken in from elsewhere")
    card.get_by_test_id("model-details").click()
    expect(card).to_contain_text("rate: 100")
    expect(card).to_contain_text("mV times 1000 (inside the model)")
    card.get_by_test_id("model-use").click()
    page.get_by_test_id("predict-start").click()
    expect(page.get_by_test_id("prediction-result")).to_contain_text(re.compile("6 ECGs"))


def test_an_untrained_model_is_a_starting_point_only(filled: Server, page: Page, tmp_path: Path) -> None:
    content = others.cnn(2, metadata=(("target_keys", "['None1', 'None2']"),))
    (tmp_path / "fresh.onnx").write_bytes(content)
    page.goto(filled.address)
    page.goto(filled.page("/models"))
    page.get_by_test_id("model-file-input").set_input_files(tmp_path / "fresh.onnx")
    form = page.get_by_test_id("take-in-form")
    expect(form.get_by_test_id("warnings")).to_contain_text("has learned nothing yet")
    page.get_by_test_id("said-leads-usual").click()
    page.get_by_test_id("said-rate").fill("100")
    _choose(page, "scaling", "z-score, each lead by itself (usual)")
    expect(page.get_by_test_id("said-unit")).to_have_count(0)
    _choose(page, "kind", "one class for each ECG (usual)")
    _choose(page, "band", "0.5 to 40 Hz")
    page.get_by_test_id("take-in-go").click()
    card = page.locator("[data-model=fresh]")
    expect(card.get_by_test_id("model-untrained")).to_have_text("untrained: a starting point, not for prediction")
    expect(card.get_by_test_id("model-use")).to_have_count(0)
    card.get_by_test_id("model-fine-tune").click()
    expect(page).to_have_url(re.compile(r"/train\?.*model=fresh"))


def test_a_file_that_is_no_model_is_refused_with_a_reason(filled: Server, page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.onnx").write_bytes(b"these are my notes")
    page.goto(filled.address)
    page.goto(filled.page("/models"))
    page.get_by_test_id("model-file-input").set_input_files(tmp_path / "notes.onnx")
    expect(page.get_by_test_id("problem")).to_contain_text("notes.onnx")
    expect(page.get_by_test_id("take-in-form")).to_have_count(0)
