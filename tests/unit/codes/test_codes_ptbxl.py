"""The built-in table of statements against PTB-XL's own."""

import csv
import re
from pathlib import Path

import pytest

from einthoven.codes.ptbxl import (
    BUNDLE_BRANCH_BLOCKS,
    STATEMENTS,
    SUBCLASS_TITLES,
    SUPERCLASS_TITLES,
    SUPERCLASSES,
    Statement,
)


def test_the_table_is_that_of_ptb_xl_in_its_order(shared_data: Path) -> None:
    with (shared_data / "ptbxl_z/scp_statements.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row[""] for row in rows] == list(STATEMENTS)
    for row in rows:
        statement = STATEMENTS[row[""]]
        assert (statement.diagnostic, statement.form, statement.rhythm) == tuple(
            row[kind] == "1.0" for kind in ("diagnostic", "form", "rhythm")
        )
        assert (statement.superclass or "", statement.subclass or "") == (
            row["diagnostic_class"],
            row["diagnostic_subclass"],
        )


def test_there_are_44_diagnostic_19_form_and_12_rhythm_statements() -> None:
    """Table 5 of Wagner et al. 2020; four are both diagnostic and form."""
    assert len(STATEMENTS) == 71
    assert sum(statement.diagnostic for statement in STATEMENTS.values()) == 44
    assert sum(statement.form for statement in STATEMENTS.values()) == 19
    assert sum(statement.rhythm for statement in STATEMENTS.values()) == 12


def test_every_class_has_a_title() -> None:
    assert set(SUPERCLASS_TITLES) == set(SUPERCLASSES)
    assert {s.superclass for s in STATEMENTS.values() if s.diagnostic} == set(SUPERCLASSES)
    assert {s.subclass for s in STATEMENTS.values() if s.diagnostic} == set(SUBCLASS_TITLES)
    assert set(BUNDLE_BRANCH_BLOCKS) < set(STATEMENTS)


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=lambda statement: statement.code)
def test_a_statements_codes_have_the_form_of_their_system(statement: Statement) -> None:
    assert statement.title[0].isupper() or statement.title[0].isdigit()
    assert statement.codes["SCP-ECG"] == statement.code
    assert re.fullmatch(r"[A-Z]\d\d(\.\d)?", statement.codes.get("ICD-10", "I48"))
    assert _verhoeff_is_right(statement.codes.get("SNOMED CT", "164889003"))


def _dihedral(i: int, j: int) -> int:
    """Product in the group of the symmetries of a pentagon: 0-4 rotations, 5-9 reflections."""
    turn = (i + j) % 5 if i < 5 else (i - j) % 5
    return turn + 5 * ((i < 5) != (j < 5))


def _verhoeff_is_right(code: str) -> bool:
    """SNOMED CT identifiers end in a Verhoeff check digit (SNOMED CT technical guide, 5.5)."""
    multiply = [[_dihedral(i, j) for j in range(10)] for i in range(10)]
    first = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check, permutation = 0, list(range(10))
    for digit in reversed(code):
        check = multiply[check][permutation[int(digit)]]
        permutation = [first[place] for place in permutation]
    return check == 0


@pytest.mark.parametrize(
    ("code", "snomed", "icd"),
    [
        ("CLBBB", "164909002", "I44.7"),
        ("CRBBB", "713427006", "I45.1"),
        ("AFIB", "164889003", "I48"),
        ("SR", "426783006", None),
        ("1AVB", "270492004", "I44.0"),
        ("AMI", "54329005", None),
        ("NORM", None, None),
    ],
)
def test_known_codes_are_right_and_uncertain_ones_absent(code: str, snomed: str | None, icd: str | None) -> None:
    assert STATEMENTS[code].codes.get("SNOMED CT") == snomed
    assert STATEMENTS[code].codes.get("ICD-10") == icd
