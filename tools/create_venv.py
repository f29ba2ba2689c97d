"""Create the virtual environment that `make` works in, with a Python that everything pinned runs on.

Written so that an old Python 3 can run it too: it then looks for a newer one, or says what to install.
"""

import shutil
import subprocess
import sys
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 14)  # torch 2.13.0 has no wheels for 3.15
OTHERS = ("python3.13", "python3.12", "python3.11", "python3.14")
CHECK = f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"


def _fits(python: str) -> bool:
    return subprocess.run([python, "-c", CHECK], stderr=subprocess.DEVNULL, check=False).returncode == 0


def main(folder: Path, place: str) -> int:
    """Create `folder`; its file `.created` names the place it was made for, because it cannot be moved."""
    mark = folder / ".created"
    candidates = [sys.executable, *filter(None, map(shutil.which, OTHERS))]
    python = next(filter(_fits, candidates), None)
    if python is None:
        here = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write(
            f"Einthoven needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; {sys.executable} is {here}.\n"
            "Install one from https://www.python.org/downloads/, then name it: make run PYTHON=/path/to/python3.13\n"
        )
        return 1
    command = [python, "-m", "venv", str(folder)]
    if mark.is_file():
        command.insert(3, "--clear")
    if subprocess.run(command, check=False).returncode != 0:
        sys.stderr.write("Creating the environment failed. On Debian and Ubuntu: sudo apt install python3-venv\n")
        return 1
    mark.write_text(f"{place}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
