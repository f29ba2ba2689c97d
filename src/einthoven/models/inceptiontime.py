"""InceptionTime (Ismail Fawaz et al. 2020, arXiv 1909.04939).

Six inception modules (32 filters per path) with a linear shortcut around each three, mean over
time, one linear layer. 457,605 parameters for 12 leads and 5 outputs, whatever the length.

Where ours differs
------------------
- One network; the paper's InceptionTime is the mean of five that differ in their random start.
- Convolutions of 39, 19 and 9 samples; the paper has 40, 20 and 10. Odd ones are centred and keep the
  length with equal padding on both sides.
- Second shortcut: batch normalisation alone, since the number of channels stays 128; the paper's code
  has a 1x1 convolution before it. (The first shortcut has both.)
- Output: logits; softmax or sigmoid stand in the exported graph.
- Random start: torch's default for convolutions, instead of Glorot's uniform.
- All convolutions are written over `(1, samples)`; the arithmetic is that of one dimension.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.inceptiontime import InceptionTime

    return InceptionTime(sizes.leads, sizes.outputs)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.inceptiontime import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="inceptiontime",
    title="InceptionTime",
    summary="Convolutions at three time scales in six modules with residual connections; 457 thousand parameters.",
    paper="Ismail Fawaz et al. 2020, arXiv 1909.04939",
    build=_build,
    head="head",
    replace_head=_replace_head,
)
