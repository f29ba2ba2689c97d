"""Statistics and description in an exported file, changed without exporting again. Free of torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from einthoven.files import write_whole
from einthoven.spec import ModelSpec

SPEC_KEY = "einthoven"
EXTRA_KEY = "einthoven_extra"


def set_extra(path: Path, extra: Mapping[str, Any], *, spec: ModelSpec | None = None) -> None:
    """Replace the statistics that travel in the ONNX file at `path`, and its description by `spec`, where given."""
    import onnx

    model = onnx.load_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    described = metadata if spec is None else {**metadata, SPEC_KEY: as_json(spec.to_json())}
    onnx.helper.set_model_props(model, {**described, EXTRA_KEY: as_json(extra)})
    write_whole(path, model.SerializeToString())


def as_json(value: Mapping[str, Any]) -> str:
    """JSON as the metadata hold it; ValueError for numbers that JSON does not have."""
    return json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
