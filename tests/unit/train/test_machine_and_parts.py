"""What a training asks of the machine: parts of a batch, memory, precision, and what is kept to go on."""

import math
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from einthoven.errors import Diverged, SettingError
from einthoven.models.building import build_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.results import Epoch, TrainingResult
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.config import RESUME_FILE
from einthoven.train.learner import Learner
from einthoven.train.loop import train
from einthoven.train.machine import has_room, too_little_memory
from einthoven.train.resume import training_key
from tones import tone_spec, tones

torch.set_num_threads(1)
SPEC = tone_spec(names=("slow", "fast"))
CONFIG = TrainConfig(epochs=2, maximum_rate=3e-3, batch_size=8, threads=1, device="cpu")


def _network() -> EcgNetwork:
    """Without batch normalisation, whose statistics depend on how a batch is cut."""
    network = build_network("inceptiontime", SPEC)
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.BatchNorm2d):
                setattr(module, name, torch.nn.GroupNorm(1, child.num_features))
    return network


def _data() -> TrainingData:
    a, b = tones(16, seed=1), tones(6, seed=2)
    weights = np.geomspace(0.1, 10, 16).astype(np.float32)
    return TrainingData(a.x, (a.hertz > 6).astype(np.int64), b.x, (b.hertz > 6).astype(np.int64), weights=weights)


def _run(folder: Path, config: TrainConfig, network: EcgNetwork, **more: object) -> TrainingResult:
    return train(network, _data(), SPEC, config, checkpoint=folder / "best.safetensors", **more)  # type: ignore[arg-type]


def test_a_batch_in_parts_of_unlike_weight_gives_the_same_step(tmp_path: Path) -> None:
    found = []
    for parts in (1, 4):
        network = _network()
        _run(tmp_path / str(parts), replace(CONFIG, optimiser="sgd", maximum_rate=1e-2, accumulate=parts), network)
        found.append(network)
    for a, b in zip(found[0].parameters(), found[1].parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_where_not_each_loss_is_looked_at_one_that_is_no_number_still_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Learner, "_careful", False)  # as on a GPU
    network = build_network("inceptiontime", SPEC)

    def poison(epoch: Epoch) -> None:
        with torch.no_grad():
            network.core.get_parameter("head.weight").fill_(math.nan)

    with pytest.raises(Diverged) as caught:
        _run(tmp_path, CONFIG, network, on_epoch=poison)
    assert caught.value.best_epoch == 1
    assert all(p.isfinite().all() for p in network.parameters())


def test_the_course_is_the_same_where_not_each_loss_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _run(tmp_path / "careful", CONFIG, build_network("inceptiontime", SPEC))
    monkeypatch.setattr(Learner, "_careful", False)
    other = _run(tmp_path / "not", CONFIG, build_network("inceptiontime", SPEC))
    assert [e.train_loss for e in one.epochs] == [e.train_loss for e in other.epochs]


def test_too_little_memory_while_the_rate_is_searched_cuts_batches_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Learner._sums

    def greedy(self: Learner, model: object, batch: object) -> object:
        if torch.is_grad_enabled() and len(batch) > 4:  # type: ignore[arg-type]
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return honest(self, model, batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "_sums", greedy)
    log: list[str] = []
    result = _run(tmp_path, replace(CONFIG, epochs=1, maximum_rate=None), _network(), log=log.append)
    assert len(result.epochs) == 1 and any("computed 4 ECGs at a time" in line for line in log)


def test_what_says_that_memory_is_lacking_and_what_does_not() -> None:
    lacking = (MemoryError(), torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"))
    assert all(map(too_little_memory, lacking))
    assert not any(map(too_little_memory, (RuntimeError("shapes differ"), ValueError("out of memory"))))
    assert has_room(torch.device("cpu"), 2**60)


def test_half_precision_with_few_exponents_is_for_gpus(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="fp16"):
        _run(tmp_path, replace(CONFIG, precision="fp16"), _network())


@pytest.mark.parametrize(
    "name", ["x_train", "y_train", "x_validation", "y_validation", "subject_train", "subject_validation", "weights"]
)
def test_what_was_kept_belongs_to_the_data_whatever_differs_in_them(name: str) -> None:
    told = np.zeros((16, 2), np.float32), np.zeros((6, 2), np.float32)
    data = replace(_data(), subject_train=told[0], subject_validation=told[1])
    changed = np.array(getattr(data, name))
    changed.flat[-1] += 1
    assert training_key(data, SPEC, CONFIG) == training_key(replace(data), SPEC, CONFIG)
    assert training_key(data, SPEC, CONFIG) != training_key(replace(data, **{name: changed}), SPEC, CONFIG)


def test_to_tell_trainings_apart_copies_no_ecg() -> None:
    data = replace(_data(), x_train=np.zeros((4000, 3, 100), np.float32))
    tracemalloc.start()
    training_key(data, SPEC, CONFIG)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < data.x_train.nbytes / 10


def test_what_an_earlier_version_kept_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from einthoven.train import resume

    class Killed(BaseException):
        pass

    def die(epoch: Epoch) -> None:
        raise Killed

    monkeypatch.setattr(resume, "VERSION", "1")
    with pytest.raises(Killed):
        _run(tmp_path, CONFIG, _network(), on_epoch=die)
    monkeypatch.undo()
    log: list[str] = []
    assert (tmp_path / RESUME_FILE).exists()
    assert len(_run(tmp_path, CONFIG, _network(), log=log.append).epochs) == CONFIG.epochs
    assert not any("Goes on" in line for line in log)


@pytest.mark.parametrize("architecture", ["xceptiontime", "dsail_snu"])
def test_batch_normalisation_over_several_devices_keeps_the_names_of_the_weights(architecture: str) -> None:
    network = build_network(architecture, SPEC)
    names, n = list(network.state_dict()), sum(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
    changed = torch.nn.SyncBatchNorm.convert_sync_batchnorm(network)
    assert changed is network and list(changed.state_dict()) == names
    assert sum(isinstance(m, torch.nn.SyncBatchNorm) for m in changed.modules()) >= n > 0
