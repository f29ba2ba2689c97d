"""Answers of a model file, through onnxruntime only: nothing in the file is executed but its graph."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError, IncompatibleModel, NotFound, RecordError, SettingError
from einthoven.onnx.foreign import limits
from einthoven.onnx.metadata import EXTRA_KEY, SPEC_KEY
from einthoven.spec import ModelSpec

if TYPE_CHECKING:
    import onnx

INPUT, SUBJECT = "ecg", "subject"
CHUNK = 32
LARGEST_OPSET = 20


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A model's answers for a batch.

    `values`: float32 `(n, classes)` of probabilities, or `(n, 1)` in the natural unit (regression).
    `logits`: float32 `(n, classes)`, None for regression.
    """

    logits: npt.NDArray[np.float32] | None
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What a model file says about itself."""

    spec: ModelSpec
    extra: Mapping[str, Any]
    opset: int


class Predictor:
    """A loaded ONNX model. May be used from several threads at once.

    Parameters
    ----------
    source
        The file, or its content.
    threads
        CPU threads for one batch; None leaves onnxruntime's default, one per core.
    device
        `cuda` needs the GPU build of onnxruntime; `cpu` works anywhere.

    Raises
    ------
    NotFound, FormatError, IncompatibleModel
        When there is no such file, it is no ONNX model, or it is none of ours.
    """

    def __init__(
        self, source: Path | str | bytes, *, threads: int | None = None, device: Literal["cpu", "cuda"] = "cpu"
    ) -> None:
        source = Path(source) if isinstance(source, str) else source
        self.name = str(source) if isinstance(source, Path) else "the model"
        content = _content(source)
        description = _describe(content, self.name)
        self.spec = description.spec
        self.extra = description.extra
        self.opset = description.opset
        self._outputs = ("values",) if self.spec.kind == "regression" else ("logits", "probabilities")
        self._session = _session(content, self.name, threads=threads, device=device)

    def run(self, batch: npt.NDArray[np.floating], subjects: npt.NDArray[np.floating] | None = None) -> Scores:
        """Answers for float32 `(n, leads, samples)` as `tensors.prepare` makes them; NaN = absent sample.

        `subjects` `(n, inputs)`: what the model is told of each person (`spec.subject`), NaN = unknown. Without it a
        model that could be told is told that nothing is known.

        Raises
        ------
        IncompatibleModel
            When the shape is not the model's.
        RecordError
            When an ECG holds infinite values or no sample at all, or the model answers no number.
        """
        leads, samples = len(self.spec.leads), self.spec.n_samples
        if batch.ndim != 3 or batch.shape[1:] != (leads, samples):
            raise IncompatibleModel(
                f"The model takes (n, {leads} leads, {samples} samples); this batch has shape {batch.shape}.",
                advice="Bring records into the model's form with tensors.prepare.",
            )
        if not np.isfinite(batch).all():
            _require_samples(batch)
        told = self._told(len(batch), subjects)
        parts = [self._run_chunk(batch[k : k + CHUNK], told[k : k + CHUNK]) for k in range(0, len(batch), CHUNK)]
        if not parts:
            parts = [[np.empty((0, len(self.spec.classes)), dtype=np.float32) for _ in self._outputs]]
        outputs = [np.concatenate(column) for column in zip(*parts, strict=True)]
        bad = np.flatnonzero(~np.isfinite(outputs[-1]).all(axis=1))
        if bad.size:
            raise RecordError(f"The model's answer for ECG {int(bad[0])} of the batch is no number.")
        return Scores(outputs[0] if len(outputs) == 2 else None, outputs[-1])

    def _told(self, n: int, subjects: npt.NDArray[np.floating] | None) -> npt.NDArray[np.float32]:
        wanted = (n, len(self.spec.subject))
        if subjects is None:
            return np.full(wanted, np.nan, np.float32)
        if subjects.shape != wanted:
            raise IncompatibleModel(
                f"The model is told {', '.join(self.spec.subject) or 'nothing'} of each person: {wanted} numbers, "
                f"not {subjects.shape}."
            )
        return np.ascontiguousarray(subjects, dtype=np.float32)

    def _run_chunk(
        self, chunk: npt.NDArray[np.floating], told: npt.NDArray[np.float32]
    ) -> list[npt.NDArray[np.float32]]:
        feed = {INPUT: np.ascontiguousarray(chunk, dtype=np.float32)}
        if self.spec.subject:
            feed[SUBJECT] = told
        answers: list[npt.NDArray[np.float32]] = self._session.run(list(self._outputs), feed)
        return answers


def _require_samples(batch: npt.NDArray[np.floating]) -> None:
    """RecordError where an ECG holds infinite values or no sample at all."""
    if np.isinf(batch).any():
        raise RecordError("The batch holds infinite values.", advice="Mark missing samples with NaN.")
    empty = np.flatnonzero(np.isnan(batch).all(axis=(1, 2)))
    if empty.size:
        raise RecordError(f"ECG {int(empty[0])} of the batch holds no sample: there is nothing to predict from.")


def read_description(source: Path | bytes) -> ModelDescription:
    """What a model file says about itself, without loading its graph into a runtime."""
    return _describe(_content(source), str(source) if isinstance(source, Path) else "the model")


def _content(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    if not source.is_file():
        raise NotFound(f"There is no model file {source}.")
    return source.read_bytes()


def _describe(content: bytes, name: str) -> ModelDescription:
    model = _parse(content, name)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if SPEC_KEY not in metadata:
        raise _made_elsewhere(name)
    spec = ModelSpec.from_json(_json(metadata[SPEC_KEY], name))
    extra = _json(metadata.get(EXTRA_KEY, "{}"), name)
    if not isinstance(extra, dict):
        raise FormatError(f"{name}: the metadata {EXTRA_KEY!r} is damaged.")
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)
    if opset > LARGEST_OPSET:
        raise IncompatibleModel(f"{name} has opset {opset}; at most {LARGEST_OPSET} is supported.")
    _check_graph(model, spec, name)
    return ModelDescription(spec, extra, opset)


def _made_elsewhere(name: str) -> IncompatibleModel:
    return IncompatibleModel(
        f"{name} is an ONNX model, but it does not say what it takes and answers: the metadata {SPEC_KEY!r} is "
        "missing.",
        advice="Take it in first and say what it leaves unsaid: on the page Models, or with "
        "`einthoven models take-in FILE`.",
    )


def _parse(content: bytes, name: str) -> "onnx.ModelProto":
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if not content:
        raise FormatError(f"{name} is empty.")
    try:
        model = onnx.load_model_from_string(content)
        # Before the checker, which refuses what taking in repairs.
        if model.graph.node and all(entry.key != SPEC_KEY for entry in model.metadata_props):
            raise _made_elsewhere(name)
        limits.check(model, name)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise FormatError(
            f"{name} is no intact ONNX model ({first_line[:200]}).", advice="Get the file again."
        ) from error
    return model


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"{name}: its description is damaged ({error}).") from error


def _check_graph(model: "onnx.ModelProto", spec: ModelSpec, name: str) -> None:
    """The graph must take and answer what the description says."""
    weights = {entry.name for entry in model.graph.initializer}
    inputs = {i.name: _shape(i) for i in model.graph.input if i.name not in weights}
    outputs = {o.name: _shape(o) for o in model.graph.output}
    takes = (len(spec.leads), spec.n_samples)
    wanted_inputs = {INPUT: takes, **({SUBJECT: (len(spec.subject),)} if spec.subject else {})}
    if {key: shape[1:] for key, shape in inputs.items()} != wanted_inputs:
        raise IncompatibleModel(f"{name} takes {inputs}; its description says {wanted_inputs} for each ECG.")
    for wanted in ("values",) if spec.kind == "regression" else ("logits", "probabilities"):
        if wanted not in outputs or outputs[wanted][1:] != (len(spec.classes),):
            raise IncompatibleModel(
                f"{name} answers {outputs}; its description says {wanted!r} of (n, {len(spec.classes)})."
            )


def _shape(value: "onnx.ValueInfoProto") -> tuple[int | None, ...]:
    return tuple(d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim)


def _session(content: bytes, name: str, *, threads: int | None, device: str) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        if threads < 1:
            raise SettingError(f"threads = {threads} is not possible.", advice="Give a whole number from 1.")
        options.intra_op_num_threads = threads
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise SettingError(
                "This onnxruntime cannot use a GPU.", advice="Install onnxruntime-gpu, or predict on the CPU."
            )
        providers.insert(0, "CUDAExecutionProvider")
    refusals = (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.InvalidArgument, state.NotImplemented)
    try:
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except refusals as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise FormatError(f"{name} cannot be run ({first_line[:300]}).") from error
