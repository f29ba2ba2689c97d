"""What the library and the viewer show: values computed from the store, ready for a page or a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from einthoven.record import Amplitude, Annotation, SourceInfo, Subject
from einthoven.spec import Scaling
from einthoven.store.types import Dataset, Item, Original, TaskInfo
from einthoven.task import Answer


@dataclass(frozen=True, slots=True)
class AgeBin:
    """Records with an age from `start` to below `end` years, by sex."""

    start: int
    end: int
    female: int
    male: int
    unknown: int


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset with its tasks and distributions: numbers of records, by what is said in words."""

    dataset: Dataset
    tasks: tuple[TaskInfo, ...]
    ages: tuple[AgeBin, ...]
    n_without_age: int
    sexes: Mapping[str, int]
    folds: Mapping[str, int]
    formats: Mapping[str, int]
    rates: Mapping[str, int]
    durations: Mapping[str, int]
    amplitudes: Mapping[str, int]
    n_doubts: int
    doubts: Mapping[str, int]
    grades: Mapping[str, int] = field(default_factory=dict)
    n_same: int = 0


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of a dataset's items. `total` counts all that match."""

    total: int
    rows: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """One record for the viewer, with its passport and its neighbours in the dataset.

    `signal` of the same address is float32, little-endian, `(n_leads, n_samples)` in C order, in mV
    (or relative units), NaN where samples are missing. What was read, assumed, derived, changed and doubted, by
    which library and from which device stands in `source`; `original` says what is kept of the file. `same_as` is
    the item of the dataset that is the same ECG in another file.
    """

    item: int
    dataset: str
    file_name: str
    record_id: str
    leads: tuple[str, ...]
    rate: float
    n_samples: int
    duration: float
    amplitude: Amplitude
    subject: Subject
    source: SourceInfo
    annotations: tuple[Annotation, ...]
    steps: tuple[str, ...]
    labels: Mapping[str, Answer]
    fold: int | None
    previous: int | None
    next: int | None
    position: int
    total: int
    original: Original | None = None
    quality: Any = None
    grade: str | None = None
    same_as: int | None = None
    same_as_name: str | None = None


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """Lead II (or the first lead) of a record, thinned for drawing: lowest and highest value per column."""

    item: int
    lead: str
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The head of a label table, to choose its columns from, with what the program would choose."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    n_rows: int
    file_column: str | None
    label_column: str | None
    code_column: str | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of trainings.

    `best_f1`: macro F1 on the validation part, of the model, and until there is one of the epoch that is kept so far.
    `quality`: the model's one number in words, for regression its mean error; empty while there is none.
    """

    id: str
    name: str
    dataset: str
    task: str
    architecture: str
    method: str
    state: str
    created: str
    epoch: int
    epochs: int
    best_f1: float | None
    model: str | None
    headline: str
    quality: str = ""


SettingValue = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class TrainOption:
    """One setting of a training: what it does, in a sentence, and what is allowed.

    `common`: one of the few that are asked for first. `optional`: may be empty, which the sentence explains.
    """

    name: str
    title: str
    explanation: str
    group: str
    common: bool
    kind: Literal["choice", "yes-no", "whole", "number"]
    optional: bool
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None


@dataclass(frozen=True, slots=True)
class RecipeView:
    """A recipe: `settings` has every setting of `TrainOption` by name, as this recipe begins."""

    name: str
    title: str
    summary: str
    settings: Mapping[str, SettingValue]


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What can be set in a training, and the recipes to begin with; `recipe` is the usual one."""

    options: tuple[TrainOption, ...]
    recipes: tuple[RecipeView, ...]
    recipe: str


@dataclass(frozen=True, slots=True)
class ArchitectureView:
    """A network to start from, usable here or why not (`reason`).

    `takes_subject`: it was made for age and sex. `experimental`: why it is not recommended, empty for the others.
    `scaling` is what its authors do with amplitudes. `fit`: by steps, or in one solution, which takes no settings.
    """

    name: str
    title: str
    summary: str
    available: bool
    reason: str
    takes_subject: bool
    experimental: str
    scaling: Scaling
    fit: Literal["gradient", "closed_form"]


@dataclass(frozen=True, slots=True)
class Availability:
    """An entry of a registry, for a list: usable here, or why not."""

    name: str
    title: str
    summary: str
    available: bool
    reason: str
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends of an interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tested:
    """How a model did on some ECGs. `part`: `test` (kept aside) or `validation` (of its own training).

    `numbers` by the name of the metric, `intervals` those of them that have one; `how` they were computed.
    """

    part: str
    data: str
    folds: tuple[int, ...]
    n: int | None
    n_patients: int | None
    numbers: Mapping[str, float]
    intervals: Mapping[str, Between]
    how: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model for people: its `ModelSpec` in words, its making in numbers.

    `zoo`: it comes with Einthoven and cannot be renamed or deleted. `data`: what it learned from, as it states.
    `sealed`: what was found when its capsule was opened. `tested`: how it did, tests first.

    Of a model that was made elsewhere (`imported`): `untrained` says why it has learned nothing ("" otherwise),
    `warnings` what there is to think of, `found` what its file stated and what was repaired, `told` what the person
    said who took it in. `threshold_words` say of each class of a multi-label model from where it counts as present.
    """

    name: str
    created: str
    kind: str
    task: str
    unit: str
    classes: tuple[str, ...]
    class_titles: tuple[str, ...]
    thresholds: tuple[float, ...]
    leads: tuple[str, ...]
    rate: float
    duration: float
    steps: tuple[str, ...]
    architecture: str | None
    base: str | None
    run: str | None
    trained_on: str | None
    n_train: int | None
    parameters: int | None
    size: int
    simulated: bool
    can_continue: bool
    validation_macro_f1: float | None
    validation_macro_auroc: float | None
    label_counts: Mapping[str, int]
    imported: bool
    untrained: str
    warnings: tuple[str, ...]
    found: tuple[str, ...]
    told: tuple[str, ...]
    zoo: bool = False
    data: str = ""
    sealed: str = ""
    tested: tuple[Tested, ...] = ()
    threshold_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings of this installation that a user changes on the page.

    `who` is what a person who corrects fiducials calls themselves; saving None leaves it as it was.
    """

    target_rate: float = 100.0
    duration: float = 10.0
    threads: int | None = None
    quarantine_days: int = 30
    who: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What this installation is and can do."""

    version: str
    home: str
    can_train: bool
    training_advice: str
    accelerator: str
    cores: int
    notice: str
