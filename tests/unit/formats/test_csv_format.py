"""CSV and TSV: delimiters, decimal signs, headers, time columns, units."""

import numpy as np
import pytest

from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, read_all, text_table
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

VALUES = np.array([[0.125, -1.5], [1.25, 2.0], [-0.5, 0.75], [1e-3, 3.0]])


def _read(text: str | bytes, hints: str = "") -> EcgRecord:
    data = text if isinstance(text, bytes) else text.encode()
    (record,) = read_all(MemorySource("ecg.csv", {"ecg.csv": data}), ReadHints.parse(hints))
    return record


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), *((sign, decimal) for sign in (";", "\t", " ", "   ") for decimal in ".,")]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["II V1", ""])
def test_delimiter_and_decimal_sign_are_told_from_the_content(
    delimiter: str, decimal: str, newline: str, header: str
) -> None:
    rows = [delimiter.join(f"{value:.4f}".replace(".", decimal) for value in row) for row in VALUES]
    text = newline.join(([delimiter.join(header.split())] if header else []) + rows) + newline
    hints = "unit=mV,rate=100" + ("" if header else ",leads=II V1,orientation=samples-first")
    record = _read(text, hints)
    assert record.leads == ("II", "V1")
    np.testing.assert_allclose(record.signal, VALUES.T, rtol=1e-6)


def test_commas_for_both_are_refused_and_not_read_as_twice_the_columns() -> None:
    rows = [",".join(f"{value:.4f}".replace(".", ",") for value in row) for row in VALUES]
    with pytest.raises(FormatError, match=r"ecg\.csv: Its header names 2 columns and its rows have 4"):
        _read("II,V1\n" + "\n".join(rows), "unit=mV,rate=100")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_byte_order_marks_and_encodings_are_understood(encoding: str) -> None:
    text = "II (\u00b5V);V1 (\u00b5V)\n" + "\n".join(f"{a};{b}" for a, b in VALUES)
    record = _read(text.encode(encoding), "rate=100")
    np.testing.assert_allclose(record.signal, VALUES.T / 1000, rtol=1e-6)
    assert record.source.unit == "\u00b5V"


@pytest.mark.parametrize(
    "name", ["aVR", "AVR", " avr ", "MDC_ECG_LEAD_AVR", "Lead aVR", '"aVR"', "aVR (mV)", "aVR [mV]", "aVR_mV"]
)
def test_lead_names_are_understood_in_any_spelling(name: str) -> None:
    record = _read(f"V6,{name}\n1,2\n3,4\n5,7\n", "unit=mV,rate=100")
    assert record.leads == ("V6", "aVR")
    np.testing.assert_array_equal(record.signal[1], [2, 4, 7])


def test_units_in_the_header_or_in_the_row_below_are_used_lead_by_lead() -> None:
    for header in ("I (mV),II [uV],V1_V", "I,II,V1\nmV,uV,V"):
        if header.startswith("I (mV)"):
            header = header.replace("V1_V", "V1 (V)")
        record = _read(header + "\n1,1000,0.001\n2,2000,0.002\n", "rate=100")
        np.testing.assert_allclose(record.signal, [[1, 2], [1, 2], [1, 2]], rtol=1e-6)
        assert record.source.unit == "mV, uV, V"


@pytest.mark.parametrize(
    ("header", "step"),
    [("time (s)", 0.002), ("Time [ms]", 2), ("t_ms", 2), ("seconds", 0.002), ("ms", 2), ("Zeit (s)", 0.002)],
)
def test_a_time_column_with_a_unit_states_the_rate(header: str, step: float) -> None:
    text = f"{header},I,II\n" + "\n".join(f"{k * step:.6g},{k},{-k}" for k in range(50))
    record = _read(text, "unit=mV")
    assert record.rate == record.source.rate == 500.0
    assert record.leads == ("I", "II")


@pytest.mark.parametrize("rate", [257, 360, 128, 1000 / 3])
def test_time_stamps_rounded_to_the_millisecond_still_give_the_rate(rate: float) -> None:
    text = "time (s),I\n" + "\n".join(f"{k / rate:.3f},{k}" for k in range(2000))
    found = _read(text, "unit=mV").rate
    assert found == rate if rate == int(rate) else found == pytest.approx(rate, rel=1e-3)


def test_a_time_column_without_a_unit_states_nothing_and_can_only_contradict() -> None:
    text = "time,I,II\n" + "\n".join(f"{k * 0.002:.3f},{k},{-k}" for k in range(50))
    with pytest.raises(HintsNeeded, match="Its column time has no unit") as caught:
        _read(text, "unit=mV")
    assert caught.value.missing == ("rate",)
    assert not any("time column" in doubt for doubt in _read(text, "unit=mV,rate=500").source.doubts)
    assert any("time column" in doubt for doubt in _read(text, "unit=mV,rate=360").source.doubts)


def test_a_time_column_with_a_gap_is_refused_with_its_place() -> None:
    times = [0.0, 0.002, 0.004, 0.010, 0.012, 0.014]
    with pytest.raises(FormatError, match=r"ecg\.csv: Its time column has unequal steps: row \d"):
        _read("time (s),I\n" + "\n".join(f"{time},{time}" for time in times), "unit=mV")


def test_an_index_column_and_column_numbers_are_no_samples() -> None:
    plain = "\n".join(f"{k},{k * 0.5},{-k}" for k in range(5))
    assert _read(",I,II\n" + plain, "unit=mV,rate=100").leads == ("I", "II")
    record = _read("0,1,2\n" + "\n".join(f"{k * 0.5},{k},{-k}" for k in range(40)), "unit=mV,rate=100,leads=I II III")
    assert record.n_samples == 40
    assert any("numbers the columns" in doubt for doubt in record.source.doubts)


def test_rows_that_begin_with_a_lead_name_hold_that_lead() -> None:
    rng = np.random.default_rng(2)
    ecg = rng.normal(size=(12, 400)).round(3)
    text = "\n".join(
        ",".join([lead, *(str(value) for value in row)]) for lead, row in zip(STANDARD_12, ecg, strict=True)
    )
    record = _read(text, "unit=mV,rate=500")
    assert record.leads == STANDARD_12
    np.testing.assert_allclose(record.signal, ecg, rtol=1e-6)


def test_twelve_rows_without_names_are_leads_when_twelve_names_are_hinted() -> None:
    ecg = np.random.default_rng(2).normal(size=(12, 4000)).round(3)
    text = "\n".join(",".join(str(value) for value in row) for row in ecg)
    record = _read(text, "unit=mV,rate=500,leads=" + " ".join(STANDARD_12))
    np.testing.assert_allclose(record.signal, ecg, rtol=1e-6)


def test_empty_cells_are_missing_samples() -> None:
    record = _read("I,II\n1,2\n,4\n5,\nNaN,NA\n3,1\n", "unit=mV,rate=100")
    np.testing.assert_array_equal(np.isnan(record.signal), [[0, 1, 0, 1, 0], [0, 0, 1, 1, 0]])


def test_other_signals_are_left_out_and_named() -> None:
    record = _read("I (mV),ABP (mmHg),RESP\n1,80,3\n2,81,3\n3,80,2\n", "rate=100")
    assert record.leads == ("I",)
    assert any("ABP (mmHg) in column 2, RESP in column 3" in doubt for doubt in record.source.doubts)


def test_comments_may_state_rate_and_unit() -> None:
    record = _read("# Sampling rate: 250 Hz\n# unit: uV\nI,II\n1,2\n3,4\n5,6\n")
    assert (record.rate, record.source.unit, record.source.assumed) == (250.0, "uV", ())


def test_clock_times_in_the_first_column_are_seconds() -> None:
    text = '"Elapsed time","II"\n"hh:mm:ss.mmm","mV"\n' + "\n".join(f'"0:{k * 0.004:06.3f}",{k}' for k in range(2000))
    assert _read(text).rate == 250.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("I,II\n1,2\n3,x7\n5,6\n", r"Row 3, column 2 holds text, which is no number"),
        ("I;II\n1.234,5;2\n3;4\n5;6\n", r"Row 2, column 1 holds digits with other signs"),
        ("1.5,x\n2,3\n4,5\n", r"is none of the formats"),
        ("I,II\n?,1\n3,4\n5,6\n", r"Row 2, column 1 holds other signs"),
        ("I,II\n" + "1,2\n" * 40 + "1,2,3\n", r"Row 42 has 3 cells where 2"),
        ("I,I\n1,2\n3,4\n", r"Lead I stands more than once"),
        ("time (s),ABP (mmHg)\n0,1\n1,2\n2,3\n", r"Its header names no lead"),
        ("file_name,label\na.csv,1\nb.csv,2\n", r"is a table of labels"),
        ("file_name,label\n1,1\n2,2\n", r"is a table of labels"),
        ("hello\nworld\n", r"is none of the formats"),
        ("\n\n\n", r"is none of the formats"),
        ("<html><body>404</body></html>", r"is an XML or HTML file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", r"is a JPEG picture"),
        (b"%PDF-1.7", r"is a PDF document"),
        (b"", r"is empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_place(text: str | bytes, message: str) -> None:
    with pytest.raises(EinthovenError, match=message) as caught:
        _read(text, "unit=mV,rate=100")
    assert str(caught.value).startswith("ecg.csv")


def test_a_number_of_names_that_does_not_fit_the_columns_is_refused() -> None:
    with pytest.raises(FormatError, match=r"2 lead names .* 50 x 3"):
        _read("\n".join(f"{k % 7}.5,{k},{k}" for k in range(50)), "unit=mV,rate=100,leads=I II")


APPLE = (
    'Name,"Jane Doe"\nDate of Birth,"Jan 1, 1980"\nRecorded Date,2019-03-28 11:44:14 +0100\n'
    'Classification,Sinus Rhythm\nSymptoms,\nDevice,"Watch4,2"\nSample Rate,512 hertz\n\n\n'
    "Lead,Lead I\nUnit,\u00b5V\n\n"
)


@pytest.mark.parametrize("decimal", ".,")
def test_lines_above_one_column_state_lead_rate_and_unit(decimal: str) -> None:
    """As a watch exports it. With one lead stated, `-35,123` is one number in any decimal sign."""
    text = APPLE + "\n".join(f"{value:.3f}".replace(".", decimal) for value in (-35.123, 12.5, 7.25, 1.0))
    record = _read(text)
    assert (record.leads, record.rate, record.source.unit, record.source.assumed) == (("I",), 512.0, "\u00b5V", ())
    np.testing.assert_allclose(record.signal, [[-0.035123, 0.0125, 0.00725, 0.001]], rtol=1e-6)


def test_lines_above_a_header_are_no_part_of_it() -> None:
    record = _read("Sampling rate: 0.5 kHz\nFilter: on\nOperator: X\nI,II\nmV,uV\n1,2\n3,4\n5,6\n")
    assert (record.leads, record.rate, record.source.unit) == (("I", "II"), 500.0, "mV, uV")
    np.testing.assert_allclose(record.signal, [[1, 3, 5], [0.002, 0.004, 0.006]], rtol=1e-6)


@pytest.mark.parametrize(
    "line", ["heart rate: 72", "frequency: 50 Hz", "frame rate = 25", "Rate of events: 3", "fs: x"]
)
def test_another_rate_is_no_sampling_rate(line: str) -> None:
    with pytest.raises(HintsNeeded) as caught:
        _read(f"# {line}\nI,II\n1,2\n3,4\n", "unit=mV")
    assert caught.value.missing == ("rate",)


def test_a_gain_in_a_comment_is_not_used_and_said() -> None:
    record = _read("# gain: 200\n# fs=250, unit=mV\nI,II\n1,2\n3,4\n5,6\n", "unit=mV")
    assert record.rate == 250.0 and any("gain" in doubt for doubt in record.source.doubts)


def test_commas_that_are_quoted_are_decimal_signs() -> None:
    record = _read('I,II\n"0,5","1,25"\n"-2,5",3\n', "unit=mV,rate=100")
    np.testing.assert_allclose(record.signal, [[0.5, -2.5], [1.25, 3]], rtol=1e-6)


@pytest.mark.parametrize("text", ["I;II\n1,5;2\n1.234;4\n", "I,II\n1_0,2\n3,4\n", "I,II\n0x1p3,2\n3,4\n"])
def test_numbers_that_could_mean_something_else_are_refused(text: str) -> None:
    with pytest.raises(FormatError, match="which is no number"):
        _read(text, "unit=mV,rate=100")


def test_the_quick_way_reads_every_digit_as_the_careful_one() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(200, 12)) * 10.0 ** rng.integers(-12, 12, (200, 12))
    cells = [[repr(float(value)) for value in row] for row in values]
    cells[3][4], cells[5][6], cells[7][11] = "", "NaN", "1e-300"
    for text in ("\n".join(map(",".join, cells)), "\n".join(f"{','.join(row)}," for row in cells)):
        layout = text_table.sniff(text, complete=True)
        assert layout is not None
        quick = text_table._quick(text.encode(), layout)
        careful = text_table._careful(text, layout).values
        assert quick is not None
        np.testing.assert_array_equal(quick, careful)
        np.testing.assert_array_equal(quick[10], [float(cell) for cell in cells[10]])


def test_rows_longer_than_what_was_looked_at_are_read_whole() -> None:
    ecg = np.random.default_rng(2).normal(size=(3, 9000))
    text = "\n".join(
        ",".join([lead, *map(repr, row)]) for lead, row in zip(("I", "II", "V1"), ecg.tolist(), strict=True)
    )
    np.testing.assert_allclose(_read(text, "unit=mV,rate=500").signal, ecg, rtol=1e-6)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("time (s),I (mV),II (mV)\n0,1,2\n0.01,3,4\n0.02,5,6\n", True),
        ("I\tV6\nuV\tuV\n1\t2\n3\t4\n", True),
        ("# operator: Doe\n# fs: 100\n# unit: mV\nI,II\n1,2\n3,4\n", False),
        ("I (mV),II (mV),Doe (kg)\n1,2,4711\n3,4,4711\n", False),
        ("n,I (mV),II (mV)\n4711,1,2\n4711,3,4\n", False),
        (APPLE.replace("Jane", "Doe") + "-35.5\n2\n4711.25\n", False),
    ],
)
def test_the_blanked_table_holds_numbers_leads_and_units_only(text: str, *, same: bool) -> None:
    source = MemorySource("f/ecg.csv", {"f/ecg.csv": text.encode()})
    blanked = FORMATS.get("csv").blank(source)
    assert blanked is not None and list(blanked) == ["ecg.csv"]
    assert (blanked["ecg.csv"] == text.encode()) == same
    assert b"Doe" not in blanked["ecg.csv"] and (same or b"4711," not in blanked["ecg.csv"])
    before, after = _read(text, "rate=100"), _read(blanked["ecg.csv"], "rate=100")
    np.testing.assert_array_equal(before.signal, after.signal)
    assert (before.leads, before.rate) == (after.leads, after.rate)
