"""Models that see median beats or time-aligned ECGs: the same at training, predicting and in another installation."""

import importlib.util
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from einthoven.errors import IncompatibleModel, MissingDependency, SettingError
from einthoven.infer import Predictor
from einthoven.record import EcgRecord
from einthoven.spec import BEAT_STEPS, ModelInput, ModelSpec, Step, standard_steps
from einthoven.task import Task, TaskClass
from einthoven.tensors import prepare
from einthoven.workflows import planning, share
from einthoven.workflows import train as training
from einthoven.workflows.measure import measure
from einthoven.workflows.measurements import MeasureRequest
from einthoven.workflows.predict import predict
from einthoven.workflows.requests import PredictRequest, TrainRequest
from einthoven.workflows.workspace import Workspace
from known_beats import RATE, beating, flat
from run_now import train_now
from small_ecgs import Notes, new_workspace

SEEN: tuple[ModelInput, ...] = tuple(BEAT_STEPS)
N = 8
CLASSES = (TaskClass("even"), TaskClass("odd"))
SETTINGS = {"settings": {"epochs": 1, "batch_size": 4, "maximum_rate": 0.003}, "rate": RATE, "beside": False}


def filtered(seed: int) -> EcgRecord:
    """Twelve leads whose file states the model's band, so that what is exported of it is not filtered again."""
    record = beating(seed)
    return replace(record, source=replace(record.source, band=(0.5, 40.0)))


@pytest.fixture
def bench(workspace: Workspace) -> Workspace:
    workspace.store.ensure_dataset("d")
    answers = {f"{seed}.npz": (("even", "odd")[seed % 2],) for seed in range(N)} | {"flat.npz": ("even",)}
    for seed in range(N):
        workspace.store.add("d", f"{seed}.npz", filtered(seed), fold=1)
    workspace.store.add("d", "flat.npz", flat(), fold=1)
    workspace.store.put_task("d", Task("parity", "single-label", CLASSES, answers))
    return workspace


def exported(workspace: Workspace, folder: Path, what: ModelInput) -> dict[str, np.ndarray]:
    """The signals of that export by file name."""
    folder.mkdir()
    measure(workspace, MeasureRequest("d", what=(what,), file_format="npz"), Notes(folder))  # type: ignore[arg-type]
    with zipfile.ZipFile(folder / f"{what}.npz.zip") as archive:
        return {name: np.load(io.BytesIO(archive.read(name)))["signal"] for name in archive.namelist()}


@pytest.mark.parametrize("what", SEEN)
def test_a_model_sees_what_is_exported_when_it_learns_and_when_it_answers(
    bench: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: ModelInput
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("rlign")
    learned: dict[str, np.ndarray] = {}
    members_of = training.members_of

    def noted(workspace, request, settled, learn, check, report):  # type: ignore[no-untyped-def]
        for side in (learn, check):
            learned.update(zip([item.file_name for item in side.items], side.x, strict=True))
        return members_of(workspace, request, settled, learn, check, report)

    monkeypatch.setattr(training, "members_of", noted)
    request = TrainRequest("d", "parity", architecture="inceptiontime", name="m", model_input=what, **SETTINGS)  # type: ignore[arg-type]
    outcome, _ = train_now(bench, request)
    assert [one.file_name for one in outcome.refused] == ["flat.npz"]
    assert "beat" in outcome.refused[0].reason

    asked: list[np.ndarray] = []
    run = Predictor.run
    monkeypatch.setattr(Predictor, "run", lambda self, batch, told: (asked.append(batch), run(self, batch, told))[1])
    here = predict(bench, PredictRequest("m", "d"), Notes(tmp_path))
    answers = {row.prediction.file_name: row.prediction.values for row in here.rows}
    assert len(answers) == N and [one.file_name for one in here.refused] == ["flat.npz"]
    batch = dict(zip(answers, np.concatenate(asked), strict=True))

    wanted = exported(bench, tmp_path / "exported", what)
    spec = bench.models.model("m").spec
    assert spec.model_input == what and spec.n_samples == (2500 if what == "rlign-aligned" else 250)
    for name, signal in wanted.items():
        n = min(signal.shape[1], spec.n_samples)
        np.testing.assert_array_equal(batch[name][:, :n], signal[:, :n])
        assert np.isnan(batch[name][:, n:]).all()
        np.testing.assert_array_equal(learned[name], batch[name])

    _, packed = share.exported(bench, "m", form="capsule")
    elsewhere = new_workspace(tmp_path / "elsewhere")
    share.take_in(elsewhere, "m.ecgmodel", packed, name="theirs")
    assert elsewhere.models.model("theirs").spec == spec
    there = Predictor(elsewhere.models.graph("theirs")).spec
    np.testing.assert_array_equal(prepare(filtered(1), there).array, batch["1.npz"])


@pytest.mark.parametrize("what", SEEN)
def test_the_input_is_made_of_the_filtered_ecg_with_the_beats_of_the_recorded_one(what: ModelInput) -> None:
    pytest.importorskip("rlign")
    from einthoven.beats import alignment
    from einthoven.beats.finding import find_beats
    from einthoven.beats.median_beat import median_beat_record
    from einthoven.signal.filters import band_pass

    record = beating(3)
    spec = ModelSpec("single-label", CLASSES, standard_steps(rate=RATE, duration=1, over=None, model_input=what))
    make = {"median-beat": median_beat_record, "rlign-median": alignment.rlign_median_beat,
            "rlign-aligned": alignment.time_aligned}[what]  # fmt: skip
    wanted = make(band_pass(record, 0.5, 40.0), find_beats(record)).signal[:, :250]
    np.testing.assert_array_equal(prepare(record, spec).array, wanted)


@pytest.mark.parametrize("rate", [250.0, 360.0, 500.0])
@pytest.mark.parametrize(("what", "at"), [("median-beat", 0.40), ("rlign-median", 1 / 3)])
def test_r_is_at_a_fixed_place_whatever_the_rate(what: ModelInput, at: float, rate: float) -> None:
    if what == "rlign-median":
        pytest.importorskip("rlign")
    from einthoven.signal.resampling import resample

    spec = ModelSpec("single-label", CLASSES, standard_steps(rate=100, duration=1, model_input=what))
    found = prepare(resample(beating(1), rate), spec).array
    assert found.shape == (12, 100) and found[1].argmax() == pytest.approx(100 * at, abs=1.01)


def test_leads_that_the_model_does_not_ask_for_and_leads_in_another_order_do_not_matter() -> None:
    spec = ModelSpec("single-label", CLASSES, standard_steps(leads=("V2", "II"), duration=1, model_input="median-beat"))
    record = beating(2)
    back = EcgRecord(record.signal[::-1], record.leads[::-1], record.rate, "mV", record.source)
    found = prepare(record, spec).array
    assert found.shape == (2, 100)
    np.testing.assert_allclose(prepare(back, spec).array, found, atol=1e-6)


@pytest.mark.parametrize("what", SEEN)
def test_an_ecg_that_does_not_allow_it_is_refused_with_the_reason(what: ModelInput) -> None:
    pytest.importorskip("rlign")
    spec = ModelSpec("single-label", CLASSES, standard_steps(rate=RATE, duration=1, model_input=what))
    with pytest.raises(IncompatibleModel, match=r"No lead shows an ECG"):
        prepare(flat(), spec)
    record = beating(1)
    gap = np.array(record.signal)
    gap[:, 300:400] = np.nan
    with pytest.raises(IncompatibleModel, match="Samples are missing for longer"):
        prepare(replace(record, signal=gap), spec)
    with pytest.raises(IncompatibleModel, match="too short"):
        prepare(replace(record, signal=record.signal[:, :200]), spec)
    without = tuple(step for step in spec.steps if step.name != "fill_gaps")
    with pytest.raises(IncompatibleModel, match="Missing samples"):
        prepare(replace(record, signal=gap), replace(spec, steps=without))


def test_a_median_beat_with_empty_ends_is_refused() -> None:
    steps = standard_steps(rate=RATE, duration=1, band=None, model_input="median-beat")
    spec = ModelSpec("single-label", CLASSES, steps)
    one = beating(1, seconds=1.3)  # R at 0.5 s, and the next one where nothing follows
    cut = replace(one, signal=one.signal[:, 60:])
    with pytest.raises(IncompatibleModel, match="do not allow the step median-beat"):
        prepare(cut, spec)


def test_a_step_travels_with_the_model_and_stands_once_before_resampling() -> None:
    for what in SEEN:
        spec = ModelSpec("single-label", CLASSES, standard_steps(duration=1, model_input=what))
        assert ModelSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec and spec.model_input == what
    assert "Rlign" in str(Step("rlign-aligned", BEAT_STEPS["rlign-aligned"]))
    leads, gaps, band, beat, resampling, window, z_score = standard_steps(model_input="rlign-median")
    for steps in (
        (leads, gaps, band, resampling, beat, window, z_score),
        (leads, gaps, band, beat, beat, resampling, window, z_score),
    ):
        with pytest.raises(IncompatibleModel, match="may stand before"):
            ModelSpec("single-label", CLASSES, steps)
    with pytest.raises(SettingError, match="'rlign-aligned' is unknown here"):
        from einthoven.signal.standardise import standardise

        standardise(beating(), [Step("rlign-aligned", BEAT_STEPS["rlign-aligned"])])


def test_what_cannot_be_trained_on_is_said_before_it_starts(bench: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    request = TrainRequest("d", "parity", model_input="median-beat")
    assert planning.plan(bench, request).spec.duration == 1.0
    with pytest.raises(SettingError, match="cannot look at 10 s: that is one beat"):
        planning.plan(bench, replace(request, duration=10.0))
    real = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "rlign" else real(name))
    with pytest.raises(MissingDependency, match="Rlign is not installed"):
        planning.plan(bench, replace(request, model_input="rlign-aligned"))
    spec = ModelSpec("single-label", CLASSES, standard_steps(duration=1, model_input="rlign-median"))
    with pytest.raises(MissingDependency, match="Rlign is not installed"):
        prepare(beating(), spec)
