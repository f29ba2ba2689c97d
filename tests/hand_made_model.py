"""An ONNX model made by hand, whose answers can be worked out on paper: the mean of each of the first leads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Kind, TaskClass

GAIN = 10.0


def mean_spec(
    kind: Kind = "single-label", names: Sequence[str] = ("slow", "fast"), *, over_lead: bool = False, unit: str = ""
) -> ModelSpec:
    """Two seconds at 100 Hz, no filter; `over_lead` says that the graph standardises (it does not, and need not)."""
    steps = standard_steps(rate=100, duration=2, band=None, over="lead" if over_lead else None)
    return ModelSpec(kind, tuple(map(TaskClass, names)), steps, task="pace", unit=unit)


def mean_model(spec: ModelSpec, extra: Mapping[str, Any] | None = None, *, divide: bool = False) -> bytes:
    """Logit of class k: `GAIN` times the mean of lead k, absent samples as 0. `divide`: an ECG of zeros gives NaN."""
    nodes = [
        helper.make_node("IsNaN", ["ecg"], ["absent"]),
        helper.make_node("Where", ["absent", "nothing", "ecg"], ["filled"]),
        helper.make_node("ReduceMean", ["filled", "last"], ["means"], keepdims=0),
        helper.make_node("Slice", ["means", "from", "to", "axis"], ["first"]),
        helper.make_node("Mul", ["first", "gain"], ["scaled"]),
    ]
    logits = "values" if spec.kind == "regression" else "logits"
    if divide:
        nodes += [
            helper.make_node("Mul", ["scaled", "scaled"], ["square"]),
            helper.make_node("Div", ["square", "scaled"], [logits]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["scaled"], [logits]))
    if spec.kind == "single-label":
        nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"]))
    if spec.kind == "multi-label":
        nodes.append(helper.make_node("Sigmoid", ["logits"], ["probabilities"]))
    outputs = ("values",) if spec.kind == "regression" else ("logits", "probabilities")
    n = len(spec.classes)
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, ["n", len(spec.leads), spec.n_samples])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", n]) for name in outputs],
        [
            numpy_helper.from_array(np.float32(0), "nothing"),
            numpy_helper.from_array(np.array([2], np.int64), "last"),
            numpy_helper.from_array(np.array([0], np.int64), "from"),
            numpy_helper.from_array(np.array([n], np.int64), "to"),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
            numpy_helper.from_array(np.float32(GAIN), "gain"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(
        model, {"einthoven": json.dumps(spec.to_json()), "einthoven_extra": json.dumps(dict(extra or {}))}
    )
    content: bytes = model.SerializeToString()
    return content
