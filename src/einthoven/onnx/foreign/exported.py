"""What this program's exporter put around a network, found in the graph again. Free of torch.

A network that saw windows in training is exported with its windows: the graph cuts a record (`networks/windows.py`)
and averages what it answers for each. Nothing in the graph says so; the part that answers is found by the shapes of
values and by what depends on what. Whether it is the right one is for those to compare who use it.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import PROBE, Graph, Node, nodes_between
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.inspecting import examine
from einthoven.onnx.foreign.limits import parse
from einthoven.onnx.foreign.opening import Opened
from einthoven.task import Kind

VALUES = "values"
"""The only output of a regression of ours; others have `logits` and `probabilities`."""
Unit = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Scale and mean of a regression."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What answers for one window of `length` samples, as a model of its own, opened."""

    length: int
    opened: Opened


def answer_of_ours(content: bytes, name: str) -> str:
    """Which output of a graph of ours has what the network answers before any softmax or sigmoid."""
    return VALUES if any(output.name == VALUES for output in parse(content, name).graph.output) else "logits"


def has_head(opened: Opened, kind: Kind, name: str) -> bool:
    """Whether a graph of ours has a last layer that can be told, as a whole or for a window."""
    if opened.head is not None:
        return True
    graph = without_unit(opened.graph)[0] if kind == "regression" else opened.graph
    return part_for_windows(opened, graph, name) is not None


def without_unit(graph: Graph) -> tuple[Graph, Unit | None]:
    """Without `value * scale + mean` at the end, which the exporter puts behind a regression; scale and mean."""
    plus = graph.producer(graph.output)
    times = graph.producer(plus.inputs[0]) if plus is not None and plus.op == "Add" else None
    if plus is None or times is None or times.op != "Mul":
        return graph, None
    found = [graph.constants.get(node.inputs[1]) for node in (times, plus)]
    scale, mean = found
    if scale is None or mean is None or scale.size != 1 or mean.size != 1 or scale.item() <= 0:
        return graph, None
    nodes = tuple(node for node in graph.nodes if node is not plus and node is not times)
    return replace(graph, nodes=nodes, output=times.inputs[0]), (
        scale.reshape(1).astype(np.float32), mean.reshape(1).astype(np.float32)
    )  # fmt: skip


def part_for_windows(opened: Opened, graph: Graph, name: str) -> Part | None:
    """The part of `graph`, which is that of `opened` (perhaps shortened at its end); None where none has a head."""
    whole = (PROBE, opened.n_leads, opened.n_samples)
    values = [output for node in graph.nodes for output in node.outputs]
    window = next((value for value in values if _windows(graph.shapes.get(value, ()), whole)), None)
    if window is None:
        return None
    shape = graph.shapes[window]
    answers = [value for value in values if graph.shapes.get(value) == (shape[0], opened.n_outputs)]
    for answer in reversed(answers):
        try:
            nodes = nodes_between(graph, window, answer)
        except IncompatibleModel:
            continue
        if any(size in node.inputs for node in nodes for size in graph.sizes):
            continue
        content = _model(opened, nodes, window, answer, shape[1:])
        found, part = examine(content, name, ModelHints(output=answer, layout="leads x samples"))
        if part is not None and part.head is not None and found.n_outputs == opened.n_outputs:
            return Part(shape[2], part)
    return None


def _windows(shape: tuple[int, ...], whole: tuple[int, int, int]) -> bool:
    """Whether a value of this shape can be the windows of a batch of records, one below the other."""
    if len(shape) != 3 or shape[1] != whole[1] or not 0 < shape[2] < whole[2]:
        return False
    return shape[0] == whole[0] * -(-whole[2] // shape[2])


def _model(opened: Opened, nodes: tuple[Node, ...], window: str, answer: str, shape: tuple[int, ...]) -> bytes:
    import onnx

    model = opened.repaired.model
    made = {output for node in nodes for output in node.outputs if output}
    kept = [node for node in model.graph.node if made & set(node.output)]
    used = {name for node in kept for name in node.input}
    floating = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        kept,
        "window",
        [onnx.helper.make_tensor_value_info(window, floating, ["batch", *shape])],
        [onnx.helper.make_tensor_value_info(answer, floating, ["batch", opened.n_outputs])],
        [tensor for tensor in model.graph.initializer if tensor.name in used],
    )
    content: bytes = onnx.helper.make_model(
        graph, opset_imports=list(model.opset_import), ir_version=model.ir_version
    ).SerializeToString()
    return content
