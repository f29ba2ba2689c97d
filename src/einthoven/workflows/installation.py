"""What this installation can do, for the pages, `formats` and `doctor`."""

import os
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from einthoven.formats import FORMATS
from einthoven.metrics import METRICS
from einthoven.models import ARCHITECTURES, ArchitectureEntry
from einthoven.train.config import Setting
from einthoven.train.recipes import DEFAULT, RECIPES
from einthoven.workflows.train_settings import COMMON, recipe_settings, settings_of, title_of
from einthoven.workflows.views import About, ArchitectureView, Availability, RecipeView, TrainOption, TrainOptions
from einthoven.workflows.workspace import Workspace

NOTICE = "Research use only. Not a medical device: nothing shown here may guide the care of a patient."
INSTALL_TRAINING = "Install it with: pip install 'einthoven[train]'"


def about(workspace: Workspace) -> About:
    """Version, place, and whether training is possible."""
    can_train = find_spec("torch") is not None and find_spec("onnxscript") is not None
    return About(
        version=own_version(),
        home=str(workspace.home),
        can_train=can_train,
        training_advice="" if can_train else f"Training needs PyTorch, which is not installed. {INSTALL_TRAINING}",
        accelerator=_accelerator() if can_train else "none",
        cores=os.cpu_count() or 1,
        notice=NOTICE,
    )


def own_version() -> str:
    try:
        return version("einthoven")
    except PackageNotFoundError:
        return "not installed"


def formats() -> list[Availability]:
    """Every file format with what it states, usable or not."""
    return [
        Availability(f.name, f.title, f.states, not FORMATS.missing(f), _reason(FORMATS.missing(f)), f.extensions)
        for f in FORMATS
    ]


def architectures() -> list[ArchitectureView]:
    """Every network architecture, those that are recommended first."""
    return sorted(map(_architecture, ARCHITECTURES), key=lambda view: bool(view.experimental))


def _architecture(entry: ArchitectureEntry) -> ArchitectureView:
    missing = ARCHITECTURES.missing(entry)
    return ArchitectureView(
        name=entry.name,
        title=entry.title,
        summary=f"{entry.summary} {entry.paper}",
        available=not missing,
        reason=f"needs {', '.join(missing)}. {INSTALL_TRAINING}" if missing else "",
        takes_subject=entry.takes_subject,
        experimental=entry.experimental,
        scaling=entry.scaling,
        fit=entry.fit,
    )


def metric_explanations() -> dict[str, str]:
    """One plain sentence per number."""
    return {metric.name: metric.explanation for metric in METRICS}


def train_options() -> TrainOptions:
    """Every setting of a training, those that are asked for first at the beginning, and the recipes."""
    recipes = [RecipeView(r.name, r.title, r.summary, settings_of(r.name)) for r in RECIPES.values()]
    return TrainOptions(tuple(map(_option, recipe_settings())), tuple(recipes), DEFAULT)


def _option(setting: Setting) -> TrainOption:
    group, title = title_of(setting)
    return TrainOption(
        name=setting.name,
        title=title,
        explanation=setting.words,
        group=group,
        common=setting.name in COMMON,
        kind=_kind(setting),
        optional=setting.default is None,
        choices=setting.choices,
        minimum=setting.least,
        maximum=setting.most,
    )


def _kind(setting: Setting) -> Literal["choice", "yes-no", "whole", "number"]:
    if setting.choices:
        return "choice"
    if isinstance(setting.default, bool):
        return "yes-no"
    return "whole" if setting.whole else "number"


def _accelerator() -> str:
    """Whether a CUDA device can be seen, without loading torch into the server (it costs seconds and memory)."""
    import shutil

    return "NVIDIA GPU" if shutil.which("nvidia-smi") else "none"


def _reason(missing: tuple[str, ...]) -> str:
    return f"needs {', '.join(missing)}: pip install {' '.join(missing)}" if missing else ""
