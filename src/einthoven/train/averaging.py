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

    @torch.no_grad()
    def follow(self, source: EcgNetwork) -> None:
        self.steps += 1
        share = min(self.share, self.steps / (self.steps + 10))
        ours, theirs = self.network.state_dict(), source.state_dict()
        values = [name for name in ours if ours[name].is_floating_point()]
        torch._foreach_lerp_([ours[name] for name in values], [theirs[name] for name in values], 1 - share)
        for name in set(ours) - set(values):
            ours[name].copy_(theirs[name])
