"""Weights on disk: safetensors (no code inside) with the identity of the network in the header."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from einthoven.errors import FormatError, IncompatibleModel, NotFound
from einthoven.files import write_whole

if TYPE_CHECKING:
    from einthoven.models.networks.assembled import EcgNetwork

FORMAT = "einthoven-weights"
VERSION = "1"


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """Which network the weights in a file belong to."""

    architecture: str
    n_leads: int
    n_outputs: int
    n_samples: int
    window: int
    """Samples that the architecture sees at once."""


def _identity(network: "EcgNetwork") -> WeightsInfo:
    return WeightsInfo(network.entry.name, network.n_leads, network.n_outputs, network.n_samples, network.window)


def save_weights(network: "EcgNetwork", path: Path) -> None:
    """Write the weights of `network` to `path`; a reader never sees half a file."""
    from safetensors.torch import save

    info = _identity(network)
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": info.architecture,
        "n_leads": str(info.n_leads),
        "n_outputs": str(info.n_outputs),
        "n_samples": str(info.n_samples),
        "window": str(info.window),
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    write_whole(path, save(tensors, metadata))


def read_weights_info(path: Path) -> WeightsInfo:
    """Architecture and sizes from the header; FormatError when the file is damaged, IncompatibleModel when foreign."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise NotFound(f"There are no weights at {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path}: the weights cannot be read ({error}).") from error
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise IncompatibleModel(
            f"{path} holds no weights this program wrote"
            f" (format {metadata.get('format')!r}, version {metadata.get('version')!r}).",
            advice=f"Format {FORMAT!r}, version {VERSION!r} is needed.",
        )
    try:
        return WeightsInfo(
            metadata["architecture"],
            int(metadata["n_leads"]),
            int(metadata["n_outputs"]),
            int(metadata["n_samples"]),
            int(metadata.get("window", metadata["n_samples"])),
        )
    except (KeyError, ValueError) as error:
        raise FormatError(f"{path}: the header of the weights is damaged ({error}).") from error


def load_weights(network: "EcgNetwork", path: Path) -> None:
    """Fill `network` with the weights in `path`.

    Raises
    ------
    IncompatibleModel
        When the file belongs to another architecture, other sizes, or lacks or adds tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    there, wanted = read_weights_info(path), _identity(network)
    if there != wanted:
        raise IncompatibleModel(f"{path} holds {_words(there)}; {_words(wanted)} was asked for.")
    try:
        network.load_state_dict(load_file(path), strict=True)
    except SafetensorError as error:
        raise FormatError(f"{path}: the weights cannot be read ({error}).") from error
    except RuntimeError as error:
        raise IncompatibleModel(f"{path}: the weights do not fit {wanted.architecture}: {error}") from error
    network.fresh_output = False


def _words(info: WeightsInfo) -> str:
    samples = f"{info.n_samples} samples" + (f" in windows of {info.window}" if info.window != info.n_samples else "")
    return f"{info.architecture} with {info.n_leads} leads, {samples} and {info.n_outputs} outputs"
