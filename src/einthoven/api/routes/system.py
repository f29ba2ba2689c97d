"""What this installation is, what it can do, and its settings."""

from fastapi import APIRouter

from einthoven.api.routes import Here
from einthoven.workflows.views import About, ArchitectureView, Preferences, TrainOptions

router = APIRouter(tags=["system"])


@router.get("/about")
def about(workspace: Here) -> About:
    from einthoven.workflows import installation

    return installation.about(workspace)


@router.get("/architectures")
def architectures() -> list[ArchitectureView]:
    from einthoven.workflows import installation

    return installation.architectures()


@router.get("/train-options")
def train_options() -> TrainOptions:
    """Every setting of a training with its sentence, and its value in each recipe."""
    from einthoven.workflows import installation

    return installation.train_options()


@router.get("/metric-explanations")
def metric_explanations() -> dict[str, str]:
    """One plain sentence per number, for the hover."""
    from einthoven.workflows import installation

    return installation.metric_explanations()


@router.get("/preferences")
def preferences(workspace: Here) -> Preferences:
    return workspace.preferences


@router.put("/preferences")
def set_preferences(workspace: Here, preferences: Preferences) -> Preferences:
    workspace.save_preferences(preferences)
    return workspace.preferences
