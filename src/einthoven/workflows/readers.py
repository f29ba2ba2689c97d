"""Processes that read files for an import, side by side, and what is done when one of them dies."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from einthoven.errors import FormatError, SettingError
from einthoven.workflows.intake import FileRead, FileToRead, Rules, from_json, refuse_unread
from einthoven.workflows.reading_process import DONE, READY, file_to_json, rules_to_json

MOST_PROCESSES = 8
"""Each takes about 120 MB; more than eight wait for the disk and for the one that writes."""
AHEAD = 4
"""Files that a process has before it, so that it never waits."""
MOST_WAITING = 10_000
"""Answers (3 kB each) that may wait to be written: an archive gives many without being asked again."""
SILENT_SECONDS = 600.0
"""A process that answers nothing for so long hangs: reading 2 GiB takes two minutes."""
TICK_SECONDS = 0.2
MOST_FAILED_STARTS = 5


def process_count() -> int:
    """How many processes read: one per core that may be used."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, MOST_PROCESSES))


class _Reader:
    """One process with the files it was given and has not answered."""

    def __init__(self, rules: Rules, answers: "queue.Queue[tuple[_Reader, Any]]") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "einthoven.workflows.reading_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        self.given: deque[FileToRead] = deque()
        self.heard: float | None = None
        """When it said something last; None until it is ready, which takes a second or, on a busy machine, ten."""
        self._answers = answers
        self._send(rules_to_json(rules))
        threading.Thread(target=self._listen, name="reader", daemon=True).start()

    def give(self, file: FileToRead) -> None:
        if not self.given and self.heard is not None:
            self.heard = time.monotonic()
        self.given.append(file)
        self._send(file_to_json(file))

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _send(self, data: Any) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(data) + "\n")
            self.process.stdin.flush()
        except OSError:
            return  # it died: its listener says so

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._answers.put((self, json.loads(line)))
        self._answers.put((self, None))


class Readers:
    """A pool of reading processes. `with Readers(rules, n) as readers: for read in readers.run(files): ...`"""

    def __init__(self, rules: Rules, n: int) -> None:
        self._rules = rules
        self._n = n
        self._answers: queue.Queue[tuple[_Reader, Any]] = queue.Queue(maxsize=MOST_WAITING)
        self._readers: list[_Reader] = []
        self._failed_starts = 0

    def __enter__(self) -> Self:
        self._readers = [_Reader(self._rules, self._answers) for _ in range(self._n)]
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for reader in self._readers:
            reader.end()

    def run(self, files: Iterable[FileToRead]) -> Iterator[FileRead | None]:
        """What became of each file, in the order in which they are done; None now and then while all are at work."""
        waiting = iter(files)
        again: deque[FileToRead] = deque()
        more = True
        while True:
            for reader in self._readers:
                while more and len(reader.given) < AHEAD:
                    file = again.popleft() if again else next(waiting, None)
                    if file is None:
                        more = False
                        break
                    reader.give(file)
            if not any(reader.given for reader in self._readers):
                if not again:
                    return
                more = True
                continue
            try:
                reader, data = self._answers.get(timeout=TICK_SECONDS)
            except queue.Empty:
                for reader in self._readers:
                    if reader.given and reader.heard and time.monotonic() - reader.heard > SILENT_SECONDS:
                        reader.process.kill()  # its listener then says that it ended
                yield None
                continue
            if data is None:
                yield from self._replace(reader, again)
                more = True
                continue
            reader.heard = time.monotonic()
            if data == DONE:
                reader.given.popleft()
            elif data == READY:
                continue
            else:
                yield from_json(data)

    def _replace(self, reader: _Reader, again: "deque[FileToRead]") -> Iterator[FileRead]:
        """A process died: the file it was at is refused, those it had not begun go to another.

        Raises
        ------
        SettingError
            Processes end again and again before they have read anything: no file is to blame.
        """
        if reader not in self._readers:
            return
        code = reader.process.wait()
        self._readers.remove(reader)
        if reader.heard is None:
            again.extend(reader.given)
            self._failed_starts += 1
            if self._failed_starts > MOST_FAILED_STARTS:
                raise SettingError(
                    f"The processes that read files cannot start (the last ended with code {code}).",
                    advice="See whether memory is left and run `einthoven doctor`; then go on with the import.",
                )
        elif reader.given:
            culprit = reader.given.popleft()
            again.extend(reader.given)
            name = culprit.name or Path(culprit.path).name
            error = FormatError(
                f"{name}: the process that read it ended with code {code}.",
                advice="It may be damaged, or larger than the memory. Try it by itself, or leave it out.",
            )
            yield refuse_unread(self._rules, culprit, error)
        self._readers.append(_Reader(self._rules, self._answers))
