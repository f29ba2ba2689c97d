"""ISHNE Holter: against ecgdatakit, unnamed leads, faults, checksums, long recordings, blanking."""

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_binary import DOCTOR, IDENTITY, ISHNE_NV, PATIENT, ishne_file, write_ishne
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.formats.passport import pseudonym
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

CASE = Case(200.0, "mV", STANDARD_12, 900)
RAMP = np.arange(300).reshape(3, 100)


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("day.ecg", {"day.ecg": data}), hints))


def test_ecgdatakit_reads_the_same(tmp_path: Path) -> None:
    from ecgdatakit.parsing.parsers.ishne_holter import ISHNEHolterParser

    data = write_ishne(CASE).files["ecg.ecg"]
    (tmp_path / "ecg.ecg").write_bytes(data)
    (record,) = records(data)
    second = ISHNEHolterParser().parse(tmp_path / "ecg.ecg")
    assert len(second.leads) == 12
    for lead in second.leads:
        assert lead.sampling_rate == record.rate
        np.testing.assert_allclose(record.lead(lead.label), lead.samples * lead.resolution / 1000, rtol=2e-7)


def test_patient_time_and_recorder_are_read() -> None:
    (record,) = records(write_ishne(CASE).files["ecg.ecg"])
    assert (record.subject.id, record.subject.age, record.subject.sex) == (pseudonym(PATIENT), 44.6, "F")
    assert (record.source.recorded, record.source.device) == ("2004-02-29T23:59:01", "Model Q")


@pytest.mark.parametrize("code", [0, 1, -9, 99, 5])
def test_leads_without_a_name_or_with_the_same_need_the_hint(code: int) -> None:
    data = ishne_file([5, code, 6], [1000] * 3, 128, RAMP)
    with pytest.raises(HintsNeeded) as caught:
        records(data)
    assert caught.value.missing == ("leads",)
    assert records(data, ReadHints(leads=("CH1", "CH2", "CH3")))[0].leads == ("CH1", "CH2", "CH3")


def test_a_scale_of_nothing_needs_unit_and_gain() -> None:
    data = ishne_file([5, 6, 7], [1000, 0, 1000], 128, RAMP)
    with pytest.raises(HintsNeeded) as caught:
        records(data)
    assert caught.value.missing == ("unit",)
    (record,) = records(data, ReadHints(unit="counts", gain=100, baseline=0))
    np.testing.assert_allclose(record.signal, RAMP / 100, rtol=1e-6)


def test_the_sample_that_marks_a_fault_is_missing_and_bad_leads_are_said() -> None:
    stored = RAMP.copy()
    stored[1, 7:9] = -32768
    (record,) = records(ishne_file([5, 6, 7], [1000] * 3, 128, stored, quality=[1, 5, 3]))
    assert np.argwhere(np.isnan(record.signal)).tolist() == [[1, 7], [1, 8]]
    assert "the recorder states frequent disconnection in lead 2" in record.source.doubts
    assert "the recorder states frequent noise in lead 3" in record.source.doubts


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_the_checksum_are_right_and_another_is_doubted(order: str) -> None:
    data = ishne_file([5, 6, 7], [1000] * 3, 128, RAMP, order=order, comment=b"12345")
    assert not [doubt for doubt in records(data)[0].source.doubts if "checksum" in doubt]
    damaged = data[:272] + b"\x81" + data[273:]
    assert any("checksum of the header is wrong" in doubt for doubt in records(damaged)[0].source.doubts)


@pytest.mark.parametrize("size", [100, 300])
def test_the_number_of_samples_may_be_that_of_a_lead_or_of_all(size: int) -> None:
    (record,) = records(ishne_file([5, 6, 7], [1000] * 3, 128, RAMP, size=size))
    assert record.n_samples == 100 and not [doubt for doubt in record.source.doubts if "stated" in doubt]


def test_a_recording_that_was_cut_off_says_so() -> None:
    data = ishne_file([5, 6, 7], [1000] * 3, 128, RAMP)
    (record,) = records(data[:-13])
    assert record.n_samples == 97
    assert "100 samples are stated and 97 of each lead are there; those there were read" in record.source.doubts
    assert any(doubt.startswith("5 bytes at the end") for doubt in record.source.doubts)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (156, b"\x0d\0", "states 13 leads"), (156, b"\0\0", "states 0 leads"),
        (10, b"\xff\xff\xff\x7f", "bytes of free text"), (22, b"\xff\0\0\0", "samples begin at byte 255"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_is_refused(at: int, value: bytes, message: str) -> None:
    data = bytearray(ishne_file([5, 6, 7], [1000] * 3, 128, RAMP))
    data[at : at + len(value)] = value
    with pytest.raises(FormatError, match=message):
        records(bytes(data))


@pytest.mark.parametrize("order", ["<", ">"])
def test_nothing_of_the_patient_is_left_in_a_blanked_file(order: str) -> None:
    comment = " ".join(IDENTITY).encode()
    data = ishne_file([5, 6, 7], [ISHNE_NV] * 3, 128, RAMP, comment=comment, order=order)
    data = data[:240] + DOCTOR.encode() + data[240 + len(DOCTOR) :]  # behind the end of the recorder's type
    data = data[:239] + b"\0" + data[240:]
    blanked = FORMATS.get("ishne").blank(MemorySource("day.ecg", {"day.ecg": data}))
    assert blanked is not None
    for identity in IDENTITY:
        assert identity.encode() in data and identity.encode() not in blanked["day.ecg"]
    assert np.array([23, 7, 1959], "<i2").tobytes() not in blanked["day.ecg"]
    (before,), (after,) = records(data), records(blanked["day.ecg"])
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (after.subject.id, after.subject.age, after.source.device) == (None, None, "Model Q")


def test_a_blanked_file_keeps_the_checksum_right() -> None:
    data = ishne_file([5, 6, 7], [1000] * 3, 128, RAMP, comment=b"Erika", order=">")
    blanked = FORMATS.get("ishne").blank(MemorySource("day.ecg", {"day.ecg": data}))
    assert blanked is not None
    assert not [doubt for doubt in records(blanked["day.ecg"])[0].source.doubts if "checksum" in doubt]


def test_hours_are_read_in_seconds_and_a_few_times_their_size() -> None:
    """Four hours of three leads at 200 Hz, 17 MB."""
    stored = np.tile(np.arange(-500, 500), (3, 2880))
    data = ishne_file([5, 6, 11], [1000] * 3, 200, stored)
    start = time.perf_counter()
    tracemalloc.start()
    (record,) = records(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert record.duration == 14_400
    assert time.perf_counter() - start < 5 and peak < 8 * len(data)
