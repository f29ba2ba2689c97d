"""Models as people see them, as files to give away, and as files that were given."""

import io
import json
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal

from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, InputError
from einthoven.infer import Predictor
from einthoven.models.weights import read_weights_info
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Model
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

MAX_MODEL_BYTES = 512 * 2**20
SPEC, STATISTICS, README = "spec.json", "statistics.json", "README.txt"
BUNDLE_MEMBERS = (GRAPH, WEIGHTS, SPEC, STATISTICS, README)

_README = """{name} - a model for 12-lead ECGs, made with Einthoven. Research use only, not a medical device.

model.onnx           the model: input `ecg`, float32 (batch, {leads} leads, {samples} samples at {rate:g} Hz);
                     {outputs}. Its metadata (`einthoven`) repeats spec.json.
spec.json            leads, rate, standardising steps before the model, classes, thresholds
statistics.json      what it learned from (numbers only), loss and F1 of each epoch, validation
weights.safetensors  weights for further training in Einthoven (absent for models without)
{simulated}"""


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
        bundle.writestr(SPEC, json.dumps(model.spec.to_json(), indent=1, ensure_ascii=False))
        bundle.writestr(STATISTICS, json.dumps(model.statistics, indent=1, ensure_ascii=False))
        bundle.writestr(README, _readme(model))
    return f"{_file_name(name)}.zip", buffer.getvalue()


def graph_in(path: Path) -> bytes:
    """The graph of a model file: the one in a bundle, or the file itself."""
    with tempfile.TemporaryDirectory() as folder:
        files, _ = _unpacked(path.name, path.read_bytes(), Path(folder))
        return files[GRAPH].read_bytes()


def take_in(workspace: Workspace, file_name: str, data: bytes, *, name: str | None = None) -> ModelView:
    """Put a model file (`.onnx` or bundle) on the shelf. Nothing in it is executed but the graph, by onnxruntime.

    Raises
    ------
    FormatError
        When it is neither, damaged, or too large.
    IncompatibleModel
        When the graph carries no description.
    """
    if len(data) > MAX_MODEL_BYTES:
        raise InputError(f"{file_name} has {len(data) >> 20} MB; models up to {MAX_MODEL_BYTES >> 20} MB are taken in.")
    with tempfile.TemporaryDirectory() as folder:
        files, statistics = _unpacked(file_name, data, Path(folder))
        predictor = _opened(file_name, files[GRAPH])
        spec = predictor.spec
        # A bare graph carries the same statistics in its metadata.
        statistics = _checked_statistics(file_name, statistics or dict(predictor.extra))
        architecture = _architecture(files, spec)
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
                if info.filename in (GRAPH, WEIGHTS) and info.file_size <= MAX_MODEL_BYTES:
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
    try:
        info = read_weights_info(files[WEIGHTS])
    except EinthovenError:
        del files[WEIGHTS]
        return None
    if (info.n_leads, info.n_outputs, info.n_samples) != (len(spec.leads), len(spec.classes), spec.n_samples):
        del files[WEIGHTS]
        return None
    return info.architecture


def _view(workspace: Workspace, model: Model) -> ModelView:
    spec = model.spec
    validation = _mapping(model.statistics.get("validation"))
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
        can_continue=model.architecture is not None and workspace.models.file(model.name, WEIGHTS) is not None,
        validation_macro_f1=_number(validation.get("macro_f1")),
        validation_macro_auroc=_number(validation.get("macro_auroc")),
        label_counts={
            name: n for name, n in _mapping(model.statistics.get("label_distribution")).items() if isinstance(n, int)
        },
    )


def _readme(model: Model) -> str:
    regression = model.spec.kind == "regression"
    return _README.format(
        name=model.name,
        leads=len(model.spec.leads),
        samples=model.spec.n_samples,
        rate=model.spec.rate,
        outputs="output `values`" if regression else "outputs `logits` and `probabilities`",
        simulated="\nIt learned from simulated ECGs and says nothing about patients.\n" if model.simulated else "",
    )


def _file_name(name: str) -> str:
    """The model's name as a file name that no system and no header minds."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)


# Statistics of a model that was taken in are what its file says: anything may stand there.
def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
