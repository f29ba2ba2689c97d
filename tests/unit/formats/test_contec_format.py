"""Contec ECG90A: what the published description knows is asked for, not guessed."""

import numpy as np
import pytest

from contracts.ecg_files import Case
from contracts.writers_binary import CONTEC_ZERO, IDENTITY, LAST, PATIENT, contec_file, write_contec
from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.record import EcgRecord, ReadHints

LEADS = ("II", "III", "V1", "V2", "V3", "V4", "V5", "V6")
CASE = Case(800.0, "mV", LEADS, 800)
HINTS = ReadHints.parse("rate=800,unit=counts,gain=200,baseline=2048,leads=II III V1 V2 V3 V4 V5 V6")


def records(data: bytes, hints: ReadHints | None = None) -> list[EcgRecord]:
    return list(read_all(MemorySource("case.ECG", {"case.ECG": data}), hints))


def test_with_the_hints_of_the_description_the_signal_is_read() -> None:
    written = write_contec(CASE)
    (record,) = records(written.files["case.ECG"], HINTS)
    np.testing.assert_allclose(record.signal, CASE.truth, atol=written.tolerance)
    assert (record.leads, record.rate, record.subject.age, record.subject.sex) == (LEADS, 800.0, 44, "F")
    assert record.source.recorded == "2004-02-29T23:59:01"
    assert len(record.source.assumed) == 5
    assert any("worked out from files of one model" in doubt for doubt in record.source.doubts)


def test_without_hints_the_message_names_them_all_as_the_description_has_them() -> None:
    with pytest.raises(HintsNeeded) as caught:
        records(write_contec(CASE).files["case.ECG"])
    assert set(caught.value.missing) == {"rate", "unit", "leads"}
    text = str(caught.value)
    assert ReadHints.parse(text.split('--assume "')[1].split('"')[0]) == HINTS


def test_the_value_for_an_electrode_that_is_off_is_missing() -> None:
    stored = np.full((8, 100), CONTEC_ZERO) + np.arange(100)
    stored[2:] = 0x6800
    (record,) = records(contec_file(stored), HINTS)
    assert np.isnan(record.signal[2:]).all() and not np.isnan(record.signal[:2]).any()


def test_a_file_of_another_length_is_refused_as_another_model() -> None:
    data = write_contec(CASE).files["case.ECG"]
    with pytest.raises(FormatError, match="of another model"):
        records(data[:-1], HINTS)


def test_nothing_of_the_patient_is_left_in_a_blanked_file() -> None:
    data = write_contec(CASE).files["case.ECG"]
    blanked = FORMATS.get("contec").blank(MemorySource("case.ECG", {"case.ECG": data}))
    assert blanked is not None and LAST in IDENTITY and PATIENT in IDENTITY
    for text in (LAST, PATIENT, "0000011"):
        assert text.encode() in data and text.encode() not in blanked["case.ECG"]
    (before,), (after,) = records(data, HINTS), records(blanked["case.ECG"], HINTS)
    np.testing.assert_array_equal(before.signal, after.signal)
    assert before.subject == after.subject
