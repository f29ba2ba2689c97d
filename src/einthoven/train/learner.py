"""A network and its examples in one phase of a training: one step, one epoch, one validation. Imports torch."""

import contextlib
import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from einthoven.models.networks.assembled import EcgNetwork, Inputs
from einthoven.spec import ModelSpec
from einthoven.train.augment import cropped, disturbed, mixed
from einthoven.train.averaging import AveragedWeights
from einthoven.train.config import TrainConfig
from einthoven.train.examples import Examples, Part, frozen
from einthoven.train.losses import Loss
from einthoven.train.lr_finder import RateSearch, find_maximum_rate
from einthoven.train.optimisers import optimiser_for, schedule_for, set_rate
from einthoven.train.scoring import macro_f1
from einthoven.train.team import Team, align, gathered, share

AT_ONCE = {"cpu": 16, "cuda": 256}
"""ECGs that are computed at once where nothing is learned. On a processor more take memory, not less time."""
LOOK_EVERY = 50
"""Steps on a GPU after which it is seen whether the loss is a number: a look waits for all that was asked for."""
ASK_EVERY = 10
"""Steps of several processes after which they agree whether to stop."""
SETTLED = 100
"""Steps after which the running statistics of a batch normalisation are those of ECGs."""
TELLING = 256
"""ECGs from which they are computed before."""


class Answering(nn.Module):
    """What answers while learning: `(x, subject)` -> logits. With `features` of what the frozen layers made of `x`."""

    def __init__(self, network: EcgNetwork, features: bool) -> None:  # noqa: FBT001 - of this file alone
        super().__init__()
        self.network, self.features = network, features

    def forward(self, x: Tensor, subject: Tensor | None) -> Tensor:
        return self.network.judged(x, subject) if self.features else self.network.logits(x, subject)


@dataclass(frozen=True, slots=True)
class Phase:
    """Part of a training: which weights learn, for how many epochs, at which share of the maximum rate."""

    head_only: bool
    epochs: int
    share_of_rate: float = 1.0


@dataclass
class Learner:
    """`network` in one phase. With `features` the frozen layers were computed once; only the head runs.

    `model` is what computes its answers and gradients, with those of the others of the `team`.
    """

    network: EcgNetwork
    spec: ModelSpec
    config: TrainConfig
    phase: Phase
    loss: Loss
    loss_of_validation: Loss
    examples: Examples
    validation: Part
    features: bool
    average: AveragedWeights | None
    shuffler: torch.Generator
    parts: int
    team: Team
    model: nn.Module
    scaler: torch.amp.GradScaler
    steps: int = 0

    @classmethod
    def begin(
        cls,
        network: EcgNetwork,
        spec: ModelSpec,
        config: TrainConfig,
        phase: Phase,
        *,
        sides: tuple[Part, Part],
        losses: tuple[Loss, Loss],
        shuffler: torch.Generator,
        parts: int,
        team: Team,
        log: Callable[[str], None],
        should_stop: Callable[[], bool],
    ) -> "Learner":
        """`sides`, `losses`: of training and of validation. `parts`: into how many each batch is cut."""
        train, validation = sides
        network.requires_grad_(not phase.head_only)
        for part in (network.head, network.subject_head):
            if part is not None:
                part.requires_grad_(True)
        examples, features = train.examples(), False
        if phase.head_only:
            size = max(1, AT_ONCE[team.device.type] // parts)
            both = [frozen(network, side, should_stop, at_once=size) for side in sides]
            if both[0] is not None and both[1] is not None:
                examples, validation, features = _windows_as_examples(both[0]), both[1], True
                if config.varies_input:
                    log("The frozen layers are computed once for each ECG: nothing is cropped or varied.")
        average = AveragedWeights(network, config.average) if config.average else None
        return cls(
            network, spec, config, phase, *losses, examples, validation, features, average, shuffler, parts, team,
            team.learning(Answering(network, features)), scaler_for(config, team.device),
        )  # fmt: skip

    @property
    def n_trained(self) -> int:
        return sum(p.numel() for p in self.network.parameters() if p.requires_grad)

    @property
    def judge(self) -> EcgNetwork:
        """The network whose weights are validated and kept."""
        return self.average.network if self.average is not None else self.network

    def optimiser(self, rate: float) -> Optimizer:
        return optimiser_for(self.network.parameters(), self.config, rate=rate)

    def batches(self, shuffler: torch.Generator) -> list[Tensor]:
        """Indices of shuffled batches, the same for all of the team.

        A last one of less than two ECGs for each of them joins the one before (batch norm needs two).
        """
        order = torch.randperm(len(self.examples), generator=shuffler).to(self.examples.x.device)
        parts = list(torch.split(order, self.config.batch_size))
        if len(parts) > 1 and len(parts[-1]) < 2 * self.team.size:
            parts[-2:] = [torch.cat(parts[-2:])]
        return parts

    def own(self, index: Tensor) -> Examples:
        """Of a batch, what this one of the team computes."""
        return self.examples.some(index[share(self.team, len(index))])

    def learn_once(
        self,
        optimiser: Optimizer,
        maximum_rate: float,
        epoch: int,
        on_progress: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> float | None:
        """Epoch number `epoch` (from 0); the mean loss while learning (NaN as soon as it is), or None when stopped."""
        self.set_training(self.network)
        schedule = schedule_for(self.config, epochs=self.phase.epochs)
        batches = self.batches(self.shuffler)
        sums = torch.zeros(2, dtype=torch.float64, device=self.team.device)
        for done, index in enumerate(batches):
            if (self.team.size == 1 or done % ASK_EVERY == 0) and should_stop():
                return None
            set_rate(optimiser, maximum_rate * schedule((epoch + done / len(batches)) / self.phase.epochs))
            sums += self.step(self.model, optimiser, self.own(index), len(index))
            if (self._careful or (done + 1) % LOOK_EVERY == 0) and not math.isfinite(float(sums[0])):
                return math.nan
            if self.average is not None:
                self.average.follow()
            self.steps += 1
            on_progress(done + 1, len(batches))
        mean = float(sums[0] / sums[1])
        return mean if math.isfinite(mean) else math.nan

    @property
    def _careful(self) -> bool:
        """Whether each loss is looked at before a weight is touched.

        On a GPU that would wait for it at each step. There a loss that is no number may reach the weights; it is
        seen soon, and at the latest at the end of the epoch, which then ends the training: those weights are lost.
        """
        return self.team.device.type == "cpu"

    def step(self, model: nn.Module, optimiser: Optimizer, batch: Examples, n: int) -> Tensor:
        """One step on a batch of `n` ECGs, of which `batch` are this one's own.

        float64 `(2,)`: the sums of losses and of weights over the whole batch. On a processor no weight is touched
        without a finite loss.
        """
        optimiser.zero_grad()
        sums = torch.zeros(2, dtype=torch.float64, device=self.team.device)
        pieces = list(_pieces(batch, min(self.parts, len(batch) // 2 or 1)))
        whole = len(pieces) == 1 and self.team.size == 1
        for number, piece in enumerate(pieces, start=1):
            with self.team.apart(model) if number < len(pieces) else contextlib.nullcontext():
                summed, weights = self._sums(model, piece)
                # The loss of a batch is a quotient of sums; the divisor of one in parts is known behind the last.
                loss = summed / (weights if whole else n)
                self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            sums += torch.stack([summed.detach(), weights.detach()])
        self.scaler.unscale_(optimiser)
        if not whole:
            sums = self.team.sum(sums)
            _multiply_gradients(model, self.team.size * n / sums[1])
        if self._careful and not math.isfinite(float(sums[0])):
            return sums
        if self.config.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), self.config.clip)
        self.scaler.step(optimiser)
        self.scaler.update()
        return sums

    def _sums(self, model: nn.Module, batch: Examples) -> tuple[Tensor, Tensor]:
        """Of losses and of weights; `model` as `Answering`."""
        if self.features:
            with self._precision():
                outputs = model(batch.x.float(), batch.subject)
            return self.loss.sums(outputs.float(), batch.y, batch.weights)
        config = self.config
        x = disturbed(cropped(batch.x, self.network.window), config, self.spec.rate)
        blended = mixed(x, config.mixup) if config.mixup and len(x) > 1 else None
        with self._precision():
            outputs = model(x if blended is None else blended.x, batch.subject).float()
        if blended is None:
            return self.loss.sums(outputs, batch.y, batch.weights)
        own = 1.0 if batch.weights is None else batch.weights
        first = self.loss.sums(outputs, batch.y, own * blended.kept)
        second = self.loss.sums(outputs, batch.y[blended.partner], own * (1 - blended.kept))
        return first[0] + second[0], first[1] + second[1]

    def _precision(self) -> "contextlib.AbstractContextManager[object]":
        kind = torch.float16 if self.config.precision == "fp16" else torch.bfloat16
        return torch.autocast(self.team.device.type, kind, enabled=self.config.precision != "fp32")

    @torch.no_grad()
    def validate(self) -> tuple[float, float | None]:
        """Loss and macro F1 on the validation part, in eval mode; each of the team answers a share of it."""
        if self.config.method == "scratch" and self.steps < SETTLED:
            self._settle(self.judge)
        align(self.team, self.network)
        align(self.team, self.judge)
        network, y = self.judge.eval(), self.validation.y
        answered = [y.new_empty(0, network.n_outputs, dtype=torch.float32)]
        size = max(1, AT_ONCE[self.team.device.type] // self.parts)
        for inputs in self.validation.slices(size, share(self.team, len(y))):
            with self._precision():
                answered.append(
                    (self._of_features(network, inputs) if self.features else network.answer(inputs)).float()
                )
        outputs = gathered(self.team, torch.cat(answered), len(y))
        f1 = macro_f1(outputs.cpu().numpy(), y.cpu().numpy(), self.spec)
        found = (float(self.loss_of_validation.mean(outputs, y)), 0.0 if f1 is None else f1)
        loss, same_f1 = self.team.same(torch.tensor(found, dtype=torch.float64, device=self.team.device)).tolist()
        return loss, None if f1 is None else same_f1

    def _settle(self, network: EcgNetwork) -> None:
        """Batch normalisation by the mean and variance of training ECGs as these weights make them.

        Running statistics lag behind weights that change fast, and begin at values that are nobody's: after a few
        steps answers are off by orders of magnitude (Wu & Johnson 2021, arXiv 2105.07576, section 3).
        """
        norms = [one for one in network.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
        usual = [norm.momentum for norm in norms]
        network.eval()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
            norm.train()
        few = self.examples.some(torch.arange(min(TELLING, len(self.examples)), device=self.examples.x.device))
        windows = network.windows
        size = max(2, min(AT_ONCE[self.team.device.type], self.config.batch_size) // self.parts)
        for part in batches_of(len(few), size):
            with self._precision():
                network.logits(
                    windows(few.x[part]), windows.repeated(None if few.subject is None else few.subject[part])
                )
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
            norm.eval()

    def _of_features(self, network: EcgNetwork, inputs: Inputs) -> Tensor:
        windows = network.windows
        each = network.judged(inputs.x.float().flatten(0, 1), windows.repeated(inputs.subject))
        return windows.mean(each, inputs.shares)

    def set_training(self, network: EcgNetwork) -> None:
        """Frozen layers stay in eval mode, so that their batch statistics stay as they were learned."""
        network.train(not self.phase.head_only)
        for part in (network.head, network.subject_head):
            if part is not None:
                part.train()

    def find_rate(self, should_stop: Callable[[], bool]) -> RateSearch:
        """The learning-rate finder on a copy of the network, on training ECGs alone."""
        trial = copy.deepcopy(self.network)
        self.set_training(trial)
        optimiser = optimiser_for(trial.parameters(), self.config, rate=1e-5)
        return find_maximum_rate(optimiser, losses=self._trial_losses(trial, optimiser), should_stop=should_stop)

    def _trial_losses(self, trial: EcgNetwork, optimiser: Optimizer) -> Iterator[float]:
        """One step after the other, each at the rate that the optimiser was given before it.

        Each loss is divided by that of the untrained network for the same batch, crops and noise: which ECGs happen
        to be in a batch of 16 moves its loss by more than a few steps of learning do.
        """
        untrained = Answering(copy.deepcopy(trial).requires_grad_(False), self.features)
        model = self.team.learning(Answering(trial, self.features))
        shuffler = torch.Generator().manual_seed(self.config.seed)
        while True:
            for index in self.batches(shuffler):
                batch = self.own(index)
                chance = torch.random.get_rng_state()
                with torch.no_grad():
                    before = self.team.sum(torch.stack(self._sums(untrained, batch)).double())
                torch.random.set_rng_state(chance)
                sums = self.step(model, optimiser, batch, len(index))
                yield float(sums[0] / sums[1] / (before[0] / before[1]))


def scaler_for(config: TrainConfig, device: torch.device) -> torch.amp.GradScaler:
    """For half precision with its few exponents; does nothing for the others."""
    return torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")


def _multiply_gradients(model: nn.Module, factor: Tensor) -> None:
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    torch._foreach_mul_(gradients, factor.float())


def _pieces(batch: Examples, parts: int) -> Iterator[Examples]:
    if parts <= 1:
        yield batch
        return
    for index in torch.arange(len(batch), device=batch.y.device).tensor_split(parts):
        yield batch.some(index)


def batches_of(n: int, size: int) -> list[slice]:
    """As many as needed; a last one of a single ECG joins the one before (batch norm needs two)."""
    firsts = [*range(0, n, size)]
    if len(firsts) > 1 and n - firsts[-1] < 2:
        firsts.pop()
    return [slice(first, after) for first, after in zip(firsts, [*firsts[1:], n], strict=True)]


def _windows_as_examples(part: Part) -> Examples:
    """Each window of frozen features as an example of its own, with the answer of its ECG."""
    x, shares, subject = part.inputs
    count = x.shape[1]
    weights = (shares * count).flatten()
    own = None if part.weights is None else part.weights.repeat_interleave(count)
    alone = count == 1
    return Examples(
        x.flatten(0, 1),
        None if subject is None else subject.repeat_interleave(count, dim=0),
        part.y.repeat_interleave(count, dim=0),
        own if alone else weights if own is None else own * weights,
    )
