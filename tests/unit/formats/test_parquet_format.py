"""Parquet: columns of leads, rows of ECGs, what is refused and blanked."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pyarrow import parquet

from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all
from einthoven.record import EcgRecord, ReadHints

HINTS = ReadHints(unit="mV", rate=500.0)


def _ecg(n_leads: int = 3, n_samples: int = 100) -> npt.NDArray[np.float64]:
    return np.random.default_rng(11).normal(size=(n_leads, n_samples)) * np.arange(1, n_leads + 1)[:, None]


def _bytes(columns: dict[str, Any], **facts: str) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns).replace_schema_metadata(facts), stream)
    return stream.getvalue()


def _read(data: bytes, hints: ReadHints = HINTS) -> list[EcgRecord]:
    return list(read_all(MemorySource("a.parquet", {"a.parquet": data}), hints))


def test_columns_are_leads_by_name_and_other_signals_are_left_out_and_named() -> None:
    columns = {"V1": _ecg()[0], "Lead II": _ecg()[1], "RESP": _ecg()[2], "note": ["x"] * 100}
    (record,) = _read(_bytes(columns))
    assert record.leads == ("V1", "II")
    np.testing.assert_allclose(record.signal, _ecg()[:2], rtol=1e-6)
    assert any("RESP, note" in doubt for doubt in record.source.doubts)


def test_nothing_is_guessed() -> None:
    with pytest.raises(HintsNeeded) as caught:
        _read(_bytes({"I": _ecg()[0]}), ReadHints())
    assert set(caught.value.missing) == {"unit", "rate"}


def test_each_row_has_facts_of_its_own() -> None:
    columns = {
        "signal": [_ecg(2).tolist(), _ecg(3).tolist()], "fs": [250, 360], "age": [44, 61], "sex": ["F", "M"],
        "leads": [["I", "II"], ["V1", "V2", "V3"]],
    }  # fmt: skip
    one, two = _read(_bytes(columns), ReadHints(unit="uV"))
    assert (one.rate, one.leads, one.subject.age, one.source.index) == (250.0, ("I", "II"), 44.0, 0)
    assert (two.rate, two.leads, two.subject.sex, two.source.index) == (360.0, ("V1", "V2", "V3"), "M", 1)
    np.testing.assert_allclose(two.signal, _ecg(3) / 1000, rtol=1e-6)


def test_lists_of_different_lengths_are_refused() -> None:
    with pytest.raises(FormatError, match=r"a\.parquet: The leads of an ECG in it have different lengths: \[1, 2\]"):
        _read(_bytes({"I": [[1.0, 2.0]], "II": [[1.0]]}))


def test_more_rows_than_the_file_can_hold_are_refused() -> None:
    data = _bytes({"I": np.zeros(20_000_000, dtype=np.float32)})
    assert len(data) < 10**6
    with pytest.raises(FormatError, match=r"a\.parquet: It states 20000000 rows of 1 columns in \d+ bytes"):
        _read(data)


def test_a_damaged_file_is_refused() -> None:
    data = _bytes({"I": _ecg()[0]})
    with pytest.raises(FormatError, match=r"a\.parquet: Its Parquet structure is damaged"):
        _read(data[:-20])


def test_the_blanked_file_holds_leads_rate_and_unit_only() -> None:
    columns = {"I (uV)": _ecg()[0], "II (uV)": _ecg()[1], "patient": ["Doe^Jane"] * 100}
    data = _bytes(columns, fs="250", age="44", sex="F", author="Dr Miller", patient_id="4711")
    source = MemorySource("f/a.parquet", {"f/a.parquet": data})
    blanked = FORMATS.get("parquet").blank(source)
    assert blanked is not None and list(blanked) == ["a.parquet"] and blanked == FORMATS.get("parquet").blank(source)
    table = parquet.read_table(io.BytesIO(blanked["a.parquet"]))
    assert table.column_names == ["I (uV)", "II (uV)"]
    assert set(table.schema.metadata) == {b"fs", b"age", b"sex"}
    assert b"Doe" not in blanked["a.parquet"] and b"Miller" not in blanked["a.parquet"]
    before, after = _read(data, ReadHints())[0], _read(blanked["a.parquet"], ReadHints())[0]
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (before.rate, before.leads, before.subject.age) == (after.rate, after.leads, after.subject.age)


@pytest.mark.parametrize("names", [("('ecg', 'I')", "('ecg', 'II')"), ("('I', 'mV')", "('II', 'mV')")])
def test_names_of_several_rows_as_pandas_writes_them(names: tuple[str, str]) -> None:
    time = {"('time', 's')": np.arange(100) / 250}
    (record,) = _read(_bytes({**time, **dict(zip(names, _ecg(2), strict=True))}), ReadHints(unit="mV"))
    assert (record.leads, record.rate) == (("I", "II"), 250.0)
    assert (record.source.unit == "mV") == ("mV" in names[0])
    np.testing.assert_allclose(record.signal, _ecg(2), rtol=1e-6)


def test_a_column_that_counts_is_no_lead() -> None:
    (record,) = _read(_bytes({"abc": np.arange(100), "tick": np.arange(100) / 500, "II": _ecg()[0]}))
    assert record.leads == ("II",) and any("2 of names" in doubt for doubt in record.source.doubts)


def test_names_that_may_be_those_of_persons_are_not_shown() -> None:
    (record,) = _read(_bytes({"II": _ecg()[0], "Mustermann": ["x"] * 100}))
    assert "left out, no ECG by unit, name or type: 1 of names that are not shown" in record.source.doubts
    with pytest.raises(FormatError, match="None of its 1 columns is a lead") as caught:
        _read(_bytes({"Mustermann": ["x"] * 100}))
    assert "Mustermann" not in str(caught.value)


def test_lists_beside_the_signal_are_left_out_and_said() -> None:
    columns = {"signal": [_ecg(2).tolist()], "ecg_raw_Doe": [_ecg(2).tolist()], "leads": [["I", "II"]]}
    (record,) = _read(_bytes(columns))
    assert any(doubt.startswith("left out, columns of lists") and "Doe" not in doubt for doubt in record.source.doubts)


@pytest.mark.parametrize("columns", [("signal",), ("I", "II")])
def test_a_row_without_samples_costs_no_other(columns: tuple[str, ...]) -> None:
    def cell(ecg: npt.NDArray[np.float64] | None, column: int) -> Any:
        return None if ecg is None else ecg.tolist() if len(columns) == 1 else ecg[column].tolist()

    rows = (_ecg(2), None, -_ecg(2), None)
    table: dict[str, Any] = {name: [cell(ecg, k) for ecg in rows] for k, name in enumerate(columns)}
    one, three = _read(_bytes(table), ReadHints(unit="mV", rate=500, leads=("I", "II")))
    assert (one.source.index, three.source.index) == (0, 2)
    np.testing.assert_allclose(three.signal, -_ecg(2), rtol=1e-6)
    for index in (1, 3):
        doubt = f"ECG {index} of the file, counted from 0, was left out: No sample has a value: its row holds none."
        assert doubt in three.source.doubts and doubt not in one.source.doubts
