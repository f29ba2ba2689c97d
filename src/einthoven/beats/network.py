"""The network that tells where waves are: trained on LUDB (`benchmarks/train_delineator.py`), run by onnxruntime.

Each lead goes through the same encoder; what the leads see is pooled (mean and highest) and given back, so that any
number of leads in any order will do, and each lead knows what the others show. It answers, for all leads together
and for each lead, where each fiducial lies (logits over time) and whether a moment is inside P, QRS or T.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from einthoven.beats.prepared import Prepared
from einthoven.beats.types import Floats

MODEL = Path(__file__).parents[1] / "zoo" / "delineator.onnx"
OUT_RATE_HZ = 125.0
SHIFT = 0.25
"""Output sample k is at (k + SHIFT) / OUT_RATE_HZ seconds: each stands for two samples of the input."""
_IN_A_ROW = 16
"""The input's length is a multiple of this: the network halves it four times."""
_WHOLE_S, _PART_S, _MARGIN_S = 60.0, 30.0, 5.0
"""Records up to the first length go through whole; longer ones in parts, each with a margin on both sides."""
_SCALE_S = 2.0
_LEAST_SCALE = 0.02

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Logits at `OUT_RATE_HZ`: the nine fiducials in the order of `FIDUCIALS`, then "inside" P, QRS and T.

    `together` is `(12, samples)`, for all leads; `each` is `(leads, 12, samples)`.
    """

    together: Logits
    each: Logits


def ask(prepared: Prepared) -> Answer:
    """What the network says of leads at 250 Hz."""
    scaled = (prepared.signal / usual_range(prepared)).astype(np.float32)
    n = scaled.shape[1]
    if n <= _WHOLE_S * prepared.rate:
        return _run(scaled)
    size, margin = round(_PART_S * prepared.rate), round(_MARGIN_S * prepared.rate)
    parts = []
    for start in range(0, n, size):
        first = max(start - margin, 0)
        answer = _run(scaled[:, first : start + size + margin])
        kept = slice((start - first) // 2, (min(start + size, n) - first) // 2)
        parts.append(Answer(answer.together[:, kept], answer.each[..., kept]))
    return Answer(
        np.concatenate([part.together for part in parts], axis=1), np.concatenate([part.each for part in parts], axis=2)
    )


def _run(scaled: npt.NDArray[np.float32]) -> Answer:
    n = scaled.shape[1]
    padded = np.pad(scaled, ((0, 0), (0, -n % _IN_A_ROW)))
    # Large waves linearly, small ones by their logarithm: a P wave is a fiftieth of a QRS complex.
    seen = np.stack([2 * padded, np.arcsinh(20 * padded) / 2], axis=1)
    together, each = _session().run(None, {"x": seen})
    return Answer(together[..., : n // 2], each[..., : n // 2])


def usual_range(prepared: Prepared) -> Floats:
    """`(leads, 1)`: the median over windows of 2 s of highest minus lowest; a lead next to flat is not blown up."""
    signal = prepared.signal
    width = round(_SCALE_S * prepared.rate)
    count = max(1, signal.shape[1] // width)
    windows = signal[:, : count * width].reshape(len(signal), count, -1)
    ranges = np.median(windows.max(axis=2) - windows.min(axis=2), axis=1)[:, None]
    usual = float(np.median(ranges))
    least = max(1e-6, _LEAST_SCALE * usual)
    return np.where(ranges > least, ranges, max(least, usual) if usual > 1e-6 else 1.0)


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Several processes measure side by side; one record takes 30 ms.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
