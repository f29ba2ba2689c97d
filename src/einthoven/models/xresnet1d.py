"""xresnet1d50 of the PTB-XL benchmark (Strodthoff, Wagner, Schaeffter, Samek 2020, arXiv 2004.13701).

Stem of three convolutions and max pooling, 16 bottleneck blocks (3, 4, 6, 3) of 64 channels in the middle
and 256 outside, kernels of 5 samples, shortcuts halved by averages; peak and mean over time of each
channel, one hidden layer of 128, one linear layer. 953,989 parameters for 12 leads and 5 outputs, whatever
the length.

What was checked: layers and widths were read from the authors' published code; it keeps 64 channels in all
four stages, where the networks for images double them. The paper's text was not at hand, and no number of
parameters is published there.

Where ours differs
------------------
- Depth 50; the benchmark's is xresnet1d101, with 23 blocks in the third stage. Its 17 blocks more cost about
  half as much again (57 beside 105 million multiplications for 1000 samples).
- Whole records; the benchmark trains on random crops of 2.5 s and takes the maximum over crops to predict.
  That is left to the training.
- Random start: He's normal for convolutions as in the benchmark, torch's default for linear layers.
- A batch of one is normalised in the head by the running statistics instead of being refused.
- All convolutions are written over `(1, samples)`; the arithmetic is that of one dimension.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.xresnet1d import XResNet1d

    return XResNet1d(sizes.leads, sizes.outputs)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.xresnet1d import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="xresnet1d",
    title="xresnet1d50",
    summary="Deep residual network of narrow convolutions from the PTB-XL benchmark; 954 thousand parameters.",
    paper="Strodthoff et al. 2020, arXiv 2004.13701",
    build=_build,
    head="head",
    replace_head=_replace_head,
)
