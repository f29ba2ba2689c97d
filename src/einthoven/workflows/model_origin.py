"""What a person says of a model that was made elsewhere, and what its card says of that ever after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from einthoven.errors import SettingError
from einthoven.onnx.foreign.inspecting import ModelHints, hints_from_json


def hints_from_text(text: str) -> ModelHints:
    """Hints as a form sends them: a JSON object of the fields of `ModelHints`; empty: none.

    Raises
    ------
    SettingError
        When it is no such object, or a hint is unknown or impossible.
    """
    try:
        data = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise SettingError(f"The hints are no JSON: {error}.", advice="Send one JSON object.") from error
    if not isinstance(data, dict):
        raise SettingError("The hints are no JSON object.", advice='Send an object, such as {"rate": 500}.')
    return hints_from_json({name: value for name, value in data.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Origin:
    """What the statistics of a model say of its making elsewhere; all empty for one that was trained here."""

    imported: bool = False
    untrained: str = ""
    warnings: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def origin_of(statistics: Mapping[str, object]) -> Origin:
    """Read `statistics["imported"]`, in which a file that was given may write anything."""
    imported = mapping_of(statistics.get("imported"))
    if not imported:
        return Origin()
    untrained = imported.get("untrained")
    told = mapping_of(imported.get("said_by_the_user"))
    found = _lines(imported.get("found_in_the_file"))
    why_not = imported.get("not_trainable")
    if isinstance(why_not, str) and why_not:
        found += (f"It can predict only: {why_not}",)
    return Origin(
        imported=True,
        untrained=untrained if isinstance(untrained, str) else "",
        warnings=_lines(imported.get("warnings")),
        found=found,
        told=tuple(f"{name.replace('_', ' ')}: {_in_words(value)}" for name, value in told.items()),
    )


def _lines(value: object) -> tuple[str, ...]:
    return tuple(line for line in value if isinstance(line, str)) if isinstance(value, list) else ()


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def mapping_of(value: object) -> dict[str, object]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}
