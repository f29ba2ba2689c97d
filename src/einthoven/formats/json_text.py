"""JSON as ECG services write it: its head for `claims`, and loading with limits."""

import json
from typing import Any

from einthoven.errors import FormatError
from einthoven.formats.source import HEAD_BYTES, FileSource

MAX_JSON_BYTES = 256 * 1024**2
MAX_DEPTH = 60
_LONGEST_HEAD = 1024**2
_FEWEST_CONTAINERS_ALLOWED = 10_000
_BYTES_PER_CONTAINER = 16  # an empty list takes 56 bytes in memory

Json = Any
"""What JSON can hold: None, bool, int, float, str, list, dict."""


def object_head(source: FileSource, *, long: bool = False) -> str:
    """The begin of a text that starts as a JSON object; empty for anything else."""
    data = source.head(_LONGEST_HEAD if long else HEAD_BYTES)
    text = data.decode(json.detect_encoding(data[:64]) if data else "utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    return text if text.startswith("{") else ""


def load(data: bytes) -> dict[str, Json]:
    """The object in the file. FormatError when the JSON is damaged, or larger or deeper than any ECG."""
    if len(data) > MAX_JSON_BYTES:
        raise FormatError(
            f"It is a JSON file of {len(data) / 1024**2:.0f} MiB; up to {MAX_JSON_BYTES // 1024**2} are read."
        )
    if data.count(b"[") + data.count(b"{") > max(_FEWEST_CONTAINERS_ALLOWED, len(data) // _BYTES_PER_CONTAINER):
        raise FormatError("It has more JSON lists and objects than any ECG file of its size.")
    try:
        value = json.loads(data)
    except RecursionError:
        raise FormatError(f"Its JSON is nested more than {MAX_DEPTH} deep.") from None
    except json.JSONDecodeError as error:
        raise FormatError(
            f"Its JSON is damaged or cut off: {error.msg} in line {error.lineno}.",
            advice="Copy the file again from where it came from.",
        ) from None
    except ValueError:
        raise FormatError("Its JSON is damaged: its text or one of its numbers cannot be read.") from None
    if not isinstance(value, dict):
        raise FormatError("Its JSON is no object.")
    _check_depth(value)
    return value


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise FormatError(f"Its JSON is nested more than {MAX_DEPTH} deep.")


def dump(value: dict[str, Json]) -> bytes:
    """UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")


def children(value: Json, key: str) -> list[dict[str, Json]]:
    """The objects under a key, whether one stands there or a list of them."""
    found = value.get(key) if isinstance(value, dict) else None
    items = found if isinstance(found, list) else [found]
    return [item for item in items if isinstance(item, dict)]


def child(value: Json, key: str) -> dict[str, Json]:
    """The first object under a key; an empty one when there is none."""
    return next(iter(children(value, key)), {})


def text(value: Json, key: str) -> str:
    """The text under a key, stripped; empty when there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found.strip() if isinstance(found, str) else ""


def number(value: Json, key: str) -> float | None:
    """The finite number under a key, as number or as text; None when there is none. FormatError for others."""
    found = value.get(key) if isinstance(value, dict) else None
    if found is None or found == "":
        return None
    try:
        result = float(found) if not isinstance(found, bool) else float("nan")
    except (TypeError, ValueError, OverflowError):
        result = float("nan")
    if not abs(result) < float("inf"):
        raise FormatError(f"It has {str(found)[:20]!r} where {key} should be a number.")
    return result
