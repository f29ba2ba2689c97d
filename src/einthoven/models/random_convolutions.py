"""Random convolutions with a ridge model: ROCKET (Dempster, Petitjean, Webb 2020, arXiv 1910.13051) and its successors.

A fixed set of random kernels looks at the ECG at several time scales; each is summed up by the shares of
time during which its answer exceeds thresholds. Nothing of this is learned but a linear layer, by
ridge regression in closed form (`train/closed_form.py`): with few ECGs there is less to get wrong than in a network.

From MiniROCKET (Dempster, Schmidt, Webb 2021, arXiv 2012.08791): 84 kernels of 9 samples per dilation, random
subsets of leads, thresholds at quantiles of the training ECGs, shares of time as the only features.

Where ours differs
------------------
- Kernels are random normal in each lead (as in ROCKET) and sum to 0 per lead; MiniROCKET has 84 fixed ones.
- Dilations 1, 2, 3, 4, 6, 8 and 12 for up to 2000 samples, so that kernels span 0.08 to 1 s at 100 Hz;
  MiniROCKET has up to 32, until the kernel is as long as the record, which told less in cross-validation.
- A share of time counts samples near the threshold in part, along a ramp of half a standard deviation,
  where the papers have a step. It is as good, and continuous: the exported graph can be proved to compute the same.
- Zeros stand beyond both ends; MiniROCKET alternates with no padding.
- The scores of the ridge model become logits, calibrated on leave-one-out scores.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.random_convolutions import RandomConvolutions

    return RandomConvolutions(sizes.leads, sizes.outputs, sizes.samples)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.random_convolutions import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="random_convolutions",
    title="Random convolutions with a ridge model",
    summary="Fixed random kernels and a linear layer that is solved for, not trained; for a few dozen to 200 ECGs.",
    paper="Dempster et al. 2020, arXiv 1910.13051, and 2021, arXiv 2012.08791",
    build=_build,
    head="head",
    replace_head=_replace_head,
    fit="closed_form",
)
