"""`einthoven show`."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from einthoven.cli import output
from einthoven.errors import EinthovenError, NotFound
from einthoven.examine import open_all
from einthoven.formats import PathSource
from einthoven.record import AVERAGE_BEAT, MEDIAN_BEAT, EcgRecord, ReadHints
from einthoven.signal.pacing import TEXT
from einthoven.signal.quality import Quality, assess


def run(path: Path, *, hints: ReadHints, as_json: bool) -> None:
    """Print the passport of each ECG in a file."""
    if not path.is_file():
        raise NotFound(f"There is no file {str(path)!r}.")
    records = _records(path, hints)
    if as_json:
        output.show_json([_as_json(record) for record in records])
        return
    for record in records:
        _say(record)


def _records(path: Path, hints: ReadHints) -> list[EcgRecord]:
    """The ECGs; of an archive those that can be read, and what cannot is said."""
    records: list[EcgRecord] = []
    try:
        records.extend(open_all(PathSource(path, path.parent), hints))
    except EinthovenError as error:
        if not records:
            raise
        output.complain(error.message, error.advice)
    return records


def _as_json(record: EcgRecord) -> dict[str, object]:
    return {
        "leads": list(record.leads),
        "rate": record.rate,
        "n_samples": record.n_samples,
        "duration": record.duration,
        "amplitude": record.amplitude,
        "range": {lead: list(_range(record, lead)) for lead in record.leads},
        "missing_samples": int(np.isnan(record.signal).sum()),
        # Not the id: made without a library's key, it is found by trying out patient numbers.
        "subject": {"age": record.subject.age, "sex": record.subject.sex},
        "source": asdict(record.source),
        "annotations": [asdict(annotation) for annotation in record.annotations],
        "steps": list(record.steps),
        "quality": asdict(assess(record)),
    }


def _range(record: EcgRecord, lead: str) -> tuple[float | None, float | None]:
    there = record.lead(lead)[~np.isnan(record.lead(lead))]
    return (float(there.min()), float(there.max())) if there.size else (None, None)


def _say(record: EcgRecord) -> None:
    source, subject = record.source, record.subject
    unit = "mV" if record.amplitude == "mV" else "relative (no known relation to millivolts)"
    quality = assess(record)
    number = f" #{source.index + 1}" if source.index else ""
    number += ", a median beat, no recording" if record.is_median_beat else ""
    output.say(f"{source.name}{number}", style="bold")
    rows = [
        ("format", f"{source.format}, read by {source.reader}"),
        ("leads", f"{record.n_leads}: {' '.join(record.leads)}"),
        ("rate", f"{record.rate:g} Hz"),
        ("length", f"{record.duration:.3f} s, {record.n_samples} samples"),
        ("amplitude", unit),
        (
            "subject",
            f"{subject.sex or 'sex unknown'}, {'age unknown' if subject.age is None else f'{subject.age:g} years'}",
        ),
        (
            "stated",
            f"unit {source.unit or 'none'}, rate {source.rate or 'none'}, "
            f"leads {' '.join(source.leads or ()) or 'none'}",
        ),
        ("assumed", "; ".join(source.assumed) or "nothing"),
        ("derived", " ".join(source.derived) or "nothing"),
        ("changed", "; ".join(source.changed) or "nothing"),
        ("doubts", "; ".join(source.doubts) or "none"),
        ("device", source.device or ""),
        ("pacing", _pacing(record)),
        ("quality", f"{quality.grade}: {quality.reason}".removesuffix(": ")),
        ("statements", "; ".join(dict.fromkeys(_statements(record)))[:600]),
    ]
    output.show_table(("", ""), [row for row in rows if row[1]])
    output.show_table(("lead", "lowest", "highest", "missing", "quality"), list(_lead_rows(record, quality)))


def _statements(record: EcgRecord) -> Iterator[str]:
    """What the file says of the whole record: the text, or the code where there is no other."""
    beat = (MEDIAN_BEAT.text, AVERAGE_BEAT.text)
    return (note.text or note.code or "" for note in record.annotations if note.onset is None and note.text not in beat)


def _lead_rows(record: EcgRecord, quality: Quality) -> Iterator[tuple[str, str, str, object, str]]:
    for lead in quality.leads:
        low, high = _range(record, lead.lead)
        missing = int(np.isnan(record.lead(lead.lead)).sum())
        yield lead.lead, _number(low), _number(high), missing or "", ", ".join(lead.findings)


def _pacing(record: EcgRecord) -> str:
    spikes = sum(annotation.text == TEXT for annotation in record.annotations)
    return f"{spikes} spikes" if spikes else ""


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.4g}"
