"""The training loop on a problem with a known answer."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from einthoven.errors import Cancelled, LabelError, SettingError, TrainingFailed
from einthoven.models.building import build_network, load_network, network_from
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.weights import save_weights
from einthoven.results import Epoch, TrainingResult
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.loop import train
from tones import Tones, tone_spec, tones

torch.set_num_threads(1)
SPEC = tone_spec()
QUICK = TrainConfig(epochs=3, maximum_rate=3e-3, threads=1, device="cpu")


def _single(t: Tones) -> np.ndarray:
    return (t.hertz > 6).astype(np.int64)


def _data(n_train: int = 48, n_validation: int = 24) -> TrainingData:
    a, b = tones(n_train, seed=1), tones(n_validation, seed=2)
    return TrainingData(a.x, _single(a), b.x, _single(b))


def _answers(network: EcgNetwork, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network.eval()(torch.from_numpy(x)).numpy()


def _train(
    network: EcgNetwork, data: TrainingData, config: TrainConfig, folder: Path, **more: object
) -> TrainingResult:
    return train(network, data, SPEC, config, checkpoint=folder / "best.safetensors", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", ["xceptiontime", "inceptiontime"])
def test_tones_are_told_apart_in_ecgs_that_training_never_saw(architecture: str, tmp_path: Path) -> None:
    network, log = build_network(architecture, SPEC), list[str]()
    result = _train(network, _data(), replace(QUICK, epochs=4, maximum_rate=None), tmp_path, log=log.append)
    fresh = tones(40, seed=3)
    assert (_answers(network, fresh.x).argmax(axis=1) == _single(fresh)).mean() >= 0.95
    assert result.maximum_rate == result.rate_search["chosen"] and any("found in" in line for line in log)
    assert result.parameters == result.trained_parameters == sum(p.numel() for p in network.parameters())


def test_shuffled_labels_teach_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b, c = tones(48, seed=1), tones(48, seed=2), tones(200, seed=3)
    data = TrainingData(a.x, rng.permutation(_single(a)), b.x, rng.permutation(_single(b)))
    network = build_network("inceptiontime", SPEC)
    _train(network, data, QUICK, tmp_path)
    logits = _answers(network, c.x)
    shuffled = rng.permutation(_single(c))
    assert roc_auc_score(shuffled, logits[:, 1] - logits[:, 0]) == pytest.approx(0.5, abs=0.15)


def test_the_network_carries_the_weights_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    network, data, seen = build_network("inceptiontime", SPEC), _data(), list[Epoch]()
    result = _train(network, data, replace(QUICK, epochs=4), tmp_path, on_epoch=seen.append)
    assert tuple(seen) == result.epochs and [e.epoch for e in seen] == [1, 2, 3, 4]
    best = min(seen, key=lambda e: e.validation_loss)
    assert result.best_epoch == best.epoch and result.stopped == "finished"
    logits = torch.from_numpy(_answers(network, data.x_validation))
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(data.y_validation))
    assert float(loss) == pytest.approx(best.validation_loss, rel=1e-4)
    saved = load_network(tmp_path / "best.safetensors", SPEC)
    assert np.array_equal(_answers(saved, data.x_validation), _answers(network, data.x_validation))


def test_keep_last_carries_the_weights_of_the_last_epoch_whatever_its_loss(tmp_path: Path) -> None:
    network, data = build_network("inceptiontime", SPEC), _data(24, 8)
    falling = replace(data, y_validation=1 - data.y_validation)  # the better it learns, the worse it answers these
    result = _train(network, falling, replace(QUICK, epochs=4, patience=1, keep="last"), tmp_path)
    assert len(result.epochs) == result.best_epoch == 4 and result.stopped == "finished"
    assert result.epochs[-1].validation_loss > min(e.validation_loss for e in result.epochs)
    loss = torch.nn.functional.cross_entropy(
        torch.from_numpy(_answers(network, falling.x_validation)), torch.from_numpy(falling.y_validation)
    )
    assert float(loss) == pytest.approx(result.epochs[-1].validation_loss, rel=1e-4)


def test_the_rate_search_is_not_moved_by_which_ecgs_a_batch_holds(tmp_path: Path) -> None:
    """At rates too low to learn anything the loss is that of the untrained network, however hard the batch."""
    network, data = build_network("inceptiontime", SPEC), _data(16, 8)
    loud = data.x_train * np.linspace(0.1, 3, 16)[:, None, None]
    search = _train(network, replace(data, x_train=loud.astype(np.float32)), replace(
        QUICK, epochs=1, maximum_rate=None, batch_size=2), tmp_path).rate_search  # fmt: skip
    assert search["losses"][:2] == pytest.approx([1, 1], abs=0.02)


def test_the_learning_rate_falls_by_gamma_after_each_epoch(tmp_path: Path) -> None:
    result = _train(build_network("inceptiontime", SPEC), _data(16, 8), replace(QUICK, gamma=0.5), tmp_path)
    assert [e.learning_rate for e in result.epochs] == pytest.approx([3e-3, 1.5e-3, 0.75e-3])


def test_the_same_seed_gives_the_same_course_and_another_seed_another(tmp_path: Path) -> None:
    courses = [
        [
            (e.train_loss, e.validation_loss)
            for e in _train(
                build_network("xceptiontime", SPEC, seed=seed),
                _data(24, 8),
                replace(QUICK, epochs=2, seed=seed),
                tmp_path,
            ).epochs
        ]
        for seed in (1, 1, 2)
    ]
    assert courses[0] == courses[1] != courses[2]


def test_training_leaves_torchs_own_randomness_and_threads_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    _train(build_network("inceptiontime", SPEC), _data(4, 4), replace(QUICK, epochs=1, threads=2), tmp_path)
    assert torch.equal(torch.rand(1), expected) and torch.get_num_threads() == 1


def test_the_rate_finder_never_looks_at_validation_data(tmp_path: Path) -> None:
    clean, config = _data(16, 8), replace(QUICK, epochs=1, maximum_rate=None, batch_size=8)
    poisoned = replace(clean, x_validation=np.full_like(clean.x_validation, 1e6), y_validation=1 - clean.y_validation)
    searches = [
        dict(_train(build_network("inceptiontime", SPEC), data, config, tmp_path).rate_search)
        for data in (clean, poisoned)
    ]
    for search in searches:
        del search["seconds"]
    assert searches[0] == searches[1] and len(searches[0]["rates"]) > 5


def test_the_rate_finder_leaves_the_network_as_it_was(tmp_path: Path) -> None:
    data, config = _data(16, 8), replace(QUICK, epochs=2, maximum_rate=None, batch_size=8)
    result = _train(build_network("inceptiontime", SPEC), data, config, tmp_path)
    given = replace(config, maximum_rate=result.maximum_rate)
    assert _train(build_network("inceptiontime", SPEC), data, given, tmp_path).epochs[-1].validation_loss == (
        result.epochs[-1].validation_loss
    )


@pytest.mark.parametrize(("n", "batches"), [(16, 1), (17, 1), (18, 2), (33, 2)])
def test_a_last_batch_of_one_joins_the_one_before(n: int, batches: int, tmp_path: Path) -> None:
    progress = list[tuple[int, int]]()
    _train(
        build_network("inceptiontime", SPEC),
        _data(n, 4),
        replace(QUICK, epochs=1),
        tmp_path,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    assert progress == [(i + 1, batches) for i in range(batches)]


def test_a_training_that_gets_no_better_stops_early(tmp_path: Path) -> None:
    data = _data(16, 8)
    flipped = replace(data, y_validation=1 - data.y_validation)
    config = replace(QUICK, epochs=30, patience=2)
    result = _train(build_network("inceptiontime", SPEC), flipped, config, tmp_path)
    assert result.stopped == "early" and len(result.epochs) == result.best_epoch + 2


def test_cancelling_keeps_the_best_checkpoint(tmp_path: Path) -> None:
    network, data, seen = build_network("inceptiontime", SPEC), _data(32, 16), list[Epoch]()
    result = _train(
        network, data, replace(QUICK, epochs=50), tmp_path, on_epoch=seen.append, should_stop=lambda: len(seen) >= 2
    )
    assert result.stopped == "cancelled" and len(result.epochs) == 2
    saved = load_network(tmp_path / "best.safetensors", SPEC)
    assert np.array_equal(_answers(saved, data.x_validation), _answers(network, data.x_validation))


def test_cancelling_before_there_is_a_checkpoint_leaves_no_model(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        _train(build_network("inceptiontime", SPEC), _data(16, 8), QUICK, tmp_path, should_stop=lambda: True)
    assert not list(tmp_path.iterdir())


def test_a_loss_that_is_no_number_fails_with_advice_and_keeps_the_earlier_checkpoint(tmp_path: Path) -> None:
    network, data = build_network("inceptiontime", SPEC), _data(32, 16)

    def poison(epoch: Epoch) -> None:
        with torch.no_grad():
            network.core.get_parameter("head.weight").fill_(math.nan)

    with pytest.raises(TrainingFailed, match=r"epoch 2.*epoch 1 are kept.*lower maximum rate"):
        _train(network, data, QUICK, tmp_path, on_epoch=poison)
    assert np.isfinite(_answers(network, data.x_validation)).all()
    assert np.isfinite(_answers(load_network(tmp_path / "best.safetensors", SPEC), data.x_validation)).all()


def test_a_rate_that_is_far_too_high_fails_or_leaves_a_finite_model(tmp_path: Path) -> None:
    network, config = build_network("xceptiontime", SPEC), replace(QUICK, optimiser="sgd", maximum_rate=10.0)
    try:
        _train(network, _data(32, 16), config, tmp_path)
    except TrainingFailed as error:
        assert "maximum rate" in error.advice
    else:
        assert np.isfinite(_answers(network, tones(4).x)).all()


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_each_optimiser_makes_the_loss_smaller(optimiser: str, tmp_path: Path) -> None:
    config = replace(QUICK, optimiser=optimiser)
    epochs = _train(build_network("inceptiontime", SPEC), _data(32, 8), config, tmp_path).epochs
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_one_class_is_refused(tmp_path: Path) -> None:
    data = _data(16, 8)
    with pytest.raises(LabelError, match="only the class"):
        _train(build_network("inceptiontime", SPEC), replace(data, y_train=data.y_train * 0), QUICK, tmp_path)


def test_validation_without_any_trained_class_is_refused(tmp_path: Path) -> None:
    spec, data = tone_spec(names=("slow", "fast", "other")), _data(16, 8)
    network = build_network("inceptiontime", spec)
    data = replace(data, y_validation=np.full_like(data.y_validation, 2))
    with pytest.raises(LabelError, match="validation"):
        train(network, data, spec, QUICK, checkpoint=tmp_path / "best.safetensors")


def test_classes_without_validation_members_are_said(tmp_path: Path) -> None:
    spec, data, log = tone_spec(names=("slow", "fast", "other")), _data(16, 8), list[str]()
    train(
        build_network("inceptiontime", spec),
        data,
        spec,
        replace(QUICK, epochs=1),
        checkpoint=tmp_path / "best.safetensors",
        log=log.append,
    )
    assert any("No validation ECG has other" in line for line in log)
    assert any("No training ECG is of class other" in line for line in log)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cuda"):
        _train(build_network("inceptiontime", SPEC), _data(16, 8), replace(QUICK, device="cuda"), tmp_path)


def test_absent_samples_do_not_disturb(tmp_path: Path) -> None:
    data = _data(32, 16)
    data.x_train[::3, :, 60:] = np.nan
    data.x_validation[0, 2] = np.nan
    result = _train(build_network("inceptiontime", SPEC), data, QUICK, tmp_path)
    assert all(math.isfinite(e.train_loss) and math.isfinite(e.validation_loss) for e in result.epochs)


def test_several_labels_at_once_are_learned(tmp_path: Path) -> None:
    spec = tone_spec("multi-label", names=("slow", "fast", "never"))
    a, b = tones(48, seed=1), tones(24, seed=2)
    y = [np.stack([t.hertz < 6, t.hertz > 6, t.hertz < 0], axis=1).astype(np.float32) for t in (a, b)]
    network = build_network("inceptiontime", spec)
    data = TrainingData(a.x, y[0], b.x, y[1])
    result = train(network, data, spec, replace(QUICK, epochs=5), checkpoint=tmp_path / "best.safetensors")
    best = result.epochs[result.best_epoch - 1]
    assert best.f1 is not None and best.f1 >= 0.9
    assert ((_answers(network, b.x) > 0)[:, :2] == (y[1] > 0)[:, :2]).mean() >= 0.9


def test_a_quantity_is_learned_and_answered_in_its_own_unit(tmp_path: Path) -> None:
    spec = tone_spec("regression", names=("tone",), unit="1/min")
    hertz = np.random.default_rng(0).uniform(2, 12, 84)
    t = tones(84, hertz)
    per_minute = (60 * hertz[:, None]).astype(np.float32)
    network = build_network("inceptiontime", spec)
    data = TrainingData(t.x[:64], per_minute[:64], t.x[64:], per_minute[64:])
    checkpoint = tmp_path / "best.safetensors"
    result = train(network, data, spec, replace(QUICK, epochs=10), checkpoint=checkpoint)
    error = np.abs(_answers(network, t.x[64:]) - per_minute[64:]).mean()
    assert error < 0.35 * per_minute.std() and all(e.f1 is None for e in result.epochs)
    again = load_network(checkpoint, spec)
    assert np.array_equal(_answers(again, t.x), _answers(network, t.x))


def test_going_on_with_a_quantity_keeps_its_scale(tmp_path: Path) -> None:
    spec, t = tone_spec("regression", names=("tone",)), tones(16)
    y = (60 * t.hertz[:, None]).astype(np.float32)
    network, checkpoint = build_network("inceptiontime", spec), tmp_path / "best.safetensors"
    train(network, TrainingData(t.x, y, t.x, y), spec, replace(QUICK, epochs=1), checkpoint=checkpoint)
    scale = network.unit.get_buffer("scale").clone()
    onward = network_from(checkpoint, spec, spec)
    config = replace(QUICK, epochs=1, method="whole")
    train(onward, TrainingData(t.x, y * 3, t.x, y * 3), spec, config, checkpoint=tmp_path / "next.safetensors")
    assert torch.equal(onward.unit.get_buffer("scale"), scale)


@pytest.mark.parametrize("architecture", ["xceptiontime", "inceptiontime"])
def test_training_the_head_alone_leaves_the_body_as_it_was(architecture: str, tmp_path: Path) -> None:
    base = build_network(architecture, SPEC)
    save_weights(base, tmp_path / "base.safetensors")
    network = network_from(tmp_path / "base.safetensors", SPEC, tone_spec(names=("a", "b")))
    before = {k: v.clone() for k, v in network.core.state_dict().items()}
    result = _train(network, _data(32, 8), replace(QUICK, method="head"), tmp_path)
    changed = {k for k, v in network.core.state_dict().items() if not torch.equal(v, before[k])}
    assert changed and all(name.startswith("head") for name in changed)
    assert result.trained_parameters == sum(p.numel() for p in network.head.parameters()) < result.parameters


def test_training_goes_on_faster_from_weights_that_know_the_answer(tmp_path: Path) -> None:
    data = _data()
    first = build_network("inceptiontime", SPEC)
    _train(first, data, replace(QUICK, epochs=5), tmp_path)
    save_weights(first, tmp_path / "base.safetensors")
    onward = network_from(tmp_path / "base.safetensors", SPEC, SPEC)
    scratch = build_network("inceptiontime", SPEC, seed=4)
    one = replace(QUICK, epochs=1, maximum_rate=1e-4)
    losses = [
        _train(network, data, replace(one, method=method), tmp_path).epochs[0].train_loss
        for network, method in ((onward, "whole"), (scratch, "scratch"))
    ]
    assert losses[0] < 0.5 * losses[1]
