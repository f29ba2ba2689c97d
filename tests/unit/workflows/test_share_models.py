"""Model files that come in: sound ones are taken, others are refused in words, and nothing in them is trusted."""

import io
import json
import struct
import zipfile
from dataclasses import replace

import pytest

from einthoven import capsule
from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, NotFound
from einthoven.workflows import share
from einthoven.workflows.plain import to_plain
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec

GRAPH = mean_model(mean_spec(), {"n_train": 7, "simulated": True, "validation": {"macro_f1": 0.5}})


def bundle(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [GRAPH, bundle(model__onnx=GRAPH), bundle(model__onnx=GRAPH, evil__py=b"import os")])
def test_a_sound_file_is_taken_with_what_it_says_of_itself(workspace: Workspace, data: bytes) -> None:
    view = share.take_in(workspace, "given model.onnx", data)
    assert (view.name, view.n_train, view.simulated, view.validation_macro_f1) == ("given model", 7, True, 0.5)
    assert not view.can_continue and view.trained_on is None and view.run is None
    folder = workspace.models.graph("given model").parent
    assert [path.name for path in folder.iterdir()] == ["model.onnx"]
    assert share.take_in(workspace, "given model.onnx", data).name == "given model-2"
    assert share.take_in(workspace, "x.onnx", data, name="mine").name == "mine"
    assert [view.name for view in share.views(workspace)][::-1] == ["given model", "given model-2", "mine"]


def encrypted(data: bytes) -> bytes:
    """The same archive with the flag of encryption set on each member."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = changed.find(signature)
        struct.pack_into("<H", changed, place + offset, 1)
    return bytes(changed)


def corrupt(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[60:90] = b"\xff" * 30
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", FormatError, "empty"),
        (b"no model at all", FormatError, "no intact ONNX model"),
        (GRAPH[: len(GRAPH) // 2], FormatError, "no intact ONNX model"),
        (bundle(readme__txt=b"hello"), FormatError, "holds no model.onnx"),
        (bundle(model__onnx=GRAPH, statistics__json=b"{"), FormatError, "damaged"),
        (bundle(model__onnx=GRAPH, statistics__json=b"[1]"), FormatError, "statistics.json is damaged"),
        (bundle(model__onnx=GRAPH, statistics__json=b'{"f1": NaN}'), FormatError, "numbers that are none"),
        (mean_model(mean_spec(), {"f1": float("nan")}), FormatError, "numbers that are none"),
        (encrypted(bundle(model__onnx=GRAPH)), FormatError, "damaged"),
        (corrupt(bundle(model__onnx=GRAPH)), FormatError, "damaged"),
        (GRAPH.replace(b"einthoven-model-spec", b"einthoven-model-spex"), IncompatibleModel, "no description"),
    ],
)
def test_a_file_that_is_none_or_damaged_is_refused_and_leaves_nothing(
    workspace: Workspace, data: bytes, error: type[EinthovenError], words: str
) -> None:
    with pytest.raises(error, match=words):
        share.take_in(workspace, "given.onnx", data)
    assert workspace.models.models() == [] and list(workspace.home.glob("models/*")) == []


def test_statistics_of_strange_form_do_not_break_the_list_of_models(workspace: Workspace) -> None:
    strange = {"validation": 5, "label_distribution": {"a": "many", "b": 2}, "n_train": "all", "parameters": [1]}
    share.take_in(workspace, "strange.zip", bundle(model__onnx=GRAPH, statistics__json=json.dumps(strange).encode()))
    (view,) = share.views(workspace)
    assert (view.validation_macro_f1, view.n_train, view.parameters) == (None, None, None)
    assert view.label_counts == {"b": 2} and not view.simulated
    to_plain(view)


def test_weights_that_do_not_belong_to_the_graph_are_left_out(workspace: Workspace) -> None:
    view = share.take_in(workspace, "m.zip", bundle(model__onnx=GRAPH, weights__safetensors=b"not these"))
    assert not view.can_continue and view.architecture is None


def test_a_file_is_named_so_that_no_system_minds(workspace: Workspace) -> None:
    share.take_in(workspace, "x.onnx", GRAPH, name="Vörhof & \u2764 (1)")
    assert share.exported(workspace, "Vörhof & \u2764 (1)", form="capsule")[0] == "V_rhof______1_.ecgmodel"
    with pytest.raises(NotFound, match="no model 'y'"):
        share.exported(workspace, "y", form="onnx")


def test_a_capsule_is_taken_in_verified_and_says_so(workspace: Workspace) -> None:
    share.take_in(workspace, "m.onnx", GRAPH)
    name, data = share.exported(workspace, "m", form="capsule")
    assert name == "m.ecgmodel" and share.exported(workspace, "m", form="capsule") == (name, data)
    view = share.take_in(workspace, "given.ecgmodel", data)
    assert (view.name, view.n_train, view.simulated, view.validation_macro_f1) == ("given", 7, True, 0.5)
    assert "Unaltered since it was packed by einthoven" in view.sealed and "4 simulated ECGs" in view.sealed
    assert [(one.part, one.numbers) for one in view.tested] == [("validation", {"macro_f1": 0.5})]
    assert share.inspected("given.ecgmodel", data).said[0] == view.sealed
    # Given on: card and evaluations are those that it came with, the name is the one it has here.
    on = share.exported(workspace, "given", form="capsule")[1]
    first, second = capsule.unpack(data, "m").said, capsule.unpack(on, "m").said
    assert replace(second, name="m") == first
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    with pytest.raises(EinthovenError):
        share.take_in(workspace, "changed.ecgmodel", bytes(changed))
    assert sorted(view.name for view in share.views(workspace)) == ["given", "m"]


def test_an_ecgmodel_without_a_manifest_is_not_taken_for_an_earlier_bundle(workspace: Workspace) -> None:
    with pytest.raises(FormatError, match=r"holds no manifest\.json"):
        share.take_in(workspace, "m.ecgmodel", bundle(model__onnx=GRAPH))
