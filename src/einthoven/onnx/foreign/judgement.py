"""What a foreign model is, from its file and what a person says together, and what is still missing. Free of torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from einthoven.errors import HintsNeeded, SettingError
from einthoven.leads import STANDARD_12
from einthoven.onnx.foreign.head import kind_of_ending, never_negative
from einthoven.onnx.foreign.hints import Layout, ModelHints, Scaling
from einthoven.onnx.foreign.limits import opset, refuse
from einthoven.onnx.foreign.opening import Opened
from einthoven.onnx.foreign.signature import Form
from einthoven.onnx.foreign.statements import Statements
from einthoven.task import Kind

if TYPE_CHECKING:
    import onnx

STANDARDISERS: Mapping[str, Scaling] = {
    **dict.fromkeys(("zscore", "standard", "standardscaler", "standardize", "standardise"), "z_score lead"),
    **dict.fromkeys(("minmax", "minmaxscaler"), "min_max lead"),
}
"""Words for standardisers (letters and digits alone) -> what is proposed; over what they go is for the user to say."""
NEVER_NEGATIVE = "Its answers never fall below 0"
WITHIN_ONE = "All its answers to random input lay between 0 and 1"
OF_ITS_ANSWERS = (NEVER_NEGATIVE, WITHIN_ONE)
"""How warnings begin that are about the last layers: they do not hold for a model that got other ones."""
EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True, slots=True)
class ForeignModel:
    """What is known about a foreign model, from the file and the hints together.

    Parameters
    ----------
    input_name, layout, n_leads, n_samples
        The signal input; None where the file leaves it open and no hint says it.
    outputs, output
        Names of all outputs; the one that is the answer.
    n_outputs, kind, ending
        Classes; kind of task, from the last operator (`ending`: Softmax, LogSoftmax, Sigmoid, "" for none) or a hint.
    class_names, leads, rate, unit, scaling
        As stated or hinted.
    value_unit
        Of the answers of a regression, as stated or hinted; `none`: a number without a unit.
    untrained
        Why this is an untrained model, "" otherwise: a starting point, not for prediction.
    trainable
        "" when a head was found; otherwise why the model can only predict.
    own
        Whether it carries this program's own description: then nothing needs to be said.
    said, warnings
        What was stated, assumed and repaired; what must be thought of before trusting an answer.
    missing
        Names of the hints (fields of `ModelHints`) that are needed before the model can be taken in.
    offers
        What is usual for a missing hint; an assumption until a person confirms it.
    """

    name: str
    input_name: str
    layout: Layout | None
    n_leads: int | None
    n_samples: int | None
    outputs: tuple[str, ...]
    output: str | None
    n_outputs: int | None
    kind: Kind | None
    ending: str
    class_names: tuple[str, ...] | None
    leads: tuple[str, ...] | None
    rate: float | None
    unit: str | None
    scaling: Scaling | None
    untrained: str
    trainable: str
    own: bool
    opset: int
    value_unit: str | None = None
    said: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    offers: Mapping[str, Any] = field(default_factory=dict)


def require_complete(found: ForeignModel) -> None:
    """HintsNeeded naming everything that lacks, with what is usual."""
    if not found.missing:
        return
    words = [
        f"{hint} (usual: {_usual(found.offers[hint])})" if hint in found.offers else hint for hint in found.missing
    ]
    pairs = " ".join(f"{hint}=..." for hint in found.missing)
    raise HintsNeeded(
        f"{found.name} does not say everything that is needed to use it: {', '.join(words)}.",
        missing=found.missing,
        advice=f"Say what its makers state: {pairs}.",
    )


def _usual(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def described(
    name: str,
    model: "onnx.ModelProto",
    stated: Statements,
    input_name: str,
    form: Form,
    outputs: tuple[str, ...],
    output: str | None,
    opened: Opened | None,
    hints: ModelHints,
    *,
    own: bool,
) -> ForeignModel:
    said = [*stated.said, *(opened.repaired.said if opened else ())]
    names = _class_names(name, stated, opened, hints, said)
    ending = opened.ending if opened else ""
    kind = _kind(name, opened, hints)
    leads = hints.leads or stated.leads
    if leads is not None and form.n_leads is not None and len(leads) != form.n_leads:
        raise SettingError(
            f"{name} takes {form.n_leads} leads; {len(leads)} are named ({' '.join(leads)}).",
            advice=f"Name {form.n_leads} leads, in the order of the input.",
        )
    scaling = hints.scaling or ("none" if stated.standardiser == "none" else None)
    if stated.standardiser not in (None, "none"):
        said.append(
            f"The file states the standardiser {stated.standardiser!r}, not whether it is computed over each lead "
            "or over the whole record."
        )
    untrained = _untrained(stated, opened)
    warnings = _warnings(opened, kind, untrained)
    found = ForeignModel(
        name=name, input_name=input_name, layout=form.layout, n_leads=form.n_leads, n_samples=form.n_samples,
        outputs=outputs, output=output, n_outputs=opened.n_outputs if opened else None, kind=kind, ending=ending,
        class_names=names, leads=leads, rate=hints.rate or stated.rate, unit=hints.unit or stated.unit,
        scaling=scaling, untrained=untrained, trainable=opened.why_no_head if opened else "", own=own,
        opset=opset(model), value_unit=(hints.value_unit or stated.value_unit) if kind == "regression" else None,
        said=tuple(said), warnings=tuple(warnings),
    )  # fmt: skip
    missing = () if own else _missing(found)
    return replace(found, missing=missing, offers=_offers(found, missing, stated.standardiser))


def _class_names(
    name: str, stated: Statements, opened: Opened | None, hints: ModelHints, said: list[str]
) -> tuple[str, ...] | None:
    """The hinted or stated names; stated ones of another number than answers are not used, and that is said."""
    names = hints.class_names or stated.class_names
    if opened is None or names is None or len(names) == opened.n_outputs:
        return names
    if hints.class_names is not None:
        raise SettingError(
            f"{name} gives {opened.n_outputs} answers; {len(names)} class names were given.",
            advice=f"Give {opened.n_outputs} names.",
        )
    said.append(f"The file names {len(names)} classes, but the graph gives {opened.n_outputs} answers.")
    return None


def _kind(name: str, opened: Opened | None, hints: ModelHints) -> Kind | None:
    """What the end of the graph says, else the hint; refused where both differ or the answers cannot be logits."""
    if opened is None:
        return hints.kind
    kind = kind_of_ending(opened.ending)
    if kind == "single-label" and opened.n_outputs == 1:
        refuse(f"{name} gives one answer through {opened.ending}, which is always 1.")
    if kind is not None and hints.kind not in (None, kind):
        raise SettingError(f"{name} ends with {opened.ending}: it is {kind}, not {hints.kind}.")
    kind = kind or hints.kind
    if opened.like_probabilities and kind != "regression":
        refuse(
            f"The answers of {name} are probabilities already ({opened.like_probabilities}), but no softmax or sigmoid "
            "stands at the end that could be taken off."
        )
    if kind == "regression" and opened.n_outputs != 1:
        raise SettingError(
            f"{name} gives {opened.n_outputs} answers; a regression has one.", advice="Choose single- or multi-label."
        )
    return kind


def _warnings(opened: Opened | None, kind: Kind | None, untrained: str) -> list[str]:
    """What must be thought of before an answer is trusted."""
    found = [f"{untrained} It is a starting point for training, not for prediction."] if untrained else []
    if opened is None or kind == "regression":
        return found
    if kind == "multi-label" and not opened.ending and _never_negative(opened):
        found.append(
            f"{NEVER_NEGATIVE}, so no class of a multi-label task can get a probability below one half: it was "
            "probably trained as single-label, or its answers are no logits."
        )
    if opened.within_one:
        found.append(f"{WITHIN_ONE}: if it gives probabilities, do not use it as it is; here they are taken as logits.")
    return found


def _never_negative(opened: Opened) -> bool:
    return opened.head is not None and never_negative(opened.graph, opened.head)


def _untrained(stated: Statements, opened: Opened | None) -> str:
    if stated.placeholders:
        return f"Its class names are placeholders ({', '.join(stated.class_names or ())}): it has learned nothing yet."
    if opened is None:
        return ""
    norms = [node for node in opened.graph.nodes if node.op == "BatchNormalization"]
    constants = opened.graph.constants
    as_new = [
        not constants[node.inputs[3]].any() and bool((constants[node.inputs[4]] == 1).all())
        for node in norms
        if node.inputs[3] in constants and node.inputs[4] in constants
    ]
    if as_new and all(as_new):
        return "Its batch normalisations have never seen an ECG (mean 0, variance 1): it has learned nothing yet."
    return ""


def _missing(found: ForeignModel) -> tuple[str, ...]:
    needed: dict[str, object] = {
        "layout": found.layout,
        "samples": found.n_samples,
        "output": found.output,
        "leads": found.leads,
        "rate": found.rate,
        "scaling": found.scaling,
        # Scaling takes the unit away.
        "unit": found.unit if found.scaling in (None, "none") else "any",
        "class_names": found.class_names,
        "kind": found.kind,
        "value_unit": found.value_unit if found.kind == "regression" else "none",
    }
    return tuple(name for name, value in needed.items() if value is None)


def _offers(found: ForeignModel, missing: Sequence[str], standardiser: str | None) -> Mapping[str, Any]:
    usual: dict[str, Any] = {"unit": "mV", "layout": "leads x samples"}
    if standardiser is None:
        usual["scaling"] = "none"
    elif _plain_word(standardiser) in STANDARDISERS:
        usual["scaling"] = STANDARDISERS[_plain_word(standardiser)]
    if found.n_leads in (12, 8):
        usual["leads"] = STANDARD_12 if found.n_leads == 12 else EIGHT
    if found.untrained:
        usual |= {"kind": "single-label", "scaling": "z_score lead"}
    return {name: usual[name] for name in missing if name in usual}


def _plain_word(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
