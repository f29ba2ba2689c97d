"""Operators that our conversion lacks, by onnx2fx where it is installed. Imports torch: import it on use.

Only the one operator is handed over, as a graph of its own under names of ours: nothing that a file writes gets into
the code that onnx2fx generates. What comes back stands where the operator stood; the network is accepted by the same
comparison with onnxruntime as all others (`acceptance.py`), and only if what stands before the operator can learn.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import PROBE
from einthoven.onnx.foreign.operators.registry import Operation, Step

if TYPE_CHECKING:
    import onnx

NEVER = frozenset(
    (
        "Compress", "ConcatFromSequence", "If", "Loop", "NonMaxSuppression", "NonZero", "Optional",
        "OptionalGetElement", "OptionalHasElement", "Scan", "SequenceAt", "SequenceConstruct", "SequenceEmpty",
        "SequenceErase", "SequenceInsert", "SequenceLength", "SplitToSequence", "StringNormalizer", "Unique",
    )
)  # fmt: skip
"""Operators with graphs inside, and those whose results are no tensors or have a size that depends on the signal."""


class Borrowed(nn.Module):
    """An operator as onnx2fx computes it; its results by place, None where one is not asked for."""

    def __init__(self, op: str, module: nn.Module, places: tuple[int, ...], n_outputs: int) -> None:
        super().__init__()
        self.op, self.module, self.places, self.n_outputs = op, module, places, n_outputs

    def forward(self, *values: Tensor) -> tuple[Tensor | None, ...]:
        given = self.module(*values)
        given = given if isinstance(given, (tuple, list)) else (given,)
        found: list[Tensor | None] = [None] * self.n_outputs
        for place, value in zip(self.places, given, strict=True):
            found[place] = value
        return tuple(found)


def lends(name: str) -> bool:
    """Whether onnx2fx is installed and has an operator of this name that fits here."""
    if name in NEVER or find_spec("onnx2fx") is None:
        return False
    import onnx2fx

    return bool(onnx2fx.is_supported(name))


def borrowed(op: Operation) -> Step:
    """How onnx2fx computes the node; IncompatibleModel names the operator when it cannot."""
    import onnx2fx
    from onnx2fx.exceptions import Onnx2FxError

    if any(name in op.graph.sizes for name in op.node.inputs):
        op.refuse("what it takes depends on the size of the batch")
    signals = tuple(i for i in range(op.n_inputs) if op.has(i) and op.constant(i) is None)
    places = tuple(i for i in range(op.n_outputs) if op.gives(i))
    try:
        module = onnx2fx.convert(_alone(op, signals, places))
    except (Onnx2FxError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0][:200]
        op.refuse(f"onnx2fx says {reason!r}")
    return Step(Borrowed(op.node.op, module, places, op.n_outputs), signals)


def _alone(op: Operation, signals: tuple[int, ...], places: tuple[int, ...]) -> "onnx.ModelProto":
    """A graph of this one node; only shapes, numbers and attributes are those of the file."""
    import onnx

    inputs = [f"x{i}" if op.has(i) else "" for i in range(op.n_inputs)]
    outputs = [f"y{i}" if op.gives(i) else "" for i in range(op.n_outputs)]
    node = onnx.helper.make_node(op.node.op, inputs, outputs, name="borrowed", **_attributes(op.node.attributes))
    constants = [
        onnx.numpy_helper.from_array(np.asarray(value), inputs[i])
        for i in range(op.n_inputs)
        if (value := op.constant(i)) is not None
    ]
    graph = onnx.helper.make_graph(
        [node],
        "borrowed",
        [onnx.helper.make_tensor_value_info(inputs[i], onnx.TensorProto.FLOAT, _dims(op.shape(i))) for i in signals],
        [onnx.ValueInfoProto(name=outputs[i]) for i in places],
        constants,
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", op.opset)])


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    import onnx

    return {
        name: onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for name, value in given.items()
        if not (isinstance(value, list) and not value)
    }


def _dims(shape: tuple[int, ...]) -> list[int | str]:
    return ["batch" if place == 0 and size == PROBE else size for place, size in enumerate(shape)]


def check_learning(whole: nn.Module, x: Tensor, name: str) -> None:
    """IncompatibleModel when an operator of `whole` was borrowed and no gradient gets back to its input `x`."""
    ops = sorted({part.op for part in whole.modules() if isinstance(part, Borrowed)})
    if not ops:
        return
    x = x.clone().requires_grad_()
    answers = whole(x)
    gradient: Tensor | None = None
    if answers.requires_grad:
        chosen = torch.randn(answers.shape, generator=torch.Generator().manual_seed(0))
        (gradient,) = torch.autograd.grad((answers * chosen).sum(), x, allow_unused=True)
    if gradient is None or not bool(gradient.isfinite().all()) or not bool(gradient.any()):
        raise IncompatibleModel(
            f"{name} uses {', '.join(ops)}, which only onnx2fx can convert, and nothing can be learned through that.",
            advice="Export the model again without it; quantised models: export the one before quantising.",
        )
