"""`docs/openapi.json`, from which the pages' client is made, is what the server does."""

import subprocess
import sys
from pathlib import Path

from einthoven.api.openapi import text

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
HOW = "it is stale: .venv/bin/python -m einthoven.api.openapi > docs/openapi.json, then `npm run api` in web/"


def test_the_written_api_is_the_one_that_is_served() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text(), HOW


def test_the_command_that_is_advised_writes_it() -> None:
    arguments = [sys.executable, "-m", "einthoven.api.openapi"]
    assert subprocess.run(arguments, capture_output=True, check=True).stdout.decode() == text()
