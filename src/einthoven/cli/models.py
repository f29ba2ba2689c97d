"""`einthoven models`: what there is, what a file is, and taking one in."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from einthoven.cli import output
from einthoven.cli.options import Home, Json
from einthoven.errors import HintsNeeded, SettingError

if TYPE_CHECKING:
    from einthoven.onnx.foreign.hints import ModelHints
    from einthoven.onnx.foreign.judgement import ForeignModel

models = typer.Typer(help="List the models, look at a model file, take one in.")
ModelFile = Annotated[Path, typer.Argument(help="An .ecgmodel or .onnx file.", metavar="FILE")]
Say = Annotated[
    list[str] | None,
    typer.Option(
        "--say",
        help="What the file leaves unsaid, once for each: rate=Hz, leads='I II III ...', kind=single-label|multi-label|"
        "regression, class_names='NORM, MI, ...', unit=mV|uV|V, scaling='none|z_score lead|z_score record|min_max lead|"
        "min_max record', band=0.5-40 (Hz; without it none), value_unit=ms|years|...|none (of a regression), "
        "task=NAME, samples=N, layout='leads x samples|samples x leads', output=NAME.",
        metavar="NAME=VALUE",
        show_default=False,
    ),
]


@models.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    zoo: Annotated[bool, typer.Option("--zoo", help="Only those that come with Einthoven.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the models; the subcommands look at a model file and take it in."""
    if context.invoked_subcommand is not None:
        if home is not None or as_json or zoo:
            raise typer.BadParameter(f"Give the options behind {context.invoked_subcommand}.")
        return
    from einthoven.cli import listing
    from einthoven.wiring import open_workspace

    with output.errors_said(as_json=as_json):
        listing.models(open_workspace(home), only_zoo=zoo, as_json=as_json)


@models.command("list")
def list_again(
    zoo: Annotated[bool, typer.Option("--zoo", help="Only those that come with Einthoven.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the models, as `einthoven models` does."""
    from einthoven.cli import listing
    from einthoven.wiring import open_workspace

    with output.errors_said(as_json=as_json):
        listing.models(open_workspace(home), only_zoo=zoo, as_json=as_json)


@models.command("card")
def card(model: Annotated[str, typer.Argument(help="Model by name.", metavar="MODEL")], home: Home = None) -> None:
    """Print a model's card: what it answers, what it learned from, how well it does, its limits."""
    from einthoven.wiring import open_workspace
    from einthoven.workflows import share

    with output.errors_said():
        output.say(share.card(open_workspace(home), model))


@models.command("inspect")
def inspect_(file: ModelFile, say: Say = None, as_json: Json = False) -> None:
    """Say what a model file is, and what it leaves unsaid; nothing is kept."""
    from einthoven.workflows import share
    from einthoven.workflows.plain import to_plain

    with output.errors_said(as_json=as_json):
        found = share.inspected(file.name, share.content_of(file), hints_of(say or ()))
        if as_json:
            output.show_json(to_plain(found))
        else:
            _show(found, file, say or ())


@models.command("take-in")
def take_in(
    file: ModelFile,
    say: Say = None,
    name: Annotated[str | None, typer.Option(help="Name on the shelf (default: the file's).")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a model file on the shelf: one of ours, or any ONNX classifier."""
    from einthoven.wiring import open_workspace
    from einthoven.workflows import share
    from einthoven.workflows.plain import to_plain

    with output.errors_said(as_json=as_json):
        hints = hints_of(say or ())
        workspace = open_workspace(home)
        try:
            taken = share.take_in(workspace, file.name, share.content_of(file), name=name, hints=hints)
        except HintsNeeded as error:
            raise with_command(error, file, say or ()) from error
        if as_json:
            output.show_json(to_plain(taken))
            return
        output.say(f"{file.name} is now the model {taken.name}: {taken.kind}, {' '.join(taken.classes)}")
        for step in taken.steps:
            output.say(f"  {step}")
        for line in taken.found:
            output.say(f"  {line}")
        if taken.sealed:
            output.say(f"  {taken.sealed}")
        for warning in taken.warnings:
            output.warn(warning)
        if not taken.can_continue:
            output.warn("It can predict only: there is nothing in it to train on from.")


def hints_of(said: Sequence[str]) -> "ModelHints":
    """`rate=500`, `leads=I II III` ... as hints; SettingError names what cannot be read."""
    from einthoven.onnx.foreign.hints import hints_from_json

    given: dict[str, Any] = {}
    for pair in said:
        name, equals, value = (part.strip() for part in pair.partition("="))
        name = name.replace("-", "_")
        if not equals or not value:
            raise SettingError(f"{pair!r} says nothing.", advice="Write --say name=value, such as --say rate=500.")
        if name in given:
            raise SettingError(f"{name} is said twice.")
        given[name] = _value(name, value)
    return hints_from_json(given)


def _value(name: str, text: str) -> object:
    if name == "rate":
        return _number(name, text)
    if name == "samples":
        return int(text) if text.isascii() and text.isdigit() else text
    if name == "band":
        return None if text == "none" else tuple(_number(name, part) for part in text.split("-"))
    if name == "leads":
        return tuple(text.replace(",", " ").split())
    if name == "class_names":
        return tuple(part.strip() for part in text.split(","))
    return text


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"{name}: {text!r} is no number.", advice="Give Hz, such as 500.") from None


def with_command(error: HintsNeeded, file: Path, said: Sequence[str]) -> HintsNeeded:
    """The same error with the command that says what lacks."""
    advice = f"Say what its makers state: {_command(file, said, error.missing)}"
    return HintsNeeded(error.message, missing=error.missing, advice=advice)


def _command(file: Path, said: Sequence[str], missing: Sequence[str]) -> str:
    words = ["einthoven", "models", "take-in", str(file)]
    for pair in said:
        words += ["--say", pair]
    return " ".join([shlex.join(words), *(f"--say {name}=..." for name in missing)])


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _show(found: "ForeignModel", file: Path, said: Sequence[str]) -> None:
    from einthoven.workflows import share

    unclear = share.unclear(found)

    def usual(name: str, value: object) -> str:
        if value is not None:
            return _text(value)
        unsaid = unclear.get(name, "not said")
        return f"{unsaid} (usual: {_text(found.offers[name])})" if name in found.offers else unsaid

    output.say(f"{found.name}: {'a model of Einthoven' if found.own else 'made elsewhere'}, opset {found.opset}")
    length = "of any length" if found.n_samples is None else f"of {found.n_samples} samples"
    rows: list[tuple[str, object]] = [
        ("takes", f"{'any number of' if found.n_leads is None else found.n_leads} leads {length}"),
        ("layout", usual("layout", found.layout)),
        ("leads", usual("leads", found.leads)),
        ("rate, Hz", usual("rate", found.rate)),
        ("unit", "of no matter, being scaled" if found.scaling not in (None, "none") else usual("unit", found.unit)),
        ("scaling", usual("scaling", found.scaling)),
        ("answer", usual("output", found.output) if found.output else f"not said, one of {', '.join(found.outputs)}"),
        ("classes", usual("class_names", found.class_names and ", ".join(found.class_names))),
        ("kind", usual("kind", found.kind)),
        *([("in the unit", usual("value_unit", found.value_unit))] if found.kind == "regression" else []),
        ("fine-tuning", found.trainable or ("possible" if found.n_outputs else "")),
    ]
    output.show_table(("", ""), rows)
    for line in found.said:
        output.say(f"  {line}")
    for warning in found.warnings:
        output.warn(warning)
    if found.missing:
        output.say(f"It leaves unsaid: {', '.join(found.missing)}. Take it in with what its makers state:")
    output.say(f"  {_command(file, said, found.missing)}")
