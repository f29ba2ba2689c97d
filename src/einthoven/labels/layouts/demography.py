"""The two tasks that nearly every data set answers: age and sex."""

from collections.abc import Mapping

from einthoven.record import OLDEST_YEARS, Sex
from einthoven.task import Answer, Task, TaskClass

_SEXES: Mapping[str, Sex] = {"f": "F", "female": "F", "m": "M", "male": "M"}


def sex_of(text: str | None) -> Sex | None:
    """`F` or `M` from the words of the data sets; None for anything else."""
    return None if text is None else _SEXES.get(text.strip().casefold())


def possible_age(years: float | None) -> float | None:
    """The age, or None where it is none that somebody can have (PTB-XL writes 300 for ages over 89)."""
    return years if years is not None and 0 <= years <= OLDEST_YEARS else None


def age_task(ages: Mapping[str, float | None], *, hidden: int = 0) -> Task | None:
    """Age in years by record name; `hidden` of them are over 89 and not published. None when no age is known."""
    answers: dict[str, Answer] = {name: float(age) for name, age in ages.items() if age is not None}
    if not answers:
        return None
    left_out = {"age over 89, not published": hidden, "age not stated": len(ages) - len(answers) - hidden}
    return Task(
        name="age",
        kind="regression",
        classes=(TaskClass("age", "Age"),),
        answers=answers,
        title="Age",
        unit="years",
        left_out={reason: n for reason, n in left_out.items() if n},
    )


def sex_task(sexes: Mapping[str, Sex | None]) -> Task | None:
    """Sex by record name, with the classes that occur; None when no sex is known."""
    answers: dict[str, Answer] = {name: (sex,) for name, sex in sexes.items() if sex is not None}
    if not answers:
        return None
    occurring = set(sexes.values())
    unknown = len(sexes) - len(answers)
    return Task(
        name="sex",
        kind="single-label",
        classes=tuple(each for each in (TaskClass("F", "Female"), TaskClass("M", "Male")) if each.name in occurring),
        answers=answers,
        title="Sex",
        left_out={"sex not stated": unknown} if unknown else {},
    )


def made(*tasks: Task | None) -> tuple[Task, ...]:
    """The tasks that have an answer."""
    return tuple(task for task in tasks if task is not None)
