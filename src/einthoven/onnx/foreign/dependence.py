"""What the values of a graph depend on: on the signal, on the size of the batch only, or on nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.limits import ADVICE_OF_EXPORT
from einthoven.onnx.foreign.running import trial, values

if TYPE_CHECKING:
    import onnx

Dependence = Literal["nothing", "batch", "signal"]
BATCHES = (1, 2, 3, 5)
"""Batch sizes at which values that depend on the batch only are looked at."""
RANDOM = frozenset(
    ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"]
)
_RANK = {"nothing": 0, "batch": 1, "signal": 2}


@dataclass(frozen=True, slots=True)
class Affine:
    """Whole numbers that grow with the batch: `fixed[i] + grows[i] * batch`; `scalar` for a single one without axis."""

    fixed: tuple[int, ...]
    grows: tuple[int, ...]
    scalar: bool = False


def dependences(model: "onnx.ModelProto") -> Mapping[str, Dependence]:
    """Value name -> what it depends on. Leads and samples are fixed: shapes depend on the batch only."""
    weights = {tensor.name for tensor in model.graph.initializer}
    found: dict[str, Dependence] = {i.name: "signal" for i in model.graph.input if i.name not in weights}
    for node in model.graph.node:
        if node.op_type in RANDOM:
            raise IncompatibleModel(
                f"The model draws random numbers ({node.op_type}): its answers would differ from run to run.",
                advice=ADVICE_OF_EXPORT,
            )
        of = max((found.get(name, "nothing") for name in reads(node)), key=_RANK.__getitem__, default="nothing")
        if node.op_type in ("Shape", "Size") and of == "signal":
            of = "batch"
        found.update(dict.fromkeys(node.output, of))
    return found


def reads(node: "onnx.NodeProto") -> list[str]:
    """Names a node reads, those that graphs inside it take from outside too."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            inside = {tensor.name for tensor in graph.initializer} | {i.name for i in graph.input}
            for inner in graph.node:
                names += [name for name in reads(inner) if name not in inside]
                inside.update(inner.output)
            names += [output.name for output in graph.output if output.name not in inside]
    return names


def unvarying(
    model: "onnx.ModelProto", shape: tuple[int, ...], name: str
) -> tuple[Mapping[str, "np.ndarray"], Mapping[str, Affine]]:
    """Values that never change, and whole numbers that grow with the batch, both by name."""
    found = dependences(model)
    names = [
        output
        for node in model.graph.node
        for output in node.output
        if output and found[output] in ("nothing", "batch")
    ]
    if not names:
        return {}, {}
    batches = BATCHES if any(found[n] == "batch" for n in names) else BATCHES[:1]
    runs = [values(model, names, trial(n, shape), name) for n in batches]
    fixed: dict[str, np.ndarray] = {}
    growing: dict[str, Affine] = {}
    for value in names:
        seen = [run[value] for run in runs]
        if not all(isinstance(array, np.ndarray) and array.shape == seen[0].shape for array in seen):
            continue
        if all(np.array_equal(array, seen[0], equal_nan=array.dtype.kind == "f") for array in seen):
            fixed[value] = seen[0]
        elif (line := _line(seen)) is not None:
            growing[value] = line
    return fixed, growing


def _line(seen: "list[np.ndarray]") -> Affine | None:
    first = seen[0]
    if first.ndim > 1 or first.dtype.kind not in "iu":
        return None
    numbers = [array.reshape(-1).astype(np.int64) for array in seen]
    grows = numbers[1] - numbers[0]
    fixed = numbers[0] - grows
    if any(not np.array_equal(fixed + grows * n, array) for n, array in zip(BATCHES, numbers, strict=True)):
        return None
    return Affine(tuple(map(int, fixed)), tuple(map(int, grows)), first.ndim == 0)
