"""What a training will do is settled, checked and said before it starts."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from einthoven.errors import IncompatibleModel, LabelError, NotFound, SettingError
from einthoven.store.models import GRAPH
from einthoven.task import Answer, Kind, Task, TaskClass
from einthoven.workflows import planning
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.views import Preferences
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import ecg, fill

TWO = (TaskClass("fast"), TaskClass("slow"))


def put(
    workspace: Workspace,
    answers: Mapping[str, Answer],
    classes: tuple[TaskClass, ...] = TWO,
    *,
    kind: Kind = "single-label",
    left_out: Mapping[str, int] | None = None,
) -> None:
    workspace.store.put_task("d", Task("t", kind, classes, dict(answers), left_out=left_out or {}))


def test_the_split_is_counted_and_repeats_with_its_seed(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24))
    plan = planning.plan(workspace, TrainRequest("d", "t", seed=3))
    info = plan.info
    assert info.n_train + info.n_validation == 24 and 4 <= info.n_validation <= 6 and info.seed == 3
    assert sum(info.train_counts.values()) == info.n_train == info.n_subjects_train
    assert set(info.validation_counts) == {"fast", "slow"} and min(info.validation_counts.values()) > 0
    assert info.left_out == {} and plan.spec.class_names == ("fast", "slow")
    assert not {item.id for item in plan.train} & {item.id for item in plan.validation}
    assert planning.plan(workspace, TrainRequest("d", "t", seed=3)) == plan
    assert planning.plan(workspace, TrainRequest("d", "t", seed=4)).train != plan.train


def test_folds_limit_what_training_may_see(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24))
    plan = planning.plan(workspace, TrainRequest("d", "t", folds=(1, 2)))
    assert {item.fold for item in (*plan.train, *plan.validation)} == {1, 2} and plan.info.folds == (1, 2)
    with pytest.raises(LabelError, match=r"'t' has 0 labelled ECGs in folds 8, 9; .*choose other folds"):
        planning.plan(workspace, TrainRequest("d", "t", folds=(8, 9)))


def test_records_without_an_answer_are_counted_once_with_the_reason_where_it_is_known(workspace: Workspace) -> None:
    answers = fill(workspace, "d", n=24)
    known = dict(list(answers.items())[:20])
    put(workspace, known, left_out={"both at once": 3, "neither": 1})
    assert planning.plan(workspace, TrainRequest("d", "t")).info.left_out == {"both at once": 3, "neither": 1}
    # The task counts reasons over the whole dataset: in some folds, or after a second import, they no longer add up.
    in_folds = planning.plan(workspace, TrainRequest("d", "t", folds=(1, 2))).info.left_out
    assert sum(in_folds.values()) == len([name for name in list(answers)[20:] if folds(workspace)[name] in (1, 2)])
    workspace.store.add("d", "later", ecg(900))
    assert planning.plan(workspace, TrainRequest("d", "t")).info.left_out == {
        "has no label of this task (in the whole dataset: 3 both at once; 1 neither)": 5
    }


def folds(workspace: Workspace) -> dict[str, int | None]:
    return {item.file_name: item.fold for item in workspace.store.items("d")[1]}


def test_one_record_of_each_patient_is_used_when_asked_for(workspace: Workspace) -> None:
    workspace.store.create_dataset("d")
    answers: dict[str, Answer] = {}
    for number in range(24):
        workspace.store.add("d", str(number), ecg(number, subject=f"p{number // 2}"))
        answers[str(number)] = ("fast" if number // 2 % 2 else "slow",)
    put(workspace, answers)
    everything = planning.plan(workspace, TrainRequest("d", "t")).info
    assert everything.n_subjects_train + everything.n_subjects_validation == 12
    info = planning.plan(workspace, TrainRequest("d", "t", one_per_patient=True)).info
    assert info.n_train + info.n_validation == 12 and sum(info.left_out.values()) == 12


def test_all_of_one_class_is_refused_with_the_way_out(workspace: Workspace) -> None:
    put(workspace, dict.fromkeys(fill(workspace, "d", n=6), ("fast",)))
    with pytest.raises(LabelError, match=r"All labelled ECGs are of one class \(fast\).*Add ECGs of another class"):
        planning.plan(workspace, TrainRequest("d", "t"))


def test_a_class_of_one_and_a_class_of_none_are_said(workspace: Workspace) -> None:
    answers: dict[str, Answer] = dict(fill(workspace, "d", n=24))
    answers[next(iter(answers))] = ("rare",)
    put(workspace, answers, (*TWO, TaskClass("rare"), TaskClass("absent")))
    plan = planning.plan(workspace, TrainRequest("d", "t"))
    assert plan.spec.class_names == ("fast", "slow", "rare"), "nobody has `absent`: there is nothing to learn"
    assert any("rare has 1 ECG:" in warning for warning in plan.warnings)
    assert plan.info.train_counts["rare"] == 1


def test_a_validation_part_of_one_class_is_said_to_show_nothing(workspace: Workspace) -> None:
    answers = fill(workspace, "d", n=24)
    put(workspace, {name: ("slow",) if k == 0 else ("fast",) for k, name in enumerate(answers)})
    warnings = planning.check(workspace, TrainRequest("d", "t")).warnings
    assert any("All ECGs of the validation part are fast" in line for line in warnings)


def test_settings_of_classes_are_idle_where_a_value_is_predicted(workspace: Workspace) -> None:
    answers = fill(workspace, "d", n=24)
    put(workspace, {name: float(k) for k, name in enumerate(answers)}, (TaskClass("qt"),), kind="regression")
    idle = planning.check(workspace, TrainRequest("d", "t", settings={"label_smoothing": 0.1})).warnings
    assert any("label smoothing: without effect" in line for line in idle)
    assert not any("without effect" in line for line in planning.check(workspace, TrainRequest("d", "t")).warnings)


def test_a_multi_label_class_that_nobody_has_stays_an_output_and_is_warned_of(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24), (*TWO, TaskClass("absent")), kind="multi-label")
    plan = planning.plan(workspace, TrainRequest("d", "t"))
    assert plan.spec.class_names == ("fast", "slow", "absent")
    assert any("absent: no ECG to learn from" in warning for warning in plan.warnings)


def test_what_makes_results_look_better_than_they_are_is_warned_of(workspace: Workspace) -> None:
    answers: dict[str, Answer] = dict(fill(workspace, "d", n=24, simulated=True))
    workspace.store.add("d", "nobody's", ecg(900, amplitude="relative"))
    put(workspace, {**answers, "nobody's": ("fast",)})
    warnings = " ".join(planning.plan(workspace, TrainRequest("d", "t")).warnings)
    for words in (
        "25 labelled ECGs are few",
        "1 ECG names no patient",
        "24 in mV, 1 relative",
        "24 of 25 ECGs are simulated",
    ):
        assert words in warnings


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_too_few_records_are_refused_before_anything_starts(workspace: Workspace, n: int) -> None:
    answers = fill(workspace, "d", n=12)
    put(workspace, dict(list(answers.items())[:n]))
    with pytest.raises(LabelError):
        planning.complete(workspace, TrainRequest("d", "t"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "a/b"}, "cannot be the name of a model"),
        ({"name": "   "}, "cannot be the name of a model"),
        ({"name": "x" * 81}, "cannot be the name of a model"),
        ({"name": " taken "}, "'taken' already.*'taken-2'"),
        ({"settings": {"epochs": 0}}, "epochs = 0 .*from 1 to"),
        ({"settings": {"batch_size": 0}}, "batch_size"),
        ({"settings": {"optimiser": "magic"}}, "optimiser .*one of adamw, adam"),
        ({"settings": {"maximum_rate": -1.0}}, "maximum_rate"),
        ({"settings": {"class_weights": 1}}, "class_weights .*true or false"),
        ({"settings": {"speed": 1}}, "no setting 'speed'.*epochs"),
        ({"settings": {"seed": 1}}, "Give seed by itself"),
        ({"recipe": "magic"}, "no recipe 'magic'.*paper"),
        ({"seed": -1}, "seed"),
        ({"rate": 0.0}, "rate of 0 Hz is not possible"),
        ({"rate": -100.0}, "rate of -100 Hz is not possible"),
        ({"rate": 60.0}, "0.5-40 Hz band needs more than 80"),
        ({"duration": 0.0}, "window of 0 s is not possible"),
        ({"duration": 1e9}, "window of 1e[+]09 s is not possible"),
        ({"method": "head"}, "none was named"),
    ],
)
def test_a_setting_that_is_not_possible_is_said_before_hours_of_training(
    workspace: Workspace, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    workspace.models.add("taken", mean_spec(), {GRAPH: tmp_path / GRAPH})
    put(workspace, fill(workspace, "d", n=24))
    with pytest.raises(SettingError, match=words):
        planning.complete(workspace, TrainRequest("d", "t", **change))  # type: ignore[arg-type]


def test_what_is_not_there_is_said_with_what_there_is(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24))
    for request, words in (
        (TrainRequest("e", "t"), r"no dataset 'e'.*There are d\."),
        (TrainRequest("d", "u"), r"no task 'u'.*It has t\."),
        (TrainRequest("d", "t", architecture="transformer"), r"'transformer'.*xceptiontime"),
        (TrainRequest("d", "t", from_model="m", method="whole"), r"no model 'm'"),
    ):
        with pytest.raises(NotFound, match=words):
            planning.complete(workspace, request)


def test_a_model_without_weights_cannot_be_continued(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    workspace.models.add("m", mean_spec(), {GRAPH: tmp_path / GRAPH})
    put(workspace, fill(workspace, "d", n=24))
    with pytest.raises(IncompatibleModel, match="'m' carries no weights"):
        planning.complete(workspace, TrainRequest("d", "t", from_model="m", method="head"))
    with pytest.raises(SettingError, match="takes no model to start from"):
        planning.complete(workspace, TrainRequest("d", "t", from_model="m"))


def test_a_name_is_found_when_none_is_given_and_is_short_enough(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24))
    assert planning.complete(workspace, TrainRequest("d", "t")).name == "t-xceptiontime"
    long = "t" * 80
    workspace.store.put_task("d", Task(long, "single-label", TWO, workspace.store.task("d", "t").answers))
    name = planning.complete(workspace, TrainRequest("d", long)).name
    assert name is not None and len(name) <= 80
    assert planning.check(workspace, TrainRequest("d", "t", name="mine")).name == "mine"
    for settle in (planning.check, planning.complete):  # before anything is started, also on the page
        with pytest.raises(SettingError, match="cannot be the name of a model"):
            settle(workspace, TrainRequest("d", "t", name="../../x"))


def test_the_installations_settings_are_what_the_model_sees_unless_asked_otherwise(workspace: Workspace) -> None:
    put(workspace, fill(workspace, "d", n=24))
    workspace.save_preferences(Preferences(target_rate=125, duration=4, threads=1))
    plan = planning.plan(workspace, TrainRequest("d", "t"))
    assert (plan.spec.rate, plan.spec.duration, plan.config.threads) == (125, 4, 1)
    plan = planning.plan(workspace, TrainRequest("d", "t", rate=250, duration=2, scaled_over="none"))
    assert (plan.spec.rate, plan.spec.duration, plan.spec.scaled_over) == (250, 2, None)
    assert Workspace(workspace.home).preferences == workspace.preferences
    for wrong in (Preferences(target_rate=float("nan")), Preferences(duration=0), Preferences(threads=0)):
        with pytest.raises(SettingError, match="not possible"):
            workspace.save_preferences(wrong)


def test_time_is_guessed_only_from_trainings_on_this_machine(workspace: Workspace, tmp_path: Path) -> None:
    put(workspace, fill(workspace, "d", n=24))
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    speed = {"ms_per_ecg_and_epoch": 10.0, "method": "scratch", "config": {"window_s": 2.5}}
    files = {GRAPH: tmp_path / GRAPH}
    workspace.models.add("from elsewhere", mean_spec(), files, architecture="xceptiontime", statistics=speed)
    check = planning.check(workspace, TrainRequest("d", "t", settings={"epochs": 5}))
    assert check.minutes is None and "not known" in check.minutes_note
    workspace.models.add("ours", mean_spec(), files, architecture="xceptiontime", run="r", statistics=speed)
    check = planning.check(workspace, TrainRequest("d", "t", settings={"epochs": 5}))
    assert check.minutes == pytest.approx(10 * 24 * 5 / 60_000) and "'ours'" in check.minutes_note
    whole = planning.check(workspace, TrainRequest("d", "t", settings={"epochs": 5, "window_s": None}))
    assert whole.minutes is None  # windows cost another time than whole ECGs
