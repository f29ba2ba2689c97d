"""Fixtures that every kind of test uses."""

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(os.environ.get("EINTHOVEN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real ECGs for development; tests that need it skip where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no folder of real ECGs at {SHARED_DATA} (set EINTHOVEN_SHARED_DATA)")
    return SHARED_DATA
