"""A repaired graph as plain values: what the conversion and the search for the head read. Free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.dependence import Affine, dependences, unvarying
from einthoven.onnx.foreign.limits import opset
from einthoven.onnx.foreign.running import trial, values

if TYPE_CHECKING:
    import onnx

PROBE = 2
"""Batch for which `Graph.shapes` are stated."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operator: the names of what it reads ("" where an optional one lacks) and gives, and its attributes."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A graph with one input and one output.

    Parameters
    ----------
    nodes
        In an order in which they can run; without those that compute shapes (they are in `sizes`).
    constants
        Weights and other fixed values by name.
    shapes
        Shape of each value for a batch of `PROBE`.
    sizes
        Whole numbers that grow with the batch, by name.
    """

    nodes: tuple[Node, ...]
    constants: Mapping[str, npt.NDArray[Any]]
    input: str
    output: str
    opset: int
    shapes: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, Affine]

    def producer(self, value: str) -> Node | None:
        """The node that gives this value; None for the input, constants and sizes."""
        return next((node for node in self.nodes if value in node.outputs), None)

    def readers(self, value: str) -> list[Node]:
        return [node for node in self.nodes if value in node.inputs]


def read_graph(model: "onnx.ModelProto", shape: tuple[int, ...], name: str = "the model") -> Graph:
    """The plain form of a repaired model whose input is `(batch, *shape)`."""
    import onnx

    _, growing = unvarying(model, shape, name)
    found = dependences(model)
    nodes = [
        Node(
            node.op_type,
            node.name or node.output[0],
            tuple(node.input),
            tuple(node.output),
            {a.name: _attribute(a) for a in node.attribute},
        )
        for node in model.graph.node
    ]
    needed = _needed(nodes, model.graph.output[0].name, growing)
    kept = tuple(node for node in nodes if needed & set(node.outputs))
    names = [output for node in kept for output in node.outputs if output and found[output] != "nothing"]
    seen = values(model, names, trial(PROBE, shape), name)
    shapes = {value: tuple(array.shape) for value, array in seen.items() if isinstance(array, np.ndarray)}
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    shapes |= {value: array.shape for value, array in constants.items()}
    shapes |= {value: () if line.scalar else (len(line.fixed),) for value, line in growing.items()}
    source = model.graph.input[0].name
    shapes[source] = (PROBE, *shape)
    return Graph(kept, constants, source, model.graph.output[0].name, opset(model), shapes, growing)


def nodes_between(graph: Graph, source: str, wanted: str) -> tuple[Node, ...]:
    """The nodes that make `wanted` out of `source`; IncompatibleModel when they need more than that."""
    needed = {wanted}
    nodes: list[Node] = []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs) and source not in node.outputs:
            nodes.append(node)
            needed.update(name for name in node.inputs if name)
    made = {name for node in nodes for name in node.outputs} | set(graph.constants) | set(graph.sizes) | {source}
    others = sorted(needed - made)
    if others:
        raise IncompatibleModel(f"What follows {source!r} in the graph also needs {others[0]!r}.")
    return tuple(reversed(nodes))


def _needed(nodes: list[Node], output: str, growing: Mapping[str, Affine]) -> set[str]:
    """Values on the way to the answer when sizes are known without computing them."""
    wanted = {output}
    for node in reversed(nodes):
        computed = [name for name in node.outputs if name in wanted and name not in growing]
        if computed:
            wanted.update(name for name in node.inputs if name)
        else:
            wanted.difference_update(node.outputs)
    return wanted


def _attribute(attribute: "onnx.AttributeProto") -> Any:
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, onnx.TensorProto):
        return onnx.numpy_helper.to_array(value)
    if isinstance(value, (list, tuple)) or (hasattr(value, "__len__") and not isinstance(value, str | np.ndarray)):
        return [item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value]
    return value
