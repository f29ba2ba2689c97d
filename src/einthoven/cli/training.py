"""`einthoven train`. Options of the settings are made from their list, so that a new one appears by itself."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal

import typer

from einthoven.cli import output
from einthoven.cli.options import ARCHITECTURE_NAMES, Home, Json, parse_folds
from einthoven.cli.shelf import on_the_shelf
from einthoven.errors import SettingError
from einthoven.spec import SUBJECT_INPUTS, SubjectInput
from einthoven.train.config import Method, Setting
from einthoven.train.recipes import DEFAULT, RECIPES
from einthoven.train.thresholds import ThresholdRule
from einthoven.workflows.train_settings import LEARNS, SEES, recipe_settings, title_of

FROM = "What it learns from"
NONE = "none"
"""By which a setting is left empty that the recipe states."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `settings` as one that takes an option for each: those that were given are passed on."""
    listed = {one.name: one for one in recipe_settings()}
    own = [one for one in inspect.signature(command).parameters.values() if one.name != "settings"]

    @wraps(command)
    def with_options(**given: Any) -> None:
        settings = {name: _value(one, given.pop(name)) for name, one in listed.items() if given[name] is not None}
        command(**{name: value for name, value in given.items() if name not in listed}, settings=settings)

    parameters = [*own, *map(_parameter, listed.values())]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def _value(setting: Setting, given: Any) -> Any:
    return None if given == NONE and setting.default is None else given


def _parameter(setting: Setting) -> inspect.Parameter:
    flag = f"--{setting.name.replace('_', '-')}"
    shown: dict[str, Any] = {
        "help": f"{setting.words.replace('Empty:', f'{NONE}:')} {_usual(setting)}",
        "rich_help_panel": title_of(setting)[0],
        "show_default": False,
    }
    kind: Any = str | None
    if isinstance(setting.default, bool):
        kind, option = bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", **shown)
    elif setting.choices:
        kind, option = Literal[setting.choices] | None, typer.Option(flag, **shown)
    else:
        metavar = ("INTEGER" if setting.whole else "NUMBER") + (f"|{NONE}" if setting.default is None else "")
        option = typer.Option(flag, parser=_number(whole=setting.whole), metavar=metavar, **shown)
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, option]
    )


def _number(*, whole: bool) -> Callable[[str], int | float | str]:
    """What is no number is passed on as it is: the training says what the setting allows."""

    def read(text: str) -> int | float | str:
        for kind in (int, float) if not whole else (int,):
            try:
                return kind(text)
            except ValueError:
                continue
        return text

    return read


def _usual(setting: Setting) -> str:
    """The value in the recipes."""
    values = {name: _said(recipe.settings.get(setting.name, setting.default)) for name, recipe in RECIPES.items()}
    if len(set(values.values())) == 1:
        return f"(all recipes: {values[DEFAULT]})"
    return f"({'; '.join(f'recipe {name}: {value}' for name, value in values.items())})"


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NONE if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _subject(text: str) -> tuple[SubjectInput, ...]:
    """`age,sex` as a tuple."""
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in SUBJECT_INPUTS]
    if unknown or len(set(wanted)) != len(wanted):
        raise SettingError(
            f"--subject {text!r} is not possible.", advice=f"Name {' and '.join(SUBJECT_INPUTS)}, commas between."
        )
    return tuple(one for one in SUBJECT_INPUTS if one in wanted)


def _method(method: Method | None, *, head_only: bool, continues: bool) -> Method:
    if head_only and method not in (None, "head"):
        raise SettingError(f"--head-only and --method {method} contradict each other.", advice="Give one of them.")
    if head_only:
        return "head"
    return method or ("whole" if continues else "scratch")


@with_settings
def train(
    *,
    dataset: Annotated[str, typer.Option(help="Dataset to learn from.", rich_help_panel=FROM)],
    task: Annotated[str, typer.Option(help="Task to learn.", rich_help_panel=FROM)],
    folds: Annotated[
        str | None,
        typer.Option(help="Only records of these folds, such as 1-8 or 9 or 1,3,5.", rich_help_panel=FROM),
    ] = None,
    one_per_patient: Annotated[
        bool, typer.Option("--one-per-patient", help="Use one record of each patient.", rich_help_panel=FROM)
    ] = False,
    architecture: Annotated[
        str, typer.Option(help=f"Network to start from: {ARCHITECTURE_NAMES}.", rich_help_panel=FROM)
    ] = "xceptiontime",
    from_model: Annotated[
        str | None,
        typer.Option(
            "--from", help="Model to continue from, by name or as a file.", show_default=False, rich_help_panel=FROM
        ),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(
            help="Without --from: scratch. With it: all layers go on learning (whole, the default), only the last "
            "(head), or one after the other.",
            show_default=False,
            rich_help_panel=FROM,
        ),
    ] = None,
    head_only: Annotated[
        bool, typer.Option("--head-only", help="Short for --method head.", rich_help_panel=FROM)
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="Name of the new model.", show_default=False, rich_help_panel=FROM)
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            help="Hz the model sees (default: this installation's setting).", show_default=False, rich_help_panel=SEES
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            help="Seconds the model sees (default: this installation's setting).",
            show_default=False,
            rich_help_panel=SEES,
        ),
    ] = None,
    padding: Annotated[
        Literal["zeros", "edge", "repeat"],
        typer.Option(help="How shorter records are expanded.", rich_help_panel=SEES),
    ] = "zeros",
    scaling: Annotated[
        Literal["z_score", "min_max"] | None,
        typer.Option(
            help="How amplitudes are brought to a scale inside the model (default: as the architecture's authors do).",
            show_default=False,
            rich_help_panel=SEES,
        ),
    ] = None,
    scaled_over: Annotated[
        Literal["lead", "record", "none"],
        typer.Option(
            help="What is scaled: each lead, the whole record, or nothing (then only ECGs in mV can be used).",
            rich_help_panel=SEES,
        ),
    ] = "lead",
    model_input: Annotated[
        Literal["ecg", "median-beat", "rlign-median", "rlign-aligned"],
        typer.Option(
            "--input",
            help="What the model sees: the ECG, its median beat, or what Rlign makes of it.",
            rich_help_panel=SEES,
        ),
    ] = "ecg",
    subject: Annotated[
        str,
        typer.Option(
            help="What the model is told of the person: age, sex, or age,sex. Where a record lacks them it is told so.",
            metavar="[age][,sex]",
            show_default=False,
            rich_help_panel=SEES,
        ),
    ] = "",
    recipe: Annotated[
        str, typer.Option(help=f"Set of settings to begin with: {', '.join(RECIPES)}.", rich_help_panel=LEARNS)
    ] = DEFAULT,
    thresholds: Annotated[
        ThresholdRule,
        typer.Option(
            help="Multi-label: a class counts as present from where its F1 is largest on the validation part (f1), or "
            "from 0.5 on (half).",
            rich_help_panel=LEARNS,
        ),
    ] = "f1",
    beside: Annotated[
        bool,
        typer.Option(
            "--beside/--no-beside",
            help="With fewer than 200 ECGs to learn from: fit a ridge model, too, and compare the two.",
            rich_help_panel=LEARNS,
        ),
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of split, weights and order.", rich_help_panel=LEARNS)] = 0,
    settings: dict[str, Any],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Train a model on labelled ECGs."""
    from einthoven.cli import learning
    from einthoven.wiring import open_workspace
    from einthoven.workflows.requests import TrainRequest

    with output.errors_said(as_json=as_json):
        told = _subject(subject)
        how = _method(method, head_only=head_only, continues=from_model is not None)
        workspace = open_workspace(home)
        start = None if from_model is None else on_the_shelf(workspace, from_model)
        request = TrainRequest(
            dataset=dataset, task=task, architecture=architecture, from_model=start, method=how, name=name,
            folds=parse_folds(folds), one_per_patient=one_per_patient, seed=seed, recipe=recipe, settings=settings,
            rate=rate, duration=duration, padding=padding, scaling=scaling, scaled_over=scaled_over,
            model_input=model_input, subject=told, thresholds=thresholds, beside=beside,
        )  # fmt: skip
        learning.train(workspace, request, as_json=as_json)
