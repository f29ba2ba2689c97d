"""What a model is told of a patient beside the ECG: whether it is known, and whether it gives the answer away."""

import statistics
from collections.abc import Sequence

from einthoven.errors import SettingError
from einthoven.spec import ModelSpec
from einthoven.store.types import Item
from einthoven.task import Answer, Task

SAME = 1.0
"""Years: numbers that differ by less are the same age."""
ENOUGH = 10
"""ECGs for each value that is told, below which a rule is chance."""
Told = float | str


def checked(spec: ModelSpec, task: Task, items: Sequence[Item]) -> list[str]:
    """What is to be thought of, in words.

    Raises
    ------
    SettingError
        When no ECG says what the model is to be told, or that is the answer.
    """
    warnings = []
    for name in spec.subject:
        known = [(value, task.answers[item.file_name]) for item in items if (value := getattr(item, name)) is not None]
        if not known:
            raise SettingError(
                f"None of the {len(items)} ECGs says the {name} of its patient.", advice=f"Leave {name} out."
            )
        if _is_the_value(known) or _gives_the_class(known):
            raise SettingError(
                f"The model would be told the {name}, from which the answer of task {task.name!r} follows.",
                advice=f"Leave {name} out.",
            )
        if len(known) < len(items):
            warnings.append(
                f"The {name} is known of {len(known)} of {len(items)} ECGs; of the others the model is told that it "
                "is not."
            )
    return warnings


def _is_the_value(known: Sequence[tuple[Told, Answer]]) -> bool:
    """Whether the answers of a regression are what is told."""
    off = [
        abs(told - answer)
        for told, answer in known
        if not isinstance(told, str) and not isinstance(answer, tuple)
    ]  # fmt: skip
    return bool(off) and statistics.median(off) < SAME


def _gives_the_class(known: Sequence[tuple[Told, Answer]]) -> bool:
    """Whether each value that is told has one class only, and not all the same."""
    answers: dict[Told, set[Answer]] = {}
    for told, answer in known:
        answers.setdefault(told, set()).add(answer)
    of_each = [next(iter(found)) for found in answers.values() if len(found) == 1]
    certain = len(of_each) == len(answers) and all(isinstance(answer, tuple) for answer in of_each)
    return certain and len(set(of_each)) > 1 and len(known) >= ENOUGH * len(answers)
