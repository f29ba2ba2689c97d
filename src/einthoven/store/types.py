"""What the store answers: plain frozen values, made for lists and pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from einthoven.record import Amplitude, Sex
from einthoven.spec import ModelSpec
from einthoven.task import Answer, Kind, TaskClass


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named collection of records. `simulated`: at least one record never came from a patient."""

    name: str
    note: str
    created: str
    n_records: int
    n_subjects: int
    n_refused: int
    rates: tuple[float, ...]
    amplitudes: tuple[Amplitude, ...]
    n_simulated: int
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One record as a member of a dataset. `record_id` names its signal; two files of equal bytes share it.

    `same_as` is the id of the item of this dataset that is the same ECG in another file. `grade` is the quality
    that was found, in a word.
    """

    id: int
    dataset: str
    record_id: str
    file_name: str
    subject: str | None
    age: float | None
    sex: Sex | None
    fold: int | None
    rate: float
    n_samples: int
    n_leads: int
    amplitude: Amplitude
    format: str
    simulated: bool
    doubts: tuple[str, ...]
    labels: Mapping[str, Answer] = field(default_factory=dict)
    same_as: int | None = None
    grade: str | None = None

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.n_samples / self.rate


@dataclass(frozen=True, slots=True)
class NewItem:
    """A record on its way into a dataset: its rows, and where its signal and its original wait on the disk.

    `facts` are columns of the table of records. With `leave_out_copies` a file of the same bytes as one that is
    there under another name is not added.
    """

    file_name: str
    record_id: str
    facts: Mapping[str, Any]
    signal: Path
    original: Path | None = None
    subject: str | None = None
    age: float | None = None
    sex: Sex | None = None
    fold: int | None = None
    leave_out_copies: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a `NewItem`. `copy`: left out, the same bytes are there as `other`; `conflict`: the name is taken.

    An `added` one with `other` is the same ECG as that item, in another file.
    """

    state: Literal["added", "present", "copy", "conflict"]
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """What is kept of the file a record was read from. `read` and `kept` are sha256 of the bytes, before and after.

    `kept` is None when no original is kept; `identifiers` says that the bytes are unchanged.
    """

    read: str | None
    kept: str | None
    size: int | None
    identifiers: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How the records of a dataset are distributed: numbers by what is counted."""

    ages: Mapping[tuple[int, str], int]
    sexes: Mapping[str, int]
    folds: Mapping[int, int]
    formats: Mapping[str, int]
    rates: Mapping[float, int]
    durations: Mapping[float, int]
    amplitudes: Mapping[str, int]
    grades: Mapping[str, int]
    n_doubts: int
    n_same: int
    doubts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items of a dataset, in which order. `label` needs `task`; `label=""` means "has no label".

    `search` is looked for in names and subjects, and so is each of `aliases` (the stored forms of a name).
    """

    search: str = ""
    task: str | None = None
    label: str | None = None
    folds: tuple[int, ...] | None = None
    sex: Sex | None = None
    age_from: float | None = None
    age_to: float | None = None
    only_doubts: bool = False
    sort: Literal["file_name", "subject", "age", "rate", "duration"] = "file_name"
    descending: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task of a dataset without its answers. `counts`: records per class; `n`: records with an answer."""

    name: str
    title: str
    kind: Kind
    unit: str
    classes: tuple[TaskClass, ...]
    n: int
    n_without: int
    counts: Mapping[str, int]
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that could not be read, kept with its reason so that it can be tried again with hints."""

    id: int
    dataset: str
    file_name: str
    error: str
    reason: str
    advice: str
    missing_hints: tuple[str, ...]
    size: int
    kept: bool
    created: str
    stored_name: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can predict. `architecture` is None for one whose weights are only in its ONNX file.

    `statistics` is what is known of its making: n, label distribution, base model, losses, F1.
    """

    name: str
    created: str
    spec: ModelSpec
    architecture: str | None
    base: str | None
    run: str | None
    trained_on: str | None
    n_train: int | None
    parameters: int | None
    size: int
    simulated: bool
    statistics: Mapping[str, Any] = field(default_factory=dict)


JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something failed: the name of the error, what was wrong, what to do."""

    error: str
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` in units of `message`; `seconds_left` as estimated, or None."""

    done: float = 0.0
    total: float = 0.0
    message: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Something that takes time. `headline` says in one line how it ended."""

    id: str
    kind: str
    title: str
    state: JobState
    created: str
    started: str | None
    finished: str | None
    progress: Progress
    cancel_requested: bool
    headline: str
    problem: Problem | None
    files: tuple[str, ...]
    request: Mapping[str, Any]
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One line of a job's history. `kind`: `state`, `log`, `progress`, `epoch`, `failure`."""

    number: int
    time: str
    kind: str
    data: Mapping[str, Any]
