"""A task: what a model is asked about each ECG, with the answers known so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from einthoven.errors import LabelError

Kind = Literal["single-label", "multi-label", "regression"]
KINDS: tuple[str, ...] = get_args(Kind)
Answer = tuple[str, ...] | float
"""Classes that apply (one for single-label, any number for multi-label), or a value for regression."""


@dataclass(frozen=True, slots=True)
class TaskClass:
    """One possible answer. `codes` maps a code system (SNOMED CT, ICD-10, SCP) to its code."""

    name: str
    title: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A question with answers.

    Parameters
    ----------
    classes
        In the order of the model's outputs. For regression one class: the quantity, `unit` says in what.
    answers
        `file_name` of the dataset's record -> answer. A record that is not a key has no label; an
        empty tuple (multi-label) says that none of the classes applies.
    left_out
        Why records of the dataset carry no answer: reason -> number of records.

    Raises
    ------
    LabelError
        When an answer names no class, or its form does not fit `kind`.
    """

    name: str
    kind: Kind
    classes: tuple[TaskClass, ...]
    answers: Mapping[str, Answer]
    title: str = ""
    unit: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise LabelError(f"Kind {self.kind!r} is none of {', '.join(KINDS)}.")
        names = self.class_names
        if not names or len(set(names)) != len(names):
            raise LabelError(f"Task {self.name!r} needs classes with different names; it has {list(names)}.")
        known = set(names)
        for file_name, answer in self.answers.items():
            if self.kind == "regression":
                if not isinstance(answer, float):
                    raise LabelError(f"{file_name}: task {self.name!r} asks for a number, not {answer!r}.")
            elif not isinstance(answer, tuple) or not set(answer) <= known:
                raise LabelError(f"{file_name}: {answer!r} is none of the classes of task {self.name!r}.")
            elif self.kind == "single-label" and len(answer) != 1:
                raise LabelError(f"{file_name}: task {self.name!r} asks for exactly one class, not {len(answer)}.")

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.classes)

    def counts(self) -> dict[str, int]:
        """Number of records per class (for regression: the number of records with a value)."""
        if self.kind == "regression":
            return {self.classes[0].name: len(self.answers)}
        counts = dict.fromkeys(self.class_names, 0)
        for answer in self.answers.values():
            assert isinstance(answer, tuple)
            for name in answer:
                counts[name] += 1
        return counts
