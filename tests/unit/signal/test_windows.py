import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.errors import SettingError
from einthoven.record import EcgRecord, SourceInfo
from einthoven.signal import window


def made(n: int, rate: float = 100) -> EcgRecord:
    signal = np.stack((np.arange(n), -np.arange(n))).astype(float)
    return EcgRecord(signal, ("I", "II"), rate, "mV", SourceInfo("made", "test"))


def test_a_longer_record_keeps_its_start():
    cut = window(made(1500), 10, padding="zeros")
    assert cut.record.lead("I").tolist() == list(range(1000))
    assert cut.added == (1000, 1000)
    assert cut.record.steps == ("cropped from 15.00 to 10.00 s (start kept)",)


def test_a_shorter_record_is_expanded_by_samples_marked_as_not_there():
    expanded = window(made(700), 10, padding="zeros")
    assert expanded.added == (700, 1000)
    assert np.isnan(expanded.record.signal[:, 700:]).all()
    assert expanded.record.lead("II")[:700].tolist() == [-i for i in range(700)]
    assert "samples 700 to 999 were not recorded" in expanded.record.steps[0]


def test_edge_holds_the_last_value_of_each_lead():
    expanded = window(made(700), 10, padding="edge").record
    assert set(expanded.lead("I")[700:]) == {699.0}
    assert set(expanded.lead("II")[700:]) == {-699.0}


def test_repetition_starts_again_as_often_as_needed():
    expanded = window(made(300), 10, padding="repeat")
    assert expanded.record.lead("I").tolist() == [i % 300 for i in range(1000)]
    assert expanded.added == (300, 1000)


@given(
    n=st.integers(1, 2500),
    duration=st.floats(0.5, 20),
    rate=st.sampled_from([100.0, 128, 99.7]),
    padding=st.sampled_from(["zeros", "edge", "repeat"]),
)
def test_a_window_has_the_asked_length_keeps_what_was_there_and_is_idempotent(n, duration, rate, padding):
    record = made(n, rate)
    first = window(record, duration, padding=padding)
    wanted = round(duration * rate)
    kept = min(n, wanted)
    assert first.record.n_samples == wanted
    assert np.array_equal(first.record.signal[:, :kept], record.signal[:, :kept])
    assert first.added == (kept, wanted)
    second = window(first.record, duration, padding=padding)
    assert second.record is first.record
    assert second.added == (wanted, wanted)


@pytest.mark.parametrize("duration", [0, -1, float("nan"), float("inf")])
def test_an_impossible_duration_is_refused(duration):
    with pytest.raises(SettingError):
        window(made(10), duration, padding="zeros")


def test_an_unknown_padding_is_refused_with_the_choices():
    with pytest.raises(SettingError, match="zeros, edge, repeat"):
        window(made(10), 1, padding="mirror")
