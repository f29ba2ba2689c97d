"""What the signature of a graph states: the form of its input and which output is its answer. Free of torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from einthoven.errors import SettingError
from einthoven.onnx.foreign.head import kind_of_ending
from einthoven.onnx.foreign.hints import Layout, ModelHints
from einthoven.onnx.foreign.limits import MAX_LEADS, MAX_SAMPLES, refuse

if TYPE_CHECKING:
    import onnx

CLEARLY_LONGER = 4
"""How many times longer than the other an axis is that must be the samples."""


@dataclass(frozen=True, slots=True)
class Form:
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


def signal_input(model: "onnx.ModelProto", name: str) -> "onnx.ValueInfoProto":
    import onnx

    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    if len(inputs) != 1:
        listed = ", ".join(repr(i.name) for i in inputs) or "none"
        refuse(f"{name} takes {len(inputs)} inputs ({listed}); models with one signal input can be used.")
    signal: onnx.ValueInfoProto = inputs[0]
    if not signal.type.HasField("tensor_type"):
        refuse(f"The input {signal.name!r} of {name} is no tensor but a sequence, a map or an optional value.")
    types = onnx.TensorProto
    if signal.type.tensor_type.elem_type not in (types.FLOAT, types.FLOAT16, types.DOUBLE, types.BFLOAT16):
        kind = types.DataType.Name(signal.type.tensor_type.elem_type)
        refuse(f"The input {signal.name!r} of {name} takes {kind}; a signal needs floating-point numbers.")
    for other in model.graph.output:
        if not other.type.HasField("tensor_type"):
            refuse(f"The output {other.name!r} of {name} is no tensor but a sequence, a map or an optional value.")
    return signal


def form_of(signal: "onnx.ValueInfoProto", name: str, hints: ModelHints) -> Form:
    if not signal.type.tensor_type.HasField("shape"):
        refuse(f"The input {signal.name!r} of {name} has no stated form.")
    all_dims = [d.dim_value or None if d.HasField("dim_value") else None for d in signal.type.tensor_type.shape.dim]
    dims = tuple(all_dims[1:])
    long = [size for size in dims if size != 1]
    if not dims or len(long) > 2 or not long:
        refuse(f"The input {signal.name!r} of {name} has {len(all_dims)} axes; (batch, leads, samples) is needed.")
    form = Form(dims, "leads x samples", 1, long[0]) if len(long) == 1 else _of_two(dims, long, hints)
    n_leads, n_samples = form.n_leads, form.n_samples
    if n_samples is None:
        n_samples = hints.samples
    elif hints.samples not in (None, n_samples):
        raise SettingError(f"{name} takes {n_samples} samples; the hint says {hints.samples}.")
    if n_leads is None and hints.leads is not None:
        n_leads = len(hints.leads)
    if (n_leads or 0) > MAX_LEADS or (n_samples or 0) > MAX_SAMPLES:
        refuse(f"{name} takes {n_leads} leads of {n_samples} samples; at most {MAX_LEADS} of {MAX_SAMPLES:,} can be.")
    return replace(form, n_leads=n_leads, n_samples=n_samples)


def _of_two(dims: tuple[int | None, ...], long: Sequence[int | None], hints: ModelHints) -> Form:
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
        return Form(dims, None, None, None)
    return Form(dims, layout, *((a, b) if layout == "leads x samples" else (b, a)))


def _few(size: int | None) -> bool:
    return size is not None and size <= MAX_LEADS


def _many(size: int | None) -> bool:
    return size is not None and size > MAX_LEADS


def answer_of(model: "onnx.ModelProto", name: str, hints: ModelHints) -> str | None:
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
        refuse(f"{name} gives no floating-point numbers.")
    if len(able) == 1:
        return able[0]
    makers = {out: node for node in model.graph.node for out in node.output}
    endings = [
        out for out in able
        if out in makers and kind_of_ending(makers[out].op_type) and makers[out].input[0] in able
    ]  # fmt: skip
    return endings[0] if len(endings) == 1 and len(able) == 2 else None
