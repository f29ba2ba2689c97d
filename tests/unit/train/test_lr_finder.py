"""The learning-rate finder's rule."""

import pytest

from einthoven.train.lr_finder import FALLBACK_RATE, LARGEST_CHOICE, choose_rate

RATES = [1e-5, 1e-4, 1e-3, 1e-2, 2e-2, 1e-1]


def test_a_tenth_of_the_rate_of_the_lowest_loss_is_chosen() -> None:
    assert choose_rate(RATES, [1.0, 0.9, 0.7, 0.4, 0.6, 2.0])[0] == pytest.approx(1e-3)


def test_a_loss_that_never_falls_gives_the_usual_rate_and_says_so() -> None:
    rate, rule = choose_rate(RATES, [1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    assert rate == FALLBACK_RATE and "did not fall" in rule


def test_a_fall_no_larger_than_chance_gives_the_usual_rate() -> None:
    rate, rule = choose_rate(RATES, [1.0, 1.0, 1.0, 0.99, 0.98, 1.5])
    assert rate == FALLBACK_RATE and "did not fall" in rule


def test_a_loss_that_is_no_number_at_once_gives_the_usual_rate_and_says_so() -> None:
    rate, rule = choose_rate([], [])
    assert rate == FALLBACK_RATE and "no number" in rule


def test_a_choice_is_never_above_the_limit_and_says_so() -> None:
    rate, rule = choose_rate([*RATES, 0.5], [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.1])
    assert rate == LARGEST_CHOICE and "limited" in rule
