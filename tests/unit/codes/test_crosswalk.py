"""What other sources' findings are in PTB-XL's classes: complete for what the sources say, and careful where unsure."""

import csv
from pathlib import Path

import pytest

from einthoven.codes import crosswalk
from einthoven.codes.crosswalk import (
    LUDB,
    NO_CLASS,
    NOTHING_SAID,
    PACED,
    SEVERAL,
    SNOMED_CT,
    UNKNOWN,
    UNSURE,
    Meaning,
    Reading,
    bundle_branch_block,
    infarct,
    ludb_meaning,
    snomed_meaning,
    superclass_single,
    superclasses,
)
from einthoven.codes.ptbxl import BUNDLE_BRANCH_BLOCKS, STATEMENTS, SUPERCLASSES
from einthoven.codes.snomed import SAME_DIAGNOSIS, TERMS
from einthoven.labels.layouts.cinc import read_layout as read_cinc


def _codes(*codes: str) -> list[Meaning | None]:
    return [snomed_meaning(code, TERMS) for code in codes]


def _lines(**columns: str) -> list[Meaning | None]:
    names = {"rhythm": "Rhythms", "conduction": "Conduction abnormalities", "hypertrophy": "Hypertrophies",
             "ischaemia": "Ischemia", "pacing": "Cardiac pacing", "premature": "Extrasystolies"}  # fmt: skip
    return [ludb_meaning(names[name], line) for name, lines in columns.items() for line in lines.split("; ")]


SR, SB, LAD, AF = "426783006", "426177001", "39732003", "164889003"
LVH, RBBB, LBBB, TINV = "164873001", "59118001", "164909002", "59931005"
MI, ANMI, QAB, PACED_RHYTHM = "164865005", "54329005", "164917005", "10370003"


def test_the_codes_are_those_of_the_challenge() -> None:
    for line in crosswalk._SNOMED_CT.strip().splitlines():
        code, abbreviation = line.split()[:2]
        assert TERMS[code].abbreviation == abbreviation
    assert len(SNOMED_CT) == len(crosswalk._SNOMED_CT.strip().splitlines()), "no code stands twice"


def test_what_ptbxl_itself_has_a_code_for_is_in_the_superclass_of_that_statement() -> None:
    by_code = {s.codes["SNOMED CT"]: s for s in STATEMENTS.values() if s.diagnostic and "SNOMED CT" in s.codes}
    assert len(by_code) > 15
    for code, statement in by_code.items():
        assert SNOMED_CT[code].superclass == statement.superclass, statement.code
        if statement.code in BUNDLE_BRANCH_BLOCKS:
            assert SNOMED_CT[code].exact == statement.code


def test_codes_that_count_as_one_diagnosis_mean_the_same() -> None:
    for code, same in SAME_DIAGNOSIS.items():
        assert snomed_meaning(code, TERMS) == snomed_meaning(same, TERMS)


def test_every_meaning_is_a_class_or_one_of_the_words() -> None:
    for meaning in SNOMED_CT.values():
        assert meaning.superclass in {None, *SUPERCLASSES}
        assert meaning.superclass or meaning.sinus or meaning.axis or meaning.paced or meaning.unsure
    assert {says for _, _, says, _ in LUDB} <= {"sinus", "none", "paced", "unsure", *SUPERCLASSES}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([SR], Reading(("NORM",))),
        ([SB, LAD], Reading(("NORM",))),
        ([LAD], Reading(None, NO_CLASS)),
        ([AF], Reading(None, NO_CLASS)),
        ([SR, AF], Reading(None, NO_CLASS)),
        ([SR, LVH], Reading(("HYP",))),
        ([TINV, RBBB, MI], Reading(("MI", "STTC", "CD"))),
        ([RBBB, QAB], Reading(None, UNSURE)),
        ([PACED_RHYTHM, LVH], Reading(None, PACED)),
        ([LVH, "1"], Reading(None, UNKNOWN)),
        ([], Reading(None, NOTHING_SAID)),
    ],
)
def test_superclasses_of_codes(codes: list[str], expected: Reading) -> None:
    assert superclasses(_codes(*codes)) == expected


def test_an_ecg_with_several_superclasses_has_no_single_one() -> None:
    assert superclass_single(_codes(LVH, RBBB)) == Reading(None, SEVERAL)
    assert superclass_single(_codes(LVH, SR)) == Reading(("HYP",))


def test_bundle_branch_blocks_and_walls_of_codes() -> None:
    assert bundle_branch_block(_codes(RBBB, AF)).classes == ("CRBBB",)
    assert bundle_branch_block(_codes(RBBB, LBBB)) == Reading(None, SEVERAL)
    assert bundle_branch_block(_codes(SR)) == Reading(None, NO_CLASS)
    assert infarct(_codes(ANMI)).classes == ("AMI",)
    assert infarct(_codes(MI)) == Reading(None, NO_CLASS), "no wall is named"


def test_superclasses_and_walls_of_ludbs_lines() -> None:
    assert superclasses(_lines(rhythm="Sinus bradycardia")).classes == ("NORM",)
    assert superclasses(_lines(rhythm="Sinus rhythm", premature="Ventricular extrasystole, type: single pvc")) == (
        Reading(None, NO_CLASS)
    )
    old = _lines(rhythm="Sinus rhythm", ischaemia="Scar formation: inferior wall; Scar formation: lateral wall")
    assert (superclasses(old).classes, infarct(old).classes) == (("MI",), ("IMI",))
    perhaps = _lines(ischaemia="Stemi: septal; Undefined ischemia/scar/supp.nstemi: inferior wall")
    assert (superclasses(perhaps).reason, infarct(perhaps).reason) == (UNSURE, UNSURE)
    same_wall = _lines(ischaemia="Stemi: septal; Undefined ischemia/scar/supp.nstemi: apical")
    assert infarct(same_wall).classes == ("AMI",)
    lateral = _lines(ischaemia="Stemi: lateral wall")
    assert (superclasses(lateral).classes, infarct(lateral)) == (("MI",), Reading(None, NO_CLASS))
    paced = _lines(rhythm="Sinus rhythm", pacing="Biventricular pacing", hypertrophy="Left atrial hypertrophy")
    assert superclasses(paced) == Reading(None, PACED)
    assert ludb_meaning("Ischemia", "Something new") is None


def test_incomplete_blocks_are_not_taken_for_complete_ones() -> None:
    assert bundle_branch_block(_lines(conduction="Incomplete right bundle branch block")).classes == ("IRBBB",)
    assert bundle_branch_block(_lines(conduction="Complete right bundle branch block")).classes == ("CRBBB",)


def test_every_line_of_the_real_table_of_ludb_is_known(shared_data: Path) -> None:
    columns = {column for column, *_ in LUDB}
    with (shared_data / "ludb" / "ludb.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert columns | {"ID", "Sex", "Age", "Electric axis of the heart"} == set(rows[0])
    lines = {(column, line.strip()) for row in rows for column in columns for line in row[column].splitlines()}
    assert [pair for pair in lines if pair[1] and ludb_meaning(*pair) is None] == []


def test_every_code_of_the_real_headers_is_known(shared_data: Path) -> None:
    task = next(task for task in read_cinc(shared_data / "cinc2021").tasks if task.name == "diagnoses")
    codes = {one.codes["SNOMED CT"] for one in task.classes}
    assert [code for code in codes if snomed_meaning(code, TERMS) is None] == []
