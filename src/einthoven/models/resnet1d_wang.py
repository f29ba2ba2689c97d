"""resnet1d_wang: the residual network of Wang, Yan, Oates 2017 as in the PTB-XL benchmark.

Z. Wang, W. Yan, T. Oates, "Time Series Classification from Scratch with Deep Neural Networks: A Strong
Baseline", arXiv 1611.06455, in the form of Strodthoff et al. 2020 (arXiv 2004.13701), where it is the best
single network on the five diagnostic superclasses of PTB-XL. A convolution of 7 samples, three residual
blocks of 128 channels (convolutions of 5 and 3 samples; the second and third keep every other sample); peak
and mean over time of each channel, one hidden layer of 128, one linear layer. 473,349 parameters for 12
leads and 5 outputs, whatever the length.

What was checked: layers and widths were read from the published code of the benchmark. The text of neither
paper was at hand.

Where ours differs
------------------
- From Wang et al. (as far as known): their blocks have three convolutions of 8, 5 and 3 samples, 64 and 128
  channels, no strides and a mean over time; the benchmark's form is followed instead.
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
    from einthoven.models.networks.resnet1d_wang import ResNet1dWang

    return ResNet1dWang(sizes.leads, sizes.outputs)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.resnet1d_wang import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="resnet1d_wang",
    title="resnet1d_wang",
    summary="Shallow, broad residual network, the PTB-XL benchmark's best on superclasses; 473 thousand parameters.",
    paper="Wang et al. 2017, arXiv 1611.06455; Strodthoff et al. 2020, arXiv 2004.13701",
    build=_build,
    head="head",
    replace_head=_replace_head,
)
