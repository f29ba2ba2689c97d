"""Label tables become tasks, or an error that says what to correct."""

import pytest

from einthoven.errors import LabelError
from einthoven.labels.importing import (
    NO_LABEL,
    TEMPLATE_CSV,
    LabelColumns,
    LabelReport,
    field_layout,
    tasks_from_table,
)
from einthoven.labels.tables import read_table
from einthoven.task import Kind

RECORDS = ("ecg/1.csv", "ecg/2.csv", "ecg/3.csv", "ecg/4.csv")


def _read(text: str, *, kind: Kind = "single-label", records: tuple[str, ...] = RECORDS) -> LabelReport:
    table = read_table("labels.csv", text.encode())
    return tasks_from_table(table, field_layout(table, kind=kind), records, task="diagnosis")


def test_the_template_is_read_by_the_fields_layout() -> None:
    report = _read(TEMPLATE_CSV, records=("patient_001.csv", "patient_002.csv", "patient_003.csv"))
    assert report.task.class_names == ("LBBB", "RBBB", "normal")
    assert [dict(each.codes) for each in report.task.classes] == [{"ICD-10": "I44.7"}, {"ICD-10": "I45.1"}, {}]
    assert (report.labels_without_record, report.records_without_label) == ((), ())


def test_labels_without_record_and_records_without_label_are_listed_and_stop_nothing() -> None:
    report = _read("file_name,label\n1,LBBB\n2,LBBB\n3,RBBB\n9,RBBB\n4,\n")
    assert report.task.answers == {"ecg/1.csv": ("LBBB",), "ecg/2.csv": ("LBBB",), "ecg/3.csv": ("RBBB",)}
    assert report.labels_without_record == ("9",)
    assert report.records_without_label == ("ecg/4.csv",)
    assert report.task.left_out == {NO_LABEL: 1}


def test_classes_do_not_depend_on_the_order_of_the_rows() -> None:
    rows = ["1,b", "2,a", "3,c", "4,a"]
    one, other = ("file_name,label\n" + "\n".join(order) for order in (rows, rows[::-1]))
    assert _read(one).task == _read(other).task


def test_a_file_may_be_repeated_with_the_same_label() -> None:
    assert _read("file_name,label\n1,A\n1.csv,A\n2,B\n").task.answers["ecg/1.csv"] == ("A",)


def test_contradictions_name_the_file_and_both_labels_and_the_first_of_all_of_them() -> None:
    with pytest.raises(LabelError) as caught:
        _read("file_name,label\n1,LBBB\n2,RBBB\necg/1.csv,RBBB\n2.csv,AF\n")
    assert "'ecg/1.csv' is 'LBBB' and 'RBBB'" in caught.value.message
    assert "'ecg/2.csv' is 'AF' and 'RBBB'" in caught.value.message
    assert "multi-label" in caught.value.advice


def test_several_labels_in_a_cell_contradict_a_single_label_task() -> None:
    with pytest.raises(LabelError, match="'A' and 'B'"):
        _read("file_name,label\n1,A|B\n")


def test_multi_label_unites_repeated_rows_and_cells_with_a_bar() -> None:
    report = _read("file_name,label\n1,B|A\n2,A\n2,C\n3,A\n3,\n", kind="multi-label")
    assert report.task.answers == {"ecg/1.csv": ("A", "B"), "ecg/2.csv": ("A", "C"), "ecg/3.csv": ("A",)}


def test_an_empty_multi_label_cell_is_no_label_but_none_says_that_no_class_applies() -> None:
    report = _read("file_name,label\n1,A\n2,none\n3,\n", kind="multi-label")
    assert report.task.answers == {"ecg/1.csv": ("A",), "ecg/2.csv": ()}
    assert report.task.class_names == ("A",)
    assert report.records_without_label == ("ecg/3.csv", "ecg/4.csv")


def test_none_beside_a_class_is_a_contradiction() -> None:
    with pytest.raises(LabelError, match=r"'ecg/1.csv' is 'none' and 'A'"):
        _read("file_name,label\n1,A\n1,None\n", kind="multi-label")


def test_several_label_columns_are_united() -> None:
    table = read_table("l.csv", b"ecg;first;second\n1;A;B\n2;;B\n")
    columns = LabelColumns(file="ecg", labels=("first", "second"), kind="multi-label")
    report = tasks_from_table(table, columns, RECORDS, task="t")
    assert report.task.answers == {"ecg/1.csv": ("A", "B"), "ecg/2.csv": ("B",)}


def test_an_empty_separator_keeps_the_bar_in_the_name() -> None:
    table = read_table("l.csv", b"file_name,label\n1,A|B\n2,C\n")
    assert tasks_from_table(table, LabelColumns(separator=""), RECORDS, task="t").task.class_names == ("A|B", "C")


def test_codes_of_several_labels_are_paired_in_order() -> None:
    report = _read("file_name,label,ICD-10\n1,LBBB|AF,I44.7|I48\n2,AF,\n", kind="multi-label")
    assert {each.name: dict(each.codes) for each in report.task.classes} == {
        "AF": {"ICD-10": "I48"},
        "LBBB": {"ICD-10": "I44.7"},
    }


def test_one_code_for_two_labels_names_the_line() -> None:
    with pytest.raises(LabelError, match=r"line 2: 2 labels .* but 1 codes"):
        _read("file_name,label,ICD-10\n1,LBBB|AF,I44.7\n", kind="multi-label")


def test_two_codes_for_one_label_are_a_contradiction_and_one_code_for_two_labels_only_a_warning() -> None:
    with pytest.raises(LabelError, match=r"'LBBB' has the ICD-10 codes 'I44.7' and, in line 3, 'I45.1'"):
        _read("file_name,label,ICD-10\n1,LBBB,I44.7\n2,LBBB,I45.1\n")
    report = _read("file_name,label,ICD-10\n1,CRBBB,I45.1\n2,IRBBB,I45.1\n3,CRBBB,\n4,IRBBB,\n")
    assert report.warnings == ("ICD-10 I45.1 stands beside several labels: 'CRBBB', 'IRBBB'.",)


def test_regression_reads_points_or_commas() -> None:
    point = _read("file_name,label\n1,61.5\n2,7e1\n3,-2\n", kind="regression")
    comma = _read("file_name;label\n1;61,5\n2;70\n3;-2\n", kind="regression")
    assert point.task.answers == comma.task.answers == {"ecg/1.csv": 61.5, "ecg/2.csv": 70.0, "ecg/3.csv": -2.0}
    assert point.task.class_names == ("diagnosis",)
    assert any("decimal comma" in warning for warning in comma.warnings)


@pytest.mark.parametrize("cell", ["sixty", "61 years", "nan", "inf", "1e999", "1.2.3", "--1", "1 000"])
def test_what_is_no_number_names_its_line(cell: str) -> None:
    with pytest.raises(LabelError, match="in line 3"):
        _read(f"file_name,label\n1,61\n2,{cell}\n", kind="regression")


def test_a_comma_that_could_separate_thousands_is_not_guessed() -> None:
    with pytest.raises(LabelError, match=r"1250 or 1\.250"):
        _read('file_name,label\n1,"1,250"\n2,900\n', kind="regression")
    with pytest.raises(LabelError, match="decimal point"):
        _read('file_name,label\n1,"61,5"\n2,70.25\n', kind="regression")


def test_two_values_for_one_file_are_a_contradiction() -> None:
    with pytest.raises(LabelError, match="61 and, in line 3, 62"):
        _read("file_name,label\n1,61\n1.csv,62\n", kind="regression")


def test_a_wrong_header_lists_the_columns_found_and_the_way_out() -> None:
    with pytest.raises(LabelError) as caught:
        _read("Datei;Befund\n1;A\n")
    assert "'file_name' and no column 'label'" in caught.value.message
    assert "'Datei', 'Befund'" in caught.value.message
    assert "template" in caught.value.advice


def test_no_match_at_all_shows_a_name_of_each_side() -> None:
    with pytest.raises(LabelError) as caught:
        _read("file_name,label\nP-0001.xml,A\n")
    assert "'P-0001.xml'" in caught.value.message
    assert "'ecg/1.csv'" in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file_name,label\n", "no rows"),
        ("file_name,label\n,A\n", "line 2: a label without a file name"),
        ("file_name,label\n1,\n2,\n", "no record of the dataset has a label"),
    ],
)
def test_a_table_without_labels_says_so(text: str, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        _read(text)


def test_words_for_an_empty_cell_are_no_class_and_are_said() -> None:
    report = _read("file_name,label\n1,A\n2, NaN \n3,null\n4,B\n")
    assert report.task.answers == {"ecg/1.csv": ("A",), "ecg/4.csv": ("B",)}
    assert report.records_without_label == ("ecg/2.csv", "ecg/3.csv")
    assert "2 cells say 'NaN', 'null', understood as empty: no label." in report.warnings


@pytest.mark.parametrize("word", ["nan", "NULL", "n/a", "N/A", "#N/A", "<NA>"])
@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
def test_each_word_for_an_empty_cell_is_known(word: str, kind: Kind) -> None:
    report = _read(f"file_name,label\n1,A\n2,B\n3,{word}\n", kind=kind)
    assert report.task.class_names == ("A", "B") and "ecg/3.csv" in report.records_without_label
    assert f"1 cell says {word!r}, understood as empty: no label." in report.warnings


@pytest.mark.parametrize("word", ["NA", "na", "none", "None", "unknown", "nano"])
def test_what_may_be_meant_stays_a_class(word: str) -> None:
    report = _read(f"file_name,label\n1,A\n2,{word}\n")
    assert set(report.task.class_names) == {"A", word}
    assert not any("understood as empty" in warning for warning in report.warnings)


def test_a_table_of_nothing_but_nan_says_what_it_found() -> None:
    with pytest.raises(LabelError, match="2 cells say 'nan', understood as empty"):
        _read("file_name,label\n1,nan\n2,nan\n")


def test_nan_beside_a_label_is_dropped_and_as_a_code_is_no_code() -> None:
    several = _read("file_name,label\n1,A|nan\n2,B\n", kind="multi-label")
    assert several.task.answers["ecg/1.csv"] == ("A",)
    assert any("1 cell says 'nan'" in warning for warning in several.warnings)
    coded = _read("file_name,label,ICD-10\n1,LBBB,I44.7\n2,LBBB,nan\n3,RBBB,nan\n")
    assert [dict(each.codes) for each in coded.task.classes] == [{"ICD-10": "I44.7"}, {}]
    assert "2 cells say 'nan', understood as empty: no code." in coded.warnings


def test_a_separator_that_stands_in_a_word_for_empty_does_not_divide_it() -> None:
    table = read_table("labels.csv", b"file_name,label\n1,A/B\n2,n/a\n")
    columns = LabelColumns(kind="multi-label", separator="/")
    assert tasks_from_table(table, columns, RECORDS, task="t").task.class_names == ("A", "B")


def test_a_row_without_a_file_and_without_a_label_is_passed_over() -> None:
    assert _read("file_name,label\n1,A\n2,B\n,nan\n").task.class_names == ("A", "B")


def test_a_dataset_without_records_says_so() -> None:
    with pytest.raises(LabelError, match="no records"):
        _read("file_name,label\n1,A\n", records=())


def test_one_class_only_is_imported_with_a_warning() -> None:
    report = _read("file_name,label\n1,A\n2,A\n")
    assert any("one class" in warning for warning in report.warnings)


def test_a_class_of_one_is_imported_with_a_warning() -> None:
    report = _read("file_name,label\n1,A\n2,A\n3,B\n")
    assert report.warnings == (
        "Only one record has 'B': too few to train and to evaluate. Add records, or give them another label.",
    )


def test_labels_that_differ_in_case_only_are_pointed_out() -> None:
    report = _read("file_name,label\n1,norm\n2,NORM\n3,norm\n4,NORM\n")
    assert any("'NORM', 'norm'" in warning for warning in report.warnings)


def test_a_label_that_no_record_has_is_no_class_but_is_mentioned() -> None:
    report = _read("file_name,label\n1,A\n2,A\n3,B\n4,B\n9,C\n")
    assert report.task.class_names == ("A", "B")
    assert report.warnings == ("No record of the dataset has 'C'; the task has no such class.",)


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "ordinal"},
        {"labels": ()},
        {"kind": "regression", "labels": ("a", "b")},
        {"labels": ("a", "b"), "codes": {"ICD-10": "c"}},
    ],
)
def test_impossible_choices_of_columns_are_refused(columns: dict[str, object]) -> None:
    with pytest.raises(LabelError):
        LabelColumns(**columns)  # type: ignore[arg-type]
