"""What the README tells people to type exists and does what it says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.removeprefix(".venv/bin/")
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
    if line.removeprefix(".venv/bin/").startswith("einthoven ")
]


def test_make_has_every_target_that_is_named() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, flags=re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert {"run", "test"} <= named <= targets


def test_every_file_that_is_linked_exists() -> None:
    linked = [target for target in re.findall(r"\]\(([^)#]+)", README) if "://" not in target]

    assert linked
    assert not [target for target in linked if not (ROOT / target).exists()]


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_has_the_options_it_is_called_with(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from einthoven.cli import main

    _, command, *rest = shlex.split(line)
    within = rest[:1] if command == "quarantine" else []
    monkeypatch.setattr("sys.argv", ["einthoven", command, *within, "--help"])
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("NO_COLOR", "1")

    with pytest.raises(SystemExit) as end:
        main()

    offered = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert end.value.code == 0
    assert {word for word in rest if word.startswith("--")} <= offered


def test_the_first_program_runs_as_printed() -> None:
    programs = [text for language, text in BLOCKS if language == "python"]

    result = subprocess.run([sys.executable, "-c", programs[0]], capture_output=True, text=True, check=False)

    assert "assert " in programs[0]
    assert result.returncode == 0, result.stderr
