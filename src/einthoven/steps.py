"""What was done to the signal of an ECG that this program wrote: the words that go with it into files and come back.

A time-aligned ECG has the rate and the intervals of a template, and a median beat is no recording: read without these
words, each would be measured as a patient's ECG. Only words that this program writes are taken from a file, so that
nothing in them can name a person.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from einthoven.record import AVERAGE_BEAT, MEDIAN_BEAT, Annotation, EcgRecord

TIME_ALIGNED = "time-aligned by Rlign"
"""How the step begins that `beats/alignment.py` writes; a file in which the rest is damaged is still known by it."""
UNKNOWN = "a step in other words"
"""What stands for words of a file that are not known, where the file is kept without them."""

_MOST, _LONGEST = 20, 200
_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_KIND = r"(?:normal|ectopic|paced)"
_ALIGNED = re.compile(
    rf"{TIME_ALIGNED} to \d{{1,3}} beats a minute \((?:hrc|linear)\), "
    r"(?:\d{1,9} of \d{1,9} intervals used|median of \d{1,9} beats); not for measuring"
)
_MEDIAN = re.compile(rf"median of \d{{1,9}} {_KIND}(?: and {_KIND}){{0,2}} beats, R at {_NUMBER} s")
_OTHERS = re.compile(rf"resampled from {_NUMBER} to {_NUMBER} Hz \(FFT\)|cut to {_NUMBER} s, whole seconds")
_OF_BEATS = re.compile(r"\bmedian of \d")
_DOUBT = "the file says in words that are not known that something was done to the signal"
_ALIGNED_DOUBT = f"{TIME_ALIGNED}: its rate and intervals are those of a template, and of no patient"
_BEATS = {note.text: note for note in (MEDIAN_BEAT, AVERAGE_BEAT)}


@dataclass(frozen=True, slots=True)
class Restored:
    """What a file says was done: `steps` of the record, the annotation that marks a beat, and doubts."""

    steps: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    doubts: tuple[str, ...] = ()


def stated_steps(record: EcgRecord) -> tuple[str, ...]:
    """The lines that go with a record into a file: its steps as far as they are known, and that it is one beat."""
    known = (_known(step) for step in record.steps)
    beats = (note.text for note in record.annotations if note.onset is None and note.text in _BEATS)
    return tuple(dict.fromkeys((*filter(None, known), *beats)))


def other_steps(record: EcgRecord) -> tuple[str, ...]:
    """The steps of a record that no file holds."""
    return tuple(step for step in record.steps if _known(step) != step)


def is_time_aligned(record: EcgRecord) -> bool:
    """Whether rate and intervals of this record are those of a template, and none of a patient."""
    return any(step.startswith(TIME_ALIGNED) for step in record.steps)


def restored(lines: Iterable[str]) -> Restored:
    """The steps that stand in a file, one in each line; other words are left out, with a doubt."""
    steps: dict[str, None] = {}
    beats: dict[Annotation, None] = {}
    for text in map(_plain, lines):
        if text in _BEATS:
            beats[_BEATS[text]] = None
            continue
        known = _known(text)
        if known is not None and len(steps) < _MOST:
            steps[known] = None
        elif text.startswith(TIME_ALIGNED):
            steps[TIME_ALIGNED] = None
        elif any(character.isalpha() for character in text):
            steps[UNKNOWN] = None
        if known is not None and _OF_BEATS.search(known):
            beats[MEDIAN_BEAT] = None
    known_ones = tuple(step for step in steps if step != UNKNOWN)
    aligned = (_ALIGNED_DOUBT,) if any(step.startswith(TIME_ALIGNED) for step in known_ones) else ()
    return Restored(known_ones, tuple(beats), (*aligned, *((_DOUBT,) if UNKNOWN in steps else ())))


def kept_steps(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines as they may stand in a file that is kept: those that say the same without any other word."""
    found = restored(lines)
    return (*found.steps, *(note.text for note in found.annotations), *((UNKNOWN,) if _DOUBT in found.doubts else ()))


def _known(step: str) -> str | None:
    """The step where its words are known, and of a damaged one that it is a time alignment; None for any other."""
    if len(step) <= _LONGEST and any(words.fullmatch(step) for words in (_ALIGNED, _MEDIAN, _OTHERS)):
        return step
    return TIME_ALIGNED if step.startswith(TIME_ALIGNED) else None


def _plain(line: str) -> str:
    """A line as it was written, where a spreadsheet has cut it into cells."""
    text = re.sub(r"[\s\"]*[,\t][\s\"]*", ", ", line[: 4 * _LONGEST])
    return re.sub(r"[\s,;\"]+$", "", re.sub(r"[\s\"]*;[\s\"]*", "; ", text)).strip(' "')
