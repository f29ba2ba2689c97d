"""How long the API takes to answer about a library of 100,000 records.

    python benchmarks/library.py [--records 100000] [--home DIR]

Rows are made without signals: what is measured is the database and the way to JSON. Each request is made five times
after a first one; the median and the first are printed in milliseconds.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import insert

from einthoven.api.app import create_app
from einthoven.store import tables as t
from einthoven.workflows.workspace import Workspace

TOKEN = "benchmark"
CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
LIMIT_MS = 100.0


def fill(workspace: Workspace, n: int) -> None:
    """`n` records of `n // 2` patients in one dataset, every one labelled, every tenth with a doubt."""
    generator = random.Random(0)
    workspace.store.create_dataset("large")
    with workspace.database.write() as c:
        for start in range(0, n, 5000):
            ids = range(start, min(n, start + 5000))
            doubts = {k: ["flat lead: V1"] if k % 10 == 0 else [] for k in ids}
            rates = {k: (500.0, 400.0, 100.0)[k % 3] for k in ids}
            sketch = {k: [generator.lognormvariate(-1.5, 0.4) for _ in "abcde"] for k in ids}
            c.execute(insert(t.records), [
                {"id": f"{k:032x}", "rate": rates[k], "n_samples": int(rates[k] * 10), "n_leads": 12, "amplitude": "mV",
                 "format": ("wfdb", "dicom", "csv")[k % 3], "simulated": False, "doubts": doubts[k],
                 "sha256": f"{k:064x}", "part": 0, "grade": ("good", "usable", "poor")[k % 3],
                 **{f"sketch_{part}": value for part, value in zip("abcde", sketch[k], strict=True)}}
                for k in ids
            ])  # fmt: skip
            c.execute(insert(t.items), [
                {"id": k + 1, "dataset_id": 1, "record_id": f"{k:032x}",
                 "file_name": f"d-{k % 97:012x}/f-{k:012x}.hea", "subject": f"p-{k // 2:012x}",
                 "age": generator.uniform(18, 90), "sex": "FM"[k % 2], "fold": 1 + k % 10,
                 "rate": rates[k], "duration": 10.0, "n_doubts": len(doubts[k]),
                 "format": ("wfdb", "dicom", "csv")[k % 3], "grade": ("good", "usable", "poor")[k % 3]}
                for k in ids
            ])  # fmt: skip
    with workspace.database.write() as c:
        classes = [{"name": name, "title": name, "codes": {}} for name in CLASSES]
        c.execute(insert(t.tasks).values(
            id=1, dataset_id=1, name="superclass", title="", kind="single-label", unit="", classes=classes, left_out={},
        ))  # fmt: skip
        c.execute(insert(t.answers), [{"task_id": 1, "item_id": k + 1, "label": CLASSES[k % 5]} for k in range(n)])


def requests(n: int) -> dict[str, str]:
    records = "/api/datasets/large/records?limit=200"
    return {
        "datasets": "/api/datasets",
        "records, first page": records,
        "records, last page": f"{records}&offset={n - 200}",
        "records, by age": f"{records}&sort=age",
        "records, by rate, last first": f"{records}&sort=rate&descending=true",
        "records, by duration, in the middle": f"{records}&sort=duration&offset={n // 2}",
        "records with doubts": f"{records}&only_doubts=true",
        "records of a class": f"{records}&task=superclass&label=MI",
        "records of a fold, a sex, an age": f"{records}&folds=9&sex=F&age_from=40&age_to=50",
        "search for a stored name": f"{records}&search=f-0000000001",
        "search for a name": f"{records}&search=Smith",
        "summary of the dataset": "/api/datasets/large",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(arguments.home or Path(folder))
        began = time.perf_counter()
        fill(workspace, arguments.records)
        sys.stdout.write(f"{arguments.records} rows made in {time.perf_counter() - began:.0f} s\n")
        headers = {"authorization": f"Bearer {TOKEN}"}
        client = TestClient(create_app(workspace, token=TOKEN), base_url="http://127.0.0.1", headers=headers)
        slow = []
        for what, address in requests(arguments.records).items():
            times = []
            for _ in range(6):
                began = time.perf_counter()
                response = client.get(address)
                times.append(1000 * (time.perf_counter() - began))
                assert response.status_code == 200, response.text
            middle = statistics.median(times[1:])
            if middle > LIMIT_MS:
                slow.append(what)
            sys.stdout.write(f"{what:40} {middle:7.1f} ms   (first {times[0]:.1f})\n")
        sys.stdout.write(f"above {LIMIT_MS:g} ms: {', '.join(slow) or 'none'}\n")


if __name__ == "__main__":
    main()
