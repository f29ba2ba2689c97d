"""A small transformer over patches of 160 ms, put together from published parts.

Four convolutions that each halve the samples make tokens of 16 samples each (63 for 10 s at 100 Hz); six
encoder layers, normalised before each part, of width 128 with 4 heads look at all of them; mean over tokens,
one linear layer. 1,312,773 parameters for 12 leads and 5 outputs, whatever the length.

Where the parts come from
-------------------------
- Encoder with normalisation first, GELU and a fourfold inner layer: Dosovitskiy et al. 2020 (ViT), arXiv
  2010.11929; as in ST-MEM (Na et al. 2024, arXiv 2402.09450) for 12-lead ECGs, which cuts patches of 75
  samples at 250 Hz, lead by lead, and has 12 layers of 768: too large for a CPU and for small sets.
- Convolutions with stride 2 instead of cut patches: Xiao et al. 2021, arXiv 2106.14881; ECG-FM (McKeen et
  al. 2024, arXiv 2408.05178), too, has convolutions before its encoder.
- Place by rotation: Su et al. 2021 (RoFormer), arXiv 2104.09864. Only distances in time count, as an ECG
  starts at no special moment, and every length of record works.
- Mean over tokens instead of a token for the class: ST-MEM.

What was checked: ST-MEM's sizes against its published code, ECG-FM's and Xiao's order of parts against their
abstracts and summaries; ViT and RoFormer are from memory. The size of ours (width, depth, patch) is our own
choice, so there is no published number to compare with.

Structured state-space models were the alternative. Their kernel is as long as the record: as a plain
convolution, the form that exports surely, a layer of 128 channels costs 128 million multiplications for 1000
samples, and a layer here 13. Their form by Fourier transforms was not tried.
"""

from typing import TYPE_CHECKING

from einthoven.models.entry import ArchitectureEntry, Sizes

if TYPE_CHECKING:
    from torch import nn


def _build(sizes: Sizes) -> "nn.Module":
    from einthoven.models.networks.patch_transformer import PatchTransformer

    return PatchTransformer(sizes.leads, sizes.outputs)


def _replace_head(module: "nn.Module", n_outputs: int) -> None:
    from einthoven.models.networks.patch_transformer import replace_output

    replace_output(module, n_outputs)


ENTRY = ArchitectureEntry(
    name="patch_transformer",
    title="Patch transformer",
    summary="Convolutions to tokens of 160 ms at 100 Hz, then attention among them; 1.3 million parameters.",
    paper="Dosovitskiy et al. 2020, arXiv 2010.11929; Xiao et al. 2021, arXiv 2106.14881",
    build=_build,
    head="head",
    replace_head=_replace_head,
    experimental="On 724 ECGs of PTB-XL in cross-validation its macro AUROC was 0.09 below XceptionTime's.",
)
