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

VALIDATION_BATCH = 64


@dataclass(frozen=True, slots=True)
class Phase:
    """Part of a training: which weights learn, for how many epochs, at which share of the maximum rate."""

    head_only: bool
    epochs: int
    share_of_rate: float = 1.0


@dataclass
class Learner:
    """`network` in one phase. With `features` the frozen layers were computed once; only the head runs."""

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
        log: Callable[[str], None],
        should_stop: Callable[[], bool],
    ) -> "Learner":
        """`sides`, `losses`: of training and of validation."""
        train, validation = sides
        network.requires_grad_(not phase.head_only)
        for part in (network.head, network.subject_head):
            if part is not None:
                part.requires_grad_(True)
        examples, features = train.examples(), False
        if phase.head_only:
            both = frozen(network, train, should_stop), frozen(network, validation, should_stop)
            if both[0] is not None and both[1] is not None:
                examples, validation, features = _windows_as_examples(both[0]), both[1], True
                if config.varies_input:
                    log("The frozen layers are computed once for each ECG: nothing is cropped or varied.")
        average = AveragedWeights(network, config.average) if config.average else None
        return cls(network, spec, config, phase, *losses, examples, validation, features, average, shuffler, parts)

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
        """Indices of shuffled batches; a last one of a single ECG joins the one before (batch norm needs two)."""
        order = torch.randperm(len(self.examples), generator=shuffler).to(self.examples.y.device)
        parts = list(torch.split(order, self.config.batch_size))
        if len(parts) > 1 and len(parts[-1]) == 1:
            parts[-2:] = [torch.cat(parts[-2:])]
        return parts

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
        total = weight = 0.0
        for done, index in enumerate(batches):
            if should_stop():
                return None
            set_rate(optimiser, maximum_rate * schedule((epoch + done / len(batches)) / self.phase.epochs))
            summed, weights = self.step(self.network, optimiser, self.examples.some(index))
            total, weight = total + summed, weight + weights
            if not math.isfinite(total):
                return math.nan
            if self.average is not None:
                self.average.follow(self.network)
            self.steps += 1
            on_progress(done + 1, len(batches))
        return total / weight

    def step(self, network: EcgNetwork, optimiser: Optimizer, batch: Examples) -> tuple[float, float]:
        """One step; the sums of losses and weights. Without a finite loss no weight is touched."""
        optimiser.zero_grad()
        total = weight = 0.0
        pieces = list(_pieces(batch, min(self.parts, len(batch) // 2 or 1)))
        for piece in pieces:
            summed, weights = self._sums(network, piece)
            # The weight of the whole batch is not known yet; pieces are alike enough, and it is exact for one.
            (summed / weights / len(pieces)).backward()  # type: ignore[no-untyped-call]
            total, weight = total + float(summed.detach()), weight + float(weights)
        if math.isfinite(total):
            if self.config.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters(), self.config.clip)
            optimiser.step()
        return total, weight

    def _sums(self, network: EcgNetwork, batch: Examples) -> tuple[Tensor, Tensor]:
        if self.features:
            with self._precision():
                outputs = network.judged(batch.x.float(), batch.subject)
            return self.loss.sums(outputs.float(), batch.y, batch.weights)
        config = self.config
        x = disturbed(cropped(batch.x, network.window), config, self.spec.rate)
        blended = mixed(x, config.mixup) if config.mixup and len(x) > 1 else None
        with self._precision():
            outputs = network.logits(x if blended is None else blended.x, batch.subject).float()
        if blended is None:
            return self.loss.sums(outputs, batch.y, batch.weights)
        own = 1.0 if batch.weights is None else batch.weights
        first = self.loss.sums(outputs, batch.y, own * blended.kept)
        second = self.loss.sums(outputs, batch.y[blended.partner], own * (1 - blended.kept))
        return first[0] + second[0], first[1] + second[1]

    def _precision(self) -> "contextlib.AbstractContextManager[object]":
        device = self.examples.y.device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.config.precision == "bf16")

    @torch.no_grad()
    def validate(self) -> tuple[float, float | None]:
        """Loss and macro F1 on the validation part, in eval mode."""
        network = self.judge.eval()
        answered = []
        for inputs, _ in self.validation.slices(VALIDATION_BATCH):
            with self._precision():
                answered.append(
                    (self._of_features(network, inputs) if self.features else network.answer(inputs)).float()
                )
        outputs, y = torch.cat(answered), self.validation.y
        loss = float(self.loss_of_validation.mean(outputs, y))
        return loss, macro_f1(outputs.cpu().numpy(), y.cpu().numpy(), self.spec)

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
        """One step after the other, each at the rate that the optimiser was given before it."""
        shuffler = torch.Generator().manual_seed(self.config.seed)
        while True:
            for index in self.batches(shuffler):
                summed, weights = self.step(trial, optimiser, self.examples.some(index))
                yield summed / weights


def _pieces(batch: Examples, parts: int) -> Iterator[Examples]:
    if parts <= 1:
        yield batch
        return
    for index in torch.arange(len(batch), device=batch.y.device).tensor_split(parts):
        yield batch.some(index)


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
