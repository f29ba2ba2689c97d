"""What other sources' diagnoses are in PTB-XL's classes: SNOMED CT (CinC 2020 and 2021) and the lines of `ludb.csv`.

The classes are those of `codes/ptbxl.py`. What a source says and PTB-XL has no class for (atrial fibrillation,
premature beats, low voltage) says nothing about a superclass, except that the ECG is not normal.

What is decided here
--------------------
- **NORM** is stated by neither source. An ECG counts as normal where sinus rhythm, of any rate, is stated and nothing
  else but an axis: both sources list every finding. An empty list is no finding: nothing is known of that ECG.
- **Sinus bradycardia, tachycardia, arrhythmia** are rates: PTB-XL has NORM beside them (78 of 154 ECGs of our part).
- **Complete or not**: SNOMED CT's "left" and "right bundle branch block" count as complete, as in the Challenge 2021.
- **Hypertrophy**: LUDB's "hypertrophy" and "overload" of any chamber are HYP, as are enlarged atria in SNOMED CT.
  Voltage criteria alone (`LVHV`) are unsure: PTB-XL has HYP beside them in 33 of 48.
  LUDB finds hypertrophy where PTB-XL does not: in 118 of 150 ECGs, and 17 of its 91 with left ventricular hypertrophy
  meet a voltage criterion (Sokolow-Lyon 3.5 mV, Cornell 2.0 or 2.8 mV).
- **Infarction**: LUDB's "STEMI" and "scar" are MI, "ischaemia" STTC. "Undefined ischemia/scar/supp.NSTEMI" may be
  either: unsure. The same holds for ST elevation and Q waves in SNOMED CT, which PTB-XL calls forms.
- **ST and T** of SNOMED CT are STTC also where PTB-XL calls them forms: it has STTC beside ST depression in 66 of 79,
  beside inverted T in 19 of 24.
- **Walls** (task `infarct`): anterior, septal and apical are AMI, inferior is IMI; lateral and posterior alone neither
  (PTB-XL's LMI and PMI). SNOMED CT names a wall for anterior infarcts only: of other infarcts nothing is known there.
- **Paced** ECGs are left out: what is said of paced beats means something else, and our part of PTB-XL has none.
- **Unsure** ECGs are left out of the superclasses as a whole: they would be counted wrong whatever a model says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from einthoven.codes.ptbxl import BUNDLE_BRANCH_BLOCKS, INFARCTS, SUPERCLASSES

NOTHING_SAID = "nothing is said of it"
NO_CLASS = "none of the classes is said of it"
PACED = "paced"
UNSURE = "it is not sure which class a finding belongs to"
UNKNOWN = "a finding is not in the crosswalk"
SEVERAL = "more than one of the classes"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding says. `superclass` is None where it says nothing of one.

    `exact`: a bundle branch block or an infarct (`AMI`, `IMI`). `sinus` and `axis` do not speak against a normal ECG.
    """

    superclass: str | None = None
    exact: str | None = None
    sinus: bool = False
    axis: bool = False
    paced: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one ECG in a task: its classes, or None with the reason."""

    classes: tuple[str, ...] | None
    reason: str = ""


# What a code says: a superclass; `sinus`, `axis`, `paced`, `unsure`. Behind it the bundle branch block or infarct.
# The names are those of `codes/snomed.py`. Codes there that do not stand here say nothing of a class.
_SNOMED_CT = """
426783006      NSR      sinus
426177001      SB       sinus
427084000      STach    sinus
427393009      SA       sinus
426627000      Brady    sinus
39732003       LAD      axis
47665007       RAD      axis
251200008      ICA      axis
251199005      CCR      axis
251198002      CR       axis
733534002      CLBBB    CD      CLBBB
164909002      LBBB     CD      CLBBB
713427006      CRBBB    CD      CRBBB
59118001       RBBB     CD      CRBBB
713426002      IRBBB    CD      IRBBB
251120003      ILBBB    CD      ILBBB
6374002        BBB      CD
698252002      NSIVCB   CD
82226007       DIB      CD
445118002      LAnFB    CD
445211001      LPFB     CD
270492004      IAVB     CD
195042002      IIAVB    CD
54016002       MoI      CD
426183003      IIAVBII  CD
27885002       CHB      CD
204384007      CIAHB    CD
233917008      AVB      CD
74390002       WPW      CD
195060002      VPEx     CD
164873001      LVH      HYP
89792004       RVH      HYP
266249003      VH       HYP
446813000      LAH      HYP
446358003      RAH      HYP
195126007      AH       HYP
67741000119109 LAE      HYP
253352002      LAA      HYP
253339007      RAAb     HYP
54329005       AnMI     MI      AMI
164865005      MI       MI
164867002      OldMI    MI
57054005       AMI      MI
164934002      TAb      STTC
59931005       TInv     STTC
428750005      NSSTTA   STTC
164930006      STIAb    STTC
55930002       STC      STTC
429622005      STD      STTC
704997005      ISTD     STTC
111975006      LQT      STTC
164861001      MIs      STTC
413444003      AMIs     STTC
413844008      CMI      STTC
426434006      AnMIs    STTC
425419005      IIs      STTC
425623009      LIs      STTC
10370003       PR       paced
251268003      AP       paced
251266004      VPP      paced
164931005      STE      unsure
164917005      QAb      unsure
55827005       LVHV     unsure
67751000119106 RAHV     unsure
370365005      LVS      unsure
418818005      BRU      unsure
50799005       AVD      unsure
"""

# Column of `ludb.csv` | how the line begins | what it says | bundle branch block. `none`: nothing of a class.
_LUDB = """
Rhythms                                   | Sinus rhythm                                      | sinus  |
Rhythms                                   | Sinus bradycardia                                 | sinus  |
Rhythms                                   | Sinus tachycardia                                 | sinus  |
Rhythms                                   | Sinus arrhythmia                                  | sinus  |
Rhythms                                   | Irregular sinus rhythm                            | sinus  |
Rhythms                                   | Atrial fibrillation                               | none   |
Rhythms                                   | Atrial flutter                                    | none   |
Rhythms                                   | Wandering atrial pacemaker                        | none   |
Rhythms                                   | Aberrant conduction                               | none   |
Conduction abnormalities                  | Incomplete right bundle branch block              | CD     | IRBBB
Conduction abnormalities                  | Incomplete left bundle branch block               | CD     | ILBBB
Conduction abnormalities                  | Complete right bundle branch block                | CD     | CRBBB
Conduction abnormalities                  | Complete left bundle branch block                 | CD     | CLBBB
Conduction abnormalities                  | Left anterior hemiblock                           | CD     |
Conduction abnormalities                  | Left posterior hemiblock                          | CD     |
Conduction abnormalities                  | I degree av block                                 | CD     |
Conduction abnormalities                  | Ii degree av                                      | CD     |
Conduction abnormalities                  | Iii degree av                                     | CD     |
Conduction abnormalities                  | Non-specific intravintricular conduction delay    | CD     |
Extrasystolies                            | Atrial extrasystole                               | none   |
Extrasystolies                            | Ventricular extrasystole                          | none   |
Hypertrophies                             | Left ventricular hypertrophy                      | HYP    |
Hypertrophies                             | Right ventricular hypertrophy                     | HYP    |
Hypertrophies                             | Left atrial hypertrophy                           | HYP    |
Hypertrophies                             | Right atrial hypertrophy                          | HYP    |
Hypertrophies                             | Left ventricular overload                         | HYP    |
Hypertrophies                             | Right ventricular overload                        | HYP    |
Hypertrophies                             | Left atrial overload                              | HYP    |
Hypertrophies                             | Right atrial overload                             | HYP    |
Cardiac pacing                            |                                                   | paced  |
Ischemia                                  | Stemi:                                            | MI     | wall
Ischemia                                  | Scar formation:                                   | MI     | wall
Ischemia                                  | Ischemia:                                         | STTC   |
Ischemia                                  | Undefined ischemia/scar/supp.nstemi:              | unsure | wall
Non-specific repolarization abnormalities | Non-specific repolarization abnormalities:        | STTC   |
Other states                              | Early repolarization syndrome                     | none   |
"""

_WALLS: Mapping[str, str] = {"anterior wall": "AMI", "septal": "AMI", "apical": "AMI", "inferior wall": "IMI"}
"""LUDB's wall -> infarct; lateral and posterior walls alone are neither."""


def _meaning(says: str, exact: str | None = None) -> Meaning:
    if says in SUPERCLASSES:
        return Meaning(says, exact)
    return Meaning(
        exact=exact, sinus=says == "sinus", axis=says == "axis", paced=says == "paced", unsure=says == "unsure"
    )


def _snomed_ct() -> dict[str, Meaning]:
    meanings = {}
    for line in _SNOMED_CT.strip().splitlines():
        code, _, says, *exact = line.split()
        meanings[code] = _meaning(says, *exact)
    return meanings


SNOMED_CT: Mapping[str, Meaning] = MappingProxyType(_snomed_ct())
"""Code -> what it says."""

LUDB: Sequence[tuple[str, str, str, str]] = tuple(
    (column.strip(), begins.strip(), says.strip(), exact.strip())
    for column, begins, says, exact in (line.split("|") for line in _LUDB.strip().splitlines())
)
"""Column, beginning of the line, what it says, and what it says exactly."""


def snomed_meaning(code: str, known: Iterable[str]) -> Meaning | None:
    """What a code says; None for one that is neither here nor among the `known` ones."""
    return SNOMED_CT.get(code, Meaning() if code in known else None)


def ludb_meaning(column: str, line: str) -> Meaning | None:
    """What a line of `ludb.csv` says; None for one that is not in the crosswalk."""
    for of, begins, says, exact in LUDB:
        if of == column and line.startswith(begins):
            wall = _WALLS.get(line.removeprefix(begins).strip())
            return _meaning(says, wall if exact == "wall" else exact or None)
    return None


def superclasses(findings: Sequence[Meaning | None]) -> Reading:
    """PTB-XL's superclasses of an ECG, several at once; without an answer where something is unsure."""
    blocked = _blocked(findings)
    if blocked:
        return Reading(None, blocked)
    known = [finding for finding in findings if finding is not None]
    if any(finding.unsure for finding in known):
        return Reading(None, UNSURE)
    said = {finding.superclass for finding in known}
    found = tuple(name for name in SUPERCLASSES if name in said)
    if found:
        return Reading(found)
    normal = any(f.sinus for f in known) and all(f.sinus or f.axis for f in known)
    return Reading(("NORM",)) if normal else Reading(None, NO_CLASS)


def superclass_single(findings: Sequence[Meaning | None]) -> Reading:
    """The superclass of an ECG that has exactly one."""
    return _only(superclasses(findings))


def bundle_branch_block(findings: Sequence[Meaning | None]) -> Reading:
    """The kind of bundle branch block of an ECG that has exactly one."""
    blocked = _blocked(findings)
    if blocked:
        return Reading(None, blocked)
    said = {finding.exact for finding in findings if finding is not None}
    return _only(Reading(tuple(name for name in BUNDLE_BRANCH_BLOCKS if name in said)))


def infarct(findings: Sequence[Meaning | None]) -> Reading:
    """Anterior or inferior, of an ECG with exactly one of the two; unsure where a finding may be the other one."""
    blocked = _blocked(findings)
    if blocked:
        return Reading(None, blocked)
    known = [finding for finding in findings if finding is not None and finding.exact in INFARCTS]
    sure = {finding.exact for finding in known if not finding.unsure}
    perhaps = {finding.exact for finding in known if finding.unsure}
    if perhaps - sure:
        return Reading(None, UNSURE)
    return _only(Reading(tuple(name for name in INFARCTS if name in sure)))


def _blocked(findings: Sequence[Meaning | None]) -> str:
    if not findings:
        return NOTHING_SAID
    if any(finding is None for finding in findings):
        return UNKNOWN
    return PACED if any(finding is not None and finding.paced for finding in findings) else ""


def _only(reading: Reading) -> Reading:
    if reading.classes is None:
        return reading
    if not reading.classes:
        return Reading(None, NO_CLASS)
    return reading if len(reading.classes) == 1 else Reading(None, SEVERAL)
