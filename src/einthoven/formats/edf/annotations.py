"""Time-stamped annotation lists of EDF+ and BDF+: when each data record began, and what happened when.

A list is `+onset`, optionally 0x15 and a duration, then texts between bytes 0x14, then a zero byte. The first list of
each data record has an empty text and says when the record began.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats.edf.content import EdfFile
from einthoven.formats.statements import is_statement
from einthoven.record import Annotation

TEXT_END, DURATION, LIST_END = b"\x14", b"\x15", b"\0"
_ONSET = re.compile(rb"[+-]\d{1,12}(\.\d{0,12})?")
MAX_ANNOTATIONS = 100_000

# Texts that programs write about an ECG. Any other text may have been typed and may name somebody.
_LISTED = (
    "n v a f l r e j s q | / ! x ~ + normal sinus pvc pac svpb vpb vt svt af afib afl vf vfib asystole pause qrs "
    "noise artifact artefact event marker beat rhythm lead leads off on failure start end begin stop recording starts "
    "ends ecg atrial ventricular supraventricular fibrillation flutter tachycardia bradycardia ectopic premature paced "
    "pacing pacemaker spike sleep stage w n1 n2 n3 rem lights arousal unknown unclassified patient button pressed "
    "p t wave onset offset peak run couplet triplet bigeminy trigeminy st elevation depression episode av block bundle "
    "branch left right calibration i ii iii avr avl avf v1 v2 v3 v4 v5 v6"
)
_WORDS = frozenset(_LISTED.split())


@dataclass(frozen=True, slots=True)
class Timeline:
    """When each data record began, s, or None when the file does not say; annotations; how many texts were left out."""

    onsets: npt.NDArray[np.float64] | None
    annotations: tuple[Annotation, ...]
    left_out: int


def is_known(text: str) -> bool:
    """Whether a text consists of words that programs write about an ECG.

    >>> is_known("Sleep stage N1"), is_known("PVC"), is_known("seen by Dr Smith")
    (True, True, False)
    """
    words = text.casefold().replace("-", " ").replace(",", " ").split()
    return is_statement(text) or (bool(words) and all(word in _WORDS for word in words))


def lists_of(block: bytes) -> Iterator[tuple[bytes, bytes, list[bytes]]]:
    """Onset, duration and texts of each list in the bytes of an annotation signal; what is no list is passed over."""
    for part in block.split(LIST_END):
        stamp, *texts = part.split(TEXT_END)
        onset, _, duration = stamp.partition(DURATION)
        if texts and _ONSET.fullmatch(onset):
            yield onset, duration, texts[:-1]


def read_timeline(file: EdfFile) -> Timeline:
    """All annotation signals of the file.

    Raises
    ------
    FormatError
        When a discontinuous file does not say when each of its data records began.
    """
    signals = [signal for signal in file.signals if signal.is_annotation]
    onsets = np.full(file.n_records, np.nan)
    found: list[tuple[float, str]] = []
    left_out = 0
    for number in range(file.n_records if signals else 0):
        for k, signal in enumerate(signals):
            for j, (onset, _, texts) in enumerate(lists_of(file.record_bytes(number, signal))):
                moment = float(onset)
                if k == j == 0 and texts[:1] == [b""]:
                    onsets[number] = moment
                for raw in filter(None, texts):
                    text = raw.decode("utf-8", errors="replace").strip()
                    if is_known(text) and len(found) < MAX_ANNOTATIONS:
                        found.append((moment, text))
                    else:
                        left_out += 1
    stated = bool(np.isfinite(onsets).all()) and bool(signals)
    if file.variant.endswith("+D") and not stated:
        raise FormatError("It is discontinuous and does not say when each of its data records began.")
    start = float(onsets[0]) if stated else 0.0
    annotations = tuple(Annotation(text=text, onset=round(moment - start, 6)) for moment, text in found)
    return Timeline(onsets if stated else None, annotations, left_out)
