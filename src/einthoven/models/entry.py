"""What describes an architecture to the rest of the program, without importing torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn

FEATURES_OF_A_SUBJECT_INPUT = 2
"""Age and sex each come as a value (0 where unknown) and a flag that is 1 where it is unknown."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a network takes and answers: leads, samples, features of the subject (0: none), outputs."""

    leads: int
    outputs: int
    samples: int
    subject: int = 0


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
        Sizes -> a module that maps float32 `(batch, leads, samples)` to `(batch, outputs)` before any
        softmax or sigmoid, as `head(features(ecg))`. With `takes_subject` and `sizes.subject > 0` both
        `forward` and `features` take float32 `(batch, subject)` as second argument.
    head
        Path of the submodule that head-only training trains (as in `nn.Module.get_submodule`).
    replace_head
        `(module, n_outputs)`: puts a freshly initialised output layer with that many outputs in
        place; every other weight stays.
    takes_subject
        Whether the network itself uses age and sex; for the others `EcgNetwork` adds a small head.
    scaling
        How the authors scale the input; used unless somebody asks for another.
    fit
        How it learns: by steps along the gradient (`train/loop.py`), or in one solution (`train/closed_form.py`).
    experimental
        Why it is not recommended, in a sentence; empty for the others.
    requires
        Packages that `build` needs.
    """

    name: str
    title: str
    summary: str
    paper: str
    build: "Callable[[Sizes], nn.Module]"
    head: str
    replace_head: "Callable[[nn.Module, int], None]"
    takes_subject: bool = False
    scaling: Literal["z_score", "min_max"] = "z_score"
    fit: Literal["gradient", "closed_form"] = "gradient"
    experimental: str = ""
    requires: tuple[str, ...] = ("torch",)
