"""Models that were made elsewhere come to the shelf in this program's form, with what was said and what was assumed."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

import foreign_models as others
from einthoven import capsule
from einthoven.errors import FormatError, HintsNeeded, IncompatibleModel, SettingError
from einthoven.infer import Predictor
from einthoven.leads import STANDARD_12
from einthoven.models.building import build_network
from einthoven.models.weights import save_weights
from einthoven.onnx.export import export
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.inspecting import IMPORTED, ORIGIN
from einthoven.onnx.foreign.network import network_from_graph
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.workflows import share
from einthoven.workflows.workspace import Workspace

torch.set_num_threads(1)
METADATA = (("target_keys", "['CD', 'MI', 'STTC']"), ("standardizer", "None"), ("scale", "mikroVolt"))
HINTS = ModelHints(leads=STANDARD_12, rate=100.0, kind="multi-label", task="infarct")


def test_a_foreign_model_predicts_under_its_own_names_and_in_its_own_unit(workspace: Workspace) -> None:
    content = others.cnn(metadata=METADATA)
    view = share.take_in(workspace, "theirs.onnx", content, hints=HINTS)
    assert (view.name, view.classes, view.kind, view.task) == ("theirs", ("CD", "MI", "STTC"), "multi-label", "infarct")
    assert view.leads == STANDARD_12 and (view.rate, view.duration) == (100.0, 2.0)
    assert view.can_continue and view.architecture is None and view.parameters == 523
    assert "mV times 1000 (inside the model)" in view.steps
    predictor = Predictor(workspace.models.graph("theirs"), threads=1)
    x = np.random.default_rng(0).normal(0, 0.5, (3, 12, 200)).astype(np.float32)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"x": x * 1000})
    np.testing.assert_allclose(predictor.run(x).values, 1 / (1 + np.exp(-logits)), atol=1e-4)
    assert (predictor.run(x).values > 0.01).any()


def test_what_was_said_travels_with_the_model(workspace: Workspace) -> None:
    share.take_in(workspace, "theirs.onnx", others.cnn(metadata=(*METADATA, METADATA[2]), training=True), hints=HINTS)
    imported = workspace.models.model("theirs").statistics["imported"]
    assert imported["said_by_the_user"]["leads"] == list(STANDARD_12) and imported["file"] == "theirs.onnx"
    assert "'scale' stands twice with the same value." in imported["found_in_the_file"]
    assert any("saved as for training" in line for line in imported["found_in_the_file"])
    assert imported["largest_difference_to_onnxruntime"] < 1e-4 and imported["not_trainable"] == ""
    name, data = share.exported(workspace, "theirs", form="capsule")
    opened = capsule.unpack(data, name)
    assert "origin.onnx" in opened.said.members and "weights.safetensors" not in opened.said.members
    assert "It was made elsewhere and taken in here." in opened.said.card
    assert opened.said.statistics["imported"] == imported
    again = share.take_in(workspace, name, data, name="again")
    assert again.can_continue and again.classes == ("CD", "MI", "STTC")


def test_all_gaps_are_named_at_once_and_nothing_is_kept(workspace: Workspace) -> None:
    content = others.cnn(metadata=METADATA)
    with pytest.raises(HintsNeeded, match=r"leads \(usual: I II III") as refusal:
        share.take_in(workspace, "theirs.onnx", content)
    assert refusal.value.missing == ("leads", "rate", "kind")
    assert workspace.models.models() == [] and list(workspace.home.glob("models/*")) == []
    found = share.inspected("theirs.onnx", content)
    assert found.missing == ("leads", "rate", "kind") and found.offers["leads"] == STANDARD_12
    assert share.inspected("theirs.onnx", content, HINTS).missing == ()


def test_an_untrained_model_is_a_starting_point_and_says_so(workspace: Workspace) -> None:
    content = others.cnn(2, metadata=(("target_keys", "['None1', 'None2']"),))
    hints = ModelHints(leads=STANDARD_12, rate=100.0, kind="single-label", scaling="z_score lead")
    share.take_in(workspace, "fresh.onnx", content, hints=hints)
    imported = workspace.models.model("fresh").statistics["imported"]
    assert "placeholders" in imported["untrained"] and "not for prediction" in " ".join(imported["warnings"])
    assert "not for prediction" in share.card(workspace, "fresh")


def test_a_foreign_model_learns_on_from_the_shelf(workspace: Workspace) -> None:
    share.take_in(workspace, "theirs.onnx", others.cnn(metadata=METADATA), hints=HINTS)
    spec = workspace.models.model("theirs").spec
    path = workspace.models.file("theirs", ORIGIN)
    assert path is not None
    task = ModelSpec("single-label", (TaskClass("a"), TaskClass("b")), spec.steps)
    network = network_from_graph(path.read_bytes(), spec, task)
    assert network(torch.randn(3, 12, 200)).shape == (3, 2)
    assert any(isinstance(part, torch.nn.modules.batchnorm._BatchNorm) for part in network.modules())


def test_a_bare_graph_of_our_own_can_be_learned_on_from(workspace: Workspace) -> None:
    spec = ModelSpec("single-label", (TaskClass("a"), TaskClass("b")), standard_steps(rate=50, duration=2))
    path = workspace.home.parent / "ours.onnx"
    export(build_network("inceptiontime", spec), spec, path)
    view = share.take_in(workspace, "ours.onnx", path.read_bytes())
    assert view.can_continue and view.architecture is None and view.classes == ("a", "b")
    export(build_network("inceptiontime", spec, window=40), spec, path)
    assert share.take_in(workspace, "windows.onnx", path.read_bytes()).can_continue


def test_a_regression_says_its_unit_or_a_person_does(workspace: Workspace) -> None:
    hints = ModelHints(leads=STANDARD_12, rate=100.0, kind="regression", unit="mV", scaling="none", class_names=("QT",))
    content = others.cnn(1)
    assert share.inspected("theirs.onnx", content, hints).missing == ("value_unit",)
    with pytest.raises(HintsNeeded, match="value_unit"):
        share.take_in(workspace, "theirs.onnx", content, hints=hints)
    view = share.take_in(workspace, "theirs.onnx", content, hints=replace(hints, value_unit="ms"))
    assert (view.kind, view.unit) == ("regression", "ms") and "value unit: ms" in view.told
    stated = others.cnn(1, metadata=(("target_unit", "years"),))
    assert share.take_in(workspace, "stated.onnx", stated, hints=hints).unit == "years"
    none = share.take_in(workspace, "none.onnx", content, hints=replace(hints, value_unit="none"))
    assert none.unit == ""
    name, data = share.exported(workspace, "stated", form="onnx")
    assert share.inspected(name, data).value_unit == "years"
    for unit in ("", " ", "m" * 31):
        with pytest.raises(SettingError, match="value_unit"):
            replace(hints, value_unit=unit)
    # A classifier has none, whatever its file says.
    classes = replace(hints, kind="single-label", class_names=("a", "b"))
    assert share.inspected("m.onnx", others.cnn(2, metadata=(("target_unit", "ms"),)), classes).value_unit is None


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_foreign_file_is_refused_or_taken_but_never_breaks(workspace: Workspace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(others.cnn(metadata=METADATA))
    for place in rng.integers(0, len(content), rng.integers(1, 6)):
        content[place] = rng.integers(0, 256)
    try:
        share.inspected("theirs.onnx", bytes(content), HINTS)
    except (FormatError, IncompatibleModel) as error:
        assert error.message


def test_weights_learned_from_a_graph_are_kept_only_beside_that_graph(workspace: Workspace) -> None:
    share.take_in(workspace, "theirs.onnx", others.cnn(metadata=METADATA), hints=HINTS)
    spec = workspace.models.model("theirs").spec
    origin = workspace.models.file("theirs", ORIGIN)
    assert origin is not None
    weights = workspace.home.parent / "weights.safetensors"
    save_weights(network_from_graph(origin.read_bytes(), spec, spec), weights)
    parts = {
        "model.onnx": workspace.models.graph("theirs").read_bytes(),
        "origin.onnx": origin.read_bytes(),
        "weights.safetensors": weights.read_bytes(),
    }
    whole = share.take_in(workspace, "whole.zip", _zipped(parts))
    assert whole.architecture == IMPORTED and whole.can_continue
    del parts["origin.onnx"]
    part = share.take_in(workspace, "part.zip", _zipped(parts))
    assert part.architecture is None and workspace.models.file("part", "weights.safetensors") is None


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
