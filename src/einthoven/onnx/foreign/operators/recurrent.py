"""LSTM, GRU and simple recurrent layers.

The weights stay as ONNX orders them (gates i o f c for LSTM, z r h for GRU; one axis for directions), and are put in
torch's order (i f c o; r z h) at each run. While torch writes ONNX the operator itself is written: torch would unroll
GRU and RNN into their steps, which takes minutes for a thousand samples.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from einthoven.onnx.foreign.operators.registry import Operation, Step, operator

ORDER = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""Gates in torch's order, by their place in ONNX's."""
ACTIVATIONS = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}
WRITTEN_OPSET = 14


@dataclass(frozen=True, slots=True)
class Layer:
    """What does not change from run to run."""

    op: str
    direction: str
    hidden: int
    relu: bool
    batch_first: bool

    @property
    def n_directions(self) -> int:
        return 2 if self.direction == "bidirectional" else 1


@operator("LSTM", "GRU", "RNN")
def recurrent(op: Operation) -> Step:
    kind = op.node.op
    direction = str(op.attribute("direction", "forward"))
    directions = 2 if direction == "bidirectional" else 1
    activations = tuple(str(name).lower() for name in op.attribute("activations", ACTIVATIONS[kind] * directions))
    relu = kind == "RNN" and activations == ("relu",) * directions
    if not relu and activations != ACTIVATIONS[kind] * directions:
        op.refuse(f"its activations are {', '.join(activations)}")
    if "clip" in op.node.attributes or op.attribute("input_forget", 0):
        op.refuse("it clips its gates or couples them")
    if kind == "GRU" and not op.attribute("linear_before_reset", 0):
        op.refuse("its reset gate works before the product (linear_before_reset = 0), which torch does not know")
    if kind == "LSTM" and op.has(7) and np.any(op.fixed(7, "peephole weights")):
        op.refuse("it has peepholes")
    batch_first = bool(op.attribute("layout", 0))
    if op.has(4):
        n_samples = op.shape(0)[1 if batch_first else 0]
        if any(n != n_samples for n in op.fixed(4, "sequence lengths").reshape(-1)):
            op.refuse("it reads a part of the samples only")
    layer = Layer(kind, direction, int(op.attribute("hidden_size") or op.shape(2)[-1]), relu, batch_first)
    return Step(partial(_run, layer=layer), (0, 1, 2, 3, 5, 6) if kind == "LSTM" else (0, 1, 2, 3, 5))


def _run(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor | None,
    h: Tensor | None,
    c: Tensor | None = None,
    *,
    layer: Layer,
) -> tuple[Tensor, ...]:
    if layer.batch_first:
        x = x.transpose(0, 1)
        h, c = (None if state is None else state.transpose(0, 1) for state in (h, c))
    if b is None:
        b = w.new_zeros(layer.n_directions, 2 * w.shape[1])
    compute = _written if torch.compiler.is_exporting() else _computed
    y, *last = compute(x, w, r, b, h, c, layer)
    if layer.batch_first:
        return (y.permute(2, 0, 1, 3), *(state.transpose(0, 1) for state in last))
    return (y, *last)


def _written(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor | None, c: Tensor | None, layer: Layer
) -> tuple[Tensor, ...]:
    """The ONNX operator itself, in a graph that torch is writing."""
    attributes: dict[str, Any] = {"direction": layer.direction, "hidden_size": layer.hidden}
    if layer.relu:
        attributes["activations"] = ["Relu"] * layer.n_directions
    if layer.op == "GRU":
        attributes["linear_before_reset"] = 1
    state = (layer.n_directions, x.shape[1], layer.hidden)
    shapes = [(x.shape[0], *state[:1], *state[1:]), state, state][: 3 if layer.op == "LSTM" else 2]
    inputs = (x, w, r, b, None, h, c) if layer.op == "LSTM" else (x, w, r, b, None, h)
    out = torch.onnx.ops.symbolic_multi_out(
        layer.op, inputs, attributes, dtypes=[x.dtype] * len(shapes), shapes=shapes, version=WRITTEN_OPSET
    )
    return tuple(out)


def _computed(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor, h: Tensor | None, c: Tensor | None, layer: Layer
) -> tuple[Tensor, ...]:
    zeros = x.new_zeros(layer.n_directions, x.shape[1], layer.hidden)
    h = zeros if h is None else h
    weights = _in_torch_order(w, r, b, layer.op)
    backwards = layer.direction == "reverse"
    x = x.flip(0) if backwards else x
    options = (weights, True, 1, 0.0, False, layer.n_directions == 2, False)
    if layer.op == "LSTM":
        y, *last = torch.lstm(x, (h, zeros if c is None else c), *options)
    elif layer.op == "GRU":
        y, *last = torch.gru(x, h, *options)
    else:
        y, *last = (torch.rnn_relu if layer.relu else torch.rnn_tanh)(x, h, *options)
    y = y.flip(0) if backwards else y
    y = y.reshape(y.shape[0], y.shape[1], layer.n_directions, layer.hidden).permute(0, 2, 1, 3)
    return (y, *last)


def _in_torch_order(w: Tensor, r: Tensor, b: Tensor, op: str) -> list[Tensor]:
    order = ORDER[op]
    weights: list[Tensor] = []
    for direction in range(w.shape[0]):
        of_input, of_state = b[direction].chunk(2)
        for part in (w[direction], r[direction], of_input, of_state):
            gates = part.chunk(len(order))
            weights.append(torch.cat([gates[i] for i in order]))
    return weights
