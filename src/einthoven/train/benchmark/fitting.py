"""One candidate on one fold: train, answer what is held out, say what it cost. Imports torch: import it on use."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from einthoven.errors import Cancelled, TrainingFailed
from einthoven.models.building import build_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.ensemble import together
from einthoven.results import Epoch, TrainingResult
from einthoven.spec import ModelSpec
from einthoven.train import closed_form, loop, thresholds
from einthoven.train.benchmark.candidates import Answers, Candidate, Ecgs, Forecast
from einthoven.train.benchmark.cost import cost_of, seconds_per_ecg
from einthoven.train.benchmark.folds import Fold, Places
from einthoven.train.callbacks import ignore, never
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData, patient_weights
from einthoven.train.lr_finder import STEPS
from einthoven.train.machine import threads

AT_ONCE = 64
"""ECGs that are answered at a time."""
SOLVED_S = (2e-9, 4e-6)
"""Seconds per cubed and per squared number of ECGs that a closed-form solution takes on a core, on the slow side."""


@dataclass(frozen=True, slots=True)
class Fitter:
    """A candidate and the ECGs: a contestant of `running.run`. Its trainings use folders within `folder`, and go."""

    candidate: Candidate
    ecgs: Ecgs
    folder: Path
    log: Callable[[str], None] = ignore

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def title(self) -> str:
        return self.candidate.title

    def forecast(self, fold: Fold) -> Forecast:
        return forecast(self.candidate, self.ecgs, fold)

    def answer(
        self,
        fold: Fold,
        *,
        should_stop: Callable[[], bool] = never,
        on_progress: Callable[[float], None] = ignore,
    ) -> Answers:
        with tempfile.TemporaryDirectory(prefix=".training-", dir=self.folder, ignore_cleanup_errors=True) as folder:
            return answer(
                self.candidate, self.ecgs, fold, folder=Path(folder), should_stop=should_stop,
                on_progress=on_progress, log=self.log,
            )  # fmt: skip


def answer(
    candidate: Candidate,
    ecgs: Ecgs,
    fold: Fold,
    *,
    folder: Path,
    should_stop: Callable[[], bool] = never,
    on_progress: Callable[[float], None] = ignore,
    log: Callable[[str], None] = ignore,
) -> Answers:
    """Train on the fold's first two parts as a training of its own would, and answer the third once.

    Raises
    ------
    Cancelled
        When it was stopped: what was learned until then is not judged.
    TrainingFailed, LabelError, SettingError
        When the training cannot be done.
    """
    begun = time.perf_counter()
    config, results = candidate.config.for_size(len(fold.train)), list[TrainingResult]()
    members: list[EcgNetwork] = []
    for number in range(config.members):
        own = replace(config, seed=config.seed + number)

        def told(share: float, before: int = number) -> None:
            on_progress((before + share) / config.members)

        network = _network(candidate, own)
        results.append(_fit(network, candidate, ecgs, fold, own, folder / f"{number}", should_stop, told, log))
        members.append(network)
    network_of_all = together(members)
    with threads(config.threads):
        scores = _scores(network_of_all, candidate.spec, ecgs, fold.held, should_stop)
        chosen = _thresholds(network_of_all, candidate.spec, ecgs, fold.validation, should_stop)
    seconds = time.perf_counter() - begun
    with threads(config.threads):
        epochs = [epoch.seconds for result in results for epoch in result.epochs]
        n = len(fold.train) + len(fold.validation)
        epoch_ms = None if candidate.closed_form else 1000 * float(np.mean(epochs)) / n
        place = fold.held[:1]
        cost = cost_of(network_of_all, ecgs.x[place], _told(ecgs, place), epoch_ms=epoch_ms)
    return Answers(scores, seconds, sum(len(one.epochs) for one in results), results[-1].best_epoch, cost, chosen)


def forecast(candidate: Candidate, ecgs: Ecgs, fold: Fold) -> Forecast:
    """Seconds that the fold will take, from one step of learning and one of answering (behind one for warming up)."""
    config = candidate.config.for_size(len(fold.train))
    network = _network(candidate, config)
    n, n_validation, n_held = len(fold.train), len(fold.validation), len(fold.held)
    places = fold.train[: max(2, min(config.batch_size, 16))]
    x, told = ecgs.x[places], _told(ecgs, places)
    with threads(config.threads):
        answering = seconds_per_ecg(network, x, told)
        if candidate.closed_form:
            cubed, squared = SOLVED_S
            seconds = answering * (n + n_validation + n_held) + cubed * n**3 + squared * n**2
            return Forecast(seconds / 3, seconds, 2 * seconds)
        learning = _seconds_per_step(network, config, x, told) / len(places)
    an_epoch = n * learning + n_validation * answering
    once = n_held * answering + (STEPS * config.batch_size * learning if config.maximum_rate is None else 0)
    least = min(config.epochs, config.patience + 1)
    return Forecast(
        *(config.members * (once + epochs * an_epoch) for epochs in (least, (least + config.epochs) / 2, config.epochs))
    )


def _network(candidate: Candidate, config: TrainConfig) -> EcgNetwork:
    window = config.window_samples(candidate.spec.rate)
    return build_network(candidate.architecture, candidate.spec, seed=config.seed, window=window)


def _fit(
    network: EcgNetwork,
    candidate: Candidate,
    ecgs: Ecgs,
    fold: Fold,
    config: TrainConfig,
    folder: Path,
    should_stop: Callable[[], bool],
    on_progress: Callable[[float], None],
    log: Callable[[str], None],
) -> TrainingResult:
    learn, check = fold.train, fold.validation
    patients = [ecgs.patients[place] for place in learn]
    data = TrainingData(
        ecgs.x[learn], ecgs.y[learn], ecgs.x[check], ecgs.y[check], _told(ecgs, learn), _told(ecgs, check),
        patient_weights(patients) if config.patient_weights else None,
    )  # fmt: skip
    checkpoint = folder / "weights.safetensors"
    if candidate.closed_form:
        found = closed_form.fit(
            network, data, candidate.spec, config, checkpoint=checkpoint, groups=patients,
            on_progress=lambda done, total: on_progress(done / total), log=log, should_stop=should_stop,
        )  # fmt: skip
        return found.result
    finished = 0

    def on_epoch(epoch: Epoch) -> None:
        nonlocal finished
        finished = epoch.epoch

    def on_batch(done: int, total: int) -> None:
        on_progress(min(1.0, (finished + done / total) / config.epochs))

    result = loop.train(
        network, data, candidate.spec, config, checkpoint=checkpoint, on_epoch=on_epoch, on_progress=on_batch,
        log=log, should_stop=should_stop,
    )  # fmt: skip
    if result.stopped == "cancelled":
        raise Cancelled("The training was stopped before its end.")
    return result


def _told(ecgs: Ecgs, places: Places) -> npt.NDArray[np.float32] | None:
    return None if ecgs.told is None else ecgs.told[places]


@torch.no_grad()
def _scores(
    network: nn.Module, spec: ModelSpec, ecgs: Ecgs, places: Places, should_stop: Callable[[], bool]
) -> npt.NDArray[np.float64]:
    """Probabilities or values, float64 `(n, outputs)`."""
    network.eval()
    parts = []
    for begin in range(0, len(places), AT_ONCE):
        if should_stop():
            raise Cancelled("Answering was stopped before its end.")
        some = places[begin : begin + AT_ONCE]
        told = _told(ecgs, some)
        parts.append(network(torch.from_numpy(ecgs.x[some]), None if told is None else torch.from_numpy(told)))
    answered = torch.cat(parts)
    if not answered.isfinite().all():
        raise TrainingFailed(
            "The trained model answers some ECGs with values that are no numbers.",
            advice="Lower the learning rate, or look for ECGs with extreme values.",
        )
    return _natural(answered.double(), spec).numpy()


def _natural(answered: Tensor, spec: ModelSpec) -> Tensor:
    if spec.kind == "regression":
        return answered
    return torch.softmax(answered, dim=1) if spec.kind == "single-label" else torch.sigmoid(answered)


def _thresholds(
    network: nn.Module, spec: ModelSpec, ecgs: Ecgs, places: Places, should_stop: Callable[[], bool]
) -> tuple[float, ...]:
    """As a training chooses them: on the validation part."""
    if spec.kind != "multi-label":
        return ()
    scores = _scores(network, spec, ecgs, places, should_stop)
    return tuple(one.threshold for one in thresholds.choose(spec.class_names, ecgs.y[places], scores))


def _seconds_per_step(
    network: EcgNetwork,
    config: TrainConfig,
    x: npt.NDArray[np.float32],
    told: npt.NDArray[np.float32] | None,
) -> float:
    """Of one batch, as it is trained on: a window of each ECG, the gradient, a step. The loss costs next to nothing."""
    inputs = network.inputs(torch.from_numpy(x), None if told is None else torch.from_numpy(told))
    seen = inputs.x[..., : network.window]
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0)
    network.train()
    seconds = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        optimiser.zero_grad()
        torch.autograd.backward(network.logits(seen, inputs.subject).square().mean())
        optimiser.step()
        seconds = time.perf_counter() - begun
    network.eval()
    return seconds
