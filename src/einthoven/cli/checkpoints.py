"""`einthoven convert-checkpoint`: a torch checkpoint of one's own architecture becomes a model of the shelf."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from einthoven.cli import output
from einthoven.cli.options import Home, Json
from einthoven.errors import FormatError, InputError, SettingError
from einthoven.leads import STANDARD_12

if TYPE_CHECKING:
    from einthoven.spec import ModelSpec

SPEC_HELP = "What goes in and comes out (all of it is the checkpoint's maker to state)"


def convert_checkpoint(
    file: Annotated[Path, typer.Argument(help="Checkpoint: .pt, .pth, .ckpt or .safetensors.", metavar="FILE")],
    architecture: Annotated[
        str,
        typer.Option(
            help="Name of the architecture: one of ours, or of a package with the entry point einthoven.models."
        ),
    ],
    classes: Annotated[
        str | None, typer.Option(help="Names of the outputs in their order, commas between.", rich_help_panel=SPEC_HELP)
    ] = None,
    kind: Annotated[
        Literal["single-label", "multi-label", "regression"] | None,
        typer.Option(help="What kind of answer.", rich_help_panel=SPEC_HELP),
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Hz the network sees.", rich_help_panel=SPEC_HELP)] = None,
    duration: Annotated[
        float | None, typer.Option(help="Seconds of an ECG the model looks at.", rich_help_panel=SPEC_HELP)
    ] = None,
    window: Annotated[
        float | None,
        typer.Option(help="Seconds the network sees at once, if it averages windows.", rich_help_panel=SPEC_HELP),
    ] = None,
    leads: Annotated[str, typer.Option(help="Leads in the order of the input.", rich_help_panel=SPEC_HELP)] = " ".join(
        STANDARD_12
    ),
    scaling: Annotated[
        Literal["z_score", "min_max", "none"] | None,
        typer.Option(help="How amplitudes are scaled in front of the network.", rich_help_panel=SPEC_HELP),
    ] = None,
    scaled_over: Annotated[
        Literal["lead", "record"], typer.Option(help="What is scaled at once.", rich_help_panel=SPEC_HELP)
    ] = "lead",
    unit: Annotated[
        Literal["mV", "uV", "V"], typer.Option(help="Unit of the input, without scaling.", rich_help_panel=SPEC_HELP)
    ] = "mV",
    band: Annotated[
        str | None,
        typer.Option(help="Band-pass of its ECGs in Hz, such as 0.5-40, or none.", rich_help_panel=SPEC_HELP),
    ] = None,
    padding: Annotated[
        Literal["zeros", "edge", "repeat"], typer.Option(help="What fills short ECGs.", rich_help_panel=SPEC_HELP)
    ] = "zeros",
    task: Annotated[str, typer.Option(help="Name of the task it answers.", rich_help_panel=SPEC_HELP)] = "",
    value_unit: Annotated[str, typer.Option(help="Unit of a regression's answer.", rich_help_panel=SPEC_HELP)] = "",
    spec: Annotated[
        Path | None,
        typer.Option(help="All of this as a JSON file in the form of spec.json instead.", rich_help_panel=SPEC_HELP),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name on the shelf (default: the file's).")] = None,
    leave_out_unexpected: Annotated[
        bool, typer.Option("--leave-out-unexpected", help="Leave out tensors the architecture has no place for.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a model of a torch checkpoint of your own architecture.

    The file is read in a process of its own, as weights alone: one that wants to run code is refused.
    """
    from einthoven.wiring import open_workspace
    from einthoven.workflows import checkpoints
    from einthoven.workflows.plain import to_plain

    with output.errors_said(as_json=as_json):
        stated = {
            "classes": classes,
            "kind": kind,
            "rate": rate,
            "duration": duration,
            "scaling": scaling,
            "band": band,
        }
        if spec is not None:
            given = [name for name, value in stated.items() if value is not None]
            if given:
                raise SettingError(f"--spec says {', '.join(given)} already.", advice="Leave the options out.")
            described = _from_file(spec)
        else:
            missing = [f"--{name}" for name, value in stated.items() if value is None]
            if missing:
                raise SettingError(
                    f"The checkpoint does not say what goes in and comes out: {', '.join(missing)} must be stated.",
                    advice="State what it was trained with; a guess gives answers that look right and are wrong.",
                )
            assert classes and kind and rate and duration and scaling and band
            described = _described(
                classes, kind, rate, duration, leads, scaling, scaled_over, unit, band, padding, task, value_unit
            )
        done = checkpoints.convert(
            open_workspace(home), file, architecture, described, name=name, window=window,
            leave_out_unexpected=leave_out_unexpected,
        )  # fmt: skip
        if as_json:
            output.show_json(to_plain(done))
            return
        output.say(f"{file.name} is now the model {done.model.name}: {done.model.kind}, {' '.join(done.model.classes)}")
        for line in (*done.model.steps, *done.said):
            output.say(f"  {line}")
        output.say(f"  The exported graph answers as the network does (largest difference {done.parity:.0e}).")
        output.warn("How well it does is not known here: evaluate it on labelled ECGs.")


def _from_file(path: Path) -> "ModelSpec":
    from einthoven.spec import ModelSpec

    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{path} is no JSON: {error}.", advice="Take the spec.json of a capsule as a model."
        ) from error
    return ModelSpec.from_json(data)


def _described(
    classes: str, kind: Literal["single-label", "multi-label", "regression"], rate: float, duration: float, leads: str,
    scaling: Literal["z_score", "min_max", "none"], scaled_over: Literal["lead", "record"], unit: str, band: str,
    padding: Literal["zeros", "edge", "repeat"], task: str, value_unit: str,
) -> "ModelSpec":  # fmt: skip
    from einthoven.onnx.foreign.hints import FACTORS
    from einthoven.spec import ModelSpec, Step, standard_steps
    from einthoven.task import TaskClass
    from einthoven.workflows.workspace import check_input

    check_input(rate=rate, duration=duration)
    steps = standard_steps(
        leads=leads.replace(",", " ").split(), rate=rate, duration=duration, padding=padding,
        over=None if scaling == "none" else scaled_over, band=_band(band),
        scaling="z_score" if scaling == "none" else scaling,
    )  # fmt: skip
    if scaling == "none" and unit != "mV":
        steps += (Step("multiply", {"factor": FACTORS[unit]}),)
    names = [part.strip() for part in classes.split(",")]
    if not all(names) or len(set(names)) != len(names):
        raise SettingError(f"--classes {classes!r} names one twice or an empty one.", advice="Such as NORM,MI,STTC.")
    return ModelSpec(kind, tuple(map(TaskClass, names)), steps, task=task, unit=value_unit)


def _band(text: str) -> tuple[float, float] | None:
    if text == "none":
        return None
    try:
        low, high = map(float, text.split("-"))
    except ValueError:
        raise SettingError(f"--band {text!r} is no band.", advice="Such as 0.5-40, or none.") from None
    if not 0 < low < high:
        raise SettingError(f"--band {text!r} is no band.", advice="Such as 0.5-40, or none.")
    return low, high
