"""MFER: byte orders, blocks, data types, offsets, frames, against ecgdatakit; blanking."""

import struct
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_binary import (
    IDENTITY,
    MFER_NV,
    PATIENT,
    VARIANTS_BINARY,
    WRITERS_BINARY,
    definition,
    mfer_identity,
    steps,
    write_mfer,
)
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.formats.passport import pseudonym
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

CASE = Case(500.0, "mV", STANDARD_12, 800)
NAMES = ["mfer", *sorted(name for name in VARIANTS_BINARY if name.startswith("mfer"))]
LITTLE = definition(0x01, b"\1")
ONE_UV = definition(0x0C, bytes([0, 256 - 6, 1, 0]))
AT_250_HZ = definition(0x0B, bytes([0, 0, 250, 0]))
LEAD_II = definition(0x09, b"\2\0")
END = definition(0x80, b"")
RAMP = np.arange(-50, 50)


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("ecg.mwf", {"ecg.mwf": data}), hints))


def wave(values: np.ndarray, kind: str = "<i2") -> bytes:
    return definition(0x1E, values.astype(kind).tobytes())


@pytest.mark.parametrize("name", NAMES)
def test_ecgdatakit_reads_the_same(name: str, tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.mfer import MFERParser

    data = {**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE).files["ecg.mwf"]
    (tmp_path / "ecg.mwf").write_bytes(data)
    (record,) = records(data)
    second = MFERParser().parse(tmp_path / "ecg.mwf")
    assert len(second.leads) == 12
    for lead in second.leads:
        values = (lead.samples * lead.resolution + lead.offset) / 1000
        np.testing.assert_allclose(record.lead(lead.label), values, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_patient_device_and_filters_are_read(name: str) -> None:
    (record,) = records({**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE).files["ecg.mwf"])
    assert (record.subject.id, record.subject.age, record.subject.sex) == (pseudonym(PATIENT), 44.6, "F")
    assert (record.source.band, record.source.device) == ((0.05, 150.0), "Maker Model")
    assert record.source.recorded == "2004-02-29T23:59:01"


@pytest.mark.parametrize(
    ("code", "kind", "values"),
    [
        (0, "<i2", RAMP), (1, "<u2", RAMP + 50), (2, "<i4", RAMP * 1000), (3, "<u1", RAMP + 50), (5, "<i1", RAMP),
        (6, "<u4", RAMP + 50), (7, "<f4", RAMP / 8), (8, "<f8", RAMP / 8),
    ],
)  # fmt: skip
def test_each_type_of_sample_with_the_value_for_none_and_an_offset(code: int, kind: str, values: np.ndarray) -> None:
    first = values[:1].astype(kind)
    data = LITTLE + ONE_UV + AT_250_HZ + LEAD_II + definition(0x0A, bytes([code])) + definition(0x12, first.tobytes())
    data += definition(0x0D, np.array([3]).astype(kind).tobytes()) + wave(values, kind) + END
    (record,) = records(data)
    assert np.isnan(record.signal[0, 0])
    np.testing.assert_allclose(record.signal[0, 1:], (values[1:] + 3) / 1000, rtol=1e-6)


def test_rate_scale_and_leads_that_are_not_stated_are_asked_for_at_once() -> None:
    data = LITTLE + definition(0x04, b"\1") + definition(0x05, b"\1") + definition(0x0A, b"\0") + wave(RAMP) + END
    with pytest.raises(HintsNeeded, match="default for a rate that is not stated is 1000 Hz") as caught:
        records(data)
    assert set(caught.value.missing) == {"rate", "unit", "leads"}
    (record,) = records(data, ReadHints(rate=1000, unit="uV", leads=("II",)))
    np.testing.assert_allclose(record.signal[0], RAMP / 1000, rtol=1e-6)


def test_frames_of_one_kind_are_one_recording_and_a_dominant_beat_is_its_own_behind_it() -> None:
    head = LITTLE + ONE_UV + AT_250_HZ + LEAD_II
    beat = definition(0x08, b"\x09\0") + definition(0x04, b"\x32") + wave(RAMP[:50] * 2)
    rhythm = definition(0x08, b"\1\0") + definition(0x04, b"\x64") + wave(RAMP) + wave(RAMP + 100)
    first, second = records(head + beat + rhythm + END)
    np.testing.assert_allclose(first.signal[0], np.arange(-50, 150) / 1000, rtol=1e-6)
    np.testing.assert_allclose(second.signal[0], RAMP[:50] / 500, rtol=1e-6)
    assert (first.source.index, second.source.index) == (0, 1)
    assert [note.text for note in second.annotations] == ["median beat"] and first.annotations == ()


def test_frames_of_other_scale_are_another_recording_and_not_left_out() -> None:
    data = LITTLE + ONE_UV + AT_250_HZ + LEAD_II + wave(RAMP) + definition(0x0C, bytes([0, 256 - 6, 2, 0])) + wave(RAMP)
    first, second = records(data + END)
    np.testing.assert_allclose(second.signal, 2 * first.signal)


def test_frames_with_a_gap_between_them_are_refused() -> None:
    head = LITTLE + ONE_UV + AT_250_HZ + LEAD_II
    follows = head + wave(RAMP) + definition(0x07, struct.pack("<I", 100)) + wave(RAMP) + END
    assert records(follows)[0].n_samples == 200
    gap = head + wave(RAMP) + definition(0x07, struct.pack("<I", 300)) + wave(RAMP) + END
    with pytest.raises(FormatError, match="begins at sample 300, where 100 was expected"):
        records(gap)


def test_other_channels_are_left_out_and_leads_of_two_rates_are_two_records() -> None:
    pressure = definition(0x3F, definition(0x0C, bytes([1, 0, 1, 0])) + definition(0x09, b"\x8f\0"), 2)
    fast = definition(0x3F, definition(0x04, b"\2") + definition(0x0B, bytes([0, 0, 244, 1])) + LEAD_II, 1)
    data = LITTLE + ONE_UV + AT_250_HZ + definition(0x05, b"\3") + definition(0x3F, definition(0x09, b"\1\0"), 0)
    table = np.arange(400).reshape(100, 4)
    one, two = records(data + fast + pressure + wave(table) + END)
    assert (one.leads, one.rate, two.leads, two.rate) == (("I",), 250.0, ("II",), 500.0)
    np.testing.assert_allclose(one.signal[0], table[:, 0] / 1000, rtol=1e-6)
    np.testing.assert_allclose(two.signal[0], table[:, 1:3].ravel() / 1000, rtol=1e-6)
    assert "left out, no ECG: 1 channels" in one.source.doubts


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (definition(0x0E, b"\1\0"), "compressed \\(method 1\\)"),
        (definition(0x0A, b"\x09"), "AHA"),
        (definition(0x05, b"\xff\xff"), "states 65535 channels"),
        (definition(0x04, b"\0\0\0\x7f"), "is stated for 200 bytes"),
        (definition(0x0B, bytes([0, 0, 0, 0])), "no time"),
        (definition(0x0B, bytes([1, 100, 1, 0])), "not possible|no time"),
        (definition(0x3F, definition(0x3F, LEAD_II, 0), 0), "within those of a channel"),
    ],
)
def test_what_is_not_read_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        records(LITTLE + ONE_UV + AT_250_HZ + LEAD_II + data + wave(RAMP) + END)


def test_definitions_of_open_length_and_within_groups() -> None:
    channel = bytes([0x3F, 0, 0x80]) + LEAD_II + b"\0\0"
    data = LITTLE + definition(0x67, ONE_UV + AT_250_HZ) + channel + wave(RAMP) + END
    (record,) = records(data)
    assert (record.leads, record.rate) == (("II",), 250.0)
    blanked = FORMATS.get("mfer").blank(MemorySource("ecg.mwf", {"ecg.mwf": data}))
    assert blanked is not None
    np.testing.assert_array_equal(records(blanked["ecg.mwf"])[0].signal, record.signal)


def test_deep_nesting_ends_in_a_refusal() -> None:
    inner = LEAD_II
    for _ in range(30):
        inner = definition(0x67, inner)
    with pytest.raises(FormatError, match="nested"):
        records(LITTLE + ONE_UV + AT_250_HZ + LEAD_II + inner + wave(RAMP) + END)
    open_ended = bytes([0x67, 0x80]) * 2000
    with pytest.raises(FormatError):
        records(LITTLE + ONE_UV + AT_250_HZ + LEAD_II + open_ended + END)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_patient_is_left_in_a_blanked_file(name: str) -> None:
    data = {**WRITERS_BINARY, **VARIANTS_BINARY}[name](CASE).files["ecg.mwf"] + " ".join(IDENTITY).encode()
    blanked = FORMATS.get("mfer").blank(MemorySource("ecg.mwf", {"ecg.mwf": data}))
    assert blanked is not None
    for identity in IDENTITY:
        assert identity.encode() in data and identity.encode() not in blanked["ecg.mwf"]
    for order in "<>":
        assert struct.pack(f"{order}HBB", 1959, 7, 23) not in blanked["ecg.mwf"]
    (before,), (after,) = records(data), records(blanked["ecg.mwf"])
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.subject.id, after.subject.age, after.subject.sex) == (None, 44.6, "F")
    assert (after.source.band, after.source.device) == (before.source.band, before.source.device)


def test_texts_in_another_encoding_are_blanked_too() -> None:
    name = "山田太郎"
    text = definition(0x03, b"JIS X 0208") + definition(0x81, name.encode("iso2022_jp"))
    data = LITTLE + text + ONE_UV + AT_250_HZ + LEAD_II + wave(RAMP) + END
    blanked = FORMATS.get("mfer").blank(MemorySource("ecg.mwf", {"ecg.mwf": data}))
    assert blanked is not None
    assert name.encode("iso2022_jp") in data and name.encode("iso2022_jp") not in blanked["ecg.mwf"]


def test_the_writer_can_fail() -> None:
    written = write_mfer(CASE)
    assert mfer_identity("<") in written.files["ecg.mwf"]
    assert not np.allclose(records(written.files["ecg.mwf"])[0].signal, -steps(CASE, MFER_NV) * MFER_NV * 1e-6)
