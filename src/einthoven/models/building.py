"""Networks to train: from scratch, or from the weights of an earlier model."""

from pathlib import Path
from typing import TYPE_CHECKING

from einthoven.errors import IncompatibleModel
from einthoven.models import ARCHITECTURES
from einthoven.models.weights import load_weights, read_weights_info
from einthoven.spec import ModelSpec

if TYPE_CHECKING:
    from einthoven.models.networks.assembled import EcgNetwork


def build_network(architecture: str, spec: ModelSpec, *, seed: int = 0, window: int | None = None) -> "EcgNetwork":
    """A network with fresh weights drawn from `seed`; NotFound or MissingDependency when there is no way.

    `window`: samples that the architecture sees at once; None for the whole record.
    """
    entry = ARCHITECTURES.require(architecture)
    import torch

    from einthoven.models.networks.assembled import EcgNetwork

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return EcgNetwork(entry, spec, window=window)


def load_network(weights: Path, spec: ModelSpec) -> "EcgNetwork":
    """The network that was saved, as it was; IncompatibleModel when `spec` is not its description."""
    info = read_weights_info(weights)
    network = build_network(info.architecture, spec, window=info.window)
    load_weights(network, weights)
    return network


def network_from(weights: Path, base: ModelSpec, spec: ModelSpec, *, seed: int = 0) -> "EcgNetwork":
    """A network for `spec` that starts from the weights of a model described by `base`.

    Where both answer the same question in the same order the output layer stays; otherwise the
    architecture's rule puts a fresh one (drawn from `seed`) in its place.

    Raises
    ------
    IncompatibleModel
        When leads, rate, duration, scaling or what is told of the subject differ: the weights mean nothing then.
    """
    _check_same_input(base, spec)
    network = load_network(weights, base)
    if (base.kind, base.class_names, base.unit) == (spec.kind, spec.class_names, spec.unit):
        return network
    fresh = build_network(network.entry.name, spec, seed=seed, window=network.window)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network.entry.replace_head(network.core, len(spec.classes))
    fresh.core = network.core
    return fresh


def _check_same_input(base: ModelSpec, spec: ModelSpec) -> None:
    differences = [
        f"{what} {theirs} there, {ours} here"
        for what, theirs, ours in (
            ("leads", " ".join(base.leads), " ".join(spec.leads)),
            ("rate", f"{base.rate:g} Hz", f"{spec.rate:g} Hz"),
            ("duration", f"{base.duration:g} s", f"{spec.duration:g} s"),
            ("scaling", base.scaling or "none", spec.scaling or "none"),
            ("of the subject", " ".join(base.subject) or "nothing", " ".join(spec.subject) or "nothing"),
        )
        if theirs != ours
    ]
    if differences:
        raise IncompatibleModel(
            f"The model to start from takes other input: {'; '.join(differences)}.",
            advice="Train with the standardising steps of that model, or from scratch.",
        )
