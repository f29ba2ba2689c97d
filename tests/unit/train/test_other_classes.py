"""A model that knows some classes goes on with others, and back again, whatever its architecture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from einthoven.errors import IncompatibleModel
from einthoven.models import ARCHITECTURES
from einthoven.models.building import build_network, network_from
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.weights import save_weights
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Kind, TaskClass
from einthoven.train import TrainingData
from einthoven.train.closed_form import fit
from einthoven.train.config import TrainConfig
from einthoven.train.loop import train
from tones import LEADS, RATE

torch.set_num_threads(1)
N_SAMPLES, WINDOW = 200, 128
HEAD_EPOCHS = 1
"""Of two epochs."""
STEPS = standard_steps(leads=LEADS, rate=RATE, duration=N_SAMPLES / RATE, band=None)


def spec_of(n: int, kind: Kind = "multi-label", **change: object) -> ModelSpec:
    return replace(ModelSpec(kind, tuple(TaskClass(f"{kind} {k} of {n}") for k in range(n)), STEPS), **change)  # type: ignore[arg-type]


def ecgs(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.5, (n, len(LEADS), N_SAMPLES)).astype(np.float32)


def body(network: EcgNetwork) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.core.state_dict().items()
            if not name.startswith(f"{network.entry.head}.")}  # fmt: skip


@pytest.mark.parametrize("architecture", ARCHITECTURES.names())
def test_five_classes_become_two_and_five_again(architecture: str, tmp_path: Path) -> None:
    gradient = ARCHITECTURES.get(architecture).fit == "gradient"
    subject = ("age", "sex") if gradient else ()
    five, two = spec_of(5, subject=subject), spec_of(2, "single-label", subject=subject)
    first = build_network(architecture, five, window=WINDOW if gradient else None).eval()
    save_weights(first, tmp_path / "five")
    second = network_from(tmp_path / "five", five, two, seed=3)
    save_weights(second, tmp_path / "two")
    third = network_from(tmp_path / "two", two, five, seed=4)
    kept = body(first)
    told = torch.tensor([[50.0, 1.0], [float("nan"), 0.0]]) if subject else None
    for network, n in ((second, 2), (third, 5)):
        assert network.window == first.window and network.fresh_output
        assert all(torch.equal(kept[name], value) for name, value in body(network).items())
        answers = network.eval()(torch.from_numpy(ecgs(2)), told)
        assert answers.shape == (2, n) and torch.isfinite(answers).all()
    same = network_from(tmp_path / "two", two, two)
    assert not same.fresh_output
    torch.testing.assert_close(same.eval()(torch.from_numpy(ecgs(2)), told), second(torch.from_numpy(ecgs(2)), told))


@pytest.mark.parametrize("architecture", ARCHITECTURES.names())
def test_the_new_head_is_learned_alone_and_then_with_all_layers(architecture: str, tmp_path: Path) -> None:
    gradient = ARCHITECTURES.get(architecture).fit == "gradient"
    five, two = spec_of(5), spec_of(2, "single-label")
    save_weights(build_network(architecture, five, window=WINDOW if gradient else None), tmp_path / "five")
    x, y = ecgs(12), np.arange(12) % 2
    data = TrainingData(x, y, x[:6], y[:6])
    for method in ("head", "head-then-whole"):
        network = network_from(tmp_path / "five", five, two)
        before, output = body(network), {k: v.clone() for k, v in network.head.state_dict().items()}
        config = TrainConfig(method=method, epochs=2, batch_size=6, maximum_rate=0.01, threads=1)  # type: ignore[arg-type]
        checkpoint = tmp_path / method / "weights"
        if gradient:
            best = train(network, data, two, config, checkpoint=checkpoint).best_epoch
            changes = best > HEAD_EPOCHS and method != "head"  # else the weights are those of the head's epochs
        else:
            fit(network, data, two, config, checkpoint=checkpoint)
            changes = method != "head"
        assert changes == any(not torch.equal(before[name], value) for name, value in body(network).items())
        assert any(not torch.equal(output[name], value) for name, value in network.head.state_dict().items())


def test_what_the_base_is_told_and_sees_cannot_change_with_the_classes(tmp_path: Path) -> None:
    five = spec_of(5, subject=("age",))
    save_weights(build_network("inceptiontime", five), tmp_path / "five")
    for change in ({"subject": ()}, {"steps": standard_steps(leads=LEADS, rate=RATE, duration=2.0, band=None)}):
        with pytest.raises(IncompatibleModel, match="takes other input"):
            network_from(tmp_path / "five", five, spec_of(2, **{"subject": ("age",), **change}))
