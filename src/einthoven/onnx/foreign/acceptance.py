"""Whether a converted network computes what onnxruntime computes. Imports torch: import it on use."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.fallback import check_learning
from einthoven.onnx.foreign.graph import PROBE
from einthoven.onnx.foreign.limits import ADVICE_OF_EXPORT
from einthoven.onnx.foreign.module import GraphPart, convert
from einthoven.onnx.foreign.opening import Opened
from einthoven.onnx.foreign.running import Runtime, exposing, trial

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-4
"""Largest difference allowed; of values beyond 1 in proportion to their size, as in `onnx/export.py`."""
DIAGNOSES = ("NORM", "LBBB", "AMI")


def difference(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> float:
    """Largest difference, beyond 1 in size relative; infinite where shapes differ or only one is a number."""
    if ours.shape != theirs.shape:
        return float("inf")
    if not ours.size:
        return 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)) or not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    there = np.isfinite(b)
    return float((np.abs(a - b)[there] / np.maximum(1.0, np.abs(b[there]))).max(initial=0.0))


def ecgs(n_leads: int, n_samples: int, rate: float = 100.0) -> npt.NDArray[np.float32]:
    """Three simulated ECGs `(3, leads, samples)` in mV: for other numbers than 12 leads, the first ones or repeated."""
    from einthoven.simulate import simulate

    rate = max(50.0, rate)
    rng = np.random.default_rng(0)
    made = [simulate(diagnosis, rng, rate=rate, duration=max(1.0, n_samples / rate)).signal for diagnosis in DIAGNOSES]
    tiled = [np.resize(signal, (n_leads, signal.shape[1])) for signal in made]
    whole = np.stack([np.pad(signal, ((0, 0), (0, n_samples)), mode="wrap") for signal in tiled])
    return whole[:, :, :n_samples].astype(np.float32)


def accept(opened: Opened, name: str, *, real: npt.NDArray[np.float32] | None = None) -> float:
    """The largest difference between torch and onnxruntime over random input and ECGs, in batches of 1 and 3.

    Parameters
    ----------
    real
        ECGs `(n, leads, samples)` in the model's unit and scaling; simulated ones where there are none.

    Raises
    ------
    IncompatibleModel
        When it is above `TOLERANCE`; the operator where both first differ is named. When an operator was borrowed
        through which nothing can be learned.
    """
    whole = convert(opened.graph).eval()
    # The graph without its ending gives logits; the repaired model is asked for the same value.
    runtime = Runtime(exposing(opened.repaired.model, [opened.graph.output]), name)
    largest = 0.0
    for batch in _batches(opened, real):
        theirs = runtime.run(batch)[opened.graph.output]
        with torch.no_grad():
            ours = whole(torch.from_numpy(batch)).numpy()
        differs = difference(ours, theirs)
        if not differs <= TOLERANCE:
            where = first_departure(whole, opened.repaired.model, batch, name)
            raise IncompatibleModel(
                f"{name} was converted, but its answers differ from onnxruntime's by {differs:.2g} "
                f"(at most {TOLERANCE:g}); they first differ at {where}.",
                advice=f"{ADVICE_OF_EXPORT} Please report the operator.",
            )
        largest = max(largest, differs)
    check_learning(whole, torch.from_numpy(trial(PROBE, opened.shape, seed=7)), name)
    return largest


def check_repair(opened: Opened, name: str) -> None:
    """IncompatibleModel when a repair that may not change answers has changed them."""
    if opened.repaired.changes_answers:
        return
    before = Runtime(exposing(opened.original, [o.name for o in opened.repaired.model.graph.output]), name)
    after = Runtime(opened.repaired.model, name)
    fixed = opened.original.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    x = trial(fixed or 1, opened.shape, seed=3)
    for value, theirs in before.run(x).items():
        if not difference(after.run(x)[value], theirs) <= TOLERANCE:
            raise IncompatibleModel(
                f"{name} could not be simplified without changing its answers.",
                advice="Please report this with the program that wrote the file.",
            )


def _batches(opened: Opened, real: npt.NDArray[np.float32] | None) -> list[npt.NDArray[np.float32]]:
    if real is None:
        real = ecgs(opened.n_leads, opened.n_samples)
    real = np.nan_to_num(np.asarray(real, np.float32))
    given = real.transpose(0, 2, 1) if opened.turned else real
    given = np.ascontiguousarray(given).reshape(-1, *opened.shape)
    parts = [given[:1], *(given[start : start + 3] for start in range(0, len(given), 3))]
    return [trial(1, opened.shape, seed=1), trial(3, opened.shape, seed=2) * 3, *parts]


def first_departure(whole: GraphPart, model: "onnx.ModelProto", batch: npt.NDArray[np.float32], name: str) -> str:
    """The first operator whose result differs, in words."""
    with torch.no_grad():
        ours: Mapping[str, Any] = whole.values(torch.from_numpy(batch), keep=True)
    nodes = [node for node in model.graph.node if any(output in ours for output in node.output)]
    names: Sequence[str] = [output for node in nodes for output in node.output if output in ours]
    theirs = Runtime(exposing(model, names), name).run(batch)
    for node in nodes:
        for output in (output for output in node.output if output in theirs):
            value = ours[output]
            if isinstance(value, torch.Tensor) and not difference(value.numpy(), theirs[output]) <= TOLERANCE:
                return f"the operator {node.op_type} ({node.name or output!r})"
    return "its end"
