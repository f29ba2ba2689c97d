"""What every data set layout keeps, and how a folder is recognised."""

from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import LabelError, RecordError
from einthoven.labels.layouts import LAYOUTS, Correction, advice, layouts_table, locate, recognise
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, SourceInfo

NAMES = ("cinc", "code15", "ludb", "mimic-iv-ecg", "ptbxl", "sph")


def test_the_layouts_are_these_and_describe_themselves() -> None:
    assert LAYOUTS.names() == NAMES
    for entry in LAYOUTS:
        assert entry.title and entry.source and entry.holds and entry.brings.endswith(".")
        assert LAYOUTS.missing(entry) == ()
        assert f"`{entry.name}`" in layouts_table()


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_folder_a_missing_one_and_a_file_are_of_no_layout(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0\xff")
    entry = LAYOUTS.get(name)
    assert [entry.recognises(p) for p in (tmp_path, tmp_path / "absent", tmp_path / "file")] == [False] * 3
    with pytest.raises(LabelError):
        entry.read(tmp_path, None)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("ptbxl_z", "ptbxl"), ("ludb", "ludb"), ("code15", "code15"), ("cinc2021", "cinc"), ("formats", None),
     ("ptbxl_raw", None)],
)  # fmt: skip
def test_real_folders_are_recognised_and_others_not(shared_data: Path, folder: str, name: str | None) -> None:
    entry = recognise(shared_data / folder)
    assert (entry and entry.name) == name
    recognising = [entry.name for entry in LAYOUTS if entry.recognises(shared_data / folder)]
    assert recognising == ([name] if name else [])


def test_the_folder_inside_an_unpacked_archive_is_found(tmp_path: Path) -> None:
    inside = tmp_path / "archive" / "ptb-xl-1.0.3"
    inside.mkdir(parents=True)
    (inside / "ptbxl_database.csv").write_text("ecg_id,patient_id,scp_codes\n")
    entry = LAYOUTS.get("ptbxl")
    assert locate(entry, tmp_path) == inside == locate(entry, inside)
    assert locate(LAYOUTS.get("ludb"), tmp_path) is None


def test_plain_import_of_a_known_data_set_is_told_of_its_layout(shared_data: Path, tmp_path: Path) -> None:
    line = advice(shared_data / "ludb")
    assert line is not None and "looks like LUDB" in line and "--layout ludb" in line and "corrects the gain" in line
    assert advice(tmp_path) is None


# Parts of the messages of `formats.passport`; a test of the workflow has the real ones.
_OF_SCALE = ("every lead spans exactly 1.0 mV: each", "QRS of about 0.12 mV is", "no amplitude above 0.001 mV")


def _read_with_gain(counts: np.ndarray, gains: tuple[float, ...], baselines: tuple[float, ...]) -> EcgRecord:
    """As a reader gives it: mV under the stated gain, rounded to float32."""
    signal = ((counts - np.array(baselines)[:, None]) / np.array(gains)[:, None]).astype(np.float32)
    source = SourceInfo("1.hea", "wfdb", gain=gains, doubts=(*_OF_SCALE, "another doubt"))
    return EcgRecord(signal, STANDARD_12[: len(gains)], 500.0, "mV", source)


def test_a_correction_gives_back_the_stored_counts_exactly_and_says_so() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(-32767, 32768, (3, 5000))
    gains, baselines = (1716.0, 698.0, 20000.0), (6.0, -5.0, 0.0)
    record = _read_with_gain(counts, gains, baselines)
    fixed = Correction(1000.0, 0.0, baselines, "gain corrected").apply(record)
    np.testing.assert_array_equal(fixed.signal, (counts / 1000).astype(np.float32))
    assert fixed.source.changed == ("gain corrected",) and fixed.source.doubts == ("another doubt",)
    assert fixed.source.gain == gains, "what the file states stays in the passport"


def test_a_correction_keeps_missing_samples_and_refuses_what_are_no_counts() -> None:
    record = _read_with_gain(np.arange(12).reshape(2, 6), (100.0, 200.0), (0.0, 0.0))
    gap = np.array(record.signal)
    gap[0, 2] = np.nan
    correction = Correction(1000.0, 0.0, (0.0, 0.0), "corrected")
    fixed = correction.apply(record.with_signal(gap, "gap"))
    assert np.isnan(fixed.signal).sum() == 1 and fixed.signal[1, 0] == np.float32(0.006)
    with pytest.raises(RecordError, match="no whole counts"):
        correction.apply(record.with_signal(record.signal + 0.0042, "moved"))
    with pytest.raises(RecordError, match="one gain and baseline"):
        Correction(1000.0, 0.0, (0.0,), "corrected").apply(record)


@pytest.mark.parametrize("name", ["cinc", "code15", "ludb", "ptbxl"])
def test_nothing_but_our_errors_gets_out_of_damaged_tables(name: str, shared_data: Path, tmp_path: Path) -> None:
    """A small part of the real folder, its tables and headers cut and with bytes overwritten."""
    real = shared_data / {"cinc": "cinc2021", "ptbxl": "ptbxl_z"}.get(name, name)
    headers = sorted(real.rglob("*.hea"))[:3]
    files = [*real.glob("*.csv"), *headers]
    folder = tmp_path / "part"
    whole = {
        folder / file.relative_to(real): file.read_bytes()[:100_000].rpartition(b"\n")[0] + b"\n" for file in files
    }
    if name == "ptbxl":
        whole[folder / "scp_statements.csv"] = (real / "scp_statements.csv").read_bytes()
    for file in whole:
        file.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    n_read = 0
    for turn in range(60):
        for place, (file, data) in enumerate(whole.items()):
            damaged = bytearray(data[: int(len(data) * (rng.random() if turn % 3 == 0 and place == 0 else 1))])
            for _ in range(turn % 7 if damaged else 0):
                damaged[rng.integers(len(damaged))] = rng.integers(256)
            file.write_bytes(damaged)
        try:
            n_read += len(LAYOUTS.get(name).read(folder, None).records) > 0
        except LabelError as error:
            assert error.message
        assert LAYOUTS.get(name).recognises(folder) in (True, False)
    assert n_read > 0, "undamaged ones are read"
