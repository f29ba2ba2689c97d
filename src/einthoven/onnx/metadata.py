"""Statistics in an exported file, changed without exporting again. Free of torch."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPEC_KEY = "einthoven"
EXTRA_KEY = "einthoven_extra"


def set_extra(path: Path, extra: Mapping[str, Any]) -> None:
    """Replace the statistics that travel in the ONNX file at `path`; graph and description stay as they are."""
    import onnx

    model = onnx.load_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**metadata, EXTRA_KEY: as_json(extra)})
    write_whole(model.SerializeToString(), path)


def as_json(value: Mapping[str, Any]) -> str:
    """JSON as the metadata hold it; ValueError for numbers that JSON does not have."""
    return json.dumps(dict(value), ensure_ascii=False, allow_nan=False)


def write_whole(content: bytes, path: Path) -> None:
    """Write a file so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
