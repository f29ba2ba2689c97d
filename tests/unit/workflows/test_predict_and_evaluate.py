"""Answers of a model whose answers are known, for datasets and for files, compared with labels."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from einthoven.errors import Cancelled, IncompatibleModel, LabelError, NotFound
from einthoven.infer import Predictor
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord, ReadHints
from einthoven.spec import ModelSpec
from einthoven.store.models import GRAPH
from einthoven.task import Answer, Task, TaskClass
from einthoven.workflows.evaluate import evaluate
from einthoven.workflows.predict import predict, predict_one
from einthoven.workflows.requests import EvaluateRequest, PredictRequest
from einthoven.workflows.seen import LEARNED_FROM
from einthoven.workflows.workspace import Workspace
from hand_made_model import GAIN, mean_model, mean_spec
from small_ecgs import HINTS, Notes, bare_csv, ecg, levels, npz, signal, write

SINGLE, MULTI = mean_spec(), mean_spec("multi-label", ("slow", "fast", "extra"))
VALUE = mean_spec("regression", ("pace",), unit="ms")


def shelve(workspace: Workspace, tmp_path: Path, name: str, spec: ModelSpec, **facts: object) -> None:
    (tmp_path / GRAPH).write_bytes(mean_model(spec, divide=bool(facts.pop("divide", False))))
    files = {GRAPH: tmp_path / GRAPH}
    learned = facts.pop("learned", None)
    if learned is not None:
        (tmp_path / LEARNED_FROM).write_text(json.dumps(learned))
        files[LEARNED_FROM] = tmp_path / LEARNED_FROM
    workspace.models.add(name, spec, files, **facts)  # type: ignore[arg-type]


def put(workspace: Workspace, name: str, record: EcgRecord, fold: int | None = None) -> None:
    workspace.store.ensure_dataset("d")
    workspace.store.add("d", name, record, fold=fold)


def of(*means: float, seed: int = 0, **facts: object) -> EcgRecord:
    return replace(ecg(seed), signal=levels(*means, seed=seed), **facts)


@pytest.fixture
def bench(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Four ECGs: means of the first two leads tell the answer."""
    shelve(workspace, tmp_path, "single", SINGLE)
    shelve(workspace, tmp_path, "multi", MULTI, simulated=True)
    shelve(workspace, tmp_path, "value", VALUE)
    for seed, means in enumerate([(0.4, -0.1, -1.0), (-0.1, 0.3, -1.0), (0.2, 0.1, -1.0), (-0.5, 0.5, 1.0)]):
        put(workspace, f"{seed}.npz", of(*means, seed=seed), fold=1 + seed % 2)
    return workspace


def sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


# -- predicting a dataset --------------------------------------------------------------------------


def test_a_dataset_is_answered_record_by_record(bench: Workspace, report: Notes) -> None:
    table = predict(bench, PredictRequest("single", dataset="d"), report)
    assert (table.total, table.classes, table.kind, table.simulated_model) == (
        4,
        ("slow", "fast"),
        "single-label",
        False,
    )
    assert [row.prediction.file_name for row in table.rows] == ["0.npz", "1.npz", "2.npz", "3.npz"]
    assert [row.answer for row in table.rows] == [("slow",), ("fast",), ("slow",), ("fast",)]
    np.testing.assert_allclose(table.rows[0].prediction.logits, (4.0, -1.0), atol=1e-4)
    np.testing.assert_allclose(
        [row.prediction.values[0] for row in table.rows], [sigmoid(x) for x in (5, -4, 1, -10)], atol=1e-4
    )
    items = {item.file_name: item.id for item in bench.store.items("d")[1]}
    assert [row.item for row in table.rows] == list(items.values()) and {row.truth for row in table.rows} == {None}


def test_only_the_chosen_folds_are_answered_and_labels_stand_beside_the_answers(
    bench: Workspace, report: Notes
) -> None:
    bench.store.put_task("d", Task("pace", "single-label", SINGLE.classes, {"1.npz": ("slow",)}))
    table = predict(bench, PredictRequest("single", dataset="d", folds=(2,)), report)
    assert [(row.prediction.file_name, row.truth) for row in table.rows] == [("1.npz", ("slow",)), ("3.npz", None)]
    with pytest.raises(NotFound, match="choose other folds"):
        predict(bench, PredictRequest("single", dataset="d", folds=(9,)), report)


def test_several_answers_or_none_may_apply_where_the_task_allows_it(bench: Workspace, report: Notes) -> None:
    table = predict(bench, PredictRequest("multi", dataset="d"), report)
    assert [row.answer for row in table.rows] == [("slow",), ("fast",), ("slow", "fast"), ("fast", "extra")]
    assert table.simulated_model


def test_a_value_is_answered_in_its_unit(bench: Workspace, report: Notes) -> None:
    table = predict(bench, PredictRequest("value", dataset="d"), report)
    assert table.unit == "ms" and {row.answer for row in table.rows} == {()}
    np.testing.assert_allclose([row.prediction.values[0] for row in table.rows], [4, -1, 2, -5], atol=1e-4)


def test_the_table_for_spreadsheets_has_a_column_per_class_and_no_formulas(bench: Workspace, report: Notes) -> None:
    put(bench, '=HYPERLINK("x")', of(0.1, 0.2, seed=9))
    predict(bench, PredictRequest("single", dataset="d"), report)
    rows = list(csv.reader((report.folder / "predictions.csv").read_text().splitlines()))
    assert rows[0] == ["file_name", "slow", "fast"] and len(rows) == 6
    assert '\'=HYPERLINK("x")' in [row[0] for row in rows] and not any(row[0].startswith("=") for row in rows)
    assert float(dict((row[0], row[1]) for row in rows)["0.npz"]) == pytest.approx(sigmoid(5), abs=1e-5)


def test_records_that_do_not_fit_are_refused_one_by_one_with_the_reason(
    bench: Workspace, report: Notes, tmp_path: Path
) -> None:
    put(bench, "relative", of(1.0, 0.0, seed=11, amplitude="relative"))
    two = replace(ecg(12), signal=levels(1.0, 0.0)[:2], leads=("V1", "V2"))
    put(bench, "two leads", two)
    holes = levels(1.0, 0.0, seed=13)
    holes[:, 20:120] = np.nan
    put(bench, "holes", replace(ecg(13), signal=holes))
    put(bench, "flat", replace(ecg(14), signal=np.zeros((12, 200))))
    put(bench, "all missing", replace(ecg(15), signal=np.full((12, 200), np.nan)))
    damaged = next(item for item in bench.store.items("d")[1] if item.file_name == "3.npz")
    bench.store.signals.path(damaged.record_id).write_bytes(b"damaged")

    table = predict(bench, PredictRequest("single", dataset="d"), report)

    assert [row.prediction.file_name for row in table.rows] == ["0.npz", "1.npz", "2.npz"]
    refused = {failure.file_name: failure for failure in table.refused}
    assert {name: failure.error for name, failure in refused.items()} == {
        "relative": "IncompatibleModel",
        "two leads": "IncompatibleModel",
        "holes": "IncompatibleModel",
        "all missing": "IncompatibleModel",
        "flat": "IncompatibleModel",
        "3.npz": "FormatError",
    }
    for name, words in {
        "relative": "without a z-score", "two leads": "lacks lead",
        "holes": "0.200-1.200 s", "all missing": "no sample", "flat": "no heartbeat", "3.npz": "damaged",
    }.items():  # fmt: skip
        assert words in refused[name].reason, refused[name].reason
    assert report.failures == list(table.refused)


def test_one_ecg_without_a_possible_answer_does_not_cost_the_others_theirs(
    bench: Workspace, report: Notes, tmp_path: Path
) -> None:
    shelve(bench, tmp_path, "dividing", SINGLE, divide=True)
    put(bench, "balanced", replace(ecg(14), signal=np.tile([0.5, -0.5], (12, 100))))
    table = predict(bench, PredictRequest("dividing", dataset="d"), report)
    assert table.total == 4 and [failure.file_name for failure in table.refused] == ["balanced"]
    assert "no number" in table.refused[0].reason


def test_a_model_with_a_z_score_takes_relative_amplitudes(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    shelve(bench, tmp_path, "z", mean_spec(over_lead=True))
    put(bench, "relative", of(0.3, 0.0, seed=11, amplitude="relative"))
    table = predict(bench, PredictRequest("z", dataset="d"), report)
    assert table.total == 5 and table.refused == ()


def test_a_short_or_coarse_record_is_answered_with_a_doubt(bench: Workspace, report: Notes) -> None:
    put(
        bench, "short", replace(ecg(20), signal=levels(0.4, 0.0)[:, :50], source=replace(ecg().source, doubts=("odd",)))
    )
    put(bench, "coarse", replace(ecg(21), signal=levels(0.4, 0.0)[:, ::2], rate=50.0))
    rows = {row.prediction.file_name: row for row in predict(bench, PredictRequest("single", dataset="d"), report).rows}
    assert rows["short"].prediction.doubts == ("odd", "1.5 of the 2 s the model looks at were not recorded.")
    assert rows["coarse"].prediction.doubts == ("Recorded at 50 Hz, below the 100 Hz the model expects.",)
    assert rows["0.npz"].prediction.doubts == ()


def test_a_longer_record_is_answered_for_all_its_windows_and_their_answers_are_averaged(
    bench: Workspace, report: Notes
) -> None:
    parts = [levels(*means) for means in ((0.4, -0.1), (-0.2, 0.2), (0.1, 0.3))]
    put(bench, "long", replace(ecg(22), signal=np.concatenate(parts, axis=1)))
    rows = {row.prediction.file_name: row for row in predict(bench, PredictRequest("single", dataset="d"), report).rows}
    slow = [sigmoid(GAIN * (a - b)) for a, b in ((0.4, -0.1), (-0.2, 0.2), (0.1, 0.3))]
    np.testing.assert_allclose(rows["long"].prediction.values, (np.mean(slow), 1 - np.mean(slow)), atol=1e-3)
    assert rows["long"].prediction.doubts == ()
    assert "answers for 3 windows averaged, which cover 100% of 6 s" in rows["long"].prediction.notes


def test_a_record_of_which_the_model_has_seen_a_part_is_answered_with_a_doubt(bench: Workspace, report: Notes) -> None:
    part_flat = np.concatenate([levels(0.4, -0.1), np.zeros((12, 200), np.float32)], axis=1)
    put(bench, "half", replace(ecg(23), signal=part_flat))
    predict(bench, PredictRequest("single", dataset="d"), report)
    rows = {row["file_name"]: row for row in csv.DictReader((report.folder / "passports.csv").read_text().splitlines())}
    assert rows["half"]["doubts"] == "The model has looked at 2 s of the 4 s that were recorded."
    assert rows["0.npz"]["doubts"] == ""


@pytest.mark.parametrize(("limit", "sizes"), [({"BATCH": 3}, [2, 2]), ({"BATCH_BYTES": 1}, [1, 1, 1, 1])])
def test_records_are_answered_in_their_order_whatever_batch_they_fall_into(
    bench: Workspace, report: Notes, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], sizes: list[int]
) -> None:
    """Long recordings make a batch of their own, so that a folder of them is not gathered in memory."""
    asked: list[int] = []
    run = Predictor.run
    monkeypatch.setattr(Predictor, "run", lambda self, batch, told: asked.append(len(batch)) or run(self, batch, told))
    for name, value in limit.items():
        monkeypatch.setattr(f"einthoven.workflows.predict.{name}", value)
    put(bench, "2 flat", replace(ecg(14), signal=np.zeros((12, 200))))
    table = predict(bench, PredictRequest("single", dataset="d"), report)
    assert [row.prediction.file_name for row in table.rows] == ["0.npz", "1.npz", "2.npz", "3.npz"]
    assert [failure.file_name for failure in table.refused] == ["2 flat"] and asked == sizes
    np.testing.assert_allclose(
        [row.prediction.values[0] for row in table.rows], [sigmoid(x) for x in (5, -4, 1, -10)], atol=1e-4
    )


def test_a_cancelled_prediction_stops(bench: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        predict(bench, PredictRequest("single", dataset="d"), Notes(tmp_path, cancel_after=2))


# -- predicting files ------------------------------------------------------------------------------


def test_files_are_answered_without_being_kept(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    files = {
        "in/good.npz": npz(ecg=levels(0.4, 0.0)), "in/bad.npz": b"no", "in/bare.csv": bare_csv(),
        "in/labels.csv": b"file_name,label\ngood,x\n",
        "in/batch.npz": npz(ecg=np.stack([levels(0.0, 0.3), levels(0.4, 0.0)])),
    }  # fmt: skip
    folder = write(tmp_path, files) / "in"
    table = predict(bench, PredictRequest("single", paths=(str(folder),)), report)
    assert {row.prediction.file_name: row.answer for row in table.rows} == {
        "good.npz": ("slow",), "batch.npz": ("fast",), "batch.npz#2": ("slow",),
    }  # fmt: skip
    assert {row.item for row in table.rows} == {None}
    assert {f.file_name: (f.error, set(f.missing_hints)) for f in table.refused} == {
        "bad.npz": ("FormatError", set()),
        "bare.csv": ("HintsNeeded", {"unit", "rate"}),
    }
    assert bench.store.dataset("d").n_records == 4
    hinted = predict(
        bench, PredictRequest("single", paths=(str(folder / "bare.csv"),), hints=ReadHints.parse(HINTS)), report
    )
    assert hinted.total == 1 and hinted.refused == ()


def test_doubts_about_a_file_reach_its_answer(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    folder = write(tmp_path, {"in/1.npz": npz(ecg=signal(1)[:, ::2], fs=50.0)}) / "in"
    request = PredictRequest("single", paths=(str(folder),), hints=ReadHints(rate=500))
    (row,) = predict(bench, request, report).rows
    assert len(row.prediction.doubts) == 2
    assert any("hint" in doubt for doubt in row.prediction.doubts) and any("50 Hz" in d for d in row.prediction.doubts)


def test_nothing_to_predict_is_said(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "gone"):
        with pytest.raises(NotFound, match=r"no .*file"):
            predict(bench, PredictRequest("single", paths=(str(path),)), report)


@pytest.mark.parametrize("simulated", [True, False])
def test_a_model_file_answers_like_the_model_on_the_shelf_and_says_if_it_is_simulated(
    bench: Workspace, report: Notes, tmp_path: Path, *, simulated: bool
) -> None:
    path = tmp_path / "given.onnx"
    path.write_bytes(mean_model(SINGLE, {"simulated": simulated}))
    by_file = predict(bench, PredictRequest(str(path), dataset="d"), report)
    by_name = predict(bench, PredictRequest("single", dataset="d"), report)
    assert [row.prediction.values for row in by_file.rows] == [row.prediction.values for row in by_name.rows]
    assert by_file.simulated_model is simulated


def test_one_record_is_answered_for_the_page(bench: Workspace) -> None:
    bench.store.put_task("d", Task("pace", "regression", (TaskClass("pace"),), {"0.npz": 3.0}))
    item = bench.store.items("d")[1][0]
    answer = predict_one(bench, item.id, "single")
    assert (answer.row.item, answer.row.answer, answer.row.truth) == (item.id, ("slow",), None), "a value is no class"
    assert predict_one(bench, item.id, "value").row.truth == 3.0
    assert predict_one(bench, item.id, "multi").simulated_model
    for arguments in ((item.id, "nothing"), (10**30, "single")):
        with pytest.raises(NotFound):
            predict_one(bench, *arguments)


def test_a_model_is_loaded_once_whatever_its_name_and_another_of_the_same_name_is_another(
    bench: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []
    init = Predictor.__init__

    def counting(self: Predictor, source: Path | bytes) -> None:
        loaded.append(source)
        init(self, source)

    monkeypatch.setattr(Predictor, "__init__", counting)
    item = bench.store.items("d")[1][0].id
    first = predict_one(bench, item, "single").row
    bench.models.rename("single", "renamed")
    assert predict_one(bench, item, "renamed").row == first and len(loaded) == 1
    bench.models.delete("renamed")
    shelve(bench, tmp_path, "renamed", mean_spec(names=("fast", "slow")), simulated=True)
    second = predict_one(bench, item, "renamed")
    assert second.row.answer == ("fast",) and second.simulated_model and len(loaded) == 2


def test_the_database_is_asked_for_the_item_its_labels_and_the_model_and_no_more(bench: Workspace) -> None:
    """Each further statement costs a tenth of what a small model takes for its answer."""
    item = bench.store.items("d")[1][0].id
    predict_one(bench, item, "single")
    statements: list[str] = []
    event.listen(bench.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    predict_one(bench, item, "single")
    assert [re.search(r"FROM (\w+)", statement)[1] for statement in statements] == ["items", "answers", "models"]  # type: ignore[index]


# -- evaluating ------------------------------------------------------------------------------------

PACE = {"0.npz": ("slow",), "1.npz": ("fast",), "2.npz": ("fast",), "3.npz": ("fast",)}


def label(
    workspace: Workspace, answers: dict[str, Answer], classes: tuple[str, ...], kind: str = "single-label"
) -> None:
    task = Task("pace", kind, tuple(map(TaskClass, classes)), answers, unit="ms" if kind == "regression" else "")  # type: ignore[arg-type]
    workspace.store.put_task("d", task)


def test_an_evaluation_counts_right_and_wrong(bench: Workspace, report: Notes) -> None:
    label(bench, dict(PACE), ("slow", "fast"))
    found = evaluate(bench, EvaluateRequest("single", "d"), report)
    assert found.evaluation.confusion == ((1, 0), (1, 2)) and found.evaluation.accuracy == 0.75
    assert (found.task, found.evaluation.n, found.n_without_label, found.refused) == ("pace", 4, 0, ())
    assert [row.prediction.file_name for row in found.mistakes] == ["2.npz"]
    assert found.mistakes[0].truth == ("fast",) and found.mistakes[0].answer == ("slow",)
    data = json.loads((report.folder / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert data["accuracy"] == 0.75 and data["n"] == 4
    assert (report.folder / "predictions.csv").is_file()


def test_only_the_chosen_folds_and_labelled_records_are_judged(bench: Workspace, report: Notes) -> None:
    label(bench, {"0.npz": ("slow",), "1.npz": ("fast",)}, ("slow", "fast"))
    found = evaluate(bench, EvaluateRequest("single", "d", folds=(1,)), report)
    assert (found.evaluation.n, found.n_without_label, found.folds) == (1, 1, (1,))
    # One record of one class: ranking cannot be judged, and that is said instead of 1.0.
    assert found.evaluation.macro_auroc is None and found.evaluation.reasons["macro_auroc"]
    with pytest.raises(LabelError, match="No ECG of 'd' has a usable label"):
        evaluate(bench, EvaluateRequest("single", "d", folds=(9,)), report)


def test_records_of_classes_the_model_does_not_know_are_left_out_and_counted(bench: Workspace, report: Notes) -> None:
    label(bench, {**PACE, "2.npz": ("paced",)}, ("slow", "fast", "paced"))
    found = evaluate(bench, EvaluateRequest("single", "d"), report)
    assert found.evaluation.n == 3 and found.evaluation.accuracy == 1.0
    assert any("1 ECGs of paced are left out" in warning for warning in found.evaluation.warnings)


def test_several_classes_are_judged_only_where_model_and_task_both_speak(bench: Workspace, report: Notes) -> None:
    """3.npz is called `extra` by the model; the task never asked for that, so it is no mistake."""
    answers: dict[str, Answer] = {
        "0.npz": ("slow", "rare"),
        "1.npz": ("fast",),
        "2.npz": ("slow", "fast"),
        "3.npz": ("fast",),
    }
    label(bench, answers, ("slow", "fast", "rare"), "multi-label")
    found = evaluate(bench, EvaluateRequest("multi", "d"), report)
    assert [result.name for result in found.evaluation.per_class] == ["slow", "fast"]
    assert found.evaluation.accuracy == 1.0 and found.mistakes == ()
    warnings = " ".join(found.evaluation.warnings)
    assert "The model knows extra, the task does not ask for it: not judged" in warnings
    assert "rare: not judged, the model does not know these classes" in warnings


def test_a_record_with_none_of_the_classes_is_judged_too(bench: Workspace, report: Notes) -> None:
    label(bench, {"0.npz": (), "1.npz": ("fast",)}, ("slow", "fast", "extra"), "multi-label")
    found = evaluate(bench, EvaluateRequest("multi", "d"), report)
    assert (found.evaluation.n, found.evaluation.accuracy) == (2, 0.5)
    assert [row.truth for row in found.mistakes] == [()]


def test_values_are_judged_by_their_errors(bench: Workspace, report: Notes) -> None:
    label(bench, {"0.npz": 4.0, "1.npz": 1.0, "2.npz": 2.0}, ("pace",), "regression")
    found = evaluate(bench, EvaluateRequest("value", "d"), report)
    assert found.evaluation.regression is not None
    assert found.evaluation.regression["mae"] == pytest.approx(2 / 3, abs=1e-4)
    assert found.mistakes[0].prediction.file_name == "1.npz"
    task = Task("pace", "regression", (TaskClass("pace"),), {"0.npz": 4.0}, unit="s")
    bench.store.put_task("d", task)
    with pytest.raises(IncompatibleModel, match="answers in ms, the task in s"):
        evaluate(bench, EvaluateRequest("value", "d"), report)


def test_a_task_the_model_cannot_answer_is_refused(bench: Workspace, report: Notes) -> None:
    label(bench, {"0.npz": ("left",)}, ("left", "right"))
    with pytest.raises(IncompatibleModel, match="answers slow, fast; the task asks for left, right"):
        evaluate(bench, EvaluateRequest("single", "d"), report)
    with pytest.raises(IncompatibleModel, match="answers a multi-label task; 'pace' is single-label"):
        evaluate(bench, EvaluateRequest("multi", "d"), report)
    with pytest.raises(NotFound, match=r"no task 'other'\. It has pace\."):
        evaluate(bench, EvaluateRequest("single", "d", "other"), report)


def test_records_that_do_not_fit_are_refused_and_not_judged(bench: Workspace, report: Notes) -> None:
    put(bench, "relative", of(1.0, 0.0, seed=11, amplitude="relative"))
    label(bench, {**PACE, "relative": ("slow",)}, ("slow", "fast"))
    found = evaluate(bench, EvaluateRequest("single", "d"), report)
    assert found.evaluation.n == 4 and [failure.file_name for failure in found.refused] == ["relative"]
    assert report.failures == list(found.refused)
    label(bench, {"relative": ("slow",)}, ("slow", "fast"))
    with pytest.raises(IncompatibleModel, match="fits none of the 1 ECGs"):
        evaluate(bench, EvaluateRequest("single", "d"), report)


def test_what_the_model_has_learned_from_is_counted(bench: Workspace, report: Notes, tmp_path: Path) -> None:
    items = {item.file_name: item for item in bench.store.items("d")[1]}
    for number in ("2", "3"):
        bench.store.describe_subjects("d", {f"{number}.npz": {"subject": f"p{number}"}})
    learned = {"records": [items["0.npz"].record_id, items["2.npz"].record_id], "subjects": ["p2", "p3"]}
    shelve(bench, tmp_path, "ours", SINGLE, learned={**learned, "complete": True})
    label(bench, dict(PACE), ("slow", "fast"))

    found = evaluate(bench, EvaluateRequest("ours", "d"), report)
    assert found.seen_in_training == 2
    warnings = " ".join(found.evaluation.warnings)
    assert "learned from 2 of these 4 ECGs" in warnings and "1 further ECGs are of patients" in warnings
    assert "not known" not in warnings
    assert evaluate(bench, EvaluateRequest("ours", "d", folds=(2,)), report).seen_in_training == 0


def test_a_model_from_elsewhere_may_have_seen_them_and_that_is_said(bench: Workspace, report: Notes) -> None:
    label(bench, dict(PACE), ("slow", "fast"))
    found = evaluate(bench, EvaluateRequest("single", "d"), report)
    assert found.seen_in_training == 0
    assert any("not known here which ECGs this model has learned from" in w for w in found.evaluation.warnings)


def test_numbers_on_simulated_ecgs_say_so(bench: Workspace, report: Notes) -> None:
    put(bench, "made", of(0.4, 0.0, seed=30, source=replace(ecg().source, simulated=True)))
    label(bench, {**PACE, "made": ("slow",)}, ("slow", "fast"))
    found = evaluate(bench, EvaluateRequest("single", "d"), report)
    assert any("1 of 5 ECGs are simulated" in warning for warning in found.evaluation.warnings)


def test_the_hand_made_model_is_what_these_tests_take_it_for() -> None:
    from einthoven.infer import Predictor

    x = np.stack([levels(0.3, -0.2)])
    assert GAIN == 10 and x.shape == (1, len(STANDARD_12), 200)
    np.testing.assert_allclose(Predictor(mean_model(VALUE)).run(x).values, [[3.0]], atol=1e-5)
