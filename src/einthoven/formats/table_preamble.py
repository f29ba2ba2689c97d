"""Lines above a table, or comments in it, that state facts: `Sample rate: 512 Hz`, `Unit,mV`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(r'"?(?P<key>[^\W\d][^:=,;\t"]{0,60})"?\s*+[:=,;\t](?P<value>.*)')
_LONGEST_LINE = 2000
_STEP = re.compile(r"\W*steps\s*:", re.IGNORECASE)
_RATE_KEYS = frozenset(
    {
        "fs", "rate", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency", "samplingfreq", "sfreq",
        "samplingratehz", "sampleratehz", "samplingfrequencyhz", "samplefrequencyhz", "fshz", "samplespersecond",
        "abtastrate", "abtastfrequenz", "abtastratehz", "abtastfrequenzhz",
    }
)  # fmt: skip
_UNIT_KEYS = frozenset({"unit", "units", "amplitudeunit", "amplitudeunits", "signalunit", "einheit"})
_LEAD_KEYS = frozenset({"lead", "leads", "leadnames", "ableitung", "ableitungen"})
_SCALE_KEYS = re.compile(
    r"gain|resolution|scale|scaling|lsb|baseline|adczero|adcgain|offset|verst(ae|ä)rkung|aufl(oe|ö)sung"
)
# A gain of the display, the width of a converter, a corner of a filter or a time: none of them scales the numbers.
_NO_SCALE = re.compile(r"[mc]m|div|\d\s*-?bits?$|hz|\d\s*(s|ms|sec|%)$", re.IGNORECASE)
_RATE = re.compile(
    r"(?P<number>\d++(?:[.,]\d++)?)\s*(?P<unit>|k?hz|k?hertz|sps|samples?\s*(?:/|per)\s*s(?:ec|econd)?)\.?",
    re.IGNORECASE,
)
_PER_COUNT = re.compile(
    r"v\s?(?:/|per)\s?(?:bit|lsb|count|adu|digit)|(?:counts?|adu|lsb|bits?)\s?(?:/|per)\s?[mu\u00b5\u03bc]?v",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_LOWEST_HZ = 50.0
"""Below this no ECG is sampled, so that a sign in such a number may separate thousands."""


@dataclass(frozen=True, slots=True)
class PreambleFacts:
    """What the lines state; `scaled` when one speaks of a gain or an offset, which is not used.

    `unclear` is a number stated as the rate that may have a sign for thousands; `steps` say what was done to the
    signal.
    """

    rate: float | None = None
    unit: str | None = None
    leads: tuple[str, ...] | None = None
    scaled: bool = False
    unclear: str | None = None
    steps: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return any(fact is not None for fact in (self.rate, self.unclear, self.unit, self.leads))


def is_preamble(line: str) -> bool:
    """Whether a line is `key: value` (or with `=`, comma, semicolon, tab between), the key being a word."""
    return _pair(line) is not None


def _pair(line: str) -> tuple[str, str] | None:
    """Key and value of a line; None where it is no such line. Longer ones are samples, or damage."""
    match = _LINE.fullmatch(line.strip()) if len(line) <= _LONGEST_LINE else None
    return None if match is None else (match["key"].strip(), match["value"].strip().strip('"').strip())


def stated(lines: Sequence[str]) -> PreambleFacts:
    """The facts in the lines. A key is taken only where it stands alone: a heart rate is no sampling rate."""
    rate = unit = leads = unclear = None
    steps: list[str] = []
    scaled = False
    for line in lines:
        if (step := _STEP.match(line)) is not None:
            steps.append(line[step.end() :])
        scaled = scaled or _PER_COUNT.search(line[:_LONGEST_LINE]) is not None
        for part in _pairs(line):
            pair = _pair(part)
            if pair is None:
                continue
            key, value = re.sub(r"[\W_]", "", pair[0].casefold()), pair[1]
            if key in _RATE_KEYS and (number := _RATE.fullmatch(value)):
                scale = 1000.0 if number["unit"].casefold().startswith("k") else 1.0
                stated_rate = float(number["number"].replace(",", ".")) * scale
                if stated_rate < _LOWEST_HZ and _THOUSANDS.fullmatch(number["number"]):
                    unclear = number["number"]
                else:
                    rate = stated_rate
            elif key in _UNIT_KEYS and re.fullmatch(r"[^\s,;]{1,20}", value):
                unit = value
            elif key in _LEAD_KEYS and value:
                leads = tuple(name for name in re.split(r"[,;\t]", value.rstrip(",;\t ")) if name.strip())
                leads = tuple(name.strip() for name in leads)
            elif (word := _SCALE_KEYS.search(key)) and _scales(word[0], value):
                scaled = True
    return PreambleFacts(rate, unit, leads or None, scaled, unclear, tuple(steps))


def _scales(word: str, value: str) -> bool:
    """Whether a gain, resolution or offset changes the numbers that it is multiplied with or added to."""
    if not any(character.isdigit() for character in value) or _NO_SCALE.search(value):
        return False
    neutral = "0" if word in ("baseline", "adczero", "offset") else "1"
    return not re.fullmatch(rf"\+?{neutral}(?:[.,]0+)?", value)


def _pairs(line: str) -> list[str]:
    """`fs=500, unit=mV` as two; a line with one sign of assignment is one."""
    return re.split(r"[,;]", line) if line.count("=") + line.count(":") > 1 else [line]
