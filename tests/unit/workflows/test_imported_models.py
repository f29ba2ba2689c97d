"""A model that was made elsewhere says so where it is used; one that has learned nothing is not asked."""

from pathlib import Path

import pytest

import foreign_models as others
from einthoven.errors import FormatError, IncompatibleModel, SettingError
from einthoven.leads import STANDARD_12
from einthoven.models.building import build_network
from einthoven.onnx.export import export
from einthoven.onnx.foreign.hints import ModelHints
from einthoven.onnx.foreign.judgement import NEVER_NEGATIVE, WITHIN_ONE
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import Task, TaskClass
from einthoven.workflows import share
from einthoven.workflows.evaluate import evaluate
from einthoven.workflows.model_origin import Origin, hints_from_text, origin_of, passed_on
from einthoven.workflows.predict import predict, predict_one
from einthoven.workflows.requests import EvaluateRequest, PredictRequest, TrainRequest
from einthoven.workflows.train import train
from einthoven.workflows.workspace import Workspace
from hand_made_model import mean_model, mean_spec
from small_ecgs import Notes, fill

NAMED = (("target_keys", "['slow', 'fast']"),)
PLACEHOLDERS = (("target_keys", "['None1', 'None2']"),)
HINTS = ModelHints(leads=STANDARD_12, rate=100.0, kind="single-label", unit="mV", scaling="none", task="pace")


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    answers = fill(workspace, "d", n=4)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers, "pace"))
    return workspace


def _untrained(workspace: Workspace) -> str:
    return share.take_in(workspace, "fresh.onnx", others.cnn(2, metadata=PLACEHOLDERS), hints=HINTS).name


def test_each_answer_of_a_model_that_has_learned_nothing_is_doubtful(
    filled: Workspace, report: Notes, tmp_path: Path
) -> None:
    name = _untrained(filled)
    _, packed = share.exported(filled, name, form="capsule")
    _, graph = share.exported(filled, name, form="onnx")
    (tmp_path / "given.ecgmodel").write_bytes(packed)
    (tmp_path / "given.onnx").write_bytes(graph)
    for model in (name, str(tmp_path / "given.ecgmodel"), str(tmp_path / "given.onnx")):
        found = predict(filled, PredictRequest(model, dataset="d"), report)
        assert len(found.rows) == 4 and any("learned nothing" in line for line in found.warnings)
        assert all("This answer means nothing." in row.prediction.doubts[0] for row in found.rows)
        assert "None1, None2" in found.rows[0].prediction.doubts[0]
    assert "This answer means nothing." in predict_one(filled, 1, name).row.prediction.doubts[0]
    with pytest.raises(IncompatibleModel, match="Choose a model for this task"):  # its classes have no names yet
        evaluate(filled, EvaluateRequest(name, "d"), report)


def test_warnings_of_an_imported_model_stand_with_its_answers(filled: Workspace, report: Notes, tmp_path: Path) -> None:
    statistics = {"imported": {"warnings": ["It was made elsewhere, and one thing is doubtful."], "untrained": ""}}
    view = share.take_in(filled, "m.onnx", mean_model(mean_spec(), statistics))
    assert view.imported and view.warnings == ("It was made elsewhere, and one thing is doubtful.",)
    assert predict(filled, PredictRequest(view.name, dataset="d"), report).warnings == view.warnings
    assert predict_one(filled, 1, view.name).warnings == view.warnings
    assert view.warnings[0] in evaluate(filled, EvaluateRequest(view.name, "d"), report).evaluation.warnings
    (tmp_path / "m.onnx").write_bytes(mean_model(mean_spec(), statistics))
    file = PredictRequest(str(tmp_path / "m.onnx"), dataset="d")
    assert predict(filled, file, report).warnings == view.warnings


def test_a_model_of_our_own_has_no_warnings(filled: Workspace, report: Notes) -> None:
    view = share.take_in(filled, "m.onnx", mean_model(mean_spec()))
    assert (view.imported, view.untrained, view.warnings) == (False, "", ())
    assert predict(filled, PredictRequest("m", dataset="d"), report).warnings == ()


def test_what_was_said_and_found_is_shown(workspace: Workspace) -> None:
    view = share.take_in(workspace, "theirs.onnx", others.cnn(2, metadata=NAMED, training=True), hints=HINTS)
    assert view.imported and "rate: 100.0" in view.told and "kind: single-label" in view.told
    assert any("saved as for training" in line for line in view.found)


def test_a_file_that_says_anything_about_its_origin_breaks_nothing() -> None:
    for imported in ("x", 7, [], None, {}):
        assert origin_of({"imported": imported}) == Origin()
    found = origin_of(
        {"imported": {"untrained": 1, "warnings": "abc", "found_in_the_file": [1, "a"], "not_trainable": []}}
    )
    assert found == Origin(imported=True, found=("a",))


def test_a_model_that_was_trained_on_repeats_the_warnings_of_the_one_that_was_made_elsewhere() -> None:
    doubt = "Its answers never fall below 0."
    first = passed_on({"imported": {"warnings": [doubt]}}, method="whole")
    said = (f"Of the model that this one was trained on from: {doubt}",)
    assert origin_of(first) == Origin(warnings=said)
    assert origin_of(passed_on(first, method="head")).warnings == said  # and that of the next one, in the same words
    assert passed_on({}, method="whole") == passed_on({"imported": {"warnings": []}}, method="head") == {}
    for anything in ("x", 7, {"warnings": 3, "untrained": []}):
        assert origin_of({"began_with": anything}) == Origin()


def test_what_was_said_of_the_last_layers_ends_with_them() -> None:
    lasting = "It was made elsewhere, and one thing is doubtful."
    base = {"imported": {"warnings": [lasting, f"{NEVER_NEGATIVE}, so ...", f"{WITHIN_ONE}: ..."]}}
    same = passed_on(base, method="whole")
    assert len(origin_of(same).warnings) == 3
    for earlier in (base, same):
        (said,) = origin_of(passed_on(earlier, method="whole", fresh_head=True)).warnings
        assert said.endswith(lasting)


def test_layers_that_never_learned_are_told_of_until_they_learn() -> None:
    untrained = "Its batch normalisations have never seen an ECG (mean 0, variance 1): it has learned nothing yet."
    base = {"imported": {"untrained": untrained, "warnings": [f"{untrained} It is a starting point for training."]}}
    assert passed_on(base, method="whole") == {} == passed_on(base, method="head-then-whole")
    head = passed_on(base, method="head")
    found = origin_of(head)
    assert not found.imported and found.untrained == ""  # it may be asked
    assert len(found.warnings) == 1 and "Only its last layer has learned" in found.warnings[0]
    assert origin_of(passed_on(head, method="head")) == found
    assert passed_on(head, method="whole") == {}


def test_a_fine_tuned_model_shows_them_with_its_answers(workspace: Workspace, report: Notes) -> None:
    answers = fill(workspace, "d", n=12)
    workspace.store.put_task("d", Task("pace", "single-label", (TaskClass("slow"), TaskClass("fast")), answers, "pace"))
    few = {"epochs": 1, "maximum_rate": 1e-3, "batch_size": 4}
    request = TrainRequest(
        dataset="d", task="pace", from_model=_untrained(workspace), method="head", name="tuned", settings=few
    )  # fmt: skip
    train(workspace, request, report)
    (said,) = share.view(workspace, "tuned").warnings
    assert "Only its last layer has learned" in said
    assert said in predict_one(workspace, 1, "tuned").warnings


def test_looking_at_a_model_of_ours_asks_for_nothing(tmp_path: Path) -> None:
    found = share.inspected("m.onnx", mean_model(mean_spec()))
    assert found.own and found.missing == () and found.class_names == ("slow", "fast")
    assert (found.leads, found.rate, found.n_samples, found.scaling) == (STANDARD_12, 100.0, 200, "none")
    steps = standard_steps(rate=50, duration=2)
    told = ModelSpec("single-label", (TaskClass("a"), TaskClass("b")), steps, subject=("age", "sex"))
    export(build_network("inceptiontime", told), told, tmp_path / "told.onnx")
    found = share.inspected("told.onnx", (tmp_path / "told.onnx").read_bytes())
    assert found.own and found.scaling == "z_score lead"  # two inputs are nothing foreign here


def test_hints_about_a_model_that_describes_itself_are_refused(workspace: Workspace) -> None:
    content = mean_model(mean_spec())
    for do in (
        lambda h: share.inspected("m.onnx", content, h),
        lambda h: share.take_in(workspace, "m.onnx", content, hints=h),
    ):
        with pytest.raises(SettingError, match="describes itself: nothing need be said about its rate"):
            do(ModelHints(rate=500.0))
    assert workspace.models.models() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "no JSON object"),
        ("{", "are no JSON"),
        ("[" * 100_000, "are no JSON"),
        ('{"speed": 3}', "no hint 'speed'"),
        ('{"rate": "fast"}', "cannot be read"),
        ('{"rate": NaN}', "rate = nan"),
        ('{"rate": 1e999}', "rate = inf"),
        ('{"band": [40, 0.5]}', "band ="),
        ('{"band": ["a", "b"]}', "cannot be read"),
        ('{"band": [1]}', "band ="),
        ('{"band": 4}', "cannot be read"),
        ('{"samples": 12.5}', "samples = 12.5"),
        ('{"samples": "12"}', "samples = 12"),
        ('{"leads": "I II"}', "leads ="),
        ('{"class_names": ["a", "a"]}', "must differ"),
        ('{"kind": ["single-label"]}', "kind ="),
        ('{"task": 3}', "task = 3"),
        ('{"output": {"a": 1}}', "output ="),
        ('{"layout": {}}', "layout ="),
    ],
)  # fmt: skip
def test_impossible_hints_are_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        hints_from_text(text)


def test_a_foreign_file_is_not_called_damaged_but_sent_to_be_taken_in(
    filled: Workspace, report: Notes, tmp_path: Path
) -> None:
    twice = (("scale", "mV"), ("scale", "mV"))  # onnx's own checker refuses this
    (tmp_path / "theirs.onnx").write_bytes(others.cnn(2, metadata=twice))
    with pytest.raises(IncompatibleModel, match="does not say what it takes") as refusal:
        predict(filled, PredictRequest(str(tmp_path / "theirs.onnx"), dataset="d"), report)
    assert "einthoven models take-in" in refusal.value.advice
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x08no model")
    with pytest.raises(FormatError, match="no intact ONNX model"):
        predict(filled, PredictRequest(str(tmp_path / "broken.onnx"), dataset="d"), report)
