"""Checkpoints of one's own architecture: converted as a user does it, and refused when they want to run code."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from einthoven.errors import EinthovenError, FormatError, IncompatibleModel, InputError
from einthoven.infer import Predictor
from einthoven.models.building import build_network
from einthoven.spec import ModelSpec, standard_steps
from einthoven.task import TaskClass
from einthoven.workflows import checkpoints
from einthoven.workflows.workspace import Workspace
from small_ecgs import new_workspace

NET = """
import torch
from torch import nn
from einthoven.models.entry import ArchitectureEntry

class Tiny(nn.Module):
    def __init__(self, leads, outputs):
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv1d(leads, 4, 5, padding=2), nn.BatchNorm1d(4), nn.Linear(4, outputs)
    def features(self, ecg):
        return torch.relu(self.norm(self.conv(ecg))).mean(dim=2)
    def forward(self, ecg):
        return self.head(self.features(ecg))

def replace_head(module, n):
    module.head = nn.Linear(4, n)

ENTRY = ArchitectureEntry("tiny", "Tiny", "One convolution.", "nobody", lambda s: Tiny(s.leads, s.outputs), "head",
                          replace_head)
"""
SPEC = ModelSpec("multi-label", (TaskClass("A"), TaskClass("B")), standard_steps(duration=2.0))
STATED = (
    "--classes", "A, B", "--kind", "multi-label", "--rate", "100", "--duration", "2", "--scaling", "z_score",
    "--band", "0.5-40",
)  # fmt: skip


@pytest.fixture
def plug_in(tmp_path: Path) -> Path:
    """A folder as an installed package with an architecture, by the entry point that the registry reads."""
    folder = tmp_path / "site"
    (folder / "tiny_net-1.0.dist-info").mkdir(parents=True)
    (folder / "tiny_net.py").write_text(NET)
    (folder / "tiny_net-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-net\nVersion: 1.0\n")
    (folder / "tiny_net-1.0.dist-info" / "entry_points.txt").write_text("[einthoven.models]\ntiny = tiny_net:ENTRY\n")
    return folder


def command(plug_in: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(plug_in), "COLUMNS": "250"}
    line = [sys.executable, "-m", "einthoven", "convert-checkpoint", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def tiny(plug_in: Path) -> dict[str, torch.Tensor]:
    spec = importlib.util.spec_from_file_location("tiny_net", plug_in / "tiny_net.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(3)
    weights: dict[str, torch.Tensor] = module.Tiny(12, 2).eval().state_dict()
    return weights


def test_a_checkpoint_of_ones_own_architecture_becomes_a_model(plug_in: Path, tmp_path: Path) -> None:
    weights = tiny(plug_in)
    lightning = {"state_dict": {f"model.{name}": value for name, value in weights.items()}, "epoch": 3}
    lightning["state_dict"]["criterion.weight"] = torch.ones(2)
    torch.save(lightning, tmp_path / "last.ckpt")
    line = (str(tmp_path / "last.ckpt"), "--architecture", "tiny", *STATED, "--home", str(tmp_path / "home"))

    refused = command(plug_in, *line)
    assert refused.returncode == 1 and "1 are unexpected: criterion.weight" in refused.stderr
    assert "--leave-out-unexpected" in refused.stderr

    done = command(plug_in, *line, "--leave-out-unexpected")
    assert done.returncode == 0, done.stderr
    assert "last.ckpt is now the model last: multi-label, A B" in done.stdout
    assert "stood under 'state_dict'; beside them, left out: epoch" in done.stdout
    assert "begin with 'model.', which was left out" in done.stdout and "criterion.weight" in done.stdout

    workspace = Workspace(tmp_path / "home")
    model = workspace.models.model("last")
    assert model.architecture == "tiny" and model.spec == SPEC
    kept = workspace.models.file("last", "weights.safetensors")
    assert kept is not None
    assert np.array_equal(load_file(kept)["core.conv.weight"], weights["conv.weight"].numpy())


def test_what_the_checkpoint_does_not_say_must_be_stated(plug_in: Path, tmp_path: Path) -> None:
    done = command(plug_in, str(tmp_path / "x.pt"), "--architecture", "tiny", "--home", str(tmp_path / "home"))
    assert done.returncode == 1 and "--classes, --kind, --rate, --duration, --scaling, --band must be" in done.stderr


@pytest.fixture(scope="module")
def xception() -> dict[str, torch.Tensor]:
    """Weights of the core of a real network, as `torch.save(model.state_dict())` has them."""
    return build_network("xceptiontime", SPEC, seed=5).core.state_dict()


@pytest.fixture
def bench(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "home")


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    return path


def test_weights_of_a_real_network_answer_as_that_network(
    bench: Workspace, xception: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    path = saved(tmp_path, {f"module.{name}": value for name, value in xception.items()})
    done = checkpoints.convert(bench, path, "xceptiontime", SPEC, name="theirs")
    assert done.model.name == "theirs" and done.model.imported and done.model.can_continue and done.parity < 1e-4
    assert done.said == ("Names begin with 'module.', which was left out.",)
    ecgs = np.random.default_rng(0).normal(size=(3, 12, 200)).astype(np.float32)
    network = build_network("xceptiontime", SPEC, seed=0).eval()
    network.core.load_state_dict(xception)
    with torch.no_grad():
        wanted = network(torch.from_numpy(ecgs)).numpy()
    answers = Predictor(bench.models.graph("theirs")).run(ecgs)
    assert answers.logits is not None
    np.testing.assert_allclose(answers.logits, wanted, atol=1e-4)


def test_weights_as_safetensors_and_the_name_of_the_architecture_are_enough(
    bench: Workspace, xception: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({name: value.contiguous() for name, value in xception.items()}, path)
    done = checkpoints.convert(bench, path, "xceptiontime", SPEC, name="safe")
    assert done.model.name == "safe" and done.parity < 1e-4
    kept = load_file(bench.models.file("safe", "weights.safetensors"))
    for name, value in xception.items():
        np.testing.assert_array_equal(kept[f"core.{name}"], value.numpy())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="no intact safetensors file"):
        checkpoints.convert(bench, path, "xceptiontime", SPEC)


class RunsCode:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, (f"touch {self.path}",))


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_checkpoint_that_wants_to_run_code_is_refused_and_nothing_runs(
    bench: Workspace, tmp_path: Path, xception: dict[str, torch.Tensor], *, legacy: bool, wrapped: bool
) -> None:
    evil: Any = RunsCode(tmp_path / "ran")
    path = tmp_path / "evil.pt"
    content = {"state_dict": xception, "callbacks": evil} if wrapped else evil
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(FormatError, match=r"evil\.pt is refused.*system") as caught:
        checkpoints.convert(bench, path, "xceptiontime", SPEC)
    assert "Nothing of the file was run" in caught.value.advice
    assert not (tmp_path / "ran").exists() and bench.models.models() == []
    torch.load(path, weights_only=False)
    assert (tmp_path / "ran").exists(), "the file does run code when it is let"


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", FormatError, "refused"),
        (b"no checkpoint", FormatError, "refused"),
        ([1, 2], FormatError, "it holds a list, not named weights"),
        ({"epoch": 1, "loss": 0.5}, FormatError, "no named weights were found in it; it holds epoch, loss"),
        ({"a": torch.tensor([float("nan")])}, FormatError, "a holds values that are no numbers"),
        ({"a": torch.ones(2)}, IncompatibleModel, "weights are missing"),
    ],
)
def test_a_file_without_the_weights_is_refused_in_words(
    bench: Workspace, tmp_path: Path, content: Any, error: type[EinthovenError], words: str
) -> None:
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(error, match=words):
        checkpoints.convert(bench, path, "xceptiontime", SPEC)
    assert bench.models.models() == []


def test_weights_for_other_classes_are_refused_with_their_shapes(
    bench: Workspace, tmp_path: Path, xception: dict[str, torch.Tensor]
) -> None:
    three = ModelSpec("multi-label", tuple(map(TaskClass, "ABC")), SPEC.steps)
    with pytest.raises(IncompatibleModel, match=r"have another shape: .* is \(2"):
        checkpoints.convert(bench, saved(tmp_path, xception), "xceptiontime", three)


def test_a_file_that_is_not_there_or_too_large_is_said(
    bench: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        checkpoints.convert(bench, tmp_path / "no.pt", "xceptiontime", SPEC)
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 3)
    with pytest.raises(InputError, match="checkpoints up to"):
        checkpoints.convert(bench, saved(tmp_path, {}), "xceptiontime", SPEC)


def test_a_reading_that_takes_too_long_is_ended(
    bench: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SECONDS", 0.05)
    with pytest.raises(FormatError, match=r"not read within 0\.05 s"):
        checkpoints.convert(bench, saved(tmp_path, {"a": torch.ones(1)}), "xceptiontime", SPEC)
