"""Requests and outcomes as JSON and back: how they reach another process, and the disk."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from einthoven.errors import SettingError
from einthoven.files import write_whole

T = TypeVar("T")
FORMAT = "einthoven-result"
VERSION = 1


def to_plain(value: Any) -> Any:
    """A dataclass as dicts, lists, numbers and strings."""
    return None if value is None else TypeAdapter(type(value)).dump_python(value, mode="json")


def from_plain(kind: type[T], data: Any) -> T:
    """The dataclass again; SettingError names the fields that do not fit."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise SettingError(f"{kind.__name__} is not well formed: {where}.") from error


def save_result(path: Path, value: Any) -> None:
    """Write an outcome with its kind and version."""
    data = {"format": FORMAT, "version": VERSION, "kind": type(value).__name__, "value": to_plain(value)}
    write_whole(path, json.dumps(data, ensure_ascii=False, allow_nan=False).encode())


def load_result(path: Path, kind: type[T]) -> T | None:
    """Read an outcome back; None when the file is not there (yet)."""
    if not path.is_file():
        return None
    data = json.loads(path.read_text("utf-8"))
    if data.get("format") != FORMAT or data.get("version") != VERSION or data.get("kind") != kind.__name__:
        raise SettingError(f"{path} holds no {kind.__name__} this release reads.", advice="Update Einthoven.")
    return from_plain(kind, data["value"])
