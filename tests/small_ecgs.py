"""Small ECGs and their files for tests of everything that is not about signals: two seconds, twelve leads."""

import io
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.leads import STANDARD_12
from einthoven.record import Amplitude, EcgRecord, Sex, SourceInfo, Subject
from einthoven.results import Epoch, Failure
from einthoven.store.database import Database
from einthoven.workflows.workspace import Workspace

RATE = 100.0
N_SAMPLES = 200


def signal(seed: int, *, hertz: float = 2.0) -> np.ndarray:
    """Noise of 0.1 mV and a tone of 1 mV in every lead, float32 `(12, 200)`."""
    rng = np.random.default_rng(seed)
    time = np.arange(N_SAMPLES) / RATE
    tone = np.sin(2 * np.pi * hertz * time + rng.uniform(0, 2 * np.pi))
    return (tone + rng.normal(0, 0.1, (len(STANDARD_12), N_SAMPLES))).astype(np.float32)


def ecg(
    seed: int = 0,
    *,
    hertz: float = 2.0,
    subject: str | None = None,
    age: float | None = None,
    sex: Sex | None = None,
    amplitude: Amplitude = "mV",
    doubts: tuple[str, ...] = (),
    simulated: bool = False,
    rate: float = RATE,
) -> EcgRecord:
    """A record that was never in a file; equal for equal seeds."""
    source = SourceInfo("made.npz", "npz", sha256=f"{seed:064d}", doubts=doubts, simulated=simulated)
    return EcgRecord(signal(seed, hertz=hertz), STANDARD_12, rate, amplitude, source, Subject(subject, age, sex))


def npz(seed: int = 0, **beside: object) -> bytes:
    """A file that states everything; `beside`: further arrays, such as `patient_id`, or another `ecg`."""
    arrays = {"ecg": signal(seed), "fs": RATE, "unit": "mV", "leads": STANDARD_12, **beside}
    stream = io.BytesIO()
    np.savez(stream, **{name: np.array(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return stream.getvalue()


def bare_csv(seed: int = 0) -> bytes:
    """Twelve columns of numbers: leads are named, but neither unit nor rate is stated."""
    rows = [",".join(STANDARD_12), *(",".join(f"{v:.4f}" for v in row) for row in signal(seed).T)]
    return "\n".join(rows).encode()


HINTS = "unit=mV,rate=100"
"""What `bare_csv` does not say."""


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files by relative path below `folder`, which is answered."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@cache
def _migrated() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "einthoven.db"
    Database(path).close()
    return path, folder


def new_database(home: Path) -> Database:
    """An empty library in a folder. Its tables are copied, since running the migrations takes much longer."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_migrated()[0], home / "einthoven.db")
    return Database(home / "einthoven.db")


def new_workspace(home: Path) -> Workspace:
    """An empty installation in a folder."""
    new_database(home).close()
    return Workspace(home)


def fill(
    workspace: Workspace, dataset: str, *, n: int = 24, first: int = 0, simulated: bool = False, folds: int = 4
) -> dict[str, tuple[str, ...]]:
    """Put `n` ECGs, slow (2 Hz) and fast (7 Hz) in turn, each of its own subject, into a dataset; their classes.

    Neither age nor sex tells a class.
    """
    workspace.store.ensure_dataset(dataset)
    answers: dict[str, tuple[str, ...]] = {}
    for i in range(first, first + n):
        name = f"secret-name-{i:03d}.npz"
        age, sex = 30.0 + 7 * (i // 2) % 50, "F" if i // 2 % 2 else "M"
        tone, subject = 7.0 if i % 2 else 2.0, f"secret-subject-{i:03d}"
        record = ecg(i, hertz=tone, subject=subject, age=age, sex=sex, simulated=simulated)
        workspace.store.add(dataset, name, record, fold=1 + (i // 2) % folds)
        answers[name] = ("fast" if i % 2 else "slow",)
    return answers


def levels(*means: float, seed: int = 0) -> np.ndarray:
    """A signal whose first leads have exactly these means in mV, float32 `(12, 200)`."""
    made = signal(seed).astype(np.float64)
    made -= made.mean(axis=1, keepdims=True)
    made[: len(means)] += np.array(means)[:, None]
    return made.astype(np.float32)


class Notes:
    """A Reporter that remembers; `cancel_after` says after how many questions it asks to stop."""

    job_id = "job"

    def __init__(self, folder: Path, *, cancel_after: int | None = None) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.failures: list[Failure] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.cancel_after = cancel_after

    def progress(self, done: float, total: float, message: str = "") -> None:
        assert 0 <= done <= total or total == 0, (done, total, message)

    def log(self, text: str) -> None:
        self.lines.append(text)

    def epoch(self, epoch: Epoch) -> None:
        self.events.append(("epoch", {}))

    def failure(self, failure: Failure) -> None:
        self.failures.append(failure)

    def event(self, kind: str, data: dict[str, Any]) -> None:
        self.events.append((kind, data))

    def cancel_requested(self) -> bool:
        if self.cancel_after is None:
            return False
        self.cancel_after -= 1
        return self.cancel_after < 0
