"""What a model's card says of how its weights were chosen."""

from typing import Any

import pytest

from einthoven.store.types import Model
from einthoven.workflows.model_card import card_of
from hand_made_model import mean_spec


def card(**statistics: Any) -> str:
    model = Model(
        name="m", created="2026-11-23T00:00:00+00:00", spec=mean_spec(), architecture="inceptiontime", base=None,
        run=None, trained_on=None, n_train=80, parameters=10, size=1, simulated=False,
        statistics={"n_train": 80, "n_validation": 20, "best_epoch": 7, **statistics},
    )  # fmt: skip
    return card_of(model, [])


@pytest.mark.parametrize(
    ("statistics", "part", "epoch"),
    [
        ({"config": {"keep": "best"}}, "20 to choose the epoch by;", "epoch 7, the best by the validation part."),
        ({"config": {"keep": "last"}}, "20 to watch the training by;", "epoch 7, the last."),
        ({"config": {"keep": "last"}, "thresholds": [{"name": "a"}]}, "20 to choose the thresholds by;", "the last."),
        ({"config": {}, "thresholds": [{}]}, "20 to choose the epoch and to choose the thresholds by;", "the best"),
    ],
)
def test_what_the_validation_part_was_for(statistics: dict[str, Any], part: str, epoch: str) -> None:
    text = card(**statistics)
    assert part in text and epoch in text


def test_statistics_of_another_form_are_left_out() -> None:
    assert "weights are those of epoch" not in card(best_epoch="seven")
