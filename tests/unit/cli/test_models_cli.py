"""`einthoven models`: the list, a look at a file, taking one in."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import foreign_models as others
from einthoven.errors import HintsNeeded
from einthoven.leads import STANDARD_12
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.workbench import Workbench
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import fill

Run = Callable[..., Any]
METADATA = (("target_keys", "['CD', 'MI', 'STTC']"), ("scale", "mikroVolt"), ("standardizer", "None"))
LEADS = " ".join(STANDARD_12)
SAID = ("--say", f"leads={LEADS}", "--say", "rate=100", "--say", "kind=single-label")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    (tmp_path / "their model.onnx").write_bytes(others.cnn(metadata=METADATA))
    return tmp_path / "their model.onnx"


def test_a_look_at_a_file_says_what_is_known_and_what_lacks(run: Run, theirs: Path) -> None:
    said = run("models", "inspect", theirs)
    assert said.code == 0 and "made elsewhere" in said.text and "CD, MI, STTC" in said.text
    assert f"not said (usual: {LEADS})" in said.text and "leaves unsaid: leads, rate, kind." in said.text
    assert f"einthoven models take-in {shlex.quote(str(theirs))} --say leads=... --say rate=..." in said.out
    found = run("models", "inspect", theirs, "--json", *SAID).json
    assert (found["missing"], found["unit"], found["rate"], found["kind"]) == ([], "uV", 100, "single-label")
    assert run("models", "--json").json == []


def test_a_look_says_what_is_stated_but_not_clear(run: Run, tmp_path: Path) -> None:
    metadata = (("target_keys", "['A', "), ("standardizer", "z_score"))
    (tmp_path / "m.onnx").write_bytes(others.cnn(metadata=metadata))
    said = run("models", "inspect", tmp_path / "m.onnx")
    assert "scaling stated as 'z_score', but not whether over each lead or the whole record" in said.text
    assert "(usual: z_score lead)" in said.text and "target_keys = \"['A', \", which cannot be read" in said.text


def test_an_empty_file_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    for arguments in (
        ("models", "take-in", tmp_path / "empty.onnx", *SAID),
        ("models", "inspect", tmp_path / "empty.onnx"),
    ):
        said = run(*arguments)
        assert said.code == 1 and "empty.onnx is empty: it has 0 bytes" in said.text and "hints" not in said.text


def test_all_that_lacks_is_named_at_once_with_the_command(run: Run, theirs: Path, workspace: Workspace) -> None:
    fill(workspace, "d", n=4)
    for arguments in (("models", "take-in", theirs), ("train", "--dataset", "d", "--task", "t", "--from", theirs)):
        said = run(*arguments)
        assert said.code == 1 and f"leads (usual: {LEADS}), rate, kind." in said.text
        assert f"models take-in {shlex.quote(str(theirs))} --say leads=... --say rate=... --say kind=..." in said.text
    problem = run("models", "take-in", theirs, "--say", "rate=100", "--json")
    assert problem.code == 1 and problem.json["error"] == "HintsNeeded"
    assert problem.json["detail"].endswith(f"leads (usual: {LEADS}), kind.")
    assert "--say rate=100 --say leads=... --say kind=..." in problem.json["advice"]
    assert run("models", "--json").json == []


def test_a_foreign_model_is_taken_in_with_what_is_said(run: Run, theirs: Path) -> None:
    said = run("models", "take-in", theirs, *SAID, "--say", "band=0.5-40", "--say", "task=infarct", "--name", "m")
    assert said.code == 0 and "is now the model m: single-label, CD MI STTC" in said.text
    assert "0.5-40 Hz band-pass" in said.text and "mV times 1000" in said.text
    (model,) = run("models", "--json").json
    assert (model["name"], model["task"], model["imported"]) == ("m", "infarct", True)
    other = run("models", "take-in", theirs, *SAID, "--say", "class_names=A, B b, C", "--json").json
    assert other["classes"] == ["A", "B b", "C"] and other["name"] == "their model"


def test_warnings_and_an_untrained_model_are_said(run: Run, tmp_path: Path, workspace: Workspace) -> None:
    fill(workspace, "d", n=4)
    (tmp_path / "fresh.onnx").write_bytes(others.cnn(2, metadata=(("target_keys", "['None1', 'None2']"),)))
    said = run("models", "take-in", tmp_path / "fresh.onnx", *SAID, "--say", "scaling=z_score lead")
    assert said.code == 0 and "not for prediction" in said.err
    assert "untrained" in run("models").text
    asked = run("predict", "--model", "fresh", "--dataset", "d")
    assert asked.code == 0 and "learned nothing yet" in asked.err
    warned = mean_model(mean_spec(), {"imported": {"warnings": ["Think of this first."]}})
    (tmp_path / "warned.onnx").write_bytes(warned)
    predicted = run("predict", "--model", tmp_path / "warned.onnx", "--dataset", "d")
    assert predicted.code == 0 and "Think of this first." in predicted.err
    answers = run("predict", "--model", tmp_path / "warned.onnx", "--dataset", "d", "--json")
    assert answers.json["warnings"] == ["Think of this first."]


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("rate", "says nothing"),
        ("rate=", "says nothing"),
        ("rate=fast", "'fast' is no number"),
        ("speed=3", "no hint 'speed'"),
        ("band=40", "band ="),
        ("band=40-0.5", "band ="),
        ("samples=many", "samples ="),
        ("samples=77", "takes 200 samples; the hint says 77"),
        ("leads=I II", "2 are named"),
        ("kind=both", "kind = 'both'"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(run: Run, theirs: Path, pair: str, said: str) -> None:
    answer = run("models", "take-in", theirs, "--say", pair)
    assert answer.code == 1 and said in answer.text
    assert "said twice" in run("models", "inspect", theirs, "--say", "rate=1", "--say", "rate=2").text


def test_options_in_front_of_a_subcommand_are_not_dropped(run: Run, theirs: Path, tmp_path: Path) -> None:
    said = run("models", "--home", tmp_path / "elsewhere", "take-in", theirs, *SAID)
    assert said.code == 2 and "behind take-in" in said.text and not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    for command in ("inspect", "take-in"):
        said = run("models", command, tmp_path / "none.onnx")
        assert said.code == 1 and "none.onnx cannot be read" in said.text


def test_the_object_in_python_looks_and_takes_in_too(home: Path, run: Run, theirs: Path) -> None:
    bench = Workbench(home)
    assert bench.inspect(theirs).missing == ("leads", "rate", "kind")
    with pytest.raises(HintsNeeded):
        bench.take_in(theirs)
    hints = ModelHints(leads=STANDARD_12, rate=100, kind="single-label")
    assert bench.inspect(theirs, hints=hints).missing == ()
    assert bench.take_in(theirs, hints=hints, name="m").imported


def test_the_error_of_a_regression_stands_in_the_list_and_only_then(run: Run, tmp_path: Path) -> None:
    (tmp_path / "classes.onnx").write_bytes(mean_model(mean_spec()))
    assert run("models", "take-in", tmp_path / "classes.onnx").code == 0
    assert "mean error" not in run("models").text
    spec = mean_spec("regression", ("age",), unit="years")
    validation = {"n": 20, "regression": {"mae": 8.25, "r2": 0.4}}
    (tmp_path / "age.onnx").write_bytes(mean_model(spec, {"validation": validation}))
    assert run("models", "take-in", tmp_path / "age.onnx").code == 0
    assert "mean error" in run("models").text and "8.25 years" in run("models").text
