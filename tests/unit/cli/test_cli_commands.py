"""The commands: what they print, their JSON, and their exit codes (0 all well, 3 some failed, 1 none)."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from einthoven.cli import learning
from einthoven.store.models import GRAPH
from einthoven.task import Task, TaskClass
from einthoven.train.config import RESUME_FILE
from einthoven.train.recipes import RECIPES, config_of
from einthoven.workflows.plain import to_plain
from einthoven.workflows.requests import TrainRequest
from einthoven.workflows.train_settings import recipe_settings
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import HINTS, bare_csv, ecg, fill, levels, npz, write

Run = Callable[..., Any]


@pytest.fixture
def bench(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A labelled dataset and a model that answers it."""
    answers = fill(workspace, "d", n=8)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers))
    (tmp_path / GRAPH).write_bytes(mean_model(mean_spec()))
    workspace.models.add("m", mean_spec(), {GRAPH: tmp_path / GRAPH})
    return workspace


# -- import ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "code", "n_read"),
    [
        ({"1.npz": npz(1), "2.npz": npz(2)}, 0, 2),
        ({"1.npz": npz(1), "2.npz": b"no"}, 3, 1),
        ({"1.npz": b"no", "2.csv": bare_csv()}, 1, 0),
    ],
)
def test_an_import_ends_with_a_code_that_says_how_many_failed(
    run: Run, tmp_path: Path, files: dict[str, bytes], code: int, n_read: int
) -> None:
    folder = write(tmp_path / "in", files)
    said = run("import", folder, "--dataset", "mine")
    assert said.code == code and f"mine: {n_read} ECG" in said.text
    assert said.err.count("refused") == len(files) - n_read
    again = run("import", folder, "--dataset", "mine", "--json")
    assert again.code == code and again.json["n_already_there"] == n_read and again.json["labels"] is None
    assert sorted(failure["file_name"] for failure in again.json["refused"]) == list(files)[n_read:]


def test_numbers_of_a_label_table_come_with_their_unit(run: Run, tmp_path: Path, workspace: Workspace) -> None:
    folder = write(tmp_path / "in", {f"{i}.npz": npz(i) for i in (1, 2, 3)})
    labels = tmp_path / "qtc.csv"
    labels.write_text('file_name,label\n1.npz,410\n2.npz,\n3.npz,"455,5"\n', "utf-8")
    given = ("--labels", labels, "--task", "QTc", "--unit", "ms")
    said = run("import", folder, "--dataset", "mine", *given, "--kind", "regression")
    assert said.code == 0, said.err
    task = workspace.store.task("mine", "QTc")
    assert (task.kind, task.unit) == ("regression", "ms") and sorted(task.answers.values()) == [410.0, 455.5]
    assert sum(task.left_out.values()) == 1
    wrong = run("import", folder, "--dataset", "mine", *given)
    assert wrong.code == 1 and "have no unit" in wrong.err


def test_numbers_are_shown_in_their_unit(run: Run, tmp_path: Path, workspace: Workspace) -> None:
    names = fill(workspace, "d", n=4)
    workspace.store.put_task("d", Task("pace", "regression", (TaskClass("QT"),), dict.fromkeys(names, 1.0), unit="ms"))
    spec = mean_spec("regression", ("QT",), unit="ms")
    (tmp_path / GRAPH).write_bytes(mean_model(spec))
    workspace.models.add("m", spec, {GRAPH: tmp_path / GRAPH})
    said = run("evaluate", "--model", "m", "--dataset", "d")
    assert said.code == 0 and "Mean absolute error" in said.text and said.text.count(" ms") == 5
    assert "All true values are equal" in said.text and "not a class" not in said.text
    assert "QT, ms" in run("predict", "--model", "m", "--dataset", "d").text


def test_what_a_file_does_not_state_can_be_assumed(run: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.csv": bare_csv(1)})
    said = run("import", folder, "--dataset", "mine")
    assert said.code == 1 and "--assume" in said.text and "unit" in said.text and "rate" in said.text
    assert run("import", folder, "--dataset", "mine", "--assume", HINTS).code == 0


def test_labels_come_along(run: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.npz": npz(1), "2.npz": npz(2)})
    labels = tmp_path / "labels.csv"
    labels.write_text("record;what\n1;x\n2;[y]\n3;x\n")
    columns = ("--task", "kind", "--file-column", "record", "--label-column", "what")
    said = run("import", folder, "--dataset", "mine", "--labels", labels, *columns)
    assert said.code == 0 and "task kind (single-label): 2 labelled: [y] 1, x 1" in said.text
    assert "1 label without a record" in said.text and "label without a record: 3" in said.text
    found = run("import", folder, "--dataset", "mine", "--labels", labels, *columns, "--json").json
    assert found["labels"]["counts"] == {"[y]": 1, "x": 1}
    wrong = run("import", folder, "--dataset", "mine", "--labels", labels)
    assert wrong.code == 3 and "no column 'file_name'" in wrong.text and "--file-column" in wrong.text
    assert "2 were there already" in wrong.text, "what became of the files is said all the same"
    gone = run("import", folder, "--dataset", "mine", "--labels", tmp_path / "gone.csv")
    assert gone.code == 1 and "gone.csv cannot be read" in gone.text


def test_a_path_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    said = run("import", tmp_path / "typo", "--dataset", "mine")
    assert said.code == 1 and "typo" in said.text and "Traceback" not in said.text
    assert run("datasets", "--json").json == []


def test_names_with_brackets_are_printed_as_they_are(run: Run, tmp_path: Path) -> None:
    names = ["[red]a[/red].npz", "b[0].npz", "c[/d].npz", "e\\[f].npz"]
    files = {name.replace("/", "_"): b"no" for name in names} | {"[good].npz": npz(1)}
    said = run("import", write(tmp_path / "in", files), "--dataset", "[my] set")
    assert said.code == 3 and "[my] set: 1 ECG read" in said.text
    for name in files:
        assert name in said.text or name == "[good].npz"
    assert "[my] set" in run("datasets").text


# -- show ------------------------------------------------------------------------------------------


def test_a_file_is_shown_with_its_passport(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"1.npz": npz(1, age=50, sex="F")}) / "1.npz"
    said = run("show", path)
    assert said.code == 0 and "12: I II III aVR aVL aVF V1 V2 V3 V4 V5 V6" in said.text and "100 Hz" in said.text
    (found,) = run("show", path, "--json").json
    assert (found["rate"], found["n_samples"], found["amplitude"], found["subject"]["age"]) == (100, 200, "mV", 50)
    assert found["range"]["I"][0] < -0.9 and found["range"]["I"][1] > 0.9 and found["missing_samples"] == 0


def test_a_table_without_unit_and_rate_is_not_guessed_but_the_hints_are_named(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"bare.csv": bare_csv(1)}) / "bare.csv"
    said = run("show", path)
    assert said.code == 1 and said.out == ""
    for words in ("bare.csv", "unit", "rate", "--assume"):
        assert words in said.err
    assert run("show", path, "--json").code == 1
    said = run("show", path, "--assume", HINTS)
    assert said.code == 0 and "assumed" in said.text and "100 Hz" in said.text


@pytest.mark.parametrize(
    ("assume", "words"), [("unit=furlong", "furlong"), ("rate", "is not a hint"), ("rate=x", "no")]
)
def test_a_hint_that_is_none_is_refused(run: Run, tmp_path: Path, assume: str, words: str) -> None:
    path = write(tmp_path, {"bare.csv": bare_csv(1)}) / "bare.csv"
    said = run("show", path, "--assume", assume)
    assert said.code == 1 and words in said.err
    assert run("show", tmp_path / "gone.csv").code == 1


# -- predict and evaluate --------------------------------------------------------------------------


def test_predictions_of_a_dataset_are_printed_written_and_told_as_json(
    bench: Workspace, run: Run, tmp_path: Path
) -> None:
    said = run("predict", "--model", "m", "--dataset", "d", "--folds", "1-2")
    assert said.code == 0 and "secret-name-000.npz" in said.out and "Research use only" in said.out
    out = tmp_path / "new folder" / "answers.csv"
    assert run("predict", "--model", "m", "--dataset", "d", "--out", out).code == 0
    rows = list(csv.reader(out.open(newline="")))
    assert rows[0] == ["file_name", "slow", "fast"] and len(rows) == 9
    found = run("predict", "--model", "m", "--dataset", "d", "--json").json
    assert found["classes"] == ["slow", "fast"] and len(found["predictions"]) == 8
    first = found["predictions"][0]
    assert first["file_name"] == rows[1][0] and first["slow"] == pytest.approx(float(rows[1][1]), abs=1e-5)
    assert first["slow"] + first["fast"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "words"), [("given model.onnx", "no intact ONNX model"), ("given.ecgmodel", "no zip, or not a whole one")]
)
def test_a_model_may_be_a_file(bench: Workspace, run: Run, tmp_path: Path, name: str, words: str) -> None:
    given = tmp_path / name
    assert run("export", "--model", "m", "--out", given).code == 0
    by_name = run("predict", "--model", "m", "--dataset", "d", "--json").json["predictions"]
    assert run("predict", "--model", given, "--dataset", "d", "--json").json["predictions"] == by_name
    assert run("evaluate", "--model", given, "--dataset", "d", "--json").json["n"] == 8
    missing = run("predict", "--model", tmp_path / f"gone {name}", "--dataset", "d")
    assert missing.code == 1 and "no model file" in missing.text
    given.write_bytes(given.read_bytes()[:200])
    broken = run("predict", "--model", given, "--dataset", "d")
    assert broken.code == 1 and "Traceback" not in broken.text and words in broken.text


@pytest.mark.parametrize(
    ("files", "code"), [({"1.npz": npz(1)}, 0), ({"1.npz": npz(1), "2.npz": b"no"}, 3), ({"2.npz": b"no"}, 1), ({}, 1)]
)
def test_predicting_files_ends_with_a_code_that_says_how_many_failed(
    bench: Workspace, run: Run, tmp_path: Path, files: dict[str, bytes], code: int
) -> None:
    (tmp_path / "in").mkdir()
    said = run("predict", "--model", "m", write(tmp_path / "in", files))
    assert said.code == code and ("refused" in said.err) == (b"no" in files.values())
    assert files or "no ECG file" in said.err


def test_a_table_that_cannot_be_written_is_said_with_where_the_answers_are(
    bench: Workspace, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    said = run("predict", "--model", "m", "--dataset", "d", "--out", tmp_path / "file" / "x.csv")
    assert said.code == 1 and "cannot be written" in said.err and "predictions.csv" in said.err


def test_a_dataset_and_files_together_are_refused(bench: Workspace, run: Run, tmp_path: Path) -> None:
    path = write(tmp_path, {"1.npz": npz(1)}) / "1.npz"
    assert run("predict", "--model", "m", "--dataset", "d", path).code == 1
    said = run("predict", "--model", "m")
    assert said.code == 1 and "nothing to predict" in said.err


def test_an_evaluation_has_the_agreed_keys(bench: Workspace, run: Run) -> None:
    found = run("evaluate", "--model", "m", "--dataset", "d", "--json").json
    assert {"accuracy", "macro_f1", "weighted_f1", "macro_auroc", "per_class", "confusion", "n"} <= set(found)
    assert found["n"] == 8 and sum(map(sum, found["confusion"])) == 8 and found["task"] == "pace"
    said = run("evaluate", "--model", "m", "--dataset", "d", "--folds", "1")
    assert said.code == 0 and "macro F1" in said.out and "not known here which ECGs" in said.err
    nothing = run("evaluate", "--model", "m", "--dataset", "d", "--folds", "9", "--json")
    assert nothing.code == 1 and nothing.json["error"] == "LabelError" and "other folds" in nothing.json["advice"]


def test_an_evaluation_from_which_records_were_refused_says_so_in_its_code(bench: Workspace, run: Run) -> None:
    bench.store.add("d", "relative", replace(ecg(99, amplitude="relative"), signal=levels(1.0)))
    task = bench.store.task("d", "pace")
    bench.store.put_task("d", replace(task, answers={**task.answers, "relative": ("slow",)}))
    said = run("evaluate", "--model", "m", "--dataset", "d")
    assert said.code == 3 and "refused relative" in said.err


# -- train -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--dataset", "e", "--task", "pace"), "There are d."),
        (("--dataset", "d", "--task", "mood"), "It has pace."),
        (("--dataset", "d", "--task", "pace", "--architecture", "gpt"), "xceptiontime"),
        (("--dataset", "d", "--task", "pace", "--folds", "7-8"), "choose other folds"),
        (("--dataset", "d", "--task", "pace", "--epochs", "0"), "epochs = 0 is not possible. Give epochs as a whole"),
        (("--dataset", "d", "--task", "pace", "--epochs", "many"), "epochs = 'many' is not possible"),
        (("--dataset", "d", "--task", "pace", "--epochs", "none"), "epochs = 'none' is not possible"),
        (("--dataset", "d", "--task", "pace", "--gain", "-1"), "Give gain as a number from 0 to 1"),
        (("--dataset", "d", "--task", "pace", "--recipe", "magic"), "There are default, paper"),
        (("--dataset", "d", "--task", "pace", "--subject", "age,height"), "Name age and sex, commas between"),
        (("--dataset", "d", "--task", "pace", "--head-only", "--method", "whole"), "contradict each other"),
        (("--dataset", "d", "--task", "pace", "--name", "a/b"), "cannot be the name"),
        (("--dataset", "d", "--task", "pace", "--name", "m"), "'m-2'"),
        (("--dataset", "d", "--task", "pace", "--head-only"), "Name the model to start from"),
        (("--dataset", "d", "--task", "pace", "--from", "m"), "carries no weights"),
    ],
)
def test_a_training_that_cannot_be_is_refused_at_once(
    bench: Workspace, run: Run, options: tuple[str, ...], words: str
) -> None:
    said = run("train", *options)
    assert said.code == 1 and words in said.text and bench.jobs.jobs() == []


def test_every_setting_of_a_training_is_an_option_and_reaches_the_request(
    bench: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainRequest] = []
    monkeypatch.setattr(learning, "train", lambda _workspace, request, **_: asked.append(request))
    given: dict[str, tuple[tuple[str, ...], object]] = {}
    for one in recipe_settings():
        flag = f"--{one.name.replace('_', '-')}"
        if isinstance(one.default, bool):
            given[one.name] = ((f"--no-{flag[2:]}" if one.default else flag,), not one.default)
        elif one.choices:
            given[one.name] = ((flag, one.choices[-1]), one.choices[-1])
        elif one.default is None:
            given[one.name] = ((flag, "none"), None)
        else:
            value = int(one.most or 0) if one.whole else float(one.most or 0)
            given[one.name] = ((flag, str(value)), value)
    arguments = [word for words, _ in given.values() for word in words]
    said = run("train", "--dataset", "d", "--task", "pace", *arguments, "--recipe", "default", "--subject", "sex,age",
               "--scaling", "min_max", "--scaled-over", "record", "--accumulate", "1")  # fmt: skip
    assert said.code == 0, said.text
    (request,) = asked
    assert dict(request.settings) == {**{name: value for name, (_, value) in given.items()}, "accumulate": 1}
    assert all(type(request.settings[name]) is type(value) for name, (_, value) in given.items())
    assert (request.recipe, request.subject, request.scaling, request.scaled_over, request.method) == (
        "default", ("age", "sex"), "min_max", "record", "scratch",
    )  # fmt: skip
    assert config_of(request.recipe, request.settings).threads is None


def test_what_is_not_asked_for_is_left_to_the_recipe(
    bench: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainRequest] = []
    monkeypatch.setattr(learning, "train", lambda _workspace, request, **_: asked.append(request))
    run("train", "--dataset", "d", "--task", "pace")
    run("train", "--dataset", "d", "--task", "pace", "--from", "m")
    run("train", "--dataset", "d", "--task", "pace", "--from", "m", "--head-only")
    run("train", "--dataset", "d", "--task", "pace", "--from", "m", "--method", "head-then-whole")
    assert asked[0] == TrainRequest("d", "pace")
    assert [request.method for request in asked] == ["scratch", "whole", "head", "head-then-whole"]


def test_the_help_of_a_training_has_every_setting_with_its_sentence_in_groups(run: Run) -> None:
    said = run("train", "--help").text
    for group in ("What it learns from", "What the model sees", "How it learns"):
        assert group in said
    for one in recipe_settings():
        assert f"--{one.name.replace('_', '-')}" in said, one.name
    epochs = "; ".join(f"recipe {name}: {config_of(name, {}).epochs}" for name in RECIPES)
    assert epochs in " ".join(said.replace("│", " ").split()) and "Empty:" not in said
    assert run("train", "--dataset", "d", "--task", "t", "--schedule", "sudden").code == 2


def test_a_training_that_failed_is_resumed_and_one_that_was_cancelled_is_not(
    bench: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.jobs.submit("train", "", to_plain(TrainRequest("d", "nothing")))
    bench.jobs.claim("w", job_id=job.id)
    bench.jobs.end(job.id, "failed")
    assert "cannot go on" in run("resume", job.id).text
    bench.jobs.path(job.id).mkdir(parents=True, exist_ok=True)
    (bench.jobs.path(job.id) / RESUME_FILE).write_bytes(b"")  # what a training keeps after each epoch
    said = run("resume", job.id)
    assert said.code == 1 and "no task 'nothing'" in said.text  # it was begun again, with its request
    other = bench.jobs.submit("train", "", to_plain(TrainRequest("d", "pace")))
    bench.jobs.cancel(other.id)
    assert "cannot go on" in run("resume", other.id).text


# -- lists -----------------------------------------------------------------------------------------


def test_lists_are_tables_or_json(bench: Workspace, run: Run) -> None:
    assert "d 8 8 100 mV" in run("datasets").text
    assert [found["name"] for found in run("datasets", "--json").json] == ["d"]
    assert "m pace single-label slow fast" in run("models").text
    assert [found["classes"] for found in run("models", "--json").json] == [["slow", "fast"]]
    names = [found["name"] for found in run("formats", "--json").json]
    assert names == sorted(names) and {"csv", "dicom", "wfdb"} <= set(names)
    assert "PhysioNet" in run("formats").text


def test_empty_lists_say_what_to_do(run: Run) -> None:
    assert "einthoven import" in run("datasets").text and "einthoven train" in run("models").text
    assert run("datasets", "--json").json == run("models", "--json").json == []


def test_a_model_is_exported_as_graph_or_capsule(bench: Workspace, run: Run, tmp_path: Path) -> None:
    found = run("export", "--model", "m", "--out", tmp_path / "a" / "m.ecgmodel", "--json").json
    assert found["bytes"] == (tmp_path / "a" / "m.ecgmodel").stat().st_size and found["model"] == "m"
    wrong = run("export", "--model", "m", "--out", tmp_path / "m.zip")
    assert wrong.code == 1 and "neither in .ecgmodel nor in .onnx" in wrong.text and "m.ecgmodel" in wrong.text
    assert run("export", "--model", "none", "--out", tmp_path / "m.onnx").code == 1


def test_a_model_file_is_taken_in_before_it_is_exported_on(bench: Workspace, run: Run, tmp_path: Path) -> None:
    run("export", "--model", "m", "--out", tmp_path / "given.onnx")
    found = run("export", "--model", tmp_path / "given.onnx", "--out", tmp_path / "on.onnx", "--json").json
    assert found["model"] == "given" and bench.models.has("given")
    assert (tmp_path / "on.onnx").read_bytes() == (tmp_path / "given.onnx").read_bytes()


def test_the_doctor_tells_what_is_there(run: Run, home: Path) -> None:
    said = run("doctor")
    assert said.code == 0 and str(home) in said.text
    found = run("doctor", "--json").json
    assert found["problems"] == [] and found["data"] == str(home) and found["server running"] == "no"


def test_the_folder_can_be_chosen_on_the_command_line_too(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert run("doctor", "--home", other, "--json").json["data"] == str(other) and other.is_dir()
    (tmp_path / "file").touch()
    said = run("datasets", "--home", tmp_path / "file" / "home")
    assert said.code == 1 and "cannot be used" in said.err
