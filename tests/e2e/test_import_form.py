"""What the import form offers: archives, names, originals, published data sets, files that are no ECGs."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from small_ecgs import npz, write
from workbench_server import Server

pytestmark = pytest.mark.browser


def _choose(page: Page, server: Server, files: list[Path], dataset: str) -> None:
    page.goto(server.address)
    page.get_by_test_id("import-files-input").set_input_files(files)
    page.get_by_test_id("import-dataset").fill(dataset)


def _start(page: Page, read: int) -> None:
    page.get_by_test_id("import-start").click()
    expect(page.get_by_test_id("import-n-read")).to_have_text(f"{read} read")


def test_an_archive_is_unpacked(server: Server, page: Page, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for i in range(5):
            archive.writestr(f"ward {i % 2}/{i}.npz", npz(100 + i))
    write(tmp_path, {"ecgs.zip": stream.getvalue()})
    _choose(page, server, [tmp_path / "ecgs.zip"], "archive")
    _start(page, 5)


def test_names_are_stored_as_codes_unless_they_identify_nobody(server: Server, page: Page, tmp_path: Path) -> None:
    write(tmp_path, {"Meier 1960.npz": npz(110), "series a.npz": npz(111)})
    _choose(page, server, [tmp_path / "Meier 1960.npz"], "codes")
    _start(page, 1)
    page.goto(server.page("/library/codes"))
    expect(page.get_by_test_id("record-link")).to_have_text(re.compile(r"^f-[0-9a-f]{12}"))
    expect(page.locator("body")).not_to_contain_text("Meier")

    _choose(page, server, [tmp_path / "series a.npz"], "names")
    page.get_by_test_id("import-privacy-toggle").click()
    page.get_by_test_id("import-keep-names").check()
    _start(page, 1)
    page.goto(server.page("/library/names"))
    expect(page.get_by_test_id("record-link")).to_have_text("series a.npz")


def test_keeping_identifiers_is_off_and_warned_about(server: Server, page: Page, tmp_path: Path) -> None:
    write(tmp_path, {"a.npz": npz(120, patient_id="4711")})
    _choose(page, server, [tmp_path / "a.npz"], "identified")
    page.get_by_test_id("import-privacy-toggle").click()
    expect(page.get_by_test_id("import-keep-identifiers")).not_to_be_checked()
    page.get_by_test_id("import-keep-identifiers").check()
    expect(page.get_by_test_id("import-identifiers-warning")).to_contain_text("will name the patients")
    _start(page, 1)
    page.goto(server.page("/library/identified"))
    page.get_by_test_id("record-link").click()
    expect(page.get_by_test_id("viewer-paper")).to_be_visible()
    if page.get_by_test_id("viewer-panel").count() == 0:
        page.get_by_test_id("viewer-panel-toggle").click()
    expect(page.get_by_test_id("passport-original")).to_contain_text("kept unchanged")


def test_the_same_bytes_are_noticed(server: Server, page: Page, tmp_path: Path) -> None:
    write(tmp_path, {"a.npz": npz(130), "b.npz": npz(130)})
    _choose(page, server, [tmp_path / "a.npz", tmp_path / "b.npz"], "copies")
    _start(page, 1)
    expect(page.get_by_test_id("import-n-copies")).to_have_text("1 copy left out")


def test_published_data_sets_are_offered_by_name(server: Server, page: Page, tmp_path: Path) -> None:
    write(tmp_path, {"a.npz": npz(140)})
    _choose(page, server, [tmp_path / "a.npz"], "published")
    page.get_by_test_id("import-layout").click()
    for name in ("PTB-XL", "CODE-15", "LUDB", "MIMIC-IV-ECG", "SPH"):
        expect(page.get_by_role("option", name=re.compile(name))).to_have_count(1)
    page.get_by_role("option", name=re.compile("LUDB")).click()
    expect(page.get_by_test_id("import-layout-note")).to_contain_text("gain")


def test_a_folder_without_files_to_import_says_what_to_do(server: Server, page: Page, tmp_path: Path) -> None:
    write(tmp_path / "empty", {".DS_Store": b"x"})
    page.goto(server.address)
    page.get_by_test_id("import-folder-input").set_input_files(tmp_path / "empty")
    expect(page.get_by_test_id("import-nothing")).to_contain_text("Drop ECG files")
