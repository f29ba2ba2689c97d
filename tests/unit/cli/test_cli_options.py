"""Options that several commands share, and where data are kept."""

from pathlib import Path

import pytest

from einthoven.cli.options import parse_folds
from einthoven.errors import SettingError
from einthoven.settings import Settings


@pytest.mark.parametrize(
    ("text", "folds"),
    [(None, None), ("9", (9,)), ("1-3", (1, 2, 3)), ("3, 1-2 ,2", (1, 2, 3)), ("0-0", (0,)), ("10,1", (1, 10))],
)
def test_folds_are_numbers_and_ranges(text: str | None, folds: tuple[int, ...] | None) -> None:
    assert parse_folds(text) == folds


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "3-1", "1-2-3", "1,,2", "1.5", "1-100000", "٣-x"])
def test_what_names_no_folds_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SettingError, match="Write"):
        parse_folds(text)


def test_the_folder_of_data_is_that_of_the_environment_or_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINTHOVEN_HOME", "/somewhere")
    assert Settings().home == Path("/somewhere")
    monkeypatch.delenv("EINTHOVEN_HOME")
    default = Settings().home
    assert default.is_absolute() and "einthoven" in default.name
    monkeypatch.setenv("EINTHOVEN_HOME", "")
    assert Settings().home == default, "an empty variable does not mean the current folder"
