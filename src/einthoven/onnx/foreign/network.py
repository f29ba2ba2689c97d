"""A foreign graph as a network that this program trains and exports. Imports torch: import it on use."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from einthoven.errors import FormatError, IncompatibleModel
from einthoven.models.entry import ArchitectureEntry, Sizes
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.standardising import NaturalUnit, StandardiseInput
from einthoven.models.weights import load_weights
from einthoven.onnx.foreign.acceptance import TOLERANCE, accept, check_repair, difference, ecgs
from einthoven.onnx.foreign.exported import VALUES, Part, Unit, answer_of_ours, part_for_windows, without_unit
from einthoven.onnx.foreign.graph import Graph, Node, nodes_between
from einthoven.onnx.foreign.head import Fresh, Head, find_head, with_classes
from einthoven.onnx.foreign.hints import ModelHints, scaling_step
from einthoven.onnx.foreign.inspecting import IMPORTED, examine, layout_of, stated_keys
from einthoven.onnx.foreign.judgement import ForeignModel
from einthoven.onnx.foreign.limits import understood
from einthoven.onnx.foreign.module import Answer, Front, GraphPart
from einthoven.onnx.foreign.opening import Opened
from einthoven.onnx.foreign.running import Runtime, exposing, values
from einthoven.onnx.metadata import SPEC_KEY
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass


class ImportedCore(nn.Module):
    """float32 `(batch, leads, samples)` -> logits `(batch, outputs)`, as a graph computes them.

    `features` goes up to the value that the head takes; without a head (`why_no_head`) it is the whole graph.
    """

    replaced: Tensor
    """Whether the head is no longer that of the graph: it travels with the weights."""

    def __init__(
        self, graph: Graph, front: nn.Module, head: Head | None, n_outputs: int, *, why_no_head: str = ""
    ) -> None:
        super().__init__()
        self.why_no_head, self.n_outputs = why_no_head, n_outputs
        self.front = front
        source = head.source if head is not None else graph.output
        self.body = GraphPart(graph, nodes_between(graph, graph.input, source), graph.input, source)
        self.found = head
        self.register_buffer("replaced", torch.zeros((), dtype=torch.bool))
        self.end = _end_of(graph, head)
        self.head: nn.Module = nn.Identity()
        if head is not None:
            self.head = Answer(self._end_part(), n_outputs)
        elif len(graph.shapes[graph.output]) != 2:
            self.head = nn.Flatten()

    def features(self, ecg: Tensor) -> Tensor:
        """What the head takes, with the batch as first axis."""
        out: Tensor = self.body(self.front(ecg))
        return out

    def forward(self, ecg: Tensor) -> Tensor:
        out: Tensor = self.head(self.features(ecg))
        return out

    def replace_head(self, n_outputs: int) -> None:
        """A fresh head with so many outputs; IncompatibleModel when no head was found."""
        if self.found is None:
            raise IncompatibleModel(
                self.why_no_head or "The last layer of this model cannot be told.",
                advice="Start from another model or from scratch; this one can be used for prediction.",
            )
        self.end = with_classes(self.end, self.found, n_outputs, _fresh)
        self.head = Answer(self._end_part(), n_outputs)
        self.n_outputs = n_outputs
        self.replaced.fill_(value=True)

    def _end_part(self) -> GraphPart:
        assert self.found is not None
        return GraphPart(self.end, self.end.nodes, self.found.source, self.end.output)


def _end_of(graph: Graph, head: Head | None) -> Graph:
    """The graph with the nodes of the head only, and what they need."""
    if head is None:
        return replace(graph, nodes=(), constants={}, sizes={})
    nodes = nodes_between(graph, head.source, graph.output)
    used = {name for node in nodes for name in node.inputs}
    return replace(
        graph,
        nodes=nodes,
        constants={name: value for name, value in graph.constants.items() if name in used},
        sizes={name: line for name, line in graph.sizes.items() if name in used},
    )


def _fresh(what: Fresh, shape: tuple[int, ...], n_inputs: int) -> npt.NDArray[np.float32]:
    """As torch starts its layers: uniform within one over the root of the number of inputs."""
    if what in ("zeros", "ones"):
        return np.full(shape, float(what == "ones"), np.float32)
    bound = 1 / math.sqrt(max(n_inputs, 1))
    drawn: npt.NDArray[np.float32] = ((torch.rand(shape) * 2 - 1) * bound).numpy()
    return drawn


def _build_nothing(_: Sizes) -> nn.Module:
    raise IncompatibleModel(
        "A network that was made from a graph cannot be built without it.", advice="Start from the model's file."
    )


def replace_head(module: nn.Module, n_outputs: int) -> None:
    """The `replace_head` of the entry."""
    if not isinstance(module, ImportedCore):
        raise TypeError(f"{type(module).__name__} is no ImportedCore")
    module.replace_head(n_outputs)


ENTRY = ArchitectureEntry(
    name=IMPORTED,
    title="Imported graph",
    summary="A network that was made elsewhere and came as an ONNX file.",
    paper="",
    build=_build_nothing,
    head="head",
    replace_head=replace_head,
)


def network_of(core: ImportedCore, spec: ModelSpec, *, window: int | None = None) -> EcgNetwork:
    """`core` with the standardising of `spec` in front and, for regression, a unit behind that changes nothing yet.

    `window`: samples that `core` takes; its answers are averaged over the windows of a record. None: all of them.
    """
    network = EcgNetwork(replace(ENTRY, build=lambda _: core), spec, window=window)
    network.entry = ENTRY
    network.fresh_output = False
    return network


def spec_of(found: ForeignModel, hints: ModelHints) -> ModelSpec:
    """The description of a foreign model about which nothing is missing."""
    assert found.leads and found.rate and found.n_samples and found.class_names and found.kind and found.scaling
    steps = standard_steps(
        leads=found.leads,
        rate=found.rate,
        duration=found.n_samples / found.rate,
        over=None,
        band=hints.band,
    )
    last = scaling_step(found.scaling, found.unit)
    steps = steps if last is None else (*steps, last)
    value_unit = "" if found.value_unit in (None, "none") else found.value_unit
    spec = ModelSpec(found.kind, tuple(map(TaskClass, found.class_names)), steps, hints.task, value_unit)
    if spec.n_samples != found.n_samples:
        raise IncompatibleModel(
            f"{found.n_samples} samples at {found.rate:g} Hz cannot be described.", advice="Give a rounder rate."
        )
    return spec


def foreign_network(
    opened: Opened, found: ForeignModel, spec: ModelSpec, *, real: npt.NDArray[np.float32] | None = None
) -> tuple[EcgNetwork, float]:
    """The network of a foreign graph, checked against onnxruntime, and by how much the two differ at most.

    `real`: ECGs `(n, leads, samples)` in mV to compare on, besides random input; None: simulated ones.
    The network takes millivolts: what the graph wants otherwise is the last step of `spec`, computed in front of it.

    Raises
    ------
    IncompatibleModel
        When an operator cannot be converted, or the answers differ.
    """
    with understood(found.name):
        check_repair(opened, found.name)
        largest = accept(opened, found.name, real=_as_model_wants(opened, spec, real))
        front = Front(opened.shape, turned=opened.turned)
        core = ImportedCore(opened.graph, front, opened.head, opened.n_outputs, why_no_head=opened.why_no_head)
        return network_of(core, spec).eval(), largest


def _as_model_wants(opened: Opened, spec: ModelSpec, real: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    """ECGs in the model's unit and scaling."""
    made = torch.from_numpy(ecgs(opened.n_leads, opened.n_samples, spec.rate) if real is None else real)
    out: npt.NDArray[np.float32] = StandardiseInput(spec.scaling)(made).numpy()
    return out


def network_from_graph(
    content: bytes, base: ModelSpec, spec: ModelSpec, *, weights: Path | None = None, seed: int = 0
) -> EcgNetwork:
    """A network for `spec` that starts from a model of which the graph is there.

    Two kinds of graph are taken. One that this program exported: the standardising that the exporter put in front is
    taken off, and stands in `EcgNetwork.standardise` again, so that it is done once; where it cannot be told from
    the rest it stays in the graph, and `standardise` does nothing. (The exporter has merged batch normalisations
    into the convolutions before them; those no longer adapt.) And the repaired graph of a model that was taken in
    (`origin.onnx`), with no standardising inside. `weights` are those of a later training from the same graph; `base`
    then describes what that training made.
    Where the task differs the head is replaced by a fresh one, drawn from `seed`.

    Raises
    ------
    FormatError, IncompatibleModel
        When the graph cannot be converted, differs from onnxruntime's answers, or has no head to be told.
    """
    if base.steps != spec.steps:
        raise IncompatibleModel(
            "The model to start from sees its ECGs after other steps than were asked for.",
            advice="Train with the standardising steps of that model, or from scratch.",
        )
    network = _as_it_is(content, base)
    if weights is not None:
        _load(network, weights, len(base.classes))
    elif _core(network).n_outputs != len(base.classes):
        raise IncompatibleModel(
            f"The graph gives {_core(network).n_outputs} answers; its description names {len(base.classes)} classes.",
            advice="Take the model in again.",
        )
    if (base.kind, base.class_names, base.unit) == (spec.kind, spec.class_names, spec.unit):
        return network
    fresh = network_of(_core(network), spec, window=network.window)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _core(network).replace_head(len(spec.classes))
    fresh.fresh_output = True
    fresh.standardise = network.standardise
    return fresh


def _as_it_is(content: bytes, base: ModelSpec) -> EcgNetwork:
    """The network of a graph, with its own head, checked against onnxruntime."""
    name = "the model to start from"
    own = SPEC_KEY in stated_keys(content, name)
    answer = answer_of_ours(content, name) if own else None
    layout = None if own else layout_of(content, name)
    found, opened = examine(content, name, ModelHints(output=answer, leads=base.leads, layout=layout))
    if opened is None or (opened.n_leads, opened.n_samples) != (len(base.leads), base.n_samples):
        raise IncompatibleModel(
            f"The graph takes {found.n_leads} leads of {found.n_samples} samples; its description says"
            f" {len(base.leads)} of {base.n_samples}.",
            advice="Take the model in again.",
        )
    graph, unit = without_unit(opened.graph) if answer == VALUES else (opened.graph, None)
    if opened.head is None:
        part = part_for_windows(opened, graph, name) if own else None
        if part is None:
            raise IncompatibleModel(opened.why_no_head, advice="Start from another model, or from scratch.")
        return _averaging(opened, part, graph.output, base, unit, name)
    if not own:
        return foreign_network(opened, found, base)[0]
    with understood(name):
        accept(opened, name)
    bare = _without_front(opened, graph, base)
    core = ImportedCore(bare, Front(opened.shape, turned=False), find_head(bare), opened.n_outputs)
    network = network_of(core, base)
    if bare.input == graph.input:
        network.standardise = nn.Identity()  # type: ignore[assignment]
    _set_unit(network, unit)
    return network


def _averaging(opened: Opened, part: Part, answer: str, base: ModelSpec, unit: Unit | None, name: str) -> EcgNetwork:
    """The network of a graph that averages over windows; IncompatibleModel when it differs from the value `answer`."""
    with understood(name):
        accept(part.opened, name)
        front = Front(part.opened.shape, turned=False)
        core = ImportedCore(part.opened.graph, front, part.opened.head, part.opened.n_outputs)
        network = network_of(core, base, window=part.length).eval()
        _set_unit(network, unit)
        runtime = Runtime(exposing(opened.repaired.model, [answer]), name)
        for batch in _partly_there(opened):
            with torch.no_grad():
                ours = network.answer(network.inputs(torch.from_numpy(batch))).numpy()
            differs = difference(ours, runtime.run(batch)[answer])
            if not differs <= TOLERANCE:
                raise IncompatibleModel(
                    f"{name} averages over windows of {part.length} samples, but otherwise than this program does "
                    f"(by {differs:.2g}).",
                    advice="Start from another model, or from scratch.",
                )
    return network


def _partly_there(opened: Opened) -> list[npt.NDArray[np.float32]]:
    """ECGs of which one ends early and one begins late."""
    whole = ecgs(opened.n_leads, opened.n_samples)
    parts = whole.copy()
    parts[0, :, opened.n_samples * 2 // 3 :] = np.nan
    parts[1, :, : opened.n_samples // 3] = np.nan
    return [whole[:1], whole, parts]


def _set_unit(network: EcgNetwork, unit: Unit | None) -> None:
    if unit is not None and isinstance(network.unit, NaturalUnit):
        network.unit.scale.copy_(torch.from_numpy(unit[0]))
        network.unit.mean.copy_(torch.from_numpy(unit[1]))


def _core(network: EcgNetwork) -> ImportedCore:
    core = network.core
    assert isinstance(core, ImportedCore)
    return core


def _load(network: EcgNetwork, weights: Path, n_outputs: int) -> None:
    """The weights of a later training; where that has put another head in place, the same is done first."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="numpy") as file:
            replaced = bool(file.get_tensor("core.replaced"))
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{weights.name}: the weights cannot be read ({error}).") from error
    if replaced:
        _core(network).replace_head(n_outputs)
    network.n_outputs = n_outputs
    load_weights(network, weights)


def _without_front(opened: Opened, graph: Graph, base: ModelSpec) -> Graph:
    """The graph behind the last value that equals the standardised input and through which everything goes."""
    x = np.random.default_rng(0).normal(0.3, 2.0, (2, *opened.shape)).astype(np.float32)
    x[0, :, opened.n_samples // 2 :] = np.nan
    x[1, 0] = 0.25
    wanted = StandardiseInput(base.scaling)(torch.from_numpy(x)).numpy()
    names = [out for node in graph.nodes for out in node.outputs if graph.shapes.get(out) == x.shape]
    seen = values(exposing(opened.repaired.model, names), names, x, "the model")
    for name in reversed(names):
        if seen[name].dtype.kind == "f" and difference(seen[name], wanted) <= 1e-5:
            behind = _behind(graph, name)
            if behind is not None:
                return replace(graph, nodes=behind, input=name)
    return graph


def _behind(graph: Graph, value: str) -> tuple[Node, ...] | None:
    """The nodes that make the answer out of `value`; None when they need something from before it."""
    try:
        return nodes_between(graph, value, graph.output)
    except IncompatibleModel:
        return None
