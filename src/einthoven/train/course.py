"""What has happened in a training so far: the epochs, the best of them on disk, and how it ended."""

import math
from collections.abc import Callable
from pathlib import Path

from einthoven.errors import Cancelled, Diverged
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.weights import load_weights, save_weights
from einthoven.results import Epoch
from einthoven.train.config import Keep


class Course:
    """The epochs of a training in order; `checkpoint` holds the weights of the best.

    That is the one with the lowest validation loss, or with `keep` "last" simply the latest.
    """

    def __init__(self, checkpoint: Path, patience: int, keep: Keep = "best", epochs: tuple[Epoch, ...] = ()) -> None:
        self.checkpoint = checkpoint
        self.patience = patience
        self.keep = keep
        self.epochs: list[Epoch] = []
        self.best_epoch, self.best_loss = 0, math.inf
        for epoch in epochs:
            self._judge(epoch)
        self.stopped = "finished"

    def add(self, epoch: Epoch, network: EcgNetwork) -> None:
        """Record an epoch, keep its weights when they are the best."""
        if self._judge(epoch):
            save_weights(network, self.checkpoint)

    def _judge(self, epoch: Epoch) -> bool:
        """Whether it is the best so far."""
        self.epochs.append(epoch)
        if self.keep == "best" and epoch.validation_loss >= self.best_loss:
            return False
        self.best_loss, self.best_epoch = epoch.validation_loss, epoch.epoch
        return True

    def out_of_patience(self, *, since: int = 0) -> bool:
        """Whether no epoch behind number `since` was better for too long."""
        early = len(self.epochs) - max(self.best_epoch, since) >= self.patience
        self.stopped = "early" if early else "finished"
        return early

    def cancel(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        """Cancelled when there is nothing to keep."""
        if not self.best_epoch:
            raise Cancelled("The training was cancelled before its first epoch ended; there is no model.")
        self.stopped = "cancelled"
        load_weights(network, self.checkpoint)
        log(f"Cancelled; the weights of epoch {self.best_epoch} are kept.")

    def fail(self, network: EcgNetwork, maximum_rate: float) -> None:
        """Diverged; `network` then carries the best weights so far, where there are any."""
        number = len(self.epochs) + 1
        message = f"In epoch {number} the loss stopped being a number (maximum learning rate {maximum_rate:.2g})."
        if self.best_epoch:
            load_weights(network, self.checkpoint)
            message += f" The weights of epoch {self.best_epoch} are kept in {self.checkpoint.name}."
        raise Diverged(
            message,
            advice=f"Train with a lower maximum rate, such as {maximum_rate / 10:.1g}.",
            epochs=self.epochs,
            best_epoch=self.best_epoch,
            maximum_rate=maximum_rate,
        )

    def end(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        load_weights(network, self.checkpoint)
        kept = "best" if self.keep == "best" else "kept"
        why = f"no lower validation loss for {self.patience} epochs" if self.stopped == "early" else "all epochs done"
        log(f"Ended after {len(self.epochs)} epochs ({why}); {kept}: epoch {self.best_epoch}.")


class SeenCourse(Course):
    """The course as those see it who compute with the one that keeps it: nothing is written or read."""

    def add(self, epoch: Epoch, network: EcgNetwork) -> None:
        self._judge(epoch)

    def end(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        return None
