"""Read damaged files of one format in this process, and say what went wrong: run by test_fuzz.py.

    python tests/contracts/fuzz_worker.py NAME FIRST COUNT      prints one JSON object

A process of its own, so that a crash in a library is seen as one, and memory can be limited. A mutation is wrong
when anything but our own errors comes out, when reading takes over `MAX_SECONDS` of CPU time, or when it
allocates more than `MAX_RATIO` times the file (and `FLOOR_BYTES`, which any reading may use).
"""

import faulthandler
import json
import random
import resource
import sys
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contracts.ecg_files import Case, Unwritable, Written
from contracts.every_format import ALL_WRITERS
from contracts.mutations import mutate
from einthoven.errors import EinthovenError, MissingDependency
from einthoven.examine import open_all
from einthoven.formats import MemorySource, read_all
from einthoven.leads import STANDARD_12
from einthoven.record import EcgRecord

MAX_SECONDS = 2.0
MAX_RATIO = 10
FLOOR_BYTES = 4 * 2**20
SPARE_BYTES = 1024 * 2**20
"""What the process may map beyond what it has when it begins; compiled libraries do not report to tracemalloc."""
STUCK_SECONDS = 60
EXAMINED = 10
"""Every tenth mutation is also completed and checked, as an import does."""


def main(name: str, first: int, count: int) -> dict[str, object]:
    """Read `count` mutations, the first with seed `first`; answers counts and the first wrong ones."""
    written = _written(name)
    assert list(open_all(MemorySource(written.name, written.files), written.hints)), "the undamaged file is read"
    _limit_memory()
    tracemalloc.start()
    read, refused, wrong, slowest, largest = 0, 0, [], 0.0, 0
    for seed in range(first, first + count):
        generator = random.Random(f"{name}:{seed}")
        which = generator.choice(list(written.files))
        files = {**written.files, which: mutate(written.files[which], generator)}
        allowed = max(MAX_RATIO * sum(map(len, files.values())), FLOOR_BYTES)
        enter = open_all if seed % EXAMINED == 0 else read_all
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.process_time()
        problem = ""
        try:
            for record in enter(MemorySource(written.name, files), written.hints):
                assert isinstance(record, EcgRecord)
            read += 1
        except MissingDependency as error:
            problem = str(error)
        except EinthovenError as error:
            refused += 1
            if _has_memory_error(error):
                problem = f"memory ran out: {error}"
            elif written.name not in str(error):
                problem = f"the file is not named: {error}"
        except Exception as error:  # noqa: BLE001  that is what is looked for
            problem = f"{type(error).__name__}: {error}"
        seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1] - before
        faulthandler.cancel_dump_traceback_later()
        slowest, largest = max(slowest, seconds), max(largest, peak)
        if seconds > MAX_SECONDS:
            problem = f"took {seconds:.1f} s"
        elif peak > allowed:
            problem = f"allocated {peak} bytes, {allowed} are allowed"
        if problem:
            wrong.append({"seed": seed, "problem": problem[:300]})
    return {"read": read, "refused": refused, "wrong": wrong[:20], "n_wrong": len(wrong),
            "slowest": slowest, "largest": largest}  # fmt: skip


def _written(name: str) -> Written:
    try:
        return ALL_WRITERS[name](Case(250.0, "mV", STANDARD_12, 1000))
    except Unwritable:  # the layout of CODE-15 has a rate and a length of its own
        return ALL_WRITERS[name](Case(400.0, "mV", STANDARD_12, 4096))


def _limit_memory() -> None:
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + SPARE_BYTES, mapped + SPARE_BYTES))


def _has_memory_error(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + "\n")
