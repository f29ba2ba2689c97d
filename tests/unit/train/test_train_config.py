"""Settings of a training."""

import json
from typing import Any

import pytest

from einthoven.errors import SettingError
from einthoven.train import TrainConfig


def test_the_defaults_are_the_recipe_of_the_paper() -> None:
    config = TrainConfig()
    assert (config.recipe, config.optimiser, config.batch_size, config.epochs) == ("paper", "adamw", 16, 50)
    assert (config.gamma, config.maximum_rate, config.method, config.class_weights) == (0.9, None, "scratch", True)


def test_settings_survive_json() -> None:
    config = TrainConfig(method="head", optimiser="sgd", maximum_rate=0.003, threads=2, seed=7, weight_decay=0)
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_settings_that_are_not_given_take_their_defaults() -> None:
    assert TrainConfig.from_json({"epochs": 3}) == TrainConfig(epochs=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "half"),
        ("optimiser", "lbfgs"),
        ("device", "tpu"),
        ("batch_size", 0),
        ("batch_size", 16.0),
        ("epochs", 0),
        ("epochs", True),
        ("patience", 0),
        ("seed", -1),
        ("threads", 0),
        ("maximum_rate", 0.0),
        ("maximum_rate", float("nan")),
        ("maximum_rate", "0.1"),
        ("gamma", 0.0),
        ("gamma", 1.5),
        ("gamma", None),
        ("weight_decay", -0.1),
        ("class_weights", 1),
        ("recipe", None),
    ],
)
def test_a_setting_that_is_not_possible_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=f"^{name} = ") as caught:
        TrainConfig(**{name: value})
    assert name in caught.value.advice


@pytest.mark.parametrize(
    "data", [[], {"learning": 1}, {"format": "other"}, {"format": "einthoven-train-config", "version": 2}]
)
def test_json_of_another_kind_is_refused(data: object) -> None:
    with pytest.raises(SettingError):
        TrainConfig.from_json(data)
