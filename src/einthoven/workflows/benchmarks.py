"""What is asked of a benchmark and what it answers, as plain values (as `requests.py` has them for other work)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from einthoven.results import Failure
from einthoven.store.types import Job
from einthoven.task import Kind

FOLDS = 5
BUDGET = "30m"


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """Compare ways of training for one task of one dataset by cross-validation over patients.

    Every architecture is trained by every recipe; one that is solved for in one step takes part once. Empty
    `architectures` are all that are not experimental, empty `recipes` the usual one. `budget` as people write it
    (`30m`, `2h`, `90s`). `folds` limits the ECGs to those folds of the dataset; `n_folds` is how many parts they are
    divided into. `settings` change those of each recipe.
    """

    dataset: str
    task: str
    architectures: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    budget: str = BUDGET
    n_folds: int = FOLDS
    folds: tuple[int, ...] | None = None
    seed: int = 0
    settings: Mapping[str, bool | int | float | str | None] = field(default_factory=dict)
    rate: float | None = None
    duration: float | None = None

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class BenchmarkCandidate:
    """One that is compared: an architecture with a recipe (empty for one that is solved for in one step)."""

    name: str
    title: str
    architecture: str
    recipe: str
    closed_form: bool


@dataclass(frozen=True, slots=True)
class BenchmarkCheck:
    """What a benchmark would do: ECGs, patients, folds, candidates, and what there is to think of."""

    n: int
    n_patients: int
    n_folds: int
    counts: Mapping[str, int]
    candidates: tuple[BenchmarkCandidate, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkNumber:
    """A number of the leaderboard with its 95 % interval; what is None cannot be estimated, and `reason` says why."""

    name: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BenchmarkCost:
    """What a candidate costs on this machine.

    `minutes` of one training; `epoch_ms` per ECG and epoch of it (None where it is solved for in one step);
    `prediction_ms` for one ECG by itself, `mega_flops` of convolutions and matrix products for it.
    """

    minutes: float
    epoch_ms: float | None
    prediction_ms: float
    megabytes: float
    parameters: int
    mega_flops: float


@dataclass(frozen=True, slots=True)
class BenchmarkRow:
    """A line of the leaderboard.

    `numbers`: the first is what the lines are ranked by. `difference` is that number minus the best one's, from the
    same resamples of patients; `level` says that the two cannot be told apart (None: not known).
    """

    candidate: BenchmarkCandidate
    numbers: tuple[BenchmarkNumber, ...]
    difference: BenchmarkNumber
    level: bool | None
    cost: BenchmarkCost
    folds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A candidate that is not compared, and why."""

    candidate: BenchmarkCandidate
    reason: str


@dataclass(frozen=True, slots=True)
class BenchmarkOutcome:
    """A benchmark that ended. `folds_compared` of `n_folds`: those that every line of the leaderboard has answered.

    `recommended` is the name of a candidate, None where nothing can be said; `recommendation` says it in words.
    `stopped`: `finished`, `budget` or `cancelled`.
    """

    dataset: str
    task: str
    kind: Kind
    unit: str
    n: int
    n_patients: int
    n_folds: int
    folds_compared: tuple[int, ...]
    number: str
    higher_is_better: bool
    rows: tuple[BenchmarkRow, ...]
    left_out: tuple[LeftOut, ...]
    recommended: str | None
    recommendation: str
    warnings: tuple[str, ...]
    refused: tuple[Failure, ...]
    stopped: Literal["finished", "budget", "cancelled"]
    simulated: bool
    environment: Mapping[str, str]
    seconds: float
    budget_seconds: float


@dataclass(frozen=True, slots=True)
class CandidateProgress:
    """How far a candidate is: the folds it has finished, the one it learns now, why it is out (empty: it is not)."""

    candidate: BenchmarkCandidate
    done: tuple[int, ...]
    now: int | None
    left_out: str


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """A benchmark as its page shows it, during and after."""

    job: Job
    request: BenchmarkRequest
    n_folds: int
    prospect: str
    candidates: tuple[CandidateProgress, ...]
    log: tuple[str, ...]
    outcome: BenchmarkOutcome | None
