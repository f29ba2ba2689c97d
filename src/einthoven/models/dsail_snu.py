"""The DSAIL SNU network of the PhysioNet/CinC Challenge 2021 (Han, Park, Min et al. 2021).

H. Han, S. Park, S. Min et al., "Towards High Generalization Performance on Electrocardiogram
Classification", Computing in Cardiology 2021: second of 39 teams for twelve leads. A wide residual network
of twelve blocks (three each of 16, 32, 64 and 128 channels, convolutions of 15 samples, every fourth sample
kept at each doubling) with squeeze and excitation (one sixteenth), dropout 0.2, the peak over time of 128
channels beside age and sex, one linear layer. 1,811,717 parameters for 12 leads and 5 outputs without age
and sex, 1,811,737 with them; 88 million multiplications in the convolutions for 1000 samples.

What was checked: of the paper the abstract was at hand. Layers, widths and order were read from the authors'
published code (the network and its preprocessing) and from the copy of it in ExChanGeAI, which states 12
blocks, kernel 15, stride 4, dropout 0.2. The count of multiplications, normalisation included, is the 89
MFLOPs of the ExChanGeAI paper, whose "2M" parameters are ours rounded. Not checked: the authors' random
start (ours is torch's), and whether their entry in the Challenge averaged several such networks.

Where ours differs
------------------
- Age and sex: four numbers, age and sex with 0 where unknown and a flag each; the authors have five (sex as
  two numbers, the means of their data where unknown). Only the last, linear layer sees them, so that both
  can express the same.
- Fewer than 128 samples are filled up with zeros; the authors' network takes none below 64.
- Input: each lead scaled to -1 to 1, as the authors do (in `models/networks/standardising.py`).
- All convolutions are written over `(1, samples)`; the arithmetic is that of one dimension.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.dsail_snu import DsailSnu

    return DsailSnu(sizes.leads, sizes.outputs, sizes.subject)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.dsail_snu import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="dsail_snu",
    title="DSAIL SNU",
    summary="Wide residual network with squeeze and excitation that can use age and sex; 1.8 million parameters.",
    paper="Han et al. 2021, Computing in Cardiology 48",
    build=_build,
    head="head",
    replace_head=_replace_head,
    takes_subject=True,
    scaling="min_max",
)
