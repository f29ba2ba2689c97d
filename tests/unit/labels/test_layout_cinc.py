"""CinC 2020/2021: made headers for the rules, the real ones for the counts."""

import re
from collections import Counter
from pathlib import Path

import pytest

from einthoven.errors import LabelError
from einthoven.formats import read
from einthoven.formats.wfdb.wrong_gains import WRONG_GAINS as READ_WITH_A_DOUBT
from einthoven.labels.layouts import Layout
from einthoven.labels.layouts.cinc import NO_DIAGNOSIS, WRONG_GAINS, read_layout
from einthoven.task import Task

SIGNAL = "{name} 1 500 100\n{name}.mat 16x1+24 1000(0)/mV 16 0 0 0 0 I\n"


def _write(folder: Path, name: str, comments: str) -> None:
    path = folder / f"{name}.hea"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SIGNAL.format(name=path.stem) + comments)


def _task(layout: Layout, name: str) -> Task:
    return next(task for task in layout.tasks if task.name == name)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    _write(tmp_path, "a/1", "# Age: 61\n# Sex: Female\n# Dx: 164909002,426783006\n")
    _write(tmp_path, "a/2", "#Age: NaN\n#Sex: male\n#Dx: 426783006,426783006\n")
    _write(tmp_path, "b/3", "#Age: 300\n#Sex: Unknown\n#Dx: 733534002, 999999999\n")
    _write(tmp_path, "b/4", "#Age: 40\n#Sex: F\n#Dx: \n")
    _write(tmp_path, "b/5", "#Age: 41\n#Sex: M\n#Dx: 164865005\n")
    _write(tmp_path, "b/6", "# nothing\n")
    return tmp_path


def test_codes_are_classes_by_abbreviation_and_unknown_ones_by_number(made: Path) -> None:
    layout = read_layout(made)
    task = _task(layout, "diagnoses")
    assert task.class_names == ("CLBBB", "LBBB", "NSR", "MI", "999999999")
    assert task.answers["a/1.hea"] == ("LBBB", "NSR")
    assert task.answers["a/2.hea"] == ("NSR",)
    assert task.answers["b/3.hea"] == ("CLBBB", "999999999")
    assert task.left_out == {NO_DIAGNOSIS: 1}
    assert any("'999999999'" in note for note in layout.notes)


def test_codes_that_the_challenge_scores_as_one_are_one_class(made: Path) -> None:
    task = _task(read_layout(made), "scored")
    assert len(task.classes) == 26
    assert task.answers["a/1.hea"] == ("CLBBB", "NSR") and task.answers["b/3.hea"] == ("CLBBB",)
    assert task.answers["b/5.hea"] == (), "a diagnosis that is not scored: none of the classes applies"
    assert "b/4.hea" not in task.answers, "no diagnosis at all: nobody knows"


def test_ages_and_sexes_that_are_none_are_left_out(made: Path) -> None:
    layout = read_layout(made)
    assert _task(layout, "age").answers == {"a/1.hea": 61.0, "b/4.hea": 40.0, "b/5.hea": 41.0}
    assert {name: answer for name, answer in _task(layout, "sex").answers.items()} == {
        "a/1.hea": ("F",), "a/2.hea": ("M",), "b/4.hea": ("F",), "b/5.hea": ("M",),
    }  # fmt: skip


def test_headers_without_diagnoses_are_left_out_and_counted(made: Path) -> None:
    layout = read_layout(made)
    assert [record.file_name for record in layout.records] == [f"a/{k}.hea" for k in (1, 2)] + [
        f"b/{k}.hea" for k in (3, 4, 5)
    ]
    assert any("1 headers without a line Dx" in note and "b/6.hea" in note for note in layout.notes)
    assert layout.notes[0] == "CinC: 2 ECGs in a, 3 ECGs in b."


def test_a_folder_without_diagnoses_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, "1", "# nothing\n")
    with pytest.raises(LabelError, match="line Dx"):
        read_layout(tmp_path)


def test_the_real_records_have_the_codes_that_their_headers_state(shared_data: Path) -> None:
    folder = shared_data / "cinc2021"
    layout = read_layout(folder)
    counted: Counter[str] = Counter()
    for path in folder.rglob("*.hea"):
        found = re.search(r"^#\s?Dx: ?(.*)$", path.read_text(), re.MULTILINE)
        assert found is not None
        counted.update({code for code in re.findall(r"\d+", found[1])})
    task = _task(layout, "diagnoses")
    codes = {each.name: each.codes["SNOMED CT"] for each in task.classes}
    assert {codes[name]: n for name, n in task.counts().items()} == counted
    assert len(layout.records) == 62 and len(task.answers) == 47
    assert not any("not in the Challenge's tables" in note for note in layout.notes)


def test_only_the_gains_that_are_known_to_be_wrong_are_corrected(shared_data: Path) -> None:
    for record in read_layout(shared_data / "cinc2021").records:
        gains = set(re.findall(r"mat \S+ (\S+)/mV", (shared_data / "cinc2021" / record.file_name).read_text()))
        assert (record.correction is not None) == (gains in ({"4880"}, {"2000000"}))


def test_the_gain_of_ptb_xl_in_the_form_of_the_challenge_is_that_of_ptb_xl(shared_data: Path) -> None:
    """PTB-XL's own header of 00001_hr: `16 1000.0(0)/mV 16 0 -115 13047 0 I`."""
    corrected = {}
    for record in read_layout(shared_data / "ptbxl_raw").records:
        text = (shared_data / "ptbxl_raw" / record.file_name).read_text()
        corrected.setdefault("200/mV" in text, []).append(record.correction is not None)
        if record.file_name == "HR00001.hea":
            assert "HR00001.mat 16+24 200/mV 16 0 -115 13047 0 I" in text
    assert all(corrected[True]) and len(corrected[True]) == 9 and not any(corrected[False])


def test_mixed_gains_are_left_alone(tmp_path: Path) -> None:
    _write(tmp_path, "1", "1.mat 16+24 4880/mV 16 0 0 0 0 II\n#Age: 1\n#Sex: F\n#Dx: 426783006\n")
    assert read_layout(tmp_path).records[0].correction is None


def test_plain_reading_doubts_the_same_headers_and_the_correction_takes_the_doubt_back(shared_data: Path) -> None:
    assert set(WRONG_GAINS) == READ_WITH_A_DOUBT, "the reader of WFDB cannot import the layout"
    seen = 0
    for folder in (shared_data / "cinc2021", shared_data / "ptbxl_raw"):
        for known in read_layout(folder).records:
            record = read(folder / known.file_name)
            doubts = [doubt for doubt in record.source.doubts if "known to state a wrong gain" in doubt]
            assert bool(doubts) == (known.correction is not None), known.file_name
            if known.correction is not None:
                seen += 1
                corrected = known.correction.apply(record).source
                assert not any("wrong gain" in doubt for doubt in corrected.doubts) and corrected.changed
    assert seen == 19, "9 of PTB-XL, the rest of Georgia and PTB"
