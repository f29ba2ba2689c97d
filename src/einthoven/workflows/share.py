"""Models as people see them, as files to give away, and as files that were given."""

import io
import json
import shlex
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, get_args

from einthoven import capsule
from einthoven.capsule import CARD, STATISTICS
from einthoven.errors import (
    EinthovenError,
    ExportFailed,
    FormatError,
    HintsNeeded,
    IncompatibleModel,
    InputError,
    SettingError,
)
from einthoven.infer import INPUT, Predictor
from einthoven.models.weights import read_weights_info
from einthoven.onnx.foreign.exported import has_head
from einthoven.onnx.foreign.hints import ModelHints, Scaling
from einthoven.onnx.foreign.inspecting import IMPORTED, ORIGIN, examine, origin, stated_keys
from einthoven.onnx.foreign.judgement import ForeignModel, require_complete
from einthoven.onnx.foreign.opening import Opened
from einthoven.onnx.foreign.statements import KEYS
from einthoven.onnx.metadata import SPEC_KEY
from einthoven.spec import ModelSpec
from einthoven.stated import mapping_of, whole_of
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.store.types import Model
from einthoven.train import thresholds
from einthoven.workflows import model_card
from einthoven.workflows.installation import own_version
from einthoven.workflows.model_origin import origin_of
from einthoven.workflows.train import require_torch
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

MAX_MODEL_BYTES = capsule.MAX_BYTES
CHECKPOINTS = (".pt", ".pth", ".ckpt", ".safetensors")
"""Endings of files that hold weights alone."""
SEALED = "capsule"
"""In the statistics of a model that came as a capsule: what was found when it was opened. Never exported."""


CONVERT = "einthoven convert-checkpoint"
_STANDARDISER, _UNREAD = "The file states the standardiser ", " is not understood."
"""How the lines of `ForeignModel.said` begin and end that are about statements which cannot be used as they are."""


def views(workspace: Workspace) -> list[ModelView]:
    """All models, newest first, and behind them those that come with Einthoven."""
    return [_view(workspace, model) for model in (*workspace.models.models(), *workspace.models.zoo_models())]


def view(workspace: Workspace, name: str) -> ModelView:
    return _view(workspace, workspace.models.model(name))


def exported(workspace: Workspace, name: str, *, form: Literal["onnx", "capsule"]) -> tuple[str, bytes]:
    """File name and content of a model to give away. Holds no records, no file names, no subjects."""
    model = workspace.models.model(name)
    own_name = name.rpartition("/")[2]
    if form == "onnx":
        return f"{_file_name(own_name)}.onnx", workspace.models.graph(name).read_bytes()
    packed = workspace.models.zoo_capsule(name)
    content = packed.read_bytes() if packed is not None else capsule.pack(_contents(workspace, model))
    return f"{_file_name(own_name)}{capsule.SUFFIX}", content


def form_of(out: Path) -> Literal["onnx", "capsule"]:
    """What a file of that name is to hold; SettingError when its ending says neither."""
    suffix = out.suffix.lower()
    if suffix not in (".onnx", capsule.SUFFIX):
        raise SettingError(
            f"{out.name!r} ends neither in {capsule.SUFFIX} nor in .onnx.",
            advice=f"Name it {out.stem}{capsule.SUFFIX} for all of the model, {out.stem}.onnx for the bare graph.",
        )
    return "onnx" if suffix == ".onnx" else "capsule"


def card(workspace: Workspace, name: str) -> str:
    """The model's card, Markdown behind a YAML head: the one that came with it, or one made of what is known."""
    there = workspace.models.file(name, CARD)
    if there is not None:
        return there.read_text("utf-8")
    model = workspace.models.model(name)
    return model_card.card_of(model, model_card.evaluations_of(model.statistics, workspace.models.evaluations(name)))


def _contents(workspace: Workspace, model: Model) -> capsule.Contents:
    def file(file_name: str) -> bytes | None:
        path = workspace.models.file(model.name, file_name)
        return None if path is None else path.read_bytes()

    return capsule.Contents(
        name=model.name,
        made_by=f"einthoven {own_version()}",
        model=workspace.models.graph(model.name).read_bytes(),
        card=card(workspace, model.name),
        statistics={key: value for key, value in model.statistics.items() if key != SEALED},
        evaluations=model_card.evaluations_of(model.statistics, workspace.models.evaluations(model.name)),
        architecture=model.architecture,
        weights=file(WEIGHTS),
        origin=file(ORIGIN),
    )


def graph_in(path: Path) -> bytes:
    """The graph of a model file: the one in a capsule or an earlier bundle, or the file itself."""
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
            f"{path} cannot be read: {error.strerror}.", advice="Give the path of an .ecgmodel or .onnx file."
        ) from error


def inspected(file_name: str, data: bytes, hints: ModelHints | None = None) -> ForeignModel:
    """What a model file is, and which hints it needs (`missing`, `offers`); nothing is kept.

    A model of ours (`own`) needs none.

    Raises
    ------
    FormatError, IncompatibleModel, InputError
        When it cannot be used.
    """
    _check_content(file_name, data)
    with tempfile.TemporaryDirectory() as folder:
        files, statistics = _unpacked(file_name, data, Path(folder))
        content = files[GRAPH].read_bytes()
        if SPEC_KEY in stated_keys(content, file_name):
            _refuse_hints(file_name, hints)
            found = _own(file_name, _opened(file_name, files[GRAPH]))
            sealed = _sealed(mapping_of(statistics))
            return replace(found, said=(sealed, *found.said)) if sealed else found
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
        untrained=origin.untrained, trainable="", own=True, opset=predictor.opset,
        value_unit=(spec.unit or "none") if spec.kind == "regression" else None, said=tuple(map(str, spec.steps)),
        warnings=origin.warnings,
    )  # fmt: skip


def take_in(
    workspace: Workspace, file_name: str, data: bytes, *, name: str | None = None, hints: ModelHints | None = None
) -> ModelView:
    """Put a model file (`.ecgmodel`, `.onnx`, a bundle of an earlier release) on the shelf.

    Nothing in it is executed but the graph, by onnxruntime.

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
    _check_content(file_name, data)
    with tempfile.TemporaryDirectory() as folder:
        files, statistics = _unpacked(file_name, data, Path(folder))
        content = files[GRAPH].read_bytes()
        if SPEC_KEY not in stated_keys(content, file_name):
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
            n_train=whole_of(statistics.get("n_train")),
            parameters=whole_of(statistics.get("parameters")),
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
    return opened is not None and has_head(opened, spec.kind, file_name)


def check_size(file_name: str, size: int) -> None:
    """InputError when a model file of so many bytes is too large, or when its name says that it is another file."""
    if size and file_name.lower().endswith(CHECKPOINTS):
        raise _weights_alone(file_name)
    if size > MAX_MODEL_BYTES:
        raise InputError(f"{file_name} has {size >> 20} MB; models up to {MAX_MODEL_BYTES >> 20} MB are taken in.")


def _check_content(file_name: str, data: bytes) -> None:
    check_size(file_name, len(data))
    if not data:
        raise FormatError(f"{file_name} is empty: it has 0 bytes.", advice="Copy or download it again.")


def _weights_alone(file_name: str) -> FormatError:
    return FormatError(
        f"{file_name} is a checkpoint: weights without their network.",
        advice=f"On the command line, {CONVERT} {shlex.quote(file_name)} --architecture NAME ... makes a model of it; "
        f"{CONVERT} --help tells what must be stated. Or export it to ONNX where it was trained.",
    )


def unclear(found: ForeignModel) -> dict[str, str]:
    """What the file states and what cannot be used all the same: name of the hint that says it -> in what way."""
    words = {}
    for line in found.said:
        if line.startswith(_STANDARDISER):
            stated = line.removeprefix(_STANDARDISER).rpartition(", not whether")[0]
            words["scaling"] = f"stated as {stated}, but not whether over each lead or the whole record"
        for name, keys in KEYS.items():
            if line.endswith(_UNREAD) and line.startswith(tuple(f"{key} = " for key in keys)):
                hint = "scaling" if name == "standardiser" else name
                words[hint] = f"stated as {line.removesuffix(_UNREAD)}, which cannot be read"
    return {hint: said for hint, said in words.items() if getattr(found, hint) is None}


def _require_complete(found: ForeignModel) -> None:
    """As `require_complete`; what the file states but not clearly is said so."""
    try:
        require_complete(found)
    except HintsNeeded as error:
        said = [f"{hint} is {words}" for hint, words in unclear(found).items() if hint in error.missing]
        more = f" In the file {'; '.join(said)}." if said else ""
        raise HintsNeeded(f"{error.message}{more}", missing=error.missing, advice=error.advice) from None


def _rewritten(
    file_name: str, content: bytes, hints: ModelHints, files: dict[str, Path], folder: Path
) -> dict[str, Any]:
    """Replace the foreign graph in `files` by our form of it, put the graph to go on from beside it; statistics."""
    require_torch()
    from einthoven.onnx.export import export
    from einthoven.onnx.foreign.network import foreign_network, spec_of

    found, opened = examine(content, file_name, hints)
    _require_complete(found)
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
    try:
        parity = export(network, spec, files[GRAPH], extra_metadata=statistics)
    except ExportFailed as error:
        operators = ", ".join(sorted({node.op_type for node in opened.repaired.model.graph.node}))
        raise IncompatibleModel(
            f"{file_name} cannot be written again after its conversion: torch has no ONNX form for one of its "
            f"operators ({operators}).",
            advice="Use the model in the program that made it.",
        ) from error
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
    """The files that a model consists of, below `folder`, and its statistics."""
    if file_name.lower().endswith(capsule.SUFFIX) or capsule.is_capsule(data):
        return _opened_capsule(file_name, data, folder)
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _earlier_bundle(file_name, data, folder)
    (folder / GRAPH).write_bytes(data)
    return {GRAPH: folder / GRAPH}, {}


def _opened_capsule(file_name: str, data: bytes, folder: Path) -> tuple[dict[str, Path], Any]:
    found = capsule.unpack(data, file_name)
    files = {}
    for name, content in capsule.files_of(found).items():
        files[name] = folder / name
        files[name].write_bytes(content)
    replay = found.replay
    sealed = {"made_by": found.said.made_by, "n": replay.n, "of": replay.of, "differs_by": replay.largest_difference}
    return files, {**found.said.statistics, SEALED: sealed}


def _earlier_bundle(file_name: str, data: bytes, folder: Path) -> tuple[dict[str, Path], Any]:
    """The zip that releases before the capsule wrote."""
    files: dict[str, Path] = {}
    statistics: Any = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            names = bundle.namelist()
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
        if any(name.endswith("/data.pkl") for name in names):  # as torch.save writes it
            raise _weights_alone(file_name)
        raise FormatError(
            f"{file_name} holds no {GRAPH}.", advice="Choose an .ecgmodel or .onnx file, or a bundle made by Einthoven."
        )
    if not files[GRAPH].stat().st_size:
        raise FormatError(f"{GRAPH} in {file_name} is empty.", advice="Ask for it again.")
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
        can_continue=workspace.models.holds(model.name, ORIGIN)
        or (model.architecture is not None and workspace.models.holds(model.name, WEIGHTS)),
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
        threshold_words=thresholds.in_words(model.statistics),
        zoo=workspace.models.is_zoo(model.name),
        data=model_card.data_of(model.statistics),
        sealed=_sealed(model.statistics),
        tested=model_card.tested_of(model.statistics, workspace.models.evaluations(model.name)),
    )


def _sealed(statistics: Mapping[str, object]) -> str:
    """What was found when the model's capsule was opened; empty for others."""
    found = mapping_of(statistics.get(SEALED))
    n, of, differs = found.get("n"), found.get("of"), found.get("differs_by")
    if not isinstance(n, int) or not isinstance(differs, int | float):
        return ""
    return (
        f"Unaltered since it was packed by {found.get('made_by')}; nobody has signed it. It answers {n} {of} as it did "
        f"then (largest difference {differs:.0e})."
    )


def _file_name(name: str) -> str:
    """The model's name as a file name that no system and no header minds."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)


# Statistics of a model that was taken in are what its file says: anything may stand there.
def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
