"""What this installation can do, for the pages, `formats` and `doctor`."""

import os
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import get_args

from einthoven.formats import FORMATS
from einthoven.metrics import METRICS
from einthoven.models import ARCHITECTURES
from einthoven.train.config import Optimiser, TrainConfig
from einthoven.workflows.views import About, Availability, TrainOption
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


def architectures() -> list[Availability]:
    """Every network architecture."""
    found = []
    for entry in ARCHITECTURES:
        missing = ARCHITECTURES.missing(entry)
        reason = f"needs {', '.join(missing)}. {INSTALL_TRAINING}" if missing else ""
        found.append(Availability(entry.name, entry.title, f"{entry.summary} {entry.paper}", not missing, reason))
    return found


def metric_explanations() -> dict[str, str]:
    """One plain sentence per number."""
    return {metric.name: metric.explanation for metric in METRICS}


def train_options() -> list[TrainOption]:
    """The advanced settings of training; the defaults are those of the recipe `paper`."""
    default = TrainConfig()
    return [
        TrainOption(
            "epochs", "Epochs at most", "How often the network sees every training ECG. It stops earlier when the "
            "validation loss no longer falls.", str(default.epochs), (), 1, 1000,
        ),
        TrainOption(
            "batch_size", "Batch size", "How many ECGs the network looks at before it corrects itself. Larger is "
            "faster on a GPU; smaller needs less memory.", str(default.batch_size), (), 1, 1024,
        ),
        TrainOption(
            "optimiser", "Optimiser", "The rule by which the network corrects itself. AdamW suits nearly always.",
            default.optimiser, get_args(Optimiser), None, None,
        ),
        TrainOption(
            "maximum_rate", "Learning rate", "How large the first corrections are. Left empty, a short search on the "
            "training ECGs finds it.", "found by a search", (), 1e-7, 1,
        ),
        TrainOption(
            "gamma", "Decay per epoch", "After each epoch the learning rate is multiplied by this.",
            f"{default.gamma:g}", (), 0.1, 1,
        ),
        TrainOption(
            "patience", "Patience", "Training ends when the validation loss has not fallen for so many epochs.",
            str(default.patience), (), 1, 1000,
        ),
    ]  # fmt: skip


def _accelerator() -> str:
    """Whether a CUDA device can be seen, without loading torch into the server (it costs seconds and memory)."""
    import shutil

    return "NVIDIA GPU" if shutil.which("nvidia-smi") else "none"


def _reason(missing: tuple[str, ...]) -> str:
    return f"needs {', '.join(missing)}: pip install {' '.join(missing)}" if missing else ""
