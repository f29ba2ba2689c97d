"""Values that stay when a file is blanked, because they cannot name a person: numbers, samples, devices, labels.

Beside `statements`, which tells statements about an ECG. A field is free text whatever it is meant for; so a value is
kept only where each word of it is known.
"""

import re
from collections.abc import Callable

from einthoven.formats.statements import is_statement
from einthoven.leads import canonical_lead

# Makers, models and what stands beside them.
_DEVICES = frozenset(
    """
    ag agilent alivecor allyn amedtec analysis and apple at baxter beneheart biocare bionet bittium burdick card
    cardiac cardimax cardiocare cardiofax cardioline cardiopart cardiosoft cardiotouch cardiovit case cart co comen
    company contec control corp corporation corpuls custo cv delmar denshi device dms draeger dräger ecg edan ekg eli
    elan el electrocardiograph electronics esaote et fa faros fukuda fx ge general electric gmbh gs hd healthcare
    heartscreen heartstart heartstartmrx hewlett hill hillrom holter hp hscribe inc information innomed
    instrument instruments kardia kardiamobile kenz kg kohden lab lifepak limited ltd mac maker marquette med
    medical medizintechnik mindray mobile model monitor mortara mrx ms muse nihon norav of packard page
    pagewriter philips physio plus portable pro products quinton recorder research resting reynolds rscribe
    schiller science scientific se seer series siemens software spacelabs stryker surveyor suzuken synthetic
    system systems tc technologies technology telemetry the touch trim unknown ventricular version vu watch
    welch withings wireless xscribe zoll einthoven simulated
    """.split()  # noqa: SIM905
)
# Of channels, groups and measurements. Not Frank, Wilson, Goldberger, who also were persons.
_LABELS = frozenset(
    """
    annotation augmented average avg beat beats bipolar ch channel chan derived ecg einthoven ekg electrode
    full disclosure global group interval lead leads limb mean median medians modified
    number precordial raw record recording representative resting rhythm rest sec second seconds
    sample samples segment signal standard strip template unipolar voltage waveform waveforms
    bp resp respiration marker trigger event spo pleth pulse pressure
    """.split()  # noqa: SIM905
)
_LEAD = re.compile(
    r"-?(?:I{1,3}|-?aV[RLF]|V\d{1,2}R?|V?[XYZ]|ML(?:I{1,3})?|MCL\d?|C[MCS]\d|MX|[VRMCE]|[EA]S|AI|Nehb [DAI])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d{1,10}(?:\.\d{0,12})?(?:[eE][+-]?\d{1,3})?")
_VERSION = re.compile(r"v?\d[\d.]{0,20}(?: ?[a-z]{1,3}\d{0,3})?", re.IGNORECASE)
_SAMPLES = re.compile(r"[\d\s,.+\-eE]*")
_ASCII_SAMPLES = b"0123456789 \t\n\r\f\v,.+-eE"
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_MOST_DIGITS = 6
_LONGEST = 64


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def is_samples(text: str) -> bool:
    """Numbers with blanks or commas between, or base64."""
    # Twenty times as fast as the expression, which decides about all else.
    if text.isascii() and not text.encode().translate(None, _ASCII_SAMPLES):
        return True
    return _SAMPLES.fullmatch(text) is not None or _BASE64.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """The version of a program, such as `1.02 SP05`."""
    return _VERSION.fullmatch(text.strip()) is not None


def is_device(text: str) -> bool:
    """Whether each word is one of a maker or model of ECG devices; a serial number is none.

    >>> is_device("MAC 5500"), is_device("Room of Dr. Meyer"), is_device("SN-4400917")
    (True, False, False)
    """
    return _of_words(text, lambda word: word.casefold() in _DEVICES)


def is_lead(text: str) -> bool:
    """Whether it is the name of a lead that is in use, however it is spelt."""
    return _LEAD.fullmatch(canonical_lead(text)) is not None


def is_label(text: str) -> bool:
    """Whether it names a lead, a channel or a kind of recording, or is a statement about an ECG."""
    if is_lead(text) or is_statement(text):
        return True
    return _of_words(text, lambda word: word.casefold() in _LABELS or is_lead(word))


def _of_words(text: str, known: Callable[[str], bool]) -> bool:
    """Whether all words are known, and there is one; digits beside them are few; single letters are no words."""
    words = re.findall(r"[^\W\d_]+", text)
    digits = max((len(run) for run in re.findall(r"\d+", text)), default=0)
    long = [word for word in words if len(word) > 1]
    return len(text) <= _LONGEST and digits <= _MOST_DIGITS and bool(long) and all(map(known, long))
