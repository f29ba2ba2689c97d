"""How long the Viewer takes to show one ECG, with and without marks of its waves, in a real browser.

    python benchmarks/ecg_page.py [DATA] [--ecgs 60] [--size 1920x1080] [--browser /usr/bin/chromium]

DATA is a folder with 12-lead ECGs of 10 s at 500 Hz, such as ../shared/data/ludb/data; without it simulated ones are
taken. They go into a library of their own in a temporary folder, served as `einthoven serve` does, by the built pages
(`make web`). The browser has no GPU: a drawing counts until its pixels are there, which a page with a GPU never waits
for. Printed are medians in milliseconds, with the quarter of the values below and above.

drawing      what changes when the gain does: traces alone; then the marks on top, of all leads together, of each lead
opening      from asking for the record's page until they stand on the paper, all of the page's program loaded anew;
             marks for the first time (the server finds the beats) and again (it kept them)
next ECG     from the arrow key until they stand there: the page has asked for the neighbour ahead
HTTP         the two answers behind it, without a browser
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from einthoven.examine import open_all
from einthoven.formats import PathSource
from einthoven.record import EcgRecord
from einthoven.simulate import cohort
from einthoven.store.types import ItemQuery
from einthoven.workflows.workspace import Workspace

DATASET = "page"
RATE, SECONDS = 500, 10
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_S = 60
# The paper says what it drew by `performance.measure`; reading a pixel back waits until all of them are drawn.
WATCH = """
window.drawn = {'ecg-traces': [], 'ecg-marks': []};
const measure = performance.measure.bind(performance);
performance.measure = (name, options) => {
  if (!(name in window.drawn)) return measure(name, options);
  const layer = name === 'ecg-traces' ? 'traces' : 'overlay';
  document.querySelector(`canvas[data-layer=${layer}]`).getContext('2d').getImageData(0, 0, 1, 1);
  window.drawn[name].push({ at: performance.now(), ms: performance.now() - options.start });
};
"""


def records(data: Path | None, n: int) -> Iterator[tuple[str, EcgRecord]]:
    """`n` ECGs with their file names."""
    if data is None:
        for name, record, _ in islice(cohort(-(-n // 6), seed=1), n):
            yield name, record
        return
    files = sorted(path for path in data.rglob("*.hea"))
    every = ((path.name, record) for path in files for record in open_all(PathSource(path, data)))
    yield from islice(((name, record) for name, record in every if is_wanted(record)), n)


def is_wanted(record: EcgRecord) -> bool:
    return record.n_leads == 12 and record.rate == RATE and abs(record.duration - SECONDS) < 0.1


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Address of a workbench on `home`, with its token."""
    command = [sys.executable, "-m", "einthoven", "serve", "--port", "0", "--home", str(home)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "250"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            found = (re.search(r"http://127\.0\.0\.1:\d+/\?token=[0-9a-f]+", line) for line in process.stdout)
            yield next(match.group() for match in found if match)
        finally:
            process.terminate()


class Table:
    """Lines of what was measured, written as they come."""

    def __init__(self) -> None:
        sys.stdout.write(f"{'':58} median   quarters\n")

    def line(self, what: str, times: Sequence[float]) -> None:
        low, middle, high = statistics.quantiles(times, n=4)
        sys.stdout.write(f"{what:58} {middle:6.1f}   {low:.1f} to {high:.1f}   (n {len(times)})\n")
        sys.stdout.flush()


def settings(page: Page, marks: str) -> None:
    """What the Viewer shall show, kept where it keeps it itself."""
    page.evaluate(
        "marks => { localStorage.setItem('einthoven-beats', JSON.stringify({ marks }));"
        " localStorage.setItem('einthoven-viewer', JSON.stringify({ panel: false })) }",
        marks,
    )


def opened(page: Page, address: str, what: str) -> float:
    """Milliseconds from asking for a page until `what` was drawn."""
    page.goto(address)
    page.wait_for_function("what => window.drawn[what].length > 0", arg=what)
    return float(page.evaluate("what => window.drawn[what][0].at", what))


def redrawn(page: Page, what: str, n: int) -> list[float]:
    """Milliseconds of each of `n` drawings that a change of the gain asks for."""
    times = []
    for _ in range(n):
        before = page.evaluate("what => window.drawn[what].length", what)
        page.keyboard.press("g")
        page.wait_for_function("([what, n]) => window.drawn[what].length > n", arg=[what, before])
        times.append(float(page.evaluate("what => window.drawn[what].at(-1).ms", what)))
    return times


def stepped(page: Page, what: str, n: int) -> list[float]:
    """Milliseconds from the key for the next ECG until `what` of it was drawn, `n` times."""
    times = []
    for _ in range(n):
        page.wait_for_load_state("networkidle")
        shown = page.get_by_test_id("viewer-page").get_attribute("data-item")
        page.evaluate("what => { window.drawn[what].length = 0; window.pressed = performance.now() }", what)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "([what, shown]) => document.querySelector('[data-testid=viewer-page]').dataset.item !== shown"
            " && document.querySelector('[data-testid=viewer-page]').getAttribute('aria-busy') === 'false'"
            " && window.drawn[what].length > 0",
            arg=[what, shown],
        )
        # Old marks may have been drawn once more before the new ones came: the last drawing counts.
        page.wait_for_load_state("networkidle")
        times.append(float(page.evaluate("what => window.drawn[what].at(-1).at - window.pressed", what)))
    return times


def answered(address: str, token: str) -> float:
    """Milliseconds until a GET is answered in full."""
    request = urllib.request.Request(address, headers={"authorization": f"Bearer {token}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        response.read()
    return 1000 * (time.perf_counter() - began)


def measure(page: Page, start: str, items: Sequence[int]) -> None:
    """Everything of the table, on ECGs whose beats nobody asked for yet."""
    base, token = start.partition("/?")[0], start.partition("token=")[2]
    viewer = [f"{base}/viewer/{item}" for item in items]
    third = len(items) // 3
    first, second, rest = viewer[:third], viewer[third : 2 * third], items[2 * third :]
    table = Table()
    page.goto(start)

    settings(page, "off")
    table.line("opening the page until the traces are drawn", [opened(page, one, "ecg-traces") for one in first])
    table.line("drawing: traces", redrawn(page, "ecg-traces", 20))
    table.line("next ECG until its traces are drawn", stepped(page, "ecg-traces", third))
    settings(page, "global")
    table.line("opening until marks are drawn, first time", [opened(page, one, "ecg-marks") for one in first])
    table.line("opening until marks are drawn, again", [opened(page, one, "ecg-marks") for one in first])
    table.line("drawing: marks of all leads together, on top of that", redrawn(page, "ecg-marks", 20))
    settings(page, "leads")
    opened(page, first[0], "ecg-marks")
    table.line("drawing: traces, while each lead's marks are on", redrawn(page, "ecg-traces", 20))
    table.line("drawing: marks of each lead, on top of that", redrawn(page, "ecg-marks", 20))
    opened(page, second[0], "ecg-marks")
    table.line("next ECG until its marks are drawn, first time", stepped(page, "ecg-marks", third - 1))

    signal = [answered(f"{base}/api/records/{item}/signal", token) for item in rest]
    table.line("HTTP: samples", signal)
    beats = [f"{base}/api/records/{item}/beats" for item in rest]
    table.line("HTTP: beats and measurements, first time", [answered(one, token) for one in beats])
    table.line("HTTP: beats and measurements, again", [answered(one, token) for one in beats])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--ecgs", type=int, default=60, help="a third of them for opening, for stepping, for HTTP")
    parser.add_argument("--size", default="1920x1080", help="of the window")
    parser.add_argument("--browser", default=next(filter(None, map(shutil.which, BROWSERS)), None))
    arguments = parser.parse_args()
    width, height = (int(part) for part in arguments.size.split("x"))
    if arguments.ecgs < 12:
        parser.error(f"--ecgs {arguments.ecgs} is too few for a median: 12 or more")
    if arguments.browser is None:
        parser.error("no Chromium or Chrome found: give its path with --browser")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        workspace = Workspace(home)
        workspace.store.ensure_dataset(DATASET)
        for i, (name, record) in enumerate(records(arguments.data, arguments.ecgs)):
            workspace.store.add(DATASET, f"{i:03d}-{name}", record)
        items = [item.id for item in workspace.store.items(DATASET, ItemQuery())[1]]
        workspace.database.close()
        sys.stdout.write(f"{len(items)} ECGs of 12 leads, {SECONDS} s, {RATE} Hz; window {arguments.size}\n")
        with serving(home) as start, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=arguments.browser, args=list(FLAGS))
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE_S * 1000)
            page.add_init_script(WATCH)
            measure(page, start, items)
            browser.close()


if __name__ == "__main__":
    main()
