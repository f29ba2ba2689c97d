"""Files that need other files, other operators, or too much are refused everywhere, with the name of what is wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import foreign_models as others
from einthoven.errors import IncompatibleModel
from einthoven.leads import STANDARD_12
from einthoven.onnx.foreign import limits
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.task import Task, TaskClass
from einthoven.workflows import share
from einthoven.workflows.predict import predict
from einthoven.workflows.requests import PredictRequest
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import Notes, fill

HINTS = ModelHints(
    leads=STANDARD_12, rate=100.0, kind="single-label", unit="mV", scaling="none", class_names=("slow", "fast")
)  # fmt: skip


def with_other_file(model: onnx.ModelProto) -> str:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../secret.bin"
    return f"{tensor.name!r} in another file"


def with_other_operator(model: onnx.ModelProto) -> str:
    last = model.graph.node[-1]
    given = last.output[0]
    last.output[0] = "before"
    model.graph.node.append(helper.make_node("FusedThing", ["before"], [given], domain="com.example"))
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    return "operator 'FusedThing' of 'com.example'"


def with_a_loop(model: onnx.ModelProto) -> str:
    turn, go_on, again = (
        helper.make_tensor_value_info(name, kind, [])
        for name, kind in (("i", TensorProto.INT64), ("c", TensorProto.BOOL), ("d", TensorProto.BOOL))
    )
    body = helper.make_graph([helper.make_node("Identity", ["c"], ["d"])], "body", [turn, go_on], [again])
    model.graph.node.append(helper.make_node("Loop", ["", ""], [], body=body))
    return "operator Loop"


def with_a_weight_that_is_no_number(model: onnx.ModelProto) -> str:
    tensor = next(one for one in model.graph.initializer if one.data_type == TensorProto.FLOAT)
    values = numpy_helper.to_array(tensor).copy()
    values.flat[0] = np.nan
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return f"weights {tensor.name!r} hold values that are no numbers"


@pytest.mark.parametrize("spoil", [with_other_file, with_other_operator, with_a_loop, with_a_weight_that_is_no_number])
@pytest.mark.parametrize("ours", [False, True], ids=["foreign", "ours"])
def test_it_is_refused_when_looked_at_taken_in_and_asked(
    workspace: Workspace, report: Notes, tmp_path: Path, spoil: Callable[[onnx.ModelProto], str], *, ours: bool
) -> None:
    answers = fill(workspace, "d", n=4)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers, "pace"))
    model = onnx.load_model_from_string(mean_model(mean_spec()) if ours else others.cnn(2))
    words = spoil(model)
    content = model.SerializeToString()
    (tmp_path / "m.onnx").write_bytes(content)
    hints = None if ours else HINTS
    with pytest.raises(IncompatibleModel) as looked:
        share.inspected("m.onnx", content, hints)
    with pytest.raises(IncompatibleModel) as taken:
        share.take_in(workspace, "m.onnx", content, hints=hints)
    with pytest.raises(IncompatibleModel) as asked:
        predict(workspace, PredictRequest(str(tmp_path / "m.onnx"), dataset="d"), report)
    assert words in looked.value.message and words in taken.value.message
    # A foreign file is not asked at all: it is sent to be taken in, where it is refused.
    assert (words if ours else "does not say what it takes") in asked.value.message
    assert workspace.models.models() == []


def test_a_file_beyond_a_limit_is_refused_before_anything_runs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_WEIGHTS", 100)
    for content, hints in ((others.cnn(2), HINTS), (others.cnn(2), None)):
        with pytest.raises(IncompatibleModel, match="more than 0 million weights"):
            share.inspected("m.onnx", content, hints)
        with pytest.raises(IncompatibleModel, match="more than 0 million weights"):
            share.take_in(workspace, "m.onnx", content, hints=hints)
