"""Files that are no model: empty ones, checkpoints of torch; and statements that are not clear enough to be used."""

import io
import zipfile
from dataclasses import replace

import pytest

import foreign_models as others
from einthoven.errors import FormatError, HintsNeeded
from einthoven.leads import STANDARD_12
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.store.models import GRAPH
from einthoven.workflows import share
from einthoven.workflows.workspace import Workspace

HINTS = ModelHints(leads=STANDARD_12, rate=100.0, kind="single-label", class_names=("A", "B", "C"))


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize("hints", [None, HINTS], ids=["no hints", "hints"])
@pytest.mark.parametrize("name", ["empty.onnx", "empty.ecgmodel", "empty.pt"])
def test_an_empty_file_is_said_to_be_empty(workspace: Workspace, name: str, hints: ModelHints | None) -> None:
    for look in (
        lambda: share.inspected(name, b"", hints),
        lambda: share.take_in(workspace, name, b"", hints=hints),
    ):
        with pytest.raises(FormatError, match=f"{name} is empty: it has 0 bytes") as caught:
            look()
        assert "again" in caught.value.advice


def test_an_empty_graph_in_a_bundle_is_said_to_be_empty(workspace: Workspace) -> None:
    content = archive(**{GRAPH: b""})
    with pytest.raises(FormatError, match=r"model\.onnx in old\.zip is empty"):
        share.take_in(workspace, "old.zip", content, hints=HINTS)


@pytest.mark.parametrize("name", ["good.pt", "good.PTH", "good.ckpt", "good.safetensors"])
@pytest.mark.parametrize("content", [archive(**{"good/data.pkl": b"x"}), b"\x80\x02anything"], ids=["zip", "bytes"])
def test_a_checkpoint_is_shown_the_way(workspace: Workspace, name: str, content: bytes) -> None:
    for look in (
        lambda: share.inspected(name, content),
        lambda: share.take_in(workspace, name, content, hints=HINTS),
    ):
        with pytest.raises(FormatError, match="weights without their network") as caught:
            look()
        assert f"einthoven convert-checkpoint {name}" in caught.value.advice


def test_a_checkpoint_of_torch_is_known_by_its_content_too(workspace: Workspace) -> None:
    with pytest.raises(FormatError, match="weights without their network"):
        share.take_in(workspace, "renamed.zip", archive(**{"good/data.pkl": b"x", "good/data/0": b"x"}))


def test_another_zip_holds_no_graph(workspace: Workspace) -> None:
    with pytest.raises(FormatError, match=r"holds no model\.onnx"):
        share.take_in(workspace, "letters.zip", archive(**{"letter.txt": b"x"}))


# -- what is stated and cannot be used -------------------------------------------------------------


def test_a_standardiser_without_saying_over_what_is_ambiguous() -> None:
    content = others.cnn(metadata=(("standardizer", "z_score"),))
    found = share.inspected("m.onnx", content)
    assert "scaling" in found.missing
    assert share.unclear(found)["scaling"] == "stated as 'z_score', but not whether over each lead or the whole record"
    clear = replace(HINTS, scaling="z_score lead")
    assert share.unclear(share.inspected("m.onnx", content, clear)) == {}


def test_statements_that_cannot_be_read_are_named() -> None:
    content = others.cnn(metadata=(("target_keys", "['A', "), ("sampling_rate", "quick"), ("scale", "furlong")))
    unclear = share.unclear(share.inspected("m.onnx", content))
    assert unclear["class_names"] == "stated as target_keys = \"['A', \", which cannot be read"
    assert unclear["rate"] == "stated as sampling_rate = 'quick', which cannot be read"
    assert unclear["unit"] == "stated as scale = 'furlong', which cannot be read"
    assert "leads" not in unclear


def test_taking_it_in_says_what_was_unclear(workspace: Workspace) -> None:
    content = others.cnn(metadata=(("standardizer", "z_score"), ("target_keys", "['A', ")))
    with pytest.raises(HintsNeeded) as caught:
        share.take_in(workspace, "m.onnx", content, hints=replace(HINTS, class_names=None))
    assert "scaling is stated as 'z_score', but not whether over each lead or the whole record" in caught.value.message
    assert "class_names is stated as target_keys" in caught.value.message
