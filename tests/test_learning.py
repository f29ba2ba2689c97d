"""Training learns what is there and nothing else: on the simulated cohort, through the public Python API."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import einthoven
from einthoven.simulate import DIAGNOSES, cohort
from einthoven.task import Task, TaskClass

N_EACH = 60
SEED = 11
TRAIN_FOLDS, TEST_FOLDS = range(1, 8), range(8, 11)
EPOCHS = 6
RATE = 0.002
SECONDS = 5.0


@dataclass(frozen=True)
class Learned:
    """A workbench with the cohort, a model that learned the diagnoses, and one that learned shuffled labels."""

    bench: einthoven.Workbench
    model: str
    shuffled: str


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    bench = einthoven.Workbench(tmp_path_factory.mktemp("learning"))
    store = bench.workspace.store
    store.create_dataset("cohort")
    truth: dict[str, str] = {}
    for number, (name, record, diagnosis) in enumerate(cohort(N_EACH, SEED)):
        store.add("cohort", name, record, fold=1 + number % 10)
        truth[name] = diagnosis
    names = list(truth)
    shuffled = np.random.default_rng(SEED).permutation(list(truth.values()))
    classes = tuple(TaskClass(name) for name in DIAGNOSES)
    for task, labels in (("diagnosis", truth.values()), ("shuffled", shuffled)):
        answers = {name: (str(label),) for name, label in zip(names, labels, strict=True)}
        store.put_task("cohort", Task(task, "single-label", classes, answers))
    bench.workspace.save_preferences(_short_window(bench))
    models = [
        bench.train(
            "cohort", task, folds=TRAIN_FOLDS, settings={"epochs": EPOCHS, "maximum_rate": RATE}, name=task
        ).model
        for task in ("diagnosis", "shuffled")
    ]
    yield Learned(bench, *models)


def test_a_model_of_the_simulated_cohort_does_well_on_ecgs_it_never_saw_but_not_perfectly(learned: Learned) -> None:
    report = learned.bench.evaluate(learned.model, "cohort", folds=TEST_FOLDS)
    assert report.seen_in_training == 0
    assert report.evaluation.n == len(DIAGNOSES) * N_EACH * 3 // 10
    assert report.evaluation.macro_auroc is not None
    assert 0.85 <= report.evaluation.macro_auroc <= 0.99


def test_what_was_learned_from_shuffled_labels_is_worth_nothing(learned: Learned) -> None:
    # Judged by the true diagnoses and by the shuffled ones: neither may be found.
    for task in ("shuffled", "diagnosis"):
        found = learned.bench.evaluate(learned.shuffled, "cohort", task=task, folds=TEST_FOLDS).evaluation.macro_auroc
        assert found == pytest.approx(0.5, abs=0.1), task


def test_two_leads_swapped_at_prediction_make_it_worse(learned: Learned) -> None:
    predictor = einthoven.Predictor(learned.bench.workspace.models.graph(learned.model))
    records = learned.bench.records("cohort", folds=list(TEST_FOLDS))
    answers = learned.bench.workspace.store.task("cohort", "diagnosis").answers
    x = np.stack([einthoven.prepare(record, predictor.spec).array for record in records.values()])
    y = np.array([predictor.spec.class_names.index(answers[name][0]) for name in records])  # type: ignore[index]
    swapped = x.copy()
    v1, v6 = predictor.spec.leads.index("V1"), predictor.spec.leads.index("V6")
    swapped[:, [v1, v6]] = x[:, [v6, v1]]
    right, wrong = (
        roc_auc_score(y, predictor.run(batch).values.astype(float), multi_class="ovr", average="macro", labels=range(6))
        for batch in (x, swapped)
    )
    assert wrong < right - 0.02


def test_the_evaluation_equals_that_of_an_independent_library(learned: Learned, tmp_path: Path) -> None:
    report = learned.bench.evaluate(learned.model, "cohort", folds=TEST_FOLDS)
    table = learned.bench.predict(learned.model, dataset="cohort", folds=list(TEST_FOLDS))
    answers = learned.bench.workspace.store.task("cohort", "diagnosis").answers
    scores = np.array([row.prediction.values for row in table.rows], dtype=float)
    y = np.array([table.classes.index(answers[row.prediction.file_name][0]) for row in table.rows])  # type: ignore[index]
    expected = np.mean([roc_auc_score(y == k, scores[:, k]) for k in range(len(table.classes))])
    assert report.evaluation.macro_auroc == pytest.approx(expected, abs=1e-9)
    assert report.evaluation.accuracy == pytest.approx((scores.argmax(axis=1) == y).mean())


def _short_window(bench: einthoven.Workbench):  # type: ignore[no-untyped-def]
    """Half the usual window: half the work, and the diagnoses are in every beat."""
    from dataclasses import replace

    return replace(bench.workspace.preferences, duration=SECONDS)
