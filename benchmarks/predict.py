"""Milliseconds that an answer of a model takes, in process and through a real server, and the memory of it.

    python benchmarks/predict.py [--architectures xceptiontime] [--ecgs 500] [--rate 500]

Simulated ECGs of 12 leads, 10 s, 500 Hz lie in a library of their own; the model is trained for one epoch (what it
answers does not matter for the time). "model": onnxruntime on arrays that are ready, median of 50. "in process": from
the stored record to the answer (loaded, filtered, resampled, answered). "HTTP": the same asked of `einthoven serve`,
one by one, and as a job over all ECGs, from the request until its result can be read; memory is that of the process.
Nothing of an ECG is kept between two questions, so that each is as slow as if it were the first about that ECG.

The second table says where the time of one ECG goes: "found": its row, its labels and the model's row in the database;
"loaded": its signal; "prepared": filtered, resampled, checked; "model": onnxruntime, as part of the whole, where it
finds other data in the caches than when it is asked again and again; "HTTP": what the server adds; "first": the first
answer of a model in a process, which is read, checked and made ready for it.
"""

import argparse
import http.client
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import einthoven
from einthoven.infer import Predictor
from einthoven.signal.resampling import resample
from einthoven.simulate import cohort
from einthoven.store.types import ItemQuery
from einthoven.tensors import MOST_WINDOWS, prepare
from einthoven.workflows.predict import asked, predict_one
from einthoven.writers import WRITERS

DATASET = "predicted"
REPEATS = 50


def main() -> None:
    arguments = _arguments()
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {machine}: `python {' '.join(sys.argv)}`\n")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        bench = _library(home, Path(folder) / "ecgs", arguments.ecgs, rate=arguments.rate)
        rows = [f"| architecture | model, 1 ECG | in process, 1 ECG | HTTP, 1 ECG | model, {arguments.ecgs} ECGs, s "
                f"| in process, {arguments.ecgs} ECGs, s | HTTP job, {arguments.ecgs} ECGs, s | MB |",
                "|---|---|---|---|---|---|---|---|"]  # fmt: skip
        parts = ["| architecture | found | loaded | prepared | model | HTTP | first in process | first over HTTP |",
                 "|---|---|---|---|---|---|---|---|"]  # fmt: skip
        for architecture in arguments.architectures:
            model = bench.train(DATASET, "diagnosis", architecture=architecture, settings={"epochs": 1}).model
            measured, share = _measured(home, model)
            rows.append("| " + " | ".join([architecture, *measured]) + " |")
            parts.append("| " + " | ".join([architecture, *share]) + " |")
        print("\n".join([*rows, "", *parts]))


def _measured(home: Path, model: str) -> tuple[list[str], list[str]]:
    bench = einthoven.Workbench(home)
    total, items = bench.workspace.store.items(DATASET, ItemQuery())

    def answered(k: int) -> None:
        predict_one(bench.workspace, items[k % total].id, model)

    first = 1000 * _seconds(lambda: answered(0))
    predictor = Predictor(bench.workspace.models.graph(model))
    x = np.random.default_rng(0).standard_normal((total, len(predictor.spec.leads), predictor.spec.n_samples))
    x = x.astype(np.float32)
    alone = _median(lambda k: predictor.run(x[k % total][None]))
    process = _median(answered)
    shares = _shares(bench, [item.id for item in items], model)
    whole = _seconds(lambda: predictor.run(x))
    job = _seconds(lambda: bench.predict(model, dataset=DATASET))
    with _server(home) as (connection, token, pid):

        def ask(k: int) -> None:
            _call(connection, token, "POST", f"/api/records/{items[k % total].id}/predict", form={"model": model})

        first_served = 1000 * _seconds(lambda: ask(0))
        served = _median(ask)
        queued = _seconds(lambda: _job(connection, token, model))
        server_mb = psutil.Process(pid).memory_info().rss / 1e6
    measured = [f"{alone:.1f}", f"{process:.1f}", f"{served:.1f}", f"{whole:.1f}", f"{job:.1f}", f"{queued:.1f}",
                f"{server_mb:.0f} (server)"]  # fmt: skip
    return measured, [*(f"{ms:.2f}" for ms in (*shares, served - process)), f"{first:.0f}", f"{first_served:.0f}"]


def _shares(bench: einthoven.Workbench, items: list[int], model: str) -> list[float]:
    """Milliseconds of finding, loading, preparing and answering, each as `predict_one` does it; medians."""
    workspace = bench.workspace
    times = []
    for k in range(REPEATS + 5):
        marks = [time.perf_counter()]
        item, predictor = workspace.store.item(items[k % len(items)]), asked(workspace, model).predictor
        marks.append(time.perf_counter())
        record = workspace.store.load(item)
        marks.append(time.perf_counter())
        prepared = prepare(record, predictor.spec, most_windows=MOST_WINDOWS)
        marks.append(time.perf_counter())
        predictor.run(prepared.array[np.newaxis])
        marks.append(time.perf_counter())
        times.append(1000 * np.diff(marks))
    return [float(ms) for ms in np.median(times[5:], axis=0)]


def _library(home: Path, folder: Path, n: int, *, rate: float) -> einthoven.Workbench:
    folder.mkdir()
    rows = ["file_name,diagnosis"]
    for name, record, diagnosis in cohort(-(-n // 6), seed=0):
        if len(rows) > n:
            break
        stem = Path(name).stem
        for file_name, content in WRITERS.require("npz").write(resample(record, rate), stem).files.items():
            (folder / file_name).write_bytes(content)
            rows.append(f"{file_name},{diagnosis}")
    (folder / "labels.csv").write_text("\n".join(rows))
    bench = einthoven.Workbench(home)
    bench.import_files(folder, dataset=DATASET)
    if not bench.tasks(DATASET):
        bench.import_labels(DATASET, folder / "labels.csv", task="diagnosis", label_column="diagnosis")
    return bench


def _median(call: Callable[[int], Any]) -> float:
    """Milliseconds."""
    times = []
    for k in range(REPEATS + 5):
        began = time.perf_counter()
        call(k)
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[5:])


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


@contextmanager
def _server(home: Path) -> Iterator[tuple[http.client.HTTPConnection, str, int]]:
    """A connection to a workbench on `home`, its token and its process."""
    command = [sys.executable, "-m", "einthoven", "serve", "--port", "0", "--home", str(home)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "250"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            found = (re.search(r"127\.0\.0\.1:(\d+)/\?token=([0-9a-f]+)", line) for line in process.stdout)
            port, token = next(match.groups() for match in found if match)
            yield http.client.HTTPConnection("127.0.0.1", int(port)), token, process.pid
        finally:
            process.terminate()


def _call(
    connection: http.client.HTTPConnection, token: str, method: str, path: str, *,
    form: dict[str, str] | None = None, document: Any = None,
) -> Any:  # fmt: skip
    headers = {"Authorization": f"Bearer {token}"}
    body = None
    if form is not None:
        body, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
    if document is not None:
        body, headers["Content-Type"] = json.dumps(document), "application/json"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 400:
        raise SystemExit(content.decode())
    return json.loads(content)


def _job(connection: http.client.HTTPConnection, token: str, model: str) -> None:
    job = _call(connection, token, "POST", "/api/predictions", document={"model": model, "dataset": DATASET})["id"]
    while _call(connection, token, "GET", f"/api/predictions/{job}?limit=200") is None:
        time.sleep(0.05)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", nargs="+", default=["xceptiontime"])
    parser.add_argument("--ecgs", type=int, default=500)
    parser.add_argument("--rate", type=float, default=500.0, help="samples per second at which the ECGs are stored")
    return parser.parse_args()


if __name__ == "__main__":
    main()
