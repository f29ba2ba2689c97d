"""Which record a file name of a label table means."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.errors import LabelError
from einthoven.labels.matching import match_file_names


def _found(wanted: list[str], available: list[str]) -> dict[str, str]:
    return dict(match_file_names(wanted, available).found)


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("records100/00000/00024_lr.hea", "records100/00000/00024_lr.hea"),
        ("records100/00000/00024_lr", "records100/00000/00024_lr.hea"),
        ("records100\\00000\\00024_lr.hea", "records100/00000/00024_lr.hea"),
        ("./00000/00024_lr", "records100/00000/00024_lr.hea"),
        ("/home/me/ptbxl/records100/00000/00024_lr.hea", "records100/00000/00024_lr.hea"),
        ("00024_lr", "records100/00000/00024_lr.hea"),
        ("00024_LR.HEA", "records100/00000/00024_lr.hea"),
        ("00024_lr.dat", "records100/00000/00024_lr.hea"),
        ("patient.1", "patient.1.csv"),
        ("patient.1.csv", "patient.1.csv"),
    ],
)
def test_a_path_a_name_and_a_missing_suffix_find_the_record(name: str, record: str) -> None:
    assert _found([name], ["records100/00000/00024_lr.hea", "patient.1.csv", "patient.2.csv"]) == {name: record}


@pytest.mark.parametrize("name", ["00024_lr.csv", "24_lr", "patient", "00024", "other/", "", ".", "x.dat"])
def test_a_similar_name_is_not_a_match(name: str) -> None:
    match = match_file_names([name], ["a/00024_lr.hea", "patient.1.csv", "x.csv"])
    assert match.found == {}
    assert match.unmatched == (name,)


def test_the_exact_path_wins_over_the_same_name_elsewhere() -> None:
    available = ["ecg.csv", "a/ecg.csv", "b/a/ecg.csv"]
    assert _found(["ecg.csv", "a/ecg.csv", "b/a/ecg.csv"], available) == {name: name for name in available}


def test_the_written_suffix_wins_over_another() -> None:
    assert _found(["ecg.csv"], ["ecg.csv", "ecg.npy", "ecg.csv.gz"]) == {"ecg.csv": "ecg.csv"}


def test_case_decides_only_where_it_must() -> None:
    assert _found(["ecg.csv"], ["Ecg.csv", "ecg.csv"]) == {"ecg.csv": "ecg.csv"}
    assert _found(["ECG.CSV"], ["ecg.csv"]) == {"ECG.CSV": "ecg.csv"}
    with pytest.raises(LabelError, match="more than one record"):
        _found(["ECG.csv"], ["Ecg.csv", "ecg.csv"])


def test_two_records_for_one_name_are_an_error_that_lists_both() -> None:
    with pytest.raises(LabelError, match=r"'ecg' means 'a/ecg.csv', 'b/ecg.csv'") as caught:
        _found(["ecg"], ["a/ecg.csv", "b/ecg.csv"])
    assert "folder" in caught.value.advice
    with pytest.raises(LabelError, match=r"'ecg.csv', 'ecg.npy'"):
        _found(["ecg"], ["ecg.csv", "ecg.npy"])


def test_by_name_alone_is_the_last_resort_and_is_noted() -> None:
    match = match_file_names(["old/1.csv"], ["new/1.csv"])
    assert match.found == {"old/1.csv": "new/1.csv"}
    assert "by name only" in match.notes[0]
    assert match_file_names(["new/1.csv"], ["new/1.csv"]).notes == ()


def test_a_record_that_a_path_has_claimed_is_not_given_to_a_name() -> None:
    match = match_file_names(["site_b/1.csv", "site_a/1.csv"], ["site_a/1.csv"])
    assert match.found == {"site_a/1.csv": "site_a/1.csv"}
    assert match.unmatched == ("site_b/1.csv",)


@pytest.mark.parametrize("record", ["1.csv", "elsewhere/1.csv"])
def test_names_in_two_folders_cannot_mean_the_same_record(record: str) -> None:
    with pytest.raises(LabelError, match="different folders") as caught:
        _found(["site_a/1.csv", "site_b/1.csv"], [record])
    assert "site_a/1.csv" in caught.value.message


def test_several_spellings_of_one_record_are_one_record() -> None:
    assert set(_found(["1", "1.csv", "a/1"], ["a/1.csv"]).values()) == {"a/1.csv"}


def test_many_folders_with_the_same_file_name_are_matched_quickly() -> None:
    available = [f"patient{i}/ecg.dcm" for i in range(20_000)]
    assert len(_found([f"/data/{name}" for name in available], available)) == 20_000


PATHS = st.lists(st.sampled_from(["a", "B", "b", "c.csv", "c"]), min_size=1, max_size=3).map("/".join)


@settings(max_examples=200, deadline=None)
@given(st.lists(PATHS, unique=True, max_size=6), st.lists(PATHS, unique=True, max_size=6))
def test_names_are_found_or_listed_and_an_exact_path_always_means_itself(
    wanted: list[str], available: list[str]
) -> None:
    try:
        match = match_file_names(wanted, available)
    except LabelError:
        return
    assert sorted([*match.found, *match.unmatched]) == sorted(wanted)
    assert set(match.found.values()) <= set(available)
    for name in set(wanted) & set(available):
        assert match.found[name] == name
