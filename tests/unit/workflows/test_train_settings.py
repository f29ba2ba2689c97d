"""Settings and recipes as pages and commands tell them, and trainings that earlier releases stored."""

from dataclasses import fields
from typing import Any

import pytest

from einthoven.errors import LabelError, SettingError
from einthoven.models import ARCHITECTURES
from einthoven.results import Epoch
from einthoven.train.config import TrainConfig
from einthoven.train.recipes import DEFAULT, RECIPES, config_of
from einthoven.workflows import installation, planning, runs
from einthoven.workflows.dispatch import run_job
from einthoven.workflows.earlier_requests import in_todays_words, stored_training
from einthoven.workflows.plain import from_plain, to_plain
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.train_settings import GROUPS, TITLES, changed_settings, settings_of
from einthoven.workflows.workspace import Workspace

OLD = {
    "dataset": "d", "task": "t", "architecture": "inceptiontime", "from_model": None, "method": "scratch",
    "name": "ours", "folds": [1, 2], "one_per_patient": True, "seed": 3, "epochs": 12, "batch_size": None,
    "optimiser": "sgd", "maximum_rate": None, "gamma": 0.5, "patience": None, "rate": 250.0, "duration": None,
    "padding": "edge", "z_score": "record",
}  # fmt: skip
"""A request as the release before the recipes stored it."""


def test_every_setting_of_a_training_is_an_option_once_with_its_sentence() -> None:
    found = installation.train_options()
    names = [option.name for option in found.options]
    there = {one.name for one in fields(TrainConfig)} - {"method", "seed", "recipe"}
    assert set(names) == there and len(names) == len(there)
    assert names[:5] == ["epochs", "maximum_rate", "batch_size", "window_s", "patience"]
    assert [option.name for option in found.options if option.common] == names[:5]
    for option in found.options:
        assert option.explanation and option.title and option.group in GROUPS
        assert bool(option.choices) == (option.kind == "choice")
        assert (option.minimum is not None) == (option.kind in ("whole", "number"))
    assert set(TITLES) <= there, "a title of a setting that is not there"


def test_a_recipe_lists_every_setting_as_a_training_by_it_has_it() -> None:
    found = installation.train_options()
    assert found.recipe == DEFAULT and [recipe.name for recipe in found.recipes] == list(RECIPES)
    for recipe in found.recipes:
        config = config_of(recipe.name, {}).to_json()
        assert recipe.title and recipe.summary and set(recipe.settings) == {one.name for one in found.options}
        assert {name: config[name] for name in recipe.settings} == recipe.settings
        assert config_of(recipe.name, recipe.settings).to_json() == config


def test_only_settings_that_the_recipe_has_otherwise_count_as_changed() -> None:
    assert changed_settings(config_of("default", {}).to_json()) == {}
    usual = settings_of("default")
    changes = {"epochs": usual["epochs"] + 1, "clip": 7.5, "class_weights": not usual["class_weights"]}
    as_usual = {"batch_size": usual["batch_size"], "maximum_rate": usual["maximum_rate"]}
    config = config_of("default", {**changes, **as_usual}, method="head", seed=9)
    assert changed_settings(config.to_json()) == changes
    assert changed_settings({"epochs": 3, "recipe": "of another release"}) == {}


def test_architectures_are_listed_with_what_makes_them_special_the_experimental_ones_last() -> None:
    found = installation.architectures()
    assert {one.name for one in found} == set(ARCHITECTURES.names())
    flags = [bool(one.experimental) for one in found]
    assert flags == sorted(flags)
    for one in found:
        entry = ARCHITECTURES.get(one.name)
        assert (one.takes_subject, one.experimental, one.scaling, one.fit) == (
            entry.takes_subject, entry.experimental, entry.scaling, entry.fit,
        )  # fmt: skip


def test_a_training_of_an_earlier_release_reads_in_todays_words() -> None:
    request = stored_training(OLD)
    assert (request.recipe, dict(request.settings)) == ("paper", {"epochs": 12, "optimiser": "sgd", "gamma": 0.5})
    assert (request.scaling, request.scaled_over, request.padding, request.rate) == ("z_score", "record", "edge", 250.0)
    assert (request.name, request.folds, request.one_per_patient, request.seed) == ("ours", (1, 2), True, 3)
    assert config_of(request.recipe, request.settings).gamma == 0.5
    assert stored_training({"dataset": "d", "task": "t", "z_score": "none"}).scaled_over == "none"


def test_a_training_of_this_release_is_read_as_it_was_written() -> None:
    request = TrainRequest(
        "d", "t", recipe="default", settings={"maximum_rate": None, "epochs": 3, "class_weights": False}, seed=4,
        scaling="min_max", scaled_over="none", subject=("age", "sex"), method="head-then-whole", from_model="m",
    )  # fmt: skip
    assert stored_training(to_plain(request)) == request
    measured = {"gamma": 1}  # other kinds of jobs may call something alike
    assert in_todays_words("measure", measured) == measured


def test_a_setting_beside_the_settings_is_refused_instead_of_passed_over() -> None:
    with pytest.raises(SettingError, match="epochs"):
        from_plain(TrainRequest, {"dataset": "d", "task": "t", "epochs": 3})


def test_old_and_new_trainings_stand_in_one_list_and_an_old_one_is_begun_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = workspace.jobs.submit("train", "Train ours on d", OLD)
    new = workspace.submit("train", TrainRequest("d", "t", name="newer", recipe="default"))
    assert {run.id: run.name for run in runs.summaries(workspace)} == {old.id: "ours", new.id: "newer"}
    shown = runs.run(workspace, old.id)
    assert shown.request.settings["epochs"] == 12 and shown.changed == {}

    asked: list[TrainRequest] = []

    def train(_workspace: Workspace, request: TrainRequest, _report: Any) -> None:
        asked.append(request)
        raise LabelError("enough")

    monkeypatch.setattr("einthoven.workflows.train.train", train)
    workspace.jobs.cancel(old.id)
    again = workspace.jobs.retry(old.id)
    claimed = workspace.jobs.claim("w", job_id=again.id)
    assert claimed is not None
    run_job(workspace, claimed)
    assert asked == [stored_training(OLD)]
    assert planning.train_config(workspace, asked[0]).epochs == 12


def epoch(number: int, loss: float) -> Epoch:
    return Epoch(number, loss, loss, None, 0.1, 1.0)


def test_of_an_epoch_that_was_told_twice_the_last_counts(workspace: Workspace) -> None:
    job = workspace.submit("train", TrainRequest("d", "t"))
    for number, loss in ((1, 0.9), (2, 0.8), (3, 0.7), (3, 0.65), (4, 0.6)):
        workspace.jobs.append(job.id, "epoch", to_plain(epoch(number, loss)))
    found = runs.run(workspace, job.id).epochs
    assert [(one.epoch, one.train_loss) for one in found] == [(1, 0.9), (2, 0.8), (3, 0.65), (4, 0.6)]
    # Begun anew: what came behind the first epoch is no more.
    workspace.jobs.append(job.id, "epoch", to_plain(epoch(1, 0.95)))
    assert runs.run(workspace, job.id).epochs == (epoch(1, 0.95),)
    assert runs.summaries(workspace)[0].epoch == 1


def test_a_run_tells_which_settings_are_not_its_recipes(workspace: Workspace) -> None:
    job = workspace.submit("train", TrainRequest("d", "t", recipe="default", settings={"epochs": 3}))
    config = config_of("default", {"epochs": 3}, threads=1).to_json()
    workspace.jobs.append(job.id, "setup", {"config": config, "environment": {}, "epochs": 3})
    assert runs.run(workspace, job.id).changed == {"epochs": 3}, "the threads are this installation's"
