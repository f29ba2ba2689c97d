"""The end of a graph: what turns features into one number per class. Free of torch.

The head is found by walking back from the answer to the last product with fixed weights that makes the axis of the
classes (Gemm, MatMul, Conv), never by looking for a size. What follows it (bias, batch normalisation, an activation,
the mean over time, reshaping) belongs to the head, as in XceptionTime. On the way forward again the axis of the
classes is followed through each of these, so that it is known which constants have one entry per class.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn

import numpy as np

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import PROBE, Graph, Node
from einthoven.task import Kind

Fresh = Literal["weight", "bias", "zeros", "ones"]

ENDINGS: Mapping[str, Kind] = {"Softmax": "single-label", "LogSoftmax": "single-label", "Sigmoid": "multi-label"}
MOVERS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Cast", "Dropout"})
POOLS = frozenset({"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "AveragePool", "MaxPool", "LpPool"})
ACTIVATIONS = frozenset(
    (
        "Abs", "Celu", "Clip", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish",
        "Neg", "Relu", "Selu", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh", "ThresholdedRelu",
    )
)  # fmt: skip
WITH_CONSTANT = frozenset({"Add", "Sub", "Mul", "Div", "PRelu"})
ADVICE = "Start from another model or from scratch; this one can be used for prediction."


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Where the head begins and what in it has one entry per class.

    Parameters
    ----------
    source
        The value that the head takes: the features.
    nodes
        Names of its nodes, in order.
    n_outputs
        How many classes it answers.
    per_class
        Constant -> (axis of the classes, what a fresh one holds).
    targets
        Reshape target -> place of the class axis in it.
    """

    source: str
    nodes: tuple[str, ...]
    n_outputs: int
    per_class: Mapping[str, tuple[int, Fresh]]
    targets: Mapping[str, int]


def without_ending(graph: Graph) -> tuple[Graph, str]:
    """The graph without the softmax or sigmoid at its end, and which it was ("" for none).

    Raises
    ------
    IncompatibleModel
        When probabilities are averaged or combined behind it: then no step before them gives logits.
    """
    node = graph.producer(graph.output)
    while node is not None and node.op in MOVERS:
        node = graph.producer(node.inputs[0])
    ending = ""
    if node is not None and node.op in ENDINGS:
        _check_over_classes(graph, node)
        graph, ending = _spliced(graph, node), node.op
    # One class, whose axis was dropped at the end: it comes back, so that there can be more.
    last = graph.producer(graph.output)
    while last is not None and last.op in MOVERS and graph.shapes[graph.output] == (PROBE,):
        graph = _spliced(graph, last)
        last = graph.producer(graph.output)
    return graph, ending


def _check_over_classes(graph: Graph, node: Node) -> None:
    """A softmax at the end must add up over the classes, all of them and nothing else."""
    if node.op == "Sigmoid":
        return
    shape = graph.shapes[node.inputs[0]]
    flattens = graph.opset < 13
    axis = int(node.attributes.get("axis", 1 if flattens else -1)) % len(shape)
    over = int(np.prod(shape[axis:])) if flattens else shape[axis]
    if axis == 0 or over != int(np.prod(shape[1:])):
        raise IncompatibleModel(
            f"{node.op} at the end adds up along axis {axis} of {('batch', *shape[1:])}, not over classes.",
            advice="Export the model again with logits as its answer.",
        )


def upstream_endings(graph: Graph) -> bool:
    """Whether a softmax or sigmoid reaches the answer through no further product with weights."""
    waiting, seen = [graph.output], set()
    while waiting:
        node = graph.producer(waiting.pop())
        if node is None or node.name in seen or _makes_classes(graph, node):
            continue
        if node.op in ENDINGS:
            return True
        seen.add(node.name)
        waiting += [name for name in node.inputs if name]
    return False


def _spliced(graph: Graph, gone: Node) -> Graph:
    new = {gone.outputs[0]: gone.inputs[0]}
    nodes = tuple(
        replace(node, inputs=tuple(new.get(name, name) for name in node.inputs))
        for node in graph.nodes
        if node is not gone
    )
    return replace(graph, nodes=nodes, output=new.get(graph.output, graph.output))


def kind_of_ending(ending: str) -> Kind | None:
    """What the last operator says about the task."""
    return ENDINGS.get(ending)


def find_head(graph: Graph) -> Head:
    """The head of a graph without ending.

    Raises
    ------
    IncompatibleModel
        When the answer is made of several streams, or no product makes the classes.
    """
    path: list[Node] = []
    value = graph.output
    while True:
        node = graph.producer(value)
        if node is None:
            _refuse("no product with weights makes its classes")
        path.append(node)
        sources = [name for name in node.inputs if name and name not in graph.constants and name not in graph.sizes]
        if _makes_classes(graph, node):
            break
        if len(sources) != 1:
            _refuse(f"its answer is put together from {len(sources)} streams by {node.op} ({node.name!r})")
        if node.op in ENDINGS:
            _refuse(f"probabilities are worked on after {node.op} ({node.name!r})")
        if not _carries(node):
            _refuse(f"{node.op} ({node.name!r}) stands between the classes and the last product with weights")
        value = sources[0]
    return _followed(graph, path[::-1])


def _makes_classes(graph: Graph, node: Node) -> bool:
    fixed = [name in graph.constants for name in node.inputs]
    if node.op == "Conv":
        return fixed[1] and not fixed[0]
    if node.op in ("Gemm", "MatMul"):
        return fixed[1] and not fixed[0] and len(graph.shapes[node.inputs[1]]) == 2
    return False


def _carries(node: Node) -> bool:
    return (
        node.op in MOVERS | POOLS | ACTIVATIONS | WITH_CONSTANT
        or node.op in ("BatchNormalization", "Gather", "Slice")
        or node.op.startswith("Reduce")
    )


@dataclass(slots=True)
class _Follower:
    """The axis of the classes, followed through the nodes of the head."""

    graph: Graph
    axis: int
    per_class: dict[str, tuple[int, Fresh]]
    targets: dict[str, int]

    def follow(self, node: Node) -> None:
        shape = self.graph.shapes.get(node.inputs[0], ())
        out = self.graph.shapes[node.outputs[0]]
        if node.op in ACTIVATIONS | {"Identity", "Cast", "Dropout"}:
            return
        if node.op in WITH_CONSTANT:
            self._with_constant(node, out)
        elif node.op == "BatchNormalization" or node.op in POOLS:
            if self.axis != 1:
                _refuse(f"{node.op} ({node.name!r}) works across its classes")
            fresh: tuple[Fresh, ...] = ("ones", "zeros", "zeros", "ones")
            for name, what in zip(node.inputs[1:5], fresh, strict=False):
                self._fresh(name, 0, what)
        elif node.op == "Transpose":
            order = list(node.attributes.get("perm", range(len(shape))[::-1]))
            self.axis = order.index(self.axis)
        elif node.op == "Flatten":
            at = node.attributes.get("axis", 1)
            if self.axis == 0 or at != 1 or any(n != 1 for i, n in enumerate(shape) if i not in (0, self.axis)):
                _refuse(f"Flatten ({node.name!r}) mixes the classes with something else")
            self.axis = 1
        elif node.op in ("Squeeze", "Unsqueeze", "Reshape"):
            self._reshaped(node, shape, out)
        else:
            self._along_another_axis(node, len(shape), len(out))

    def _with_constant(self, node: Node, out: tuple[int, ...]) -> None:
        for name in node.inputs:
            value = self.graph.constants.get(name)
            if value is None:
                continue
            axis = self.axis - (len(out) - value.ndim)
            if axis >= 0 and value.shape[axis] == out[self.axis]:
                self._fresh(name, axis, "zeros" if node.op in ("Add", "Sub") else "ones")

    def _fresh(self, name: str, axis: int, what: Fresh) -> None:
        """A constant that is used twice in the head has one rule."""
        if self.per_class.setdefault(name, (axis, what)) != (axis, what):
            _refuse(f"the constant {name!r} is used in two ways")

    def _reshaped(self, node: Node, shape: tuple[int, ...], out: tuple[int, ...]) -> None:
        """The same numbers in the same order: the class axis is where as many numbers stand before and behind it."""
        n, before = shape[self.axis], int(np.prod(shape[: self.axis]))
        places = [i for i in range(len(out)) if out[i] == n and int(np.prod(out[:i])) == before]
        # With a single class, an axis of 1 may stand at several places: the last one keeps the batch in front.
        places = [i for i in places if i > 0] or places
        if not places:
            _refuse(f"{node.op} ({node.name!r}) mixes the classes with something else")
        self.axis = places[-1] if n == 1 else places[0]
        if node.op == "Reshape" and node.inputs[1] in self.graph.constants:
            target = self.graph.constants[node.inputs[1]].reshape(-1)
            if target[self.axis] > 0 or (target[self.axis] == 0 and self.axis >= len(shape)):
                self.targets[node.inputs[1]] = self.axis
        elif node.op == "Reshape":
            line = self.graph.sizes[node.inputs[1]]
            if line.fixed[self.axis] > 0 and not line.grows[self.axis]:
                _refuse(f"the target of Reshape ({node.name!r}) is computed and holds the number of classes")

    def _along_another_axis(self, node: Node, rank: int, rank_out: int) -> None:
        """Reduce…, Gather and Slice work along other axes; those that disappear in front move ours."""
        axes = self._axes(node, rank)
        if self.axis in axes:
            _refuse(f"{node.op} ({node.name!r}) works across its classes")
        if rank_out < rank:
            self.axis -= sum(axis < self.axis for axis in axes)

    def _axes(self, node: Node, rank: int) -> list[int]:
        if node.op == "Gather":
            index = self.graph.constants.get(node.inputs[1])
            if index is None or index.ndim:
                _refuse(f"Gather ({node.name!r}) picks more than one place")
            return [int(node.attributes.get("axis", 0)) % rank]
        place = 3 if node.op == "Slice" else 1
        axes: Any = node.attributes.get("axes")
        if axes is None and place < len(node.inputs) and node.inputs[place]:
            axes = self.graph.constants[node.inputs[place]].reshape(-1)
        return list(range(rank)) if axes is None else [int(axis) % rank for axis in axes]


def _followed(graph: Graph, nodes: Sequence[Node]) -> Head:
    first = nodes[0]
    axis, per_class = _class_weights(graph, first)
    follower = _Follower(graph, axis, per_class, {})
    for node in nodes[1:]:
        follower.follow(node)
    shape = graph.shapes[graph.output]
    n = graph.shapes[first.outputs[0]][axis]
    others = [size for i, size in enumerate(shape) if i not in (0, follower.axis)]
    if not shape or shape[0] != PROBE or follower.axis == 0 or any(size != 1 for size in others):
        _refuse(f"its answer has the shape {('batch', *shape[1:])}")
    source = first.inputs[0]
    if graph.shapes[source][0] != PROBE:
        _refuse("the batch is not the first axis of its features")
    outside = {node.name for node in graph.nodes} - {node.name for node in nodes}
    for name in (*follower.per_class, *follower.targets):
        if any(reader.name in outside for reader in graph.readers(name)):
            _refuse(f"the weights {name!r} of its last layer are used in another place too")
    return Head(source, tuple(node.name for node in nodes), n, follower.per_class, follower.targets)


def _class_weights(graph: Graph, node: Node) -> tuple[int, dict[str, tuple[int, Fresh]]]:
    """The axis that the product makes, and its weights."""
    weight = node.inputs[1]
    found: dict[str, tuple[int, Fresh]] = {}
    if node.op == "Conv":
        if node.attributes.get("group", 1) != 1:
            _refuse(f"the last convolution ({node.name!r}) works in groups")
        found[weight] = (0, "weight")
        if len(node.inputs) > 2 and node.inputs[2]:
            found[node.inputs[2]] = (0, "bias")
        return 1, found
    if node.op == "MatMul":
        found[weight] = (1, "weight")
        return len(graph.shapes[node.outputs[0]]) - 1, found
    if node.attributes.get("transA", 0):
        _refuse(f"the last product ({node.name!r}) turns its features")
    found[weight] = (0 if node.attributes.get("transB", 0) else 1, "weight")
    bias = graph.constants.get(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    if len(node.inputs) > 2 and node.inputs[2] and bias is None:
        _refuse(f"the bias of the last product ({node.name!r}) is computed")
    if bias is not None and bias.ndim and bias.shape[-1] == graph.shapes[node.outputs[0]][1]:
        found[node.inputs[2]] = (bias.ndim - 1, "bias")
    return 1, found


def with_classes(
    graph: Graph, head: Head, n_outputs: int, fresh: Callable[[Fresh, tuple[int, ...], int], Any]
) -> Graph:
    """The graph with a new head for `n_outputs` classes; everything before it stays.

    Activations behind the classes are left out: a ReLU there forbids logits below 0, and with them probabilities
    below one half. `fresh(what, shape, n_inputs)` gives the numbers of a new constant; `n_inputs` is how many features
    one class sums.
    """
    for node in [n for n in graph.nodes if n.name in head.nodes and n.op in ACTIVATIONS]:
        graph = _spliced(graph, node)
    weight, (axis, _) = next(iter(head.per_class.items()))
    n_inputs = graph.constants[weight].size // graph.constants[weight].shape[axis]
    constants = dict(graph.constants)
    for name, (axis, what) in head.per_class.items():
        old = graph.constants[name]
        shape = tuple(n_outputs if i == axis else n for i, n in enumerate(old.shape))
        constants[name] = np.asarray(fresh(what, shape, n_inputs), np.float32)
    for name, place in head.targets.items():
        target = graph.constants[name].reshape(-1).copy()
        target[place] = n_outputs
        constants[name] = target
    return replace(graph, constants=constants)


def never_negative(graph: Graph, head: Head) -> bool:
    """Whether an activation behind the classes keeps their logits from falling below 0."""
    ops = [node.op for node in graph.nodes if node.name in head.nodes]
    last = next((op for op in reversed(ops) if op in ACTIVATIONS or op in WITH_CONSTANT), "")
    return last in ("Relu", "Abs", "Exp", "Sqrt", "Softplus", "HardSigmoid")


def _refuse(why: str) -> NoReturn:
    raise IncompatibleModel(f"The last layer of this model cannot be told: {why}.", advice=ADVICE)
