"""Lead names from the channel source codes of DICOM waveforms.

Source: DICOM PS3.16, context groups CID 3001 "ECG Leads" (MDC codes of ISO/IEEE 11073-10101) and its
retired SCP-ECG codes, whose last number is the lead of EN 1064, table 6. Both number leads alike.
"""

import re

from einthoven.leads import STANDARD_12, canonical_lead

_BY_NUMBER = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7",
    11: "V3R", 12: "V4R", 13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z",
    61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 66: "V8", 67: "V9",
}  # fmt: skip
_SCP = re.compile(r"5\.6\.3-9-(\d+)")
_MDC = re.compile(r"2:(\d+)")
_MDC_PARTITION = 2 * 65536


def lead_from_code(scheme: str, code: str) -> str | None:
    """The lead that a code stands for; None when the code is no lead we know."""
    match = _SCP.fullmatch(code) if scheme.upper() in ("SCPECG", "SCP-ECG") else None
    match = match or (_MDC.fullmatch(code) if scheme.upper() == "MDC" else None)
    if match:
        return _BY_NUMBER.get(int(match[1]))
    if scheme.upper() == "MDC" and code.isdigit():
        return _BY_NUMBER.get(int(code) - _MDC_PARTITION)
    return None


def lead_from_meaning(meaning: str) -> str | None:
    """The lead that a code meaning or channel label names, as in `Lead I (Einthoven)` or `aVR, augmented voltage`."""
    bare = re.sub(r"\(.*?\)|,.*$", "", meaning).strip()
    return canonical_lead(bare) or None


def contradicts(from_code: str, meaning: str) -> bool:
    """Whether code and text name two different standard leads."""
    named = lead_from_meaning(meaning)
    return named in STANDARD_12 and from_code in STANDARD_12 and named != from_code
