"""Lead names from the channel source codes of DICOM waveforms (PS3.16, CID 3001 "ECG Leads")."""

import re

from einthoven.leads import STANDARD_12, canonical_lead, lead_from_mdc, lead_from_scp

# The retired SCP-ECG codes of CID 3001; the last number is the lead of EN 1064.
_SCP = re.compile(r"5\.6\.3-9-(\d{1,3})")


def lead_from_code(scheme: str, code: str) -> str | None:
    """The lead that a code stands for; None when the code is no lead we know."""
    match = _SCP.fullmatch(code) if scheme.upper() in ("SCPECG", "SCP-ECG") else None
    if match:
        return lead_from_scp(int(match[1]))
    return lead_from_mdc(code) if scheme.upper() == "MDC" else None


def lead_from_meaning(meaning: str) -> str | None:
    """The lead that a code meaning or channel label names, as in `Lead I (Einthoven)` or `aVR, augmented voltage`."""
    bare = re.sub(r"\(.*?\)|,.*$", "", meaning).strip()
    return canonical_lead(bare) or None


def contradicts(from_code: str, meaning: str) -> bool:
    """Whether code and text name two different standard leads."""
    named = lead_from_meaning(meaning)
    return named in STANDARD_12 and from_code in STANDARD_12 and named != from_code
