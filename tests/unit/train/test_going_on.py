"""A training that is killed goes on and takes the same course."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from einthoven.errors import TrainingFailed
from einthoven.models.building import build_network
from einthoven.results import Epoch, TrainingResult
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.config import RESUME_FILE
from einthoven.train.learner import Learner
from einthoven.train.loop import train
from tones import tone_spec, tones

torch.set_num_threads(1)
SPEC = tone_spec()
CONFIG = TrainConfig(epochs=4, maximum_rate=3e-3, threads=1, device="cpu")


class Killed(BaseException):
    """As by kill -9: nothing tidies up."""


def _data() -> TrainingData:
    a, b = tones(24, seed=1), tones(12, seed=2)
    return TrainingData(a.x, (a.hertz > 6).astype(np.int64), b.x, (b.hertz > 6).astype(np.int64))


def _run(
    folder: Path, config: TrainConfig, *, die_in: int | None = None, log: list[str] | None = None
) -> TrainingResult:
    """`die_in`: the process ends in the middle of that epoch."""
    folder.mkdir(exist_ok=True)
    network, done = build_network("inceptiontime", SPEC), 0

    def on_epoch(epoch: Epoch) -> None:
        nonlocal done
        done = epoch.epoch

    def on_progress(batch: int, _: int) -> None:
        if die_in is not None and done + 1 == die_in and batch == 1:
            raise Killed

    said = [] if log is None else log
    return train(
        network, _data(), SPEC, config, checkpoint=folder / "best.safetensors", on_epoch=on_epoch,
        on_progress=on_progress, log=said.append,
    )  # fmt: skip


def _course(result: TrainingResult) -> list[tuple[float, float]]:
    return [(epoch.train_loss, epoch.validation_loss) for epoch in result.epochs]


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "nadam", "adamax", "adafactor", "rmsprop", "sgd"])
def test_a_killed_training_takes_the_same_course_with_every_optimiser(optimiser: str, tmp_path: Path) -> None:
    config = replace(CONFIG, optimiser=optimiser, epochs=3)  # type: ignore[arg-type]
    whole = _run(tmp_path / "whole", config)
    with pytest.raises(Killed):
        _run(tmp_path / "killed", config, die_in=2)
    log: list[str] = []
    resumed = _run(tmp_path / "killed", config, log=log)
    assert _course(resumed) == _course(whole) and "Goes on after epoch 1." in log
    assert resumed.best_epoch == whole.best_epoch and not (tmp_path / "killed" / RESUME_FILE).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"average": 0.9, "schedule": "one-cycle", "clip": 1.0},
        {
            "window_s": 1.0,
            "gain": 0.2,
            "noise": 0.1,
            "wander": 0.1,
            "powerline": 0.1,
            "lead_dropout": 0.1,
            "mixup": 0.2,
        },
        {"method": "head-then-whole", "epochs": 5},
        {"maximum_rate": None, "accumulate": 4, "label_smoothing": 0.1},
    ],
    ids=["averaged", "varied", "two phases", "searched"],
)
@pytest.mark.parametrize("die_in", [1, 3])
def test_whatever_the_settings_a_killed_training_takes_the_same_course(
    change: dict[str, object], die_in: int, tmp_path: Path
) -> None:
    config = replace(CONFIG, **change)  # type: ignore[arg-type]
    whole = _run(tmp_path / "whole", config)
    with pytest.raises(Killed):
        _run(tmp_path / "killed", config, die_in=die_in)
    resumed = _run(tmp_path / "killed", config)
    assert _course(resumed) == _course(whole) and resumed.maximum_rate == whole.maximum_rate


def test_what_was_kept_of_other_settings_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _run(tmp_path, CONFIG, die_in=3)
    log: list[str] = []
    _run(tmp_path, replace(CONFIG, seed=1), log=log)
    assert not any("Goes on" in line for line in log)


def test_a_damaged_file_of_what_was_kept_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _run(tmp_path, CONFIG, die_in=3)
    content = (tmp_path / RESUME_FILE).read_bytes()
    (tmp_path / RESUME_FILE).write_bytes(content[: len(content) // 2])
    assert len(_run(tmp_path, CONFIG).epochs) == CONFIG.epochs


def test_too_little_memory_halves_what_is_computed_at_once_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Learner._sums

    def greedy(self: Learner, network: object, batch: object) -> object:
        if len(batch) > 5:  # type: ignore[arg-type]
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory")
        return honest(self, network, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "_sums", greedy)
    log: list[str] = []
    result = _run(tmp_path, CONFIG, log=log)
    assert len(result.epochs) == CONFIG.epochs and all(math.isfinite(e.train_loss) for e in result.epochs)
    assert [line for line in log if "memory" in line] == [
        f"The memory was too small: batches are computed {n} ECGs at a time from here on." for n in (8, 4)
    ]


def test_memory_that_does_not_hold_one_ecg_ends_in_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hopeless(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(Learner, "_sums", hopeless)
    with pytest.raises(TrainingFailed, match="does not suffice") as caught:
        _run(tmp_path, CONFIG)
    assert "smaller architecture" in caught.value.advice


def test_a_full_disk_ends_in_advice_and_the_training_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from einthoven.train import loop

    honest, calls = loop.keep, 0

    def full(*arguments: object, **more: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(28, "No space left on device")
        honest(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "keep", full)
    with pytest.raises(TrainingFailed, match="disk is full"):
        _run(tmp_path, CONFIG)
    monkeypatch.undo()
    log: list[str] = []
    assert len(_run(tmp_path, CONFIG, log=log).epochs) == CONFIG.epochs and "Goes on after epoch 1." in log
