"""Processes that measure stored ECGs side by side, and what is done when one of them dies."""

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from einthoven.errors import RecordError, SettingError
from einthoven.workflows.measuring_process import (
    READY,
    OneMeasured,
    Rules,
    StoredEcg,
    answer_from_json,
    rules_to_json,
)

AHEAD = 4
"""ECGs for each process that are asked for or wait to be taken, so that memory does not grow with their number."""
SILENT_SECONDS = 300.0
"""A process that answers nothing for so long hangs: the longest ECGs take some seconds."""
TICK_SECONDS = 0.2
DYING_SECONDS = 2.0


class _Measurer:
    """One process, asked by one thread."""

    def __init__(self, rules: Rules) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "einthoven.workflows.measuring_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.ready = self._ask(rules_to_json(rules)) == READY

    def measure(self, ecg: StoredEcg) -> OneMeasured | None:
        """The answer; None when the process died over it."""
        data = self._ask(asdict(ecg))
        return None if data is None else answer_from_json(data)

    def end(self) -> int:
        self.process.kill()
        return self.process.wait()

    def end_of_the_dead(self) -> int:
        """The exit code of a process that closed its output: it is about to end, or hangs."""
        try:
            return self.process.wait(timeout=DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return self.end()

    def _ask(self, data: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        patience = threading.Timer(SILENT_SECONDS, self.process.kill)
        patience.daemon = True
        patience.start()
        try:
            self.process.stdin.write(json.dumps(data) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            return None
        finally:
            patience.cancel()
        return json.loads(line) if line.endswith("\n") else None


class Measurers:
    """A pool of measuring processes. `with Measurers(rules, n) as measurers: for one in measurers.run(ecgs): ...`"""

    def __init__(self, rules: Rules, n: int) -> None:
        self._rules = rules
        self._n = n
        self._threads = ThreadPoolExecutor(n, thread_name_prefix="measurer")
        self._mine = threading.local()
        self._all: set[_Measurer] = set()
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            self._ended = True
            measurers = list(self._all)
        for measurer in measurers:
            measurer.end()
        self._threads.shutdown(cancel_futures=True)

    def run(self, ecgs: Iterable[StoredEcg]) -> Iterator[OneMeasured | None]:
        """What became of each ECG, in order; None now and then while all are at work."""
        waiting: deque[Future[OneMeasured]] = deque()
        coming = iter(ecgs)
        while True:
            while len(waiting) < AHEAD * self._n and (ecg := next(coming, None)) is not None:
                waiting.append(self._threads.submit(self._measure, ecg))
            if not waiting:
                return
            try:
                one = waiting[0].result(timeout=TICK_SECONDS)
            except TimeoutError:
                yield None
                continue
            waiting.popleft()
            yield one

    def _measure(self, ecg: StoredEcg) -> OneMeasured:
        measurer = getattr(self._mine, "measurer", None) or self._started()
        one = measurer.measure(ecg)
        if one is not None:
            return one
        self._mine.measurer = None
        with self._lock:
            self._all.discard(measurer)
        code = measurer.end_of_the_dead()
        return OneMeasured.refused(
            ecg.name,
            RecordError(
                f"The process that measured it ended with code {code}.",
                advice="It may be larger than the memory. Measure it by itself, or leave it out.",
            ),
        )

    def _started(self) -> _Measurer:
        """A process for this thread.

        Raises
        ------
        SettingError
            It ended before it was ready: no ECG is to blame.
        """
        measurer = _Measurer(self._rules)
        with self._lock:
            ended = self._ended
            if measurer.ready and not ended:
                self._all.add(measurer)
                self._mine.measurer = measurer
                return measurer
        code = measurer.end() if ended else measurer.end_of_the_dead()
        raise SettingError(
            "The measuring has ended."
            if ended
            else f"The processes that measure cannot start (the last ended with code {code}).",
            advice="See whether memory is left, and run `einthoven doctor`.",
        )
