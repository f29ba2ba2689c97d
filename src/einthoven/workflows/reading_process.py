"""A process that reads files of an import: `python -m einthoven.workflows.reading_process`.

One JSON document a line: first the rules, then a file each; answered by a line for each file in it, and one that says
that the file is done. What libraries print goes nowhere: their warnings quote what stands in the files.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from einthoven.record import ReadHints
from einthoven.workflows.intake import FileToRead, Rules, intake, to_json

_KEPT_BYTES = 24 * 2**20
READY = {"ready": True}
DONE = {"done": True}


def rules_to_json(rules: Rules) -> dict[str, Any]:
    """The rules as the first line; the key travels through the pipe only."""
    return {
        "key": rules.key.hex(),
        "waiting": str(rules.waiting),
        "hints": asdict(rules.hints),
        "keep_names": rules.keep_names,
        "keep_identifiers": rules.keep_identifiers,
        "leave_out_copies": rules.leave_out_copies,
    }


def _rules(data: Mapping[str, Any]) -> Rules:
    return Rules(**{
        **data, "key": bytes.fromhex(data["key"]), "waiting": Path(data["waiting"]), "hints": _hints(data["hints"]),
    })  # fmt: skip


def _hints(data: Mapping[str, Any]) -> ReadHints:
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    return ReadHints(**values)


def file_to_json(file: FileToRead) -> dict[str, Any]:
    """A file as a line; what is as usual is left out, since there may be a hundred thousand."""
    data: dict[str, Any] = {"path": file.path, "root": file.root}
    for name in ("name", "fold", "subject", "age", "sex"):
        if getattr(file, name) is not None:
            data[name] = getattr(file, name)
    if file.correction:
        data["correction"] = file.correction
    if file.hints is not None:
        data["hints"] = asdict(file.hints)
    if file.beside_header:
        data["beside_header"] = True
    if file.share != (0, 1):
        data["share"] = file.share
    if file.finished:
        data["finished"] = sorted(file.finished)
    return data


def _file(data: Mapping[str, Any]) -> FileToRead:
    changed = dict(data)
    if "hints" in data:
        changed["hints"] = _hints(data["hints"])
    if "share" in data:
        changed["share"] = tuple(data["share"])
    if "finished" in data:
        changed["finished"] = frozenset(data["finished"])
    return FileToRead(**changed)


def answer(lines: Iterator[str], out: TextIO) -> None:
    """Read what is asked for until there is nothing more."""
    rules = _rules(json.loads(next(lines)))
    out.write(json.dumps(READY) + "\n")
    out.flush()
    for line in lines:
        for read in intake(rules, _file(json.loads(line))):
            out.write(json.dumps(to_json(read)) + "\n")
            out.flush()
        out.write(json.dumps(DONE) + "\n")
        out.flush()


@contextmanager
def silenced() -> Iterator[None]:
    """No warning and no log line of a library gets out: they quote what stands in the files."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)


def main() -> None:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)  # several of these processes already use all cores
    # Freed at once: from then on the C library keeps memory instead of asking for it anew for every record.
    np.empty(_KEPT_BYTES, np.uint8)
    # A library that writes to standard output would break the lines: they get a descriptor of their own.
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    with silenced():
        answer(iter(sys.stdin), own)


if __name__ == "__main__":
    main()
