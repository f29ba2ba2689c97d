"""CSV tables that could be read as other numbers: shifted columns, thousands, lost rows; and what they may not tell."""

import contextlib
import time

import numpy as np
import pytest

from einthoven.errors import EinthovenError, FormatError, HintsNeeded
from einthoven.formats import FORMATS, MemorySource, csv, read_all, text_table
from einthoven.formats.columns import column_of
from einthoven.formats.source import SeenSource
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints

WAVE = np.random.default_rng(7).normal(size=(60, 3)).round(4)


def _read(text: str, hints: str = "unit=mV,rate=500") -> EcgRecord:
    (record,) = read_all(MemorySource("ecg.csv", {"ecg.csv": text.encode()}), ReadHints.parse(hints))
    return record


def _rows(values: np.ndarray, sign: str = ",") -> str:
    return "\n".join(sign.join(repr(float(value)) for value in row) for row in values) + "\n"


# Columns


def test_rows_with_a_cell_more_than_names_are_not_shifted() -> None:
    text = "V1 (mV),V2 (mV)\n" + _rows(WAVE)
    with pytest.raises(FormatError, match=r"names 2 columns and its rows have 3"):
        _read(text)


def test_an_unnamed_first_column_that_rises_by_unequal_steps_is_no_index() -> None:
    text = "V1 (mV),V2 (mV)\n" + "\n".join(f"{k if k < 30 else k + 2},{a},{b}" for k, (a, b, _) in enumerate(WAVE))
    with pytest.raises(FormatError, match=r"names 2 columns and its rows have 3"):
        _read(text)


def test_whole_numbers_behind_an_unnamed_index_are_no_decimals() -> None:
    values = [abs(int(9 * value)) for value in WAVE[:, 0]]
    text = "II\n" + "\n".join(f"{k},{value}" for k, value in enumerate(values))
    np.testing.assert_array_equal(_read(text).signal[0], values)


@pytest.mark.parametrize("start", [0, 1])
def test_an_unnamed_first_column_that_counts_is_an_index(start: int) -> None:
    """As R writes the names of rows."""
    text = "V1 (mV),V2 (mV)\n" + "\n".join(f"{k + start},{a},{b}" for k, (a, b, _) in enumerate(WAVE))
    np.testing.assert_allclose(_read(text).signal, WAVE.T[:2], rtol=1e-6)


def test_an_unnamed_last_column_under_a_full_row_of_units_stays_last() -> None:
    text = "V1,V2,\nmV,mV,uV\n" + "\n".join(f"{k},{a},{b}" for k, (a, b, _) in enumerate(WAVE))
    assert _read(text).signal[0, 3] == 3


def test_one_lead_with_decimal_commas_is_one_column() -> None:
    values = WAVE[:, 0] * 3
    text = "II (mV)\n" + "\n".join(f"{value:.4f}".replace(".", ",") for value in values) + "\n"
    record = _read(text, "rate=500")
    assert record.leads == ("II",)
    np.testing.assert_allclose(record.signal[0], values, atol=1e-4)


def test_one_lead_with_decimal_commas_and_no_header_needs_its_name_above() -> None:
    text = "\n".join(f"{value:.4f}".replace(".", ",") for value in WAVE[:, 0])
    with pytest.raises(FormatError, match="write the name of the lead above"):
        _read(text, "unit=mV,rate=500,leads=II")
    assert _read(f"II\n{text}").n_samples == len(WAVE)


@pytest.mark.parametrize("name", ["s", "ts", "row", "beat", "Uhr", "sample_no"])
def test_a_column_that_only_rises_is_no_lead(name: str) -> None:
    values = [k // 20 for k in range(60)] if name == "beat" else [k * 0.002 for k in range(60)]
    text = f"{name},MLII (mV)\n" + "\n".join(f"{a:.3f},{b}" for a, b in zip(values, WAVE[:, 0], strict=True))
    record = _read(text)
    assert record.leads == ("MLII",) and record.rate == 500.0


def test_a_standard_lead_that_counts_is_doubted() -> None:
    record = _read("V1,V2\n" + "\n".join(f"{k},{a}" for k, a in enumerate(WAVE[:, 0])))
    assert any("lead V1 only rises" in doubt for doubt in record.source.doubts)


@pytest.mark.parametrize("header", ["time,{}", ",{}", "{}"])
def test_numbers_over_columns_are_no_lead_names(header: str) -> None:
    ecg = np.random.default_rng(2).normal(size=(200, 12)).round(4)
    first = 0 if header.startswith(",") else 1
    names = header.format(",".join(str(k + first) for k in range(12)))
    rows = [",".join(map(str, ([k * 2] if "," in header[:6] else []) + list(row))) for k, row in enumerate(ecg)]
    hints = "unit=mV,rate=500,leads=" + " ".join(STANDARD_12)
    np.testing.assert_allclose(_read("\n".join([names, *rows]), hints).signal, ecg.T, rtol=1e-6)
    if header.startswith("time"):
        with pytest.raises(HintsNeeded) as caught:
            _read("\n".join([names, *rows]))
        assert caught.value.missing == ("leads",)


@pytest.mark.parametrize("step", [1, 0.002])
def test_a_bare_table_may_begin_with_a_time_or_an_index(step: float) -> None:
    text = "\n".join(f"{k * step:g},{a},{b},{c}" for k, (a, b, c) in enumerate(WAVE))
    record = _read(text, "unit=mV,rate=500,leads=I II V1")
    np.testing.assert_allclose(record.signal, WAVE.T, rtol=1e-6)
    assert any("first column" in doubt for doubt in record.source.doubts)


def test_microseconds() -> None:
    assert _read("t (us),II\n" + "\n".join(f"{k * 2000},{a}" for k, a in enumerate(WAVE[:, 0])), "unit=mV").rate == 500


# Decimal signs and thousands


@pytest.mark.parametrize(
    "text",
    [
        "V1 (uV);V2 (uV)\n-57;1.250\n930;12\n5;7\n",
        "V1 (uV);V2 (uV)\n-57;1,250\n930;12\n5;7\n",
        "V1 (uV);V2 (uV)\n-57;1.250\n930;1.260\n5;1.270\n",
        'V1 (uV),V2 (uV)\n-57,"1,250"\n930,12\n5,7\n',
        "V1 (uV)\tV2 (uV)\n-57\t1,250\n930\t12\n5\t7\n",
        "V1 (uV) V2 (uV)\n-57 1,250\n930 12\n5 7\n".replace(" (uV)", "_uV"),
        "V1 (uV);V2 (uV)\n" + "-57;12\n" * 40 + "5;-1.250\n",
        "Time (ms);V1 (uV)\n" + "\n".join(f"{2 * k};{'1.250' if k % 3 else '12'}" for k in range(900)),
    ],
)
def test_a_sign_that_may_separate_thousands_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="thousands"):
        _read(text, "rate=500")


@pytest.mark.parametrize("cells", [["1.250", "0.125", "3"], ["1.250", "1.5", "7"], ["1.2505", "1.250", "7"],
                                   ["1.250", "1250", "7"], ["1.250", "2.125", "-3.001"]])  # fmt: skip
def test_decimals_that_can_be_nothing_else_are_read(cells: list[str]) -> None:
    np.testing.assert_allclose(_read("V1\n" + "\n".join(cells)).signal[0], [float(cell) for cell in cells], rtol=1e-6)


def test_a_table_read_in_mv_is_still_refused_as_counts_and_blanked_once_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bool] = []
    parse = csv.parse

    def counted(plain: bytes, layout: text_table.Layout, *, counts: bool = False) -> text_table.Parsed:
        parsed.append(counts)
        return parse(plain, layout, counts=counts)

    monkeypatch.setattr(csv, "parse", counted)
    text = "I,II\n" + "".join(f"{1 + k % 7}.{k % 9 + 100},{2 + k % 5}.{k % 8 + 200}\n" for k in range(40))
    for hints, calls in (("unit=mV,rate=500", [False]), ("unit=counts,gain=1000,baseline=0,rate=500", [True, False])):
        seen = SeenSource(MemorySource("ecg.csv", {"ecg.csv": text.encode()}))
        with contextlib.suppress(FormatError):
            next(read_all(seen, ReadHints.parse(hints)))
        assert FORMATS.get("csv").blank(seen) == {"ecg.csv": text.encode()}
        assert parsed == calls
        parsed.clear()
    next(read_all(seen, ReadHints.parse("unit=mV,rate=500")))
    with pytest.raises(FormatError, match="thousands"):
        next(read_all(seen, ReadHints.parse("unit=counts,gain=1000,baseline=0,rate=500")))


def test_an_index_is_no_sign_of_thousands() -> None:
    text = "n,II\n" + "\n".join(f"{k},{1.5 + k % 9 / 8:.3f}" for k in range(40))
    np.testing.assert_allclose(_read(text).signal[0, :3], [1.5, 1.625, 1.75], rtol=1e-6)


def test_counts_with_three_decimals_are_refused() -> None:
    with pytest.raises(FormatError, match="thousands"):
        _read("V1;V2\n2.048;2.051\n2.047;2.050\n", "unit=counts,gain=200,baseline=2048,rate=500")


def test_decimal_commas_far_below_zeros_are_seen() -> None:
    text = "V1 (mV);V2 (mV)\n" + "0;0\n" * 40 + "-0,1;0,25\n"
    np.testing.assert_allclose(_read(text).signal[:, -1], [-0.1, 0.25], rtol=1e-6)


# Rows


@pytest.mark.parametrize("cell", ["#N/A", "#NV", "#DIV/0!", "#WERT!", "#VALUE!", "#ZAHL!", "#BEZUG!"])
def test_errors_of_spreadsheets_are_missing_samples(cell: str) -> None:
    for rows in ([f"{cell},2", "3,4", "5,6"], ["1,2", f"{cell},4", "5,6"], ["1,2", "3,4", f"{cell},6"]):
        record = _read("I,II\n" + "\n".join(rows) + "\n")
        assert record.n_samples == 3 and np.isnan(record.signal[0]).sum() == 1
        np.testing.assert_array_equal(record.signal[1], [2, 4, 6])


@pytest.mark.parametrize("sign", "#%")
def test_comments_stand_above_the_numbers_only(sign: str) -> None:
    assert _read(f"{sign} fs: 250\nI,II\n{sign} raw\n1,2\n3,4\n5,6\n", "unit=mV").rate == 250
    for text in (f"I,II\n1,2\n{sign}0.1,0.2\n5,6\n", "I,II\n" + "1,2\n" * 60 + f"{sign}0.1,0.2\n5,6\n"):
        with pytest.raises(FormatError, match=rf"Row \d+ begins with {sign}"):
            _read(text)


@pytest.mark.parametrize("empty", ["\n", "\r\n", "  \n"])
def test_empty_lines_among_the_rows_are_said(empty: str) -> None:
    record = _read(f"I,II\n1,2\n{empty}3,4\n5,6\n{empty}")
    assert record.n_samples == 3
    assert any("1 empty line" in doubt for doubt in record.source.doubts)
    assert not any("empty line" in doubt for doubt in _read(f"I,II\n{empty}1,2\n3,4\n5,6\n{empty}").source.doubts)


def test_an_empty_line_in_a_single_column_may_be_a_sample() -> None:
    with pytest.raises(FormatError, match="empty line"):
        _read("II\n1\n2\n\n4\n5\n")


def test_an_empty_row_of_tabs_is_a_row() -> None:
    for more in ("", "#N/A\t1\n"):
        record = _read("I\tII\n1\t2\n\t\n3\t4\n5\t6\n" + more)
        np.testing.assert_array_equal(np.isnan(record.signal[1, :4]), [False, True, False, False])


@pytest.mark.parametrize("place", [0, 1, 30, 59])
def test_a_row_that_lost_a_cell_is_refused(place: int) -> None:
    rows = _rows(WAVE).splitlines()
    rows[place] = rows[place].partition(",")[2]
    with pytest.raises(FormatError, match=rf"Row {place + 2} has 2 cells where 3"):
        _read("I,II,V1\n" + "\n".join(rows) + "\n")


# Rate and scale


@pytest.mark.parametrize("line", ["Abtastrate;1.000 Hz", "# fs=1,000", "# Sampling rate: 2.000 Hz"])
def test_a_rate_that_may_hold_a_sign_for_thousands_is_asked_for(line: str) -> None:
    text = f"{line}\nI (mV);II (mV)\n" + "\n".join(f"{a:.4f};{b:.4f}" for a, b, _ in WAVE)
    with pytest.raises(HintsNeeded, match="thousand") as caught:
        _read(text, "")
    assert caught.value.missing == ("rate",)
    assert _read(text, "rate=1000").rate == 1000


@pytest.mark.parametrize(("line", "rate"), [("# fs=500.000", 500), ("# fs: 1.000 kHz", 1000), ("# fs: 0.250 kHz", 250)])
def test_rates_with_decimals_that_can_be_nothing_else_are_read(line: str, rate: float) -> None:
    assert _read(f"{line}\nI,II\n" + _rows(WAVE[:, :2]), "unit=mV").rate == rate


def test_a_time_in_s_that_counts_samples_states_no_rate() -> None:
    text = "Time (s),II\n" + "\n".join(f"{k},{a}" for k, a in enumerate(WAVE[:, 0]))
    with pytest.raises(HintsNeeded, match="steps of 1 s"):
        _read(text, "unit=mV")
    assert any("steps of 1 s" in doubt for doubt in _read(text).source.doubts)


def test_a_low_rate_is_doubted() -> None:
    record = _read("# fs: 20\nI,II\n" + _rows(WAVE[:, :2]), "unit=mV")
    assert "a rate of 20 Hz is too low for an ECG" in " ".join(record.source.doubts)
    assert "too low" not in " ".join(_read("I,II\n" + _rows(WAVE[:, :2])).source.doubts)


@pytest.mark.parametrize(
    "line",
    [
        "# resolution: 4.88 uV",
        "# gain: 200",
        "# ADC offset: 1024",
        "# LSB=2.5 uV",
        "# 4.88 uV per bit",
        "# resolution: 4.88 uV/bit",
        "# 200 counts/mV",
        "Aufl\u00f6sung;4,88 uV",
    ],
)
def test_a_stated_scale_is_asked_about(line: str) -> None:
    text = f"{line}\n# unit: uV\nI;II\n" + "\n".join(f"{k % 7};{k % 5}" for k in range(60))
    with pytest.raises(HintsNeeded, match="gain") as caught:
        _read(text, "rate=500")
    assert caught.value.missing == ("unit",)
    record = _read(text, "rate=500,unit=counts,gain=200,baseline=0")
    assert record.signal[0, 1] == np.float32(1 / 200)
    said = _read(text, "rate=500,unit=uV")
    assert said.signal[0, 1] == np.float32(1e-3) and any("gain" in doubt for doubt in said.source.doubts)


@pytest.mark.parametrize(
    "line", ["# Gain: 10 mm/mV", "# Gain: 1 mV/div", "# resolution: 16 bit", "# offset: 0", "# gain: 1", "# scale: -"]
)
def test_a_scale_that_changes_nothing_is_passed_over(line: str) -> None:
    record = _read(f"{line}\n# unit: mV\nI,II\n" + _rows(WAVE[:, :2]), "rate=500")
    assert record.signal[0, 0] == np.float32(WAVE[0, 0])


# Names


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("I,II\n1,2\n3,Mustermann\n5,6\n", "unit=mV,rate=500"),
        ("I,II\n1,2\n3,01.01.1950\n5,6\n", "unit=mV,rate=500"),
        ("time (s),Mustermann (kg)\n0,1\n1,2\n2,3\n", ""),
        ("I,II,Mustermann\n1,2,3\n3,4,9\n5,x,2\n", "unit=mV,rate=500"),
        ("Name;Mustermann\nGeboren;01.01.1950\nI;II\n1;2\n3;4;5\n", "unit=mV,rate=500"),
    ],
)
def test_no_cell_and_no_unknown_name_is_quoted(text: str, hints: str) -> None:
    with pytest.raises(EinthovenError) as caught:
        _read(text, hints)
    assert "Muster" not in str(caught.value) and "1950" not in str(caught.value)


@pytest.mark.parametrize("place", [0, 2])
def test_a_column_of_text_is_left_out_and_said(place: int) -> None:
    rows = [["I", "II"], *[[str(a), str(b)] for a, b, _ in WAVE]]
    for number, row in enumerate(rows):
        row.insert(place, "patient" if number == 0 else "Mustermann")
    record = _read("\n".join(map(",".join, rows)))
    np.testing.assert_allclose(record.signal, WAVE.T[:2], rtol=1e-6)
    told = " ".join(record.source.doubts)
    assert f"column {place + 1}" in told and "Muster" not in told


def test_lines_about_a_person_above_the_table_are_passed_over() -> None:
    text = "Name;Mustermann, Erika\nGeburtsdatum;01.01.1950\nPatient_ID;4711\nI;II;V1\n" + _rows(WAVE, ";")
    record = _read(text)
    np.testing.assert_allclose(record.signal, WAVE.T, rtol=1e-6)
    blanked = FORMATS.get("csv").blank(MemorySource("ecg.csv", {"ecg.csv": text.encode()}))
    assert blanked is not None and not any(word in blanked["ecg.csv"] for word in (b"Muster", b"1950", b"4711"))


@pytest.mark.parametrize("above", ["Name,Doe", "Name,Doe\nBorn,May"])
def test_rows_above_the_names_are_blanked(above: str) -> None:
    text = f"{above}\nI,II\n" + _rows(WAVE[:, :2])
    blanked = FORMATS.get("csv").blank(MemorySource("ecg.csv", {"ecg.csv": text.encode()}))
    assert blanked is not None and b"Doe" not in blanked["ecg.csv"]
    np.testing.assert_array_equal(_read(text).signal, _read(blanked["ecg.csv"].decode()).signal)


# Leads in rows, clocks


@pytest.mark.parametrize("first", ["lead", "", "Doe"])
@pytest.mark.parametrize("length", [60, 9000])
def test_leads_in_rows_under_numbered_columns(first: str, length: int) -> None:
    """`df.T.to_csv()` of pandas."""
    ecg = np.random.default_rng(3).normal(size=(3, length)).round(4)
    lines = [",".join([first, *map(str, range(length))])]
    lines += [",".join([lead, *map(str, row)]) for lead, row in zip(("I", "II", "V1"), ecg, strict=True)]
    record = _read("\n".join(lines))
    assert record.leads == ("I", "II", "V1")
    np.testing.assert_allclose(record.signal, ecg, rtol=1e-6)
    blanked = FORMATS.get("csv").blank(MemorySource("ecg.csv", {"ecg.csv": "\n".join(lines).encode()}))
    assert blanked is not None and b"Doe" not in blanked["ecg.csv"]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_a_unit_may_stand_behind_the_lead(sign: str) -> None:
    named = zip(("I", "II", "V1"), ("mV", "uV", "mV"), WAVE.T, strict=True)
    text = "\n".join(sign.join([lead, unit, *map(str, row)]) for lead, unit, row in named)
    record = _read(text, "rate=500")
    np.testing.assert_allclose(record.signal, WAVE.T * [[1], [1e-3], [1]], rtol=1e-6)


@pytest.mark.parametrize("header", ["Zeit,II", "Time (ms),II", "Uhrzeit,II", "Time (s),II", ""])
def test_a_clock_needs_no_unit_and_may_pass_midnight(header: str) -> None:
    times = [(86399.9 + k * 0.002) % 86400 for k in range(200)]
    values = np.random.default_rng(1).normal(size=200).round(4)
    clocks = [f"{int(t // 3600):02d}:{int(t // 60) % 60:02d}:{t % 60:06.3f}" for t in times]
    cells = [f"{clock},{value}" for clock, value in zip(clocks, values, strict=True)]
    record = _read("\n".join(([header] if header else []) + cells), "unit=mV" + ("" if header else ",leads=II"))
    assert record.rate == 500 and record.n_samples == 200
    np.testing.assert_allclose(record.signal[0], values, rtol=1e-6)


# Damage


@pytest.mark.parametrize(
    "text",
    [
        "ecg" + "_ " * 20_000 + "x,II\n1,2\n3,4\n",
        "(" * 20_000 + ",II\n1,2\n3,4\n",
        "I,II\n1,2\n" + "9" * 30_000 + "x,4\n",
        "I,II\n1,2\n" + "9" * 30_000 + ",x\n",
        "fs: 5" + " " * 30_000 + "x\nI,II\n1,2\n3,4\n",
        "a" + "-" * 30_000 + ",II\n1,2\n3,4\n",
        "I,II\n" + "1," * 20_000 + "\n3,4\n",
        "1 " * 20_000 + "x",
    ],
)
def test_long_runs_take_no_time(text: str) -> None:
    start = time.process_time()
    with contextlib.suppress(EinthovenError):
        _read(text)
    assert time.process_time() - start < 1.0


def test_a_long_name_is_no_lead() -> None:
    assert column_of("II" + " " * 300 + "(mV)").kind == "other"


def test_the_quick_way_is_taken_for_plain_tables() -> None:
    for text in ("I,II\n" + _rows(WAVE[:, :2]), "I;II\n" + _rows(WAVE[:, :2], ";").replace(".", ",")):
        layout = text_table.sniff(text, complete=True)
        assert layout is not None
        assert text_table._quick(text_table._from_line(text.encode(), layout.first_line), layout) is not None
