"""The layers of docs/architecture.md, proved from the source; and proof that the proof can fail."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from layer_rules import HEAVY, LAYER_OF, LAYERS, check, imports, modules

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "einthoven"


def packages_in(package: Path) -> frozenset[str]:
    return frozenset(".".join(path.parent.relative_to(package.parent).parts) for path in package.rglob("__init__.py"))


def problems(**sources: str) -> list[str]:
    """The rules that made-up modules break; `formats__csv` stands for einthoven.formats.csv."""
    return [item.problem for item in check({f"einthoven.{name.replace('__', '.')}": s for name, s in sources.items()})]


def test_einthoven_keeps_all_rules() -> None:
    sources = modules(PACKAGE)
    assert {"einthoven", "einthoven.errors", "einthoven.record"} <= set(sources)

    violations = check(sources, packages=packages_in(PACKAGE))

    assert not violations, "\n".join(map(str, violations))


def test_architecture_md_draws_the_same_layers() -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]
    rows = re.findall(r"^L(\d)\s+(.*?)(?:\s{2,}|$)", drawing, flags=re.MULTILINE)
    drawn = {word.removesuffix(".py").rstrip("/"): int(layer) for layer, words in rows for word in words.split()}

    assert len(rows) == len(LAYERS)
    assert {unit: LAYER_OF.get(unit) for unit in drawn} == drawn
    assert set(LAYER_OF) - set(drawn) <= {"workbench", "__main__"}


@pytest.mark.parametrize("module", ["einthoven", "einthoven.cli", "einthoven.settings"])
def test_importing_it_loads_nothing_that_takes_long(module: str) -> None:
    program = f"import sys, {module}; sys.stdout.write(' '.join({module}.__dict__) + '|' + ' '.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    names, loaded = (set(part.split()) for part in result.stdout.split("|"))
    assert "__file__" in names, f"{module} is an empty folder"
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "source",
    [
        "from einthoven.workflows.measure import measure",
        "from einthoven.workflows import measure",
        "from einthoven import workflows",
        "import einthoven.workflows.measure as m",
        "from ..workflows import measure",
        "from .. import workflows",
        "def f():\n    from einthoven.workflows import measure",
        "async def f():\n    import einthoven.workflows",
        "import importlib\nimportlib.import_module('einthoven.workflows.measure')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from einthoven.workflows import measure",
        "try:\n    import einthoven.workflows\nexcept ImportError:\n    pass",
    ],
)
def test_an_import_from_a_higher_layer_is_found_however_it_is_written(source: str) -> None:
    (problem,) = problems(signal__filters=source)

    assert "higher layer (L4)" in problem


def test_relative_imports_count_from_the_package_in_an_init() -> None:
    source = "from . import entry\nfrom ..errors import FormatError"

    names = [found.module for found in imports("einthoven.formats", source, package=True)]

    assert names == ["einthoven.formats", "einthoven.errors"]


def test_lower_layers_and_the_own_package_may_be_imported() -> None:
    assert problems(signal__filters="from einthoven.record import EcgRecord\nfrom .gaps import fill_gaps") == []


@pytest.mark.parametrize(("unit", "other"), [("signal", "formats"), ("codes", "labels"), ("store", "jobs")])
def test_neighbours_in_a_closed_layer_do_not_know_each_other(unit: str, other: str) -> None:
    (problem,) = problems(**{unit: f"import einthoven.{other}"})

    assert "do not know each other" in problem


@pytest.mark.parametrize(
    ("unit", "other"), [("labels", "codes"), ("jobs", "store"), ("train", "onnx"), ("api", "wiring")]
)
def test_neighbours_that_may_be_imported(unit: str, other: str) -> None:
    assert problems(**{unit: f"import einthoven.{other}"}) == []


def test_a_circle_of_units_is_found_and_told() -> None:
    found = problems(
        train__loop="from einthoven.onnx.export import export",
        onnx__export="from einthoven.infer import Predictor",
        infer="def f():\n    from einthoven.train import config",
    )

    assert found == ["circle of imports: infer -> train -> onnx -> infer"]


@pytest.mark.parametrize("name", ["plots", "plots__paper"])
def test_a_file_that_belongs_to_no_layer_is_found(name: str) -> None:
    (problem,) = problems(**{name: ""})

    assert "plots belongs to no layer" in problem


def test_a_name_of_the_public_package_is_not_a_module() -> None:
    assert "no module of any layer" in problems(workflows="from einthoven import read")[0]
    assert "no module of any layer" in problems(workflows="import einthoven")[0]
    assert problems(cli="from einthoven import __version__") == []


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("workflows", "def f():\n    import torch.nn as nn"),
        ("evaluate", "def f():\n    import onnxruntime"),
        ("cli", "import uvicorn"),
        ("workflows", "from fastapi import HTTPException"),
        ("workflows", "def f():\n    from sqlalchemy import select"),
        ("api", "from rich.progress import Progress"),
    ],
)
def test_packages_of_others_stay_in_their_place(unit: str, source: str) -> None:
    (problem,) = problems(**{unit: source})

    assert "may be imported only in" in problem


def test_slow_packages_are_imported_inside_functions() -> None:
    assert "takes long" in problems(signal="from scipy.signal import butter")[0]
    assert "takes long" in problems(signal="class A:\n    import pandas")[0]
    assert problems(signal="def f():\n    from scipy.signal import butter") == []
    assert problems(signal="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas") == []
    assert problems(models__networks="import torch") == []


@pytest.mark.parametrize(
    "source",
    [
        "print('here')",
        "eval('1')",
        "exec('a = 1')",
        "import pickle",
        "def f():\n    from joblib import load",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import torch\ntorch.load('x', weights_only=False)",
        "import os\nos.environ['HOME']",
        "import os\nos.getenv('HOME')",
        "from os import environ",
    ],
)
def test_what_the_library_never_does_is_found(source: str) -> None:
    assert len(problems(models=source)) == 1


def test_what_only_looks_alike_is_not_found() -> None:
    source = "network.eval()\nconsole.print('a')\nre.compile('a')\nnp.load('x', allow_pickle=False)\nos.path.join('a')"

    assert problems(models=source) == []
    assert problems(settings="import os\nos.environ") == []


def test_folders_are_called_after_what_they_hold() -> None:
    (problem,) = problems(signal__utils="")

    assert "nothing is called utils" in problem
