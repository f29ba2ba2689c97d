"""Names of weights in checkpoints, held against those of an architecture. Free of torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Shape = tuple[int, ...]
COUNTERS = "num_batches_tracked"
"""Counters of batch normalisation that old checkpoints lack and that no answer depends on."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Which tensor of a checkpoint is which weight of the architecture.

    Parameters
    ----------
    names
        Name in the architecture -> name in the checkpoint.
    prefix
        What stands before every name that was used, such as `model.module.`.
    missing, unexpected
        Weights that the checkpoint lacks; tensors that the architecture has no place for, by the checkpoint's names.
    misshapen
        Name in the architecture -> (its shape, the checkpoint's shape).
    """

    names: Mapping[str, str]
    prefix: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: Mapping[str, tuple[Shape, Shape]]


def matched(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> Matched:
    """The match by the prefix under which most weights are there (`module.` of DDP, `model.` of Lightning, ...)."""
    prefix = max(_prefixes(found, wanted), key=lambda one: (sum(one + name in found for name in wanted), -len(one)))
    names = {name: prefix + name for name in wanted if prefix + name in found}
    misshapen = {name: (wanted[name], found[names[name]]) for name in names if wanted[name] != found[names[name]]}
    used = set(names.values())
    return Matched(
        names={name: source for name, source in names.items() if name not in misshapen},
        prefix=prefix,
        missing=tuple(name for name in wanted if name not in names and not name.endswith(COUNTERS)),
        unexpected=tuple(name for name in found if name not in used),
        misshapen=misshapen,
    )


def _prefixes(found: Iterable[str], wanted: Iterable[str]) -> set[str]:
    """Everything that stands in `found` before the name of some weight; the empty prefix at least."""
    wanted = set(wanted)
    prefixes = {""}
    for name in found:
        parts = name.split(".")
        for k in range(1, len(parts)):
            if ".".join(parts[k:]) in wanted:
                prefixes.add(".".join(parts[:k]) + ".")
    return prefixes
