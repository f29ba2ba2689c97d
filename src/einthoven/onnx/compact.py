"""A trained network written again so that a capsule of it is small. Imports torch: import it on use.

Weights are rounded to a few significant bits (they then pack to about two thirds), and the graph is not folded, so that
it holds each of them and the capsule keeps them once. What is told of the model must be measured afterwards.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from einthoven.models.building import load_network
from einthoven.models.weights import save_weights
from einthoven.onnx.export import Parity, export
from einthoven.spec import ModelSpec

SIGNIFICANT_BITS = 12
"""One bit more than float16 has, over the range of float32: a weight is off by at most one part in 4096."""


def compact(
    weights: Path,
    spec: ModelSpec,
    *,
    graph_to: Path,
    weights_to: Path,
    statistics: Mapping[str, Any],
    inputs: npt.NDArray[np.float32] | None = None,
    bits: int = SIGNIFICANT_BITS,
) -> Parity:
    """Write graph and weights of the network in `weights`, rounded; `inputs`: ECGs to compare both on.

    Raises
    ------
    ExportFailed, FormatError, IncompatibleModel
        As of `export` and `load_network`.
    """
    network = load_network(weights, spec)
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.dtype == torch.float32:
                value.copy_(torch.from_numpy(rounded(value.numpy(), bits)))
    save_weights(network, weights_to)
    return export(network, spec, graph_to, extra_metadata=statistics, inputs=inputs, folded=False)


def rounded(values: npt.NDArray[np.float32], bits: int) -> npt.NDArray[np.float32]:
    """Each number with so many significant bits."""
    mantissa, exponent = np.frexp(values)
    kept: npt.NDArray[np.float32] = np.ldexp(np.round(mantissa * 2.0**bits) / 2.0**bits, exponent).astype(np.float32)
    return kept
