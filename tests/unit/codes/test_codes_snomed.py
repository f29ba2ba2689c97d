"""The Challenge's SNOMED CT codes: counts from its tables, a few terms by hand, and agreement with PTB-XL's codes."""

from einthoven.codes.ptbxl import STATEMENTS
from einthoven.codes.snomed import SAME_DIAGNOSIS, SCORED, TERMS


def test_there_are_30_scored_and_103_other_codes_and_26_scored_diagnoses() -> None:
    assert (sum(term.scored for term in TERMS.values()), len(TERMS)) == (30, 133)
    assert len(SCORED) == 26 == len(set(SCORED))


def test_abbreviations_and_titles_are_unique() -> None:
    assert len({term.abbreviation for term in TERMS.values()}) == len(TERMS)
    assert len({term.title.casefold() for term in TERMS.values()}) == len(TERMS)


def test_codes_are_possible_snomed_identifiers() -> None:
    """A SNOMED CT identifier ends with a check digit (Verhoeff's scheme), which a misprint does not keep."""
    assert [code for code in TERMS if not _verhoeff(code)] == []


def test_the_four_pairs_that_count_as_one() -> None:
    pairs = {(TERMS[a].abbreviation, TERMS[b].abbreviation) for a, b in SAME_DIAGNOSIS.items()}
    assert pairs == {("LBBB", "CLBBB"), ("RBBB", "CRBBB"), ("SVPB", "PAC"), ("VPB", "PVC")}


def test_well_known_terms() -> None:
    assert (TERMS["164889003"].abbreviation, TERMS["164889003"].title) == ("AF", "Atrial fibrillation")
    assert TERMS["426783006"].abbreviation == "NSR" and TERMS["164865005"].abbreviation == "MI"


def test_ptbxl_statements_with_a_code_have_one_of_these() -> None:
    codes = {s.codes["SNOMED CT"] for s in STATEMENTS.values() if "SNOMED CT" in s.codes}
    assert codes <= {*TERMS}


_PERMUTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _multiplied(a: int, b: int) -> int:
    """In the dihedral group of the pentagon, whose elements are numbered 0 to 9."""
    if a < 5:
        return (a + b) % 5 if b < 5 else (a + b) % 5 + 5
    return (a - b) % 5 + 5 if b < 5 else (a - b) % 5


def _verhoeff(code: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = _PERMUTED[value]
        check = _multiplied(check, value)
    return check == 0
