"""Which signals of an EDF file are ECG leads, by label and dimension (EDF+, its list of standard texts)."""

import re
from dataclasses import dataclass

from einthoven.formats.edf.content import EdfFile, EdfSignal
from einthoven.formats.units import is_ecg_name, kind_of_unit, mv_per_unit
from einthoven.leads import SCP_CODE, STANDARD_12, canonical_lead, canonical_leads

_TYPED = re.compile(r"(ecg|ekg)(?![a-z])", re.IGNORECASE)
# Types of EDF+ standard texts and usual labels of polygraphic recordings that no ECG has.
_OTHER = re.compile(
    r"(eeg|emg|eog|erg|meg|mcg|ep\b|sao2|spo2|light|sound|position|snor|flow|thor|abd|chest|therm|press|hr\b|pulse"
    r"|pleth|status|trigger|marker|event|acc|gsr|eda|temp|resp|batt|crc)",
    re.IGNORECASE,
)
_EEG_PLACE = re.compile(r"(fp|af|fc|ft|cp|po|tp|f|c|p|o|t|m|a)(z|\d{1,2})(-.+)?", re.IGNORECASE)
_BAND_EDGE = re.compile(r"(?<![A-Za-z])(HP|LP)\s*[:=]?\s*(\d+(?:[.,]\d+)?)\s*(m?)Hz", re.IGNORECASE)
_LONGEST_LIST = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """The signals that are leads, labels of the others in short, and what is to be said about the choice."""

    leads: tuple[EdfSignal, ...]
    kinds: tuple[str, ...]
    doubts: tuple[str, ...]


def lead_name(label: str) -> str:
    """The lead that a label names: `ECG V1` is V1, `EKG` stays EKG."""
    return canonical_lead(label)


def ecg_signals(file: EdfFile) -> Chosen:
    """The leads. Where a label says ECG or names a lead, the others are something else.

    Without any such label all signals in a unit of voltage are kept, as far as their labels are none of another kind.
    """
    candidates = [signal for signal in file.signals if not signal.is_annotation and signal.per_record]
    # C1 to C6 are chest leads beside I and II and places of an EEG elsewhere: all labels are looked at together.
    leads = canonical_leads([signal.label for signal in candidates])
    named = [signal for signal, lead in zip(candidates, leads, strict=True) if _names_ecg(signal, lead)]
    chosen = named or [signal for signal in candidates if _may_be(signal)]
    others = tuple(signal.label for signal in candidates if signal not in chosen)
    doubts = []
    if chosen and not named:
        doubts.append("no signal is labelled as ECG; those in a unit of voltage were taken for ECG leads")
    if chosen and others:
        doubts.append(f"left out, no ECG: {len(others)} signals")
    return Chosen(tuple(chosen), tuple(label[:16] for label in others[:_LONGEST_LIST]), tuple(doubts))


def _names_ecg(signal: EdfSignal, lead: str) -> bool:
    """Whether a label says ECG or is the name of a lead, and the dimension does not contradict."""
    if not _may_have_unit(signal):
        return False
    known = lead in SCP_CODE or lead.startswith(("ML", "-"))
    return bool(_TYPED.match(signal.label)) or lead in STANDARD_12 or (known and not _EEG_PLACE.fullmatch(signal.label))


def _may_be(signal: EdfSignal) -> bool:
    label = signal.label
    voltage = mv_per_unit(signal.unit) is not None
    return voltage and is_ecg_name(label) and not _OTHER.match(label) and not _EEG_PLACE.fullmatch(label)


def _may_have_unit(signal: EdfSignal) -> bool:
    """A voltage, counts, or a dimension that is not stated."""
    return signal.unit == "" or kind_of_unit(signal.unit) is not None


def band_of(signals: tuple[EdfSignal, ...]) -> tuple[float, float] | None:
    """Pass band in Hz from texts like `HP:0.1Hz LP:75Hz`, when all signals state the same."""
    bands = {_band(signal.prefilter) for signal in signals}
    return bands.pop() if len(bands) == 1 else None


def _band(text: str) -> tuple[float, float] | None:
    edges = {
        kind.upper(): float(value.replace(",", ".")) / (1000 if milli else 1)
        for kind, value, milli in _BAND_EDGE.findall(text)
    }
    if set(edges) != {"HP", "LP"}:
        return None
    return (edges["HP"], edges["LP"]) if 0 <= edges["HP"] < edges["LP"] else None


def harmless_prefilter(text: str) -> bool:
    """Whether a prefilter text holds filters and nothing else."""
    rest = re.sub(r"(HP|LP|N|notch|BP|DC|none)\b|[:=;,/.\s\d-]|m?Hz", "", text, flags=re.IGNORECASE)
    return not rest
