"""Age and sex as inputs: refused where nobody says them or they are the answer, counted where some do."""

from types import SimpleNamespace
from typing import Any

import pytest

from einthoven.errors import SettingError
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Answer, Kind, Task, TaskClass
from einthoven.workflows.subject_inputs import checked

TWO = (TaskClass("a"), TaskClass("b"))


def look(told: str, values: list[Any], answers: list[Answer], kind: Kind = "single-label") -> list[str]:
    names = [f"{k}.npz" for k in range(len(values))]
    items: Any = [
        SimpleNamespace(**{"age": None, "sex": None, "file_name": n, told: v})
        for n, v in zip(names, values, strict=True)
    ]
    classes = (TaskClass("value"),) if kind == "regression" else TWO
    spec = ModelSpec(kind, classes, standard_steps(), "t", subject=(told,))  # type: ignore[arg-type]
    return checked(spec, Task("t", kind, classes, dict(zip(names, answers, strict=True))), items)


def test_what_no_ecg_says_is_refused_and_what_some_say_is_counted() -> None:
    with pytest.raises(SettingError, match="None of the 4 ECGs says the sex"):
        look("sex", [None] * 4, [("a",), ("b",)] * 2)
    assert look("age", [50.0, 60.0, 70.0], [("a",), ("b",), ("a",)]) == []
    (line,) = look("age", [50.0, None, 70.0], [("a",), ("b",), ("a",)])
    assert "known of 2 of 3 ECGs" in line


def test_the_answer_is_not_told() -> None:
    ages = [20.0 + k for k in range(40)]
    with pytest.raises(SettingError, match="from which the answer of task 't' follows"):
        look("age", ages, [age + 0.3 for age in ages], "regression")  # rounded otherwise
    assert look("age", ages, [400.0 - age for age in ages], "regression") == []  # a QT interval, say
    sexes = ["F", "M"] * 20
    with pytest.raises(SettingError, match="told the sex"):
        look("sex", sexes, [("a",), ("b",)] * 20)
    assert look("sex", sexes, [("a",), ("b",), ("b",), ("a",)] * 10) == []
    with pytest.raises(SettingError, match="told the age"):  # old and young
        look("age", [20.0, 80.0] * 20, [("a",), ("b",)] * 20)


def test_a_few_ecgs_prove_no_rule() -> None:
    assert look("sex", ["F", "M", "F", "M"], [("a",), ("b",)] * 2) == []
