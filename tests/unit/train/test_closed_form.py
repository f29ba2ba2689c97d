"""The closed-form fit: against scikit-learn, against refitting without each ECG, and on tones."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import roc_auc_score

from einthoven.errors import Cancelled, LabelError, RecordError, SettingError
from einthoven.infer import Predictor
from einthoven.models import ARCHITECTURES
from einthoven.models.building import build_network, load_network
from einthoven.models.networks.assembled import EcgNetwork
from einthoven.onnx.export import export
from einthoven.results import Epoch
from einthoven.spec import ModelSpec
from einthoven.train import TrainConfig, TrainingData
from einthoven.train.closed_form import MOST_ECGS, ClosedForm, fit, solve
from tones import Tones, tone_spec, tones

torch.set_num_threads(1)
SPEC = tone_spec()
CONFIG = TrainConfig(threads=1, device="cpu")


def _single(t: Tones) -> np.ndarray:
    return (t.hertz > 6).astype(np.int64)


def _data(n_train: int = 48, n_validation: int = 24) -> TrainingData:
    a, b = tones(n_train, seed=1), tones(n_validation, seed=2)
    return TrainingData(a.x, _single(a), b.x, _single(b))


def _network(spec: ModelSpec = SPEC, seed: int = 0) -> EcgNetwork:
    return build_network("random_convolutions", spec, seed=seed)


def _fit(network: EcgNetwork, data: TrainingData, folder: Path, spec: ModelSpec = SPEC, **more: object) -> ClosedForm:
    return fit(network, data, spec, CONFIG, checkpoint=folder / "best.safetensors", **more)  # type: ignore[arg-type]


def _answers(network: EcgNetwork, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network.eval()(torch.from_numpy(x)).numpy()


def _problem(n: int = 40, p: int = 150, outputs: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    features = rng.normal(0.5, 1, (n, p))
    wanted = features[:, :outputs] * 2 + rng.normal(3, 1, (n, outputs))
    return features, wanted, rng.uniform(0.2, 5, n)


def _tensors(*arrays: np.ndarray) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(a) for a in arrays)


@pytest.mark.parametrize("p", [7, 1500])
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 30.0])
def test_the_solution_is_that_of_scikit_learn(p: int, penalty: float) -> None:
    features, wanted, weights = _problem(p=p)
    ours = solve(*_tensors(features, wanted, weights), penalties=(penalty,))
    theirs = Ridge(alpha=penalty * p).fit(features, wanted, sample_weight=weights)
    np.testing.assert_allclose(ours.coefficients.T, theirs.coef_, atol=1e-7)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=1e-7)


def test_the_left_out_answers_are_those_of_models_refitted_without_each_ecg() -> None:
    features, wanted, weights = _problem()
    ours = solve(*_tensors(features, wanted, weights), penalties=(0.3,))
    for i in range(len(features)):
        others = np.arange(len(features)) != i
        model = Ridge(alpha=0.3 * 150).fit(features[others], wanted[others], sample_weight=weights[others])
        np.testing.assert_allclose(ours.left_out[i], model.predict(features[i : i + 1])[0], atol=1e-7)


def test_the_ecgs_of_a_patient_are_left_out_together() -> None:
    features, wanted, weights = _problem()
    patients = [str(i // 3 if i < 20 else i) for i in range(40)]
    ours = solve(*_tensors(features, wanted, weights), penalties=(0.3,), groups=patients)
    for patient in set(patients):
        own = np.array(patients) == patient
        model = Ridge(alpha=0.3 * 150).fit(features[~own], wanted[~own], sample_weight=weights[~own])
        np.testing.assert_allclose(ours.left_out[torch.from_numpy(own)], model.predict(features[own]), atol=1e-7)
    with pytest.raises(LabelError, match="patients"):
        solve(*_tensors(features, wanted, weights), groups=["the same"] * 40)


def test_doubled_ecgs_of_a_patient_do_not_make_the_penalty_smaller() -> None:
    features, _, _ = _problem(p=500)
    wanted = np.random.default_rng(2).normal(0, 1, (40, 1))
    twice = (np.concatenate([features] * 2), np.concatenate([wanted] * 2), np.ones(80))
    patients = [str(i % 40) for i in range(80)]
    assert solve(*_tensors(*twice), groups=patients).penalty > 100 * solve(*_tensors(*twice)).penalty


def test_the_penalty_is_the_one_that_scikit_learns_cross_validation_chooses() -> None:
    features, wanted, _ = _problem(p=30)
    wanted += np.random.default_rng(1).normal(0, 3, wanted.shape)
    penalties = tuple((10.0 ** np.arange(-4, 3)).tolist())
    ours = solve(*_tensors(features, wanted, np.ones(40)), penalties=penalties)
    theirs = RidgeCV(alphas=np.array(penalties) * 30, store_cv_results=True).fit(features, wanted)
    assert ours.penalty == pytest.approx(theirs.alpha_)
    assert min(ours.penalties) < ours.penalty < max(ours.penalties)
    np.testing.assert_allclose(ours.errors, theirs.cv_results_.mean(axis=(0, 1)), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_2000_ecgs_need_little_more_memory_than_their_features_and_two_matrices() -> None:
    """In a process of its own: how far solving gets above what was there before; 1,600 are learned from."""
    program = """
import sys, numpy, torch
from einthoven.train.closed_form import solve
torch.set_num_threads(1)
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
solve(torch.randn(20, 30), torch.randn(20, 2).double(), torch.ones(20).double())
features, wanted = torch.randn(1600, 4704), torch.randn(1600, 5).double()
before = peak()
solve(features, wanted, torch.ones(1600).double(), groups=[str(i // 2) for i in range(1600)])
sys.stdout.write(str(peak() - before))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 100  # MB; each matrix has 20


def test_features_in_single_precision_are_solved_in_double() -> None:
    features, wanted, weights = _problem(p=3000)
    single = torch.from_numpy(features).float()
    ours = solve(single, *_tensors(wanted, weights), penalties=(0.01,))
    exact = solve(single.double(), *_tensors(wanted, weights), penalties=(0.01,))
    torch.testing.assert_close(ours.coefficients, exact.coefficients, atol=1e-12, rtol=1e-9)


def test_tones_are_told_apart_in_ecgs_that_the_fit_never_saw(tmp_path: Path) -> None:
    network, log, seen = _network(), list[str](), list[Epoch]()
    outcome = _fit(network, _data(24, 12), tmp_path, log=log.append, on_epoch=seen.append)
    fresh = tones(40, seed=3)
    assert (_answers(network, fresh.x).argmax(axis=1) == _single(fresh)).mean() >= 0.95
    result = outcome.result
    assert result.epochs == tuple(seen) and result.best_epoch == 1 and result.stopped == "finished"
    assert result.trained_parameters == sum(p.numel() for p in network.head.parameters())
    assert result.epochs[0].f1 == pytest.approx(1.0) and any("penalty" in line for line in log)
    assert outcome.penalty in outcome.penalties and len(outcome.errors) == len(outcome.to_json()["penalties"])
    saved = load_network(tmp_path / "best.safetensors", SPEC)
    assert np.array_equal(_answers(saved, fresh.x), _answers(network, fresh.x))


def test_shuffled_labels_teach_nothing_and_the_probabilities_say_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b, c = tones(60, seed=1), tones(48, seed=2), tones(200, seed=3)
    data = TrainingData(a.x, rng.permutation(_single(a)), b.x, rng.permutation(_single(b)))
    network = _network()
    outcome = _fit(network, data, tmp_path)
    logits = _answers(network, c.x)
    assert roc_auc_score(rng.permutation(_single(c)), logits[:, 1] - logits[:, 0]) == pytest.approx(0.5, abs=0.15)
    certain = torch.softmax(torch.from_numpy(logits), dim=1).max(dim=1).values
    assert float(certain.median()) < 0.7
    assert outcome.result.epochs[0].train_loss == pytest.approx(np.log(2), abs=0.1)


def _noisy(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ECGs with a tone of 2 to 10 Hz, classes that are likelier the higher it is, and how likely."""
    rng = np.random.default_rng(seed)
    hertz = rng.uniform(2, 10, n)
    likely = 1 / (1 + np.exp(-(hertz - 6)))
    return tones(n, hertz, seed=seed).x, (rng.random(n) < likely).astype(np.int64), likely


@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
def test_probabilities_are_near_the_true_ones(kind: str, tmp_path: Path) -> None:
    (x, y, _), (x2, y2, _), (x3, _, likely) = _noisy(300, 1), _noisy(50, 2), _noisy(400, 3)
    spec = tone_spec(kind)  # type: ignore[arg-type]
    if kind == "multi-label":
        y, y2 = (np.stack([1 - z, z], axis=1).astype(np.float32) for z in (y, y2))
    network = _network(spec)
    _fit(network, TrainingData(x, y, x2, y2), tmp_path, spec)
    logits = torch.from_numpy(_answers(network, x3))
    told = (torch.softmax(logits, dim=1) if kind == "single-label" else torch.sigmoid(logits))[:, 1].numpy()
    # No slope is left to find: a logistic regression on the logits finds one near 1.
    rng = np.random.default_rng(4)
    drawn = rng.random(400) < likely
    slope = LogisticRegression(C=1e6).fit(np.log(told / (1 - told))[:, None], drawn).coef_[0, 0]
    assert 0.6 < slope < 1.7
    assert np.abs(told - likely).mean() < 0.12 and abs(told.mean() - likely.mean()) < 0.05


def test_a_value_is_told_in_its_natural_unit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hertz = rng.uniform(2, 10, 140)
    x, y = tones(140, hertz).x, (1000 + 50 * hertz)[:, None].astype(np.float32)
    spec = tone_spec("regression", names=("value",), unit="ms")
    network, log = _network(spec), list[str]()
    outcome = _fit(network, TrainingData(x[:80], y[:80], x[80:100], y[80:100]), tmp_path, spec, log=log.append)
    error = np.abs(_answers(network, x[100:]) - y[100:]).mean()
    assert error < 0.3 * np.abs(y[100:] - y[:80].mean()).mean()
    assert outcome.slopes == (1.0,) and outcome.shifts == (0.0,) and any(line.startswith("Targets") for line in log)
    assert outcome.result.epochs[0].f1 is None


def test_class_weights_lift_the_rare_class_and_without_them_probabilities_keep_its_rate(tmp_path: Path) -> None:
    x, y, _ = _noisy(200, 1)
    keep = (y == 0) | (np.arange(200) % 5 == 0)
    x2, y2, _ = _noisy(40, 2)
    told = {}
    for weighted in (False, True):
        network = _network()
        config = replace(CONFIG, class_weights=weighted)
        fit(network, TrainingData(x[keep], y[keep], x2, y2), SPEC, config, checkpoint=tmp_path / "w.safetensors")
        told[weighted] = torch.softmax(torch.from_numpy(_answers(network, x[keep])), dim=1)[:, 1].mean().item()
    rate = y[keep].mean()
    assert told[False] == pytest.approx(rate, abs=0.05) and told[True] > rate + 0.1


def test_a_class_that_no_training_ecg_has_is_held_unlikely(tmp_path: Path) -> None:
    for kind in ("single-label", "multi-label"):
        spec = tone_spec(kind, names=("slow", "fast", "never"))  # type: ignore[arg-type]
        data, log = _data(), list[str]()
        if kind == "multi-label":
            data = replace(
                data,
                y_train=np.eye(3, dtype=np.float32)[data.y_train],
                y_validation=np.eye(3, dtype=np.float32)[data.y_validation],
            )
        network = _network(spec)
        _fit(network, data, tmp_path, spec, log=log.append)
        logits = torch.from_numpy(_answers(network, data.x_validation))
        told = torch.softmax(logits, dim=1) if kind == "single-label" else torch.sigmoid(logits)
        assert float(told[:, 2].max()) < 0.1 and any("never" in line for line in log)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(tmp_path: Path) -> None:
    data, answers = _data(16, 8), []
    for seed in (1, 1, 2):
        network = _network(seed=seed)
        _fit(network, data, tmp_path)
        answers.append(_answers(network, data.x_validation))
    assert np.array_equal(answers[0], answers[1]) and not np.array_equal(answers[0], answers[2])


def test_validation_ecgs_are_judged_and_never_learned_from(tmp_path: Path) -> None:
    clean = _data(16, 8)
    poisoned = replace(clean, x_validation=clean.x_validation[::-1].copy() * 3, y_validation=1 - clean.y_validation)
    answers = []
    for data in (clean, poisoned):
        network = _network()
        _fit(network, data, tmp_path)
        answers.append(_answers(network, clean.x_validation))
    assert np.array_equal(*answers)


def test_features_of_a_few_ecgs_at_a_time_are_those_of_all_at_once(tmp_path: Path) -> None:
    data, a, b = _data(), _network(), _network()
    with torch.no_grad():
        scaled = a.standardise(torch.from_numpy(data.x_train))
        wanted = a.core.fit_features(scaled)  # type: ignore[operator]
        found = b.core.fit_features(torch.from_numpy(data.x_train), scaled=b.standardise)  # type: ignore[operator]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    for name, value in a.core.state_dict().items():
        torch.testing.assert_close(b.core.state_dict()[name], value, rtol=0, atol=1e-5)


def test_only_the_head_is_solved_for_when_only_the_head_is_to_learn(tmp_path: Path) -> None:
    network = _network()
    _fit(network, _data(), tmp_path)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    other = tones(20, seed=9)
    y = (np.arange(20) % 3 == 0).astype(np.int64)
    data = TrainingData(other.x * 2, y, other.x, y)
    config = replace(CONFIG, method="head")
    fit(network, data, SPEC, config, checkpoint=tmp_path / "head.safetensors")
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"core.head.weight", "core.head.bias"}


@pytest.mark.parametrize("kind", ["single-label", "multi-label", "regression"])
def test_the_export_answers_as_the_fit_does(kind: str, tmp_path: Path) -> None:
    a, b = tones(40, seed=1), tones(16, seed=2)
    y: dict[str, tuple[np.ndarray, np.ndarray]] = {
        "single-label": (_single(a), _single(b)),
        "multi-label": tuple(np.eye(2, dtype=np.float32)[_single(t)] for t in (a, b)),  # type: ignore[dict-item]
        "regression": tuple(t.hertz[:, None].astype(np.float32) for t in (a, b)),  # type: ignore[dict-item]
    }
    names = ("hertz",) if kind == "regression" else ("slow", "fast")
    spec = tone_spec(kind, names=names)  # type: ignore[arg-type]
    network = _network(spec)
    _fit(network, TrainingData(a.x, y[kind][0], b.x, y[kind][1]), tmp_path, spec)
    parity = export(network, spec, tmp_path / "model.onnx", inputs=np.concatenate([a.x, b.x]))
    assert parity.max_difference_logits <= 1e-4
    scores = Predictor(tmp_path / "model.onnx").run(b.x)
    wanted = _answers(network, b.x)
    found = scores.values if kind == "regression" else scores.logits
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_impossible_data_are_refused_as_in_the_training_loop(tmp_path: Path) -> None:
    data = _data(8, 8)
    one_class = replace(data, y_train=np.zeros(8, np.int64))
    with pytest.raises(LabelError, match="only the class 'slow'"):
        _fit(_network(), one_class, tmp_path)
    with pytest.raises(RecordError, match="infinite"):
        _fit(_network(), replace(data, x_train=np.where(data.x_train > 1, np.inf, data.x_train)), tmp_path)
    spec = tone_spec(names=("slow", "fast", "never"))
    apart = replace(data, y_validation=np.full(8, 2))
    with pytest.raises(LabelError, match="No class of the training part"):
        _fit(_network(spec), apart, tmp_path, spec)
    assert not list(tmp_path.iterdir())


def test_a_network_that_needs_a_gradient_and_too_many_ecgs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="inceptiontime"):
        _fit(build_network("inceptiontime", SPEC), _data(4, 4), tmp_path)
    many = MOST_ECGS + 1
    x = np.zeros((many, *_data(2, 2).x_train.shape[1:]), np.float32)
    with pytest.raises(SettingError, match="too many"):
        _fit(_network(), replace(_data(4, 4), x_train=x, y_train=np.arange(many) % 2), tmp_path)


def test_age_and_sex_and_windows_are_refused(tmp_path: Path) -> None:
    told = replace(SPEC, subject=("age",))
    data = replace(
        _data(4, 4),
        subject_train=np.full((4, 1), 50, np.float32),
        subject_validation=np.full((4, 1), 50, np.float32),
    )
    with pytest.raises(SettingError, match="age"):
        _fit(_network(), data, tmp_path, told)
    windowed = EcgNetwork(ARCHITECTURES.get("random_convolutions"), SPEC, window=50)
    with pytest.raises(SettingError, match="50 samples"):
        _fit(windowed, _data(4, 4), tmp_path)


def test_an_ecg_that_counts_twice_is_as_good_as_two(tmp_path: Path) -> None:
    features, wanted, _ = _problem()
    twice = np.concatenate([features, features[:10]]), np.concatenate([wanted, wanted[:10]])
    weights = np.where(np.arange(40) < 10, 2.0, 1.0)
    ours = solve(*_tensors(features, wanted, weights), penalties=(0.3,))
    theirs = solve(*_tensors(*twice, np.ones(50)), penalties=(0.3,))
    torch.testing.assert_close(ours.coefficients, theirs.coefficients)
    # Weights of single ECGs reach the model: what hardly counts is hardly learned.
    data = _data(24, 12)
    wrong = replace(data, y_train=np.where(np.arange(24) < 10, 1 - data.y_train, data.y_train))
    network = _network()
    _fit(network, replace(wrong, weights=np.where(np.arange(24) < 10, 1e-3, 1).astype(np.float32)), tmp_path)
    fresh = tones(40, seed=3)
    assert (_answers(network, fresh.x).argmax(axis=1) == _single(fresh)).mean() >= 0.95


def test_two_ecgs_are_enough_and_a_stopped_fit_leaves_no_model(tmp_path: Path) -> None:
    network = _network()
    _fit(network, _data(2, 2), tmp_path / "two")
    assert np.isfinite(_answers(network, tones(4, seed=5).x)).all()
    with pytest.raises(Cancelled, match="no model"):
        _fit(_network(), _data(), tmp_path / "stopped", should_stop=lambda: True)
    assert not (tmp_path / "stopped").exists()


def test_progress_counts_every_ecg_once_up_to_all(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    _fit(_network(), _data(70, 10), tmp_path, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (80, 80) and [done for done, _ in told] == sorted({done for done, _ in told})


def test_the_fit_leaves_torchs_threads_and_randomness_alone(tmp_path: Path) -> None:
    network = _network()
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    fit(network, _data(8, 8), SPEC, replace(CONFIG, threads=2), checkpoint=tmp_path / "w.safetensors")
    assert torch.equal(torch.rand(1), expected) and torch.get_num_threads() == 1
