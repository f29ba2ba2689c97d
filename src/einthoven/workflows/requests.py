"""What a user asks for, as plain values: the one form in which API and command line hand work to the workflows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from einthoven.record import ReadHints, SourceInfo
from einthoven.results import Epoch, Evaluation, Failure, Prediction
from einthoven.spec import ModelInput, Padding, Scaling, SubjectInput
from einthoven.store.types import Job, Problem
from einthoven.task import Kind, TaskClass
from einthoven.train.config import Method
from einthoven.train.recipes import DEFAULT
from einthoven.train.thresholds import ClassThreshold, ThresholdRule


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Read files into a dataset. Either `paths` (files or folders here) or `upload` (a finished upload).

    `layout` names a known data set layout (`ptbxl`) that brings labels, subjects and folds;
    `resolution` picks among the layout's signal folders (PTB-XL: 100 or 500 Hz; None: what is there).

    Names of files and folders are identifiers: they are stored as keyed hashes unless `keep_names` says that they
    identify nobody. `keep_identifiers` keeps the original bytes unchanged, with what identifies a patient in them.
    """

    dataset: str
    paths: tuple[str, ...] = ()
    upload: str | None = None
    refused: tuple[int, ...] = ()
    hints: ReadHints = field(default_factory=ReadHints)
    layout: str | None = None
    resolution: int | None = None
    keep_names: bool = False
    keep_identifiers: bool = False

    @property
    def names_kept(self) -> bool:
        """Whether files are stored under their own names: on demand, and for published data sets."""
        return self.keep_names or self.layout is not None


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """Train a model for one task of one dataset.

    `from_model` continues from a model's weights: `method` `whole` trains all layers, `head` only the
    last, `head-then-whole` one after the other. `folds` limits what training may see to records of these folds; a
    fifth of it, whole patients, is the validation part. `settings` change those of the `recipe`, by the names of
    `TrainConfig`. `rate`, `duration`: what the model sees, in Hz and seconds; None means the installation's setting,
    and the beat's length where `model_input` says that the model sees one beat. `scaling` of each lead or the whole
    record (`scaled_over`): None means the architecture's. `subject`: what the model is told of the person.

    `thresholds`: from where a class of a multi-label task counts as present, by the largest F1 on the validation part
    or from one half on. `beside`: with few ECGs a ridge model is fitted beside a network from scratch.
    """

    dataset: str
    task: str
    architecture: str = "xceptiontime"
    from_model: str | None = None
    method: Method = "scratch"
    name: str | None = None
    folds: tuple[int, ...] | None = None
    one_per_patient: bool = False
    seed: int = 0
    recipe: str = DEFAULT
    settings: Mapping[str, bool | int | float | str | None] = field(default_factory=dict)
    rate: float | None = None
    duration: float | None = None
    padding: Padding = "zeros"
    scaling: Scaling | None = None
    scaled_over: Literal["lead", "record", "none"] = "lead"
    model_input: ModelInput = "ecg"
    subject: tuple[SubjectInput, ...] = ()
    thresholds: ThresholdRule = "f1"
    beside: bool = True

    # A setting that is written beside `settings` is refused instead of passed over.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """Predict every record of a dataset (or only of `folds`), or files at `paths` that are not kept."""

    model: str
    dataset: str | None = None
    folds: tuple[int, ...] | None = None
    paths: tuple[str, ...] = ()
    hints: ReadHints = field(default_factory=ReadHints)


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """Compare a model's answers with the labels of a task (None: the task of the model's name)."""

    model: str
    dataset: str
    task: str | None = None
    folds: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of every file: read, already there, refused; and of the labels that came along.

    `copies`: files of the same bytes as another of the dataset, which were not added again; `same`: ECGs that were
    added although another file of the dataset holds the same ECG, which is noted in both cases. Names are those that
    the library knows; those of refused files are the files' own as long as they are in quarantine.
    """

    dataset: str
    n_files: int
    n_read: int
    n_already_there: int
    n_refused: int
    refused: tuple[Failure, ...]
    doubts: Mapping[str, int]
    skipped: tuple[str, ...]
    tasks: tuple[str, ...]
    labels_without_record: int
    records_without_label: int
    examples_without_record: tuple[str, ...]
    examples_without_label: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    n_copies: int = 0
    copies: tuple[str, ...] = ()
    n_same: int = 0
    same: tuple[str, ...] = ()
    n_originals: int = 0


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """What a label table brought to a dataset."""

    dataset: str
    task: str
    kind: Kind
    n_matched: int
    counts: Mapping[str, int]
    labels_without_record: tuple[str, ...]
    records_without_label: tuple[str, ...]
    n_labels_without_record: int
    n_records_without_label: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitInfo:
    """How records were divided: numbers of records, subjects, and records per class on each side."""

    seed: int
    folds: tuple[int, ...] | None
    n_train: int
    n_validation: int
    n_subjects_train: int
    n_subjects_validation: int
    train_counts: Mapping[str, int]
    validation_counts: Mapping[str, int]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TrainCheck:
    """What a training would do, before it starts: the split, warnings in words, a guess at the time."""

    split: SplitInfo
    warnings: tuple[str, ...]
    minutes: float | None
    minutes_note: str
    name: str


@dataclass(frozen=True, slots=True)
class Beside:
    """The ridge model that was fitted to the same ECGs as a network: `words` say which is better, and how sure that is.

    Without a `model` it could not be fitted, and `words` say why.
    """

    model: str | None
    validation: Evaluation | None
    words: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainOutcome:
    """A training that ended with a model. `validation` is how the best epoch did on the validation part.

    `stopped`: `finished`, `early`, `cancelled`, or `diverged`: the loss stopped being a number, the best epoch before
    is the model. `thresholds` (multi-label): from where each class counts as present. `unit`: of a regression's values.

    `parity_logits`, `parity_probabilities`: largest difference between network and exported graph (for
    regression that of the values, and None).
    """

    model: str
    split: SplitInfo
    best_epoch: int
    stopped: str
    maximum_rate: float
    seconds: float
    parity_logits: float
    parity_probabilities: float | None
    validation: Evaluation
    refused: tuple[Failure, ...]
    thresholds: tuple[ClassThreshold, ...] = ()
    beside: Beside | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One training with its course so far: what the run's page shows, during and after.

    `config` is every setting as it was used, `changed` those of them that its recipe has otherwise.
    """

    job: Job
    request: TrainRequest
    epochs: tuple[Epoch, ...]
    seconds_left: float | None
    log: tuple[str, ...]
    split: SplitInfo | None
    config: Mapping[str, Any]
    environment: Mapping[str, str]
    outcome: TrainOutcome | None
    changed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PredictionTable:
    """Predictions of one model for many records, with the records it could not be used for.

    `warnings`: what there is to think of before an answer of this model is believed.
    """

    job: Job | None
    model: str
    simulated_model: bool
    kind: Kind
    unit: str
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    total: int
    rows: tuple["PredictionRow", ...]
    refused: tuple[Failure, ...]
    seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassportInShort:
    """What an answer rests on: how the record was read, and what was assumed, derived, changed and doubted."""

    format: str
    reader: str
    sha256: str
    device: str | None
    assumed: tuple[str, ...]
    derived: tuple[str, ...]
    changed: tuple[str, ...]
    doubts: tuple[str, ...]

    @classmethod
    def of(cls, source: SourceInfo) -> Self:
        return cls(
            source.format, source.reader, source.sha256, source.device, source.assumed, source.derived, source.changed,
            source.doubts,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PredictionRow:
    """One record's prediction. `item` is None for files that are not in a dataset; `answer` in words."""

    item: int | None
    prediction: Prediction
    answer: tuple[str, ...]
    truth: tuple[str, ...] | float | None
    passport: PassportInShort | None = None


@dataclass(frozen=True, slots=True)
class SinglePrediction:
    """One model's answer for one record, with what the page needs to show it."""

    model: str
    simulated_model: bool
    kind: Kind
    unit: str
    classes: tuple[TaskClass, ...]
    thresholds: tuple[float, ...]
    row: PredictionRow
    seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """An evaluation with what was evaluated. `seen_in_training`: records that the model had learned from."""

    job: Job | None
    model: str
    dataset: str
    task: str
    folds: tuple[int, ...] | None
    evaluation: Evaluation
    refused: tuple[Failure, ...]
    n_without_label: int
    seen_in_training: int
    mistakes: tuple[PredictionRow, ...]
    seconds: float


def problem_of(error: Exception) -> Problem:
    """An error as the value that is stored and shown."""
    return Problem(type(error).__name__, getattr(error, "message", str(error)), getattr(error, "advice", ""))
