"""Names of leads: one spelling inside, any spelling and code at the door.

Numbers and reference identifiers are those of ISO/IEEE 11073-10101 and -10102 (`MDC_ECG_LEAD_AVR`, partition 2,
code 62), which DICOM PS3.16 CID 3001 repeats. EN 1064 (SCP-ECG), section 3, numbers leads alike.

A name is taken for one of the twelve only where it can be nothing else. What is near to one but measured
otherwise keeps a name of its own: `-aVR` (Cabrera's inverted aVR), `MLII` (Mason-Likar or a monitor's modified
lead), `X` or `Vx` (Frank), `derived I` (computed from another set of electrodes), `EASI ES`, `Nehb D`, `V3R`.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

STANDARD_12: tuple[str, ...] = (
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip
"""The twelve leads in the order of AHA/ACCF/HRS 2007 recommendations, part I (and of PTB-XL)."""

# Reference identifiers after MDC_ECG_LEAD_, in the order of their numbers from 1; a leading d: derived.
_LISTED = (
    "I II V1 V2 V3 V4 V5 V6 V7 V2R V3R V4R V5R V6R V7R X Y Z CC5 CM5 LA RA LL fI fE fC fA fM fF fH "
    "dI dII dV1 dV2 dV3 dV4 dV5 dV6 dV7 dV2R dV3R dV4R dV5R dV6R dV7R dX dY dZ dCC5 dCM5 dLA dRA dLL "
    "dfI dfE dfC dfA dfM dfF dfH III AVR AVL AVF AVRneg V8 V9 V8R V9R D A J Defib Extern A1 A2 A3 A4 "
    "dV8 dV9 dV8R dV9R dD dA dJ C V VR VL VF MCL MCL1 MCL2 MCL3 MCL4 MCL5 MCL6 CC CC1 CC2 CC3 CC4 CC6 CC7 "
    "CM CM1 CM2 CM3 CM4 CM6 dIII dAVR dAVL dAVF dAVRneg dC dV dVR dVL dVF CM7 CH5 CS5 CB5 CR5 ML "
    "AB1 AB2 AB3 AB4 ES AS AI S"
)
_IDENTIFIERS = tuple(_LISTED.split())
# Identifiers that are too short to stand alone, and those spelt otherwise here.
_SPELT = {
    "AVR": "aVR", "AVL": "aVL", "AVF": "aVF", "AVRneg": "-aVR", "D": "Nehb D", "A": "Nehb A", "J": "Nehb J",
    "ES": "EASI ES", "AS": "EASI AS", "AI": "EASI AI", "S": "EASI S", "C": "chest",
}  # fmt: skip


def _spelt(identifier: str) -> str:
    if identifier.startswith("d"):
        return f"derived {_SPELT.get(identifier[1:], identifier[1:])}"
    return _SPELT.get(identifier, identifier)


_BY_NUMBER = {number: _spelt(identifier) for number, identifier in enumerate(_IDENTIFIERS, start=1)}
_BY_IDENTIFIER = {identifier.casefold(): _spelt(identifier) for identifier in _IDENTIFIERS}
_NUMBERS = {name: number for number, name in _BY_NUMBER.items()} | {"Vx": 16, "Vy": 17, "Vz": 18}

_PARTITION = 2 * 65536  # SCADA, "supervisory control and data acquisition", of ISO/IEEE 11073-10101
_POTENTIAL = 256  # MDC_ECG_ELEC_POTL; the low eight bits are the lead

SCP_CODE: Mapping[str, int] = MappingProxyType(dict(_NUMBERS))
"""Number of each lead in SCP-ECG (EN 1064, section 3)."""
MDC_CODE: Mapping[str, str] = MappingProxyType({name: f"2:{number}" for name, number in _NUMBERS.items()})
"""Code of each lead with its partition, as DICOM writes it (scheme MDC): `2:62` for aVR."""
MDC_NAME: Mapping[str, str] = MappingProxyType(
    {name: f"MDC_ECG_LEAD_{_IDENTIFIERS[number - 1]}" for name, number in _NUMBERS.items()}
)
"""Reference identifier of each lead, as HL7 aECG writes it: `MDC_ECG_LEAD_AVR`."""
MDC_POTENTIAL: Mapping[str, str] = MappingProxyType(
    {name: str(_PARTITION + _POTENTIAL + number) for name, number in _NUMBERS.items()}
)
"""Code of the potential in each lead, as FHIR writes it: `131390` (MDC_ECG_ELEC_POTL_AVR) for aVR."""

_MDC_PREFIX = re.compile(r"mdc[ _]ecg[ _](?:lead|elec[ _]potl)[ _]", re.IGNORECASE)
# What devices and people put before the plain name. A blank may be followed by the minus of an inverted
# lead, so that a hyphen belongs to the prefix only where it stands directly behind it.
_PREFIX = re.compile(
    r"(?:(?:ecg|ekg)(?:[ _:]*(?:lead|ableitung)|)|lead|ableitung|abl\.|d[eé]rivation|derivaci[oó]n|deriva[cç][aã]o)"
    r"(?:[ _:]+|-)",
    re.IGNORECASE,
)
_LIMB = re.compile(r"(?:d[ _-]?)?(i{1,3})", re.IGNORECASE)
_AUGMENTED = re.compile(r"a[ _.-]?v[ _.-]?([rlf])", re.IGNORECASE)
_CHEST = re.compile(r"v[ _.-]?([1-9])[ _]?(r?)", re.IGNORECASE)
_MODIFIED = re.compile(r"(?:ml|mason[ _-]?likar)[ _-]?(i{1,3}|[123]|av[rlf]|v[1-6])", re.IGNORECASE)
_FRANK = re.compile(r"(?:frank[ _-]?)?(v?)([xyz])", re.IGNORECASE)
_NEGATIVE = re.compile(
    r"(?:-|\(-\))(?P<after>[^\s-].*)|(?P<before>.*?)(?:neg|[ _]neg|[ _]inverted|\(-\)|[ _]\(inverted\))"
)
_LONGEST_NAME = 100
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\ufeff": None, "\u200b": None})
# Spellings that mean a lead only beside names that leave no doubt.
_NUMBERED_LIMB = re.compile(r"(?P<family>d|l|lead)[ _-]?(?P<number>\d{1,2})", re.IGNORECASE)
_IEC_CHEST = re.compile(r"c[ _]?(?P<number>[1-6])", re.IGNORECASE)


@lru_cache(maxsize=4096)
def canonical_lead(name: str) -> str:
    """The standard spelling of a lead name; a name that is none we know is kept, stripped.

    >>> canonical_lead(" MDC_ECG_LEAD_AVR "), canonical_lead("lead ii"), canonical_lead("Vx")
    ('aVR', 'II', 'Vx')
    >>> canonical_lead("-AVR"), canonical_lead("DIII"), canonical_lead("ML2")
    ('-aVR', 'III', 'MLII')

    A single name of which the meaning depends on its neighbours (`C1`, `D1`, `L1`) is kept here;
    `canonical_leads` decides.
    """
    if len(name) > _LONGEST_NAME:
        return name.strip()
    stripped = name.strip().strip("\"'").strip()
    text = unicodedata.normalize("NFKC", stripped).translate(_MINUS).strip()
    identifier = _MDC_PREFIX.match(text)
    if identifier:
        return _BY_IDENTIFIER.get(text[identifier.end() :].casefold(), stripped)
    prefix = _PREFIX.match(text)
    bare = text[prefix.end() :].strip() if prefix else text
    return _plain(bare) or _negative(bare) or stripped


def _plain(bare: str) -> str | None:
    """The lead of a name without prefix and sign, or None."""
    if match := _LIMB.fullmatch(bare):
        return match[1].upper()
    if match := _AUGMENTED.fullmatch(bare):
        return f"aV{match[1].upper()}"
    if match := _CHEST.fullmatch(bare):
        return f"V{match[1]}{match[2].upper()}"
    if match := _MODIFIED.fullmatch(bare):
        limb = "I" * int(match[1]) if match[1].isdigit() else match[1]
        return f"ML{_plain(limb)}"
    if match := _FRANK.fullmatch(bare):
        return f"V{match[2].lower()}" if match[1] else match[2].upper()
    return None


def _negative(bare: str) -> str | None:
    """`-aVR` for the names of an inverted standard lead, or None."""
    match = _NEGATIVE.fullmatch(bare)
    base = _plain((match["after"] or match["before"] or "").strip()) if match else None
    return f"-{base}" if base in STANDARD_12 else None


def canonical_leads(names: Sequence[str]) -> tuple[str, ...]:
    """`canonical_lead` over the names of one record, with the spellings that only their neighbours explain.

    `C1` to `C6` (IEC 60601-2-25) are V1 to V6 where all six stand beside lead I and II: alone, C3 and C4 are
    electrodes of an EEG. `D1`, `L1` and `Lead 1` are I where an augmented or a chest lead stands beside them and
    the numbers go no further than 3: alone they may count channels.
    """
    return _canonical_leads(tuple(names))


@lru_cache(maxsize=256)
def _canonical_leads(names: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(canonical_lead(name) for name in names)
    for rule in (_numbered_limbs, _iec_chest):
        renamed = rule(found)
        if renamed and not set(renamed.values()) & set(found) and len(set(renamed.values())) == len(renamed):
            found = tuple(renamed.get(name, name) for name in found)
    return found


def _numbered_limbs(names: tuple[str, ...]) -> dict[str, str]:
    matches = {name: match for name in names if (match := _NUMBERED_LIMB.fullmatch(name))}
    numbers = {int(match["number"]) for match in matches.values()}
    if not numbers or not numbers <= {1, 2, 3} or not set(names) & set(STANDARD_12[3:]):
        return {}
    return {name: "I" * int(match["number"]) for name, match in matches.items()}


def _iec_chest(names: tuple[str, ...]) -> dict[str, str]:
    matches = {name: match for name in names if (match := _IEC_CHEST.fullmatch(name))}
    if len(matches) != 6 or not {"I", "II"} <= set(names):
        return {}
    return {name: f"V{match['number']}" for name, match in matches.items()}


def is_standard(name: str) -> bool:
    """Whether `name`, in any spelling, is one of the twelve standard leads."""
    return canonical_lead(name) in STANDARD_12


def inverted_of(name: str) -> str | None:
    """The standard lead whose negative `name` is, as aVR for `-aVR`; None for any other name."""
    spelt = canonical_lead(name)
    return spelt[1:] if spelt.startswith("-") and spelt[1:] in STANDARD_12 else None


def lead_from_mdc(code: str | int) -> str | None:
    """The lead that a code of ISO/IEEE 11073-10101 stands for, or None.

    Read are the reference identifier (`MDC_ECG_LEAD_AVR`, `MDC_ECG_ELEC_POTL_AVR`), the code with its
    partition (`2:62`, and `2:318` for the potential) and without (`131134`, `131390`).

    >>> lead_from_mdc("2:62"), lead_from_mdc("131329"), lead_from_mdc("MDC_ECG_LEAD_V3R"), lead_from_mdc("2:0")
    ('aVR', 'I', 'V3R', None)
    """
    text = str(code).strip()
    match = _MDC_PREFIX.match(text)
    if match:
        return _BY_IDENTIFIER.get(text[match.end() :].casefold())
    partition, _, number = text.rpartition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    if partition:
        return _lead_number(int(number)) if partition.strip() == "2" else None
    return _lead_number(int(number) - _PARTITION)


def _lead_number(number: int) -> str | None:
    return _BY_NUMBER.get(number - _POTENTIAL if number > _POTENTIAL else number)


def lead_from_scp(code: int) -> str | None:
    """The lead of an SCP-ECG lead number (EN 1064, section 3), or None.

    >>> lead_from_scp(61), lead_from_scp(0)
    ('III', None)
    """
    return _BY_NUMBER.get(code)
