"""Names of leads: one spelling inside, any spelling at the door."""

import re
from collections.abc import Sequence

STANDARD_12: tuple[str, ...] = (
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
)  # fmt: skip
"""The twelve leads in the order of AHA/ACCF/HRS 2007 recommendations, part I (and of PTB-XL)."""

_BY_KEY = {name.casefold(): name for name in STANDARD_12}
# Device vocabularies that put a prefix before the plain name (ISO/IEEE 11073-10102 and spoken forms).
_PREFIX = re.compile(r"^(mdc[_ ]ecg[_ ]lead[_ ]|ecg[_ ]?lead[_ ]|lead[_ ]|ecg[_ ])", re.IGNORECASE)


def canonical_lead(name: str) -> str:
    """The standard spelling of a lead name; a name that is none of the twelve is kept, stripped.

    >>> canonical_lead(" MDC_ECG_LEAD_AVR "), canonical_lead("lead ii"), canonical_lead("Vx")
    ('aVR', 'II', 'Vx')
    """
    stripped = name.strip().strip("\"'").strip()
    bare = _PREFIX.sub("", stripped).replace(" ", "").replace("_", "")
    return _BY_KEY.get(bare.casefold(), stripped)


def canonical_leads(names: Sequence[str]) -> tuple[str, ...]:
    """`canonical_lead` over a sequence."""
    return tuple(canonical_lead(name) for name in names)


def is_standard(name: str) -> bool:
    """Whether `name`, in any spelling, is one of the twelve standard leads."""
    return canonical_lead(name) in STANDARD_12
