"""Sokolow-Lyon and Cornell voltage: sums of amplitudes, without a diagnosis."""

from collections.abc import Iterator

from einthoven.beats.measurement import Measurement
from einthoven.beats.measures.amplitudes import low_rate, r_amplitude, s_amplitude, voltage_refusal
from einthoven.beats.measures.given import Given
from einthoven.beats.measures.quantity import Quantity

SOKOLOW_LYON = Quantity(
    "sokolow_lyon",
    "Sokolow-Lyon voltage",
    "mV",
    "Depth of S in V1 plus the higher R of V5 and V6 (Sokolow and Lyon, Am Heart J 1949;37:161), amplitudes from the "
    "median beat. The spread is the root of the sum of the squares of both.",
)
CORNELL = Quantity(
    "cornell",
    "Cornell voltage",
    "mV",
    "R in aVL plus the depth of S in V3 (Casale et al., J Am Coll Cardiol 1985;6:572; its limits differ between women "
    "and men), amplitudes from the median beat. The spread is the root of the sum of the squares of both.",
)
QUANTITIES = (SOKOLOW_LYON, CORNELL)
_SEX = {"F": "The record is of a woman.", "M": "The record is of a man.", None: "The sex is not known."}


def measure(ecg: Given) -> Iterator[Measurement]:
    yield _sum(ecg, SOKOLOW_LYON, s_lead="V1", r_leads=("V5", "V6"), note="")
    yield _sum(ecg, CORNELL, s_lead="V3", r_leads=("aVL",), note=_SEX[ecg.record.subject.sex])


def _sum(ecg: Given, quantity: Quantity, *, s_lead: str, r_leads: tuple[str, ...], note: str) -> Measurement:
    leads = (s_lead, *r_leads)
    doubts = (doubt for lead in leads if (doubt := ecg.doubt(lead)))
    refusal = voltage_refusal(ecg) or ecg.unusable(*leads) or next(doubts, None)
    if refusal:
        return quantity.refused(refusal)
    s, r_waves = s_amplitude(ecg, s_lead), [r_amplitude(ecg, lead) for lead in r_leads]
    r = max(r_waves, key=lambda wave: wave.value or 0.0)
    for wave in (s, *r_waves):
        if wave.state == "not measurable":
            return quantity.refused(f"lead {wave.lead}: {wave.reason}")
    if s.value is None and r.value is None:
        return quantity.absent(f"neither S in {s_lead} nor R in {' or '.join(r_leads)} is there")
    parts = [f"{name} in {wave.lead} {_shown(wave)}" for name, wave in (("S", s), ("R", r))]
    beats = sorted({*s.beats, *r.beats})
    spreads = [wave.spread for wave in (s, r) if wave.spread is not None]
    spread = sum(value**2 for value in spreads) ** 0.5 if spreads else None
    words = " ".join(word for word in (f"{', '.join(parts)}.", low_rate(ecg), note, ecg.count) if word)
    return quantity.measured(abs(s.value or 0.0) + (r.value or 0.0), beats=beats, spread=spread, note=words)


def _shown(wave: Measurement) -> str:
    return "absent, counted as 0" if wave.value is None else f"{wave.value:.2f} mV"
