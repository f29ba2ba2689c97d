"""Files that cannot be read are listed, kept, tried again and deleted; an ECG tells how it was read."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from einthoven.workflows.workspace import Workspace
from small_ecgs import bare_csv, npz, signal, write
from workbench_server import Server

pytestmark = pytest.mark.browser
EIGHT = (0, 1, 6, 7, 8, 9, 10, 11)
N_BARE = 4
DAMAGED = b"\x89PNG\r\n\x1a\n" + bytes(500)


def _eight_leads() -> bytes:
    """I, II and the chest leads, of a record in which nothing is in doubt but what is derived."""
    names = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    return npz(3, ecg=signal(3)[list(EIGHT)], leads=np.array(names), patient_id="secret-number-7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four tables that lack rate and unit, a damaged file, and an ECG of eight leads."""
    bare = {f"bare {i}.csv": bare_csv(40 + i) for i in range(N_BARE)}
    return write(tmp_path / "mixed", {**bare, "picture.npz": DAMAGED, "Maria Muster.npz": _eight_leads()})


def _import(page: Page, server: Server, folder: Path, dataset: str) -> None:
    page.goto(server.address)
    page.get_by_test_id("import-folder-input").set_input_files(folder)
    page.get_by_test_id("import-dataset").fill(dataset)
    page.get_by_test_id("import-start").click()
    expect(page.get_by_test_id("import-n-refused")).to_have_text(f"{N_BARE + 1} not read")
    expect(page.get_by_test_id("import-n-read")).to_have_text("1 read")


def test_refused_files_are_downloaded_tried_again_with_hints_and_deleted(
    server: Server, page: Page, folder: Path
) -> None:
    _import(page, server, folder, "mended")
    page.goto(server.page("/library/mended"))
    page.get_by_test_id("quarantine-link").click()
    expect(page).to_have_url(re.compile(r"/quarantine\?dataset=mended"))
    statement = page.get_by_test_id("quarantine-statement")
    expect(statement).to_contain_text("unchanged")
    expect(statement).to_contain_text("may name patients")
    expect(statement).to_contain_text("deleted 30 days after")
    groups = page.get_by_test_id("quarantine-group")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text("rate and unit")

    with page.expect_download() as download:
        page.get_by_test_id("quarantine-file").filter(has_text="picture.npz").get_by_test_id(
            "quarantine-download"
        ).click()
    assert Path(download.value.path()).read_bytes() == DAMAGED and download.value.suggested_filename == "picture.npz"

    # One file first, then all the others with the same gap.
    page.get_by_test_id("quarantine-file").filter(has_text="bare 2.csv").get_by_test_id("quarantine-retry").click()
    _hint(page)
    expect(page.get_by_test_id("quarantine-file")).to_have_count(N_BARE)
    page.get_by_test_id("import-drawer").get_by_label("Close").click()
    page.get_by_test_id("quarantine-retry-group").first.click()
    _hint(page)
    expect(page.get_by_test_id("quarantine-file")).to_have_count(1)
    page.get_by_test_id("import-drawer").get_by_label("Close").click()

    page.get_by_test_id("quarantine-choose-group").check()
    page.get_by_test_id("quarantine-delete-selected").click()
    page.get_by_test_id("quarantine-delete-go").click()
    expect(page.get_by_test_id("quarantine-file")).to_have_count(0)
    workspace = Workspace(server.home)
    total, _ = workspace.store.items("mended")
    assert total == N_BARE + 1 and workspace.quarantine.list("mended") == []
    workspace.database.close()


def _hint(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("hint-unit").click()
    page.get_by_role("option", name=re.compile("^mV")).first.click()
    dialog.get_by_test_id("hint-rate").fill("100")
    page.get_by_test_id("quarantine-retry-go").click()
    expect(dialog).to_have_count(0)


def test_the_quarantine_is_filtered_and_emptied(server: Server, page: Page, folder: Path) -> None:
    _import(page, server, folder, "emptied")
    page.goto(server.page("/quarantine?dataset=emptied"))
    files = page.get_by_test_id("quarantine-file")
    expect(files).to_have_count(N_BARE + 1)
    page.get_by_test_id("quarantine-search").fill("picture")
    expect(files).to_have_count(1)
    page.get_by_test_id("quarantine-search").fill("")
    expect(files).to_have_count(N_BARE + 1)
    page.get_by_test_id("quarantine-delete-all").click()
    page.get_by_test_id("quarantine-delete-go").click()
    expect(files).to_have_count(0)


def test_the_viewer_tells_what_was_read_derived_and_kept(server: Server, page: Page, folder: Path) -> None:
    _import(page, server, folder, "passports")
    page.goto(server.page("/library/passports"))
    table = page.get_by_test_id("panel-records")
    expect(table).not_to_contain_text("Muster")
    page.get_by_test_id("record-link").first.click()
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    expect(page.get_by_test_id("viewer-paper")).to_have_attribute("aria-label", re.compile(r"III \(derived\)"))
    if page.get_by_test_id("viewer-panel").count() == 0:
        page.get_by_test_id("viewer-panel-toggle").click()
    expect(page.get_by_test_id("passport-read")).to_contain_text("I, II, V1")
    expect(page.get_by_test_id("passport-read")).to_contain_text(re.compile(r"numpy \d"))
    expect(page.get_by_test_id("passport-assumed")).to_contain_text("Nothing")
    expect(page.get_by_test_id("passport-derived")).to_contain_text("III, aVR, aVL, aVF")
    expect(page.get_by_test_id("passport-original")).to_contain_text("sha256")
    expect(page.get_by_test_id("viewer-quality")).to_contain_text(re.compile("good|usable|poor"))
    body = page.locator("body").inner_text()
    assert "Muster" not in body and "secret-number" not in body


def test_formats_say_what_they_were_tried_with(server: Server, page: Page) -> None:
    page.goto(server.address)
    page.goto(server.page("/formats"))
    formats = page.get_by_test_id("formats")
    expect(formats).to_contain_text("no real file could be tried")
    expect(page.get_by_test_id("layouts")).to_contain_text("PTB-XL")
    page.get_by_test_id("formats-search").fill("dicom")
    expect(formats.get_by_role("row")).to_have_count(2)
