"""Values inside a graph, computed by onnxruntime: the only thing that ever executes a foreign file."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import IncompatibleModel

if TYPE_CHECKING:
    import onnx

REFUSALS = (
    "Fail",
    "InvalidGraph",
    "InvalidProtobuf",
    "InvalidArgument",
    "NotImplemented",
    "RuntimeException",
    "EPFail",
)
"""Names of onnxruntime's errors."""
Arrays = dict[str, npt.NDArray[Any]]


class Runtime:
    """A graph loaded by onnxruntime, one thread, its own rewriting switched off."""

    def __init__(self, model: "onnx.ModelProto", name: str) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        self.name = name
        self._errors = tuple(getattr(state, kind) for kind in REFUSALS)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except self._errors as error:
            raise IncompatibleModel(f"onnxruntime refuses {name} ({_first_line(error)}).") from error
        self.input = self._session.get_inputs()[0].name
        self.outputs = [output.name for output in self._session.get_outputs()]

    def run(self, x: npt.NDArray[np.float32]) -> Arrays:
        """All outputs by their names."""
        try:
            answers = self._session.run(None, {self.input: np.ascontiguousarray(x, np.float32)})
        except self._errors as error:
            raise IncompatibleModel(
                f"onnxruntime cannot run {self.name} on a batch of {len(x)} ({_first_line(error)}).",
                advice="Export it with a dynamic batch, for ECGs of the stated size.",
            ) from error
        return dict(zip(self.outputs, answers, strict=True))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]


def exposing(model: "onnx.ModelProto", names: Sequence[str]) -> "onnx.ModelProto":
    """A copy of the model whose outputs are the named values."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    del copy.graph.value_info[:]
    # Without a type: onnxruntime infers it.
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return copy


def values(model: "onnx.ModelProto", names: Sequence[str], x: npt.NDArray[np.float32], name: str) -> Mapping[str, Any]:
    """The named values for the input `x`."""
    return Runtime(exposing(model, names), name).run(x) if names else {}


def trial(n: int, shape: Sequence[int], seed: int = 0) -> npt.NDArray[np.float32]:
    """Random input `(n, *shape)`."""
    return np.random.default_rng(seed).normal(0, 1, (n, *shape)).astype(np.float32)
