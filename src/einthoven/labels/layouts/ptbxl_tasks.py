"""The tasks that PTB-XL's statements, ages and sexes answer.

A statement counts as soon as it stands in `scp_codes`, whatever its likelihood, 0 included: PTB-XL
writes 0 where the likelihood is not known (Wagner et al. 2020), and its official `example_physionet.py`
and benchmark (Strodthoff et al. 2020, doi:10.1109/JBHI.2020.3022989) count every key alike. As there,
an ECG without any statement that a task asks for is left out of that task.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from einthoven.codes.ptbxl import (
    BUNDLE_BRANCH_BLOCKS,
    INFARCTS,
    STATEMENTS,
    SUBCLASS_TITLES,
    SUPERCLASS_TITLES,
    SUPERCLASSES,
)
from einthoven.labels.layouts.demography import age_task, made, sex_task
from einthoven.record import Sex
from einthoven.task import Answer, Task, TaskClass


@dataclass(frozen=True, slots=True)
class TaskText:
    """How a task is called on the pages, and one sentence that says what it asks."""

    title: str
    explanation: str


TASK_TEXTS: Mapping[str, TaskText] = MappingProxyType(
    {
        "superclass": TaskText(
            "Diagnostic superclasses",
            "Which of normal, infarction, ST/T change, conduction disturbance and hypertrophy apply; several may.",
        ),
        "superclass-single": TaskText(
            "Diagnostic superclass, ECGs with exactly one",
            "Which one superclass applies, asked only of ECGs that have exactly one.",
        ),
        "subclass": TaskText("Diagnostic subclasses", "Which of PTB-XL's diagnostic subclasses apply; several may."),
        "statements": TaskText(
            "All SCP-ECG statements", "Which statements on diagnosis, form and rhythm apply; usually several do."
        ),
        "bbb": TaskText(
            "Kind of bundle branch block",
            "Left or right, complete or incomplete, asked only of ECGs with exactly one bundle branch block.",
        ),
        "infarct": TaskText(
            "Anterior or inferior infarct",
            "Which wall is affected by infarction or injury, asked only of ECGs with exactly one of the two.",
        ),
        "age": TaskText("Age", "The age of the patient in years when the ECG was recorded."),
        "sex": TaskText("Sex", "The sex of the patient, female or male."),
    }
)


@dataclass(frozen=True, slots=True)
class LabelledEcg:
    """What the database says of one ECG; `codes` are the keys of `scp_codes`."""

    file_name: str
    codes: tuple[str, ...]
    age: float | None
    age_hidden: bool
    sex: Sex | None


@dataclass(frozen=True, slots=True)
class Grouping:
    """Of one statement in `scp_statements.csv`: its groups, None where it is not diagnostic."""

    superclass: str | None
    subclass: str | None


def tasks(ecgs: Sequence[LabelledEcg], groupings: Mapping[str, Grouping]) -> tuple[Task, ...]:
    """All tasks for which at least one of the ECGs has an answer.

    Parameters
    ----------
    groupings
        Statement -> groups, in the order of `scp_statements.csv`, which is the order of the classes
        of `statements` and `subclass`. These two and `superclass` always have all their classes, so
        that models from different parts of PTB-XL have the same outputs; `superclass-single`, `bbb`,
        `infarct` and `sex` have those that occur.
    """

    def superclasses(ecg: LabelledEcg) -> set[str]:
        return {g.superclass for code in ecg.codes if (g := groupings[code]).superclass is not None}

    def subclasses(ecg: LabelledEcg) -> set[str]:
        return {g.subclass for code in ecg.codes if (g := groupings[code]).subclass is not None}

    subclass_names = tuple(dict.fromkeys(g.subclass for g in groupings.values() if g.subclass is not None))
    found = (
        _several("superclass", ecgs, SUPERCLASSES, superclasses, "no diagnostic statement"),
        _exactly_one("superclass-single", ecgs, SUPERCLASSES, superclasses, "superclass"),
        _several("subclass", ecgs, subclass_names, subclasses, "no diagnostic statement"),
        _several("statements", ecgs, tuple(groupings), lambda ecg: set(ecg.codes), "no statement"),
        _exactly_one("bbb", ecgs, BUNDLE_BRANCH_BLOCKS, lambda ecg: set(ecg.codes), "bundle branch block"),
        _exactly_one("infarct", ecgs, INFARCTS, subclasses, "of the two walls"),
        age_task({ecg.file_name: ecg.age for ecg in ecgs}, hidden=sum(ecg.age_hidden for ecg in ecgs)),
        sex_task({ecg.file_name: ecg.sex for ecg in ecgs}),
    )
    return made(*found)


def _class(task: str, name: str) -> TaskClass:
    if task.startswith("superclass"):
        return TaskClass(name, SUPERCLASS_TITLES[name])
    if task in ("subclass", "infarct"):
        return TaskClass(name, SUBCLASS_TITLES.get(name, name))
    statement = STATEMENTS.get(name)
    return TaskClass(name) if statement is None else TaskClass(name, statement.title, dict(statement.codes))


def _made(
    name: str,
    kind: str,
    classes: Iterable[str],
    answers: Mapping[str, Answer],
    left_out: Mapping[str, int],
) -> Task | None:
    """The task, or None when no ECG has an answer."""
    if not answers:
        return None
    return Task(
        name=name,
        kind="multi-label" if kind == "multi-label" else "single-label",
        classes=tuple(_class(name, each) for each in classes),
        answers=answers,
        title=TASK_TEXTS[name].title,
        left_out={reason: n for reason, n in left_out.items() if n},
    )


def _several(
    name: str,
    ecgs: Sequence[LabelledEcg],
    classes: Sequence[str],
    of: Callable[[LabelledEcg], set[str]],
    without: str,
) -> Task | None:
    answers: dict[str, Answer] = {}
    for ecg in ecgs:
        if own := of(ecg) & {*classes}:
            answers[ecg.file_name] = tuple(each for each in classes if each in own)
    return _made(name, "multi-label", classes, answers, {without: len(ecgs) - len(answers)})


def _exactly_one(
    name: str,
    ecgs: Sequence[LabelledEcg],
    classes: Sequence[str],
    of: Callable[[LabelledEcg], set[str]],
    noun: str,
) -> Task | None:
    answers: dict[str, Answer] = {}
    none = several = 0
    for ecg in ecgs:
        own = of(ecg) & {*classes}
        if len(own) == 1:
            answers[ecg.file_name] = tuple(own)
        none += not own
        several += len(own) > 1
    occurring = {each for answer in answers.values() if isinstance(answer, tuple) for each in answer}
    left_out = {f"no {noun}" if not noun.startswith("of") else f"none {noun}": none, f"more than one {noun}": several}
    return _made(name, "single-label", [each for each in classes if each in occurring], answers, left_out)
