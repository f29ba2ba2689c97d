"""A training on several devices, here processes on the processor: the same steps as one process, and a clear end."""

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from einthoven.errors import Cancelled, SettingError, TrainingFailed
from einthoven.models.building import build_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.results import Epoch, TrainingResult
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.config import RESUME_FILE
from einthoven.train.loop import Ears, train
from einthoven.train.team import share
from fragile_layers import Deadly, Greedy
from tones import tone_spec, tones

pytest.importorskip("lightning_fabric")
torch.set_num_threads(1)
NAMES = ("slow", "fast", "never")
SPEC = tone_spec(names=NAMES)
# Classes and ECGs of very different weight: in no batch do the two halves weigh the same.
CONFIG = TrainConfig(epochs=2, maximum_rate=1e-2, batch_size=8, optimiser="sgd", threads=1, device="cpu", clip=5.0)


def _network() -> EcgNetwork:
    """Without batch normalisation, which looks at the whole batch on GPUs only."""
    network = build_network("inceptiontime", SPEC)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.BatchNorm2d):
                setattr(module, name, torch.nn.GroupNorm(1, child.num_features))
    return network


def _data() -> TrainingData:
    a, b = tones(20, seed=1), tones(7, seed=2)
    y = np.where(np.arange(20) % 7 == 0, 1, 0)
    own = np.linspace(0.2, 3, 20).astype(np.float32)
    return TrainingData(a.x, y, b.x, (np.arange(7) % 3 == 0).astype(np.int64), weights=own)


def _several(folder: Path, config: TrainConfig, ears: Ears, network: EcgNetwork, n: int = 2) -> TrainingResult:
    from einthoven.train.several import train_on_several

    folder.mkdir(exist_ok=True)
    checkpoint = folder / "best.safetensors"
    return train_on_several(network, _data(), SPEC, config, checkpoint, ears, n=n, accelerator="cpu")


def _one(folder: Path, config: TrainConfig, network: EcgNetwork) -> TrainingResult:
    return train(network, _data(), SPEC, config, checkpoint=folder / "one" / "best.safetensors")


def test_two_processes_take_the_steps_of_one(tmp_path: Path) -> None:
    alone, together = (_network() for _ in range(2))
    before = [p.detach().clone() for p in alone.parameters()]
    seen, log = list[Epoch](), list[str]()
    config = replace(CONFIG, average=0.5, accumulate=2)
    one = _one(tmp_path, config, alone)
    two = _several(tmp_path, config, Ears(on_epoch=seen.append, log=log.append), together)
    for a, b in zip(alone.parameters(), together.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert any(not torch.allclose(p, c, atol=1e-4) for p, c in zip(together.parameters(), before, strict=True))
    for first, second in zip(one.epochs, two.epochs, strict=True):
        assert second.train_loss == pytest.approx(first.train_loss, rel=1e-4)
        assert second.validation_loss == pytest.approx(first.validation_loss, rel=1e-4) and second.f1 == first.f1
    assert tuple(seen) == two.epochs and any("on 2 devices" in line for line in log)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.safetensors", "one"]


@pytest.mark.slow  # five times two processes
def test_a_training_that_is_killed_goes_on_and_one_that_is_cancelled_keeps_its_best(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    config = replace(CONFIG, epochs=3, gain=0.2)
    whole = _several(tmp_path / "whole", config, Ears(), _network())
    done = 0

    def on_epoch(epoch: Epoch) -> None:
        nonlocal done
        done = epoch.epoch

    def on_progress(batch: int, _: int) -> None:
        if done == 2 and batch == 2:
            raise Killed

    with pytest.raises(Killed):
        _several(tmp_path / "again", config, Ears(on_epoch, on_progress), _network())
    assert [path.name for path in (tmp_path / "again").iterdir() if path.is_dir()] == []
    log, said, network = list[str](), list[Epoch](), _network()
    ears = Ears(on_epoch=said.append, log=log.append)
    resumed = _several(tmp_path / "again", config, ears, network)
    assert "Goes on after epoch 2." in log and [epoch.epoch for epoch in said] == [3]
    courses = [[(e.train_loss, e.validation_loss) for e in one.epochs] for one in (whole, resumed)]
    assert courses[0] == courses[1] and not (tmp_path / "again" / RESUME_FILE).exists()

    seen = list[Epoch]()
    ears = Ears(on_epoch=seen.append, should_stop=lambda: bool(seen))
    stopped = _several(tmp_path / "stopped", replace(config, epochs=500), ears, network)
    assert stopped.stopped == "cancelled" and 1 <= len(stopped.epochs) < 500
    with pytest.raises(Cancelled):
        _several(tmp_path / "at once", config, Ears(should_stop=lambda: True), _network())


def test_too_little_memory_on_one_device_halves_what_all_compute_at_once(tmp_path: Path) -> None:
    network, log = _network(), list[str]()
    network.core = torch.nn.Sequential(Greedy(3), network.core)
    object.__setattr__(network, "entry", replace(network.entry, head="1.head"))
    result = _several(tmp_path, CONFIG, Ears(log=log.append), network)
    assert len(result.epochs) == 2 and all(math.isfinite(e.train_loss) for e in result.epochs)
    assert any("computed 4 ECGs at a time" in line for line in log)


def test_a_process_that_dies_ends_the_training_with_advice(tmp_path: Path) -> None:
    network = _network()
    network.core = torch.nn.Sequential(Deadly(), network.core)
    object.__setattr__(network, "entry", replace(network.entry, head="1.head"))
    with pytest.raises(TrainingFailed, match="ended unexpectedly") as caught:
        _several(tmp_path, CONFIG, Ears(), network)
    assert "Resume" in caught.value.advice and (tmp_path / RESUME_FILE).exists()


def test_several_devices_are_refused_on_the_processor(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="devices = 2"):
        _one(tmp_path, replace(CONFIG, devices=2), _network())


@pytest.mark.parametrize(("n", "size", "shares"), [(7, 3, [3, 2, 2]), (2, 4, [1, 1, 0, 0]), (8, 1, [8])])
def test_shares_cover_everything_once(n: int, size: int, shares: list[int]) -> None:
    parts = [list(range(n))[share(SimpleNamespace(rank=rank, size=size), n)] for rank in range(size)]  # type: ignore[arg-type]
    assert [len(part) for part in parts] == shares and [one for part in parts for one in part] == list(range(n))
