"""A record cut into windows side by side, for a network that sees less than a record."""

import torch
from torch import Tensor, nn


class Windows(nn.Module):
    """Windows of `length` samples that cover `n_samples`, evenly spread: as few as it takes."""

    def __init__(self, n_samples: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.count = -(-n_samples // length)
        last = n_samples - length
        self.firsts = [round(last * k / max(1, self.count - 1)) for k in range(self.count)]

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, leads, n_samples)` -> `(batch * count, leads, length)`, the windows of one ECG in a row."""
        if self.count == 1:
            return x
        return torch.stack([x[:, :, k : k + self.length] for k in self.firsts], dim=1).flatten(0, 1)

    def repeated(self, told: Tensor | None) -> Tensor | None:
        """`(batch, ...)`, what is told of each ECG -> `(batch * count, ...)`, of each of its windows."""
        return None if told is None else told.repeat_interleave(self.count, dim=0)

    def grouped(self, each: Tensor) -> Tensor:
        """`(batch * count, ...)` -> `(batch, count, ...)`: what was found in each window, by ECG."""
        return each.reshape(-1, self.count, *each.shape[1:])

    def mean(self, each: Tensor, shares: Tensor) -> Tensor:
        """Answers of the windows `(batch * count, outputs)` -> of the ECGs `(batch, outputs)`."""
        return (self.grouped(each) * shares.unsqueeze(2)).sum(dim=1)

    def shares(self, ecg: Tensor) -> Tensor:
        """`(batch, count)`: how much each window counts, by how many of its samples were recorded; they sum to 1."""
        there = (~torch.isnan(ecg)).any(dim=1).to(ecg.dtype)
        counted = torch.stack([there[:, k : k + self.length].mean(dim=1) for k in self.firsts], dim=1)
        return counted / counted.sum(dim=1, keepdim=True).clamp(min=1e-6)
