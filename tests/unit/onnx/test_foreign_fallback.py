"""Operators that our conversion lacks, lent by onnx2fx: the same numbers as onnxruntime, able to learn, or refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper

import foreign_models as others
from einthoven.errors import IncompatibleModel
from einthoven.infer import Predictor
from einthoven.leads import STANDARD_12
from einthoven.onnx.export import export
from einthoven.onnx.foreign import fallback
from einthoven.onnx.foreign.graph import read_graph
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.inspecting import examine, origin
from einthoven.onnx.foreign.limits import parse
from einthoven.onnx.foreign.module import convert
from einthoven.onnx.foreign.network import foreign_network, network_from_graph, spec_of
from einthoven.onnx.foreign.operators import registry
from einthoven.onnx.foreign.repair import repair

pytest.importorskip("onnx2fx")
torch.set_num_threads(1)
HINTS = ModelHints(
    leads=STANDARD_12, rate=100.0, kind="single-label", unit="mV", scaling="none", class_names=("a", "b", "c")
)  # fmt: skip


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def node(op: str, *inputs: str, outputs: Sequence[str] = ("y",), **attributes: Any) -> NodeProto:
    return helper.make_node(op, list(inputs), list(outputs), **attributes)


@pytest.mark.parametrize(
    ("nodes", "shape", "constants", "opset"),
    [
        ([node("TopK", "x", "k", outputs=("y", "i"), axis=2)], (4, 10), {"k": whole(3)}, 17),
        ([node("MeanVarianceNormalization", "x", axes=[2])], (4, 10), {}, 13),
        ([node("Shrink", "x", lambd=0.5, bias=0.2)], (4, 10), {}, 13),
        ([node("SpaceToDepth", "x", blocksize=2)], (4, 6, 8), {}, 13),
        ([node("ScatterND", "x", "i", "u")], (3,), {"i": whole(0, 1)[None], "u": np.ones(1, np.float32)}, 16),
        ([node("Det", "x")], (6, 6), {}, 17),
        ([node("CenterCropPad", "x", "s", axes=[2])], (6, 10), {"s": whole(6)}, 18),
        (
            [node("Squeeze", "x", "a", outputs=("s",)), node("STFT", "s", "step", "w", onesided=1)],
            (1, 64), {"a": whole(1), "step": np.int64(16), "w": np.hanning(16).astype(np.float32)}, 17,
        ),
    ],
    ids=lambda value: value[-1].op_type if isinstance(value, list) else "",
)  # fmt: skip
def test_a_lent_operator_gives_what_onnxruntime_gives(
    nodes: list[NodeProto], shape: tuple[int, ...], constants: dict[str, np.ndarray], opset: int
) -> None:
    assert nodes[-1].op_type not in registry.OPERATORS
    graph = helper.make_graph(
        nodes, "test", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    content = model.SerializeToString()
    module = convert(read_graph(repair(parse(content, "m"), shape, "y").model, shape)).eval()
    assert any(isinstance(part, fallback.Borrowed) for part in module.modules())
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    for n in (1, 3):
        x = np.random.default_rng(n).normal(0, 1.5, (n, *shape)).astype(np.float32)
        ours = module(torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(ours, session.run(["y"], {"x": x})[0], rtol=1e-4, atol=1e-4)


def model_with(*between: NodeProto, **constants: np.ndarray) -> bytes:
    """The small classifier with operators between its ReLU (`r`) and its mean over time (which reads `h`)."""
    nodes, usual = others.cnn_nodes(3)
    nodes[3].input[0] = "h"
    content: bytes = others.model_of([*nodes[:3], *between, *nodes[3:]], {**usual, **constants}).SerializeToString()
    return content


SHRUNK = node("Shrink", "r", outputs=("h",), lambd=0.05)


def test_a_model_with_a_lent_operator_learns_and_is_written_again(tmp_path: Path) -> None:
    found, opened = examine(model_with(SHRUNK), "theirs.onnx", HINTS)
    assert opened is not None
    spec = spec_of(found, HINTS)
    foreign_network(opened, found, spec)
    network = network_from_graph(origin(opened, found), spec, spec)
    network.train()
    x = torch.randn(4, 12, others.SAMPLES)
    network(x).square().mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter -= 0.1 * parameter.grad  # type: ignore[operator]
    export(network, spec, tmp_path / "again.onnx")
    with torch.no_grad():
        wanted = network.eval()(x).softmax(1).numpy()
    np.testing.assert_allclose(Predictor(tmp_path / "again.onnx", threads=1).run(x.numpy()).values, wanted, atol=1e-4)


def test_a_quantised_model_is_refused_as_nothing_before_the_rounding_could_learn() -> None:
    content = model_with(
        node("QuantizeLinear", "r", "step", "zero", outputs=("q",)),
        node("DequantizeLinear", "q", "step", "zero", outputs=("h",)),
        step=np.float32(0.02), zero=np.uint8(0),
    )  # fmt: skip
    found, opened = examine(content, "theirs.onnx", HINTS)
    assert opened is not None
    with pytest.raises(IncompatibleModel, match=r"DequantizeLinear, QuantizeLinear.* nothing can be") as refusal:
        foreign_network(opened, found, spec_of(found, HINTS))
    assert "before quantising" in refusal.value.advice


def test_without_onnx2fx_the_operator_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "find_spec", lambda name: None)
    found, opened = examine(model_with(SHRUNK), "theirs.onnx", HINTS)
    assert opened is not None
    with pytest.raises(IncompatibleModel, match="operator Shrink, which cannot be converted"):
        foreign_network(opened, found, spec_of(found, HINTS))


def test_a_wrong_lending_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import onnx2fx

    other = onnx2fx.convert

    def wrong(model: Any) -> Any:
        model.graph.node[0].attribute[0].f = 0.5
        return other(model)

    monkeypatch.setattr(onnx2fx, "convert", wrong)
    found, opened = examine(model_with(SHRUNK), "theirs.onnx", HINTS)
    assert opened is not None
    with pytest.raises(IncompatibleModel, match="first differ at the operator Shrink"):
        foreign_network(opened, found, spec_of(found, HINTS))


def test_no_name_of_the_file_gets_into_generated_code() -> None:
    name = 'm"); raise SystemExit("ran'
    nodes, usual = others.cnn_nodes(3)
    nodes[3].input[0] = name
    lent = node("Shrink", "r", outputs=(name,), lambd=0.05)
    lent.name = name
    content = others.model_of([*nodes[:3], lent, *nodes[3:]], usual).SerializeToString()
    found, opened = examine(content, "theirs.onnx", HINTS)
    assert opened is not None
    network, _ = foreign_network(opened, found, spec_of(found, HINTS))
    (borrowed,) = [part for part in network.modules() if isinstance(part, fallback.Borrowed)]
    assert "SystemExit" not in borrowed.module.code  # type: ignore[operator]
