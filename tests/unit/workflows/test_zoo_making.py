"""Making the models that come with the program: rounded, tested once, packed, and not made twice."""

from pathlib import Path

import numpy as np
import pytest

from einthoven import capsule
from einthoven.errors import SettingError
from einthoven.infer import Predictor
from einthoven.onnx.compact import SIGNIFICANT_BITS, rounded
from einthoven.store.models import GRAPH
from einthoven.task import Task, TaskClass
from einthoven.workflows import planning, share, zoo
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.train import train
from einthoven.workflows.workspace import Workspace
from einthoven.workflows.zoo import Wanted
from small_ecgs import Notes, fill, new_workspace

WANTED = Wanted("xceptiontime", "bbb", settings={"epochs": 1, "window_s": None, "batch_size": 8})


def test_rounding_keeps_so_many_bits_and_moves_a_number_by_no_more_than_the_last() -> None:
    values = np.random.default_rng(0).normal(0, 1, 1000).astype(np.float32) * np.float32(1e-3)
    kept = rounded(values, 12)
    assert np.abs(kept / values - 1).max() <= 2.0**-12
    mantissa, _ = np.frexp(kept.astype(np.float64))
    assert np.array_equal(mantissa * 2**12, np.round(mantissa * 2**12))
    assert np.array_equal(rounded(np.array([0, 1, -3], np.float32), 12), [0, 1, -3])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A working folder whose data are slow and fast ECGs in nine folds."""
    folder = tmp_path_factory.mktemp("zoo")
    workspace = new_workspace(folder / "work")
    (folder / "data").mkdir()
    (folder / "data" / "ptbxl_database.csv").write_text("made up")
    assert zoo.import_request(workspace, folder / "data") is not None
    answers = fill(workspace, zoo.DATASET, n=54, folds=9)
    workspace.store.put_task(zoo.DATASET, Task("bbb", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    assert zoo.import_request(workspace, folder / "data") is None
    return workspace


def test_other_data_need_another_working_folder(bench: Workspace, tmp_path: Path) -> None:
    (tmp_path / "ptbxl_database.csv").write_text("other data")
    with pytest.raises(SettingError, match="made from other data"):
        zoo.import_request(bench, tmp_path)
    with pytest.raises(SettingError, match=r"no ptbxl_database\.csv"):
        zoo.fingerprint(tmp_path / "nothing")


def test_the_key_changes_with_everything_that_the_model_depends_on(bench: Workspace) -> None:
    others = [
        Wanted("inceptiontime", "bbb"), Wanted("xceptiontime", "infarct"), Wanted("xceptiontime", "bbb", seed=1),
        Wanted("xceptiontime", "bbb", recipe="paper"), Wanted("xceptiontime", "bbb", settings={"epochs": 2}),
        Wanted("xceptiontime", "bbb"), WANTED,
    ]  # fmt: skip
    assert len({zoo.key_of(bench, one) for one in others}) == len(others)


@pytest.fixture(scope="module")
def made(bench: Workspace, tmp_path_factory: pytest.TempPathFactory) -> zoo.Made:
    out = tmp_path_factory.mktemp("out")
    request = planning.complete(bench, zoo.train_request(bench, WANTED))
    folder = tmp_path_factory.mktemp("job")
    train(bench, request, Notes(folder))
    assert not zoo.is_made(bench, WANTED, out / "xceptiontime-bbb.ecgmodel")
    return zoo.finish(bench, WANTED, out, scratch=tmp_path_factory.mktemp("scratch"))


def test_what_is_made_is_a_capsule_with_everything_said(bench: Workspace, made: zoo.Made) -> None:
    opened = capsule.unpack(made.path.read_bytes(), made.path.name)
    assert opened.weights is not None and opened.said.architecture == "xceptiontime"
    test, validation = opened.said.evaluations
    assert (test["part"], test["folds"], test["n"], test["n_patients"]) == ("test", [9], 6, 6)
    assert validation["part"] == "validation" and "roc" not in test
    for words in ("# xceptiontime-bbb", "PTB-XL (a part: 54 of 21,799 ECGs)", "CC BY 4.0", "of folds 1-8 to learn from",
                  "| macro AUROC |", "tested on 3 ECGs only", "12 significant bits", "seed 0",
                  "asked only of ECGs with exactly one bundle branch block"):  # fmt: skip
        assert words in opened.said.card, words
    assert "secret" not in opened.said.card and b"secret" not in made.path.read_bytes()
    # Each weight once: the graph's are the network's, and the rest is small.
    assert made.size < 0.8 * len(opened.model)


def test_the_numbers_are_those_of_the_rounded_graph(bench: Workspace, made: zoo.Made) -> None:
    opened = capsule.unpack(made.path.read_bytes(), made.path.name)
    task = bench.store.task(zoo.DATASET, "bbb")
    again = zoo.tested(bench, Predictor(opened.model), task, zoo.TEST_FOLDS)
    assert again["macro_f1"] == opened.said.evaluations[0]["macro_f1"] == made.numbers["macro_f1"]
    before = bench.models.file(zoo.train_request(bench, WANTED).name or "", GRAPH)
    assert before is not None and SIGNIFICANT_BITS == 12
    ecgs = np.random.default_rng(0).normal(0, 0.3, (2, 12, 1000)).astype(np.float32)
    old, new = (Predictor(one).run(ecgs).values for one in (before.read_bytes(), opened.model))
    np.testing.assert_allclose(new, old, atol=0.02)


def test_it_is_not_made_again_and_a_damaged_one_is(bench: Workspace, made: zoo.Made) -> None:
    assert zoo.is_made(bench, WANTED, made.path)
    assert not zoo.is_made(bench, Wanted("xceptiontime", "bbb"), made.path)
    whole = made.path.read_bytes()
    made.path.write_bytes(whole[:-10])
    assert not zoo.is_made(bench, WANTED, made.path)
    made.path.write_bytes(whole)


def test_it_can_be_trained_on_from_by_its_name(bench: Workspace, made: zoo.Made, tmp_path: Path) -> None:
    home = new_workspace(tmp_path / "home").home
    workspace = Workspace(home, zoo=(made.path.parent,))
    answers = fill(workspace, "theirs", n=24)
    classes = tuple(map(TaskClass, ("odd", "slow", "fast")))
    for name in list(answers)[::3]:
        answers[name] = ("odd",)
    workspace.store.put_task("theirs", Task("three", "single-label", classes, answers))
    request = TrainRequest("theirs", "three", from_model="zoo/xceptiontime-bbb", method="head", settings={"epochs": 1})
    settled = planning.complete(workspace, request)
    assert settled.name == "three-xceptiontime-bbb"
    folder = tmp_path / "job"
    folder.mkdir()
    (warning,) = share.view(workspace, "zoo/xceptiontime-bbb").warnings
    assert "asked only of ECGs with exactly one bundle branch block" in warning and "means nothing" in warning
    model = workspace.models.model(train(workspace, settled, Notes(folder)).model)
    assert share.view(workspace, model.name).warnings == (), "it learned a question of its own"
    assert (model.base, model.spec.class_names) == ("zoo/xceptiontime-bbb", ("odd", "slow", "fast"))
