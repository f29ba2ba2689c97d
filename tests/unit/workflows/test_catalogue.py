"""The pages tell of every format and every data set what the registries know."""

import dataclasses

import pytest

from einthoven.formats import FORMATS
from einthoven.labels.layouts import LAYOUTS
from einthoven.registry import Registry
from einthoven.workflows import catalogue


def test_every_format_is_listed_with_its_limits_and_what_it_was_tried_with() -> None:
    views = {view.name: view for view in catalogue.formats()}
    assert list(views) == [entry.name for entry in FORMATS]
    for entry in FORMATS:
        view = views[entry.name]
        assert (view.title, view.states, view.tried, view.limits) == (
            entry.title, entry.states, entry.tried, entry.limits,
        )  # fmt: skip
    assert views["dicom"].blanked and views["dicom"].reason == ""


def test_every_data_set_is_listed() -> None:
    views = catalogue.layouts()
    assert [view.name for view in views] == [entry.name for entry in LAYOUTS]
    assert next(view for view in views if view.name == "ptbxl").resolutions == (100, 500)
    assert all(view.title and view.brings and view.holds for view in views)


def test_a_format_whose_package_lacks_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "missing", lambda self, entry: ("no-such-package",))
    assert all(view.reason == "needs no-such-package: pip install no-such-package" for view in catalogue.formats())
    assert {field.name for field in dataclasses.fields(catalogue.LayoutView)} >= {"reason", "tried"}
