"""Say which build of torch pip is to take: prints further options for `pip install`, or nothing.

PyPI's torch for Linux carries CUDA, several GB, of no use without an NVIDIA card; PyTorch's own index has
the CPU build. Everywhere else PyPI's build is the right one. Argument: `auto`, `cpu`, or `pypi`.
"""

import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
OPTIONS = f"--extra-index-url {CPU_INDEX}"


def options(choice: str) -> str:
    """The options for `choice`; `auto` leaves alone whoever told pip where packages come from."""
    if choice == "cpu":
        return OPTIONS
    if choice == "auto" and sys.platform == "linux" and not shutil.which("nvidia-smi") and not _pip_is_told():
        return OPTIONS if _answers() else ""
    return ""


def _pip_is_told() -> bool:
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return re.search(r"\b(index-url|find-links|no-index)\b", told) is not None


def _answers() -> bool:
    try:
        with urllib.request.urlopen(f"{CPU_INDEX}/torch/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    choice = sys.argv[1] if len(sys.argv) == 2 else ""
    if choice not in ("auto", "cpu", "pypi"):
        sys.exit("TORCH is auto, cpu or pypi")
    sys.stdout.write(options(choice))
