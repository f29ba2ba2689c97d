"""Models that come with the program: listed from their capsules, verified and unpacked when they are first used."""

from pathlib import Path

import pytest

from einthoven import capsule
from einthoven.errors import Conflict, FormatError, NotFound, SettingError
from einthoven.store.models import ModelShelf
from hand_made_model import mean_model, mean_spec
from small_ecgs import new_database

NAME = "zoo/net-pace"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "capsules"
    folder.mkdir()
    statistics = {"n_train": 7, "parameters": 3, "zoo": {"made": "2026-01-02"}}
    evaluations = ({"part": "test", "macro_f1": 0.5},)
    contents = capsule.Contents("net-pace", "e", mean_model(mean_spec()), "# net-pace", statistics, evaluations)
    (folder / "net-pace.ecgmodel").write_bytes(capsule.pack(contents))
    (folder / "README.md").write_text("not a model")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, folder: Path) -> ModelShelf:
    return ModelShelf(new_database(tmp_path / "home"), tmp_path / "home", (tmp_path / "empty", folder))


def test_they_are_listed_without_being_unpacked(shelf: ModelShelf, tmp_path: Path, folder: Path) -> None:
    (model,) = shelf.zoo_models()
    assert (model.name, model.created, model.spec, model.n_train, model.parameters) == (
        NAME, "2026-01-02", mean_spec(), 7, 3
    )  # fmt: skip
    assert model.size == (folder / "net-pace.ecgmodel").stat().st_size and shelf.models() == []
    assert shelf.has(NAME) and shelf.model(NAME) == model and shelf.holds(NAME, "card.md")
    assert not shelf.holds(NAME, "weights.safetensors") and b'"macro_f1": 0.5' in (shelf.evaluations(NAME) or b"")
    assert not (tmp_path / "home" / "zoo").exists()


def test_the_first_use_verifies_and_unpacks(shelf: ModelShelf, tmp_path: Path) -> None:
    assert shelf.graph(NAME).read_bytes() == mean_model(mean_spec())
    assert shelf.file(NAME, "weights.safetensors") is None
    (unpacked,) = (tmp_path / "home" / "zoo").iterdir()
    assert sorted(path.name for path in unpacked.iterdir()) == ["card.md", "evaluation.json", "model.onnx"]
    before = shelf.graph(NAME).stat().st_mtime_ns
    assert shelf.graph(NAME).stat().st_mtime_ns == before and len(list((tmp_path / "home" / "zoo").iterdir())) == 1


def test_an_altered_one_is_listed_but_not_used(shelf: ModelShelf, tmp_path: Path, folder: Path) -> None:
    path = folder / "net-pace.ecgmodel"
    content = bytearray(path.read_bytes())
    content[content.index(b"model.onnx") + 200] ^= 255
    path.write_bytes(bytes(content))
    assert shelf.zoo_models()
    with pytest.raises(FormatError):
        shelf.graph(NAME)
    assert list((tmp_path / "home" / "zoo").glob("*")) == []


def test_one_that_cannot_be_read_is_named_with_the_reason_and_hides_no_other(shelf: ModelShelf, folder: Path) -> None:
    (folder / "broken.ecgmodel").write_bytes(b"nothing")
    assert [model.name for model in shelf.zoo_models()] == [NAME]
    assert "no zip" in shelf.zoo.broken()["zoo/broken"]
    with pytest.raises(NotFound, match="cannot be read"):
        shelf.model("zoo/broken")


def test_they_can_be_neither_renamed_nor_deleted_nor_copied_in_name(shelf: ModelShelf) -> None:
    for change in (lambda: shelf.rename(NAME, "mine"), lambda: shelf.delete(NAME)):
        with pytest.raises(Conflict, match="comes with Einthoven"):
            change()
    with pytest.raises(SettingError, match="cannot be the name"):
        shelf.add(NAME, mean_spec(), {})
    with pytest.raises(NotFound, match="zoo/net-pace"):
        shelf.model("zoo/other")


def test_a_newer_file_is_looked_at_again(shelf: ModelShelf, folder: Path) -> None:
    shelf.graph(NAME)
    contents = capsule.Contents("net-pace", "e", mean_model(mean_spec(), {"x": 1}), "new", {"n_train": 8})
    (folder / "net-pace.ecgmodel").write_bytes(capsule.pack(contents))
    assert shelf.model(NAME).n_train == 8
    assert shelf.graph(NAME).read_bytes() == mean_model(mean_spec(), {"x": 1})


def test_without_any_the_message_says_so(tmp_path: Path) -> None:
    shelf = ModelShelf(new_database(tmp_path), tmp_path)
    assert shelf.zoo_models() == [] and not shelf.has(NAME)
    with pytest.raises(NotFound, match="No model 'zoo/net-pace' comes with Einthoven"):
        shelf.model(NAME)
