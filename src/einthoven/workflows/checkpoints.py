"""A torch checkpoint of one's own architecture becomes a model of the shelf. Command line only, never over the web."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from einthoven.errors import FormatError, IncompatibleModel, InputError, SettingError
from einthoven.models import ARCHITECTURES
from einthoven.models.state_dicts import Matched, matched
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH, WEIGHTS
from einthoven.workflows import share
from einthoven.workflows.train import require_torch
from einthoven.workflows.views import ModelView
from einthoven.workflows.workspace import Workspace

if TYPE_CHECKING:
    from einthoven.models.networks.assembled import EcgNetwork

SECONDS = 180
MAX_BYTES = 2 * 2**30
NAMED = 8
SAVE_ALONE = (
    "Save the weights alone where you trained: torch.save(model.state_dict(), 'weights.pt'). "
    "Nothing of the file was run."
)


@dataclass(frozen=True, slots=True)
class Converted:
    """The new model, what was found and left out, and the largest difference between network and exported graph."""

    model: ModelView
    said: tuple[str, ...]
    parity: float


def convert(
    workspace: Workspace,
    path: Path,
    architecture: str,
    spec: ModelSpec,
    *,
    name: str | None = None,
    window: float | None = None,
    leave_out_unexpected: bool = False,
) -> Converted:
    """Read the weights in a process of its own, fill the architecture with them, export it, put it on the shelf.

    Parameters
    ----------
    architecture
        One of the registry: ours, or one that a package brings by the entry-point group `einthoven.models`.
    spec
        What goes in and comes out, as the maker of the checkpoint states it: nothing of that stands in the file.
    window
        Seconds that the architecture sees at once; None: the whole record.
    leave_out_unexpected
        Whether tensors that the architecture has no place for may be left out.

    Raises
    ------
    InputError, FormatError
        When the file cannot be read, is too large, or wants to run code.
    IncompatibleModel
        When weights are missing, unexpected or of another shape; each is named.
    ExportFailed
        When the exported graph does not compute what the network computes.
    """
    require_torch()
    entry = ARCHITECTURES.require(architecture)
    if spec.subject and not entry.takes_subject:
        raise SettingError(f"{entry.title} is told nothing of a person.", advice="Leave age and sex out.")
    with tempfile.TemporaryDirectory() as folder:
        read = Path(folder) / "read.safetensors"
        said = _read(path, read)
        network, more, warnings = _filled(entry.name, spec, read, window, leave_out_unexpected=leave_out_unexpected)
        return _kept(workspace, path, network, spec, (*said, *more), warnings, Path(folder), name)


def _read(path: Path, out: Path) -> list[str]:
    """Its tensors as safetensors at `out`, by a process that can do nothing else; what there is to say of it."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", advice="Name a checkpoint file.") from error
    if size > MAX_BYTES:
        raise InputError(f"{path.name} has {size >> 20} MB; checkpoints up to {MAX_BYTES >> 20} MB are read.")
    command = [sys.executable, "-m", "einthoven.train.checkpoint_process", str(path.resolve()), str(out)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise FormatError(f"{path.name} was not read within {SECONDS} s.", advice=SAVE_ALONE) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        reason = f"the process that read it ended with {done.returncode}: too much memory or time, or a broken file"
        answer = {"refused": reason}
    if "refused" in answer:
        raise FormatError(f"{path.name} is refused: {answer['refused']}.", advice=SAVE_ALONE)
    said = []
    if answer["under"]:
        beside = f"; beside them, left out: {', '.join(answer['beside'])}" if answer["beside"] else ""
        said.append(f"The weights stood under {answer['under']!r}{beside}.")
    if answer["cast"]:
        said.append(f"Weights of {', '.join(answer['cast'])} became float32.")
    return said


def _filled(
    architecture: str, spec: ModelSpec, weights: Path, window: float | None, *, leave_out_unexpected: bool
) -> tuple["EcgNetwork", list[str], list[str]]:
    from safetensors.torch import load_file

    from einthoven.models.building import build_network

    network = build_network(architecture, spec, window=None if window is None else round(window * spec.rate))
    found, wanted = load_file(weights), network.core.state_dict()
    match = matched(_shapes(found), _shapes(wanted))
    _require_fit(match, architecture, leave_out_unexpected=leave_out_unexpected)
    network.core.load_state_dict({**wanted, **{name: found[source] for name, source in match.names.items()}})
    network.fresh_output = False
    said = []
    if match.prefix:
        said.append(f"Names begin with {match.prefix!r}, which was left out.")
    warnings = []
    if match.unexpected:
        warnings.append(f"Left out of the checkpoint, as {architecture} has no place for it: {_few(match.unexpected)}.")
    return network, said, warnings


def _shapes(tensors: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in tensors.items()}


def _require_fit(match: Matched, architecture: str, *, leave_out_unexpected: bool) -> None:
    problems = []
    if match.missing:
        problems.append(f"{len(match.missing)} weights are missing: {_few(match.missing)}")
    if match.misshapen:
        words = [f"{name} is {theirs}, not {ours}" for name, (ours, theirs) in match.misshapen.items()]
        problems.append(f"{len(words)} have another shape: {_few(words)}")
    if match.unexpected and not leave_out_unexpected:
        problems.append(f"{len(match.unexpected)} are unexpected: {_few(match.unexpected)}")
    if not problems:
        return
    only_more = not match.missing and not match.misshapen
    raise IncompatibleModel(
        f"The checkpoint does not fit {architecture}: {'; '.join(problems)}.",
        advice="If they play no part in its answers (a loss, say), add --leave-out-unexpected."
        if only_more
        else "Check the architecture, the number of leads and classes, and the length.",
    )


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _kept(
    workspace: Workspace,
    path: Path,
    network: "EcgNetwork",
    spec: ModelSpec,
    said: Sequence[str],
    warnings: Sequence[str],
    folder: Path,
    name: str | None,
) -> Converted:
    from einthoven.models.weights import save_weights
    from einthoven.onnx.export import export

    parameters = sum(parameter.numel() for parameter in network.core.parameters())
    statistics: dict[str, Any] = {
        "parameters": parameters,
        "imported": {
            "file": path.name,
            "found_in_the_file": [f"A torch checkpoint of {network.entry.title}.", *said],
            "said_by_the_user": {
                "everything about input and classes": "on the command line; the file states none of it"
            },
            "warnings": list(warnings),
        },
    }
    save_weights(network, folder / WEIGHTS)
    parity = export(network, spec, folder / GRAPH, extra_metadata=statistics)
    largest = max(parity.max_difference_logits, parity.max_difference_probabilities or 0.0)
    model = workspace.models.add(
        workspace.models.free_name(name or path.stem), spec, {GRAPH: folder / GRAPH, WEIGHTS: folder / WEIGHTS},
        architecture=network.entry.name, parameters=parameters, statistics=statistics,
    )  # fmt: skip
    return Converted(share.view(workspace, model.name), (*said, *warnings), largest)
