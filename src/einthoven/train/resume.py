"""A training as it stands after an epoch, on disk: killed at any moment it goes on from there, with the same course.

One safetensors file (no code inside): weights, their running mean, the optimiser's memory and the state of every
source of chance; in its header, as JSON, the epochs so far. Imports torch: import it on use.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from einthoven.files import write_whole
from einthoven.results import Epoch
from einthoven.spec import ModelSpec
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData

FORMAT, VERSION = "einthoven-resume", "2"
_NETWORK, _AVERAGE, _OPTIMISER, _CHANCE = "network.", "average.", "optimiser.", "chance."


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a training stands: the epochs so far, the phase they have reached and how many of them were in it.

    `rates`: the maximum rate of each phase that has begun. `parts`: into how many parts batches are cut by now.
    """

    phase: int
    in_phase: int
    rates: tuple[float, ...]
    searches: tuple[Mapping[str, Any], ...]
    parts: int
    steps: int
    epochs: tuple[Epoch, ...]
    scaler: Mapping[str, float]
    """State of the scaler of losses; empty but for half precision."""


def training_key(data: TrainingData, spec: ModelSpec, config: TrainConfig) -> str:
    """Tells trainings apart: what was kept of one is of no use to another."""
    said = hashlib.sha256(json.dumps([spec.to_json(), config.to_json()], sort_keys=True).encode())
    for one in fields(data):
        array = getattr(data, one.name)
        if array is None:
            said.update(f"{one.name} none;".encode())
            continue
        said.update(f"{one.name} {array.dtype} {array.shape};".encode())
        said.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # where it lies: it may be gigabytes
    return said.hexdigest()


def keep(
    path: Path,
    key: str,
    standing: Standing,
    *,
    network: nn.Module,
    average: nn.Module | None,
    optimiser: Optimizer | None,
    shuffler: torch.Generator,
) -> None:
    """Write all of it; a reader never sees half a file."""
    from safetensors.torch import save

    tensors = {_NETWORK + name: value for name, value in network.state_dict().items()}
    if average is not None:
        tensors |= {_AVERAGE + name: value for name, value in average.state_dict().items()}
    if optimiser is not None:
        tensors |= _memory(optimiser)
    tensors |= {_CHANCE + "torch": torch.get_rng_state(), _CHANCE + "shuffler": shuffler.get_state()}
    if torch.cuda.is_available():
        tensors[_CHANCE + "cuda"] = torch.cuda.get_rng_state()
    about = {"format": FORMAT, "version": VERSION, "key": key, "standing": json.dumps(asdict(standing))}
    content = save({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, about)
    write_whole(path, content)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of a training; `restore` puts it back."""

    standing: Standing
    tensors: Mapping[str, Tensor]

    def restore(
        self, *, network: nn.Module, average: nn.Module | None, optimiser: Optimizer | None, shuffler: torch.Generator
    ) -> None:
        network.load_state_dict(self._of(_NETWORK))
        if average is not None:
            average.load_state_dict(self._of(_AVERAGE))
        if optimiser is not None:
            _remember(optimiser, self._of(_OPTIMISER))
        torch.set_rng_state(self.tensors[_CHANCE + "torch"])
        shuffler.set_state(self.tensors[_CHANCE + "shuffler"])
        if _CHANCE + "cuda" in self.tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(self.tensors[_CHANCE + "cuda"])

    def _of(self, prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in self.tensors.items() if name.startswith(prefix)}


def kept(path: Path, key: str) -> Kept | None:
    """What was kept of this very training; None when there is nothing, or it is of another or damaged."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            if (about.get("format"), about.get("version"), about.get("key")) != (FORMAT, VERSION, key):
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        told = json.loads(about["standing"])
    except (SafetensorError, OSError, ValueError, KeyError):
        return None
    told["epochs"] = tuple(Epoch(**epoch) for epoch in told["epochs"])
    return Kept(Standing(**{**told, "rates": tuple(told["rates"]), "searches": tuple(told["searches"])}), tensors)


def _memory(optimiser: Optimizer) -> dict[str, Tensor]:
    found = {}
    for index, entries in optimiser.state_dict()["state"].items():
        for name, value in entries.items():
            if value is not None:
                found[f"{_OPTIMISER}{index}.{name}"] = torch.as_tensor(value)
    return found


def _remember(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for place, value in tensors.items():
        index, name = place.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
