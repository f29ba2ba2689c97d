"""A benchmark from the request to its outcome: what is compared, what is kept, what is said when something is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from einthoven.errors import Cancelled, EinthovenError, LabelError, NotFound, SettingError
from einthoven.jobs.queue import INTERRUPTED
from einthoven.jobs.supervisor import LANES
from einthoven.task import Task, TaskClass
from einthoven.train.recipes import DEFAULT
from einthoven.workflows import benchmark_progress
from einthoven.workflows.benchmark import benchmark, check
from einthoven.workflows.benchmark_results import RESULTS
from einthoven.workflows.benchmarks import BenchmarkOutcome, BenchmarkRequest
from einthoven.workflows.dispatch import RESULT, run_job
from einthoven.workflows.plain import load_result
from einthoven.workflows.workspace import Workspace
from small_ecgs import Notes, ecg, fill

pytest.importorskip("torch")
QUICK = {"epochs": 1, "maximum_rate": 0.003, "batch_size": 32}
RIDGE = BenchmarkRequest("d", "speed", ("random_convolutions",), n_folds=2, duration=2.0, budget="10m")
BOTH = replace(RIDGE, architectures=("xresnet1d", "random_convolutions"), settings=QUICK)
CLASSES = (TaskClass("slow"), TaskClass("fast"))


def library(workspace: Workspace, n: int = 16) -> dict[str, tuple[str, ...]]:
    answers = fill(workspace, "d", n=n)
    workspace.store.put_task("d", Task("speed", "single-label", CLASSES, answers))
    return answers


def trained(report: Notes) -> list[tuple[str, int]]:
    return [(data["candidate"], data["fold"]) for kind, data in report.events if kind == "begun"]


def test_all_candidates_answer_all_ecgs_and_what_they_cost_is_said(workspace: Workspace, report: Notes) -> None:
    library(workspace, 64)
    found = benchmark(workspace, BOTH, report)
    assert found.stopped == "finished" and found.folds_compared == (1, 2)
    assert (found.n, found.n_patients, found.number) == (64, 64, "macro_auroc")
    assert [number.name for number in found.rows[0].numbers] == ["macro_auroc", "weighted_f1", "macro_f1"]
    ridge = next(row for row in found.rows if row.candidate.closed_form)
    network = next(row for row in found.rows if not row.candidate.closed_form)
    assert ridge.numbers[0].value == pytest.approx(1.0, abs=0.02)  # tones of 2 and of 7 Hz
    assert network.candidate.name == f"xresnet1d/{DEFAULT}"
    for row in found.rows:
        cost = row.cost
        assert min(cost.minutes, cost.prediction_ms, cost.megabytes, cost.parameters, cost.mega_flops) > 0
    assert ridge.cost.epoch_ms is None and network.cost.epoch_ms is not None and network.cost.epoch_ms > 0
    assert found.recommended == "random_convolutions"
    assert not list(report.folder.glob(".training-*"))
    lines = [json.loads(line) for line in (report.folder / RESULTS).read_text().splitlines()]
    assert (lines[0]["format"], lines[0]["version"], len(lines)) == ("einthoven-benchmark-results", 1, 5)
    assert "secret" not in (report.folder / RESULTS).read_text()


def test_one_that_was_killed_goes_on_and_computes_nothing_twice(workspace: Workspace, report: Notes) -> None:
    library(workspace)
    first = benchmark(workspace, replace(RIDGE, n_folds=3), report)
    kept = (report.folder / RESULTS).read_text().splitlines(keepends=True)
    assert len(kept) == 4
    (report.folder / RESULTS).write_text("".join(kept[:3]) + kept[3][: len(kept[3]) // 2])
    (report.folder / ".training-old").mkdir()
    again = Notes(report.folder)
    second = benchmark(workspace, replace(RIDGE, n_folds=3), again)
    assert trained(report) == [("random_convolutions", fold) for fold in (1, 2, 3)]
    assert trained(again) == [("random_convolutions", 3)]
    assert second.rows[0].numbers == first.rows[0].numbers
    assert not (report.folder / ".training-old").exists()
    third = Notes(report.folder)
    benchmark(workspace, replace(RIDGE, n_folds=3), third)
    assert trained(third) == []


def test_results_of_other_ecgs_are_not_used(workspace: Workspace, report: Notes) -> None:
    answers = library(workspace)
    benchmark(workspace, RIDGE, report)
    answers |= fill(workspace, "d", n=4, first=50)
    workspace.store.put_task("d", Task("speed", "single-label", CLASSES, answers))
    again = Notes(report.folder)
    benchmark(workspace, RIDGE, again)
    assert len(trained(again)) == 2 and any("begins anew" in line for line in again.lines)


def test_fewer_patients_than_folds_are_fewer_folds_and_few_ecgs_no_recommendation(
    workspace: Workspace, report: Notes
) -> None:
    library(workspace, 12)
    told = check(workspace, replace(RIDGE, n_folds=15))
    assert told.n_folds == 12 and "12 folds instead of 15" in " ".join(told.warnings)
    found = benchmark(workspace, RIDGE, report)
    assert found.recommended is None and found.recommendation.startswith("Too few to say")


@pytest.mark.parametrize(
    ("without", "words"), [(16, "None of the 16 ECGs names a patient"), (3, "3 of 16 ECGs name no patient")]
)
def test_ecgs_that_name_no_patient_are_said_to_count_as_patients_of_their_own(
    workspace: Workspace, report: Notes, without: int, words: str
) -> None:
    answers = fill(workspace, "d", n=16 - without)
    for i in range(50, 50 + without):
        workspace.store.add("d", f"{i}.npz", ecg(i, hertz=7.0 if i % 2 else 2.0, subject=None))
        answers[f"{i}.npz"] = ("fast" if i % 2 else "slow",)
    workspace.store.put_task("d", Task("speed", "single-label", CLASSES, answers))
    told, found = check(workspace, RIDGE), benchmark(workspace, RIDGE, report)
    for warnings in (told.warnings, found.warnings):
        assert any(f"{words}: each of them counts as a patient of its own." in one for one in warnings)


def test_of_known_patients_no_such_thing_is_said(workspace: Workspace) -> None:
    library(workspace)
    assert "patient of its own" not in " ".join(check(workspace, RIDGE).warnings)


def test_one_training_that_is_done_is_one(workspace: Workspace, report: Notes) -> None:
    library(workspace)
    benchmark(workspace, RIDGE, report)
    kept = (report.folder / RESULTS).read_text().splitlines(keepends=True)
    (report.folder / RESULTS).write_text("".join(kept[:2]))
    again = Notes(report.folder)
    benchmark(workspace, RIDGE, again)
    assert "Goes on: 1 training is done already." in again.lines


def test_cancelling_gives_what_is_there_or_says_that_nothing_is(workspace: Workspace, tmp_path: Path) -> None:
    library(workspace)

    class Impatient(Notes):
        def cancel_requested(self) -> bool:
            return ("answered", {"candidate": "random_convolutions", "fold": 1}) in self.events

    (tmp_path / "one").mkdir()
    found = benchmark(workspace, replace(RIDGE, n_folds=3), Impatient(tmp_path / "one"))
    assert (found.stopped, found.folds_compared) == ("cancelled", (1,))
    assert "1 of 3 folds are compared: it was cancelled." in found.warnings
    (tmp_path / "two").mkdir()
    with pytest.raises(Cancelled):
        benchmark(workspace, RIDGE, Notes(tmp_path / "two", cancel_after=3))


def test_a_budget_too_small_for_anything_says_how_much_is_needed(workspace: Workspace, report: Notes) -> None:
    library(workspace)
    request = replace(
        RIDGE, architectures=("xresnet1d",), budget="10s", settings={**QUICK, "epochs": 10_000, "patience": 10_000}
    )
    with pytest.raises(SettingError, match="one fold of the fastest candidate takes at least") as error:
        benchmark(workspace, request, report)
    assert error.value.advice.startswith("Give a budget of at least")
    assert trained(report) == []


def test_what_does_not_fit_once_is_left_out_and_the_rest_is_compared(workspace: Workspace, report: Notes) -> None:
    library(workspace)
    request = replace(BOTH, budget="60s", settings={**QUICK, "epochs": 10_000, "patience": 10_000})
    found = benchmark(workspace, request, report)
    assert [row.candidate.name for row in found.rows] == ["random_convolutions"]
    assert [one.candidate.name for one in found.left_out] == [f"xresnet1d/{DEFAULT}"]
    assert "takes at least" in found.left_out[0].reason


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"architectures": ("resnet9000",)}, NotFound, "resnet9000"),
        ({"recipes": ("grandmother",)}, SettingError, "grandmother"),
        ({"budget": "soon"}, SettingError, "soon"),
        ({"n_folds": 1}, SettingError, "folds = 1"),
        ({"task": "nothing"}, NotFound, "nothing"),
        ({"dataset": "nowhere"}, NotFound, "nowhere"),
        ({"architectures": ("xresnet1d",), "settings": {"epochs": 0}}, SettingError, "epochs"),
        ({"folds": (9,)}, LabelError, "0 labelled"),
    ],
)
def test_what_is_not_possible_is_refused_before_it_begins(
    workspace: Workspace, change: dict[str, object], error: type[EinthovenError], words: str
) -> None:
    library(workspace)
    with pytest.raises(error, match=words):
        workspace.submit("benchmark", replace(RIDGE, **change))  # type: ignore[arg-type]


def test_one_class_only_is_refused(workspace: Workspace) -> None:
    answers = fill(workspace, "d", n=8)
    workspace.store.put_task("d", Task("speed", "single-label", CLASSES, dict.fromkeys(answers, ("slow",))))
    with pytest.raises(LabelError, match="one class"):
        check(workspace, RIDGE)


def test_a_class_of_one_is_compared_without_it(workspace: Workspace, report: Notes) -> None:
    answers = library(workspace)
    rare = (*CLASSES, TaskClass("rare"))
    workspace.store.put_task("d", Task("speed", "single-label", rare, {**answers, next(iter(answers)): ("rare",)}))
    found = benchmark(workspace, RIDGE, report)
    assert found.rows[0].numbers[0].value is not None
    assert any("rare (1)" in warning for warning in found.warnings)


def test_a_regression_is_ranked_by_its_error(workspace: Workspace, report: Notes) -> None:
    answers = {name: 7.0 if label == ("fast",) else 2.0 for name, label in fill(workspace, "d", n=16).items()}
    workspace.store.put_task("d", Task("speed", "regression", (TaskClass("hertz"),), answers, unit="Hz"))
    found = benchmark(workspace, RIDGE, report)
    assert (found.number, found.higher_is_better, found.unit) == ("mae", False, "Hz")
    assert [number.name for number in found.rows[0].numbers] == ["mae"]


def test_as_a_job_it_ends_with_a_result_that_is_shown_again(workspace: Workspace) -> None:
    library(workspace)
    job = workspace.submit("benchmark", RIDGE)
    assert job.title == "Benchmark speed on d"
    before = benchmark_progress.view(workspace, job.id)
    assert before.outcome is None and before.candidates == ()
    claimed = workspace.jobs.claim("test", job_id=job.id)
    assert claimed is not None
    run_job(workspace, claimed)
    ended = workspace.jobs.job(job.id)
    assert ended.state == "done" and "Random convolutions" in ended.headline
    outcome = load_result(workspace.jobs.path(job.id) / RESULT, BenchmarkOutcome)
    shown = benchmark_progress.view(Workspace(workspace.home), job.id)
    assert outcome is not None and shown.outcome == outcome
    assert [one.done for one in shown.candidates] == [(1, 2)]
    assert shown.request == RIDGE


def test_a_job_that_lost_its_process_is_queued_again(workspace: Workspace) -> None:
    library(workspace)
    job = workspace.submit("benchmark", RIDGE)
    workspace.jobs.claim("test", job_id=job.id)
    workspace.jobs.interrupt(job.id, INTERRUPTED)
    assert workspace.jobs.job(job.id).state == "queued"


def test_a_benchmark_and_a_training_wait_for_each_other() -> None:
    assert next(lane for lane in LANES if "train" in lane) == {"train", "benchmark"}
