"""What the metadata of a foreign model state: read as JSON or Python literals, never evaluated. Free of torch."""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from einthoven.errors import EinthovenError
from einthoven.leads import canonical_leads

if TYPE_CHECKING:
    import onnx

MAX_TEXT = 64 * 2**10
MAX_CLASSES = 2000
MAX_CLASS_NAME = 200
MAX_UNIT = 30

KEYS: Mapping[str, tuple[str, ...]] = {
    "class_names": ("target_keys", "class_names", "classes", "labels", "names"),
    "rate": ("sampling_rate", "sampling_frequency", "sample_rate", "fs"),
    "unit": ("scale", "unit", "units"),
    "standardiser": ("standardizer", "standardiser"),
    "leads": ("leads", "lead_order", "lead_names"),
    "value_unit": ("target_unit", "output_unit", "value_unit"),
}
"""Our word -> the keys under which it may stand; the first ones are those of the existing exchange."""

UNITS: Mapping[str, str] = {
    "mikrovolt": "uV", "microvolt": "uV", "uv": "uV", "µv": "uV", "μv": "uV", "millivolt": "mV", "mv": "mV",
    "volt": "V", "v": "V",
}  # fmt: skip
NO_STANDARDISER = ("none", "")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a file says of its model; None where it says nothing that is understood.

    Parameters
    ----------
    unit
        `mV`, `uV` or `V`.
    standardiser
        As it is written; "none" when it says that there is none.
    value_unit
        Of its answers, where they are numbers.
    said
        In sentences: what stands twice, what was not understood.
    """

    class_names: tuple[str, ...] | None
    rate: float | None
    unit: str | None
    standardiser: str | None
    leads: tuple[str, ...] | None
    value_unit: str | None
    said: tuple[str, ...]

    @property
    def placeholders(self) -> bool:
        """Whether the class names are those of an untrained model (None1, None2, ...)."""
        return bool(self.class_names) and all(
            re.fullmatch(r"none[ _-]?\d*", name.strip(), re.IGNORECASE) for name in self.class_names or ()
        )


def read_statements(model: "onnx.ModelProto") -> Statements:
    """The statements in the metadata of `model`."""
    said: list[str] = []
    texts = _texts(model, said)
    found: dict[str, Any] = {}
    understand = {
        "class_names": _names, "rate": _rate, "unit": _unit, "standardiser": _standardiser, "leads": _leads,
        "value_unit": _value_unit,
    }  # fmt: skip
    for word, keys in KEYS.items():
        for key in (key for key in keys if key in texts):
            value = understand[word](literal(texts[key]))
            if value is None:
                said.append(f"{key} = {_short(texts[key])} is not understood.")
            elif word in found and found[word] != value:
                said.append(f"{key} = {_short(texts[key])} contradicts what stands before; the first is taken.")
            else:
                found[word] = value
    known = {key for keys in KEYS.values() for key in keys}
    others = sorted(set(texts) - known - {"einthoven", "einthoven_extra"})
    if others:
        said.append(f"Metadata that are not used: {', '.join(_short(key) for key in others[:20])}.")
    return Statements(**{word: found.get(word) for word in KEYS}, said=tuple(said))


def _texts(model: "onnx.ModelProto", said: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    contradicted: set[str] = set()
    for entry in model.metadata_props:
        if entry.key in texts:
            same = texts[entry.key] == entry.value
            said.append(f"{_short(entry.key)} stands twice{' with the same value' if same else ''}.")
            if not same:
                contradicted.add(entry.key)
        texts.setdefault(entry.key, entry.value)
    for key in contradicted:
        del texts[key]
        said.append(f"{_short(key)} contradicts itself and is not used.")
    return texts


def literal(text: str) -> Any:
    """The value that a text states in JSON or as a Python literal; the text itself where it is neither or too long."""
    if len(text) > MAX_TEXT:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
    return text


def _names(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, Mapping) and set(value) in ({*range(len(value))}, {str(i) for i in range(len(value))}):
        value = [value[i] if i in value else value[str(i)] for i in range(len(value))]
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MAX_CLASSES:
        return None
    if not all(isinstance(name, str) and 0 < len(name.strip()) <= MAX_CLASS_NAME for name in value):
        return None
    names = tuple(name.strip() for name in value)
    return names if len(set(names)) == len(names) else None


def _rate(value: Any) -> float | None:
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:hz)?\s*", value, re.IGNORECASE)
        value = float(match.group(1)) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 10 <= value <= 100_000:
        return None
    return float(value)


def _unit(value: Any) -> str | None:
    return UNITS.get(value.strip().lower()) if isinstance(value, str) else None


def _value_unit(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and 0 < len(value.strip()) <= MAX_UNIT else None


def _standardiser(value: Any) -> str | None:
    if value is None:
        return "none"
    if not isinstance(value, str):
        return None
    return "none" if value.strip().lower() in NO_STANDARDISER else value.strip()[:MAX_CLASS_NAME]


def _leads(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        value = [part for part in re.split(r"[,;\s]+", value) if part]
    if not isinstance(value, list | tuple) or not value or not all(isinstance(name, str) for name in value):
        return None
    try:
        return canonical_leads(value)
    except EinthovenError:
        return None


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
