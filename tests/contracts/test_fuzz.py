"""Damaged files of every format and variant: nothing but our errors, no hang, no allocation far beyond the file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.every_format import ALL_WRITERS

WORKER = Path(__file__).with_name("fuzz_worker.py")
QUICK, MANY, PIECE = 40, 10_000, 2_500

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is limited by Linux means")


def _fuzz(name: str, first: int, count: int) -> None:
    done = subprocess.run(
        [sys.executable, str(WORKER), name, str(first), str(count)],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
    )  # fmt: skip
    assert done.returncode == 0, (
        f"{name} from seed {first}: the process ended with {done.returncode}\n{done.stderr[-3000:]}"
    )
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["wrong"] == [], f"{name}: {outcome['n_wrong']} of {count} mutations"
    assert outcome["read"] + outcome["refused"] == count


@pytest.mark.parametrize("name", sorted(ALL_WRITERS))
def test_some_damaged_files(name: str) -> None:
    _fuzz(name, 0, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, MANY, PIECE))
@pytest.mark.parametrize("name", sorted(ALL_WRITERS))
def test_ten_thousand_damaged_files(name: str, first: int) -> None:
    _fuzz(name, first, PIECE)
