"""A foreign model looked at: what it is, and what it does not say. Free of torch."""

from typing import get_args

from einthoven.onnx.foreign.hints import Layout, ModelHints
from einthoven.onnx.foreign.judgement import ForeignModel, described
from einthoven.onnx.foreign.limits import parse, understood
from einthoven.onnx.foreign.opening import Opened, open_up
from einthoven.onnx.foreign.signature import answer_of, form_of, signal_input
from einthoven.onnx.foreign.statements import read_statements
from einthoven.onnx.metadata import SPEC_KEY

IMPORTED = "imported"
"""Name of the architecture of networks that were made from a graph; no entry of the registry."""
ORIGIN = "origin.onnx"
"""File beside a model: the graph it is trained on from (`origin`), where no architecture of ours describes it."""
LAYOUT_KEY = "einthoven_layout"


def inspect(content: bytes, name: str, hints: ModelHints | None = None) -> ForeignModel:
    """What the model in `content` is, as far as the file and `hints` say it.

    Raises
    ------
    FormatError, IncompatibleModel
        When it is damaged, or none that can be used; the operator or field is named.
    SettingError
        When a hint contradicts the file.
    """
    return examine(content, name, hints or ModelHints())[0]


def examine(content: bytes, name: str, hints: ModelHints) -> tuple[ForeignModel, Opened | None]:
    """What the model is, and the model repaired, where the form of its input is known."""
    with understood(name):
        return _examined(content, name, hints)


def _examined(content: bytes, name: str, hints: ModelHints) -> tuple[ForeignModel, Opened | None]:
    model = parse(content, name)
    stated = read_statements(model)
    own = any(entry.key == SPEC_KEY for entry in model.metadata_props)
    signal = signal_input(model, name)
    form = form_of(signal, name, hints)
    outputs = tuple(o.name for o in model.graph.output)
    output = answer_of(model, name, hints)
    opened = None
    if form.shape is not None and output is not None:
        opened = open_up(model, name, form, output)
    return described(name, model, stated, signal.name, form, outputs, output, opened, hints, own=own), opened


def stated_keys(content: bytes, name: str) -> frozenset[str]:
    """The keys of the metadata; FormatError or IncompatibleModel as `parse`."""
    with understood(name):
        return frozenset(entry.key for entry in parse(content, name).metadata_props)


def origin(opened: Opened, found: ForeignModel) -> bytes:
    """The repaired graph as a file to go on from (`network_from_graph`), with the layout that was settled."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(opened.repaired.model)
    onnx.helper.set_model_props(copy, {LAYOUT_KEY: found.layout or ""})
    content: bytes = copy.SerializeToString()
    return content


def layout_of(content: bytes, name: str) -> Layout | None:
    """The layout that `origin` wrote."""
    for entry in parse(content, name).metadata_props:
        if entry.key == LAYOUT_KEY:
            return next((layout for layout in get_args(Layout) if layout == entry.value), None)
    return None
