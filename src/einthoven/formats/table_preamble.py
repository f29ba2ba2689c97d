"""Lines above a table, or comments in it, that state facts: `Sample rate: 512 Hz`, `Unit,mV`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(r'^\s*"?(?P<key>[^\W\d][^:=,;\t"]{0,60}?)"?\s*[:=,;\t]\s*(?P<value>.*?)\s*$')
_RATE_KEYS = frozenset(
    {
        "fs", "rate", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency", "samplingfreq", "sfreq",
        "samplingratehz", "sampleratehz", "samplingfrequencyhz", "samplefrequencyhz", "fshz", "samplespersecond",
        "abtastrate", "abtastfrequenz", "abtastratehz", "abtastfrequenzhz",
    }
)  # fmt: skip
_UNIT_KEYS = frozenset({"unit", "units", "amplitudeunit", "amplitudeunits", "signalunit", "einheit"})
_LEAD_KEYS = frozenset({"lead", "leads", "leadnames", "ableitung", "ableitungen"})
_SCALE_KEYS = re.compile(r"gain|resolution|scale|scaling|lsb|baseline|adczero|adcgain|offset|verst(ae|ä)rkung")
_RATE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>|k?hz|k?hertz|sps|samples?\s*(?:/|per)\s*s(?:ec|econd)?)\.?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PreambleFacts:
    """What the lines state; `scaled` when one speaks of a gain or an offset, which is not used."""

    rate: float | None = None
    unit: str | None = None
    leads: tuple[str, ...] | None = None
    scaled: bool = False

    @property
    def found(self) -> bool:
        return self.rate is not None or self.unit is not None or self.leads is not None


def is_preamble(line: str) -> bool:
    """Whether a line is `key: value` (or with `=`, comma, semicolon, tab between), the key being a word."""
    return _LINE.match(line) is not None


def stated(lines: Sequence[str]) -> PreambleFacts:
    """The facts in the lines. A key is taken only where it stands alone: a heart rate is no sampling rate."""
    rate = unit = leads = None
    scaled = False
    for line in lines:
        for part in _pairs(line):
            match = _LINE.match(part)
            if match is None:
                continue
            key, value = re.sub(r"[\W_]", "", match["key"].casefold()), match["value"].strip('"').strip()
            if key in _RATE_KEYS and (number := _RATE.fullmatch(value)):
                scale = 1000.0 if number["unit"].casefold().startswith("k") else 1.0
                rate = float(number["number"].replace(",", ".")) * scale
            elif key in _UNIT_KEYS and re.fullmatch(r"[^\s,;]{1,20}", value):
                unit = value
            elif key in _LEAD_KEYS and value:
                leads = tuple(name for name in re.split(r"\s*[,;\t]\s*", value.rstrip(",;\t ")) if name)
            elif _SCALE_KEYS.search(key):
                scaled = True
    return PreambleFacts(rate, unit, leads or None, scaled)


def _pairs(line: str) -> list[str]:
    """`fs=500, unit=mV` as two; a line with one sign of assignment is one."""
    return re.split(r"[,;]\s*", line) if line.count("=") + line.count(":") > 1 else [line]
