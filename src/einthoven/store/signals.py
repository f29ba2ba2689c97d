"""Decoded signals on disk: one safetensors file per record, at its native rate, with all that is known of it.

The header carries the whole record as JSON, so that a library can be rebuilt from these files alone.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from einthoven.errors import FormatError, NotFound, RecordError
from einthoven.files import write_whole
from einthoven.record import Annotation, EcgRecord, SourceInfo, Subject

FORMAT = "einthoven-record"
VERSION = 1


class SignalFiles:
    """The folder `signals/`: `ab/<record id>.safetensors`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, record_id: str) -> Path:
        return self.folder / record_id[:2] / f"{record_id}.safetensors"

    def save(self, record_id: str, record: EcgRecord) -> None:
        """Write the record; a file that is there already is left alone, since ids are hashes of the content."""
        if not self.path(record_id).exists():
            write_whole(self.path(record_id), to_bytes(record))

    def place(self, record_id: str, waiting: Path) -> None:
        """Put a file that `write_waiting` made where the record's signal belongs."""
        place(waiting, self.path(record_id))

    def load(self, record_id: str) -> EcgRecord:
        from safetensors import SafetensorError, safe_open

        path = self.path(record_id)
        if not path.exists():
            raise NotFound(
                f"The signal of record {record_id} is not in {self.folder}.", advice="Import its file again."
            )
        try:
            with safe_open(path, framework="numpy") as file:
                header = file.metadata() or {}
                signal = file.get_tensor("signal")
        except SafetensorError as error:
            raise FormatError(f"The signal file {path} is damaged: {error}.", advice="Import the ECG again.") from error
        if header.get("format") != FORMAT or header.get("version") != str(VERSION):
            raise FormatError(f"{path} is no signal file this release reads.", advice="Update Einthoven.")
        try:
            return _from_json(json.loads(header["record"]), signal)
        except (KeyError, TypeError, ValueError, AttributeError, RecordError) as error:
            raise FormatError(
                f"The header of the signal file {path} is damaged: {error!r}.", advice="Import the ECG again."
            ) from error

    def delete(self, record_id: str) -> None:
        self.path(record_id).unlink(missing_ok=True)


def to_bytes(record: EcgRecord) -> bytes:
    """The content of the signal file of a record."""
    from safetensors.numpy import save

    header = {"format": FORMAT, "version": str(VERSION), "record": json.dumps(_to_json(record), allow_nan=False)}
    return save({"signal": record.signal}, metadata=header)


def write_waiting(path: Path, record: EcgRecord) -> None:
    """Write the signal file of a record where it waits; nobody looks at it before it is `place`d."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, to_bytes(record))


def write_private(path: Path, data: bytes | memoryview) -> None:
    """Write a new file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        file.write(data)


def place(waiting: Path, path: Path) -> None:
    """Move a file into its place, whole or not at all."""
    try:
        waiting.replace(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.replace(path)


def _to_json(record: EcgRecord) -> dict[str, Any]:
    return {
        "leads": record.leads,
        "rate": record.rate,
        "amplitude": record.amplitude,
        "source": _fields(record.source),
        "subject": _fields(record.subject),
        "annotations": [_fields(annotation) for annotation in record.annotations],
        "steps": record.steps,
    }


def _fields(value: Any) -> dict[str, Any]:
    """A dataclass of plain values by field; `asdict` would copy each value, a thousand times a second."""
    return {name: getattr(value, name) for name in value.__slots__}


def _from_json(data: Mapping[str, Any], signal: Any) -> EcgRecord:
    def frozen(value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    return EcgRecord(
        signal=signal,
        leads=tuple(data["leads"]),
        rate=data["rate"],
        amplitude=data["amplitude"],
        source=SourceInfo(**{name: frozen(value) for name, value in data["source"].items()}),
        subject=Subject(**data["subject"]),
        annotations=tuple(Annotation(**annotation) for annotation in data["annotations"]),
        steps=tuple(data["steps"]),
    )
