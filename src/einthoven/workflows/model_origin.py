"""What a person says of a model that was made elsewhere, and what its card says of that ever after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from einthoven.errors import SettingError
from einthoven.onnx.foreign.hints import ModelHints, hints_from_json
from einthoven.onnx.foreign.judgement import OF_ITS_ANSWERS
from einthoven.stated import lines_of, mapping_of


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


OF_ITS_BASE = "Of the model that this one was trained on from: "


@dataclass(frozen=True, slots=True)
class Origin:
    """What the statistics of a model say of its making elsewhere; all empty for one that was made here from scratch.

    `warnings` are also those of the model made elsewhere that this one was trained on from, perhaps over several
    others; `began_untrained`: why that one had learned nothing, where its layers but the last are still as they were.
    """

    imported: bool = False
    untrained: str = ""
    warnings: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    began_untrained: str = ""


ASKED_ONLY = "asked_only"
"""In the statistics of a model: of which ECGs alone its answers mean something. It holds for that model, not for those
that are trained on from it, which learn their own question."""


def origin_of(statistics: Mapping[str, object]) -> Origin:
    """Read `imported`, `began_with` and `asked_only`, in which a file that was given may write anything."""
    origin = _made_of(statistics)
    return replace(origin, warnings=(*lines_of(statistics.get(ASKED_ONLY)), *origin.warnings))


def _made_of(statistics: Mapping[str, object]) -> Origin:
    imported = mapping_of(statistics.get("imported"))
    if not imported:
        return _begun(mapping_of(statistics.get("began_with")))
    untrained = imported.get("untrained")
    told = mapping_of(imported.get("said_by_the_user"))
    found = lines_of(imported.get("found_in_the_file"))
    why_not = imported.get("not_trainable")
    if isinstance(why_not, str) and why_not:
        found += (f"It can predict only: {why_not}",)
    return Origin(
        imported=True,
        untrained=untrained if isinstance(untrained, str) else "",
        warnings=lines_of(imported.get("warnings")),
        found=found,
        told=tuple(f"{name.replace('_', ' ')}: {_in_words(value)}" for name, value in told.items()),
    )


def _begun(base: Mapping[str, object]) -> Origin:
    warnings, untrained = lines_of(base.get("warnings")), base.get("untrained")
    if not isinstance(untrained, str) or not untrained:
        return Origin(warnings=warnings)
    words = f"Only its last layer has learned; the layers before it are those of a model of which was said: {untrained}"
    return Origin(warnings=(words, *warnings), began_untrained=untrained)


def passed_on(base: Mapping[str, object], *, method: str, fresh_head: bool = False) -> dict[str, object]:
    """What the statistics of a model repeat of `base`, those of the model that it was trained on from.

    Every warning of a model made elsewhere; but with other last layers (`fresh_head`) no longer those of its answers,
    and once all layers have learned (`method` other than `head`) no longer that it had learned nothing.
    """
    origin = _made_of(base)
    untrained = origin.untrained or origin.began_untrained
    warnings = [
        line
        for line in origin.warnings
        if not (untrained and untrained in line)
        and not (fresh_head and line.removeprefix(OF_ITS_BASE).startswith(OF_ITS_ANSWERS))
    ]
    repeated = [line if line.startswith(OF_ITS_BASE) else OF_ITS_BASE + line for line in warnings]
    kept = untrained if method == "head" else ""
    return {"began_with": {"warnings": repeated, "untrained": kept}} if repeated or kept else {}


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
