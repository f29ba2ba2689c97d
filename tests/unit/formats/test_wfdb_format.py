"""WFDB: headers, storage formats, several data files, segments, doubts; the wfdb package is the yardstick."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import wfdb

from einthoven.errors import EinthovenError, FormatError, HintsNeeded, RecordError
from einthoven.formats import MemorySource, PathSource, read_all
from einthoven.formats.wfdb.header import parse_header
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints


def _read(files: dict[str, bytes], name: str = "r.hea", hints: str = "") -> EcgRecord:
    (record,) = read_all(MemorySource(name, files), ReadHints.parse(hints))
    return record


def _record(
    counts: npt.NDArray[np.int_], *, line: str = "200(0)/mV 16 0 0 {checksum} 0 {lead}", tail: str = ""
) -> dict[str, bytes]:
    """A format 16 record of `(leads, samples)` counts; `line` is the end of each signal line."""
    rows = [
        "r.dat 16 " + line.format(lead=lead, checksum=int(row.sum()) % 65536)
        for lead, row in zip(STANDARD_12, counts, strict=False)
    ]
    head = "\n".join([f"r {len(counts)} 250 {counts.shape[1]}", *rows, tail])
    return {"r.hea": head.encode(), "r.dat": counts.astype("<i2").T.tobytes()}


COUNTS = np.random.default_rng(3).integers(-900, 900, size=(3, 400))


@pytest.mark.parametrize("storage", ["16", "24", "32", "80", "212", "508", "516", "524"])
def test_what_the_wfdb_package_writes_in_any_format_comes_back(tmp_path: Path, storage: str) -> None:
    bits = {"80": 7, "508": 7}.get(storage, 11)
    counts = np.random.default_rng(1).integers(-(2**bits) + 1, 2**bits, size=(301, 3)).astype(np.int64)
    wfdb.wrsamp(
        "w", fs=360, units=["mV"] * 3, sig_name=["I", "II", "V1"], d_signal=counts, fmt=[storage] * 3,
        adc_gain=[200.0, 100.0, 50.0], baseline=[0, 3, -4], write_dir=str(tmp_path),
    )  # fmt: skip
    (record,) = read_all(PathSource(tmp_path / "w.hea"))
    truth = (counts - [0, 3, -4]) / [200, 100, 50]
    np.testing.assert_allclose(record.signal, truth.T, rtol=1e-6)
    assert record.source.doubts == ("3 of the 12 standard leads; lacking III, aVR, aVL, aVF, V2, V3, V4, V5, V6",)


@pytest.mark.parametrize(("storage", "type_"), [(61, ">i2"), (160, "<u2")])
def test_formats_that_the_wfdb_package_cannot_write_come_back(storage: int, type_: str) -> None:
    files = _record(COUNTS)
    files["r.hea"] = files["r.hea"].replace(b"r.dat 16 ", f"r.dat {storage} ".encode())
    files["r.dat"] = (COUNTS + (32768 if storage == 160 else 0)).astype(type_).T.tobytes()
    record = _read(files)
    np.testing.assert_allclose(record.signal, COUNTS / 200, rtol=1e-6)
    assert not any("checksum" in doubt for doubt in record.source.doubts)


def test_the_invalid_sample_value_is_a_missing_sample() -> None:
    counts = COUNTS.copy()
    counts[1, 5:9] = -32768
    record = _read(_record(counts))
    assert np.isnan(record.signal[1, 5:9]).all() and np.isnan(record.signal).sum() == 4


def test_relative_units_need_no_hint_and_the_stated_band_is_kept() -> None:
    tail = "# amplitude unit NU: standard deviations of the lead (0.5-40 Hz band, z-scored per lead)\n"
    record = _read(_record(COUNTS, line="1000.0(0)/NU 16 0 0 {checksum} 0 {lead}", tail=tail))
    assert record.amplitude == "relative" and record.source.assumed == ()
    assert record.source.band == (0.5, 40.0)
    np.testing.assert_allclose(record.signal, COUNTS / 1000, rtol=1e-6)


def test_a_header_without_gain_is_not_calibrated_and_says_so() -> None:
    files = _record(COUNTS, line="0 16 0 0 {checksum} 0 {lead}")
    with pytest.raises(HintsNeeded, match="not calibrated") as caught:
        _read(files)
    assert caught.value.missing == ("unit",)
    record = _read(files, hints="unit=counts,gain=400,baseline=0")
    np.testing.assert_allclose(record.signal, COUNTS / 400, rtol=1e-6)


def test_the_unit_is_mv_and_the_baseline_the_adc_zero_where_the_standard_says_so() -> None:
    record = _read(_record(COUNTS, line="200 11 1024 0 {checksum} 0 {lead}"))
    np.testing.assert_allclose(record.signal, (COUNTS - 1024) / 200, rtol=1e-6)
    assert record.source.unit == "mV"


def test_a_header_without_a_rate_needs_one() -> None:
    files = _record(COUNTS)
    files["r.hea"] = files["r.hea"].replace(b"r 3 250 400", b"r 3")
    with pytest.raises(HintsNeeded) as caught:
        _read(files)
    assert caught.value.missing == ("rate",)
    assert _read(files, hints="rate=500").n_samples == 400


def test_a_missing_data_file_is_named() -> None:
    files = _record(COUNTS)
    del files["r.dat"]
    with pytest.raises(FormatError, match=r"r\.hea: The file r\.dat, which .* Add r\.dat to the same folder"):
        _read(files)


def test_a_cut_off_data_file_is_refused_with_the_numbers() -> None:
    files = _record(COUNTS)
    files["r.dat"] = files["r.dat"][:1201]
    with pytest.raises(FormatError, match=r"400 samples of 3 signals, which are 2400 bytes, and it holds 1201"):
        _read(files)


def test_more_samples_than_stated_and_a_wrong_checksum_are_doubts() -> None:
    files = _record(COUNTS)
    files["r.dat"] += bytes(60)
    assert any("10 samples more" in doubt for doubt in _read(files).source.doubts)
    files = _record(COUNTS)
    changed = bytearray(files["r.dat"])
    changed[2] ^= 1  # the first sample of lead II
    files["r.dat"] = bytes(changed)
    assert any("checksum does not fit the samples of II" in doubt for doubt in _read(files).source.doubts)


def test_an_impossible_date_does_not_stop_reading() -> None:
    for stamp, expected in (
        ("31-Feb-2020 25:61:00", None),
        ("05-May-2020 14:50:55", "2020-05-05T14:50:55"),
        ("16:56:02 28/06/1987", "1987-06-28T16:56:02"),
        ("0:00 01/01/2001", "2001-01-01T00:00:00"),
        ("nonsense", None),
    ):
        files = _record(COUNTS)
        files["r.hea"] = files["r.hea"].replace(b"250 400", f"250 400 {stamp}".encode())
        assert _read(files).source.recorded == expected


def test_comments_give_subject_and_diagnoses_and_never_a_name() -> None:
    tail = (
        "# Age: 73\n#Sex: Female\n# Patient ID: 82907\n#Dx: 164889003,59118001\n# Name: Jane Doe\n# Labels: STTC, HYP\n"
    )
    record = _read(_record(COUNTS, tail=tail))
    assert (record.subject.age, record.subject.sex) == (73.0, "F")
    assert record.subject.id is not None and len(record.subject.id) == 16 and "82907" not in repr(record)
    codes = [(note.code, note.system) for note in record.annotations if note.code]
    assert codes == [("164889003", "SNOMED CT"), ("59118001", "SNOMED CT")]
    assert "Doe" not in repr(record)
    assert any(note.text == "Labels: STTC, HYP" for note in record.annotations)


@pytest.mark.parametrize(("text", "age"), [("NaN", None), ("Unknown", None), ("300", None), ("61", 61.0), ("0", 0.0)])
def test_ages_that_are_none_are_none(text: str, age: float | None) -> None:
    record = _read(_record(COUNTS, tail=f"# Age: {text}\n"))
    assert record.subject.age == age
    assert any("300 years" in doubt for doubt in record.source.doubts) is (text == "300")


def test_signals_that_are_no_ecg_are_left_out_and_named() -> None:
    files = _record(COUNTS)
    files["r.hea"] = files["r.hea"].replace(b"/mV 16 0 0 ", b"/mmHg 16 0 0 ", 1)
    record = _read(files)
    assert record.leads == ("II", "III")
    np.testing.assert_allclose(record.signal, COUNTS[1:] / 200, rtol=1e-6)
    assert any("left out, no ECG by unit or name: I (mmHg)" in doubt for doubt in record.source.doubts)
    with pytest.raises(RecordError, match=r"None of its signals is an ECG: I \(mmHg\)"):
        _read(_record(COUNTS[:1], line="200/mmHg 16 0 0 {checksum} 0 {lead}"))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("r 12 500 5000\nr.dat 16 200 16 0 0 0 0 I\n", "states 12 signals but lists 1"),
        ("r 99999999 500 5000\nr.dat 16 200\n", "states 99999999 signals"),
        ("r 1 500 99999999999\nr.dat 16 200 16 0 0 0 0 I\n", "cut off"),
        ("r 1 0 2\nr.dat 16 200 16 0 0 0 0 I\n", "rate of 0 Hz"),
        ("r 1 500 2\nr.dat 17 200 16 0 0 0 0 I\n", "storage format 17"),
        ("r 1 500 2\nr.dat 16 2x0 16 0 0 0 0 I\n", "gain '2x0' cannot be read"),
        ("r 1 500 2\n../r.dat 16 200 16 0 0 0 0 I\n", "is not there"),
        ("r 0 500 2\n", "None of its signals is an ECG"),
        ("r 2 500 1\nr.dat 16 200 16 0 0 0 0 I\nr.dat 16 200 16 0 0 0 0 I\n", "Lead I stands more than once"),
        ("r 2 500 1\nr.dat 16 200 16 0 0 0 0 I\nr.dat 212 200 16 0 0 0 0 II\n", "several storage formats"),
        ("r/2 1 500 4\nq 2\nq 2\n", "q.hea"),
    ],
)
def test_damaged_headers_are_refused_with_the_reason(header: str, message: str) -> None:
    with pytest.raises(EinthovenError, match=message) as caught:
        _read({"r.hea": header.encode(), "r.dat": bytes(4)})
    assert str(caught.value).startswith("r.hea")


def test_leads_in_several_files_and_a_skew_are_put_together_as_wfdb_does(tmp_path: Path) -> None:
    first, second = np.arange(100, 160, dtype="<i2"), np.arange(300, 360, dtype="<i2")
    (tmp_path / "a.dat").write_bytes(first.tobytes())
    (tmp_path / "b.dat").write_bytes(second.tobytes())
    (tmp_path / "r.hea").write_text("r 2 250 60\na.dat 16 200 16 0 0 0 0 I\nb.dat 16:5 200 16 0 0 0 0 V2\n")
    (record,) = read_all(PathSource(tmp_path / "r.hea"))
    expected = wfdb.rdrecord(str(tmp_path / "r")).p_signal.T
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6, equal_nan=True)
    assert np.isnan(record.signal[1, -5:]).all() and record.signal[1, 0] == np.float32(305 / 200)


def test_several_samples_per_frame_multiply_the_rate() -> None:
    files = {"r.hea": b"r 1 125 50\nr.dat 16x4 200 16 0 0 0 0 II\n", "r.dat": np.arange(200, dtype="<i2").tobytes()}
    record = _read(files)
    assert (record.rate, record.n_samples) == (500.0, 200)
    np.testing.assert_allclose(record.signal[0], np.arange(200) / 200, rtol=1e-6)


def test_ecg_signals_of_different_rates_are_refused() -> None:
    header = b"r 2 125 10\nr.dat 16x4 200 16 0 0 0 0 I\nr.dat 16 200 16 0 0 0 0 II\n"
    with pytest.raises(FormatError, match="different rates"):
        _read({"r.hea": header, "r.dat": bytes(100)})


def test_segments_are_joined_with_gaps_as_missing_samples() -> None:
    def segment(name: str, leads: tuple[str, ...], rows: npt.NDArray[np.int_]) -> dict[str, bytes]:
        lines = [
            f"{name}.dat 16 100/mV 16 0 0 {int(row.sum()) % 65536} 0 {lead}"
            for lead, row in zip(leads, rows, strict=True)
        ]
        head = "\n".join([f"{name} {len(leads)} 250 {rows.shape[1]}", *lines]) + "\n"
        return {f"{name}.hea": head.encode(), f"{name}.dat": rows.astype("<i2").T.tobytes()}

    files = {
        "r.hea": b"r/3 2 250 9\ns1 4\n~ 2\ns2 3\n",
        **segment("s1", ("I", "II"), np.array([[1, 2, 3, 4], [5, 6, 7, 8]])),
        **segment("s2", ("II",), np.array([[9, 10, 11]])),
    }
    record = _read(files)
    nan = np.nan
    expected = np.array([[1, 2, 3, 4, nan, nan, nan, nan, nan], [5, 6, 7, 8, nan, nan, 9, 10, 11]]) / 100
    np.testing.assert_allclose(record.signal, expected, rtol=1e-6, equal_nan=True)
    assert any("1 gaps between segments" in doubt for doubt in record.source.doubts)


def test_opening_the_data_file_points_to_the_header() -> None:
    files = _record(COUNTS)
    with pytest.raises(FormatError, match=r"r\.dat holds the samples of the WFDB record r\.hea.* Open r\.hea"):
        _read(files, name="r.dat")


def test_a_header_parses_to_what_it_states() -> None:
    header = parse_header("100 2 360/1(0) 650000 0:0:0\n100.dat 212x2:3+8 200.5(7)/uV 11 1024 995 -22131 0 MLII extra\n"
                          "101.dat 212 -1.5e2 11 1024 995\n# c\n")  # fmt: skip
    first, second = header.signals
    assert (header.name, header.rate, header.samples, header.comments) == ("100", 360.0, 650000, ("c",))
    assert (first.format, first.per_frame, first.skew, first.offset) == (212, 2, 3, 8)
    assert (first.gain, first.baseline, first.unit, first.zero) == (200.5, 7, "uV", 1024)
    assert (first.initial, first.checksum, first.name) == (995, -22131, "MLII extra")
    assert (second.gain, second.baseline, second.unit, second.checksum, second.name) == (-150.0, 1024, "mV", None, "")
