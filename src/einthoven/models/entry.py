"""What describes an architecture to the rest of the program, without importing torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class ArchitectureEntry:
    """One network architecture.

    Parameters
    ----------
    name, title
        For commands and files; for people.
    summary, paper
        One sentence of what it is; authors, year and arXiv number.
    build
        `(n_leads, n_outputs, n_samples)` -> a module that maps float32 `(batch, n_leads, n_samples)`
        to `(batch, n_outputs)` before any softmax or sigmoid.
    head
        Path of the submodule that head-only training trains (as in `nn.Module.get_submodule`).
    replace_head
        `(module, n_outputs)`: puts a freshly initialised output layer with that many outputs in
        place; every other weight stays.
    requires
        Packages that `build` needs.
    """

    name: str
    title: str
    summary: str
    paper: str
    build: "Callable[[int, int, int], nn.Module]"
    head: str
    replace_head: "Callable[[nn.Module, int], None]"
    requires: tuple[str, ...] = ("torch",)
