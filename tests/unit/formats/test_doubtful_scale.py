"""A scale that cannot be, or is unusual, is told; nothing is changed."""

import numpy as np
import pytest

from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.leads import STANDARD_12
from einthoven.simulate import simulate


def read_scaled(factor: float, *, unit: str = "mV", seconds: float = 10):
    record = simulate("NORM", np.random.default_rng(2), duration=seconds, noise=False)
    rows = record.signal.T * factor
    text = "\n".join([",".join(STANDARD_12), *(",".join(f"{value:.7g}" for value in row) for row in rows)])
    time = "\n".join(["time [s]", *(f"{n / 500:.3f}" for n in range(len(rows)))]).splitlines()
    head, *body = text.splitlines()
    table = [f"{time[0]},{head.replace(',', f' [{unit}],')} [{unit}]", *map(",".join, zip(time[1:], body, strict=True))]
    (found,) = read_all(MemorySource("a.csv", {"a.csv": "\n".join(table).encode()}))
    return found


def about_scale(record) -> list[str]:
    return [doubt for doubt in record.source.doubts if "check unit and gain" in doubt]


def test_a_usual_ecg_is_not_doubted():
    assert about_scale(read_scaled(1)) == []
    assert about_scale(read_scaled(1000, unit="uV")) == []


@pytest.mark.parametrize(
    ("factor", "words"),
    [(1000, "more than any ECG"), (0.001, "less than any ECG"), (10, "unusually high"), (0.1, "unusually low")],
)
def test_a_wrong_scale_is_doubted_once_and_kept(factor, words):
    record = read_scaled(factor)
    (doubt,) = about_scale(record)
    assert words in doubt
    assert np.ptp(record.lead("II")) == pytest.approx(factor * np.ptp(read_scaled(1).lead("II")), rel=1e-3)


def test_a_few_seconds_say_nothing_about_what_is_usual():
    assert about_scale(read_scaled(10, seconds=2)) == []


def test_real_records_published_with_a_wrong_gain_are_doubted_and_their_neighbours_are_not(shared_data):
    """CinC 2021 states 200 instead of 1000 counts per mV in some PTB-XL headers, 4880 instead of 1000 for Georgia."""
    doubted = {}
    for path in [*(shared_data / "ptbxl_raw").glob("HR*.hea"), *(shared_data / "cinc2021" / "georgia").glob("*.hea")]:
        (record,) = read_all(PathSource(path, shared_data))
        usual = set(record.source.gain) == {1000.0}
        doubted.setdefault(usual, []).append(bool(about_scale(record)))
    assert np.mean(doubted[False]) > 0.7
    assert not any(doubted[True])
