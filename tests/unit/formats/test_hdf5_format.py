"""HDF5 and MAT 7.3: layouts, padding, laziness, and every way out of the file or into memory that is refused."""

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from contracts.ecg_files import Case
from contracts.writers_arrays import write_hdf5, write_mat_73
from einthoven.errors import FormatError, HintsNeeded, RecordError
from einthoven.formats import FORMATS, MemorySource, PathSource, detect, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

HINTS = ReadHints(unit="mV", rate=500.0, leads=STANDARD_12)
SECRET = "Doe^Jane"


def _ecg(n_leads: int = 12, n_samples: int = 100) -> npt.NDArray[np.float64]:
    return np.random.default_rng(7).normal(size=(n_leads, n_samples)) * np.arange(1, n_leads + 1)[:, None]


def _file(write: Callable[[Any], object], **options: Any) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w", **options) as file:
        write(file)
    return stream.getvalue()


def _read(data: bytes, hints: ReadHints = HINTS, name: str = "a.h5") -> list[EcgRecord]:
    return list(read_all(MemorySource(name, {name: data}), hints))


def _tracings(n_ecgs: int = 3) -> npt.NDArray[np.float32]:
    tracings = np.zeros((n_ecgs, 4096, 12), dtype=np.float32)
    tracings[0, 581:3515] = 0.3 + np.abs(_ecg(12, 2934).T)
    tracings[1, 48:4048] = 0.3 + np.abs(_ecg(12, 4000).T)
    return tracings


def _code_15(file: Any) -> None:
    file["tracings"] = _tracings()
    file["exam_id"] = np.array([1169160, 2873686, 0])


def test_h5py_reads_the_file_that_was_written_byte_by_byte() -> None:
    """So that the writer of the known-truth matrix is right about the format."""
    case = Case(257.5, "uV", ("V3", "I"), 50)
    with h5py.File(io.BytesIO(write_hdf5(case).files["ecg.h5"])) as file:
        np.testing.assert_array_equal(file["signal"][()], case.in_unit)
        assert file["signal"].attrs["fs"] == [257.5] and list(file["signal"].attrs["leads"]) == [b"V3", b"I"]


def test_code_15_is_read_as_published_and_its_padding_becomes_missing() -> None:
    first, second, empty = _read(_file(_code_15), ReadHints())
    assert (first.rate, first.amplitude, first.leads) == (400.0, "mV", STANDARD_12)
    assert np.isnan(first.signal[:, :581]).all() and np.isnan(first.signal[:, 3515:]).all()
    np.testing.assert_array_equal(first.signal[:, 581:3515], _tracings()[0, 581:3515].T)
    assert first.source.changed == ("zero padding made missing: 581 samples at the start, 581 at the end",)
    assert first.source.rate is None and first.source.unit is None, "the file itself states nothing"
    assert set(first.source.assumed) == {
        "400 Hz, as published for the CODE-15 layout",
        "unit mV, as published for the CODE-15 layout",
        f"leads {' '.join(STANDARD_12)}, as published for the CODE-15 layout",
    }
    assert [record.source.index for record in (first, second, empty)] == [0, 1, 2]
    assert (np.isnan(second.signal).sum(axis=1) == 96).all()
    assert "every lead is flat: there is no ECG in this file" in empty.source.doubts
    assert not np.isnan(empty.signal).any(), "an ECG of zeros is kept as it is stored"


def test_a_hint_comes_before_what_is_published() -> None:
    record = _read(_file(_code_15), ReadHints(unit="uV"))[0]
    np.testing.assert_allclose(record.signal[:, 600], _tracings()[0, 600] / 1000, rtol=1e-6)
    assert "unit uV, from the hint" in record.source.assumed
    assert "400 Hz, as published for the CODE-15 layout" in record.source.assumed


@pytest.mark.parametrize("change", ["no exam_id", "other length", "other ids"])
def test_what_only_resembles_code_15_needs_hints(change: str) -> None:
    def write(file: Any) -> None:
        file["tracings"] = _tracings()[:, : 4000 if change == "other length" else 4096]
        if change != "no exam_id":
            file["exam_id"] = np.arange(4 if change == "other ids" else 3)

    with pytest.raises(HintsNeeded) as caught:
        _read(_file(write), ReadHints())
    assert set(caught.value.missing) == {"unit", "rate", "leads"}


def test_zeros_that_are_no_published_padding_stay_zeros() -> None:
    signal = _ecg()
    signal[:, :20] = 0
    record = _read(_file(lambda file: file.create_dataset("ecg", data=signal)))[0]
    assert (record.signal[:, :20] == 0).all() and record.source.changed == ()


def test_the_shandong_layout_is_read_with_its_hints() -> None:
    """SPH (Liu et al., Scientific Data 9:272, 2022): one dataset `ecg` of (12, n), 16-bit floats in mV at 500 Hz."""
    record = _read(_file(lambda file: file.create_dataset("ecg", data=_ecg().astype(np.float16))))[0]
    np.testing.assert_array_equal(record.signal, _ecg().astype(np.float16).astype(np.float32))


def test_facts_stand_in_attributes_of_the_dataset_its_group_or_the_file() -> None:
    def write(file: Any) -> None:
        file.attrs["unit"] = "uV"
        group = file.create_group("recording")
        group.attrs["Sampling Frequency"] = 250
        group["ecg"] = _ecg(2)
        group["ecg"].attrs["leads"] = ["II", "V5"]
        group["notes"] = SECRET

    record = _read(_file(write), ReadHints())[0]
    assert (record.rate, record.leads, record.source.unit, record.source.assumed) == (250.0, ("II", "V5"), "uV", ())
    np.testing.assert_allclose(record.signal, _ecg(2) / 1000, rtol=1e-6)


def test_age_and_sex_of_each_ecg_of_a_batch_and_long_patient_numbers_are_kept_apart() -> None:
    def write(file: Any) -> None:
        file["ecg"] = np.stack([_ecg(), 2 * _ecg(), 3 * _ecg()])
        file["age"], file["patient_id"] = [44, 61, 300], [123456781, 123456782, 123456781]
        file.create_dataset("sex", data=["F", "M", "F"], dtype=h5py.string_dtype())

    one, two, three = _read(_file(write))
    assert (one.subject.age, two.subject.age, three.subject.age) == (44, 61, None)
    assert (one.subject.sex, two.subject.sex) == ("F", "M")
    assert one.subject.id == three.subject.id != two.subject.id
    assert any("300 years" in doubt for doubt in three.source.doubts)


def test_an_ecg_without_any_value_is_left_out_and_said_and_the_others_keep_their_index() -> None:
    batch = np.stack([_ecg(), np.full((12, 100), np.nan), _ecg()])
    first, third = _read(_file(lambda file: file.create_dataset("ecg", data=batch)))
    assert (first.source.index, third.source.index) == (0, 2)
    assert "ECG 1 of the file, counted from 0, has no value and was left out" in third.source.doubts
    (only,) = _read(_file(lambda file: file.create_dataset("ecg", data=batch[:2])))
    assert only.source.doubts == ("ECG 1 of the file, counted from 0, has no value and was left out",)
    with pytest.raises(RecordError, match=r"a\.h5: No sample has a value in any of its 1 ECGs"):
        _read(_file(lambda file: file.create_dataset("ecg", data=batch[1:2])))


@pytest.mark.parametrize("where", ["group", "attribute"])
def test_the_rate_of_another_signal_is_not_used(where: str) -> None:
    def write(file: Any) -> None:
        file["ecg"] = _ecg()
        if where == "group":
            file["spo2/values"], file["spo2/fs"] = np.arange(9.0), 62.5
        else:
            file["spo2"] = np.arange(9.0)
            file["spo2"].attrs["fs"] = 62.5

    with pytest.raises(HintsNeeded) as caught:
        _read(_file(write), ReadHints(unit="mV", leads=STANDARD_12))
    assert caught.value.missing == ("rate",) and "beside other arrays" in str(caught.value)


def test_facts_of_the_root_are_about_every_group_and_a_nearer_one_comes_first() -> None:
    def write(file: Any) -> None:
        file["sampling_rate"], file["unit"] = 250, "uV"
        for name in ("a", "b"):
            file[f"{name}/ecg"] = _ecg()
        file["b/fs"] = 360

    one, two = _read(_file(write), ReadHints(leads=STANDARD_12))
    assert (one.rate, two.rate, one.source.unit, two.source.unit) == (250.0, 360.0, "uV", "uV")


def test_a_dataset_for_each_lead_with_facts_in_words_beside_it_and_in_it() -> None:
    def write(file: Any) -> None:
        file.attrs["fs"] = "500 Hz"
        for number, lead in enumerate(("I", "V7", "aVR")):
            file[f"{SECRET}/{lead}"] = np.round(100 * _ecg(3)[number]).astype(np.int16)
            file[f"{SECRET}/{lead}"].attrs.update({"unit": "mV", "gain": 100.0 * (number + 1)})

    data = _file(write)
    (record,) = _read(data, ReadHints())
    assert (record.leads, record.rate, record.source.gain) == (("I", "V7", "aVR"), 500.0, (100.0, 200.0, 300.0))
    np.testing.assert_allclose(record.signal * np.array([[1], [2], [3]]), _ecg(3), atol=0.016)
    blanked = FORMATS.get("hdf5").blank(MemorySource("a.h5", {"a.h5": data}))
    assert blanked is not None and SECRET.encode() not in blanked["a.h5"]
    np.testing.assert_array_equal(_read(blanked["a.h5"], ReadHints())[0].signal, record.signal)


@pytest.mark.parametrize("facts", [({"fs": 500}, {"fs": 250}), ({"fs": 500}, {}), ({"gain": 200}, {})])
def test_leads_that_state_unlike_facts_are_refused(facts: tuple[dict[str, float], dict[str, float]]) -> None:
    def write(file: Any) -> None:
        for lead, stated in zip(("I", "II"), facts, strict=True):
            file[lead] = _ecg(1)[0]
            file[lead].attrs.update(stated)

    with pytest.raises(FormatError, match=r"different sampling rates|one gain for each"):
        _read(_file(write), ReadHints(unit="mV", rate=500))


def test_names_of_datasets_are_not_shown() -> None:
    def write(file: Any) -> None:
        _plug_in(file)
        file.move("ecg", SECRET)

    with pytest.raises(FormatError, match="Its dataset is compressed by filter 32015") as caught:
        _read(_file(write))
    assert "Doe" not in str(caught.value)


@pytest.mark.parametrize(("zeros", "missing"), [(7, 0), (8, 8)])
def test_a_few_zeros_at_an_end_are_no_padding(zeros: int, missing: int) -> None:
    def write(file: Any) -> None:
        tracings = np.full((1, 4096, 12), 0.3, dtype=np.float32) * np.arange(1, 13, dtype=np.float32)
        tracings[:, :zeros] = tracings[:, -zeros:] = 0
        file["tracings"], file["exam_id"] = tracings, [1]

    (record,) = _read(_file(write), ReadHints())
    assert np.isnan(record.signal).sum() == 2 * 12 * missing
    assert bool(record.source.changed) == bool(missing)


def _external_link(file: Any) -> None:
    file["ecg"] = h5py.ExternalLink("/etc/passwd", "/x")


def _external_storage(file: Any) -> None:
    file.create_dataset("ecg", (12, 100), "f8", external=[("/etc/passwd", 0, 9600)])


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(12, 100), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(12, 100))
    file.create_virtual_dataset("ecg", layout)


def _plug_in(file: Any) -> None:
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_chunk((12, 100))
    creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)  # Zstandard, which is not part of HDF5
    h5py.h5d.create(file.id, b"ecg", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((12, 100)), creation)


def _declared_only(file: Any) -> None:
    file.create_dataset("ecg", (10**6, 4096, 12), "f4", chunks=(1, 4096, 12), compression="gzip")


def _unfinished(file: Any) -> None:
    dataset = file.create_dataset("ecg", (4, 12, 100), "f8", chunks=(1, 12, 100), compression="gzip")
    dataset[:3] = _ecg()


def _bomb(file: Any) -> None:
    zeros = np.zeros((200, 4096, 12), dtype=np.float32)
    file.create_dataset("ecg", data=zeros, chunks=(100, 4096, 12), compression="gzip")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_external_link, "links to another file"),
        (_external_storage, "stand in other files"),
        (_virtual, "stand in other files"),
        (_plug_in, "filter 32015, which needs a plug-in"),
        (_declared_only, r"states the shape \(1000000, 4096, 12\)"),
        (_unfinished, "3 of 4 pieces were written"),
        (_bomb, r"states the shape \(200, 4096, 12\)"),
        (lambda file: file.create_dataset("ecg", data=_ecg() + 1j), "Which of its arrays"),
        (lambda file: file.create_group("empty"), "it holds nothing"),
    ],
)
def test_what_leads_out_of_the_file_or_into_memory_is_refused(write: Callable[[Any], object], message: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=rf"a\.h5: .*{message}"):
            _read(_file(write))
        assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    finally:
        tracemalloc.stop()


def test_soft_links_are_not_followed_and_circles_end() -> None:
    def write(file: Any) -> None:
        file["ecg"] = _ecg()
        file["soft"] = h5py.SoftLink("/nowhere")
        file.create_group("a")["circle"] = file["/"]

    assert len(_read(_file(write))) == 1


def test_groups_nested_too_deep_end() -> None:
    def write(file: Any) -> None:
        group = file
        for _ in range(500):
            group = group.create_group("g")
        group["ecg"] = _ecg()

    with pytest.raises(FormatError, match="Which of its arrays"):
        _read(_file(write))


def test_a_large_batch_is_read_ecg_by_ecg_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("tracings", (400, 4096, 12), "f4", chunks=(10, 4096, 12))
        for start in range(0, 400, 10):
            dataset[start : start + 10] = np.full((10, 4096, 12), 0.1 + start, dtype=np.float32)
        file["exam_id"] = np.arange(400)
    assert path.stat().st_size > 70 * 2**20
    tracemalloc.start()
    try:
        indices = [record.source.index for record in read_all(PathSource(path))]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert indices == list(range(400)) and peak < 20 * 2**20


def test_a_file_above_the_limit_of_whole_reads_is_read_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.h5"
    path.write_bytes(_file(_code_15))
    monkeypatch.setattr("einthoven.formats.source.MAX_FILE_BYTES", 1000)
    assert len(list(read_all(PathSource(path)))) == 3


@pytest.mark.parametrize("options", [{}, {"userblock_size": 1024}, {"libver": "latest"}])
def test_any_version_with_or_without_a_user_block_is_claimed(options: dict[str, Any]) -> None:
    data = _file(lambda file: file.create_dataset("ecg", data=_ecg()), **options)
    assert detect(MemorySource("x", {"x": data})).name == "hdf5"
    np.testing.assert_allclose(_read(data)[0].signal, _ecg(), rtol=1e-6)


def _with_identity(file: Any) -> None:
    file.attrs["patient_name"] = SECRET
    file["ecg"] = _ecg()
    file["ecg"].attrs.update({"fs": 250.0, "unit": "mV", "leads": list(STANDARD_12), "comment": SECRET})
    file["patient_id"], file["age"], file["sex"] = 4711471147, 44, "F"
    file.create_group(SECRET)["report"] = f"seen by {SECRET}"


@pytest.mark.parametrize("write", [_with_identity, _code_15])
def test_the_blanked_file_holds_the_signal_and_nothing_about_a_person(write: Callable[[Any], object]) -> None:
    data = _file(write)
    source = MemorySource("f/a.h5", {"f/a.h5": data})
    blanked = FORMATS.get("hdf5").blank(source)
    assert blanked is not None and list(blanked) == ["a.h5"]
    assert blanked == FORMATS.get("hdf5").blank(source), "the same bytes each time"
    for secret in (SECRET.encode(), np.int64(4711471147).tobytes(), np.int64(1169160).tobytes()):
        assert secret not in blanked["a.h5"]
    before, after = _read(data, ReadHints()), _read(blanked["a.h5"], ReadHints())
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.signal, new.signal)
        assert (old.rate, old.leads, old.subject.age, old.subject.sex) == (
            new.rate, new.leads, new.subject.age, new.subject.sex,
        )  # fmt: skip


def test_matlab_7_3_keeps_axes_text_and_cells_as_matlab_shows_them() -> None:
    case = Case(360.0, "uV", ("V1", "II", "aVF"), 40)
    data = write_mat_73(case).files["ecg.mat"]
    record = _read(data, ReadHints(), "ecg.mat")[0]
    assert (record.leads, record.rate, record.source.unit) == (case.leads, 360.0, "uV")
    np.testing.assert_allclose(record.signal, case.truth, rtol=1e-6)
    assert record.source.reader.startswith("h5py")


def test_a_batch_of_matlab_7_3_has_its_first_axis_first() -> None:
    def write(file: Any) -> None:
        file["val"] = np.stack([_ecg(), -_ecg()]).T
        file["val"].attrs["MATLAB_class"] = np.bytes_("double")

    data = _file(write, userblock_size=512)
    data = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + data[128:]
    first, second = _read(data, HINTS, "a.mat")
    np.testing.assert_allclose(first.signal, _ecg(), rtol=1e-6)
    np.testing.assert_allclose(second.signal, -_ecg(), rtol=1e-6)


def test_cells_of_matlab_7_3_that_hold_themselves_end() -> None:
    def write(file: Any) -> None:
        file["val"] = _ecg()
        cell = file.create_dataset("cell", (1, 1), h5py.ref_dtype)
        cell[0, 0] = cell.ref
        group = file.create_group("struct")
        group["circle"] = file["/"]

    data = _file(write, userblock_size=512)
    data = b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + data[128:]
    with pytest.raises(FormatError, match="Which of its arrays") as caught:
        _read(data, HINTS, "a.mat")
    assert len(str(caught.value)) < 1000


def test_a_heap_in_which_the_library_would_walk_for_ever_is_refused() -> None:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["ecg"] = np.zeros((12, 500))
        file["ecg"].attrs["unit"] = "mV"
    data = bytearray(stream.getvalue())
    place = data.index(b"GCOL") + 16
    place += 16 + 8  # behind the first text stands the free space: index 0, its size in the last 8 of 16 bytes
    assert data[place : place + 2] == b"\0\0" and any(data[place + 8 : place + 16])
    data[place + 8 : place + 16] = bytes(8)
    with pytest.raises(FormatError, match="free space of no size"):
        list(read_all(MemorySource("a.h5", {"a.h5": bytes(data)}), ReadHints(rate=500)))
