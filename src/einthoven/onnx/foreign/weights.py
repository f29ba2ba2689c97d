"""Which constants of a graph are weights, that learn, and which are numbers of the method, that stay. Free of torch."""

import numpy as np
import numpy.typing as npt

from einthoven.onnx.foreign.graph import Graph, Node

WEIGHT_INPUTS = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (0, 1, 2), "GroupNormalization": (1, 2), "GRU": (1, 2, 3),
    "InstanceNormalization": (1, 2), "LSTM": (1, 2, 3), "LayerNormalization": (1, 2), "PRelu": (1,),
    "RMSNormalization": (1,), "RNN": (1, 2, 3),
}  # fmt: skip
"""Inputs that are weights whatever they hold."""
SOMETIMES = frozenset({"Add", "Concat", "Einsum", "Expand", "Gather", "MatMul", "Mul", "Tile", "Unsqueeze"})
"""Operators whose constant may be a learned weight (a bias, a position, a class token) or a number of the method."""
LARGEST_WEIGHT = 1e4
PATTERN_SIZE, PATTERN_VALUES = 256, 8
"""A large matrix of so few different numbers is a pattern (a mask, a moving average), not learned."""


def learned(graph: Graph) -> frozenset[str]:
    """Names of the constants that are weights.

    A constant that works on the input itself scales it, and stays. Single numbers, masks, patterns and what is
    subtracted or divided by stay too, unless the operator says that it is a weight.
    """
    found = set()
    for node in graph.nodes:
        for i, name in enumerate(node.inputs):
            value = graph.constants.get(name)
            if value is None or value.dtype.kind != "f":
                continue
            if i in WEIGHT_INPUTS.get(node.op, ()) or (node.op in SOMETIMES and _looks_learned(graph, node, i, value)):
                found.add(name)
    return frozenset(found)


def _looks_learned(graph: Graph, node: Node, i: int, value: npt.NDArray[np.floating]) -> bool:
    if value.size < 2 or (node.op == "Gather" and i != 0):
        return False
    if node.op in ("Add", "Mul") and graph.input in node.inputs:
        return False
    if not np.isfinite(value).all() or np.abs(value).max() > LARGEST_WEIGHT:
        return False
    pattern = value.ndim > 1 and value.size >= PATTERN_SIZE
    return not (pattern and len(np.unique(value)) <= PATTERN_VALUES)
