"""ONNX classifiers as others write them, small: built with onnx.helper, or written by torch's own exporters."""

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from torch import nn

SAMPLES = 200
LEADS = 12


def weights(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.3, shape).astype(np.float32)


def model_of(
    nodes: Sequence[NodeProto],
    constants: Mapping[str, np.ndarray],
    *,
    shape: Sequence[int | str] = ("batch", LEADS, SAMPLES),
    outputs: Mapping[str, Sequence[int | str]] | None = None,
    opset: int = 17,
    metadata: Sequence[tuple[str, str]] = (),
    kind: int = TensorProto.FLOAT,
) -> ModelProto:
    """A graph from `x` to the outputs (`y` unless named)."""
    graph = helper.make_graph(
        list(nodes),
        "foreign",
        [helper.make_tensor_value_info("x", kind, list(shape))],
        [
            helper.make_tensor_value_info(name, kind, list(dims))
            for name, dims in (outputs or {"y": ["b", "n"]}).items()
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    for key, value in metadata:
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return model


def cnn_nodes(n: int, *, ending: str = "", training: bool = False) -> tuple[list[NodeProto], dict[str, np.ndarray]]:
    """Conv, batch normalisation, ReLU, mean over time, Gemm."""
    constants = {
        "w": weights(8, LEADS, 5), "s": np.ones(8, np.float32), "b": weights(8), "m": weights(8, seed=1),
        "v": np.abs(weights(8, seed=2)) + np.float32(0.5), "fw": weights(n, 8, seed=3), "fb": weights(n, seed=4),
    }  # fmt: skip
    norm_outputs, mode = (["n", "nm", "nv"], {"training_mode": 1}) if training else (["n"], {})
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[2, 2], strides=[2]),
        helper.make_node("BatchNormalization", ["c", "s", "b", "m", "v"], norm_outputs, **mode),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "fw", "fb"], ["logits" if ending else "y"], transB=1),
    ]
    if ending:
        nodes.append(helper.make_node(ending, ["logits"], ["y"]))
    return nodes, constants


def cnn(n: int = 3, *, ending: str = "", training: bool = False, **options: Any) -> bytes:
    nodes, constants = cnn_nodes(n, ending=ending, training=training)
    content: bytes = model_of(nodes, constants, **options).SerializeToString()
    return content


class Recurrent(nn.Module):
    """A convolution, an LSTM or GRU over its steps, a linear layer on the last one."""

    def __init__(self, kind: type[nn.LSTM] | type[nn.GRU], n: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv1d(LEADS, 6, 7, stride=8)
        self.recurrent = kind(6, 5, batch_first=True, bidirectional=True)
        self.out = nn.Linear(10, n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps, _ = self.recurrent(self.conv(x).transpose(1, 2))
        out: torch.Tensor = self.out(steps[:, -1])
        return out


class Attention(nn.Module):
    """Patches, learned positions, a class token, one transformer layer, a linear layer; sigmoid where asked."""

    def __init__(self, n: int = 3, *, sigmoid: bool = False) -> None:
        super().__init__()
        self.patches = nn.Conv1d(LEADS, 16, 20, stride=20)
        self.token = nn.Parameter(torch.randn(1, 1, 16) * 0.1)
        self.positions = nn.Parameter(torch.randn(1, 11, 16) * 0.1)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, activation="gelu", batch_first=True)
        self.norm, self.out, self.sigmoid = nn.LayerNorm(16), nn.Linear(16, n), sigmoid

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(x).transpose(1, 2)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], dim=1) + self.positions
        out: torch.Tensor = self.out(self.norm(self.layer(tokens)[:, 0]))
        return out.sigmoid() if self.sigmoid else out


class SamplesLast(nn.Module):
    """`(batch, samples, leads)`, and softmax at the end."""

    def __init__(self, n: int = 4) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv1d(LEADS, 8, 9, padding=4), nn.BatchNorm1d(8), nn.GELU(), nn.MaxPool1d(4))
        self.out = nn.Linear(8, n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.out(self.conv(x.transpose(1, 2)).mean(dim=2)).softmax(dim=1)
        return out


def exported(network: nn.Module, *, opset: int = 17, dynamo: bool = False, turned: bool = False) -> bytes:
    """What torch writes of a network, with a dynamic batch; the older exporter unless `dynamo`."""
    torch.manual_seed(0)
    example = torch.randn(2, SAMPLES, LEADS) if turned else torch.randn(2, LEADS, SAMPLES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            shapes = ({0: torch.export.Dim("batch")},)
            program = torch.onnx.export(
                network.eval(), (example,), dynamo=True, opset_version=opset, dynamic_shapes=shapes, verbose=False
            )
            assert program is not None
            content: bytes = program.model_proto.SerializeToString()
            return content
        buffer = io.BytesIO()
        torch.onnx.export(
            network.eval(), (example,), buffer, dynamo=False, opset_version=opset, input_names=["signal"],
            output_names=["answer"], dynamic_axes={"signal": {0: "n"}, "answer": {0: "n"}},
        )  # fmt: skip
        return buffer.getvalue()
