"""PTB-XL's 71 SCP-ECG statements: names, superclasses, subclasses, and codes in SNOMED CT and ICD-10.

The grouping is that of PTB-XL's `scp_statements.csv` (Wagner et al. 2020, doi:10.1038/s41597-020-0495-6,
data CC BY 4.0). SNOMED CT codes are those that the PhysioNet/CinC Challenge 2021 gives the same statement
(`dx_mapping_scored.csv`, `dx_mapping_unscored.csv`). ICD-10 codes (WHO) stand only where the code's
meaning is that of the statement. Where either is uncertain, there is none: an ECG of an old infarct is
not I21, voltage criteria are no heart disease.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SUPERCLASSES: tuple[str, ...] = ("NORM", "MI", "STTC", "CD", "HYP")
"""PTB-XL's diagnostic superclasses, in the order of the outputs of every model for them."""

SUPERCLASS_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "NORM": "Normal ECG",
        "MI": "Myocardial infarction",
        "STTC": "ST/T change",
        "CD": "Conduction disturbance",
        "HYP": "Hypertrophy",
    }
)

BUNDLE_BRANCH_BLOCKS: tuple[str, ...] = ("CLBBB", "CRBBB", "ILBBB", "IRBBB")
INFARCTS: tuple[str, ...] = ("AMI", "IMI")

SUBCLASS_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "NORM": "Normal ECG",
        "AMI": "Anterior myocardial infarction or injury",
        "IMI": "Inferior myocardial infarction or injury",
        "LMI": "Lateral myocardial infarction",
        "PMI": "Posterior myocardial infarction",
        "STTC": "Other ST/T change",
        "NST_": "Nonspecific ST change",
        "ISC_": "Nonspecific ischaemic ST-T change",
        "ISCA": "Ischaemic ST-T change in anterior or lateral leads",
        "ISCI": "Ischaemic ST-T change in inferior leads",
        "CLBBB": "Complete left bundle branch block",
        "CRBBB": "Complete right bundle branch block",
        "ILBBB": "Incomplete left bundle branch block",
        "IRBBB": "Incomplete right bundle branch block",
        "IVCD": "Nonspecific intraventricular conduction disturbance",
        "LAFB/LPFB": "Left anterior or posterior fascicular block",
        "_AVB": "AV block",
        "WPW": "Wolff-Parkinson-White syndrome",
        "LVH": "Left ventricular hypertrophy",
        "RVH": "Right ventricular hypertrophy",
        "SEHYP": "Septal hypertrophy",
        "LAO/LAE": "Left atrial overload or enlargement",
        "RAO/RAE": "Right atrial overload or enlargement",
    }
)

_SNOMED_CT = """
    1AVB 270492004  2AVB 195042002  3AVB 27885002  ABQRS 164951009  AFIB 164889003  AFLT 164890007  AMI 54329005
    CLBBB 164909002  CRBBB 713427006  ILBBB 251120003  INVT 59931005  IRBBB 713426002  IVCD 698252002
    LAFB 445118002  LAO/LAE 67741000119109  LNGQT 111975006  LPFB 445211001  LPR 164947007  LVH 164873001
    LVOLT 251146004  PAC 284470004  PACE 10370003  PSVT 67198005  PVC 427172004  QWAVE 164917005  RVH 89792004
    SARRH 427393009  SBRAD 426177001  SR 426783006  STACH 427084000  STD_ 429622005  STE_ 164931005
    SVTAC 426761007  WPW 74390002
"""

_ICD_10 = """
    1AVB I44.0  2AVB I44.1  3AVB I44.2  AFIB I48  AFLT I48  CLBBB I44.7  CRBBB I45.1  IRBBB I45.1  IVCD I45.4
    LAFB I44.4  LPFB I44.5  PAC I49.1  PSVT I47.1  PVC I49.3  SBRAD R00.1  STACH R00.0  SVTAC I47.1  WPW I45.6
"""

# statement, kinds (d diagnostic, f form, r rhythm), superclass, subclass, title; in the order of scp_statements.csv
_STATEMENTS = """
NDT      df STTC STTC      nondiagnostic T abnormalities
NST_     df STTC NST_      nonspecific ST changes
DIG      df STTC STTC      digitalis effect
LNGQT    df STTC STTC      long QT interval
NORM     d  NORM NORM      normal ECG
IMI      d  MI   IMI       inferior myocardial infarction
ASMI     d  MI   AMI       anteroseptal myocardial infarction
LVH      d  HYP  LVH       left ventricular hypertrophy
LAFB     d  CD   LAFB/LPFB left anterior fascicular block
ISC_     d  STTC ISC_      nonspecific ischaemic ST-T changes
IRBBB    d  CD   IRBBB     incomplete right bundle branch block
1AVB     d  CD   _AVB      first degree AV block
IVCD     d  CD   IVCD      nonspecific intraventricular conduction disturbance
ISCAL    d  STTC ISCA      ischaemic ST-T changes in anterolateral leads
CRBBB    d  CD   CRBBB     complete right bundle branch block
CLBBB    d  CD   CLBBB     complete left bundle branch block
ILMI     d  MI   IMI       inferolateral myocardial infarction
LAO/LAE  d  HYP  LAO/LAE   left atrial overload or enlargement
AMI      d  MI   AMI       anterior myocardial infarction
ALMI     d  MI   AMI       anterolateral myocardial infarction
ISCIN    d  STTC ISCI      ischaemic ST-T changes in inferior leads
INJAS    d  MI   AMI       subendocardial injury in anteroseptal leads
LMI      d  MI   LMI       lateral myocardial infarction
ISCIL    d  STTC ISCI      ischaemic ST-T changes in inferolateral leads
LPFB     d  CD   LAFB/LPFB left posterior fascicular block
ISCAS    d  STTC ISCA      ischaemic ST-T changes in anteroseptal leads
INJAL    d  MI   AMI       subendocardial injury in anterolateral leads
ISCLA    d  STTC ISCA      ischaemic ST-T changes in lateral leads
RVH      d  HYP  RVH       right ventricular hypertrophy
ANEUR    d  STTC STTC      ST-T changes compatible with ventricular aneurysm
RAO/RAE  d  HYP  RAO/RAE   right atrial overload or enlargement
EL       d  STTC STTC      ST-T changes by electrolyte disturbance or drug
WPW      d  CD   WPW       Wolff-Parkinson-White syndrome
ILBBB    d  CD   ILBBB     incomplete left bundle branch block
IPLMI    d  MI   IMI       inferoposterolateral myocardial infarction
ISCAN    d  STTC ISCA      ischaemic ST-T changes in anterior leads
IPMI     d  MI   IMI       inferoposterior myocardial infarction
SEHYP    d  HYP  SEHYP     septal hypertrophy
INJIN    d  MI   IMI       subendocardial injury in inferior leads
INJLA    d  MI   AMI       subendocardial injury in lateral leads
PMI      d  MI   PMI       posterior myocardial infarction
3AVB     d  CD   _AVB      third degree AV block
INJIL    d  MI   IMI       subendocardial injury in inferolateral leads
2AVB     d  CD   _AVB      second degree AV block
ABQRS    f  -    -         abnormal QRS
PVC      f  -    -         ventricular premature complex
STD_     f  -    -         nonspecific ST depression
VCLVH    f  -    -         voltage criteria for left ventricular hypertrophy
QWAVE    f  -    -         Q waves present
LOWT     f  -    -         low T waves
NT_      f  -    -         nonspecific T wave changes
PAC      f  -    -         atrial premature complex
LPR      f  -    -         prolonged PR interval
INVT     f  -    -         inverted T waves
LVOLT    f  -    -         low QRS voltages in frontal and horizontal leads
HVOLT    f  -    -         high QRS voltage
TAB_     f  -    -         T wave abnormality
STE_     f  -    -         nonspecific ST elevation
PRC(S)   f  -    -         premature complexes
SR       r  -    -         sinus rhythm
AFIB     r  -    -         atrial fibrillation
STACH    r  -    -         sinus tachycardia
SARRH    r  -    -         sinus arrhythmia
SBRAD    r  -    -         sinus bradycardia
PACE     r  -    -         functioning artificial pacemaker
SVARR    r  -    -         supraventricular arrhythmia
BIGU     r  -    -         bigeminy of unknown origin
AFLT     r  -    -         atrial flutter
SVTAC    r  -    -         supraventricular tachycardia
PSVT     r  -    -         paroxysmal supraventricular tachycardia
TRIGU    r  -    -         trigeminy of unknown origin
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """An SCP-ECG statement as PTB-XL uses it; `superclass` and `subclass` of diagnostic ones only."""

    code: str
    title: str
    diagnostic: bool
    form: bool
    rhythm: bool
    superclass: str | None = None
    subclass: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _read_statements() -> dict[str, Statement]:
    systems = {"SNOMED CT": _pairs(_SNOMED_CT), "ICD-10": _pairs(_ICD_10)}
    statements = {}
    for line in _STATEMENTS.strip().splitlines():
        code, kinds, superclass, subclass, title = line.split(maxsplit=4)
        codes = {"SCP-ECG": code} | {system: known[code] for system, known in systems.items() if code in known}
        statements[code] = Statement(
            code=code,
            title=title[0].upper() + title[1:],
            diagnostic="d" in kinds,
            form="f" in kinds,
            rhythm="r" in kinds,
            superclass=None if superclass == "-" else superclass,
            subclass=None if subclass == "-" else subclass,
            codes=MappingProxyType(codes),
        )
    return statements


STATEMENTS: Mapping[str, Statement] = MappingProxyType(_read_statements())
"""The 71 statements by their code, in the order of PTB-XL's `scp_statements.csv`."""
