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
    "epochs": 30,
    "least_steps": 600,
    "keep": "last",
    "batch_size": 32,
    "weight_decay": 0.05,
    "window_s": 2.5,
    "average": 0.99,
    "gain": 0.2,
    "noise": 0.1,
    "wander": 0.2,
    "lead_dropout": 0.05,
    "mixup": 0.2,
}

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Recipe(
                "default",
                "Default",
                "Random windows of 2.5 s with noise, wander and blended pairs; the rate rises and falls once; the "
                "weights are a running mean. Better than the paper's way on a part of PTB-XL, and faster.",
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
DEFAULT = "default"
FEW_FOR_A_NETWORK = 200
"""With fewer ECGs a ridge model on random convolutions is often as good as a network, and has less to get wrong."""
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
    # Who says how many epochs means them.
    meant = {"least_steps": 0} if "epochs" in changes else {}
    return TrainConfig.from_json({**RECIPES[recipe].settings, **meant, **own, **changes, "recipe": recipe})
