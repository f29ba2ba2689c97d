"""`einthoven benchmark`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from einthoven.cli import output
from einthoven.cli.options import ARCHITECTURE_NAMES, Home, Json, ListsArchitectures, parse_folds
from einthoven.errors import SettingError
from einthoven.train.recipes import DEFAULT, RECIPES
from einthoven.workflows.benchmarks import BUDGET, FOLDS, BenchmarkNumber, BenchmarkOutcome, BenchmarkRow

if TYPE_CHECKING:
    from einthoven.store.types import Job
    from einthoven.workflows.workspace import Workspace

_LISTS = ("--architectures", "--recipes")


class WithLists(ListsArchitectures):
    """Lets `--architectures` and `--recipes` take several names with blanks between, as well as with commas."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        joined: list[str] = []
        known: tuple[str, ...] = ()
        for one in args:
            if known and joined[-1] not in _LISTS and one in known:
                joined[-1] += f",{one}"
                continue
            # Behind the option's own name comes its first value, whatever it is.
            if not (joined and joined[-1] in _LISTS):
                known = _known(one)
            joined.append(one)
        return super().parse_args(ctx, joined)


def _known(option: str) -> tuple[str, ...]:
    """Names that may follow an option."""
    from einthoven.models import ARCHITECTURES

    return {"--architectures": ARCHITECTURES.names(), "--recipes": tuple(RECIPES)}[option] if option in _LISTS else ()


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _settings(pairs: list[str] | None) -> dict[str, bool | int | float | str | None]:
    """`epochs=20` as a setting; numbers, yes, no and none are told apart from words."""
    settings: dict[str, bool | int | float | str | None] = {}
    for pair in pairs or ():
        name, sign, value = pair.partition("=")
        if not sign:
            raise SettingError(f"--set {pair!r} is no setting.", advice="Write NAME=VALUE, such as epochs=20.")
        settings[name.strip().replace("-", "_")] = _value(value.strip())
    return settings


def _value(text: str) -> bool | int | float | str | None:
    words: dict[str, bool | None] = {"yes": True, "true": True, "no": False, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def benchmark(
    dataset: Annotated[str, typer.Argument(help="Dataset to compare on.")],
    task: Annotated[str, typer.Argument(help="Task to learn.")],
    *,
    architectures: Annotated[
        str | None,
        typer.Option(
            help=f"Networks to compare, blanks or commas between: {ARCHITECTURE_NAMES} "
            "(default: all that are not experimental).",
            metavar="NAME[,NAME ...]",
            show_default=False,
        ),
    ] = None,
    recipes: Annotated[
        str | None,
        typer.Option(
            help=f"Recipes to train each by: {', '.join(RECIPES)} (default: {DEFAULT}).",
            metavar="NAME[,NAME ...]",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[
        str, typer.Option(help="How long it may take: 30m, 2h, 90s. Only folds that all have finished are compared.")
    ] = BUDGET,
    folds: Annotated[int, typer.Option(help="Into how many parts the ECGs are divided, by patient.")] = FOLDS,
    only_folds: Annotated[
        str | None,
        typer.Option(
            help="Only records of these folds of the dataset, such as 1-8: keep some to test the winner with."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting to change in each recipe, such as epochs=20.", metavar="NAME=VALUE"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of folds, weights and order.")] = 0,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Compare ways of training on the same ECGs, and say which one to take.

    Cross-validation by patient: each candidate learns from the other folds and answers the held-out ECGs once.

    The result has intervals, the difference to the best, what each costs, and a recommendation in words.
    """
    from einthoven.wiring import open_workspace
    from einthoven.workflows.benchmarks import BenchmarkRequest
    from einthoven.workflows.train import require_torch

    with output.errors_said(as_json=as_json):
        require_torch()
        workspace = open_workspace(home)
        request = BenchmarkRequest(
            dataset, task, _names(architectures), _names(recipes), budget, folds, parse_folds(only_folds), seed,
            _settings(set_),
        )  # fmt: skip
        _see_to_its_end(workspace, workspace.submit("benchmark", request), as_json=as_json)


def resume_benchmark(workspace: "Workspace", job: "Job", *, as_json: bool) -> None:
    """Go on with a benchmark that was interrupted or failed: what it has finished is not computed again."""
    from einthoven.workflows import going_on
    from einthoven.workflows.train import require_torch

    require_torch()
    _see_to_its_end(workspace, going_on.queued(workspace, job), as_json=as_json)


def _see_to_its_end(workspace: "Workspace", job: "Job", *, as_json: bool) -> None:
    from einthoven.cli import work
    from einthoven.workflows.plain import to_plain

    work.say_how_to_go_on(workspace, job, quiet=as_json)
    outcome = work.do(workspace, job, BenchmarkOutcome, quiet=as_json)
    if as_json:
        output.show_json(to_plain(outcome))
    else:
        _say(outcome)
    if outcome.refused:
        raise typer.Exit(output.SOME_FAILED)


def _say(outcome: BenchmarkOutcome) -> None:
    from einthoven.workflows.dispatch import ecgs

    output.show_failures(outcome.refused)
    for warning in outcome.warnings:
        output.warn(warning)
    folds = f"{len(outcome.folds_compared)} of {outcome.n_folds} folds"
    output.say(
        f"{outcome.dataset}, task {outcome.task}: {ecgs(outcome.n)} of {outcome.n_patients:,} patients, {folds}",
        style="bold",
    )
    first = outcome.rows[0].numbers
    unit = f", {outcome.unit}" if outcome.unit else ""
    output.show_table(
        ("candidate", f"{first[0].title}{unit}", "to the first", *(one.title for one in first[1:])),
        [_scores(row, first=row is outcome.rows[0]) for row in outcome.rows],
    )
    output.show_table(
        ("candidate", "train", "ms/epoch", "ms/ECG", "MB", "parameters", "MFLOP"), [_cost(row) for row in outcome.rows]
    )
    for one in outcome.left_out:
        output.say(f"Left out: {one.candidate.title}. {one.reason}")
    output.say(
        "In brackets: 95 % interval. train: minutes of one training. ms/epoch: per ECG. ms/ECG: one ECG predicted.",
        style="dim",
    )
    output.say(outcome.recommendation, style="bold")
    output.say("The winner was chosen by these ECGs: test it on others before you believe its figures.", style="dim")
    output.say("Research use only, not a medical device.", style="dim")


def _scores(row: BenchmarkRow, *, first: bool) -> tuple[object, ...]:
    main, *others = row.numbers
    difference = "" if first else _with_interval(row.difference, signed=True)
    return (row.candidate.title, _with_interval(main), difference, *map(_with_interval, others))


def _cost(row: BenchmarkRow) -> tuple[object, ...]:
    cost = row.cost
    epoch_ms = "" if cost.epoch_ms is None else f"{cost.epoch_ms:.1f}"
    return (
        row.candidate.title, f"{cost.minutes:.1f}", epoch_ms, f"{cost.prediction_ms:.1f}", f"{cost.megabytes:.1f}",
        f"{cost.parameters:,}", f"{cost.mega_flops:,.0f}",
    )  # fmt: skip


def _with_interval(number: BenchmarkNumber, *, signed: bool = False) -> str:
    """`0.912 (0.881-0.943)`."""
    if number.value is None or number.low is None or number.high is None:
        return _plain(number.value, signed=signed)
    low, high = _plain(number.low, signed=signed), _plain(number.high, signed=signed)
    # A hyphen would read as the sign of what stands behind it.
    return f"{_plain(number.value, signed=signed)} ({low}{' to ' if signed else '-'}{high})"


def _plain(value: float | None, *, signed: bool = False) -> str:
    return "-" if value is None else f"{value:+.3f}" if signed else f"{value:.3f}"
