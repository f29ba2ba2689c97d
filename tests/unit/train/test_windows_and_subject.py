"""Networks that see less than a record, or are told who it is of."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from einthoven.infer import Predictor
from einthoven.models import ARCHITECTURES
from einthoven.models.building import build_network, load_network
from einthoven.models.networks.windows import Windows
from einthoven.onnx.export import export
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.loop import train
from tones import tone_spec, tones

torch.set_num_threads(1)
SPEC = tone_spec()
TOLD = replace(SPEC, subject=("age", "sex"))
CONFIG = TrainConfig(epochs=3, maximum_rate=3e-3, threads=1, device="cpu")


@pytest.mark.parametrize(
    ("samples", "length", "firsts"), [(100, 25, [0, 25, 50, 75]), (100, 40, [0, 30, 60]), (100, 100, [0])]
)
def test_windows_cover_the_record(samples: int, length: int, firsts: list[int]) -> None:
    windows = Windows(samples, length)
    x = torch.arange(float(samples)).reshape(1, 1, samples)
    assert windows.firsts == firsts and windows(x).shape == (len(firsts), 1, length)
    assert set(windows(x).flatten().tolist()) == set(x.flatten().tolist())


def test_the_answer_is_the_mean_over_windows_each_as_much_as_was_recorded() -> None:
    network = build_network("inceptiontime", SPEC, window=25).eval()
    ecg = torch.randn(1, 3, 100)
    ecg[:, :, 60:] = torch.nan
    with torch.no_grad():
        scaled = network.standardise(ecg)
        each = torch.cat([network.core(scaled[:, :, k : k + 25]) for k in (0, 25, 50)])
        wanted = (each * torch.tensor([[25.0], [25.0], [10.0]])).sum(dim=0) / 60
        torch.testing.assert_close(network(ecg)[0], wanted)


def test_a_network_of_windows_learns_and_computes_the_same_as_onnx(tmp_path: Path) -> None:
    a, b = tones(32, seed=1), tones(16, seed=2)
    data = TrainingData(a.x, (a.hertz > 6).astype(np.int64), b.x, (b.hertz > 6).astype(np.int64))
    network = build_network("inceptiontime", SPEC, window=50)
    train(network, data, SPEC, replace(CONFIG, window_s=1.0), checkpoint=tmp_path / "w.safetensors")
    assert export(network, SPEC, tmp_path / "m.onnx", inputs=b.x).max_difference_logits < 1e-4
    again = load_network(tmp_path / "w.safetensors", SPEC)
    with torch.no_grad():
        assert torch.equal(again.eval()(torch.from_numpy(b.x)), network(torch.from_numpy(b.x)))
    answered = Predictor(tmp_path / "m.onnx").run(b.x).values.argmax(axis=1)
    assert (answered == data.y_validation).mean() >= 0.9


def _told(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearly the same ECG for everybody; the answer is whether he is over 50, which one in twenty does not tell."""
    rng = np.random.default_rng(seed)
    same = np.random.default_rng(0).normal(0, 1, (1, 3, 100))
    x = (same + rng.normal(0, 0.1, (n, 3, 100))).astype(np.float32)
    age, sex = rng.uniform(20, 80, n), rng.integers(0, 2, n)
    y = (age > 50).astype(np.int64)
    age[rng.random(n) < 0.05] = np.nan
    return x, np.stack([age, sex], axis=1).astype(np.float32), y


@pytest.mark.parametrize("architecture", [entry.name for entry in ARCHITECTURES if entry.name != "random_convolutions"])
def test_what_age_says_is_learned_by_every_architecture(architecture: str, tmp_path: Path) -> None:
    (x, subject, y), (x2, subject2, y2) = _told(96, 1), _told(40, 2)
    network = build_network(architecture, TOLD)
    data = TrainingData(x, y, x2, y2, subject_train=subject, subject_validation=subject2)
    train(
        network,
        data,
        TOLD,
        replace(CONFIG, epochs=8, maximum_rate=1e-2, keep="last"),
        checkpoint=tmp_path / "w.safetensors",
    )
    assert export(network, TOLD, tmp_path / "m.onnx", inputs=x2[:4], subjects=subject2[:4]).n > 4
    predictor = Predictor(tmp_path / "m.onnx")
    scores = predictor.run(x2, subject2).values
    with torch.no_grad():
        ours = torch.softmax(network(torch.from_numpy(x2), torch.from_numpy(subject2)), dim=1).numpy()
    np.testing.assert_allclose(scores, ours, atol=1e-4)
    young, old = (predictor.run(x2, np.array([[age, 0.0]] * len(x2), np.float32)).logits for age in (25, 75))
    assert young is not None and old is not None
    assert float((old[:, 1] - old[:, 0] - young[:, 1] + young[:, 0]).mean()) > 0.3
    unknown = predictor.run(x2, np.full_like(subject2, np.nan)).values
    assert np.isfinite(unknown).all() and not np.allclose(unknown, scores)


def test_weights_count_ecgs(tmp_path: Path) -> None:
    """Half of the ECGs carry wrong answers; those weigh next to nothing."""
    a, b = tones(64, seed=1), tones(24, seed=2)
    right, truth = (a.hertz > 6).astype(np.int64), (b.hertz > 6).astype(np.int64)
    wrong = np.arange(64) >= 32
    weights = np.where(wrong, 1e-3, 1.0).astype(np.float32)
    data = TrainingData(a.x, np.where(wrong, 1 - right, right), b.x, truth, weights=weights)
    network = build_network("inceptiontime", SPEC)
    result = train(network, data, SPEC, replace(CONFIG, epochs=4), checkpoint=tmp_path / "w.safetensors")
    assert result.epochs[result.best_epoch - 1].f1 > 0.9  # type: ignore[operator]
