"""What an operator's function is given and what it answers.

A function here is called once for each node, when the network is built: it reads attributes and constant inputs, and
answers a `Step`, which is run for each batch. The semantics are those of https://onnx.ai/onnx/operators/ for the
opset of the model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy.typing as npt

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import Graph, Node
from einthoven.onnx.foreign.limits import ADVICE_OF_EXPORT

Run = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Step:
    """How a node is computed.

    Parameters
    ----------
    run
        A function or `nn.Module` that takes tensors (or lists of whole numbers, for sizes that depend on the batch)
        and gives a tensor, or as many in a tuple as the node has outputs.
    takes
        Which of the node's inputs it is given, in this order; None where an optional one lacks.
    key
        Nodes with the same key share one module, as they share its weights.
    """

    run: Run
    takes: tuple[int, ...]
    key: str = ""


class Operation:
    """A node as its function sees it."""

    def __init__(self, graph: Graph, node: Node) -> None:
        self.graph = graph
        self.node = node
        self.opset = graph.opset
        self.n_inputs = len(node.inputs)
        self.n_outputs = len(node.outputs)

    def has(self, i: int) -> bool:
        return i < self.n_inputs and bool(self.node.inputs[i])

    def gives(self, i: int) -> bool:
        """Whether the node's output `i` is asked for."""
        return i < self.n_outputs and bool(self.node.outputs[i])

    def constant(self, i: int) -> npt.NDArray[Any] | None:
        """Input `i` when it is fixed."""
        return self.graph.constants.get(self.node.inputs[i]) if self.has(i) else None

    def fixed(self, i: int, what: str) -> npt.NDArray[Any]:
        """Input `i`, which must be fixed; otherwise the node is refused."""
        value = self.constant(i)
        if value is None:
            self.refuse(f"its {what} is not a constant")
        return value

    def numbers(self, i: int) -> list[int] | None:
        """Whole numbers of input `i` when they are fixed."""
        value = self.constant(i)
        return None if value is None else [int(number) for number in value.reshape(-1)]

    def shape(self, i: int) -> tuple[int, ...]:
        """Shape of input `i` for a batch of `graph.PROBE`."""
        return self.graph.shapes[self.node.inputs[i]]

    def rank(self, i: int = 0) -> int:
        return len(self.shape(i))

    def attribute(self, name: str, default: Any = None) -> Any:
        return self.node.attributes.get(name, default)

    def option(self, name: str, i: int) -> list[int] | None:
        """Whole numbers that older opsets give as the attribute `name` and newer ones as input `i`."""
        if name in self.node.attributes:
            value = self.node.attributes[name]
            return [int(n) for n in value] if isinstance(value, Sequence) else [int(value)]
        if not self.has(i):
            return None
        value = self.numbers(i)
        if value is None:
            self.refuse(f"its {name} are not constant")
        return value

    def axis(self, default: int, rank: int | None = None) -> int:
        """Attribute `axis`, counted from the front."""
        return int(self.attribute("axis", default)) % max(self.rank() if rank is None else rank, 1)

    def refuse(self, reason: str) -> NoReturn:
        raise IncompatibleModel(
            f"The operator {self.node.op} ({self.node.name!r}) cannot be converted: {reason}.", advice=ADVICE_OF_EXPORT
        )


Builder = Callable[[Operation], Step]
OPERATORS: dict[str, Builder] = {}


def operator(*names: str) -> Callable[[Builder], Builder]:
    """Registers the function for the operators of these names."""

    def register(builder: Builder) -> Builder:
        for name in names:
            OPERATORS[name] = builder
        return builder

    return register


def every(operation: Operation) -> tuple[int, ...]:
    """All inputs."""
    return tuple(range(operation.n_inputs))


def find(name: str) -> Builder:
    """The function for an operator, onnx2fx's where we have none; IncompatibleModel names the operator otherwise."""
    from einthoven.onnx.foreign.fallback import borrowed, lends
    from einthoven.onnx.foreign.operators import (  # noqa: F401  (they register themselves)
        activations,
        arithmetic,
        convolution,
        normalisation,
        pooling,
        recurrent,
        reduction,
        shapes,
    )

    if name in OPERATORS:
        return OPERATORS[name]
    if lends(name):
        return borrowed
    raise IncompatibleModel(
        f"The model uses the operator {name}, which cannot be converted.",
        advice=f"{ADVICE_OF_EXPORT} Operators that are known: {', '.join(sorted(OPERATORS))}.",
    )
