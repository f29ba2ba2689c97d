"""AliveCor Kardia JSON: a recording of KardiaMobile or KardiaMobile 6L as the Kardia API gives it.

Source: the public documentation of the API. `data.raw` holds the signal as recorded, `data.enhanced` as filtered by
AliveCor: counts per lead, with `frequency` in Hz and `amplitudeResolution` in nanovolts per count.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from einthoven.errors import FormatError
from einthoven.formats import json_text
from einthoven.formats.dates import iso_time
from einthoven.formats.entry import FormatEntry
from einthoven.formats.json_text import Json
from einthoven.formats.lead_rows import LeadRow, record_of
from einthoven.formats.passport import Origin, pseudonym, reader_name, sha256
from einthoven.formats.source import FileSource
from einthoven.record import Annotation, EcgRecord, ReadHints, Subject

_NAMES = {"leadI": "I", "leadII": "II", "leadIII": "III"}
_SIGNALS = {"raw": (), "enhanced": (Annotation(text="filtered by AliveCor (enhanced)"),)}
_MARKS = ('"amplitudeResolution"', '"samples"')


def claims(source: FileSource) -> bool:
    head = json_text.object_head(source)
    if not head or '"resourceType"' in head:
        return False
    if all(mark in head for mark in _MARKS):
        return True
    if '"recordedAt"' not in head and '"patientID"' not in head and '"data' not in head:
        return False
    head = json_text.object_head(source, long=True)
    return all(mark in head for mark in _MARKS) or '"data12L"' in head


def read(source: FileSource, hints: ReadHints) -> Iterator[EcgRecord]:
    data = source.read()
    document = json_text.load(data)
    if "data12L" in document:
        raise FormatError(
            "It is a Kardia 12L recording, which does not state its amplitudes.", advice="Export it in another format."
        )
    held = json_text.child(document, "data")
    signals = [(name, block) for name in _SIGNALS if (block := json_text.child(held, name))]
    if not signals:
        raise FormatError("It is a Kardia file without samples.")
    model = json_text.text(json_text.child(document, "deviceInfo"), "hardwareType")
    verdict = json_text.text(document, "algorithmDetermination")
    notes = (Annotation(text=verdict, code=verdict, system="AliveCor"),) if verdict else ()
    digest = sha256(data)
    for index, (name, block) in enumerate(signals):
        rows, rate = _rows(block)
        origin = Origin(
            name=source.name,
            format=ENTRY.name,
            sha256=digest,
            reader=reader_name("einthoven"),
            index=index,
            device=f"AliveCor {model}".strip(),
            recorded=iso_time(json_text.text(document, "recordedAt")),
        )
        subject = Subject(id=pseudonym(json_text.text(document, "patientID")))
        yield record_of(rows, rate, hints, origin, subject=subject, annotations=(*_SIGNALS[name], *notes))


def _rows(block: dict[str, Json]) -> tuple[list[LeadRow], float | None]:
    leads = json_text.child(block, "samples")
    stated = json_text.number(block, "numLeads")
    if stated is not None and stated != len(leads):
        raise FormatError(f"It states {stated:g} leads and holds {len(leads)}.")
    step = json_text.number(block, "amplitudeResolution")
    rows = [
        LeadRow(_NAMES.get(name, name), _samples(values, name), unit=None if step is None else "nV", step=step)
        for name, values in leads.items()
    ]
    return rows, json_text.number(block, "frequency")


def _samples(values: Json, name: str) -> npt.NDArray[np.float64]:
    """Counts; null is a missing sample."""
    if not isinstance(values, list) or not all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values
    ):
        raise FormatError(f"The samples of {name[:20]} are no list of numbers.")
    try:
        return np.array([np.nan if value is None else float(value) for value in values])
    except OverflowError:
        raise FormatError(f"The samples of {name[:20]} hold a number that no ECG has.") from None


_KEPT = ("duration", "heartRate", "recordedAt", "algorithmDetermination", "data", "qtMeasurement")


def blank(source: FileSource) -> Mapping[str, bytes] | None:
    try:
        document = json_text.load(source.read())
    except FormatError:
        return None
    kept = {key: document[key] for key in _KEPT if key in document}
    # Of `data` only what is known, so that no text rides along.
    blocks = {
        name: {key: value for key, value in block.items() if key == "samples" or isinstance(value, int | float)}
        for name in _SIGNALS
        if (block := json_text.child(json_text.child(document, "data"), name))
    }
    kept["data"] = blocks
    model = json_text.text(json_text.child(document, "deviceInfo"), "hardwareType")
    kept["deviceInfo"] = {"hardwareType": model}
    return {PurePosixPath(source.name).name: json_text.dump(kept)}


ENTRY = FormatEntry(
    name="kardia",
    title="AliveCor Kardia JSON",
    extensions=(".json",),
    requires=(),
    states="States rate, unit, scale and lead names.",
    claims=claims,
    read=read,
    blank=blank,
    reads=("The signal as recorded and, as a record of its own, the one filtered by AliveCor.",),
    limits=("Kardia 12L recordings are refused, since they do not state their amplitudes.",),
)
