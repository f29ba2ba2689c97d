"""Starting the workbench as a user does, for tests that talk to the real thing."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running workbench: the address to open (with its token), and its folder."""

    address: str
    home: Path

    def page(self, path: str) -> str:
        """Address of a page, for a browser that holds the token already."""
        return self.address.partition("/?")[0] + path


@contextmanager
def running(home: Path, *options: str) -> Iterator[Server]:
    """The command `einthoven serve` on a free port, until the block ends."""
    command = [sys.executable, "-m", "einthoven", "serve", "--port", "0", "--home", str(home), *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "250"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+/\?token=[0-9a-f]+", line)
            if found:
                yield Server(found.group(), home)
                return
        raise AssertionError("the server ended before it printed its address")
    finally:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
