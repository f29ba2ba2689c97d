"""A model as one file to share: a zip with the suffix `.ecgmodel`, without anything that could be executed.

docs/formats/capsule.md describes the format. Opening one looks at sizes before anything is unpacked, takes no member
that it does not know, verifies the sha256 of each, reads the ONNX as a stranger's (`onnx/foreign/limits.py`), and asks
the model about the golden ECGs again: what it answers must be what it answered when it was packed.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, InputError
from einthoven.infer import Predictor, Scores
from einthoven.onnx.foreign.limits import parse, understood
from einthoven.onnx.shared_weights import leave_out, put_back
from einthoven.simulate import simulate
from einthoven.spec import ModelSpec
from einthoven.tensors import prepare

FORMAT, VERSION = "einthoven-capsule", 1
SUFFIX = ".ecgmodel"
MANIFEST, GRAPH, SPEC, CARD = "manifest.json", "model.onnx", "spec.json", "card.md"
EVALUATION, STATISTICS, GOLDEN = "evaluation.json", "statistics.json", "golden.npz"
WEIGHTS, ORIGIN = "weights.safetensors", "origin.onnx"
NEEDED = (GRAPH, SPEC, CARD, EVALUATION, STATISTICS, GOLDEN)
OPTIONAL = (WEIGHTS, ORIGIN)
EVALUATION_FORMAT = "einthoven-evaluations"

MAX_BYTES = 512 * 2**20
MAX_MEMBER: Mapping[str, int] = {
    **dict.fromkeys((GRAPH, WEIGHTS, ORIGIN), MAX_BYTES),
    **dict.fromkeys((SPEC, CARD, EVALUATION, STATISTICS, MANIFEST), 16 * 2**20),
    GOLDEN: 64 * 2**20,
}
MAX_RATIO, FREE_BYTES = 200, 2**20
"""A member may unpack to so many times its packed size, once it is larger than `FREE_BYTES`."""
MAX_DIRECTORY = 64 * 2**10
MAX_GOLDEN = 16
MAX_NAME = 200
TOLERANCE = 1e-4

_GOLDEN_HEARTS = ("NORM", "LBBB", "AMI", "AF")
_GOLDEN_STEP_MV = 1 / 1024
_END = struct.Struct("<4s4H2LH")
_ADVICE = "Get the file again from where it came."
_KEYS = {"format", "version", "name", "made_by", "architecture", "golden", "weights_in_model", "files", "signature"}
# Damaged archives raise many things, encrypted ones RuntimeError.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, struct.error, LookupError,
    OverflowError, AttributeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What goes into a capsule.

    `model`: the ONNX with its description. `evaluations`: how it did, entries of `evaluation.json`. `statistics`: how
    it was made. `weights` and their `architecture`, or `origin`, a graph to go on from: for further training.
    """

    name: str
    made_by: str
    model: bytes
    card: str
    statistics: Mapping[str, Any]
    evaluations: Sequence[Mapping[str, Any]] = ()
    architecture: str | None = None
    weights: bytes | None = None
    origin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """The golden ECGs asked again: how many, what they are, and the largest difference of an answer."""

    n: int
    of: str
    largest_difference: float


@dataclass(frozen=True, slots=True)
class Glance:
    """What a capsule says of itself: everything but its graph and weights, which were not looked at."""

    name: str
    made_by: str
    architecture: str | None
    spec: ModelSpec
    card: str
    statistics: Mapping[str, Any]
    evaluations: tuple[Mapping[str, Any], ...]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A capsule that was opened: whole, unaltered since it was packed, and answering as it did then."""

    said: Glance
    model: bytes
    weights: bytes | None
    origin: bytes | None
    replay: Replay


# Packing


def pack(contents: Contents) -> bytes:
    """The capsule as a file: the same bytes for the same contents.

    Raises
    ------
    FormatError, IncompatibleModel
        When the model is none of ours, or the numbers are none that JSON has.
    """
    predictor = Predictor(contents.model)
    arrays, of = golden(predictor)
    weights = contents.weights
    shared: dict[str, str] = {}
    if weights is not None:
        weights, shared = leave_out(weights, contents.model)
    members: dict[str, bytes | None] = {
        GRAPH: contents.model,
        SPEC: _json(predictor.spec.to_json()),
        CARD: contents.card.encode(),
        EVALUATION: evaluation_file(contents.evaluations),
        STATISTICS: _json(dict(contents.statistics)),
        GOLDEN: arrays,
        WEIGHTS: weights,
        ORIGIN: contents.origin,
    }
    files = {name: data for name, data in members.items() if data is not None}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "name": contents.name,
        "made_by": contents.made_by,
        "architecture": contents.architecture if weights is not None else None,
        "golden": {"of": of},
        "weights_in_model": shared,
        "files": {name: {"sha256": _sha256(data), "bytes": len(data)} for name, data in files.items()},
        "signature": None,
    }
    return _zipped({MANIFEST: _json(manifest), **files})


def evaluation_file(evaluations: Sequence[Mapping[str, Any]]) -> bytes:
    """`evaluation.json` with these entries."""
    listed = [dict(one) for one in evaluations]
    return _json({"format": EVALUATION_FORMAT, "version": 1, "evaluations": listed})


def files_of(opened: Capsule) -> dict[str, bytes]:
    """What is kept of a capsule as files: what predicts, what can be trained on from, what is told."""
    said = opened.said
    files = {GRAPH: opened.model, CARD: said.card.encode(), EVALUATION: evaluation_file(said.evaluations)}
    for name, data in ((WEIGHTS, opened.weights), (ORIGIN, opened.origin)):
        if data is not None:
            files[name] = data
    return files


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def golden(predictor: Predictor) -> tuple[bytes, str]:
    """Simulated ECGs as the model takes them, with its answers, as an npz; and what they are, in words.

    Of one the last fifth is missing. A model that no simulated ECG fits (other leads, say) is asked about noise.
    """
    spec = predictor.spec
    try:
        ecgs = np.stack([_simulated(spec, number) for number in range(len(_GOLDEN_HEARTS))])
        of = "simulated ECGs"
    except EinthovenError:
        shape = (len(_GOLDEN_HEARTS), len(spec.leads), spec.n_samples)
        ecgs = np.random.default_rng(0).normal(0, 0.3, shape).astype(np.float32)
        of = "noise"
    # Numbers of few bits take a third of the room.
    ecgs = (np.round(ecgs / _GOLDEN_STEP_MV) * _GOLDEN_STEP_MV).astype(np.float32)
    ecgs[1, :, -(spec.n_samples // 5) :] = np.nan
    told = np.tile(np.array([[60.0, 1.0]], np.float32)[:, : len(spec.subject)], (len(ecgs), 1))
    arrays = {"ecg": ecgs, **({"subject": told} if spec.subject else {}), **_answers(predictor, ecgs, told)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue(), of


def _simulated(spec: ModelSpec, number: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng([7, number])
    record = simulate(_GOLDEN_HEARTS[number], rng, rate=max(500.0, spec.rate), duration=max(10.0, spec.duration))
    return prepare(record, spec).array


def _answers(
    predictor: Predictor, ecgs: npt.NDArray[np.float32], told: npt.NDArray[np.float32]
) -> dict[str, npt.NDArray[np.float32]]:
    scores: Scores = predictor.run(ecgs, told if predictor.spec.subject else None)
    if scores.logits is None:
        return {"values": scores.values}
    return {"logits": scores.logits, "probabilities": scores.values}


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise FormatError("What is known of this model holds numbers that are none.") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Opening


def is_capsule(content: bytes) -> bool:
    """Whether a file is meant as one, sound or not: a zip that names a manifest."""
    return content[:2] == b"PK" and MANIFEST.encode() in content


def unpack(content: bytes, name: str) -> Capsule:
    """A capsule, verified in full; `name` is that of the file, for messages.

    Raises
    ------
    FormatError
        When it is damaged, altered, or holds what does not belong there.
    IncompatibleModel
        When a later release wrote it, the ONNX is none that is accepted, or the model does not answer as it did.
    """
    archive = _Archive(content, name)
    manifest = archive.manifest()
    files = archive.verified(manifest, tuple(manifest["files"]))
    said = _glance(manifest, files, name)
    with understood(name):
        parse(files[GRAPH], name)
        if ORIGIN in files:
            parse(files[ORIGIN], name)
    try:
        predictor = Predictor(files[GRAPH])
    except (FormatError, IncompatibleModel) as error:
        raise type(error)(error.message.replace("the model", name), advice=error.advice) from error
    if predictor.spec != said.spec:
        _refuse(name, f"{SPEC} and {GRAPH} describe different models")
    replay = _replay(predictor, files[GOLDEN], manifest["golden"]["of"], name)
    weights = files.get(WEIGHTS)
    if weights is not None:
        weights = put_back(weights, files[GRAPH], manifest["weights_in_model"])
    return Capsule(said, files[GRAPH], weights, files.get(ORIGIN), replay)


def glance(path: Path) -> Glance:
    """What the capsule at `path` says of itself, quickly: graph and weights are neither verified nor run.

    Raises
    ------
    FormatError, IncompatibleModel, InputError
        As of `unpack`; InputError when it cannot be read.
    """
    archive = _Archive(content_of(path), path.name)
    manifest = archive.manifest()
    return _glance(manifest, archive.verified(manifest, (SPEC, CARD, EVALUATION, STATISTICS)), path.name)


def content_of(path: Path) -> bytes:
    """The content of a file; InputError when it cannot be read or is too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path.name} has more than {MAX_BYTES >> 20} MB.", advice="Use a smaller model.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


class _Archive:
    """The zip: its directory is checked before anything is unpacked."""

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        _check_end(content, name)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            infos = self._zip.infolist()
        except _DAMAGED as error:
            raise _damaged(name, error) from error
        self._infos = {info.filename: info for info in infos}
        if len(infos) != len(self._infos):
            _refuse(name, "it holds two members of one name")
        unknown = sorted(set(self._infos) - set(MAX_MEMBER))
        if unknown:
            _refuse(name, f"it holds {unknown[0][:100]!r}, which does not belong there")
        for info in infos:
            self._check(info)

    def _check(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _refuse(self.name, f"{info.filename} is encrypted or packed in an unusual way")
        most = MAX_MEMBER[info.filename]
        if info.file_size > most:
            raise IncompatibleModel(
                f"{self.name}: {info.filename} has {info.file_size >> 20} MB; at most {most >> 20} MB are taken.",
                advice="Use a smaller model.",
            )
        if info.file_size > max(FREE_BYTES, MAX_RATIO * info.compress_size):
            _refuse(self.name, f"{info.filename} unpacks to more than {MAX_RATIO} times its packed size")

    def _read(self, member: str) -> bytes:
        info = self._infos.get(member)
        if info is None:
            _refuse(self.name, f"it holds no {member}")
        try:
            with self._zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except _DAMAGED as error:
            raise _damaged(self.name, error) from error
        if len(data) != info.file_size:
            _refuse(self.name, f"{member} is not as long as it says")
        return data

    def manifest(self) -> dict[str, Any]:
        found = _parsed(self._read(MANIFEST), MANIFEST, self.name)
        if found.get("format") != FORMAT:
            _refuse(self.name, f"its {MANIFEST} is none of a capsule")
        if found.get("version") != VERSION:
            raise IncompatibleModel(
                f"{self.name} is a capsule of version {found.get('version')!r}; this program reads {VERSION}.",
                advice="Update Einthoven.",
            )
        wrong = _fault(found)
        if wrong:
            _refuse(self.name, f"its {MANIFEST} is not as it must be: {wrong}")
        if found["signature"] is not None:
            raise IncompatibleModel(
                f"{self.name} is signed, and this release cannot check signatures.", advice="Update Einthoven."
            )
        if set(found["files"]) != set(self._infos) - {MANIFEST}:
            _refuse(self.name, f"its {MANIFEST} does not name exactly what it holds")
        return found

    def verified(self, manifest: Mapping[str, Any], members: Sequence[str]) -> dict[str, bytes]:
        files = {}
        for member in members:
            data, stated = self._read(member), manifest["files"][member]
            if len(data) != stated["bytes"] or _sha256(data) != stated["sha256"]:
                _refuse(self.name, f"{member} is not as it was packed (its sha256 differs)")
            files[member] = data
        return files


def _check_end(content: bytes, name: str) -> None:
    """That the archive begins and ends where the file does, with a directory of a few members."""
    if len(content) > MAX_BYTES:
        raise InputError(f"{name} has more than {MAX_BYTES >> 20} MB.", advice="Use a smaller model.")
    if content[:4] != b"PK\3\4" or len(content) < _END.size or content[-_END.size :][:4] != b"PK\5\6":
        _refuse(name, "it is no zip, or not a whole one")
    *_, here, total, size, _, comment = _END.unpack(content[-_END.size :])
    if content[-_END.size - 20 :][:4] == b"PK\6\7" or comment or here != total:
        _refuse(name, "it is packed in an unusual way")
    if total > len(MAX_MEMBER) or size > MAX_DIRECTORY:
        _refuse(name, f"it names {total} members; a capsule has at most {len(MAX_MEMBER)}")


def _fault(manifest: Mapping[str, Any]) -> str:
    """What is wrong with a manifest; empty when nothing is. The JSON schema in words."""
    if set(manifest) != _KEYS:
        return f"its fields are {', '.join(sorted(map(str, manifest)))[:300]}"
    for key in ("name", "made_by"):
        value = manifest[key]
        if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
            return f"{key} is no printable text of 1 to {MAX_NAME} characters"
    if not isinstance(manifest["architecture"], str | None):
        return "architecture is no text"
    of = manifest["golden"]
    if not isinstance(of, dict) or set(of) != {"of"} or of["of"] not in ("simulated ECGs", "noise"):
        return "golden does not say what the golden ECGs are"
    shared = manifest["weights_in_model"]
    if not isinstance(shared, dict) or not all(isinstance(source, str) for source in shared.values()):
        return "weights_in_model names no initialisers"
    files = manifest["files"]
    if not isinstance(files, dict) or not set(NEEDED) <= set(files) or not set(files) <= {*NEEDED, *OPTIONAL}:
        return "files does not name what a capsule holds"
    for name, stated in files.items():
        if not isinstance(stated, dict) or set(stated) != {"sha256", "bytes"}:
            return f"{name} has no sha256 and bytes"
        if type(stated["bytes"]) is not int or not isinstance(stated["sha256"], str):
            return f"{name} has no sha256 and bytes"
    if (manifest["architecture"] is not None or shared) and WEIGHTS not in files:
        return "it names weights that are not there"
    return ""


def _glance(manifest: Mapping[str, Any], files: Mapping[str, bytes], name: str) -> Glance:
    evaluations = _parsed(files[EVALUATION], EVALUATION, name)
    if evaluations.get("format") != EVALUATION_FORMAT or evaluations.get("version") != 1:
        _refuse(name, f"its {EVALUATION} is not as it must be")
    listed = evaluations.get("evaluations")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        _refuse(name, f"its {EVALUATION} is not as it must be")
    try:
        card = files[CARD].decode()
    except UnicodeDecodeError as error:
        raise _damaged(name, error) from error
    return Glance(
        name=manifest["name"],
        made_by=manifest["made_by"],
        architecture=manifest["architecture"],
        spec=ModelSpec.from_json(_parsed(files[SPEC], SPEC, name)),
        card=card,
        statistics=_parsed(files[STATISTICS], STATISTICS, name),
        evaluations=tuple(listed),
        members=tuple(manifest["files"]),
    )


def _parsed(data: bytes, member: str, name: str) -> dict[str, Any]:
    """A JSON object without numbers that are none and without a key that stands twice."""

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no number")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        value = json.loads(data.decode(), parse_constant=no_number, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{name}: its {member} is damaged ({error}).", advice=_ADVICE) from error
    if not isinstance(value, dict):
        _refuse(name, f"its {member} is no JSON object")
    return value


# The golden ECGs, asked again


def _replay(predictor: Predictor, data: bytes, of: str, name: str) -> Replay:
    arrays = _arrays(data, predictor.spec, name)
    told = arrays.get("subject", np.zeros((len(arrays["ecg"]), 0), np.float32))
    answers = _answers(predictor, arrays["ecg"], told)
    largest = 0.0
    for key, answer in answers.items():
        wanted = arrays[key]
        # Beyond 1 in size in proportion to it, as float32 itself is exact.
        difference = np.abs(answer - wanted) / np.maximum(1.0, np.abs(wanted))
        largest = max(largest, float(np.where(np.isfinite(difference), difference, np.inf).max()))
    if largest > TOLERANCE:
        raise IncompatibleModel(
            f"{name} does not answer here as it did when it was packed: its answers to {len(arrays['ecg'])} {of} "
            f"differ by {largest:.2g}; at most {TOLERANCE:g} is allowed.",
            advice="Do not use it on this machine; tell its makers.",
        )
    return Replay(len(arrays["ecg"]), of, largest)


def _arrays(data: bytes, spec: ModelSpec, name: str) -> dict[str, npt.NDArray[np.float32]]:
    """The golden arrays, each of exactly the shape that the model's description asks for."""
    classes = (len(spec.classes),)
    wanted: dict[str, tuple[int, ...]] = {"ecg": (len(spec.leads), spec.n_samples)}
    if spec.subject:
        wanted["subject"] = (len(spec.subject),)
    wanted |= {"values": classes} if spec.kind == "regression" else {"logits": classes, "probabilities": classes}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if sorted(info.filename for info in infos) != sorted(f"{key}.npy" for key in wanted):
                _refuse(name, f"{GOLDEN} does not hold {', '.join(wanted)}")
            if sum(info.file_size for info in infos) > MAX_MEMBER[GOLDEN]:
                _refuse(name, f"{GOLDEN} is too large")
            found = {key: _array(archive.read(f"{key}.npy"), shape, name) for key, shape in wanted.items()}
    except _DAMAGED as error:
        raise _damaged(name, error) from error
    numbers = {len(array) for array in found.values()}
    if len(numbers) != 1 or not 1 <= min(numbers) <= MAX_GOLDEN:
        _refuse(name, f"{GOLDEN} does not hold 1 to {MAX_GOLDEN} ECGs with their answers")
    if not all(np.isfinite(found[key]).all() for key in found if key not in ("ecg", "subject")):
        _refuse(name, f"{GOLDEN} holds answers that are no numbers")
    return found


def _array(data: bytes, shape: tuple[int, ...], name: str) -> npt.NDArray[np.float32]:
    """A float32 array of `(n, *shape)`; its header is checked before anything is made of it."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        _refuse(name, f"{GOLDEN} is of an unusual form")
    stated, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    n = stated[0] if stated else 0
    rest = data[stream.tell() :]
    if stated[1:] != shape or fortran or dtype != np.dtype("<f4") or n * int(np.prod(shape)) * 4 != len(rest):
        _refuse(name, f"{GOLDEN} holds an array that does not fit the model")
    return np.frombuffer(rest, np.float32).reshape(n, *shape)


def _damaged(name: str, error: Exception) -> FormatError:
    reason = (str(error).splitlines() or [""])[0][:200]
    return FormatError(f"{name}: the capsule is damaged ({type(error).__name__}: {reason}).", advice=_ADVICE)


def _refuse(name: str, why: str) -> NoReturn:
    raise FormatError(f"{name}: the capsule is refused: {why}.", advice=_ADVICE)
