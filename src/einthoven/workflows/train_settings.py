"""The settings of a training for the page and the command line: titles, groups, values in the recipes.

What a setting does, allows and defaults to is said by `train.config` alone. A setting that has no title here is shown
by its name. The command line reads this for its options at each start: it imports nothing that takes time.
"""

from collections.abc import Mapping
from typing import Any

from einthoven.train.config import Setting, TrainConfig, settings
from einthoven.train.recipes import OWN_FIELDS, RECIPES

SEES, LEARNS, RUNS = "What the model sees", "How it learns", "How it is computed"
COMMON = ("epochs", "maximum_rate", "batch_size", "window_s", "patience")
"""The few that are asked for first."""
TITLES: Mapping[str, tuple[str, str]] = {
    "epochs": (LEARNS, "Epochs at most"),
    "maximum_rate": (LEARNS, "Highest learning rate"),
    "batch_size": (LEARNS, "Batch size"),
    "window_s": (SEES, "Random windows, seconds"),
    "patience": (LEARNS, "Patience, epochs"),
    "gain": (SEES, "Random gain"),
    "noise": (SEES, "Muscle noise"),
    "wander": (SEES, "Baseline wander"),
    "powerline": (SEES, "Mains hum"),
    "lead_dropout": (SEES, "Lead dropout"),
    "mixup": (SEES, "Mixup"),
    "optimiser": (LEARNS, "Optimiser"),
    "weight_decay": (LEARNS, "Weight decay"),
    "schedule": (LEARNS, "Schedule of the rate"),
    "gamma": (LEARNS, "Decay per epoch"),
    "keep": (LEARNS, "Weights kept"),
    "least_steps": (LEARNS, "Steps at least"),
    "clip": (LEARNS, "Longest gradient"),
    "label_smoothing": (LEARNS, "Label smoothing"),
    "average": (LEARNS, "Running mean of the weights"),
    "class_weights": (LEARNS, "Class weights"),
    "patient_weights": (LEARNS, "Patient weights"),
    "members": (LEARNS, "Models averaged"),
    "accumulate": (RUNS, "Parts of a batch"),
    "precision": (RUNS, "Precision"),
    "device": (RUNS, "Device"),
    "devices": (RUNS, "GPUs"),
    "threads": (RUNS, "Threads"),
}
GROUPS = (SEES, LEARNS, RUNS)


def recipe_settings() -> tuple[Setting, ...]:
    """The settings that a recipe states, in the order of a form; a request says the others itself."""
    return tuple(sorted((one for one in settings() if one.name not in OWN_FIELDS), key=_place))


def _place(setting: Setting) -> tuple[int, int, int]:
    """The common ones in their order, then by group and in the order of the titles; those without one at the end."""
    common = COMMON.index(setting.name) if setting.name in COMMON else len(COMMON)
    titles = list(TITLES)
    known = titles.index(setting.name) if setting.name in TITLES else len(titles)
    return common, GROUPS.index(title_of(setting)[0]), known


def title_of(setting: Setting) -> tuple[str, str]:
    """Group and title."""
    return TITLES.get(setting.name, (LEARNS, setting.name.replace("_", " ").capitalize()))


def settings_of(recipe: str) -> dict[str, Any]:
    """Every setting as a recipe has it."""
    return {one.name: RECIPES[recipe].settings.get(one.name, one.default) for one in recipe_settings()}


def changed_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of a training's settings (`TrainConfig.to_json`), those that are not as in its recipe; none for one unknown."""
    recipe = config.get("recipe", TrainConfig().recipe)
    if recipe not in RECIPES:
        return {}
    usual = settings_of(recipe)
    changed = {name: value for name, value in config.items() if name in usual and value != usual[name]}
    if config.get("least_steps"):  # it made them more, nobody else
        changed.pop("epochs", None)
    elif "epochs" in changed:  # who says how many epochs means them: that turns the least steps off
        changed.pop("least_steps", None)
    return changed
