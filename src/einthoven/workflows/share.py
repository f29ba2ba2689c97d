"""Models as people see them, as files to give away, and as files that were given."""

import io
import json
import tempfile
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, InputError, SettingError
from einthoven.infer import INPUT, Predictor
from einthoven.models.weights import read_weights_info
from einthoven.onnx.foreign.inspecting import (
    IMPORTED,
    ORIGIN,
    ForeignModel,
    ModelHints,
    Opened,
    Scaling,
    examine,
    origin,
    require_complete,
    stated_keys,
)
from einthoven.onnx.metadata import SPEC_KEY
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Model
from einthoven.workflows.model_origin import mapping_of, origin_of
from einthoven.workflows.train import require_torch
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

MAX_MODEL_BYTES = 512 * 2**20
SPEC, STATISTICS, README = "spec.json", "statistics.json", "README.txt"
BUNDLE_MEMBERS = (GRAPH, WEIGHTS, ORIGIN, SPEC, STATISTICS, README)

_README = """{name} - a model for 12-lead ECGs, made with Einthoven. Research use only, not a medical device.

model.onnx           the model: input `ecg`, float32 (batch, {leads} leads, {samples} samples at {rate:g} Hz);
                     {outputs}. Its metadata (`einthoven`) repeats spec.json.
spec.json            leads, rate, standardising steps before the model, classes, thresholds
statistics.json      what it learned from (numbers only), loss and F1 of each epoch, validation
weights.safetensors  weights for further training in Einthoven (absent for models without)
{imported}{simulated}"""


def views(workspace: Workspace) -> list[ModelView]:
    """All models, newest first."""
    return [_view(workspace, model) for model in workspace.models.models()]


def view(workspace: Workspace, name: str) -> ModelView:
    return _view(workspace, workspace.models.model(name))


def exported(workspace: Workspace, name: str, *, form: Literal["onnx", "bundle"]) -> tuple[str, bytes]:
    """File name and content of a model to give away. Holds no records, no file names, no subjects."""
    model = workspace.models.model(name)
    graph = workspace.models.graph(name).read_bytes()
    if form == "onnx":
        return f"{_file_name(name)}.onnx", graph
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(GRAPH, graph)
        weights = workspace.models.file(name, WEIGHTS)
        if weights is not None:
            bundle.writestr(WEIGHTS, weights.read_bytes())
        made_elsewhere = workspace.models.file(name, ORIGIN)
        if made_elsewhere is not None:
            bundle.writestr(ORIGIN, made_elsewhere.read_bytes())
        bundle.writestr(SPEC, json.dumps(model.spec.to_json(), indent=1, ensure_ascii=False))
        bundle.writestr(STATISTICS, json.dumps(model.statistics, indent=1, ensure_ascii=False))
        bundle.writestr(README, _readme(model))
    return f"{_file_name(name)}.zip", buffer.getvalue()


def graph_in(path: Path) -> bytes:
    """The graph of a model file: the one in a bundle, or the file itself."""
    with tempfile.TemporaryDirectory() as folder:
        files, _ = _unpacked(path.name, path.read_bytes(), Path(folder))
        return files[GRAPH].read_bytes()


def content_of(path: Path) -> bytes:
    """The content of a model file; InputError when it cannot be read, or is too large."""
    try:
        check_size(path.name, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", advice="Give the path of an .onnx file or a bundle."
        ) from error


def inspected(file_name: str, data: bytes, hints: ModelHints | None = None) -> ForeignModel:
    """What a model file is, and which hints it needs (`missing`, `offers`); nothing is kept.

    A model of ours (`own`) needs none.

    Raises
    ------
    FormatError, IncompatibleModel, InputError
        When it cannot be used.
    """
    check_size(file_name, len(data))
    with tempfile.TemporaryDirectory() as folder:
        files, _ = _unpacked(file_name, data, Path(folder))
        content = files[GRAPH].read_bytes()
        if content and SPEC_KEY in stated_keys(content, file_name):
            _refuse_hints(file_name, hints)
            return _own(file_name, _opened(file_name, files[GRAPH]))
        return examine(content, file_name, hints or ModelHints())[0]


def _own(file_name: str, predictor: Predictor) -> ForeignModel:
    """A model of ours in the same words: its description says everything."""
    spec = predictor.spec
    scaled = spec.steps[-1]
    scaling = f"{scaled.name} {scaled.parameters.get('over')}"
    origin = origin_of(predictor.extra)
    output = "values" if spec.kind == "regression" else "probabilities"
    return ForeignModel(
        name=file_name, input_name=INPUT, layout="leads x samples", n_leads=len(spec.leads), n_samples=spec.n_samples,
        outputs=(output,), output=output, n_outputs=len(spec.classes), kind=spec.kind, ending="",
        class_names=spec.class_names, leads=spec.leads, rate=spec.rate, unit="mV",
        scaling=next((known for known in get_args(Scaling) if known == scaling), "none"),
        untrained=origin.untrained, trainable="", own=True, opset=predictor.opset, said=tuple(map(str, spec.steps)),
        warnings=origin.warnings,
    )  # fmt: skip


def take_in(
    workspace: Workspace, file_name: str, data: bytes, *, name: str | None = None, hints: ModelHints | None = None
) -> ModelView:
    """Put a model file (`.onnx` or bundle) on the shelf. Nothing in it is executed but the graph, by onnxruntime.

    A graph that was made elsewhere is repaired, converted, compared with what onnxruntime computes, and written again
    with this program's input, outputs and description; `hints` say what it does not.

    Raises
    ------
    FormatError
        When it is neither, damaged, or too large.
    HintsNeeded
        When a graph that was made elsewhere does not say enough; `missing` names the fields of `ModelHints`.
    IncompatibleModel
        When the graph cannot be used, or cannot be converted.
    MissingDependency
        When a graph that was made elsewhere is to be converted and PyTorch is not installed.
    """
    check_size(file_name, len(data))
    with tempfile.TemporaryDirectory() as folder:
        files, statistics = _unpacked(file_name, data, Path(folder))
        content = files[GRAPH].read_bytes()
        if content and SPEC_KEY not in stated_keys(content, file_name):
            statistics = _rewritten(file_name, content, hints or ModelHints(), files, Path(folder))
        else:
            _refuse_hints(file_name, hints)
        predictor = _opened(file_name, files[GRAPH])
        spec = predictor.spec
        # A bare graph carries the same statistics in its metadata.
        statistics = _checked_statistics(file_name, statistics or dict(predictor.extra))
        architecture = _architecture(files, spec)
        if WEIGHTS not in files and ORIGIN not in files and _has_head(file_name, files[GRAPH], spec):
            files[ORIGIN] = files[GRAPH]
        taken = workspace.models.add(
            workspace.models.free_name(name or Path(file_name).stem),
            spec,
            files,
            architecture=architecture,
            base=None,
            trained_on=None,
            n_train=_whole(statistics.get("n_train")),
            parameters=_whole(statistics.get("parameters")),
            simulated=statistics.get("simulated") is True,
            statistics=statistics,
        )
    return _view(workspace, taken)


def _refuse_hints(file_name: str, hints: ModelHints | None) -> None:
    given = [name for name, value in asdict(hints or ModelHints()).items() if value not in (None, "")]
    if given:
        raise SettingError(
            f"{file_name} describes itself: nothing need be said about its {', '.join(given)}.",
            advice="Leave the hints out.",
        )


def _has_head(file_name: str, graph: Path, spec: ModelSpec) -> bool:
    """Whether a bare graph of ours can be trained on from, as far as can be told without converting it."""
    output = "values" if spec.kind == "regression" else "logits"
    try:
        _, opened = examine(graph.read_bytes(), file_name, ModelHints(output=output, leads=spec.leads))
    except EinthovenError:
        return False
    return opened is not None and opened.head is not None


def check_size(file_name: str, size: int) -> None:
    """InputError when a model file of so many bytes is too large."""
    if size > MAX_MODEL_BYTES:
        raise InputError(f"{file_name} has {size >> 20} MB; models up to {MAX_MODEL_BYTES >> 20} MB are taken in.")


def _rewritten(
    file_name: str, content: bytes, hints: ModelHints, files: dict[str, Path], folder: Path
) -> dict[str, Any]:
    """Replace the foreign graph in `files` by our form of it, put the graph to go on from beside it; statistics."""
    require_torch()
    from einthoven.onnx.export import export
    from einthoven.onnx.foreign.network import foreign_network, spec_of

    found, opened = examine(content, file_name, hints)
    require_complete(found)
    assert opened is not None
    spec = spec_of(found, hints)
    network, differs = foreign_network(opened, found, spec)
    statistics = {
        "parameters": sum(parameter.numel() for parameter in network.core.parameters()),
        "imported": _what_was_said(found, opened, hints, differs),
    }
    # Weights beside a foreign graph are of no known network.
    files.clear()
    files[GRAPH] = folder / "rewritten.onnx"
    parity = export(network, spec, files[GRAPH], extra_metadata=statistics)
    statistics["parity"] = {
        "logits": parity.max_difference_logits,
        "probabilities": parity.max_difference_probabilities,
    }
    if opened.head is not None:
        files[ORIGIN] = folder / "repaired.onnx"
        files[ORIGIN].write_bytes(origin(opened, found))
    return statistics


def _what_was_said(found: ForeignModel, opened: Opened, hints: ModelHints, differs: float) -> dict[str, Any]:
    """For the model's card: what the file states, what a person added, what was repaired, what to think of."""
    given = {field: value for field, value in asdict(hints).items() if value not in (None, "")}
    return {
        "file": found.name,
        "opset": found.opset,
        "ending": found.ending,
        "said_by_the_user": json.loads(json.dumps(given)),
        "found_in_the_file": list(found.said),
        "warnings": list(found.warnings),
        "untrained": found.untrained,
        "not_trainable": opened.why_no_head,
        "largest_difference_to_onnxruntime": differs,
    }


def _opened(file_name: str, graph: Path) -> Predictor:
    """The model in a temporary file; what is wrong with it is said of the file that the user gave."""
    try:
        return Predictor(graph)
    except (FormatError, IncompatibleModel) as error:
        raise type(error)(error.message.replace(str(graph), file_name), advice=error.advice) from error


def _unpacked(file_name: str, data: bytes, folder: Path) -> tuple[dict[str, Path], Any]:
    files: dict[str, Path] = {}
    statistics: Any = {}
    if not zipfile.is_zipfile(io.BytesIO(data)):
        files[GRAPH] = folder / GRAPH
        files[GRAPH].write_bytes(data)
        return files, statistics
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            for info in bundle.infolist():
                if info.filename in (GRAPH, WEIGHTS, ORIGIN) and info.file_size <= MAX_MODEL_BYTES:
                    files[info.filename] = folder / info.filename
                    files[info.filename].write_bytes(bundle.read(info))
                elif info.filename == STATISTICS and info.file_size <= MAX_MODEL_BYTES:
                    statistics = json.loads(bundle.read(info))
    # Damaged archives raise many things, encrypted ones RuntimeError.
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError) as error:
        raise FormatError(f"{file_name}: the bundle is damaged ({error}).", advice="Ask for it again.") from error
    if GRAPH not in files:
        raise FormatError(
            f"{file_name} holds no {GRAPH}.", advice="Choose an .onnx file or a bundle made by Einthoven."
        )
    return files, statistics


def _checked_statistics(file_name: str, statistics: object) -> dict[str, Any]:
    try:
        json.dumps(statistics, allow_nan=False)
    except ValueError as error:
        raise FormatError(
            f"{file_name}: its statistics hold numbers that are none.", advice="Ask for it again."
        ) from error
    if not isinstance(statistics, dict):
        raise FormatError(f"{file_name}: its {STATISTICS} is damaged.", advice="Ask for it again.")
    return statistics


def _architecture(files: dict[str, Path], spec: ModelSpec) -> str | None:
    """The architecture of the weights that came along, if they are sound and fit the graph; else they are left out."""
    if WEIGHTS not in files:
        return None
    if ORIGIN in files:
        return _imported_architecture(files, spec)
    try:
        info = read_weights_info(files[WEIGHTS])
    except EinthovenError:
        del files[WEIGHTS]
        return None
    fits = (info.n_leads, info.n_outputs, info.n_samples) == (len(spec.leads), len(spec.classes), spec.n_samples)
    if not fits or info.architecture == IMPORTED:  # those need the graph they came from, and it is not there
        del files[WEIGHTS]
        return None
    return info.architecture


def _imported_architecture(files: dict[str, Path], spec: ModelSpec) -> str | None:
    """That of weights learned from the graph `ORIGIN` beside them; without sound ones the graph alone is kept."""
    try:
        info = read_weights_info(files[WEIGHTS])
    except EinthovenError:
        del files[WEIGHTS]
        return None
    if info.architecture != IMPORTED or info.n_outputs != len(spec.classes):
        del files[WEIGHTS]
        return None
    return IMPORTED


def _view(workspace: Workspace, model: Model) -> ModelView:
    spec = model.spec
    validation = mapping_of(model.statistics.get("validation"))
    origin = origin_of(model.statistics)
    return ModelView(
        name=model.name,
        created=model.created,
        kind=spec.kind,
        task=spec.task,
        unit=spec.unit,
        classes=spec.class_names,
        class_titles=tuple(c.title for c in spec.classes),
        thresholds=spec.threshold_values,
        leads=spec.leads,
        rate=spec.rate,
        duration=spec.duration,
        steps=tuple(str(step) for step in spec.steps),
        architecture=model.architecture,
        base=model.base,
        run=model.run,
        trained_on=model.trained_on,
        n_train=model.n_train,
        parameters=model.parameters,
        size=model.size,
        simulated=model.simulated,
        can_continue=workspace.models.file(model.name, ORIGIN) is not None
        or (model.architecture is not None and workspace.models.file(model.name, WEIGHTS) is not None),
        validation_macro_f1=_number(validation.get("macro_f1")),
        validation_macro_auroc=_number(validation.get("macro_auroc")),
        label_counts={
            name: n for name, n in mapping_of(model.statistics.get("label_distribution")).items() if isinstance(n, int)
        },
        imported=origin.imported,
        untrained=origin.untrained,
        warnings=origin.warnings,
        found=origin.found,
        told=origin.told,
    )


def _readme(model: Model) -> str:
    regression = model.spec.kind == "regression"
    return _README.format(
        name=model.name,
        leads=len(model.spec.leads),
        samples=model.spec.n_samples,
        rate=model.spec.rate,
        outputs="output `values`" if regression else "outputs `logits` and `probabilities`",
        imported=_words_on_import(model),
        simulated="\nIt learned from simulated ECGs and says nothing about patients.\n" if model.simulated else "",
    )


def _words_on_import(model: Model) -> str:
    """For the read-me: that the model was made elsewhere, and what there is to think of."""
    origin = origin_of(model.statistics)
    if not origin.imported:
        return ""
    return "\n".join(
        [
            "origin.onnx          the graph it came from, repaired, for further training",
            "",
            "Made elsewhere.",
            *origin.warnings,
            "",
        ]
    )


def _file_name(name: str) -> str:
    """The model's name as a file name that no system and no header minds."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)


# Statistics of a model that was taken in are what its file says: anything may stand there.
def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
