"""Several networks that answer as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from einthoven.models.networks.assembled import EcgNetwork


class Ensemble(nn.Module):
    """The mean of the members' logits, or of their values: of probabilities, the normalised geometric mean."""

    def __init__(self, members: Sequence[EcgNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def unit(self) -> nn.Module:
        """Of the first member: all have learned the same answers."""
        first = self.members[0]
        assert isinstance(first, EcgNetwork)
        return first.unit

    def forward(self, ecg: Tensor, subject: Tensor | None = None) -> Tensor:
        return torch.stack([member(ecg, subject) for member in self.members]).mean(dim=0)


def together(members: Sequence[EcgNetwork]) -> EcgNetwork | Ensemble:
    """One network as it is, several as their mean."""
    return members[0] if len(members) == 1 else Ensemble(members)
