"""Models from elsewhere, and bare graphs of our own, learn on: head and all, exported and used again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import foreign_models as others
from einthoven.errors import FormatError, IncompatibleModel
from einthoven.infer import Predictor
from einthoven.leads import STANDARD_12
from einthoven.models.building import build_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.standardising import NaturalUnit, StandardiseInput
from einthoven.models.weights import save_weights
from einthoven.onnx.export import export
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.inspecting import IMPORTED, examine, origin
from einthoven.onnx.foreign.judgement import require_complete
from einthoven.onnx.foreign.network import ImportedCore, foreign_network, network_from_graph, spec_of
from einthoven.simulate import simulate
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData
from einthoven.train.loop import train

torch.set_num_threads(1)


def ecgs(n: int, rate: float, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Simulated ECGs `(n, 12, samples)` in mV, and whether each shows LBBB."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    records = [simulate("LBBB" if label else "NORM", rng, rate=rate, duration=duration).signal for label in y]
    return np.stack(records).astype(np.float32), y.astype(np.int64)


def taken(content: bytes, hints: ModelHints) -> tuple[EcgNetwork, ModelSpec, bytes]:
    found, opened = examine(content, "theirs.onnx", hints)
    require_complete(found)
    assert opened is not None
    spec = spec_of(found, hints)
    return foreign_network(opened, found, spec)[0], spec, origin(opened, found)


def learn(network: EcgNetwork, spec: ModelSpec, folder: Path, *, method: str) -> float:
    x, y = ecgs(12, spec.rate, spec.duration)
    data = TrainingData(x[:8], y[:8], x[8:], y[8:])
    config = TrainConfig(method=method, epochs=1, batch_size=4, maximum_rate=1e-3, threads=1)  # type: ignore[arg-type]
    result = train(network, data, spec, config, checkpoint=folder / "weights.safetensors")
    assert np.isfinite(result.epochs[0].train_loss)
    return result.trained_parameters


def used(network: EcgNetwork, spec: ModelSpec, path: Path) -> np.ndarray:
    export(network, spec, path)
    x, _ = ecgs(2, spec.rate, spec.duration)
    answers = Predictor(path, threads=1).run(x).values
    with torch.no_grad():
        np.testing.assert_allclose(network.eval()(torch.from_numpy(x)).softmax(1).numpy(), answers, atol=1e-4)
    return answers


THEIRS = {
    "InceptionTime_untrained.onnx": "['None1', 'None2']",
    "XceptionTime_untrained.onnx": "['none0', 'none1']",
    "xc_super_pretrained.onnx": "['CD', 'HYP', 'MI', 'STTC']",
}


@pytest.mark.parametrize("name", list(THEIRS))
def test_a_model_of_the_exchange_is_taken_in_learns_and_predicts_again(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    content = (shared_data / "models" / name).read_bytes()
    hints = ModelHints(leads=STANDARD_12, rate=100.0, kind="single-label", scaling="none", unit="uV")
    found, _ = examine(content, name, ModelHints())
    assert str(list(found.class_names or ())) == THEIRS[name] and bool(found.untrained) == ("untrained" in name)
    assert {"leads", "rate", "kind"} <= set(found.missing) and not found.trainable
    network, spec, start = taken(content, hints)
    assert spec.scaling is not None and spec.scaling.parameters == {"factor": 1000.0}
    used(network, spec, tmp_path / "taken.onnx")

    task = replace(spec, classes=(TaskClass("NORM"), TaskClass("LBBB")), task="lbbb")
    head_only = network_from_graph(start, spec, task, seed=1)
    assert head_only.fresh_output == (spec.class_names != task.class_names)
    before = {key: value.clone() for key, value in head_only.core.state_dict().items()}
    n_head = learn(head_only, task, tmp_path, method="head")
    changed = {key for key, value in head_only.core.state_dict().items() if not torch.equal(value, before[key])}
    assert changed and all(key.startswith("head.") for key in changed)

    whole = network_from_graph(start, task, task, weights=tmp_path / "weights.safetensors", seed=2)
    for key, value in head_only.core.state_dict().items():
        assert torch.equal(value, whole.core.state_dict()[key])
    assert learn(whole, task, tmp_path, method="whole") > n_head
    assert used(whole, task, tmp_path / "again.onnx").shape == (2, 2)
    with pytest.raises(IncompatibleModel, match="its description names"):
        network_from_graph(start, replace(spec, classes=tuple(map(TaskClass, "abcde"))), task)
    moved = [key for key, value in whole.core.state_dict().items() if not torch.equal(value, before[key])]
    assert any("running_mean" in key for key in moved) and any(key.startswith("body.") for key in moved)


@pytest.mark.parametrize(
    "make", [others.Recurrent(nn.LSTM), others.Recurrent(nn.GRU), others.Attention()], ids=["LSTM", "GRU", "attention"]
)
def test_recurrent_and_attention_models_learn_and_are_written_again(tmp_path: Path, make: nn.Module) -> None:
    names = ("a", "b", "c")
    hints = ModelHints(
        leads=STANDARD_12, rate=100.0, kind="single-label", scaling="z_score lead", class_names=names
    )  # fmt: skip
    _, spec, start = taken(others.exported(make), hints)
    task = replace(spec, classes=(TaskClass("NORM"), TaskClass("LBBB")))
    network = network_from_graph(start, spec, task)
    learn(network, task, tmp_path, method="whole")
    used(network, task, tmp_path / "again.onnx")


def test_a_recurrent_layer_is_written_as_one_operator(tmp_path: Path) -> None:
    import onnx

    hints = ModelHints(
        leads=STANDARD_12, rate=100.0, kind="single-label", scaling="none", unit="mV", class_names=("a", "b", "c")
    )  # fmt: skip
    network, spec, _ = taken(others.exported(others.Recurrent(nn.GRU)), hints)
    export(network, spec, tmp_path / "m.onnx")
    ops = [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]
    assert ops.count("GRU") == 1 and len(ops) < 60


# Bare graphs of our own


def _spec(kind: str, n: int = 3, over: str | None = "lead") -> ModelSpec:
    steps = standard_steps(rate=50, duration=2, over=over)  # type: ignore[arg-type]
    classes = (TaskClass("age"),) if kind == "regression" else tuple(TaskClass(f"c{i}") for i in range(n))
    return ModelSpec(kind, classes, steps, unit="years" if kind == "regression" else "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("architecture", "over"), [("xceptiontime", "lead"), ("inceptiontime", "record"), ("inceptiontime", None)]
)
def test_the_standardising_of_our_own_export_is_done_once(tmp_path: Path, architecture: str, over: str | None) -> None:
    spec = _spec("multi-label", over=over)
    network = build_network(architecture, spec, seed=1).eval()
    export(network, spec, tmp_path / "m.onnx")
    again = network_from_graph((tmp_path / "m.onnx").read_bytes(), spec, spec).eval()
    assert isinstance(again.standardise, StandardiseInput) and again.entry.name == IMPORTED
    x = torch.randn(3, 12, 100) * 2 + 1
    x[0, :, 50:] = float("nan")
    x[1, 0] = 0.5
    with torch.no_grad():
        torch.testing.assert_close(again(x), network(x), atol=1e-4, rtol=1e-4)
        scaled = network.standardise(x)
        torch.testing.assert_close(again.core(scaled), network.core(scaled), atol=1e-4, rtol=1e-4)
    other = network_from_graph((tmp_path / "m.onnx").read_bytes(), spec, _spec("single-label", 16, over))
    assert other(x).shape == (3, 16) and other.fresh_output


def test_the_unit_of_a_regression_stands_behind_again(tmp_path: Path) -> None:
    spec = _spec("regression")
    network = build_network("inceptiontime", spec, seed=1).eval()
    assert isinstance(network.unit, NaturalUnit)
    network.unit.mean.fill_(60.0)
    network.unit.scale.fill_(15.0)
    export(network, spec, tmp_path / "m.onnx")
    again = network_from_graph((tmp_path / "m.onnx").read_bytes(), spec, spec).eval()
    assert isinstance(again.unit, NaturalUnit)
    assert float(again.unit.mean) == 60.0 and float(again.unit.scale) == 15.0
    x = torch.randn(2, 12, 100)
    with torch.no_grad():
        torch.testing.assert_close(again(x), network(x), atol=2e-3, rtol=1e-4)
        torch.testing.assert_close(again.core(x), network.core(x), atol=1e-4, rtol=1e-4)


def test_a_description_of_another_size_is_refused(tmp_path: Path) -> None:
    spec = _spec("single-label")
    export(build_network("inceptiontime", spec), spec, tmp_path / "m.onnx")
    longer = replace(spec, steps=standard_steps(rate=50, duration=4))
    with pytest.raises(IncompatibleModel, match="its description says"):
        network_from_graph((tmp_path / "m.onnx").read_bytes(), longer, longer)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    hints = ModelHints(
        leads=STANDARD_12, rate=100.0, kind="single-label", scaling="none", unit="mV", class_names=("a", "b", "c")
    )  # fmt: skip
    network, spec, start = taken(others.cnn(), hints)
    assert isinstance(network.core, ImportedCore)
    save_weights(build_network("inceptiontime", spec), tmp_path / "w.safetensors")
    with pytest.raises(FormatError, match=r"w\.safetensors"):
        network_from_graph(start, spec, spec, weights=tmp_path / "w.safetensors")


@pytest.mark.parametrize("kind", ["single-label", "regression"])
def test_a_bare_graph_that_averages_over_windows_learns_on_with_them(tmp_path: Path, kind: str) -> None:
    spec = replace(_spec(kind), steps=standard_steps(rate=50, duration=4))
    network = build_network("inceptiontime", spec, seed=1, window=75).eval()
    if isinstance(network.unit, NaturalUnit):
        network.unit.mean.fill_(60)
        network.unit.scale.fill_(12)
    export(network, spec, tmp_path / "bare.onnx")
    content = (tmp_path / "bare.onnx").read_bytes()
    again = network_from_graph(content, spec, spec)
    assert again.window == 75 and isinstance(again.core, ImportedCore)
    x = torch.randn(3, 12, 200)
    x[1, :, 120:] = torch.nan
    torch.testing.assert_close(again(x), network(x), rtol=0, atol=1e-5)
    task = replace(spec, kind="single-label", classes=(TaskClass("NORM"), TaskClass("LBBB")), unit="")
    fresh = network_from_graph(content, spec, task, seed=2)
    assert fresh.window == 75 and fresh(x).shape == (3, 2) and fresh.fresh_output
    learn(fresh, task, tmp_path, method="whole")
    weights = tmp_path / "weights.safetensors"
    torch.testing.assert_close(network_from_graph(content, task, task, weights=weights).eval()(x), fresh.eval()(x))
    used(fresh, task, tmp_path / "again.onnx")


def test_a_bare_graph_that_averages_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from einthoven.models.networks.windows import Windows

    spec = replace(_spec("single-label"), steps=standard_steps(rate=50, duration=4))
    with monkeypatch.context() as patch:
        shares = Windows.shares
        patch.setattr(Windows, "shares", lambda self, ecg: shares(self, ecg).square())
        export(build_network("inceptiontime", spec, seed=1, window=75), spec, tmp_path / "bare.onnx")
    with pytest.raises(IncompatibleModel, match="averages over windows of 75 samples, but otherwise"):
        network_from_graph((tmp_path / "bare.onnx").read_bytes(), spec, spec)
