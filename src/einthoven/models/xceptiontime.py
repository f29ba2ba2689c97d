"""XceptionTime (Rahimian, Zabihi, Atashzar, Asif, Mohammadi 2019, arXiv 1911.03803).

Two residual pairs of XceptionTime modules (16, 32, 64 and 128 filters per path), average pooling
to 50 moments, 1x1 convolutions to 256 and 128 channels, one 1x1 convolution per output, mean over
time. 401,365 parameters for 12 leads and 5 outputs, whatever the length of the record.

Where ours differs
------------------
- Input: z-score per lead (in `models/networks/standardising.py`); the paper normalises by a mu-law.
- Separable convolutions: kernels of 39, 19 and 9 samples; the paper has 40, 20 and 10. Odd ones are
  centred and keep the length with equal padding on both sides.
- Output layer: a plain 1x1 convolution with bias. The implementation in general use (tsai, and the
  untrained graph of the field this was compared with, layer by layer) puts batch normalisation and
  ReLU behind it, which forbids logits below 0 and makes 401,370 trainable parameters for 5 outputs.
- Average pooling: to 50 bins for any length of record (fewer when the record is shorter), also where
  50 does not divide it; the bins are those of adaptive pooling.
- All convolutions are written over `(1, samples)`; the arithmetic is that of one dimension.

The full text of the paper was not at hand when this was written. Filters, shortcuts and widths follow the
graph in general use, layer by layer; what is said above of the paper itself (mu-law, kernels of 40, 20
and 10) is from memory and still to be held against its text.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.xceptiontime import XceptionTime

    return XceptionTime(sizes.leads, sizes.outputs, sizes.samples)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.xceptiontime import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="xceptiontime",
    title="XceptionTime",
    summary="Depthwise separable convolutions at three time scales with residual connections; 401 thousand parameters.",
    paper="Rahimian et al. 2019, arXiv 1911.03803",
    build=_build,
    head="head",
    replace_head=_replace_head,
)
