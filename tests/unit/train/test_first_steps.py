"""What a training of very few steps leaves behind: running statistics that are those of ECGs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from einthoven.models.building import build_network
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.learner import batches_of
from einthoven.train.loop import train
from tones import tone_spec, tones


@pytest.mark.parametrize("average", [0.0, 0.99])
def test_a_value_is_not_absurd_after_three_steps(average: float, tmp_path: Path) -> None:
    """Before, answers were off by hundreds of standard deviations."""
    spec = tone_spec("regression", names=("age",), unit="years")
    a, b = tones(24, seed=1), tones(24, seed=2)
    y = [(50 + 10 * t.hertz / t.hertz.std())[:, None].astype(np.float32) for t in (a, b)]
    network = build_network("xresnet1d", spec)
    config = TrainConfig(epochs=1, batch_size=8, maximum_rate=1e-3, threads=1, device="cpu", average=average)
    train(network, TrainingData(a.x, y[0], b.x, y[1]), spec, config, checkpoint=tmp_path / "w.safetensors")
    with torch.no_grad():
        answers = network.eval()(torch.from_numpy(b.x)).numpy()
    assert np.abs(answers - y[1]).mean() < 5 * y[1].std()


@pytest.mark.parametrize(("n", "lengths"), [(1, [1]), (16, [16]), (17, [17]), (18, [16, 2]), (40, [16, 16, 8])])
def test_no_batch_is_of_a_single_ecg(n: int, lengths: list[int]) -> None:
    found = batches_of(n, 16)
    assert [part.stop - part.start for part in found] == lengths and found[0].start == 0 and found[-1].stop == n
