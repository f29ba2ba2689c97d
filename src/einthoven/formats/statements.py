"""Which lines of text are statements about an ECG, and so cannot name a person.

Devices write their interpretation, and sometimes the name of who confirmed it, into the same free text.
A line is taken for a statement when each of its words belongs to the vocabulary of ECG interpretation
(AHA/ACCF/HRS 2007, part II, and the words of common devices) and one of them is about the heart's
electricity. What is not understood is left out, and that is said.
"""

import re

# About the heart's electricity; English, then words of Italian, German, French and Spanish devices.
_CORE = frozenset(
    """
    aberrant aberration afib aflutter allorhythmia allorhythmic arrhythmia artefact artifact asse asystole atrial
    atriale atrioventricular av axis bbb beat beats bigemini bigeminy bipolar biventricular bloc blocco block
    bloqueo bradicardia bradycardia bradycardie bradykardie branca bundle clbbb conduction couplet crbbb
    depolarization dextrocardia digitalis ecg ectopic ectopy eje ekg electrocardiogram electrode extrasystole
    extrasystolen extrasystoles fascicular fibrillation fibrillazione flutter heart hemiblock hipertrofia
    hyperkalemia hypertrophie hypertrophy hypokalemia infarct infarction infarctus infarkt infarto injury
    intraventricular intravintricular ipertrofia ischaemia ischemia junctional lad lafb lagetyp lbbb lead leads
    linksschenkelblock linkstyp lpfb lv lvh lvot lvs mi mobitz nodal nstemi onda onde pac paced pacemaker pacing
    pacs pericarditis pq pr preexcitation premature pvc pvcs qrs qt qtc quadrigemini rama rbbb rechtsschenkelblock
    rechtstyp repolarisation repolarization rhythm rhythmus ritmo rvh rvot rythme scar schenkelblock sinus sinusal
    sinusale sinusrhythmus st stemi supraventricular synchrony tachicardia tachycardia tachycardie tachykardie
    taquicardia tratto trigeminy unipolar ventricle ventricolare ventricular voltage vorhofflattern vorhofflimmern
    wave waves wenckebach wpw
    """.split()  # noqa: SIM905
)
# Beside them; alone they may be anything, also a name.
_OTHER = frozenset(
    """
    a abnormal abnormalities abnormality accelerated acute age also an and anormal anormale anterior anteriore
    antero anterolateral anteroseptal apical are arm as at atypical axe basal be between bigeminal borderline both
    bpm branch but cannot cardiac cause change changes compared complete completo complex complexes consider
    consistent coronary criteria current dans de deep defect defects degree del delay della derecha destra destro
    deviation di diffuse disease droit droite due during early effect ekg-befund electric electrical electrolyte
    elevation enlargement escape evidence excluded extensive extreme fast fibre findings first flat followed for
    formation frequent fusion gauche global greater high high-grade horizontal hyper hyperacute i idioventricular if
    ii iii imbalance in incomplete incompleto indeterminate inferior inferiore inferolateral inferoposterior
    intercalary interpolated interval inversion inverted irregular is isolated ivs izquierda la late lateral
    laterale left les less limb limites limiti limits localisation localization long low lower marked may middle
    mild minimal minor mm moderate monomorphic more morphology ms multifocal multiform multiple mv narrow nei new no
    noise non nondiagnostic nonspecific normal normale normaler normales not notched noted occasional of old on or
    other otherwise out overload p part pattern peaked per persistent physiologic polymorphic poor possible possibly
    posterior precordial present probable probably progression prolonged pulmonary q qs quality r rapid rate recent
    regular response reversal rhythmic right rule ruled runs s sa second secondary septal severe short shortened
    sign significant signs since single sinistra sinistro slight slow specific strain subendocardial suggestive
    suggests supp suspected suspicious syndrome t tall technical than the third to tracing transition triplet type
    typical u unauffaelliges unauffälliges unchanged undefined undetermined unspecified unusual upper v variation
    versus vertical vs wall wandering wide with within without
    """.split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W\d_]+(?:['\-][^\W\d_]+)*")
_LEAD = re.compile(r"(?i:i{1,3}|av[rlf]|v[1-9]r?)")
_LONGEST = 500


def is_statement(text: str) -> bool:
    """Whether `text` consists of words of ECG interpretation, with at least one that nothing else has.

    >>> is_statement("Sinus rhythm, left axis deviation"), is_statement("Confirmed by Smith"), is_statement("Old")
    (True, False, False)
    """
    words = [part for word in _WORD.findall(text.casefold()) for part in _known_parts(word)]
    known = all(word in _CORE or word in _OTHER or _LEAD.fullmatch(word) for word in words)
    return known and len(text) <= _LONGEST and any(word in _CORE for word in words)


def statements_left_out(count: int) -> tuple[str, ...]:
    """The doubt that `count` statements are not among the annotations; nothing for none."""
    return (f"left out, for a person may have written them: {count} diagnostic statements",) if count else ()


def _known_parts(word: str) -> list[str]:
    """`non-specific` is known by its parts, `high-grade` as it stands."""
    return [word] if word in _CORE or word in _OTHER else re.split(r"['\-]", word)
