"""Tasks in which several classes may apply, from what each record's table or header says."""

from collections.abc import Iterable, Mapping, Sequence

from einthoven.task import Answer, Task, TaskClass


def several(
    name: str,
    title: str,
    classes: Sequence[TaskClass],
    said: Mapping[str, Iterable[str]],
    *,
    left_out: Mapping[str, int] | None = None,
) -> Task | None:
    """A multi-label task; what is said and no class is not answered. None without records or classes.

    Parameters
    ----------
    said
        Record name -> names of classes, in any order and repeated; empty: looked at, and none applies.
    """
    if not said or not classes:
        return None
    order = {each.name: place for place, each in enumerate(classes)}
    answers: dict[str, Answer] = {}
    known: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal answers are one object: there may be 800,000
    for record, names in said.items():
        answer = tuple(sorted({each for each in names if each in order}, key=order.__getitem__))
        answers[record] = known.setdefault(answer, answer)
    return Task(
        name=name,
        kind="multi-label",
        classes=tuple(classes),
        answers=answers,
        title=title,
        left_out={reason: n for reason, n in (left_out or {}).items() if n},
    )
