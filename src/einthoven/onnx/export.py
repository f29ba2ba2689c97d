"""From a trained network to one ONNX file that computes the same. Imports torch: import it on use."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from einthoven.errors import ExportFailed
from einthoven.files import write_whole
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.models.networks.ensemble import Ensemble
from einthoven.models.networks.standardising import NaturalUnit
from einthoven.onnx.metadata import EXTRA_KEY, SPEC_KEY, as_json
from einthoven.onnx.unfolded import tidy
from einthoven.spec import ModelSpec

if TYPE_CHECKING:
    import onnx

INPUT, SUBJECT = "ecg", "subject"
OPSET = 20
TOLERANCE = 1e-4
NOISY_LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export", "torch._dynamo")


@dataclass(frozen=True, slots=True)
class Parity:
    """Largest difference between torch and the exported graph over `n` inputs.

    On the ECGs that the caller gives, all outputs are compared as they are. On random trial input, which
    can drive logits into the hundreds, where float32 does not resolve 1e-4, a logit larger than 1 is
    compared in proportion to its size. For
    regression `max_difference_logits` is that of the values, in units of the training targets'
    standard deviation, and there are no probabilities (None).
    """

    max_difference_logits: float
    max_difference_probabilities: float | None
    n: int


class WithProbabilities(nn.Module):
    """A classifier that answers `(logits, probabilities)`: softmax over classes, or a sigmoid for each."""

    def __init__(self, network: nn.Module, *, exclusive: bool) -> None:
        super().__init__()
        self.network = network
        self.exclusive = exclusive

    def forward(self, ecg: Tensor, subject: Tensor | None = None) -> tuple[Tensor, Tensor]:
        logits = self.network(ecg, subject)
        return logits, torch.softmax(logits, dim=1) if self.exclusive else torch.sigmoid(logits)


def input_names(spec: ModelSpec) -> tuple[str, ...]:
    """`("ecg",)`, and `"subject"` where the model is told of one."""
    return (INPUT, SUBJECT) if spec.subject else (INPUT,)


def output_names(spec: ModelSpec) -> tuple[str, ...]:
    """`("values",)` for regression, else `("logits", "probabilities")`."""
    return ("values",) if spec.kind == "regression" else ("logits", "probabilities")


def export(
    network: EcgNetwork | Ensemble,
    spec: ModelSpec,
    path: Path,
    *,
    extra_metadata: Mapping[str, Any] | None = None,
    inputs: npt.NDArray[np.float32] | None = None,
    subjects: npt.NDArray[np.float32] | None = None,
    folded: bool = True,
) -> Parity:
    """Write `network` as ONNX to `path` when, and only when, the graph computes what torch computes.

    Parameters
    ----------
    extra_metadata
        Statistics to travel with the model, as JSON under the metadata key `einthoven_extra`.
    inputs
        Real ECGs `(n, leads, samples)` to compare on, besides random ones with gaps and flat leads.
    subjects
        What a model that is told of the subject is told with them, `(n, inputs)`.
    folded
        Whether batch normalisation may be folded into convolutions; else the graph holds every weight as it is.

    Raises
    ------
    ExportFailed
        When torch cannot write the graph or an output differs by more than 1e-4; no file is left.
    """
    network = network.eval()
    whole: nn.Module = network
    if spec.kind != "regression":
        whole = WithProbabilities(network, exclusive=spec.kind == "single-label").eval()
    model = _graph(whole, spec, folded=folded)
    _describe(model, spec, extra_metadata or {})
    content = model.SerializeToString()
    parity = _compare(whole, content, spec, None if inputs is None else (inputs, subjects), scale=_scale(network))
    write_whole(path, content)
    return parity


def _graph(whole: nn.Module, spec: ModelSpec, *, folded: bool) -> "onnx.ModelProto":
    chance = torch.Generator().manual_seed(0)
    examples = [torch.randn(2, len(spec.leads), spec.n_samples, generator=chance)]
    if spec.subject:
        examples.append(torch.rand(2, len(spec.subject), generator=chance))
    batch = torch.export.Dim("batch")
    with _quiet():
        try:
            program = torch.onnx.export(
                whole,
                tuple(examples),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(input_names(spec)),
                output_names=list(output_names(spec)),
                dynamic_shapes=tuple({0: batch} for _ in examples),
                external_data=False,
                verbose=False,
                optimize=folded,
            )
            if not folded and program is not None:
                tidy(program.model)
        except (torch.onnx.OnnxExporterError, RuntimeError, ValueError, TypeError) as error:
            raise ExportFailed(f"torch cannot write this network as ONNX: {error}") from error
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    opset = max(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset > OPSET:
        raise ExportFailed(f"torch wrote opset {opset}; at most {OPSET} is allowed.")
    return model


def _describe(model: "onnx.ModelProto", spec: ModelSpec, extra: Mapping[str, Any]) -> None:
    """Our metadata in, the exporter's out: it records source paths of the machine in every node."""
    model.producer_name = "einthoven"
    model.ClearField("producer_version")
    model.doc_string = model.graph.doc_string = ""
    graph = model.graph
    values = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for part in (model, graph, *graph.node, *values, *model.functions):
        del part.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
    for key, value in ((SPEC_KEY, spec.to_json()), (EXTRA_KEY, extra)):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, as_json(value)


Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]


def _compare(whole: nn.Module, content: bytes, spec: ModelSpec, given: Batch | None, *, scale: float) -> Parity:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    batches = [(batch, True) for batch in _trial_batches(spec)]
    if given is not None:
        ecgs, subjects = given
        for start in range(0, len(ecgs), 32):
            part = slice(start, start + 32)
            batches.append(((ecgs[part], None if subjects is None else subjects[part]), False))
    names = output_names(spec)
    largest = dict.fromkeys(names, 0.0)
    for batch, relative in batches:
        fed = [np.ascontiguousarray(one, dtype=np.float32) for one in batch if one is not None]
        answers = session.run(list(names), dict(zip(input_names(spec), fed, strict=True)))
        with torch.no_grad():
            wanted = whole(*map(torch.from_numpy, fed))
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        for name, ours, theirs in zip(names, answers, wanted, strict=True):
            difference = _difference(ours / scale, theirs.numpy() / scale, relative=relative)
            largest[name] = max(largest[name], difference) if np.isfinite(difference) else float("inf")
    too_far = {name: value for name, value in largest.items() if not value <= TOLERANCE}
    if too_far:
        words = ", ".join(f"{name} by {value:.2g}" for name, value in too_far.items())
        raise ExportFailed(
            f"The exported graph differs from the network: {words}; at most {TOLERANCE:g} is allowed.",
            advice="No file was written. Please report this with the architecture's name.",
        )
    return Parity(largest[names[0]], largest.get("probabilities"), sum(len(ecgs) for (ecgs, _), _ in batches))


def _difference(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32], *, relative: bool) -> float:
    """Largest difference; with `relative`, beyond 1 in size, in proportion to it, as float32 itself is exact."""
    size = np.maximum(1.0, np.abs(theirs)) if relative else 1.0
    return float((np.abs(ours - theirs) / size).max())


def _trial_batches(spec: ModelSpec) -> list[Batch]:
    """Random ECGs in batches of 1 and 3: offsets and sizes that differ by lead, absent samples, a flat lead.

    A model that is told of the subject is told known and unknown things.
    """
    rng = np.random.default_rng(0)
    shape = (len(spec.leads), spec.n_samples)

    def some(n: int) -> npt.NDArray[np.float32]:
        size, offset = rng.uniform(0.05, 3, (n, shape[0], 1)), rng.normal(0, 1, (n, shape[0], 1))
        return (rng.normal(0, 1, (n, *shape)) * size + offset).astype(np.float32)

    padded, flat, sparse = some(3), some(3), some(1)
    padded[1, :, spec.n_samples // 2 :] = np.nan
    flat[0, 0] = 0.5
    sparse[rng.random(sparse.shape) < 0.1] = np.nan
    subjects = np.array([[70.0, 1.0], [np.nan, 0.0], [30.0, np.nan]], np.float32)[:, : len(spec.subject)]
    ecgs = [some(1), some(3), padded, flat, sparse]
    return [(batch, subjects[: len(batch)] if spec.subject else None) for batch in ecgs]


def _scale(network: EcgNetwork | Ensemble) -> float:
    return float(network.unit.scale.max()) if isinstance(network.unit, NaturalUnit) else 1.0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter prints its progress and warns about itself; none of it concerns the user."""
    levels = {name: logging.getLogger(name).level for name in NOISY_LOGGERS}
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
