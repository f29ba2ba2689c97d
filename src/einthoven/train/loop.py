"""The training loop. Imports torch: import it on use."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR

from einthoven.errors import Cancelled, LabelError, SettingError, TrainingFailed
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.standardising import NaturalUnit
from einthoven.models.weights import load_weights, save_weights
from einthoven.results import Epoch, TrainingResult
from einthoven.spec import ModelSpec
from einthoven.train.config import TrainConfig
from einthoven.train.data import TrainingData
from einthoven.train.losses import Loss, loss_for
from einthoven.train.lr_finder import RateSearch, find_maximum_rate
from einthoven.train.scoring import classes_without_members, macro_f1

VALIDATION_BATCH = 64


def _ignore(*_: object) -> None:
    return None


def _never() -> bool:
    return False


def train(
    network: EcgNetwork,
    data: TrainingData,
    spec: ModelSpec,
    config: TrainConfig,
    *,
    checkpoint: Path,
    on_epoch: Callable[[Epoch], None] = _ignore,
    on_progress: Callable[[int, int], None] = _ignore,
    log: Callable[[str], None] = _ignore,
    should_stop: Callable[[], bool] = _never,
) -> TrainingResult:
    """Train `network` in place; afterwards it carries the weights of the lowest validation loss.

    Parameters
    ----------
    checkpoint
        Where the best weights are written (safetensors), whenever the validation loss falls.
    on_epoch, on_progress
        Told after each epoch, and after each batch as (batches done, batches of this epoch).
    log
        Told in sentences what was decided.
    should_stop
        Asked before each batch.

    Raises
    ------
    LabelError, RecordError
        When the data allow no learning or do not fit `spec`.
    TrainingFailed
        When the loss stops being a number. An earlier checkpoint stays, and `network` carries it.
    Cancelled
        When stopped before there was any checkpoint. Later, the best weights so far are the result.
    """
    data.check(spec)
    device = _device(config)
    begun = time.perf_counter()
    with _threads(config.threads), torch.random.fork_rng():
        torch.manual_seed(config.seed)
        try:
            session = _Session.begin(network.to(device), data, spec, config, device, log)
            search = session.find_rate(log, should_stop)
            maximum_rate = search.chosen if search is not None else config.maximum_rate
            assert maximum_rate is not None
            log(f"Training {session.n_trained:,} of {session.n_parameters:,} parameters on {device}.")
            course = _Course(checkpoint, config.patience)
            _run_epochs(session, course, maximum_rate, on_epoch, on_progress, log, should_stop)
        finally:
            network.to("cpu").eval()
    return TrainingResult(
        epochs=tuple(course.epochs),
        best_epoch=course.best_epoch,
        stopped=course.stopped,
        maximum_rate=maximum_rate,
        rate_search=search.to_json() if search is not None else {},
        seconds=time.perf_counter() - begun,
        parameters=session.n_parameters,
        trained_parameters=session.n_trained,
    )


def _run_epochs(
    session: "_Session",
    course: "_Course",
    maximum_rate: float,
    on_epoch: Callable[[Epoch], None],
    on_progress: Callable[[int, int], None],
    log: Callable[[str], None],
    should_stop: Callable[[], bool],
) -> None:
    config = session.config
    optimiser = _optimiser(session.network.core, config, rate=maximum_rate)
    schedule = ExponentialLR(optimiser, config.gamma)
    for number in range(1, config.epochs + 1):
        begun = time.perf_counter()
        train_loss = session.learn_once(optimiser, on_progress, should_stop)
        if train_loss is None:
            course.cancel(session.network, log)
            return
        validation_loss, f1 = session.validate() if math.isfinite(train_loss) else (math.nan, None)
        if not math.isfinite(validation_loss):
            course.fail(session.network, number, maximum_rate)
        rate = float(schedule.get_last_lr()[0])
        schedule.step()
        epoch = Epoch(number, train_loss, validation_loss, f1, rate, time.perf_counter() - begun)
        stop_early = course.add(epoch, session.network)
        on_epoch(epoch)
        if stop_early:
            break
    course.end(session.network, log)


class _Course:
    """What has happened so far: the epochs, the best of them on disk, and how it ended."""

    def __init__(self, checkpoint: Path, patience: int) -> None:
        self.checkpoint = checkpoint
        self.patience = patience
        self.epochs: list[Epoch] = []
        self.best_epoch = 0
        self.best_loss = math.inf
        self.stopped = "finished"

    def add(self, epoch: Epoch, network: EcgNetwork) -> bool:
        """Record an epoch, keep its weights when they are the best; whether patience has run out."""
        self.epochs.append(epoch)
        if epoch.validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = epoch.validation_loss, epoch.epoch
            save_weights(network, self.checkpoint)
        if epoch.epoch - self.best_epoch >= self.patience:
            self.stopped = "early"
            return True
        return False

    def cancel(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        if not self.best_epoch:
            raise Cancelled("The training was cancelled before its first epoch ended; there is no model.")
        self.stopped = "cancelled"
        load_weights(network, self.checkpoint)
        log(f"Cancelled; the weights of epoch {self.best_epoch} are kept.")

    def fail(self, network: EcgNetwork, number: int, maximum_rate: float) -> None:
        message = f"In epoch {number} the loss stopped being a number (maximum learning rate {maximum_rate:.2g})."
        if self.best_epoch:
            load_weights(network, self.checkpoint)
            message += f" The weights of epoch {self.best_epoch} are kept in {self.checkpoint.name}."
        raise TrainingFailed(message, advice=f"Train with a lower maximum rate, such as {maximum_rate / 10:.1g}.")

    def end(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        load_weights(network, self.checkpoint)
        why = f"no lower validation loss for {self.patience} epochs" if self.stopped == "early" else "all epochs done"
        log(f"Ended after {len(self.epochs)} epochs ({why}); best: epoch {self.best_epoch}.")


@dataclass
class _Session:
    """The network with the data on the device, standardised once, and the loss."""

    network: EcgNetwork
    spec: ModelSpec
    config: TrainConfig
    loss: Loss
    x_train: Tensor
    y_train: Tensor
    x_validation: Tensor
    y_validation: Tensor
    shuffler: torch.Generator

    @classmethod
    def begin(
        cls,
        network: EcgNetwork,
        data: TrainingData,
        spec: ModelSpec,
        config: TrainConfig,
        device: torch.device,
        log: Callable[[str], None],
    ) -> "_Session":
        _choose_unit(network, data, log)
        loss = loss_for(spec, data.y_train, weighted=config.class_weights, device=device)
        for note in loss.notes:
            log(note)
        absent = classes_without_members(data.y_validation, spec)
        if absent:
            log(f"No validation ECG has {', '.join(absent)}: left out of the F1 shown during training.")
        if spec.kind == "single-label" and not np.isin(data.y_validation, data.y_train).any():
            raise LabelError("No class of the training part has an ECG in the validation part.")
        network.requires_grad_(config.method != "head")
        network.head.requires_grad_(True)
        return cls(
            network=network,
            spec=spec,
            config=config,
            loss=loss,
            x_train=_standardised(network, data.x_train, device),
            y_train=_targets(network, data.y_train, device),
            x_validation=_standardised(network, data.x_validation, device),
            y_validation=_targets(network, data.y_validation, device),
            shuffler=torch.Generator().manual_seed(config.seed),
        )

    @property
    def n_parameters(self) -> int:
        return sum(p.numel() for p in self.network.parameters())

    @property
    def n_trained(self) -> int:
        return sum(p.numel() for p in self.network.parameters() if p.requires_grad)

    def set_training(self, network: EcgNetwork) -> None:
        """Training mode; frozen batch normalisation keeps its statistics."""
        network.train(self.config.method != "head")
        network.head.train()

    def batches(self, shuffler: torch.Generator) -> list[Tensor]:
        """Indices of the training ECGs in random order; a last batch of one joins the one before it.

        Batch normalisation has no variance over one value.
        """
        order = torch.randperm(len(self.x_train), generator=shuffler)
        parts = _slices(order, self.config.batch_size)
        if len(parts) > 1 and len(parts[-1]) == 1 < self.config.batch_size:
            parts[-2:] = [torch.cat(parts[-2:])]
        return [part.to(self.x_train.device) for part in parts]

    def learn_once(
        self, optimiser: Optimizer, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]
    ) -> float | None:
        """One epoch; the mean loss while learning (NaN as soon as it is), or None when told to stop."""
        self.set_training(self.network)
        batches = self.batches(self.shuffler)
        total = weight = 0.0
        for done, index in enumerate(batches, start=1):
            if should_stop():
                return None
            optimiser.zero_grad()
            summed, weights = self.loss.sums(self.network.core(self.x_train[index]), self.y_train[index])
            (summed / weights).backward()  # type: ignore[no-untyped-call]
            total, weight = total + float(summed.detach()), weight + float(weights)
            if not math.isfinite(total):
                return math.nan
            optimiser.step()
            on_progress(done, len(batches))
        return total / weight

    @torch.no_grad()
    def validate(self) -> tuple[float, float | None]:
        """Loss and macro F1 on the validation part."""
        self.network.eval()
        outputs = torch.cat([self.network.core(part) for part in _slices(self.x_validation, VALIDATION_BATCH)])
        loss = float(self.loss.mean(outputs, self.y_validation))
        return loss, macro_f1(outputs.cpu().numpy(), self.y_validation.cpu().numpy(), self.spec)

    def find_rate(self, log: Callable[[str], None], should_stop: Callable[[], bool]) -> RateSearch | None:
        """The learning-rate finder on a copy of the network; None when the rate is given."""
        if self.config.maximum_rate is not None:
            log(f"Maximum learning rate {self.config.maximum_rate:g}, as given.")
            return None
        trial = copy.deepcopy(self.network)
        self.set_training(trial)
        search = find_maximum_rate(
            trial.core,
            _optimiser(trial.core, self.config, rate=1e-5),
            batches=self._endless_batches(),
            loss=self.loss.mean,
            should_stop=should_stop,
        )
        log(f"Maximum learning rate {search.chosen:.2g} found in {search.seconds:.0f} s. {search.rule}")
        return search

    def _endless_batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        shuffler = torch.Generator().manual_seed(self.config.seed)
        while True:
            for index in self.batches(shuffler):
                yield self.x_train[index], self.y_train[index]


def _slices(tensor: Tensor, size: int) -> list[Tensor]:
    return [tensor[start : start + size] for start in range(0, len(tensor), size)]


def _device(config: TrainConfig) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise SettingError(
            "device = 'cuda' is not possible: torch sees no CUDA device here.", advice="Use auto or cpu."
        )
    wanted = config.device if config.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(wanted)


@contextmanager
def _threads(n: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if n is not None:
        torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _optimiser(core: nn.Module, config: TrainConfig, *, rate: float) -> Optimizer:
    parameters = [p for p in core.parameters() if p.requires_grad]
    decay = {"adamw": 1e-2, "adam": 0.0, "sgd": 0.0}[config.optimiser]
    decay = decay if config.weight_decay is None else config.weight_decay
    if config.optimiser == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
    if config.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, weight_decay=decay)
    return torch.optim.SGD(parameters, lr=rate, weight_decay=decay, momentum=0.9)


def _choose_unit(network: EcgNetwork, data: TrainingData, log: Callable[[str], None]) -> None:
    """For regression with a fresh output layer: mean and deviation of the training targets."""
    if not isinstance(network.unit, NaturalUnit) or not network.fresh_output:
        return
    mean, scale = data.y_train.mean(axis=0, dtype=np.float64), data.y_train.std(axis=0, dtype=np.float64)
    network.unit.mean.copy_(torch.from_numpy(mean))
    network.unit.scale.copy_(torch.from_numpy(scale))
    log(f"Targets are learned as (value - {mean[0]:.4g}) / {scale[0]:.4g}.")


@torch.no_grad()
def _standardised(network: EcgNetwork, x: npt.NDArray[np.float32], device: torch.device) -> Tensor:
    """All ECGs as the network's core sees them: once here instead of once in each epoch."""
    whole = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32))
    return torch.cat([network.standardise(part.to(device)) for part in _slices(whole, 256)])


def _targets(network: EcgNetwork, y: npt.NDArray[np.generic], device: torch.device) -> Tensor:
    if isinstance(network.unit, NaturalUnit):
        values = torch.from_numpy(np.asarray(y, dtype=np.float32)).to(device)
        return (values - network.unit.mean) / network.unit.scale
    dtype = np.int64 if y.ndim == 1 else np.float32
    return torch.from_numpy(np.asarray(y, dtype=dtype)).to(device)
