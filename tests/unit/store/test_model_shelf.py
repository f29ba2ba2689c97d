"""Models on disk and what is known of them."""

from pathlib import Path

import pytest

from einthoven.errors import Conflict, NotFound, SettingError
from einthoven.spec import ModelSpec
from einthoven.store.models import ModelShelf
from einthoven.task import TaskClass
from small_ecgs import new_database

SPEC = ModelSpec("single-label", (TaskClass("x"), TaskClass("y")), task="t")


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(new_database(tmp_path), tmp_path)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "some.onnx"
    path.write_bytes(b"graph")
    return path


def test_a_model_keeps_its_files_and_what_was_said_of_it(shelf: ModelShelf, graph: Path) -> None:
    model = shelf.add(
        " m ", SPEC, {"model.onnx": graph}, architecture="a", run="r", n_train=3, simulated=True, statistics={"f1": 0.5}
    )
    graph.unlink()
    assert (model.name, model.spec, model.architecture, model.run, model.n_train) == ("m", SPEC, "a", "r", 3)
    assert model.simulated and model.statistics == {"f1": 0.5} and model.size == 5
    assert shelf.models() == [model] and shelf.has("m")
    assert shelf.graph("m").read_bytes() == b"graph" and shelf.file("m", "weights.safetensors") is None


def test_a_taken_name_is_a_conflict_and_leaves_no_folder(shelf: ModelShelf, graph: Path) -> None:
    shelf.add("m", SPEC, {"model.onnx": graph})
    with pytest.raises(Conflict, match="'m' already"):
        shelf.add("m", SPEC, {"model.onnx": graph})
    with pytest.raises(SettingError):
        shelf.add("a/b", SPEC, {"model.onnx": graph})
    with pytest.raises(FileNotFoundError):
        shelf.add("n", SPEC, {"model.onnx": graph.with_name("gone")})
    assert len(list(shelf.folder.iterdir())) == 1 and len(shelf.models()) == 1


def test_a_free_name_is_the_wanted_one_or_has_a_number(shelf: ModelShelf, graph: Path) -> None:
    assert shelf.free_name("m") == "m"
    shelf.add("m", SPEC, {"model.onnx": graph})
    assert shelf.free_name(" m ") == "m-2"
    shelf.add("m-2", SPEC, {"model.onnx": graph})
    assert shelf.free_name("m") == "m-3"


def test_a_free_name_is_never_too_long_to_be_used(shelf: ModelShelf, graph: Path) -> None:
    for _ in range(3):
        name = shelf.free_name("task " * 30)
        shelf.add(name, SPEC, {"model.onnx": graph})
    assert len(shelf.models()) == 3


def test_renaming_keeps_files_and_the_models_that_came_from_it(shelf: ModelShelf, graph: Path) -> None:
    shelf.add("old", SPEC, {"model.onnx": graph})
    shelf.add("child", SPEC, {"model.onnx": graph}, base="old")
    shelf.rename("old", " new ")
    assert not shelf.has("old") and shelf.graph("new").read_bytes() == b"graph"
    assert shelf.model("child").base == "new"
    shelf.rename("new", "new")
    with pytest.raises(Conflict, match="'child' already"):
        shelf.rename("new", "child")
    with pytest.raises(SettingError):
        shelf.rename("new", "a/b")
    with pytest.raises(NotFound, match=r"no model 'old'\. There are child, new\."):
        shelf.rename("old", "newer")


def test_a_deleted_model_is_gone_with_its_files(shelf: ModelShelf, graph: Path) -> None:
    shelf.add("m", SPEC, {"model.onnx": graph})
    shelf.delete("m")
    assert list(shelf.folder.iterdir()) == []
    for call in (shelf.model, shelf.delete, shelf.graph):
        with pytest.raises(NotFound, match="There is none yet: train one"):
            call("m")


def test_a_model_whose_file_was_taken_away_says_so(shelf: ModelShelf, graph: Path) -> None:
    shelf.add("m", SPEC, {"model.onnx": graph})
    shelf.graph("m").unlink()
    with pytest.raises(NotFound, match=r"file of model 'm' is gone.*Take the model in again"):
        shelf.graph("m")
