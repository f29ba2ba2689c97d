"""A foreign model repaired and tried out: what the conversion needs. Free of torch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from einthoven.errors import IncompatibleModel
from einthoven.onnx.foreign.graph import PROBE, Graph, read_graph
from einthoven.onnx.foreign.head import Head, find_head, upstream_endings, without_ending
from einthoven.onnx.foreign.limits import refuse
from einthoven.onnx.foreign.repair import Repaired, repair
from einthoven.onnx.foreign.running import Runtime, trial
from einthoven.onnx.foreign.signature import Form
from einthoven.onnx.foreign.statements import MAX_CLASSES

if TYPE_CHECKING:
    import onnx

SLACK = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A foreign model, repaired: what the conversion needs.

    Parameters
    ----------
    original, repaired
        As in the file, and after the repair (both with one input).
    graph
        Of the repaired model, without softmax or sigmoid at the end.
    shape, turned
        Of one ECG as the graph takes it, without the batch; whether samples come before leads.
    like_probabilities
        Why answers without ending must be probabilities; "" where that is not sure.
    within_one
        Whether answers without ending lay between 0 and 1 for all trial input.
    """

    original: "onnx.ModelProto"
    repaired: Repaired
    graph: Graph
    ending: str
    shape: tuple[int, ...]
    turned: bool
    n_leads: int
    n_samples: int
    n_outputs: int
    head: Head | None
    why_no_head: str
    like_probabilities: str
    within_one: bool


def open_up(model: "onnx.ModelProto", name: str, form: Form, output: str) -> Opened:
    shape = form.shape
    assert shape is not None and form.n_leads is not None and form.n_samples is not None
    repaired = repair(model, shape, output, name)
    _check_batches(repaired.model, shape, name)
    graph, ending = without_ending(read_graph(repaired.model, shape, name))
    answer = graph.shapes[graph.output]
    long = [n for n in answer[1:] if n != 1]
    if not answer or answer[0] != PROBE or len(long) > 1:
        refuse(f"{name} answers {('batch', *answer[1:])}; one number per class and ECG is needed.")
    n_outputs = int(np.prod(answer[1:]))
    if not 0 < n_outputs <= MAX_CLASSES:
        refuse(f"{name} gives {n_outputs} numbers per ECG; 1 to {MAX_CLASSES} classes can be used.")
    head: Head | None = None
    why = ""
    try:
        head = find_head(graph)
        if head.n_outputs != n_outputs:
            why = f"Its last product makes {head.n_outputs} numbers, its answer has {n_outputs}."
            head = None
    except IncompatibleModel as error:
        why = error.message
    turned = form.layout == "samples x leads"
    like, within = ("", False) if ending else _like_probabilities(repaired.model, graph, shape, name)
    return Opened(
        model, repaired, graph, ending, shape, turned, form.n_leads, form.n_samples, n_outputs, head, why, like, within
    )  # fmt: skip


def _like_probabilities(model: "onnx.ModelProto", graph: Graph, shape: tuple[int, ...], name: str) -> tuple[str, bool]:
    """Why answers without ending must be probabilities, and whether they lie between 0 and 1: input small and large."""
    runtime = Runtime(model, name)
    batches = [trial(3, shape, seed=seed) * size for seed, size in ((4, 0.3), (5, 30.0), (6, 3000.0))]
    answers = np.concatenate([runtime.run(x)[runtime.outputs[0]].reshape(len(x), -1) for x in batches])
    if answers.min() < 0 or answers.max() > 1 + SLACK:
        return "", False
    if answers.shape[1] > 1 and bool((np.abs(answers.sum(axis=1) - 1) < SLACK).all()):
        return "they lie between 0 and 1 and add up to 1", True
    inside = "they lie between 0 and 1 and come from a softmax or sigmoid inside"
    return inside if upstream_endings(graph) else "", True


def _check_batches(model: "onnx.ModelProto", shape: tuple[int, ...], name: str) -> None:
    """An ECG's answer must not depend on the others in its batch."""
    runtime = Runtime(model, name)
    x = trial(3, shape, seed=1)
    together = runtime.run(x)[runtime.outputs[0]]
    alone = [runtime.run(x[i : i + 1])[runtime.outputs[0]] for i in range(len(x))]
    if together.shape[0] != len(x) or any(one.shape[1:] != together.shape[1:] for one in alone):
        refuse(f"{name} does not give one answer per ECG: for {len(x)} ECGs its answer has shape {together.shape}.")
    if not np.allclose(np.concatenate(alone), together, rtol=1e-3, atol=1e-3, equal_nan=True):
        refuse(f"{name} answers differently when other ECGs are in the batch.")
