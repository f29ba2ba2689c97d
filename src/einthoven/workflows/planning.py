"""What a training will do, settled before it starts: the records, the split, the model's description."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from einthoven.beats import model_input
from einthoven.errors import IncompatibleModel, LabelError, SettingError
from einthoven.labels.splits import SplitItem, split
from einthoven.metrics.entry import ecgs
from einthoven.models import ARCHITECTURES
from einthoven.onnx.foreign.inspecting import ORIGIN
from einthoven.signal.leads import DERIVED
from einthoven.signal.windows import HARDLY_LONGER
from einthoven.spec import ONE_BEAT_S, SUBJECT_INPUTS, ModelSpec, SubjectInput, standard_steps
from einthoven.store.models import WEIGHTS
from einthoven.store.store import checked_name
from einthoven.store.types import Item, ItemQuery, Model
from einthoven.task import Answer, Task
from einthoven.tensors import MOST_LEARNED
from einthoven.train.config import RATE_OF_TRAINED, TrainConfig
from einthoven.train.recipes import FEW_FOR_A_NETWORK, config_of
from einthoven.workflows import subject_inputs
from einthoven.workflows.model_origin import origin_of
from einthoven.workflows.requests import SplitInfo, TrainCheck, TrainRequest
from einthoven.workflows.seen import Seen
from einthoven.workflows.workspace import Workspace, check_input

FEW = 10
"""Below so many records of a class on one side, its result says little."""
RIDGE = "random_convolutions"
OF_CLASSES = ("label_smoothing", "class_weights")
"""Settings that a regression has no use for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A training, settled: who is on which side, what the model sees, how it learns."""

    task: Task
    spec: ModelSpec
    config: TrainConfig
    train: tuple[Item, ...]
    validation: tuple[Item, ...]
    info: SplitInfo
    warnings: tuple[str, ...]


def complete(workspace: Workspace, request: TrainRequest) -> TrainRequest:
    """The request with a free name, checked as far as can be without reading signals."""
    request = replace(request, name=_name(workspace, request))
    plan(workspace, request)
    return request


def check(workspace: Workspace, request: TrainRequest) -> TrainCheck:
    """What this training would do."""
    settled = plan(workspace, request)
    minutes, note = _minutes(workspace, request, len(settled.train) + len(settled.validation), settled.config)
    return TrainCheck(settled.info, settled.warnings, minutes, note, _name(workspace, request))


def plan(workspace: Workspace, request: TrainRequest) -> Plan:
    """Settle a training.

    Raises
    ------
    LabelError
        When there is too little to learn from.
    IncompatibleModel
        When the model to continue from does not fit.
    """
    config = train_config(workspace, request)
    task = workspace.store.task(request.dataset, request.task)
    spec = spec_of(workspace, request, task)
    config = suited(config, workspace, request, spec)
    _, items = workspace.store.items(request.dataset, ItemQuery(folds=request.folds))
    labelled = [item for item in items if item.file_name in task.answers]
    if len(labelled) < 2:
        where = f" in folds {_folds(request.folds)}" if request.folds else ""
        raise LabelError(
            f"Task {task.name!r} has {len(labelled)} labelled ECGs{where}; a training needs at least two.",
            advice="Import labels, or choose other folds.",
        )
    task = _without_absent_classes(task, labelled)
    spec = replace(spec, classes=task.classes)
    of_subject = subject_inputs.checked(spec, task, labelled)
    sides = split(
        [SplitItem(item.file_name, subject, task.answers[item.file_name]) for item, subject in kept_together(labelled)],
        validation=0.2,
        seed=request.seed,
        one_per_patient=request.one_per_patient,
    )
    by_name = {item.file_name: item for item in labelled}
    train = tuple(by_name[name] for name in sides.train)
    validation = tuple(by_name[name] for name in sides.validation)
    if len(validation) < 2 or len(train) < 2:
        raise LabelError(
            f"{len(train)} ECGs would be left to learn from and {len(validation)} to check by; two are needed of each.",
            advice="Label more ECGs, of further patients.",
        )
    left_out = {**_unlabelled(task, len(items) - len(labelled)), **_counted_left_out(sides.left_out)}
    _require_variety(task, train)
    info = _info(task, train, validation, request=request, left_out=left_out)
    config = config.for_size(len(train))
    _require_devices(config)
    warnings = (
        *_warnings(task, info, labelled),
        *_warnings_of_fit(labelled, spec),
        *of_subject,
        *_warnings_of_start(workspace, request, train, validation),
        *_warnings_of_settings(request, config, spec),
    )
    return Plan(task, spec, config, train, validation, info, warnings)


def _require_devices(config: TrainConfig) -> None:
    """Refused here rather than behind other jobs; what needs no GPU costs no import of torch."""
    if config.device != "cuda" and config.devices == 1 and config.precision != "fp16":
        return
    from importlib.util import find_spec

    if find_spec("torch") is not None:
        from einthoven.train.loop import require_devices

        require_devices(config)


def _warnings_of_settings(request: TrainRequest, config: TrainConfig, spec: ModelSpec) -> list[str]:
    warnings = []
    if config.window_s is not None and config.window_s >= spec.duration:
        warnings.append(
            f"Windows of {config.window_s:g} s are no shorter than the {spec.duration:g} s that the model looks at: "
            "all of each ECG is looked at each time."
        )
    if spec.kind == "regression":
        idle = [name.replace("_", " ") for name in OF_CLASSES if request.settings.get(name)]
        warnings += [f"{' and '.join(idle)}: without effect where a value is predicted."] if idle else []
    return warnings


def wants_beside(request: TrainRequest, n_train: int) -> bool:
    """Whether a ridge model is fitted beside the network: from scratch, by gradient, from few ECGs."""
    scratch = request.from_model is None and ARCHITECTURES.get(request.architecture).fit == "gradient"
    return request.beside and scratch and n_train < FEW_FOR_A_NETWORK


def beside(workspace: Workspace, request: TrainRequest, settled: Plan, *, name: str) -> tuple[TrainRequest, Plan]:
    """The ridge model's request and plan: the same ECGs on the same sides, the same input but age and sex."""
    shared = {key: value for key, value in request.settings.items() if key in ("class_weights", "patient_weights")}
    wanted = replace(
        request, architecture=RIDGE, name=name, settings=shared, scaling=None, subject=(), beside=False
    )  # fmt: skip
    spec = replace(spec_of(workspace, wanted, settled.task), classes=settled.task.classes)
    config = suited(train_config(workspace, wanted), workspace, wanted, spec)
    return wanted, replace(settled, spec=spec, config=config, warnings=())


def kept_together(items: Sequence[Item]) -> Iterator[tuple[Item, str | None]]:
    """Each item with its subject; the same ECG in another file is of the same one, whatever that file says."""
    firsts = {item.id: item for item in items}
    shown = {item.same_as for item in items if item.same_as is not None}
    for item in items:
        first = firsts.get(item.same_as, item) if item.same_as is not None else item
        alone = first.subject is None and (first.id in shown or item.same_as is not None)
        yield item, f"same as {item.same_as or item.id}" if alone else first.subject


def narrowed(settled: Plan, request: TrainRequest, train: tuple[Item, ...], validation: tuple[Item, ...]) -> Plan:
    """The plan with the records that could be used, so that its numbers are those of what the model saw."""
    refused = len(settled.train) + len(settled.validation) - len(train) - len(validation)
    if not refused:
        return settled
    left_out = {**settled.info.left_out, "could not be used (see the refused ECGs)": refused}
    info = _info(settled.task, train, validation, request=request, left_out=left_out)
    return replace(settled, train=train, validation=validation, info=info)


def _info(
    task: Task,
    train: Sequence[Item],
    validation: Sequence[Item],
    *,
    request: TrainRequest,
    left_out: Mapping[str, int],
) -> SplitInfo:
    return SplitInfo(
        seed=request.seed,
        folds=request.folds,
        n_train=len(train),
        n_validation=len(validation),
        n_subjects_train=len({item.subject for item in train if item.subject}),
        n_subjects_validation=len({item.subject for item in validation if item.subject}),
        train_counts=_class_counts(task, train),
        validation_counts=_class_counts(task, validation),
        left_out=left_out,
    )


def _unlabelled(task: Task, n: int) -> Mapping[str, int]:
    """Why `n` records carry no answer. The task's reasons count the whole dataset: they are told where they add up."""
    if n and sum(task.left_out.values()) == n:
        return task.left_out
    if not n:
        return {}
    reasons = "; ".join(f"{count} {reason}" for reason, count in task.left_out.items())
    of_all = f" (in the whole dataset: {reasons})" if reasons else ""
    return {f"has no label of this task{of_all}": n}


def train_config(workspace: Workspace, request: TrainRequest) -> TrainConfig:
    """The recipe with the request's changes; SettingError names what is not allowed."""
    return config_of(
        request.recipe, request.settings, method=request.method, seed=request.seed,
        threads=workspace.preferences.threads,
    )  # fmt: skip


def suited(config: TrainConfig, workspace: Workspace, request: TrainRequest, spec: ModelSpec) -> TrainConfig:
    """The settings without what this start and this architecture have no use for."""
    architecture: str | None = request.architecture
    if request.from_model is not None:
        if request.settings.get("window_s") is not None:
            raise SettingError(
                "A model that is trained on keeps looking at windows of its own length.",
                advice="Leave window_s out, or train from scratch.",
            )
        base = workspace.models.model(request.from_model)
        architecture = base.architecture
        config = replace(config, window_s=None, maximum_rate=_rate_to_go_on(config, request, base))
    if architecture not in ARCHITECTURES.names() or ARCHITECTURES.get(architecture).fit == "gradient":
        return config
    if spec.subject:
        raise SettingError(
            f"{ARCHITECTURES.get(architecture).title} cannot be told {' and '.join(spec.subject)}.",
            advice="Leave age and sex out, or choose another architecture.",
        )
    if config.members > 1:
        raise SettingError("A model that is solved for in one step has one member.", advice="Leave members out.")
    # Weighing classes moves a ridge model's probabilities away from what they are (docs/log.md).
    weighted = bool(request.settings.get("class_weights", spec.kind == "multi-label"))
    return replace(config, window_s=None, class_weights=weighted)


def _rate_to_go_on(config: TrainConfig, request: TrainRequest, base: Model) -> float | None:
    """A recipe's rate is one for fresh weights; what a trained model knows is moved by a share of it."""
    fresh = request.method != "whole" or bool(origin_of(base.statistics).untrained)
    if config.maximum_rate is None or "maximum_rate" in request.settings or fresh:
        return config.maximum_rate
    return config.maximum_rate * RATE_OF_TRAINED


def spec_of(workspace: Workspace, request: TrainRequest, task: Task) -> ModelSpec:
    """What the model will be: its leads, rate, steps, classes, and what it is told of the person."""
    if request.from_model is None:
        if request.method != "scratch":
            raise SettingError(
                f"Method {request.method!r} continues from a model, and none was named.",
                advice="Name the model to start from (--from), or train from scratch.",
            )
        entry = ARCHITECTURES.require(request.architecture)
        preferences = workspace.preferences
        rate = preferences.target_rate if request.rate is None else request.rate
        duration = _duration(request, preferences.duration)
        check_input(rate=rate, duration=duration)
        model_input.require(request.model_input)
        steps = standard_steps(
            rate=rate,
            duration=duration,
            padding=request.padding,
            over=None if request.scaled_over == "none" else request.scaled_over,
            model_input=request.model_input,
            scaling=request.scaling or entry.scaling,
        )
        return ModelSpec(task.kind, task.classes, steps, task.name, task.unit, subject=_in_order(request.subject))
    base = workspace.models.model(request.from_model)
    if request.method == "scratch":
        raise SettingError(
            "A training from scratch takes no model to start from.", advice="Choose method whole or head."
        )
    weights, graph = (workspace.models.file(base.name, name) for name in (WEIGHTS, ORIGIN))
    if graph is None and (base.architecture is None or weights is None):
        raise IncompatibleModel(
            f"Model {base.name!r} carries no weights to go on from, only its graph.",
            advice="Start from another model, or from scratch.",
        )
    for noun, wanted, fixed in (
        ("rate", request.rate, base.spec.rate),
        ("duration", request.duration, base.spec.duration),
    ):
        if wanted is not None and wanted != fixed:
            raise IncompatibleModel(
                f"Model {base.name!r} sees a {noun} of {fixed:g}; a training from it cannot change that to {wanted:g}.",
                advice=f"Leave the {noun} out, or train from scratch.",
            )
    for noun, asked, usual, own in (
        ("padding", request.padding, "zeros", _padding(base.spec)),
        ("scaled_over", request.scaled_over, "lead", base.spec.scaled_over or "none"),
    ):
        if asked not in (usual, own):
            raise IncompatibleModel(
                f"Model {base.name!r} has {noun} {own!r}; a training from it cannot change that to {asked!r}.",
                advice=f"Leave the {noun} out, or train from scratch.",
            )
    if request.model_input not in ("ecg", base.spec.model_input):
        raise IncompatibleModel(
            f"Model {base.name!r} sees {base.spec.model_input!r}; a training from it cannot change that to "
            f"{request.model_input!r}.",
            advice="Leave the input out, or train from scratch.",
        )
    model_input.require(base.spec.model_input)
    if request.subject and _in_order(request.subject) != base.spec.subject:
        raise IncompatibleModel(
            f"Model {base.name!r} is told {' and '.join(base.spec.subject) or 'nothing'} of a person; "
            "a training from it cannot change that.",
            advice="Leave age and sex out, or train from scratch.",
        )
    if request.scaling is not None and (base.spec.scaling is None or base.spec.scaling.name != request.scaling):
        raise IncompatibleModel(
            f"Model {base.name!r} scales its input by {base.spec.scaling or 'nothing'}; "
            "a training from it cannot change that.",
            advice="Leave the scaling out, or train from scratch.",
        )
    # A model that is trained on keeps seeing what it learned to see.
    return ModelSpec(task.kind, task.classes, base.spec.steps, task.name, task.unit, subject=base.spec.subject)


def _padding(spec: ModelSpec) -> str:
    return next(str(step.parameters["padding"]) for step in spec.steps if step.name == "window")


def _in_order(subject: Sequence[SubjectInput]) -> tuple[SubjectInput, ...]:
    """As a description has them; what is unknown stays, and is refused there."""
    known = tuple(name for name in SUBJECT_INPUTS if name in subject)
    return known if set(known) == set(subject) else tuple(subject)


def _duration(request: TrainRequest, usual: float) -> float:
    """How many seconds the model sees: of one beat no more than there are."""
    longest = ONE_BEAT_S.get(request.model_input)
    if longest is None:
        return usual if request.duration is None else request.duration
    if request.duration is not None and request.duration > longest:
        raise SettingError(
            f"A model that sees {request.model_input!r} cannot look at {request.duration:g} s: that is one beat.",
            advice=f"Leave the duration out, or give {longest:g} s.",
        )
    return longest if request.duration is None else request.duration


def _without_absent_classes(task: Task, items: Sequence[Item]) -> Task:
    """Single-label classes nobody here has cannot be learned; multi-label outputs stay as the task states them."""
    if task.kind != "single-label":
        return task
    answers = {item.file_name: task.answers[item.file_name] for item in items}
    present = {label for answer in answers.values() if isinstance(answer, tuple) for label in answer}
    kept = tuple(c for c in task.classes if c.name in present)
    if len(kept) < 2:
        names = ", ".join(c.name for c in kept)
        raise LabelError(
            f"All labelled ECGs are of one class ({names}); there is nothing to tell apart.",
            advice="Add ECGs of another class, or choose other folds.",
        )
    return replace(task, classes=kept, answers=answers)


def _require_variety(task: Task, train: Sequence[Item]) -> None:
    answers = {task.answers[item.file_name] for item in train}
    if len(answers) > 1:
        return
    (same,) = answers
    said = (", ".join(same) or "no class") if isinstance(same, tuple) else f"{same:g} {task.unit}".strip()
    raise LabelError(
        f"All {len(train)} ECGs to learn from have the same answer ({said}); there is nothing to tell apart.",
        advice="Add ECGs with other answers, of several patients, or choose other folds.",
    )


def _class_counts(task: Task, items: Sequence[Item]) -> Mapping[str, int]:
    if task.kind == "regression":
        return {task.classes[0].name: len(items)}
    counts = dict.fromkeys(task.class_names, 0)
    for item in items:
        for label in _labels(task.answers[item.file_name]):
            counts[label] += 1
    return counts


def _labels(answer: Answer) -> tuple[str, ...]:
    return answer if isinstance(answer, tuple) else ()


def _counted_left_out(left_out: object) -> dict[str, int]:
    if isinstance(left_out, Mapping):
        return {reason: len(names) for reason, names in left_out.items()}
    return {}


def _warnings(task: Task, info: SplitInfo, items: Sequence[Item]) -> list[str]:
    warnings: list[str] = []
    if task.kind != "regression":
        for name, n in info.train_counts.items():
            m = info.validation_counts[name]
            if n == 0:
                warnings.append(f"{name}: no ECG to learn from; the model will never answer it.")
            elif n + m < FEW:
                warnings.append(f"{name} has {ecgs(n + m)}: its result will say little.")
            elif m == 0:
                warnings.append(f"{name}: none of its ECGs is in the validation part, so it cannot be checked.")
        there = [name for name, m in info.validation_counts.items() if m]
        if task.kind == "single-label" and len(there) == 1:
            warnings.append(
                f"All ECGs of the validation part are {there[0]}: whether the model tells classes apart cannot be seen."
            )
    if len(items) < 100:
        warnings.append(f"{len(items)} labelled ECGs are few for a network; expect wide uncertainty.")
    without = sum(item.subject is None for item in items)
    if without:
        warnings.append(
            f"{ecgs(without)} name{'s' * (without == 1)} no patient: ECGs of one patient may stand on both sides, "
            "and results look better than they are."
        )
    kinds = Counter(item.amplitude for item in items)
    if len(kinds) > 1:
        warnings.append(f"Amplitudes are mixed ({kinds['mV']} in mV, {kinds['relative']} relative).")
    simulated = sum(item.simulated for item in items)
    if simulated:
        warnings.append(f"{simulated} of {len(items)} ECGs are simulated: this model says nothing about patients.")
    return warnings


def _warnings_of_fit(items: Sequence[Item], spec: ModelSpec) -> list[str]:
    """What of these ECGs does not fit what the model sees, as far as that stands in the library."""
    own = len(set(spec.leads) - set(DERIVED)) if {"I", "II"} <= set(spec.leads) else len(spec.leads)
    too_few = [item for item in items if item.n_leads < own]
    relative = [item for item in items if item.amplitude == "relative"] if spec.scaled_over is None else []
    warnings = []
    for unfit, words, advice in (
        (too_few, f"have fewer leads than the {own} that the model needs", "Choose a model of fewer leads."),
        (
            relative,
            "have a relative amplitude, and the model judges amplitudes in mV",
            "Use recordings in mV, or a model that scales its input.",
        ),
    ):
        if len(unfit) == len(items):
            raise IncompatibleModel(f"None of the {len(items)} ECGs can be used: they {words}.", advice=advice)
        if unfit:
            warnings.append(f"{len(unfit)} of {len(items)} ECGs {words}: they will be refused.")
    slow = [item.rate for item in items if item.rate < spec.rate]
    if slow:
        warnings.append(
            f"{len(slow)} of {len(items)} ECGs were recorded below the {spec.rate:g} Hz that the model sees (from "
            f"{min(slow):g} Hz on): the fine detail it could use is not in them."
        )
    longer = [item for item in items if item.duration > (1 + HARDLY_LONGER) * spec.duration]
    if longer and spec.model_input == "ecg":
        warnings.append(
            f"{len(longer)} of {len(items)} ECGs are longer than the {spec.duration:g} s that the model looks at: it "
            f"learns from up to {MOST_LEARNED} windows of each, evenly spread, and is judged by the mean of what it "
            "answers for them."
        )
    return warnings


def _warnings_of_start(
    workspace: Workspace, request: TrainRequest, train: Sequence[Item], validation: Sequence[Item]
) -> list[str]:
    warnings = []
    size = request.settings.get("batch_size")
    if type(size) is int and size > len(train):
        warnings.append(f"A batch of {size} is more than there are: all {len(train)} training ECGs are one batch.")
    if wants_beside(request, len(train)):
        warnings.append(
            f"{len(train)} ECGs to learn from: a ridge model, which is often as good with fewer than "
            f"{FEW_FOR_A_NETWORK}, is fitted beside the network and kept under its name with -ridge."
        )
    if request.from_model is not None:
        warnings += _warnings_of_base(workspace, request.from_model, validation)
    return warnings


def _warnings_of_base(workspace: Workspace, base: str, validation: Sequence[Item]) -> list[str]:
    if origin_of(workspace.models.model(base).statistics).untrained:
        return []
    seen = Seen.by(workspace, base)
    known = sum(seen.among(validation))
    if known:
        return [
            f"Model {base!r} has learned from {known} of the {len(validation)} ECGs that the training is judged by, or "
            "from others of these patients: the numbers look better than they are. Evaluate on other patients."
        ]
    if not seen.complete:
        return [
            f"It is not known here which ECGs model {base!r} has learned from; if some that the training is judged by "
            "were among them, the numbers look better than they are."
        ]
    return []


def _name(workspace: Workspace, request: TrainRequest) -> str:
    """The name that was asked for, or a free one; SettingError when it is taken or cannot be a name."""
    if request.name is None:
        start = (request.from_model or request.architecture).rpartition("/")[2]
        return workspace.models.free_name(f"{request.task}-{start}")
    name = checked_name(request.name, noun="model")
    if workspace.models.has(name):
        raise SettingError(
            f"There is a model {name!r} already.",
            advice=f"Choose another name, such as {workspace.models.free_name(name)!r}.",
        )
    return name


def _folds(folds: Sequence[int] | None) -> str:
    return ", ".join(map(str, folds or ()))


def _minutes(workspace: Workspace, request: TrainRequest, n: int, config: TrainConfig) -> tuple[float | None, str]:
    """A guess from earlier trainings on this machine, or none. `n`: ECGs of both sides, as the speed counts them."""
    base = workspace.models.model(request.from_model) if request.from_model else None
    architecture = base.architecture if base else request.architecture
    for model in workspace.models.models():
        speed = model.statistics.get("ms_per_ecg_and_epoch")
        if model.run is None or not isinstance(speed, int | float):  # taken in from elsewhere
            continue
        then = model.statistics.get("config", {})
        same_part = (model.statistics.get("method") == "head") == (request.method == "head")
        same_length = request.from_model is not None or then.get("window_s") == config.window_s
        if model.architecture == architecture and same_part and same_length:
            minutes = speed * n * config.epochs / 60_000
            return minutes, f"at most, if all {config.epochs} epochs run; as fast as {model.name!r} was trained here"
    return None, "not known before a first training with this architecture on this machine"
