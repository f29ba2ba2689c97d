"""`einthoven benchmark`: what it prints, its JSON, and its mistakes."""

from collections.abc import Callable
from typing import Any

import pytest

from einthoven.cli import benchmarking
from einthoven.task import Task, TaskClass
from einthoven.workflows.benchmarks import (
    BenchmarkCandidate,
    BenchmarkCost,
    BenchmarkNumber,
    BenchmarkOutcome,
    BenchmarkRow,
)
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


def number(name: str, value: float | None, low: float | None, high: float | None) -> BenchmarkNumber:
    return BenchmarkNumber(name, name, value, low, high, "" if low is not None else "too few")


def test_all_numbers_are_told_with_their_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    def row(name: str, *numbers: BenchmarkNumber, difference: BenchmarkNumber) -> BenchmarkRow:
        candidate = BenchmarkCandidate(name, name, name, "", closed_form=False)
        return BenchmarkRow(candidate, numbers, difference, None, BenchmarkCost(1, None, 1, 1, 1, 1), (1, 2))

    alike = number("macro_auroc", 0.0, 0.0, 0.0)
    rows = (
        row("one", number("macro_auroc", 0.9123, 0.8814, 0.9431), number("weighted_f1", 0.8, 0.75, 0.85),
            number("macro_f1", 0.7, None, None), difference=alike),
        row("two", number("macro_auroc", 0.9, 0.85, 0.95), number("weighted_f1", 0.6, 0.55, 0.65),
            number("macro_f1", None, None, None), difference=number("macro_auroc", -0.0123, -0.034, 0.0099)),
    )  # fmt: skip
    benchmarking._say(
        BenchmarkOutcome(
            "d", "t", "single-label", "", 60, 60, 2, (1, 2), "macro_auroc", True, rows, (), None, "Too few.",
            ("A warning.",), (), "finished", simulated=False, environment={}, seconds=1, budget_seconds=60,
        )
    )  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    assert "one 0.912 (0.881-0.943) 0.800 (0.750-0.850) 0.700" in said
    assert "two 0.900 (0.850-0.950) -0.012 (-0.034 to +0.010) 0.600 (0.550-0.650) -" in said


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
