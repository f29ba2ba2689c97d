"""Exported graphs: that they compute what the network computes, and say what they are."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from einthoven.errors import ExportFailed
from einthoven.infer import Predictor, read_description
from einthoven.models.building import build_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.onnx.export import TOLERANCE, Parity, export
from einthoven.onnx.metadata import set_extra
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Kind, TaskClass
from tones import LEADS, tone_spec, tones

torch.set_num_threads(1)
EXTRA = {"n": 48, "f1": 0.9, "classes": {"slow": 24}, "note": "größer"}


class Exported(NamedTuple):
    network: EcgNetwork
    spec: ModelSpec
    path: Path
    parity: Parity


def _spec(kind: Kind) -> ModelSpec:
    if kind == "regression":
        return ModelSpec(kind, (TaskClass("age"),), standard_steps(leads=LEADS, rate=50, duration=2, over=None))
    if kind == "multi-label":
        return tone_spec(kind, names=("a", "b", "c"))
    return ModelSpec(
        kind, (TaskClass("a", "A", {"SCP": "A1"}), TaskClass("b")), standard_steps(leads=LEADS, rate=47, over="record")
    )


@pytest.fixture(scope="module", params=["single-label", "multi-label", "regression"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """XceptionTime (with a length that 50 does not divide), InceptionTime, and XceptionTime for a value near 60."""
    spec = _spec(request.param)
    network = build_network("inceptiontime" if request.param == "multi-label" else "xceptiontime", spec, seed=1)
    if request.param == "regression":
        network.unit.get_buffer("mean").fill_(60.0)
        network.unit.get_buffer("scale").fill_(15.0)
    network.train()
    for _ in range(3):  # statistics of batch normalisation that are not the start's
        network(torch.randn(4, len(spec.leads), spec.n_samples) * 2 + 1)
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    inputs = np.random.default_rng(5).normal(size=(33, len(spec.leads), spec.n_samples)).astype(np.float32)
    return Exported(network, spec, path, export(network, spec, path, extra_metadata=EXTRA, inputs=inputs))


def _batch(spec: ModelSpec, n: int) -> np.ndarray:
    x = np.random.default_rng(n).normal(0.3, 0.8, (n, len(spec.leads), spec.n_samples)).astype(np.float32)
    x[0, :, spec.n_samples // 2 :] = np.nan
    x[-1, 0] = 0.2
    return x


@pytest.mark.parametrize("n", [1, 3, 40])
def test_the_file_answers_what_the_network_answers(exported: Exported, n: int) -> None:
    x = _batch(exported.spec, n)
    scores = Predictor(exported.path, threads=1).run(x)
    with torch.no_grad():
        wanted = exported.network.eval()(torch.from_numpy(x))
    if exported.spec.kind == "regression":
        assert scores.logits is None
        np.testing.assert_allclose(scores.values, wanted.numpy(), atol=15 * 1e-4)
        assert 0 < abs(float(scores.values.mean()) - 60) < 60
        return
    assert scores.logits is not None
    np.testing.assert_allclose(scores.logits, wanted.numpy(), atol=1e-4)
    probabilities = wanted.softmax(dim=1) if exported.spec.kind == "single-label" else wanted.sigmoid()
    np.testing.assert_allclose(scores.values, probabilities.numpy(), atol=1e-4)


def test_parity_is_reported_over_all_inputs(exported: Exported) -> None:
    assert 0 <= exported.parity.max_difference_logits <= TOLERANCE
    assert exported.parity.n == 33 + 11
    probabilities = exported.parity.max_difference_probabilities
    assert (probabilities is None) == (exported.spec.kind == "regression")


def test_the_graph_has_the_agreed_form(exported: Exported) -> None:
    model = onnx.load(exported.path)
    onnx.checker.check_model(model, full_check=True)
    assert max(entry.version for entry in model.opset_import) <= 20 and not model.functions
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx"}
    assert [i.name for i in model.graph.input] == ["ecg"]
    names = ["values"] if exported.spec.kind == "regression" else ["logits", "probabilities"]
    assert [o.name for o in model.graph.output] == names
    first, *rest = model.graph.input[0].type.tensor_type.shape.dim
    assert first.dim_param and [d.dim_value for d in rest] == [len(exported.spec.leads), exported.spec.n_samples]
    assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_it_is_one_file_that_names_no_path_of_this_machine(exported: Exported) -> None:
    assert [p.name for p in exported.path.parent.iterdir()] == ["model.onnx"]
    content = exported.path.read_bytes()
    for trace in (str(Path(__file__).parents[3]), sys.prefix, str(Path.home() / "x")[:-2], "einthoven/models"):
        assert len(trace) < 5 or trace.encode() not in content


def test_the_description_comes_back_whole(exported: Exported) -> None:
    description = read_description(exported.path)
    assert description.spec == exported.spec and description.extra == EXTRA and description.opset <= 20


def test_the_description_is_json_that_any_program_can_read(exported: Exported) -> None:
    metadata = onnxruntime.InferenceSession(exported.path).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["einthoven"])["input"]["leads"] == list(LEADS)
    assert set(metadata) == {"einthoven", "einthoven_extra"}


def test_statistics_can_be_changed_without_touching_graph_or_description(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "copy.onnx"
    path.write_bytes(exported.path.read_bytes())
    set_extra(path, {"n": 7})
    ours, theirs = onnx.load(path), onnx.load(exported.path)
    assert read_description(path).extra == {"n": 7} and read_description(path).spec == exported.spec
    assert ours.graph == theirs.graph and [p.name for p in tmp_path.iterdir()] == ["copy.onnx"]


class _Untruthful(nn.Module):
    """Computes something else while it is exported than afterwards."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shift = 3e-4 if torch.compiler.is_exporting() else 0.0
        return x.mean(dim=2)[:, :2] + shift


def test_a_graph_that_differs_fails_and_leaves_no_file(tmp_path: Path) -> None:
    network = build_network("inceptiontime", tone_spec())
    network.core = _Untruthful()
    with pytest.raises(ExportFailed, match="differs from the network: logits"):
        export(network, tone_spec(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


class _Unexportable(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=2)[:, :2] if float(x.sum()) > 0 else x.amax(dim=2)[:, :2]


def test_a_network_that_cannot_be_written_fails_and_leaves_no_file(tmp_path: Path) -> None:
    network = build_network("inceptiontime", tone_spec())
    network.core = _Unexportable()
    with pytest.raises(ExportFailed, match="cannot write this network"):
        export(network, tone_spec(), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_exporting_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    network = build_network("inceptiontime", tone_spec())
    network.core = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
    export(network, tone_spec(), tmp_path / "model.onnx", inputs=tones(2).x)
    assert capfd.readouterr() == ("", "") and not list(recwarn)
