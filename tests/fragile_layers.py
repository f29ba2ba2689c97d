"""Layers that fail as a machine does, in a module that a process of its own can import."""

import os

import torch
from torch import Tensor, nn


class Greedy(nn.Module):
    """Has memory for `most` ECGs at a time only, in the process of rank 1."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most and _rank() == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return x


class Deadly(nn.Module):
    """Ends the process of rank 1 without a word."""

    def forward(self, x: Tensor) -> Tensor:
        if _rank() == 1:
            os._exit(9)
        return x


def _rank() -> int:
    return torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
