"""From the ECGs of a plan to fitted networks, each with its course."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from einthoven.errors import Diverged, EinthovenError, LabelError
from einthoven.files import write_whole
from einthoven.jobs import Reporter, stop_if_cancelled
from einthoven.onnx.foreign.inspecting import ORIGIN
from einthoven.results import Epoch, Failure, TrainingResult
from einthoven.spec import ModelSpec
from einthoven.store.models import WEIGHTS
from einthoven.store.types import Item
from einthoven.task import Task
from einthoven.tensors import prepare, subject_of, targets
from einthoven.train.config import TRAINED_FILE, TrainConfig
from einthoven.train.data import TrainingData, patient_weights
from einthoven.workflows.import_ import failure_of
from einthoven.workflows.plain import from_plain, to_plain
from einthoven.workflows.planning import Plan
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.workspace import Workspace

if TYPE_CHECKING:
    from einthoven.models.networks.assembled import EcgNetwork

DIVERGED = "diverged"
"""How a training stopped whose loss was no number any more; its best epoch before is the model."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the split as arrays: of each ECG its answer, and one or more windows that the model looks at.

    Parameters
    ----------
    items, y
        The `n` ECGs and their answers, as `tensors.targets` gives them.
    told
        Float32 `(n, inputs)`: what the model is told of each person; None for a model that is told nothing.
    x
        Float32 `(windows, leads, samples)`.
    owner
        Int64 `(windows,)`: whose window it is, as a place in `items`; the windows of an ECG stand together.
    """

    items: tuple[Item, ...]
    x: npt.NDArray[np.float32]
    y: npt.NDArray[Any]
    told: npt.NDArray[np.float32] | None
    owner: npt.NDArray[np.int64]

    @property
    def told_of_windows(self) -> npt.NDArray[np.float32] | None:
        return None if self.told is None else self.told[self.owner]

    @property
    def patients(self) -> list[str]:
        """Whose window each is."""
        return [patient_of(self.items[place], self.items[place].subject) for place in self.owner]

    def averaged(self, answers: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Answers for the windows `(windows, outputs)` -> for the ECGs `(n, outputs)`, as a prediction gives them."""
        first = np.flatnonzero(np.diff(self.owner, prepend=-1))
        counts = np.diff(np.append(first, len(self.owner)))
        return (np.add.reduceat(answers, first, axis=0) / counts[:, None]).astype(np.float32)


def side_of(
    workspace: Workspace,
    spec: ModelSpec,
    task: Task,
    items: Sequence[Item],
    refused: list[Failure],
    report: Reporter,
    message: str,
    *,
    most_windows: int = 1,
) -> Side:
    """The records of one side, ready for the network; one that does not fit is refused, and said."""
    longer = sum(item.duration > spec.duration for item in items)  # memory that nothing is written to costs nothing
    x = np.empty((len(items) + longer * (most_windows - 1), len(spec.leads), spec.n_samples), np.float32)
    used: list[Item] = []
    owner: list[int] = []
    for done, item in enumerate(items):
        stop_if_cancelled(report)
        report.progress(done, len(items), message)
        try:
            prepared = prepare(workspace.store.load(item), spec, most_windows=most_windows)
            for window in (prepared.array, *prepared.further):
                x[len(owner)] = window
                owner.append(len(used))
            used.append(item)
        except EinthovenError as error:
            refused.append(failure_of(item.file_name, error))
            report.failure(refused[-1])
    if not used:
        reason = refused[-1].reason if refused else "there are none"
        raise LabelError(f"None of the {len(items)} ECGs can be used: {reason}", advice="See the list of refused ECGs.")
    y = targets([task.answers[item.file_name] for item in used], spec)
    told = np.stack([subject_of(item.age, item.sex, spec) for item in used]) if spec.subject else None
    return Side(tuple(used), x[: len(owner)], y, told, np.array(owner))


@dataclass(frozen=True, slots=True)
class Member:
    """A trained network, its course, and what else is to be told of how it was fitted.

    `said` is what went wrong on the way, in words; `weights` are those of the network on disk.
    """

    network: "EcgNetwork"
    result: TrainingResult
    fit: Mapping[str, Any]
    weights: Path
    said: str = ""


def members_of(
    workspace: Workspace, request: TrainRequest, settled: Plan, learn: Side, check: Side, report: Reporter
) -> list[Member]:
    """Fit every member of a plan; those that a training which was interrupted has fitted already are taken up.

    A member that is stopped, by the user or because its loss is no number, is the last.
    """
    members: list[Member] = []
    for number in range(settled.config.members):
        members.append(_member(workspace, request, settled, learn, check, report, number))
        if members[-1].result.stopped in ("cancelled", DIVERGED):
            break
    return members


def _member(
    workspace: Workspace,
    request: TrainRequest,
    settled: Plan,
    learn: Side,
    check: Side,
    report: Reporter,
    number: int,
) -> Member:
    from einthoven.train.resume import training_key

    config = replace(settled.config, seed=settled.config.seed + number)
    folder = report.folder / f"member-{number + 1}" if config.members > 1 else report.folder
    data = TrainingData(
        learn.x, learn.y[learn.owner], check.x, check.y[check.owner], learn.told_of_windows, check.told_of_windows,
        patient_weights(learn.patients) if config.patient_weights else None,
    )  # fmt: skip
    key = training_key(data, settled.spec, config)
    network = _network(workspace, request, settled, seed=config.seed)
    member = _taken_up(network, folder, key)
    if member is not None:
        report.log("It was trained already and not exported: its weights are taken up.")
        return member
    if network.entry.fit == "closed_form":
        member = _solved(network, data, settled, config, folder, learn, report)
    else:
        member = _trained(network, data, settled, config, folder, report, number)
    about = {"key": key, "said": member.said, "fit": dict(member.fit), "result": to_plain(member.result)}
    write_whole(folder / TRAINED_FILE, json.dumps(about, allow_nan=False).encode())
    return member


def _taken_up(network: "EcgNetwork", folder: Path, key: str) -> Member | None:
    """What was fitted to the same data before the program ended, or there was no room for the export."""
    try:
        about = json.loads((folder / TRAINED_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if about["key"] != key or not (folder / WEIGHTS).is_file():
        return None
    from einthoven.models.weights import load_weights

    load_weights(network, folder / WEIGHTS)
    network.eval()
    return Member(network, from_plain(TrainingResult, about["result"]), about["fit"], folder / WEIGHTS, about["said"])


def forget_trained(folder: Path) -> None:
    """Once the model is on the shelf nothing waits for its export any more."""
    for path in folder.glob(f"**/{TRAINED_FILE}"):
        path.unlink(missing_ok=True)


def _network(workspace: Workspace, request: TrainRequest, settled: Plan, *, seed: int) -> "EcgNetwork":
    from einthoven.models.building import build_network, network_from

    if request.from_model is None:
        window = settled.config.window_samples(settled.spec.rate)
        return build_network(request.architecture, settled.spec, seed=seed, window=window)
    base = workspace.models.model(request.from_model)
    weights, graph = (workspace.models.file(base.name, name) for name in (WEIGHTS, ORIGIN))
    if graph is not None:
        from einthoven.onnx.foreign.network import network_from_graph

        return network_from_graph(graph.read_bytes(), base.spec, settled.spec, weights=weights, seed=seed)
    assert weights is not None, "planning has looked"
    return network_from(weights, base.spec, settled.spec, seed=seed)


def _solved(
    network: "EcgNetwork",
    data: TrainingData,
    settled: Plan,
    config: TrainConfig,
    folder: Path,
    learn: Side,
    report: Reporter,
) -> Member:
    from einthoven.train.closed_form import fit

    report.progress(0, 0, "computing features")
    found = fit(
        network, data, settled.spec, config, checkpoint=folder / WEIGHTS, groups=learn.patients,
        on_epoch=report.epoch, log=report.log, should_stop=report.cancel_requested,
    )  # fmt: skip
    return Member(network, found.result, found.to_json(), folder / WEIGHTS)


def _trained(
    network: "EcgNetwork",
    data: TrainingData,
    settled: Plan,
    config: TrainConfig,
    folder: Path,
    report: Reporter,
    number: int,
) -> Member:
    from einthoven.train.loop import train as run_loop

    epoch, before = 1, number * config.epochs

    def on_epoch(finished: Epoch) -> None:
        nonlocal epoch
        report.epoch(replace(finished, epoch=before + finished.epoch))
        epoch = finished.epoch + 1

    def on_progress(done: int, total: int) -> None:
        report.progress(before + epoch - 1 + done / total, config.members * config.epochs, "epochs")

    searching = config.maximum_rate is None
    report.progress(before, config.members * config.epochs, "searching the learning rate" if searching else "epochs")
    try:
        result = run_loop(
            network, data, settled.spec, config, checkpoint=folder / WEIGHTS, on_epoch=on_epoch,
            on_progress=on_progress, log=report.log, should_stop=report.cancel_requested,
        )  # fmt: skip
    except Diverged as error:
        if not error.best_epoch:
            raise
        # The network carries the weights of its best epoch: an hour of training is not thrown away.
        said = f"{error.message} {error.advice}"
        report.log(said)
        return Member(network, _until_then(network, error), {}, folder / WEIGHTS, said)
    return Member(network, result, {}, folder / WEIGHTS)


def _until_then(network: "EcgNetwork", error: Diverged) -> TrainingResult:
    parameters = list(network.parameters())
    return TrainingResult(
        epochs=error.epochs,
        best_epoch=error.best_epoch,
        stopped=DIVERGED,
        maximum_rate=error.maximum_rate,
        rate_search={},
        seconds=sum(one.seconds for one in error.epochs),
        parameters=sum(one.numel() for one in parameters),
        trained_parameters=sum(one.numel() for one in parameters if one.requires_grad),
    )


def patient_of(item: Item, subject: str | None) -> str:
    """Whose ECG it is; one that names nobody is of somebody else."""
    return subject or f"alone {item.id}"
