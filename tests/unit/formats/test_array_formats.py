"""NPY, NPZ and MAT: orientation, batches, facts beside the signal, and what is refused."""

import io
import pickle
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.io import loadmat, savemat

from einthoven.errors import FormatError, HintsNeeded, RecordError
from einthoven.formats import FORMATS, STANDARD_LEADS_HINT, MemorySource, PathSource, mat_5, read_all
from einthoven.formats.named_arrays import stated_arrays
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

HINTS = ReadHints.parse(f"unit=mV,rate=500,{STANDARD_LEADS_HINT}")


def _ecg(n_leads: int = 12, n_samples: int = 100) -> npt.NDArray[np.float64]:
    return np.random.default_rng(5).normal(size=(n_leads, n_samples)) * np.arange(1, n_leads + 1)[:, None]


def _npy(array: npt.NDArray[Any], **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def _npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _mat(variables: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=True)
    return stream.getvalue()


def _read(name: str, data: bytes, hints: ReadHints = HINTS) -> list[EcgRecord]:
    return list(read_all(MemorySource(name, {name: data}), hints))


def test_the_axis_that_is_as_long_as_the_lead_names_holds_the_leads() -> None:
    ecg = _ecg()
    for array in (ecg, ecg.T, np.asfortranarray(ecg), ecg.astype(">f8")):
        np.testing.assert_allclose(_read("a.npy", _npy(array))[0].signal, ecg, rtol=1e-6)
    # 10 samples of 12 leads: unusual, and yet the names leave one reading only.
    np.testing.assert_allclose(_read("a.npy", _npy(ecg[:, :10].T))[0].signal, ecg[:, :10], rtol=1e-6)


def test_a_square_array_needs_the_orientation_and_follows_it() -> None:
    square = _ecg()[:, :12]
    with pytest.raises(HintsNeeded) as caught:
        _read("a.npy", _npy(square))
    assert caught.value.missing == ("orientation",)
    first = ReadHints.parse(f"{HINTS},orientation=leads-first")
    second = ReadHints.parse(f"{HINTS},orientation=samples-first")
    np.testing.assert_allclose(_read("a.npy", _npy(square), first)[0].signal, square, rtol=1e-6)
    record = _read("a.npy", _npy(square), second)[0]
    np.testing.assert_allclose(record.signal, square.T, rtol=1e-6)
    assert "samples-first, from the hint" in record.source.assumed


@pytest.mark.parametrize(
    ("shape", "asked"),
    [((12, 5000), 0), ((5000, 8), 0), ((10, 12), 1), ((12, 15), 1), ((12, 30), 1), ((40, 50), 1)],
)
def test_without_names_the_orientation_is_asked_for_only_where_both_axes_are_plausible(
    shape: tuple[int, int], asked: int
) -> None:
    with pytest.raises(HintsNeeded) as caught:
        _read("a.npy", _npy(np.ones(shape)), ReadHints())
    assert caught.value.missing.count("orientation") == asked
    assert {"unit", "rate", "leads"} <= set(caught.value.missing)


def test_an_orientation_hint_against_the_lead_names_leaves_a_doubt() -> None:
    record = _read("a.npy", _npy(_ecg()), ReadHints.parse(f"{HINTS},orientation=samples-first"))[0]
    np.testing.assert_allclose(record.signal, _ecg(), rtol=1e-6)
    assert any("leads-first by its number of leads" in doubt for doubt in record.source.doubts)


def test_names_that_fit_neither_axis_are_refused_with_the_numbers() -> None:
    with pytest.raises(FormatError, match=r"a\.npy: 12 lead names .* 8 x 100"):
        _read("a.npy", _npy(_ecg(8)))


def test_a_third_axis_holds_several_ecgs_each_with_its_index() -> None:
    batch = np.stack([_ecg(), -_ecg(), 2 * _ecg()])
    for array in (batch, batch.transpose(0, 2, 1)):
        records = _read("b.npz", _npz(X=array, fs=500, y=np.arange(3)))
        assert [record.source.index for record in records] == [0, 1, 2]
        np.testing.assert_allclose([record.signal for record in records], batch, rtol=1e-6)


def test_counts_become_millivolt_by_gain_and_baseline() -> None:
    counts = np.arange(24, dtype=np.int16).reshape(2, 12)
    hints = ReadHints(unit="counts", rate=500, gain=200, baseline=4, leads=("I", "II"))
    record = _read("a.npy", _npy(counts), hints)[0]
    np.testing.assert_allclose(record.signal, (counts - 4) / 200, rtol=1e-6)
    assert record.source.assumed[-2:] == ("200 counts per mV, from the hint", "baseline 4, from the hint")
    with pytest.raises(HintsNeeded) as caught:
        _read("a.npy", _npy(counts), ReadHints(unit="counts", rate=500, leads=("I", "II")))
    assert caught.value.missing == ("gain", "baseline")
    with pytest.raises(HintsNeeded) as caught:
        _read("a.npy", _npy(counts), ReadHints(unit="counts", rate=500, gain=200, leads=("I", "II")))
    assert caught.value.missing == ("baseline",), "0 is usual, and still not known"


@pytest.mark.parametrize("names", ["fs", "rate", "sampling_rate", "Fs", "SamplingFrequency"])
def test_the_rate_beside_the_signal_is_a_stated_fact(names: str) -> None:
    data = {names: 250.0, "signal": _ecg(), "unit": "uV", "leads": list(STANDARD_12), "age": 61, "sex": "female"}
    for record in (_read("a.npz", _npz(**data), ReadHints())[0], _read("a.mat", _mat({"ecg": data}), ReadHints())[0]):
        assert (record.rate, record.source.rate, record.source.assumed) == (250.0, 250.0, ())
        assert (record.subject.age, record.subject.sex) == (61.0, "F")
        np.testing.assert_allclose(record.signal, _ecg() / 1000, rtol=1e-6)


def test_gain_and_baseline_per_lead_beside_the_signal_are_used() -> None:
    gains, offsets = np.arange(100, 1300, 100), np.arange(12)
    stored = np.round(_ecg() * gains[:, None] + offsets[:, None])
    data = _npz(signal=stored, fs=500, leads=STANDARD_12, unit="mV", adc_gain=gains, baseline=offsets)
    record = _read("a.npz", data, ReadHints())[0]
    np.testing.assert_allclose(record.signal, _ecg(), atol=0.51 / 100)
    assert record.source.gain == tuple(gains)


def test_matlab_cells_and_strings_name_leads() -> None:
    for leads in (np.array(STANDARD_12, dtype=object), ",".join(STANDARD_12)):
        data = _mat({"data": _ecg(), "fs": 500, "leads": leads, "units": "mV"})
        assert _read("a.mat", data, ReadHints())[0].leads == STANDARD_12


def test_an_array_that_cannot_be_told_is_refused_with_the_list() -> None:
    with pytest.raises(FormatError, match=r"a\.npz: Which of its arrays .* first \(12, 100\) .* second") as caught:
        _read("a.npz", _npz(first=_ecg(), second=_ecg()))
    assert "signal" in caught.value.advice


@pytest.mark.parametrize("name", ["Mustermann_Erika", "19550412", "ecg_Mustermann", "P4711"])
def test_an_array_is_shown_by_its_shape_and_by_a_name_of_known_words_only(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        _read("a.npz", _npz(**{name: _ecg(), "second": _ecg()}))
    assert "holds (12, 100) float64, second (12, 100) float64" in str(caught.value)
    assert name not in str(caught.value)


def test_names_of_damaged_variables_are_not_shown() -> None:
    damaged = _npz(Mustermann=_ecg()).replace(b"'shape': (12, 100)", b"'shape': (92, 100)")
    with pytest.raises(FormatError) as caught:
        _read("a.npz", damaged)
    assert "Mustermann" not in str(caught.value)
    stream = io.BytesIO()
    savemat(stream, {"Mustermann": _ecg()})
    data = stream.getvalue().replace(struct.pack("<2i", 12, 100), struct.pack("<2i", 12, 101))
    with pytest.raises(FormatError, match=r"states the shape \(12, 101\)") as caught:
        _read("a.mat", data)
    assert "Mustermann" not in str(caught.value)


def test_facts_of_another_signal_are_not_used() -> None:
    two = {"ECG": {"data": _ecg()}, "Resp": {"data_aside": np.arange(9.0), "fs": 62.5, "gain": 500.0, "unit": "mV"}}
    with pytest.raises(HintsNeeded, match="beside other arrays may be those of another signal") as caught:
        _read("a.mat", _mat(two), ReadHints())
    assert set(caught.value.missing) == {"rate", "unit", "leads"}
    record = _read("a.mat", _mat(two))[0]
    assert (record.rate, record.source.rate, record.source.gain) == (500.0, None, None)
    np.testing.assert_allclose(record.signal, _ecg(), rtol=1e-6)


def test_of_facts_above_and_beside_the_signal_the_nearest_counts_whatever_it_is_called() -> None:
    above = {"fs": 62.5, "unit": "uV", "ECG": {"data": _ecg(), "sampling_rate": 360.0, "leads": list(STANDARD_12)}}
    record = _read("a.mat", _mat(above), ReadHints())[0]
    assert (record.rate, record.source.unit, record.source.assumed) == (360.0, "uV", ())


def test_a_structure_that_describes_states_facts_about_what_stands_beside_it() -> None:
    data = _mat({"val": _ecg(), "info": {"fs": 360.0, "unit": "uV"}, "patient": {"age": 61, "sex": "F"}})
    record = _read("a.mat", data, ReadHints(leads=STANDARD_12))[0]
    assert (record.rate, record.source.unit, record.subject.age, record.subject.sex) == (360.0, "uV", 61, "F")


@pytest.mark.parametrize(
    ("other", "shape"),
    [
        ("ecg2", (12, 100)),
        ("ecg_raw", (12, 100)),
        ("ecg_post", (12, 40)),
        ("Mustermann", (12, 100)),
        ("filtered", (100, 12)),
    ],
)
def test_arrays_of_a_like_shape_beside_the_signal_are_left_out_and_said(other: str, shape: tuple[int, int]) -> None:
    (record,) = _read("a.npz", _npz(ecg=_ecg(), **{other: np.ones(shape)}))
    np.testing.assert_allclose(record.signal, _ecg(), rtol=1e-6)
    shown = "1 of names that are not shown" if other == "Mustermann" else other
    assert f"left out, arrays that may be ECGs as well: {shown}" in record.source.doubts


def test_what_is_no_ecg_beside_the_signal_raises_no_doubt() -> None:
    aside = {"time": np.arange(100), "y": np.ones((12, 5)), "RESP": np.ones((12, 100)), "r_peaks": np.arange(7)}
    (record,) = _read("a.npz", _npz(ecg=_ecg(), **{name: aside[name] for name in ("time", "RESP", "r_peaks")}))
    assert record.source.doubts == ()
    batch = np.stack([_ecg(), -_ecg()])
    assert _read("b.npz", _npz(X=batch, y=np.ones((2, 5))))[0].source.doubts == ()
    (doubt,) = _read("b.npz", _npz(X=batch, X_test=np.ones((5, 12, 100))))[0].source.doubts
    assert doubt == "left out, arrays that may be ECGs as well: X_test"


def test_a_gain_beside_numbers_that_are_no_counts_is_asked_about_and_never_used_twice() -> None:
    for unit in ({"unit": "mV"}, {}):
        data = _npz(signal=_ecg(), fs=500, leads=STANDARD_12, gain=200.0, **unit)
        with pytest.raises(HintsNeeded, match="It states a gain, and its numbers are not whole") as caught:
            _read("a.npz", data, ReadHints())
        assert caught.value.missing == ("unit",)
        record = _read("a.npz", data, ReadHints(unit="mV"))[0]
        np.testing.assert_allclose(record.signal, _ecg(), rtol=1e-6)
        assert any(doubt.startswith("a gain is stated and was not used") for doubt in record.source.doubts)
        divided = _read("a.npz", data, ReadHints(unit="counts"))[0]
        np.testing.assert_allclose(divided.signal, _ecg() / 200, rtol=1e-6)
    whole = _npz(signal=np.round(_ecg() * 200), fs=500, leads=STANDARD_12, gain=200.0, unit="mV")
    np.testing.assert_allclose(_read("a.npz", whole, ReadHints())[0].signal, _ecg(), atol=0.51 / 200)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("500 Hz", 500.0),
        ("500", 500.0),
        ("0.5 kHz", 500.0),
        ("257,5Hz", 257.5),
        ("360 samples/s", 360.0),
        ("250.000", 250.0),
    ],
)
def test_a_rate_in_words_is_a_stated_fact(text: str, rate: float) -> None:
    for record in (
        *_read("a.npz", _npz(ecg=_ecg(), fs=text), ReadHints(unit="mV", leads=STANDARD_12)),
        *_read("a.mat", _mat({"val": _ecg(), "fs": text}), ReadHints(unit="mV", leads=STANDARD_12)),
    ):
        assert (record.rate, record.source.rate) == (rate, rate)


@pytest.mark.parametrize("text", ["1.000 Hz", "1,000", "250,000 Hz"])
def test_a_rate_that_may_have_a_thousands_separator_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="It states the sampling rate"):
        _read("a.npz", _npz(ecg=_ecg(), fs=text))


def test_arrays_called_by_the_leads_are_one_signal() -> None:
    data = _npz(V5=_ecg()[1], II=_ecg()[0], fs=250, unit="uV", Vx=_ecg()[2])
    (record,) = _read("a.npz", data, ReadHints())
    assert (record.leads, record.rate, record.source.assumed) == (("V5", "II"), 250.0, ())
    np.testing.assert_allclose(record.signal, _ecg()[1::-1] / 1000, rtol=1e-6)
    assert any("1 of names that are not shown" in doubt for doubt in record.source.doubts)
    with pytest.raises(FormatError, match=r"a\.npz: Its leads have different lengths: 90, 100\."):
        _read("a.npz", _npz(V5=_ecg()[1], II=_ecg()[0, :90]))
    with pytest.raises(FormatError, match="Which of its arrays"):
        _read("a.npz", _npz(I=_ecg()[0], II=_ecg()[1], second=_ecg()))


def test_the_last_ecg_of_a_batch_without_a_value_costs_no_other() -> None:
    batch = np.stack([_ecg(), 2 * _ecg(), np.full((12, 100), np.nan), np.full((12, 100), np.nan)])
    first, second = _read("b.npz", _npz(X=batch))
    np.testing.assert_allclose(second.signal, 2 * _ecg(), rtol=1e-6)
    assert "ECG 2, 3 of the file, counted from 0, has no value and was left out" in second.source.doubts
    assert first.source.doubts == ()
    with pytest.raises(RecordError, match=r"b\.npz: No sample has a value in any of its 2 ECGs"):
        _read("b.npz", _npz(X=batch[2:]))


def test_one_of_several_arrays_without_a_value_costs_no_other() -> None:
    empty = np.full((12, 100), np.nan)
    first, third = _read("a.npz", _npz(ecg_1=_ecg(), ecg_2=empty, ecg_3=-_ecg(), ecg_4=np.where(_ecg() > 1, np.inf, 0)))
    assert (first.source.index, first.source.doubts, third.source.index) == (0, (), 2)
    assert third.source.doubts == (
        "ECG 1 of the file, counted from 0, was left out: No sample has a value: the whole signal is missing (NaN).",
        "ECG 3 of the file, counted from 0, was left out: The signal holds infinite values.",
    )
    with pytest.raises(RecordError, match=r"a\.npz: No sample has a value"):
        _read("a.npz", _npz(ecg_1=empty, ecg_2=empty))


def test_an_ecg_of_a_batch_that_cannot_be_one_does_not_hide_those_behind_it() -> None:
    """They would be lost with it: the file is refused after the ECGs before it."""
    batch = np.stack([_ecg(), np.where(_ecg() > 1, np.inf, 0), _ecg()])
    found = read_all(MemorySource("a.npz", {"a.npz": _npz(X=batch)}), HINTS)
    assert next(found).source.index == 0
    with pytest.raises(RecordError, match="infinite values"):
        next(found)


def test_arrays_of_one_name_are_several_ecgs_only_in_folders_that_hold_no_other() -> None:
    one, two = _read("a.npz", _npz(**{"a.ecg": _ecg(), "b.c.ecg": -_ecg(), "b.c.fs": 500}))
    np.testing.assert_allclose([one.signal, two.signal], [_ecg(), -_ecg()], rtol=1e-6)
    for other in ("a.b.c.ecg", "ecg", "b.data"):
        with pytest.raises(FormatError, match="Which of its arrays"):
            _read("a.npz", _npz(**{"a.ecg": _ecg(), other: _ecg()}))


@pytest.mark.parametrize("name", ["." * 60_000 + "ecg", "a" * 60_000, "ecg" + "_ " * 20_000 + "x"])
def test_names_without_end_are_refused_at_once(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(FormatError, match="The name of an array in it has over 500 characters or 32 levels"):
        _read("a.npz", _npz(**{"signal": _ecg(), name: _ecg()}))
    assert time.perf_counter() - start < 2


def test_many_arrays_are_told_apart_in_time() -> None:
    many = {f"g{number}.{what}": np.zeros((2, 40)) for number in range(20_000) for what in ("ecg", "raw")}
    start = time.perf_counter()
    assert len(stated_arrays(many)) == 20_000
    assert time.perf_counter() - start < 5


def test_a_time_beside_one_lead_is_no_ecg_and_a_lead_beside_a_table_may_be_one() -> None:
    (record,) = _read("a.npz", _npz(ecg=_ecg()[0], time=np.arange(100)), ReadHints(unit="mV", rate=500, leads=("I",)))
    assert not any("left out" in doubt for doubt in record.source.doubts)
    (record,) = _read("a.npz", _npz(ecg=_ecg(), II=_ecg()[1]))
    assert record.source.doubts == ("left out, arrays that may be ECGs as well: II",)


def test_a_matlab_file_without_its_header_agrees_with_wfdb(shared_data: Path) -> None:
    """Samples in format 16 behind 24 bytes, and a version 4 variable: two readers of the same numbers."""
    headers = sorted((shared_data / "cinc2021").rglob("*.hea"))
    if not headers:
        pytest.skip("no records of CinC 2021")
    for header in headers:
        (by_wfdb,) = read_all(PathSource(header))
        (gain,) = set(by_wfdb.source.gain or ())
        hints = ReadHints(unit="counts", gain=gain, baseline=0, rate=by_wfdb.rate, leads=by_wfdb.leads)
        file = header.with_suffix(".mat")
        (alone,) = read_all(MemorySource(file.name, {file.name: file.read_bytes()}), hints)
        assert (alone.source.format, alone.leads) == ("mat", by_wfdb.leads)
        np.testing.assert_array_equal(alone.signal, by_wfdb.signal)
    assert len(headers) == 62 and "the 62 files" in FORMATS.get("mat").tried


def test_scipy_reads_the_version_5_file_that_we_write() -> None:
    arrays: dict[str, npt.NDArray[Any]] = {
        "signal": np.round(_ecg() * 100).astype(">i2"), "batch": np.stack([_ecg(), -_ecg()]), "fs": np.array(500.0),
        "unit": np.array(["uV"]), "leads": np.array(STANDARD_12), "age": np.array([61.0, np.nan]),
        "sex": np.array(["F", ""]), "columns": np.asfortranarray(_ecg().astype("f4")),
    }  # fmt: skip
    data = mat_5.written(arrays)
    theirs = loadmat(io.BytesIO(data), simplify_cells=True)
    for name in ("signal", "batch", "columns", "age"):
        np.testing.assert_array_equal(theirs[name], arrays[name])
        assert theirs[name].dtype == arrays[name].dtype.newbyteorder("<")
    assert (theirs["fs"], theirs["unit"], list(theirs["leads"])) == (500.0, "uV", list(STANDARD_12))
    ours = mat_5.variables(data)
    assert [text.strip() for text in ours["sex"].tolist()] == ["F", ""]
    np.testing.assert_array_equal(ours["batch"], arrays["batch"])


def test_the_blanked_batch_keeps_age_and_sex_of_each_ecg() -> None:
    data = _mat({"val": np.stack([_ecg(), -_ecg()]), "age": [61, 44], "sex": np.array(["F", "x"], dtype=object)})
    blanked = FORMATS.get("mat").blank(MemorySource("a.mat", {"a.mat": data}))
    assert blanked is not None
    subjects = [(record.subject.age, record.subject.sex) for record in _read("a.mat", blanked["a.mat"])]
    assert subjects == [(61.0, "F"), (44.0, None)]


@pytest.mark.parametrize("leads", [list(STANDARD_12), None])
def test_a_wfdb_mat_without_its_header_needs_hints(leads: list[str] | None) -> None:
    record = _read("A0001.mat", _mat({"val": _ecg()}), HINTS)[0]
    assert record.source.rate is None and len(record.source.assumed) == 3
    with pytest.raises(HintsNeeded):
        _read("A0001.mat", _mat({"val": _ecg()}), ReadHints(leads=None if leads is None else tuple(leads)))


def test_pickles_are_never_loaded() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (pytest.fail, ("a pickle was run",))

    objects = np.array([Bomb()], dtype=object)
    with pytest.raises(FormatError, match=r"a\.npy: It holds Python objects"):
        _read("a.npy", _npy(objects, allow_pickle=True))
    with pytest.raises(FormatError, match=r"a\.npz: It holds Python objects"):
        _read("a.npz", _npz(signal=objects))
    with pytest.raises(FormatError, match=r"a\.npy is a Python pickle"):
        _read("a.npy", pickle.dumps([1.0, 2.0]))


@pytest.mark.parametrize(
    "shape", ["(12, 500000000000)", "(-1, 12)", "(2,)" * 2, "(" * 90 + ")" * 90, "(12, 10**9)", "()", "(1,2,3,4)"]
)
def test_absurd_dimensions_in_a_header_are_refused_without_allocating(shape: str) -> None:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(96)
    with pytest.raises(FormatError, match=r"a\.npy"):
        _read("a.npy", data)


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("signal.npy", b"\x93NUMPY\x01\x00")
    data = bytearray(stream.getvalue())
    place = data.index(b"PK\x01\x02") + 24  # uncompressed size in the central directory
    data[place : place + 4] = struct.pack("<I", 0xFFFFFFF0)
    with pytest.raises(FormatError, match=r"a\.npz: Unpacked it has 4\.0 GiB"):
        _read("a.npz", bytes(data))


def test_a_damaged_matlab_7_3_file_is_refused() -> None:
    with pytest.raises(FormatError, match=r"a\.mat: Its HDF5 structure is damaged"):
        _read("a.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_our_reader_of_matlab_5_agrees_with_scipy(dtype: str, *, compressed: bool) -> None:
    stored = (np.arange(2 * 60).reshape(2, 60) % 100).astype(dtype)
    inner = {"val": stored, "batch": np.stack([stored, stored]), "names": np.array(["I", "V1"], dtype=object)}
    variables = {"s": inner, "text": "uV", "rows": np.array(["ab", "cd"])}
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=compressed)
    ours = mat_5.variables(stream.getvalue())
    theirs = loadmat(stream, simplify_cells=True)
    for path, value in (("s.val", theirs["s"]["val"]), ("s.batch", theirs["s"]["batch"])):
        assert ours[path].dtype == value.dtype
        np.testing.assert_array_equal(ours[path], value)
    assert list(ours["s.names"]) == list(theirs["s"]["names"]) and ours["text"] == [theirs["text"]]
    assert list(ours["rows"]) == list(theirs["rows"])


def test_a_type_that_matlab_does_not_know_is_refused() -> None:
    """scipy looks the type up outside its table, which can end the process with a bus error."""
    stream = io.BytesIO()
    savemat(stream, {"val": _ecg()})
    data = bytearray(stream.getvalue())
    place = data.index(struct.pack("<II", 9, 12 * 100 * 8))
    data[place : place + 2] = struct.pack("<H", 0x5000)
    with pytest.raises(FormatError, match=r"a\.mat: A part of a variable is of type 20480"):
        _read("a.mat", bytes(data))


def test_cells_nested_without_end_and_variables_that_unpack_without_end_are_refused() -> None:
    nested: Any = np.zeros((2, 2))
    for _ in range(40):
        outer = np.empty((1, 1), dtype=object)
        outer[0, 0] = nested
        nested = outer
    with pytest.raises(FormatError, match=r"a\.mat: Its variables are nested deeper than 10"):
        _read("a.mat", _mat({"val": nested}))
    with pytest.raises(FormatError, match=r"a\.mat: A compressed variable unpacks to more than"):
        _read("a.mat", _mat({"val": np.zeros((12, 400_000))}))


def test_arrays_whose_names_differ_in_their_number_are_several_ecgs() -> None:
    records = _read("a.npz", _npz(ecg_1=_ecg(), ecg_2=2 * _ecg()))
    assert [record.source.index for record in records] == [0, 1]
    np.testing.assert_allclose(records[1].signal, 2 * _ecg(), rtol=1e-6)
    for others in ({"ecg_2": _ecg().T[:, :8]}, {"ecg_2": _ecg().astype("f4")}, {"ecg_2": _ecg(), "fs_2": 250}):
        with pytest.raises(FormatError, match="Which of its arrays"):
            _read("a.npz", _npz(ecg_1=_ecg(), **others))


def test_an_archive_that_unpacks_to_over_a_hundred_times_its_size_is_refused() -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, signal=np.zeros((12, 400_000)))
    with pytest.raises(FormatError, match="ZIP bomb"):
        _read("a.npz", stream.getvalue())


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.mat"])
def test_the_blanked_file_holds_the_signal_and_nothing_about_a_person(name: str) -> None:
    facts = {"fs": 250.0, "unit": "mV", "leads": list(STANDARD_12), "age": 61, "sex": "female"}
    secret = {"name": "Doe^Jane", "patient_id": "4711-0815", "notes": "seen by Dr Miller"}
    arrays = {"signal": _ecg(), **facts, **secret}
    written_by_a_person = b"MATLAB 5.0 MAT-file, Created by: Dr Miller".ljust(116)
    data = {
        "a.npy": _npy(_ecg()) + b"Doe^Jane",
        "a.npz": _npz(**arrays),
        "a.mat": written_by_a_person + _mat({"ecg": arrays})[116:],
    }[name]
    blanked = FORMATS.get(name[2:]).blank(MemorySource(f"x/{name}", {f"x/{name}": data}))
    assert blanked is not None and list(blanked) == [name]
    assert blanked == FORMATS.get(name[2:]).blank(MemorySource(f"x/{name}", {f"x/{name}": data}))
    held = blanked[name]
    if name == "a.npz":
        with zipfile.ZipFile(io.BytesIO(held)) as archive:
            held = b"".join([*map(archive.read, archive.namelist()), *(n.encode() for n in archive.namelist())])
    elif name == "a.mat":
        held += b"".join(array.tobytes() + path.encode() for path, array in mat_5.variables(held).items())
    for text in ("Doe", "4711", "Miller", "patient", "notes"):
        assert text.encode() not in held and text.encode("utf-32-le") not in held and text.encode("utf-16") not in held
    hints = HINTS if name == "a.npy" else ReadHints()
    before, after = _read(name, data, hints)[0], _read(name, blanked[name], hints)[0]
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (before.rate, before.leads, before.subject.age, before.subject.sex) == (
        after.rate, after.leads, after.subject.age, after.subject.sex,
    )  # fmt: skip


def test_complex_text_and_infinite_values_are_no_ecg() -> None:
    with pytest.raises(FormatError, match="complex128"):
        _read("a.npy", _npy(_ecg().astype(complex)))
    with pytest.raises(RecordError, match=r"a\.npy: The signal holds infinite values"):
        _read("a.npy", _npy(np.where(_ecg() > 5, np.inf, _ecg())))
    with pytest.raises(RecordError, match=r"a\.npy: The signal holds infinite values"):
        _read("a.npy", _npy(_ecg() * 1e300))


def test_a_signal_without_any_value_is_refused_and_a_flat_one_read_with_a_doubt() -> None:
    with pytest.raises(RecordError, match=r"a\.npy: No sample has a value"):
        _read("a.npy", _npy(np.full((12, 100), np.nan)))
    assert (
        "every lead is flat: there is no ECG in this file" in _read("a.npy", _npy(np.zeros((12, 100))))[0].source.doubts
    )


def test_what_looks_wrong_is_written_into_the_passport() -> None:
    ecg = _ecg()
    ecg[2], ecg[4], ecg[7] = 0.5, np.nan, ecg[0]
    doubts = _read("a.npy", _npy(ecg))[0].source.doubts
    assert {"flat lead: III", "lead without any value: aVL", "leads I and V2 hold the same samples"} <= set(doubts)
    assert any(
        "reach" in doubt and "check unit" in doubt for doubt in _read("a.npy", _npy(ecg * 1000))[0].source.doubts
    )
    z_scored = (_ecg() - _ecg().mean(axis=1, keepdims=True)) / _ecg().std(axis=1, keepdims=True)
    assert any("looks z-scored" in doubt for doubt in _read("a.npy", _npy(z_scored))[0].source.doubts)
    unit_span = (_ecg() - _ecg().min(axis=1, keepdims=True)) / np.ptp(_ecg(), axis=1)[:, None]
    assert any("spans exactly 1.0 mV" in doubt for doubt in _read("a.npy", _npy(unit_span))[0].source.doubts)


def test_a_sound_record_raises_no_doubt() -> None:
    assert _read("a.npy", _npy(_ecg()))[0].source.doubts == ()


def test_missing_samples_are_said_and_kept_missing() -> None:
    signal = np.random.default_rng(0).normal(0, 0.3, (12, 1000))
    signal[3, 100:400] = np.nan
    buffer = io.BytesIO()
    np.save(buffer, signal)
    hints = ReadHints(unit="mV", rate=100, leads=STANDARD_12)
    (record,) = read_all(MemorySource("gap.npy", {"gap.npy": buffer.getvalue()}), hints)
    assert np.isnan(record.lead("aVR")[100:400]).all() and np.isnan(record.signal).sum() == 300
    assert record.source.doubts == ("missing samples in aVR: up to 30.0% of a lead",)
