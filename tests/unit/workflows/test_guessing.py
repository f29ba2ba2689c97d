"""A model that is no better than an answer without looking says so."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from einthoven import evaluate as scoring
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.workflows.fitting import Side
from einthoven.workflows.keeping import _guessing

RNG = np.random.default_rng(0)
N = 80


def side(y: Any) -> Side:
    items = tuple(SimpleNamespace(subject=f"p{k}") for k in range(len(y)))
    return Side(items, np.zeros((len(y), 1, 1), np.float32), y, None, np.arange(len(y)))  # type: ignore[arg-type]


def said(spec: ModelSpec, y: Any, scores: Any) -> list[str]:
    found = scoring.evaluate(spec.kind, spec.class_names, y, scores)
    return _guessing(spec, side(y), side(y), scoring.judged(spec.kind, spec.class_names, y, scores), found)


def test_probabilities_that_know_nothing() -> None:
    spec = ModelSpec("single-label", (TaskClass("a"), TaskClass("b")), standard_steps(), "t")
    y = np.arange(N) % 2
    chance = RNG.random(N)
    sure = np.clip(y + RNG.normal(0, 0.3, N), 0.01, 0.99)
    (line,) = said(spec, y, np.stack([1 - chance, chance], 1))
    assert "may be guessing" in line and "0.5 is chance" in line
    assert said(spec, y, np.stack([1 - sure, sure], 1)) == []


@pytest.mark.parametrize(("error", "warned"), [(2.0, False), (30.0, True)])
def test_values_that_are_further_off_than_the_median(error: float, *, warned: bool) -> None:
    spec = ModelSpec("regression", (TaskClass("age"),), standard_steps(), "age", "years")
    y = RNG.uniform(20, 80, (N, 1)).astype(np.float32)
    lines = said(spec, y, y + error)
    assert [("always answering" in line and "years" in line) for line in lines] == [True] * warned
