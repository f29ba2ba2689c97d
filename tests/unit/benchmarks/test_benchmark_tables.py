"""The programs that measure quality: what they make of stored answers, and of findings of other sources."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from einthoven.codes.crosswalk import NOTHING_SAID, Meaning, snomed_meaning
from einthoven.codes.snomed import TERMS
from einthoven.evaluate import evaluate

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("the benchmarks are not part of the sdist", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

import external  # noqa: E402
import ptbxl  # noqa: E402
import stored_runs  # noqa: E402
import transfer  # noqa: E402

COST = {"n_train": 80, "n_validation": 20, "epochs": 12, "best_epoch": 9, "ms": 8.5, "minutes": 2.0, "peak_mb": 700}


def _run(
    seed: int, label: str = "xresnet1d:default", *, skill: float = 0.3, n: int = 120, **more: Any
) -> dict[str, Any]:
    truth = (np.random.default_rng(9).random((n, 3)) < [0.6, 0.4, 0.1]).astype(int)
    scores = skill * truth + (1 - skill) * np.random.default_rng(seed).random((n, 3))
    return {
        "task": "superclass", "label": label, "seed": seed, "model": f"{label} {seed}", "kind": "multi-label",
        "classes": ["NORM", "STTC", "CD"], "thresholds": [0.5, 0.5, 0.5], "unit": "",
        "names": [f"r{k}" for k in range(n)], "patients": [f"p{k // 2}" for k in range(n)], "truth": truth.tolist(),
        "scores": scores.tolist(), **COST, **more,
    }  # fmt: skip


def test_a_stored_run_is_judged_as_it_was() -> None:
    run = json.loads(json.dumps(_run(0)))
    expected = evaluate("multi-label", run["classes"], run["truth"], run["scores"])
    found = stored_runs.of_runs([run])
    assert found.overall["macro_auroc"].value == expected.macro_auroc
    assert (found.n, found.n_patients) == (120, 60)


def test_runs_are_kept_one_by_one_and_a_line_that_was_cut_off_is_made_again(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "deeper" / "runs.jsonl"
    assert stored_runs.read(path) == []
    stored_runs.append(path, {"a": 1})
    with path.open("a") as file:
        file.write('{"a": 2, "scores": [0.')
    assert stored_runs.read(path) == [{"a": 1}]
    assert "cut off" in capsys.readouterr().err
    stored_runs.append(path, {"a": 3})
    assert stored_runs.read(path) == [{"a": 1}, {"a": 3}]


def test_a_file_that_is_damaged_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text('{"a": 1}\n{"a":\n{"a": 3}\n')
    with pytest.raises(SystemExit, match="line 2"):
        stored_runs.read(path)


def test_models_that_were_asked_about_other_ecgs_are_not_compared() -> None:
    with pytest.raises(SystemExit, match="not asked about the same ECGs"):
        stored_runs.between([_run(0)], [_run(0, n=100)])


def test_seeds_together_are_the_mean_of_their_probabilities() -> None:
    runs = [_run(seed) for seed in (0, 1, 2)]
    together = stored_runs.ensemble(runs)
    assert np.allclose(together["scores"], np.mean([run["scores"] for run in runs], axis=0))
    assert together["thresholds"] == [0.5, 0.5, 0.5]


def test_the_table_of_a_task_has_seeds_mean_ensemble_differences_and_classes() -> None:
    runs = [_run(seed) for seed in (0, 1)] + [_run(seed, "xceptiontime:paper", skill=0.2) for seed in (0, 1)]
    text = "\n".join(ptbxl.tables(runs))
    mean = np.mean([stored_runs.of_runs([run]).overall["macro_auroc"].value for run in runs[:2]])
    assert "### superclass: 120 ECGs of 60 patients in fold 9" in text
    assert f"| **xresnet1d:default** | mean of 2 | 80 + 20 | {mean:.3f} (" in text
    assert "| **xresnet1d:default** | 2 together |" in text
    assert "| xceptiontime:paper minus xresnet1d:default | 0, 1 | -0." in text
    assert "| AUROC, mean of the seeds | NORM (n = " in text


def test_only_seeds_that_both_have_are_compared() -> None:
    runs = [_run(0), _run(1), _run(1, "other:paper"), _run(2, "other:paper")]
    text = "\n".join(ptbxl.tables(runs, [("other:paper", "xresnet1d:default")]))
    assert "| other:paper minus xresnet1d:default | 1 |" in text


def test_an_interval_that_is_not_there_is_not_shown() -> None:
    interval = stored_runs.of_runs([_run(0)]).overall["accuracy"]
    assert stored_runs.cell(interval).count("to") == 1
    nothing = type(interval)(None, None, None, reason="No ECG has MI.")
    assert stored_runs.cell(nothing) == "not estimable"
    assert stored_runs.cell(type(interval)(0.5, None, None)) == "0.500 (no interval)"


def test_ways_of_training_are_told_apart_but_not_by_threads() -> None:
    assert ptbxl.label_of("xresnet1d", "default", {"threads": 1}, []) == "xresnet1d:default"
    assert ptbxl.label_of("x", "paper", {"epochs": 2}, ["age"]) == "x:paper,epochs=2+age"
    assert ptbxl.model_name("superclass x:paper,epochs=2") == "superclass x paper epochs=2"


@dataclass
class _Item:
    file_name: str
    subject: str | None


def test_few_labels_are_whole_patients_of_every_class_and_the_beginning_of_more_labels() -> None:
    rng = np.random.default_rng(0)
    items = [_Item(f"r{k:03}", f"p{k // 3}") for k in range(150)]
    of_patient = {f"p{k}": (("RARE",) if k in (3, 44, 49) else (str(rng.choice(["A", "B"])),)) for k in range(50)}
    answers = {item.file_name: of_patient[item.subject or ""] for item in items}
    taken = {n: transfer.whole_patients(items, answers, n=n, seed=1) for n in (20, 60, 150)}  # type: ignore[arg-type]
    assert [len(names) for names in taken.values()] == [21, 60, 150]
    assert taken[60][:21] == taken[20] and taken[150][:60] == taken[60]
    subjects = {item.subject for item in items if item.file_name in taken[20]}
    assert sum(item.subject in subjects for item in items) == 21, "no patient is cut"
    rare = {name for name in taken[20] if answers[name] == ("RARE",)}
    assert len(rare) == 6, "two patients of three ECGs each"
    assert taken[20] != transfer.whole_patients(items, answers, n=20, seed=2)  # type: ignore[arg-type]


def _few(seed: int, tested: list[int], method: str, n: int = 50, skill: float = 0.5) -> dict[str, Any]:
    rng = np.random.default_rng([seed, *tested])
    truth = np.random.default_rng(tested).integers(0, 2, 40)
    scores = rng.dirichlet([1, 1], 40) * (1 - skill) + skill * np.eye(2)[truth]
    return {
        "task": "infarct", "architecture": "xresnet1d", "method": method, "n": n, "seed": seed, "tested": tested,
        "kind": "single-label", "classes": ["AMI", "IMI"], "thresholds": [0.5, 0.5], "truth": truth.tolist(),
        "names": [f"{tested}-{k}" for k in range(40)], "patients": [None] * 40, "scores": scores.tolist(),
        "n_labels": 52, "minutes": 1.0,
    }  # fmt: skip


def test_quarters_are_pooled_and_methods_compared_on_the_same_ecgs() -> None:
    runs = [
        _few(0, list(part), method, skill=skill)
        for part in transfer.QUARTERS
        for method, skill in (("scratch", 0.1), ("head-then-whole", 0.4), ("ridge", 0.3))
    ]
    text = "\n".join(transfer.tables([*runs, _few(0, [1, 2], "ridge")]))
    assert "### infarct, cross-validation in folds 1-8: 160 ECGs" in text
    assert "| 50 | xresnet1d head-then-whole minus scratch | 1 | +0." in text
    assert "| 50 | xresnet1d head-then-whole minus ridge | 1 |" in text
    assert "no method has answered all parts" in "\n".join(transfer.tables(runs[:6]))


def _abroad(seed: int, source: str = "ludb", n: int = 120, **more: Any) -> dict[str, Any]:
    run = _run(seed, n=n, patients=[None] * n, left_out={NOTHING_SAID: 4}, refused=[], source=source, **more)
    seen = {"said": ["Sinus rhythm"], "grade": "good", "measured": "rate 61 /min", "doubts": []}
    return {**run, "names": [f"{source}-{name}" for name in run["names"]], "seen": [seen] * n}


def test_classes_of_fewer_than_thirty_are_not_estimable_and_stay_out_of_the_averages() -> None:
    run = _abroad(0)
    judged = stored_runs.judged_of(run)
    n = judged.truth.sum(axis=0)
    assert external.enough(judged) == [0, 1] and n[2] < external.LEAST
    text = "\n".join(external.tables([_run(0)], [run]))
    assert f"| xresnet1d:default | CD | {n[2]} |" in text and f"not estimable ({n[2]} of 120)" in text
    assert "xresnet1d:default (NORM, STTC) | 1 |" in text
    assert f"Left out: 4 ({NOTHING_SAID})." in text


def test_a_source_without_any_label_of_a_task_is_not_estimable() -> None:
    nothing = {**_few(0, [9], "ridge"), "truth": [], "names": [], "patients": [], "scores": []}
    run = {**_abroad(0), **nothing, "seen": [], "label": "x:default"}
    text = "\n".join(external.tables([], [run]))
    assert "### infarct on ludb: 0 ECGs" in text and "| x:default | 1 | not estimable |" in text
    assert "".join(external.mistakes([run], 2)).startswith("### infarct on ludb")


def test_sources_are_pooled_where_a_model_has_answered_both() -> None:
    text = "\n".join(external.tables([_run(0)], [_abroad(0), _abroad(0, "cinc2021", 40)]))
    assert "### superclass on both: 160 ECGs" in text
    assert f"Left out: 8 ({NOTHING_SAID})." in text
    assert "on both" not in "\n".join(external.tables([_run(0)], [_abroad(0)]))


def test_a_model_that_looks_at_nothing_is_not_above_the_majority_answer() -> None:
    blind = _abroad(0, skill=0.0, n=300)
    seeing = _abroad(0, skill=0.45, n=300)
    assert "| yes |" not in "\n".join(external.tables([], [blind]))
    assert "| yes |" in "\n".join(external.tables([], [seeing]))


def test_the_answer_that_looks_at_nothing_is_the_most_frequent_one() -> None:
    single = stored_runs.judged_of(_few(0, [9], "ridge"))
    constant = external.majority(single)
    several = stored_runs.judged_of(_abroad(0, n=300))
    usual = several.truth.mean(axis=0) > 0.5
    assert (external.majority(several).predicted == usual).all() and external.all_of_them(several).predicted.all()
    assert constant.predicted.sum(axis=1).tolist() == [1] * 40
    assert (constant.predicted & single.truth.astype(bool)).sum() == single.truth.sum(axis=0).max()
    assert np.ptp(constant.scores, axis=0).tolist() == [0, 0], "an AUROC of one half"


def test_mistakes_name_what_the_source_says_and_what_is_visible() -> None:
    text = "\n".join(external.mistakes([_abroad(0, skill=0.1)], 2))
    assert "### superclass on ludb, xresnet1d:default: 1 seeds together" in text
    assert "| Sinus rhythm |" in text and "| rate 61 /min | good |" in text
    assert text.count("NORM missed") <= 2


def test_labels_that_nobody_gave_are_not_taken_for_healthy() -> None:
    assert external.reading("superclass", "cpsc2018/A0001.hea", []).reason == NOTHING_SAID


def test_a_source_that_has_no_word_for_a_class_does_not_deny_it() -> None:
    inverted = [snomed_meaning("59931005", TERMS)]
    assert external.reading("superclass", "cpsc2018/A0007.hea", inverted).reason == external.FEW_CLASSES
    assert external.reading("superclass", "georgia/E00001.hea", inverted).classes == ("STTC",)
    assert external.reading("bbb", "cpsc2018/A0007.hea", [Meaning("CD", "CRBBB")]).classes == ("CRBBB",)


def test_ptbxl_in_the_challenge_is_no_other_source() -> None:
    assert external.reading("superclass", "ptb-xl/HR00001.hea", [Meaning("CD")]).reason == external.PTBXL_ITSELF
