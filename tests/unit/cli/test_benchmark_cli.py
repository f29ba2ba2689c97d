"""`einthoven benchmark`: what it prints, its JSON, and its mistakes."""

from collections.abc import Callable
from typing import Any

import pytest

from einthoven.task import Task, TaskClass
from einthoven.workflows.workspace import Workspace
from small_ecgs import fill

pytest.importorskip("torch")
Run = Callable[..., Any]


@pytest.fixture
def labelled(workspace: Workspace) -> Workspace:
    answers = fill(workspace, "d", n=12)
    workspace.store.put_task("d", Task("speed", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    return workspace


def test_it_prints_the_leaderboard_and_the_recommendation(labelled: Workspace, run: Run) -> None:
    said = run("benchmark", "d", "speed", "--architectures", "random_convolutions", "--budget", "5m", "--folds", 2)
    assert said.code == 0, said.text
    assert "Random convolutions with a ridge model" in said.out and "2 of 2 folds" in said.out
    assert "Too few to say" in said.text and "Research use only" in said.out


def test_its_json_has_everything(labelled: Workspace, run: Run) -> None:
    found = run("benchmark", "d", "speed", "--architectures", "random_convolutions", "--folds", 2, "--json").json
    assert found["rows"][0]["candidate"]["name"] == "random_convolutions"
    assert found["number"] == "macro_auroc" and found["stopped"] == "finished"


@pytest.mark.parametrize(
    "names",
    [["--architectures", "random_convolutions", "inceptiontime"], ["--architectures", "random_convolutions,nothing"]],
)
def test_several_names_are_taken_with_blanks_and_with_commas(labelled: Workspace, run: Run, names: list[str]) -> None:
    # With a setting that is not possible, so that nothing is trained.
    said = run("benchmark", "d", "speed", *names, "--recipes", "default", "paper", "--set", "epochs=0")
    assert said.code == 1
    assert ("epochs" if "inceptiontime" in names else "nothing") in said.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--budget", "30"], "'30' is no time"),
        (["--set", "epochs"], "NAME=VALUE"),
        (["--folds", "1"], "folds = 1 is not possible"),
        (["--recipes", "mine"], "no recipe 'mine'"),
    ],
)
def test_what_is_not_possible_is_said(labelled: Workspace, run: Run, options: list[str], words: str) -> None:
    said = run("benchmark", "d", "speed", *options)
    assert said.code == 1 and words in said.text
