"""What has happened in a training so far: the epochs, the best of them on disk, and how it ended."""

import math
from collections.abc import Callable
from pathlib import Path

from einthoven.errors import Cancelled, TrainingFailed
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.weights import load_weights, save_weights
from einthoven.results import Epoch


class Course:
    """The epochs of a training in order; `checkpoint` holds the weights of the one with the lowest validation loss."""

    def __init__(self, checkpoint: Path, patience: int, epochs: tuple[Epoch, ...] = ()) -> None:
        self.checkpoint = checkpoint
        self.patience = patience
        self.epochs = list(epochs)
        best = min(self.epochs, key=lambda epoch: epoch.validation_loss, default=None)
        self.best_epoch = best.epoch if best else 0
        self.best_loss = best.validation_loss if best else math.inf
        self.stopped = "finished"

    def add(self, epoch: Epoch, network: EcgNetwork) -> None:
        """Record an epoch, keep its weights when they are the best."""
        if epoch.validation_loss < self.best_loss:
            save_weights(network, self.checkpoint)
            self.best_loss, self.best_epoch = epoch.validation_loss, epoch.epoch
        self.epochs.append(epoch)

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
        number = len(self.epochs) + 1
        message = f"In epoch {number} the loss stopped being a number (maximum learning rate {maximum_rate:.2g})."
        if self.best_epoch:
            load_weights(network, self.checkpoint)
            message += f" The weights of epoch {self.best_epoch} are kept in {self.checkpoint.name}."
        raise TrainingFailed(message, advice=f"Train with a lower maximum rate, such as {maximum_rate / 10:.1g}.")

    def end(self, network: EcgNetwork, log: Callable[[str], None]) -> None:
        load_weights(network, self.checkpoint)
        why = f"no lower validation loss for {self.patience} epochs" if self.stopped == "early" else "all epochs done"
        log(f"Ended after {len(self.epochs)} epochs ({why}); best: epoch {self.best_epoch}.")
