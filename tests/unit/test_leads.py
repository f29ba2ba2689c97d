"""Names and codes of leads, against DICOM's context group 3001, the FHIR example and EN 1064 as others list it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.leads import (
    MDC_CODE,
    MDC_NAME,
    MDC_POTENTIAL,
    SCP_CODE,
    STANDARD_12,
    canonical_lead,
    canonical_leads,
    inverted_of,
    is_standard,
    lead_from_mdc,
    lead_from_scp,
)


@pytest.mark.parametrize(
    ("spelling", "lead"),
    [
        ("I", "I"), ("lead ii", "II"), ("Lead III", "III"), ("ECG I", "I"), ("EKG II", "II"), ("ecg_lead_V1", "V1"),
        ("ECG:aVF", "aVF"), ("EKG-III", "III"), ("Ableitung aVL", "aVL"), ("DI", "I"), ("dii", "II"), ("D III", "III"),
        ("AVR", "aVR"), ("aVR ", "aVR"), ("a VR", "aVR"), ("av_l", "aVL"), ("aV-F", "aVF"), ("v1", "V1"), ("V 6", "V6"),
        ("'V2'", "V2"), ("\ufeffI", "I"), ("\u2162", "III"), ("MDC_ECG_LEAD_AVR", "aVR"), ("mdc ecg lead v3", "V3"),
        ("MDC_ECG_ELEC_POTL_AVL", "aVL"),
    ],
)  # fmt: skip
def test_the_twelve_are_known_in_any_spelling(spelling, lead):
    assert canonical_lead(spelling) == lead
    assert is_standard(spelling)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("-AVR", "-aVR"), ("\u2212aVR", "-aVR"), ("lead -aVR", "-aVR"), ("aVR (inverted)", "-aVR"), ("(-)aVR", "-aVR"),
        ("MDC_ECG_LEAD_AVRneg", "-aVR"), ("aVR neg", "-aVR"), ("-iii", "-III"), ("ml2", "MLII"), ("MLI", "MLI"),
        ("Mason-Likar I", "MLI"), ("ML aVF", "MLaVF"), ("v3r", "V3R"), ("V 4 R", "V4R"), ("V7", "V7"), ("x", "X"),
        ("Frank Y", "Y"), ("VZ", "Vz"), ("MDC_ECG_LEAD_DI", "derived I"), ("MDC_ECG_LEAD_daVR", "derived aVR"),
        ("MDC_ECG_LEAD_D", "Nehb D"), ("MDC_ECG_LEAD_ES", "EASI ES"), ("MDC_ECG_LEAD_VR", "VR"),
    ],
)  # fmt: skip
def test_what_is_near_to_one_of_the_twelve_keeps_a_name_of_its_own(spelling, name):
    assert canonical_lead(spelling) == name
    assert not is_standard(spelling)


@pytest.mark.parametrize(
    "name", ["I II", "I-II", "I I", "V1-", "V1-V2", "- I", "C3", "D1", "L1", "Lead 1", "V10", "VR", "dV1", "ECG",
             "II_2", "RV3", "EKG - I", "MDC_ECG_LEAD_XYZ", "1", ""],
)  # fmt: skip
def test_names_that_may_mean_something_else_are_kept(name):
    assert canonical_lead(name) == name


@given(st.text(max_size=12) | st.sampled_from([*SCP_CODE, *MDC_NAME.values()]))
def test_a_name_that_was_made_canonical_stays_so(name):
    assert canonical_lead(canonical_lead(name)) == canonical_lead(name)


def test_numbered_limb_leads_and_iec_chest_leads_are_told_by_their_neighbours():
    numbered = ("D1", "D2", "D3", "aVR", "aVL", "aVF", "C1", "C2", "C3", "C4", "C5", "C6")
    assert canonical_leads(numbered) == STANDARD_12
    assert canonical_leads(("L1", "L2", "V5")) == ("I", "II", "V5")


@pytest.mark.parametrize(
    "names",
    [
        ("C3", "C4", "O1", "O2", "ECG"),
        ("C1", "C2", "C3", "C4", "C5", "C6"),
        ("L1", "L2", "L3", "L4", "V5"),
        ("D1", "D2", "D3"),
        ("Lead 0", "Lead 1", "V1"),
        ("I", "II", "III", "aVR", "L1"),
    ],
)
def test_the_same_spellings_beside_others_are_kept(names):
    assert canonical_leads(names) == names


def test_the_lead_an_inverted_one_is_the_negative_of():
    assert [inverted_of(name) for name in ("-AVR", "aVR", "-II", "V1-", "-V3R")] == ["aVR", None, "II", None, None]


def test_codes_agree_with_dicom_context_group_3001():
    from pydicom.sr._concepts_dict import concepts

    meanings = {
        code: meaning
        for entries in concepts["MDC"].values()
        for code, (meaning, groups) in entries.items()
        if 3001 in groups
    }
    spelt = {"2:62": "aVR", "2:63": "aVL", "2:64": "aVF", "2:65": "-aVR", "2:70": "Nehb D", "2:71": "Nehb A",
             "2:72": "Nehb J", "2:88": "VR", "2:131": "EASI ES", "2:134": "EASI S"}  # fmt: skip
    for code, meaning in meanings.items():
        if meaning.startswith("Lead ") and "(" not in meaning and "," not in meaning:
            assert lead_from_mdc(code) == meaning.removeprefix("Lead ")
        elif meaning.startswith("Derived Lead "):
            assert lead_from_mdc(code) == f"derived {meaning.removeprefix('Derived Lead ')}"
    assert {code: lead_from_mdc(code) for code in spelt} == spelt
    assert set(spelt) <= set(meanings)


def test_codes_of_the_fhir_example_observation_are_potentials():
    assert [lead_from_mdc(code) for code in ("131329", "131330", "131389")] == ["I", "II", "III"]
    assert MDC_POTENTIAL["III"] == "131389"
    assert lead_from_mdc("131328") is None  # MDC_ECG_ELEC_POTL: of no particular lead


@pytest.mark.parametrize("code", ["131073", 131073, "2:1", "2:257", "MDC_ECG_LEAD_I", "mdc_ecg_elec_potl_i"])
def test_every_form_of_an_mdc_code_is_read(code):
    assert lead_from_mdc(code) == "I"


@pytest.mark.parametrize(
    "code", ["", "2:0", "1", "3:1", "2:999", "2:x", "9" * 40, "-1", "MDC_PULS_OXIM", "MDC_ECG_LEAD"]
)
def test_other_codes_are_no_lead(code):
    assert lead_from_mdc(code) is None


def test_scp_numbers_agree_with_the_table_of_an_independent_reader():
    from ecgdatakit.parsing.parsers.scp_ecg import _LEAD_NAMES

    for number, name in enumerate(_LEAD_NAMES):
        ours = lead_from_scp(number)
        if number == 0:
            assert ours is None
        elif name.endswith("-cal"):
            assert ours.startswith("derived ")
        elif name in ("D", "A", "J"):
            assert ours == f"Nehb {name}"
        elif name != "ExtPace":
            assert ours == name


def test_the_tables_for_writers_are_the_inverse_of_reading():
    for name in (*STANDARD_12, "-aVR", "V3R", "V9", "X", "Nehb D", "derived I"):
        assert lead_from_scp(SCP_CODE[name]) == name
        assert (
            lead_from_mdc(MDC_CODE[name]) == lead_from_mdc(MDC_NAME[name]) == lead_from_mdc(MDC_POTENTIAL[name]) == name
        )
    assert (MDC_CODE["aVR"], MDC_NAME["aVR"], MDC_POTENTIAL["aVR"]) == ("2:62", "MDC_ECG_LEAD_AVR", "131390")
