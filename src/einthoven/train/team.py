"""Who computes a training: this process alone, or one of several that each compute a part of every batch.

Imports torch: import it on use.
"""

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn


class Team(Protocol):
    """What a training needs of those that compute it; all of them call the same functions in the same order.

    `rank` counts from 0: that one judges, keeps and tells. `device` is this one's own.
    """

    @property
    def rank(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def device(self) -> torch.device: ...

    def learning(self, model: nn.Module) -> nn.Module:
        """`model` whose backward pass leaves each weight with the mean of all gradients."""
        ...

    def apart(self, model: nn.Module) -> AbstractContextManager[object]:
        """Inside, forward and backward pass of what `learning` gave are this one's own: gradients pile up."""
        ...

    def sum(self, numbers: Tensor) -> Tensor:
        """The sum over all."""
        ...

    def same(self, numbers: Tensor) -> Tensor:
        """As rank 0 has them."""
        ...

    def wait(self) -> None:
        """Until all are here."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One process with one device."""

    device: torch.device
    rank: ClassVar[int] = 0
    size: ClassVar[int] = 1

    def learning(self, model: nn.Module) -> nn.Module:
        return model

    def apart(self, model: nn.Module) -> AbstractContextManager[object]:
        return contextlib.nullcontext()

    def sum(self, numbers: Tensor) -> Tensor:
        return numbers

    def same(self, numbers: Tensor) -> Tensor:
        return numbers

    def wait(self) -> None:
        return None


def share(team: Team, n: int) -> slice:
    """Which of `n` things in a row this one computes: parts as equal as can be."""
    least, more = divmod(n, team.size)
    first = team.rank * least + min(team.rank, more)
    return slice(first, first + least + (team.rank < more))


def gathered(team: Team, own: Tensor, n: int) -> Tensor:
    """`(n, ...)` from what each computed of its `share`."""
    if team.size == 1:
        return own
    found = own.new_zeros(n, *own.shape[1:])
    found[share(team, n)] = own
    return team.sum(found)


@torch.no_grad()
def align(team: Team, network: nn.Module) -> None:
    """Buffers (running means of batch normalisation) as rank 0 has them."""
    if team.size > 1:
        for buffer in network.buffers():
            truth = buffer.dtype == torch.bool  # which not every way of exchange takes
            buffer.copy_(team.same(buffer.to(torch.uint8) if truth else buffer))
