"""The training loop. Imports torch: import it on use."""

import errno
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from einthoven.errors import LabelError, SettingError, TrainingFailed
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.results import Epoch, TrainingResult
from einthoven.spec import ModelSpec
from einthoven.train.callbacks import ignore, never
from einthoven.train.config import RATE_OF_TRAINED, RESUME_FILE, TrainConfig
from einthoven.train.course import Course, SeenCourse
from einthoven.train.data import TrainingData
from einthoven.train.examples import Part, choose_unit
from einthoven.train.learner import Learner, Phase
from einthoven.train.losses import Loss, loss_for
from einthoven.train.machine import fast_products, give_back, has_room, reused_memory, threads, too_little_memory
from einthoven.train.resume import Kept, Standing, keep, kept, training_key
from einthoven.train.scoring import classes_without_members
from einthoven.train.team import Alone, Team

HEAD_FIRST = 0.2
"""Share of the epochs that `head-then-whole` gives to the head alone."""


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told what happens, and who may stop it.

    `on_epoch` after each epoch; `on_progress` after each batch as (batches done, batches of this epoch); `log` in
    sentences what was decided; `should_stop` is asked before each batch.
    """

    on_epoch: Callable[[Epoch], None] = ignore
    on_progress: Callable[[int, int], None] = ignore
    log: Callable[[str], None] = ignore
    should_stop: Callable[[], bool] = never


def train(
    network: EcgNetwork,
    data: TrainingData,
    spec: ModelSpec,
    config: TrainConfig,
    *,
    checkpoint: Path,
    on_epoch: Callable[[Epoch], None] = ignore,
    on_progress: Callable[[int, int], None] = ignore,
    log: Callable[[str], None] = ignore,
    should_stop: Callable[[], bool] = never,
) -> TrainingResult:
    """Train `network` in place; afterwards it carries the weights of the lowest validation loss.

    A training that was killed goes on after its last whole epoch when it is begun again with the same data, settings
    and folder, and takes the same course as one that was not.

    Parameters
    ----------
    checkpoint
        Where the best weights are written (safetensors), whenever the validation loss falls. Beside it stands what
        is needed to go on.
    on_epoch, on_progress, log, should_stop
        As in `Ears`.

    Raises
    ------
    LabelError, RecordError
        When the data allow no learning or do not fit `spec`.
    TrainingFailed
        When the loss stops being a number, the disk is full or the memory too small for the smallest batch. An
        earlier checkpoint stays, and `network` carries it.
    Cancelled
        When stopped before there was any checkpoint. Later, the best weights so far are the result.
    """
    data.check(spec)
    ears = Ears(on_epoch, on_progress, log, should_stop)
    device = _device(config)
    n_devices = _devices(config, device, len(data.x_train), ears.log)
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if n_devices > 1:
        from einthoven.train.several import train_on_several

        return train_on_several(network, data, spec, config, checkpoint, ears, n=n_devices, accelerator="cuda")
    return compute(network, data, spec, config, checkpoint, ears, Alone(device), parts=config.accumulate)


def compute(
    network: EcgNetwork,
    data: TrainingData,
    spec: ModelSpec,
    config: TrainConfig,
    checkpoint: Path,
    ears: Ears,
    team: Team,
    *,
    parts: int,
) -> TrainingResult:
    """`train` as one of a team. `parts`: into how many each batch is cut at least, before memory makes it more."""
    device = team.device
    begun = time.perf_counter()
    own_chance = [device] if device.type == "cuda" else []
    with threads(config.threads), reused_memory(), fast_products(device), torch.random.fork_rng(own_chance):
        torch.manual_seed(config.seed)
        try:
            run = _Run.begin(network.to(device), data, spec, config, checkpoint, team, ears, parts=parts)
            run.go()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise TrainingFailed(
                "The disk is full: the weights cannot be kept.", advice="Make room, then resume the training."
            ) from error
        finally:
            network.to("cpu").eval()
    return TrainingResult(
        epochs=tuple(run.course.epochs),
        best_epoch=run.course.best_epoch,
        stopped=run.course.stopped,
        maximum_rate=run.rates[0],
        rate_search=run.searches[0],
        seconds=time.perf_counter() - begun,
        parameters=sum(p.numel() for p in network.parameters()),
        trained_parameters=run.n_trained,
    )


@dataclass
class _Run:
    """One training from its beginning, or from where it was left, to its end."""

    network: EcgNetwork
    spec: ModelSpec
    config: TrainConfig
    ears: Ears
    key: str
    sides: tuple[Part, Part]
    losses: tuple[Loss, Loss]
    course: Course
    shuffler: torch.Generator
    left: Kept | None
    parts: int
    team: Team
    n_trained: int = 0

    @classmethod
    def begin(
        cls,
        network: EcgNetwork,
        data: TrainingData,
        spec: ModelSpec,
        config: TrainConfig,
        checkpoint: Path,
        team: Team,
        ears: Ears,
        *,
        parts: int,
    ) -> "_Run":
        device = team.device
        ears = replace(ears, should_stop=_agreed(team, ears.should_stop))
        if network.fresh_output:
            choose_unit(network, data.y_train, ears.log)
        loss, plain = (
            loss_for(spec, data.y_train, weighted=config.class_weights, device=device, smoothing=smoothing)
            for smoothing in (config.label_smoothing, 0.0)
        )
        for note in loss.notes:
            ears.log(note)
        absent = classes_without_members(data.y_validation, spec)
        if absent:
            ears.log(f"No validation ECG has {', '.join(absent)}: left out of the F1 shown during training.")
        if spec.kind == "single-label" and not np.isin(data.y_validation, data.y_train).any():
            raise LabelError("No class of the training part has an ECG in the validation part.")
        if config.batch_size > len(data.x_train):
            ears.log(f"A batch of {config.batch_size} is more than there are: all {len(data.x_train)} ECGs are one.")
        outside = not has_room(device, data.x_train.nbytes + data.x_validation.nbytes)
        if outside:
            ears.log("The GPU has no room for all ECGs: they stay in memory and are brought batch by batch.")
        sides = (
            Part.of(network, data.x_train, data.subject_train, data.y_train, data.weights, device, outside=outside),
            Part.of(
                network, data.x_validation, data.subject_validation, data.y_validation, None, device, outside=outside
            ),
        )
        key = training_key(data, spec, config)
        left = kept(checkpoint.parent / RESUME_FILE, key)
        team.wait()  # nobody writes before all have read
        kind = Course if team.rank == 0 else SeenCourse
        course = kind(checkpoint, config.patience, config.keep, left.standing.epochs if left else ())
        if left is not None:
            ears.log(f"Goes on after epoch {len(course.epochs)}.")
        parts = max(parts, left.standing.parts) if left else parts
        shuffler = torch.Generator().manual_seed(config.seed)
        return cls(network, spec, config, ears, key, sides, (loss, plain), course, shuffler, left, parts, team)

    def __post_init__(self) -> None:
        self.rates = list(self.left.standing.rates) if self.left else []
        self.searches = list(self.left.standing.searches) if self.left else []

    @property
    def resume_file(self) -> Path:
        return self.course.checkpoint.parent / RESUME_FILE

    def go(self) -> None:
        try:
            for number, phase in enumerate(_phases(self.config)):
                if self.left is not None and number < self.left.standing.phase:
                    continue
                if not self._phase(number, phase):
                    break
            else:
                self.course.end(self.network, self.ears.log)
        except OSError:
            raise  # what was kept may be of use when there is room again
        except Exception as error:
            if self.team.size == 1 or not too_little_memory(error):  # else all begin again there, in smaller parts
                self._forget()
            raise
        self._forget()

    def _forget(self) -> None:
        if self.team.rank == 0:
            self.resume_file.unlink(missing_ok=True)

    def _phase(self, number: int, phase: Phase) -> bool:
        """Whether the training goes on behind it."""
        learner, rate = self._begun(number, phase)
        self.n_trained = max(self.n_trained, learner.n_trained)
        n_parameters = sum(p.numel() for p in self.network.parameters())
        where = str(self.team.device) if self.team.size == 1 else f"{self.team.size} devices"
        self.ears.log(f"Training {learner.n_trained:,} of {n_parameters:,} parameters on {where}.")
        optimiser = learner.optimiser(rate)
        first = 0
        if self.left is not None:
            first = self._restore(self.left, learner, optimiser)
            self.left = None
        else:
            self._keep(number, 0, learner, optimiser)
        start = len(self.course.epochs) - first
        epoch = first
        while epoch < phase.epochs:
            done = self._epoch(learner, optimiser, rate, epoch)
            if done is None:
                self.course.cancel(self.network, self.ears.log)
                return False
            if done is False:  # too little memory: again, in smaller parts
                del learner, optimiser
                self._cut_smaller()
                left = kept(self.resume_file, self.key)
                assert left is not None, "kept before each epoch"
                learner = self._learner(phase)
                optimiser = learner.optimiser(rate)
                self._restore(left, learner, optimiser)
                continue
            epoch += 1
            self._keep(number, epoch, learner, optimiser)
            if self.course.out_of_patience(since=start):
                break
        return True

    def _epoch(self, learner: Learner, optimiser: torch.optim.Optimizer, rate: float, epoch: int) -> bool | None:
        """True: done; False: there was too little memory; None: stopped."""
        begun = time.perf_counter()
        if self.team.size > 1:  # each crops and disturbs in its own way, the same after a new beginning
            own = np.random.SeedSequence([self.config.seed, self.team.rank, len(self.course.epochs)])
            torch.manual_seed(int(own.generate_state(1, np.uint64)[0]))
        try:
            train_loss = learner.learn_once(optimiser, rate, epoch, self.ears.on_progress, self.ears.should_stop)
            if train_loss is None:
                return None
            validation_loss, f1 = learner.validate() if math.isfinite(train_loss) else (math.nan, None)
        except (RuntimeError, MemoryError) as error:
            if self.team.size > 1 or not too_little_memory(error):
                raise
            return False
        if not math.isfinite(validation_loss):
            self.course.fail(self.network, rate)
        used = float(optimiser.param_groups[0]["lr"])
        seconds = time.perf_counter() - begun
        finished = Epoch(len(self.course.epochs) + 1, train_loss, validation_loss, f1, used, seconds)
        self.course.add(finished, learner.judge)
        self.ears.on_epoch(finished)
        return True

    def _rate(self, number: int, phase: Phase, learner: Learner) -> float:
        if number < len(self.rates):
            return self.rates[number] * phase.share_of_rate
        if self.config.maximum_rate is not None:
            share = f", {phase.share_of_rate:g} of it for layers that have learned" if phase.share_of_rate != 1 else ""
            self.ears.log(f"Maximum learning rate {self.config.maximum_rate:g}{share}.")
            self.rates.append(self.config.maximum_rate)
            self.searches.append({})
            return self.config.maximum_rate * phase.share_of_rate
        search = learner.find_rate(self.ears.should_stop)
        self.ears.log(f"Maximum learning rate {search.chosen:.2g} found in {search.seconds:.0f} s. {search.rule}")
        self.rates.append(float(self.team.same(torch.tensor(search.chosen, dtype=torch.float64).to(self.team.device))))
        self.searches.append(search.to_json())
        return self.rates[number] * phase.share_of_rate

    def _learner(self, phase: Phase) -> Learner:
        return Learner.begin(
            self.network, self.spec, self.config, phase, sides=self.sides, losses=self.losses, shuffler=self.shuffler,
            parts=self.parts, team=self.team, log=self.ears.log, should_stop=self.ears.should_stop,
        )  # fmt: skip

    def _begun(self, number: int, phase: Phase) -> tuple[Learner, float]:
        """What a phase needs to begin, and its rate; in smaller parts where there is too little memory for either."""
        while True:
            try:
                learner = self._learner(phase)
                return learner, self._rate(number, phase, learner)
            except (RuntimeError, MemoryError) as error:
                if self.team.size > 1 or not too_little_memory(error):
                    raise
            self._cut_smaller()

    def _cut_smaller(self) -> None:
        """Batches are computed in twice as many parts from here on."""
        self.parts = cut_smaller(self.parts, self.config, self.ears.log)
        give_back(self.team.device)

    def _restore(self, left: Kept, learner: Learner, optimiser: torch.optim.Optimizer) -> int:
        """Puts back what was kept; answers how many epochs of the phase were done."""
        average = learner.average.network if learner.average else None
        left.restore(network=self.network, average=average, optimiser=optimiser, shuffler=self.shuffler)
        if learner.average is not None:
            learner.average.steps = left.standing.steps
        learner.steps = left.standing.steps
        if left.standing.scaler:
            learner.scaler.load_state_dict(dict(left.standing.scaler))
        return left.standing.in_phase

    def _keep(self, number: int, in_phase: int, learner: Learner, optimiser: torch.optim.Optimizer) -> None:
        if self.team.rank > 0:
            return
        standing = Standing(
            number, in_phase, tuple(self.rates), tuple(self.searches), self.parts, learner.steps,
            tuple(self.course.epochs), learner.scaler.state_dict(),
        )  # fmt: skip
        keep(
            self.resume_file, self.key, standing, network=self.network,
            average=learner.average.network if learner.average else None, optimiser=optimiser, shuffler=self.shuffler,
        )  # fmt: skip


def _phases(config: TrainConfig) -> tuple[Phase, ...]:
    if config.method == "head-then-whole":
        first = max(1, min(config.epochs - 1, round(HEAD_FIRST * config.epochs)))
        return (Phase(True, first), Phase(False, max(1, config.epochs - first), RATE_OF_TRAINED))
    return (Phase(config.method == "head", config.epochs),)


def cut_smaller(parts: int, config: TrainConfig, log: Callable[[str], None]) -> int:
    """Twice as many parts of a batch; TrainingFailed when each holds a single ECG already."""
    if parts >= config.batch_size:
        raise TrainingFailed(
            "The memory does not suffice for a single ECG at a time.",
            advice="Choose a smaller architecture, a shorter window or a lower rate, or end other programs.",
        )
    parts = min(2 * parts, config.batch_size)
    size = -(-config.batch_size // parts)
    log(f"The memory was too small: batches are computed {size} ECGs at a time from here on.")
    return parts


def _agreed(team: Team, should_stop: Callable[[], bool]) -> Callable[[], bool]:
    """What rank 0 says, to all: one that stopped alone would leave the others waiting for ever."""
    if team.size == 1:
        return should_stop
    return lambda: bool(team.same(torch.tensor(float(should_stop())).to(team.device)))


def require_devices(config: TrainConfig) -> None:
    """SettingError when this machine has not what the settings ask for."""
    _devices(config, _device(config), n_train=config.batch_size, log=ignore)


def _device(config: TrainConfig) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise SettingError(
            "device = 'cuda' is not possible: torch sees no CUDA device here.", advice="Use auto or cpu."
        )
    wanted = config.device if config.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if config.precision == "fp16" and wanted == "cpu":
        raise SettingError(
            "precision = 'fp16' is not possible on the processor.", advice="Use fp32 or bf16, or a GPU (device cuda)."
        )
    return torch.device(wanted)


def _devices(config: TrainConfig, device: torch.device, n_train: int, log: Callable[[str], None]) -> int:
    """How many devices compute; each gets at least two ECGs of a batch."""
    if config.devices == 1:
        return 1
    if device.type != "cuda":
        raise SettingError(
            f"devices = {config.devices} is not possible on the processor.",
            advice="Set devices to 1: one process uses all cores. See threads.",
        )
    there = torch.cuda.device_count()
    if config.devices > there:
        raise SettingError(
            f"devices = {config.devices} is not possible: torch sees {there} here.",
            advice=f"Give devices as a whole number from 1 to {there}.",
        )
    useful = max(1, min(config.devices, config.batch_size // 2, n_train // 2))
    if useful < config.devices:
        log(f"{useful} of {config.devices} devices are used: each needs at least two ECGs of a batch.")
    return useful
