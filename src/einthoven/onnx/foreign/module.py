"""Torch modules that compute a graph, or a part of it. Imports torch: import it on use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from einthoven.onnx.foreign.graph import PROBE, Graph, Node, nodes_between
from einthoven.onnx.foreign.operators.registry import Operation, Run, Step, find
from einthoven.onnx.foreign.weights import learned

MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class _Move:
    """One step with names instead of places. `module` names a submodule; otherwise `run` is a function."""

    run: Run | None
    module: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    forgets: tuple[str, ...]


class GraphPart(nn.Module):
    """The nodes between the value `source` and the value `wanted` of a graph.

    Parameters that learn and constants that do not are kept once each, whoever uses them. Batch normalisation is
    torch's own. The first axis of the source is the batch.
    """

    def __init__(self, graph: Graph, nodes: Sequence[Node], source: str, wanted: str) -> None:
        super().__init__()
        self.source, self.wanted = source, wanted
        self.layers = nn.ModuleDict()
        self.sizes = {name: line for name, line in graph.sizes.items() if any(name in n.inputs for n in nodes)}
        self.stored: dict[str, str] = {}
        trained = learned(graph)
        steps = [(node, find(node.op)(Operation(graph, node))) for node in nodes]
        keys: dict[str, str] = {}
        moves: list[_Move] = []
        last = _last_uses(steps, wanted)
        for number, (node, step) in enumerate(steps):
            takes = tuple(node.inputs[i] if i < len(node.inputs) else "" for i in step.takes)
            for name in takes:
                if name in graph.constants and name not in self.stored:
                    self._store(name, graph.constants[name], trains=name in trained)
            module = ""
            run: Run | None = step.run
            if isinstance(run, nn.Module):
                module = keys.setdefault(step.key or f"only {number}", f"{number}_{_clean(node.name)}")
                if module not in self.layers:
                    self.layers[module] = run
                run = None
            forgets = tuple(name for name in (*takes, *node.outputs) if last.get(name) == number)
            moves.append(_Move(run, module, takes, node.outputs, forgets))
        self.moves = tuple(moves)

    def _store(self, name: str, value: "np.ndarray[Any, Any]", *, trains: bool) -> None:
        own = f"w{len(self.stored)}_{_clean(name)}"
        tensor = torch.from_numpy(np.array(value))
        tensor = tensor.float() if tensor.is_floating_point() else tensor
        if trains:
            self.register_parameter(own, nn.Parameter(tensor))
        else:
            self.register_buffer(own, tensor)
        self.stored[name] = own

    def values(self, x: Tensor, *, keep: bool = False) -> dict[str, Any]:
        """What is known at the end, by name; with `keep` every value in between too."""
        known: dict[str, Any] = {self.source: x}
        known |= {name: getattr(self, own) for name, own in self.stored.items()}
        for name, line in self.sizes.items():
            known[name] = [a + b * x.shape[0] if b else a for a, b in zip(line.fixed, line.grows, strict=True)]
        for move in self.moves:
            run = self.layers[move.module] if move.run is None else move.run
            given = run(*(known[name] if name else None for name in move.takes))
            given = given if isinstance(given, tuple) else (given,)
            known.update((name, value) for name, value in zip(move.gives, given, strict=False) if name)
            if not keep:
                for name in move.forgets:
                    known.pop(name, None)
        return known

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.values(x)[self.wanted]
        return out


def _last_uses(steps: Sequence[tuple[Node, Step]], wanted: str) -> Mapping[str, int]:
    last: dict[str, int] = {}
    for number, (node, step) in enumerate(steps):
        last.update((name, number) for name in node.outputs)
        last.update((node.inputs[i], number) for i in step.takes if i < len(node.inputs) and node.inputs[i])
    return {name: number for name, number in last.items() if name and name != wanted}


def _clean(name: str) -> str:
    """Letters, digits and _ of a name from a file, at most so many."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name)[-MAX_NAME:]


class Front(nn.Module):
    """`(batch, leads, samples)` -> the form that the graph takes: `turned` has samples before leads."""

    def __init__(self, shape: Sequence[int], *, turned: bool) -> None:
        super().__init__()
        self.shape, self.turned = tuple(shape), turned

    def forward(self, ecg: Tensor) -> Tensor:
        x = ecg.transpose(1, 2) if self.turned else ecg
        return x if x.shape[1:] == torch.Size(self.shape) else x.reshape(-1, *self.shape)


class Answer(nn.Module):
    """The part of the graph that makes one number per class, as `(batch, classes)`."""

    def __init__(self, part: GraphPart, n_outputs: int) -> None:
        super().__init__()
        self.part, self.n_outputs = part, n_outputs

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.part(x)
        return out if out.ndim == 2 else out.reshape(-1, self.n_outputs)


def convert(graph: Graph) -> GraphPart:
    """The whole graph as one module."""
    return GraphPart(graph, nodes_between(graph, graph.input, graph.output), graph.input, graph.output)


def batch_first(graph: Graph, value: str) -> bool:
    """Whether the first axis of a value is the batch (as far as its size tells)."""
    shape = graph.shapes[value]
    return bool(shape) and shape[0] == PROBE
