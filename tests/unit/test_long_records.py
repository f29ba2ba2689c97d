"""Records longer than what a model looks at."""

import numpy as np
import pytest

from einthoven.errors import IncompatibleModel
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal.windows import further_windows
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.tensors import MOST_WINDOWS, prepare

SPEC = ModelSpec("single-label", (TaskClass("A"), TaskClass("B")), standard_steps(band=None))


def _record(seconds: float, rate: float = 100.0) -> EcgRecord:
    """Each sample says when it was taken."""
    n = round(seconds * rate)
    signal = np.arange(n) / rate + np.arange(12)[:, None]
    return EcgRecord(signal.astype(np.float32), STANDARD_12, rate, "mV", SourceInfo("made", "test"))


def test_training_sees_the_start_alone() -> None:
    assert prepare(_record(35), SPEC).further == ()


@pytest.mark.parametrize(
    ("seconds", "starts"), [(10, [0]), (4, [0]), (20, [0, 10]), (25, [0, 7.5, 15]), (30, [0, 10, 20])]
)
def test_windows_cover_a_longer_record_evenly(seconds: float, starts: list[float]) -> None:
    prepared = prepare(_record(seconds), SPEC, most_windows=MOST_WINDOWS)
    windows = (prepared.array, *prepared.further)
    assert [float(one[0, 0]) for one in windows] == pytest.approx(starts, abs=0.02)
    assert all(one.shape == (12, 1000) for one in windows)
    assert any("windows averaged" in note for note in prepared.notes) == (len(starts) > 1)


def test_of_a_very_long_record_so_many_windows_are_seen_and_it_is_said() -> None:
    prepared = prepare(_record(7200), SPEC, most_windows=MOST_WINDOWS)
    assert 1 + len(prepared.further) == MOST_WINDOWS
    assert "answers for 60 windows averaged, which cover 8% of 7200 s" in prepared.notes
    assert float(prepared.further[-1][0, -1]) == pytest.approx(7199.99, abs=0.01)


def test_windows_in_which_nothing_is_shown_do_not_count() -> None:
    record = _record(40)
    signal = record.signal.copy()
    signal[:, :2000] = 0.3
    prepared = prepare(EcgRecord(signal, record.leads, 100.0, "mV", record.source), SPEC, most_windows=MOST_WINDOWS)
    assert [float(one[0, 0]) for one in (prepared.array, *prepared.further)] == pytest.approx([20, 30])
    with pytest.raises(IncompatibleModel, match="flat"):
        prepare(EcgRecord(signal[:, :2000], record.leads, 100.0, "mV", record.source), SPEC, most_windows=MOST_WINDOWS)


def test_the_last_window_ends_with_the_record() -> None:
    (last,) = further_windows(_record(11.5), 10, most=5)
    assert float(last[0, -1]) == pytest.approx(11.49)


def test_a_record_that_is_hardly_longer_is_one_window() -> None:
    assert further_windows(_record(10.5), 10, most=5) == ()
