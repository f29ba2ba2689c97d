"""A running mean of a network's weights, which is steadier than any of them. Imports torch: import it on use."""

import copy

import torch

from einthoven.models.networks.assembled import EcgNetwork


class AveragedWeights:
    """`network` follows `source`: after each step its weights are `share` of themselves and the rest the new ones.

    Izmailov et al. 2018 (arXiv 1803.05407) and the exponential form in general use. In the first steps the share
    grows, so that the fresh weights of the beginning are soon forgotten.
    """

    def __init__(self, source: EcgNetwork, share: float) -> None:
        self.network = copy.deepcopy(source).eval().requires_grad_(False)
        self.share = share
        self.steps = 0
        # The tensors themselves, once: to collect them at each step would take a GPU's processor as long as the step.
        pairs = list(zip(self.network.state_dict().values(), source.state_dict().values(), strict=True))
        self._values = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def follow(self) -> None:
        self.steps += 1
        share = min(self.share, self.steps / (self.steps + 10))
        torch._foreach_lerp_([ours for ours, _ in self._values], [its for _, its in self._values], 1 - share)
        for ours, its in self._counts:
            ours.copy_(its)
