"""Making the models that come with Einthoven: trained on PTB-XL, tested once on the fold kept aside, packed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven import capsule
from einthoven import evaluate as scoring
from einthoven.errors import EinthovenError, LabelError, SettingError
from einthoven.files import write_whole
from einthoven.infer import Predictor
from einthoven.labels.layouts.ptbxl_tasks import TASK_TEXTS
from einthoven.metrics.bootstrap import Interval, Intervals, intervals
from einthoven.models import ARCHITECTURES
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Item, ItemQuery, Model
from einthoven.task import Answer, Task
from einthoven.tensors import prepare, subject_of, targets
from einthoven.train.recipes import config_of
from einthoven.workflows import model_card
from einthoven.workflows.evaluate import fitting_answers
from einthoven.workflows.installation import own_version
from einthoven.workflows.model_origin import ASKED_ONLY
from einthoven.workflows.requests import ImportRequest, TrainRequest
from einthoven.workflows.workspace import Workspace

DATASET = "ptbxl"
TRAIN_FOLDS, TEST_FOLDS = tuple(range(1, 9)), (9,)
ARCHITECTURES_MADE = ("xceptiontime", "inceptiontime", "dsail_snu", "xresnet1d")
TASKS_MADE = ("superclass", "bbb", "infarct")
DATABASE = "ptbxl_database.csv"
IN_FULL = 21_799
RATE = 100
FEW_TESTED = 30
"""Below so many ECGs of a class in the test, its numbers say little, and the card says so."""
SOURCE = (
    "Wagner P, Strodthoff N, Bousseljot R-D, Samek W, Schaeffter T. PTB-XL, a large publicly available "
    "electrocardiography dataset. PhysioNet. https://doi.org/10.13026/kfzx-aw45; Scientific Data 7, 154 (2020)."
)
_MARKER = "zoo-data.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One model of the zoo. `settings` change those of the `recipe`."""

    architecture: str
    task: str
    recipe: str = "default"
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.architecture}-{self.task}"

    def __post_init__(self) -> None:
        ARCHITECTURES.require(self.architecture)
        config_of(self.recipe, self.settings, method="scratch", seed=self.seed)


@dataclass(frozen=True, slots=True)
class Made:
    """A capsule that was written. `numbers` and `intervals` are those of the test."""

    name: str
    path: Path
    size: int
    numbers: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float]]


def fingerprint(folder: Path) -> str:
    """Which data lie in a folder: sha256 of PTB-XL's table; SettingError when it is not there."""
    table = folder / DATABASE
    if not table.is_file():
        raise SettingError(
            f"There is no {DATABASE} in {folder}.", advice="Name the folder of PTB-XL, or of a part in its layout."
        )
    return hashlib.sha256(table.read_bytes()).hexdigest()


def import_request(workspace: Workspace, folder: Path) -> ImportRequest | None:
    """What brings the data into the working folder; None when they are there.

    Raises
    ------
    SettingError
        When the working folder holds other data.
    """
    marker, data = workspace.home / _MARKER, fingerprint(folder)
    if marker.is_file() and json.loads(marker.read_text("utf-8")) != {"table": data}:
        raise SettingError(f"{workspace.home} was made from other data.", advice="Name another folder with --work.")
    write_whole(marker, json.dumps({"table": data}).encode())
    there = next((one for one in workspace.store.datasets() if one.name == DATASET), None)
    if there is not None and there.tasks:  # tasks come last
        return None
    full = all((folder / name).is_dir() for name in ("records100", "records500"))
    return ImportRequest(DATASET, (str(folder.resolve()),), layout="ptbxl", resolution=RATE if full else None)


def key_of(workspace: Workspace, wanted: Wanted) -> str:
    """By which a model is known that was made of the same data in the same way."""
    config = config_of(wanted.recipe, wanted.settings, method="scratch", seed=wanted.seed)
    stated = {
        "data": json.loads((workspace.home / _MARKER).read_text("utf-8")),
        "architecture": wanted.architecture,
        "task": wanted.task,
        "config": config.to_json(),
        "folds": [*TRAIN_FOLDS],
    }
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()


def is_made(workspace: Workspace, wanted: Wanted, path: Path) -> bool:
    """Whether the capsule at `path` is whole and was made of the same data in the same way."""
    try:
        found = capsule.unpack(capsule.content_of(path), path.name).said
    except EinthovenError:
        return False
    zoo = found.statistics.get(model_card.ZOO_KEY)
    return isinstance(zoo, dict) and zoo.get("key") == key_of(workspace, wanted)


def train_request(workspace: Workspace, wanted: Wanted) -> TrainRequest:
    """The training; its name is that of the model on the shelf of the working folder."""
    return TrainRequest(
        dataset=DATASET, task=wanted.task, architecture=wanted.architecture, folds=TRAIN_FOLDS, seed=wanted.seed,
        name=f"{wanted.name}-{key_of(workspace, wanted)[:8]}", recipe=wanted.recipe, settings=dict(wanted.settings),
        beside=False,
    )  # fmt: skip


def finish(workspace: Workspace, wanted: Wanted, out: Path, *, scratch: Path) -> Made:
    """Round and export the trained model again, test it once, pack it with its card into `out`.

    `scratch`: a folder for what is needed meanwhile.
    """
    from einthoven.onnx.compact import SIGNIFICANT_BITS, compact

    model = workspace.models.model(train_request(workspace, wanted).name or "")
    task = workspace.store.task(DATASET, wanted.task)
    graph, weights = scratch / GRAPH, scratch / WEIGHTS
    statistics = {
        **model.statistics,
        model_card.DATA_KEY: _data(workspace, task, model),
        ASKED_ONLY: _asked_only(task),
        model_card.ZOO_KEY: {"key": key_of(workspace, wanted), "made": datetime.now(UTC).isoformat(timespec="seconds")},
    }
    of_member = workspace.models.file(model.name, WEIGHTS)
    if of_member is not None:  # several members have no weights of one network
        statistics[model_card.ZOO_KEY]["significant_bits"] = SIGNIFICANT_BITS
        parity = compact(of_member, model.spec, graph_to=graph, weights_to=weights, statistics=statistics)
        differs = {"logits": parity.max_difference_logits, "probabilities": parity.max_difference_probabilities}
        statistics["parity"] = differs
    else:
        graph = workspace.models.graph(model.name)
    evaluation = tested(workspace, Predictor(graph), task, TEST_FOLDS)
    evaluations = [evaluation, *model_card.evaluations_of(statistics, None)]
    packed = capsule.pack(
        capsule.Contents(
            name=wanted.name,
            made_by=f"einthoven {own_version()}",
            model=graph.read_bytes(),
            card=model_card.card_of(replace(model, name=wanted.name, statistics=statistics), evaluations),
            statistics=statistics,
            evaluations=evaluations,
            architecture=model.architecture if of_member is not None else None,
            weights=None if of_member is None else weights.read_bytes(),
            # The mean of several networks is trained on from through its graph.
            origin=graph.read_bytes() if of_member is None else None,
        )
    )
    path = out / f"{wanted.name}{capsule.SUFFIX}"
    capsule.unpack(packed, path.name)
    write_whole(path, packed)
    path.chmod(0o644)  # it is made to be given away
    numbers = {name: evaluation[name] for name in model_card.NUMBERS if name in evaluation}
    pairs = {name: (pair[0], pair[1]) for name, pair in evaluation["intervals"].items()}
    return Made(wanted.name, path, len(packed), numbers, pairs)


def tested(workspace: Workspace, predictor: Predictor, task: Task, folds: Sequence[int]) -> dict[str, Any]:
    """An entry of `evaluation.json`: the model's answers for these folds, with intervals by patients."""
    spec = predictor.spec
    answers, _ = fitting_answers(task, spec)
    _, items = workspace.store.items(DATASET, ItemQuery(folds=tuple(folds)))
    labelled = [item for item in items if item.file_name in answers]
    if not labelled:
        raise LabelError(f"No ECG of folds {folds} has a label of task {task.name!r}.")
    scores = _scores(workspace, predictor, labelled)
    truth = targets([answers[item.file_name] for item in labelled], spec)
    limits = spec.threshold_values
    judged = scoring.judged(spec.kind, spec.class_names, truth, scores, thresholds=limits)
    found = scoring.evaluate(spec.kind, spec.class_names, truth, scores, thresholds=limits)
    spread = intervals(judged, [item.subject for item in labelled])
    said = {key: value for key, value in scoring.to_json(found).items() if key != "roc"}
    return {
        "part": "test",
        "data": _title(workspace),
        "folds": list(folds),
        "n_patients": spread.n_patients,
        **said,
        "warnings": [*said["warnings"], *_said_of(spread)],
        "intervals": _pairs(spread.overall),
        "class_intervals": {name: _pairs(each) for name, each in spread.per_class.items()},
        "interval_method": f"95 % by bootstrap over patients, {spread.resamples} resamples",
    }


def _scores(workspace: Workspace, predictor: Predictor, items: Sequence[Item]) -> npt.NDArray[np.float32]:
    spec, answers = predictor.spec, []
    for item in items:
        array = prepare(workspace.store.load(item), spec).array
        told = subject_of(item.age, item.sex, spec)[None] if spec.subject else None
        answers.append(predictor.run(array[None], told).values[0])
    return np.stack(answers)


def _pairs(found: Mapping[str, Interval]) -> dict[str, list[float]]:
    """Without those in which all resamples agree: they come of too few mistakes and say nothing."""
    pairs = {name: (one.low, one.high) for name, one in found.items()}
    return {
        name: [low, high] for name, (low, high) in pairs.items() if low is not None and high is not None and low < high
    }


def _said_of(spread: Intervals) -> list[str]:
    """Each thing to think of about the intervals, once."""
    each = [*spread.overall.values(), *(one for of_class in spread.per_class.values() for one in of_class.values())]
    return list(dict.fromkeys(line for one in each for line in one.warnings))


def _title(workspace: Workspace) -> str:
    dataset = workspace.store.dataset(DATASET)
    part = "" if dataset.n_records >= IN_FULL else f" (a part: {dataset.n_records:,} of {IN_FULL:,} ECGs)"
    return f"PTB-XL{part}"


def _data(workspace: Workspace, task: Task, model: Model) -> dict[str, Any]:
    """What the card says of the data: whose they are, what was done to them, what they cannot teach."""
    dataset = workspace.store.dataset(DATASET)
    relative = "relative" in dataset.amplitudes
    note = "Amplitudes are not in mV: the ECGs were band-passed and z-scored by lead before." if relative else ""
    return {
        "name": _title(workspace),
        "note": note,
        "licence": "CC BY 4.0",
        "model_licence": "cc-by-4.0",
        "source": SOURCE,
        "limits": _limits(workspace, task, model.spec, relative=relative),
    }


def _limits(workspace: Workspace, task: Task, spec: ModelSpec, *, relative: bool) -> list[str]:
    lines = ["All ECGs come from one collection: recorded in Germany between 1989 and 1996 with devices of one maker."]
    if relative:
        lines.append("It cannot judge voltages, since its ECGs were scaled: hypertrophy by voltage criteria, say.")
    if task.kind == "regression":
        return lines
    _, learned = workspace.store.items(DATASET, ItemQuery(folds=TRAIN_FOLDS))
    _, aside = workspace.store.items(DATASET, ItemQuery(folds=TEST_FOLDS))
    seen = [task.answers[item.file_name] for item in learned if item.file_name in task.answers]
    asked = [task.answers[item.file_name] for item in aside if item.file_name in task.answers]
    for name in spec.class_names:
        if task.kind == "multi-label" and _of(seen, name) and not any(answer == (name,) for answer in seen):
            lines.append(
                f"{name} never stands alone among the ECGs that it learned from: what it knows of {name} may be what "
                "stands beside it."
            )
        n = _of(asked, name)
        if n < FEW_TESTED:
            lines.append(f"{name}: tested on {'1 ECG' if n == 1 else f'{n} ECGs'} only, its numbers say little.")
    return lines


def _asked_only(task: Task) -> list[str]:
    """Of which ECGs an answer means something, where one of several classes must be named and many ECGs have none."""
    text = TASK_TEXTS.get(task.name)
    if task.kind != "single-label" or text is None:
        return []
    return [
        f"It was made for one question alone: {text.explanation} Asked about any other ECG it names one of its classes "
        "all the same, and that means nothing."
    ]


def _of(answers: Sequence[Answer], name: str) -> int:
    return sum(isinstance(answer, tuple) and name in answer for answer in answers)
