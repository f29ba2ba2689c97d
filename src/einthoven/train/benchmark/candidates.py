"""What is compared, and what a candidate tells of one fold. Free of torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from einthoven.spec import ModelSpec
from einthoven.train.benchmark.folds import Fold
from einthoven.train.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way of training: an architecture with the settings of a recipe, and what the model sees.

    `name` is unique among those that are compared, `title` for people. `closed_form`: solved for in one step.
    """

    name: str
    title: str
    architecture: str
    recipe: str
    spec: ModelSpec
    config: TrainConfig
    closed_form: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ecgs:
    """All ECGs that are compared on, as `TrainingData` has them.

    `x` float32 `(n, leads, samples)`, `y` as `tensors.targets` makes it, `told` float32 `(n, inputs)` or None,
    `patients` whose ECG each is, any words.
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[Any]
    told: npt.NDArray[np.float32] | None
    patients: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a trained model costs.

    `parameters` of all members; `megabytes` of its weights as stored; `mega_flops` of convolutions and matrix products
    for one ECG (a multiplication and an addition are two); `prediction_ms` for one ECG by itself; `epoch_ms` per ECG
    and epoch of the training, None where there are no epochs.
    """

    parameters: int
    megabytes: float
    mega_flops: float
    prediction_ms: float
    epoch_ms: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """How a candidate answered the held-out ECGs of a fold.

    `scores` float64 `(n, outputs)`: probabilities, or values of a regression, in the order of `Fold.held`.
    `thresholds`: from which probability each class of a multi-label task counts as present, chosen on the validation
    part; empty for the other kinds. `seconds`: the whole training and answering.
    """

    scores: npt.NDArray[np.float64]
    seconds: float
    epochs: int
    best_epoch: int
    cost: Cost
    thresholds: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "scores": [[round(value, 7) for value in row] for row in self.scores.tolist()],
            "seconds": self.seconds, "epochs": self.epochs, "best_epoch": self.best_epoch, "cost": asdict(self.cost),
            "thresholds": list(self.thresholds),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read `to_json`'s form; ValueError, KeyError or TypeError when it is something else."""
        return cls(
            np.array(data["scores"], dtype=np.float64), float(data["seconds"]), int(data["epochs"]),
            int(data["best_epoch"]), Cost(**data["cost"]), tuple(float(value) for value in data["thresholds"]),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds that one fold takes, from a few steps: at least, probably, at most."""

    least: float
    likely: float
    most: float


class Contestant(Protocol):
    """Who takes part: a candidate with the ECGs it learns from."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...

    def forecast(self, fold: Fold) -> Forecast:
        """How long this fold will take."""

    def answer(self, fold: Fold, *, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> Answers:
        """Learn from the fold and answer what it holds out; `on_progress` is told the share that is done.

        Raises Cancelled when it was stopped, another EinthovenError when it cannot.
        """
