"""What a foreign model is: looked at, repaired, and asked what it does not say. Free of torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

import numpy as np

from einthoven.errors import HintsNeeded, IncompatibleModel, SettingError
from einthoven.leads import STANDARD_12, canonical_leads
from einthoven.onnx.foreign.graph import PROBE, Graph, read_graph
from einthoven.onnx.foreign.head import (
    Head,
    find_head,
    kind_of_ending,
    never_negative,
    upstream_endings,
    without_ending,
)
from einthoven.onnx.foreign.limits import ADVICE_OF_EXPORT, parse, understood
from einthoven.onnx.foreign.repair import Repaired, repair
from einthoven.onnx.foreign.running import Runtime, trial
from einthoven.onnx.foreign.statements import MAX_CLASSES, Statements, read_statements
from einthoven.onnx.metadata import SPEC_KEY
from einthoven.spec import Step
from einthoven.task import KINDS, Kind

if TYPE_CHECKING:
    import onnx

Layout = Literal["leads x samples", "samples x leads"]
Unit = Literal["mV", "uV", "V"]
Scaling = Literal["none", "z_score lead", "z_score record", "min_max lead", "min_max record"]
IMPORTED = "imported"
"""Name of the architecture of networks that were made from a graph; no entry of the registry."""
ORIGIN = "origin.onnx"
"""File beside a model: the graph it is trained on from (`origin`), where no architecture of ours describes it."""
LAYOUT_KEY = "einthoven_layout"
MAX_LEADS = 64
MAX_SAMPLES = 1_000_000
SLACK = 1e-4
CLEARLY_LONGER = 4
"""How many times longer than the other an axis is that must be the samples."""
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
FACTORS: Mapping[str, float] = {"mV": 1.0, "uV": 1000.0, "V": 0.001}


@dataclass(frozen=True, slots=True)
class ModelHints:
    """What a person says about a model that does not say it itself.

    Parameters
    ----------
    leads, rate, samples, layout
        Names in the order of the input; Hz; length and form of the input where the file leaves them open.
    unit
        In which the model wants the signal: `mV`, `uV` or `V`. No matter where it is scaled.
    scaling
        `none`: the signal as it is; z-score, or lowest value -1 and highest 1, per lead or over the whole record.
    band
        Hz from and to of the band-pass that the model's ECGs went through; None: none.
    class_names, kind, task
        Names in the order of the outputs; `single-label`, `multi-label` or `regression`; what it is asked.
    output
        Which output is the answer, where there are several.
    """

    leads: tuple[str, ...] | None = None
    rate: float | None = None
    samples: int | None = None
    layout: Layout | None = None
    unit: Unit | None = None
    scaling: Scaling | None = None
    band: tuple[float, float] | None = None
    class_names: tuple[str, ...] | None = None
    kind: Kind | None = None
    task: str = ""
    output: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in (
            ("layout", get_args(Layout)), ("unit", get_args(Unit)), ("scaling", get_args(Scaling)), ("kind", KINDS)
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise SettingError(f"{name} = {value!r} is not possible.", advice=f"Give one of {', '.join(allowed)}.")
        for name in ("leads", "class_names"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, str) or not all(isinstance(one, str) for one in value)):
                raise SettingError(f"{name} = {value!r} is not possible.", advice="Give a list of names.")
        if self.leads is not None:
            leads = canonical_leads(self.leads)
            if len(set(leads)) != len(leads):
                raise SettingError(f"The leads {' '.join(leads)} name one twice.", advice="Give each lead once.")
            object.__setattr__(self, "leads", leads)
        if self.rate is not None and not 10 <= self.rate <= 100_000:
            raise SettingError(f"rate = {self.rate:g} is not possible.", advice="Give the rate in Hz.")
        if self.samples is not None and (not isinstance(self.samples, int) or not 1 < self.samples <= MAX_SAMPLES):
            raise SettingError(f"samples = {self.samples} is not possible.", advice=f"Give 2 to {MAX_SAMPLES:,}.")
        if self.band is not None and not (len(self.band) == 2 and 0 < self.band[0] < self.band[1] < math.inf):
            raise SettingError(
                f"band = {self.band} is not possible.",
                advice="Give the lower and the upper limit in Hz, such as 0.5-40.",
            )
        for name in ("task", "output"):
            if not isinstance(getattr(self, name), str | None):
                raise SettingError(f"{name} = {getattr(self, name)!r} is not possible.", advice="Give a name.")
        names = self.class_names
        if names is not None and (not names or len(set(names)) != len(names) or not all(n.strip() for n in names)):
            raise SettingError("The class names must differ and not be empty.", advice="Give one name per output.")


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """What is known about a foreign model, from the file and the hints together.

    Parameters
    ----------
    input_name, layout, n_leads, n_samples
        The signal input; None where the file leaves it open and no hint says it.
    outputs, output
        Names of all outputs; the one that is the answer.
    n_outputs, kind, ending
        Classes; kind of task, from the last operator (`ending`: Softmax, LogSoftmax, Sigmoid, "" for none) or a hint.
    class_names, leads, rate, unit, scaling
        As stated or hinted.
    untrained
        Why this is an untrained model, "" otherwise: a starting point, not for prediction.
    trainable
        "" when a head was found; otherwise why the model can only predict.
    own
        Whether it carries this program's own description: then nothing needs to be said.
    said, warnings
        What was stated, assumed and repaired; what must be thought of before trusting an answer.
    missing
        Names of the hints (fields of `ModelHints`) that are needed before the model can be taken in.
    offers
        What is usual for a missing hint; an assumption until a person confirms it.
    """

    name: str
    input_name: str
    layout: Layout | None
    n_leads: int | None
    n_samples: int | None
    outputs: tuple[str, ...]
    output: str | None
    n_outputs: int | None
    kind: Kind | None
    ending: str
    class_names: tuple[str, ...] | None
    leads: tuple[str, ...] | None
    rate: float | None
    unit: str | None
    scaling: Scaling | None
    untrained: str
    trainable: str
    own: bool
    opset: int
    said: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    offers: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class _Form:
    """Form of the input: sizes without the batch (None: open), and what the two long axes are."""

    dims: tuple[int | None, ...]
    layout: Layout | None
    n_leads: int | None
    n_samples: int | None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Without open axes; None while something is open."""
        if self.n_leads is None or self.n_samples is None or self.layout is None:
            return None
        pair = [self.n_leads, self.n_samples]
        pair = pair if self.layout == "leads x samples" else pair[::-1]
        long = [i for i, size in enumerate(self.dims) if size != 1]
        if len(long) < len(pair):  # a single lead without an axis of its own, or with one of size 1
            pair = [n for n in pair if n != 1]
        shape = [1] * len(self.dims)
        for i, size in zip(long, pair, strict=True):
            shape[i] = size
        return tuple(shape)


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
    signal = _signal_input(model, name)
    form = _form(signal, name, hints)
    outputs = tuple(o.name for o in model.graph.output)
    output = _answer(model, name, hints)
    opened = None
    if form.shape is not None and output is not None:
        opened = _opened(model, name, form, output)
    return _described(name, model, stated, signal.name, form, outputs, output, opened, hints, own=own), opened


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


def require_complete(found: ForeignModel) -> None:
    """HintsNeeded naming everything that lacks, with what is usual."""
    if not found.missing:
        return
    words = [
        f"{hint} (usual: {_usual(found.offers[hint])})" if hint in found.offers else hint for hint in found.missing
    ]
    pairs = " ".join(f"{hint}=..." for hint in found.missing)
    raise HintsNeeded(
        f"{found.name} does not say everything that is needed to use it: {', '.join(words)}.",
        missing=found.missing,
        advice=f"Say what its makers state: {pairs}.",
    )


def _usual(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _signal_input(model: "onnx.ModelProto", name: str) -> "onnx.ValueInfoProto":
    import onnx

    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    if len(inputs) != 1:
        listed = ", ".join(repr(i.name) for i in inputs) or "none"
        _refuse(f"{name} takes {len(inputs)} inputs ({listed}); models with one signal input can be used.")
    signal: onnx.ValueInfoProto = inputs[0]
    if not signal.type.HasField("tensor_type"):
        _refuse(f"The input {signal.name!r} of {name} is no tensor but a sequence, a map or an optional value.")
    types = onnx.TensorProto
    if signal.type.tensor_type.elem_type not in (types.FLOAT, types.FLOAT16, types.DOUBLE, types.BFLOAT16):
        kind = types.DataType.Name(signal.type.tensor_type.elem_type)
        _refuse(f"The input {signal.name!r} of {name} takes {kind}; a signal needs floating-point numbers.")
    for other in model.graph.output:
        if not other.type.HasField("tensor_type"):
            _refuse(f"The output {other.name!r} of {name} is no tensor but a sequence, a map or an optional value.")
    return signal


def _form(signal: "onnx.ValueInfoProto", name: str, hints: ModelHints) -> _Form:
    if not signal.type.tensor_type.HasField("shape"):
        _refuse(f"The input {signal.name!r} of {name} has no stated form.")
    all_dims = [d.dim_value or None if d.HasField("dim_value") else None for d in signal.type.tensor_type.shape.dim]
    dims = tuple(all_dims[1:])
    long = [size for size in dims if size != 1]
    if not dims or len(long) > 2 or not long:
        _refuse(f"The input {signal.name!r} of {name} has {len(all_dims)} axes; (batch, leads, samples) is needed.")
    form = _Form(dims, "leads x samples", 1, long[0]) if len(long) == 1 else _of_two(dims, long, hints)
    n_leads, n_samples = form.n_leads, form.n_samples
    if n_samples is None:
        n_samples = hints.samples
    elif hints.samples not in (None, n_samples):
        raise SettingError(f"{name} takes {n_samples} samples; the hint says {hints.samples}.")
    if n_leads is None and hints.leads is not None:
        n_leads = len(hints.leads)
    if (n_leads or 0) > MAX_LEADS or (n_samples or 0) > MAX_SAMPLES:
        _refuse(f"{name} takes {n_leads} leads of {n_samples} samples; at most {MAX_LEADS} of {MAX_SAMPLES:,} can be.")
    return replace(form, n_leads=n_leads, n_samples=n_samples)


def _of_two(dims: tuple[int | None, ...], long: Sequence[int | None], hints: ModelHints) -> _Form:
    """Which of two axes are the leads: the clearly shorter one, or what the hint says."""
    a, b = long
    layout = hints.layout
    seen: Layout | None = None
    if a is not None and b is not None:
        seen = "leads x samples" if a * CLEARLY_LONGER <= b else "samples x leads" if b * CLEARLY_LONGER <= a else None
    elif _few(a) or _many(b):
        seen = "leads x samples"
    elif _few(b) or _many(a):
        seen = "samples x leads"
    layout = layout or seen
    if layout is None:
        return _Form(dims, None, None, None)
    return _Form(dims, layout, *((a, b) if layout == "leads x samples" else (b, a)))


def _few(size: int | None) -> bool:
    return size is not None and size <= MAX_LEADS


def _many(size: int | None) -> bool:
    return size is not None and size > MAX_LEADS


def _answer(model: "onnx.ModelProto", name: str, hints: ModelHints) -> str | None:
    """The answer among the outputs: the hinted one, the only one, or softmax or sigmoid of the other."""
    import onnx

    types = onnx.TensorProto
    floating = (types.FLOAT, types.FLOAT16, types.DOUBLE, types.BFLOAT16)
    able: list[str] = [o.name for o in model.graph.output if o.type.tensor_type.elem_type in floating]
    if hints.output is not None:
        if hints.output not in able:
            raise SettingError(
                f"{name} has no output {hints.output!r} of floating-point numbers.",
                advice=f"There are {', '.join(map(repr, able)) or 'none'}.",
            )
        return hints.output
    if not able:
        _refuse(f"{name} gives no floating-point numbers.")
    if len(able) == 1:
        return able[0]
    makers = {out: node for node in model.graph.node for out in node.output}
    endings = [
        out for out in able
        if out in makers and kind_of_ending(makers[out].op_type) and makers[out].input[0] in able
    ]  # fmt: skip
    return endings[0] if len(endings) == 1 and len(able) == 2 else None


def _opened(model: "onnx.ModelProto", name: str, form: _Form, output: str) -> Opened:
    shape = form.shape
    assert shape is not None and form.n_leads is not None and form.n_samples is not None
    repaired = repair(model, shape, output, name)
    _check_batches(repaired.model, shape, name)
    graph, ending = without_ending(read_graph(repaired.model, shape, name))
    answer = graph.shapes[graph.output]
    long = [n for n in answer[1:] if n != 1]
    if not answer or answer[0] != PROBE or len(long) > 1:
        _refuse(f"{name} answers {('batch', *answer[1:])}; one number per class and ECG is needed.")
    n_outputs = int(np.prod(answer[1:]))
    if not 0 < n_outputs <= MAX_CLASSES:
        _refuse(f"{name} gives {n_outputs} numbers per ECG; 1 to {MAX_CLASSES} classes can be used.")
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
        _refuse(f"{name} does not give one answer per ECG: for {len(x)} ECGs its answer has shape {together.shape}.")
    if not np.allclose(np.concatenate(alone), together, rtol=1e-3, atol=1e-3, equal_nan=True):
        _refuse(f"{name} answers differently when other ECGs are in the batch.")


def _described(
    name: str,
    model: "onnx.ModelProto",
    stated: Statements,
    input_name: str,
    form: _Form,
    outputs: tuple[str, ...],
    output: str | None,
    opened: Opened | None,
    hints: ModelHints,
    *,
    own: bool,
) -> ForeignModel:
    said = [*stated.said, *(opened.repaired.said if opened else ())]
    names = _class_names(name, stated, opened, hints, said)
    ending = opened.ending if opened else ""
    kind = _kind(name, opened, hints)
    leads = hints.leads or stated.leads
    if leads is not None and form.n_leads is not None and len(leads) != form.n_leads:
        raise SettingError(
            f"{name} takes {form.n_leads} leads; {len(leads)} are named ({' '.join(leads)}).",
            advice=f"Name {form.n_leads} leads, in the order of the input.",
        )
    scaling = hints.scaling or ("none" if stated.standardiser == "none" else None)
    if stated.standardiser not in (None, "none"):
        said.append(f"The file states the standardiser {stated.standardiser!r}.")
    untrained = _untrained(stated, opened)
    warnings = _warnings(opened, kind, untrained)
    found = ForeignModel(
        name=name, input_name=input_name, layout=form.layout, n_leads=form.n_leads, n_samples=form.n_samples,
        outputs=outputs, output=output, n_outputs=opened.n_outputs if opened else None, kind=kind, ending=ending,
        class_names=names, leads=leads, rate=hints.rate or stated.rate, unit=hints.unit or stated.unit,
        scaling=scaling, untrained=untrained, trainable=opened.why_no_head if opened else "", own=own,
        opset=max((entry.version for entry in model.opset_import), default=0),
        said=tuple(said), warnings=tuple(warnings),
    )  # fmt: skip
    missing = () if own else _missing(found)
    return replace(found, missing=missing, offers=_offers(found, missing))


def _class_names(
    name: str, stated: Statements, opened: Opened | None, hints: ModelHints, said: list[str]
) -> tuple[str, ...] | None:
    """The hinted or stated names; stated ones of another number than answers are not used, and that is said."""
    names = hints.class_names or stated.class_names
    if opened is None or names is None or len(names) == opened.n_outputs:
        return names
    if hints.class_names is not None:
        raise SettingError(
            f"{name} gives {opened.n_outputs} answers; {len(names)} class names were given.",
            advice=f"Give {opened.n_outputs} names.",
        )
    said.append(f"The file names {len(names)} classes, but the graph gives {opened.n_outputs} answers.")
    return None


def _kind(name: str, opened: Opened | None, hints: ModelHints) -> Kind | None:
    """What the end of the graph says, else the hint; refused where both differ or the answers cannot be logits."""
    if opened is None:
        return hints.kind
    kind = kind_of_ending(opened.ending)
    if kind == "single-label" and opened.n_outputs == 1:
        _refuse(f"{name} gives one answer through {opened.ending}, which is always 1.")
    if kind is not None and hints.kind not in (None, kind):
        raise SettingError(f"{name} ends with {opened.ending}: it is {kind}, not {hints.kind}.")
    kind = kind or hints.kind
    if opened.like_probabilities and kind != "regression":
        _refuse(
            f"The answers of {name} are probabilities already ({opened.like_probabilities}), but no softmax or sigmoid "
            "stands at the end that could be taken off."
        )
    if kind == "regression" and opened.n_outputs != 1:
        raise SettingError(
            f"{name} gives {opened.n_outputs} answers; a regression has one.", advice="Choose single- or multi-label."
        )
    return kind


def _warnings(opened: Opened | None, kind: Kind | None, untrained: str) -> list[str]:
    """What must be thought of before an answer is trusted."""
    found = [f"{untrained} It is a starting point for training, not for prediction."] if untrained else []
    if opened is None or kind == "regression":
        return found
    if kind == "multi-label" and not opened.ending and _never_negative(opened):
        found.append(
            "Its answers never fall below 0, so no class of a multi-label task can get a probability below one "
            "half: it was probably trained as single-label, or its answers are no logits."
        )
    if opened.within_one:
        found.append(
            "All its answers to random input lay between 0 and 1: if it gives probabilities, do not use it as it is; "
            "here they are taken as logits."
        )
    return found


def _never_negative(opened: Opened) -> bool:
    return opened.head is not None and never_negative(opened.graph, opened.head)


def _untrained(stated: Statements, opened: Opened | None) -> str:
    if stated.placeholders:
        return f"Its class names are placeholders ({', '.join(stated.class_names or ())}): it has learned nothing yet."
    if opened is None:
        return ""
    norms = [node for node in opened.graph.nodes if node.op == "BatchNormalization"]
    constants = opened.graph.constants
    as_new = [
        not constants[node.inputs[3]].any() and bool((constants[node.inputs[4]] == 1).all())
        for node in norms
        if node.inputs[3] in constants and node.inputs[4] in constants
    ]
    if as_new and all(as_new):
        return "Its batch normalisations have never seen an ECG (mean 0, variance 1): it has learned nothing yet."
    return ""


def _missing(found: ForeignModel) -> tuple[str, ...]:
    needed: dict[str, object] = {
        "layout": found.layout,
        "samples": found.n_samples,
        "output": found.output,
        "leads": found.leads,
        "rate": found.rate,
        "scaling": found.scaling,
        # Scaling takes the unit away.
        "unit": found.unit if found.scaling in (None, "none") else "any",
        "class_names": found.class_names,
        "kind": found.kind,
    }
    return tuple(name for name, value in needed.items() if value is None)


def _offers(found: ForeignModel, missing: Sequence[str]) -> Mapping[str, Any]:
    usual: dict[str, Any] = {"unit": "mV", "scaling": "none", "layout": "leads x samples"}
    if found.n_leads in (12, 8):
        usual["leads"] = STANDARD_12 if found.n_leads == 12 else EIGHT
    if found.untrained:
        usual |= {"kind": "single-label", "scaling": "z_score lead"}
    return {name: usual[name] for name in missing if name in usual}


def scaling_step(scaling: Scaling, unit: str | None) -> Step | None:
    """The last step of the model's description: what happens to millivolts inside its graph."""
    if scaling == "none":
        factor = FACTORS[unit or "mV"]
        return None if factor == 1.0 else Step("multiply", {"factor": factor})
    name, over = scaling.split(" ")
    return Step(name, {"over": over})


def hints_from_json(data: Mapping[str, Any]) -> ModelHints:
    """Hints as a form sends them; SettingError names what is unknown or impossible."""
    known = {f.name for f in fields(ModelHints)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise SettingError(f"There is no hint {', '.join(map(repr, unknown))}.", advice=f"There are {sorted(known)}.")
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    try:
        return ModelHints(**given)
    except (TypeError, ValueError, AttributeError) as error:
        raise SettingError(f"The hints cannot be read: {error}.") from error


def _refuse(message: str) -> NoReturn:
    raise IncompatibleModel(message, advice=ADVICE_OF_EXPORT)
