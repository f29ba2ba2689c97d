"""WFDB: headers, storage formats, several data files, segments, doubts; the wfdb package is the yardstick."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wfdb

from einthoven.errors import EinthovenError, FormatError, HintsNeeded, RecordError
from einthoven.formats import MemorySource, PathSource, detect, plan, read_all
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


def test_signals_of_different_rates_are_records_of_their_own_the_largest_first() -> None:
    lines = ["r 4 125 10"] + [f"r.dat 16x{k} 200 16 0 0 0 0 {lead}" for lead, k in (("I", 2), ("II", 4), ("V1", 2))]
    lines.append("r.dat 16 50/mmHg 16 0 0 0 0 ABP")
    frames = np.arange(10 * 9, dtype="<i2").reshape(10, 9)
    files = {"r.hea": "\n".join(lines).encode(), "r.dat": frames.tobytes()}
    first, second = read_all(MemorySource("r.hea", files))
    assert (first.leads, first.rate, first.source.index, first.source.rate) == (("I", "V1"), 250.0, 0, 250.0)
    assert (second.leads, second.rate, second.source.index) == (("II",), 500.0, 1)
    np.testing.assert_allclose(first.signal[0], frames[:, :2].ravel() / 200, rtol=1e-6)
    np.testing.assert_allclose(first.signal[1], frames[:, 6:8].ravel() / 200, rtol=1e-6)
    np.testing.assert_allclose(second.signal[0], frames[:, 2:6].ravel() / 200, rtol=1e-6)
    assert any(doubt.endswith("each rate a record: II at 500 Hz in record 1") for doubt in first.source.doubts)
    assert any(doubt.endswith("each rate a record: I, V1 at 250 Hz in record 0") for doubt in second.source.doubts)
    files["r.hea"] = files["r.hea"].replace(b"r 4 125 10", b"r 4")
    with pytest.raises(FormatError, match="different rates, and the header states none"):
        list(read_all(MemorySource("r.hea", files), ReadHints(rate=250)))


@pytest.mark.parametrize(
    ("file", "own", "advice"),
    [
        ("r.mat", struct.pack("<5i", 30, 3, 400, 0, 4) + b"val\0", r"MATLAB version 4.*16\+24"),
        ("r.edf", (b"0       " + b" " * 176 + b"1024    ").ljust(1024), r"EDF.*16\+1024"),
        ("r.bdf", (b"\xffBIOSEMI" + b" " * 176 + b"1024    ").ljust(1024), r"BDF.*16\+1024"),
    ],
)
def test_a_data_file_with_a_header_of_its_own_needs_a_byte_offset(file: str, own: bytes, advice: str) -> None:
    files = _record(COUNTS)
    header = files["r.hea"].replace(b"r.dat 16 ", f"{file} 16 ".encode())
    with pytest.raises(FormatError, match=advice):
        _read({"r.hea": header, file: own + files["r.dat"]})
    header = header.replace(b" 16 200", f" 16+{len(own)} 200".encode())
    record = _read({"r.hea": header, file: own + files["r.dat"]})
    np.testing.assert_allclose(record.signal, COUNTS / 200, rtol=1e-6)


def test_a_skewed_signal_is_moved_by_frames_and_its_end_is_missing() -> None:
    files = {"r.hea": b"r 1 125 10\nr.dat 16x2:3 200 16 0 0 0 0 II\n", "r.dat": np.arange(20, dtype="<i2").tobytes()}
    record = _read(files)
    np.testing.assert_allclose(record.signal[0, :14], np.arange(6, 20) / 200, rtol=1e-6)
    assert np.isnan(record.signal[0, 14:]).all()


def test_a_record_that_is_nearly_all_gap_or_one_segment_over_and_over_is_not_unfolded() -> None:
    part = _record(COUNTS)
    files = {"s.hea": part["r.hea"].replace(b"r 3", b"s 3"), "r.dat": part["r.dat"]}
    for lines in (["s 400", "~ 200000000"], ["s 400"] * 20_000):
        total = sum(int(line.split()[1]) for line in lines)
        master = "\n".join([f"m/{len(lines)} 3 250 {total}", *lines])
        with pytest.raises(FormatError, match=r"too many gaps to be read as one.* one by one"):
            _read({"m.hea": master.encode(), **files}, name="m.hea")


def test_segments_with_one_gain_state_it_and_with_several_do_not() -> None:
    part = _record(COUNTS)
    one = {"a.hea": part["r.hea"].replace(b"r 3", b"a 3"), "r.dat": part["r.dat"]}
    record = _read({"m.hea": b"m/2 3 250 800\na 400\na 400\n", **one}, name="m.hea")
    assert record.source.gain == (200.0,) * 3 and record.n_samples == 800
    other = part["r.hea"].replace(b"r 3", b"b 3").replace(b" 200(0)", b" 100(0)")
    record = _read({"m.hea": b"m/2 3 250 800\na 400\nb 400\n", "b.hea": other, **one}, name="m.hea")
    assert record.source.gain is None
    np.testing.assert_allclose(record.signal, np.hstack([COUNTS / 200, COUNTS / 100]), rtol=1e-6)


SECRETS = ("MUSTERMANN", "Erika", "4711-0815", "19530508", "Bahnhofstrasse")


def _identities(files: dict[str, bytes]) -> list[str]:
    everything = b"\n".join([*files.values(), *(name.encode() for name in files)])
    return [
        secret
        for secret in SECRETS
        if any(secret.encode(coding) in everything for coding in ("utf-8", "utf-16-le", "utf-16-be"))
    ]


def _blanked(files: dict[str, bytes]) -> dict[str, bytes]:
    source = MemorySource(next(iter(files)), files)
    blanked = detect(source).blank(source)
    assert blanked is not None
    return dict(blanked)


def test_blanking_leaves_no_name_of_record_files_comments_and_prolog() -> None:
    tail = (
        "# Name: MUSTERMANN, Erika\n# Patient ID: 4711-0815\n# Birth date: 19530508\n# Age: 66\n# Sex: Female\n"
        "# Erika lives in Bahnhofstrasse\n# Dx: 164889003, MUSTERMANN\n# Labels: STTC, HYP\n"
        "# <diagnoses>:\n# Rhythm: Sinus bradycardia.\n# Seen by Erika\n"
    )
    plain = _record(COUNTS, tail=tail)
    head = plain["r.hea"].replace(b"r.dat 16 ", b"4711-0815.dat 16+64 ")
    head = head.replace(b"r 3 250 400", b"4711-0815 3 250 400 10:11:12 13/04/2020 Erika")
    files = {"4711-0815.hea": head, "4711-0815.dat": b"MUSTERMANN Erika".ljust(64) + plain["r.dat"] + b"Erika" * 9}
    assert set(_identities(files)) == set(SECRETS)
    blanked = _blanked(files)
    assert list(blanked) == ["record.hea", "record.dat"] and _identities(blanked) == []
    before, after = _read(files, name="4711-0815.hea"), _read(blanked, name="record.hea")
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.subject.age, after.subject.sex, after.subject.id) == (66.0, "F", None)
    assert after.annotations == before.annotations and after.source.recorded == "2020-04-13T10:11:12"
    assert any("2 findings in free text were left out" in doubt for doubt in before.source.doubts)


def test_blanking_leaves_no_text_in_edf_annotations_kept_as_a_signal() -> None:
    text = np.frombuffer(b"+0\x14Erika MUSTERMANN\x14\0".ljust(40, b"\0"), "<i2").reshape(1, 20)
    frames = np.hstack([np.arange(30, dtype="<i2").reshape(1, 30), text])
    head = b"r 2 1 1\nr.dat 16x30 200 16 0 0 0 0 II\nr.dat 16x20 1 16 0 0 0 0 EDF Annotations\n"
    files = {"r.hea": head, "r.dat": frames.tobytes()}
    assert _identities(files)
    blanked = _blanked(files)
    assert _identities(blanked) == []
    np.testing.assert_array_equal(_read(files).signal, _read(blanked, name="record.hea").signal)


def test_blanking_leaves_no_tags_in_flac_and_no_names_of_segments() -> None:
    stream = io.BytesIO()
    soundfile.write(stream, np.arange(600, dtype="<i2").reshape(-1, 1), 500, format="FLAC", subtype="PCM_16")
    data = stream.getvalue()
    end = 4 + 4 + int.from_bytes(data[5:8], "big")
    tags = b"\x0b\0\0\0MUSTERMANN_\0\0\0\0"
    tagged = data[:end] + b"\x04" + len(tags).to_bytes(3, "big") + tags + data[end:]
    files = {
        "4711-0815.hea": b"4711-0815/2 1 500 1200\nErika1 600\nErika2 600\n",
        **{f"Erika{k}.hea": f"Erika{k} 1 500 600\nErika.dat 516 200/mV 16 0 0 0 0 II\n".encode() for k in (1, 2)},
        "Erika.dat": tagged,
    }
    assert "MUSTERMANN" in _identities(files)
    blanked = _blanked(files)
    assert _identities(blanked) == []
    np.testing.assert_array_equal(_read(files, name="4711-0815.hea").signal, _read(blanked, name="record.hea").signal)


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


# -- headers that are known to be wrong or say nothing ---------------------------------------------------------------


def _named(name: str, gain: str, others: str = "") -> dict[str, bytes]:
    lines = [f"{name}.dat 16 {gain}/mV 16 0 0 0 0 I", f"{name}.dat 16 {others or gain}/mV 16 0 0 0 0 II"]
    data = np.arange(2000, dtype="<i2").tobytes()
    return {f"{name}.hea": "\n".join([f"{name} 2 500 1000", *lines, ""]).encode(), f"{name}.dat": data}


@pytest.mark.parametrize(
    ("name", "gain", "wrong"),
    [
        ("E00007", "4880", True), ("HR00001", "200", True), ("HR00001", "200.0(0)", True), ("S0001", "2000000", True),
        ("E00007", "1000", False), ("HR00001", "1000", False), ("S0001", "2000", False), ("100", "200", False),
        ("A0001", "4880", False), ("JS00001", "4880", False), ("S0001", "4880", False), ("Eva", "4880", False),
        ("HR00001_x", "200", False),
    ],
)  # fmt: skip
def test_headers_that_are_known_to_state_a_wrong_gain_are_doubted_and_not_changed(
    name: str,
    gain: str,
    wrong: bool,  # noqa: FBT001
) -> None:
    record = _read(_named(name, gain), name=f"{name}.hea")
    doubts = [doubt for doubt in record.source.doubts if "known to state a wrong gain" in doubt]
    assert bool(doubts) == wrong
    assert all("--layout cinc" in doubt and "1000" in doubt for doubt in doubts)
    assert record.lead("I")[1] == pytest.approx(2 / float(gain.partition("(")[0]))


def test_a_gain_that_only_some_signals_have_is_not_doubted() -> None:
    record = _read(_named("E00007", "4880", "1000"), name="E00007.hea")
    assert not any("wrong gain" in doubt for doubt in record.source.doubts)


def test_the_descriptions_that_wfdb_makes_up_are_no_lead_names() -> None:
    files = _record(COUNTS[:2])
    for number, lead in enumerate(STANDARD_12[:2]):
        files["r.hea"] = files["r.hea"].replace(f" 0 {lead}\n".encode(), f" 0 record r, signal {number}\n".encode())
    assert b"record r, signal 1" in files["r.hea"]
    with pytest.raises(HintsNeeded) as caught:
        _read(files)
    assert set(caught.value.missing) == {"leads"}
    record = _read(files, hints="leads=II V5")
    assert record.leads == ("II", "V5") and record.source.leads is None
    blanked = _blanked({"4711.hea": files["r.hea"].replace(b"record r,", b"record 4711,"), "r.dat": files["r.dat"]})
    assert b"4711" not in blanked["record.hea"]
    np.testing.assert_array_equal(_read(blanked, name="record.hea", hints="leads=II V5").signal, record.signal)


def test_segments_whose_signals_have_no_name_are_not_joined() -> None:
    files = {
        "r.hea": b"r/2 2 250 8\ns1 4\ns2 4\n",
        **{f"s{k}.hea": f"s{k} 2 250 4\ns{k}.dat 16 100\ns{k}.dat 16 100\n".encode() for k in (1, 2)},
        **{f"s{k}.dat": np.arange(8, dtype="<i2").tobytes() for k in (1, 2)},
    }
    with pytest.raises(FormatError, match=r"has no name, so that the segments cannot be joined.*one by one"):
        _read(files)


def test_a_data_file_that_is_packed_beside_its_header_is_read() -> None:
    plain = _record(COUNTS)
    packed = {"r.hea": plain["r.hea"], "r.dat.gz": gzip.compress(plain["r.dat"], mtime=0)}
    np.testing.assert_array_equal(_read(packed).signal, _read(plain).signal)
    source = MemorySource("r.hea", packed)
    entry = detect(source)
    assert entry.companions(source) == ("r.dat.gz",)
    blanked = entry.blank(source)
    assert blanked is not None and blanked["record.dat"] == plain["r.dat"]
    for wrong in (packed["r.dat.gz"][:-20], b"no gzip"):
        with pytest.raises(FormatError):
            _read({**packed, "r.dat.gz": wrong})
    bomb = gzip.compress(bytes(200 * 2**20))
    with pytest.raises(FormatError, match="unpack to more than"):
        _read({**packed, "r.dat.gz": bomb})


def test_a_folder_with_packed_data_files_is_planned_as_records_with_companions() -> None:
    plain = _record(COUNTS)
    files = {"a/r.hea": plain["r.hea"], "a/r.dat.gz": gzip.compress(plain["r.dat"])}
    found = plan([MemorySource(name, files) for name in files])
    assert [source.name for source in found.records] == ["a/r.hea"]
    assert [source.name for source in found.companions] == ["a/r.dat.gz"]
