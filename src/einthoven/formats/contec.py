"""Contec ECG90A (.ECG), after the description that N. Rigacci worked out and published.

Source: www.rigacci.org/wiki, page "Contec ECG90A Electrocardiograph - ECG File Format" (2020). A header of 43 bytes
(case, start, name, sex, age, weight), 16-bit samples of eight series in turn, 37 bytes of which nothing is known.
Neither rate, scale nor leads stand in the file: the description has them from measuring, for one model, and files of
others (ECG300G) have another layout. So they are asked for, with what it says as an example.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath

import numpy as np

from einthoven.errors import FormatError, HintsNeeded
from einthoven.formats.entry import FormatEntry
from einthoven.formats.facts import Facts, settle
from einthoven.formats.long_signals import scale_rows
from einthoven.formats.passport import Origin, make_record, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.record import OLDEST_YEARS, EcgRecord, ReadHints, Sex, Subject

_HEADER, _FOOTER, _SERIES = 43, 37, 8
_START = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\0")
_START_AT, _START_END = 10, 30
_CASE, _NAME = slice(0, 8), slice(32, 40)
_SEX_AT, _AGE_AT = 40, 41
_NO_SAMPLE = 0x6800
_SEXES: dict[int, Sex] = {0: "F", 1: "M"}
_ECG90A = "rate=800,unit=counts,gain=200,baseline=2048,leads=II III V1 V2 V3 V4 V5 V6"


def claims(source: FileSource) -> bool:
    head = source.head(_HEADER)
    return (
        len(head) == _HEADER
        and _START.match(head, _START_AT) is not None
        and head[8:10] == head[30:32] == b"\0\0"
        and (head[_SEX_AT] in _SEXES or head[_SEX_AT] == 255)
    )


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    n_samples, rest = divmod(len(data) - _HEADER - _FOOTER, 2 * _SERIES)
    if n_samples < 1 or rest:
        raise FormatError(
            f"It looks like a file of a Contec ECG90A, but its {len(data)} bytes are no whole number of samples "
            f"of {_SERIES} series: it is cut off, or of another model, whose layout is not published.",
            advice="Export the ECG as SCP-ECG, DICOM or HL7 aECG from the Contec software.",
        )
    stored = np.frombuffer(data, "<u2", n_samples * _SERIES, _HEADER).reshape(n_samples, _SERIES)
    facts = Facts()
    missing = [name for name in ("rate", "unit", "leads") if getattr(hints, name) is None]
    if missing:
        raise HintsNeeded(
            f"{source.name} does not state its {', '.join(missing)}.",
            missing=missing,
            advice=f'For the model ECG90A a published description says --assume "{_ECG90A}"; say so if it is of that '
            "model, and check the ECG on paper.",
        )
    settled = settle(source.name, facts, hints, n_leads=_SERIES)
    signal = scale_rows(settled, stored.T, n_samples)
    signal[stored.T == _NO_SAMPLE] = np.nan
    age = float(data[_AGE_AT])
    origin = Origin(
        name=source.name,
        format=ENTRY.name,
        sha256=sha256(data),
        reader=reader_name("einthoven"),
        recorded=_recorded(data),
        doubts=("the layout is not that of a standard: it was worked out from files of one model",),
    )
    subject = Subject(age=age if 0 < age <= OLDEST_YEARS else None, sex=_SEXES.get(data[_SEX_AT]))
    yield make_record(signal, facts, settled, origin, subject=subject)


def _recorded(data: bytes) -> str | None:
    text = data[_START_AT : _START_AT + 19].decode("ascii", errors="replace")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").isoformat()
    except ValueError:
        return None


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    data = bytearray(source.read())
    if len(data) < _HEADER + _FOOTER:
        return None
    for part in (_CASE, _NAME, slice(_START_AT + 20, _START_END), slice(len(data) - _FOOTER, len(data))):
        data[part] = bytes(len(data[part]))
    return {PurePosixPath(source.name).name: bytes(data)}


ENTRY = FormatEntry(
    name="contec",
    title="Contec ECG90A",
    extensions=(".ecg",),
    requires=(),
    states="States neither rate, scale nor leads: the hints rate, unit (with gain and baseline) and leads are needed.",
    claims=claims,
    read=read,
    blank=blank,
    reads=("Eight series of 16-bit samples; the value for an electrode that is off becomes a missing sample.",),
    limits=(
        "Only the layout of the model ECG90A is published; files of other Contec models are refused.",
        "No real file could be tried: its reader was held against files written from the published description.",
    ),
)
