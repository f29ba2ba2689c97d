"""Requests as earlier releases stored them: a job of then is shown, and begun again, in the words of this release."""

from collections.abc import Mapping
from typing import Any

from einthoven.workflows.plain import from_plain
from einthoven.workflows.requests import TrainRequest

RECIPE_OF_THEN = "paper"
SETTINGS_OF_THEN = ("epochs", "batch_size", "optimiser", "maximum_rate", "gamma", "patience")
"""Fields that are settings of a recipe since; None meant the recipe's value."""


def in_todays_words(kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """A stored request of a job of this kind, as this release would have written it."""
    if kind != "train" or not {*SETTINGS_OF_THEN, "z_score"} & set(request):
        return dict(request)
    kept = {name: value for name, value in request.items() if name not in (*SETTINGS_OF_THEN, "z_score")}
    settings = {name: request[name] for name in SETTINGS_OF_THEN if request.get(name) is not None}
    then = {
        "recipe": RECIPE_OF_THEN, "settings": settings, "scaling": "z_score",
        "scaled_over": request.get("z_score", "lead"),
    }  # fmt: skip
    return {**then, **kept}


def stored_training(request: Mapping[str, Any]) -> TrainRequest:
    """The request of a stored training.

    Raises
    ------
    SettingError
        When it is of no release that is known here.
    """
    return from_plain(TrainRequest, in_todays_words("train", request))
