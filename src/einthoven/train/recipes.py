"""Named sets of training settings. Free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from einthoven.errors import SettingError
from einthoven.train.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way of training. `settings`: what differs from the defaults of `TrainConfig`, which are the recipe `paper`."""

    name: str
    title: str
    summary: str
    settings: Mapping[str, Any]


_DEFAULT_SETTINGS: Mapping[str, Any] = {
    "schedule": "one-cycle",
    "maximum_rate": 0.005,
    "epochs": 60,
    "patience": 60,
    "batch_size": 32,
    "window_s": 2.5,
    "average": 0.99,
}

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(
                "default",
                "Default",
                "One-cycle schedule on random windows of 2.5 s, running mean of the weights: a third of the time.",
                MappingProxyType(_DEFAULT_SETTINGS),
            ),
            Recipe(
                "paper",
                "As in the paper",
                "Whole ECGs, batches of 16, a rate that is searched for and falls by a tenth after each epoch.",
                MappingProxyType({}),
            ),
        )
    }
)
DEFAULT = "paper"
OWN_FIELDS = ("method", "seed", "recipe")
"""Settings that a request states by themselves."""


def config_of(recipe: str, changes: Mapping[str, Any], **own: Any) -> TrainConfig:
    """A recipe with changes, and what the request and the installation say themselves (`own`).

    Raises
    ------
    SettingError
        When there is no such recipe or setting, or a value is not possible.
    """
    if recipe not in RECIPES:
        raise SettingError(f"There is no recipe {recipe!r}.", advice=f"There are {', '.join(RECIPES)}.")
    for name in OWN_FIELDS:
        if name in changes:
            raise SettingError(f"{name} is no setting of a recipe.", advice=f"Give {name} by itself.")
    return TrainConfig.from_json({**RECIPES[recipe].settings, **own, **changes, "recipe": recipe})
